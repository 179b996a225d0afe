"""Whether the model keeps up with what happens: purchases week by week, expected and actual.

1. The model is fitted to what was bought until the calibration's end. What comes after is the
   hold-out: time that the model has not seen.
2. Those who had bought by then are followed, and nobody else. Counted are their repeat purchases,
   days with several counted once.
3. *Expected* is what the model says of each of them from the day of the first purchase on, before
   anything else is known of them (equation 9 of Fader, Hardie and Lee 2005).
4. The *hold-out* is told otherwise: what the model says of each of them after the calibration, with
   all that they had done until then (equation 10).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlab.errors import ModelError
from crmlab.models.value import bg_nbd
from crmlab.models.value.bg_nbd import BgNbd
from crmlab.models.value.histories import DAYS, Histories, histories
from crmlab.models.value.purchases import as_dates, purchases
from crmlab.text import gettext as _

WEEK = 7


@dataclass(frozen=True)
class Tracking:
    """The tracking of a model over a time that it knows, and one that it does not.

    Attributes:
        weeks: by the last day of each week: `actual` and `expected`, the repeat purchases up to
            then, and `held_out`, whether it lies after the calibration.
        calibration_end: the last day that the model knows.
        customers: who is followed.
        actual, predicted: repeat purchases in the hold-out; see 4 above.
        model: as fitted to the calibration; `known`: the histories that it was fitted to.
    """

    weeks: pd.DataFrame
    calibration_end: pd.Timestamp
    customers: int
    actual: int
    predicted: float
    model: BgNbd
    known: Histories

    def foretold(self) -> pd.Series:
        """Repeat purchases up to each week from the calibration's end on: what there were by then,
        and what the model foretells of each customer after it (4 above)."""
        ends = self.weeks.index[self.weeks["held_out"]]
        history = self.known.frequency, self.known.recency, self.known.age
        so_far = float(self.known.frequency.sum())
        found = {self.calibration_end: so_far}
        for end in ends:
            time = (end - self.calibration_end).days / DAYS[self.known.unit]
            found[end] = so_far + float(self.model.expected(time, *history).sum())
        return pd.Series(found)


def tracking(
    transactions: pd.DataFrame,
    calibration_end: pd.Timestamp,
    *,
    as_of: pd.Timestamp | None = None,
    unit: str = "week",
) -> Tracking:
    """Fit until one day, and hold it against what was bought until another.

    Raises:
        ModelError: no purchase comes after the calibration, or see `bg_nbd.fit`.
    """
    bought = purchases(transactions, end=as_of)
    until, end = pd.Timestamp(calibration_end).normalize(), bought.last_day
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
    who, day = bought.visits()
    first, _last, _often = bought.days()
    border = int(np.datetime64(until, "D").astype(np.int64))
    known = first <= border
    repeats = day[known[who] & (day > first[who])]
    return Tracking(
        _weeks(model, first[known], repeats, border, bought.end, unit),
        until,
        int(known.sum()),
        int((repeats > border).sum()),
        float(predicted),
        model,
        then,
    )


def _weeks(
    model: BgNbd, first: np.ndarray, repeats: np.ndarray, border: int, end: int, unit: str
) -> pd.DataFrame:
    """Week by week, counted so that one of them ends with the calibration."""
    begins = int(first.min())
    marks = np.arange(border - (border - begins) // WEEK * WEEK, end + 1, WEEK)
    actual = np.searchsorted(np.sort(repeats), marks, side="right")
    started, number = np.unique(first, return_counts=True)
    # Every age that occurs is asked for once: a week's mark less a first day.
    ages = np.arange(end - begins + 1)
    by_age = model.expected_of_new(ages / DAYS[unit])
    age = marks[:, None] - started[None, :]
    expected = np.where(age > 0, by_age[np.maximum(age, 0)], 0.0) @ number
    return pd.DataFrame(
        {"actual": actual, "expected": expected, "held_out": marks > border},
        index=pd.Index(as_dates(marks), name="week_end"),
    )
