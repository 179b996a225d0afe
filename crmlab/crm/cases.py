"""What can be done to a case in the CRM: permitted, written, logged and audited, or refused whole.

The procedure's engine decides what an action means; here it becomes rows, in one transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crmlab.crm import records, tables
from crmlab.crm.records import kind
from crmlab.crm.sandbox import Sandbox
from crmlab.crm.start_set import typed
from crmlab.errors import ProcedureError, Refused, SandboxError, StaleCase
from crmlab.procedures import Procedure
from crmlab.procedures.case import Action, Case, HandOver, Reassign, SendBack
from crmlab.procedures.conditions import Raw, holds, value_of
from crmlab.procedures.engine import CaseWorld, Result, act, open_case
from crmlab.text import gettext as _

OPERATIONS: dict[type[Any], str] = {
    HandOver: "hand_over",
    SendBack: "send_back",
    Reassign: "reassign",
}
ACTIONS = {name: action for action, name in OPERATIONS.items()}


def facts_of(session: Session, procedure: Procedure, case_id: str) -> dict[str, Raw]:
    """The facts of a practice case: those the file states, and those read from its records."""
    template = procedure.cases[case_id]
    facts: dict[str, Raw] = {}
    for name, fact in procedure.facts.items():
        if name in template.facts:
            facts[name] = template.facts[name]
        elif fact.record:
            facts[name] = records.read(session, fact.record, template.records)
    return facts


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
    if faults := list(records.misfits(procedure)):
        raise ProcedureError("\n".join(faults))
    template = procedure.cases[case_id]
    detail: dict[str, Any] = {"procedure": procedure.procedure}
    with sandbox.write(
        "open_case", subject=case_id, at=template.opened_at, detail=detail
    ) as session:
        if session.get(tables.CaseRow, case_id):
            raise Refused(_("Case {case} is open already.").format(case=case_id))
        for name, key in template.records.items():
            records.get(session, name, key)
        result = open_case(
            procedure,
            case_id,
            template.title,
            facts_of(session, procedure, case_id),
            template.opened_at,
            records=template.records,
            seed=template.seed,
        )
        case = _with_holder(session, procedure, result.case)
        row = tables.CaseRow(
            case_id=case_id,
            procedure=procedure.procedure,
            fingerprint=procedure.fingerprint,
            title=template.title,
            customer_id=template.records.get("customer"),
            opened_at=case.opened_at,
        )
        detail["case"] = case.model_dump(mode="json")
        session.add(row)
        _keep(session, row, procedure, case)
        _log(session, result)
        return case


def replay(procedure: Procedure, trail: list[tables.Audit]) -> Case:
    """The case that the lines of an audit trail about it lead to.

    Only what was done is taken from the trail, and by whom it was then held; what it meant is
    worked out anew by the procedure's engine.
    """
    case: Case | None = None
    for line in trail:
        if line.operation == "open_case":
            case = Case.model_validate(line.detail["case"])
        elif line.operation in ACTIONS and case is not None:
            action = ACTIONS[line.operation].model_validate(line.detail["action"])
            done = act(procedure, case, action).case
            case = done.model_copy(update={"holder": line.detail["holder"]})
    if case is None:
        raise SandboxError(_("The audit trail does not say how this case was opened."))
    return case


def read_case(session: Session, case_id: str) -> Case:
    """A case as it is now."""
    row = session.get(tables.CaseRow, case_id)
    if row is None:
        raise Refused(_("There is no case {case} in this sandbox.").format(case=case_id))
    return Case.model_validate(row.state)


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
        StaleCase: the case has moved on since it was seen; nothing was overwritten.
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
        row = session.get(tables.CaseRow, seen.case_id)
        current = Case.model_validate(row.state) if row else None
        if row is None or current != seen:
            raise StaleCase(_moved_on(procedure, seen.case_id, current))
        action = _as_the_crm_writes(session, procedure, action)
        result = _act(session, procedure, seen, action)
        _check_permission(session, action, user)
        if isinstance(action, HandOver):
            _write_record(session, procedure, result.case, action)
            _change_records(session, procedure, result.case, action)
            _note_contact(session, procedure, result.case, action)
        case = (
            result.case
            if isinstance(action, Reassign)
            else _with_holder(session, procedure, result.case)
        )
        _keep(session, row, procedure, case)
        _log(session, result)
        detail.update(action=action.model_dump(mode="json"), holder=case.holder)
        return Result(case, result.events, result.slips, result.felt)


def holders(session: Session, seat: str) -> list[tables.User]:
    """Who may sit in a seat, in the order of their numbers."""
    seated = select(tables.UserSeat.user_id).where(tables.UserSeat.seat == seat)
    query = select(tables.User).where(tables.User.user_id.in_(seated))
    return list(session.scalars(query.order_by(tables.User.user_id)))


def let_pass(sandbox: Sandbox, case_id: str, until: datetime) -> None:
    """Let time pass for a case while it lies where it is."""
    with sandbox.write("wait", subject=case_id, at=until) as session:
        row = session.get(tables.CaseRow, case_id)
        if row is None:
            raise StaleCase(_gone(case_id))
        row.now = max(row.now, until)


def inbox(session: Session, procedure: str, seat: str | None = None) -> list[tables.CaseRow]:
    """The open cases of a procedure, at one seat or at all, by their number."""
    query = select(tables.CaseRow).where(
        tables.CaseRow.procedure == procedure, tables.CaseRow.closed_at.is_(None)
    )
    if seat is not None:
        query = query.where(tables.CaseRow.seat == seat)
    return list(session.scalars(query.order_by(tables.CaseRow.case_id)))


def closed(session: Session, procedure: str) -> list[tables.CaseRow]:
    """The closed cases of a procedure, the latest first."""
    query = select(tables.CaseRow).where(
        tables.CaseRow.procedure == procedure, tables.CaseRow.closed_at.is_not(None)
    )
    return list(session.scalars(query.order_by(tables.CaseRow.closed_at.desc())))


def _gone(case_id: str) -> str:
    return _(
        "Case {case} is no longer in this sandbox: it was reset in another window meanwhile. "
        "Nothing of yours was saved, and nothing was overwritten."
    ).format(case=case_id)


def _moved_on(procedure: Procedure, case_id: str, case: Case | None) -> str:
    if case is None:
        return _gone(case_id)
    if case.step is None:
        return _(
            "Case {case} was closed in another window meanwhile; nothing of yours was saved, "
            "and nothing was overwritten."
        ).format(case=case.case_id)
    return _(
        "Case {case} was moved on in another window meanwhile and is now at '{step}' with the "
        "{seat}; nothing of yours was saved, and nothing was overwritten."
    ).format(
        case=case.case_id,
        step=_(procedure.steps[case.step].title),
        seat=_(procedure.seats[procedure.steps[case.step].seat].name),
    )


def _check_permission(session: Session, action: Action, user: str | None) -> None:
    people = [person.user_id for person in holders(session, action.seat)]
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
    unknown = _unknown_records(session, procedure, action)
    try:
        result = act(procedure, case, action)
    except Refused as refusal:
        if not refusal.fields:
            raise  # the action itself is refused, so its form does not matter
        unknown = {**unknown, **refusal.fields}
    if unknown:
        known = [name for name in procedure.steps[action.step].fields if name in unknown]
        faults = {name: unknown[name] for name in dict.fromkeys([*known, *unknown])}
        raise Refused(" ".join(faults.values()), faults)
    return result


def _as_the_crm_writes(session: Session, procedure: Procedure, action: Action) -> Action:
    """The action with the keys of records as they are written here: `b-2230` means B-2230."""
    if not isinstance(action, HandOver) or action.step not in procedure.steps:
        return action
    fields = dict(action.fields)
    for name, field in procedure.steps[action.step].fields.items():
        key = str(fields.get(name) or "").strip()
        if field.record and key:
            fields[name] = records.canonical(session, field.record, key) or key
    return action.model_copy(update={"fields": fields})


def _unknown_records(session: Session, procedure: Procedure, action: Action) -> dict[str, str]:
    """A sentence for each field that names a record which is not there."""
    if not isinstance(action, HandOver) or action.step not in procedure.steps:
        return {}
    faults = {}
    for name, field in procedure.steps[action.step].fields.items():
        key = str(action.fields.get(name) or "").strip()
        if field.record and key and records.canonical(session, field.record, key) is None:
            faults[name] = _("'{key}' is not in the CRM; choose one from the list.").format(key=key)
    return faults


def _with_holder(session: Session, procedure: Procedure, case: Case) -> Case:
    """Lay the case on somebody's desk: the customer's account manager if that is the seat,
    else whoever there has the fewest open cases."""
    if case.step is None:
        return case
    people = [person.user_id for person in holders(session, procedure.steps[case.step].seat)]
    if not people:
        return case
    customer = session.get(tables.Customer, case.records.get("customer", ""))
    if customer and customer.account_manager in people:
        return case.model_copy(update={"holder": customer.account_manager})
    query = select(tables.CaseRow.holder, func.count()).where(
        tables.CaseRow.closed_at.is_(None), tables.CaseRow.case_id != case.case_id
    )
    load: dict[str | None, int] = {}
    for holder, count in session.execute(query.group_by(tables.CaseRow.holder)):
        load[holder] = count
    return case.model_copy(update={"holder": min(people, key=lambda who: (load.get(who, 0), who))})


def _keep(session: Session, row: tables.CaseRow, procedure: Procedure, case: Case) -> None:
    row.version = case.version
    row.step = case.step
    row.seat = procedure.steps[case.step].seat if case.step else None
    row.holder = case.holder
    row.due_at = case.visit.due_at if case.step else None
    row.closed_at = case.closed_at
    row.now = max(row.now or case.opened_at, case.last_moment)
    row.state = case.model_dump(mode="json")
    if procedure.about and case.closed_at:
        about = session.get(kind(procedure.about), case.case_id)
        if about is not None and hasattr(about, "closed_at"):
            about.closed_at = case.closed_at


def _log(session: Session, result: Result) -> None:
    for event in result.events:
        session.add(tables.Event(**event.model_dump()))


def _write_record(session: Session, procedure: Procedure, case: Case, action: HandOver) -> None:
    """Write the step's entries to the record the case is about, made at the first of them."""
    if procedure.about is None:
        return
    table = kind(procedure.about)
    row = session.get(table, case.case_id)
    if row is None:
        known: dict[str, Any] = {
            str(table.__mapper__.primary_key[0].key): case.case_id,
            "received_at": case.opened_at,
            **{f"{name}_id": key for name, key in case.records.items()},
        }
        columns = table.__mapper__.columns.keys()
        row = table(**{name: value for name, value in known.items() if name in columns})
        session.add(row)
    entered = case.values[action.step]
    written = {
        field.writes: entered[name]
        for name, field in procedure.steps[action.step].fields.items()
        if field.writes
    }
    for column, value in typed(table.metadata.tables[table.__tablename__], written).items():
        setattr(row, column, value)


def _change_records(session: Session, procedure: Procedure, case: Case, action: HandOver) -> None:
    world = CaseWorld(procedure, case, action.step)
    for change in procedure.steps[action.step].sets:
        if change.when is None or holds(change.when, world):
            row = session.get(kind(change.record), str(value_of(change.key, world) or ""))
            if row is not None:
                columns = {change.column: value_of(change.value, world)}
                for name, new in typed(row.metadata.tables[row.__tablename__], columns).items():
                    setattr(row, name, new)


def _note_contact(session: Session, procedure: Procedure, case: Case, action: HandOver) -> None:
    contact = procedure.steps[action.step].interaction
    customer = case.records.get("customer")
    note = case.values[action.step].get(contact.note) if contact else None
    if contact and customer and note:
        session.add(
            tables.Interaction(
                customer_id=customer,
                case_id=case.case_id,
                at=action.at,
                channel=contact.channel,
                seat=action.seat,
                note=str(note),
            )
        )


def timeline(session: Session, customer_id: str, until: datetime) -> list[tables.Interaction]:
    """The contacts with a customer up to a moment, the latest first."""
    query = select(tables.Interaction).where(
        tables.Interaction.customer_id == customer_id, tables.Interaction.at <= until
    )
    return list(session.scalars(query.order_by(tables.Interaction.at.desc())))
