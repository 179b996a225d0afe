"""Lesson 20 in a real browser: a sale from the first mail to the call after delivery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmlab.practice.trial import case_for_trial, with_slip
from crmlab.procedures import load
from tests.browser import axe_troubles, open_lesson
from tests.lessons.desk_page import DeskPage, right_entries
from tests.serving import serving

LESSON = "20_from_lead_to_cash.ipynb"
SEATS = {name: step.seat for name, step in load("lead_to_cash").steps.items()}


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Any]:
    """A server with an empty home, so that each story begins on the first morning."""
    with serving(tmp_path / "home") as running:
        yield running


def at_the_desk(lessons: Any, page: Any) -> DeskPage:
    open_lesson(page, lessons.url(LESSON))
    return DeskPage(page)


def test_an_address_that_was_not_read_is_felt_at_the_desks_it_reaches(
    fresh: Any, page: Any
) -> None:
    procedure, case = load("lead_to_cash"), "L-2001"
    entries = right_entries(case, "lead_to_cash")
    entries["enter_order"] = {**entries["enter_order"], "ship_to": "record"}

    desk = at_the_desk(fresh, page)
    desk.open(case)
    taken = desk.play(entries, SEATS)
    assert set(taken) == set(procedure.seats) - {"sales_manager", "sales_director"}
    alone = with_slip(procedure, case_for_trial(procedure, case), "wrong_address")
    assert alone is not None
    expected = {felt.seat for felt in alone.felt}
    rows = desk.debrief_rows()
    assert {row["seat"] for row in rows if row["mistake"] == "wrong_address"} == expected
    assert len(expected) > 2
    assert not axe_troubles(page, "main")


def test_a_name_that_sounds_alike_is_offered_before_a_customer_is_created(
    lessons: Any, page: Any
) -> None:
    desk = at_the_desk(lessons, page)
    desk.open("L-2002")
    first = right_entries("L-2002", "lead_to_cash")["capture_lead"]
    desk.fill({**first, "company": "Haiyun Waterworks", "somebody_else": False})
    desk.hand_over()
    company = desk.form.locator("[name=company]")
    assert company.get_attribute("aria-invalid") == "true"
    error = page.locator(f"#{company.get_attribute('aria-describedby').split()[-1]}")
    assert "CU-007" in error.inner_text()
    desk.fill(first)
    desk.hand_over()
    assert "Qualify" in desk.step()


def test_what_is_typed_is_there_again_when_the_page_is_loaded_again(fresh: Any, page: Any) -> None:
    desk = at_the_desk(fresh, page)
    desk.open("L-2001")
    desk.fill({"company": "Half a na", "need": "Six pumps, and"})  # and nothing is pressed
    desk = loaded_again(page)
    assert "Capture" in desk.step()
    assert desk.form.locator("[name=company]").input_value() == "Half a na"
    assert desk.form.locator("[name=need]").input_value() == "Six pumps, and"
    assert desk.notice() == "The form is as you left it."
    assert page.evaluate("document.activeElement.closest('.step-card') !== null")
    assert desk.view.locator(".step-card h3").evaluate(IN_SIGHT)
    desk.fill(right_entries("L-2001", "lead_to_cash")["capture_lead"])
    desk.hand_over()
    kept = page.evaluate("JSON.stringify(Object.values(sessionStorage))")
    assert "L-2001" in kept
    assert "Six pumps" not in kept
    assert "Qualify" in loaded_again(page).step()


IN_SIGHT = """node => {
    const { top, bottom } = node.getBoundingClientRect();
    return top >= 0 && bottom <= window.innerHeight;
}"""


def loaded_again(page: Any) -> DeskPage:
    """The page as it is after a reload, with the case that was open."""
    page.reload(wait_until="commit")
    page.wait_for_selector("html[data-state=ready]")
    page.wait_for_selector(".case-about")
    return DeskPage(page)
