"""What must hold of invoices and payments: for what was shipped, once, and no more than is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.booking.credit import open_amount
from crmlab.crm.booking.draft import Draft
from crmlab.crm.booking.shipped import shipped_by_line, value_shipped
from crmlab.crm.columns import day_of
from crmlab.crm.labels import spoken
from crmlab.text import gettext as _
from crmlab.text import show_day

LONGEST_TERM = timedelta(days=366)
"""An invoice that falls due later than this has a slip in its year. It may fall due before it is
written: whoever writes it after the day that was agreed has no other day to put there."""


def _invoice(draft: Draft) -> None:
    order = draft.named(tables.Order, "order_id")
    if order is None:
        return
    draft.must_agree(
        "customer_id", order.customer_id, _("The order is from {there}, not from {here}.")
    )
    draft.must_agree(
        "currency", order.currency, _("The invoice is in {here}, but the order is in {there}.")
    )
    if draft.changes("order_id"):
        draft.refuse("order_id", _("An invoice stays with its order; write another one."))
    others = select(tables.Invoice.invoice_id).where(
        tables.Invoice.order_id == order.order_id, tables.Invoice.invoice_id != draft.key
    )
    if other := draft.session.scalar(others.limit(1)):
        draft.refuse(
            "order_id",
            _("{order} is invoiced already, with {invoice}.").format(
                order=order.order_id, invoice=other
            ),
        )
    _for_what_was_shipped(draft, order)
    _dated(draft, order)


def _for_what_was_shipped(draft: Draft, order: tables.Order) -> None:
    worth = value_shipped(draft.session, order.order_id)
    draft.derive("amount", worth)
    if not worth:
        draft.refuse(
            "order_id",
            _("Nothing of {order} has left us yet; it is invoiced when it has.").format(
                order=order.order_id
            ),
        )
        return
    amount = draft.will_be("amount")
    if amount is not None and amount != worth:
        terms = [
            f"{left:,} × {spoken(line.unit_price, order.currency)}"
            for line, left in shipped_by_line(draft.session, order.order_id)
            if left
        ]
        draft.refuse(
            "amount",
            _("What was shipped is worth {terms} = {worth}; the invoice is for that.").format(
                terms=" + ".join(terms), worth=spoken(worth, order.currency)
            ),
        )


def _dated(draft: Draft, order: tables.Order) -> None:
    draft.must_not_come_before(
        "invoiced_at",
        order.shipped_at,
        _("The goods left on {there}, so they are not invoiced on {here} already."),
    )
    written = draft.will_be("invoiced_at")
    if written is None:
        return
    customer = draft.session.get_one(tables.Customer, order.customer_id)
    draft.derive("due_on", day_of(written) + timedelta(days=customer.payment_days))
    due = draft.will_be("due_on")
    if due is not None and abs(due - day_of(written)) > LONGEST_TERM:
        draft.refuse(
            "due_on",
            _("{day} is more than a year from the day of the invoice; look at the year.").format(
                day=show_day(due.isoformat())
            ),
        )
    draft.must_not_come_before(
        "signed_at", written, _("An invoice of {there} was not signed on {here} already.")
    )


def _payment(draft: Draft) -> None:
    draft.must_be_positive("amount")
    invoice = draft.named(tables.Invoice, "invoice_id")
    if invoice is None:
        return
    draft.must_agree(
        "customer_id", invoice.customer_id, _("The invoice is for {there}, not for {here}.")
    )
    draft.must_agree(
        "currency", invoice.currency, _("The payment is in {here}, but the invoice is in {there}.")
    )
    order = draft.session.get_one(tables.Order, invoice.order_id)
    draft.must_not_come_before(
        "paid_at",
        order.ordered_at,
        _("It was ordered on {there}, so it was not paid on {here} already."),
    )
    amount = draft.will_be("amount")
    still_open = open_amount(draft.session, invoice, without=draft.key)
    if amount is not None and amount > still_open:
        draft.refuse(
            "amount",
            _("Only {open} of {invoice} is still open; {amount} is more than that.").format(
                open=spoken(still_open, invoice.currency),
                invoice=invoice.invoice_id,
                amount=spoken(amount, invoice.currency),
            ),
        )


def _is_invoiced(draft: Draft) -> None:
    """The order says when it was invoiced; the invoice, whether it is paid."""
    invoice = draft.session.get_one(tables.Invoice, draft.key)
    draft.session.get_one(tables.Order, invoice.order_id).invoiced_at = invoice.invoiced_at
    _settle(draft.session, invoice)


def _is_paid(draft: Draft) -> None:
    """An invoice says when the last of it was paid; also one that a payment was taken from."""
    for invoice_id in {draft.before.get("invoice_id"), draft.will_be("invoice_id")} - {None}:
        _settle(draft.session, draft.session.get_one(tables.Invoice, invoice_id))


def _settle(session: Session, invoice: tables.Invoice) -> None:
    moments = select(tables.Payment.paid_at).where(tables.Payment.invoice_id == invoice.invoice_id)
    paid = open_amount(session, invoice) <= 0
    invoice.settled_at = max(session.scalars(moments), default=None) if paid else None


RULES: dict[str, Callable[[Draft], None]] = {"invoice": _invoice, "payment": _payment}
"""By kind of record."""

EFFECTS: dict[str, Callable[[Draft], None]] = {"invoice": _is_invoiced, "payment": _is_paid}
"""By kind of record: what happens to others when it is written."""
