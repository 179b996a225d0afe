"""Lesson 21, prices and who agrees to them: at its desk, and in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crmlab.crm.store.sandbox import open_sandbox
from crmlab.learning.bank import load_bank
from crmlab.learning.outcome import State
from crmlab.learning.progress import Progress
from crmlab.learning.runs import watcher
from crmlab.learning.tasks import check_at_desk
from crmlab.practice.session import Practice
from crmlab.practice.worlds import two_worlds
from crmlab.procedures import load
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Raw
from crmlab.procedures.walk import right_fields
from crmlab.widgets import BreakIt, Desk, Quiz
from tests.browser import axe_troubles, open_lesson
from tests.lessons.desk_page import DeskPage, right_entries
from tests.lessons.dial_page import DialPage
from tests.serving import serving

LESSON = "21_when_a_price_needs_approval.ipynb"
SALE = load("lead_to_cash")
CASES = ["L-2003", "L-2004", "L-2005"]
SEATS = ["sales_representative", "sales_manager", "sales_director", "general_manager"]


class Desk21:
    """The desk of the lesson without a browser, and what its tasks say."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self.progress = progress
        self.practice = Practice(
            SALE, open_sandbox("desk", folder=folder), seats=SEATS, cases=CASES
        )
        self.practice.open_all()
        self.watch = watcher("21", progress, [self.practice])

    def carry_on(self, case: str, **otherwise: dict[str, Raw]) -> Case:
        """Carry a case to its close with the right entries, but for those given by step."""
        now = self.practice.case(case)
        while now.step is not None:
            other = otherwise.pop(now.step, {})
            fields = {**right_fields(SALE, now), **other}
            now = self.practice.hand_over(now, fields).case
            self.watch(self.practice, now, {})
        return now

    def task(self, name: str) -> State:
        bank = load_bank("lesson_21")
        parts = [self.practice]
        return check_at_desk(bank.tasks[name], bank.procedures, self.progress, "21", parts).state


@pytest.fixture
def at_work(tmp_path: Path, progress: Progress) -> Desk21:
    return Desk21(tmp_path, progress)


@pytest.mark.parametrize(("case", "signers"), list(zip(CASES, (1, 2, 3), strict=True)))
def test_from_the_quote_on_a_case_passes_those_who_must_agree_and_costs_nobody(
    at_work: Desk21, case: str, signers: int
) -> None:
    assert at_work.practice.case(case).step == "quote"
    closed = at_work.carry_on(case)
    passed = [visit.step for visit in closed.visits if visit.step.startswith("approve")]
    assert (
        passed
        == [
            "approve_by_manager",
            "approve_by_director",
            "approve_by_general_manager",
        ][:signers]
    )
    assert (closed.slips, closed.felt, closed.sent_back) == ([], [], [])


def test_the_tasks_are_done_by_doing_what_their_solutions_say(at_work: Desk21) -> None:
    names = ["one_signature", "three_signatures", "nobody_pays", "unaided"]
    assert {at_work.task(name) for name in names} == {State.NOT_TRIED}
    at_work.carry_on("L-2003")
    assert (at_work.task("one_signature"), at_work.task("unaided")) == (
        State.RIGHT,
        State.NOT_RIGHT,
    )
    at_work.carry_on("L-2005")
    assert [at_work.task(name) for name in names] == [State.RIGHT] * 4


def test_the_printout_can_be_quoted_from_on_purpose(at_work: Desk21) -> None:
    assert at_work.task("old_price") is State.NOT_TRIED
    at_work.carry_on("L-2003", quote={"unit_price": "5700", "offered_as": "subject"})
    assert at_work.task("old_price") is State.RIGHT
    assert at_work.task("nobody_pays") is State.NOT_RIGHT


def test_a_price_that_gives_away_too_much_is_sent_back_to_the_quote(at_work: Desk21) -> None:
    case = at_work.practice.case("L-2003")
    case = at_work.practice.hand_over(case, {**right_fields(SALE, case), "unit_price": "5620"}).case
    assert case.step == "approve_by_manager"
    case = at_work.practice.send_back(case, "quote", "They ask for ¥5,664.").case
    at_work.watch(at_work.practice, case, {})
    assert at_work.task("sent_back") is State.RIGHT
    closed = at_work.carry_on("L-2003")
    assert closed.felt == []


def test_the_break_begins_with_what_the_text_says_and_offers_the_late_ones() -> None:
    view = BreakIt(SALE, "L-2005", "general_manager_signs_unread")
    assert view.mistake == "general_manager_signs_unread"
    assert {"general_manager_agrees_late", "manager_signs_unread"} <= set(view.ended)


def test_what_the_text_says_of_the_worlds_holds() -> None:
    cases = ["L-2001", "L-2002", "L-2003", "L-2004", "L-2005", "L-2006"]
    played = {o.case.case_id: o for o in two_worlds(SALE, cases, "sign_everything")}
    at_list = [case for case, order in played.items() if not order.now.seats]
    assert at_list == ["L-2001", "L-2002", "L-2006"]
    assert all(played[case].days_saved > 2 for case in at_list), "on the third day"
    assert played["L-2005"].days_saved == 0
    facts = played["L-2005"].case.facts
    price, listed, cost = (float(str(facts[x])) for x in ("price", "list_price", "cost"))
    assert round(100 * (listed - cost) / listed) == 30
    assert 0.45 < (listed - price) / (listed - cost) < 0.55, "half of what we would have kept"
    assert 24 * (listed - price) == 21_456
    assert 2 * (listed - price) == 1_788


def test_every_question_can_be_asked() -> None:
    assert len(Quiz("21").questions) == 11


def test_a_dial_is_turned_by_keyboard_and_by_mouse_and_stays_in_hand(
    lessons: Any, page: Any
) -> None:
    open_lesson(page, lessons.url(LESSON))
    price = DialPage(page, "dials")
    assert price.seen(".zone") == ["M D G", "M D", "M", "–"]

    # One step at a time, faster than the kernel answers: none is lost, and the focus stays.
    price.press("fact.price", *["ArrowLeft"] * 9)
    assert price.shown("fact.price") == "¥5,942"
    assert price.sentence().startswith("One desk comes before “Win the order”: Sales manager.")
    assert page.evaluate("document.activeElement.name") == "fact.price"
    price.press("fact.price", "Home")
    assert price.shown("fact.price") == "¥4,800"
    assert price.sentence().startswith("3 desks come before “Win the order”: ")
    assert len(price.seen(".way-on li")) == 4

    # Dragged, it follows the hand.
    price.drag("fact.price", 1.0)
    assert price.shown("fact.price") == "¥6,200"
    assert price.sentence().startswith("It goes straight to “Win the order”")
    assert price.seen(".zone.here") == ["–"]
    price.view.get_by_role("button", name="Back to how it was").click()
    page.wait_for_function("document.querySelector('[name=\"fact.price\"]').value === '5960'")

    month = DialPage(page, "worlds")
    before = month.sentence()
    month.press("orders", "End")
    assert month.shown("orders") == "500"
    assert month.sentence() != before
    assert "500 orders" in month.sentence()
    assert not axe_troubles(page, "main")


def test_a_price_that_one_has_to_agree_to_goes_through_in_the_browser(
    tmp_path: Any, page: Any
) -> None:
    entries = right_entries("L-2003", "lead_to_cash")
    mine = ["quote", "approve_by_manager", "win_order", "sign_invoice", "follow_up"]
    with serving(tmp_path / "home") as running:
        open_lesson(page, running.url(LESSON))
        desk = DeskPage(page)
        desk.open("L-2003")
        desk.play(
            {step: entries[step] for step in mine}, {n: s.seat for n, s in SALE.steps.items()}
        )
        assert "Nothing slipped" in desk.view.locator(".debrief .why").inner_text()
        page.goto("about:blank")


def test_the_desk_of_the_lesson_seats_those_who_offer_and_those_who_agree(tmp_path: Path) -> None:
    desk = Desk(SALE, sandbox=open_sandbox("seats", folder=tmp_path), cases=CASES, seats=SEATS)
    text = desk.text()
    assert all(case in text for case in CASES)
    assert desk.practice.seats == SEATS
