"""What the sales procedure promises: its desks, its ways, its mistakes, and whom they hurt."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from crmlab.practice.rehearsal import rehearse_with_records
from crmlab.practice.trial import case_for_trial, stages, with_slip
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case
from crmlab.procedures.engine import CaseWorld

SEATS = [
    "inside_sales",
    "sales_representative",
    "sales_manager",
    "sales_director",
    "general_manager",
    "finance_controller",
    "warehouse",
    "data_steward",
]
NAMED = {
    "lead_entered_twice": "a lead entered twice",
    "stage_without_evidence": "a stage moved without evidence",
    "promised_before_approval": "a discount outside discretion",
    "old_price_list": "an old price list",
    "customer_code_for_ours": "a customer's code taken for ours",
    "wrong_address": "a wrong address",
    "missing_batch": "a missing batch number",
    "cost_left_empty": "cost left empty",
    "nobody_signs": "an invoice nobody signs",
}
APPROVALS = ("approve_by_manager", "approve_by_director", "approve_by_general_manager")


@pytest.fixture(scope="module")
def sale() -> Procedure:
    return load("lead_to_cash")


@pytest.fixture(scope="module")
def opened(sale: Procedure) -> Callable[[str], Case]:
    known = {case_id: case_for_trial(sale, case_id) for case_id in sale.cases}
    return known.__getitem__


@pytest.fixture(scope="module")
def closed(sale: Procedure, opened: Callable[[str], Case]) -> Callable[[str], Case]:
    known = {case_id: stages(sale, opened(case_id))[-1] for case_id in sale.cases}
    return known.__getitem__


def test_it_has_eight_seats_and_its_funnel(sale: Procedure) -> None:
    assert list(sale.seats) == SEATS
    assert list(sale.stages) == ["lead", "qualified", "needs", "proposal", "won"]
    chances = [stage.chance for stage in sale.stages.values()]
    assert chances == sorted(chances)
    entered = [step.enters.stage for step in sale.steps.values() if step.enters]
    assert entered == list(sale.stages), "each stage is entered once, in the order of the funnel"
    assert {step.seat for step in sale.steps.values()} == set(SEATS)


def test_every_case_closes_and_every_mistake_can_be_made_in_the_crm(sale: Procedure) -> None:
    rehearse_with_records(sale)


def test_every_case_goes_right_without_a_slip(
    sale: Procedure, closed: Callable[[str], Case]
) -> None:
    for case_id in sale.cases:
        assert closed(case_id).closed_at
        assert closed(case_id).slips == []


@pytest.mark.parametrize(
    ("case_id", "percent", "signs"),
    [
        ("L-2001", 0, 0),
        ("L-2002", 0, 0),
        ("L-2003", 4, 1),
        ("L-2004", 8, 2),
        ("L-2005", 15, 3),
        ("L-2006", 0, 0),
    ],
)
def test_the_depth_of_a_price_says_who_signs(
    sale: Procedure, closed: Callable[[str], Case], case_id: str, percent: int, signs: int
) -> None:
    case = closed(case_id)
    assert [step for step in case.done if step in APPROVALS] == list(APPROVALS[:signs])
    below = CaseWorld(sale, case, "quote").figure("below_list")
    assert round(Decimal(str(below))) == percent


def test_in_the_other_world_everybody_signs_everything(
    sale: Procedure, opened: Callable[[str], Case]
) -> None:
    case = opened("L-2001")
    changed = case.model_copy(update={"facts": {**case.facts, "sign_everything": True}})
    assert set(APPROVALS) <= set(stages(sale, changed)[-1].done)


def test_ninety_and_twenty_against_a_hundred_is_held_with_its_sum(
    sale: Procedure, closed: Callable[[str], Case]
) -> None:
    world = CaseWorld(sale, closed("L-2006"), "release_credit")
    shown = {name: world.figure(name) for name in ("already_open", "order_total", "exposure")}
    assert shown == {"already_open": "90000", "order_total": "20000", "exposure": "110000"}
    assert world.fact("credit_limit") == "100000.00"
    visits = closed("L-2006").visits_to("release_credit")
    assert [visit.seat for visit in visits] == ["finance_controller"] * len(visits)
    assert visits


def test_within_the_limit_finance_is_not_asked(closed: Callable[[str], Case]) -> None:
    assert not closed("L-2001").visits_to("release_credit")


def test_a_new_item_is_seen_by_a_second_pair_of_eyes(
    sale: Procedure, closed: Callable[[str], Case]
) -> None:
    done = closed("L-2080").done
    assert done.index("create_item") < done.index("review_item") < done.index("quote")
    assert sale.steps["create_item"].seat != sale.steps["review_item"].seat


def test_a_lead_that_is_not_one_ends_before_anybody_travels(
    closed: Callable[[str], Case],
) -> None:
    assert closed("L-2007").done == ["capture_lead", "qualify_lead"]


def test_there_are_thirty_mistakes_and_each_is_felt_by_another_desk(sale: Procedure) -> None:
    assert len(sale.mistakes) >= 30
    for name, mistake in sale.mistakes.items():
        makes_it = sale.steps[mistake.step].seat
        feels_it = {consequence.seat for consequence in mistake.consequences}
        assert feels_it - {makes_it}, name
        for part in mistake.consequences:
            felt = part.hours + part.cost + part.repeat_complaint + part.lose_customer
            assert felt or part.delay_days, name


@pytest.mark.parametrize("mistake", NAMED, ids=list(NAMED.values()))
def test_what_goes_wrong_everywhere_goes_wrong_here_too(
    sale: Procedure, opened: Callable[[str], Case], mistake: str
) -> None:
    ends = [with_slip(sale, opened(case_id), mistake) for case_id in sale.cases]
    felt = [{part.seat for part in end.felt if part.mistake == mistake} for end in ends if end]
    assert any(seats - {sale.steps[sale.mistakes[mistake].step].seat} for seats in felt)
