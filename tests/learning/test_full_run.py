"""Lesson 80, whose run has two parts: the sale, and then the complaint about that very shipment.
Two of them without a hint and without a critical slip that anybody felt are independence."""

from __future__ import annotations

import pytest

from crmlab.crm.store.sandbox import Sandbox
from crmlab.learning.bank import load_bank
from crmlab.learning.outcome import Outcome
from crmlab.learning.progress import Progress
from crmlab.learning.runs import flow, note_case
from crmlab.learning.tasks import check_at_desk
from crmlab.practice.session import Practice
from crmlab.procedures import load
from crmlab.procedures.walk import right_fields
from crmlab.simulation.colleagues import wrong_action

LESSON = "80"
BANK = load_bank("lesson_80")


def full_run(
    sandbox: Sandbox, progress: Progress, *, hint_at: str = "", slip: str = "", again: str = ""
) -> Outcome:
    """Play both parts to their close as the desk does, and ask whether that is independence.

    Args:
        hint_at: the step at which a hint is opened; `slip`: a mistake that is made once.
        again: the step from which the case goes back so that the slip is put right.
    """
    sandbox.reset()
    sale = Practice(load("lead_to_cash"), sandbox, cases=["L-2080"])
    complaint = Practice(load("complaint"), sandbox, cases=["C-1080"])
    parts = [sale, complaint]
    for part in parts:
        part.open_all()
        case, mistakes = part.case(part.cases[0]), part.procedure.mistakes
        hints = {hint_at: 1} if hint_at in part.procedure.steps else {}
        slip_at = mistakes[slip].step if slip in mistakes else None
        while case.step is not None:
            if slip_at and case.step == again:
                case = part.send_back(case, slip_at, "It does not fit the papers.").case
                slip_at = None
            if case.step == slip_at:
                fields = dict(wrong_action(part.procedure, case, slip).fields)
            else:
                fields = right_fields(part.procedure, case)
            case = part.hand_over(case, fields).case
            note_case(progress, LESSON, part, case, hints, parts)
    return check_at_desk(BANK.tasks["independent"], BANK.procedures, progress, LESSON, parts)


def test_one_full_run_is_not_enough_and_the_second_is(sandbox: Sandbox, progress: Progress) -> None:
    once = full_run(sandbox, progress)
    assert not once.right
    assert once.because.startswith("1 unaided run so far. 1 more is needed.")
    assert flow(progress, LESSON).passed
    assert not flow(progress, LESSON).independent

    twice = full_run(sandbox, progress)
    assert twice.right
    assert "you work independently" in twice.because
    standing = flow(progress, LESSON)
    assert standing.independent
    assert standing.unaided_runs == 2, "the sale alone is only the first part of a run"
    assert all(seat.independent for seat in standing.seats.values())


@pytest.mark.parametrize(
    ("aid", "said"),
    [
        ({"hint_at": "quote"}, "hint"),
        ({"hint_at": "assess"}, "hint"),
        ({"slip": "missing_batch"}, "Shipped without a batch number"),
        ({"slip": "wrong_batch"}, "batch"),
    ],
    ids=["hint in the sale", "hint in the complaint", "slip in the sale", "slip in the complaint"],
)
def test_a_run_with_a_hint_or_a_critical_slip_in_either_part_does_not_count(
    sandbox: Sandbox, progress: Progress, aid: dict[str, str], said: str
) -> None:
    full_run(sandbox, progress)
    aided = full_run(sandbox, progress, **aid)
    assert not aided.right
    assert aided.because.startswith("1 unaided run so far. 1 more is needed.")
    assert said in aided.because
    assert not flow(progress, LESSON).independent
    assert full_run(sandbox, progress).right, "a rehearsal costs nothing: the next run counts"


def test_a_critical_slip_that_is_put_right_before_anybody_feels_it_does_not_stand_in_the_way(
    sandbox: Sandbox, progress: Progress
) -> None:
    full_run(sandbox, progress)
    assert full_run(sandbox, progress, slip="wrong_batch", again="assess").right
