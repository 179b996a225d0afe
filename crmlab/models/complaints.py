"""Complaint rates: how many for how much that left us, and which month says more than chance.

What the words mean here:

1. A complaint belongs to the month in which the goods *left us*, where that is known, and not to
   the month in which it came in: so the rate compares what was made then with what failed of it.
2. The *rate* is complaints / exposure: for 1,000 orders, for 1,000,000 units or for one customer.
   The three tell different stories; none of them is the right one for every question.
3. Goods that left us lately have had little time to be complained about. Their exposure counts for
   the share of complaints that come within such a time, as the older months show it (the lag).
4. The chart is a u-chart for unequal exposure with probability limits: a month is beyond them if
   chance alone (a Poisson number with the mean rate of all months) would be so high, or so low, in
   0.135 % of months on either side. Where counts are large these are the usual three sigma; where a
   month has a complaint or two, three sigma would cry wolf at each of them.
5. Two rules call a month a *signal*: beyond a limit (Western Electric rule 1), and the eighth month
   in a row on one side of the mean (rule 4).

Source: D. C. Montgomery, Introduction to Statistical Quality Control, chapter on control charts for
nonconformities; Western Electric (1956), Statistical Quality Control Handbook, for the rules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import poisson

from crmlab.errors import ModelError
from crmlab.text import gettext as _

TAIL = 0.00135
"""The share of months that chance puts beyond one of the limits."""

IN_A_ROW = 8

PER = {"orders": 1_000, "units": 1_000_000, "customers": 1}
"""What a rate is told for, by the column of exposure."""


@dataclass(frozen=True)
class Period:
    """One month of the chart.

    Attributes:
        complaints: about what left us then; `exposure`: what left us, as far as it had time to be
            complained about.
        rate, lower, upper: complaints for so much exposure, and the limits of chance.
        signal: `beyond`, `run` or nothing.
    """

    period: str
    complaints: int
    exposure: float
    rate: float
    lower: float
    upper: float
    signal: str


@dataclass(frozen=True)
class Share:
    """How many complaints have something in common; no rate where nobody counts what left."""

    name: str
    complaints: int
    share: float
    rate: float | None = None


@dataclass(frozen=True)
class ComplaintRate:
    """Complaint rates of a company or a part of it.

    Attributes:
        per: what the rates are for: so many orders, units or customers, by the name.
        by_category, by_product: the most frequent first.
    """

    complaints: int
    exposure: float
    rate: float
    per: str
    periods: tuple[Period, ...]
    by_category: tuple[Share, ...]
    by_product: tuple[Share, ...]


def complaint_rate(
    complaints: pd.DataFrame,
    exposure: pd.DataFrame,
    *,
    per: str = "orders",
    as_of: pd.Timestamp | None = None,
) -> ComplaintRate:
    """The complaint rate by month, with what chance alone would do.

    Args:
        complaints: `received_at`, and `shipped_at, category, product_id` where they are known.
        exposure: `period` (a month, `2026-05`) and `units`, and `orders, customers, product_id`
            where they are known; rows of one month are added up.
        per: orders, units or customers.
        as_of: the day of the extract; by default that of the last complaint.

    Raises:
        ModelError: there is no exposure, or no such column of it.
    """
    if per not in PER or per not in exposure:
        known = ", ".join(name for name in PER if name in exposure)
        raise ModelError(
            _("Nothing says how many {per} there were; the file has: {known}.").format(
                per=per, known=known or _("none of orders, units, customers")
            )
        )
    left = exposure.groupby(exposure["period"].astype(str))[per].sum().sort_index()
    if not len(left) or not float(left.sum()) > 0:
        raise ModelError(
            _("Nothing has left us by this file, so there is nothing to hold complaints against.")
        )
    received = _months(complaints["received_at"])
    since = complaints["shipped_at"] if "shipped_at" in complaints else complaints["received_at"]
    month = _months(since).fillna(received).astype(str)
    counted = np.asarray(month.value_counts().reindex(left.index, fill_value=0), dtype=np.int64)
    ripe = _ripe(complaints, left.index, as_of)
    base = left.to_numpy(dtype=np.float64) * ripe
    scale = PER[per]
    mean = float(counted.sum()) / base.sum()
    return ComplaintRate(
        int(counted.sum()),
        float(left.sum()),
        mean * scale,
        f"{scale:,} {per}" if scale > 1 else per.removesuffix("s"),
        tuple(_periods(left.index, counted, base, mean, scale)),
        tuple(_shares(complaints, "category")),
        tuple(_shares(complaints, "product_id", _left_of_each(exposure, per), scale)),
    )


def _months(moments: pd.Series) -> pd.Series:
    told = pd.to_datetime(moments, utc=False, format="mixed")
    if told.dt.tz is not None:
        told = told.dt.tz_localize(None)
    months: pd.Series = told.dt.strftime("%Y-%m")
    return months


def _days(moments: pd.Series) -> pd.Series:
    told = pd.to_datetime(moments, format="mixed")
    return told.dt.tz_localize(None) if told.dt.tz is not None else told


def _ripe(
    complaints: pd.DataFrame, months: pd.Index, as_of: pd.Timestamp | None
) -> NDArray[np.float64]:
    """The share of a month's complaints that has come by now, by how long they take; 0 to 1."""
    if "shipped_at" not in complaints or complaints.empty:
        return np.ones(len(months))
    received, shipped = _days(complaints["received_at"]), _days(complaints["shipped_at"])
    lags = np.sort((received - shipped).dt.days.dropna().to_numpy(dtype=np.float64))
    if not len(lags):
        return np.ones(len(months))
    today = received.max() if as_of is None else pd.Timestamp(as_of)
    middles = pd.to_datetime(months.to_series() + "-15")
    ages = (today - middles).dt.days.to_numpy(dtype=np.float64)
    share: NDArray[np.float64] = np.searchsorted(lags, ages, side="right") / len(lags)
    return np.clip(share, 1 / len(lags), 1.0)


def _periods(
    months: pd.Index,
    counted: NDArray[np.int64],
    base: NDArray[np.float64],
    mean: float,
    scale: int,
) -> list[Period]:
    expected = base * mean
    low, high = poisson.ppf(TAIL, expected), poisson.ppf(1 - TAIL, expected)
    found, run, side = [], 0, 0
    for n, month in enumerate(months):
        here = int(np.sign(counted[n] - expected[n]))
        run = run + 1 if here and here == side else 1
        side = here
        beyond = counted[n] > high[n] or counted[n] < low[n]
        signal = "beyond" if beyond else "run" if run >= IN_A_ROW else ""
        rate, lower, upper = (
            float(value) / float(base[n]) * scale for value in (counted[n], low[n], high[n])
        )
        number, left = int(counted[n]), float(base[n])
        found.append(Period(str(month), number, left, rate, lower, upper, signal))
    return found


def _left_of_each(exposure: pd.DataFrame, per: str) -> dict[str, float]:
    if "product_id" not in exposure:
        return {}
    each = exposure.groupby(exposure["product_id"].astype(str))[per].sum()
    return {str(name): float(number) for name, number in each.items()}


def _shares(
    complaints: pd.DataFrame, column: str, left: dict[str, float] | None = None, scale: int = 1
) -> list[Share]:
    if column not in complaints:
        return []
    found = []
    for name, number in complaints[column].value_counts().items():
        base = (left or {}).get(str(name))
        rate = number / base * scale if base else None
        found.append(Share(str(name), int(number), float(number / len(complaints)), rate))
    return found
