"""Which heading of a file says what: offered by similar names, written down for the next time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Literal

from pydantic import Field as Setting
from rapidfuzz import fuzz
from ruamel.yaml import YAML

from crmlab.errors import IntakeError
from crmlab.intake.contracts import Column, Kind
from crmlab.intake.days import DAYS
from crmlab.procedures.conditions import Data
from crmlab.procedures.faults import unknown
from crmlab.procedures.reading import Path_, Places, parse, read_text, validate
from crmlab.text import gettext as _

ALIKE = 84
"""From this likeness on (of 100) a heading is offered for a column."""

TO_FILL_IN = "HEADING"
"""What stands in a map that is offered where nobody but the reader knows the heading."""


class Map(Data):
    """How the columns of a file are to be read.

    Attributes:
        kind: the kind of data that it was made for.
        sheet: of a workbook, if it is not its first one.
        header: the line of the headings; found out if it is not given.
        columns: by the contract's name, the heading in the file; those that are not named are as
            the headings suggest. An empty text leaves a column out.
        decimal: the sign before the fraction of a number; found out if it is not given.
        days: how days are written, by an example such as `31.05.2026`; found out if not given.
        values: by column and by what stands in the file, what is meant: `outcome: {gewonnen: won}`.
    """

    kind: str
    columns: dict[str, str] = {}
    sheet: str = ""
    header: int = Setting(default=0, ge=0)
    decimal: Literal["", ",", "."] = ""
    days: str = ""
    values: dict[str, dict[str, str]] = {}


class HeadingsUnknown(IntakeError):
    """Columns that have to be there and that no heading is known as.

    Attributes:
        missing: the columns.
        offered: the map as far as it could be guessed.
    """

    def __init__(self, sentence: str, missing: Sequence[str], offered: Map) -> None:
        super().__init__(sentence)
        self.missing = tuple(missing)
        self.offered = offered


def look_at(path: Path) -> Map:
    """A map as it stands, before there is a file to hold it to: of which kind and sheet it is.

    Raises:
        IntakeError: file, line, what is wrong.
    """
    text = read_text(path, IntakeError, "map")
    parsed = parse(text, path.name, IntakeError)
    return validate(Map, parsed, Places(text, path.name), IntakeError)


def sheet_in(path: Path | None) -> str | None:
    """The sheet that a map names, if there is a map and it names one."""
    return look_at(path).sheet or None if path else None


def read_map(path: Path, kind: Kind, headings: tuple[str, ...]) -> Map:
    """A map from its file, held to the kind of data and to the file's headings, with what the
    headings suggest for the columns that it does not name.

    Raises:
        IntakeError: file, line, what is wrong.
    """
    text = read_text(path, IntakeError, "map")
    places = Places(text, path.name)
    found = validate(Map, parse(text, path.name, IntakeError), places, IntakeError)
    known = [column.name for column in kind.columns]
    faults: list[tuple[Path_, str]] = []
    if found.kind != kind.name:
        faults.append((("kind",), f"the map is for '{found.kind}', not for '{kind.name}'."))
    for name, heading in found.columns.items():
        if name not in known:
            faults.append((("columns", name), unknown("column", name, known)))
        if heading and heading.strip() not in headings:
            faults.append((("columns", name), unknown("heading", heading, headings)))
    if found.days and found.days not in DAYS:
        faults.append((("days",), unknown("way to write a day", found.days, DAYS)))
    for name, meant in found.values.items():
        if name not in known:
            faults.append((("values", name), unknown("column", name, known)))
        else:
            faults += _turned_round(kind.column(name), meant)
    if faults:
        raise IntakeError("\n".join(places.at(where, sentence) for where, sentence in faults))
    return offer_map(kind, headings, found)


def _turned_round(column: Column, meant: dict[str, str]) -> list[tuple[Path_, str]]:
    """What is written the wrong way round, or means something that does not exist."""
    return [
        (
            ("values", column.name, text),
            _(
                "'{meaning}' is none of: {known}. What the file says stands on the left, and what "
                "it means on the right, such as '{example}: {choice}'."
            ).format(
                meaning=meaning,
                known=", ".join(column.choices),
                example=meaning if text in column.choices else text,
                choice=text if text in column.choices else column.choices[0],
            ),
        )
        for text, meaning in meant.items()
        if column.choices and meaning and meaning not in column.choices
    ]


def offer_map(kind: Kind, headings: tuple[str, ...], given: Map | None = None) -> Map:
    """The map that the names of the headings suggest, each heading for one column at most.

    Args:
        given: what somebody has said already; only the columns that it does not name are guessed.

    Raises:
        HeadingsUnknown: no heading could be what a column that has to be there is called.
    """
    columns = {n: heading.strip() for n, heading in given.columns.items()} if given else {}
    taken = set(columns.values())
    scores = sorted(
        (
            (_likeness(heading, column), -i, -j)
            for i, column in enumerate(kind.columns)
            for j, heading in enumerate(headings)
            if heading and column.name not in columns and heading not in taken
        ),
        reverse=True,
    )
    for score, i, j in scores:
        column, heading = kind.columns[-i].name, headings[-j]
        if score >= ALIKE and column not in columns and heading not in columns.values():
            columns[column] = heading
    ordered = {c.name: columns[c.name] for c in kind.columns if columns.get(c.name)}
    offered = (given or Map(kind=kind.name)).model_copy(update={"columns": ordered})
    missing = [name for name in kind.required if name not in ordered]
    if missing:
        raise HeadingsUnknown(
            _("No heading of the file is known as {missing}, which {kind} need.").format(
                missing=", ".join(missing), kind=kind.name
            ),
            missing,
            offered,
        )
    return offered


def to_fill_in(kind: Kind, offered: Map, missing: Sequence[str]) -> Map:
    """A map with what was guessed, and a place for each heading that was not."""
    columns = {**offered.columns, **dict.fromkeys(missing, TO_FILL_IN)}
    ordered = {c.name: columns[c.name] for c in kind.columns if c.name in columns}
    return offered.model_copy(update={"columns": ordered})


def save_map(path: Path, used: Map) -> None:
    """Write a map down, for the next file of this kind."""
    path.write_text(written(used), encoding="utf-8")


def written(used: Map) -> str:
    """A map as its file has it."""
    yaml, out = YAML(), StringIO()
    yaml.width = 4096  # a long heading stays on its line, to be copied
    yaml.dump(used.model_dump(exclude_defaults=True), out)
    return out.getvalue()


def _likeness(heading: str, column: Column) -> float:
    said = _words(heading)
    exact = 101 if said == _words(column.name) else 0
    return max(exact, *(fuzz.ratio(said, _words(name)) for name in column.headings))


def _words(name: str) -> str:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"\w+", apart.replace("_", " ").lower()))
