"""Lesson 10 in a real browser, under Voila, with nothing from outside."""

from __future__ import annotations

import re
from typing import Any

import pytest

from crmlab.practice.trial import case_for_trial, with_slip
from crmlab.procedures import load
from tests.browser import axe_troubles, open_lesson
from tests.lessons.desk_page import DeskPage, right_entries
from tests.serving import serving

LESSON = "10_one_complaint_five_desks.ipynb"
CASE = "C-1042"
SEATS = {name: step.seat for name, step in load("complaint").steps.items()}


@pytest.fixture
def fresh(tmp_path: Any) -> Any:
    """A server with an empty home, so that each story begins on the first morning."""
    with serving(tmp_path / "home") as running:
        yield running


def at_the_desk(lessons: Any, page: Any) -> DeskPage:
    open_lesson(page, lessons.url(LESSON))
    desk = DeskPage(page)
    desk.open(CASE)
    return desk


def test_a_complaint_goes_through_five_seats_to_a_closed_case(fresh: Any, page: Any) -> None:
    desk = at_the_desk(fresh, page)
    taken = desk.play(right_entries(CASE), SEATS)
    assert set(taken) == set(load("complaint").seats)
    assert "closed" in desk.view.locator(".case-about").inner_text()
    assert "Nothing slipped" in desk.view.locator(".debrief .why").inner_text()
    assert desk.debrief_rows() == []
    assert not axe_troubles(page, "main")

    # What was done is there again when the page is.
    open_lesson(page, fresh.url(LESSON))
    again = DeskPage(page)
    assert again.view.locator(f".inbox [data-case={CASE}]").inner_text().startswith(CASE)
    again.open(CASE)
    assert "Nothing slipped" in again.view.locator(".debrief .why").inner_text()


def test_three_slips_are_found_costed_at_the_seats_that_suffer(fresh: Any, page: Any) -> None:
    procedure = load("complaint")
    slips = ("wrong_batch", "no_acknowledgement", "symptom_for_cause")
    entries = right_entries(CASE)
    facts = case_for_trial(procedure, CASE).facts
    for slip in slips:
        mistake = procedure.mistakes[slip]
        for name, value in mistake.example.items():
            known = facts[value.fact] if getattr(value, "fact", None) else value
            entries[mistake.step] = {**entries[mistake.step], name: known}
    # The warehouse blocks what the complaint says.
    entries["contain"] = {**entries["contain"], "batch_blocked": entries["register"]["batch_no"]}

    desk = at_the_desk(fresh, page)
    desk.play(entries, SEATS)
    rows = desk.debrief_rows()
    for slip in slips:
        alone = with_slip(procedure, case_for_trial(procedure, CASE), slip)
        assert alone is not None
        expected = {felt.seat for felt in alone.felt}
        found = {row["seat"] for row in rows if row["mistake"] == slip}
        assert found == expected, slip
    for row in rows:
        consequences = procedure.mistakes[row["mistake"]].consequences
        told = [c for c in consequences if c.seat == row["seat"]]
        assert row["hours"] in {f"{c.hours:,.1f}" for c in told}
        assert row["cost"] in {f"{c.cost:,.0f}" for c in told}
    assert any(float(row["hours"]) > 0 for row in rows)


def test_a_missing_field_is_refused_by_name_beside_it(lessons: Any, page: Any) -> None:
    desk = at_the_desk(lessons, page)
    desk.fill({"description": "<b>water</b>'; DROP TABLE cases;--"})
    desk.hand_over()
    batch = desk.form.locator("[name=batch_no]")
    assert batch.get_attribute("aria-invalid") == "true"
    error = page.locator(f"#{batch.get_attribute('aria-describedby').split()[-1]}")
    assert "Batch number" in error.inner_text()
    assert "Not handed in yet" in desk.trouble()
    # What was typed is still there, as text.
    assert desk.form.locator("[name=description]").input_value().startswith("<b>water</b>")
    assert page.evaluate("document.activeElement.name") == "line_id"


def test_a_second_window_is_told_and_overwrites_nothing(fresh: Any, window: Any) -> None:
    entries = right_entries(CASE)
    first, second = (at_the_desk(fresh, window()) for _ in range(2))
    first.fill(entries["register"])
    second.fill({**entries["register"], "description": "Written in the second window."})
    first.hand_over()
    second.hand_over()
    assert "another window" in second.trouble()
    assert "nothing was overwritten" in second.trouble()
    assert "Acknowledge" in second.step()


def test_by_keyboard_alone(fresh: Any, page: Any) -> None:
    open_lesson(page, fresh.url(LESSON))
    desk = DeskPage(page)
    keyboard = Keyboard(page, desk)
    keyboard.go_to("[data-do=open][data-case=C-1042]")
    keyboard.press("Enter")
    for step, entries in right_entries(CASE).items():
        keyboard.go_to(f"[data-do=sit][data-seat={SEATS[step]}]")
        keyboard.press("Enter")
        for name, value in entries.items():
            if value is None:
                continue
            keyboard.go_to(f"form[data-form=step] [name={name}]")
            keyboard.enter(value)
        keyboard.go_to("form[data-form=step] button[type=submit]")
        keyboard.press("Enter")
    assert "Nothing slipped" in desk.view.locator(".debrief .why").inner_text()


class Keyboard:
    """Tab, letters, arrows and Enter, and nothing else. Focus has to be visible all the way."""

    def __init__(self, page: Any, desk: DeskPage) -> None:
        self.page, self.desk = page, desk

    def go_to(self, selector: str) -> None:
        wanted = self.desk.view.locator(selector).first
        wanted.wait_for()
        goal = wanted.element_handle()
        ahead = self.page.evaluate(
            "goal => { const here = document.activeElement;"
            " return here === document.body || !!(here.compareDocumentPosition(goal) & 4); }",
            goal,
        )
        for _count in range(300):
            if self.page.evaluate("goal => document.activeElement === goal", goal):
                assert self.page.evaluate(
                    "() => { const style = getComputedStyle(document.activeElement);"
                    " return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2; }"
                ), f"focus on {selector} cannot be seen"
                return
            self.page.keyboard.press("Tab" if ahead else "Shift+Tab")
        pytest.fail(f"{selector} cannot be reached with Tab")

    def press(self, key: str) -> None:
        before = self.desk.turn()
        self.page.keyboard.press(key)
        self.desk.answered(before)

    def enter(self, value: Any) -> None:
        here = self.page.evaluate_handle("document.activeElement")
        kind = self.page.evaluate("node => node.tagName + ' ' + node.type", here)
        if kind.startswith("SELECT"):
            text = {True: "yes", False: "no"}.get(value, str(value))
            for _count in range(20):
                if self.page.evaluate("node => node.value", here) == text:
                    return
                self.page.keyboard.press("ArrowDown")
            pytest.fail(f"{text} is not among the choices")
        elif kind.endswith("date"):
            year, month, day = str(value).split("-")
            self.page.keyboard.type(f"{month}{day}{year}")
        else:
            self.page.keyboard.type(str(value))


def test_every_text_of_the_desk_passes_through_translation(pseudo_lessons: Any, page: Any) -> None:
    desk = at_the_desk(pseudo_lessons, page)
    desk.press("[data-do=hint]")
    desk.hand_over()  # errors are texts too
    texts = page.evaluate(TEXTS_OF_THE_PAGE)
    assert len(texts) > 100
    outside = [text for text in texts if re.search(r"[^\W\d_]{2,}", without_brackets(text))]
    assert not outside, outside[:20]


TEXTS_OF_THE_PAGE = """() => {
  const root = document.querySelector("main");
  const found = [];
  for (const node of root.querySelectorAll("*")) {
    if (node.closest("script, style, svg, [translate=no]")) continue;
    for (const name of ["aria-label", "title", "placeholder"])
      if (node.hasAttribute(name)) found.push(node.getAttribute(name));
    const own = [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    // A sentence with emphasis in it is one text: it is read from its block.
    if (!own || getComputedStyle(node).display === "inline") continue;
    const copy = node.cloneNode(true);
    for (const raw of copy.querySelectorAll("[translate=no], script, style")) raw.remove();
    found.push(copy.textContent);
  }
  for (const node of root.querySelectorAll("svg text"))
    if (!node.closest("[translate=no]")) found.push(node.textContent);
  return found;
}"""


BRACKETED = re.compile("\u27e6[^\u27e6\u27e7]*\u27e7")


def without_brackets(text: str) -> str:
    """What is left of a text when all that passed through translation is taken away."""
    before = ""
    while before != text:
        before, text = text, BRACKETED.sub("", text)
    return text
