"""How long a complaint takes to come, and what that says of goods that left us lately.

1. The *lag* of a complaint is the days from the shipment to its coming in.
2. Of goods that left twenty days ago only lags up to twenty days can have been seen, so a plain
   share of the lags seen is too hopeful. The share that comes within t days is estimated as the
   product, over all longer lags u, of 1 - (complaints of lag u) / (complaints of a lag up to u
   about goods that left u days ago or earlier).
3. All months are taken to have the same lags, and no lag to be longer than the longest seen.

Source: S. W. Lagakos, L. M. Barraj and V. De Gruttola (1988), Nonparametric analysis of truncated
survival data, with application to AIDS, Biometrika 75.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crmlab.models.complaints.reading import Days, first_day, name_of


@dataclass(frozen=True)
class Cohort:
    """What left us in one month, and how long complaints about it took.

    Attributes:
        complaints: so far; `median_days`: the middle one of their lags, None where none is known.
        arrived: the share of all its complaints that has come by now, 0 to 1, by the lags.
        awaited: how many are still to come by that; None where nothing can be said yet.
    """

    period: str
    complaints: int
    median_days: int | None
    arrived: float
    awaited: float | None


def share_within(lags: NDArray[np.int64], ages: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of complaints that comes within 0, 1, 2 ... days.

    Args:
        lags: how many complaints there are of each lag.
        ages: how many of them are about goods that left 0, 1, 2 ... days ago.
    """
    younger = np.zeros(len(lags), dtype=np.int64)
    known = np.cumsum(ages)[: len(lags) - 1]
    younger[1 : len(known) + 1] = known
    younger[len(known) + 1 :] = ages.sum()
    at_risk = np.cumsum(lags) - younger
    stays = 1.0 - np.divide(lags, at_risk, out=np.zeros(len(lags)), where=at_risk > 0)
    longer: NDArray[np.float64] = np.append(np.cumprod(stays[:0:-1])[::-1], 1.0)
    return longer


def arrived(share: NDArray[np.float64], months: Days, today: int) -> NDArray[np.float64]:
    """Of each month's complaints the share that has come by now: the mean of its days until now."""
    before = np.append(0.0, np.cumsum(share))  # before[n]: the sum over the ages 0 ... n-1

    def up_to(age: Days) -> NDArray[np.float64]:
        inside = np.clip(age + 1, 0, len(share))
        return before[inside] + np.maximum(age + 1 - len(share), 0)

    oldest = today - first_day(months)
    youngest = np.maximum(today - first_day(months + 1) + 1, 0)
    days = np.maximum(oldest - youngest + 1, 1)
    share_by_now: NDArray[np.float64] = (up_to(oldest) - up_to(youngest - 1)) / days
    return share_by_now


def cohorts(
    months: Days,
    counted: NDArray[np.int64],
    by_lag: NDArray[np.int64],
    ripe: NDArray[np.float64],
) -> tuple[Cohort, ...]:
    """The lags of each month."""
    found = []
    for month, number, lags, share in zip(months, counted, by_lag, ripe, strict=True):
        middle = int(np.searchsorted(lags.cumsum(), lags.sum() / 2)) if lags.any() else None
        awaited = float(number / share - number) if share > 0 else None
        found.append(Cohort(name_of(month), int(number), middle, float(share), awaited))
    return tuple(found)
