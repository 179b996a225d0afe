"""Lesson 60 in a real browser, under Voila, with nothing from outside."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import axe_troubles, open_lesson
from tests.serving import serving

LESSON = "60_whose_customers.ipynb"
SHEN, REN, QIN = "U-07", "U-14", "U-17"


@pytest.fixture
def fresh(tmp_path: Any) -> Any:
    """A server with an empty home, so that each story begins on the first afternoon."""
    with serving(tmp_path / "home") as running:
        yield running


class Window:
    """A window on the CRM. Every action waits until the kernel has answered."""

    def __init__(self, page: Any, number: int = 0, inside: str = ".records") -> None:
        self.page = page
        self.view = page.locator(f".crmlab:has(> {inside})").nth(number)
        self.view.wait_for()

    def turn(self) -> int:
        return int(self.view.get_attribute("data-turn"))

    def answered(self, before: int) -> None:
        self.page.wait_for_function(
            "([node, turn]) => Number(node.dataset.turn) > turn",
            arg=[self.view.element_handle(), before],
        )

    def press(self, selector: str) -> None:
        before = self.turn()
        self.view.locator(selector).first.click()
        self.answered(before)

    def sit(self, person: str) -> None:
        self.press(f"[data-do=sit][data-person={person}]")

    def fill(self, form: str, **entries: str) -> None:
        for name, text in entries.items():
            self.view.locator(f"form[data-form={form}] [name={name}]").fill(text)

    def hand_in(self, form: str) -> None:
        self.press(f"form[data-form={form}] button[type=submit]")

    def rows(self) -> int:
        return int(self.view.locator("[id$=-listed] tbody tr").count())

    def trouble(self) -> str:
        return str(self.view.locator(".messages").nth(1).inner_text())

    def last(self) -> str:
        return str(self.view.locator(".last-line").inner_text())

    def key(self, key: str) -> None:
        """Press a key that makes the kernel answer."""
        before = self.turn()
        self.page.keyboard.press(key)
        self.answered(before)


def test_a_list_stays_where_it_is_and_what_was_done_is_on_record(fresh: Any, page: Any) -> None:
    open_lesson(page, fresh.url(LESSON))
    window, tasks = Window(page), Window(page, inside=".tasks")
    counted = []
    for person in (SHEN, REN, QIN):
        window.sit(person)
        window.hand_in("look")
        counted.append(window.rows())
    assert counted == sorted(set(counted)), "each sees more than the one before"

    window.sit(SHEN)
    window.press("[data-part=take]")
    window.fill("export", reason="To call four customers on Saturday.")
    window.hand_in("export")
    assert "ask the Sales manager" in window.trouble()
    assert "The rule: “Sales representative: Export”" in window.trouble()
    assert "denied" in window.last()
    assert not axe_troubles(page, "main")

    window.sit(REN)
    window.press("[data-part=take]")
    window.fill("export", reason="<b>Addresses</b> for the letter about the summer.")
    window.hand_in("export")
    assert f"{counted[1]} rows" in window.last()
    window.press("[data-part=trail]")
    window.press("[data-do=verify]")
    assert "all sound" in window.view.locator(".verdict").inner_text()
    assert "Reason: <b>Addresses</b>" in window.view.locator(".trail").inner_text()
    assert page.evaluate("document.activeElement.classList.contains('verdict')")
    window.press("[data-part=rules]")
    assert not axe_troubles(page, "main")

    for task in ("three_lists", "a_denial", "with_a_reason"):
        tasks.press(f"[data-do=check][data-task={task}]")
    assert "3 of 6 tasks done" in tasks.view.inner_text()
    # What was done is there again when the page is.
    open_lesson(page, fresh.url(LESSON))
    assert "3 of 6 tasks done" in Window(page, inside=".tasks").view.inner_text()
    assert "looked" in Window(page).last() or "exported" in Window(page).last()


def test_two_at_one_record_by_keyboard_on_a_narrow_page(fresh: Any, window: Any) -> None:
    page = window(width=380, theme="dark")
    open_lesson(page, fresh.url(LESSON))
    first, second = Window(page, 1), Window(page, 2)
    for screen in (first, second):
        screen.view.locator("[data-do=sit]").focus()
        screen.key("Enter")
        assert page.evaluate("document.activeElement.dataset.focus") == "seat"
        screen.view.locator("form[data-form=search] [name=text]").focus()
        page.keyboard.type("Ruian")
        screen.key("Enter")
        page.keyboard.press("Tab")
        screen.key("Enter")
        assert page.evaluate("document.activeElement.dataset.focus") == "record"
        screen.view.locator("[data-aspect=change]").focus()
        screen.key("Space")
    first.fill("change", contact="Lou Qing")
    first.hand_in("change")
    second.fill("change", phone="+86 100 0000 1828")
    second.hand_in("change")
    assert "'Contact' is now Lou Qing" in second.trouble()
    assert not axe_troubles(page, "main")
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    second.press("[data-do=fresh]")
    second.hand_in("change")
    said = second.view.inner_text()
    assert "Lou Qing" in said
    assert "+86 100 0000 1828" in said


def test_a_call_is_added_to_a_timeline_by_keyboard_on_a_narrow_page(
    fresh: Any, window: Any
) -> None:
    page = window(width=380, theme="dark")
    open_lesson(page, fresh.url(LESSON))
    records = Window(page)
    records.view.locator(f"[data-do=sit][data-person={SHEN}]").focus()
    records.key("Enter")
    records.view.locator("form[data-form=search] [name=text]").focus()
    page.keyboard.type("jinhe")
    records.key("Enter")
    page.keyboard.press("Tab")
    records.key("Enter")
    records.view.locator("[data-aspect=timeline]").focus()
    records.key("Enter")
    assert page.evaluate("document.activeElement.dataset.focus") == "aspect"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "channel"
    page.keyboard.type("V")
    page.keyboard.press("Tab")
    for _part in ("month", "day", "year", "hour", "minute", "half of the day", "calendar"):
        if page.evaluate("document.activeElement.name") == "at":
            page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "note"
    page.keyboard.press("Tab")
    records.key("Enter")
    assert page.evaluate("document.activeElement.name") == "note", "to what is missing"
    assert "'What was said' is missing." in records.view.inner_text()
    assert not axe_troubles(page, "main")
    page.keyboard.type("Ms Zhao showed me <b>her</b> new pump room.")
    page.keyboard.press("Tab")
    records.key("Enter")
    assert "It is on the timeline of CU-003 now." in records.view.inner_text()
    first = records.view.locator(".time li").first.inner_text()
    assert first.startswith("Visit Shen Jie, Sales representative")
    assert "Ms Zhao showed me <b>her</b> new pump room." in first
    assert not axe_troubles(page, "main")
    assert page.evaluate("document.documentElement.scrollWidth") <= 380


def test_at_the_end_there_is_a_card_to_hang_up(lessons: Any, page: Any) -> None:
    open_lesson(page, lessons.url(LESSON))
    card = page.locator(".crmlab:has(> .jobcard)")
    assert "Sales representative" in card.inner_text()
    assert not axe_troubles(page, "main")
