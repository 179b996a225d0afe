"""What is said to databases in a way of our own: exact sums, and columns to leave unindexed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    cast,
    func,
    literal_column,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.functions import FunctionElement


def ask(
    session: Session, statement: Select[*tuple[Any, ...]], values: dict[str, Any]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """What a statement made of columns finds, with all that the session has yet to write.

    A session that is asked itself looks for objects of its own in the answer, which takes as long
    as asking the database.
    """
    if session.autoflush:
        session.flush()
    return session.connection().execute(statement, values).all()


def in_fen(amount: Any) -> ColumnElement[int]:
    """An amount as a whole number of fen, also where the database keeps it as text."""
    return cast(func.round(amount * literal_column("100")), BigInteger)


def fen(amount: Any) -> ColumnElement[int]:
    """The sum of amounts in fen; zero of none."""
    return func.coalesce(func.sum(in_fen(amount)), 0)


def money(fen: Any) -> Decimal:
    """A number of fen that the database gives back, as an amount."""
    return Decimal(int(fen or 0)).scaleb(-2)


class unindexed(FunctionElement[Any]):  # noqa: N801  (it is written like a function)
    """A column that SQLite's planner shall not choose an index for, because it would choose ill:
    a page is read in the order of its keys, and what is open by the few that are."""

    inherit_cache = True
    name = "unindexed"

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(unindexed)
def _as_it_is(element: unindexed, compiler: Any, **more: Any) -> str:
    return str(compiler.process(element.clauses, **more))


@compiles(unindexed, "sqlite")
def _with_a_plus(element: unindexed, compiler: Any, **more: Any) -> str:
    return f"+{compiler.process(element.clauses, **more)}"


def not_yet(
    rows: Select[*tuple[Any, ...]], column: InstrumentedAttribute[Any], at: Any
) -> CompoundSelect[*tuple[Any, ...]]:
    """Those of the rows whose moment in this column has not come at `at`, or will never come.

    They are asked for in two halves: each is found by an index, as both together seldom are.
    """
    return union_all(rows.where(column.is_(None)), rows.where(column > at))
