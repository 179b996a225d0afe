"""Reading a file piece by piece: rows of text with their line numbers, whatever the format.

A file of any size takes the memory of one piece. Every row of the file comes out once: in a piece,
or refused because it is no row at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from crmlab.errors import IntakeError
from crmlab.intake.finding import (
    delimiter_of,
    encoding_of,
    head_of,
    is_table,
    is_text,
    refuse_what_is_no_text,
)
from crmlab.intake.numbers import Number
from crmlab.intake.text_rows import rows_of_text
from crmlab.text import gettext as _
from crmlab.text import ngettext

PIECE = 50_000
"""Rows that are read at a time."""

ABOVE = 20
"""Among so many rows the headings are looked for."""


@dataclass(frozen=True)
class Refusal:
    """A row that is not taken.

    Attributes:
        line: its line in the file, from 1; of a workbook the row of its sheet.
        column: the column that is at fault; empty if it is the row as such.
        cells: what stands in it.
    """

    line: int
    column: str
    reason: str
    cells: tuple[str, ...] = ()


@dataclass
class Piece:
    """Some rows of a file.

    Attributes:
        lines: the line of each row.
        cells: a column of texts for each heading; what is empty is an empty text.
        refused: what is no row of this file.
    """

    lines: list[int]
    cells: pd.DataFrame
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """A file that can be read.

    Attributes:
        format: csv, xlsx or parquet.
        headings: of its columns; `header`: the line in which they stand.
        encoding, delimiter: of a text file.
        sheet: of a workbook; `other_sheets`: those that are not read.
    """

    path: Path
    format: str
    headings: tuple[str, ...]
    header: int = 1
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()

    def first_rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The first rows in which something stands, each with its line: titles, headings, data."""
        if self.format == "parquet":
            yield self.header, self.headings
            return
        for line, row, _reason in islice(self._rows(), ABOVE):
            yield line, tuple(map(readable, row))

    def with_headings(self, line: int, row: tuple[str, ...]) -> Source:
        """The same file, with its headings in this line.

        Raises:
            IntakeError: two columns share a heading.
        """
        names = [name for name in row if name]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise IntakeError(
                _(
                    "In {file} the heading '{name}' stands twice; give one of them another name."
                ).format(file=self.path.name, name=twice[0])
            )
        return replace(self, headings=row, header=line)

    def is_table(self) -> bool:
        """Whether its lines have fields in common, as those of a letter have not."""
        if self.format != "csv":
            return True
        head = head_of(self.path, self.encoding)
        return is_text(head) and is_table(head, self.delimiter)

    def pieces(self, size: int = PIECE) -> Iterator[Piece]:
        """All its rows, some at a time; those in which nothing stands are none."""
        lines: list[int] = []
        cells: list[list[str]] = []
        refused: list[Refusal] = []
        for line, row, reason in self._rows():
            if line <= self.header and self.format != "parquet":
                continue
            if self.format == "xlsx":
                row += [""] * (len(self.headings) - len(row))
            if reason or len(row) != len(self.headings):
                said = reason or ngettext(
                    "It has {n} field, and the headings are {m}.",
                    "It has {n} fields, and the headings are {m}.",
                    len(row),
                ).format(n=len(row), m=len(self.headings))
                refused.append(Refusal(line, "", said, tuple(row)))
            else:
                lines.append(line)
                cells.append(row)
            if len(lines) + len(refused) >= size:
                yield self._piece(lines, cells, refused)
                lines, cells, refused = [], [], []
        if lines or refused:
            yield self._piece(lines, cells, refused)

    def _piece(self, lines: list[int], cells: list[list[str]], refused: list[Refusal]) -> Piece:
        return Piece(lines, pd.DataFrame(cells, columns=list(self.headings), dtype=object), refused)

    def _rows(self) -> Iterator[tuple[int, list[str], str]]:
        """All rows in which something stands, with their lines, those above the data too."""
        if self.format == "csv":
            return rows_of_text(self.path, self.encoding, self.delimiter)
        if self.format == "xlsx":
            return _rows_of_sheet(*_sheets(self.path, self.sheet)[:2])
        return self._table_rows()

    def _table_rows(self) -> Iterator[tuple[int, list[str], str]]:
        from pyarrow import parquet

        line = 0
        for batch in parquet.ParquetFile(self.path).iter_batches(batch_size=PIECE):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                line += 1
                cells = [_as_text(value) for value in row]
                if any(cells):
                    yield line, cells, ""


PARQUET = b"PAR1"
"""What a Parquet file begins with."""


def is_parquet(path: Path) -> bool:
    """Whether a file is one of Parquet, by its beginning."""
    with path.open("rb") as file:
        return file.read(4) == PARQUET


def open_source(path: Path, sheet: str | None = None) -> Source:
    """A file of data: CSV, XLSX or Parquet, by its content rather than by its name.

    Args:
        sheet: of a workbook; its first one by default.

    Raises:
        IntakeError: it is not there, or a folder, or empty, or no table, or has no such sheet.
    """
    if path.is_dir():
        raise IntakeError(
            _("{file} is a folder; name the file in it that you mean.").format(file=path)
        )
    if not path.is_file():
        raise IntakeError(_("There is no file {file}.").format(file=path))
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(PARQUET):
        source = Source(path, "parquet", tuple(map(readable, _headings_of_table(path))))
    elif head.startswith(b"PK\x03\x04"):
        written, shown, others = _sheets(path, sheet)
        line, row, _reason = next(_rows_of_sheet(written, shown), (1, [], ""))
        headings = tuple(map(readable, row))
        source = Source(path, "xlsx", headings, line, sheet=written.title, other_sheets=others)
    else:
        refuse_what_is_no_text(path, head)
        source = _text_source(path)
    if sheet and source.format != "xlsx":
        raise IntakeError(
            _("{file} is no workbook, so there is no sheet '{sheet}' in it.").format(
                file=path.name, sheet=sheet
            )
        )
    if not any(source.headings):
        raise IntakeError(_("{file} has no headings in its first row.").format(file=path.name))
    return source


def readable(text: str) -> str:
    """A heading as it can be shown: without what a screen would obey, and without a rim."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()


def _text_source(path: Path) -> Source:
    encoding = encoding_of(path)
    head = head_of(path, encoding)
    if not head.strip():
        raise IntakeError(_("{file} is empty.").format(file=path.name))
    said = _SEP.match(head)
    delimiter = said[1] if said else delimiter_of(head)
    rows = rows_of_text(path, encoding, delimiter)
    if said:  # Excel's own line, which is no row
        next(rows, None)
    line, row, _reason = next(rows, (1, [], ""))
    return Source(path, "csv", tuple(map(readable, row)), line, encoding, delimiter)


_SEP = re.compile(r'\s*"?sep=([,;|\t])"?\s*[\r\n]', re.IGNORECASE)


def _sheets(path: Path, sheet: str | None) -> tuple[Any, Any, tuple[str, ...]]:
    """A sheet of a workbook, as it was written and as it is shown, and the names of the others; the
    first one by default."""
    from openpyxl import load_workbook

    try:
        written, shown = (load_workbook(path, read_only=True, data_only=d) for d in (False, True))
    except Exception as fault:  # openpyxl raises whatever it comes upon in a broken file
        raise IntakeError(
            _("{file} is no workbook that can be opened: save it again as XLSX or CSV.").format(
                file=path.name
            )
        ) from fault
    named = sheet or written.sheetnames[0]
    if named not in written.sheetnames:
        raise IntakeError(
            _("{file} has no sheet '{sheet}'; it has: {known}.").format(
                file=path.name, sheet=named, known=", ".join(written.sheetnames)
            )
        )
    others = tuple(name for name in written.sheetnames if name != named)
    return written[named], shown[named], others


def _rows_of_sheet(written: Any, shown: Any) -> Iterator[tuple[int, list[str], str]]:
    """The rows of a sheet. A formula is worth what was last worked out."""
    rows = zip(written.iter_rows(), shown.iter_rows(), strict=False)
    for line, (as_written, as_shown) in enumerate(rows, 1):
        row, reason = [], ""
        for cell, value in zip(as_written, as_shown, strict=False):
            if cell.data_type == "f" and value.value is None:
                reason = _("The formula {formula} was never worked out.").format(formula=cell.value)
            row.append(_as_shown(value))
        while row and not row[-1]:
            row.pop()
        if row or reason:
            yield line, row, reason


def _as_shown(cell: Any) -> str:
    """The text of a cell. What stands there as 76 % lies in the file as 0.76, and nobody but the
    person who typed it knows which of the two was meant; so it stays what the eye sees."""
    if isinstance(cell.value, int | float) and "%" in str(cell.number_format):
        return f"{cell.value * 100:.10g}%"
    return _as_text(cell.value)


def _headings_of_table(path: Path) -> tuple[str, ...]:
    from pyarrow import ArrowException, parquet

    try:
        return tuple(parquet.ParquetFile(path).schema_arrow.names)
    except ArrowException as fault:
        raise IntakeError(
            _(
                "{file} is no Parquet file that can be read: write it again, or save it as CSV."
            ).format(file=path.name)
        ) from fault


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        text = value.isoformat(sep=" ", timespec="seconds")
        return text.removesuffix(" 00:00:00")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return Number("" if value != value else repr(value).removesuffix(".0"))
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Number(value)
    return str(value).strip()
