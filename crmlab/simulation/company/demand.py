"""What customers want of the practice company, and when: leads, orders without a lead, and those
that the planted truths are about."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from crmlab.calendar import HOURS_PER_DAY
from crmlab.simulation.company.axis import Axis
from crmlab.simulation.company.base import BASE_LIST, Base
from crmlab.simulation.company.rows import Customer, Fen, PriceList
from crmlab.simulation.company.truths import Truths
from crmlab.simulation.draws import Draws

SIZES = (("small", 0.62), ("medium", 0.28), ("large", 0.10))
LIMITS = {"small": 60_000, "medium": 200_000, "large": 600_000, "dealer": 2_500_000}
"""What a customer of this size may owe and have on order, in CNY."""

ORDERS_A_MONTH = {"small": (0.1, 0.5), "medium": (0.3, 1.3), "large": (1.0, 2.6)}
LEADS_A_YEAR = {"small": (1.0, 3.0), "medium": (2.5, 6.0), "large": (5.0, 9.0)}
QUANTITIES = {"small": (1, 3), "medium": (1, 6), "large": (2, 14), "dealer": (4, 30)}

SEASON = (0.92, 0.8, 1.05, 1.1, 1.08, 1.02, 0.95, 0.93, 1.04, 1.06, 1.04, 1.01)
"""How much more or less is wanted in each month, outside the seasonal family."""

WORKDAYS = 20.8
"""Working days of an average month."""

DEALERS = 30

POPULAR = (("SK-40", 0.5), ("CV-50", 0.4))
"""Products that many use, and how many of the customers do."""

SOURCES = (("phone", 3.0), ("mail", 3.0), ("website", 2.0), ("fair", 1.0), ("recommendation", 1.0))
UNQUALIFIED = {"phone": 0.3, "mail": 0.34, "website": 0.46, "fair": 0.4, "recommendation": 0.12}
"""How many leads of each source have no need, budget or day behind them."""

LOST = {0.0: 0.48, 4.0: 0.42, 8.0: 0.36, 14.0: 0.3}
"""How many of the others are lost in the end, by how far below the list they are offered."""

DISCOUNTS = ((0.0, 0.55), (4.0, 0.24), (8.0, 0.14), (14.0, 0.07))
"""How far below the list a lead is offered, in per cent, and how often."""


@dataclass(slots=True)
class Buyer:
    """How a customer buys.

    Attributes:
        a_day: the chance of an order without a lead on a working day.
        leads_a_day: that of a lead.
        wants: the products that the customer uses.
        stays: the chance of staying after each order.
        leaves_on: the day from which nothing more is bought.
    """

    customer: Customer
    size: str
    a_day: float
    leads_a_day: float
    wants: list[str]
    stays: float
    leaves_on: date | None = None


@dataclass(slots=True)
class Wanted:
    """Something that a customer wants at a moment.

    Attributes:
        lines: products and pieces.
        percent: how far below the list the price will be, for a lead.
        ends: for a lead, how it ends if all goes well: won, lost or not qualified.
    """

    hour: float
    buyer: Buyer
    lines: list[tuple[str, int]]
    channel: str
    percent: float = 0.0
    ends: str = "won"
    source: str = ""


@dataclass
class Demand:
    """All that is wanted of the company, in the order of time."""

    buyers: list[Buyer]
    wanted: list[Wanted] = field(default_factory=list)


def make_demand(base: Base, axis: Axis, truths: Truths, seed: int) -> Demand:
    """What the customers of the company will want."""
    draws = Draws(seed, "buyers")
    buyers = [_buyer(base, customer, draws) for customer in base.customers]
    demand = Demand(buyers)
    free = [buyer for buyer in buyers if buyer.customer.customer_id not in base.start_customers]
    draws = Draws(seed, "truths")
    early = [buyer for buyer in free if buyer.customer.created_on == axis.first]
    daily, costly, *leavers = _some(early, 2 + truths.leaving_in_silence.customers, draws)
    taken = {id(buyer) for buyer in (daily, costly, *leavers)}
    others = [buyer for buyer in early if id(buyer) not in taken]
    dealers = _some(others, min(DEALERS, len(others)), draws)
    _daily(demand, base, axis, truths, daily)
    _costly(base, truths, costly)
    _leaving(axis, truths, leavers, draws)
    _seasonal(demand, base, axis, truths, dealers, Draws(seed, "season"))
    for buyer in dealers:
        buyer.customer.credit_limit = LIMITS["dealer"] * 100
    for buyer in buyers:  # what those of the practice cases have bought stands in the start set
        if buyer.customer.customer_id in base.start_customers:
            buyer.a_day = buyer.leads_a_day = 0.0
    _orders(demand, axis, base, truths, Draws(seed, "orders"))
    _leads(demand, axis, base, Draws(seed, "leads"))
    demand.wanted.sort(key=lambda wanted: wanted.hour)
    return demand


def _some(buyers: list[Buyer], number: int, draws: Draws) -> list[Buyer]:
    left = list(buyers)
    return [left.pop(int(len(left) * draws.unit())) for _count in range(number)]


def _buyer(base: Base, customer: Customer, draws: Draws) -> Buyer:
    size = draws.weighted(SIZES)
    single = [p for p in base.products if p.product_id not in base.entered_twice]
    normal = [p.product_id for p in single if p.family != "Irrigation pumps"]
    parts = [p.product_id for p in single if p.family == "Spare parts"]
    wants = [draws.one_of(normal) for _count in range(draws.whole(1, 3))]
    wants += [draws.one_of(parts) for _count in range(draws.whole(1, 2))]
    wants += [product for product, share in POPULAR if draws.happens(share)]
    wants += [code for code, who in base.entered_twice.items() if who == customer.customer_id]
    if customer.customer_id not in base.start_customers:
        # Some are held short, so that orders of theirs have to wait for finance.
        share = 0.3 if draws.happens(0.06) else 1.0
        customer.credit_limit = round(LIMITS[size] * share) * 100
    return Buyer(
        customer,
        size,
        draws.between(*ORDERS_A_MONTH[size]) / WORKDAYS,
        draws.between(*LEADS_A_YEAR[size]) / 12 / WORKDAYS,
        list(dict.fromkeys(wants)),
        stays=draws.weighted(((0.995, 0.5), (0.97, 0.35), (0.9, 0.15))),
    )


def _agreed(base: Base, buyer: Buyer, products: list[str], price_of: Callable[[Fen], Fen]) -> None:
    """A price list of the customer's own, made of the base list."""
    customer = buyer.customer
    listed = [p for p in base.prices if p.price_list_id == BASE_LIST and p.product_id in products]
    own = PriceList(
        price_list_id=f"PL-{customer.customer_id}",
        name=f"{customer.name}, agreed prices",
        customer_id=customer.customer_id,
        currency="CNY",
        valid_from=min(price.valid_from for price in listed),
        valid_to=None,
    )
    base.price_lists.append(own)
    for price in listed:
        base.prices.append(
            replace(
                price,
                price_id=price.price_id.replace(BASE_LIST, own.price_list_id),
                price_list_id=own.price_list_id,
                unit_price=price_of(price.unit_price),
            )
        )
    base.look_up()


def _daily(demand: Demand, base: Base, axis: Axis, truths: Truths, buyer: Buyer) -> None:
    """Somebody who fetches a few boxes each working day; the gold card looks at single orders."""
    pieces, product = 4, "OR-10"
    each = truths.daily_customer.amount_a_day * 100 // pieces
    _agreed(base, buyer, [product], lambda _listed: each)
    buyer.a_day = buyer.leads_a_day = 0.0
    for number in range(len(axis.days)):
        hour = number * HOURS_PER_DAY + 0.5
        demand.wanted.append(Wanted(hour, buyer, [(product, pieces)], "counter"))
    truths.tell(
        "daily_customer",
        customer_id=buyer.customer.customer_id,
        orders=len(axis.days),
        amount_in_the_last_twelve_months=truths.daily_customer.amount_a_day
        * sum(1 for day in axis.days if (axis.last - day).days < 365),
    )


def _costly(base: Base, truths: Truths, buyer: Buyer) -> None:
    """A large customer with prices far below the list, who wants much besides."""
    costly = truths.costly_customer
    buyer.size, buyer.stays = "large", 1.0
    buyer.customer.credit_limit = LIMITS["dealer"] * 100
    buyer.a_day = costly.orders_per_month / WORKDAYS
    buyer.wants = ["LP-65", "GV-100", "LP-40"]
    keeps = 100 - costly.discount_percent
    _agreed(base, buyer, buyer.wants, lambda listed: round(listed * keeps / 10000) * 100)
    truths.tell("costly_customer", customer_id=buyer.customer.customer_id)


def _leaving(axis: Axis, truths: Truths, leavers: list[Buyer], draws: Draws) -> None:
    silent = truths.leaving_in_silence.silent_months
    left = []
    for buyer in leavers:
        year, month = axis.months[-silent - draws.whole(0, 2)]
        buyer.leaves_on = date(year, month, 1)
        buyer.a_day, buyer.stays = truths.leaving_in_silence.orders_per_month / WORKDAYS, 1.0
        left.append({"customer_id": buyer.customer.customer_id, "from": buyer.leaves_on})
    truths.tell("leaving_in_silence", who=sorted(left, key=lambda row: str(row["customer_id"])))


def _seasonal(
    demand: Demand, base: Base, axis: Axis, truths: Truths, dealers: list[Buyer], draws: Draws
) -> None:
    """What dealers call off of the seasonal family: each month comes to its sum."""
    season = truths.season
    products = [p.product_id for p in base.products if p.family == season.family]
    for year, month in axis.months:
        named = month in (6, 8)  # the two months that people talk about
        share_of_it = 1.0 if named else draws.between(0.94, 1.06)
        left = round(season.millions[month - 1] * share_of_it * 1_000_000) * 100
        days = [n for n, day in enumerate(axis.days) if (day.year, day.month) == (year, month)]
        calls = max(4, round(left / 100 / 110_000))
        for number in range(calls):
            product, buyer = draws.one_of(products), draws.one_of(dealers)
            # So that what is ordered is also ordered in this month, none comes in its last hours.
            at = draws.one_of(days)
            price = base.price(buyer.customer.customer_id, product, axis.days[at])
            share = (
                left / (calls - number) * (1 if number == calls - 1 else draws.between(0.7, 1.3))
            )
            pieces = max(1, round(share / price))
            left -= pieces * price
            hour = at * HOURS_PER_DAY + draws.between(0.2, 7.5)
            demand.wanted.append(Wanted(hour, buyer, [(product, pieces)], "call_off"))
            if left <= 0:
                break
    truths.tell("season", dealers=sorted(buyer.customer.customer_id for buyer in dealers))


def _orders(demand: Demand, axis: Axis, base: Base, truths: Truths, draws: Draws) -> None:
    """Orders without a lead: somebody needs again what they know."""
    promotion = truths.promotion
    parts = [p.product_id for p in base.products if p.family == promotion.family]
    season = [SEASON[day.month - 1] for day in axis.days]
    in_month = [f"{day:%Y-%m}" == promotion.month for day in axis.days]
    without = because = 0
    for buyer in demand.buyers:
        if not buyer.a_day:
            continue
        first, behind = _span(buyer, axis)
        for number in range(first, behind):
            usual, advertised = buyer.a_day * season[number], in_month[number]
            drawn = draws.unit()
            if drawn >= usual * (1 + promotion.uplift if advertised else 1):
                continue
            added = drawn >= usual
            without += advertised and not added
            because += added
            wants = [name for name in buyer.wants if name in parts] if added else buyer.wants
            lines = _lines(wants or parts, buyer, draws)
            hour = number * HOURS_PER_DAY + draws.between(0.1, 7.5)
            demand.wanted.append(Wanted(hour, buyer, lines, "repeat"))
            if buyer.leaves_on is None and not draws.happens(buyer.stays):
                break
    truths.tell("promotion", orders_without_it=without, orders_that_it_added=because)


def _span(buyer: Buyer, axis: Axis) -> tuple[int, int]:
    """The first working day on which somebody buys, and the one behind the last."""
    behind = len(axis.days) if buyer.leaves_on is None else bisect_left(axis.days, buyer.leaves_on)
    return bisect_left(axis.days, buyer.customer.created_on), behind


def _lines(wants: list[str], buyer: Buyer, draws: Draws) -> list[tuple[str, int]]:
    low, high = QUANTITIES[buyer.size]
    number = min(len(wants), draws.weighted(((1, 0.6), (2, 0.3), (3, 0.1))))
    chosen = [draws.one_of(wants) for _count in range(number)]
    return [(product, draws.whole(low, high)) for product in dict.fromkeys(chosen)]


def _leads(demand: Demand, axis: Axis, base: Base, draws: Draws) -> None:
    """Leads: something new is wanted, or more of it than before."""
    products = [
        p.product_id
        for p in base.products
        if p.family not in ("Spare parts", "Irrigation pumps")
        and p.product_id not in base.entered_twice
    ]
    season = [SEASON[day.month - 1] for day in axis.days]
    for buyer in demand.buyers:
        if not buyer.leads_a_day:
            continue
        low, high = QUANTITIES[buyer.size]
        first, behind = _span(buyer, axis)
        for number in range(first, behind):
            if not draws.happens(buyer.leads_a_day * season[number]):
                continue
            percent, source = draws.weighted(DISCOUNTS), draws.weighted(SOURCES)
            ends = "lost" if draws.happens(LOST[percent]) else "won"
            if draws.happens(UNQUALIFIED[source]):
                ends = "unqualified"
            demand.wanted.append(
                Wanted(
                    number * HOURS_PER_DAY + draws.between(0.1, 7.5),
                    buyer,
                    [(draws.one_of(products), draws.whole(low, high) + low)],
                    "lead",
                    percent,
                    ends,
                    source,
                )
            )
