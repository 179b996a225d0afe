"""Lesson 11, what my slip does to others: at its desk, at its dials, and in a real browser."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from crmlab.crm.store.sandbox import open_sandbox
from crmlab.learning.bank import load_bank
from crmlab.learning.outcome import State
from crmlab.learning.progress import Progress
from crmlab.learning.runs import watcher
from crmlab.learning.tasks import check_at_desk
from crmlab.practice.session import Practice
from crmlab.practice.trial import case_for_trial, slips_possible, with_slip
from crmlab.procedures import load
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import holds
from crmlab.procedures.walk import right_fields, wrong_fields
from crmlab.procedures.world import CaseWorld
from crmlab.simulation.what_if import Habit
from crmlab.widgets import BreakIt, Quiz, WhatIf
from crmlab.widgets.habit import DAYS, PAIRS
from tests.browser import axe_troubles, open_lesson
from tests.lessons.dial_page import DialPage
from tests.serving import ROOT

LESSON = "11_what_my_slip_does_to_others.ipynb"
COMPLAINT = load("complaint")
SEATS = ["service_agent", "quality_engineer"]
AT_THE_DESK = ["C-1047", "C-1042"]
IN_THE_COMPANY = ["C-1042", "C-1039", "C-1044", "C-1047"]
TEXT = "\n".join(
    "".join(cell["source"])
    for cell in json.loads((ROOT / "notebooks" / LESSON).read_text(encoding="utf-8"))["cells"]
)


class Desk11:
    """The desk of the lesson without a browser, and what its tasks say."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self.progress = progress
        self.practice = Practice(
            COMPLAINT, open_sandbox("desk", folder=folder), seats=SEATS, cases=AT_THE_DESK
        )
        self.practice.open_all()
        self.watch = watcher("11", progress, [self.practice])

    def carry_on(self, name: str, slip: str | None = None) -> Case:
        """Carry a case to its close, with a slip where it can be made first."""
        now = self.practice.case(name)
        while now.step is not None:
            fields = right_fields(COMPLAINT, now)
            if slip is not None and COMPLAINT.mistakes[slip].step == now.step:
                fields, slip = wrong_fields(COMPLAINT, now, slip), None
            now = self.practice.hand_over(now, fields).case
            self.watch(self.practice, now, {})
        return now

    def task(self, name: str) -> State:
        bank = load_bank("lesson_11")
        parts = [self.practice]
        return check_at_desk(bank.tasks[name], bank.procedures, self.progress, "11", parts).state


@pytest.fixture
def at_work(tmp_path: Path, progress: Progress) -> Desk11:
    return Desk11(tmp_path, progress)


def test_the_first_task_is_done_by_a_case_without_a_slip(at_work: Desk11) -> None:
    names = list(load_bank("lesson_11").tasks)
    assert {at_work.task(name) for name in names} == {State.NOT_TRIED}
    closed = at_work.carry_on("C-1047")
    assert (closed.slips, closed.felt) == ([], [])
    assert at_work.task("home_safely") is State.RIGHT


def test_a_slip_in_the_dairy_s_case_is_met_by_the_one_who_made_it(at_work: Desk11) -> None:
    closed = at_work.carry_on("C-1047", "wrong_batch")
    assert closed.values["register"]["batch_no"] == "K-5170"
    assert {felt.seat for felt in closed.felt} == {"quality_engineer", "service_manager"}
    assert at_work.task("let_it_travel") is State.RIGHT
    assert at_work.task("home_safely") is State.NOT_RIGHT


def test_a_slip_can_be_sent_back_from_the_second_desk(at_work: Desk11) -> None:
    practice = at_work.practice
    case = practice.case("C-1042")
    case = practice.hand_over(case, wrong_fields(COMPLAINT, case, "wrong_batch")).case
    assert case.values["register"]["batch_no"] == "B-2203"
    while case.step != "assess":
        case = practice.hand_over(case, right_fields(COMPLAINT, case)).case
    case = practice.send_back(case, "register", "The plate on the photo reads B-2230.").case
    at_work.watch(practice, case, {})
    closed = at_work.carry_on("C-1042")
    assert closed.values["register"]["batch_no"] == "B-2230"
    assert at_work.task("send_it_back") is State.RIGHT


def test_what_is_not_sent_back_in_c_1042_a_colleague_sees(at_work: Desk11) -> None:
    closed = at_work.carry_on("C-1042", "wrong_batch")
    assert [back.seat for back in closed.sent_back] == ["warehouse_lead"]
    assert closed.felt == []


def test_parts_that_nobody_asked_for_travel_to_the_end(at_work: Desk11) -> None:
    closed = at_work.carry_on("C-1042", "parts_not_kept")
    assert {felt.seat for felt in closed.felt} == {"quality_engineer", "account_manager"}
    assert at_work.task("the_parts") is State.RIGHT


def test_every_question_can_be_asked() -> None:
    assert len(Quiz("11").questions) == 11


def test_the_four_who_lose_hours_are_those_of_the_text() -> None:
    told = with_slip(COMPLAINT, case_for_trial(COMPLAINT, "C-1042"), "wrong_batch")
    assert told is not None
    assert {felt.seat for felt in told.felt} == set(COMPLAINT.seats) - {"service_agent"}
    dairy = with_slip(COMPLAINT, case_for_trial(COMPLAINT, "C-1047"), "wrong_batch")
    assert dairy is not None
    assert len({felt.seat for felt in dairy.felt}) == 2


def test_the_notebook_names_what_exists() -> None:
    view = BreakIt(COMPLAINT, "C-1042", "wrong_batch")
    assert view.mistake == "wrong_batch"
    told = {
        "wrong_batch": "service_agent",
        "parts_not_kept": "service_agent",
        "invalid_claim_promised": "service_agent",
        "closed_without_word": "service_manager",
    }
    for slip, seat in told.items():
        mistake = COMPLAINT.mistakes[slip]
        assert f"*{mistake.title}*" in TEXT
        assert COMPLAINT.steps[mistake.step].seat == seat
    assert "*Take the slip that I made at the desk*" in TEXT
    assert (DAYS, PAIRS) == (90, 80)


# The dials


@pytest.fixture(scope="module")
def dials() -> WhatIf:
    return WhatIf(COMPLAINT, "wrong_batch", cases=IN_THE_COMPANY)


@pytest.fixture(autouse=True)
def _as_they_stood(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whoever has turned the dials leaves them as they were."""
    yield
    if "dials" in request.fixturenames:
        turned(request.getfixturevalue("dials"), "wrong_batch")


NUMBER = re.compile(r"[-+\u2212]?\d[\d,.]*")


def _float(shown: str) -> float:
    return float(shown.replace(",", "").replace("\u2212", "-"))


class Told:
    """What the view says, as it is read on the page."""

    def __init__(self, html: str) -> None:
        self.soup = BeautifulSoup(html, "html.parser")
        said = self.soup.select_one("[role=status]")
        assert said is not None
        self.sentence = " ".join(said.get_text(" ").split())

    def row(self, title: str) -> tuple[float, float, float]:
        """The difference of a figure or a seat, and the ends of its interval, as they are shown."""
        for row in self.soup.select("tbody tr"):
            heading, more, span = (row.select_one(x) for x in ("th", "strong", ".small"))
            assert heading is not None
            assert more is not None
            assert span is not None
            if heading.get_text(" ").split()[-len(title.split()) :] == title.split():
                mean, low, high = NUMBER.findall(f"{more.get_text()} {span.get_text()}")
                return _float(mean), _float(low), _float(high)
        raise AssertionError(title)

    def pale(self) -> list[str]:
        """The figures and seats whose difference is drawn as one that could be chance."""
        rows = self.soup.select("tbody tr:has(.unclear) th")
        return [" ".join(row.get_text(" ").split()) for row in rows]


def turned(view: WhatIf, slip: str, often: int = 20, notices: int = 50) -> Told:
    view.do_choose({"mistake": {"mistake": slip}})
    view.do_turn({"dials": {"often": str(often), "notices": str(notices)}})
    view.draw()
    return Told(view.view["html"])


AGENT, ENGINEER, ACCOUNT = "Service agent", "Quality engineer", "Account manager"
HOURS, COST, LOST = "Working hours of all seats", "Extra cost, CNY", "Customers lost"


def test_at_first_most_hours_are_those_of_others(dials: WhatIf) -> None:
    told = turned(dials, "wrong_batch")
    assert "55 working hours more, surely between 49 and 61, and ¥13,118" in told.sentence
    assert round(told.row(AGENT)[0]) == 8
    assert "55 working hours in a quarter, surely between 49 and 61, and ¥13,118" in TEXT


def test_without_the_habit_nothing_differs(dials: WhatIf) -> None:
    told = turned(dials, "wrong_batch", often=0)
    assert "no difference that could be told from chance" in told.sentence
    for row in told.soup.select("tbody strong"):
        assert _float(row.get_text()) == 0


def test_twice_as_often_costs_twice_as_much(dials: WhatIf) -> None:
    told = turned(dials, "wrong_batch", often=40)
    assert "109 working hours more, surely between 101 and 118, and ¥26,334" in told.sentence
    days = "Working days from opening to close"
    assert told.row(days)[0] == 0.33
    assert turned(dials, "wrong_batch").row(days)[0] == 0.17
    rare = turned(dials, "wrong_batch", often=5)
    assert "11 working hours more" in rare.sentence
    assert rare.row(HOURS) == (11, 8, 14)


def test_attention_saves_more_than_it_costs(dials: WhatIf) -> None:
    all_see = turned(dials, "wrong_batch", notices=100)
    assert "13 working hours more" in all_see.sentence
    assert "¥278. The largest share falls on: Service agent." in all_see.sentence
    nobody_sees = turned(dials, "wrong_batch", notices=0)
    assert "194 working hours more" in nobody_sees.sentence
    assert "¥54,870" in nobody_sees.sentence
    hours = [round(told.row(ENGINEER)[0]) for told in (all_see, nobody_sees)]
    assert hours == [3, 78]


def test_a_habit_can_cost_others_everything_and_its_own_desk_nothing(dials: WhatIf) -> None:
    told = turned(dials, "closed_without_word")
    assert "84 working hours more" in told.sentence
    assert round(told.row(ACCOUNT)[0]) == 52
    assert told.row("Service manager")[0] < 1
    assert told.row(LOST) == (3.62, 3.20, 4.05)


def test_what_cannot_be_told_at_five_can_be_at_fifty(dials: WhatIf) -> None:
    rare = turned(dials, "wrong_batch", often=5)
    assert rare.row(LOST) == (0.05, -0.01, 0.11)
    often = turned(dials, "wrong_batch", often=50)
    assert often.row(LOST) == (0.60, 0.43, 0.77)


def test_what_cannot_be_told_from_chance_is_drawn_pale(dials: WhatIf) -> None:
    assert turned(dials, "wrong_batch", often=5).pale() == ["Customers who complain again", LOST]
    assert turned(dials, "wrong_batch", often=50).pale() == []


def test_the_three_habits_to_choose_from_cost_what_the_text_says(dials: WhatIf) -> None:
    ends: dict[str, list[tuple[float, float]]] = {HOURS: [], COST: []}
    for slip in ("wrong_batch", "parts_not_kept", "invalid_claim_promised"):
        told = turned(dials, slip)
        for name, found in ends.items():
            found.append(told.row(name)[1:])
        more, low, high = told.row(HOURS)
        title, cost = COMPLAINT.mistakes[slip].title, told.row(COST)[0]
        costs = f"{more:.0f} hours, surely between {low:.0f} and {high:.0f}. ¥{cost:,.0f}."
        assert f"*{title}*: {costs}" in TEXT
    batch, parts, promise = ends[HOURS]
    assert promise[1] < parts[0]
    assert batch[0] < parts[1], "in hours these two overlap"
    batch, parts, promise = ends[COST]
    assert parts[1] < batch[0] < batch[1] < promise[0], "in money none do"


def test_the_promise_can_be_made_in_one_kind_of_complaint_of_four(dials: WhatIf) -> None:
    slip = "invalid_claim_promised"
    where = [case for case in dials.company.templates if slip in slips_possible(COMPLAINT, case)]
    assert (len(where), len(dials.company.templates)) == (1, 4)


def test_of_the_four_mr_wang_s_complaint_is_the_urgent_one(dials: WhatIf) -> None:
    urgent = COMPLAINT.urgent_when
    assert urgent is not None
    worlds = [CaseWorld(COMPLAINT, case, COMPLAINT.start) for case in dials.company.templates]
    assert [world.case.case_id for world in worlds if holds(urgent, world)] == ["C-1042"]
    assert "What is urgent, such as Mr Wang's pumps, goes first at every desk" in TEXT


def test_single_quarters_differ_as_much_as_the_text_says(dials: WhatIf) -> None:
    company, lost, more, cases, hours = dials.company, [], Counter[int](), [], []
    for pair in range(PAIRS):
        luck = company.luck(DAYS, 7, pair)
        without = company.run(luck, Habit({}, 0.5))
        habit = company.run(luck, Habit({"wrong_batch": 0.2}, 0.5))
        cases.append(without.cases)
        lost.append(without.customers_lost)
        change = habit.customers_lost - without.customers_lost
        more[(change > 0) - (change < 0)] += 1
        hours.append(sum(habit.hours.values()) - sum(without.hours.values()))
    assert (min(cases), max(cases), min(lost), max(lost)) == (55, 102, 0, 7)
    assert lost.count(7) == 1
    assert more == {1: 20, 0: 56, -1: 4}
    assert (round(min(hours)), round(max(hours))) == (-1, 139)


# On the page


def test_an_interval_moves_with_the_dial_and_returns(lessons: Any, window: Any) -> None:
    page = window()
    open_lesson(page, lessons.url(LESSON))
    company = DialPage(page, "what-if")

    def seen() -> tuple[str, str, str]:
        """How the interval of the hours is drawn, how it is told, and the sentence above."""
        row = company.view.locator("tbody tr", has_text=HOURS)
        style = row.locator(".between").get_attribute("style")
        return str(style), row.locator(".small").inner_text(), company.sentence()

    first = seen()
    assert "surely between 49 and 61" in first[2]
    company.press("often", "End")  # the strip is as long as the widest interval seen
    company.press("often", "Home", *["ArrowRight"] * 4)
    before = seen()
    assert before[1:] == first[1:]
    company.press("often", *["ArrowRight"] * 4)
    turned_up = seen()
    assert turned_up[0] != before[0]
    assert "surely between 101 and 118" in turned_up[2]
    company.press("often", *["ArrowLeft"] * 4)
    assert seen() == before
    assert not axe_troubles(page, "main")

    dark = window(theme="dark")
    open_lesson(dark, lessons.url(LESSON))
    DialPage(dark, "what-if")
    assert not axe_troubles(dark, "main")
