"""A case played without a sandbox of its own: by the procedure, or with one slip on purpose."""

from __future__ import annotations

from collections.abc import Sequence

from crmlab.crm.casework.facts import facts_of, records_of
from crmlab.crm.store.sandbox import passing_sandbox
from crmlab.errors import ProcedureError, Refused
from crmlab.practice.ground import lay_ground
from crmlab.procedures import Procedure
from crmlab.procedures.case import Action, Case, SendBack
from crmlab.procedures.engine import act
from crmlab.procedures.walk import LONGEST_WALK, opened_case
from crmlab.simulation.colleagues import LOOKING_HOURS, right_action, wrong_action
from crmlab.simulation.what_if import Company
from crmlab.text import gettext as _


def case_for_trial(procedure: Procedure, case_id: str) -> Case:
    """A practice case as it lies on the first desk, with its facts read from the start set.

    Raises:
        Refused: the procedure has no such case.
    """
    if case_id not in procedure.cases:
        raise Refused(
            _("The procedure has no practice case '{case}'; it has: {known}.").format(
                case=case_id, known=", ".join(procedure.cases)
            )
        )
    with passing_sandbox() as sandbox:
        lay_ground(sandbox, procedure, case_id)
        with sandbox.read() as session:
            known = records_of(session, procedure.cases[case_id])
            return opened_case(procedure, case_id, facts_of(session, procedure, case_id), known)


def company_of(
    procedure: Procedure, slips: Sequence[str] = (), cases: Sequence[str] | None = None
) -> Company:
    """A company at work whose cases are like the procedure's practice cases.

    Args:
        slips: those that somebody there may have the habit of.
        cases: some of its practice cases; all of them by default.

    Raises:
        SimulationError: the procedure has no practice case, or no such slip.
    """
    named = list(procedure.cases) if cases is None else cases
    return Company(procedure, [case_for_trial(procedure, name) for name in named], slips)


def stages(procedure: Procedure, case: Case) -> list[Case]:
    """The case before each of its steps, done by the procedure, and last as it is closed."""
    seen = [case]
    while case.step is not None:
        if len(seen) > LONGEST_WALK:
            raise ProcedureError(f"Case {case.case_id} goes round at '{case.step}'.")
        case = act(procedure, case, right_action(procedure, case)).case
        seen.append(case)
    return seen


def with_slip(procedure: Procedure, case: Case, mistake: str) -> Case | None:
    """The case with this one slip and everything else by the procedure.

    Where the slip makes the CRM refuse a later step, the case goes back and it is put right.
    None when the case never comes to the step, or the slip cannot be made in it.
    """
    slips_at, made = procedure.mistakes[mistake].step, False
    for _count in range(LONGEST_WALK):
        if case.step is None:
            return case if made else None
        here = case.step == slips_at and not made
        action: Action = right_action(procedure, case)
        if here:
            action = wrong_action(procedure, case, mistake)
        try:
            result = act(procedure, case, action)
        except Refused as refusal:
            if not made:
                return None
            result = act(
                procedure,
                case,
                SendBack(
                    seat=action.seat,
                    step=case.step,
                    to=slips_at,
                    reason=str(refusal),
                    at=action.at,
                    worked_hours=LOOKING_HOURS,
                ),
            )
        made = made or any(new.mistake == mistake for new in result.slips)
        case = result.case
    return None


def slips_possible(procedure: Procedure, case: Case) -> dict[str, Case]:
    """Every mistake that can be made in this case, with the case as it ends."""
    ended = {name: with_slip(procedure, case, name) for name in procedure.mistakes}
    return {name: end for name, end in ended.items() if end is not None}


def slips_possible_in(procedure: Procedure, cases: Sequence[Case]) -> list[str]:
    """The mistakes that can be made in one of these cases at least, in the order of the file."""
    found = {name for case in cases for name in slips_possible(procedure, case)}
    return [name for name in procedure.mistakes if name in found]
