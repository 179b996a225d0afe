"""Lesson 31, which customers carry us: its figures, its dials, and in a real browser."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd
import pytest

from crmlab.charts.chart import money
from crmlab.intake.company import company_table
from crmlab.learning.outcome import State
from crmlab.models.entry.dirt import STEPS
from crmlab.models.entry.reconciliation import by_month, reconcile
from crmlab.models.entry.shortest_board import on_time_at_month_end
from crmlab.places import SAMPLE_DATA
from crmlab.widgets import (
    BooksBoard,
    ContributionBoard,
    ContributionBriefing,
    DirtyData,
    LostCustomerBoard,
    Quiz,
    ShortestBoard,
    SignalBoard,
    ValueBoard,
    books_in_words,
    contribution_in_words,
)
from crmlab.widgets.analysis.contribution import company_contribution
from crmlab.widgets.analysis.shortest_board import company_staves
from tests.browser import axe_troubles, open_lesson
from tests.lessons.board_page import BoardPage
from tests.lessons.board_tasks import BoardTasks
from tests.serving import ROOT

LESSON, BRIEFING = "31_contribution.ipynb", "briefing_contribution.ipynb"
DIALS, DIRT = "What if we agreed otherwise?", "Negotiate with Yuelai Water Works again?"
BOOKS = "May the figures be used?"
WATER, TERMS = "How high does the water stand?", "Do we renegotiate with Yuelai Water Works?"


def text_of(name: str) -> str:
    cells = json.loads((ROOT / "notebooks" / name).read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


TEXT = text_of(LESSON)


def said(sentence: str, text: str = TEXT) -> None:
    """The text says this, wherever its lines break."""
    assert sentence in " ".join(text.split()), sentence


def test_every_question_can_be_asked() -> None:
    assert len(Quiz("31").questions) == 10


# What the text says about figures


def test_the_two_largest_customers_are_the_first_and_the_last() -> None:
    each = company_contribution().each
    largest = list(each["revenue"].sort_values(ascending=False).index[:2])
    assert largest == [each.index[0], each.index[-1]] == ["CU-355", "CU-095"]
    names = company_table("customers").set_index("customer_id")["name"]
    assert list(names[largest]) == ["Lanting Pharma", "Yuelai Water Works"]
    best, last = (each.loc[who] for who in largest)
    said(f"¥{best['revenue'] / 1e6:.1f} million and ¥{last['revenue'] / 1e6:.1f} million")
    said(
        f"*Lanting Pharma: {money(best['contribution'])} left. "
        f"Yuelai Water Works: {money(-last['contribution'])} missing.*"
    )
    assert round(best["orders"] / 24) == 3
    assert round(last["orders"] / 24) == 4
    assert best["discount"] / best["revenue"] < 0.01
    listed = last["revenue"] + last["discount"]
    said(f"a discount of {100 * last['discount'] / listed:.0f} %")
    managers = company_table("customers").set_index("customer_id")["account_manager"]
    users = company_table("users").set_index("user_id")["name"]
    assert users[managers["CU-095"]] == "Bao Ping"


def test_where_most_of_it_goes_is_told_as_it_is() -> None:
    found = company_contribution()
    parts, last = found.parts, found.each.iloc[-1]
    assert round(100 * parts.cost / parts.revenue) == 70
    small = parts.complaint_cost + parts.service_cost + parts.credit_cost
    assert small / parts.revenue < 0.03
    said(
        f"one customer of {found.customers} has {last['service_cost']:,.0f} of the "
        f"{parts.service_cost:,.0f}"
    )


def test_those_at_the_end_are_as_the_trainer_says() -> None:
    each = company_contribution().each
    losing = each[each["contribution"] < 0]
    assert len(losing) == 7
    assert 52_000 < -losing["contribution"].iloc[:-1].sum() < 53_000
    one = company_table("complaints").query("customer_id == 'CU-229'")
    assert list(one["remedy_cost"]) == [68_791]
    valid = company_contribution().rows_behind("CU-095")["complaints"]["valid"]
    assert (len(valid), int(valid.sum())) == (28, 25)


@pytest.fixture(scope="module")
def board() -> ContributionBoard:
    return ContributionBoard()


def at(board: Any, **dials: float) -> tuple[str, list[str]]:
    """What is said with the dials there and all others at first, and the large numbers."""
    board.click("back")
    board.click("turn", dials)
    return board.seen.says, [figure.value for figure in board.seen.figures]


def test_the_five_turns_bring_what_the_text_says(board: ContributionBoard) -> None:
    says, numbers = at(board, charge=4000)
    assert says.endswith("At this charge, all express orders together are not enough.")
    assert numbers == ["−¥271,427", "7", "more than all 95"]
    said("still cost us ¥271,427, and all 95 orders together would not be enough")
    assert at(board, charge=8000)[1] == ["¥108,573", "6", "82"]
    says, numbers = at(board, charge=8000, accepted=50)
    assert "82 of 95 express orders would have to pay" in says
    said("if 82 of the 95 paid it")
    assert at(board, fewer=50)[1][0] == "−¥541,102"
    said("still ¥541,102 missing")
    assert at(board, back=50)[1][0] == "−¥238,250"
    assert at(board, back=80)[1][0] == "¥9,656"
    said("At 50 % they still cost us ¥238,250. At 80 % it is ¥9,656 on the right side.")
    says, numbers = at(board, whom=1, charge=250)
    assert "¥146,000 more" in says
    assert numbers[2] == "more than all 584"


def test_the_tasks_are_checked_at_the_board(board: ContributionBoard) -> None:
    tasks = BoardTasks("31", board)
    assert tasks.check("an_offer_to_sign") == (State.NOT_TRIED, "")
    for wrong, because in (
        ({"back": 80}, "You take 80 % of the discount back."),
        ({"whom": 1, "charge": 500}, "Mo Hui signs for Yuelai alone."),
        ({"charge": 8000}, "¥8,000 for each express order is more"),
        ({"fewer": 100}, "100 % fewer complaints is more than we can promise."),
        ({"back": 50}, "They would still cost us ¥238,250."),
    ):
        state, told = tasks.check("an_offer_to_sign", **wrong)
        assert state is State.NOT_RIGHT
        assert because in told
    terms = {"back": 50, "fewer": 50, "charge": 2000}
    assert tasks.check("an_offer_to_sign", **terms)[0] is State.RIGHT
    assert [figure.value for figure in board.seen.figures] == ["¥62,075", "6", "64"]
    assert "Yuelai Water Works, number 110." in board.seen.chart.says
    solution = tasks.solution("an_offer_to_sign")
    said("¥62,075 are on the right side, and it is enough if 64 of the 95 orders pay", solution)
    said("number 110 of 553", solution)


def test_the_smallest_charges_are_what_the_solutions_say(board: ContributionBoard) -> None:
    tasks = BoardTasks("31", board)
    half = {"back": 50, "fewer": 50, "accepted": 50}
    states = {
        charge: tasks.check("when_half_of_them_pay", charge=charge, **half)[0]
        for charge in (2500, 2750, 3000)
    }
    assert list(states.values()) == [State.NOT_RIGHT, State.RIGHT, State.NOT_RIGHT]
    assert (
        "You have 50, 40 and 50 %"
        in tasks.check("when_half_of_them_pay", charge=2750, **{**half, "fewer": 40})[1]
    )
    everybody = [
        tasks.check("a_rule_for_everybody", whom=1, charge=charge)[0]
        for charge in (1000, 1250, 1500)
    ]
    assert everybody == [State.NOT_RIGHT, State.RIGHT, State.NOT_RIGHT]
    at(board, whom=1, charge=1250)
    others, last = company_contribution().each.iloc[:-1], company_contribution().each.iloc[-1]
    orders, service = others["express_orders"].sum(), others["service_cost"].sum()
    solution = tasks.solution("a_rule_for_everybody")
    said("if 548 of the 584 express orders paid it", solution)
    said(
        f"each of the {orders} express orders of the others we have spent ¥{service / orders:.0f}",
        solution,
    )
    said(f"each of Yuelai's {money(last['service_cost'] / last['express_orders'])}", solution)
    assert board.standing().facts["must_pay"] == 548


def test_three_stand_at_the_end_for_one_complaint_each(board: ContributionBoard) -> None:
    tasks = BoardTasks("31", board)
    assert tasks.check("is_it_a_bad_customer", opened="sales")[0] is State.NOT_RIGHT
    each = company_contribution().each
    losing = each[each["contribution"] < 0]
    saved = losing[losing["contribution"] + losing["complaint_cost"] > 0].index
    complaints = company_table("complaints").query("customer_id in @saved")
    assert complaints["valid"].all()
    assert sorted(complaints["customer_id"]) == sorted(saved) == ["CU-148", "CU-229", "CU-328"]
    answers = {n: tasks.check("is_it_a_bad_customer", opened="losing", answer=n)[0] for n in (3, 7)}
    assert answers == {len(saved): State.RIGHT, len(losing): State.NOT_RIGHT}
    said("CU-229, CU-328 and CU-148", tasks.solution("is_it_a_bad_customer"))


def test_halving_is_half_and_turning_back_is_back(board: ContributionBoard) -> None:
    first = at(board)
    turned = at(board, fewer=50)
    assert turned != first
    board.click("back")
    assert (board.seen.says, [figure.value for figure in board.seen.figures]) == first


def test_the_figure_says_what_it_draws(board: ContributionBoard) -> None:
    at(board, charge=2000, fewer=50)
    chart = board.seen.chart
    before, curve, diamond, bars, at_first, peak = chart.traces
    assert curve["y"][-1] == pytest.approx(100)
    assert f"{max(curve['y']):.1f} %" in chart.says
    assert diamond["x"][0] == company_contribution().customers
    assert sum(bars["x"][:-1]) == pytest.approx(bars["x"][-1])
    assert sum(at_first["x"][:-1]) == pytest.approx(at_first["x"][-1])
    assert max(before["y"]) != max(curve["y"])
    assert set(peak["y"]) == {max(curve["y"])}


def test_the_axis_of_the_curve_begins_where_the_mark_and_the_fall_can_be_seen(
    board: ContributionBoard,
) -> None:
    for dials in ({}, {"fewer": 100, "back": 100, "charge": 8000}, {"whom": 1, "charge": 8000}):
        at(board, **dials)
        chart = board.seen.chart
        low, high = chart.layout["yaxis"]["range"]
        assert low <= 80
        assert low < chart.traces[2]["y"][0] <= chart.traces[5]["y"][0] < high
    at(board)
    low, high = board.seen.chart.layout["yaxis"]["range"]
    assert (board.seen.chart.traces[5]["y"][0] - 100) / (high - low) > 0.08, "the fall is seen"


def test_each_figure_has_its_records(board: ContributionBoard) -> None:
    rows = {name: len(each.rows()) for name, each in board.behind.items()}
    found = company_contribution()
    assert rows["customers"] == found.customers
    assert rows["losing"] == found.loss_making
    assert rows["blocked"] == found.blocked_rows
    assert rows["complaints"] == 28
    complaints = board.behind["complaints"].rows()
    assert (complaints.columns[0], int(complaints["Our fault"].sum())) == ("Our fault", 25)
    assert "Wrong or missing parts" in set(complaints["category"])
    assert "Replace the goods" in set(complaints["remedy"])
    at(board)
    board.click("open", {"behind": "losing"})
    assert "CU-229" in board.text()


def test_dirt_turns_the_decision_where_the_text_says() -> None:
    dirt = DirtyData("contribution").dirt
    assert {kind: dirt.flips_at(kind) for kind in dirt.kinds} == {
        "missing_cost": 10,
        "wrong_category": 20,
        "late_entry": 20,
        "duplicates": None,
    }
    most = dirt.read({"duplicates": STEPS[-1]}).drift_percent
    assert most is not None
    said(f"up to {abs(most):.0f} % at the last step")


@pytest.mark.parametrize(
    ("model", "kind", "said_so"),
    [
        ("contribution", "duplicates", "the loss looks 19 % larger"),
        ("contribution", "missing_cost", "the loss looks 19 % smaller"),
        ("complaints", "late_entry", "it looks 29 % smaller"),
        ("complaints", "duplicates", "it looks 21 % larger"),
    ],
)
def test_what_dirt_does_to_a_figure_is_said_in_words(model: str, kind: str, said_so: str) -> None:
    view = DirtyData(model)
    assert view.seen.figures[2].value == "it looks as it is"
    view.click("turn", {kind: STEPS[-1]})
    assert view.seen.figures[2].value == said_so
    assert said_so in view.seen.chart.says


def test_dirt_is_told_in_words_and_its_records_can_be_opened() -> None:
    view = DirtyData("contribution")
    assert "“negotiate again”" in view.seen.says
    view.click("turn", {"wrong_category": 20})
    assert "The decision has turned: from “negotiate again” to “leave it as it is”" in view.text()
    view.click("open", {"behind": "dirt:wrong_category"})
    spoiled = view.dirt.rows_behind("wrong_category", 20)
    assert f"10 of {len(spoiled)} records" in view.text()
    for model in ("funnel", "complaints", "value"):
        assert DirtyData(model).seen.chart.says
    assert "There is no model 'weather'" in DirtyData("weather").children[0].text()


def test_the_books_and_the_boards_are_as_the_text_says() -> None:
    assert "The latest 24 months match the books" in books_in_words().data
    spoiled = DirtyData("contribution").dirt.tables({"duplicates": 5})["transactions"]
    books = by_month(company_table("invoices"), "invoiced_at")
    assert reconcile(by_month(spoiled, "date"), books).share_matching == 0
    unopened = company_staves()["used"].lacking.iloc[0]
    said(f"made {unopened['times_made']} times, {unopened['hours']:.0f} hours of work")
    last, other = on_time_at_month_end(pd.read_parquet(SAMPLE_DATA / "events.parquet"))
    said(f"only {100 * last:.0f} % is entered within a day, and {100 * other:.0f} % of the rest")
    found = contribution_in_words().data
    assert re.search(r"7 customers cost more than they bring", found)


def test_figures_are_usable_after_three_months_that_match() -> None:
    books = BooksBoard()
    assert "The latest 24 months match the books" in books.seen.says
    books.click("turn", {"twice": 1})
    assert books.seen.facts["wrong"] == 11
    said("one line in a hundred, and eleven months are off")
    assert "Not usable yet: " in books.seen.says
    tasks = BoardTasks("31", books)
    states = {n: tasks.check("usable_again", twice=3, until=n)[0] for n in (20, 21, 22, 24)}
    assert [n for n, state in states.items() if state is State.RIGHT] == [21]
    assert books.months[21 - 1] == "2026-01"
    assert tasks.solution("usable_again").startswith("The end of January 2026.")


def test_a_bar_opens_its_orders_and_they_add_up_to_it() -> None:
    books = BooksBoard()
    books.click("turn", {"twice": 4})
    for one in books.match.periods:
        rows = books.behind[f"month:{one.period}"].rows()
        assert rows["Difference"].sum() == pytest.approx(one.difference)
        assert rows["Books"].sum() == pytest.approx(one.books)
        assert rows["Difference"].abs().is_monotonic_decreasing


def test_boards_about_sales_say_whether_they_may_be_used(board: ContributionBoard) -> None:
    for view in (board, ContributionBriefing(), ValueBoard(), LostCustomerBoard(), SignalBoard()):
        assert "usable" in view.text()
        assert "It takes 3 in a row, so the figures may be used since Jul 2024" in view.text()
    assert "usable" not in ShortestBoard().answer.text()


def test_only_the_shortest_board_lifts_the_water() -> None:
    view = ShortestBoard()
    for other in ("complete", "on_time"):
        view.click("back")
        view.click("turn", {other: 100})
        assert "The water stands at 80 %, as before" in view.seen.says
    view.click("back")
    view.click("turn", {"used": 100})
    assert "The water stands at 88 % now, 8 points more." in view.seen.says
    assert "“on time”" in view.seen.says
    assert list(view.behind) == [
        f"board:{name}" for name in ("used", "on_time", "complete", "reconciled", "traceable")
    ]
    view.click("open", {"behind": "board:traceable"})
    assert "There are none." in view.text()
    view.click("back")
    assert view.seen.figures[1].value == "93 %"
    said("The mean of the five boards is 93 %")


def test_the_boards_have_one_set_of_words() -> None:
    view = ShortestBoard()
    for name, dial in view.dials.items():
        word = view.names[name]
        assert dial.label.startswith(f"{word}: ")
        said(f"- **{word}**: of ")
    said(f"the shortest: {', '.join(view.names[name] for name in view.dials)}?")


def test_the_briefing_s_offers_are_what_it_says() -> None:
    text, view = text_of(BRIEFING), ContributionBriefing()
    said("they have cost us ¥651,427", text.replace("\n", " "))
    assert view.seen.says.startswith("As it is, Yuelai Water Works costs us ¥651,427")
    assert "still costs us" in at(view, discount=6)[0]
    assert "brings us ¥2,770. That is an offer to make." in at(view, discount=5)[0]
    view.click("back")
    assert "still costs us ¥750" in at(view, discount=12, charge=2500)[0]
    said("Without our own homework it is ¥750 short", text)
    told, figures = at(view, discount=12, charge=2500, fewer=50)
    assert "brings us ¥109,575. That is an offer to make." in told
    assert figures[1] == "52"
    said("Then they bring us ¥109,575, and it holds if 52 of their 95 express orders pay", text)
    sales = company_contribution().rows_behind("CU-095")["sales"]
    assert (int(sales["cost"].isna().sum()), len(sales)) == (2, 127)


# On the page


def drawn(board: BoardPage, trace: int, axis: str, before: list[Any]) -> list[Any]:
    """A trace as it is drawn, once it is another than before."""
    board.page.wait_for_function(
        "([el, trace, axis, before]) => { while (!el._fullData) el = el.parentElement;"
        " return JSON.stringify(Array.from(el._fullData[trace][axis])) !== before }",
        arg=[
            board.board.locator(".crmlab-plot .svg-container").element_handle(),
            trace,
            axis,
            json.dumps(before, separators=(",", ":")),
        ],
    )
    found: list[Any] = board.figure()[trace][axis]
    return found


def turn(board: BoardPage, name: str, *keys: str, trace: int, axis: str = "x") -> list[Any]:
    """Turn a dial: the figure and what to see in it change with it."""
    before = (board.figure()[trace][axis], board.see(), board.shown(name))
    board.press(name, *keys)
    now = drawn(board, trace, axis, before[0])
    assert board.see() != before[1]
    assert board.shown(name) != before[2]
    return now


def turn_back(board: BoardPage, sentence: str) -> None:
    """Press the button that turns all dials back, and wait for what was said at first."""
    board.view.get_by_role("button", name="Back to how it was").click()
    board.view.locator("[role=status]").filter(has_text=sentence).wait_for()


def test_every_dial_changes_what_is_drawn_and_said(lessons: Any, window: Any) -> None:
    page = window()
    open_lesson(page, lessons.url(LESSON))
    dials = BoardPage(page, DIALS)
    first = (dials.sentence(), dials.see(), dials.figures())
    assert "¥651,427" in first[0]
    left = turn(dials, "fewer", *["ArrowRight"] * 5, trace=3)
    assert round(left[-1]) == -541_102
    turn(dials, "back", *["ArrowRight"] * 5, trace=3)
    left = turn(dials, "charge", *["ArrowRight"] * 8, trace=3)
    assert round(left[-1]) == 62_075
    assert "¥62,075" in dials.sentence()
    assert "number 110" in dials.see()
    turn(dials, "accepted", *["ArrowLeft"] * 8, trace=3)
    turn(dials, "whom", "End", trace=3)
    assert "with everybody" in dials.sentence()
    turn_back(dials, first[0])
    assert (dials.sentence(), dials.see(), dials.figures()) == first
    rows = dials.look_behind("Customers who cost more than they bring")
    assert len(rows) == 7
    assert rows[0].startswith("Yuelai Water Works, CU-095")

    dirt = BoardPage(page, DIRT)
    for kind, row in zip(
        ("missing_cost", "wrong_category", "late_entry", "duplicates"), range(4), strict=True
    ):
        before = dirt.figure()[1]["x"]
        now = turn(dirt, kind, "End", trace=1)
        assert now[row] != before[row]
    assert "Nothing can be decided any more" in dirt.sentence(), "a cost is missing"

    books = BoardPage(page, BOOKS)
    turn(books, "twice", *["ArrowRight"] * 3, trace=0, axis="y")
    assert "Not usable yet" in books.sentence()
    turn(books, "until", *["ArrowLeft"] * 3, trace=0, axis="y")
    assert "may be used since Apr 2026" in books.sentence()
    tasks = page.locator(".crmlab:has(> .tasks)").last
    tasks.get_by_role("button", name="Check").click()
    tasks.get_by_text("The board stands as it was asked for.").wait_for()

    water = BoardPage(page, WATER)
    at_first = water.sentence()
    for name in ("complete", "on_time"):
        turn(water, name, "End", trace=0, axis="y")
        assert "80 %, as before" in water.sentence()
    for name in ("reconciled", "traceable"):
        turn(water, name, "Home", trace=0, axis="y")
        assert "The water stands at 0 %" in water.sentence()
    turn_back(water, at_first)
    turn(water, "used", "End", trace=0, axis="y")
    assert "88 %" in water.sentence()
    assert not axe_troubles(page, "main")

    dark = window(theme="dark")
    open_lesson(dark, lessons.url(LESSON))
    BoardPage(dark, WATER)
    assert not axe_troubles(dark, "main")


def test_the_briefing_shows_no_code_and_its_dials_decide(lessons: Any, window: Any) -> None:
    page = window()
    open_lesson(page, lessons.url(BRIEFING))
    terms = BoardPage(page, TERMS)
    turn(terms, "charge", "End", trace=3)
    turn(terms, "discount", *["ArrowLeft"] * 12, trace=3)
    assert "That is an offer to make." in terms.sentence()
    assert "import" not in page.locator("main").inner_text()
    assert not axe_troubles(page, "main")


def test_on_a_narrow_screen_the_verdict_stays_in_sight(lessons: Any, window: Any) -> None:
    page = window()
    page.set_viewport_size({"width": 640, "height": 450})
    open_lesson(page, lessons.url(LESSON))
    dials = BoardPage(page, DIALS)
    dials.dial("whom").evaluate("(dial) => dial.scrollIntoView({block: 'start'})")
    said = dials.view.locator(".said")
    box = said.bounding_box()
    assert box["y"] + box["height"] <= 451
    dials.dial("back").focus()
    thumb = dials.dial("back").bounding_box()
    assert thumb["y"] + thumb["height"] <= said.bounding_box()["y"] + 1, "the focus is not covered"
    assert not axe_troubles(page, "main")
