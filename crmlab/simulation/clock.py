"""Working hours as one axis, and back: a simulation counts on the axis, people read dates.

The same as `WorkingCalendar.add` and `between`, for a million moments at once.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crmlab.calendar import WorkingCalendar
from crmlab.errors import SimulationError
from crmlab.text import gettext as _

SECOND = np.timedelta64(1, "s")


class WorkingClock:
    """The working hours of a calendar from a first day up to a last one, both included.

    Attributes:
        hours: how many working hours there are.
    """

    def __init__(self, calendar: WorkingCalendar, first: date, last: date) -> None:
        """
        Raises:
            SimulationError: nobody works on any of these days.
        """
        spans = [
            (datetime.combine(day, opens, calendar.tz), datetime.combine(day, closes, calendar.tz))
            for day in _days(first, last)
            if calendar.is_working_day(day)
            for opens, closes in calendar.spans
        ]
        if not spans:
            raise SimulationError(
                _("From {first} to {last} nobody works; choose a longer time.").format(
                    first=first.isoformat(), last=last.isoformat()
                )
            )
        self._opens, closes = (
            np.array([_utc(moment) for moment in side], dtype="datetime64[s]")
            for side in zip(*spans, strict=True)
        )
        lengths = (closes - self._opens) / SECOND / 3600
        ends = np.cumsum(lengths)
        self._worked, self._lengths = ends - lengths, lengths
        self.hours = float(ends[-1])

    def moments(self, hours: ArrayLike) -> NDArray[np.datetime64]:
        """The moments (UTC, to the second) at which so many working hours have passed.

        What comes at the end of a span is there still, and not at the next opening; before the
        first hour is the first opening.

        Raises:
            SimulationError: some lie behind the last working hour.
        """
        passed = np.maximum(np.asarray(hours, dtype=float), 0.0)
        if passed.size and passed.max() > self.hours + 1e-6:
            raise SimulationError(_("The calendar ends before the work does; let it go on longer."))
        span = np.maximum(np.searchsorted(self._worked, passed, side="left") - 1, 0)
        into = np.minimum(passed - self._worked[span], self._lengths[span])
        seconds = np.rint(into * 3600).astype("int64")
        moments: NDArray[np.datetime64] = self._opens[span] + seconds * SECOND
        return moments

    def passed(self, moments: ArrayLike) -> NDArray[np.float64]:
        """How many working hours have passed at moments (UTC)."""
        at = np.asarray(moments, dtype="datetime64[s]")
        span = np.searchsorted(self._opens, at, side="right") - 1
        into = (at - self._opens[span]) / SECOND / 3600
        within = np.clip(into, 0.0, self._lengths[span])
        passed: NDArray[np.float64] = np.where(span < 0, 0.0, self._worked[span] + within)
        return passed


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
