"""What must hold of offers and orders: quantities, prices, one currency, and what has left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from crmlab.crm import tables
from crmlab.crm.booking.draft import Draft
from crmlab.crm.booking.release import RELEASED
from crmlab.crm.booking.shipped import shipped_of
from crmlab.crm.labels import label
from crmlab.text import gettext as _

CREDIT = ("clear", "held", "released")
"""What an order's credit can be."""


def _opportunity(draft: Draft) -> None:
    draft.must_not_be_negative("amount")


def _quote(draft: Draft) -> None:
    _in_the_customers_currency(draft)
    draft.must_not_come_before(
        "valid_until",
        draft.will_be("quoted_at"),
        _("A quote of {there} cannot be valid until {here}, which is before it."),
    )


def _in_the_customers_currency(draft: Draft) -> None:
    customer = draft.named(tables.Customer, "customer_id")
    if customer is not None:
        draft.must_agree(
            "currency", customer.currency, _("It is in {here}, but the customer pays in {there}.")
        )


def _quote_line(draft: Draft) -> None:
    quote = draft.named(tables.Quote, "quote_id")
    draft.follows("customer_id", quote, _("The quote is for {there}, not for {here}."))
    draft.must_be_positive("quantity", "unit_price", "list_price")


def _approval(draft: Draft) -> None:
    draft.must_be_positive("unit_price")
    quote = draft.named(tables.Quote, "quote_id")
    if quote is not None:
        draft.must_agree(
            "customer_id", quote.customer_id, _("The quote is for {there}, not for {here}.")
        )


def _order(draft: Draft) -> None:
    _in_the_customers_currency(draft)
    quote = draft.named(tables.Quote, "quote_id")
    if quote is not None and quote.customer_id != draft.will_be("customer_id"):
        draft.refuse(
            "quote_id",
            _("The quote {quote} was made to {customer}; choose one made to this customer.").format(
                quote=quote.quote_id, customer=quote.customer_id
            ),
        )
    credit = draft.will_be("credit")
    if credit is not None and credit not in CREDIT:
        draft.refuse(
            "credit",
            _("An order's credit is one of: {known}.").format(known=", ".join(CREDIT)),
        )
    if draft.row is not None and getattr(draft.row, "shipped_at", None) is not None:
        draft.values.pop("credit", None)  # what has left can no longer be held
        for column in ("customer_id", "currency"):
            if draft.changes(column):
                draft.refuse(column, _has_left(column))


def _order_line(draft: Draft) -> None:
    order = draft.named(tables.Order, "order_id")
    draft.follows("customer_id", order, _("The order is from {there}, not from {here}."))
    draft.must_be_positive("quantity", "unit_price")
    if draft.changes("product_id") and not draft.changes("batch_no"):
        draft.values["batch_no"] = None  # it was picked from a batch of something else
    batch = draft.named(tables.Batch, "batch_no")
    if batch is not None and batch.product_id != draft.will_be("product_id"):
        draft.refuse("batch_no", of_another_product(batch))
    line = draft.row
    if not isinstance(line, tables.OrderLine):
        _not_added_to_what_is_invoiced(draft)
        return
    left = shipped_of(draft.session, line)
    if left and draft.changes("product_id"):
        draft.refuse("product_id", _has_left("product_id"))
    quantity = draft.will_be("quantity")
    if quantity is not None and quantity < left:
        draft.refuse(
            "quantity",
            _("{n} of it have left us already, so it cannot be less.").format(n=left),
        )
    if _is_invoiced(draft, line.order_id):
        for column in ("order_id", "quantity", "unit_price"):
            if draft.changes(column):
                draft.refuse(
                    column,
                    _("The order is invoiced, so '{label}' stays as it was.").format(
                        label=label(column)
                    ),
                )


def _not_added_to_what_is_invoiced(draft: Draft) -> None:
    order = draft.will_be("order_id")
    if order is not None and _is_invoiced(draft, order):
        draft.refuse(
            "order_id",
            _("{order} is invoiced already; what comes later is an order of its own.").format(
                order=order
            ),
        )


def _credit_check(draft: Draft) -> None:
    draft.must_not_be_negative("credit_limit", "receivables", "open_orders", "overdue_days")
    draft.must_be_positive("order_amount")
    order = draft.named(tables.Order, "order_id")
    if order is not None:
        draft.must_agree(
            "customer_id", order.customer_id, _("The order is from {there}, not from {here}.")
        )
    if draft.will_be("decision") == RELEASED:
        for column in ("decided_by", "reason"):
            if draft.will_be(column) is None:
                draft.refuse(column, _("A release says who has decided it, and for which reason."))


def _quote_lines_go_along(draft: Draft) -> None:
    _go_along(draft, tables.QuoteLine, tables.QuoteLine.quote_id)


def _order_lines_go_along(draft: Draft) -> None:
    _go_along(draft, tables.OrderLine, tables.OrderLine.order_id)


def _go_along(draft: Draft, lines: Any, of: Any) -> None:
    """Where a quote or an order turns out to be another customer's, its lines are so too."""
    whose = draft.will_be("customer_id")
    if draft.before.get("customer_id", whose) != whose:
        for line in draft.session.scalars(select(lines).where(of == draft.key)):
            line.customer_id = whose


def of_another_product(batch: tables.Batch) -> str:
    """The sentence for a batch that is not of the line's product."""
    return _("Batch {batch} holds {product}; choose a batch of the product ordered.").format(
        batch=batch.batch_no, product=batch.product_id
    )


def _is_invoiced(draft: Draft, order_id: str) -> bool:
    order = draft.session.get(tables.Order, order_id)
    return order is not None and order.invoiced_at is not None


def _has_left(column: str) -> str:
    return _("The goods have left us, so '{label}' stays as it was.").format(label=label(column))


RULES: dict[str, Callable[[Draft], None]] = {
    "opportunity": _opportunity,
    "quote": _quote,
    "quote_line": _quote_line,
    "approval": _approval,
    "order": _order,
    "order_line": _order_line,
    "credit_check": _credit_check,
}
"""By kind of record."""

EFFECTS: dict[str, Callable[[Draft], None]] = {
    "quote": _quote_lines_go_along,
    "order": _order_lines_go_along,
}
"""By kind of record: what happens to others when it is written."""
