"""What the models say about the customers of a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlab.errors import ModelError
from crmlab.models.names import Whole
from crmlab.models.value import bg_nbd, gamma_gamma
from crmlab.models.value.bg_nbd import BgNbd
from crmlab.models.value.gamma_gamma import GammaGamma
from crmlab.models.value.histories import Histories, histories
from crmlab.models.value.intervals import DRAWS, Intervals, intervals
from crmlab.models.value.misleading import Doubts, doubts
from crmlab.models.value.prospects import Prospects, prospects, top_share
from crmlab.models.value.purchases import Numbers, Purchases, purchases
from crmlab.models.value.tracking import Tracking, tracking
from crmlab.text import gettext as _
from crmlab.text import ngettext

TENTHS = 10

YEARS, DISCOUNT = 1.0, 0.1
"""How far is looked ahead, and by how much a year's money is discounted, if nobody says otherwise.
"""

MANY = 50_000
"""With more customers than this resampling would take minutes, and say that little is left open."""


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
        total: of all of them, in the currency of the purchases.
        top_decile_share: the share of the tenth that is worth most, from 0 to 1.
    """

    total: float
    top_decile_share: float


@dataclass(frozen=True)
class Value:
    """What the models say about the customers of a file.

    Attributes:
        customers: how many have bought; `repeat_customers`: how many of them again.
        left_out: how many purchases came after the last day that counts, `end`.
        each: by customer, the most valuable first: `frequency` (repeat purchases), `silent_days`
            (since the last purchase), `alive` (the probability to be active still), `purchases`
            (to expect in the years ahead), `spend` (to expect of each of them), `value` (today),
            and `decile`, 1 for the most valuable tenth.
        tracking: None unless a calibration's end was given; `holdout`: its sums.
        intervals: None where they were not asked for, or the customers are too few; then
            `no_intervals` says so.
        ahead: what a dial needs to work out the value anew.
    """

    customers: int
    repeat_customers: int
    left_out: int
    end: pd.Timestamp
    bg_nbd: BgNbd
    gamma_gamma: GammaGamma
    clv: Clv
    each: pd.DataFrame
    doubts: Doubts
    tracking: Tracking | None
    intervals: Intervals | None
    known: Histories
    ahead: Prospects
    no_intervals: str = ""

    @property
    def holdout(self) -> Holdout | None:
        if self.tracking is None:
            return None
        return Holdout(self.tracking.actual, self.tracking.predicted)

    def decile(self, number: int) -> pd.DataFrame:
        """The customers of one tenth, 1 being the most valuable.

        Raises:
            ModelError: there is no such tenth.
        """
        if not 1 <= number <= TENTHS:
            raise ModelError(
                _("There are ten tenths of customers, from 1 to 10; there is no {n}.").format(
                    n=number
                )
            )
        return self.each[self.each["decile"] == number]

    def left_out_says(self) -> str:
        """What was left out, in words; nothing where nothing was."""
        if not self.left_out:
            return ""
        return ngettext(
            "{n:,} purchase after {day} is left out.",
            "{n:,} purchases after {day} are left out.",
            self.left_out,
        ).format(n=self.left_out, day=self.end.date())


def lifetime_value(
    transactions: pd.DataFrame,
    *,
    as_of: pd.Timestamp | None = None,
    calibration_end: pd.Timestamp | None = None,
    unit: str = "week",
    years: float = YEARS,
    discount: float = DISCOUNT,
    margin: float = 1.0,
    draws: int = 0,
    seed: int = 7,
) -> Value:
    """Fit both models, and say what the customers will still bring.

    Args:
        transactions: `customer_id`, `date` and `amount`, a row for each purchase.
        as_of: the last day that counts; by default the last of the purchases.
        calibration_end: fit on what was until then, too, and hold that fit against what came after.
        years: how far to look ahead; `discount`: of money a year later; `margin`: the share of a
            purchase that is left.
        draws: how often to resample for intervals, such as `intervals.DRAWS`; none by default.

    Raises:
        ModelError: the data do not say enough; see `bg_nbd.fit` and `gamma_gamma.fit`; or a
            discount or margin makes no sense.
    """
    if not 0 < margin <= 1:
        raise ModelError(
            _(
                "A margin of {margin:g} makes no sense; it is a share above 0 and up to 1, such as "
                "0.3 for thirty per cent."
            ).format(margin=margin)
        )
    if not 0 <= discount < np.inf:
        raise ModelError(
            _(
                "A discount of {discount:g} a year makes no sense; it is 0 or more, such as 0.1 "
                "for ten per cent."
            ).format(discount=discount)
        )
    bought = purchases(transactions, end=as_of)
    known = histories(bought, unit=unit)
    gamma_gamma.of_something(known.frequency, known.spend)
    model = bg_nbd.fit(known.frequency, known.recency, known.age)
    spend = gamma_gamma.fit(known.frequency, known.spend)
    tracked = None
    if calibration_end is not None:
        tracked = tracking(transactions, calibration_end, as_of=as_of, unit=unit)
    ahead = prospects(model, spend, known, years)
    each = ahead.value(discount, margin)
    drawn, no_intervals = None, ""
    if draws:
        terms = {"years": years, "discount": discount, "margin": margin}
        try:
            drawn = intervals(known, model, spend, **terms, draws=draws, seed=seed)
        except ModelError as trouble:  # the value itself can still be told
            no_intervals = str(trouble)
    return Value(
        len(known),
        int(known.repeated.sum()),
        bought.left_out,
        bought.last_day,
        model,
        spend,
        Clv(float(each.sum()), top_share(each)),
        _each(known, ahead, each),
        doubts(bought, known, model, spend),
        tracked,
        drawn,
        known,
        ahead,
        no_intervals,
    )


def mean_value(who: Whole, day: Whole, amount: Numbers, end: int, *, like: Value) -> float:
    """What a customer is worth on average, and nothing else: in a hundredth of a second.

    As `lifetime_value` says it by default, with the purchases as columns of numbers.

    Args:
        who: the number of each purchase's customer, from 0; `day`: the days since 1 January 1970.
        end: the last day that counts, on or after all of these.
        like: what the models say of similar customers; the search begins there.

    Raises:
        ModelError: see `lifetime_value`.
    """
    there = np.bincount(who) > 0
    customers = pd.RangeIndex(int(there.sum()))
    whose = (np.cumsum(there) - 1)[who]
    known = histories(Purchases(customers, whose, day, amount, end, 0), unit=like.known.unit)
    model = bg_nbd.fit(known.frequency, known.recency, known.age, start=like.bg_nbd)
    spend = gamma_gamma.fit(known.frequency, known.spend, start=like.gamma_gamma)
    return float(prospects(model, spend, known, YEARS).value(DISCOUNT, 1.0).mean())


def draws_for(customers: int) -> int:
    """How often to resample where time matters: not at all with very many customers."""
    return DRAWS if customers <= MANY else 0


def _each(known: Histories, ahead: Prospects, value: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "frequency": known.frequency.astype(np.int64),
            "silent_days": known.silent_days.astype(np.int64),
            "alive": ahead.alive,
            "purchases": ahead.purchases,
            "spend": ahead.spend,
            "value": value,
        },
        index=known.customer,
    ).sort_values("value", ascending=False, kind="stable")
    place = np.arange(len(table))
    return table.assign(decile=1 + place * TENTHS // len(table))
