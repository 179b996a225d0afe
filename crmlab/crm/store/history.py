"""The practice company's two years, as rows of the CRM's tables: read from the files of
`crmlab generate`, which are there beside the package."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Integer, Table

from crmlab.crm.tables import Base
from crmlab.crm.tables.types import typed
from crmlab.places import SAMPLE_DATA

LEFT_OUT = {("interactions", "case_id")}
"""What the CRM could not follow: the cases of the past are in the event log, and not on desks."""

TABLES = (
    *("users", "user_seats", "customers", "products", "customer_codes", "price_lists", "prices"),
    *("batches", "opportunities", "opportunity_stages", "quotes", "quote_lines", "approvals"),
    *("orders", "order_lines", "credit_checks", "shipments", "shipment_lines", "invoices"),
    *("payments", "complaints", "interactions"),
)
"""The tables that have a past, each in the file of its name."""


def is_there() -> bool:
    """Whether the files lie beside the package."""
    return all(_file(name).is_file() for name in TABLES)


def key() -> str:
    """Differs when anything in the files does."""
    hashed = sha256()
    for name in TABLES:
        hashed.update(_file(name).read_bytes())
    return hashed.hexdigest()


def past_rows(
    known: dict[str, list[dict[str, Any]]],
) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """The rows of the past, by table, in an order in which they can be written.

    Args:
        known: the rows that are there already, by table; the same are in the files too.
    """
    for table in Base.metadata.sorted_tables:
        if table.name in TABLES:
            keys = [column.name for column in table.primary_key]
            there = {_key(row, keys) for row in known.get(table.name, [])}
            rows = list(_rows(table))
            if keys[0] in rows[0]:
                rows = [row for row in rows if _key(row, keys) not in there]
            else:  # they are numbered by the database, and it does not know of those there
                last = max((int(row[keys[0]]) for row in known.get(table.name, [])), default=0)
                rows = [{keys[0]: n, **row} for n, row in enumerate(rows, last + 1)]
            yield table, rows


def _key(row: dict[str, Any], keys: list[str]) -> tuple[str, ...]:
    return tuple(str(row.get(name)) for name in keys)


def _rows(table: Table) -> Iterator[dict[str, Any]]:
    with _file(table.name).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            taken = {
                name: _value(table, name, text)
                for name, text in row.items()
                if name in table.columns and (table.name, name) not in LEFT_OUT
            }
            yield typed(table, taken)


def _value(table: Table, name: str, text: str) -> Any:
    if not text:
        return None
    kind = table.columns[name].type
    if isinstance(kind, Boolean):
        return text == "true"
    return int(text) if isinstance(kind, Integer) else text


def _file(name: str) -> Path:
    return SAMPLE_DATA / f"{name}.csv"
