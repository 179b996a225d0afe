"""The files of a company: CSV that a spreadsheet opens, Parquet where there is much of it.

The same rows give the same bytes: line ends, zone and order are written out, and workbooks are
packed without the moment at which they were made.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from io import BytesIO
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from openpyxl import Workbook

from crmlab.calendar import STANDARD
from crmlab.simulation.clock import WorkingClock
from crmlab.simulation.company.around import Reported
from crmlab.simulation.company.rows import Hour

PACKED_AT = (2026, 5, 1, 0, 0, 0)
"""The moment that stands in a workbook's package."""

_SAVED_AT = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def write_csv(file: Path, row: type, rows: Sequence[Any], clock: WorkingClock) -> None:
    """Write rows of one kind, a column for each of its fields.

    A byte-order mark is put in front, so that a spreadsheet reads Chinese names as such.
    """
    shown = [_shown(rows, column.name, str(column.type), clock) for column in fields(row)]
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(column.name for column in fields(row))
        writer.writerows(zip(*shown, strict=True))


def _shown(rows: Sequence[Any], name: str, kind: str, clock: WorkingClock) -> Iterable[str]:
    """A column as text; what is not known is empty."""
    values = list(map(attrgetter(name), rows))
    if kind.startswith("Hour"):
        return moments_as_text(values, clock)
    if kind.startswith("Fen"):
        return ["" if v is None else f"{v // 100}.{v % 100:02}" for v in values]
    if kind == "bool" or kind.startswith("bool "):
        return ["" if v is None else str(v).lower() for v in values]
    if kind.startswith("date"):
        return ["" if v is None else v.isoformat() for v in values]
    return ["" if v is None else str(v) for v in values]


def moments(hours: Sequence[Hour] | NDArray[np.float64], clock: WorkingClock) -> NDArray[Any]:
    """The moments of working hours, in the office's own time but without saying so."""
    return clock.moments(hours) + np.timedelta64(_offset(), "s")


def moments_as_text(hours: Sequence[Hour | None], clock: WorkingClock) -> list[str]:
    """The moments of working hours, with the office's zone; empty where there is none."""
    known = [0.0 if hour is None else hour for hour in hours]
    zone = f"{_offset() // 3600:+03}:00"
    texts = np.datetime_as_string(moments(known, clock), unit="s").tolist() if known else []
    return ["" if hour is None else text + zone for hour, text in zip(hours, texts, strict=True)]


def _offset() -> int:
    """Seconds by which the office is ahead of UTC, summer and winter alike."""
    ahead = {
        datetime(2026, month, 1, tzinfo=STANDARD.tz).utcoffset() or timedelta() for month in (1, 7)
    }
    (only,) = ahead
    return int(only.total_seconds())


def write_parquet(file: Path, columns: dict[str, Any]) -> None:
    """Write columns of equal length: numpy arrays, lists, or `coded` and `timestamps`."""
    pq.write_table(pa.table(columns), file, compression="zstd")


def coded(codes: Any, names: Sequence[str]) -> pa.DictionaryArray:
    """A column of names, given as their numbers."""
    return pa.DictionaryArray.from_arrays(
        pa.array(np.asarray(codes, dtype="int32")), pa.array(list(names))
    )


def timestamps(hours: Any, clock: WorkingClock) -> pa.Array:
    """A column of moments with the office's zone."""
    at = clock.moments(np.asarray(hours)).astype("datetime64[ms]")
    return pa.array(at, type=pa.timestamp("ms", tz=STANDARD.zone))


def write_branch(file: Path, rows: Sequence[Reported], *, in_per_cent: bool) -> None:
    """Write a branch's workbook. Where the cells of `sold` are formatted as per cent, a number
    typed into them is kept as a hundredth of it, as spreadsheets do."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sales"
    sheet.append([column.name for column in fields(Reported)])
    for number, row in enumerate(rows, 2):
        sheet.append([row.month, row.product, row.plan, row.sold])
        if in_per_cent:
            cell = sheet.cell(number, 4)
            cell.value, cell.number_format = row.sold / 100, "0%"
    book.properties.created = book.properties.modified = datetime(*PACKED_AT)
    packed = BytesIO()
    book.save(packed)
    with zipfile.ZipFile(packed) as parts, zipfile.ZipFile(file, "w") as out:
        for name in sorted(parts.namelist()):
            part = _SAVED_AT.sub(
                rf"\g<1>{datetime(*PACKED_AT):%Y-%m-%dT%H:%M:%SZ}".encode(), parts.read(name)
            )
            out.writestr(zipfile.ZipInfo(name, PACKED_AT), part)
