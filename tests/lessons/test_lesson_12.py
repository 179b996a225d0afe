"""Lesson 12, complaint rate: what it says is true, and its boards turn in a real browser."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmlab.intake.company import company_table
from crmlab.learning.lessons import read_lessons
from crmlab.learning.outcome import State
from crmlab.models.complaints import (
    ComplaintRate,
    batch_of,
    behind,
    cases,
    complaint_rate,
    hides,
    into_other,
    silent_from,
    stopped_after,
    with_missing,
)
from crmlab.models.complaints.u_chart import limits
from crmlab.procedures import load
from crmlab.widgets import CaughtBoard, DirtyData, ParetoBoard, Quiz, SignalBoard
from crmlab.widgets.analysis.board import Board
from tests.browser import axe_troubles, open_lesson
from tests.lessons.board_page import BoardPage
from tests.lessons.board_tasks import BoardTasks
from tests.serving import ROOT

LESSON = "12_complaint_rate.ipynb"
BRIEFING = "briefing_complaints.ipynb"


def written(notebook: str) -> str:
    cells = json.loads((ROOT / "notebooks" / notebook).read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


TEXT, BRIEF = written(LESSON), written(BRIEFING)
QUESTIONS = " ".join((ROOT / "exercises" / "lesson_12.yaml").read_text(encoding="utf-8").split())
ROWS, LEFT = company_table("complaints"), company_table("exposure")
EXTRACT = pd.Timestamp("2026-04-30")


def rate(product: str | None = None, rows: pd.DataFrame = ROWS) -> ComplaintRate:
    customers = company_table("customers")
    return complaint_rate(rows, LEFT, product=product, customers=customers, as_of=EXTRACT)


@pytest.fixture(scope="module")
def whole() -> ComplaintRate:
    return rate()


def loud(found: ComplaintRate) -> list[str]:
    return [p.period for p in found.periods if (p.signal, p.side) == ("beyond", "high")]


# What the lesson says


def test_every_question_can_be_asked() -> None:
    assert len(Quiz("12").questions) == 10


def test_it_stands_on_the_shelf_of_both_paths() -> None:
    paths = {path: [x.number for x in some] for path, some in read_lessons().paths().items()}
    assert {path for path, numbers in paths.items() if "12" in numbers} == {
        "complaint", "management",
    }  # fmt: skip


def test_the_three_rates_are_of_what_truly_left(whole: ComplaintRate) -> None:
    """7,102 orders were shipped; that they had 8,933 lines is not asked here."""
    told = {one.name: (one.exposure, one.rate) for one in whole.denominators}
    assert told["orders"] == (len(company_table("shipments")), pytest.approx(35.62, abs=0.01))
    assert told["units"] == (40_627, pytest.approx(6227, abs=1))
    assert told["customers"] == (4_309, pytest.approx(0.0587, abs=0.0001))
    for words in (f"around a mean of {whole.rate:.0f} for 1,000", f"To get below {whole.rate:.0f}"):
        assert words in QUESTIONS
    assert f"{whole.rate:.0f} complaints for 1,000 orders may be far too many" in TEXT


def test_the_cards_are_those_of_who_writes_and_who_reads() -> None:
    cells = json.loads((ROOT / "notebooks" / LESSON).read_text(encoding="utf-8"))["cells"]
    names = [cell["id"] for cell in cells]
    last = names[names.index("take-away") :]
    assert last == [
        "take-away", "jobcard", "jobcard-reader-lead", "jobcard-reader", "trainer-close",
    ]  # fmt: skip
    complaint = load("complaint")
    readers = {
        felt.seat
        for mistake in complaint.mistakes.values()
        for felt in mistake.consequences
        if "complaint rate" in f"{felt.what} {felt.why}".lower()
    }
    assert readers == {"service_manager"}, "on whose desk a wrong rate lands, by the procedure"
    for seat in ("service_agent", "service_manager"):
        assert f'JobCard("complaint", seat="{seat}")' in TEXT
        assert f"**{complaint.seats[seat].name.lower()}**" in TEXT


def test_the_case_four_valves_and_forty_seven_kits() -> None:
    by_month = sorted((p.complaints, p.period) for p in rate("CV-50").periods)
    assert by_month[-1] == (4, "2025-12")
    assert by_month[-2][0] == 2, "in no other month more than two"
    left = ROWS["shipped_at"].dt.strftime("%Y-%m").isin(["2025-09", "2025-10"])
    kits = ROWS[left & (ROWS["product_id"] == "SK-40")]
    branch = company_table("customers").set_index("customer_id")["branch"]
    assert (len(kits), kits["customer_id"].nunique()) == (47, 39)
    assert kits["customer_id"].map(branch).nunique() == 3
    assert kits["received_at"].dt.month.nunique() == 4
    assert set(kits["remedy"]) == {"replace"}
    assert kits["batch_no"].isna().sum() == 2
    cost = company_table("products").set_index("product_id")["cost"]["SK-40"]
    assert cost == 150
    people = company_table("users").set_index("name")["user_id"]
    seats = set(zip(*company_table("user_seats")[["user_id", "seat"]].to_numpy().T, strict=True))
    assert (people["Gu Min"], "quality_engineer") in seats
    assert (people["Qin Mei"], "sales_director") in seats


def test_the_lag_is_mostly_two_or_three_weeks() -> None:
    days = (ROWS["received_at"].dt.normalize() - ROWS["shipped_at"].dt.normalize()).dt.days
    assert 14 <= days.median() <= 21
    assert 85 <= days.max() <= 95, "now and then three months"


def test_number_1_and_3_of_the_board(whole: ComplaintRate) -> None:
    assert loud(whole) == ["2025-09", "2025-10"]
    september = next(p for p in whole.periods if p.period == "2025-09")
    told = (september.rate, september.lower, september.upper)
    assert [round(value or 0, 1) for value in told] == [109.1, 9.1, 72.7]
    assert "109 complaints for 1,000 orders, where chance gives 9.1 to 73" in TEXT
    october = next(p for p in whole.periods if p.period == "2025-10")
    assert [round(value or 0, 1) for value in (october.rate, october.upper)] == [86.5, 75.2]
    kit = rate("SK-40")
    october = next(p for p in kit.periods if p.period == "2025-10")
    assert (round(october.rate), round(october.upper or 0)) == (606, 242)
    before = [p for p in kit.periods if p.period < "2025-09"]
    assert len(before) == 16
    assert all(p.rate < p.centre for p in before)
    assert "all 16 months before lie below the mean" in TEXT
    runs = [p.period for p in kit.periods if (p.signal, p.side) == ("run", "low")]
    assert runs == [p.period for p in before[9:]], "from the tenth month on"
    board = SignalBoard()
    board.click("turn", {"goods": 1})
    assert "The 16 months up to Aug 2025 all lie below the mean" in board.seen.chart.says
    assert board.seen.chart.traces[4]["x"] == ["2025-09", "2025-10"], "no diamond for the run"


def test_number_2_of_the_board_is_noise() -> None:
    valve = rate("CV-50")
    assert [p.signal for p in valve.periods if p.signal] == []
    december = next(p for p in valve.periods if p.period == "2025-12")
    assert (round(december.rate), round(december.upper or 0)) == (111, 167)
    assert december.exposure == 36
    assert max(valve.periods, key=lambda p: p.rate) == december


def test_the_quiz_takes_its_limit_from_the_valve() -> None:
    december = next(p for p in rate("CV-50").periods if p.period == "2025-12")
    assert round((december.upper or 0) * december.exposure / 1000) == 6
    assert "Chance alone can bring up to six" in QUESTIONS


def test_the_quiz_has_one_rate_that_is_a_signal_and_noise() -> None:
    """100 for 1,000 where 30 are usual: of 50 orders, and of 500."""
    orders = np.array([50, 500])
    came, usual = orders * 100 // 1000, orders * 30 / 1000
    _low, high = limits(usual)
    assert (list(came), list(usual), list(high)) == ([5, 50], [1.5, 15.0], [6.0, 28.0])
    assert "that is five complaints where one or two are usual" in QUESTIONS
    assert "chance alone can bring up to six" in QUESTIONS
    assert "50 complaints where 15 are usual do not happen by chance: it brings 28" in QUESTIONS
    assert 1000 / orders[0] == 20
    assert "with one complaint more or less it jumps by 20" in QUESTIONS


def test_number_4_counted_by_the_call_there_is_no_signal() -> None:
    by_call = ROWS.drop(columns="shipped_at")
    found = rate(rows=by_call)
    assert loud(found) == []
    highest = max(found.periods, key=lambda p: p.rate)
    assert (highest.period, highest.rate) == ("2025-10", highest.upper), "on the limit"
    assert f"with {highest.rate:.1f} for 1,000 orders it lies on its limit, just within" in TEXT
    four = [p for p in found.periods if "2025-09" <= p.period <= "2025-12"]
    assert all(p.rate > p.centre for p in four), "higher than most"
    assert sum(p.rate >= four[2].rate for p in found.periods) <= 8
    in_october = by_call[by_call["received_at"].dt.strftime("%Y-%m") == "2025-10"]
    one_more = in_october.iloc[[0]].assign(complaint_id="C-999999")
    assert loud(rate(rows=pd.concat([by_call, one_more], ignore_index=True))) == ["2025-10"]


def test_what_lies_on_a_limit_is_said_to_lie_there() -> None:
    board = SignalBoard()
    board.click("turn", {"month": 1})
    assert "lies on its limit and is just within: 75.2 for" in board.seen.chart.says
    board.click("turn", {"goods": 1, "month": 0, "missing": 85})
    assert "No month is a signal any more. Sep 2025 is drawn a little" in board.seen.chart.says


def test_customers_of_each_month_are_called_customer_months() -> None:
    label, beside = next(
        (figure.label, figure.beside)
        for figure in SignalBoard().seen.figures
        if "customer" in figure.label
    )
    assert label == "For one customer in one month"
    assert "4,309 customer-months" in beside


def test_number_5_what_is_missing_before_a_signal_goes(whole: ComplaintRate) -> None:
    seen = with_missing(whole, 0.30).seen
    assert round(100 * seen["2025-10"]) == 44
    assert seen["2025-09"] >= 0.5
    kit = rate("SK-40")
    assert all(chance >= 0.5 for chance in with_missing(kit, 0.80).seen.values())
    assert all(chance < 0.5 for chance in with_missing(kit, 0.85).seen.values())
    assert min(silent_from(kit).values()) > 80


def test_the_tasks_at_the_chart_are_checked_there(whole: ComplaintRate) -> None:
    board = SignalBoard()
    tasks = BoardTasks("12", board, ParetoBoard())
    assert tasks.check("what_gu_min_saw") == (State.NOT_TRIED, "")
    assert tasks.check("what_gu_min_saw", goods=1)[0] is State.NOT_RIGHT
    states = {
        kinds: tasks.check("what_gu_min_saw", goods=2, opened="month:2025-12", answer=kinds)[0]
        for kinds in (3, 4)
    }
    assert states == {3: State.RIGHT, 4: State.NOT_RIGHT}
    four = board.behind["month:2025-12"].rows()
    assert (len(four), four["batch_no"].nunique()) == (4, 1)
    assert sorted(four["category"].value_counts()) == [1, 1, 2]

    states = {
        missing: tasks.check("how_much_may_be_missing", goods=1, missing=missing)[0]
        for missing in (80, 85, 90)
    }
    assert list(states.values()) == [State.NOT_RIGHT, State.RIGHT, State.NOT_RIGHT]
    told = tasks.check("how_much_may_be_missing", goods=1, missing=80)[1]
    assert "still seen 65 times in 100" in told
    chances = [with_missing(whole, share / 100).seen["2025-10"] for share in (20, 25)]
    assert chances[0] >= 0.5 > chances[1], "lost with 25 missing already"


def test_the_tasks_at_the_list_are_checked_there() -> None:
    board = ParetoBoard()
    tasks = BoardTasks("12", SignalBoard(), board)
    assert tasks.check("the_batch", by=2)[0] is State.NOT_RIGHT
    shipped = board.behind["batch_no:SK-40-2509"].rows()["shipped_at"]
    found = {
        n: tasks.check("the_batch", by=2, opened="batch_no:SK-40-2509", answer=n)[0] for n in (2, 4)
    }
    assert found == {shipped.dt.month.nunique(): State.RIGHT, 4: State.NOT_RIGHT}
    rows = board.behind["batch_no:SK-40-2509"].rows()
    assert sorted(rows["shipped_at"].dt.strftime("%Y-%m").unique()) == ["2025-09", "2025-10"]
    assert f"{rows['received_at'].max():%Y-%m-%d}" == "2025-12-29"

    for by, least in ((1, 15), (0, 25)):
        sure = {}
        for other in range(0, 55, 5):
            board.turn({"by": by, "other": other})
            sure[other] = board.standing().facts["first_is_sure"]
        assert next(other for other, is_sure in sure.items() if not is_sure) == least
    states = [tasks.check("sure_of_the_first", by=1, other=n)[0] for n in (10, 15, 20)]
    assert states == [State.NOT_RIGHT, State.RIGHT, State.NOT_RIGHT]


def test_the_pareto_says_what_the_text_says(whole: ComplaintRate) -> None:
    assert [(s.name, s.complaints) for s in whole.by_category[:1]] == [("leak", 127)]
    assert round(100 * whole.by_category[0].share) == 50
    product = whole.by_product[0]
    assert (product.name, product.complaints) == ("SK-40", 58)
    rated = [s for s in whole.by_product if s.complaints >= 5]
    worst = max(rated, key=lambda s: s.rate or 0)
    assert (worst.name, round(worst.rate or 0)) == ("LP-65", 77)
    batches = {s.name: s.complaints for s in whole.by_batch}
    assert (batches.pop("SK-40-2509"), batches.pop(""), max(batches.values())) == (45, 10, 4)
    assert (whole.by_branch[0].name, whole.by_branch[0].complaints) == ("South", 105)
    one = ROWS[ROWS["customer_id"] == "CU-095"]
    branch = company_table("customers").set_index("customer_id")["branch"]
    assert (len(one), branch["CU-095"]) == (28, "South")


def test_the_steps_of_other_are_where_the_text_has_them(whole: ComplaintRate) -> None:
    def unsure(percent: int) -> tuple[str, ...]:
        return hides(into_other(whole, "category", percent / 100)).unsure

    assert (unsure(0), len(unsure(5)), len(unsure(10))) == ((), 3, 3)
    assert hides(into_other(whole, "category", 0.10)).complaints == 29
    assert "leak" not in unsure(20)
    assert "leak" in unsure(25)
    assert into_other(whole, "category", 0.40)[0].name == "other"


def test_the_dirt_turns_the_decision_where_the_text_says() -> None:
    board = DirtyData("complaints")
    assert board.title == "Do we look into the leaks of September?"
    assert board.dirt.flips_at("wrong_category") == 25
    assert board.dirt.flips_at("late_entry") is None
    assert board.dirt.flips_at("duplicates") is None
    assert board.dirt.read({}).answer.figure == pytest.approx(42.4, abs=0.05)
    assert board.dirt.read({"wrong_category": 25}).answer.figure == pytest.approx(27.3, abs=0.05)
    assert "then 27.3 leaks for 1,000 orders are left of 42.4" in TEXT
    assert board.dirt.read({"late_entry": 30}).drift_percent < 0
    assert board.dirt.read({"duplicates": 30}).drift_percent > 0


def test_the_briefing_s_rule(whole: ComplaintRate) -> None:
    batch = batch_of(ROWS, behind(ROWS, LEFT, whole, "2025-09").batch)
    assert (batch.name, len(batch)) == ("SK-40-2509", 45)
    assert batch.cost is not None
    assert f"¥{batch.cost.sum():,.0f} in all" in BRIEF
    others = [len(set(stopped_after(whole, n)) - {batch.name}) for n in (3, 4, 5)]
    assert others == [4, 1, 0]
    assert set(stopped_after(whole, 4)) == {batch.name, "CV-50-2512"}, "the valves of December"
    assert "a false alarm with a count of four, and none with a count of five" in TEXT
    assert [batch.caught_after(n).avoided for n in (3, 4, 5)] == [37, 37, 32]
    assert "the **fourth**: 37 of the 45" in BRIEF
    assert "one other batch would have stood still with nothing wrong in it" in BRIEF
    assert "The third would have saved no more, and stopped four for nothing" in BRIEF
    unsaid = next(s for s in whole.by_batch if not s.name)
    assert (unsaid.complaints, whole.complaints) == (10, 253)
    batches = company_table("batches").set_index("batch_no")
    assert batches.loc["SK-40-2509", "in_stock"] == 0, "sold to the last piece"


def test_from_the_third_complaint_to_the_tenth() -> None:
    batch = batch_of(ROWS, "SK-40-2509")
    third, tenth = batch.caught_after(3), batch.caught_after(10)
    assert (pd.Timestamp(tenth.day) - pd.Timestamp(third.day)).days == 25
    assert third.avoided - tenth.avoided == 15
    assert "lie 25 days" in TEXT
    assert "brought fifteen more" in TEXT


# The boards, without a browser


def test_the_signal_board_has_the_records_behind_each_point() -> None:
    board = SignalBoard()
    for turned in ({}, {"goods": 1}, {"goods": 0, "month": 1}):
        board.click("turn", turned)
        drawn = board.seen.chart.traces[0]
        for name, value in zip(drawn["customdata"], drawn["y"], strict=True):
            rows = board.behind[name].rows()
            period = next(p for p in board.shown.periods if f"month:{p.period}" == name)
            assert len(rows) == period.complaints
            assert period.rate == pytest.approx(value)
    board.click("open", {"behind": "month:2025-09"})
    assert "C-000145" in board.text()


@pytest.mark.parametrize("goods", [0, 1, 2])
def test_what_a_month_is_held_against_can_be_opened(goods: int) -> None:
    """As many orders as its exposure, with the pieces and the customers of the other rates."""
    board = SignalBoard()
    board.click("turn", {"goods": goods})
    product = ("", "SK-40", "CV-50")[goods]
    left = LEFT[LEFT["product_id"].fillna("") == product].set_index("period")
    for period in board.shown.periods:
        rows = board.behind[f"left:{period.period}"].rows()
        told = left.loc[period.period]
        assert len(rows) == rows["order_id"].nunique() == period.exposure == told["orders"]
        assert rows["quantity"].sum() == told["units"]
        assert rows["customer_id"].nunique() == told["customers"]
        assert set(rows["shipped_at"].dt.strftime("%Y-%m")) == {period.period}
        assert not product or set(rows["product_id"]) == {product}
    assert len(board.behind["left:"].rows()) == sum(p.exposure for p in board.shown.periods)
    assert len(board.behind["month:"].rows()) == board.shown.complaints
    on_a_limit = board.seen.chart.traces[1]["customdata"]
    assert on_a_limit == [f"left:{period.period}" for period in board.shown.periods]
    assert set(on_a_limit) < set(board.behind)


def test_the_goods_of_the_signal_board_can_be_chosen() -> None:
    """Their names are those of the company's own products."""
    board = SignalBoard(goods=("LP-65",))
    board.click("turn", {"goods": 1})
    assert "Circulation pump LP-65" in board.text()
    assert len(board.behind["left:2025-09"].rows()) == next(
        p.exposure for p in board.shown.periods if p.period == "2025-09"
    )
    assert (
        "Nothing says that any LP-6S has left us" in SignalBoard(goods=["LP-6S"]).children[0].text()
    )


def test_what_a_rate_by_product_is_held_against_can_be_opened(whole: ComplaintRate) -> None:
    board = ParetoBoard()
    worst = next(share for share in whole.by_product if share.name == "LP-65")
    assert len(board.behind["left:LP-65"].rows()) == worst.exposure == 155


def test_the_batches_that_a_rule_stops_can_be_opened() -> None:
    board = CaughtBoard()
    board.click("turn", {"after": 4})
    assert set(board.behind["others"].rows()["batch_no"]) == {"CV-50-2512"}


def test_a_bar_of_the_pareto_has_as_many_records() -> None:
    board = ParetoBoard()
    for by in range(4):
        board.click("turn", {"by": by})
        bars = board.seen.chart.traces[0]
        for name, number in zip(bars["customdata"], bars["x"], strict=True):
            assert len(board.behind[name].rows()) == number
    whole = rate()
    assert len(cases(ROWS, whole, category="leak")) == 127
    rows = board.behind["category:missing_parts"].rows()
    assert rows.columns[0] == "Our fault"
    assert set(rows["category"]) == {"Wrong or missing parts"}


def test_bars_at_first_are_drawn_once_there_is_a_difference() -> None:
    board = ParetoBoard()
    whole = board.found.by_category
    assert list(board.seen.chart.traces[1]["x"]) == []
    drawn = board.seen.chart.traces[0]["text"]
    assert drawn[:2] == [
        f"{whole[0].complaints} ({100 * whole[0].share:.0f} %)",
        f"{whole[1].complaints} ({100 * whole[1].cumulative:.0f} % with above)",
    ]
    board.click("turn", {"other": 10})
    assert board.seen.chart.traces[1]["x"][0] == whole[0].complaints


def test_the_caught_board_shows_those_that_would_not_have_been() -> None:
    board = CaughtBoard()
    for after in (1, 5, 45):
        board.click("turn", {"after": after})
        assert len(board.behind["avoided"].rows()) == board.caught.avoided
        assert len(board.behind["batch"].rows()) == 45
        assert board.seen.chart.traces[1]["y"][-1] == board.caught.out_of_reach


@pytest.mark.parametrize("make", [SignalBoard, ParetoBoard, CaughtBoard])
def test_a_turned_dial_is_answered_in_ten_milliseconds(make: type[Board]) -> None:
    board = make()
    for name, dial in board.dials.items():
        at = {one: float(stands) for one, stands in board.stands.items()} | {name: dial.high}
        took = []
        for _time in range(10):
            begun = time.perf_counter()
            board.look(at)
            took.append(time.perf_counter() - begun)
        assert min(took) < 0.01, name


# In a browser


TRACES = """(el) => { while (!el._fullData) el = el.parentElement;
    return JSON.stringify(el._fullData.map((t) => [t.name, [...(t.x ?? [])], [...(t.y ?? [])]])) }"""


def drawn(board: BoardPage) -> str:
    """What the figure shows, as text."""
    return str(board.board.locator(".crmlab-plot .svg-container").evaluate(TRACES))


def await_drawn(board: BoardPage, before: str, *, same: bool) -> None:
    """Wait until the figure is another than before, or the same again."""
    board.page.wait_for_function(
        f"([el, before, same]) => (({TRACES})(el) === before) === same",
        arg=[
            board.board.locator(".crmlab-plot .svg-container").element_handle(),
            before,
            same,
        ],
    )


def test_every_dial_changes_the_figure_and_its_words(lessons: Any, window: Any) -> None:
    page = window()
    open_lesson(page, lessons.url(LESSON))
    turned = {
        "Which month says more than chance?": {
            "goods": (["ArrowRight"], "606 for 1,000 orders"),
            "month": (["ArrowRight"], "No month lies beyond the limits of chance"),
            "missing": (["ArrowRight"] * 6, "One month lies beyond the limits of chance: Sep 2025"),
        },
        "What do they have in common?": {
            "by": (["ArrowRight"], "“SK-40” stands first with 58 complaints"),
            "other": (["ArrowRight"] * 5, "“It leaks”, “Wrong or missing parts”"),
        },
        "Do we look into the leaks of September?": {
            "wrong_category": (["ArrowRight"] * 5, "27.3"),
            "late_entry": (["ArrowRight"] * 6, "30.3"),
            "duplicates": (["ArrowRight"] * 6, "51.5"),
        },
    }
    for title, dials in turned.items():
        board = BoardPage(page, title)
        before, see, says = drawn(board), board.see(), board.sentence()
        for name, (keys, sees) in dials.items():
            board.press(name, *keys)
            page.wait_for_function(
                "([see, part]) => see.innerText.includes(part)",
                arg=[board.answer.locator(".see").element_handle(), sees],
            )
            await_drawn(board, before, same=False)
            assert board.sentence() != says, name
            board.press(name, "Home")
            await_drawn(board, before, same=True)
            page.wait_for_function(
                "([see, text]) => see.innerText.trim() === text",
                arg=[board.answer.locator(".see").element_handle(), see],
            )
            assert board.sentence() == says
    board = BoardPage(page, "Which month says more than chance?")
    rows = board.look_behind("Complaints counted in Sep 2025")
    assert len(rows) == 10
    assert "of 36 records" in board.answer.inner_text()
    board.look_behind("Orders that left us in Sep 2025")
    assert "of 330 records" in board.answer.inner_text()
    choice = board.answer.locator("select")
    choice.focus()
    choice.press_sequentially("Complaints counted in Dec", delay=60)
    board.answer.get_by_role("region", name="Complaints counted in Dec 2024").wait_for()
    assert not axe_troubles(page, "main")

    dark = window(theme="dark")
    open_lesson(dark, lessons.url(LESSON))
    BoardPage(dark, "Which month says more than chance?")
    assert not axe_troubles(dark, "main")


def test_the_briefing_s_dial_in_a_browser(lessons: Any, window: Any) -> None:
    page = window()
    open_lesson(page, lessons.url(BRIEFING))
    board = BoardPage(page, "When do we stop a batch?")
    assert "37 of 45 would not have been" in board.sentence()
    assert "1 other batch" in board.sentence()
    assert board.figures()["Remedies saved"] == "¥22,275"
    before = drawn(board)
    board.press("after", "ArrowRight")
    page.wait_for_function(
        "(said) => said.innerText.includes('32 of 45')",
        arg=board.view.locator("[role=status]").first.element_handle(),
    )
    assert "no other batch" in board.sentence()
    await_drawn(board, before, same=False)
    assert not axe_troubles(page, "main")
