"""Rows of the tests' own, beside the start set: people, customers, products, a little stock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.access.permissions import Who
from crmlab.crm.booking.book import book
from crmlab.crm.store.sandbox import VARIABLE, Sandbox, open_sandbox

NOW = STANDARD.local(datetime(2026, 5, 20, 9))

STEWARD = Who("U-901", "data_steward")
OTHER_STEWARD = Who("U-902", "data_steward")
FINANCE = Who("U-903", "finance_controller")
OTHER_FINANCE = Who("U-904", "finance_controller")
DIRECTOR = Who("U-905", "sales_director")
REPRESENTATIVE = Who("U-906", "sales_representative")
INSIDE = Who("U-907", "inside_sales")
WAREHOUSE = Who("U-908", "warehouse")
PEOPLE = (
    STEWARD, OTHER_STEWARD, FINANCE, OTHER_FINANCE, DIRECTOR, REPRESENTATIVE, INSIDE, WAREHOUSE,
)  # fmt: skip

CUSTOMER, OTHER_CUSTOMER, ABROAD = "CU-901", "CU-902", "CU-903"
PRODUCT, OTHER_PRODUCT = "TP-10", "TP-20"
BASE, OWN = "PL-T", "PL-T-901"
BATCH, OTHER_BATCH, BATCH_OF_ANOTHER = "T-1001", "T-1010", "T-2001"


def money(amount: str | int) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))


def customer(key: str = CUSTOMER, **more: Any) -> tables.Customer:
    columns: dict[str, Any] = {
        "name": f"Kaolin Tiles {key}",
        "city": "Jingdezhen",
        "branch": "East",
        "contact": "Rong Yi",
        "phone": "+86 100 0000 9001",
        "email": "rong@kaolin-tiles.example",
        "account_manager": REPRESENTATIVE.user_id,
        "credit_limit": money(100_000),
        **more,
    }
    return tables.Customer(customer_id=key, **columns)


def people() -> list[tables.Base]:
    users = [
        tables.User(user_id=who.user_id, name=f"Person {who.user_id}", branch="East")
        for who in PEOPLE
    ]
    return [*users, *(tables.UserSeat(user_id=who.user_id, seat=who.seat) for who in PEOPLE)]


def little_company() -> list[tables.Base]:
    """Three customers (one in euro), two products without prices, three batches, two lists."""
    return [
        *people(),
        customer(CUSTOMER, name="Kaolin Tiles"),
        customer(OTHER_CUSTOMER, name="Wuyi Tea House"),
        customer(ABROAD, name="Moldau Brauhaus", currency="EUR"),
        tables.Product(product_id=PRODUCT, name="Test pump", family="Pumps", unit="piece"),
        tables.Product(product_id=OTHER_PRODUCT, name="Spare filter", family="Parts", unit="piece"),
        price_list(BASE, name="Base of the tests"),
        price_list(OWN, name="Agreed", customer_id=CUSTOMER),
        *(batch(key) for key in (BATCH, OTHER_BATCH)),
        batch(BATCH_OF_ANOTHER, product_id=OTHER_PRODUCT),
    ]


def price_list(key: str, **more: Any) -> tables.PriceList:
    return tables.PriceList(price_list_id=key, **{"valid_from": date(2015, 1, 1), **more})


def batch(key: str, product_id: str = PRODUCT, **more: Any) -> tables.Batch:
    columns = {"made_on": date(2026, 3, 2), "quantity": 100, "in_stock": 100, **more}
    return tables.Batch(batch_no=key, product_id=product_id, **columns)


def add(sandbox: Sandbox, *rows: tables.Base) -> None:
    with sandbox.write("prepare", subject="rows", at=NOW) as session:
        insert(session, *rows)


@contextmanager
def company_of(request: pytest.FixtureRequest, folder: Path) -> Iterator[Sandbox]:
    """The little company in a sandbox that a whole module shares, on the database in `param`."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "postgresql":
            patch.setenv(VARIABLE, request.getfixturevalue("postgresql_url"))
        sandbox = open_sandbox("shared", folder=folder)
    add(sandbox, *little_company())
    yield sandbox
    sandbox.close()


class NotKept(Exception):
    """Ends a transaction without keeping what it wrote."""


@contextmanager
def not_kept(sandbox: Sandbox) -> Iterator[Session]:
    """A transaction that writes like any other, and leaves nothing behind."""
    with suppress(NotKept), sandbox.write("try", subject="tests", at=NOW) as session:
        yield session
        raise NotKept


def insert(session: Session, *rows: tables.Base) -> None:
    """Add rows in the order given, since one may refer to those before it."""
    for row in rows:
        session.add(row)
        session.flush()


def put(
    session: Session,
    unit_price: str,
    valid_from: str,
    valid_to: str | None = None,
    *,
    price_list_id: str = BASE,
    product_id: str = PRODUCT,
    existing_key: str | None = None,
) -> str:
    """Put a price on a list."""
    columns = {
        "price_list_id": price_list_id,
        "product_id": product_id,
        "unit_price": unit_price,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
    return book(session, "price", None, columns, existing_key)


def ordered(
    session: Session,
    quantity: int = 10,
    unit_price: str = "1000.00",
    *,
    customer_id: str = CUSTOMER,
    at: datetime = NOW,
    **more: Any,
) -> tuple[str, str]:
    """An order with one line; both keys."""
    order = book(
        session,
        "order",
        None,
        {"customer_id": customer_id, "ordered_at": at, "address": "3 Kiln Lane", **more},
    )
    line = book(
        session,
        "order_line",
        None,
        {
            "order_id": order,
            "product_id": PRODUCT,
            "quantity": quantity,
            "unit_price": unit_price,
        },
    )
    return order, line


def shipped(
    session: Session,
    order: str,
    line: str,
    quantity: int = 10,
    batch_no: str | None = BATCH,
    at: datetime = NOW,
) -> tuple[str, str]:
    """A shipment of an order with one line; both keys."""
    shipment = book(session, "shipment", None, {"order_id": order, "shipped_at": at})
    part = book(
        session,
        "shipment_line",
        None,
        {"shipment_id": shipment, "line_id": line, "quantity": quantity, "batch_no": batch_no},
    )
    return shipment, part


def invoiced(session: Session, order: str, at: datetime = NOW, **more: Any) -> str:
    return book(session, "invoice", None, {"order_id": order, "invoiced_at": at, **more})


def paid(session: Session, invoice: str, amount: str, at: datetime = NOW, **more: Any) -> str:
    return book(
        session, "payment", None, {"invoice_id": invoice, "amount": amount, "paid_at": at, **more}
    )
