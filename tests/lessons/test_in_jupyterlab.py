"""Lesson 10 in JupyterLab, where the page has keyboard shortcuts of its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lessons.desk_page import DeskPage
from tests.lessons.test_lesson_10 import CASE, LESSON
from tests.serving import serving


@pytest.fixture
def desk(tmp_path: Any, page: Any) -> Any:
    """The desk of lesson 10, after running all cells."""
    with serving(tmp_path / "home") as running:
        page.goto(f"{running.base}/lab/tree/{LESSON}?token={running.token}", timeout=60_000)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        # The kernel is there when it has a name and nothing to do.
        page.get_by_role("button", name="Python 3 (ipykernel)").first.wait_for(timeout=60_000)
        page.wait_for_selector("[data-status=idle]", timeout=60_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        # Lab hides what is scrolled out of sight, and has scrolled to the end.
        drawn = page.wait_for_selector(".jp-OutputArea .desk", state="attached", timeout=60_000)
        drawn.evaluate("node => node.scrollIntoView()")
        yield DeskPage(page)


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
