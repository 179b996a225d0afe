"""The debrief: a case beside the same case done by the procedure, with the same luck."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.calendar import HOURS_PER_DAY, STANDARD
from crmlab.practice.debrief import combined, debrief, run_by_the_procedure, totals
from crmlab.practice.trial import case_for_trial, slips_possible, stages, with_slip
from crmlab.procedures import Procedure, loads
from crmlab.procedures.case import Case, SendBack
from crmlab.procedures.engine import act
from crmlab.procedures.schema import Baseline
from crmlab.simulation.colleagues import right_action, wrong_action
from crmlab.simulation.draws import chance
from tests.tiny import spoilt, tiny

COSTLY = spoilt(
    "hours: 2, cost: 100, lose_customer: 0.1}",
    "hours: 2, cost: 100, lose_customer: 0.1}\n"
    "      - {seat: checker, at: closing, what: Hears of it., why: Short., hours: 0.5, cost: 7,"
    " lose_customer: 0.5, repeat_complaint: 0.25, delay_days: 1}",
    spoilt("start: ask", "start: ask\nbaseline: {repeat_complaint: 0.2, lose_customer: 0.04}"),
)


def case_of(procedure: Procedure, seed: int = 7) -> Case:
    return case_for_trial(procedure, next(iter(procedure.cases))).model_copy(update={"seed": seed})


def slipped(procedure: Procedure, seed: int = 7) -> Case:
    """The tiny case with a short ladder lent, and nothing noticed."""
    case = with_slip(procedure, case_of(procedure, seed), "short_ladder")
    assert case is not None
    return case


@pytest.mark.parametrize("seed", range(8))
def test_without_a_slip_the_case_is_the_run_by_the_procedure(
    complaint: Procedure, seed: int
) -> None:
    for procedure in (complaint, tiny()):
        case = stages(procedure, case_of(procedure, seed))[-1]
        told = debrief(procedure, case)
        assert told.totals == told.by_the_procedure
        assert told.reference.visits == case.visits
        assert not told.slips
        assert not told.seats
        assert all(stage.elapsed_hours == stage.by_the_procedure for stage in told.stages)
        assert told.totals.extra_hours == told.totals.cost == told.totals.delay_days == 0
        assert told.totals.lose_customer == pytest.approx(procedure.baseline.lose_customer)


def test_each_slip_is_told_at_the_seat_that_suffers_it(complaint: Procedure) -> None:
    """Every mistake of the file, made alone: what it costs stands where the file says."""
    cases = slips_possible(complaint, case_of(complaint))
    assert len(cases) >= 20
    for name, case in cases.items():
        told = debrief(complaint, case)
        (story,) = told.slips
        assert story.name == name
        for landed in story.landed:
            assert landed.felt.seat == landed.consequence.seat
            assert landed.felt.hours == landed.consequence.hours
            assert landed.felt.cost == landed.consequence.cost
        assert story.landed or story.corrected
        by_seat = {share.seat: share for share in told.seats}
        assert set(by_seat) == {landed.felt.seat for landed in story.landed}
        assert sum(share.hours for share in told.seats) == pytest.approx(told.totals.extra_hours)
        assert sum(share.cost for share in told.seats) == pytest.approx(told.totals.cost)
        assert told.totals.lose_customer >= told.by_the_procedure.lose_customer
        assert told.totals.repeat_complaint >= told.by_the_procedure.repeat_complaint
        assert told.by_the_procedure.extra_hours == 0


def test_the_figures_add_up() -> None:
    procedure = loads(COSTLY)
    case = slipped(procedure)
    ours = totals(procedure, case)
    assert (ours.extra_hours, ours.cost, ours.delay_days) == (2.5, 107, 1)
    assert ours.lose_customer == pytest.approx(1 - 0.96 * 0.9 * 0.5)
    assert ours.repeat_complaint == pytest.approx(1 - 0.8 * 0.75)
    assert ours.worked_hours == pytest.approx(sum(visit.worked_hours for visit in case.visits))
    assert ours.cycle_days == pytest.approx(
        STANDARD.between(case.opened_at, case.last_moment) / HOURS_PER_DAY
    )


@given(st.floats(0, 1), st.lists(st.floats(0, 1), max_size=6))
def test_independent_causes_combine(base: float, chances: list[float]) -> None:
    together = combined(base, chances)
    assert max([base, *chances]) - 1e-12 <= together <= min(1, base + sum(chances)) + 1e-12
    assert combined(base, reversed(chances)) == pytest.approx(together)
    assert combined(base, []) == pytest.approx(base)


def test_the_same_luck_in_both_runs_so_that_only_the_slip_can_turn_the_outcome() -> None:
    """The customer leaves in one run and stays in the other exactly if the draw lies between."""
    procedure = loads(COSTLY)
    turned = 0
    for seed in range(60):
        told = debrief(procedure, slipped(procedure, seed))
        draw = chance(seed, "leaves")
        assert told.totals.leaves == (draw < told.totals.lose_customer)
        assert told.by_the_procedure.leaves == (draw < told.by_the_procedure.lose_customer)
        assert told.totals.leaves or not told.by_the_procedure.leaves, "a slip made them stay"
        turned += told.totals.leaves != told.by_the_procedure.leaves
    assert 0 < turned < 60


def test_what_is_not_touched_by_a_slip_takes_the_same_time_in_both_runs() -> None:
    procedure = loads(COSTLY)
    case = slipped(procedure)
    told = debrief(procedure, case)
    stage = {stage.step: stage for stage in told.stages}
    for step in ("ask", "lend", "back"):
        assert stage[step].elapsed_hours == pytest.approx(stage[step].by_the_procedure)
    assert stage["check"].visits == 0
    assert stage["check"].by_the_procedure > 0


def test_a_slip_put_right_in_time_spares_the_rest() -> None:
    procedure = loads(COSTLY)
    case = case_of(procedure)
    case = act(procedure, case, right_action(procedure, case)).case
    case = act(procedure, case, wrong_action(procedure, case, "short_ladder")).case
    back = SendBack(
        seat="neighbour", step="back", to="lend", reason="Too short.", at=case.last_moment
    )
    case = act(procedure, case, back).case
    open_ = debrief(procedure, case)
    assert open_.totals.leaves is None
    assert open_.totals.complains_again is None
    while case.step:
        case = act(procedure, case, right_action(procedure, case)).case
    told = debrief(procedure, case)
    (story,) = told.slips
    assert story.corrected
    assert not story.landed
    assert [item.right for item in told.sent_back] == [True]
    assert told.totals.cost == 0
    assert told.totals.worked_hours > told.by_the_procedure.worked_hours, "putting right took time"


def test_hours_belong_to_stages_and_never_to_people(complaint: Procedure) -> None:
    case = case_of(complaint).model_copy(update={"holder": "U-01"})
    told = debrief(complaint, stages(complaint, case)[-1])
    assert [stage.step for stage in told.stages] == list(complaint.steps)[: len(told.stages)]
    assert "U-01" not in str(told.stages) + str(told.seats) + str(told.totals)


def test_the_reference_does_not_depend_on_what_the_trainee_did() -> None:
    procedure = loads(COSTLY)
    for case in (case_of(procedure), slipped(procedure), stages(procedure, case_of(procedure))[-1]):
        assert run_by_the_procedure(procedure, case) == stages(procedure, case_of(procedure))[-1]


def test_a_baseline_of_nought_is_nought() -> None:
    procedure = tiny().model_copy(update={"baseline": Baseline()})
    told = debrief(procedure, stages(procedure, case_of(procedure))[-1])
    assert replace(told.totals, worked_hours=0, cycle_days=0) == replace(
        told.by_the_procedure, worked_hours=0, cycle_days=0
    )
    assert told.totals.lose_customer == 0
    assert told.totals.leaves is False
