"""The gamma-gamma model: how much somebody will spend on a purchase.

Source: Peter S. Fader, Bruce G. S. Hardie and Ka Lok Lee (2005), RFM and CLV: Using Iso-Value
Curves for Customer Base Analysis, Journal of Marketing Research 42(4), 415-430; worked out in Fader
and Hardie (2013), The Gamma-Gamma Model of Monetary Value.

It assumes:

1. What one customer spends varies at random around a mean of their own (a gamma distribution).
2. These means differ between customers (a gamma distribution again).
3. What somebody spends has nothing to do with how often they buy; where it has, the value of the
   frequent is misjudged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from crmlab.errors import ModelError
from crmlab.models.value.bg_nbd import ENOUGH, FAR, FLAT, LITTLE
from crmlab.models.value.fitting import NOTHING, least
from crmlab.models.value.likelihood import trigamma
from crmlab.text import gettext as _
from crmlab.text import ngettext

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class GammaGamma:
    """A fitted model.

    Attributes:
        p: the shape of one customer's purchases.
        q, v: shape and scale of what differs between customers.
        customers: how many it was fitted on: those who have bought again.
        usual: the mean of what those customers spend on a purchase.
        most: what the one of them spends who spends most on a purchase.
        errors: the standard errors of p, q and v; none where the model was not fitted.
    """

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")
    customers: int = 0
    usual: float = float("nan")
    most: float = float("inf")
    errors: tuple[float, ...] = ()

    @property
    def has_mean(self) -> bool:
        """Whether the spend of all customers has a mean by the model: q is above 1."""
        return self.q > 1

    def expected(self, frequency: Any, spend: Any) -> Numbers:
        """What a purchase to come is worth: between what customers have spent and what all do.

        With q at 1 or below a few spend so much that the spend of all has no mean by the model, and
        near 1 the mean is beyond anything that was ever seen. So whoever has not bought again is
        taken to spend no more than those who have do on average, unless q is 2 or more; and nobody
        to spend more than the one who spends most.

        Args:
            frequency: repeat purchases.
            spend: what they came to on average; anything where there was none.
        """
        x = np.asarray(frequency, dtype=float)
        z = np.where(x > 0, np.asarray(spend, dtype=float), 0.0)
        below = self.p * x + self.q - 1
        with np.errstate(divide="ignore"):
            mean = np.where(below > 0, self.p * (self.v + x * z) / below, np.inf)
        known = (x > 0) | (self.q >= 2)
        return np.minimum(mean, np.where(known, self.most, self.usual))


def fit(
    frequency: Any, spend: Any, *, number: Any = None, start: GammaGamma | None = None
) -> GammaGamma:
    """Fit the model by maximum likelihood on those who have bought again.

    Slopes and bends are analytic. The search runs over the logarithms of the parameters.

    Args:
        frequency: repeat purchases.
        spend: what they came to on average; anything where there was none.
        number: how many customers each row stands for; by default one.
        start: where the search begins, such as at the fit of similar data.

    Raises:
        ModelError: too few have, some have spent nothing, or the data do not say where the
            parameters lie.
    """
    x, z = np.asarray(frequency, dtype=float), np.asarray(spend, dtype=float)
    weight = np.ones(len(x)) if number is None else np.asarray(number, dtype=float)
    again = (x > 0) & (weight > 0)
    x, z, weight = x[again], z[again], weight[again]
    if weight.sum() < 2:
        raise ModelError(
            _("Fewer than two customers have bought again, so what they spend cannot be compared.")
        )
    of_something(x, z, number=weight)
    total = float(weight.sum())
    scale = float(weight @ z) / total
    z = z / scale
    likely = _Likelihood(x, z, weight)
    begin = (1.0, 1.0, scale) if start is None else (start.p, start.q, start.v)

    def bent(logs: Numbers) -> tuple[float, Numbers, Numbers]:
        """The mean log-likelihood with its slopes and bends, over the logarithms; to be least."""
        at = np.exp(logs)
        value, slopes, bends = likely.at(*at)
        steep = slopes * at
        return -value / total, -steep / total, -(np.outer(at, at) * bends + np.diag(steep)) / total

    nothing = NOTHING if start is None else LITTLE
    found = least(bent, np.log(np.array(begin) / (1, 1, scale)), nothing=nothing)
    p, q, v = np.exp(found.x)
    if np.abs(found.slopes).max() > FLAT or not all(1 / FAR < value < FAR for value in (p, q, v)):
        raise ModelError(_says_nothing(int(total), len(np.unique(z))))
    return GammaGamma(
        float(p),
        float(q),
        float(v * scale),
        float(-found.value * total - total * np.log(scale)),
        int(total),
        scale,
        float(z.max()) * scale,
        tuple(float(error) for error in found.errors(total) * (1, 1, scale)),
    )


def _says_nothing(customers: int, different: int) -> str:
    """Why a fit has found nothing; `different`: how many different sums customers spend."""
    if customers < ENOUGH and 2 * different > customers:
        return ngettext(
            "{n} customer who has bought again is too few to say how customers differ in what "
            "they spend. A longer period, or more customers, would help.",
            "{n} customers who have bought again are too few to say how customers differ in what "
            "they spend. A longer period, or more customers, would help.",
            customers,
        ).format(n=customers)
    return _(
        "What {n:,} customers spend does not say how they differ: nearly all spend the same, or "
        "one of them spends more than all others. More customers would help."
    ).format(n=customers)


def of_something(frequency: Any, spend: Any, *, number: Any = None) -> None:
    """Refuse repeat purchases that come to nothing.

    Raises:
        ModelError: those of some customers do.
    """
    x, z = np.asarray(frequency, dtype=float), np.asarray(spend, dtype=float)
    again = (x > 0) & (True if number is None else np.asarray(number) > 0)
    nothing = int((~(z[again] > 0)).sum())
    if nothing and nothing == again.sum():
        raise ModelError(
            _(
                "All repeat purchases are of 0, so nobody can say what a purchase is worth; is it "
                "the right column of amounts?"
            )
        )
    if nothing:
        raise ModelError(
            ngettext(
                "The repeat purchases of {n} customer come to 0; leave purchases of 0 out.",
                "The repeat purchases of {n} customers come to 0; leave purchases of 0 out.",
                nothing,
            ).format(n=nothing)
        )


class _Likelihood:
    """The log-likelihood of what customers spend. Equation (1a) of the note.

    What depends on the number of purchases alone is worked out once for each number.
    """

    def __init__(self, x: Numbers, z: Numbers, weight: Numbers) -> None:
        self.weight, self.x, self.spent = weight, x, x * z
        self.values, inverse = np.unique(x, return_inverse=True)
        self.often = np.bincount(inverse, weights=weight)
        self.total = float(weight.sum())
        self.log_spend = float(weight @ np.log(z))
        self.x_log_spent = float(weight @ (x * np.log(self.spent)))

    def at(self, p: float, q: float, v: float) -> tuple[float, Numbers, Numbers]:
        """The value, its slopes and its bends."""
        n, often, weight, x, total = self.values, self.often, self.weight, self.x, self.total
        shape, each = p * n + q, v + self.spent
        log_each, one_by_each = np.log(each), 1 / each
        shapes = p * x + q
        value = often @ (gammaln(shape) - gammaln(p * n)) + total * (q * np.log(v) - gammaln(q))
        value += p * self.x_log_spent - self.log_spend - weight @ (shapes * log_each)
        both, bent = digamma(shape), trigamma(shape)
        slopes = np.array(
            [
                often @ (n * (both - digamma(p * n))) + self.x_log_spent - weight @ (x * log_each),
                often @ both + total * (np.log(v) - digamma(q)) - weight @ log_each,
                total * q / v - weight @ (shapes * one_by_each),
            ]
        )
        pp = often @ (n**2 * (bent - trigamma(p * n)))
        pq = often @ (n * bent)
        pv = -(weight @ (x * one_by_each))
        qq = often @ bent - total * trigamma(q)
        qv = total / v - weight @ one_by_each
        vv = weight @ (shapes * one_by_each**2) - total * q / v**2
        return float(value), slopes, np.array([[pp, pq, pv], [pq, qq, qv], [pv, qv, vv]])
