"""Figures: what a procedure works out from entries and facts, as data.

    below_list: {multiply: [100, {divide: [{subtract: [{fact: list_price}, {field: quote.price}]},
                                           {fact: list_price}]}]}

Decimal throughout. A figure with something in it that is not known yet, or that would divide by
nothing, is not known either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import reduce
from typing import Literal

from pydantic import Field as Setting
from pydantic import model_validator

from crmlab.procedures.conditions import Data, Reference, World, number_of, value_of

OPERATIONS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "most": max,
    "least": min,
}
PLACES = Decimal("0.000001")
"""What a figure is kept to: fine enough for a share of a per cent of a price."""


class Sum(Data):
    """One operation on its terms, from left to right. `most` and `least` pick one of them."""

    add: list[Term] | None = None
    subtract: list[Term] | None = None
    multiply: list[Term] | None = None
    divide: list[Term] | None = None
    most: list[Term] | None = None
    least: list[Term] | None = None

    @model_validator(mode="after")
    def _one_operation(self) -> Sum:
        named = [name for name in OPERATIONS if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"needs exactly one of {', '.join(OPERATIONS)}")
        if len(getattr(self, named[0])) < 2:
            raise ValueError(f"{named[0]} needs two terms at least")
        return self

    def parts(self) -> tuple[str, list[Term]]:
        """The operation, and its terms."""
        name = next(name for name in OPERATIONS if getattr(self, name) is not None)
        return name, getattr(self, name)

    def references(self) -> Iterator[Reference]:
        """Everything it refers to, at any depth."""
        for term in self.parts()[1]:
            if isinstance(term, Reference):
                yield term
            elif isinstance(term, Sum):
                yield from term.references()


Term = int | float | Reference | Sum


class Figure(Sum):
    """A value that is worked out.

    Attributes:
        about: what it is, in words; `below_zero`: what it is then, so that no minus is needed.
        shows: how a person reads it: an amount (CNY), a share in per cent, or a plain number.
    """

    about: str = Setting(min_length=1)
    below_zero: str | None = Setting(default=None, min_length=1)
    shows: Literal["amount", "percent", "number"] = "amount"


Sum.model_rebuild()
Figure.model_rebuild()


def work_out(figure: Sum, world: World) -> Decimal | None:
    """The figure as the case stands, or None while it cannot be known."""
    name, terms = figure.parts()
    values = [_term(term, world) for term in terms]
    known = [value for value in values if value is not None]
    if len(known) < len(values) or (name == "divide" and not all(known[1:])):
        return None
    return reduce(OPERATIONS[name], known)


def _term(term: Term, world: World) -> Decimal | None:
    if isinstance(term, Sum):
        return work_out(term, world)
    return number_of(value_of(term, world))
