"""Lifetime value: what the customers that we have will still bring.

Purchases to come by the BG/NBD model, what each is worth by the gamma-gamma model, both discounted
to today. Their assumptions stand in those modules; two more are made here:

1. The margin is the same share of every purchase.
2. Nobody new is counted: it is the value of those who have bought already.

*Active*, *recency* and *repeat* are as in `crmlab.models.histories`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlab.errors import ModelError
from crmlab.models import bg_nbd, gamma_gamma
from crmlab.models.bg_nbd import BgNbd
from crmlab.models.gamma_gamma import GammaGamma
from crmlab.models.histories import DAYS, Histories, bought_between, histories
from crmlab.text import gettext as _

STEPS_A_YEAR = 13
"""Purchases to come are discounted in steps of four weeks."""


@dataclass(frozen=True)
class Holdout:
    """What the model says about a time that it has not seen.

    Attributes:
        actual, predicted: repeat purchases of those who had bought by the calibration's end.
    """

    actual: int
    predicted: float


@dataclass(frozen=True)
class Clv:
    """The value of all customers.

    Attributes:
        each: of each customer, in the currency of the purchases, by customer.
        total: of all of them.
        top_decile_share: the share of the tenth that is worth most, from 0 to 1.
    """

    each: pd.Series
    total: float
    top_decile_share: float


@dataclass(frozen=True)
class Value:
    """What the models say about the customers of a file.

    Attributes:
        customers: how many have bought; `repeat_customers`: how many of them again.
        holdout: None unless a calibration's end was given.
    """

    customers: int
    repeat_customers: int
    bg_nbd: BgNbd
    gamma_gamma: GammaGamma
    holdout: Holdout | None
    clv: Clv


def hand_formula(
    margin: float, retention: float, discount: float, *, at_once: bool = True
) -> float:
    """The value of one customer by the formula that fits on the back of an envelope.

    Args:
        margin: what a customer brings in a period.
        retention: the share of customers who stay from one period to the next, below 1.
        discount: of money a period later, such as 0.1.
        at_once: whether the first margin comes now, `m (1 + d) / (1 + d - r)`, or at the end of the
            first period and only from those who have stayed, `m r / (1 + d - r)`. Both conventions
            are in use (Gupta and Lehmann 2003 have the second), and they differ by a margin.

    Raises:
        ModelError: retention is not from 0 up to 1, or the discount is not above zero.
    """
    if not (0 <= retention < 1 and discount > 0):
        raise ModelError(
            _("Retention lies from 0 up to 1, and the discount above 0; otherwise nothing ends.")
        )
    first = 1 + discount if at_once else retention
    return margin * first / (1 + discount - retention)


def lifetime_value(
    transactions: pd.DataFrame,
    *,
    as_of: pd.Timestamp | None = None,
    calibration_end: pd.Timestamp | None = None,
    unit: str = "week",
    years: float = 1.0,
    discount: float = 0.1,
    margin: float = 1.0,
) -> Value:
    """Fit both models, and say what the customers will still bring.

    Args:
        transactions: `customer_id`, `date` and `amount`, a row for each purchase.
        as_of: the last day that counts; by default the last of the purchases.
        calibration_end: fit on what was until then, too, and hold that fit against what came after.
        years: how far to look ahead; `discount`: of money a year later; `margin`: the share of a
            purchase that is left.

    Raises:
        ModelError: the data do not say enough; see `bg_nbd.fit` and `gamma_gamma.fit`.
    """
    known = histories(transactions, end=as_of, unit=unit)
    model = bg_nbd.fit(known.frequency, known.recency, known.age)
    spend = gamma_gamma.fit(known.frequency, known.spend)
    held_out = None
    if calibration_end is not None:
        held_out = _hold_out(transactions, pd.Timestamp(calibration_end), known.end, unit)
    each = _discounted(model, spend, known, years, discount) * margin
    most = np.sort(each)[::-1][: max(1, len(each) // 10)].sum()
    return Value(
        len(known),
        int(known.repeated.sum()),
        model,
        spend,
        held_out,
        Clv(pd.Series(each, index=known.customer), float(each.sum()), float(most / each.sum())),
    )


def _hold_out(
    transactions: pd.DataFrame, until: pd.Timestamp, end: pd.Timestamp, unit: str
) -> Holdout:
    if not until < end:
        raise ModelError(
            _("The calibration ends on {day}, and no purchase comes after it.").format(
                day=until.date()
            )
        )
    then = histories(transactions, end=until, unit=unit)
    model = bg_nbd.fit(then.frequency, then.recency, then.age)
    time = (end - until).days / DAYS[unit]
    predicted = model.expected(time, then.frequency, then.recency, then.age).sum()
    came = bought_between(transactions, until, end)
    return Holdout(int(came.reindex(then.customer).fillna(0).sum()), float(predicted))


def _discounted(
    model: BgNbd, spend: GammaGamma, known: Histories, years: float, discount: float
) -> bg_nbd.Numbers:
    """What each customer will spend in the years to come, worth what it is today."""
    steps = max(1, round(years * STEPS_A_YEAR))
    length = years * 365.25 / DAYS[known.unit] / steps
    before = np.zeros(len(known))
    worth = np.zeros(len(known))
    for step in range(1, steps + 1):
        until = model.expected(step * length, known.frequency, known.recency, known.age)
        # What comes within a step comes, on average, in its middle.
        worth += (until - before) / (1 + discount) ** ((step - 0.5) * years / steps)
        before = until
    return worth * spend.expected(known.frequency, known.spend)
