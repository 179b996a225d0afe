"""What the database keeps of orders by month is what adding them up gives, whatever happens."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from crmlab.calendar import STANDARD
from crmlab.crm.columns import FOUNDED
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import ORDER_SUMS, Order, OrderLine
from crmlab.crm.trail import verify
from crmlab.crm.trail.verify import Fault
from tests.crm.people import AT, put

Sums = dict[tuple[str, str, str], tuple[int, int]]


def kept(sandbox: Sandbox) -> Sums:
    """What the database has kept."""
    with sandbox.read() as session:
        rows = session.execute(ORDER_SUMS.select()).all()
    return {(row.customer_id, row.month, row.currency): (row.orders, int(row.fen)) for row in rows}


def added_up(sandbox: Sandbox) -> Sums:
    """The same, in plain Python."""
    with sandbox.read() as session:
        worth: Counter[str] = Counter()
        for line in session.query(OrderLine):
            worth[line.order_id] += int(line.unit_price * 100) * line.quantity
        sums: Sums = {}
        for order in session.query(Order):
            month = f"{STANDARD.local(order.ordered_at):%Y-%m}"
            of = (order.customer_id, month, order.currency)
            orders, fen = sums.get(of, (0, 0))
            sums[of] = (orders + 1, fen + worth[order.order_id])
        return sums


def test_the_start_set_has_its_sums(sandbox: Sandbox) -> None:
    assert kept(sandbox) == added_up(sandbox) != {}


moments = st.datetimes(
    datetime(FOUNDED.year, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)
) | st.sampled_from([-1, 0, 1]).map(
    # Around the moment at which a month begins in the office.
    lambda seconds: STANDARD.local(datetime(2026, 5, 1)) + timedelta(seconds=seconds)
)
prices = st.decimals("0", "999999.99", places=2)
whole = {
    "ordered_at": moments,
    "customer_id": st.sampled_from(["CU-004", "CU-007"]),
    "currency": st.sampled_from(["CNY", "EUR"]),
}
of_a_line = {
    "quantity": st.integers(0, 10_000),
    "unit_price": prices,
    "order_id": st.sampled_from(["SO-X0", "SO-X1", "SO-X2"]),
}
numbers = st.integers(0, 3)
deeds = st.one_of(
    st.tuples(st.just("order"), numbers, st.fixed_dictionaries({}, optional=whole)),
    st.tuples(st.just("line"), numbers, st.fixed_dictionaries({}, optional=of_a_line)),
    st.tuples(st.just("away"), numbers, st.just({})),
)


@given(st.lists(deeds, min_size=1, max_size=12))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_sums_follow_whatever_becomes_of_orders_and_lines(
    sandbox: Sandbox, done: list[tuple[str, int, dict[str, Any]]]
) -> None:
    sandbox.reset()
    put(
        sandbox,
        *(
            Order(
                order_id=f"SO-X{n}", customer_id="CU-004", currency="CNY", ordered_at=AT, quote_id=None
            )
            for n in range(4)
        ),
        *(
            OrderLine(
                line_id=f"SO-X{n}-1", order_id=f"SO-X{n}", customer_id="CU-004", product_id="DP-12",
                quantity=2, unit_price=Decimal("0.35"),
            )
            for n in range(4)
        ),
    )  # fmt: skip
    assert kept(sandbox) == added_up(sandbox)
    with sandbox.write("several things", subject="orders", at=AT) as session:
        for what, number, changes in done:
            order = session.get(Order, f"SO-X{number}")
            line = session.get(OrderLine, f"SO-X{number}-1")
            if what == "away" and number == 3 and order is not None:
                if line is not None:
                    session.delete(line)
                    session.flush()
                session.delete(order)
            row = order if what == "order" else line
            for name, value in changes.items():
                if row is not None:
                    setattr(row, name, value)
            session.flush()
    assert kept(sandbox) == added_up(sandbox)
    sandbox.reset()
    assert kept(sandbox) == added_up(sandbox)


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE order_sums SET fen = fen + 1 WHERE month = '{0}'", "changed"),
        ("DELETE FROM order_sums WHERE month = '{0}'", "missing"),
        ("INSERT INTO order_sums VALUES ('CU-004', '1999-01', 'CNY', 1, 1)", "added"),
    ],
)
def test_sums_that_somebody_changed_are_found_and_are_right_again_after_a_reset(
    sandbox: Sandbox, statement: str, what: str
) -> None:
    first = min(kept(sandbox))
    with sandbox.place.engine.connect() as connection, connection.begin():
        connection.execute(text(statement.format(first[1])))
    found = verify.verify(sandbox).fault
    assert isinstance(found, Fault)
    assert (found.table, found.what) == ("order_sums", what)
    sandbox.reset()
    assert verify.verify(sandbox).fault is None
    assert kept(sandbox) == added_up(sandbox)
