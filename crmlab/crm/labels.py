"""What the columns of the CRM are called in a sentence, and how an amount is said."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from crmlab.text import gettext as _
from crmlab.text import language


def spoken(amount: Decimal, currency: str = "CNY") -> str:
    """An amount as a person reads it: `¥90,000`, `EUR 12.50`."""
    said = f"{amount:,.2f}".removesuffix(".00")
    return f"¥{said}" if currency == "CNY" else f"{currency} {said}"


def label(column: str) -> str:
    """What a column is called, in the language in force; its own name if it has no other."""
    return _labels(language()).get(column, column.replace("_", " "))


@cache
def _labels(_language: str) -> dict[str, str]:
    return {
        "account_manager": _("Account manager"),
        "address": _("Address"),
        "amount": _("Amount"),
        "batch_no": _("Batch number"),
        "branch": _("Branch"),
        "carrier": _("Carrier"),
        "city": _("City"),
        "company": _("Company"),
        "contact": _("Contact"),
        "cost": _("Cost"),
        "credit": _("Credit"),
        "credit_limit": _("Credit limit"),
        "currency": _("Currency"),
        "customer_code": _("Customer's code"),
        "customer_id": _("Customer"),
        "decided_at": _("Decided on"),
        "decision": _("Decision"),
        "description": _("Description"),
        "due_on": _("Due day"),
        "email": _("Mail"),
        "family": _("Family"),
        "invoice_id": _("Invoice"),
        "invoiced_at": _("Invoiced on"),
        "line_id": _("Order line"),
        "list_price": _("List price"),
        "made_on": _("Made on"),
        "name": _("Name"),
        "need": _("Need"),
        "open_orders": _("Open orders"),
        "opportunity_id": _("Opportunity"),
        "order_amount": _("Order amount"),
        "order_id": _("Order"),
        "ordered_at": _("Ordered on"),
        "owner": _("Owner"),
        "paid_at": _("Paid on"),
        "payment_days": _("Days to pay"),
        "percent_below": _("Per cent below the list"),
        "phone": _("Telephone"),
        "price_list_id": _("Price list"),
        "product_id": _("Product"),
        "quantity": _("Quantity"),
        "quote_id": _("Quote"),
        "quoted_at": _("Quoted on"),
        "reason": _("Reason"),
        "receivables": _("Receivables"),
        "seat": _("Seat"),
        "shipment_id": _("Shipment"),
        "shipped_at": _("Shipped on"),
        "signed_at": _("Signed on"),
        "source": _("Source"),
        "stage": _("Stage"),
        "unit": _("Unit"),
        "unit_price": _("Unit price"),
        "valid_from": _("Valid from"),
        "valid_to": _("Valid to"),
        "valid_until": _("Valid until"),
    }
