"""The BG/NBD model: how often somebody will buy again, and whether they still do.

Source: Peter S. Fader, Bruce G. S. Hardie and Ka Lok Lee (2005), "Counting Your Customers" the Easy
Way: An Alternative to the Pareto/NBD Model, Marketing Science 24(2), 275-284.

It assumes of each customer:

1. While active, they buy at random moments at a rate of their own (a Poisson process).
2. These rates differ between customers by a gamma distribution with shape r and scale alpha.
3. After each purchase they become inactive with a chance of their own, and stay so.
4. These chances differ between customers by a beta distribution with a and b.
5. Rates and chances have nothing to do with each other.

So nobody becomes inactive before a purchase, and who has bought once only is active for certain.
Who buys by a calendar of their own, more regularly than at random, is not described well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import digamma, gammaln, hyp2f1

from crmlab.errors import ModelError
from crmlab.text import gettext as _

Numbers = NDArray[np.float64]

FLAT = 1e-5
"""A fit is one where the mean log-likelihood has no slope steeper than this."""

FAR = 1e4
"""Beyond this a parameter runs away: the data do not say where it ends."""


@dataclass(frozen=True)
class BgNbd:
    """A fitted model.

    Attributes:
        r, alpha: of the gamma distribution of rates; the mean rate is r / alpha purchases a unit.
        a, b: of the beta distribution of the chances to become inactive; their mean is a / (a + b).
        log_likelihood: of the data, at these parameters.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = float("nan")

    def alive(self, frequency: Any, recency: Any, age: Any) -> Numbers:
        """The probability that customers with such histories are still active, from 0 to 1.

        Args:
            frequency, recency, age: arrays of one shape, in the units of the fit.
        """
        return 1 / (1 + self._odds_against(*_floats(frequency, recency, age)))

    def expected(self, time: float, frequency: Any, recency: Any, age: Any) -> Numbers:
        """How many purchases to expect of customers with such histories in the time to come.

        Equation (10) of the paper.

        Args:
            time: in the units of the fit.
        """
        x, tx, age = _floats(frequency, recency, age)
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        z = time / (alpha + age + time)
        rest = ((alpha + age) / (alpha + age + time)) ** (r + x)
        grown = 1 - rest * hyp2f1(r + x, b + x, a + b + x - 1, z)
        return np.asarray((a + b + x - 1) / (a - 1) * grown / (1 + self._odds_against(x, tx, age)))

    def expected_of_new(self, time: Any) -> Numbers:
        """How many purchases to expect of somebody in a time after the first. Equation (9)."""
        t = np.asarray(time, dtype=float)
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        shrunk = (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, t / (alpha + t))
        return np.asarray((a + b - 1) / (a - 1) * (1 - shrunk))

    def _odds_against(self, x: Numbers, tx: Numbers, age: Numbers) -> Numbers:
        """The odds of having become inactive at the last purchase."""
        ratio = (self.r + x) * (np.log(self.alpha + age) - np.log(self.alpha + tx))
        odds = self.a / (self.b + np.maximum(x, 1) - 1) * np.exp(ratio)
        return np.where(x > 0, odds, 0.0)


def fit(frequency: Any, recency: Any, age: Any) -> BgNbd:
    """Fit the model by maximum likelihood.

    Customers with the same history are counted once, with their number; the slopes are analytic;
    the search runs over the logarithms of the parameters, which are all above zero.

    Args:
        frequency, recency, age: arrays of one length, a value for each customer.

    Raises:
        ModelError: nobody has bought again, a history makes no sense, or the data do not say where
            the parameters lie.
    """
    x, tx, age = _floats(frequency, recency, age)
    _check(x, tx, age)
    first, number = _each_once(x, tx, age)
    x, tx, age = x[first], tx[first], age[first]
    weight, total = number.astype(float), float(number.sum())
    again, counts = x > 0, _Counts(x, weight)
    # In units of the longest age the same numbers suit every data set.
    scale = float(age.max())

    def slope(logs: Numbers) -> tuple[float, Numbers]:
        value, gradient = _log_likelihood(np.exp(logs), x, tx / scale, age / scale, again, counts)
        return -value / total, -gradient * np.exp(logs) / total

    found = minimize(
        slope,
        np.zeros(4),
        jac=True,
        method="L-BFGS-B",
        options={"gtol": 1e-8, "ftol": 1e-15, "maxiter": 500},
    )
    parameters = np.exp(found.x)
    if np.abs(found.jac).max() > FLAT or not np.all((parameters < FAR) & (parameters > 1 / FAR)):
        raise ModelError(
            _(
                "The purchases of {n:,} customers do not say how quickly they buy and leave: "
                "nearly all behave alike. A longer period, or more customers, would help."
            ).format(n=int(total))
        )
    r, alpha, a, b = parameters
    # The change of units is no change of the data: each repeat purchase brings its unit along.
    moved = float((weight * x).sum()) * np.log(scale)
    return BgNbd(
        float(r), float(alpha * scale), float(a), float(b), float(-found.fun * total - moved)
    )


def _each_once(*columns: Numbers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where each different row stands for the first time, and how many are like it."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:  # numbered column by column, which is quicker than sorting rows
        codes, values = pd.factorize(column)
        code = pd.factorize(code * len(values) + codes)[0]
    first = np.empty(code.max() + 1, dtype=np.intp)
    first[code[::-1]] = np.arange(len(code))[::-1]
    return first, np.bincount(code)


class _Counts:
    """What depends on the number of purchases alone: worked out once for each number."""

    def __init__(self, x: Numbers, weight: Numbers) -> None:
        self.values, self.inverse = np.unique(x, return_inverse=True)
        self.number = np.bincount(self.inverse, weights=weight)
        self.weight = weight


def _log_likelihood(
    parameters: Numbers,
    x: Numbers,
    tx: Numbers,
    age: Numbers,
    again: NDArray[np.bool_],
    at: _Counts,
) -> tuple[float, Numbers]:
    """The log-likelihood and its slopes. Equation (6), in logarithms.

    With n the repeat purchases, L = A1 A2 (A3 + [n > 0] A4), where A3 is the case of a customer who
    is active still, and A4 that of one who has become inactive at the last purchase.
    """
    r, alpha, a, b = parameters
    n, often = at.values, at.number
    log_age, log_tx = np.log(alpha + age), np.log(alpha + tx)
    active = -(r + x) * log_age
    with np.errstate(divide="ignore"):
        gone = np.where(
            again, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * log_tx, -np.inf
        )
    either = np.logaddexp(active, gone)
    share = np.exp(gone - either)  # of those who have become inactive, among such histories
    counted = (
        gammaln(r + n)
        - gammaln(r)
        + r * np.log(alpha)
        + gammaln(a + b)
        + gammaln(b + n)
        - gammaln(b)
        - gammaln(a + b + n)
    )
    weight = at.weight
    value = float(often @ counted + weight @ either)
    weighted = weight * share
    kept = weight - weighted
    slopes = np.array(
        [
            often @ (digamma(r + n) - digamma(r) + np.log(alpha))
            - kept @ log_age
            - weighted @ log_tx,
            weight.sum() * r / alpha
            - kept @ ((r + x) / (alpha + age))
            - weighted @ ((r + x) / (alpha + tx)),
            often @ (digamma(a + b) - digamma(a + b + n)) + weighted.sum() / a,
            often @ (digamma(a + b) + digamma(b + n) - digamma(b) - digamma(a + b + n))
            - weighted @ (1 / (b + np.maximum(x, 1) - 1)),
        ]
    )
    return value, slopes


def _floats(*values: Any) -> tuple[Numbers, ...]:
    return tuple(np.asarray(value, dtype=float) for value in values)


def _check(x: Numbers, tx: Numbers, age: Numbers) -> None:
    if not len(x) or not (x > 0).any():
        raise ModelError(
            _("Nobody has bought a second time, so nothing can be said of when people buy again.")
        )
    wrong = (x < 0) | (tx < 0) | (tx > age) | ((x == 0) & (tx > 0)) | ~np.isfinite(x + tx + age)
    if wrong.any():
        raise ModelError(
            _(
                "{n} histories make no sense: a last purchase lies after the end of the period, or "
                "before the first one."
            ).format(n=int(wrong.sum()))
        )
