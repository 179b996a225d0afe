"""The picture of a funnel with its dials: bars that grow on an axis that stays."""

from __future__ import annotations

import pytest

from crmlab.charts.funnel import funnel_chart
from crmlab.models.funnel import prepare
from crmlab.models.funnel.dials import turn
from tests.models.test_funnel import MIXED, STAGES, table

SMALL = prepare(MIXED, STAGES)
MOST = turn(SMALL, days_faster=5).entered[0]


@pytest.mark.parametrize("days", [1, 2, 5])
def test_days_faster_make_every_bar_longer_on_the_same_axis(days: int) -> None:
    first = funnel_chart(SMALL.found, turn(SMALL), MOST)
    chart = funnel_chart(SMALL.found, turn(SMALL, days_faster=days), MOST)
    now, before = chart.traces
    pace = 10 / (10 - days)
    assert now["x"] == pytest.approx([number * pace for number in before["x"]])
    assert before == first.traces[1], "what really was does not move"
    assert chart.layout == first.layout
    assert max(now["x"]) <= chart.layout["xaxis"]["range"][1]
    assert chart.says != first.says


def test_one_is_not_spoken_of_as_many() -> None:
    one = prepare(table(("won", "won", 5.0)), STAGES)
    assert funnel_chart(one.found, turn(one), 1).says.startswith(
        "Of 1 opportunity that came in, 1 is won."
    )
