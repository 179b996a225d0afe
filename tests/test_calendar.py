"""Working time: what counts, what does not, and that adding and measuring agree."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.calendar import HOURS_PER_DAY, STANDARD, WorkingCalendar

moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)).map(
    lambda moment: STANDARD.local(moment.replace(microsecond=0))
)
hours = st.integers(0, 200 * 3600).map(lambda seconds: seconds / 3600)


def at(text: str) -> datetime:
    return STANDARD.local(datetime.fromisoformat(text))


@given(moments, hours)
def test_what_is_added_is_what_is_measured(moment: datetime, worked: float) -> None:
    assert STANDARD.between(moment, STANDARD.add(moment, worked)) == pytest.approx(worked)


@given(moments, moments, hours)
def test_a_later_start_never_ends_earlier(a: datetime, b: datetime, worked: float) -> None:
    first, second = sorted((a, b))
    assert STANDARD.add(first, worked) <= STANDARD.add(second, worked)


@given(moments, hours, hours)
def test_more_work_never_ends_earlier_and_parts_add_up(
    moment: datetime, one: float, two: float
) -> None:
    both = STANDARD.add(moment, one + two)
    assert STANDARD.add(moment, one) <= both
    in_parts = STANDARD.add(STANDARD.add(moment, one), two)
    assert abs(STANDARD.between(both, in_parts)) < 1.5 / 3600  # to the second


@given(moments, moments, moments)
def test_working_hours_add_up_and_change_sign(a: datetime, b: datetime, c: datetime) -> None:
    assert STANDARD.between(a, b) == -STANDARD.between(b, a)
    assert STANDARD.between(a, b) + STANDARD.between(b, c) == pytest.approx(STANDARD.between(a, c))


@given(moments, hours)
def test_it_ends_within_office_hours(moment: datetime, worked: float) -> None:
    end = STANDARD.add(moment, worked)
    assert STANDARD.is_working_day(end.date())
    assert any(opens <= end.time() <= closes for opens, closes in STANDARD.spans)


@pytest.mark.parametrize(
    ("start", "worked", "end"),
    [
        ("2026-05-12T08:30", 1, "2026-05-12T09:30"),
        ("2026-05-12T11:30", 1, "2026-05-12T13:30"),  # over lunch
        ("2026-05-12T12:20", 0, "2026-05-12T13:00"),  # in the lunch break
        ("2026-05-12T08:30", 3.5, "2026-05-12T12:00"),  # up to lunch, not past it
        ("2026-05-12T08:30", 8, "2026-05-12T17:30"),
        ("2026-05-12T16:30", 2, "2026-05-13T09:30"),  # over night
        ("2026-05-12T22:00", 0, "2026-05-13T08:30"),
        ("2026-05-15T16:30", 4, "2026-05-18T11:30"),  # Friday afternoon falls due on Monday
        ("2026-05-08T16:30", 2, "2026-05-09T09:30"),  # the Saturday that pays for a holiday
        ("2026-04-30T17:00", 1, "2026-05-06T09:00"),  # the May holiday
    ],
)
def test_the_office_day(start: str, worked: float, end: str) -> None:
    assert STANDARD.add(at(start), worked) == at(end)
    assert STANDARD.between(at(start), at(end)) == worked


def test_holidays_are_off_and_some_saturdays_pay_for_them() -> None:
    assert STANDARD.is_working_day(date(2026, 5, 9))
    assert not any(STANDARD.is_working_day(date(2026, 5, day)) for day in (1, 2, 3, 4, 5, 10, 16))
    week = at("2026-05-04T00:00"), at("2026-05-11T00:00")
    assert STANDARD.between(*week) == 4 * HOURS_PER_DAY  # Wednesday to Saturday


def test_moments_come_back_in_the_offices_zone_wherever_they_came_from() -> None:
    midnight_utc = datetime(2026, 5, 12, 0, 30, tzinfo=UTC)
    assert STANDARD.add(midnight_utc, 1).isoformat() == "2026-05-12T09:30:00+08:00"
    assert STANDARD.between(midnight_utc, datetime(2026, 5, 12, 9, 30)) == 1
    assert STANDARD.local(datetime(2026, 5, 12, 9)).isoformat() == "2026-05-12T09:00:00+08:00"


def test_another_office_keeps_other_hours_and_other_holidays() -> None:
    bergen = WorkingCalendar(spans=((time(8), time(15)),), zone="Europe/Oslo", country="NO")
    assert not bergen.is_working_day(date(2026, 5, 14))  # Ascension Day
    assert STANDARD.is_working_day(date(2026, 5, 14))
    start = datetime(2026, 5, 13, 14, tzinfo=bergen.tz)
    assert bergen.add(start, 2).isoformat() == "2026-05-15T09:00:00+02:00"


def test_time_is_not_taken_back() -> None:
    with pytest.raises(ValueError, match="negative"):
        STANDARD.add(at("2026-05-12T08:30"), -timedelta(hours=1).total_seconds())
