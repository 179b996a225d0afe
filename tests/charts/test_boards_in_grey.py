"""The charts of all boards read well in grey: what has a name of its own has a look of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any

import pytest

from crmlab import widgets
from crmlab.charts.chart import Chart, Trace
from crmlab.widgets import DirtyData
from crmlab.widgets.analysis.board import Board
from tests.charts.test_chart import contrast

TOLD_APART = 1.5
"""The contrast from which on two greys beside each other are seen to be two."""


def boards() -> dict[str, Callable[[], Board]]:
    """All boards that there are, by name; one that asks for a model for each of them."""
    found: dict[str, Callable[[], Board]] = {
        name: getattr(widgets, name)
        for name in widgets.__all__
        if name.endswith(("Board", "Briefing"))
    }
    for model in ("funnel", "complaints", "contribution", "value"):
        found[f"DirtyData {model}"] = partial(DirtyData, model)
    return found


BOARDS = boards()


def look(trace: Trace) -> tuple[Any, ...]:
    """How a trace is drawn, apart from its colour."""
    marker, drawn = trace.get("marker", {}), trace.get("line", {})
    bar = trace["type"] == "bar"
    lines, points = (part in trace.get("mode", "") for part in ("lines", "markers"))
    return (
        trace["type"],
        lines,
        points,
        marker.get("symbol", "circle") if points else None,
        drawn.get("dash", "solid") if lines else None,
        marker.get("pattern", {}).get("shape", "") if bar else None,
    )


def colour(trace: Trace) -> str:
    marker, drawn = trace.get("marker", {}), trace.get("line", {})
    return str(drawn.get("color") or marker.get("color"))


def told_apart(one: Trace, other: Trace) -> bool:
    """Whether two traces differ in form, pattern or dash, or else in lightness."""
    return look(one) != look(other) or contrast(colour(one), colour(other)) >= TOLD_APART


def named(chart: Chart) -> list[Trace]:
    return [trace for trace in chart.traces if trace.get("name")]


def test_a_board_that_is_new_is_looked_at_too() -> None:
    """Those that a notebook can name are all among them."""
    offered = {name for name in widgets.__all__ if name.endswith(("Board", "Briefing"))}
    assert offered <= set(BOARDS)
    assert len(BOARDS) >= 15


@pytest.mark.parametrize("name", BOARDS)
def test_no_two_traces_with_a_name_differ_in_hue_alone(name: str) -> None:
    board = BOARDS[name]()
    assert len(board.children) == (2 if board.dials else 1), board.children[0]
    ends = [{}, *({dial: at.high} for dial, at in board.dials.items())]
    for turned in ends:
        board.back()
        board.turn(turned)
        for one, other in combinations(named(board.seen.chart), 2):
            assert told_apart(one, other), (turned, one["name"], other["name"])


def test_two_hues_of_one_lightness_would_be_noticed() -> None:
    teal = {"type": "bar", "marker": {"color": "#15808a"}}
    assert not told_apart(teal, {"type": "bar", "marker": {"color": "#c2571f"}})
    assert told_apart(teal, {"type": "bar", "marker": {"color": "#a8d5d9"}})
    hatched = {"color": "#15808a", "pattern": {"shape": "/"}}
    assert told_apart(teal, {"type": "bar", "marker": hatched})
