"""Who works in the practice company, who buys from it, and what it makes and at which price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from crmlab.simulation.company import names
from crmlab.simulation.company.axis import Axis
from crmlab.simulation.company.rows import (
    Customer,
    CustomerCode,
    Fen,
    Price,
    PriceList,
    Product,
    User,
    UserSeat,
)
from crmlab.simulation.company.truths import Truths
from crmlab.simulation.draws import Draws

BASE_LIST = "PL-BASE"

Start = Mapping[str, Sequence[Mapping[str, Any]]]
"""The rows of the small company that a sandbox begins with, by table."""

SELLERS = 12
CUSTOMERS = 600
"""Of a company of the usual size. One with more customers has more people in the same measure."""

BRANCHES = ("East", "South", "North")
CODES = 24
"""How many codes of customers stand beside ours."""

TURN_OF_PRICES = (Decimal("0.94"), Decimal("0.97"), Decimal("1"))
"""The base list of the years before and of this one, as shares of this year's prices."""


@dataclass
class Base:
    """The base data, and what is looked up in it.

    Attributes:
        start_customers: the numbers of those whom the practice cases are about.
        sellers: the sales representatives, by branch.
        entered_twice: codes of products that we have under another one, and who asked by them.
    """

    users: list[User] = field(default_factory=list)
    user_seats: list[UserSeat] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    customer_codes: list[CustomerCode] = field(default_factory=list)
    price_lists: list[PriceList] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    start_customers: set[str] = field(default_factory=set)
    sellers: dict[str, list[str]] = field(default_factory=dict)
    entered_twice: dict[str, str] = field(default_factory=dict)
    _lists: dict[str, str] = field(default_factory=dict)
    _prices: dict[tuple[str, str], list[Price]] = field(default_factory=dict)

    def look_up(self) -> None:
        """Make ready to look prices up."""
        self._prices = {}
        self._lists = {a.customer_id: a.price_list_id for a in self.price_lists if a.customer_id}
        for price in self.prices:
            self._prices.setdefault((price.price_list_id, price.product_id), []).append(price)

    def price(self, customer: str, product: str, day: date) -> Fen:
        """What the lists say for a customer, a product and a day."""
        own = self._prices.get((self._lists.get(customer, ""), product), [])
        for price in [*own, *self._prices[BASE_LIST, product]]:
            if price.valid_from <= day and (price.valid_to is None or day <= price.valid_to):
                return price.unit_price
        raise LookupError(f"{product} has no price on {day}")


def make_base(start: Start, axis: Axis, customers: int, truths: Truths, seed: int) -> Base:
    """The base data of a company with so many customers.

    Args:
        start: users, customers, products and prices that are there in any case.
    """
    base = Base()
    _people(base, start, customers)
    _products(base, start, axis, Draws(seed, "products"))
    _customers(base, start, axis, customers, Draws(seed, "customers"))
    _duplicates(base, truths, Draws(seed, "duplicates"))
    base.look_up()
    return base


def fen(amount: Any) -> Fen | None:
    """An amount as it is written, in fen; None stays None."""
    return None if amount is None else int(Decimal(str(amount)) * 100)


def _people(base: Base, start: Start, customers: int) -> None:
    base.users = [User(**row) for row in start["users"]]
    base.user_seats = [UserSeat(**row) for row in start["user_seats"]]
    wanted = max(SELLERS, round(SELLERS * customers / CUSTOMERS))
    seated = {row.user_id for row in base.user_seats if row.seat == "sales_representative"}
    branch_of = {user.user_id: user.branch for user in base.users}
    base.sellers = {branch: [] for branch in BRANCHES}
    for user_id in sorted(seated):
        base.sellers[branch_of[user_id]].append(user_id)
    while sum(map(len, base.sellers.values())) < wanted:
        branch = min(BRANCHES, key=lambda name: len(base.sellers[name]))
        user = User(f"U-{len(base.users) + 1:02}", _new_name(base), branch)
        base.users.append(user)
        base.sellers[branch].append(user.user_id)
        for seat in ("sales_representative", "account_manager"):
            base.user_seats.append(UserSeat(user.user_id, seat))
    leaver = User(f"U-{len(base.users) + 1:02}", _new_name(base), "South")
    base.users.append(leaver)  # who has left sits nowhere any more


def _new_name(base: Base) -> str:
    """A name that nobody here bears yet, as long as there is one."""
    taken = {user.name for user in base.users}
    tried = (names.person(len(base.users) + n) for n in range(400))
    return next((name for name in tried if name not in taken), names.person(len(base.users)))


def _products(base: Base, start: Start, axis: Axis, draws: Draws) -> None:
    rows = [{**row, "cost": fen(row["cost"])} for row in start["products"]]
    base.products = [Product(**row) for row in rows]
    base.price_lists = [PriceList(**{**row, **_stretch(row)}) for row in start["price_lists"]]
    this_year = axis.last.year
    now = {
        row["product_id"]: fen(row["unit_price"])
        for row in start["prices"]
        if row["price_list_id"] == BASE_LIST and row["valid_to"] is None
    }
    for code, name, family, unit, price in names.PRODUCTS:
        cost = round(price * draws.between(0.58, 0.72)) * 100
        base.products.append(Product(code, name, family, unit, None, cost))
        now[code] = price * 100
    base.prices = [
        Price(
            price_id=f"{row['price_list_id']}/{row['product_id']}/{row['valid_from']}",
            price_list_id=row["price_list_id"],
            product_id=row["product_id"],
            unit_price=fen(row["unit_price"]) or 0,
            **_stretch(row),
        )
        for row in start["prices"]
    ]
    known = {price.price_id for price in base.prices}
    first = {
        price.product_id: price.valid_from
        for price in reversed(base.prices)
        if price.price_list_id == BASE_LIST
    }
    for code, current in now.items():
        assert current is not None
        for year in range(axis.first.year, this_year + 1):
            begins, ends = date(year, 1, 1), None if year == this_year else date(year, 12, 31)
            key = f"{BASE_LIST}/{code}/{begins.isoformat()}"
            if key in known or (code in first and begins >= first[code]):
                continue
            share = TURN_OF_PRICES[max(year - this_year - 1, -3)]
            base.prices.append(
                Price(key, BASE_LIST, code, whole_yuan(current * share), begins, ends)
            )


def _stretch(row: Mapping[str, Any]) -> dict[str, Any]:
    """The days from and up to which a row of the start set holds."""
    ends = row["valid_to"]
    return {
        "valid_from": date.fromisoformat(row["valid_from"]),
        "valid_to": None if ends is None else date.fromisoformat(ends),
    }


def whole_yuan(amount: Decimal | int) -> Fen:
    """An amount in fen, rounded to whole yuan."""
    return round(Decimal(amount) / 100) * 100


def _customers(base: Base, start: Start, axis: Axis, customers: int, draws: Draws) -> None:
    for row in start["customers"][:customers]:
        plain = {name: value for name, value in row.items() if name != "version"}
        plain["credit_limit"] = fen(row["credit_limit"])
        base.customers.append(Customer(**{"address": None, **plain}, created_on=axis.first))
    base.start_customers = {customer.customer_id for customer in base.customers}
    while len(base.customers) < customers:
        number = len(base.customers) + 1
        branch = draws.weighted((("East", 0.42), ("South", 0.35), ("North", 0.23)))
        at = names.customer(number, branch, draws)
        # Half of them were customers before; the others came one after another.
        joined = axis.first
        if draws.happens(0.45):
            joined = axis.days[int(len(axis.days) * 0.95 * draws.unit())]
        base.customers.append(
            Customer(
                customer_id=f"CU-{number:03}",
                branch=branch,
                account_manager=draws.one_of(base.sellers[branch]),
                currency="CNY",
                credit_limit=None,  # follows from what they buy
                payment_days=draws.weighted(((30, 0.6), (45, 0.15), (60, 0.25))),
                created_on=joined,
                **at,
            )
        )


def _duplicates(base: Base, truths: Truths, draws: Draws) -> None:
    """What some customers call our products. Of some nobody kept it: they stand there twice."""
    single = [product for product in base.products if product.family in ("Valves", "Pumps")]
    others = [who for who in base.customers if who.customer_id not in base.start_customers]
    for number in range(CODES):
        product, customer = draws.one_of(single), draws.one_of(others)
        code = f"K{customer.customer_id[3:]}.{2000 + 31 * number}"
        key = f"{customer.customer_id}/{code}"
        base.customer_codes.append(
            CustomerCode(key, customer.customer_id, code, product.product_id)
        )
    own = [
        product
        for product in single
        if product.family == "Valves" and product.product_id != truths.noise.product_id
    ]
    told = []
    for product in own[: truths.duplicates.products]:
        customer = draws.one_of(others)
        code = f"{customer.customer_id[3:]}-{product.product_id.replace('-', '')}"
        name = f"{product.name.replace('-', '')}, flanged"
        base.products.append(Product(code, name, product.family, product.unit, None, product.cost))
        base.entered_twice[code] = customer.customer_id
        base.prices += [
            replace(price, price_id=f"{BASE_LIST}/{code}/{price.valid_from}", product_id=code)
            for price in base.prices
            if (price.price_list_id, price.product_id) == (BASE_LIST, product.product_id)
        ]
        told.append({"entered_as": code, "is": product.product_id, "by": customer.customer_id})
    truths.tell("duplicates", pairs=told)
