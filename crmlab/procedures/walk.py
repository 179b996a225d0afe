"""Walking a case through a procedure with the right entries, or with one mistake on purpose.

The run by the procedure is what the debrief sets beside a trainee's case; the rehearsal proves
that a procedure file and its practice cases fit together before anybody sits down to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from crmlab.calendar import STANDARD, WorkingCalendar
from crmlab.errors import ProcedureError, Refused
from crmlab.procedures.case import Case, HandOver, SendBack
from crmlab.procedures.conditions import Condition, Raw, Reference, holds, same
from crmlab.procedures.engine import Result, act, may_send_back_to, open_case
from crmlab.procedures.schema import Procedure
from crmlab.procedures.wording import choose, fill, resolve
from crmlab.procedures.world import CaseWorld

Pace = Callable[[Case], tuple[float, float]]
"""For the case's current step: working hours it waits on the desk, and hours it is worked on."""

LONGEST_WALK = 200
"""Steps after which a case is taken to go round in a circle."""


def usual_pace(procedure: Procedure) -> Pace:
    """The hours that the procedure file names, every time."""

    def pace(case: Case) -> tuple[float, float]:
        step = procedure.steps[case.step or procedure.start]
        return step.wait_hours, step.work_hours

    return pace


def right_fields(procedure: Procedure, case: Case) -> dict[str, Raw]:
    """What the procedure would enter at the case's current step."""
    assert case.step is not None
    world = CaseWorld(procedure, case, case.step)
    fields = procedure.steps[case.step].fields
    return {name: choose(field.right, world) for name, field in fields.items()}


def wrong_fields(procedure: Procedure, case: Case, mistake: str) -> dict[str, Raw]:
    """The right entries, but for those that make this mistake."""
    example = procedure.mistakes[mistake].example
    assert case.step is not None
    world = CaseWorld(procedure, case, case.step)
    wrong = {name: resolve(value, world) for name, value in example.items()}
    return {**right_fields(procedure, case), **wrong}


def way_back(procedure: Procedure, case: Case) -> tuple[str, str] | None:
    """The earlier step that keeps the current one from being done, and why.

    A rule may refuse a hand-over for what an earlier desk entered: no right entry here can help
    then, and the case has to go back to that desk. Or nobody is at fault and something has changed
    meanwhile: then the rule itself names the desk (`back_to`).
    """
    assert case.step is not None
    step = case.step
    right = {**case.values, step: right_fields(procedure, case)}
    world = CaseWorld(procedure, case.model_copy(update={"values": right}), step)
    allowed = may_send_back_to(case)
    for rule in procedure.steps[step].rules:
        if holds(rule.refuse_when, world):
            for reference in _fields_named(rule.refuse_when):
                earlier = procedure.split(reference, step)[0]
                if earlier in allowed and not _is_right(procedure, case, earlier):
                    return earlier, fill(rule.message, world)
            if rule.back_to in allowed:
                return rule.back_to, fill(rule.message, world)
    return None


def _is_right(procedure: Procedure, case: Case, step: str) -> bool:
    """Whether a step's entries are what the procedure would enter there as the case stands."""
    right = right_fields(procedure, case.model_copy(update={"step": step}))
    entered = case.values.get(step, {})
    fields = procedure.steps[step].fields
    return all(same(entered.get(name), right.get(name)) for name in fields)


def _fields_named(condition: Condition) -> Iterator[str]:
    for part in condition.parts():
        others = [value.field for value in part.operands() if isinstance(value, Reference)]
        yield from (name for name in [part.field, *others] if name)


def hand_over_right(
    procedure: Procedure,
    case: Case,
    pace: Pace,
    calendar: WorkingCalendar = STANDARD,
    *,
    fields: dict[str, Raw] | None = None,
) -> Result:
    """Do the current step, at the given pace, with the right entries unless others are given."""
    assert case.step is not None
    wait, work = pace(case)
    action = HandOver(
        seat=procedure.steps[case.step].seat,
        step=case.step,
        fields=right_fields(procedure, case) if fields is None else fields,
        at=max(calendar.add(case.visit.entered_at, wait + work), case.last_moment),
        worked_hours=work,
    )
    return act(procedure, case, action, calendar=calendar)


def by_the_procedure(
    procedure: Procedure,
    case: Case,
    pace: Pace | None = None,
    calendar: WorkingCalendar = STANDARD,
) -> Case:
    """The case, carried from where it is to its close with the right entry everywhere.

    What an earlier desk has to put right first goes back to it.

    Raises:
        ProcedureError: the right entries are refused, or lead round in a circle.
    """
    pace = pace or usual_pace(procedure)
    for _ in range(LONGEST_WALK):
        if case.step is None:
            return case
        try:
            back = way_back(procedure, case)
            if back is None:
                case = hand_over_right(procedure, case, pace, calendar).case
            else:
                action = _return(procedure, case, back, pace, calendar)
                case = act(procedure, case, action, calendar=calendar).case
        except Refused as refusal:
            raise ProcedureError(
                f"Case {case.case_id}: the right entries of step '{case.step}' are refused: "
                f"{refusal}"
            ) from None
    raise ProcedureError(
        f"Case {case.case_id}: the right entries never reach a close; it goes round at "
        f"'{case.step}'."
    )


def _return(
    procedure: Procedure,
    case: Case,
    back: tuple[str, str],
    pace: Pace,
    calendar: WorkingCalendar,
) -> SendBack:
    assert case.step is not None
    to, reason = back
    seat, (wait, _work) = procedure.steps[case.step].seat, pace(case)
    at = max(calendar.add(case.visit.entered_at, wait), case.last_moment)
    return SendBack(seat=seat, step=case.step, to=to, reason=reason, at=at)


def opened_case(
    procedure: Procedure,
    case_id: str,
    facts: dict[str, Raw],
    records: dict[str, str] | None = None,
) -> Case:
    """A practice case of the file, as it lies on the first desk.

    Args:
        records: the keys of its records, for a case that has them from another one.
    """
    template = procedure.cases[case_id]
    return open_case(
        procedure,
        case_id,
        template.title,
        facts,
        template.opened_at,
        records=template.records if records is None else records,
        seed=template.seed,
    ).case


Facts = Callable[[str], dict[str, Raw]]
"""The facts of a practice case by its number, those read from the CRM included."""


def stated_facts(procedure: Procedure) -> Facts:
    """Only what the file itself says: enough for a procedure whose facts need no CRM."""
    return lambda case_id: dict(procedure.cases[case_id].facts)


def rehearse(procedure: Procedure, facts: Facts | None = None) -> Iterator[str]:
    """Play every practice case of a file, right and wrong; yield a sentence for each misfit.

    By the right entries each case closes without a slip; and each mistake can be made, by its
    own example (or by being late), in one case at least.
    """
    facts = facts or stated_facts(procedure)
    made: set[str] = set()
    refused: dict[str, str] = {}
    for case_id in procedure.cases:
        opened = opened_case(procedure, case_id, facts(case_id))
        try:
            closed = by_the_procedure(procedure, opened)
        except ProcedureError as fault:
            yield str(fault)
            return  # as long as a case goes wrong by itself, its mistakes tell nothing
        for slip in closed.slips:
            yield (
                f"Case {case_id}: the right entries make the mistake '{slip.mistake}' at step "
                f"'{slip.step}'."
            )
        made |= set(_mistakes_made(procedure, opened, refused))
    if procedure.cases:
        for name, mistake in procedure.mistakes.items():
            if name not in made:
                why = (
                    f"its example is refused ({refused[name]})"
                    if name in refused
                    else "its example does not meet its own condition there"
                )
                yield (
                    f"Mistake '{name}' (step '{mistake.step}') cannot be made in any practice "
                    f"case: {why}."
                )


def _mistakes_made(procedure: Procedure, case: Case, refused: dict[str, str]) -> Iterator[str]:
    """The mistakes that can be made on the right way through this case, one at a time.

    Why others are refused goes into `refused`.
    """
    pace = usual_pace(procedure)
    for _ in range(LONGEST_WALK):
        if case.step is None:
            return
        for name, mistake in procedure.mistakes_of(case.step).items():
            late: Any = _too_late(procedure) if not mistake.example else pace
            fields = wrong_fields(procedure, case, name)
            try:
                result = hand_over_right(procedure, case, late, fields=fields)
            except Refused as refusal:
                refused[name] = str(refusal).rstrip(".")
                continue
            if any(slip.mistake == name for slip in result.slips):
                yield name
        case = hand_over_right(procedure, case, pace).case


def _too_late(procedure: Procedure) -> Pace:
    def pace(case: Case) -> tuple[float, float]:
        step = procedure.steps[case.step or procedure.start]
        return step.deadline_hours + 1, step.work_hours

    return pace
