"""The practice company's files as frames, in their types: what the lessons of the models read."""

from __future__ import annotations

from functools import cache

import pandas as pd

from crmlab import places
from crmlab.errors import IntakeError
from crmlab.text import gettext as _

DAYS, MOMENTS = ("date", "_on"), ("_at",)
"""How the names of columns end that hold days, or moments."""

NAMED = {"customer_id": ("customers", "customer_id"), "owner": ("users", "user_id")}
"""Columns of numbers, and the table and column where each number has a name."""


def company_table(name: str) -> pd.DataFrame:
    """A table of the practice company, such as `orders`; a copy, so that it may be changed.

    Codes are text; moments stand in the office's own time and do not say so.

    Raises:
        IntakeError: there is no such file, or it cannot be read.
    """
    return _read(name).copy()


def name_of(column: str, number: str) -> str:
    """What a customer or a colleague is called; the number itself where it has no name."""
    return _names(*NAMED[column]).get(number, number)


def with_names(rows: pd.DataFrame) -> pd.DataFrame:
    """The same records, with the name before each number that has one: `Hua Jie, U-25`."""
    here = {c: _names(*NAMED[c]) for c in NAMED if c in rows}
    return rows.assign(
        **{
            c: [f"{names[n]}, {n}" if n in names else n for n in rows[c]]
            for c, names in here.items()
        }
    )


@cache
def _names(table: str, column: str) -> dict[str, str]:
    rows = company_table(table)
    return dict(zip(rows[column], rows["name"], strict=True))


@cache
def _read(name: str) -> pd.DataFrame:
    path = places.SAMPLE_DATA / f"{name}.csv"
    try:
        heads = pd.read_csv(path, encoding="utf-8-sig", nrows=0).columns
        codes = {n: str for n in heads if n.endswith(("_id", "_no")) or n in ("owner", "period")}
        rows = pd.read_csv(path, encoding="utf-8-sig", dtype=codes)
    except (OSError, ValueError) as fault:
        raise IntakeError(
            _(
                "The practice company's {file} cannot be read; 'crmlab generate --out sample_data' "
                "makes it anew."
            ).format(file=path.name)
        ) from fault
    for column in heads:
        if column.endswith(MOMENTS + DAYS):
            # What stands behind the seconds is the office's zone, the same all year.
            rows[column] = pd.to_datetime(rows[column].str.slice(0, 19), format="ISO8601")
    return rows
