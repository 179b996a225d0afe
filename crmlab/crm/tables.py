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
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


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
    name: Mapped[str] = mapped_column(String(200))
    branch: Mapped[str] = mapped_column(String(80))


class UserSeat(Base):
    """Which seats a user may sit in."""

    __tablename__ = "user_seats"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id"), primary_key=True)
    seat: Mapped[str] = mapped_column(String(60), primary_key=True)


class Customer(Base):
    """A business that buys from us."""

    __tablename__ = "customers"
    customer_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(500))
    city: Mapped[str] = mapped_column(String(80))
    branch: Mapped[str] = mapped_column(String(80))
    contact: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(40))
    email: Mapped[str] = mapped_column(String(200))
    account_manager: Mapped[str] = mapped_column(ForeignKey("users.user_id"))


class Product(Base):
    """Something we make and sell, under our own code."""

    __tablename__ = "products"
    product_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    family: Mapped[str] = mapped_column(String(80))
    unit: Mapped[str] = mapped_column(String(20))
    list_price: Mapped[Decimal] = mapped_column(Money())


class Batch(Base):
    """Pieces of one product made together: what is blocked when one of them fails."""

    __tablename__ = "batches"
    batch_no: Mapped[str] = mapped_column(String(20), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.product_id"))
    made_on: Mapped[date]
    quantity: Mapped[int]
    in_stock: Mapped[int]
    blocked: Mapped[bool] = mapped_column(default=False)


class Order(Base):
    """What a customer ordered, and when it left us."""

    __tablename__ = "orders"
    order_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"), index=True)
    ordered_at: Mapped[datetime] = mapped_column(Moment())
    shipped_at: Mapped[datetime | None] = mapped_column(Moment())
    customer: Mapped[Customer] = relationship(viewonly=True)


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
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.customer_id"), index=True)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.case_id"), index=True)
    at: Mapped[datetime] = mapped_column(Moment())
    channel: Mapped[str] = mapped_column(String(20))
    seat: Mapped[str | None] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(String(2000))


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
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.customer_id"))
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


class Audit(Base):
    """Who did what to which record, with the row before and after. Nothing here ever changes."""

    __tablename__ = "audit"
    audit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Moment())
    user_id: Mapped[str | None] = mapped_column(String(20))
    seat: Mapped[str | None] = mapped_column(String(60))
    operation: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(60), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


for _change in ("UPDATE", "DELETE"):
    event.listen(
        Audit.__table__,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER audit_append_only_{_change.lower()} BEFORE {_change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail can only be added to'); END"
        ).execute_if(dialect="sqlite"),
    )
