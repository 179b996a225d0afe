"""How customers have bought, as the models of lifetime value read it: how often, until when, for
how long, and for how much.

The terms are those of Fader and Hardie: *frequency* is how many times somebody bought again, days
with several purchases counted once; *recency* is the age at the last of them, not the days since;
*age* (their T) is how long ago the first purchase was, at the end of the period.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.names import Whole
from crmlab.models.value.purchases import Numbers, Purchases, as_dates, purchases
from crmlab.text import gettext as _

SAID = 6
"""Decimals of a sum of money that say something."""

DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12}
"""How many days a unit of time has."""


@dataclass(frozen=True)
class Histories:
    """One row for each customer who had bought by the end of the period.

    Attributes:
        customer: the customers, in order.
        frequency: repeat purchases.
        recency, age: in units of time.
        spend: what a repeat purchase came to on average; not a number where there was none.
        spent: what all purchases came to, the first one too.
        unit: day, week or month.
        end: the last day of the period.
        left_out: how many purchases came after it.
    """

    customer: pd.Index
    frequency: Numbers
    recency: Numbers
    age: Numbers
    spend: Numbers
    spent: Numbers
    unit: str
    end: pd.Timestamp
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def repeated(self) -> NDArray[np.bool_]:
        """Who has bought again."""
        return self.frequency > 0

    @property
    def first(self) -> pd.DatetimeIndex:
        """The day of each customer's first purchase."""
        since = np.rint(self.age * DAYS[self.unit]).astype(np.int64)
        return as_dates(np.datetime64(self.end, "D").astype(np.int64) - since)

    @property
    def silent_days(self) -> Numbers:
        """The days since each customer's last purchase."""
        return np.rint((self.age - self.recency) * DAYS[self.unit])


def histories(
    transactions: pd.DataFrame | Purchases,
    *,
    end: pd.Timestamp | None = None,
    unit: str = "week",
) -> Histories:
    """The histories of customers up to a day.

    Args:
        transactions: `customer_id`, `date` and `amount`, a row for each purchase; or the purchases
            read from them, whose end then counts.
        end: the last day that counts; by default the last day on which anybody bought.
        unit: of recency and age: day, week or month.

    Raises:
        ModelError: see `purchases`; or the unit is none of the three.
    """
    if unit not in DAYS:
        raise ModelError(
            _("'{unit}' is no unit of time here; choose one of {known}.").format(
                unit=unit, known=", ".join(DAYS)
            )
        )
    bought = (
        transactions if isinstance(transactions, Purchases) else purchases(transactions, end=end)
    )
    first, latest, often = bought.days()
    frequency = (often - 1).astype(np.float64)
    number = len(bought.customers)
    spent = _sums(bought.who, bought.amount, number)
    at_first = bought.day == first[bought.who]
    begun_with = _sums(bought.who[at_first], bought.amount[at_first], number)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Rounded sums can leave a trace below zero where nothing was spent again.
        spend = np.where(frequency > 0, np.maximum(spent - begun_with, 0.0) / frequency, np.nan)
    days, order = DAYS[unit], bought.customers.argsort()
    return Histories(
        bought.customers[order],
        frequency[order],
        (latest - first)[order] / days,
        (bought.end - first)[order] / days,
        spend[order],
        spent[order],
        unit,
        bought.last_day,
        bought.left_out,
    )


def _sums(who: Whole, amount: Numbers, number: int) -> Numbers:
    """Sums by customer, the same ones in whichever order the rows come: what the order leaves in
    the last digits of a float would grow in the fits."""
    return np.bincount(who, amount, number).astype(np.float64).round(SAID)


def gaps(bought: Purchases) -> tuple[Whole, Whole]:
    """The days between one purchase of a customer and the next: whose, and how many."""
    who, day = bought.visits()
    same = who[1:] == who[:-1]
    return who[1:][same], np.diff(day)[same]
