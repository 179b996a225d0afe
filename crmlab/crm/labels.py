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
        "approval_id": _("Approval"),
        "at": _("When"),
        "batch_no": _("Batch number"),
        "blocked": _("Blocked"),
        "branch": _("Branch"),
        "carrier": _("Carrier"),
        "case_id": _("Case"),
        "category": _("Category"),
        "channel": _("Kind"),
        "check_id": _("Credit check"),
        "city": _("City"),
        "closed_at": _("Closed on"),
        "code_id": _("Customer's code"),
        "company": _("Company"),
        "complaint_id": _("Complaint"),
        "contact": _("Contact"),
        "cost": _("Cost"),
        "created_at": _("Created on"),
        "credit": _("Credit"),
        "credit_limit": _("Credit limit"),
        "currency": _("Currency"),
        "customer_code": _("Customer's code"),
        "customer_id": _("Customer"),
        "decided_at": _("Decided on"),
        "decided_by": _("Decided by"),
        "decision": _("Decision"),
        "description": _("Description"),
        "due_on": _("Due day"),
        "email": _("Mail"),
        "entered_at": _("Entered on"),
        "entry_id": _("Entry"),
        "evidence": _("Evidence"),
        "family": _("Family"),
        "in_stock": _("In stock"),
        "interaction_id": _("Contact"),
        "invoice_id": _("Invoice"),
        "invoiced_at": _("Invoiced on"),
        "line_id": _("Order line"),
        "list_price": _("List price"),
        "made_on": _("Made on"),
        "name": _("Name"),
        "need": _("Need"),
        "note": _("What was said"),
        "open_orders": _("Open orders"),
        "opportunity_id": _("Opportunity"),
        "order_amount": _("Order amount"),
        "order_id": _("Order"),
        "ordered_at": _("Ordered on"),
        "outcome": _("Outcome"),
        "overdue_days": _("Days overdue"),
        "owner": _("Owner"),
        "paid_at": _("Paid on"),
        "payment_days": _("Days to pay"),
        "payment_id": _("Payment"),
        "percent_below": _("Per cent below the list"),
        "phone": _("Telephone"),
        "prevention_note": _("Prevention"),
        "price_id": _("Price"),
        "price_list_id": _("Price list"),
        "product_id": _("Product"),
        "quantity": _("Quantity"),
        "quote_id": _("Quote"),
        "quoted_at": _("Quoted on"),
        "reason": _("Reason"),
        "receivables": _("Receivables"),
        "received_at": _("Received on"),
        "remedy": _("Remedy"),
        "remedy_cost": _("Cost of the remedy"),
        "root_cause": _("Root cause"),
        "seat": _("Seat"),
        "settled_at": _("Paid in full on"),
        "severity": _("Severity"),
        "shipment_id": _("Shipment"),
        "shipment_line_id": _("Shipment line"),
        "shipped_at": _("Shipped on"),
        "signed_at": _("Signed on"),
        "source": _("Source"),
        "stage": _("Stage"),
        "unit": _("Unit"),
        "unit_price": _("Unit price"),
        "user_id": _("User"),
        "valid": _("Valid"),
        "valid_from": _("Valid from"),
        "valid_to": _("Valid to"),
        "valid_until": _("Valid until"),
    }
