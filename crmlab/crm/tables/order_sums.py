"""How many orders a customer placed in a month, and what they come to: kept by the database.

A report over two years would go through forty thousand orders. It reads these sums instead, which
triggers keep in the very transaction that writes an order or a line of one, whoever writes it. So
they are like an index: nothing in the application writes them, the audit trail does not tell of
them, and tables that are made anew from it have them again. `crmlab.crm.trail.verify` compares
them with the orders.
"""

from __future__ import annotations

from sqlalchemy import DDL, BigInteger, Column, Integer, String, Table, event

from crmlab.crm.tables.types import Base

ORDER_SUMS = Table(
    "order_sums",
    Base.metadata,
    Column("customer_id", String(20), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("orders", Integer, nullable=False),
    Column("fen", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What a customer ordered in a month of the office's own calendar, such as `2026-05`. A month of no
order has no row."""

_AHEAD = "+8 hours"
"""How far the office's clock is ahead of UTC, all the year, ever since the company was founded: so
a database need not know any time zone."""

_MONTHS = {
    "sqlite": f"substr(datetime({{row}}.ordered_at, '{_AHEAD}'), 1, 7)",
    "postgresql": f"to_char({{row}}.ordered_at::timestamp + interval '{_AHEAD}', 'YYYY-MM')",
}
_LINE = "CAST(round({row}.unit_price * 100) AS BIGINT) * {row}.quantity"
_WHOLE = f"(SELECT coalesce(sum({_LINE.format(row='l')}), 0) FROM order_lines AS l"
_ITS_OWN = "customer_id = {row}.customer_id AND month = {month} AND currency = {row}.currency"

_ADD_ORDER = f"""
    INSERT INTO order_sums (customer_id, month, currency, orders, fen)
    VALUES ({{row}}.customer_id, {{month}}, {{row}}.currency, 1,
            {_WHOLE} WHERE l.order_id = {{row}}.order_id))
    ON CONFLICT (customer_id, month, currency) DO UPDATE
    SET orders = order_sums.orders + 1, fen = order_sums.fen + excluded.fen;"""
_TAKE_ORDER = f"""
    UPDATE order_sums
    SET orders = orders - 1, fen = fen - {_WHOLE} WHERE l.order_id = {{row}}.order_id)
    WHERE {_ITS_OWN};
    DELETE FROM order_sums WHERE orders = 0 AND {_ITS_OWN};"""
_LINE_OF = f"""
    UPDATE order_sums SET fen = fen {{sign}} {_LINE} FROM orders AS o
    WHERE o.order_id = {{row}}.order_id AND order_sums.month = {{month}}
    AND order_sums.customer_id = o.customer_id AND order_sums.currency = o.currency;"""

_WATCHED = {
    "orders": "ordered_at, customer_id, currency",
    "order_lines": "order_id, quantity, unit_price",
}
"""The tables whose rows are summed, and the columns that matter."""


def _adds(database: str, table: str) -> str:
    month = _MONTHS[database]
    if table == "orders":
        return _ADD_ORDER.format(row="NEW", month=month.format(row="NEW"))
    return _LINE_OF.format(row="NEW", month=month.format(row="o"), sign="+")


def _takes(database: str, table: str) -> str:
    month = _MONTHS[database]
    if table == "orders":
        return _TAKE_ORDER.format(row="OLD", month=month.format(row="OLD"))
    return _LINE_OF.format(row="OLD", month=month.format(row="o"), sign="-")


def summing(table: str) -> dict[str, list[str]]:
    """What makes a database itself keep the sums when rows of this table change."""
    on_sqlite, on_postgresql = (
        (_adds(database, table), _takes(database, table)) for database in _MONTHS
    )
    done = {"INSERT": on_sqlite[0], "DELETE": on_sqlite[1], "UPDATE": "".join(on_sqlite[::-1])}
    when = {"UPDATE": f"UPDATE OF {_WATCHED[table]}"}
    adds, takes = on_postgresql
    return {
        "sqlite": [
            f"CREATE TRIGGER {table}_summed_{change.lower()} AFTER {when.get(change, change)} "
            f"ON {table} BEGIN {what} END"
            for change, what in done.items()
        ],
        "postgresql": [
            f"CREATE OR REPLACE FUNCTION sum_{table}() RETURNS trigger LANGUAGE plpgsql "
            f"SET search_path FROM CURRENT AS $$ BEGIN "
            f"IF TG_OP <> 'INSERT' THEN {takes} END IF; "
            f"IF TG_OP <> 'DELETE' THEN {adds} END IF; RETURN NULL; END $$",
            f"CREATE OR REPLACE TRIGGER {table}_summed AFTER INSERT OR DELETE "
            f"OR UPDATE OF {_WATCHED[table]} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION sum_{table}()",
        ],
    }


SUMMED = tuple(_WATCHED)

for _table in SUMMED:
    for _database, _statements in summing(_table).items():
        for _statement in _statements:
            event.listen(
                Base.metadata,
                "after_create",
                DDL(_statement).execute_if(dialect=_database),  # type: ignore[no-untyped-call]
            )
