"""The company's time: working hours since its first morning, and the days that they fall on."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta

from crmlab.calendar import HOURS_PER_DAY, STANDARD
from crmlab.simulation.clock import WorkingClock

BEHIND = timedelta(days=400)
"""How long the calendar goes on behind the last day, for what was begun before it."""


class Axis:
    """Working hours from a first month on, up to the end of a last day.

    Attributes:
        first, last: the first and the last day of the history.
        end: the working hour at which it ends.
        days: its working days, in order.
        clock: the moments of working hours.
    """

    def __init__(self, last: date, months: int) -> None:
        """
        Args:
            last: the last day of a month.
            months: how many months, that one included.
        """
        month = last.year * 12 + last.month - months  # counted from zero
        self.first, self.last = date(month // 12, month % 12 + 1, 1), last
        behind = last + BEHIND
        self.clock = WorkingClock(STANDARD, self.first, behind)
        every = [self.first + timedelta(days=n) for n in range((behind - self.first).days + 1)]
        self._all = [day for day in every if STANDARD.is_working_day(day)]
        self.days = [day for day in self._all if day <= last]
        self.end = len(self.days) * HOURS_PER_DAY
        self.months = [(day.year, day.month) for day in every if day.day == 1 and day <= last]

    def day(self, hour: float) -> date:
        """The day that a working hour falls on; the end of a day still belongs to it."""
        number = int(hour / HOURS_PER_DAY)
        if number and number * HOURS_PER_DAY == hour:
            number -= 1
        return self._all[min(number, len(self._all) - 1)]

    def morning(self, day: date) -> float:
        """The first working hour on a day, or on the next one on which anybody works."""
        return bisect_left(self._all, day) * HOURS_PER_DAY

    def is_at_months_end(self, hour: float, days: int) -> bool:
        """Whether it is one of the last working days of its month."""
        here = self.day(hour)
        number = bisect_left(self._all, here) + days
        return number >= len(self._all) or self._all[number].month != here.month
