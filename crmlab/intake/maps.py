"""Which heading of a file says what: offered by similar names, written down for the next time."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field as Setting
from rapidfuzz import fuzz
from ruamel.yaml import YAML

from crmlab.errors import IntakeError
from crmlab.intake.contracts import Column, Kind
from crmlab.intake.finding import DAYS
from crmlab.procedures.conditions import Data
from crmlab.procedures.faults import unknown
from crmlab.procedures.reading import Path_, Places, parse, read_text, validate
from crmlab.text import gettext as _

ALIKE = 84
"""From this likeness on (of 100) a heading is offered for a column."""


class Map(Data):
    """How the columns of a file are to be read.

    Attributes:
        kind: the kind of data that it was made for.
        sheet: of a workbook, if it is not its first one.
        columns: by the contract's name, the heading in the file; as the headings suggest if none
            is given.
        decimal: the sign before the fraction of a number; found out if it is not given.
        days: how days are written, by an example such as `31.05.2026`; found out if not given.
        values: by column and by what stands in the file, what is meant: `outcome: {gewonnen: won}`.
    """

    kind: str
    columns: dict[str, str] = {}
    sheet: str = ""
    decimal: str = Setting(default="", pattern=r"^[.,]?$")
    days: str = ""
    values: dict[str, dict[str, str]] = {}


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
    """A map from its file, held to the kind of data and to the file's headings.

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
        if heading not in headings:
            faults.append((("columns", name), unknown("heading", heading, headings)))
    if found.days and found.days not in DAYS:
        faults.append((("days",), unknown("way to write a day", found.days, DAYS)))
    for name in found.values:
        if name not in known:
            faults.append((("values", name), unknown("column", name, known)))
    if faults:
        raise IntakeError("\n".join(places.at(where, sentence) for where, sentence in faults))
    if not found.columns:
        return found.model_copy(update={"columns": offer_map(kind, headings).columns})
    _all_there(kind, found.columns, headings)
    return found


def offer_map(kind: Kind, headings: tuple[str, ...]) -> Map:
    """The map that the names of the headings suggest, each heading for one column at most.

    Raises:
        IntakeError: no heading could be what a column that has to be there is called.
    """
    scores = sorted(
        (
            (_likeness(heading, column), -i, -j)
            for i, column in enumerate(kind.columns)
            for j, heading in enumerate(headings)
            if heading
        ),
        reverse=True,
    )
    columns: dict[str, str] = {}
    for score, i, j in scores:
        column, heading = kind.columns[-i].name, headings[-j]
        if score >= ALIKE and column not in columns and heading not in columns.values():
            columns[column] = heading
    _all_there(kind, columns, headings)
    ordered = {c.name: columns[c.name] for c in kind.columns if c.name in columns}
    return Map(kind=kind.name, columns=ordered)


def save_map(path: Path, used: Map) -> None:
    """Write a map down, for the next file of this kind."""
    yaml = YAML()
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(used.model_dump(exclude_defaults=True), file)


def _likeness(heading: str, column: Column) -> float:
    said = _words(heading)
    exact = 101 if said == _words(column.name) else 0
    names = (column.name, *column.known_as)
    return max(exact, *(fuzz.ratio(said, _words(name)) for name in names))


def _words(name: str) -> str:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"\w+", apart.replace("_", " ").lower()))


def _all_there(kind: Kind, columns: dict[str, str], headings: tuple[str, ...]) -> None:
    missing = [name for name in kind.required if name not in columns]
    if missing:
        raise IntakeError(
            _(
                "No heading of the file is known as {missing}, which {kind} need. Its headings: "
                "{headings}. Say which is which in a map, and give it with --map: a file with the "
                "lines 'kind: {kind}', 'columns:' and below it '  {first}: HEADING'."
            ).format(
                missing=", ".join(missing),
                first=missing[0],
                kind=kind.name,
                headings=", ".join(filter(None, headings)),
            )
        )
