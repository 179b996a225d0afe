"""Which rows hold what their contract asks of them (pandera), and which come twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from crmlab.intake.contracts import Column, Kind
from crmlab.intake.converting import shown
from crmlab.text import gettext as _


def schema_of(kind: Kind, present: Sequence[str]) -> pa.DataFrameSchema:
    """What must hold of the rows of a kind, for the columns that are there."""
    columns = {c.name: _column(c) for c in kind.columns if c.name in present}
    checks = [
        pa.Check(
            lambda rows, a=first, b=then: ~(rows[a] > rows[b]),
            name=f"{then} before {first}",
            ignore_na=False,
        )
        for first, then in kind.order
        if {first, then} <= set(present)
    ]
    return pa.DataFrameSchema(columns, checks=checks)


def _column(column: Column) -> pa.Column:
    checks: list[pa.Check] = []
    if column.low is not None:
        checks.append(pa.Check.ge(column.low, error="below"))
    if column.choices:
        checks.append(pa.Check.isin(column.choices, error="choices"))
    return pa.Column(None, checks=checks, nullable=not column.required)


def faults_of(rows: pd.DataFrame, kind: Kind, schema: pa.DataFrameSchema) -> dict[int, Any]:
    """What is wrong with each row that is not as it has to be: its column and a sentence."""
    try:
        schema.validate(rows, lazy=True)
    except SchemaErrors as found:
        faults: dict[int, Any] = {}
        for case in found.failure_cases.itertuples():
            place = int(case.index)
            faults.setdefault(place, _told(kind, case, rows.iloc[place]))
        return faults
    return {}


def _told(kind: Kind, case: Any, row: pd.Series) -> tuple[str, str]:
    check = str(case.check)
    if " before " in check:
        then, _before, first = check.partition(" before ")
        return then, _("{then} {a} lies before {first} {b}.").format(
            then=then, a=_moment(row[then]), first=first, b=_moment(row[first])
        )
    column = kind.column(str(case.column))
    if check == "not_nullable":
        return column.name, _("Nothing stands here.")
    if check == "choices":
        return column.name, _(
            "'{text}' is none of: {known}; 'values:' in a map can say which of them is meant."
        ).format(text=shown(str(case.failure_case)), known=", ".join(column.choices))
    return column.name, _("{n} is below {low:g}.").format(
        n=f"{case.failure_case:.15g}", low=column.low
    )


def _moment(when: Any) -> str:
    return str(when).removesuffix(" 00:00:00")


class Keys:
    """The keys that have been seen, each with its line; on disk, so there may be any number."""

    def __init__(self) -> None:
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, line INT) WITHOUT ROWID")
        self._seen.execute("BEGIN")

    def close(self) -> None:
        self._seen.close()

    def seen_before(self, keys: Sequence[str], lines: Sequence[int]) -> dict[int, int]:
        """The places of keys that came before, with the line at which each did."""
        twice = {}
        for place, (key, line) in enumerate(zip(keys, lines, strict=True)):
            added = self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, line))
            if not added.rowcount:
                found = self._seen.execute("SELECT line FROM seen WHERE key = ?", (key,))
                twice[place] = int(found.fetchone()[0])
        return twice
