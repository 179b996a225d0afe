"""Making and copying the tables of a sandbox on PostgreSQL.

A copy changes row by row what differs, in one transaction, instead of dropping and making tables:
so readers in other windows see the old content or the new, wait for nothing, and go on working.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import JSON, Column, String, Table, create_mock_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn

from crmlab.crm.tables import Base
from crmlab.crm.tables.order_sums import SUMMED, summing
from crmlab.crm.tables.trail import GUARDED, guards

_dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
_quote = _dialect.identifier_preparer.quote


@compiles(CreateColumn, "postgresql")
def _in_order_of_code_points(element: CreateColumn, compiler: Any, **more: Any) -> str:
    """Text is compared and sorted as SQLite does it, whatever the language of the server."""
    made = str(compiler.visit_create_column(element, **more))
    kind = element.element.type.dialect_impl(compiler.dialect)
    plain = isinstance(getattr(kind, "impl", kind), String)
    return f'{made} COLLATE "C"' if plain else made


@cache
def tables_sql() -> str:
    """The statements that make all tables, in the first schema of the search path."""
    statements: list[str] = []

    def take(statement: Any, *_: Any, **__: Any) -> None:
        statements.append(str(statement.compile(dialect=engine.dialect)).replace("%%", "%"))

    engine = create_mock_engine("postgresql+psycopg://", take)
    Base.metadata.create_all(engine, checkfirst=False)
    return ";\n".join([*statements, *_more_indexes()])


def _more_indexes() -> Iterator[str]:
    """An index for each column that refers to another table and has none.

    The server looks there for every row that a reset takes away, and without an index it would
    read the whole table each time.
    """
    for table in Base.metadata.sorted_tables:
        indexed = {next(iter(index.columns)).name for index in table.indexes}
        indexed.add(next(iter(table.primary_key)).name)
        for column in table.columns:
            if column.foreign_keys and column.name not in indexed:
                name = _quote(f"ix_{table.name}_{column.name}")
                yield f"CREATE INDEX {name} ON {_quote(table.name)} ({_quote(column.name)})"


def copy_sql(source: str, target: str) -> str:
    """The statements that make the tables of one schema what those of another are.

    Args:
        source: a schema, by its name.
        target: another, the first in the search path.
    """
    source, target = f'"{source}"', f'"{target}"'
    order = Base.metadata.sorted_tables
    return ";\n".join(
        [
            *(
                f"ALTER TABLE {target}.{_quote(name)} DISABLE TRIGGER USER"
                for name in (*GUARDED, *SUMMED)
            ),
            # Rows come before the rows that name them, and go after them.
            *(_bring(table, source, target) for table in order),
            *(_take_away(table, source, target) for table in reversed(order)),
            # Also if somebody had taken them away:
            *(statement for name in GUARDED for statement in guards(name)["postgresql"]),
            *(statement for name in SUMMED for statement in summing(name)["postgresql"]),
            *numbers_sql(),
        ]
    )


def numbers_sql() -> list[str]:
    """The statements that let counted keys go on after the highest that is there.

    They are about the first schema of the search path. Unlike `setval`, they are undone when the
    transaction is.
    """
    return [
        f"DO $do$ DECLARE highest bigint; BEGIN "
        f"SELECT coalesce(max({_quote(column.name)}), 0) INTO highest FROM {_quote(table.name)}; "
        f"EXECUTE 'ALTER SEQUENCE ' || pg_get_serial_sequence('{table.name}', '{column.name}') "
        f"|| ' RESTART WITH ' || highest + 1; END $do$"
        for table in Base.metadata.sorted_tables
        if (column := table.autoincrement_column) is not None
    ]


def _bring(table: Table, source: str, target: str) -> str:
    """The statement that adds and changes rows; rows that are the same are not touched."""
    name = _quote(table.name)
    columns = ", ".join(_quote(column.name) for column in table.columns)
    keys = ", ".join(_quote(column.name) for column in table.primary_key)
    others = [column for column in table.columns if not column.primary_key]
    same = _same_key(table)
    if others:
        same += f" AND ROW({_values('ours', others)}) IS NOT DISTINCT FROM ROW("
        same += f"{_values('theirs', others)})"
        names = [_quote(column.name) for column in others]
        changed = "UPDATE SET " + ", ".join(f"{one} = excluded.{one}" for one in names)
    else:
        changed = "NOTHING"
    return (
        f"INSERT INTO {target}.{name} ({columns}) SELECT {columns} FROM {source}.{name} AS theirs "
        f"WHERE NOT EXISTS (SELECT FROM {target}.{name} AS ours WHERE {same}) "
        f"ON CONFLICT ({keys}) DO {changed}"
    )


def _take_away(table: Table, source: str, target: str) -> str:
    name = _quote(table.name)
    return (
        f"DELETE FROM {target}.{name} AS ours "
        f"WHERE NOT EXISTS (SELECT FROM {source}.{name} AS theirs WHERE {_same_key(table)})"
    )


def _same_key(table: Table) -> str:
    keys = [_quote(column.name) for column in table.primary_key]
    return " AND ".join(f"ours.{key} = theirs.{key}" for key in keys)


def _values(side: str, columns: list[Column[Any]]) -> str:
    # JSON has no equality of its own; what was copied is the same text.
    casts = {column: "::text" if isinstance(column.type, JSON) else "" for column in columns}
    return ", ".join(f"{side}.{_quote(column.name)}{cast}" for column, cast in casts.items())
