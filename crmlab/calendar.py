"""Working time: office hours, weekends, holidays and the working weekends that pay for them.

Every deadline and every duration in crmlab is counted in working hours of this calendar, so
that "four hours" given on a Friday afternoon falls due on Monday, as it does in an office.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

HOURS_PER_DAY = 8.0
"""Working hours in one working day of the standard office day below."""


@cache
def _holidays(country: str, year: int) -> holidays.HolidayBase:
    return holidays.country_holidays(country, years=[year])


@dataclass(frozen=True)
class WorkingCalendar:
    """Office hours in one place of the world.

    Attributes:
        spans: the parts of a working day, as (from, to), in order.
        zone: the time zone's name; every moment given or returned carries it.
        country: the two-letter code whose public holidays and working weekends apply.
    """

    spans: tuple[tuple[time, time], ...] = ((time(8, 30), time(12)), (time(13), time(17, 30)))
    zone: str = "Asia/Shanghai"
    country: str = "CN"

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def local(self, moment: datetime) -> datetime:
        """The moment in this calendar's time zone; a moment without a zone is taken as local."""
        if moment.tzinfo is None:
            return moment.replace(tzinfo=self.tz)
        return moment.astimezone(self.tz)

    def is_working_day(self, day: date) -> bool:
        return bool(_holidays(self.country, day.year).is_working_day(day))

    def add(self, moment: datetime, hours: float) -> datetime:
        """The moment when this many working hours have passed since `moment`.

        Args:
            moment: any moment, in or out of office hours.
            hours: working hours, zero or more.

        Returns:
            A moment within office hours, to the second. Zero hours from outside office hours is
            the next opening.
        """
        if hours < 0:
            raise ValueError("working hours to add cannot be negative")
        left = timedelta(seconds=round(hours * 3600))
        for start, end in self._spans_from(self.local(moment)):
            if end - start >= left:
                return start + left
            left -= end - start
        raise AssertionError("a calendar always has another working day")

    def between(self, start: datetime, end: datetime) -> float:
        """Working hours from `start` to `end`; negative when `end` comes first."""
        first, last = self.local(start), self.local(end)
        if last < first:
            return -self.between(last, first)
        total = timedelta()
        for opens, closes in self._spans_from(first):
            if opens >= last:
                break
            total += min(closes, last) - opens
        return total.total_seconds() / 3600

    def _spans_from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Office spans from `moment` on, the first one cut to begin at `moment`."""
        day = moment.date()
        while True:
            if self.is_working_day(day):
                for opens, closes in self.spans:
                    start = max(datetime.combine(day, opens, self.tz), moment)
                    end = datetime.combine(day, closes, self.tz)
                    if start < end:
                        yield start, end
            day += timedelta(days=1)


STANDARD = WorkingCalendar()
"""Langang Flow's office: Shanghai, 08:30 to 12:00 and 13:00 to 17:30."""
