"""What the four lessons say about the luck of careless entry, held to twenty companies."""

from __future__ import annotations

import json

import pytest

from crmlab.models.entry.dirt import DRAWS, STEPS, turned
from crmlab.widgets.analysis.dirt import careless_companies
from tests.serving import ROOT

SAID = {
    ("12_complaint_rate", "complaints"): (
        "sorting wrongly turns it in six of twenty, when it goes as far as 30 %, late entry in two, "
        "and entering twice in none",
        {("wrong_category", 30): 6, ("late_entry", 30): 2, ("duplicates", 30): 0},
    ),
    ("23_the_funnel", "funnel"): (
        "With one in five entered late, all twenty companies believe that the target is covered. "
        "With one in ten it is nine of them",
        {("late_entry", 20): 20, ("late_entry", 10): 9},
    ),
    ("31_contribution", "contribution"): (
        "with one in five booked to somebody else, fifteen of twenty companies would leave it as it "
        "is; with one in ten, two",
        {("wrong_category", 20): 15, ("wrong_category", 10): 2, ("duplicates", 30): 0},
    ),
    ("32_lifetime_value", "value"): (
        "With one customer in five under two numbers, all twenty have turned",
        {("duplicates", 20): 20, ("missing_cost", 30): 0, ("late_entry", 30): 0},
    ),
}


@pytest.mark.parametrize(("lesson", "model"), SAID)
def test_what_is_luck_is_said_as_it_is(lesson: str, model: str) -> None:
    sentence, numbers = SAID[lesson, model]
    cells = json.loads((ROOT / "notebooks" / f"{lesson}.ipynb").read_text("utf-8"))["cells"]
    assert any(sentence in "".join(cell["source"]) for cell in cells)
    assert DRAWS == 20
    found = turned(careless_companies(model), STEPS)
    assert {at: found[at[0]][at[1]] for at in numbers} == numbers


def test_only_what_makes_the_loss_look_larger_turns_nothing() -> None:
    companies = careless_companies("contribution")
    at_most = {kind: max(by_step.values()) for kind, by_step in turned(companies, STEPS).items()}
    assert [kind for kind, number in at_most.items() if not number] == ["duplicates"]
    drift = companies[0].read({"duplicates": 30}).drift_percent
    assert drift is not None
    assert drift < 0, "the loss looks larger"
