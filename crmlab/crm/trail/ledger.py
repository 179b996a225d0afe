"""The rows of all tables as the audit trail says they are.

Each value is the text that stands for it, the same on every database: an amount with its two
decimals, a moment in UTC, `true` and `false`. The rows lie in a database of their own that SQLite
moves to disk when it grows, so a long trail needs no more memory than a short one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Dialect, Table, Text, cast, select
from sqlalchemy.dialects import sqlite

from crmlab.crm.store.audit import TRAIL, key_text
from crmlab.crm.store.chain import canonical
from crmlab.crm.tables import ORDER_SUMS, Base, Moment, Money
from crmlab.crm.tables.types import typed

TABLES = [
    table
    for table in Base.metadata.sorted_tables
    if table.name not in TRAIL and table is not ORDER_SUMS
]
"""All tables that the trail tells of, those first that others refer to."""

Row = dict[str, str | None]

_DIALECT: Dialect = sqlite.dialect()


@dataclass(frozen=True)
class Difference:
    """A value that is not what the trail says; None stands for nothing."""

    table: str
    key: str
    column: str
    trail: str | None
    found: str | None


class Ledger:
    """Rows by table and key; `with Ledger() as ledger`."""

    def __enter__(self) -> Ledger:
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute(
            "CREATE TABLE rows (name, key, row, PRIMARY KEY (name, key)) WITHOUT ROWID"
        )
        self._rows.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()

    def put(self, table: str, key: str, row: Row) -> None:
        """Write a row down, in the place of the one that is there."""
        self._rows.execute(
            "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", (table, key, json.dumps(row))
        )

    def take(self, table: str, key: str) -> Row | None:
        """Strike a row out and give it; None if it is not there."""
        struck = "DELETE FROM rows WHERE name = ? AND key = ? RETURNING row"
        found = self._rows.execute(struck, (table, key)).fetchone()
        return None if found is None else json.loads(found[0])

    def first(self, table: str) -> str | None:
        """The key of the first row that is left of a table."""
        query = "SELECT min(key) FROM rows WHERE name = ?"
        key: str | None = self._rows.execute(query, (table,)).fetchone()[0]
        return key

    def play(self, change: dict[str, Any]) -> Difference | None:
        """Play a change of the trail in; tell if a row was not what the change found there."""
        table = Base.metadata.tables[change["table"]]
        keys, before, after = (
            {name: said(table.columns[name], value) for name, value in change[part].items()}
            for part in ("key", "before", "after")
        )
        key = key_of(table, keys)
        stood = self.take(table.name, key) or {}
        if change["is"] != "deleted":
            self.put(table.name, key, {**stood, **keys, **after})
        for column, found in before.items():
            if stood.get(column) != found:
                return Difference(table.name, key, column, stood.get(column), found)
        return None


def key_of(table: Table, row: Row) -> str:
    """A row's key as a person reads it."""
    return key_text({column.name: row[column.name] for column in table.primary_key})


def rows_of(connection: Connection, table: Table) -> Iterator[Row]:
    """All rows of a table, by key, as they are stored, whatever that is."""
    names = [column.name for column in table.columns]
    query = select(*(cast(column, Text) for column in table.columns))
    streamed = connection.execution_options(yield_per=1000)
    for row in streamed.execute(query.order_by(*table.primary_key)):
        yield {
            name: _found(table.columns[name], text) for name, text in zip(names, row, strict=True)
        }


def said(column: Column[Any], value: Any) -> str | None:
    """The text of a value of the trail, which is plain data."""
    if value is None:
        return None
    if isinstance(column.type, JSON):
        return canonical(value)
    if isinstance(column.type, Money):
        return _amount(str(value))
    if isinstance(column.type, Boolean):
        return "true" if value else "false"
    if isinstance(column.type, Moment):
        moment = typed(column.table, {column.name: value})[column.name]
        return column.type.process_bind_param(moment, _DIALECT)
    return str(value)


def _found(column: Column[Any], text: str | None) -> str | None:
    """The text of what is stored, which somebody may have made into anything."""
    if text is None:
        return None
    if isinstance(column.type, JSON):
        return _json(text)
    if isinstance(column.type, Money):
        return _amount(text)
    if isinstance(column.type, Boolean):
        return {"1": "true", "0": "false"}.get(text, text)
    return text


def _amount(text: str) -> str:
    try:
        return str(Decimal(text).quantize(Decimal("0.01")) + 0)  # no minus before nothing
    except InvalidOperation:
        return text


def _json(text: str) -> str | None:
    try:
        value = json.loads(text)
        return None if value is None else canonical(value)
    except (ValueError, RecursionError):
        return text
