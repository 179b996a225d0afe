"""What one customer is worth by hand, on the back of an envelope; and what a chance costs.

It assumes:

1. Each customer brings the same margin in each year, as long as they stay.
2. Each year the same share of them stays; who has left does not come back.
3. Money a year later is worth 1 / (1 + discount) of money now.

Source: S. Gupta and D. R. Lehmann (2003), Customers as Assets, Journal of Interactive Marketing
17(1), for the formula whose first margin comes after a year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmlab.errors import ModelError
from crmlab.models.value.purchases import Numbers
from crmlab.text import gettext as _

ACTIVE = 0.5
"""Who is still active with at least this probability is called an active customer."""


@dataclass(frozen=True)
class ByHand:
    """The formula at work.

    Attributes:
        value: with the first margin now; `value_later`: with the first after a year.
        lifetime: the years that a customer stays on average, the first one too.
        years: what each year to come brings, worth what it is today, from the first on.
        after: what comes after these years.
    """

    value: float
    value_later: float
    lifetime: float
    years: tuple[float, ...]
    after: float


@dataclass(frozen=True)
class WorthOfOne:
    """What one active customer is worth, in the currency of the purchases.

    Attributes:
        active: how many are; `mean`, `median` and `top` (the mean of the most valuable tenth).
    """

    active: int
    mean: float
    median: float
    top: float


def hand_formula(
    margin: float, retention: float, discount: float, *, at_once: bool = True
) -> float:
    """The value of one customer.

    Args:
        margin: what a customer brings in a period.
        retention: the share of customers who stay from one period to the next, from 0 up to 1.
        discount: of money a period later, such as 0.1; not below 0.
        at_once: whether the first margin comes now, `m (1 + d) / (1 + d - r)`, or at the end of the
            first period and only from those who have stayed, `m r / (1 + d - r)`. Both conventions
            are in use (Gupta and Lehmann 2003 have the second), and they differ by a margin.

    Raises:
        ModelError: one of them lies outside.
    """
    if not (np.isfinite(margin) and 0 <= retention < 1 and 0 <= discount < np.inf):
        raise ModelError(
            _(
                "Retention lies from 0 up to, but not at, 1, and the discount at 0 or above; "
                "otherwise nothing ends."
            )
        )
    first = 1 + discount if at_once else retention
    return margin * first / (1 + discount - retention)


def by_hand(margin: float, retention: float, discount: float, years: int = 10) -> ByHand:
    """The formula, and how its value comes together year by year.

    Raises:
        ModelError: see `hand_formula`.
    """
    value = hand_formula(margin, retention, discount)
    later = hand_formula(margin, retention, discount, at_once=False)
    each = margin * (retention / (1 + discount)) ** np.arange(years)
    return ByHand(
        value,
        later,
        1 / (1 - retention),
        tuple(float(part) for part in each),
        float(value - each.sum()),
    )


def worth_of_one(value: Numbers, alive: Numbers) -> WorthOfOne:
    """What one of the active customers is worth.

    Args:
        value: of each customer; `alive`: the probability that each is active.

    Raises:
        ModelError: nobody is active any more.
    """
    worth = np.sort(np.asarray(value)[np.asarray(alive) >= ACTIVE])[::-1]
    if not len(worth):
        raise ModelError(
            _("By the model nobody is active any more, so no customer is left to lose.")
        )
    top = worth[: max(1, len(worth) // 10)]
    return WorthOfOne(len(worth), float(worth.mean()), float(np.median(worth)), float(top.mean()))


def price_of(chance: float, value: float) -> float:
    """What a chance of losing a customer costs: the chance times what the customer is worth.

    It is a mean over many such cases; in one of them the customer leaves or stays.

    Args:
        chance: from 0 to 1; the difference of two chances, for what a slip adds.
        value: what the customer would still bring, in money.

    Raises:
        ModelError: the chance is none, or the value is not a number from 0 up.
    """
    if not (0 <= chance <= 1 and 0 <= value < np.inf):
        raise ModelError(_("A chance lies between 0 and 1, and a value at 0 or above."))
    return chance * value
