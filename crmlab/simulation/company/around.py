"""What lies around the sales: plans, a promotion, SIM cards, and what three branches report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from crmlab.simulation.company.axis import Axis
from crmlab.simulation.company.base import BRANCHES
from crmlab.simulation.company.books import Books
from crmlab.simulation.company.rows import Fen
from crmlab.simulation.company.truths import Truths
from crmlab.simulation.draws import Draws

ALL_PRODUCTS = ""
"""Where a product would be named: the row is about all of them together."""


@dataclass(slots=True)
class Plan:
    """What a family of products was planned to bring in a month."""

    period: str
    family: str
    plan: Fen


@dataclass(slots=True)
class Advertised:
    """Something that was done so that more is bought."""

    name: str
    family: str
    begins_on: date
    ends_on: date
    cost: Fen


@dataclass(slots=True)
class SimCard:
    """A card that was handed out for a pump that reports, and when it first did."""

    card_no: str
    branch: str
    issued_on: date
    connected_on: date | None


@dataclass(slots=True)
class Exposure:
    """What left us in a month, of all products together or, where one is named, of that one: what
    complaints are held against. An order of two products is in the rows of both, so orders and
    customers of the products cannot be added up."""

    period: str
    product_id: str | None
    units: int
    orders: int
    customers: int


@dataclass(slots=True)
class Reported:
    """One line of a branch's workbook: what went over its counter, which the CRM does not have."""

    month: str
    product: str
    plan: int
    sold: int


def plans(axis: Axis, truths: Truths) -> list[Plan]:
    """The plan of the seasonal family for the last twelve months."""
    return [
        Plan(
            f"{year}-{month:02}",
            truths.season.family,
            round(truths.season.planned[month - 1] * 1_000_000) * 100,
        )
        for year, month in axis.months[-12:]
    ]


def promotions(truths: Truths) -> list[Advertised]:
    """The one promotion there was."""
    promotion = truths.promotion
    first = date.fromisoformat(f"{promotion.month}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return [Advertised(promotion.name, promotion.family, first, last, 18_000_00)]


def sim_cards(axis: Axis, truths: Truths, seed: int) -> list[SimCard]:
    """Cards as they were handed out; some of them have never reported."""
    draws, cards = Draws(seed, "sim cards"), truths.sim_cards
    connected = {
        number
        for number in range(cards.issued)
        if (number + 1) * cards.connected // cards.issued > number * cards.connected // cards.issued
    }
    made = []
    for number in range(cards.issued):
        issued = axis.days[number * (len(axis.days) - 40) // cards.issued]
        on = issued + timedelta(days=draws.whole(2, 45)) if number in connected else None
        made.append(SimCard(f"SIM-{number + 1:05}", draws.one_of(BRANCHES), issued, on))
    return made


def exposure(books: Books) -> list[Exposure]:
    """What left us in each month: of all products, and of each of them."""
    units: dict[tuple[str, str], int] = {}
    orders: dict[tuple[str, str], set[str]] = {}
    customers: dict[tuple[str, str], set[str]] = {}
    by_number = {order.order_id: order for order in books.orders}
    for line in books.order_lines:
        order = by_number[line.order_id]
        if order.shipped_at is None:
            continue
        month = f"{books.axis.day(order.shipped_at):%Y-%m}"
        for key in ((month, ALL_PRODUCTS), (month, line.product_id)):
            units[key] = units.get(key, 0) + line.quantity
            orders.setdefault(key, set()).add(order.order_id)
            customers.setdefault(key, set()).add(order.customer_id)
    return [
        Exposure(month, product or None, units[key], len(orders[key]), len(customers[key]))
        for key in sorted(units)
        for month, product in [key]
    ]


def reported(truths: Truths) -> dict[str, list[Reported]]:
    """The workbooks of the branches: sets sold in a quarter, month by month."""
    branches = truths.branches
    share = dict.fromkeys(branches.sold, branches.plan * 4 // 15)
    first = next(iter(share))
    share[first] += branches.plan - sum(share.values())
    return {
        name: [
            Reported(
                f"2026-0{month}",
                "Repair set, sold over the counter",
                share[name] // 3 + (month <= share[name] % 3),
                sold // 3 + (month <= sold % 3),
            )
            for month in (1, 2, 3)
        ]
        for name, sold in branches.sold.items()
    }
