"""How a customer's credit stands: what they owe, what is on order, what is overdue.

Here is the sum; what follows from it (when an order is held, who releases it) stands in the
procedure file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.columns import day_of
from crmlab.crm.labels import spoken
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
    customer = session.get(tables.Customer, customer_id)
    if customer is None:
        raise SandboxError(
            _("The sandbox has no customer '{key}', so nobody's credit can be told.").format(
                key=customer_id
            )
        )
    owed, oldest = _owed(session, customer_id, at, without_case)
    return CreditStanding(
        limit=customer.credit_limit,
        receivables=owed,
        open_orders=_on_order(session, customer_id, at, without_case),
        overdue_days=(day_of(at) - oldest).days if oldest else 0,
        currency=customer.currency,
    )


def open_amount(
    session: Session, invoice: tables.Invoice, *, without: str | None = None
) -> Decimal:
    """What is still to be paid of an invoice, not counting one of its payments."""
    payments = tables.Payment
    paid = select(_cents(payments.amount)).where(
        payments.invoice_id == invoice.invoice_id, payments.payment_id != (without or "")
    )
    return invoice.amount - _money(session.scalar(paid))


def _owed(
    session: Session, customer_id: str, at: datetime, without_case: str | None
) -> tuple[Decimal, date | None]:
    """What is invoiced and not paid, and when the oldest of it fell due, if it has."""
    payments, invoices, orders = tables.Payment, tables.Invoice, tables.Order
    paid = (
        select(payments.invoice_id, _cents(payments.amount).label("cents"))
        .where(payments.customer_id == customer_id, payments.paid_at <= at)
        .group_by(payments.invoice_id)
        .subquery()
    )
    came_in = func.coalesce(paid.c.cents, 0)
    is_due = and_(invoices.due_on < day_of(at), _in_cents(invoices.amount) > came_in)
    query = (
        select(
            _cents(invoices.amount),
            func.coalesce(func.sum(came_in), 0),
            func.min(case((is_due, invoices.due_on))),
        )
        .outerjoin(paid, paid.c.invoice_id == invoices.invoice_id)
        .where(invoices.customer_id == customer_id, invoices.invoiced_at <= at)
    )
    if without_case is not None:
        own = select(orders.order_id).where(
            orders.customer_id == customer_id, orders.case_id == without_case
        )
        query = query.where(invoices.order_id.not_in(own))
    invoiced, received, oldest = session.execute(query).one()
    return _money(invoiced) - _money(received), oldest


def _on_order(
    session: Session, customer_id: str, at: datetime, without_case: str | None
) -> Decimal:
    orders, lines, invoices = tables.Order, tables.OrderLine, tables.Invoice
    invoiced = select(invoices.order_id).where(
        invoices.customer_id == customer_id, invoices.invoiced_at <= at
    )
    query = (
        select(func.coalesce(func.sum(_in_cents(lines.unit_price) * lines.quantity), 0))
        .join(orders, orders.order_id == lines.order_id)
        .where(
            orders.customer_id == customer_id,
            orders.ordered_at <= at,
            orders.order_id.not_in(invoiced),
        )
    )
    if without_case is not None:
        query = query.where(or_(orders.case_id.is_(None), orders.case_id != without_case))
    return _money(session.scalar(query))


def _in_cents(amount: ColumnElement[Any] | Any) -> ColumnElement[int]:
    """An amount as a whole number of fen, exact on every database, also where it is text."""
    return cast(func.round(amount * literal_column("100")), BigInteger)


def _cents(amount: ColumnElement[Any] | Any) -> ColumnElement[int]:
    return func.coalesce(func.sum(_in_cents(amount)), 0)


def _money(cents: Any) -> Decimal:
    return Decimal(int(cents or 0)).scaleb(-2)
