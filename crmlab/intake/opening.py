"""Opening a file for a kind of data: its sheet, the line of its headings, and what they say."""

from __future__ import annotations

from pathlib import Path

from crmlab.errors import IntakeError
from crmlab.intake.contracts import Kind
from crmlab.intake.converting import plain, shown
from crmlab.intake.maps import (
    TO_FILL_IN,
    HeadingsUnknown,
    Map,
    look_at,
    offer_map,
    read_map,
    to_fill_in,
    written,
)
from crmlab.intake.reading import ABOVE, Source, open_source
from crmlab.intake.remarks import which_sheet, with_sheets
from crmlab.text import gettext as _

SHOWN = 30
"""How many headings a sentence shows."""


def opened(
    file: Path, kind: Kind, map_file: Path | None = None, sheet: str | None = None
) -> tuple[Source, Map]:
    """A file, read from the line in which its headings stand, and the map that fits them.

    The headings stand in the first line, among the first twenty, in which all columns that the kind
    needs are known; a line `header:` in the map says it outright.

    Args:
        map_file: which heading says what; by default as the headings suggest.
        sheet: of a workbook; by default the one that the map names, or the first.

    Raises:
        IntakeError: the file cannot be read.
        HeadingsUnknown: its headings are not known; the sentence ends with a map to fill in.
    """
    given = look_at(map_file) if map_file else Map(kind=kind.name)
    source = open_source(file, sheet or given.sheet or None)
    rows = [(n, row) for n, row in source.first_rows() if n >= source.header]
    if given.header:
        rows = [(n, row) for n, row in rows if n == given.header]
    if not rows:
        raise IntakeError(
            _(
                "In line {line} of {file}, which its map names as that of the headings "
                "('header:'), nothing stands, or it is not among the first {n}."
            ).format(line=given.header, file=file.name, n=ABOVE)
        )
    try:
        return _fitting(source, kind, rows, map_file, given)
    except HeadingsUnknown as fault:
        raise _told(source, kind, fault, rows) from fault
    except IntakeError as fault:
        raise with_sheets(fault, source) from fault


def _fitting(
    source: Source,
    kind: Kind,
    rows: list[tuple[int, tuple[str, ...]]],
    map_file: Path | None,
    given: Map,
) -> tuple[Source, Map]:
    """The first of these rows whose headings are known.

    Raises:
        IntakeError: there is none; the fault is that of the row of which the most is known.
    """
    best: tuple[int, IntakeError] | None = None
    for line, row in rows:
        try:
            used = read_map(map_file, kind, row) if map_file else offer_map(kind, row)
            return source.with_headings(line, row), used
        except IntakeError as fault:
            known = len(set(given.columns.values()) & set(row))
            if isinstance(fault, HeadingsUnknown):
                known = len(fault.offered.columns)
            likely = 100 * known + sum(map(bool, row))  # a title stands alone in its line
            if best is None or likely > best[0]:
                best = likely, fault
    assert best is not None
    raise best[1]


def _told(
    source: Source, kind: Kind, fault: HeadingsUnknown, rows: list[tuple[int, tuple[str, ...]]]
) -> IntakeError:
    """The fault with what is there instead, and the map that would mend it."""
    if not fault.offered.columns and not source.is_table():
        return IntakeError(
            _(
                "{file} is no table that can be read: its lines have no fields in common. Save "
                "the table itself as CSV or XLSX."
            ).format(file=source.path.name)
        )
    known = set(fault.offered.columns.values())
    line, row = max(rows, key=lambda one: 100 * len(known & set(one[1])) + sum(map(bool, one[1])))
    headings = [shown(name) for name in row if name]
    offer, by_stage = to_fill_in(kind, fault.offered, fault.missing), ""
    if fault.missing == ("outcome",):
        offer, by_stage = _by_stage(source.with_headings(line, row), offer)
    said = [
        str(fault),
        _("The headings in line {line}: {headings}.").format(
            line=line,
            headings=", ".join(headings[:SHOWN]) + (", …" if len(headings) > SHOWN else ""),
        ),
        by_stage,
        which_sheet(source),
        _(
            "Write this into a file, with the heading that is meant instead of {word}, and give it "
            "with --map (a line 'header: 3' in it says that the headings stand in line 3):"
        ).format(word=TO_FILL_IN)
        if not by_stage
        else _("Write this into a file, and give it with --map:"),
    ]
    sentence = " ".join(filter(None, said)) + "\n" + written(offer).rstrip()
    return HeadingsUnknown(sentence, fault.missing, offer)


def _by_stage(source: Source, offer: Map) -> tuple[Map, str]:
    """Of opportunities whose stage says how they ended: the map that takes it from there, and what
    that leaves open."""
    stage = offer.columns["stage"]
    piece = next(source.pieces(), None)
    words = [str(word).strip() for word in piece.cells[stage].unique()] if piece else []
    ended = {
        word: outcome
        for word in words
        for outcome in ("won", "lost")
        if plain(word) in (outcome, f"closed {outcome}")
    }
    if not ended:
        return offer, ""
    going_on = {word: "open" for word in words if word and word not in ended}
    columns = {**offer.columns, "outcome": stage}
    values = {**offer.values, "outcome": {**ended, **going_on}, "stage": ended}
    return offer.model_copy(update={"columns": columns, "values": values}), _(
        "'{stage}' says {words}, which is how an opportunity ended and not where it stood, so that "
        "the outcome can be taken from there. Where those that were lost stood before, the events "
        "of their stages say, if you have them (--events)."
    ).format(stage=shown(stage), words=", ".join(f"'{shown(word)}'" for word in ended))
