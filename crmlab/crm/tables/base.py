"""Base data: who works here, who buys, what is sold at which price, and changes under review."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, event
from sqlalchemy.orm import Mapped, mapped_column, object_session

from crmlab.crm.tables.types import Base, Moment, Money


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
    """A list of prices: the base list, or one agreed with a customer.

    It holds from a day on and up to a day, both included; outside that none of its prices does.
    """

    __tablename__ = "price_lists"
    price_list_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.customer_id"), index=True)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)


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


def _count_the_change(_mapper: Any, _connection: Any, row: Any) -> None:
    session = object_session(row)
    if session is not None and session.is_modified(row):
        row.version += 1


for _counted in (Customer, Product, CustomerCode, PriceList, Price):
    event.listen(_counted, "before_update", _count_the_change)
