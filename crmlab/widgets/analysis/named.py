"""The practice company's customers and colleagues by name, where records have their numbers."""

from __future__ import annotations

from functools import cache

import pandas as pd

from crmlab.intake.company import company_table

PEOPLE = {"customer_id": ("customers", "customer_id"), "owner": ("users", "user_id")}
"""The columns that hold numbers, and the table and column where each has its name."""


def with_names(rows: pd.DataFrame) -> pd.DataFrame:
    """The same records, each number with its name before it; one without a name stays."""
    here = [column for column in PEOPLE if column in rows]
    return rows.assign(**{c: [named(c, str(number)) for number in rows[c]] for c in here})


def named(column: str, number: str) -> str:
    """A customer or a colleague, as one reads it: `Hua Jie, U-25`."""
    name = _names(*PEOPLE[column]).get(number)
    return f"{name}, {number}" if name else number


@cache
def _names(table: str, column: str) -> dict[str, str]:
    rows = company_table(table)
    return dict(zip(rows[column], rows["name"], strict=True))
