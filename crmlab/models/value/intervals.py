"""How far the value of all customers can be trusted: intervals by resampling (the bootstrap).

1. The customers are drawn anew from themselves, as many as there are, with some twice and some not
   at all; both models are fitted to them again, and the value is worked out again. Who is drawn
   goes by the histories in an order of their own, so that it does not hang on how customers are
   called or in which order they come.
2. Of all such values the middle 90 in 100 are the interval.
3. It knows how the customers at hand happen to differ, and what that leaves open about the
   parameters. It does not know the luck of the year to come, a model that does not fit, or a change
   in how people buy: the true range is wider.

Source: B. Efron and R. Tibshirani (1993), An Introduction to the Bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from crmlab.errors import ModelError
from crmlab.models.value import bg_nbd, gamma_gamma
from crmlab.models.value.bg_nbd import BgNbd
from crmlab.models.value.gamma_gamma import GammaGamma
from crmlab.models.value.histories import Histories
from crmlab.models.value.prospects import prospects, top_share
from crmlab.text import gettext as _

DRAWS = 200
MIDDLE = 0.9
MOST_FAIL = 0.1
"""With a larger share of draws that say nothing, the rest is no fair picture of all."""


@dataclass(frozen=True)
class Range:
    """Two ends, between which the middle 90 in 100 draws lie."""

    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """What resampling says.

    Attributes:
        total, top_decile_share: of the value, as in `crmlab.models.value.Clv`.
        draws: how many there were; `failed`: how many said nothing and are left out.
    """

    total: Range
    top_decile_share: Range
    draws: int
    failed: int


def intervals(
    known: Histories,
    model: BgNbd,
    spend: GammaGamma,
    *,
    years: float,
    discount: float,
    margin: float,
    draws: int = DRAWS,
    seed: int = 7,
) -> Intervals:
    """Draw the customers anew, fit anew, value anew.

    A draw is a number for each customer, so nothing is copied; each fit begins where the fit of all
    has ended, and is there in two or three steps.

    Raises:
        ModelError: more than a tenth of the draws say nothing.
    """
    known = _in_order(known)
    source = np.random.default_rng(seed)
    customers = len(known)
    totals, shares = [], []
    for _draw in range(draws):
        drawn = source.integers(0, customers, customers)
        number = np.bincount(drawn, minlength=customers).astype(np.float64)
        try:
            again = bg_nbd.fit(
                known.frequency,
                known.recency,
                known.age,
                number=number,
                start=model,
                bounded=False,
            )
            spends = gamma_gamma.fit(known.frequency, known.spend, number=number, start=spend)
        except ModelError:
            continue
        each = prospects(again, spends, known, years).value(discount, margin)
        if not np.isfinite(each).all():
            continue
        totals.append(float(number @ each))
        shares.append(top_share(each, number=number))
    failed = draws - len(totals)
    if failed > MOST_FAIL * draws:
        raise ModelError(
            _(
                "{failed} of {draws} draws of these customers say nothing about how they buy, so "
                "the value hangs on a few of them. More customers would help."
            ).format(failed=failed, draws=draws)
        )
    return Intervals(_middle(totals), _middle(shares), draws, failed)


def _in_order(known: Histories) -> Histories:
    """The same customers, by what they did and not by their names; those who did the same are the
    same to a draw."""
    columns = {name: getattr(known, name) for name in ("spend", "age", "recency", "frequency")}
    order = np.lexsort(list(columns.values()))
    moved = {name: column[order] for name, column in columns.items()}
    return replace(known, customer=known.customer[order], spent=known.spent[order], **moved)


def _middle(values: list[float]) -> Range:
    low, high = np.quantile(values, [(1 - MIDDLE) / 2, (1 + MIDDLE) / 2])
    return Range(float(low), float(high))
