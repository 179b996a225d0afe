"""Whether the last day that counts lies far from the purchases: one mistyped date moves it.

All that is told of lifetime value is told as of a last day. If that lies months after everybody's
purchases, the models take all customers for silent since then, and their value for small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmlab.models.value.misleading import ENOUGH_GAPS
from crmlab.models.value.purchases import Purchases, as_date

FAR = 10.0
"""So many times the usual gap between days on which anybody buys is far. Where purchases come at
random, one gap in 20,000 is as long (e to the tenth). Holidays are longer than chance would have
it, so the gap has to be longer than any other before it, too."""

HARDLY_ANY = 0.01
"""Purchases after a far gap are doubted up to this share of all of them; more are a business that
has paused."""


@dataclass(frozen=True)
class FarEnd:
    """A last day that lies far beyond the purchases before it.

    Attributes:
        day: the first day after the gap; `before`: the last one before it on which anybody bought.
        days: from one to the other; `usual`: the mean gap between days on which anybody buys.
        purchases: how many lie after the gap; none where the last day was chosen.
        customer, amount: of the first of them; None where there are none.
    """

    day: str
    before: str
    days: int
    usual: float
    purchases: int
    customer: str | None
    amount: float | None


def far_end(bought: Purchases) -> FarEnd | None:
    """Whether the end of the period lies far from the bulk of the purchases; None if it does not,
    or if too few days are known to say what is usual."""
    first = int(bought.day.min())
    number = np.bincount(bought.day - first)
    bought_on = np.flatnonzero(number)
    ends = np.append(bought_on, bought.end - first)
    after = len(bought.day) - number[bought_on].cumsum()
    gaps = np.diff(ends)
    few = after <= max(1.0, HARDLY_ANY * len(bought.day))
    places = np.flatnonzero(few & (np.arange(len(gaps)) >= ENOUGH_GAPS))
    if not len(places):
        return None
    at = int(places[gaps[places].argmax()])
    usual = float(gaps[:at].mean())
    if gaps[at] <= max(FAR * usual, gaps[:at].max()):
        return None
    day, there = int(ends[at + 1]) + first, int(after[at])
    row = int(np.flatnonzero(bought.day == day)[0]) if there else None
    return FarEnd(
        str(as_date(day).date()),
        str(as_date(int(ends[at]) + first).date()),
        int(gaps[at]),
        usual,
        there,
        None if row is None else str(bought.customers[bought.who[row]]),
        None if row is None else float(bought.amount[row]),
    )
