"""Reports: what the database adds up is what plain Python adds up, within the scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.access.permissions import Who
from crmlab.crm.access.reports import REPORTS, report
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Denied, Refused
from tests.crm.access.test_browse import NASTY
from tests.crm.people import (
    AGENT,
    AT,
    DIRECTOR,
    FINANCE,
    GENERAL,
    MANAGER,
    REPRESENTATIVE,
    put,
    trail,
)

SEES: list[tuple[Who, Callable[[tables.Customer], bool]]] = [
    (REPRESENTATIVE, lambda customer: customer.account_manager == "U-07"),
    (MANAGER, lambda customer: customer.branch == "South"),
    (DIRECTOR, lambda customer: True),
]


def lead(key: str, stage: str, days: float, **more: object) -> list[object]:
    """An opportunity of CU-004 that has been at its stage for so many days."""
    values = {"customer_id": "CU-004", "owner": "U-07", "outcome": "open", **more}
    entered = AT - timedelta(days=days)
    return [
        tables.Opportunity(
            opportunity_id=key, stage=stage, created_at=AT - timedelta(days=400), **values
        ),
        tables.StageEntry(opportunity_id=key, stage="lead", entered_at=AT - timedelta(days=400)),
        tables.StageEntry(opportunity_id=key, stage=stage, entered_at=entered),
    ]


def test_opportunities_are_told_by_the_age_at_their_stage_and_not_since_the_first_word(
    sandbox: Sandbox,
) -> None:
    put(
        sandbox,
        *lead("L-T1", "waiting", 3, amount=Decimal("0.10")),
        *lead("L-T2", "waiting", 8, amount=Decimal("0.20")),
        *lead("L-T3", "waiting", 31),
        *lead("L-T4", "waiting", 91.5, amount=Decimal("1000000.01")),
        *lead("L-T5", "waiting", 500, outcome="lost"),
        *lead("L-T6", "waiting", 500, outcome="won"),
        *lead("L-T7", "waiting", 300, customer_id="CU-015"),
        *lead("L-T8", "waiting", 2, customer_id=None),
        tables.StageEntry(opportunity_id="L-T2", stage="needs", entered_at=AT - timedelta(days=1)),
    )
    rows = report(sandbox, REPRESENTATIVE, "stuck_opportunities", at=AT).rows
    (waiting,) = [row for row in rows if row["stage"] == "waiting"]
    assert waiting == {
        "stage": "waiting",
        "open": 5,
        "over_7": 3,
        "over_30": 2,
        "over_90": 1,
        "oldest_days": 91,
        "amount": Decimal("1000000.31"),
    }
    assert [row["oldest_days"] for row in rows] == sorted(
        (row["oldest_days"] for row in rows), reverse=True
    )


def test_one_that_has_just_come_in_without_a_stage_counts_from_then(sandbox: Sandbox) -> None:
    put(
        sandbox,
        tables.Opportunity(
            opportunity_id="L-T", owner="U-07", outcome="open", created_at=AT - timedelta(days=10)
        ),
    )
    rows = report(sandbox, REPRESENTATIVE, "stuck_opportunities", at=AT).rows
    assert [row["oldest_days"] for row in rows if row["stage"] is None] == [10]
    earlier = report(sandbox, REPRESENTATIVE, "stuck_opportunities", at=AT - timedelta(days=11))
    assert None not in [row["stage"] for row in earlier.rows]


@pytest.mark.parametrize("days", [-60, -7, 0, 8, 45])  # on the eighth one falls due
def test_receivables_are_what_is_invoiced_and_not_paid_at_that_moment(
    sandbox: Sandbox, days: int
) -> None:
    at = AT + timedelta(days=days)
    put(
        sandbox,
        tables.Payment(
            payment_id="PA-T", invoice_id="IN-20855", customer_id="CU-004",
            amount=Decimal("0.01"), paid_at=AT - timedelta(days=1),
        ),
    )  # fmt: skip
    for who, sees in SEES:
        expected: dict[str, tuple[int, Decimal, Decimal, int]] = {}
        with sandbox.read() as session:
            for customer in session.query(tables.Customer):
                count, owed, late, overdue = 0, Decimal(0), Decimal(0), 0
                for invoice in session.query(tables.Invoice).filter_by(
                    customer_id=customer.customer_id
                ):
                    payments = session.query(tables.Payment).filter_by(
                        invoice_id=invoice.invoice_id
                    )
                    paid = sum((p.amount for p in payments if p.paid_at <= at), Decimal(0))
                    if invoice.invoiced_at > at or invoice.amount <= paid:
                        continue
                    count, owed = count + 1, owed + invoice.amount - paid
                    if (since := (at.date() - invoice.due_on).days) > 0:
                        late, overdue = late + invoice.amount - paid, max(overdue, since)
                if count and sees(customer):
                    expected[customer.customer_id] = (count, owed, late, overdue)
        rows = report(sandbox, who, "open_receivables", at=at, size=100).rows
        assert {
            row["customer_id"]: (
                row["invoices"],
                row["amount"],
                row["overdue"],
                row["overdue_days"],
            )
            for row in rows
        } == expected


@pytest.mark.parametrize(("size", "invoices"), [(4, 2000), (100, 5), (100, 0)])
def test_receivables_are_told_some_customers_at_a_time(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, size: int, invoices: int
) -> None:
    whole = report(sandbox, FINANCE, "open_receivables", at=AT)
    assert whole.next is None
    monkeypatch.setattr("crmlab.crm.access.reports.MOST_INVOICES", invoices)
    told, after = [], None
    while True:
        part = report(sandbox, FINANCE, "open_receivables", at=AT, size=size, after=after)
        assert len(part.rows) <= min(size, max(invoices, 1))
        told += part.rows
        assert len(told) <= len(whole.rows)
        if part.next is None:
            break
        after = part.next
    assert told == whole.rows
    assert report(sandbox, FINANCE, "open_receivables", at=AT, after="ZZ").rows == []


def test_orders_are_added_up_by_month_and_branch(sandbox: Sandbox) -> None:
    for who, sees in SEES:
        orders: Counter[tuple[str, str]] = Counter()
        amounts: Counter[tuple[str, str]] = Counter()
        with sandbox.read() as session:
            for order in session.query(tables.Order):
                ordered = STANDARD.local(order.ordered_at)
                if not (datetime(2026, 2, 1, tzinfo=STANDARD.tz) <= ordered <= AT):
                    continue
                if sees(order.customer):
                    place = (f"{ordered:%Y-%m}", order.customer.branch)
                    orders[place] += 1
                    lines = session.query(tables.OrderLine).filter_by(order_id=order.order_id)
                    amounts[place] += sum(line.quantity * line.unit_price for line in lines)
        rows = report(sandbox, who, "orders_by_month", at=AT, months=4).rows
        assert {(row["month"], row["branch"]): row["orders"] for row in rows} == orders
        assert {(row["month"], row["branch"]): row["amount"] for row in rows} == amounts
        assert [row["month"] for row in rows] == sorted(row["month"] for row in rows)


def test_a_month_is_one_of_the_offices_own_calendar(sandbox: Sandbox) -> None:
    zone = STANDARD.tz
    put(
        sandbox,
        *(
            tables.Order(order_id=f"SO-T{n}", customer_id="CU-017", ordered_at=at, currency="EUR")
            for n, at in enumerate(
                [
                    datetime(2025, 12, 31, 23, 59, 59, tzinfo=zone),
                    datetime(2026, 1, 1, 0, 0, 0, tzinfo=zone),
                    datetime(2026, 1, 31, 23, 59, 59, tzinfo=zone),
                    datetime(2026, 2, 1, 0, 0, 0, tzinfo=zone),
                ]
            )
        ),
    )
    at = datetime(2026, 2, 10, 15, 30, 20, tzinfo=zone)
    rows = report(sandbox, MANAGER, "orders_by_month", at=at, months=2).rows
    assert [
        (row["month"], row["orders"], row["amount"]) for row in rows if row["currency"] == "EUR"
    ] == [("2026-01", 2, Decimal(0)), ("2026-02", 1, Decimal(0))]


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_a_report_is_run_by_who_may_and_is_on_record(sandbox: Sandbox, name: str) -> None:
    before = len(trail(sandbox))
    made = report(sandbox, GENERAL, name, at=AT)
    assert made.title
    assert all(list(row) == list(made.columns) for row in made.rows)
    with pytest.raises(Denied, match="you may run no report; ask the Service manager"):
        report(sandbox, AGENT, name, at=AT)
    with pytest.raises(Denied, match="does not sit"):
        report(sandbox, Who("U-01", "general_manager"), name, at=AT)
    ran, *denied = trail(sandbox)[before:]
    assert (ran["operation"], ran["subject"], ran["seat"]) == ("report", name, "general_manager")
    assert ran["detail"]["rows"] == len(made.rows)
    assert [line["operation"] for line in denied] == ["denied"] * 2


def test_what_is_no_report_and_too_much_of_one_is_refused(sandbox: Sandbox) -> None:
    for name in ("", "orders", *NASTY):
        with pytest.raises(Refused, match="no report") as refusal:
            report(sandbox, GENERAL, name, at=AT)
        assert list(refusal.value.fields) == ["name"]
    for more, field in (
        ({"size": 0}, "size"),
        ({"size": 10_000_000}, "size"),
        ({"months": 0}, "months"),
        ({"months": 25}, "months"),
    ):
        with pytest.raises(Refused) as refusal:
            report(sandbox, GENERAL, "orders_by_month", at=AT, **more)
        assert list(refusal.value.fields) == [field]
    for nasty in NASTY:
        report(sandbox, GENERAL, "open_receivables", at=AT, after=nasty)
