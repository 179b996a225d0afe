"""Lesson 22, credit limits: at its desk, and in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crmlab.crm import tables
from crmlab.crm.store.sandbox import open_sandbox
from crmlab.learning.bank import load_bank
from crmlab.learning.outcome import State
from crmlab.learning.progress import Progress
from crmlab.learning.runs import watcher
from crmlab.learning.tasks import check_at_desk
from crmlab.practice.session import Practice
from crmlab.practice.trial import case_for_trial
from crmlab.procedures import load
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Raw
from crmlab.procedures.walk import right_fields
from crmlab.widgets import BreakIt, Quiz
from tests.browser import axe_troubles, open_lesson
from tests.lessons.desk_page import DeskPage, right_entries
from tests.lessons.dial_page import DialPage
from tests.serving import serving

LESSON = "22_credit_limits.ipynb"
SALE = load("lead_to_cash")
CASES = ["L-2006", "L-2005"]
SEATS = ["inside_sales", "finance_controller"]


class Desk22:
    """The desk of the lesson without a browser, and what its tasks say."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self.progress = progress
        self.practice = Practice(
            SALE, open_sandbox("desk", folder=folder), seats=SEATS, cases=CASES
        )
        self.practice.open_all()
        self.watch = watcher("22", progress, [self.practice])

    def carry_on(self, case: str, **otherwise: dict[str, Raw]) -> Case:
        """Carry a case to its close with the right entries, but for those given by step."""
        now = self.practice.case(case)
        while now.step is not None:
            other = otherwise.pop(now.step, {})
            fields = {**right_fields(SALE, now), **other}
            now = self.practice.hand_over(now, fields).case
            self.watch(self.practice, now, {})
        return now

    def credit(self, case: Case) -> str:
        with self.practice.sandbox.read() as session:
            return session.get_one(tables.Order, case.records["order"]).credit

    def task(self, name: str) -> State:
        bank = load_bank("lesson_22")
        parts = [self.practice]
        return check_at_desk(bank.tasks[name], bank.procedures, self.progress, "22", parts).state


@pytest.fixture
def at_work(tmp_path: Path, progress: Progress) -> Desk22:
    return Desk22(tmp_path, progress)


def test_ninety_and_twenty_is_held_waits_and_is_released(at_work: Desk22) -> None:
    case = at_work.practice.case("L-2006")
    assert case.step == "enter_order"
    case = at_work.practice.hand_over(case, right_fields(SALE, case)).case
    assert (case.step, at_work.credit(case)) == ("release_credit", "held")
    case = at_work.practice.hand_over(case, right_fields(SALE, case)).case
    assert (case.step, at_work.credit(case)) == ("release_credit", "held")
    closed = at_work.carry_on("L-2006")
    assert at_work.credit(closed) == "released"
    assert (closed.slips, closed.felt, closed.sent_back) == ([], [], [])


def test_the_two_held_orders_have_two_right_answers(at_work: Desk22) -> None:
    waited = at_work.carry_on("L-2006")
    released = at_work.carry_on("L-2005")
    assert len(waited.visits_to("release_credit")) == 2
    assert len(released.visits_to("release_credit")) == 1
    assert waited.values["release_credit"]["basis"] == "money"
    assert released.values["release_credit"]["basis"] == "security"
    assert [*waited.slips, *released.slips] == []


def test_the_tasks_are_done_by_doing_what_their_solutions_say(at_work: Desk22) -> None:
    names = ["ninety_and_twenty", "with_a_guarantee", "nobody_pays", "unaided"]
    assert {at_work.task(name) for name in names} == {State.NOT_TRIED}
    at_work.carry_on("L-2006")
    assert at_work.task("ninety_and_twenty") is State.RIGHT
    assert at_work.task("unaided") is State.NOT_RIGHT
    at_work.carry_on("L-2005")
    assert [at_work.task(name) for name in names] == [State.RIGHT] * 4


def test_a_release_without_a_reason_can_be_made_on_purpose(at_work: Desk22) -> None:
    assert at_work.task("without_a_reason") is State.NOT_TRIED
    release: dict[str, Raw] = {
        "decision": "release",
        "basis": "feeling",
        "reason": "OK",
        "up_to": "20000",
    }
    at_work.carry_on("L-2006", release_credit=release)
    assert at_work.task("without_a_reason") is State.RIGHT
    assert at_work.task("unaided") is State.NOT_RIGHT


def test_the_break_begins_with_what_the_text_says_and_offers_the_late_ones() -> None:
    view = BreakIt(SALE, "L-2006", "released_on_a_promise")
    assert view.mistake == "released_on_a_promise"
    assert {"late_release", "nobody_signs", "payment_booked_late"} <= set(view.ended)


def test_the_numbers_in_the_text_are_those_of_the_case() -> None:
    facts = case_for_trial(SALE, "L-2006").facts
    assert [float(str(facts[name])) for name in ("open_receivables", "open_orders")] == [
        62_000,
        28_000,
    ]
    price, cost, pieces = (float(str(facts[x])) for x in ("price", "cost", "quantity"))
    assert pieces * price == 20_000
    assert price - cost == 210
    assert pieces * cost == 14_750
    assert 70 <= pieces * cost / (price - cost) <= 71, "some seventy valves"


def test_every_question_can_be_asked() -> None:
    assert len(Quiz("22").questions) == 11


def test_the_five_things_to_try_come_out_as_the_lesson_says(lessons: Any, page: Any) -> None:
    open_lesson(page, lessons.url(LESSON))
    credit = DialPage(page, "dials")
    held, free = "“Decide on a held order”", "“Pick and ship”"
    assert held in credit.sentence()

    def back() -> None:
        before = int(credit.view.get_attribute("data-turn"))
        credit.view.get_by_role("button", name="Back to how it was").click()
        page.wait_for_function(
            "([node, turn]) => Number(node.dataset.turn) > turn",
            arg=[credit.view.element_handle(), before],
        )
        assert held in credit.sentence()

    def turn(name: str, value: int) -> None:
        dial = credit.dial(name)
        now, by = int(dial.input_value()), int(float(dial.get_attribute("step")))
        key = "ArrowRight" if value > now else "ArrowLeft"
        credit.press(name, *[key] * (abs(value - now) // by))
        assert dial.input_value() == str(value)

    turn("quantity", 13)
    assert held in credit.sentence()
    turn("quantity", 12)
    assert free in credit.sentence()
    back()
    credit.press("fact.open_receivables", "Home")
    assert free in credit.sentence()
    assert credit.seen(".sum .result dd")[0] == "= ¥48,000"
    back()
    credit.press("fact.open_orders", "Home")
    turn("fact.open_receivables", 90_000)
    assert credit.seen(".sum .result dd")[0] == "= ¥110,000"
    assert held in credit.sentence()
    back()
    for name in ("fact.credit_limit", "fact.open_receivables", "fact.open_orders", "quantity"):
        credit.press(name, "Home")
    assert held in credit.sentence()
    back()
    credit.press("fact.credit_limit", "End")
    turn("fact.overdue_days", 30)
    assert free in credit.sentence()
    turn("fact.overdue_days", 31)
    assert held in credit.sentence()
    assert not axe_troubles(page, "main")


def test_a_held_order_goes_through_in_the_browser(tmp_path: Any, page: Any) -> None:
    entries = right_entries("L-2006", "lead_to_cash")
    wait: dict[str, Raw] = {
        "decision": "wait_for_payment",
        "basis": "promise",
        "reason": "They transfer today; waiting costs nothing.",
        "paid_now": "0",
        "up_to": "0",
    }
    with serving(tmp_path / "home") as running:
        open_lesson(page, running.url(LESSON))
        desk = DeskPage(page)
        desk.open("L-2006")
        desk.fill(entries["enter_order"])
        desk.hand_over()
        desk.sit("finance_controller")
        assert "¥110,000" in desk.view.locator(".evidence").inner_text()
        desk.fill(wait)
        desk.hand_over()
        assert "¥62,000" in desk.view.locator(".evidence").inner_text()
        desk.fill(entries["release_credit"])
        desk.hand_over()
        for step in ("invoice", "collect_payment"):
            desk.fill(entries[step])
            desk.hand_over()
        assert "Nothing slipped" in desk.view.locator(".debrief .why").inner_text()
        page.goto("about:blank")
