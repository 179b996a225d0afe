"""A company with a long history, put into a sandbox in bulk: 600 customers, 100,000 orders.

It is only as real as a measurement needs: every key resolves, every order has its quote, lines,
shipment and invoice, most invoices are paid, and customers and products differ in size as they do
in life.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import insert, text, update

from crmlab.crm import tables as t
from crmlab.crm.store.sandbox import Sandbox

ORDERS = 100_000
CUSTOMERS = 600
PRODUCTS = 40
SHARES = (1 / 3, 1 / 12, 1 / 40, 1 / 20)
"""What part of the orders each of the first products has, with its one batch. The last product has
two orders, and the others share what is left."""
REPRESENTATIVES = 12
BRANCHES = ("East", "South", "North")
STAGES = ("lead", "qualified", "needs", "proposal", "won")
BEGUN = datetime(2021, 1, 4, 1, tzinfo=UTC)
STEP = timedelta(minutes=28)
AT_A_TIME = 5_000

Rows = list[dict[str, Any]]


def grow(sandbox: Sandbox, orders: int = ORDERS) -> None:
    """Put the company beside the start set that the sandbox has already."""
    luck = Random(7)
    with sandbox.place.engine.execution_options(writes=True).begin() as connection:

        def put(table: type[t.Base], rows: Rows) -> None:
            for first in range(0, len(rows), AT_A_TIME):
                connection.execute(insert(table), rows[first : first + AT_A_TIME])

        customers = list(_customers(luck))
        for table, rows in (*_people(), (t.Customer, customers), *_goods()):
            put(table, rows)
        sizes = [1 / (number + 1) ** 0.7 for number in range(CUSTOMERS)]
        batch: dict[type[t.Base], Rows] = {}
        for number, customer in enumerate(luck.choices(customers, sizes, k=orders)):
            for table, row in _order(number, customer, luck, orders):
                batch.setdefault(table, []).append(row)
        for table in (t.Opportunity, t.StageEntry, t.Quote, t.QuoteLine, t.Order, t.OrderLine):
            put(table, batch[table])
        for table in (t.Shipment, t.ShipmentLine, t.Invoice, t.Payment, t.Interaction):
            put(table, batch[table])
        # Enough to ship in every round.
        plenty = update(t.Batch).where(t.Batch.batch_no == "H-6013")
        connection.execute(plenty.values(quantity=10_000, in_stock=10_000))
        connection.execute(text("ANALYZE"))  # what the database would do by itself in a day


def _people() -> Iterator[tuple[type[t.Base], Rows]]:
    names = [f"BR-{i:02}" for i in range(REPRESENTATIVES)]
    managers = [f"BM-{i}" for i in range(len(BRANCHES))]
    yield (
        t.User,
        [
            {"user_id": name, "name": name, "branch": BRANCHES[i % len(BRANCHES)]}
            for group in (names, managers)
            for i, name in enumerate(group)
        ],
    )
    seats = [{"user_id": name, "seat": "sales_representative"} for name in names]
    yield t.UserSeat, [*seats, *({"user_id": m, "seat": "sales_manager"} for m in managers)]


def _customers(luck: Random) -> Iterator[dict[str, Any]]:
    for i in range(CUSTOMERS):
        yield {
            "customer_id": f"BC-{i:04}",
            "name": f"{luck.choice(('Harbour', 'Meadow', 'Anshan', '长风', 'Øst'))} Works {i}",
            "city": luck.choice(("Shaoxing", "Bergen", "Foshan", "大连")),
            "branch": BRANCHES[i % REPRESENTATIVES % len(BRANCHES)],
            "contact": f"Contact {i}",
            "phone": f"+86 000 {i:06}",
            "email": f"contact{i}@works.example",
            "address": f"{i} Dock Road",
            "account_manager": f"BR-{i % REPRESENTATIVES:02}",
            "currency": "CNY",
            "credit_limit": Decimal(luck.randrange(10, 500) * 1000),
            "payment_days": 30,
            "version": 1,
        }


def _goods() -> Iterator[tuple[type[t.Base], Rows]]:
    products = [f"BP-{i:02}" for i in range(PRODUCTS)]
    yield (
        t.Product,
        [
            {
                "product_id": product,
                "name": f"Pump {product}",
                "family": "Pumps",
                "unit": "piece",
                "cost": Decimal(500),
                "version": 1,
            }
            for product in products
        ],
    )
    yield (
        t.Batch,
        [
            {
                "batch_no": f"X-{i:04}",
                "product_id": product,
                "made_on": date(2021, 1, 2),
                "quantity": 10**7,
                "in_stock": 10**6,
                "blocked": False,
            }
            for i, product in enumerate(products)
        ],
    )


def _product(number: int, luck: Random, orders: int) -> int:
    """Which product an order is for: every filter meets values of all sizes."""
    if number in (orders // 3, orders // 2):
        return PRODUCTS - 1
    others = PRODUCTS - 1 - len(SHARES)
    shares = [*SHARES, *[(1 - sum(SHARES)) / others] * others]
    return luck.choices(range(PRODUCTS - 1), shares)[0]


def _order(
    number: int, customer: dict[str, Any], luck: Random, orders: int
) -> Iterator[tuple[type[t.Base], dict[str, Any]]]:
    """Everything about one order, from the opportunity to the payment."""
    at = BEGUN + STEP * number
    lead, quote, order = f"BL-{number:06}", f"BQ-{number:06}", f"BO-{number:06}"
    shipment, invoice = f"BS-{number:06}", f"BI-{number:06}"
    product, price = _product(number, luck, orders), Decimal(luck.randrange(100, 9000))
    quantity = luck.randrange(1, 20)
    of = {"customer_id": customer["customer_id"]}
    goods = {"product_id": f"BP-{product:02}", "quantity": quantity, "unit_price": price}
    amount = price * quantity
    is_paid = number < orders * 0.97
    yield (
        t.Opportunity,
        {
            **of,
            "opportunity_id": lead,
            "owner": customer["account_manager"],
            "company": customer["name"],
            "stage": "won",
            "amount": amount,
            "outcome": "won",
            "created_at": at - timedelta(days=20),
            "closed_at": at,
        },
    )
    for i, stage in enumerate(STAGES):
        entered = at - timedelta(days=20 - 5 * i)
        yield t.StageEntry, {"opportunity_id": lead, "stage": stage, "entered_at": entered}
    yield (
        t.Quote,
        {
            **of,
            "quote_id": quote,
            "opportunity_id": lead,
            "currency": "CNY",
            "quoted_at": at - timedelta(days=5),
        },
    )
    yield (
        t.QuoteLine,
        {"line_id": f"{quote}-1", "quote_id": quote, **of, **goods, "list_price": price},
    )
    yield (
        t.Order,
        {
            **of,
            "order_id": order,
            "quote_id": quote,
            "ordered_at": at,
            "shipped_at": at + timedelta(days=6),
            "invoiced_at": at + timedelta(days=7),
            "address": customer["address"],
            "currency": "CNY",
            "credit": "clear",
        },
    )
    batch = {"batch_no": f"X-{product:04}"}
    yield t.OrderLine, {"line_id": f"{order}-1", "order_id": order, **of, **goods, **batch}
    yield (
        t.Shipment,
        {
            "shipment_id": shipment,
            "order_id": order,
            **of,
            "shipped_at": at + timedelta(days=6),
            "address": customer["address"],
            "carrier": "Late Freight" if number >= orders * 0.98 else None,
        },
    )
    yield (
        t.ShipmentLine,
        {
            "shipment_line_id": f"{shipment}-1",
            "shipment_id": shipment,
            **of,
            "line_id": f"{order}-1",
            "quantity": quantity,
            **batch,
        },
    )
    yield (
        t.Invoice,
        {
            **of,
            "invoice_id": invoice,
            "order_id": order,
            "amount": amount,
            "currency": "CNY",
            "invoiced_at": at + timedelta(days=7),
            "due_on": (at + timedelta(days=37)).date(),
            "settled_at": at + timedelta(days=35) if is_paid else None,
        },
    )
    if is_paid:
        yield (
            t.Payment,
            {
                **of,
                "payment_id": f"BY-{number:06}",
                "invoice_id": invoice,
                "amount": amount,
                "currency": "CNY",
                "paid_at": at + timedelta(days=35),
            },
        )
    if number % 2:
        yield (
            t.Interaction,
            {**of, "at": at, "channel": "call", "seat": "inside_sales", "note": "Asked about it."},
        )
