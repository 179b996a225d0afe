"""Lesson 32, what a customer is worth: its figures, its boards, and a real browser."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from crmlab.intake.company import company_table
from crmlab.learning.outcome import State
from crmlab.models.entry.questions import COSTLY
from crmlab.models.value import lifetime_value
from crmlab.models.value.one_customer import by_hand, hand_formula, worth_of_one
from crmlab.models.value.retention import cohorts
from crmlab.procedures import load
from crmlab.widgets import (
    DirtyData,
    LostCustomerBoard,
    Quiz,
    TrackingBoard,
    ValueBoard,
    in_words,
)
from crmlab.widgets.analysis.contribution import company_contribution
from crmlab.widgets.analysis.value_company import (
    DAILY,
    DISCOUNT,
    DOUBTED,
    MARGIN,
    STEADY,
    chances,
    company,
)
from crmlab.widgets.analysis.value_in_words import value_in_words
from tests.browser import axe_troubles, open_lesson
from tests.lessons.board_page import BoardPage
from tests.lessons.board_tasks import BoardTasks
from tests.serving import ROOT

LESSON, BRIEFING = "32_lifetime_value.ipynb", "briefing_value.ipynb"


def text_of(notebook: str) -> str:
    cells = json.loads((ROOT / "notebooks" / notebook).read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


TEXT, BRIEF = text_of(LESSON), text_of(BRIEFING)


@pytest.fixture(scope="module")
def value() -> ValueBoard:
    return ValueBoard()


@pytest.fixture(scope="module")
def tracked() -> TrackingBoard:
    return TrackingBoard()


def figures(board: ValueBoard, **turned: float) -> list[str]:
    """The large numbers with these dials turned, and then all of them back."""
    board.turn(turned)
    seen = [figure.value for figure in board.seen.figures]
    board.back()
    return seen


def test_every_question_can_be_asked() -> None:
    assert len(Quiz("32").questions) == 10


# What the text says


def test_the_sums_by_hand() -> None:
    assert [round(part) for part in by_hand(100, 0.8, 0.1).years[:3]] == [100, 73, 53]
    assert round(hand_formula(100, 0.8, 0.1)) == 367
    assert round(hand_formula(100, 0.8, 0.1, at_once=False)) == 267
    assert [round(hand_formula(100, r, 0.1)) for r in (0.9, 0.95)] == [550, 733]
    assert "110 / 0.20 = ¥550" in TEXT
    assert round(hand_formula(10_000, 0.8, 0.1)) == 36_667


def test_the_two_customers_of_the_case() -> None:
    sales, customers = company_table("transactions"), company_table("customers")
    named = customers.set_index("customer_id")
    assert (named.loc[DAILY, "contact"], named.loc[DAILY, "city"]) == ("马丽", "Wenzhou")
    assert named.loc[DAILY, "card"] != "gold"
    assert int((customers["card"] == "gold").sum()) == 103
    daily = sales[sales["customer_id"] == DAILY]
    assert (daily["amount"] == 500).all()
    lately = daily[(sales["date"].max() - daily["date"]).dt.days < 365]
    assert f"¥{lately['amount'].sum():,.0f}" == "¥123,500"
    steady = sales[sales["customer_id"] == STEADY]
    assert (named.loc[STEADY, "contact"], named.loc[STEADY, "name"]) == (
        "Mo Yun",
        "East Haitang Paper",
    )
    assert steady["date"].dt.normalize().nunique() == 48
    assert f"{steady['date'].max():%Y-%m}" == "2025-10"
    assert STEADY not in set(company_table("complaints")["customer_id"])


def test_what_the_dials_are_said_to_do(value: ValueBoard) -> None:
    assert figures(value) == ["¥199,966", "¥169,062", "¥55,977", "¥2,239"]
    for told in (
        "By hand ¥199,966, by the model ¥55,977",
        "71 % of the value by hand lies beyond the second year",
        "Turn it to 95 %: ¥226,629. To 85 %: ¥135,977",
        "Turn it to 0 %: ¥441,484",
        "Turn it to 20 %: ¥137,351",
        "from ¥61,289 to ¥51,666",
    ):
        assert told in TEXT
    assert "The first 2 years are 29 % of the whole" in value.seen.chart.says
    higher, lower = (figures(value, retention=r)[0] for r in (95, 85))
    assert (higher, lower) == ("¥226,629", "¥135,977")
    assert pytest.approx(0.4, abs=0.01) == 1 - 135_977 / 226_629, "two fifths"
    assert figures(value, discount=0)[::2] == ["¥441,484", "¥61,289"]
    assert figures(value, discount=20)[::2] == ["¥137,351", "¥51,666"]
    halved = figures(value, margin=15)
    assert halved == ["¥99,983", "¥84,531", "¥27,988", "¥1,120"]
    hand, model = (trace["y"][:2] for trace in value.seen.chart.traces)
    assert model == pytest.approx(hand, rel=0.05), "they nearly agree"
    assert f"{sum(hand):,.0f}" == "57,032"
    assert (226_629 - 199_966) == 26_663


def test_which_dial_moves_the_value_most(value: ValueBoard) -> None:
    def moved(**turned: float) -> float:
        return float(figures(value, **turned)[0].strip("¥").replace(",", "")) - 199_966

    assert moved(retention=94) > moved(discount=9) > moved(margin=31) > 0


def test_the_price_of_four_points() -> None:
    assert chances() == (0.03, 0.07)
    worth = worth_of_one(company().value.ahead.value(DISCOUNT, MARGIN), company().value.ahead.alive)
    assert load("complaint").baseline.customer_worth == pytest.approx(worth.mean, rel=0.01)
    prices = [f"¥{0.04 * each:,.0f}" for each in (worth.median, worth.mean, worth.top)]
    assert prices == ["¥821", "¥2,239", "¥12,122"]
    said = value_in_words("price").data
    assert all(f"**{price}**" in said for price in prices)
    assert 0.04 * worth.top > 2 * 5_820, "twice as much as all the rest of it"


def test_the_tracking_says_what_the_text_says(tracked: TrackingBoard) -> None:
    told = {"2025-10-31": (1820, 1712), "2025-12-31": (1276, 1058), "2026-03-31": (306, 314)}
    for day, (predicted, actual) in told.items():
        tracked.turn({"known": [str(end.date()) for end in tracked.ends].index(day) + 1})
        assert tracked.seen.figures[0].value == f"{predicted:,}"
        assert tracked.seen.figures[1].value == f"{actual:,}"
        assert f"{predicted:,}" in TEXT
        assert f"{actual:,}" in TEXT
    tracked.back()
    assert "6 % too many" in tracked.seen.says
    tracked.turn({"known": [str(end.date()) for end in tracked.ends].index("2025-12-31") + 1})
    assert "21 % too many" in tracked.seen.says
    tracked.back()


def test_segments_and_silence_are_as_the_text_says() -> None:
    found = company().rfm
    carry = next(each for each in found.segments if each.segment == "carry_us")
    assert (carry.customers, round(100 * carry.share_of_spend)) == (91, 58)
    assert tuple(found.each.loc[DAILY, ["r", "f", "m"]]) == (5, 5, 5)
    quiet = found.members("going_quiet")
    assert STEADY in quiet.index
    assert len(quiet) == 82
    each = company().value.each
    doubted = each[each["alive"] < DOUBTED]
    assert len(doubted) == 17
    steady = doubted[doubted["frequency"] >= 20]
    assert len(steady) == 13
    assert each.loc["CU-388", "silent_days"] == 120
    assert "CU-388" in steady.index
    # After seven days, four times the usual gap; after six weeks, about four times too.
    gaps = [float(cell) for cell in ("1.7", "11.0")]
    assert [round(days / gap) for days, gap in zip((7, 42), gaps, strict=True)] == [4, 4]
    said = value_in_words("patience").data
    assert f"| {DAILY} | 1.7 days | 98 % | 88 % |" in said
    assert f"| {STEADY} | 11.0 days | 99 % | 99 % | 98 % | 82 % | 54 % |" in said


def test_a_quarter_may_be_skipped() -> None:
    share = cohorts(company().sales, period="quarter").share
    assert [round(100 * share.loc["2024-Q3", n]) for n in (2, 3)] == [64, 70]


def test_dirty_data_turn_the_decision_as_the_text_says() -> None:
    board = DirtyData("value")
    assert board.dirt.flips_at("duplicates") == 15
    assert board.dirt.flips_at("missing_cost") is None
    assert board.dirt.flips_at("late_entry") is None
    assert board.dirt.read({"missing_cost": 20}).drift_percent == pytest.approx(48, abs=3)
    assert abs(board.dirt.read({"late_entry": 20}).drift_percent) < 3


# The boards


def test_the_records_behind_are_those_that_are_counted(value: ValueBoard) -> None:
    names = list(value.behind)
    assert len(value.behind["active"].rows()) == 517
    assert sum(len(value.behind[f"decile:{n}"].rows()) for n in range(1, 11)) == 553
    segments = [name for name in names if name.startswith("segment:")]
    assert sum(len(value.behind[name].rows()) for name in segments) == 553
    assert len(value.behind[f"customer:{DAILY}"].rows()) == 496
    value.click("open", {"behind": "doubted"})
    assert STEADY in value.text()
    value.click("open", {"behind": ""})


def test_what_was_held_out_is_behind_the_tracking(tracked: TrackingBoard) -> None:
    tracked.back()
    rows = tracked.behind["held_out"].rows()
    days = rows.drop_duplicates(["customer_id", "date"])
    assert len(days) == tracked.now.actual == 1712
    cohort = tracked.behind["cohort:2024-Q3"].rows()
    assert len(cohort) == 86
    assert "| 2024-Q3 | 86 |" in value_in_words("cohorts").data


def test_a_look_takes_less_than_nine_milliseconds(
    value: ValueBoard, tracked: TrackingBoard
) -> None:
    for board, name in ((value, "retention"), (value, "discount"), (tracked, "known")):
        took = []
        for place in range(12):
            at = {**board._numbers(), name: board.dials[name].low + place}
            begun = time.perf_counter()
            board.look(at)
            took.append(time.perf_counter() - begun)
        assert sorted(took)[len(took) // 2] < 0.009


@pytest.fixture(scope="module")
def lost() -> LostCustomerBoard:
    return LostCustomerBoard()


def test_the_briefing_says_what_its_board_says(lost: LostCustomerBoard) -> None:
    for figure in ("¥55,977", "¥20,534", "¥303,060", "¥2,239", "¥12,122", "average of 517"):
        assert figure in BRIEF
    assert {name: dial.start for name, dial in lost.dials.items()} == {
        "share": 5,
        "points": 4,
        "cost": 50,
    }
    assert lost.seen.chart.traces[0]["text"] == ["¥41", "¥112", "¥606"]
    assert "worth ¥112 for a complaint on average, and ¥606 with one" in lost.seen.says
    assert "5 % of that, ¥112, and costs about ¥50." in BRIEF
    assert "With the middle customer it is worth ¥41" in BRIEF
    assert "2 of the 3 full bars are as long or longer" in lost.seen.chart.says
    assert "the look is worth 5 % of these prices: ¥112 on average" in TEXT
    slip = in_words("complaint", case="C-1042", slip="wrong_batch").data
    assert "¥5,820" in slip
    assert f"brings back a tenth of it has earned ¥{0.1 * 0.04 * lost.worth.top:,.0f}" in BRIEF


@pytest.mark.parametrize(
    ("turned", "so"),
    [
        ({}, "So every complaint gets it. Over all complaints it pays as soon as"),
        ({"share": 3}, "So every complaint gets it."),
        ({"share": 2}, "So only the complaints of the best tenth get it."),
        ({"cost": 120}, "So only the complaints of the best tenth get it."),
        ({"points": 1, "share": 1}, "So no complaint gets it"),
    ],
)
def test_the_decision_follows_from_how_often_the_slip_happens(
    lost: LostCustomerBoard, turned: dict[str, float], so: str
) -> None:
    lost.turn(turned)
    says = lost.seen.says
    lost.back()
    assert so in says
    if not turned:
        assert "in more than 2.2 of 100" in says
        assert "in 2 of 100 or fewer, only the best tenth" in BRIEF


def test_one_who_is_fourth_here_is_last_by_what_is_left(value: ValueBoard) -> None:
    rows = value.behind["active"].rows()
    assert rows["customer_id"].iloc[3] == COSTLY
    assert rows["¥ of two years"].iloc[3] == 530_641
    left = company_contribution().each
    assert (left.index[-1], len(left)) == (COSTLY, 553)
    last = left.loc[COSTLY]
    assert f"¥{-last['contribution']:,.0f}" == "¥651,427"
    assert 0.06 < 1 - last["cost"] / last["revenue"] < 0.07, "the goods leave less than ¥7"
    assert f"{last['discount'] / (last['revenue'] + last['discount']):.0%}" == "24%"
    assert tuple(company().rfm.each.loc[COSTLY, ["r", "f", "m"]]) == (5, 5, 5)
    for told in (TEXT, BRIEF):
        assert all(figure in told for figure in (COSTLY, "¥530,641", "last of 553"))
    assert "¥651,427 missing" in TEXT
    assert MARGIN == 0.30


def test_what_a_customer_of_the_coming_year_brings() -> None:
    sales = company_table("transactions")
    margin = 1 - sales["cost"].fillna(0.0).sum() / sales["amount"].sum()
    found = lifetime_value(sales[["customer_id", "date", "amount"]], as_of=sales["date"].max())
    brings = found.each["value"] * margin
    assert brings.mean() == pytest.approx(DirtyData("value").dirt.truth.figure)
    told = (f"¥{brings.mean():,.0f} is the **mean**", f"brings ¥{brings.median():,.0f}. Only")
    assert all(each in TEXT for each in told)
    assert f"Only {(brings >= 25_000).sum()} of the {len(brings)} bring ¥25,000 or more" in TEXT


def test_nine_times_in_ten_is_about_a_seventh() -> None:
    said = value_in_words("sure").data
    assert "**¥29 million** in two years, nine times in ten between 25 and 33" in said
    assert max(29 - 25, 33 - 29) / 29 == pytest.approx(1 / 7, abs=0.01)


def test_a_chart_keeps_its_traces_and_tells_them_apart_by_form(
    value: ValueBoard, tracked: TrackingBoard, lost: LostCustomerBoard
) -> None:
    turned = ((value, "retention"), (value, "discount"), (tracked, "known"), (lost, "share"))
    for board, name in turned:
        forms = set()
        for end in ("low", "high"):
            at = {**board._numbers(), name: getattr(board.dials[name], end)}
            chart = board.look(at).chart
            forms.add(tuple(trace["meta"] for trace in chart.traces))
            assert chart.says
            assert "nan" not in f"{chart.says} {board.look(at).says}"
        assert len(forms) == 1
        shown = forms.pop()
        assert len(set(shown)) == len(shown), "each in a form of its own, so it reads in grey"


def test_the_tasks_are_checked_at_the_boards(value: ValueBoard, tracked: TrackingBoard) -> None:
    tasks = BoardTasks("32", value, tracked)
    state, told = tasks.check("as_if_half_left", retention=80)
    assert (state, "¥113,314 by hand" in told) == (State.NOT_RIGHT, True), told
    assert "3 % in this task" not in told
    assert "You have 10 % and 20 %" in tasks.check("as_if_half_left", margin=20)[1]
    assert tasks.check("as_if_half_left", retention=50)[0] is State.RIGHT
    assert "¥56,657 by hand, ¥55,977 by the model" in tasks.solution("as_if_half_left")
    assert figures(value, retention=50)[::2] == ["¥56,657", "¥55,977"]

    bank = {r: tasks.check("dearer_money", discount=15, retention=r)[0] for r in (97, 98, 99)}
    assert list(bank.values()) == [State.NOT_RIGHT, State.RIGHT, State.NOT_RIGHT]
    assert "¥199,966" in tasks.tasks["dearer_money"].text
    for retention, told in ((98, "¥209,056"), (97, "¥197,441")):
        assert figures(value, discount=15, retention=retention)[0] == told
        assert told in tasks.solution("dearer_money")

    days = {str(end.date()): n for n, end in enumerate(tracked.ends, 1)}
    assert [
        day
        for day, number in days.items()
        if tasks.check("most_wrong", known=number)[0] is State.RIGHT
    ] == ["2025-12-31"], "there is one day only"
    assert "2 % too few" in tasks.check("most_wrong", known=len(days))[1]


def test_the_records_behind_are_what_the_solutions_say(
    value: ValueBoard, tracked: TrackingBoard
) -> None:
    tasks = BoardTasks("32", value, tracked)
    assert tasks.check("five_hundred_a_day", opened="active")[0] is State.NOT_RIGHT
    daily = {"opened": f"customer:{DAILY}", "answer": len(value.behind[f"customer:{DAILY}"].rows())}
    assert tasks.check("five_hundred_a_day", **daily)[0] is State.RIGHT
    silent = value.behind["doubted"].rows().iloc[0]["days silent"]
    assert tasks.check("left_in_silence", opened="doubted", answer=10)[0] is State.NOT_RIGHT
    assert tasks.check("left_in_silence", opened="doubted", answer=silent)[0] is State.RIGHT
    assert list(value.behind)[-1] == "doubted", "it is the last entry of the list"
    first = value.behind["doubted"].rows().iloc[0]
    assert first["customer_id"] == STEADY
    told = f"bought again {first['bought again']} times, and silent for {first['days silent']} days"
    assert told in tasks.solution("left_in_silence")


# On the page


def test_each_dial_changes_its_figure_and_its_words(lessons: Any, window: Any) -> None:
    page = window()
    open_lesson(page, lessons.url(LESSON))
    one = BoardPage(page, "What is one customer worth?")
    first = one.figure()[0]["y"]
    for name, hand in (("retention", "¥212,464"), ("discount", "¥190,574"), ("margin", "¥206,632")):
        at_first, see, said = one.figure()[0]["y"], one.see(), one.sentence()
        one.press(name, "ArrowRight")
        assert hand in one.sentence() != said
        assert one.see() != see
        assert wait_for(page, lambda before=at_first: one.figure()[0]["y"] != before)
        one.view.get_by_role("button", name="Back to how it was").click()
        assert wait_for(page, lambda: one.figure()[0]["y"] == first)
        assert wait_for(page, lambda: "¥199,966" in one.sentence())
    rows = one.look_behind("The purchases of CU-152")
    assert len(rows) == 10
    assert all("500" in row for row in rows)

    kept_up = BoardPage(page, "Does the model keep up?")
    before, see = kept_up.figure(), kept_up.see()
    kept_up.press("known", "ArrowRight", "ArrowRight")
    assert "1,276" in kept_up.sentence()
    assert kept_up.see() != see
    assert wait_for(page, lambda: kept_up.figure() != before)

    dirty = BoardPage(page, DirtyData("value").title)
    for name in ("missing_cost", "late_entry", "duplicates"):
        before, said = dirty.figure(), dirty.sentence()
        dirty.press(name, "End")
        assert dirty.sentence() != said
        assert wait_for(page, lambda drawn=before: dirty.figure() != drawn)
    assert not axe_troubles(page, "main")

    dark = window(theme="dark")
    open_lesson(dark, lessons.url(LESSON))
    whole = dark.locator(".whole")
    assert {"CU-095", "24 %"} <= set(whole.all_inner_texts()), "not broken at a line's end"
    assert whole.first.evaluate("e => getComputedStyle(e).whiteSpace") == "nowrap"
    BoardPage(dark, "What is one customer worth?")
    assert not axe_troubles(dark, "main")


def test_the_briefing_can_be_turned(lessons: Any, page: Any) -> None:
    open_lesson(page, lessons.url(BRIEFING))
    board = BoardPage(page, "What may it cost to keep a customer?")
    before = board.figure()
    assert "¥112 for a complaint on average" in board.sentence()
    for name, told in (("share", "¥134"), ("points", "¥140"), ("cost", "it costs ¥60")):
        board.press(name, "ArrowRight")
        assert told in board.sentence()
        assert wait_for(page, lambda: board.figure() != before)
        board.view.get_by_role("button", name="Back to how it was").click()
        assert wait_for(page, lambda: board.figure() == before)
    board.press("share", "Home")
    assert "only the complaints of the best tenth" in board.sentence()
    assert not axe_troubles(page, "main")


def wait_for(page: Any, true: Any, seconds: float = 10.0) -> bool:
    """Whether something comes true in time, looked at each time that the page has drawn."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        page.evaluate("() => new Promise(requestAnimationFrame)")
    return True
