"""What customers will still buy, worth what it is today.

1. A purchase t years ahead is worth its sum / (1 + discount)^t today: it is discounted from the
   moment at which it is expected, and not from the end of its year.
2. The margin is the same share of every purchase.
3. Nobody new is counted.

The sum over time is worked out at a few moments (Gauss and Legendre's), which a smooth curve needs
no more of. What does not depend on discount and margin is kept, so that a dial costs one
multiplication.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmlab.errors import ModelError
from crmlab.models.value.bg_nbd import BgNbd
from crmlab.models.value.gamma_gamma import GammaGamma
from crmlab.models.value.histories import DAYS, Histories
from crmlab.models.value.purchases import Numbers
from crmlab.text import gettext as _

MOMENTS = 8
"""At so many moments the time ahead is looked at."""

POINTS, SHARES = np.polynomial.legendre.leggauss(MOMENTS)
"""Where they lie, from -1 to 1, and how much each counts."""

DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Prospects:
    """What each customer will still buy.

    Attributes:
        alive: the probability that each is still active.
        purchases: how many to expect in the years ahead.
        spend: what each of them comes to.
        years: how far ahead they look.
        at: the moments looked at, in years from now.
        sums: what is spent around each of these moments, undiscounted, a row for each customer.
    """

    alive: Numbers
    purchases: Numbers
    spend: Numbers
    years: float
    at: Numbers
    sums: Numbers

    def value(self, discount: float, margin: float) -> Numbers:
        """What each customer is worth today.

        Args:
            discount: of money a year later, such as 0.1.
            margin: the share of a purchase that is left, such as 0.3.
        """
        return np.asarray(self.sums @ (margin * (1 + discount) ** -self.at))


def prospects(model: BgNbd, spend: GammaGamma, known: Histories, years: float) -> Prospects:
    """Look ahead from the end of the histories.

    Raises:
        ModelError: the time ahead is not above zero.
    """
    if not years > 0:
        raise ModelError(_("To look ahead takes a time above zero, such as one year."))
    at, length = (POINTS + 1) / 2 * years, DAYS_A_YEAR / DAYS[known.unit]
    history = known.frequency, known.recency, known.age
    per_purchase = spend.expected(known.frequency, known.spend)
    rates = np.stack([model.rate(moment * length, *history) for moment in at], axis=1)
    bought = rates * (SHARES / 2 * years * length)
    return Prospects(
        model.alive(*history),
        bought.sum(axis=1),
        per_purchase,
        years,
        at,
        bought * per_purchase[:, None],
    )


def top_share(value: Numbers, share: float = 0.1, number: Numbers | None = None) -> float:
    """The share of the whole value that the most valuable customers have, from 0 to 1.

    Args:
        share: which part of the customers; at least one.
        number: how many customers each value stands for; by default one.
    """
    order = np.argsort(value)[::-1]
    many = np.ones(len(value)) if number is None else number[order]
    wanted = max(1, int(many.sum() * share))
    before = np.cumsum(many) - many
    counted = np.clip(wanted - before, 0, many)
    total = float((value[order] * many).sum())
    return float((value[order] * counted).sum() / total) if total > 0 else 0.0
