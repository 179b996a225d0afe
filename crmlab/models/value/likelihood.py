"""The likelihood of the BG/NBD model over histories of which each different one is counted once.

Dates are days, so a million customers have few different ages, few different recencies and few
different numbers of purchases. What depends on one of these alone is worked out for each of its
values, in small tables; only what depends on all three is worked out for each history, and only
for those who have bought again: the others differ by their age alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, zeta

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]

AT_ONCE = 8_192
"""So many histories are worked out together: what comes in between stays in the processor's own
memory, and products of matrices are too small to be shared out between threads, which would wait
for each other where a machine is busy."""


@dataclass(frozen=True)
class Counted:
    """Histories, each different one once, with how many customers share it.

    Attributes:
        often: the numbers of repeat purchases that occur; `often_weight`: customers with each.
        ages: the ages that occur; `age_weight`: customers of each, `age_often`: what they have
            bought again.
        recencies: those that occur among whoever has bought again.
        x, tx, age: of each history with a repeat purchase the place of its values in those tables.
        weight: how many customers share it.
    """

    often: Numbers
    often_weight: Numbers
    ages: Numbers
    age_weight: Numbers
    age_often: Numbers
    recencies: Numbers
    x: Places
    tx: Places
    age: Places
    weight: Numbers

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def total(self) -> float:
        """How many customers there are."""
        return float(self.age_weight.sum())

    @property
    def purchases(self) -> float:
        """What all of them have bought again."""
        return float(self.often @ self.often_weight)

    def in_units_of(self, scale: float) -> Counted:
        """The same with another unit of time."""
        return replace(self, ages=self.ages / scale, recencies=self.recencies / scale)

    def some(self, every: int) -> Counted:
        """Those who have not bought again, and of the other histories one in so many, which stand
        for those that are left out."""
        x, tx, age = self.x[::every], self.tx[::every], self.age[::every]
        weight = self.weight[::every] * (self.weight.sum() / self.weight[::every].sum())
        once = self.age_weight - np.bincount(self.age, self.weight, len(self.ages))
        return _with_tables(self.often, self.ages, self.recencies, once, x, tx, age, weight)

    def likelihood(self, parameters: Numbers) -> tuple[float, Numbers, Numbers]:
        """The log-likelihood, its slopes and its bends. Equation (6), in logarithms.

        With n the repeat purchases, L = A1 A2 (A3 + [n > 0] A4), where A3 is the case of a customer
        who is active still, and A4 that of one who has become inactive at the last purchase. All
        are first taken to be active still; what those who are not make of it is then added.
        """
        r, alpha, a, b = parameters
        n, often, many, all_of = self.often, self.often_weight, self.age_weight, self.total
        since = alpha + self.ages
        log_since, rates = np.log(since), r * many + self.age_often
        value = often @ (gammaln(r + n) - gammaln(a + b + n) + gammaln(b + n))
        value += often.sum() * (gammaln(a + b) - gammaln(r) - gammaln(b))
        value += all_of * r * np.log(alpha) - rates @ log_since
        both = digamma(a + b) - digamma(a + b + n)
        slopes = np.array(
            [
                often @ (digamma(r + n) - digamma(r)) + all_of * np.log(alpha) - many @ log_since,
                all_of * r / alpha - rates @ (1 / since),
                often @ both,
                often @ (both + digamma(b + n) - digamma(b)),
            ]
        )
        bends = np.zeros((4, 4))
        bends[0, 0] = often @ (trigamma(r + n) - trigamma(r))
        bends[0, 1] = bends[1, 0] = all_of / alpha - many @ (1 / since)
        bends[1, 1] = rates @ since**-2 - all_of * r / alpha**2
        bends[2:, 2:] = often @ (trigamma(a + b) - trigamma(a + b + n))
        bends[3, 3] += often @ (trigamma(b + n) - trigamma(b))

        more = self._gone(r, alpha, a, b)
        return float(value + more[0]), slopes + more[1], bends + more[2]

    def _gone(self, r: float, alpha: float, a: float, b: float) -> tuple[float, Numbers, Numbers]:
        """What it adds to the value, the slopes and the bends that customers may have become
        inactive at the last purchase."""
        behind = b + self.often - 1
        since, until = alpha + self.ages, alpha + self.recencies
        by_often = np.stack([r + self.often, np.log(a / behind), 1 / behind])
        by_age = np.stack([np.log(since), 1 / since])
        by_recency = np.stack([np.log(until), 1 / until])
        value, sums, of_bends = 0.0, np.zeros((5, 4)), np.zeros(3)
        for start in range(0, len(self), AT_ONCE):
            here = slice(start, start + AT_ONCE)
            weight = self.weight[here]
            times, chance, one_behind = by_often.take(self.x[here], axis=1)
            log_since, one_since = by_age.take(self.age[here], axis=1)
            log_until, one_until = by_recency.take(self.tx[here], axis=1)
            longer, later = log_since - log_until, one_until - one_since
            rate = times * later
            odds = times * longer + chance  # their logarithm, of having become inactive
            small = np.exp(-np.abs(odds))
            value += weight @ (np.maximum(odds, 0.0) + np.log1p(small))
            gone = np.where(odds > 0, 1.0, small) / (1.0 + small)
            left = weight * gone
            slopes = np.stack([longer, rate, np.ones(len(weight)), one_behind])
            # Both are added up over the histories: slopes by slopes, and slopes alone.
            sums += np.vstack([slopes * (left * (1.0 - gone)), left]) @ slopes.T
            of_bends += (
                left @ later,
                left @ (rate * (one_since + one_until)),
                left @ (one_behind * one_behind),
            )
        # The odds rise with r and a, and fall with alpha and b.
        way = np.array([1.0, -1.0, 1 / a, -1.0])
        bends = sums[:4] * np.outer(way, way)
        bends[0, 1] -= of_bends[0]
        bends[1, 0] -= of_bends[0]
        bends[1, 1] += of_bends[1]
        bends[2, 2] -= sums[4, 2] / a**2
        bends[3, 3] += of_bends[2]
        return value, sums[4] * way, bends


def counted(x: Numbers, tx: Numbers, age: Numbers, number: Any = None) -> Counted:
    """Count each different history once.

    Each of the three is numbered on its own, and the three numbers make one: that is quicker than
    sorting rows.

    Args:
        x, tx, age: repeat purchases, recency and age of each customer.
        number: how many customers each of them stands for; by default one.
    """
    age_of, ages = pd.factorize(age)
    share = None if number is None else np.asarray(number, dtype=np.float64)
    again = np.flatnonzero(x)
    often_of, often = pd.factorize(x[again])
    recency_of, recencies = pd.factorize(tx[again])
    # Numbered anew in between, so that no number gets too large.
    pair_of, pairs = pd.factorize(often_of * len(recencies) + recency_of)
    row_of, rows = pd.factorize(pair_of * len(ages) + age_of[again])
    weight = np.bincount(row_of, None if share is None else share[again], len(rows))
    pair_at, age_at = np.divmod(rows, len(ages))
    x_at, tx_at = np.divmod(pairs[pair_at], len(recencies))
    once = np.bincount(age_of, share, len(ages)) - np.bincount(age_at, weight, len(ages))
    return _with_tables(
        often, ages, recencies, once, x_at, tx_at, age_at, weight.astype(np.float64)
    )


def _with_tables(
    often: Numbers,
    ages: Numbers,
    recencies: Numbers,
    once: Any,
    x: Places,
    tx: Places,
    age: Places,
    weight: Numbers,
) -> Counted:
    """Add up by number of purchases and by age; `once` has not bought again, by age."""
    return Counted(
        often,
        np.bincount(x, weight, len(often)).astype(np.float64),
        ages,
        once + np.bincount(age, weight, len(ages)).astype(np.float64),
        np.bincount(age, weight * often[x], len(ages)).astype(np.float64),
        recencies,
        x,
        tx,
        age,
        weight,
    )


def trigamma(values: Any) -> Any:
    """The second derivative of the logarithm of the gamma function."""
    return zeta(2, values)
