"""Complaints counted by the month in which the goods left us, and by how long they took."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.complaints.lags import arrived, share_within
from crmlab.models.complaints.reading import NEVER, Days, days_of, first_day, month_of
from crmlab.text import ngettext

LONGEST = 7_300
"""Days: a longer lag counts as one of twenty years, so that a slip of the pen costs no memory."""


@dataclass(frozen=True)
class LeftOut:
    """Complaints that are not in the rate.

    Attributes:
        no_exposure: about months of which nobody says that anything left us.
        later: they came in after the day of the extract.
        no_day: nobody says when they came in.
    """

    no_exposure: int
    later: int
    no_day: int


@dataclass(frozen=True)
class Counted:
    """Complaints, counted.

    Attributes:
        number: complaints by month.
        by_lag: by month (rows) and lag in days (columns), where the lag is known.
        ripe: the share of each month's complaints that has come by now, 0 to 1.
        day: of each row, the day that says which month it belongs to.
        kept: which rows are counted; None if all are.
    """

    months: Days
    number: NDArray[np.int64]
    by_lag: NDArray[np.int64]
    ripe: NDArray[np.float64]
    left_out: LeftOut
    day: Days
    kept: NDArray[np.bool_] | None

    @property
    def by_receipt(self) -> int:
        """How many are counted in the month in which they came in, for want of a better one."""
        return int(self.number.sum() - self.by_lag.sum())

    def rows(self, complaints: pd.DataFrame, month: int | None = None) -> pd.DataFrame:
        """The complaints that are counted, of one month or of all."""
        wanted = self.kept
        if month is not None:
            here = month_of(self.day) == month
            wanted = here if wanted is None else here & wanted
        return complaints if wanted is None else complaints.loc[wanted]


def count(complaints: pd.DataFrame, received: Days, months: Days, until: int) -> Counted:
    """Count the complaints of some months, as far as they had come in by a day.

    Rows are looked at as few times as can be: they are laid out once in a table of days and lags,
    and whatever is by month or by lag is read off that.

    Args:
        received: the day on which each complaint came in.

    Raises:
        ModelError: goods left us after they were complained about.
    """
    shipped = days_of(complaints, "shipped_at") if "shipped_at" in complaints else None
    return count_days(received, shipped, months, until, complaints)


def count_days(
    received: Days,
    shipped: Days | None,
    months: Days,
    until: int,
    complaints: pd.DataFrame | None = None,
) -> Counted:
    """The same, of days that have been read; None where nobody says when the goods left us.

    Args:
        complaints: where they are read from, for a sentence about what is wrong with them.
    """
    day, lag, longest = _days_and_lags(received, shipped, complaints)
    first, end = int(first_day(months[0])), int(first_day(months[-1] + 1))
    kept, left_out = _kept(received, day, months, until)
    wide = longest + 2  # the last column is for complaints whose lag nobody knows
    cell = day - first if kept is None else day[kept] - first
    cell *= wide
    cell += lag if kept is None else lag[kept]
    table = np.bincount(cell, minlength=(end - first) * wide)
    table = table.reshape(end - first, wide)
    spans = zip(first_day(months) - first, first_day(months + 1) - first, strict=True)
    by_month = np.stack([table[begins:ends].sum(axis=0) for begins, ends in spans])
    known, ripe = table[:, :-1], np.ones(len(months))
    if known.any():
        ripe = arrived(share_within(known.sum(axis=0), _ages(known, until - first)), months, until)
    number = by_month.sum(axis=1)
    return Counted(months, number, by_month[:, :-1], ripe, left_out, day, kept)


def _days_and_lags(
    received: Days, day: Days | None, complaints: pd.DataFrame | None
) -> tuple[Days, Days, int]:
    """The day that each complaint belongs to, its lag (the longest + 1 if unknown), the longest."""
    if day is None:
        return received, np.ones(len(received), dtype=np.int64), 0
    lag = received - day
    if min(day.min(initial=0), received.min(initial=0)) > NEVER:
        _refuse_before(complaints, lag)
        longest = min(int(lag.max(initial=0)), LONGEST)
        return day, np.minimum(lag, longest, out=lag), longest
    unknown = (day == NEVER) | (received == NEVER)
    lag[unknown] = 0
    _refuse_before(complaints, lag)
    longest = min(int(lag.max()), LONGEST)
    lag = np.where(unknown, longest + 1, np.minimum(lag, longest))
    return np.where(day == NEVER, received, day), lag, longest


def _kept(
    received: Days, day: Days, months: Days, until: int
) -> tuple[NDArray[np.bool_] | None, LeftOut]:
    """Which rows are counted, and why others are not."""
    first, end = int(first_day(months[0])), int(first_day(months[-1] + 1))
    has_gap = months[-1] - months[0] >= len(months)
    if first <= day.min() and day.max() < end and received.max() <= until and not has_gap:
        return None, LeftOut(0, 0, 0)
    unknown, later = received == NEVER, received > until
    there = np.isin(month_of(np.arange(first, end)), months)
    inside = (day >= first) & (day < end)
    inside[inside] = there[day[inside] - first]
    outside = ~inside & ~unknown & ~later
    numbers = (int(rows.sum()) for rows in (outside, later, unknown))
    return inside & ~unknown & ~later, LeftOut(*numbers)


def _ages(by_day: NDArray[np.int64], oldest: int) -> NDArray[np.int64]:
    """How many complaints are about what left 0, 1, 2 ... days ago; the oldest left first."""
    ages = np.zeros(oldest + 1, dtype=np.int64)
    numbers = by_day.sum(axis=1)[: oldest + 1]
    ages[: len(numbers)] = numbers
    return ages[::-1]


def _refuse_before(complaints: pd.DataFrame | None, lag: Days) -> None:
    if lag.min(initial=0) >= 0:
        return
    number, first = int((lag < 0).sum()), int((lag < 0).argmax())
    name = first + 1
    if complaints is not None and "complaint_id" in complaints:
        name = complaints["complaint_id"].iloc[first]
    raise ModelError(
        ngettext(
            "{n:,} complaint came in before its goods left us: {first}. Is one of the two days a "
            "slip of the pen? Mend it, or leave it out.",
            "{n:,} complaints came in before their goods left us; the first is {first}. Are the "
            "two days exchanged? Mend them, or leave them out.",
            number,
        ).format(n=number, first=name)
    )
