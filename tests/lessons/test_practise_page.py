"""The page on which any procedure is practised, in a real browser, under Voila and in JupyterLab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crmlab.crm.store.sandbox import open_sandbox
from crmlab.learning.learner import sandbox_name
from crmlab.practice.session import Practice
from crmlab.procedures import load
from crmlab.procedures.walk import right_fields
from tests.browser import axe_troubles, open_lesson
from tests.lessons.desk_page import DeskPage
from tests.lessons.test_lesson_10 import Keyboard
from tests.serving import serving
from tests.tiny import TINY, spoilt

PAGE = "practise.ipynb"
CASE = "A-301"


@pytest.fixture
def fresh(tmp_path: Path) -> Any:
    """A server with an empty home, and a procedure of the company's own in it."""
    home = tmp_path / "home"
    (home / "procedures").mkdir(parents=True)
    (home / "procedures" / "ladder.yaml").write_text(TINY, encoding="utf-8")
    with serving(home) as running:
        yield running


def practised(lessons: Any, page: Any, procedure: str) -> DeskPage:
    open_lesson(page, f"{lessons.url(PAGE)}&procedure={procedure}")
    return DeskPage(page)


def carry_on(home: Path, procedure: str, case_id: str, stop: str) -> None:
    """Play a case by the procedure up to a step, in the learner's own sandbox."""
    told = load(procedure)
    sandbox = open_sandbox(sandbox_name(procedure), folder=home / "sandboxes")
    try:
        practice = Practice(told, sandbox)
        case = practice.case(case_id)
        while case.step != stop:
            assert case.step is not None
            case = practice.hand_over(case, right_fields(told, case)).case
    finally:
        sandbox.close()


def test_the_agency_is_found_on_the_shelf_played_and_debriefed(fresh: Any, page: Any) -> None:
    open_lesson(page, fresh.url())
    card = page.locator("li.card", has_text="A print job")
    assert "not started" in card.inner_text()
    card.get_by_role("link").click()
    page.wait_for_url("**/practise.ipynb?procedure=agency")
    page.wait_for_selector("html[data-state=ready]", timeout=60_000)
    assert page.locator("h1").inner_text() == load("agency").title

    desk = DeskPage(page)
    desk.open(CASE)
    desk.fill(
        {
            "wish": "A catalogue of sixteen pages.",
            "pieces": 2000,
            "needed_on": "2026-06-24",
            "place": "Hall 4, stand 412",
            "decides": "caller",
            "confirmed": "heard",
        }
    )
    desk.hand_over()
    assert "General manager" in desk.notice()
    page.get_by_role("link", name="Shelf").click()
    page.wait_for_selector("html[data-state=ready]", timeout=60_000)
    assert "0 of 5 seats" in page.locator("li.card", has_text="A print job").inner_text()

    carry_on(fresh.home, "agency", CASE, "look_back")
    desk = practised(fresh, page, "agency")
    desk.open(CASE)
    desk.sit("owner")
    desk.fill({"kept": "as_offered", "thanked": "call", "lesson": "Ask who says yes."})
    desk.hand_over()
    slips = {row["mistake"] for row in desk.debrief_rows()}
    assert slips == {"brief_by_word_of_mouth", "decider_not_asked"}
    assert {row["seat"] for row in desk.debrief_rows()} == {
        "designer",
        "production_buyer",
        "office",
        "owner",
    }
    assert not axe_troubles(page, "main")
    open_lesson(page, fresh.url())
    card = page.locator("li.card", has_text="A print job")
    assert "5 of 5 seats" in card.inner_text()
    assert not axe_troubles(page, "main")


def test_a_companys_own_file_plays_by_keyboard_alone(fresh: Any, page: Any) -> None:
    open_lesson(page, fresh.url(PAGE))
    assert not axe_troubles(page, "main")
    link = page.get_by_role("link", name="Lend a ladder").element_handle()
    for _count in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("node => document.activeElement === node", link):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**procedure=tiny**")
    page.wait_for_selector("html[data-state=ready]", timeout=60_000)
    desk = DeskPage(page)
    keyboard = Keyboard(page, desk)
    keyboard.go_to("[data-do=open][data-case=T-1]")
    keyboard.press("Enter")
    for seat, entries in (
        ("neighbour", {"height": 3}),
        ("keeper", {"ladder": "short"}),
        ("neighbour", {"note": "Thank you"}),
    ):
        keyboard.go_to(f"[data-do=sit][data-seat={seat}]")
        keyboard.press("Enter")
        for name, value in entries.items():
            keyboard.go_to(f"form[data-form=step] [name={name}]")
            keyboard.enter(value)
        keyboard.go_to("form[data-form=step] button[type=submit]")
        keyboard.press("Enter")
    assert "Climbs on a chair." in desk.view.locator(".slips").inner_text()


def test_a_file_with_faults_and_a_bad_name_are_told_in_one_sentence(fresh: Any, page: Any) -> None:
    text = spoilt("to: lend", "to: lent", spoilt("procedure: tiny", "procedure: other"))
    (fresh.home / "procedures" / "other.yaml").write_text(text, encoding="utf-8")
    open_lesson(page, f"{fresh.url(PAGE)}&procedure=other")
    assert "other.yaml, line" in page.locator(".trouble").inner_text()
    assert "cannot be used yet" in page.locator("li.card", has_text="other.yaml").inner_text()
    open_lesson(page, f"{fresh.url(PAGE)}&procedure=%3Cimg%20src%3Dx%3E")
    assert "There is no procedure '<img src=x>' here" in page.locator(".trouble").inner_text()
    assert page.locator("main img").count() == 0
    assert page.get_by_role("link", name="Lend a ladder").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_narrow_page(lessons: Any, window: Any, theme: str) -> None:
    page = window(width=380, theme=theme)
    for address in (lessons.url(), lessons.url(PAGE), f"{lessons.url(PAGE)}&procedure=agency"):
        open_lesson(page, address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 380, address
        assert not axe_troubles(page, "main"), address


def test_in_jupyterlab_one_chooses_on_the_page(fresh: Any, page: Any) -> None:
    page.goto(f"{fresh.base}/lab/tree/{PAGE}?token={fresh.token}", timeout=60_000)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.get_by_role("button", name="Python 3 (ipykernel)").first.wait_for(timeout=60_000)
    page.wait_for_selector("[data-status=idle]", timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    choose = page.get_by_role("button", name="Lend a ladder")
    choose.wait_for(timeout=60_000)
    choose.click()
    page.wait_for_selector(".jp-OutputArea .desk", state="attached", timeout=60_000)
    desk = DeskPage(page)
    desk.open("T-1")
    desk.fill({"height": 3})
    desk.hand_over()
    assert "Keeper" in desk.notice()
