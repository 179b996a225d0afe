"""A habit turned up and down, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from crmlab.crm.store.sandbox import open_sandbox
from crmlab.procedures import load
from crmlab.procedures.walk import right_fields, wrong_fields
from crmlab.text import bracket, use_language
from crmlab.widgets import Desk, WhatIf

CASES = ["C-1042", "C-1039"]


@pytest.fixture
def view() -> WhatIf:
    return WhatIf("complaint", "wrong_batch", cases=CASES)


def cells(view: WhatIf, row: int) -> list[str]:
    soup = BeautifulSoup(view.view["html"], "html.parser")
    found = soup.select("tbody")[0].select("tr")[row]
    return [" ".join(cell.get_text(" ").split()) for cell in found.select("th, td")]


def wide(view: WhatIf, row: int) -> float:
    """How wide the interval of a figure is drawn."""
    soup = BeautifulSoup(view.view["html"], "html.parser")
    style = soup.select("tbody")[0].select("tr")[row].select_one(".between")
    assert style is not None
    return float(str(style["style"]).split("width:")[1].rstrip("%"))


def turn(view: WhatIf, **dials: Any) -> None:
    view.do_turn({"dials": {name: str(value) for name, value in dials.items()}})
    view.draw()


def sentence(view: WhatIf) -> str:
    soup = BeautifulSoup(view.view["html"], "html.parser")
    said = soup.select_one("[role=status]")
    assert said is not None
    return " ".join(said.get_text(" ").split())


def test_a_habit_turned_up_costs_more_and_back_as_it_was(view: WhatIf) -> None:
    first, at_first = cells(view, 3), sentence(view)
    turn(view, often=80)
    assert cells(view, 3) != first
    assert "surely between" in sentence(view)
    turn(view, often=20)
    assert cells(view, 3) == first
    assert sentence(view) == at_first


def test_a_habit_that_nobody_has_is_no_difference(view: WhatIf) -> None:
    turn(view, often=0)
    assert "no difference that could be told from chance" in sentence(view)
    assert cells(view, 4)[3] == "0 surely between 0 and 0"


def test_a_strip_is_measured_by_what_the_habit_can_do_at_most(view: WhatIf) -> None:
    turn(view, often=100)
    widest = wide(view, 3)
    turn(view, often=10)
    assert wide(view, 3) < widest


def test_what_is_no_number_and_what_is_beyond_the_dial_changes_nothing_else(view: WhatIf) -> None:
    turn(view, often="nonsense", notices=900)
    assert view.stands == {"often": 20, "notices": 100}
    turn(view, often=-3)
    assert view.stands["often"] == 0


def test_another_habit_can_be_chosen_but_none_that_is_not_there(view: WhatIf) -> None:
    view.do_choose({"mistake": {"mistake": "symptom_for_cause"}})
    assert view.slip == "symptom_for_cause"
    view.do_choose({"mistake": {"mistake": "no_such"}})
    assert view.slip == "symptom_for_cause"


def test_the_slip_made_at_the_desk_is_taken_up(tmp_path: Path) -> None:
    complaint = load("complaint")
    desk = Desk(complaint, sandbox=open_sandbox("own", folder=tmp_path), cases=CASES)
    view = WhatIf(complaint, "no_prevention_note", cases=CASES, desk=desk)
    assert view.slip == "no_prevention_note"
    practice = desk.parts[0]
    case = practice.case("C-1042")
    while case.step != "register":
        case = practice.hand_over(case, right_fields(complaint, case)).case
    practice.hand_over(case, wrong_fields(complaint, case, "wrong_batch"))
    view.do_mine({})
    view.draw()
    assert view.slip == "wrong_batch"
    assert "You made this slip in case C-1042" in view.view["html"]


def test_a_procedure_without_mistakes_is_told_in_a_sentence() -> None:
    complaint = load("complaint").model_copy(update={"mistakes": {}})
    view = WhatIf(complaint, cases=CASES)
    assert "names no mistake" in view.view["html"]


def test_all_it_says_passes_through_translation() -> None:
    use_language("qps")
    try:
        html = WhatIf("complaint", "wrong_batch", cases=CASES).view["html"]
    finally:
        use_language(None)
    assert bracket("Customers lost") in html
    assert bracket("The habit") in html


def test_back_to_how_it_was(view: WhatIf) -> None:
    first = view.view["html"]
    view.do_choose({"mistake": {"mistake": "symptom_for_cause"}})
    turn(view, often=75, notices=0)
    view.do_back({})
    view.draw()
    assert sentence(view) in BeautifulSoup(first, "html.parser").get_text(" ", strip=True)
    assert (view.slip, view.stands) == ("wrong_batch", {"often": 20, "notices": 50})


def test_every_habit_that_is_offered_can_make_a_difference(view: WhatIf) -> None:
    for slip in ("late_acknowledgement", "late_approval", "wrong_batch", "no_prevention_note"):
        assert slip in view.possible
        view.do_choose({"mistake": {"mistake": slip}})
        turn(view, often=100, notices=0)
        assert "In a quarter it costs" in sentence(view), slip


def test_without_a_slip_at_the_desk_that_is_said(tmp_path: Path) -> None:
    desk = Desk("complaint", sandbox=open_sandbox("none", folder=tmp_path), cases=CASES)
    view = WhatIf("complaint", "wrong_batch", cases=CASES, desk=desk)
    view.do_mine({})
    view.draw()
    assert "No slip was made at the desk yet." in view.view["html"]
