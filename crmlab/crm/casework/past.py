"""A case's past, read from the audit trail: done again, and told to whoever has missed a part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.entered import short
from crmlab.crm.store.audit import trail_of
from crmlab.errors import SandboxError, StaleCase
from crmlab.procedures import Procedure
from crmlab.procedures.case import Action, Case, HandOver, Reassign, SendBack
from crmlab.procedures.conditions import Raw
from crmlab.procedures.engine import act
from crmlab.procedures.forms import clean
from crmlab.procedures.steps import Field
from crmlab.procedures.wording import show
from crmlab.text import gettext as _
from crmlab.text import ngettext, show_day

OPENED = "open_case"
OPERATIONS: dict[type[Any], str] = {
    HandOver: "hand_over",
    SendBack: "send_back",
    Reassign: "reassign",
}
ACTIONS = {name: action for action, name in OPERATIONS.items()}
MOVES = (OPENED, *ACTIONS)
"""What the trail calls that which makes a case what it is; each move is a version of it."""

MOST_TOLD = 6
"""The last moves that are told one by one."""


def replay(procedure: Procedure, trail: list[tables.Audit]) -> Case:
    """The case that the lines of an audit trail about it lead to.

    Only what was done is taken from the trail, with what the CRM added: who then held the case,
    what was booked, and how its records stood. What it meant is worked out anew by the engine.
    """
    case: Case | None = None
    for line in trail:
        if line.operation == OPENED:
            case = Case.model_validate(line.detail["case"])
        elif line.operation in ACTIONS and case is not None:
            action = _action(line)
            seen = case.model_copy(update={"live": {**case.live, **line.detail["facts"]}})
            done = act(procedure, seen, action).case
            then = {"live": {**done.live, **line.detail["facts_then"]}}
            kept = {name: line.detail[name] for name in ("holder", "records")}
            case = done.model_copy(update={**then, **kept})
    if case is None:
        raise SandboxError(_("The audit trail does not say how this case was opened."))
    return case


def gone(case_id: str) -> StaleCase:
    """What is said to somebody whose case is no longer there."""
    return StaleCase(
        _(
            "Case {case} is no longer in this sandbox: it was reset in another window meanwhile. "
            "Nothing of yours was saved, and nothing was overwritten."
        ).format(case=case_id)
    )


def moved_on(
    session: Session, procedure: Procedure, seen: Case, now: Case, action: Action
) -> StaleCase:
    """What is said to somebody whose case was moved on by another since they saw it: which seat did
    what, which entries differ from theirs, and where it is now."""
    moves = [line for line in trail_of(session, seen.case_id) if line.operation in MOVES]
    if len(moves) < seen.version or replay(procedure, moves[: seen.version]) != seen:
        return StaleCase(f"{_begun_anew(seen)} {_stands(session, procedure, now)} {_kept()}")
    since = moves[seen.version :]
    differ = list(_differences(procedure, seen, now, action, since))
    sentences = [
        _("Case {case} was moved on in another window meanwhile.").format(case=seen.case_id),
        *_told(session, procedure, since),
        *(sentence for _name, sentence in differ),
        _stands(session, procedure, now),
        _kept(),
    ]
    return StaleCase(
        " ".join(sentences), {name: sentence for name, sentence in differ if name is not None}
    )


def _told(session: Session, procedure: Procedure, since: list[tables.Audit]) -> Iterator[str]:
    """The moves, a sentence for each: seats, never persons, but for whoever has it now."""
    if earlier := len(since[:-MOST_TOLD]):
        yield ngettext("{n} move came first.", "{n} moves came first.", earlier).format(n=earlier)
    for line in since[-MOST_TOLD:]:
        action = _action(line)
        named = {
            "seat": _(procedure.seats[action.seat].name),
            "step": _(procedure.steps[action.step].title),
            "day": show_day(STANDARD.local(line.at).date().isoformat()),
        }
        if isinstance(action, HandOver):
            yield _("{seat} handed over “{step}” ({day}).").format(**named)
        elif isinstance(action, SendBack):
            yield _("{seat} sent it back from “{step}” to “{to}” ({day}): “{reason}”").format(
                **named, to=_(procedure.steps[action.to].title), reason=short(action.reason)
            )
        else:
            yield _("{seat} gave “{step}” to {holder} ({day}).").format(
                **named, holder=_name(session, action.holder)
            )


def _differences(
    procedure: Procedure, seen: Case, now: Case, action: Action, since: list[tables.Audit]
) -> Iterator[tuple[str | None, str]]:
    """A sentence for each entry of the steps that were done since which is another one than what
    the second person hands in there, or saw there; by field where it is one of their own form."""
    by = {done.step: done.seat for done in map(_action, since) if isinstance(done, HandOver)}
    for step, seat in by.items():
        mine = action.fields if isinstance(action, HandOver) and action.step == step else None
        if mine is None and step not in seen.values:
            continue  # it was done for the first time, and nobody had another entry there
        for name, field in procedure.steps[step].fields.items():
            before = seen.values.get(step, {}).get(name) if mine is None else mine.get(name)
            after = now.values.get(step, {}).get(name)
            if _as_stored(field, before) != after:
                told = (
                    _("“{label}” is {after} now ({seat}), and was {before}.")
                    if mine is None
                    else _("“{label}” is {after} now ({seat}), and you entered {before}.")
                )
                yield (
                    name if mine is not None else None,
                    told.format(
                        label=_(field.label),
                        after=_shown(field, after),
                        before=_shown(field, before),
                        seat=_(procedure.seats[seat].name),
                    ),
                )


def _as_stored(field: Field, entry: Raw) -> Raw:
    try:
        return clean(field, entry)
    except ValueError:
        return entry or None  # it could not have been stored at all


def _shown(field: Field, entry: Raw) -> str:
    try:
        told = show(field, clean(field, entry))
    except ValueError:
        told = str(entry or "")
    return _("“{entry}”").format(entry=short(told)) if told.strip("–") else _("empty")


def _stands(session: Session, procedure: Procedure, case: Case) -> str:
    """Where a case is now, and on whose desk."""
    if case.step is None:
        return _("It was closed in another window.")
    step = procedure.steps[case.step]
    named = {"step": _(step.title), "seat": _(procedure.seats[step.seat].name)}
    if case.holder is None:
        return _("It is now at '{step}' with the {seat}.").format(**named)
    return _("It is now at '{step}' with the {seat}, on the desk of {holder}.").format(
        **named, holder=_name(session, case.holder)
    )


def _begun_anew(seen: Case) -> str:
    return _("Case {case} was begun anew in another window, so what you saw is gone.").format(
        case=seen.case_id
    )


def _kept() -> str:
    return _("Nothing of yours was saved, and nothing was overwritten.")


def _name(session: Session, user_id: str) -> str:
    user = session.get(tables.User, user_id)
    return user.name if user else user_id


def _action(line: tables.Audit) -> Action:
    action: Action = ACTIONS[line.operation].model_validate(line.detail["action"])
    return action
