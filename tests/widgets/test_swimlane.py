"""The swimlane: every label can be read, and the names of the seats stay in sight."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from crmlab.crm.store.sandbox import Sandbox
from crmlab.procedures import Procedure, load
from crmlab.widgets import Desk
from crmlab.widgets.swimlane import APART, PAGE, Node, _width, swimlane
from tests.browser import open_lesson
from tests.lessons.desk_page import DeskPage

SHIPPED = ("complaint", "lead_to_cash", "agency")
SALES = "20_from_lead_to_cash.ipynb"


def renamed(procedure: Procedure, names: list[str]) -> Procedure:
    """The procedure with other short names for its steps."""
    steps = {
        key: step.model_copy(update={"short": name})
        for (key, step), name in zip(procedure.steps.items(), names, strict=False)
    }
    return procedure.model_copy(update={"steps": {**procedure.steps, **steps}})


def gap(one: Node, other: Node) -> float:
    """What lies between two labels."""
    left, right = sorted((one, other), key=lambda node: node.x)
    return right.x - left.x - (_width(left.label) + _width(right.label)) / 2


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_procedure_fits_on_a_page(name: str) -> None:
    lane = swimlane(load(name))
    assert lane.left + lane.width <= PAGE * 1.06
    assert lane.height <= 0.65 * 720


@given(st.lists(st.text("abcdefgh mW汉字", min_size=1, max_size=30), min_size=19, max_size=19))
def test_labels_of_one_lane_never_touch_and_none_is_cut_off(names: list[str]) -> None:
    lane = swimlane(renamed(load("lead_to_cash"), [name.strip() or "x" for name in names]))
    for one, other in combinations(lane.nodes, 2):
        if one.seat == other.seat:
            assert gap(one, other) >= APART - 0.01
    for node in lane.nodes:
        half = _width(node.label) / 2
        assert half <= node.x <= lane.width - half
    assert [node.x for node in lane.nodes] == sorted(node.x for node in lane.nodes)


def test_the_names_stand_beside_the_way_and_not_on_it(sandbox: Sandbox) -> None:
    procedure = load("lead_to_cash")
    view = Desk(procedure, sandbox=sandbox, cases=[]).view["html"]
    page = BeautifulSoup(view, "html.parser")
    [pushed] = page.select("[data-keep-scroll]")
    assert pushed.get("tabindex") == "0", "it can be pushed along by keyboard"
    assert not pushed.select(".lane-name")
    names = [name.get_text() for name in page.select(".names .lane-name")]
    assert names == [seat.name for seat in procedure.seats.values()]
    assert len(pushed.select("circle")) == len(procedure.steps)


def test_seat_names_stay_in_sight_when_the_way_is_pushed_along(lessons: Any, window: Any) -> None:
    page = window(width=1280, height=720)
    page.add_init_script("sessionStorage.setItem('crmlab.present', 'yes')")
    open_lesson(page, lessons.url(SALES))
    desk = DeskPage(page)
    desk.open("L-2004")
    sizes = desk.view.locator(".swimlane").evaluate(
        """node => {
          const track = node.querySelector(".track"), now = node.querySelector(".step.now");
          const frame = track.getBoundingClientRect(), mark = now.getBoundingClientRect();
          const before = node.querySelector(".lane-name").getBoundingClientRect().left;
          const inSight = mark.left >= frame.left && mark.right <= frame.right;
          const pushable = track.scrollWidth - track.clientWidth;
          track.scrollLeft = pushable;
          const after = node.querySelector(".lane-name").getBoundingClientRect().left;
          const letters = parseFloat(getComputedStyle(now.querySelector("text")).fontSize);
          const scale = track.querySelector("svg").getBoundingClientRect().height /
            track.querySelector("svg").viewBox.baseVal.height;
          return {before, after, inSight, pushable, tall: frame.height, size: letters * scale};
        }"""
    )
    assert sizes["pushable"] > 100
    assert sizes["before"] == sizes["after"] > 0
    assert sizes["inSight"]
    assert sizes["tall"] <= 0.8 * 720
    assert sizes["size"] >= 16, "it is to be read from the back of a room"


def test_on_a_narrow_page_a_long_way_leaves_room_for_the_work(lessons: Any, window: Any) -> None:
    page = window(width=380, height=800)
    open_lesson(page, lessons.url(SALES))
    desk = DeskPage(page)
    desk.open("L-2004")
    way = desk.view.locator(".swimlane")
    assert way.bounding_box()["height"] < 400
    now = way.locator("[aria-current=step]")
    assert "Quote" in now.inner_text()
    assert "Sales representative" in now.inner_text()
    assert way.locator(".steps-list li").count() == len(load("lead_to_cash").steps)
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
