"""Simulated colleagues: careful, ordinary or hasty, and always the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass

from crmlab.calendar import STANDARD
from crmlab.procedures.case import Action, Case, HandOver, SendBack
from crmlab.procedures.engine import may_send_back_to
from crmlab.procedures.schema import Procedure
from crmlab.procedures.walk import right_fields, way_back, wrong_fields
from crmlab.simulation.draws import chance, drawn_pace
from crmlab.text import gettext as _


@dataclass(frozen=True)
class Manner:
    """How somebody works.

    Attributes:
        slips: the chance of a mistake at a step.
        notices: the chance of seeing another desk's slip where it can be seen.
    """

    slips: float
    notices: float


MANNERS = {
    "careful": Manner(slips=0.02, notices=0.95),
    "ordinary": Manner(slips=0.15, notices=0.5),
    "hasty": Manner(slips=0.4, notices=0.1),
}


LOOKING_HOURS = 0.25
"""Working hours it takes to see that a case must go back."""


def next_action(procedure: Procedure, case: Case, manner: str) -> Action:
    """What a colleague in the case's current seat does with it."""
    assert case.step is not None
    how, visit = MANNERS[manner], len(case.visits_to(case.step))

    def luck(question: str) -> float:
        return chance(case.seed, "colleague", question, case.step or "", visit)

    back_to = seen_slip(procedure, case)
    if back_to and luck("notice") < how.notices:
        return _send_back(procedure, case, back_to[1], asking(procedure, back_to[0]))
    stuck = way_back(procedure, case)
    if stuck:
        return _send_back(procedure, case, *stuck)
    action = right_action(procedure, case)
    mistakes = sorted(procedure.mistakes_of(case.step))
    first_time = visit == 1  # what was sent back is done with care
    if not (mistakes and first_time and luck("slip") < how.slips):
        return action
    return wrong_action(procedure, case, mistakes[int(luck("which") * len(mistakes))])


def right_action(procedure: Procedure, case: Case) -> HandOver:
    """What somebody does who works by the procedure."""
    assert case.step is not None
    wait, work = drawn_pace(procedure)(case)
    return HandOver(
        seat=procedure.steps[case.step].seat,
        step=case.step,
        fields=right_fields(procedure, case),
        at=max(STANDARD.add(case.visit.entered_at, wait + work), case.last_moment),
        worked_hours=work,
    )


def wrong_action(procedure: Procedure, case: Case, mistake: str) -> HandOver:
    """What somebody does who makes this one mistake and is right otherwise."""
    assert case.step is not None
    action = right_action(procedure, case)
    of_timing = not procedure.mistakes[mistake].example
    late = procedure.steps[case.step].deadline_hours if of_timing else 0
    return action.model_copy(
        update={
            "fields": wrong_fields(procedure, case, mistake),
            "at": STANDARD.add(action.at, late),
        }
    )


def _send_back(procedure: Procedure, case: Case, to: str, reason: str) -> SendBack:
    assert case.step is not None
    wait, work = drawn_pace(procedure)(case)
    looked = min(LOOKING_HOURS, work)
    return SendBack(
        seat=procedure.steps[case.step].seat,
        step=case.step,
        to=to,
        reason=reason,
        at=max(STANDARD.add(case.visit.entered_at, wait + looked), case.last_moment),
        worked_hours=looked,
    )


def asking(procedure: Procedure, mistake: str) -> str:
    """The words with which a colleague sends a slip back."""
    title = _(procedure.mistakes[mistake].title)
    return _("Please look at this again: {mistake}.").format(mistake=title)


def seen_slip(procedure: Procedure, case: Case) -> tuple[str, str] | None:
    """A slip that can be noticed at this step, and the step to return it to.

    Nobody asks twice: what was sent back once, and not put right, is let pass.
    """
    allowed = may_send_back_to(case)
    asked = {name for returned in case.sent_back for name in returned.slips}
    for slip in case.live_slips():
        noticed = case.step in procedure.mistakes[slip.mistake].noticed_at
        if noticed and slip.step in allowed and slip.mistake not in asked:
            return slip.mistake, slip.step
    return None
