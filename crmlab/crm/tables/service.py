"""Complaints, contacts, and the cases that bring both about."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crmlab.crm.tables.base import Customer
from crmlab.crm.tables.types import Base, Moment, Money


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


class CaseRow(Base):
    """A case in its procedure: the whole of it, and what an inbox needs to sort by.

    `facts` are those it began with, and stay; `state` is all else. `fingerprint` is that of the
    procedure file it was opened by. `now` is the case's own simulated moment. Each case has its
    own, so that work on one does not make another late.
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
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    __table_args__ = (
        Index("ix_cases_inbox", "seat", "due_at"),
        # How many lie open on each desk is asked at every hand-over.
        Index("ix_cases_desk", "holder", "closed_at"),
    )


class Event(Base):
    """The event log in XES terms. The resource is a seat: hours belong to stages, not people."""

    __tablename__ = "events"
    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.case_id"), index=True)
    activity: Mapped[str] = mapped_column(String(60))
    timestamp: Mapped[datetime] = mapped_column(Moment())
    lifecycle: Mapped[str] = mapped_column(String(20))
    resource: Mapped[str | None] = mapped_column(String(60))


class Counter(Base):
    """The last number given to a kind of record."""

    __tablename__ = "counters"
    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    last: Mapped[int]
