"""The rows of the practice company's tables; what a row knows is what its file has as columns.

Moments are working hours since the first morning (`float`) until the files are written, days are
days, and amounts are whole fen: so nothing is rounded on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

Fen = int
"""An amount of money in hundredths of a yuan."""

Hour = float
"""A moment, in working hours since the company's first morning."""


@dataclass(slots=True)
class User:
    """Somebody who works here."""

    user_id: str
    name: str
    branch: str


@dataclass(slots=True)
class UserSeat:
    """A seat that somebody may sit in today."""

    user_id: str
    seat: str


@dataclass(slots=True)
class Customer:
    """A business that buys from us."""

    customer_id: str
    name: str
    city: str
    branch: str
    contact: str
    phone: str
    email: str
    address: str | None
    account_manager: str
    currency: str
    credit_limit: Fen | None
    payment_days: int
    created_on: date
    card: str | None = None


@dataclass(slots=True)
class Product:
    """Something that we make and sell, under our one code."""

    product_id: str
    name: str
    family: str
    unit: str
    description: str | None
    cost: Fen | None


@dataclass(slots=True)
class CustomerCode:
    """What a customer calls one of our products."""

    code_id: str
    customer_id: str
    customer_code: str
    product_id: str


@dataclass(slots=True)
class PriceList:
    """A list of prices, for a while: the base list, or one agreed with a customer."""

    price_list_id: str
    name: str
    customer_id: str | None
    currency: str
    valid_from: date
    valid_to: date | None


@dataclass(slots=True)
class Price:
    """The price of a product on a list, from a day up to a day, both included."""

    price_id: str
    price_list_id: str
    product_id: str
    unit_price: Fen
    valid_from: date
    valid_to: date | None


@dataclass(slots=True)
class Batch:
    """Pieces of one product made together. What left without a batch number noted has left, too."""

    batch_no: str
    product_id: str
    made_on: date
    quantity: int
    in_stock: int
    blocked: bool = False


@dataclass(slots=True)
class Opportunity:
    """Something that a customer may buy, from the first word of it to won or lost."""

    opportunity_id: str
    customer_id: str
    product_id: str
    owner: str
    company: str
    source: str
    need: str
    stage: str
    amount: Fen | None
    outcome: str
    created_at: Hour
    closed_at: Hour | None = None


@dataclass(slots=True)
class StageEntry:
    """An opportunity came to a stage of the funnel; that it was lost, its own row says."""

    opportunity_id: str
    stage: str
    entered_at: Hour
    owner: str
    amount: Fen | None


@dataclass(slots=True)
class Quote:
    """What we offered a customer."""

    quote_id: str
    customer_id: str
    opportunity_id: str
    currency: str
    quoted_at: Hour
    valid_until: date


@dataclass(slots=True)
class QuoteLine:
    """One product on a quote."""

    line_id: str
    quote_id: str
    product_id: str
    quantity: int
    unit_price: Fen
    list_price: Fen


@dataclass(slots=True)
class Approval:
    """A seat's word on a price below the list."""

    approval_id: str
    quote_id: str
    customer_id: str
    seat: str
    unit_price: Fen
    percent_below: float
    decision: str
    decided_at: Hour


@dataclass(slots=True)
class Order:
    """What a customer ordered."""

    order_id: str
    customer_id: str
    quote_id: str | None
    case_id: str | None
    ordered_at: Hour
    address: str | None
    currency: str
    credit: str
    channel: str
    shipped_at: Hour | None = None
    invoiced_at: Hour | None = None


@dataclass(slots=True)
class OrderLine:
    """One product on an order, with the batch that the last of it was picked from."""

    line_id: str
    order_id: str
    product_id: str
    quantity: int
    unit_price: Fen
    list_price: Fen
    batch_no: str | None = None


@dataclass(slots=True)
class CreditCheck:
    """How a customer's credit stood when it was looked at, and what was decided."""

    check_id: str
    order_id: str
    customer_id: str
    credit_limit: Fen | None
    receivables: Fen
    open_orders: Fen
    order_amount: Fen
    overdue_days: int
    decision: str
    decided_at: Hour
    reason: str | None = None
    decided_by: str | None = None


@dataclass(slots=True)
class Shipment:
    """Goods that left us."""

    shipment_id: str
    order_id: str
    shipped_at: Hour
    address: str | None
    carrier: str


@dataclass(slots=True)
class ShipmentLine:
    """How many pieces of an order line left, and from which batch."""

    shipment_line_id: str
    shipment_id: str
    line_id: str
    quantity: int
    batch_no: str | None


@dataclass(slots=True)
class Invoice:
    """What a customer owes for an order."""

    invoice_id: str
    order_id: str
    customer_id: str
    amount: Fen
    currency: str
    invoiced_at: Hour
    due_on: date
    signed_at: Hour | None = None
    settled_at: Hour | None = None


@dataclass(slots=True)
class Payment:
    """Money that came in for an invoice."""

    payment_id: str
    invoice_id: str
    customer_id: str
    amount: Fen
    currency: str
    paid_at: Hour


@dataclass(slots=True)
class Transaction:
    """A line of an invoice as the books have it, with what it cost us in all."""

    customer_id: str
    date: date
    order_id: str
    line_id: str
    product_id: str
    amount: Fen
    cost: Fen | None
    discount: Fen
    service_cost: Fen


@dataclass(slots=True)
class Complaint:
    """A complaint, as the seats have recorded it."""

    complaint_id: str
    customer_id: str
    line_id: str
    product_id: str
    batch_no: str | None
    category: str
    severity: str | None
    shipped_at: Hour
    received_at: Hour
    closed_at: Hour | None = None
    valid: bool | None = None
    remedy: str | None = None
    remedy_cost: Fen | None = None


@dataclass(slots=True)
class Interaction:
    """One contact with a customer."""

    customer_id: str
    case_id: str | None
    at: Hour
    channel: str
    seat: str
    note: str


def columns(row: type) -> list[str]:
    """The columns of a table, in the order of its file."""
    return [column.name for column in fields(row)]
