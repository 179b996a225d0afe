"""Lessons in JupyterLab, where the page has keyboard shortcuts of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.lessons.board_page import BoardPage
from tests.lessons.desk_page import DeskPage
from tests.lessons.test_lesson_10 import CASE, LESSON
from tests.serving import Lessons, serving


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lessons]:
    """A server of lessons, with JupyterLab beside them."""
    with serving(tmp_path_factory.mktemp("lab") / "home") as served:
        yield served


def run_all(page: Any, running: Lessons, lesson: str, drawn: str) -> None:
    """Open a lesson in JupyterLab, run all its cells, and go to what they have drawn."""
    # A workspace of its own, or Lab would open what was open before beside it.
    at = f"{running.base}/lab/workspaces/lesson{lesson[:2]}/tree/{lesson}"
    page.goto(f"{at}?token={running.token}", timeout=60_000)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    # The kernel is there when it has a name and nothing to do.
    page.get_by_role("button", name="Python 3 (ipykernel)").first.wait_for(timeout=60_000)
    page.wait_for_selector("[data-status=idle]", timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    # Lab hides what is scrolled out of sight, and has scrolled to the end.
    found = page.wait_for_selector(drawn, state="attached", timeout=60_000)
    found.evaluate("node => node.scrollIntoView()")


@pytest.fixture
def desk(running: Lessons, page: Any) -> DeskPage:
    """The desk of lesson 10, after running all cells."""
    run_all(page, running, LESSON, ".jp-OutputArea .desk")
    return DeskPage(page)


@pytest.mark.parametrize(
    ("lesson", "title", "dial"),
    [
        ("12_complaint_rate.ipynb", "Which month says more than chance?", "missing"),
        ("23_the_funnel.ipynb", "What if more went on?", "points"),
        ("31_contribution.ipynb", "What if we agreed otherwise?", "fewer"),
        ("32_lifetime_value.ipynb", "What is one customer worth?", "margin"),
    ],
)
def test_a_board_answers_its_dials(
    running: Lessons, page: Any, lesson: str, title: str, dial: str
) -> None:
    run_all(page, running, lesson, f".jp-OutputArea .board-dials h3:text-is('{title}')")
    board = BoardPage(page, title)
    before = (board.sentence(), board.figures())
    board.press(dial, "ArrowRight", "ArrowRight", "ArrowRight")
    assert (board.sentence(), board.figures()) != before
    assert any(trace["x"] for trace in board.figure())


def test_keys_at_the_desk_stay_at_the_desk(desk: DeskPage) -> None:
    cells = desk.page.locator(".jp-Notebook .jp-Cell").count()
    desk.open(CASE)
    button = desk.form.locator("button[type=submit]")
    button.scroll_into_view_if_needed()
    button.focus()
    for key in ("x", "a", "b", "d", "d"):
        desk.page.keyboard.press(key)
    text = desk.form.locator("[name=description]")
    text.click()
    desk.page.keyboard.type("Four pumps")
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.type("leak.")
    assert text.input_value() == "Four pumps\nleak."
    assert desk.page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert button.is_visible()


def test_a_half_filled_form_is_there_again_when_the_cells_are_run_again(desk: DeskPage) -> None:
    page = desk.page
    desk.open(CASE)
    desk.fill({"description": "Four pumps le"})
    before = desk.form.locator("[name=description]").element_handle()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function("node => !node.isConnected", arg=before, timeout=60_000)
    page.wait_for_selector(".jp-OutputArea .desk [name=description]", state="attached")
    assert desk.form.locator("[name=description]").input_value() == "Four pumps le"
