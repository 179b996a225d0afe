"""Bringing a file in: found out, mapped, checked row by row, and taken whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pandas as pd

from crmlab.errors import IntakeError
from crmlab.intake.checking import Keys, faults_of, schema_of
from crmlab.intake.contracts import Column, Kind
from crmlab.intake.converting import convert
from crmlab.intake.finding import Style, days_of, decimal_of
from crmlab.intake.maps import Map
from crmlab.intake.pseudonyms import pseudonyms
from crmlab.intake.reading import Piece, Refusal, Source, is_parquet
from crmlab.intake.remarks import Noticed
from crmlab.text import gettext as _

TYPES = {"text": "string", "number": "float64", "whole": "Int64"}

DISARMED = ("=", "+", "-", "@", "\t")
"""What a spreadsheet would take for the beginning of a formula."""


@dataclass
class Brought:
    """What came of it.

    Attributes:
        rows: of the file, without its headings.
        refused: how many of them are not good.
        first: the first refusals, some of them.
        taken: whether the good rows were taken.
        noticed: what should be known of the good rows.
    """

    style: Style
    rows: int = 0
    refused: int = 0
    first: list[Refusal] = field(default_factory=list)
    taken: bool = False
    noticed: Noticed = field(default_factory=Noticed)

    @property
    def good(self) -> int:
        return self.rows - self.refused


def style_of(source: Source, kind: Kind, used: Map) -> Style:
    """How the file writes numbers and days, by its first piece, unless the map says so."""
    piece = next(source.pieces(2000), None)
    numbers: list[str] = []
    days: list[str] = []
    for name, heading in used.columns.items():
        texts = [str(text) for text in piece.cells[heading] if str(text).strip()] if piece else []
        if kind.column(name).type in ("number", "whole"):
            numbers += texts
        elif kind.column(name).type in ("moment", "day"):
            days += texts
    found, unsure = days_of(days)
    return Style(used.decimal or decimal_of(numbers), used.days or found, unsure and not used.days)


def sure_style_of(source: Source, kind: Kind, used: Map) -> Style:
    """The same, where there is only one way to read its days.

    Raises:
        IntakeError: there are two.
    """
    style = style_of(source, kind, used)
    if style.unsure:
        raise IntakeError(
            _(
                "The days in {file} can be read in two ways: 5/6 is in May or in June. Write "
                "'days: 31/05/2026' or 'days: 05/31/2026' into a map, below a line 'kind: {kind}', "
                "and give it with --map."
            ).format(file=source.path.name, kind=kind.name)
        )
    return style


def bring_in(
    source: Source,
    kind: Kind,
    used: Map,
    *,
    out: Path,
    refusals: Path,
    key: bytes | None,
    accept_good: bool = False,
    progress: Callable[[int], object] = lambda _rows: None,
) -> Brought:
    """Check every row of a file, write the refused ones down, and take the good ones.

    Args:
        used: which heading says what.
        out: the Parquet file that the good rows become.
        refusals: the CSV file that the refused rows are written to, each with its line and the
            reason; there is none afterwards if all are good.
        key: of the pseudonyms; None to keep names, phones and mails as they are.
        accept_good: take the good rows although some are refused.
        progress: is told how many rows are done.

    Raises:
        IntakeError: it would write over the file itself, or over something that is no such file.
    """
    from pyarrow import Table, parquet

    _spare(source.path, out, refusals)
    brought = Brought(style_of(source, kind, used))
    schema = schema_of(kind, list(used.columns))
    out.parent.mkdir(parents=True, exist_ok=True)
    writer: Any = None
    with (
        NamedTemporaryFile(dir=out.parent, suffix=".parquet", delete=False) as kept,
        refusals.open("w", encoding="utf-8-sig", newline="") as told,
        closing(Keys()) as keys,
    ):
        try:
            lines = csv.writer(told)
            lines.writerow(["line", "column", "reason", *source.headings])
            for piece in source.pieces():
                rows, refused = _checked(
                    piece, kind, used, brought.style, schema, keys, key, brought.noticed
                )
                lines.writerows(_line(one) for one in refused)
                table = Table.from_pandas(rows, preserve_index=False)
                writer = writer or parquet.ParquetWriter(kept, table.schema)
                writer.write_table(table.cast(writer.schema))
                brought.rows += len(piece.lines) + len(piece.refused)
                brought.refused += len(refused)
                brought.first = (brought.first + refused)[:5]
                progress(brought.rows)
            if writer is not None:
                writer.close()
            kept.close()
            brought.taken = bool(brought.good) and (accept_good or not brought.refused)
            if brought.taken:
                Path(kept.name).replace(out)
        finally:
            kept.close()
            Path(kept.name).unlink(missing_ok=True)
    if not brought.refused:
        refusals.unlink()
    return brought


def _spare(source: Path, out: Path, refusals: Path) -> None:
    """Refuse to write over what is read, or over what was made by something else."""
    if len({path.resolve() for path in (source, out, refusals)}) < 3:
        raise IntakeError(
            _(
                "{file} would be written over itself; name other files for --out and --refused."
            ).format(file=source.name)
        )
    if out.is_file() and not is_parquet(out):
        raise IntakeError(
            _("{file} is there already and is no Parquet file; name another for --out.").format(
                file=out.name
            )
        )


def _checked(
    piece: Piece,
    kind: Kind,
    used: Map,
    style: Style,
    schema: Any,
    keys: Keys,
    key: bytes | None,
    noticed: Noticed,
) -> tuple[pd.DataFrame, list[Refusal]]:
    """The good rows of a piece in their types, and all that is refused, by line."""
    faults: dict[int, tuple[str, str]] = {}
    columns = {}
    for column in kind.columns:
        if column.name in used.columns:
            texts = piece.cells[used.columns[column.name]]
            meant = used.values.get(column.name)
            made = convert(texts.replace(meant) if meant else texts, column, style)
            columns[column.name] = _typed(made.values, column)
            noticed.notice(column, made.zones, made.values)
            for place, sentence in made.faults.items():
                faults.setdefault(place, (column.name, sentence))
    rows = pd.DataFrame(columns)
    noticed.leave_out_plans(kind, rows)
    for place, fault in faults_of(rows, kind, schema).items():
        faults.setdefault(place, fault)
    good = rows.drop(index=list(faults))
    if kind.key and len(good):
        good = good.dropna(subset=kind.key[0]) if kind.key[0] in good else good[:0]
        parts = [good[name].astype(str) for name in kind.key if name in good]
        said = ["\x1f".join(each) for each in zip(*parts, strict=True)]
        at = [piece.lines[place] for place in good.index]
        for place, line in keys.seen_before(said, at).items():
            name = kind.key[0]
            sentence = _("The same {name} stands in line {line} already.").format(
                name=name, line=line
            )
            faults[int(good.index[place])] = (name, sentence)
        good = rows.drop(index=list(faults))
    if key is not None:
        for column in kind.columns:
            if column.personal and column.name in good:
                hidden = pseudonyms(good[column.name], column, key)
                good = good.assign(**{column.name: hidden.astype("string")})
    refused = [
        Refusal(piece.lines[place], column, sentence, tuple(map(str, piece.cells.iloc[place])))
        for place, (column, sentence) in faults.items()
    ]
    return good, sorted([*piece.refused, *refused], key=lambda one: one.line)


def _typed(values: pd.Series, column: Column) -> pd.Series:
    kind: Any = TYPES.get(column.type, "datetime64[us]")
    return pd.Series(values.astype(kind))


def disarmed(cell: str) -> str:
    """A text that a spreadsheet will not take for a formula."""
    return f"'{cell}" if cell.startswith(DISARMED) else cell


def _line(refusal: Refusal) -> list[str | int]:
    return [refusal.line, refusal.column, refusal.reason, *map(disarmed, refusal.cells)]
