"""How a customer's credit stands: what they owe, what is on order, what is overdue.

Here is the sum, and whether an order is more than it bears. What follows from that when an order
comes in (it is held, and somebody releases it) stands in the procedure file; when goods are to
leave, it is looked at once more (`crmlab.crm.booking.release`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, String, bindparam, case, func, select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.columns import day_of
from crmlab.crm.labels import spoken
from crmlab.crm.sql import ask, fen, in_fen, money, not_yet, unindexed
from crmlab.errors import SandboxError
from crmlab.text import gettext as _
from crmlab.text import ngettext

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class CreditStanding:
    """How a customer's credit stands at one moment, in the customer's currency.

    Attributes:
        limit: what may be owed and on order at one time; nothing means paid in advance, and None
            that nobody has set a limit yet.
        receivables: invoiced and not paid.
        open_orders: ordered and not invoiced.
        overdue_days: calendar days since the oldest unpaid invoice fell due; zero if none has.
    """

    limit: Decimal | None
    receivables: Decimal
    open_orders: Decimal
    overdue_days: int
    currency: str = "CNY"

    @property
    def exposure(self) -> Decimal:
        """What would be lost if the customer paid no more and took what is on order."""
        return self.receivables + self.open_orders

    @property
    def room(self) -> Decimal | None:
        """What may still be ordered, below zero when the limit is passed; None without a limit."""
        return None if self.limit is None else self.limit - self.exposure

    def over_limit(self, order_amount: Decimal) -> Decimal:
        """By how much the limit would be passed with this order too; zero if it would not be."""
        return NOTHING if self.room is None else max(order_amount - self.room, NOTHING)

    def bears(self, order_amount: Decimal, overdue_allowed: int | None) -> bool:
        """Whether this order too may leave without a release: there is a limit, it is kept, and
        nothing has been overdue for longer than the house allows, if it says for how long."""
        if self.limit is None or self.over_limit(order_amount):
            return False
        too_long = overdue_allowed is not None and self.overdue_days > overdue_allowed
        return not (too_long and self.receivables > 0)

    def sum_sentence(self, order_amount: Decimal) -> str:
        """The sum in words: `¥90,000 owed + ¥20,000 ordered > limit ¥100,000`."""
        terms = [_("{amount} owed").format(amount=spoken(self.receivables, self.currency))]
        if self.open_orders:
            terms.append(
                _("{amount} in other orders").format(amount=spoken(self.open_orders, self.currency))
            )
        terms.append(_("{amount} ordered").format(amount=spoken(order_amount, self.currency)))
        if self.limit is None:
            said = _("{terms}, and no limit has been set").format(terms=" + ".join(terms))
        else:
            said = _("{terms} {sign} limit {limit}").format(
                terms=" + ".join(terms),
                sign=">" if self.over_limit(order_amount) else "≤",
                limit=spoken(self.limit, self.currency),
            )
        if not self.overdue_days:
            return said
        return ngettext(
            "{sum}; {n} day overdue", "{sum}; {n} days overdue", self.overdue_days
        ).format(sum=said, n=self.overdue_days)


def standing(
    session: Session, customer_id: str, at: datetime, *, without_case: str | None = None
) -> CreditStanding:
    """How the customer's credit stands at a moment: what happened later does not count yet.

    Args:
        without_case: leave out what this case has itself ordered and invoiced, so that its own
            order can be added to the sum once.

    Raises:
        SandboxError: the customer is not in this sandbox.
    """
    stands, _worth = _standing(session, customer_id, at, case=without_case or "")
    return stands


def beside(session: Session, order: tables.Order, at: datetime) -> tuple[CreditStanding, Decimal]:
    """How the credit of an order's customer stands at a moment without this order, and what the
    whole order is worth."""
    return _standing(session, order.customer_id, at, order=order.order_id)


def _standing(
    session: Session, customer_id: str, at: datetime, *, case: str = "", order: str = ""
) -> tuple[CreditStanding, Decimal]:
    customer = session.get(tables.Customer, customer_id)
    if customer is None:
        raise SandboxError(
            _("The sandbox has no customer '{key}', so nobody's credit can be told.").format(
                key=customer_id
            )
        )
    asked = {"customer": customer_id, "at": at, "day": day_of(at), "case": case, "order": order}
    ((owed, oldest, on_order, worth),) = ask(session, _STANDING, asked)
    stands = CreditStanding(
        limit=customer.credit_limit,
        receivables=money(owed),
        open_orders=money(on_order),
        overdue_days=(day_of(at) - oldest).days if oldest else 0,
        currency=customer.currency,
    )
    return stands, money(worth)


def open_amount(
    session: Session, invoice: tables.Invoice, *, without: str | None = None
) -> Decimal:
    """What is still to be paid of an invoice, not counting one of its payments."""
    payments = tables.Payment
    paid = select(fen(payments.amount)).where(
        payments.invoice_id == invoice.invoice_id, payments.payment_id != (without or "")
    )
    return invoice.amount - money(session.scalar(paid))


def still_owed(at: Any) -> ColumnElement[int]:
    """What is still to be paid of an invoice at a moment, in fen."""
    payments = tables.Payment
    came_in = select(fen(payments.amount)).where(
        payments.invoice_id == tables.Invoice.invoice_id, payments.paid_at <= at
    )
    return in_fen(tables.Invoice.amount) - came_in.scalar_subquery()


# The statements are made once: making them takes longer than asking the database.
# What is asked for stands in a query of its own, so that PostgreSQL plans for any customer and any
# moment, and therefore once: planning this takes twice as long as the answer.
def _any(name: str, kind: Any) -> Any:
    return select(bindparam(name, type_=kind)).scalar_subquery()


_CUSTOMER, _CASE = _any("customer", String()), _any("case", String())
_ORDER = _any("order", String())
_AT, _DAY = _any("at", tables.Moment()), bindparam("day", type_=Date())

_BY_THE_CASE = select(tables.Order.order_id).where(
    tables.Order.customer_id == _CUSTOMER, tables.Order.case_id == _CASE
)

_ORDERED = not_yet(
    select((in_fen(tables.OrderLine.unit_price) * tables.OrderLine.quantity).label("fen"))
    .join(tables.Order, tables.Order.order_id == tables.OrderLine.order_id)
    .where(
        tables.Order.customer_id == _CUSTOMER,
        unindexed(tables.Order.ordered_at) <= _AT,
        tables.Order.case_id.is_distinct_from(_CASE),
        tables.Order.order_id != _ORDER,
    ),
    tables.Order.invoiced_at,
    _AT,
).subquery()

_OWED = not_yet(
    select(still_owed(_AT).label("fen"), tables.Invoice.due_on).where(
        tables.Invoice.customer_id == _CUSTOMER,
        unindexed(tables.Invoice.invoiced_at) <= _AT,
        tables.Invoice.order_id.not_in(_BY_THE_CASE),
        tables.Invoice.order_id != _ORDER,
    ),
    tables.Invoice.settled_at,
    _AT,
).subquery()

_WORTH = (
    select(
        func.coalesce(func.sum(in_fen(tables.OrderLine.unit_price) * tables.OrderLine.quantity), 0)
    )
    .where(tables.OrderLine.order_id == _ORDER)
    .scalar_subquery()
)

_STANDING = select(
    func.coalesce(func.sum(_OWED.c.fen), 0),
    func.min(case((_OWED.c.due_on < _DAY, _OWED.c.due_on))),
    select(func.coalesce(func.sum(_ORDERED.c.fen), 0)).scalar_subquery(),
    _WORTH,
)
"""What is invoiced and not paid, when the oldest of it fell due, what is ordered and not invoiced,
and what the order that is left out is worth."""
