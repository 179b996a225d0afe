"""RFM: customers sorted by how recently, how often and for how much they have bought.

What the words mean here:

1. *Recency* is the days since the last purchase, at the end of the period: fewer are better. (The
   models of lifetime value use the word otherwise, see `crmlab.models.value.histories`.)
2. *Frequency* is the number of days on which somebody has bought, the first one too.
3. *Monetary* is what all purchases of the period came to, in the currency of the file.
4. Each is scored from 1 to 5, 5 being the best: by how many of the four limits between the fifths
   (the 20, 40, 60 and 80 per cent points of all customers) a customer has passed. Who has the same
   number has the same score; so the fifths are as equal as ties allow, and a score can be empty.
5. The denominator is all customers who had bought by the end. Somebody new has had little time to
   buy often: a low frequency says less about them.

The segments are rules of thumb with plain names, and those of the trade in brackets; the first that
fits counts (`_segments`). They go by fifths: who is among the better ones may have been silent for
long all the same. They say what was, and not what will be.

Source: A. M. Hughes (1994), Strategic Database Marketing, for scoring by fifths; the segments are
those in common use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.names import Whole
from crmlab.models.value.purchases import Numbers, Purchases, as_dates, purchases
from crmlab.text import gettext as _

Scores = NDArray[np.int8]

FIFTHS = (0.2, 0.4, 0.6, 0.8)

SEGMENTS = ("carry_us", "steady", "going_quiet", "new", "asleep", "in_between")
"""The segments, in the order in which they are looked at."""


@dataclass(frozen=True)
class Segment:
    """Customers who are alike.

    Attributes:
        segment: its key; `name`: how it is called.
        customers: how many; `share_of_customers` and `share_of_spend`: from 0 to 1.
        spend: what they have spent in the period.
        median_silence: the median of days since their last purchase; None where there is nobody.
    """

    segment: str
    name: str
    customers: int
    share_of_customers: float
    spend: float
    share_of_spend: float
    median_silence: float | None


@dataclass(frozen=True)
class Rfm:
    """All customers with their scores.

    Attributes:
        each: by customer: `last` (the day of the last purchase), `silence` (days since), `days`
            (with purchases), `spent`, the scores `r`, `f` and `m`, and `segment`.
        segments: all of them, in their order, those without customers too.
        end: the last day that counts; `left_out`: how many purchases came after it.
    """

    each: pd.DataFrame
    segments: tuple[Segment, ...]
    end: pd.Timestamp
    left_out: int

    def members(self, segment: str) -> pd.DataFrame:
        """The customers of a segment, those who have spent most first.

        Raises:
            ModelError: there is no such segment.
        """
        if segment not in SEGMENTS:
            raise ModelError(
                _("There is no segment '{name}'; there are: {known}.").format(
                    name=segment, known=", ".join(SEGMENTS)
                )
            )
        rows = self.each[self.each["segment"] == segment]
        return rows.sort_values("spent", ascending=False, kind="stable")


def segment_names() -> dict[str, str]:
    """What the segments are called: in plain words, and in the trade."""
    return {
        "carry_us": _("Carry us (Champions)"),
        "steady": _("Middling or better (Loyal)"),
        "going_quiet": _("Bought much, now quiet (At risk)"),
        "new": _("New, or just back (Promising)"),
        "asleep": _("Asleep (Hibernating)"),
        "in_between": _("In between (Need attention)"),
    }


def rfm(transactions: pd.DataFrame | Purchases, *, end: pd.Timestamp | None = None) -> Rfm:
    """Score the customers of a table of purchases, and sort them into segments.

    Args:
        transactions: `customer_id`, `date` and `amount`, a row for each purchase; or the purchases
            read from them, whose end then counts.
        end: the last day that counts; by default the last day on which anybody bought.

    Raises:
        ModelError: see `purchases`.
    """
    bought = (
        transactions if isinstance(transactions, Purchases) else purchases(transactions, end=end)
    )
    silence, days = bought.lately()
    spent = np.bincount(bought.who, weights=bought.amount, minlength=len(bought.customers))
    r, f, m = 6 - scores(silence), scores(days), scores(spent)
    each = pd.DataFrame(
        {
            "last": as_dates(bought.end - silence),
            "silence": silence,
            "days": days,
            "spent": spent,
            "r": r,
            "f": f,
            "m": m,
            "segment": pd.Categorical.from_codes(_segments(r, f, m), pd.Index(SEGMENTS)),
        },
        index=bought.customers,
    )
    return Rfm(each, _told(each), bought.last_day, bought.left_out)


def scores(values: Numbers | Whole) -> Scores:
    """From 1 to 5: one more than how many limits between the fifths a value has passed.

    A value that lies on a limit has not passed it.
    """
    limits = np.quantile(values, FIFTHS)
    return (np.searchsorted(limits, values, side="left") + 1).astype(np.int8)


def _segments(r: Scores, f: Scores, m: Scores) -> NDArray[np.int8]:
    """The number of each customer's segment."""
    often, much = f >= 4, m >= 4
    rules = [
        (r >= 4) & often & much,
        (r >= 3) & (f >= 3),
        (r <= 2) & (often | much),
        (r >= 4),
        (r <= 2),
    ]
    return np.select(rules, range(len(rules)), len(rules)).astype(np.int8)


def _told(each: pd.DataFrame) -> tuple[Segment, ...]:
    names, total = segment_names(), float(each["spent"].sum())
    grouped = each.groupby("segment", observed=False)
    number, spend = grouped.size(), grouped["spent"].sum()
    silence = grouped["silence"].median()
    return tuple(
        Segment(
            key,
            names[key],
            int(number[key]),
            int(number[key]) / len(each),
            float(spend[key]),
            float(spend[key]) / total if total else 0.0,
            float(silence[key]) if number[key] else None,
        )
        for key in SEGMENTS
    )
