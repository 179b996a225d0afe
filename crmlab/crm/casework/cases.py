"""What can be done to a case in the CRM: permitted, written, logged and audited, or refused whole.

The procedure's engine decides what an action means; here it becomes rows, in one transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, defer

from crmlab.crm import records, tables
from crmlab.crm.casework.desks import desks, seat_of, with_holder
from crmlab.crm.casework.effects import close_own_record, write_effects
from crmlab.crm.casework.facts import (
    case_of,
    facts_of,
    read_ahead,
    reckoned,
    records_of,
    with_live_facts,
)
from crmlab.crm.casework.fitting import misfits
from crmlab.crm.casework.form_checks import as_the_crm_writes, faults_of
from crmlab.crm.casework.past import OPENED, OPERATIONS, gone, moved_on
from crmlab.crm.store.audit import changes_so_far
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import ProcedureError, Refused
from crmlab.procedures import Procedure
from crmlab.procedures.case import Action, Case, HandOver, Reassign
from crmlab.procedures.conditions import Raw
from crmlab.procedures.engine import Result, act, open_case
from crmlab.text import gettext as _


def open_practice_case(sandbox: Sandbox, procedure: Procedure, case_id: str) -> Case:
    """Open a practice case of the procedure file in this sandbox.

    Raises:
        Refused: the file has no such case, or it is open already.
        ProcedureError, SandboxError: the procedure names records that the CRM does not keep.
    """
    if case_id not in procedure.cases:
        raise Refused(
            _("The procedure has no practice case '{case}'; it has: {known}.").format(
                case=case_id, known=", ".join(procedure.cases)
            )
        )
    if faults := list(misfits(procedure)):
        raise ProcedureError("\n".join(faults))
    template = procedure.cases[case_id]
    kinds = procedure.record_kinds
    detail: dict[str, Any] = {"procedure": procedure.procedure}
    with sandbox.write(OPENED, subject=case_id, at=template.opened_at, detail=detail) as session:
        if session.get(tables.CaseRow, case_id):
            raise Refused(_("Case {case} is open already.").format(case=case_id))
        known = records_of(session, template)
        for name, key in known.items():
            records.get(session, kinds[name], key)
        result = open_case(
            procedure,
            case_id,
            template.title,
            facts_of(session, procedure, case_id),
            template.opened_at,
            records=known,
            seed=template.seed,
        )
        seat = seat_of(procedure, result.case)
        people = desks(session, result.case, "", seat).there
        case = with_holder(session, procedure, result.case, people)
        row = tables.CaseRow(
            case_id=case_id,
            procedure=procedure.procedure,
            fingerprint=procedure.fingerprint,
            title=template.title,
            opened_at=case.opened_at,
            facts=result.case.facts,
        )
        detail["case"] = case.model_dump(mode="json")
        session.add(row)
        _keep(row, procedure, case)
        _log(session, result)
        return case


def read_case(session: Session, case_id: str) -> Case:
    """A case as it is now."""
    row = session.get(tables.CaseRow, case_id)
    if row is None:
        raise Refused(_("There is no case {case} in this sandbox.").format(case=case_id))
    return case_of(row)


def as_it_stands(session: Session, procedure: Procedure, case: Case, at: datetime) -> Case:
    """The case with what the CRM says at this moment, which may be another thing than when it
    came to its desk: what a hand-over will be held to."""
    return with_live_facts(
        procedure, case, reckoned(session, procedure, case.records, case.case_id, at)
    )


def apply(
    sandbox: Sandbox,
    procedure: Procedure,
    seen: Case,
    action: Action,
    *,
    user: str | None = None,
) -> Result:
    """Do an action to a case as one transaction.

    Args:
        seen: the case as whoever acts has seen it.
        user: who acts; by default the person who holds the case.

    Raises:
        StaleCase: the case has moved on since it was seen; it says what happened since and by which
            seat. Nothing was overwritten.
        Refused: by the engine, by a permission, or because a record does not exist.
    """
    user = user or seen.holder
    detail: dict[str, Any] = {}
    with sandbox.write(
        OPERATIONS[type(action)],
        subject=seen.case_id,
        at=action.at,
        user=user,
        seat=action.seat,
        detail=detail,
    ) as session:
        read_ahead(session, procedure, seen, action)
        row = session.get(tables.CaseRow, seen.case_id)
        current = case_of(row) if row else None
        if row is None or current is None:
            raise gone(seen.case_id)
        if current != seen:
            raise moved_on(session, procedure, seen, current, action)
        action = as_the_crm_writes(session, procedure, action)
        reckoning = reckoned(session, procedure, seen.records, seen.case_id, action.at)
        case = with_live_facts(procedure, seen, reckoning)
        result = _act(session, procedure, case, action)
        moved = result.case
        seated = desks(session, seen, action.seat, seat_of(procedure, moved))
        _check_permission(session, action, user, seated.here)
        if isinstance(action, HandOver):
            moved = write_effects(session, procedure, moved, action)
            close_own_record(session, procedure, moved)
            session.flush()
        if not isinstance(action, Reassign):
            moved = with_holder(session, procedure, moved, seated.there)
        reckoning = reckoning.again(moved.records, changes_so_far(session))
        moved = with_live_facts(procedure, moved, reckoning)
        _keep(row, procedure, moved)
        _log(session, result)
        detail.update(
            action=action.model_dump(mode="json"),
            holder=moved.holder,
            records=moved.records,
            facts=_changed(seen, case),
            facts_then=_changed(case, moved),
        )
        return Result(moved, result.events, result.slips, result.felt)


def _changed(before: Case, after: Case) -> dict[str, Raw]:
    """The facts that the CRM now tells differently."""
    return {
        name: value
        for name, value in after.live.items()
        if name not in before.live or before.live[name] != value
    }


def let_pass(sandbox: Sandbox, case_id: str, until: datetime) -> None:
    """Let time pass for a case while it lies where it is."""
    with sandbox.write("wait", subject=case_id, at=until) as session:
        row = session.get(tables.CaseRow, case_id)
        if row is None:
            raise gone(case_id)
        row.now = max(row.now, until)


_NOT_ALL = (defer(tables.CaseRow.facts), defer(tables.CaseRow.state))
"""An inbox says where a case lies, and need not read the whole of it."""


def inbox(session: Session, procedure: str, *within: ColumnElement[bool]) -> list[tables.CaseRow]:
    """The open cases of a procedure, all or those within these conditions, by their number."""
    query = select(tables.CaseRow).where(
        tables.CaseRow.procedure == procedure, tables.CaseRow.closed_at.is_(None), *within
    )
    return list(session.scalars(query.options(*_NOT_ALL).order_by(tables.CaseRow.case_id)))


def waiting(session: Session, procedure: str) -> dict[str, int]:
    """How many open cases of a procedure lie at each seat where any does."""
    query = select(tables.CaseRow.seat, func.count()).where(
        tables.CaseRow.procedure == procedure, tables.CaseRow.closed_at.is_(None)
    )
    counted = session.execute(query.group_by(tables.CaseRow.seat))
    return {seat: count for seat, count in counted if seat is not None}


def closed(session: Session, procedure: str, *within: ColumnElement[bool]) -> list[tables.CaseRow]:
    """The closed cases of a procedure, all or those within these conditions, the latest first."""
    query = select(tables.CaseRow).where(
        tables.CaseRow.procedure == procedure, tables.CaseRow.closed_at.is_not(None), *within
    )
    query = query.options(*_NOT_ALL).order_by(tables.CaseRow.closed_at.desc())
    return list(session.scalars(query))


def _check_permission(
    session: Session, action: Action, user: str | None, people: list[str]
) -> None:
    if people and user not in people:
        raise Refused(
            _("{user} does not sit in this seat; those who do: {people}.").format(
                user=user or _("Nobody"), people=", ".join(people)
            )
        )
    if isinstance(action, Reassign):
        known = people or list(session.scalars(select(tables.User.user_id)))
        if action.holder not in known:
            raise Refused(
                _("{holder} does not sit in this seat; those who do: {people}.").format(
                    holder=action.holder, people=", ".join(known)
                ),
                {"holder": _("Choose somebody who sits in this seat.")},
            )


def _act(session: Session, procedure: Procedure, case: Case, action: Action) -> Result:
    """The engine's answer. All faults of a form are told at once: the engine's and the CRM's."""
    unknown = faults_of(session, procedure, action)
    try:
        result = act(procedure, case, action)
    except Refused as refusal:
        if not refusal.fields:
            raise  # the action itself is refused, so its form does not matter
        unknown = {**refusal.fields, **unknown}  # of what is not there nothing else is true
    if unknown:
        known = [name for name in procedure.steps[action.step].fields if name in unknown]
        faults = {name: unknown[name] for name in dict.fromkeys([*known, *unknown])}
        raise Refused(" ".join(faults.values()), faults)
    return result


def _keep(row: tables.CaseRow, procedure: Procedure, case: Case) -> None:
    row.customer_id = case.records.get("customer") or None
    row.version = case.version
    row.step = case.step
    row.seat = seat_of(procedure, case) or None
    row.holder = case.holder
    row.due_at = case.visit.due_at if case.step else None
    row.closed_at = case.closed_at
    row.now = max(row.now or case.opened_at, case.last_moment)
    row.state = case.model_dump(mode="json", exclude={"facts"})


def _log(session: Session, result: Result) -> None:
    for event in result.events:
        session.add(tables.Event(**event.model_dump()))
