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
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from crmlab.errors import ModelError
from crmlab.models.bg_nbd import FAR, FLAT
from crmlab.text import gettext as _

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class GammaGamma:
    """A fitted model.

    Attributes:
        p: the shape of one customer's purchases.
        q, v: shape and scale of what differs between customers.
        customers: how many it was fitted on: those who have bought again.
        usual: the median of what those customers spend on a purchase.
    """

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")
    customers: int = 0
    usual: float = float("nan")

    def expected(self, frequency: Any, spend: Any) -> Numbers:
        """What a purchase to come is worth: between what customers have spent and what all do.

        With q at 1 or below a few spend so much that the model has no mean; whoever has not bought
        again is then taken to spend what is usual.

        Args:
            frequency: repeat purchases.
            spend: what they came to on average; anything where there was none.
        """
        x = np.asarray(frequency, dtype=float)
        z = np.where(x > 0, np.asarray(spend, dtype=float), 0.0)
        below = self.p * x + self.q - 1
        with np.errstate(divide="ignore"):
            return np.where(below > 0, self.p * (self.v + x * z) / below, self.usual)


def fit(frequency: Any, spend: Any) -> GammaGamma:
    """Fit the model by maximum likelihood, with analytic slopes, on those who have bought again.

    Raises:
        ModelError: too few have, some have spent nothing, or the data do not say where the
            parameters lie.
    """
    x, z = np.asarray(frequency, dtype=float), np.asarray(spend, dtype=float)
    x, z = x[x > 0], z[x > 0]
    if len(x) < 2:
        raise ModelError(
            _("Fewer than two customers have bought again, so what they spend cannot be compared.")
        )
    if not np.all(z > 0):
        raise ModelError(
            _("{n} customers have repeat purchases of nothing; leave those out.").format(
                n=int((~(z > 0)).sum())
            )
        )
    scale = float(z.mean())
    z = z / scale
    number = len(x)

    def slope(logs: Numbers) -> tuple[float, Numbers]:
        p, q, v = np.exp(logs)
        px, mixed = p * x, np.log(v + x * z)
        value = (
            gammaln(px + q)
            - gammaln(px)
            - gammaln(q)
            + q * np.log(v)
            + (px - 1) * np.log(z)
            + px * np.log(x)
            - (px + q) * mixed
        ).sum()
        both = digamma(px + q)
        slopes = np.array(
            [
                (x * (both - digamma(px) + np.log(z * x) - mixed)).sum(),
                (both - digamma(q) + np.log(v) - mixed).sum(),
                (q / v - (px + q) / (v + x * z)).sum(),
            ]
        )
        return -value / number, -slopes * np.exp(logs) / number

    found = minimize(
        slope, np.zeros(3), jac=True, method="BFGS", options={"gtol": 1e-8, "maxiter": 500}
    )
    p, q, v = np.exp(found.x)
    if np.abs(found.jac).max() > FLAT or not all(1 / FAR < value < FAR for value in (p, q, v)):
        raise ModelError(
            _(
                "What {n:,} customers spend does not say how they differ: nearly all spend the "
                "same, or one of them spends more than all others. More customers would help."
            ).format(n=number)
        )
    likelihood = -found.fun * number - number * np.log(scale)
    usual = float(np.median(z)) * scale
    return GammaGamma(float(p), float(q), float(v * scale), float(likelihood), number, usual)
