"""How a file writes numbers and days, by what stands in all of it; where that leaves a doubt that
would change a figure, it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crmlab.errors import IntakeError
from crmlab.intake.contracts import Kind
from crmlab.intake.days import ORDERS, Order, example_of, in_words
from crmlab.intake.maps import Map
from crmlab.intake.numbers import Decimals, Number, Seen, currency_in
from crmlab.intake.reading import Piece, Source
from crmlab.text import gettext as _

LOOKED_AT = 2000
"""Rows that are looked at together; mostly the first of them tell all there is to know."""


@dataclass(frozen=True)
class Style:
    """How a file writes numbers and days.

    Attributes:
        decimal: the sign before the fraction of a number.
        fractions: whether there are numbers that have one, or the map says how they would.
        days: the way that most days are written, by its example in `DAYS`; empty if there are none.
        order: of day and month where the form of a day does not tell; empty if nothing tells it.
        currency: that stands beside amounts; empty if none does.
    """

    decimal: str = "."
    fractions: bool = False
    days: str = ""
    order: str = ""
    currency: str = ""


def style_of(source: Source, kind: Kind, used: Map) -> Style:
    """How a file writes numbers and days, where there is only one way to read it.

    Rows are looked at until they tell: a file of plain whole numbers is looked at to its end.

    Raises:
        IntakeError: there are two ways, and the map does not say which.
    """
    numbers, days, currency = Decimals(), Order(), ""
    columns = {name: heading for name, heading in used.columns.items() if heading}
    types = {name: kind.column(name).type for name in columns}
    asked_numbers = not used.decimal and {"number", "whole"} & set(types.values())
    asked_days = used.days not in ORDERS and {"moment", "day", "month"} & set(types.values())
    for piece in source.pieces(LOOKED_AT):
        for name, heading in columns.items():
            texts = piece.cells[heading]
            if types[name] in ("number", "whole"):
                if asked_numbers:
                    numbers.look(texts, heading, piece.lines)
                if not currency:
                    currency = next(filter(None, map(_currency_in, texts)), "")
            elif types[name] in ("moment", "day", "month"):
                days.look(texts, heading, piece.lines)
        told = numbers.proofs or not asked_numbers or _typed(source, piece, columns, types)
        if told and (days.settled or not asked_days):
            break
    doubts = [
        *(_doubt_of_numbers(numbers) if asked_numbers else ()),
        *(_doubt_of_days(days) if asked_days else ()),
    ]
    if doubts:
        raise IntakeError(
            _(
                "{file}: {doubts} Write it into a map, below a line 'kind: {kind}', and give it "
                "with --map."
            ).format(file=source.path.name, doubts=" ".join(doubts), kind=kind.name)
        )
    possible = days.possible
    order = next(iter(possible)) if possible and len(possible) == 1 else ""
    return Style(
        used.decimal or numbers.sign or ".",
        bool(used.decimal or numbers.proofs),
        used.days or days.example,
        ORDERS.get(used.days, order),
        currency,
    )


def _typed(source: Source, piece: Piece, columns: dict[str, str], types: Mapping[str, str]) -> bool:
    """Whether the columns of numbers hold nothing else, as the schema of their file says."""
    held = [
        {type(text) for text in piece.cells[heading] if text}
        for name, heading in columns.items()
        if types[name] in ("number", "whole")
    ]
    return source.format == "parquet" and all(types_ == {Number} for types_ in held)


def _currency_in(text: str) -> str:
    return (
        ""
        if isinstance(text, Number) or (text[:1].isdigit() and text[-1:].isdigit())
        else (currency_in(text))
    )


def _doubt_of_numbers(found: Decimals) -> list[str]:
    seen = found.unsure
    if not seen:
        return []
    if len(found.proofs) == 2:
        comma, point = found.proofs[","], found.proofs["."]
        return [
            _(
                "Its numbers are written in two ways: '{comma}' in {one} (line {n}) has a decimal "
                "comma, '{point}' in {other} (line {m}) a decimal point, and '{text}' in {column} "
                "(line {line}) can be read in both. 'decimal: \",\"' or 'decimal: \".\"' says "
                "which holds; rows that are written otherwise are refused."
            ).format(
                comma=comma.text,
                one=comma.column,
                n=comma.line,
                point=point.text,
                other=point.column,
                m=point.line,
                text=seen.text,
                column=seen.column,
                line=seen.line,
            )
        ]
    if found.proofs:
        return []
    digits = "".join(sign for sign in seen.text if sign.isdigit() or sign in ".,")
    whole, part = digits.replace(",", "").replace(".", ""), digits.replace(",", ".")
    as_point, as_comma = (part, whole) if "." in digits else (whole, part)
    return [
        _(
            "Its numbers can be read in two ways: '{text}' in {column} (line {line}) is {comma} "
            "with a decimal comma and {point} with a decimal point, and no other number tells "
            "which. 'decimal: \",\"' or 'decimal: \".\"' says it."
        ).format(text=seen.text, column=seen.column, line=seen.line, comma=as_comma, point=as_point)
    ]


def _doubt_of_days(found: Order) -> list[str]:
    possible = found.possible
    if possible is None or len(possible) == 1:
        return []
    if not possible:
        one, other = _at_odds(found)
        return [
            _(
                "Its days are written in two orders: '{a}' in {one} (line {n}) and '{b}' in "
                "{other} (line {m}). 'days: 31/05/2026' or 'days: 05/31/2026' says which holds; "
                "rows that are written otherwise are refused."
            ).format(a=one.text, one=one.column, n=one.line, b=other.text, other=other.column,
                     m=other.line)
        ]  # fmt: skip
    seen = next(seen for orders, seen in found.kinds.items() if len(orders) > 1)
    ways = sorted(possible)
    return [
        _(
            "The days in it can be read in two ways: '{text}' in {column} (line {line}) is {ways}. "
            "{examples} says which."
        ).format(
            text=seen.text,
            column=seen.column,
            line=seen.line,
            ways=_either(in_words(example_of(order)) for order in ways),
            examples=_either(f"'days: {_example(order, seen.text)}'" for order in ways),
        )
    ]


def _either(ways: Iterable[str]) -> str:
    return f" {_('or')} ".join(ways)


def _example(order: str, like: str) -> str:
    """The example of an order that looks most like a day."""
    sign = "-" if "-" in like else "/"
    fits = [e for e, said in ORDERS.items() if said == order and sign in e] or [example_of(order)]
    return min(fits, key=lambda example: abs(len(example) - len(like.split()[0])))


def _at_odds(found: Order) -> tuple[Seen, Seen]:
    """Two days that cannot both be read in one order, or the nearest to it."""
    kinds = list(found.kinds.items())
    apart = (
        (one, other)
        for place, (orders, one) in enumerate(kinds)
        for others, other in kinds[place + 1 :]
        if not orders & others
    )
    return next(apart, (kinds[0][1], kinds[-1][1]))
