"""The tables of the practice CRM.

Money is decimal; every moment carries a time zone (kept as UTC). Keys are the codes people
read aloud (`CU-007`, `SO-20871-2`, `B-2230`), because that is what a slip of the pen changes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    Dialect,
    ForeignKey,
    Index,
    Numeric,
    String,
    TypeDecorator,
    event,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, object_session, relationship


class Moment(TypeDecorator[datetime]):
    """A moment with a time zone, stored as ISO text in UTC: the same on every database."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment in the CRM carries a time zone")
        return value.astimezone(UTC).isoformat(timespec="seconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Money(TypeDecorator[Decimal]):
    """An amount in CNY to the fen, stored as text where the database has no exact decimal."""

    impl = Numeric(14, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        exact = dialect.name != "sqlite"
        return dialect.type_descriptor(Numeric(14, 2) if exact else String(20))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        amount = Decimal(value).quantize(Decimal("0.01"))
        return str(amount) if dialect.name == "sqlite" else amount

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Base(DeclarativeBase):
    """Base of every table of the practice CRM."""


class User(Base):
    """Somebody who works with the CRM."""

    __tablename__ = "users"
    user_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(500))
    branch: Mapped[str] = mapped_column(String(80), index=True)


class UserSeat(Base):
    """Which seats a user may sit in."""

    __tablename__ = "user_seats"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id"), primary_key=True)
    seat: Mapped[str] = mapped_column(String(60), primary_key=True)


class Customer(Base):
    """A business that buys from us.

    `credit_limit` is what may be owed and on order at one time, in CNY: nothing for somebody who
    pays in advance, and empty where nobody has set one yet. `version` counts the changes.
    """

    __tablename__ = "customers"
    customer_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(500))
    city: Mapped[str] = mapped_column(String(80))
    branch: Mapped[str] = mapped_column(String(80), index=True)
    contact: Mapped[str] = mapped_column(String(500))
    phone: Mapped[str] = mapped_column(String(40))
    email: Mapped[str] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(500))
    account_manager: Mapped[str] = mapped_column(ForeignKey("users.user_id"), index=True)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    credit_limit: Mapped[Decimal | None] = mapped_column(Money())
    payment_days: Mapped[int] = mapped_column(default=30)
    version: Mapped[int] = mapped_column(default=1)


class Product(Base):
    """Something we make and sell, under our one code. `cost` is what a unit costs us."""

    __tablename__ = "products"
    product_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(500))
    family: Mapped[str] = mapped_column(String(80))
    unit: Mapped[str] = mapped_column(String(20))
    description: Mapped[str | None] = mapped_column(String(2000))
    cost: Mapped[Decimal | None] = mapped_column(Money())
    version: Mapped[int] = mapped_column(default=1)


class CustomerCode(Base):
    """What a customer calls one of our products."""

    __tablename__ = "customer_codes"
    code_id: Mapped[str] = mapped_column(String(90), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"), index=True)
    customer_code: Mapped[str] = mapped_column(String(60), index=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.product_id"))
    version: Mapped[int] = mapped_column(default=1)


class PriceList(Base):
    """A list of prices: the base list, or one agreed with a customer."""

    __tablename__ = "price_lists"
    price_list_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.customer_id"), index=True)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")


class Price(Base):
    """The price of a product on a list, from a day on and up to a day, both included."""

    __tablename__ = "prices"
    price_id: Mapped[str] = mapped_column(String(90), primary_key=True)
    price_list_id: Mapped[str] = mapped_column(ForeignKey("price_lists.price_list_id"), index=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.product_id"), index=True)
    unit_price: Mapped[Decimal] = mapped_column(Money())
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)


class Batch(Base):
    """Pieces of one product made together: what is blocked when one of them fails."""

    __tablename__ = "batches"
    batch_no: Mapped[str] = mapped_column(String(20), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.product_id"))
    made_on: Mapped[date]
    quantity: Mapped[int]
    in_stock: Mapped[int]
    blocked: Mapped[bool] = mapped_column(default=False)


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
        Index("ix_opportunities_outcome", "outcome", "opportunity_id"),
        Index("ix_opportunities_stage", "stage", "opportunity_id"),
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
    __table_args__ = (Index("ix_quotes_of", "customer_id", "quoted_at"),)


class QuoteLine(Base):
    """One product on a quote, with the list price of that day beside the price offered."""

    __tablename__ = "quote_lines"
    line_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    quote_id: Mapped[str] = mapped_column(ForeignKey("quotes.quote_id"), index=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.product_id"))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Money())
    list_price: Mapped[Decimal | None] = mapped_column(Money())


class Approval(Base):
    """A seat's yes or no to a price below the list, and how far below it lies in per cent."""

    __tablename__ = "approvals"
    approval_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    quote_id: Mapped[str] = mapped_column(ForeignKey("quotes.quote_id"), index=True)
    seat: Mapped[str] = mapped_column(String(60))
    unit_price: Mapped[Decimal] = mapped_column(Money())
    percent_below: Mapped[Decimal | None] = mapped_column(Money())
    decision: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(2000))
    decided_at: Mapped[datetime] = mapped_column(Moment())


class Order(Base):
    """What a customer ordered, and when it left us.

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
    address: Mapped[str | None] = mapped_column(String(500))
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    credit: Mapped[str] = mapped_column(String(10), default="clear")
    customer: Mapped[Customer] = relationship(viewonly=True)
    __table_args__ = (
        Index("ix_orders_of", "customer_id", "ordered_at", "order_id"),
        Index("ix_orders_credit", "credit", "order_id"),
    )


class OrderLine(Base):
    """One product on an order, with the batch it was picked from."""

    __tablename__ = "order_lines"
    line_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), index=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.product_id"))
    batch_no: Mapped[str | None] = mapped_column(ForeignKey("batches.batch_no"))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Money())
    order: Mapped[Order] = relationship(viewonly=True)

    @property
    def customer_id(self) -> str:
        return self.order.customer_id

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
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"))
    shipped_at: Mapped[datetime] = mapped_column(Moment())
    address: Mapped[str] = mapped_column(String(500))
    carrier: Mapped[str | None] = mapped_column(String(200))
    __table_args__ = (Index("ix_shipments_of", "order_id", "shipped_at"),)


class ShipmentLine(Base):
    """How many pieces of an order line left, and from which batch; empty if nobody wrote it."""

    __tablename__ = "shipment_lines"
    shipment_line_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    shipment_id: Mapped[str] = mapped_column(ForeignKey("shipments.shipment_id"), index=True)
    line_id: Mapped[str] = mapped_column(ForeignKey("order_lines.line_id"), index=True)
    batch_no: Mapped[str | None] = mapped_column(ForeignKey("batches.batch_no"))
    quantity: Mapped[int]


class Invoice(Base):
    """What a customer owes for an order, and who put a name to it."""

    __tablename__ = "invoices"
    invoice_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.order_id"), index=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    amount: Mapped[Decimal] = mapped_column(Money())
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    invoiced_at: Mapped[datetime] = mapped_column(Moment())
    due_on: Mapped[date]
    signed_at: Mapped[datetime | None] = mapped_column(Moment())
    __table_args__ = (Index("ix_invoices_of", "customer_id", "invoiced_at"),)


class Payment(Base):
    """Money that came in for an invoice."""

    __tablename__ = "payments"
    payment_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoices.invoice_id"), index=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    amount: Mapped[Decimal] = mapped_column(Money())
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    paid_at: Mapped[datetime] = mapped_column(Moment())
    __table_args__ = (Index("ix_payments_of", "customer_id", "paid_at"),)


class Proposal(Base):
    """A change of base data that waits for a second pair of eyes, or two."""

    __tablename__ = "proposals"
    proposal_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    record: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(90))
    column: Mapped[str] = mapped_column(String(60))
    before: Mapped[str | None] = mapped_column(String(2000))
    after: Mapped[str | None] = mapped_column(String(2000))
    version: Mapped[int]
    reviews_needed: Mapped[int]
    proposed_by: Mapped[str] = mapped_column(ForeignKey("users.user_id"))
    seat: Mapped[str] = mapped_column(String(60))
    proposed_at: Mapped[datetime] = mapped_column(Moment())
    state: Mapped[str] = mapped_column(String(10), default="open")
    __table_args__ = (Index("ix_proposals_of", "record", "key"),)


class Review(Base):
    """One reviewer's word on a proposal."""

    __tablename__ = "reviews"
    proposal_id: Mapped[str] = mapped_column(ForeignKey("proposals.proposal_id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id"), primary_key=True)
    seat: Mapped[str] = mapped_column(String(60))
    accepts: Mapped[bool]
    note: Mapped[str | None] = mapped_column(String(2000))
    reviewed_at: Mapped[datetime] = mapped_column(Moment())


class Complaint(Base):
    """A complaint as the seats recorded it, right or wrong: what the analysis will read."""

    __tablename__ = "complaints"
    complaint_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"), index=True)
    line_id: Mapped[str | None] = mapped_column(ForeignKey("order_lines.line_id"))
    product_id: Mapped[str | None] = mapped_column(ForeignKey("products.product_id"))
    batch_no: Mapped[str | None] = mapped_column(ForeignKey("batches.batch_no"))
    category: Mapped[str | None] = mapped_column(String(60))
    severity: Mapped[str | None] = mapped_column(String(60))
    description: Mapped[str | None] = mapped_column(String(2000))
    received_at: Mapped[datetime] = mapped_column(Moment())
    closed_at: Mapped[datetime | None] = mapped_column(Moment())
    valid: Mapped[bool | None]
    root_cause: Mapped[str | None] = mapped_column(String(2000))
    remedy: Mapped[str | None] = mapped_column(String(60))
    remedy_cost: Mapped[Decimal | None] = mapped_column(Money())
    prevention_note: Mapped[str | None] = mapped_column(String(2000))
    customer: Mapped[Customer] = relationship(viewonly=True)


class Interaction(Base):
    """One contact with a customer, or a remark about one: the timeline is made of these."""

    __tablename__ = "interactions"
    interaction_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.case_id"), index=True)
    at: Mapped[datetime] = mapped_column(Moment())
    channel: Mapped[str] = mapped_column(String(20))
    seat: Mapped[str | None] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(2000))
    __table_args__ = (Index("ix_interactions_of", "customer_id", "at"),)


class Counter(Base):
    """The last number given to a kind of record."""

    __tablename__ = "counters"
    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    last: Mapped[int]


class CaseRow(Base):
    """A case in its procedure: the whole state, and what an inbox needs to sort by.

    `fingerprint` is that of the procedure file it was opened by. `now` is the case's own
    simulated moment. Each case has its own, so that work on one does not make another late.
    """

    __tablename__ = "cases"
    case_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    procedure: Mapped[str] = mapped_column(String(60))
    fingerprint: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(500))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.customer_id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(Moment())
    closed_at: Mapped[datetime | None] = mapped_column(Moment())
    step: Mapped[str | None] = mapped_column(String(60))
    seat: Mapped[str | None] = mapped_column(String(60))
    holder: Mapped[str | None] = mapped_column(ForeignKey("users.user_id"))
    due_at: Mapped[datetime | None] = mapped_column(Moment())
    now: Mapped[datetime] = mapped_column(Moment())
    version: Mapped[int]
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    __table_args__ = (Index("ix_cases_inbox", "seat", "due_at"),)


class Event(Base):
    """The event log in XES terms. The resource is a seat: hours belong to stages, not people."""

    __tablename__ = "events"
    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.case_id"), index=True)
    activity: Mapped[str] = mapped_column(String(60))
    timestamp: Mapped[datetime] = mapped_column(Moment())
    lifecycle: Mapped[str] = mapped_column(String(20))
    resource: Mapped[str | None] = mapped_column(String(60))


def _count_the_change(_mapper: Any, _connection: Any, row: Any) -> None:
    session = object_session(row)
    if session is not None and session.is_modified(row):
        row.version += 1


for _counted in (Customer, Product, CustomerCode, Price):
    event.listen(_counted, "before_update", _count_the_change)


class Audit(Base):
    """Who did what to which record, with the row before and after. Nothing here ever changes.

    Lines are counted from 1 without a gap. `hash` covers the line and `previous`, the hash of the
    line before; see `crmlab.crm.chain`.
    """

    __tablename__ = "audit"
    audit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment())
    user_id: Mapped[str | None] = mapped_column(String(20))
    seat: Mapped[str | None] = mapped_column(String(60))
    operation: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """Where the trail stands: how many lines it has, and the hash of the last one.

    There is one such row. `start` is the key of the start set that the sandbox began with.
    """

    __tablename__ = "audit_head"
    head_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    start: Mapped[str] = mapped_column(String(64))
    lines: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64))


_ONLY_ADDED_TO = "the audit trail can only be added to"

APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER audit_append_only_{change.lower()} BEFORE {change} ON audit "
        f"BEGIN SELECT RAISE(ABORT, '{_ONLY_ADDED_TO}'); END"
        for change in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_ONLY_ADDED_TO}'; END $$",
        "CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    ],
}
"""What makes a database itself refuse to change or remove a line of the trail."""

for _database, _statements in APPEND_ONLY.items():
    for _statement in _statements:
        event.listen(
            Audit.__table__,
            "after_create",
            DDL(_statement).execute_if(dialect=_database),  # type: ignore[no-untyped-call]
        )
