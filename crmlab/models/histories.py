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
from crmlab.text import gettext as _

Numbers = NDArray[np.float64]

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
        unit: day, week or month.
        end: the last day of the period.
    """

    customer: pd.Index
    frequency: Numbers
    recency: Numbers
    age: Numbers
    spend: Numbers
    unit: str
    end: pd.Timestamp

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def repeated(self) -> NDArray[np.bool_]:
        """Who has bought again."""
        return self.frequency > 0


def histories(
    transactions: pd.DataFrame, *, end: pd.Timestamp | None = None, unit: str = "week"
) -> Histories:
    """The histories of customers up to a day.

    Args:
        transactions: `customer_id`, `date` and `amount`, a row for each purchase.
        end: the last day that counts; by default the last day on which anybody bought.
        unit: of recency and age: day, week or month.

    Raises:
        ModelError: nobody has bought by then, a purchase has no day, or amounts are not above
            zero, or are in several currencies.
    """
    bought = _purchase_days(transactions)
    last = bought["date"].max() if end is None else pd.Timestamp(end)
    bought = bought[bought["date"] <= last]
    if bought.empty:
        raise ModelError(
            _("Nobody had bought anything by {day}; choose a later day.").format(day=last.date())
        )
    by_customer = bought.groupby("customer_id", sort=True)
    first, latest = by_customer["date"].min(), by_customer["date"].max()
    frequency = np.asarray(by_customer.size(), dtype=np.float64) - 1
    spent = by_customer["amount"].sum() - by_customer["amount"].first()
    with np.errstate(invalid="ignore", divide="ignore"):
        spend = np.where(frequency > 0, spent.to_numpy(float) / frequency, np.nan)
    days = DAYS[unit]
    return Histories(
        first.index,
        frequency,
        (latest - first).dt.days.to_numpy(float) / days,
        (last - first).dt.days.to_numpy(float) / days,
        spend,
        unit,
        last,
    )


def bought_between(transactions: pd.DataFrame, after: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    """On how many days each customer bought after one day and up to another."""
    bought = _purchase_days(transactions)
    within = bought[(bought["date"] > after) & (bought["date"] <= end)]
    counted: pd.Series = within.groupby("customer_id").size()
    return counted


def _purchase_days(transactions: pd.DataFrame) -> pd.DataFrame:
    """What each customer spent on each day, in the order of the days."""
    missing = [name for name in ("customer_id", "date", "amount") if name not in transactions]
    if missing:
        raise ModelError(_("The purchases have no column '{name}'.").format(name=missing[0]))
    if "currency" in transactions and transactions["currency"].nunique() > 1:
        raise ModelError(
            _("The purchases are in {n} currencies; bring them into one first.").format(
                n=transactions["currency"].nunique()
            )
        )
    dates = pd.to_datetime(transactions["date"])
    if dates.isna().any():
        raise ModelError(_("Some purchases have no day; leave them out, or find their day."))
    if dates.dt.tz is not None:
        dates = dates.dt.tz_localize(None)
    amounts = pd.to_numeric(transactions["amount"])
    if (amounts < 0).any() or amounts.isna().any():
        raise ModelError(
            _(
                "{n} purchases have no amount, or one below zero; a return is no purchase: take it "
                "off the purchase that it belongs to, or leave it out."
            ).format(n=int((amounts < 0).sum() + amounts.isna().sum()))
        )
    plain = pd.DataFrame(
        {
            "customer_id": transactions["customer_id"],
            "date": dates.dt.normalize(),
            "amount": amounts,
        }
    )
    return plain.groupby(["customer_id", "date"], sort=True)["amount"].sum().reset_index()
