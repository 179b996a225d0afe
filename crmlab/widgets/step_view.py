"""A case and its current step as the desk shows them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from crmlab.calendar import STANDARD
from crmlab.crm.access.permissions import seat_name
from crmlab.crm.base.duplicates import as_code
from crmlab.crm.casework.looking import Look
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Raw, bare, holds
from crmlab.procedures.engine import may_send_back_to
from crmlab.procedures.names import END
from crmlab.procedures.steps import Field, Step
from crmlab.procedures.wording import fill, show
from crmlab.procedures.world import CaseWorld
from crmlab.text import gettext as _
from crmlab.widgets.drawing import until, urgency, worktime
from crmlab.widgets.half_filled import Typed
from crmlab.widgets.telling import seat_view

INPUTS = {"text": "text", "integer": "text", "amount": "text", "date": "date"}
MODES = {"integer": "numeric", "amount": "decimal"}
"""How numbers are typed on a small screen, by the field types that are numbers."""
WRITTEN = ("text", "long_text", "record", "date")
"""Field types whose value is what somebody typed, in no language."""

MEANT = 3
"""So many keys are named at most where an entry was nearly right."""


def case_view(case: Case, look: Look) -> dict[str, Any]:
    """The head of a case: its number, its title, and whose it is.

    The other records of the case are for the trainee to find out and enter.
    """
    return {
        "id": case.case_id,
        "title": _(case.title),
        "customer": look.customer,
        "closed": case.closed_at is not None,
        "withheld": look.withheld,
    }


def step_view(
    practice: Practice,
    case: Case,
    look: Look,
    *,
    entries: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    hints: int = 0,
) -> dict[str, Any]:
    """The current step: what the seat sees, its form with what stands in it, the ways on."""
    case = practice.as_it_stands(case)
    assert case.step is not None
    procedure, errors = practice.procedure, errors or {}
    step = procedure.steps[case.step]
    world = CaseWorld(procedure, case, case.step)
    stands = case.values.get(case.step, {}) if entries is None else entries
    left = STANDARD.between(practice.now(case), case.visit.due_at)
    people = practice.people(step.seat)
    names = {person.key: person.label for person in people}
    return {
        "number": procedure.number(case.step),
        "title": _(step.title),
        "purpose": _(step.purpose),
        "why": _(step.why),
        "if_skipped": _(step.if_skipped),
        "hands_on": _(step.hands_on),
        "seat": seat_view(procedure, step.seat),
        "holder": names.get(case.holder or "", ""),
        "due": until(left),
        "urgency": urgency(left),
        "evidence": evidence_view(step, world),
        "reads": [
            _read(procedure, world, reference)
            for reference in step.reads
            if world.field(reference) is not None
        ],
        "verb": _("Hand over") if any(way.to != END for way in step.next) else _("Close the case"),
        "fields": [
            _field(look, name, field, stands.get(name), errors.get(name, ""))
            for name, field in step.fields.items()
        ],
        "hints": [fill(hint, world) for hint in step.hints[:hints]],
        "hints_left": max(0, len(step.hints) - hints),
        "people": [
            {"id": person.key, "name": person.label, "holds": person.key == case.holder}
            for person in people
        ],
        "back_to": [
            {"value": name, "label": _(procedure.steps[name].title)}
            for name in may_send_back_to(case)
        ],
        "returned": returned_view(procedure, case),
    }


def entered(fields: dict[str, Field], form: dict[str, Any]) -> dict[str, Raw]:
    """What stands in a step's form, without what is left empty; numbers without their currency."""
    filled = {name: form[name] for name in fields if form.get(name) not in (None, "")}
    return {
        name: bare(entry) if fields[name].type in MODES and isinstance(entry, str) else entry
        for name, entry in filled.items()
    }


def typed_view(procedure: Procedure, typed: Typed) -> dict[str, Any]:
    """What somebody had typed at a step, as they typed it, to be copied from."""
    step, entries = procedure.steps[typed.step], typed.entries
    reason = typed.back.get("reason", "")
    told = [
        {"label": _(field.label), "value": _typed(field, entries[name]), "raw": not field.choices}
        for name, field in step.fields.items()
        if entries.get(name) not in (None, "")
    ]
    if reason.strip():
        told.append({"label": _("Why, in a sentence"), "value": reason, "raw": True})
    return {"case": typed.case, "step": _(step.title), "entries": told}


def _typed(field: Field, entry: Any) -> str:
    return show(field, entry) if field.choices else str(entry)


def evidence_view(step: Step, world: CaseWorld) -> list[dict[str, str]]:
    """What the seat can see or hear at a step, as the case stands."""
    return [
        {"says": fill(item.says, world), "by": fill(item.by, world) if item.by else ""}
        for item in step.evidence
        if item.when is None or holds(item.when, world)
    ]


def timeline_view(procedure: Procedure, case: Case, look: Look) -> list[dict[str, Any]]:
    """What has happened in the case and with its customer, the latest first.

    A contact says who it was. A step has hours beside it, and says the seat alone: hours belong to
    steps, never to persons.
    """
    found = [*_contacts(procedure, look), *_visits(procedure, case)]
    return sorted(found, key=lambda item: item["at"])[::-1]  # of one moment, the later first


def _read(procedure: Procedure, world: CaseWorld, reference: str) -> dict[str, Any]:
    field = procedure.field(reference, world.here)
    assert field is not None  # the loader has seen to that
    step, _name = procedure.split(reference, world.here)
    return {
        "label": _(field.label),
        "from": _(procedure.seats[procedure.steps[step].seat].name),
        "value": show(field, world.field(reference)),
        "raw": field.type in WRITTEN,
    }


def _field(look: Look, name: str, field: Field, value: Any, error: str) -> dict[str, Any]:
    options = list(_options(look, field))
    if error and field.record and (meant := _meant(str(value or ""), options)):
        error = _("{error} Do you mean {known}?").format(error=error, known=", ".join(meant))
    return {
        "name": name,
        "label": _(field.label),
        "help": _(field.help) if field.help else "",
        "type": field.type,
        "required": field.required,
        "input": INPUTS.get(field.type, "text"),
        "mode": MODES.get(field.type, ""),
        "options": options,
        "value": {True: "yes", False: "no", None: ""}.get(value, value)
        if isinstance(value, bool | None)
        else str(value),
        "error": error,
    }


def _options(look: Look, field: Field) -> Iterator[dict[str, str]]:
    if field.type == "yes_no":
        yield {"value": "yes", "label": _("Yes")}
        yield {"value": "no", "label": _("No")}
    for choice in field.choices:
        yield {"value": choice.value, "label": _(choice.label)}
    if field.record:
        for entry in look.offers.get(field.record, ()):
            yield {"value": entry.key, "label": entry.label}


def _meant(entry: str, options: list[dict[str, str]]) -> list[str]:
    """What of the list somebody may have meant whose entry is not in it: the same code written
    otherwise, or one that goes on. None of it is shown that the list does not show."""
    wanted, keys = as_code(entry), [option["value"] for option in options]
    if not wanted or entry in keys:
        return []
    further = f"{entry}-".casefold()
    nearly = (k for k in keys if as_code(k) == wanted or k.casefold().startswith(further))
    return list(islice(nearly, MEANT))


def returned_view(procedure: Procedure, case: Case) -> dict[str, Any] | None:
    """Who sent what back and why: while it is put right, and where the answer has arrived.

    Returns:
        None when nothing is on its way back. `answer`: the step itself had sent it back.
    """
    last = case.sent_back[-1] if case.sent_back else None
    if last is None:
        return None
    since = max(n for n, visit in enumerate(case.visits) if visit.sent_back)
    done_since = any(v.step == case.step and v.done_at for v in case.visits[since + 1 :])
    answer = case.returns_to is None and case.step == last.from_step and not done_since
    if case.returns_to is None and not answer:
        return None
    return {
        "answer": answer,
        "seat": _(procedure.seats[last.seat].name),
        "step": _(procedure.steps[last.from_step].title),
        "to": _(procedure.steps[last.to_step].title),
        "reason": last.reason,
    }


def _visits(procedure: Procedure, case: Case) -> Iterator[dict[str, Any]]:
    reasons = iter(case.sent_back)
    for visit in case.visits:
        step = procedure.steps[visit.step]
        reason = next(reasons).reason if visit.sent_back else ""
        title = _("{step}: waits") if visit.done_at is None else "{step}"
        if visit.sent_back:
            title = _("{step}: sent back")
        yield {
            "kind": "now" if visit.done_at is None else "done",
            "title": title.format(step=_(step.short)),
            "person": "",
            "elsewhere": "",
            "seat": seat_view(procedure, step.seat),
            "at": visit.done_at or visit.entered_at,
            "took": worktime(STANDARD.between(visit.entered_at, visit.done_at))
            if visit.done_at
            else "",
            "late": _("{hours} over").format(
                hours=worktime(STANDARD.between(visit.due_at, visit.done_at))
            )
            if visit.done_at and visit.done_at > visit.due_at
            else "",
            "note": reason,
        }


def _contacts(procedure: Procedure, look: Look) -> Iterator[dict[str, Any]]:
    """What happened with the case's customer, without the steps, which stand beside it anyway."""
    for entry in look.timeline:
        yield {
            "kind": "contact",
            "title": entry.title,
            "person": entry.person,
            "seat": seat_view(procedure, entry.seat) if entry.seat in procedure.seats else None,
            "elsewhere": seat_name(entry.seat)
            if entry.seat and entry.seat not in procedure.seats
            else "",
            "at": entry.at,
            "took": "",
            "late": "",
            "note": entry.note,
        }
