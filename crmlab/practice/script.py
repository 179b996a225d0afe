"""Practice without a screen: a case played from a YAML script, through the same engine.

case: C-1042
play:
  - {seat: service_agent, step: register, fields: {...}, moment: 2026-05-12T08:45}
  - {seat: quality_engineer, step: assess, send_back: register, reason: "The plate says ..."}
  - {seat: service_agent, step: register, by_the_procedure: true, fields: {batch_no: B-2230}}
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from crmlab.calendar import STANDARD
from crmlab.crm.store.sandbox import passing_sandbox
from crmlab.crm.tables import Event
from crmlab.errors import CrmlabError, Refused, ScriptError
from crmlab.practice.booked import booked
from crmlab.practice.debrief import Debrief, Totals
from crmlab.practice.ground import lay_ground
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Data, Raw
from crmlab.procedures.faults import unknown
from crmlab.procedures.names import Moment
from crmlab.procedures.reading import Path_, Places, parse, read_text, validate
from crmlab.procedures.walk import right_fields
from crmlab.procedures.wording import fill
from crmlab.procedures.world import CaseWorld
from crmlab.simulation.colleagues import MANNERS
from crmlab.text import gettext as _


class Move(Data):
    """One thing somebody does.

    Attributes:
        fields: what is entered; with `by_the_procedure`, only what differs from the right entry.
        moment: when; by default as soon as the case's own pace allows.
        send_back: the step to return the case to, with a `reason`.
        reassign: the user who takes the step over.
    """

    seat: str
    step: str
    fields: dict[str, Raw] = {}
    by_the_procedure: bool = False
    moment: Moment | None = None
    send_back: str | None = None
    reason: str = ""
    reassign: str | None = None


class Script(Data):
    """A case to play.

    Attributes:
        case: a practice case of the procedure; by default its first.
        seats, colleagues: the seats the script sits in, and the manner of the others; by default
            the script sits in all of them.
    """

    procedure: str | None = None
    case: str | None = None
    seats: list[str] | None = None
    colleagues: str = "careful"
    play: list[Move]


def read_script(path: Path, procedure: Procedure) -> tuple[Script, Places]:
    """A script, held to the procedure's names.

    Raises:
        ScriptError: file, line, what is wrong.
    """
    text = read_text(path, ScriptError, "script")
    places = Places(text, path.name)
    script = validate(Script, parse(text, path.name, ScriptError), places, ScriptError)
    faults: list[tuple[Path_, str]] = []
    if script.case is not None and script.case not in procedure.cases:
        faults.append((("case",), unknown("practice case", script.case, procedure.cases)))
    if not procedure.cases:
        faults.append(((), f"the procedure '{procedure.procedure}' has no practice case to play."))
    if script.procedure not in (None, procedure.procedure):
        sentence = f"the script is for '{script.procedure}', not for '{procedure.procedure}'."
        faults.append((("procedure",), sentence))
    if script.colleagues not in MANNERS:
        faults.append((("colleagues",), unknown("manner", script.colleagues, MANNERS)))
    for i, seat in enumerate(script.seats or []):
        if seat not in procedure.seats:
            faults.append((("seats", i), unknown("seat", seat, procedure.seats)))
    for i, move in enumerate(script.play):
        if move.seat not in procedure.seats:
            faults.append((("play", i, "seat"), unknown("seat", move.seat, procedure.seats)))
        for key in ("step", "send_back"):
            step = getattr(move, key)
            if step is not None and step not in procedure.steps:
                faults.append((("play", i, key), unknown("step", step, procedure.steps)))
    if faults:
        raise ScriptError("\n".join(places.at(path_, sentence) for path_, sentence in faults))
    return script, places


def play(procedure: Procedure, path: Path) -> dict[str, Any]:
    """Play a script in a sandbox of its own and report what happened, as plain data.

    Raises:
        ScriptError: the script does not fit, or one of its moves is refused; with its line.
    """
    script, places = read_script(path, procedure)
    with passing_sandbox() as sandbox:
        practice = Practice(procedure, sandbox, seats=script.seats, manner=script.colleagues)
        opened = script.case or next(iter(procedure.cases))
        lay_ground(sandbox, procedure, opened)
        case = practice.open(opened)
        for i, move in enumerate(script.play):
            try:
                case = _do(practice, case, move)
            except CrmlabError as refusal:
                raise ScriptError(places.at(("play", i), _refusal(i, move, refusal))) from None
        with sandbox.read() as session:
            mine = session.query(Event).filter_by(case_id=case.case_id)
            events = [_event(row) for row in mine.order_by(Event.event_id)]
            told = report(procedure, practice.debrief(case), events)
            told |= booked(session, procedure, case)
        return told


def _do(practice: Practice, case: Case, move: Move) -> Case:
    at, seat, step = move.moment, move.seat, move.step
    if move.send_back:
        to, reason = move.send_back, move.reason
        return practice.send_back(case, to, reason, seat=seat, step=step, at=at).case
    if move.reassign:
        return practice.reassign(case, move.reassign, seat=seat, step=step, at=at).case
    fields = dict(move.fields)
    if move.by_the_procedure and case.step == step:
        fields = {**right_fields(practice.procedure, case), **fields}
    return practice.hand_over(case, fields, seat=seat, step=step, at=at).case


def _refusal(number: int, move: Move, refusal: CrmlabError) -> str:
    fields = refusal.fields if isinstance(refusal, Refused) else {}
    told = "; ".join(f"{name}: {sentence}" for name, sentence in fields.items()) or str(refusal)
    return f"move {number + 1} ({move.seat}, {move.step}) is refused: {told}"


def _event(row: Event) -> dict[str, Any]:
    return {
        "case_id": row.case_id,
        "activity": row.activity,
        "timestamp": STANDARD.local(row.timestamp).isoformat(),
        "resource": row.resource,
        "lifecycle": row.lifecycle,
    }


def report(procedure: Procedure, told: Debrief, events: list[dict[str, Any]]) -> dict[str, Any]:
    """A debrief as plain data: what `crmlab practise --json` prints."""
    world = CaseWorld(procedure, told.case, procedure.start)
    consequences = [
        {
            "mistake": story.name,
            "seat": landed.felt.seat,
            "step": landed.felt.step,
            "timestamp": landed.felt.at.isoformat(),
            "what": fill(landed.consequence.what, world, landed.felt.quotes),
            "why": fill(landed.consequence.why, world, landed.felt.quotes),
            "hours": landed.felt.hours,
            "cost": landed.felt.cost,
            "delay_days": landed.felt.delay_days,
            "repeat_complaint": landed.felt.repeat_complaint,
            "lose_customer": landed.felt.lose_customer,
        }
        for story in told.slips
        for landed in story.landed
    ]
    return {
        "procedure": procedure.procedure,
        "case": told.case.case_id,
        "outcome": "closed" if told.case.closed_at else "open",
        "waiting_at": told.case.step,
        "events": events,
        "slips": [
            {
                "mistake": story.name,
                "title": _(story.mistake.title),
                "step": story.mistake.step,
                "corrected": story.corrected,
                "critical": story.mistake.critical,
            }
            for story in told.slips
        ],
        "consequences": {
            seat: [item for item in consequences if item["seat"] == seat]
            for seat in procedure.seats
        },
        "sent_back": [
            {
                "from": item.from_step,
                "to": item.to_step,
                "reason": item.reason,
                "right": item.right,
                "slips": item.slips,
            }
            for item in told.sent_back
        ],
        "stages": [asdict(stage) for stage in told.stages],
        "totals": _rounded(told.totals),
        "by_the_procedure": _rounded(told.by_the_procedure),
    }


def _rounded(totals: Totals) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in asdict(totals).items()
    }
