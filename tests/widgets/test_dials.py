"""Dials on a case, turned without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from crmlab.practice import dials as turning
from crmlab.procedures import load, loads
from crmlab.procedures.figures import Figure
from crmlab.text import bracket
from crmlab.widgets import Dial, Dials
from tests.tiny import TINY, spoilt

PRICE = Dial("Price of one", 4800, 6200, 2, 5960)
CREDIT = {
    "fact.credit_limit": Dial("Credit limit", 0, 200_000, 5000, 100_000),
    "fact.open_receivables": Dial("Owed", 0, 150_000, 1000, 62_000),
    "quantity": Dial("", 1, 100, 1, 25),
    "fact.overdue_days": Dial("Oldest invoice overdue", 0, 60, 1, 0, "days"),
}


def soup(view: Any) -> BeautifulSoup:
    return BeautifulSoup(view.view["html"], "html.parser")


def one(view: Any, selector: str) -> Tag:
    found = soup(view).select_one(selector)
    assert found is not None, selector
    return found


def said(node: Tag | None) -> str:
    assert node is not None
    return " ".join(node.get_text(" ").split())


@pytest.fixture(scope="module")
def price() -> Dials:
    """The price of one, at the quote of a large order."""
    return Dials(
        "lead_to_cash",
        "L-2005",
        at="quote",
        dials={"fact.price": PRICE},
        figures=["below_list", "given_away", "margin"],
        until=["win_order"],
    )


@pytest.fixture(scope="module")
def credit() -> Dials:
    """What a customer owes and may owe, where an order is entered."""
    return Dials(
        "lead_to_cash",
        "L-2006",
        at="enter_order",
        dials=CREDIT,
        figures=["exposure", "over_limit"],
        until=["release_credit", "pick_and_ship"],
    )


def sums(view: Dials) -> list[list[str]]:
    return [
        [said(line.select_one("dd")) for line in each.select("div")]
        for each in soup(view).select("dl.sum")
    ]


def zones(view: Dials, dial: int = 0) -> list[str]:
    strip = soup(view).select(".dial")[dial].select(".zone")
    return ["".join(letter.get_text() for letter in zone.select(".letter")) for zone in strip]


# What follows from a number


@pytest.mark.parametrize(
    ("asked", "below", "sentence"),
    [
        ("5960", "0 %", "It goes straight to “Win the order” (Sales representative)."),
        ("5722", "3.99 %", "One desk comes before “Win the order”: Sales manager."),
        ("5662", "5 %", "One desk comes before “Win the order”: Sales manager."),
        ("5660", "5.03 %", "2 desks come before “Win the order”: Sales manager, Sales director."),
        ("5066", "15 %", "3 desks come before “Win the order”: Sales manager, Sales director, Gen"),
    ],
)
def test_turning_the_price_says_who_has_to_agree(
    price: Dials, asked: str, below: str, sentence: str
) -> None:
    price.click("turn", {"fact.price": asked})
    assert sums(price)[0] == [below]
    assert said(one(price, "[role=status] .why")).startswith(sentence)


def test_the_way_is_listed_desk_by_desk(price: Dials) -> None:
    price.click("turn", {"fact.price": "5500"})
    assert [said(item) for item in soup(price).select(".way-on li")] == [
        "M Sales manager Agree to the price as sales manager",
        "D Sales director Agree to the price as sales director",
        "R Sales representative Win the order",
    ]


def test_a_way_of_one_step_is_told_and_not_listed(price: Dials) -> None:
    price.click("turn", {"fact.price": "5960"})
    assert not soup(price).select(".way-on")


def test_a_sum_is_written_as_on_paper_and_the_next_goes_on_from_it(credit: Dials) -> None:
    credit.click("back")
    assert sums(credit) == [
        ["¥62,000", "+ ¥28,000", "+ ¥20,000", "= ¥110,000"],
        ["− ¥100,000", "= ¥10,000"],
    ]


def test_turning_one_dial_leaves_the_others_where_they_are(credit: Dials) -> None:
    credit.click("back")
    credit.click("turn", {"quantity": "10"})
    credit.click("turn", {"fact.open_receivables": "64000"})
    assert sums(credit)[0] == ["¥64,000", "+ ¥28,000", "+ ¥8,000", "= ¥100,000"]
    assert "straight to “Pick and ship” (Warehouse)" in said(one(credit, "[role=status]"))
    values = {str(i["name"]): i["value"] for i in soup(credit).select("input[type=range]")}
    assert values == {
        "fact.credit_limit": "100000",
        "fact.open_receivables": "64000",
        "quantity": "10",
        "fact.overdue_days": "0",
    }


def test_within_the_limit_an_order_is_held_once_an_invoice_is_thirty_one_days_overdue(
    credit: Dials,
) -> None:
    credit.click("back")
    credit.click("turn", {"fact.open_receivables": "1000", "fact.overdue_days": "30"})
    assert "Pick and ship" in said(one(credit, "[role=status]"))
    assert "The reason" not in said(one(credit, "[role=status]"))
    credit.click("turn", {"fact.overdue_days": "31"})
    assert "Decide on a held order" in said(one(credit, "[role=status]"))
    reason = said(one(credit, "[role=status] ul"))
    assert "31, which is more than 30" in reason
    assert "limit" not in reason, "the limit is not what holds it"


def test_the_reason_of_each_turn_of_the_way_is_named(credit: Dials, price: Dials) -> None:
    credit.click("back")
    assert "¥10,000, which is more than ¥0" in said(one(credit, "[role=status] ul"))
    price.click("turn", {"fact.price": "5660"})
    assert [said(line) for line in soup(price).select("[role=status] li")] == [
        "How far the price lies below the list: 5.03 %, which is more than 0 %",
        "How far the price lies below the list: 5.03 %, which is more than 5 %",
    ]


def result(view: Dials, number: int) -> list[str]:
    """What comes out of a sum: what it is called, and what it says."""
    line = soup(view).select("dl.sum")[number].select("div")[-1]
    return [said(line.select_one("dt")), said(line.select_one("dd"))]


def test_what_comes_out_below_zero_is_called_by_what_it_is_then(
    credit: Dials, price: Dials
) -> None:
    credit.click("back")
    credit.click("turn", {"fact.credit_limit": "200000"})
    assert result(credit, 1) == ["What would be left of the limit", "= ¥90,000"]
    price.click("turn", {"fact.price": "6200"})
    assert result(price, 0) == ["How far the price lies above the list", "4.03 %"]
    assert result(price, 1) == ["What the price above the list brings in", "= ¥5,760"]


def test_without_a_name_for_it_a_figure_below_zero_is_said_in_words() -> None:
    sale = load("lead_to_cash")
    unnamed = sale.figures["below_list"].model_copy(update={"below_zero": None})
    view = Dials(
        sale.model_copy(update={"figures": {**sale.figures, "below_list": unnamed}}),
        "L-2005",
        at="quote",
        dials={"fact.price": PRICE},
        figures=["below_list"],
        until=["win_order"],
    )
    view.click("turn", {"fact.price": "6200"})
    assert sums(view)[0][-1] == "not at all; 4.03 % the other way"


def test_back_to_how_it_was(credit: Dials) -> None:
    credit.click("turn", {"fact.credit_limit": "5000", "quantity": "99"})
    credit.click("back")
    assert [said(output) for output in soup(credit).select("output")] == [
        "¥100,000",
        "¥62,000",
        "25",
        "0 days",
    ]


@pytest.mark.parametrize(
    ("entered", "taken"),
    [("7000", "¥6,200"), ("-3", "¥4,800"), ("5661", "¥5,660"), ("", "¥5,960"), ("<b>", "¥5,960")],
)
def test_what_no_dial_can_show_is_brought_to_the_nearest_that_it_can(
    price: Dials, entered: str, taken: str
) -> None:
    price.click("back")
    price.click("turn", {"fact.price": entered})
    assert said(one(price, "output")) == taken


def test_what_the_crm_refuses_is_said_and_the_dials_stay() -> None:
    view = Dials(
        "lead_to_cash",
        "L-2006",
        at="enter_order",
        dials={"unit_price": Dial("", 700, 900, 50, 800)},
        figures=["order_total"],
        until=["pick_and_ship", "release_credit"],
    )
    view.click("turn", {"unit_price": "750"})
    assert said(one(view, ".refusal")).startswith("That is not the price of the quote.")
    assert not soup(view).select("[role=status] .why")
    assert said(one(view, "output")) == "¥750"
    view.click("turn", {"unit_price": "800"})
    assert not soup(view).select(".refusal")


# Along the dial


def test_below_the_dial_stands_who_has_it_next(price: Dials) -> None:
    price.click("back")
    assert zones(price) == ["MDG", "MD", "M", ""]
    marks = [said(mark) for mark in soup(price).select(".marks > span")]
    assert marks == ["¥5,364", "¥5,662", "¥5,960"]
    assert [zone.get_text(strip=True) for zone in soup(price).select(".zone.here")] == ["–"]


def test_a_mark_that_would_run_into_another_is_left_out() -> None:
    view = Dials(
        "lead_to_cash",
        "L-2005",
        at="quote",
        dials={"fact.price": Dial("", 4000, 8000, 2, 5960)},
        figures=[],
        until=["win_order"],
    )
    assert zones(view) == ["MDG", "MD", "M", ""]
    marks = [said(mark) for mark in soup(view).select(".marks > span")]
    assert marks == ["¥5,364"]  # the next two are 149 and 298 steps further, of 2,000


def test_a_dial_that_changes_nothing_has_no_strip(credit: Dials) -> None:
    credit.click("back")  # over the limit as it is, it is held however old an invoice may be
    assert zones(credit, 3) == []
    credit.click("turn", {"fact.credit_limit": "200000"})
    assert zones(credit, 3) == ["W", "F"]


def test_the_strip_moves_when_another_dial_is_turned(credit: Dials) -> None:
    credit.click("back")
    first = [said(mark) for mark in soup(credit).select(".dial")[1].select(".marks > span")]
    credit.click("turn", {"fact.credit_limit": "150000"})
    then = [said(mark) for mark in soup(credit).select(".dial")[1].select(".marks > span")]
    assert (first, then) == (["¥53,000"], ["¥103,000"])


def test_turning_a_dial_works_no_strip_out_anew_but_those_of_the_others(
    monkeypatch: pytest.MonkeyPatch, price: Dials, credit: Dials
) -> None:
    price.click("back")
    credit.click("back")
    worked = []

    def noted(*arguments: Any) -> Any:
        worked.append(arguments)
        return turning.zones(*arguments)

    monkeypatch.setattr("crmlab.widgets.dials.zones", noted)
    price.click("turn", {"fact.price": "5000"})
    assert worked == []
    credit.click("turn", {"quantity": "60"})
    assert len(worked) == len(CREDIT) - 1


# Keyboard and screen reader


def test_a_dial_is_a_range_with_a_label_and_its_value_in_words(credit: Dials) -> None:
    credit.click("back")
    for dial in soup(credit).select(".dial"):
        (turn,) = dial.select("input[type=range]")
        (label,) = dial.select("label")
        (output,) = dial.select("output")
        assert [label["for"]] == output["for"] == [turn["id"]]
        assert turn["aria-valuetext"] == output.get_text()
        described = soup(credit).find(id=str(turn["aria-describedby"]))
        assert described is not None
        assert said(described).startswith(f"At first: {output.get_text()}")
    assert "From ¥0 to ¥52,000: Warehouse." in said(
        soup(credit).select_one(".dial:nth-of-type(2) p.unseen")
    ).replace(" :", ":")


def test_what_changes_while_a_dial_is_held_is_marked_as_a_part(credit: Dials) -> None:
    before = soup(credit)
    credit.click("turn", {"quantity": "77"})
    after = soup(credit)
    for page in (before, after):
        for part in page.select("[data-part]"):
            assert part["id"]
            part.clear()
        for turn in page.select("input[type=range]"):  # the browser knows these by itself
            del turn["value"], turn["aria-valuetext"]
    assert str(before) == str(after)


# Any procedure


TALL = spoilt(
    "next: [{to: lend}]", "next: [{to: check, when: {field: height, above: 5}}, {to: lend}]"
)


def test_another_procedure_gets_its_dials(tmp_path: Path) -> None:
    path = tmp_path / "ladder.yaml"
    path.write_text(TALL, encoding="utf-8")
    view = Dials(path, "T-1", at="ask", dials={"height": Dial("", 1, 9, 1, 3)}, figures=[])
    assert said(one(view, "label")) == "Height"
    assert zones(view) == ["K", ""]
    assert said(one(view, "[role=status]")) == "3 more desks have it: Keeper, Checker, Neighbour."
    view.click("turn", {"height": "6"})
    assert said(one(view, "[role=status]")) == (
        "2 more desks have it: Checker, Neighbour. The reason: Height: 6, which is more than 5"
    )


def test_a_dial_without_a_label_is_called_as_the_procedure_calls_it(tmp_path: Path) -> None:
    procedure = load("lead_to_cash")
    view = Dials(
        procedure,
        "L-2006",
        at="enter_order",
        dials={"fact.overdue_days": Dial("", 0, 60, 1, 0), "quantity": Dial("", 1, 9, 1, 2)},
        figures=[],
    )
    about = procedure.facts["overdue_days"].about
    assert [said(label) for label in soup(view).select("label")] == [
        about[0].upper() + about[1:],
        "Pieces ordered",
    ]


def test_a_figure_that_is_no_plain_sum_is_shown_as_it_comes_out() -> None:
    figure = Figure.model_validate(
        {"about": "three times the height", "multiply": [3, {"field": "ask.height"}]}
    )
    procedure = loads(TINY).model_copy(update={"figures": {"triple": figure}})
    dials = {"height": Dial("", 1, 9, 1, 3)}
    view = Dials(procedure, "T-1", at="ask", dials=dials, figures=["triple"])
    assert sums(view) == [["¥9"]]


@pytest.mark.parametrize(
    ("change", "said_"),
    [
        ({"at": "quotes"}, "no step 'quotes'; it has: capture_lead, "),
        ({"until": ["winn"]}, "no step 'winn'"),
        ({"figures": ["belowlist"]}, "no figure 'belowlist'; it has: quote_total, "),
        ({"dials": {"prise": PRICE}}, "no field or fact 'prise'; it has: quantity, "),
        ({"dials": {"fact.prise": PRICE}}, "no field or fact 'fact.prise'"),
        ({"dials": {"fact.price": Dial("", 9, 1, 1, 5)}}, "from a low to a high number"),
        ({"dials": {"fact.price": Dial("", 1, 9, 0, 5)}}, "from a low to a high number"),
        ({"dials": {"fact.price": Dial("", 1, 9, 1, 10)}}, "from a low to a high number"),
        ({"case": "L-9"}, "no practice case 'L-9'"),
        ({"case": "L-2001", "at": "approve_by_manager"}, "does not come to 'approve_by_manager'"),
    ],
)
def test_what_does_not_fit_is_told_in_its_place(change: dict[str, Any], said_: str) -> None:
    asked: dict[str, Any] = {
        "case": "L-2005",
        "at": "quote",
        "dials": {},
        "figures": [],
        **change,
    }
    view = Dials("lead_to_cash", asked.pop("case"), **asked)
    assert said_ in view.text()


def test_every_text_passes_through_translation(pseudo: None) -> None:
    view = Dials(
        "lead_to_cash",
        "L-2006",
        at="enter_order",
        dials=CREDIT,
        figures=["exposure", "over_limit"],
        until=["release_credit", "pick_and_ship"],
    )
    page = soup(view)
    for raw in page.select("[translate=no], .letter, .sign"):
        raw.decompose()
    opened, closed = bracket("x").split("x")
    for node in page.select("label, dt, button, h3, .why p, p.unseen"):
        text = said(node)
        assert text.startswith(opened), text
        assert text.endswith(closed), text
