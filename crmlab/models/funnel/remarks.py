"""What has to be said of the records of a funnel: what is missing, or contradicts itself.

What contradicts itself counts as far as it can be trusted, and a sentence says so: how many there
are, and which comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.models.funnel.columns import Flags, Moments, Numbers
from crmlab.text import gettext as _
from crmlab.text import ngettext

FEW_CLOSED = 30
"""With fewer closed ones a chance may be off by 18 points and more: two standard errors of a share
near one half are 2 x sqrt(0.25 / 30)."""

FEW_OPEN = 10
"""With fewer open ones each of usual size is more than a tenth of the whole, so that the span of a
forecast hangs on a single yes or no."""

ONE_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class Remark:
    """A sentence, and the opportunities that it is about.

    Attributes:
        of: a column of names; `rows`: those in it that are meant. None where it is about all.
    """

    says: str
    of: pd.Series | None = None
    rows: Numbers | None = None

    @classmethod
    def on(cls, says: str, of: pd.Series, which: Flags | Numbers, **words: Any) -> Remark:
        """A remark on some rows, marked or by number; `{n}` is how many, `{first}` the first."""
        rows: Numbers = np.flatnonzero(which) if which.dtype == bool else which.astype(np.int64)
        return cls(says.format(n=len(rows), first=of.iloc[rows[0]], **words), of, rows)

    @property
    def opportunities(self) -> list[str]:
        """Their names, each once, in the order of the file."""
        if self.of is None or self.rows is None:
            return []
        return [str(name) for name in pd.unique(self.of.iloc[self.rows])]


def days_of(moments: Moments) -> NDArray[np.datetime64]:
    """The days of moments, so that a file of days is not at odds with one of hours."""
    return moments.astype("datetime64[D]")


def at_odds(
    names: pd.Series,
    *,
    is_open: Flags,
    created: Moments,
    closing: Moments,
    ended: Moments,
) -> list[Remark]:
    """Rows whose moments contradict each other, or their events.

    Args:
        is_open: by the row.
        closing: what the row says of it.
        ended: when it was won or lost by its events, where they agree that it was.
    """
    found: list[Remark] = []
    known = ~np.isnat(closing)
    which = is_open & known
    if which.any():
        said = ngettext(
            "{n:,} opportunity is open and says when it was closed ({first}): it counts as open.",
            "{n:,} opportunities are open and say when they were closed ({first} first): they "
            "count as open.",
            int(which.sum()),
        )
        found.append(Remark.on(said, names, which))
    which = ~is_open & (days_of(closing) < days_of(created))
    if which.any():
        said = ngettext(
            "{n:,} opportunity was closed before it began ({first}): it counts as closed, and not "
            "in the days from start to close.",
            "{n:,} opportunities were closed before they began ({first} first): they count as "
            "closed, and not in the days from start to close.",
            int(which.sum()),
        )
        found.append(Remark.on(said, names, which))
    apart = np.abs(days_of(closing) - days_of(ended))
    which = ~is_open & (apart >= ONE_DAY)
    if which.any():
        said = ngettext(
            "{n:,} opportunity was closed on another day by its row than by its last event "
            "({first}), {days:,.0f} days apart. The row counts: see whether its day is that of the "
            "order, or that of the payment.",
            "{n:,} opportunities were closed on another day by their rows than by their last "
            "events ({first} first), half of them {days:,.0f} days or more apart. The rows count: "
            "see whether their day is that of the order, or that of the payment.",
            int(which.sum()),
        )
        days = float(np.median(apart[which] / ONE_DAY))
        found.append(Remark.on(said, names, which, days=days))
    return found


def undated(names: pd.Series, closed: Flags, unsaid: Flags) -> list[Remark]:
    """Closed ones of which neither a row nor an event says when they were closed."""
    unknown = closed & unsaid
    number = int(unknown.sum())
    if not number:
        return []
    if number == closed.sum():
        said = _(
            "Of what is won or lost here nothing says when it was, so there are no days from start "
            "to close, and no velocity."
        )
        return [Remark.on(said, names, unknown)]
    said = ngettext(
        "{n:,} opportunity is won or lost and does not say when ({first}): it counts, but not in "
        "the days from start to close.",
        "{n:,} opportunities are won or lost and do not say when ({first} first): they count, but "
        "not in the days from start to close.",
        number,
    )
    return [Remark.on(said, names, unknown)]


def without_amount(names: pd.Series, row: Numbers, missing: Flags) -> list[Remark]:
    """Opportunities that say no amount; `row` says where the name of each stands."""
    if not missing.any():
        return []
    if missing.all():
        return [Remark(_("No opportunity has an amount, so all figures in money are 0."))]
    said = ngettext(
        "{n:,} opportunity has no amount: it counts in numbers, as nothing in sums of money, and "
        "not in the average.",
        "{n:,} opportunities have no amount: they count in numbers, as nothing in sums of money, "
        "and not in the average.",
        int(missing.sum()),
    )
    return [Remark.on(said, names, row[missing])]


def doubts(won: int, lost: int, still: int, *, by_events: bool, learned: bool) -> list[Remark]:
    """Why the figures should be doubted as a whole.

    Args:
        by_events: stage events alone tell how each ended.
        learned: the chances are those that the closed ones show.
    """
    found = []
    if won and not lost:
        said = _(
            "Nothing here is lost. If lost opportunities are missing from the file, or stand "
            "there as open, add how they ended: without it the funnel looks too good."
        )
        if by_events:
            said += " " + _(
                "Stage events tell of a loss only by a row with the stage 'lost'; if the "
                "opportunities themselves say it, give their file, and the events beside it."
            )
        found.append(Remark(said))
    closed = won + lost
    if still and learned and closed < FEW_CLOSED:
        said = ngettext(
            "Only {n} opportunity is closed: the chances that it shows may be off by 18 points and "
            "more, so do not rely on the forecast before {few} are.",
            "Only {n} opportunities are closed: the chances that they show may be off by 18 points "
            "and more, so do not rely on the forecast before {few} are.",
            closed,
        )
        found.append(Remark(said.format(n=closed, few=FEW_CLOSED)))
    if 0 < still < FEW_OPEN:
        said = ngettext(
            "Only {n} opportunity is open: the forecast hangs on a single yes or no, so look at it "
            "instead.",
            "Only {n} opportunities are open: the forecast hangs on a single yes or no, so look at "
            "each of them instead.",
            still,
        )
        found.append(Remark(said.format(n=still)))
    return found
