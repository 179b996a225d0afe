"""From an opportunity to the money: what each step of a sale leaves behind.

All of it names its customer, the lines of a quote too, which could be found out from the quote: so
whose a row is can be asked of the row itself.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crmlab.crm.tables.base import Customer
from crmlab.crm.tables.types import Base, Moment, Money

BY_KEY = {"sqlite_with_rowid": False}
"""Kept in the order of its keys, as it is listed: SQLite would number the rows, and keep the keys
apart."""


class Opportunity(Base):
    """Something a customer may buy, from the first word of it to won or lost."""

    __tablename__ = "opportunities"
    opportunity_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.customer_id"))
    product_id: Mapped[str | None] = mapped_column(ForeignKey("products.product_id"))
    owner: Mapped[str | None] = mapped_column(ForeignKey("users.user_id"), index=True)
    company: Mapped[str | None] = mapped_column(String(500))
    source: Mapped[str | None] = mapped_column(String(60))
    need: Mapped[str | None] = mapped_column(String(2000))
    stage: Mapped[str | None] = mapped_column(String(60))
    amount: Mapped[Decimal | None] = mapped_column(Money())
    outcome: Mapped[str] = mapped_column(String(10), default="open")
    created_at: Mapped[datetime] = mapped_column(Moment())
    closed_at: Mapped[datetime | None] = mapped_column(Moment())
    __table_args__ = (
        Index("ix_opportunities_of", "customer_id", "closed_at", "opportunity_id"),
        Index("ix_opportunities_outcome_of", "customer_id", "outcome", "closed_at"),
        Index("ix_opportunities_outcome", "outcome", "opportunity_id"),
        Index("ix_opportunities_stage", "stage", "opportunity_id"),
        Index("ix_opportunities_product", "product_id", "opportunity_id"),
        BY_KEY,
    )


class StageEntry(Base):
    """An opportunity came to a stage of the funnel, and what showed it."""

    __tablename__ = "opportunity_stages"
    entry_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    opportunity_id: Mapped[str] = mapped_column(ForeignKey("opportunities.opportunity_id"))
    stage: Mapped[str] = mapped_column(String(60))
    entered_at: Mapped[datetime] = mapped_column(Moment())
    owner: Mapped[str | None] = mapped_column(String(20))
    amount: Mapped[Decimal | None] = mapped_column(Money())
    evidence: Mapped[str | None] = mapped_column(String(2000))
    __table_args__ = (Index("ix_opportunity_stages_of", "opportunity_id", "entered_at"),)


class Quote(Base):
    """What we offer a customer."""

    __tablename__ = "quotes"
    quote_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    opportunity_id: Mapped[str | None] = mapped_column(ForeignKey("opportunities.opportunity_id"))
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    quoted_at: Mapped[datetime] = mapped_column(Moment())
    valid_until: Mapped[date | None]
    __table_args__ = (Index("ix_quotes_of", "customer_id", "quoted_at"), BY_KEY)


class QuoteLine(Base):
    """One product on a quote, with the list price of that day beside the price offered."""

    __tablename__ = "quote_lines"
    line_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    quote_id: Mapped[str] = mapped_column(ForeignKey("quotes.quote_id"), index=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    product_id: Mapped[str] = mapped_column(ForeignKey("products.product_id"))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Money())
    list_price: Mapped[Decimal | None] = mapped_column(Money())
    __table_args__ = (
        Index("ix_quote_lines_of", "customer_id", "line_id"),
        Index("ix_quote_lines_product", "product_id", "line_id"),
        BY_KEY,
    )


class Approval(Base):
    """A seat's yes or no to a price below the list, and how far below it lies in per cent."""

    __tablename__ = "approvals"
    approval_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    quote_id: Mapped[str] = mapped_column(ForeignKey("quotes.quote_id"), index=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    seat: Mapped[str] = mapped_column(String(60))
    unit_price: Mapped[Decimal] = mapped_column(Money())
    percent_below: Mapped[Decimal | None] = mapped_column(Money())
    decision: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(2000))
    decided_at: Mapped[datetime] = mapped_column(Moment())
    __table_args__ = (Index("ix_approvals_of", "customer_id", "decided_at"),)


class Order(Base):
    """What a customer ordered, when the last of it left us, and when it was invoiced.

    `case_id` is the case that booked it; `credit` says whether it may leave: clear, held or
    released.
    """

    __tablename__ = "orders"
    order_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    quote_id: Mapped[str | None] = mapped_column(ForeignKey("quotes.quote_id"))
    case_id: Mapped[str | None] = mapped_column(String(20))
    ordered_at: Mapped[datetime] = mapped_column(Moment(), index=True)
    shipped_at: Mapped[datetime | None] = mapped_column(Moment())
    invoiced_at: Mapped[datetime | None] = mapped_column(Moment())
    address: Mapped[str | None] = mapped_column(String(500))
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    credit: Mapped[str] = mapped_column(String(10), default="clear")
    customer: Mapped[Customer] = relationship(viewonly=True)
    __table_args__ = (
        Index("ix_orders_of", "customer_id", "ordered_at", "order_id"),
        Index("ix_orders_open", "customer_id", "invoiced_at"),
        Index("ix_orders_shipped", "customer_id", "shipped_at"),
        Index("ix_orders_credit", "credit", "order_id"),
        Index("ix_orders_address", "address", "order_id"),
        BY_KEY,
    )


class OrderLine(Base):
    """One product on an order, with the batch it was picked from."""

    __tablename__ = "order_lines"
    line_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), index=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    product_id: Mapped[str] = mapped_column(ForeignKey("products.product_id"))
    batch_no: Mapped[str | None] = mapped_column(ForeignKey("batches.batch_no"))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Money())
    order: Mapped[Order] = relationship(viewonly=True)
    __table_args__ = (
        Index("ix_order_lines_of", "customer_id", "line_id"),
        Index("ix_order_lines_product", "product_id", "line_id"),
        Index("ix_order_lines_batch", "batch_no", "line_id"),
        BY_KEY,
    )

    @property
    def shipped_at(self) -> datetime | None:
        return self.order.shipped_at


class CreditCheck(Base):
    """How a customer's credit stood when an order came in, and what was decided about it."""

    __tablename__ = "credit_checks"
    check_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), index=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    credit_limit: Mapped[Decimal | None] = mapped_column(Money())
    receivables: Mapped[Decimal] = mapped_column(Money())
    open_orders: Mapped[Decimal] = mapped_column(Money())
    order_amount: Mapped[Decimal] = mapped_column(Money())
    overdue_days: Mapped[int]
    decision: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(2000))
    decided_by: Mapped[str | None] = mapped_column(String(60))
    decided_at: Mapped[datetime] = mapped_column(Moment())
    __table_args__ = (Index("ix_credit_checks_of", "customer_id", "decided_at"),)


class Shipment(Base):
    """Goods that left us: when, and where to."""

    __tablename__ = "shipments"
    shipment_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), index=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    shipped_at: Mapped[datetime] = mapped_column(Moment())
    address: Mapped[str] = mapped_column(String(500))
    carrier: Mapped[str | None] = mapped_column(String(200))
    __table_args__ = (Index("ix_shipments_of", "customer_id", "shipped_at"), BY_KEY)


class ShipmentLine(Base):
    """How many pieces of an order line left, and from which batch; empty if nobody wrote it."""

    __tablename__ = "shipment_lines"
    shipment_line_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    shipment_id: Mapped[str] = mapped_column(ForeignKey("shipments.shipment_id"), index=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    line_id: Mapped[str] = mapped_column(ForeignKey("order_lines.line_id"), index=True)
    batch_no: Mapped[str | None] = mapped_column(ForeignKey("batches.batch_no"))
    quantity: Mapped[int]
    __table_args__ = (
        Index("ix_shipment_lines_of", "customer_id", "shipment_line_id"),
        Index("ix_shipment_lines_batch", "batch_no", "shipment_line_id"),
        BY_KEY,
    )


class Invoice(Base):
    """What a customer owes for an order, when somebody put a name to it, and when all was paid."""

    __tablename__ = "invoices"
    invoice_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), index=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    amount: Mapped[Decimal] = mapped_column(Money())
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    invoiced_at: Mapped[datetime] = mapped_column(Moment())
    due_on: Mapped[date]
    signed_at: Mapped[datetime | None] = mapped_column(Moment())
    settled_at: Mapped[datetime | None] = mapped_column(Moment())
    __table_args__ = (
        Index("ix_invoices_of", "customer_id", "invoiced_at"),
        Index("ix_invoices_open", "customer_id", "settled_at", "invoice_id"),
        Index(
            "ix_invoices_unsettled",
            "invoice_id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        BY_KEY,
    )


class Payment(Base):
    """Money that came in for an invoice."""

    __tablename__ = "payments"
    payment_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoices.invoice_id"), index=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    amount: Mapped[Decimal] = mapped_column(Money())
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    paid_at: Mapped[datetime] = mapped_column(Moment())
    __table_args__ = (Index("ix_payments_of", "customer_id", "paid_at"), BY_KEY)
