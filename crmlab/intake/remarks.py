"""What a reader should know of a file whose rows are all good, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from crmlab.calendar import STANDARD
from crmlab.errors import IntakeError
from crmlab.intake.contracts import Column, Kind
from crmlab.intake.converting import Zones, shown
from crmlab.intake.days import in_words
from crmlab.intake.maps import Map
from crmlab.intake.numbers import Seen
from crmlab.intake.reading import Source
from crmlab.intake.style import Style
from crmlab.procedures import load
from crmlab.text import gettext as _
from crmlab.text import ngettext

SHOWN = 5
"""How many strange words, or other sheets, are told."""

KEPT = 200
"""So many different words of a column are counted; what is beyond is no word of a choice."""


@dataclass
class Noticed:
    """What was noticed in the rows of a file, whatever the number of its pieces.

    Attributes:
        zones: by column, what its moments say of time zones.
        strange: by column, the words that its procedure does not have, and how often they stand
            there.
        planned: by column, with the word that says so, the rows in which it has not happened yet.
        currencies: those that stand beside amounts, each with the first.
    """

    zones: dict[str, Zones] = field(default_factory=dict)
    strange: dict[str, dict[str, int]] = field(default_factory=dict)
    planned: dict[tuple[str, str], int] = field(default_factory=dict)
    currencies: dict[str, Seen] = field(default_factory=dict)

    def notice(self, column: Column, zones: Zones, values: pd.Series) -> None:
        """Look at a column of a further piece."""
        if zones.told or zones.silent:
            self.zones.setdefault(column.name, Zones()).add(zones)
        if column.words_of:
            seen = self.strange.setdefault(column.name, {})
            known = words_of(column)
            for word, number in values.dropna().value_counts().items():
                if str(word) not in known and (str(word) in seen or len(seen) < KEPT):
                    seen[str(word)] = seen.get(str(word), 0) + int(number)

    def leave_out_plans(self, kind: Kind, rows: pd.DataFrame) -> None:
        """Empty what stands for something that has not happened yet, and count it."""
        for name, other, said in kind.not_yet:
            if {name, other} <= set(rows):
                plans = rows[name].notna() & (rows[other] == said)
                rows[name] = rows[name].mask(plans)
                self.planned[name, said] = self.planned.get((name, said), 0) + int(plans.sum())

    def says(self, kind: Kind, *, moved_only: bool = False) -> list[str]:
        """A sentence for each thing.

        Args:
            moved_only: leave out zones that are the office's own, where nothing has moved.
        """
        found = []
        for name, zones in self.zones.items():
            if zones.told and (zones.moved or zones.silent or not moved_only):
                found.append(" ".join(_of_zones(name, zones)))
        for name, words in self.strange.items():
            if words:
                found.append(_of_words(kind.column(name), words))
        for (name, said), rows in self.planned.items():
            if rows:
                found.append(_of_plans(name, said, rows))
        return found


def words_of(column: Column) -> list[str]:
    """The words that a procedure has for a column; none if any word will do."""
    if column.words_of is None:
        return []
    procedure, field_ = column.words_of
    step, _dot, name = field_.partition(".")
    return load(procedure).steps[step].fields[name].choice_values()


def of_sheets(source: Source) -> list[str]:
    """Which sheet of a workbook was read, where it has several."""
    if not source.other_sheets:
        return []
    return [
        _(
            "Of {file} the sheet '{sheet}' was read, and not {others}; --sheet, or a line 'sheet:' "
            "in its map, names another."
        ).format(file=source.path.name, sheet=source.sheet, others=_listed(source.other_sheets))
    ]


def which_sheet(source: Source) -> str:
    """Which sheet a fault is about, and the others that may be meant; empty if there are none."""
    if not source.other_sheets:
        return ""
    return _(
        "This is the sheet '{sheet}', and there are {others}: --sheet, or a line 'sheet:' in its "
        "map, names another."
    ).format(sheet=source.sheet, others=_listed(source.other_sheets))


def with_sheets(fault: IntakeError, source: Source) -> IntakeError:
    """A fault about the headings of a sheet, with the other sheets that may be meant."""
    said = which_sheet(source)
    return IntakeError(f"{fault} {said}") if said else fault


def how_read(source: Source, used: Map, style: Style) -> str:
    """How a file was read, in a line."""
    signs = {",": _("decimal comma"), ".": _("decimal point")}
    found = [
        _("in {encoding}").format(encoding=ENCODINGS.get(source.encoding, source.encoding.upper()))
        if source.encoding and not source.encoding.startswith("utf-8")
        else "",
        signs[style.decimal] if style.fractions else "",
        _("days as {order}").format(order=in_words(style.days)) if style.days else "",
        _("amounts in {currency}").format(currency=style.currency) if style.currency else "",
        _("headings in line {line}").format(line=source.header) if source.header > 1 else "",
    ]
    left = [shown(name) for name in source.headings if name and name not in used.columns.values()]
    told = [", ".join(filter(None, found))]
    if left:
        told.append(
            _("not used: {columns}").format(
                columns=", ".join(left[:LEFT]) + (", …" if len(left) > LEFT else "")
            )
        )
    return f"{source.path.name}: {'; '.join(filter(None, told))}" if any(told) else ""


ENCODINGS = {"cp1252": "Windows-1252"}
"""Encodings by the name that people know them by."""

LEFT = 20
"""How many columns that are not used are named."""


def _listed(words: Sequence[str]) -> str:
    told = ", ".join(f"'{shown(word)}'" for word in words[:SHOWN])
    return told + (", …" if len(words) > SHOWN else "")


def _of_zones(column: str, zones: Zones) -> Iterator[str]:
    named = ", ".join(sorted(zones.named))
    if zones.moved:
        yield ngettext(
            "{column}: {n:,} moment names a time zone ({zones}). It is told by the office's clock, "
            "{office}, and the zone itself is not kept.",
            "{column}: {n:,} moments name a time zone ({zones}). They are told by the office's "
            "clock, {office}, and the zone itself is not kept.",
            zones.told,
        ).format(column=column, n=zones.told, zones=named, office=STANDARD.zone)
    else:
        yield ngettext(
            "{column}: {n:,} moment names the time zone of the office ({zones}). It stays as "
            "written, and the zone itself is not kept.",
            "{column}: {n:,} moments name the time zone of the office ({zones}). They stay as "
            "written, and the zone itself is not kept.",
            zones.told,
        ).format(column=column, n=zones.told, zones=named)
    if zones.silent:
        yield ngettext(
            "{n:,} other names none, and is taken for the office's.",
            "{n:,} others name none, and are taken for the office's.",
            zones.silent,
        ).format(n=zones.silent)


def _of_plans(column: str, said: str, rows: int) -> str:
    return ngettext(
        "{column}: {n:,} row is '{said}', and a day stands there. It is taken for the one that is "
        "expected, and left out.",
        "{column}: {n:,} rows are '{said}', and a day stands there. They are taken for those that "
        "are expected, and left out.",
        rows,
    ).format(column=column, n=rows, said=said)


def _of_words(column: Column, words: dict[str, int]) -> str:
    often = sorted(words, key=lambda word: -words[word])
    rows = sum(words.values())
    return ngettext(
        "{column}: {n:,} row says something else than {known}: {words}. It is taken as it stands; "
        "'values:' in a map can say which of them is meant.",
        "{column}: {n:,} rows say something else than {known}: {words}. They are taken as they "
        "stand; 'values:' in a map can say which of them is meant.",
        rows,
    ).format(
        column=column.name,
        n=rows,
        known=", ".join(words_of(column)),
        words=_listed(often),
    )
