"""What is planted in the practice company, for the lessons to find and the models to be held to.

Each truth stands here once, with its numbers: the company is made by them, and `truth.yaml` tells
them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True)
class BadBatch:
    """One batch of a product fails, so its complaint rate is high for two months of shipments."""

    product_id: str = "SK-40"
    months: tuple[str, str] = ("2025-09", "2025-10")
    chance_of_complaint: float = 0.5


@dataclass(frozen=True)
class Noise:
    """A month with the most complaints about a product, and nothing behind it but chance."""

    product_id: str = "CV-50"
    month: str = "2025-12"
    complaints: int = 4


@dataclass(frozen=True)
class CostlyCustomer:
    """A large customer who costs more than he brings: discounts, express freight and visits for a
    share of his sales, and what his complaints cost on top."""

    discount_percent: float = 24.0
    service_share_of_sales: float = 0.22
    orders_per_month: float = 4.0


@dataclass(frozen=True)
class DailyCustomer:
    """Somebody who buys for the same small amount each day, and whom the gold card misses: that
    is for a single order of 100,000."""

    amount_a_day: int = 500
    gold_card_from: int = 100_000


@dataclass(frozen=True)
class LeavingInSilence:
    """Customers who bought steadily, stopped, and never complained."""

    customers: int = 12
    orders_per_month: float = 2.0
    silent_months: int = 6


@dataclass(frozen=True)
class StalledSeller:
    """A sales representative whose leads all stay where they were after the first contact."""

    share_that_stays: float = 0.9


@dataclass(frozen=True)
class Duplicates:
    """Products that somebody entered a second time, under what a customer calls them: nobody kept
    the customer's code beside ours."""

    products: int = 5


@dataclass(frozen=True)
class Branches:
    """Three branches report what they sold. One typed its number into a cell of per cent."""

    plan: int = 300
    sold: dict[str, int] = field(default_factory=lambda: {"East": 180, "South": 76, "North": 76})
    in_per_cent: str = "North"
    naive_sum: float = 256.76


@dataclass(frozen=True)
class SimCards:
    """SIM cards for pumps that report: handed out is not connected."""

    issued: int = 1200
    connected: int = 744


@dataclass(frozen=True)
class Unused:
    """A report that is made each week and that nobody opens, and a form that nobody uses."""

    report: str = "weekly_visits"
    form: str = "competitor_note"


@dataclass(frozen=True)
class Leaving:
    """A sales manager who exports the customers' base before leaving."""

    last_day: date = date(2026, 1, 30)
    days_before: int = 9
    exports: int = 6


@dataclass(frozen=True)
class Season:
    """A family that sells for five million in June and for 0.6 million in August."""

    family: str = "Irrigation pumps"
    millions: tuple[float, ...] = (0.4, 0.5, 1.4, 2.6, 3.9, 5.0, 2.2, 0.6, 0.5, 0.4, 0.3, 0.3)
    planned: tuple[float, ...] = (0.4, 0.5, 1.3, 2.5, 3.8, 4.8, 2.4, 1.2, 0.6, 0.4, 0.3, 0.3)


@dataclass(frozen=True)
class Promotion:
    """A month in which spare parts are advertised. The uplift is the share of the usual repeat
    orders that it truly adds, each of them for spare parts."""

    name: str = "Winter check of spare parts"
    month: str = "2025-11"
    family: str = "Spare parts"
    uplift: float = 0.6


@dataclass(frozen=True)
class LateEntry:
    """At each month's end what has happened is entered days later."""

    last_days: int = 3
    share: float = 0.7
    usual_hours: float = 2.0
    late_hours: tuple[float, float] = (16.0, 48.0)


@dataclass(frozen=True)
class Truths:
    """All of them. What is found out while the company is made (who, how often) is in `found`."""

    bad_batch: BadBatch = BadBatch()
    noise: Noise = Noise()
    costly_customer: CostlyCustomer = CostlyCustomer()
    daily_customer: DailyCustomer = DailyCustomer()
    leaving_in_silence: LeavingInSilence = LeavingInSilence()
    stalled_seller: StalledSeller = StalledSeller()
    duplicates: Duplicates = Duplicates()
    branches: Branches = field(default_factory=Branches)
    sim_cards: SimCards = SimCards()
    unused: Unused = Unused()
    leaving: Leaving = Leaving()
    season: Season = Season()
    promotion: Promotion = Promotion()
    late_entry: LateEntry = LateEntry()
    found: dict[str, dict[str, Any]] = field(default_factory=dict)

    def tell(self, truth: str, **what: Any) -> None:
        """Add what has come of a truth in this company."""
        self.found.setdefault(truth, {}).update(what)

    def as_data(self) -> dict[str, dict[str, Any]]:
        """By truth: in a sentence what it is, its numbers, and what has come of it."""
        told = {}
        for name, numbers in asdict(self).items():
            if name != "found":
                about = " ".join((type(getattr(self, name)).__doc__ or "").split())
                told[name] = {"about": about, **numbers, **self.found.get(name, {})}
        return told
