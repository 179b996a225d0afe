"""A desk as `desk.html` shows it: seats, inbox, the parts of a long run, the step in hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crmlab.crm.casework.looking import Look
from crmlab.practice.session import InboxLine, Practice
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case
from crmlab.text import gettext as _
from crmlab.widgets.drawing import until, urgency
from crmlab.widgets.half_filled import Typed, part_of
from crmlab.widgets.step_view import step_view, typed_view
from crmlab.widgets.telling import seat_view


def seats_view(practice: Practice, here: str) -> list[dict[str, Any]]:
    """The seats that the trainee can take, and how many cases wait at each."""
    waiting = practice.waiting()
    return [
        vars(seat_view(practice.procedure, seat))
        | {"here": seat == here, "waiting": waiting.get(seat, 0)}
        for seat in practice.seats
    ]


def inbox_view(practice: Practice, seat: str) -> dict[str, list[dict[str, Any]]]:
    """The cases that are seen from a seat: its own, those on other desks, and those that are
    closed."""
    lines = practice.in_sight(seat)
    told = practice.procedure
    return {
        "mine": [_line(told, line) for line in lines if line.seat == seat],
        "others": [_line(told, line) for line in lines if line.seat != seat],
        "finished": [
            {"id": row.case_id, "title": _(row.title)} for row in practice.closed_cases(seat)
        ],
    }


def parts_view(parts: Sequence[Practice], here: Practice) -> list[dict[str, Any]]:
    """The parts of a long run, as tabs; none where there is only one."""
    if len(parts) == 1:
        return []
    return [
        {
            "title": _(part.procedure.title),
            "here": part is here,
            "waits_for": _waits_for(part),
        }
        for part in parts
    ]


def form_view(
    practice: Practice,
    case: Case,
    look: Look,
    seat: str,
    typed: Typed | None,
    errors: dict[str, str],
    back_errors: Mapping[str, str],
    hints: int,
) -> dict[str, Any]:
    """The step in hand, with what was typed in its forms and what is said against it."""
    entries = (typed and typed.entries) or None
    view = step_view(practice, case, look, entries=entries, errors=errors, hints=hints)
    back = typed.back if typed else {}
    return view | {
        "here": view["seat"].id == seat,
        "may_sit": view["seat"].id in practice.seats,
        "back_draft": {name: back.get(name, "") for name in ("to", "reason")},
        "back_errors": {name: back_errors.get(name, "") for name in ("to", "reason")},
    }


def aside_view(parts: Sequence[Practice], aside: Iterable[Typed]) -> list[dict[str, Any]]:
    """The forms that were set aside, to be copied from."""
    known = [(part_of(parts, typed), typed) for typed in aside]
    return [typed_view(part.procedure, typed) for part, typed in known if part is not None]


def _line(procedure: Procedure, line: InboxLine) -> dict[str, Any]:
    return {
        "id": line.case_id,
        "step": _(procedure.steps[line.step].short),
        "customer": line.customer,
        "seat": seat_view(procedure, line.seat),
        "holder": line.holder,
        "due": until(line.hours_left),
        "urgency": urgency(line.hours_left),
    }


def _waits_for(part: Practice) -> str:
    """The case that has to be closed before a part can begin; empty when it can."""
    if part.waiting() or part.closed_cases():
        return ""
    follows = [part.procedure.cases[case].follows for case in part.cases]
    return next((f.case for f in follows if f), "")
