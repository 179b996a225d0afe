"""A board: dials turned, a figure that follows, and the records behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmlab.charts.chart import Chart, bars, dashed
from crmlab.errors import ModelError
from crmlab.widgets.analysis.board import PAGE, Board, Figure, Records, Seen, told
from crmlab.widgets.dial import Dial
from crmlab.widgets.live import shows_trouble
from tests.browser import open_lesson
from tests.lessons.board_page import BoardPage

ROWS = pd.DataFrame(
    {
        "customer_id": [f"CU-{n:03}" for n in range(24)],
        "amount": np.linspace(0, 2300.5, 24),
        "ordered_at": pd.Timestamp("2026-01-05T09:30"),
    }
)


class Doubling(Board):
    """A board that doubles, and can be asked for what cannot be."""

    def __init__(self) -> None:
        dials = {"by": Dial("How often", 0, 10, 0.5, 2, "times")}
        super().__init__("Doubling", dials)

    def look(self, at: Mapping[str, float]) -> Seen:
        if at["by"] > 9:
            raise ModelError("More than nine times cannot be.")
        tall = [at["by"], 2 * at["by"]]
        return Seen(
            Chart(
                "Two",
                f"The second is {tall[1]:g}.",
                (
                    bars(x=["a", "b"], y=tall, customdata=["all", "none"], name="now"),
                    dashed(x=["a", "b"], y=[2.0, 4.0], name="at first"),
                ),
                layout={"yaxis": {"range": [0, 2 * at["by"] + 1]}},
            ),
            f"It is {at['by']:g} times.",
            (Figure("Twice", f"{tall[1]:g}", "at first 4"),),
        )

    def records(self) -> dict[str, Records]:
        return {"all": Records("All customers", lambda: ROWS)}


@pytest.fixture
def board() -> Doubling:
    return Doubling()


def drawn(board: Board) -> list[Any]:
    return [trace["y"] for trace in figure(board)["data"]]


def figure(board: Board) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(board.plot.figure)
    return found


def test_a_turned_dial_changes_figure_sentence_and_number(board: Doubling) -> None:
    built = board.plot
    board.click("turn", {"by": 3.6})
    assert board.plot is built
    assert drawn(board) == [[3.5, 7.0], [2.0, 4.0]]
    assert figure(board)["layout"]["yaxis"]["range"] == [0, 8]
    for said in ("3.5 times", "at first 2 times", "It is 3.5 times.", "The second is 7.", "Twice"):
        assert said in board.text()


def test_a_dial_that_changes_nothing_sends_no_figure(board: Doubling) -> None:
    sent: list[Any] = []
    board.plot.observe(lambda change: sent.append(change.new), "figure")
    board.click("turn", {"by": 2})
    assert sent == []
    board.click("turn", {"by": 3})
    assert len(sent) == 1


def test_all_dials_go_back(board: Doubling) -> None:
    before = board.text()
    board.click("turn", {"by": 7})
    board.click("back")
    assert (board.text(), drawn(board)[0]) == (before, [2.0, 4.0])


def test_what_cannot_be_is_said_and_the_figure_stays(board: Doubling) -> None:
    board.click("turn", {"by": 10})
    assert "More than nine times cannot be." in board.text()
    assert drawn(board)[0] == [2.0, 4.0]
    board.click("turn", {"by": 4})
    assert "cannot be" not in board.text()


@pytest.mark.parametrize("number", ["", "many", None, "NaN"])
def test_what_is_no_number_turns_nothing(board: Doubling, number: Any) -> None:
    board.click("turn", {"by": number})
    assert drawn(board)[0] == [2.0, 4.0]


def test_the_records_behind_a_figure_open_and_more_of_them(board: Doubling) -> None:
    board.click("open", {"behind": "all"})
    assert f"{PAGE} of 24 records" in board.text()
    assert "CU-009 900.20 2026-01-05" in board.text()
    board.click("more")
    board.click("more")
    assert "24 of 24 records" in board.text()
    with pytest.raises(LookupError):
        board.click("more")


def test_a_point_of_the_figure_opens_its_records(board: Doubling) -> None:
    board.plot._receive(board.plot, {"behind": "none"}, [])  # nothing is kept behind this one
    assert "records" not in board.text().split("Open the records")[1]
    board.plot._receive(board.plot, {"behind": "all"}, [])
    assert "10 of 24 records" in board.text()


def test_the_first_figure_of_a_page_is_given_what_draws_it(board: Doubling) -> None:
    sent: list[Any] = []
    board.plot.send = lambda content, buffers: sent.append((content, buffers))
    board.plot._receive(board.plot, {"ask": "library"}, [])
    ((content, (code,)),) = sent
    assert content == {"library": True}
    assert b"plotly.js" in code[:200]


def test_a_board_that_cannot_begin_says_why() -> None:
    class Broken(Doubling):
        @shows_trouble
        def __init__(self) -> None:
            raise ModelError("There are no sales.")

    assert "There are no sales." in Broken().children[0].text()


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (pd.NaT, "–"),
        (-1234, "\u22121,234"),
        (0.2, "0"),
        (np.float64(1000), "1,000"),
        (np.int64(12000), "12,000"),
        (True, "yes"),
        (np.bool_(False), "no"),
        ("B-2230", "B-2230"),
        (pd.Timestamp("2026-02-03T10:00"), "2026-02-03"),
    ],
)
def test_values_of_records_are_written_to_be_read(value: Any, read: str) -> None:
    assert told(value) == read


def test_a_column_has_cents_everywhere_or_nowhere() -> None:
    assert [told(value, cents=True) for value in (1234.5, 7.0, -0.5)] == [
        "1,234.50",
        "7.00",
        "\u22120.50",
    ]


# On the page

MARK = """(board) => {
  const plot = board.querySelector(".crmlab-plot");
  const whole = plot.querySelector(".svg-container");
  window.kept = [plot, whole, ...plot.querySelectorAll(".main-svg")];
}"""
STILL = """(board) => {
  const plot = board.querySelector(".crmlab-plot");
  const now = [plot, ...plot.querySelectorAll(".svg-container, .main-svg")];
  return now.length === window.kept.length
    && now.every((each, n) => each === window.kept[n] && each.isConnected);
}"""


@pytest.mark.parametrize("title", ["What do they have in common?", "leaks of September"])
def test_a_figure_is_built_once_and_only_changed(lessons: Any, window: Any, title: str) -> None:
    """Also where other bars stand in it: the very elements of the page stay where they are."""
    page = window()
    open_lesson(page, lessons.url("12_complaint_rate.ipynb"))
    name = page.locator(".crmlab-board h3", has_text=title).inner_text()
    view = BoardPage(page, name)
    view.board.evaluate(MARK)
    before = view.figure()
    for dial in view.view.locator("input[type=range]").all():
        view.press(dial.get_attribute("name"), "ArrowRight", "ArrowRight")
    page.wait_for_function(
        "([board, before]) => { let el = board.querySelector('.crmlab-plot .svg-container');"
        " while (!el._fullData) el = el.parentElement;"
        " return JSON.stringify(Array.from(el._fullData[0].y)) !== before[0]"
        "   || JSON.stringify(Array.from(el._fullData[1].x)) !== before[1] }",
        arg=[view.board.element_handle(), [compact(before[0]["y"]), compact(before[1]["x"])]],
    )
    assert view.board.evaluate(STILL)


def compact(values: Any) -> str:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)
