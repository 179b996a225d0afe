"""Reports: sums over the records within a seat's scope, worked out by the database, on record.

What is said of age and of days overdue is said for the moment at which the report is run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm.access.browse import check_size
from crmlab.crm.access.on_record import on_record
from crmlab.crm.access.permissions import Scope, Who
from crmlab.crm.access.scopes import visible
from crmlab.crm.booking.credit import still_owed
from crmlab.crm.columns import day_of
from crmlab.crm.entered import cleaned, short
from crmlab.crm.labels import label
from crmlab.crm.sql import fen, in_fen, money, not_yet, unindexed
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import (
    ORDER_SUMS,
    Customer,
    Invoice,
    Opportunity,
    Order,
    OrderLine,
    StageEntry,
)
from crmlab.errors import Refused
from crmlab.text import gettext as _

MOST_CUSTOMERS = 100
MOST_INVOICES = 2000
"""How many customers a page of receivables has, and about how many invoices are added up for it."""

MOST_MONTHS = 24
AGES = (7, 30, 90)
"""Days after which an opportunity at a stage, or an unpaid invoice, belongs to the next group."""


@dataclass(frozen=True)
class Report:
    """What a report says.

    Attributes:
        columns: what the columns are called, by name.
        next: where the next page goes on (`after`); None if there is none.
    """

    name: str
    title: str
    columns: dict[str, str]
    rows: list[dict[str, Any]]
    next: str | None = None


@dataclass(frozen=True)
class Asked:
    """What a report is to be about: for whom, when, and which part of it."""

    who: Who
    scope: Scope
    at: datetime
    after: str | None
    size: int
    months: int

    def sees(self, kind: str) -> ColumnElement[bool]:
        return visible(kind, self.scope, self.who)


def report(
    sandbox: Sandbox,
    who: Who,
    name: str,
    *,
    at: datetime,
    after: str | None = None,
    size: int = MOST_CUSTOMERS,
    months: int = 3,
) -> Report:
    """Run a report, one of `REPORTS`.

    Args:
        after, size: of receivables, the customer to go on from, and the most customers.
        months: of orders by month, how many months up to the present one.

    Raises:
        Denied: the seat may run no report.
        Refused: there is no such report, or too much is asked for; `fields` says which.
    """
    if name not in REPORTS:
        sentence = _("There is no report '{name}'; there are: {known}.").format(
            name=short(name), known=", ".join(REPORTS)
        )
        raise Refused(sentence, {"name": sentence})
    check_size(size, MOST_CUSTOMERS)
    if not 1 <= months <= MOST_MONTHS:
        sentence = _("Ask for 1 to {most} months.").format(most=MOST_MONTHS)
        raise Refused(sentence, {"months": sentence})
    detail: dict[str, Any] = {"after": short(after), "size": size, "months": months}
    with on_record(sandbox, who, "report", line="report", subject=name, at=at, detail=detail) as (
        session,
        scope,
    ):
        after = None if after is None else cleaned(after)
        asked = Asked(who, scope, STANDARD.local(at), after, size, months)
        found = REPORTS[name](session, asked)
        detail["rows"] = len(found.rows)
        return found


def stuck_opportunities(session: Session, asked: Asked) -> Report:
    """Open opportunities by stage: how long they have been there, and what they are worth."""
    here = and_(
        StageEntry.opportunity_id == Opportunity.opportunity_id,
        StageEntry.stage == Opportunity.stage,
        StageEntry.entered_at <= asked.at,
    )
    there = (
        select(
            Opportunity.stage.label("stage"),
            Opportunity.amount.label("amount"),
            func.coalesce(func.max(StageEntry.entered_at), Opportunity.created_at).label("since"),
        )
        .outerjoin(StageEntry, here)
        .where(
            Opportunity.outcome == "open",
            Opportunity.created_at <= asked.at,
            asked.sees("opportunity"),
        )
        .group_by(Opportunity.opportunity_id)
        .subquery()
    )
    limits = [asked.at - timedelta(days=days) for days in AGES]
    query = (
        select(
            there.c.stage,
            func.count(),
            *(func.sum(case((there.c.since < limit, 1), else_=0)) for limit in limits),
            func.min(there.c.since),
            fen(there.c.amount),
        )
        .group_by(there.c.stage)
        .order_by(func.min(there.c.since))
    )
    names = ("stage", "open", *(f"over_{days}" for days in AGES), "oldest_days", "amount")
    rows = []
    for stage, count, *over, oldest, amount in session.execute(query):
        days = (asked.at - oldest).days
        rows.append(dict(zip(names, (stage, count, *over, days, money(amount)), strict=True)))
    columns = {
        "stage": label("stage"),
        "open": _("Open"),
        **{f"over_{days}": _("Over {n} days").format(n=days) for days in AGES},
        "oldest_days": _("Oldest, in days"),
        "amount": label("amount"),
    }
    return Report("stuck_opportunities", _("Where opportunities are stuck"), columns, rows)


def open_receivables(session: Session, asked: Asked) -> Report:
    """What customers owe, how much of it is overdue, and for how many days; some customers at a
    time, in the order of their numbers. A customer who owes nothing has no row."""
    some = select(Customer.customer_id, Customer.name).where(asked.sees("customer"))
    if asked.after is not None:
        some = some.where(Customer.customer_id > asked.after)
    page = session.execute(some.order_by(Customer.customer_id).limit(asked.size + 1)).all()
    names = _as_many_as_go(session, asked, {row[0]: row[1] for row in page[: asked.size]})
    today = day_of(asked.at)
    invoices = select(
        Invoice.customer_id, Invoice.currency, Invoice.due_on, still_owed(asked.at).label("fen")
    ).where(Invoice.customer_id.in_(names), unindexed(Invoice.invoiced_at) <= asked.at)
    each = not_yet(invoices, Invoice.settled_at, asked.at).subquery()
    by = (each.c.customer_id, each.c.currency)
    overdue = func.sum(case((each.c.due_on < today, each.c.fen), else_=0))
    query = (
        select(*by, func.count(), func.sum(each.c.fen), overdue, func.min(each.c.due_on))
        .group_by(*by)
        .order_by(*by)
    )
    rows = [
        {
            "customer_id": customer,
            "name": names[customer],
            "currency": currency,
            "invoices": count,
            "amount": money(owed),
            "overdue": money(overdue),
            "overdue_days": max((today - oldest).days, 0),
        }
        for customer, currency, count, owed, overdue, oldest in session.execute(query)
    ]
    columns = {
        "customer_id": label("customer_id"),
        "name": label("name"),
        "currency": label("currency"),
        "invoices": _("Open invoices"),
        "amount": label("amount"),
        "overdue": _("Overdue"),
        "overdue_days": _("Days overdue"),
    }
    title = _("Open receivables by customer")
    onward = list(names)[-1] if len(page) > len(names) else None
    return Report("open_receivables", title, columns, rows, onward)


def _as_many_as_go(session: Session, asked: Asked, names: dict[str, str]) -> dict[str, str]:
    """The first of these customers, at least one, as long as they owe not too many invoices."""
    owing = select(Invoice.customer_id).where(Invoice.customer_id.in_(names))
    of = not_yet(owing, Invoice.settled_at, asked.at).subquery().c.customer_id
    counted = select(of, func.count()).group_by(of)
    invoices = {row[0]: row[1] for row in session.execute(counted)}
    sums = accumulate(invoices.get(customer, 0) for customer in names)
    fitting = sum(total <= MOST_INVOICES for total in sums)
    return dict(list(names.items())[: max(fitting, 1)])


def orders_by_month(session: Session, asked: Asked) -> Report:
    """Orders and what they come to, by month and branch, up to the present moment.

    The months that are over are read from their sums, the present one from its orders.
    """
    starts = _month_starts(asked.at, asked.months)
    sums = ORDER_SUMS.c
    over = (
        select(sums.month, Customer.branch, sums.currency, sums.orders, sums.fen)
        .join(Customer, Customer.customer_id == sums.customer_id)
        .where(
            sums.month >= _named(starts[0]),
            sums.month < _named(starts[-1]),
            asked.sees("customer"),
        )
    )
    amount = (
        select(func.coalesce(func.sum(in_fen(OrderLine.unit_price) * OrderLine.quantity), 0))
        .where(OrderLine.order_id == Order.order_id)
        .correlate(Order)
        .scalar_subquery()
    )
    present = (
        select(literal(_named(starts[-1])), Customer.branch, Order.currency, literal(1), amount)
        .join(Customer, Customer.customer_id == Order.customer_id)
        .where(
            Order.ordered_at >= starts[-1],
            Order.ordered_at <= asked.at,
            asked.sees("order"),
        )
    )
    each = union_all(over, present).subquery()
    by = (each.c.month, each.c.branch, each.c.currency)
    query = select(*by, func.sum(each.c.orders), func.sum(each.c.fen)).group_by(*by).order_by(*by)
    names = ("month", "branch", "currency", "orders", "amount")
    rows = [
        dict(zip(names, (*row[:4], money(row[4])), strict=True)) for row in session.execute(query)
    ]
    columns = {
        "month": _("Month"),
        "branch": label("branch"),
        "currency": label("currency"),
        "orders": _("Orders"),
        "amount": label("amount"),
    }
    return Report("orders_by_month", _("Orders by month and branch"), columns, rows)


REPORTS: dict[str, Callable[[Session, Asked], Report]] = {
    "stuck_opportunities": stuck_opportunities,
    "open_receivables": open_receivables,
    "orders_by_month": orders_by_month,
}
"""The reports there are."""


def _named(start: datetime) -> str:
    """A month by its first moment, which is one of the office's own calendar."""
    return f"{start:%Y-%m}"


def _month_starts(at: datetime, months: int) -> list[datetime]:
    """The first moments of this month and of those before it, the earliest first."""
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    starts = [first]
    while len(starts) < months:
        starts.append((starts[-1] - timedelta(days=1)).replace(day=1))
    return starts[::-1]
