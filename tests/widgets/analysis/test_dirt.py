"""The dials of dirt: within one draw the same records and more, and another draw for the luck."""

from __future__ import annotations

import re

import pytest

from crmlab.models.entry.dirt import DRAWS, STEPS, turned
from crmlab.widgets import DirtyData, dirt_in_words
from crmlab.widgets.analysis.dirt import careless_companies

MODELS = ("funnel", "complaints", "contribution", "value")


def test_another_draw_spoils_other_records_and_the_dials_stay() -> None:
    board = DirtyData("contribution")
    board.click("turn", {"late_entry": 20})
    first = board.dirt.rows_behind("late_entry", 20)
    said = board.seen.chart.says
    board.click("turn", {"draw": 7})
    other = board.dirt.rows_behind("late_entry", 20)
    assert board.stands["late_entry"] == 20
    assert len(other) == len(first)
    assert set(other.index) != set(first.index)
    assert board.seen.chart.says != said
    board.click("open", {"behind": "dirt:late_entry"})
    assert f"10 of {len(other)} records" in board.text()
    board.click("turn", {"draw": 1})
    assert board.seen.chart.says == said


def test_how_often_the_decision_has_turned_stands_beside_what_one_company_shows() -> None:
    board = DirtyData("complaints")
    number = turned(careless_companies("complaints"))["wrong_category"][25]
    assert 0 < number < DRAWS / 2, "one company in which it turns is not what is usual"
    board.click("turn", {"wrong_category": 25})
    assert board.dirt.read({"wrong_category": 25}).flipped
    assert board.seen.figures[3].value == f"{number} of {DRAWS}"
    board.click("turn", {"late_entry": 5})
    assert board.seen.figures[3].value == "–"


def test_a_board_of_each_draw_is_built_with_the_same_traces() -> None:
    board = DirtyData("funnel")
    kinds = [trace["type"] for trace in board.seen.chart.traces]
    for draw in range(1, DRAWS + 1):
        board.click("turn", {"draw": draw, "duplicates": 30})
        assert [trace["type"] for trace in board.seen.chart.traces] == kinds


@pytest.mark.parametrize("model", MODELS)
def test_dirt_in_words_says_what_was_counted(model: str) -> None:
    told = dirt_in_words(model).data.splitlines()
    counted = turned(careless_companies(model))
    assert len(told) == len(counted)
    for said, by_step in zip(told, counted.values(), strict=True):
        found = {
            int(share): int(n) for n, share in re.findall(r"(\d+)(?: of 20)? at (\d+) %", said)
        }
        assert found == {share: number for share, number in by_step.items() if number}
        assert said.startswith("- ")
        assert found or f"none of {DRAWS}, up to {STEPS[-1]} %" in said
