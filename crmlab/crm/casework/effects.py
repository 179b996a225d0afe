"""What handing over a step does to the CRM's records, as the procedure file says it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.access.permissions import permissions
from crmlab.crm.booking.book import book
from crmlab.crm.booking.draft import Terms
from crmlab.crm.records import kind
from crmlab.crm.tables.types import typed
from crmlab.errors import Refused
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case, HandOver
from crmlab.procedures.conditions import Reference, holds, value_of
from crmlab.procedures.steps import Booking, choices_of
from crmlab.procedures.wording import choose
from crmlab.procedures.world import CaseWorld


def write_effects(session: Session, procedure: Procedure, case: Case, action: HandOver) -> Case:
    """Write all that the step does; the case then knows what was booked.

    Raises:
        Refused: the CRM does not book it; the sentence stands beside the field it came from.
    """
    case = _write_own_record(session, procedure, case, action)
    case = _book(session, procedure, case, action)
    _change_records(session, procedure, case, action)
    _enter_stage(session, procedure, case, action)
    _note_contact(session, procedure, case, action)
    return case


def close_own_record(session: Session, procedure: Procedure, case: Case) -> None:
    """Write the moment of the case's close into the record that it is."""
    about = procedure.about
    if about and about.closed and case.closed_at:
        row = session.get(kind(about.record), case.case_id)
        if row is not None:
            setattr(row, about.closed, case.closed_at)


def _write_own_record(session: Session, procedure: Procedure, case: Case, action: HandOver) -> Case:
    """Write the step's entries to the record the case is about, made at the first of them."""
    about = procedure.about
    if about is None:
        return case
    entered = case.values[action.step]
    written = {
        field.writes: entered[name]
        for name, field in procedure.steps[action.step].fields.items()
        if field.writes
    }
    if about.record in case.records and not written:
        return case
    table = kind(about.record)
    row = session.get(table, case.case_id)
    if row is None:
        known: dict[str, Any] = {
            **{f"{name}_id": key for name, key in case.records.items()},
            str(table.__mapper__.primary_key[0].key): case.case_id,
        }
        if about.opened:
            known[about.opened] = case.opened_at
        columns = table.__mapper__.columns.keys()
        row = table(**{name: value for name, value in known.items() if name in columns})
        session.add(row)
        case = case.model_copy(update={"records": {**case.records, about.record: case.case_id}})
    for column, value in typed(table.metadata.tables[table.__tablename__], written).items():
        setattr(row, column, value)
    return case


def _book(session: Session, procedure: Procedure, case: Case, action: HandOver) -> Case:
    """Book what the step creates. Done again, it changes what it had booked."""
    terms = Terms(
        overdue_allowed=procedure.house.overdue_allowed,
        limits_shown="credit_limit" not in permissions().hidden(action.seat, "credit_check"),
    )
    for name, booking in procedure.steps[action.step].books.items():
        world = CaseWorld(procedure, case, action.step)
        if booking.when is not None and not holds(booking.when, world):
            continue
        columns = {column: choose(value, world) for column, value in booking.columns.items()}
        key = choose(booking.key, world)
        try:
            booked = book(
                session,
                booking.record,
                None if key is None else str(key),
                columns,
                existing_key=None if booking.each_time else case.records.get(name),
                terms=terms,
            )
        except Refused as refusal:
            raise _beside_the_field(procedure, action.step, booking, refusal) from None
        case = case.model_copy(update={"records": {**case.records, name: booked}})
    return case


def _beside_the_field(
    procedure: Procedure, step: str, booking: Booking, refusal: Refused
) -> Refused:
    """The CRM's refusal of a column, said of the field of the form that it was taken from."""
    fields = {}
    for column, sentence in refusal.fields.items():
        chosen = booking.columns.get(column) if column in booking.columns else booking.key
        sources = [item.value for item in choices_of(chosen)]
        for source in sources:
            if isinstance(source, Reference) and source.field:
                of, name = procedure.split(source.field, step)
                if of == step:
                    fields[name] = sentence
    return Refused(str(refusal), fields)


def _change_records(session: Session, procedure: Procedure, case: Case, action: HandOver) -> None:
    """Change the records that the step says; what must hold of them holds here too."""
    world = CaseWorld(procedure, case, action.step)
    for change in procedure.steps[action.step].sets:
        key = str(value_of(change.key, world) or "")
        wanted = change.when is None or holds(change.when, world)
        row = session.get(kind(change.record), key) if wanted else None
        if row is not None and not (change.once and getattr(row, change.column) is not None):
            columns = {change.column: value_of(change.value, world)}
            try:
                book(session, change.record, None, columns, existing_key=key)
            except Refused as refusal:
                raise Refused(str(refusal)) from None  # no field of this form is at fault


def _enter_stage(session: Session, procedure: Procedure, case: Case, action: HandOver) -> None:
    """Bring the case's opportunity to the step's stage of the funnel, with what shows it.

    A step that is done again brings it no further, and not back either: what was reached stays
    reached, until the procedure itself sets another stage.
    """
    enters = procedure.steps[action.step].enters
    if enters is None:
        return
    if enters.when and not holds(enters.when, CaseWorld(procedure, case, action.step)):
        return
    opportunity = session.get(tables.Opportunity, case.records.get("opportunity", ""))
    if opportunity is None:
        return
    shown = case.values[action.step].get(enters.evidence or "")
    evidence = None if shown is None else str(shown)
    funnel = list(procedure.stages)
    stands = funnel.index(opportunity.stage) if opportunity.stage in funnel else -1
    comes_to = funnel.index(enters.stage)
    if stands >= comes_to and (entry := _entry(session, opportunity, enters.stage)):
        entry.evidence = entry.evidence or evidence
    elif stands <= comes_to:
        opportunity.stage = enters.stage
        session.add(
            tables.StageEntry(
                opportunity_id=opportunity.opportunity_id,
                stage=enters.stage,
                entered_at=action.at,
                owner=opportunity.owner,
                amount=opportunity.amount,
                evidence=evidence,
            )
        )


def _entry(
    session: Session, opportunity: tables.Opportunity, stage: str
) -> tables.StageEntry | None:
    """The last entry into a stage; None for an opportunity that somebody brought there in another
    way."""
    entries = select(tables.StageEntry).where(
        tables.StageEntry.opportunity_id == opportunity.opportunity_id,
        tables.StageEntry.stage == stage,
    )
    return session.scalar(entries.order_by(tables.StageEntry.entry_id.desc()).limit(1))


def _note_contact(session: Session, procedure: Procedure, case: Case, action: HandOver) -> None:
    """Put the contact that the step is on the customer's timeline.

    A step that is done again with the same words was no second contact: something else in its form
    was put right.
    """
    contact = procedure.steps[action.step].interaction
    customer = case.records.get("customer")
    note = case.values[action.step].get(contact.note) if contact else None
    if contact and customer and note:
        again = len(case.visits_to(action.step)) > 1
        if again and _stands_there(session, case, contact.channel, str(note)):
            return
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


def _stands_there(session: Session, case: Case, channel: str, note: str) -> bool:
    """Whether the case has this contact on the timeline already."""
    same = select(tables.Interaction.interaction_id).where(
        tables.Interaction.case_id == case.case_id,
        tables.Interaction.channel == channel,
        tables.Interaction.note == note,
    )
    return session.scalar(same.limit(1)) is not None
