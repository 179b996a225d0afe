"""The clock says what the calendar says, and many times at once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.calendar import STANDARD
from crmlab.errors import SimulationError
from crmlab.simulation.clock import WorkingClock

FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)
CLOCK = WorkingClock(STANDARD, FIRST, LAST)
BEGUN = datetime(2026, 1, 1, tzinfo=STANDARD.tz)

hours = st.floats(0, CLOCK.hours).map(lambda hours: round(hours * 3600) / 3600)


def read(moment: np.datetime64) -> datetime:
    told: datetime = moment.astype(datetime)
    return told.replace(tzinfo=UTC)


@given(hours)
def test_an_hour_is_where_the_calendar_puts_it(passed: float) -> None:
    (moment,) = CLOCK.moments([passed])
    assert read(moment) == STANDARD.add(BEGUN, passed)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 29)))
def test_as_much_has_passed_as_the_calendar_counts(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=STANDARD.tz)
    utc = np.datetime64(moment.astimezone(UTC).replace(tzinfo=None))
    assert CLOCK.passed([utc])[0] == pytest.approx(STANDARD.between(BEGUN, moment))


@given(st.lists(hours))
def test_there_and_back_again(many: list[float]) -> None:
    assert CLOCK.passed(CLOCK.moments(many)) == pytest.approx(many)


def test_before_the_first_opening_nothing_has_passed() -> None:
    assert CLOCK.passed([np.datetime64("2025-12-01T00:00:00")]) == [0]


def test_work_that_goes_on_behind_the_calendar_is_told() -> None:
    with pytest.raises(SimulationError, match="let it go on longer"):
        CLOCK.moments([CLOCK.hours + 1])


def test_a_time_without_work_is_refused() -> None:
    with pytest.raises(SimulationError, match="nobody works"):
        WorkingClock(STANDARD, date(2026, 1, 1), date(2026, 1, 1))
