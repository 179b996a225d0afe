"""What the sales procedure promises: its desks, its ways, its mistakes, and whom they hurt."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from crmlab.errors import Refused
from crmlab.practice.rehearsal import rehearse_with_records
from crmlab.practice.trial import case_for_trial, stages, with_slip
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case, SendBack
from crmlab.procedures.conditions import Raw, holds
from crmlab.procedures.engine import act
from crmlab.procedures.schema import House
from crmlab.procedures.steps import Evidence
from crmlab.procedures.wording import fill
from crmlab.procedures.world import CaseWorld
from crmlab.simulation.colleagues import right_action

ROOT = Path(__file__).parents[2]
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


# What has been decided about money, and what is refused


def brought(sale: Procedure, case: Case, step: str) -> Case:
    """The case on its way by the procedure, where it lies at the step for the first time."""
    return next(stage for stage in stages(sale, case) if stage.step == step)


def done(sale: Procedure, case: Case, **otherwise: Raw) -> Case:
    """The case behind its step, done with the right entries but for these."""
    action = right_action(sale, case)
    entries = {**action.fields, **otherwise}
    return act(sale, case, action.model_copy(update={"fields": entries})).case


def refused(sale: Procedure, case: Case, **otherwise: Raw) -> set[str]:
    with pytest.raises(Refused) as refusal:
        done(sale, case, **otherwise)
    return set(refusal.value.fields)


def sent_back(sale: Procedure, case: Case, to: str) -> Case:
    assert case.step is not None
    seat = sale.steps[case.step].seat
    back = SendBack(seat=seat, step=case.step, to=to, reason="Look again.", at=case.last_moment)
    return act(sale, case, back).case


def test_an_order_that_has_grown_since_its_release_goes_to_finance_again(
    sale: Procedure, opened: Callable[[str], Case]
) -> None:
    case = brought(sale, opened("L-2005"), "pick_and_ship")
    case = sent_back(sale, case, "enter_order")
    same = done(sale, case, quantity=24)
    assert same.step == "pick_and_ship", "what finance has released may be entered again"
    more = done(sale, case, quantity=48)
    assert more.step == "release_credit"
    assert done(sale, more).step == "pick_and_ship"


@pytest.mark.parametrize(("allowed", "held"), [(19, True), (20, False), (None, False)])
def test_for_how_long_an_invoice_may_be_overdue_is_a_rule_of_the_house(
    sale: Procedure, allowed: int | None, held: bool
) -> None:
    file = sale.model_copy(update={"house": House(overdue_allowed=allowed)})

    def overdue(step: str) -> Case:
        case = brought(file, case_for_trial(file, "L-2003"), step)
        return case.model_copy(update={"facts": {**case.facts, "overdue_days": 20}})

    assert done(file, overdue("enter_order")).step == (
        "release_credit" if held else "pick_and_ship"
    )
    if held:
        assert refused(file, overdue("pick_and_ship")) == set()
    else:
        assert done(file, overdue("pick_and_ship")).step == "invoice"


@pytest.mark.parametrize("text", ["notebooks/22_credit_limits.ipynb", "exercises/lesson_22.yaml"])
def test_the_lesson_on_credit_names_the_days_that_the_file_has(sale: Procedure, text: str) -> None:
    named = re.findall(r"due for more than (\d+) days", (ROOT / text).read_text(encoding="utf-8"))
    assert set(named) == {str(sale.house.overdue_allowed)}


def test_a_held_order_that_finance_sends_back_comes_to_finance_again(
    sale: Procedure, opened: Callable[[str], Case]
) -> None:
    case = brought(sale, opened("L-2005"), "pick_and_ship")
    case = sent_back(sale, case, "release_credit")
    case = sent_back(sale, case, "enter_order")
    assert done(sale, case).step == "release_credit"


def test_an_order_that_went_out_as_it_was_entered_can_be_looked_at_again(
    sale: Procedure, opened: Callable[[str], Case]
) -> None:
    """Whoever gets it back after a slip can leave it as it left."""
    case = done(sale, brought(sale, opened("L-2001"), "enter_order"), quantity=3)
    case = sent_back(sale, done(sale, case), "enter_order")
    assert case.values["pick_and_ship"]["quantity"] == 3
    assert done(sale, case).values["enter_order"]["quantity"] == 3


@pytest.mark.parametrize("up_to", ["121583", "999999"])
def test_a_release_is_for_the_amount_of_the_order(
    sale: Procedure, opened: Callable[[str], Case], up_to: str
) -> None:
    case = brought(sale, opened("L-2005"), "release_credit")
    assert refused(sale, case, up_to=up_to) == {"up_to"}


def test_while_one_waits_nothing_is_released(
    sale: Procedure, opened: Callable[[str], Case]
) -> None:
    case = brought(sale, opened("L-2006"), "release_credit")
    assert refused(sale, case, up_to="20000") == {"up_to"}


def test_what_a_release_rests_on_is_asked_for_a_release_and_not_while_one_waits(
    sale: Procedure, opened: Callable[[str], Case]
) -> None:
    case = brought(sale, opened("L-2006"), "release_credit")
    assert done(sale, case).values["release_credit"]["basis"] is None
    assert refused(sale, case, decision="release", up_to="20000", basis=None) == {"basis"}


def test_a_customer_is_known_or_new_and_never_neither(
    sale: Procedure, opened: Callable[[str], Case]
) -> None:
    neither: dict[str, Raw] = {"existing_customer": None, "somebody_else": False}
    assert refused(sale, opened("L-2001"), **neither) == {"existing_customer"}
    both: dict[str, Raw] = {"existing_customer": "CU-015", "somebody_else": True}
    assert refused(sale, opened("L-2001"), **both) == {"somebody_else"}


def test_a_guarantee_that_is_not_there_is_a_slip(
    sale: Procedure, opened: Callable[[str], Case]
) -> None:
    release: dict[str, Raw] = {"decision": "release", "basis": "security"}
    case = brought(sale, opened("L-2006"), "release_credit")
    case = done(sale, case, **release, up_to="20000")
    assert [slip.mistake for slip in case.slips] == ["guarantee_not_there"]
    covered = brought(sale, opened("L-2005"), "release_credit")
    assert done(sale, covered, **release).slips == []


def test_another_amount_than_the_bank_shows_is_a_slip_and_felt(
    sale: Procedure, opened: Callable[[str], Case]
) -> None:
    case = done(sale, brought(sale, opened("L-2001"), "collect_payment"), amount="1")
    assert [slip.mistake for slip in case.slips] == ["another_amount_booked"]
    assert {felt.mistake for felt in done(sale, case).felt} == {"another_amount_booked"}


@pytest.mark.parametrize(
    ("step", "entry"),
    [
        ("explore_needs", {"needed_by": "9999-12-31"}),
        ("quote", {"item": "DP-20"}),
        ("quote", {"price_list": "PL-CU-007"}),
        ("win_order", {"ordered_on": "2026-07-18"}),
        ("win_order", {"deliver_by": "2026-05-13"}),
        ("enter_order", {"wanted_on": "2026-01-01"}),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    sale: Procedure, opened: Callable[[str], Case], step: str, entry: dict[str, Raw]
) -> None:
    assert refused(sale, brought(sale, opened("L-2001"), step), **entry) == set(entry)


def test_an_item_taken_for_another_is_quoted_by_its_own_list_price(
    sale: Procedure, opened: Callable[[str], Case]
) -> None:
    case = done(sale, brought(sale, opened("L-2080"), "match_item"), item="DP-12", new_item=False)
    world = CaseWorld(sale, case, "quote")
    shown = [fill(e.says, world) for e in sale.steps["quote"].evidence if seen(e, world)]
    assert "DP-12, list PL-BASE: ¥2,150, in force today." in shown
    assert not any("DP-20" in line for line in shown)
    assert done(sale, case).step == "win_order", "at its list price nobody has to agree"
    assert refused(sale, case, unit_price="1") == {"unit_price"}


def test_a_new_item_below_its_list_price_is_refused_beside_the_price(
    sale: Procedure, opened: Callable[[str], Case]
) -> None:
    case = brought(sale, opened("L-2080"), "quote")
    assert case.values["match_item"]["new_item"]
    assert refused(sale, case, unit_price="1") == {"unit_price"}


def test_the_last_call_knows_what_happened(sale: Procedure, opened: Callable[[str], Case]) -> None:
    case = done(sale, brought(sale, opened("L-2001"), "enter_order"), ship_to="record")
    world = CaseWorld(sale, brought(sale, case, "follow_up"), "follow_up")
    shown = [fill(e.says, world) for e in sale.steps["follow_up"].evidence if seen(e, world)]
    assert "first crate never came" in shown[0]


def seen(evidence: Evidence, world: CaseWorld) -> bool:
    return evidence.when is None or holds(evidence.when, world)
