"""The case engine: (procedure, case, action) -> (case, events, slips, consequences).

Pure: no clock of its own, no storage, no chance. The same action on the same case always gives
the same result, which is what makes an audit trail replayable and a what-if honest.

A refusal (`Refused`) changes nothing. A slip is not refused: it is accepted, travels with the
case, and each of its consequences lands when the step it names is completed while the slip is
still there. Putting the slip right before then spares the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from crmlab.calendar import HOURS_PER_DAY, STANDARD, WorkingCalendar
from crmlab.errors import Refused
from crmlab.procedures.case import (
    Action,
    Case,
    Event,
    Felt,
    HandOver,
    Reassign,
    SendBack,
    SentBack,
    Slip,
    Visit,
)
from crmlab.procedures.conditions import Raw, holds
from crmlab.procedures.forms import LONGEST, check_form, free_text
from crmlab.procedures.names import CLOSING, END, PLACEHOLDER, RESERVED
from crmlab.procedures.schema import Procedure
from crmlab.procedures.wording import fill
from crmlab.procedures.world import CaseWorld
from crmlab.text import gettext as _


@dataclass(frozen=True)
class Result:
    """What an action did: the new case, the lines for the event log, what slipped and landed."""

    case: Case
    events: list[Event] = field(default_factory=list)
    slips: list[Slip] = field(default_factory=list)
    felt: list[Felt] = field(default_factory=list)


def open_case(
    procedure: Procedure,
    case_id: str,
    title: str,
    facts: dict[str, Raw],
    at: datetime,
    *,
    records: dict[str, str] | None = None,
    seed: int = 0,
    holder: str | None = None,
    calendar: WorkingCalendar = STANDARD,
) -> Result:
    """A new case, lying on the desk of the procedure's first step."""
    visit = _arrive(procedure, procedure.start, at, calendar)
    case = Case(
        case_id=case_id,
        procedure=procedure.procedure,
        title=title,
        seed=seed,
        facts=facts,
        records=records or {},
        opened_at=at,
        step=procedure.start,
        holder=holder,
        visits=[visit],
    )
    return Result(case, [_event(case, visit.step, at, "schedule", visit.seat)])


def act(
    procedure: Procedure, case: Case, action: Action, *, calendar: WorkingCalendar = STANDARD
) -> Result:
    """Do one thing to a case.

    Raises:
        Refused: wrong seat, wrong step, closed case, a moment before the last one, a field that
            is missing or not valid, or a rule of the step. Nothing has changed.
    """
    _check_turn(procedure, case, action)
    if isinstance(action, HandOver):
        return _hand_over(procedure, case, action, calendar)
    if isinstance(action, SendBack):
        return _send_back(procedure, case, action, calendar)
    return _reassign(case, action)


def may_send_back_to(case: Case) -> list[str]:
    """The earlier steps that the current one may return the case to, nearest first."""
    return [step for step in reversed(case.came_by) if step in case.done]


def live_mistakes(procedure: Procedure, case: Case) -> list[str]:
    """The mistakes that the case's entries show now, over all steps that are done."""
    return [
        name
        for name, mistake in procedure.mistakes.items()
        if mistake.step in case.done
        and holds(mistake.when, CaseWorld(procedure, case, mistake.step))
    ]


def route(procedure: Procedure, case: Case, step: str) -> str:
    """Where the step hands on to, as the case stands: a step's name, or `end`."""
    world = CaseWorld(procedure, case, step)
    for way in procedure.steps[step].next:
        if way.when is None or holds(way.when, world):
            return way.to
    raise AssertionError(f"step {step} has no way out; the loader lets no such file through")


def _check_turn(procedure: Procedure, case: Case, action: Action) -> None:
    if case.step is None:
        raise Refused(_("Case {case} is closed; open another one.").format(case=case.case_id))
    if action.step not in procedure.steps:
        known = ", ".join(procedure.steps)
        raise Refused(
            _("There is no step '{step}'; the steps are {known}.").format(
                step=action.step, known=known
            )
        )
    current = procedure.steps[case.step]
    if action.step != case.step:
        raise Refused(
            _("Case {case} is at '{current}', not at '{step}'; do that step first.").format(
                case=case.case_id,
                current=_(current.title),
                step=_(procedure.steps[action.step].title),
            )
        )
    if action.seat != current.seat:
        raise Refused(
            _("'{step}' belongs to the seat '{right}', not to '{seat}'; sit in that seat.").format(
                step=_(current.title),
                right=_(procedure.seats[current.seat].name),
                seat=_(procedure.seats[action.seat].name)
                if action.seat in procedure.seats
                else action.seat,
            )
        )
    if action.at < case.last_moment:
        raise Refused(
            _("The moment {at} lies before the last event of the case, {last}.").format(
                at=f"{action.at:%Y-%m-%d %H:%M}", last=f"{case.last_moment:%Y-%m-%d %H:%M}"
            )
        )


def _hand_over(
    procedure: Procedure, case: Case, action: HandOver, calendar: WorkingCalendar
) -> Result:
    step = procedure.steps[action.step]
    values = check_form(step, action.fields)
    worked = step.work_hours if action.worked_hours is None else action.worked_hours
    left = case.visit.model_copy(update={"done_at": action.at, "worked_hours": worked})
    filled = case.model_copy(
        update={
            "values": {**case.values, action.step: values},
            "visits": [*case.visits[:-1], left],
            "done": [*(s for s in case.done if s != action.step), action.step],
            "version": case.version + 1,
        }
    )
    _check_rules(procedure, filled, action.step)
    filled, new_slips = _note_slips(procedure, filled, action.at)
    goes_to, past, filled = _where_next(procedure, filled, action.step)
    felt = _landing(procedure, filled, action.step, action.at)
    events = [_event(case, action.step, action.at, "complete", action.seat)]
    if goes_to == END:
        felt += _landing(procedure, filled, CLOSING, action.at)
        closed = {"step": None, "holder": None, "closed_at": action.at}
        return Result(
            filled.model_copy(update={**closed, "felt": [*filled.felt, *felt]}),
            events,
            new_slips,
            felt,
        )
    late = sum(part.delay_days for part in felt) * HOURS_PER_DAY
    arrives = calendar.add(action.at, late) if late else action.at
    visit = _arrive(procedure, goes_to, arrives, calendar, past)
    moved = filled.model_copy(
        update={
            "step": goes_to,
            "holder": None,
            "visits": [*filled.visits, visit],
            "felt": [*filled.felt, *felt],
        }
    )
    events.append(_event(case, goes_to, arrives, "schedule", visit.seat))
    return Result(moved, events, new_slips, felt)


def _send_back(
    procedure: Procedure, case: Case, action: SendBack, calendar: WorkingCalendar
) -> Result:
    try:
        reason = free_text(_("Reason"), action.reason, LONGEST["long_text"])
    except ValueError as fault:
        raise Refused(str(fault), {"reason": str(fault)}) from None
    if not reason:
        sentence = _("Say why you send it back, so that the other desk knows what to put right.")
        raise Refused(sentence, {"reason": sentence})
    allowed = may_send_back_to(case)
    if action.to not in allowed:
        names = ", ".join(_(procedure.steps[name].title) for name in allowed)
        sentence = (
            _("From here it can go back to: {names}.").format(names=names)
            if names
            else _("Nothing came before this step, so there is nowhere to send it back to.")
        )
        raise Refused(sentence, {"to": sentence})
    live = {slip.mistake: slip.step for slip in case.live_slips()}
    record = SentBack(
        from_step=action.step,
        to_step=action.to,
        seat=action.seat,
        reason=reason,
        at=action.at,
        slips=[name for name, step in live.items() if step == action.to],
        elsewhere=[name for name, step in live.items() if step != action.to],
        asked=_asked_back(procedure, case, action),
    )
    left = case.visit.model_copy(
        update={"done_at": action.at, "worked_hours": action.worked_hours, "sent_back": True}
    )
    visit = _arrive(procedure, action.to, action.at, calendar)
    moved = case.model_copy(
        update={
            "step": action.to,
            "holder": None,
            "visits": [*case.visits[:-1], left, visit],
            "done": [s for s in case.done if s != action.to],
            # What waited before still waits: work sent back twice returns past all that is done.
            "returns_to": case.returns_to or action.step,
            "sent_back": [*case.sent_back, record],
            "version": case.version + 1,
        }
    )
    events = [
        _event(case, action.step, action.at, "withdraw", action.seat),
        _event(case, action.to, action.at, "schedule", visit.seat),
    ]
    return Result(moved, events)


def _asked_back(procedure: Procedure, case: Case, action: SendBack) -> bool:
    """Whether a rule of the step asks for it, because something has changed since."""
    world = CaseWorld(procedure, case, action.step)
    return any(
        rule.back_to == action.to and holds(rule.refuse_when, world)
        for rule in procedure.steps[action.step].rules
    )


def _reassign(case: Case, action: Reassign) -> Result:
    moved = case.model_copy(
        update={
            "holder": action.holder,
            "reassigned_at": action.at,
            "version": case.version + 1,
        }
    )
    return Result(moved, [_event(case, action.step, action.at, "reassign", action.seat)])


def _check_rules(procedure: Procedure, case: Case, step: str) -> None:
    world = CaseWorld(procedure, case, step)
    broken = [rule for rule in procedure.steps[step].rules if holds(rule.refuse_when, world)]
    if broken:
        fields = {rule.field: fill(rule.message, world) for rule in broken if rule.field}
        raise Refused(" ".join(fill(rule.message, world) for rule in broken), fields)


def _note_slips(procedure: Procedure, case: Case, at: datetime) -> tuple[Case, list[Slip]]:
    """Slips that are put right are marked so; those that are new are added."""
    shown = live_mistakes(procedure, case)
    kept = [
        slip.model_copy(update={"corrected_at": at})
        if slip.corrected_at is None and slip.mistake not in shown and slip.step in case.done
        else slip
        for slip in case.slips
    ]
    known = {slip.mistake for slip in kept if slip.corrected_at is None}
    new = [
        Slip(
            mistake=name,
            step=procedure.mistakes[name].step,
            visit=len(case.visits_to(procedure.mistakes[name].step)),
            at=at,
        )
        for name in shown
        if name not in known
    ]
    return case.model_copy(update={"slips": [*kept, *new]}), new


def _where_next(procedure: Procedure, case: Case, step: str) -> tuple[str, list[str], Case]:
    """The next step, and the steps that are gone past: work that was sent back returns past what
    is already done.

    A corrected step may open a way that was not taken before (a severity put right opens
    containment). Then there is no return: what was done after that on the old ground is done
    anew. So it is where a way leads round to the step itself, which is a new round.
    """
    first = goes_to = route(procedure, case, step)
    if case.returns_to is None:
        return goes_to, [], case
    past: list[str] = []
    while goes_to not in (END, case.returns_to) and goes_to in case.done:
        if goes_to in (step, *past):
            return first, [], case.model_copy(update={"returns_to": None})
        past.append(goes_to)
        goes_to = route(procedure, case, goes_to)
    still_away = goes_to not in (END, case.returns_to) and case.visits_to(goes_to)
    waits = case.returns_to if still_away else None
    return goes_to, past, case.model_copy(update={"returns_to": waits})


def _landing(procedure: Procedure, case: Case, moment: str, at: datetime) -> list[Felt]:
    """The consequences that land when the step `moment` is completed, or at `closing`."""
    landed = {(felt.mistake, felt.part) for felt in case.felt}
    return [
        Felt(
            mistake=slip.mistake,
            part=part,
            seat=consequence.seat,
            step=moment,
            at=at,
            hours=consequence.hours,
            cost=consequence.cost,
            delay_days=consequence.delay_days,
            repeat_complaint=consequence.repeat_complaint,
            lose_customer=consequence.lose_customer,
            quotes=_quotes(procedure, case, slip.mistake, part),
        )
        for slip in case.live_slips()
        for part, consequence in enumerate(procedure.mistakes[slip.mistake].consequences)
        if consequence.at == moment and (slip.mistake, part) not in landed
    ]


def _quotes(procedure: Procedure, case: Case, mistake: str, part: int) -> dict[str, Raw]:
    consequence = procedure.mistakes[mistake].consequences[part]
    named = PLACEHOLDER.findall(f"{consequence.what} {consequence.why}")
    return {
        f"{step}.{field}": case.values.get(step, {}).get(field)
        for step, field in named
        if step not in RESERVED
    }


def _arrive(
    procedure: Procedure,
    step: str,
    at: datetime,
    calendar: WorkingCalendar,
    past: Sequence[str] = (),
) -> Visit:
    due = calendar.add(at, procedure.steps[step].deadline_hours)
    seat = procedure.steps[step].seat
    return Visit(step=step, seat=seat, entered_at=at, due_at=due, past=list(past))


def _event(case: Case, step: str, at: datetime, lifecycle: str, seat: str) -> Event:
    return Event(
        case_id=case.case_id, activity=step, timestamp=at, lifecycle=lifecycle, resource=seat
    )
