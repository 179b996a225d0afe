"""What a seat sees of the cases at its desk: the inbox, and a case with what stands round it.

With a case come the records that it is about, whoever holds it: that is the procedure's to say.
All else that stands round it is shown by the permissions: the customer's timeline and the pick
lists, as they let the person who holds the case see them; cases on other desks, as they let those
who sit in the seat.

A look goes on record once, and not each time the same is drawn again: when a seat sees a case that
somebody else has moved since it last had it, and when its inbox holds other cases than before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import records, tables
from crmlab.crm.access.on_record import denials_on_record
from crmlab.crm.access.permissions import Who, denied, permissions
from crmlab.crm.access.scopes import key_of, visible, visible_now
from crmlab.crm.access.timeline import Entry, timeline
from crmlab.crm.casework.cases import read_case
from crmlab.crm.casework.desks import holders
from crmlab.crm.casework.past import MOVES
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import Audit, CaseRow
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case
from crmlab.text import gettext as _

LOOK, INBOX = "look_at_case", "inbox"
"""What the trail calls these looks. They are names of their own: what somebody asked for in the
windows of the CRM (`read`, `list`) is not mixed up with what a desk shows of itself."""

NOBODY = ""
"""Stands for whoever sits in the seat, where nobody of them in particular is meant."""


@dataclass(frozen=True)
class Look:
    """A case as a seat sees it at its desk.

    Attributes:
        customer: what tells a person which customer it is about; empty if it is about none yet.
        timeline: what happened with the customer, the latest first, without the steps of cases.
        withheld: why the customer's timeline is not shown; empty if it is.
        offers: what the pick lists of the form offer, by kind of record; nothing where the case
            lies on another desk.
    """

    customer: str
    timeline: list[Entry]
    withheld: str
    offers: dict[str, list[records.Entry]]


def look(sandbox: Sandbox, procedure: Procedure, case: Case, seat: str) -> Look:
    """A case at a seat's desk, at the moment it is in; on record unless it is already."""
    who = Who((case.holder or NOBODY) if _lies_at(procedure, case, seat) else NOBODY, seat)
    with sandbox.read() as session:
        if _is_on_record(session, case.case_id, who):
            return _seen(session, procedure, case, who)
        row = session.get(CaseRow, case.case_id)
        at = STANDARD.local(row.now if row else case.last_moment)
    detail: dict[str, Any] = {"step": case.step, "version": case.version}
    with sandbox.write(
        LOOK, subject=case.case_id, at=at, user=who.user_id or None, seat=seat, detail=detail
    ) as session:
        seen = _seen(session, procedure, case, who)
        detail["timeline"] = len(seen.timeline)
        detail["offers"] = {kind: len(entries) for kind, entries in seen.offers.items()}
        return seen


def open_at(sandbox: Sandbox, case_id: str, seat: str) -> Case:
    """A case as it is now, for a seat that wants to look at it.

    Raises:
        Denied: it lies on another desk, and nobody in this seat may see it; that is on record.
        Refused: there is no such case.
    """
    who = Who(NOBODY, seat)
    with sandbox.read() as session:
        case = read_case(session, case_id)
        row = session.get_one(CaseRow, case_id)
        at = STANDARD.local(row.now)
        query = select(CaseRow.case_id).where(CaseRow.case_id == case_id, seen_from(session, seat))
        if session.scalar(query) is not None:
            return case
    with denials_on_record(sandbox, who, "see", subject=case_id, at=at):
        raise denied(
            who,
            "see",
            _(
                "you do not see case {case}: it lies on another desk, and its customer is not "
                "within your reach"
            ).format(case=case_id),
        )


def seen_from(session: Session, seat: str) -> ColumnElement[bool]:
    """The condition under which a case is seen from a seat: it lies there, on anybody's desk, or
    somebody who sits there may see it.

    A seat's inbox is everybody's who sits there. A trainee practises the seat and not a person,
    and what waits for a colleague in it waits for the trainee.
    """
    return or_(CaseRow.seat == seat, reach(session, "case", Who(NOBODY, seat)))


def reach(session: Session, kind: str, who: Who, operation: str = "see") -> ColumnElement[bool]:
    """The condition under which somebody at a desk may do this with a record of this kind; of
    `NOBODY` in particular, anybody who sits there. Where the CRM knows of nobody in that seat, it
    is the seat of a company's own procedure, and only its line of the matrix counts."""
    return _reach_of(session, kind, _asking(session, who), who.seat, operation)


def _asking(session: Session, who: Who) -> list[Who]:
    seated = [user.user_id for user in holders(session, who.seat)]
    asking = [user for user in seated if who.user_id in (NOBODY, user)] if seated else [who.user_id]
    return [Who(user, who.seat) for user in asking]


def _reach_of(
    session: Session, kind: str, asking: list[Who], seat: str, operation: str = "see"
) -> ColumnElement[bool]:
    scope = permissions().scope(seat, operation)
    if len(asking) == 1:
        return visible_now(session, kind, scope, asking[0])
    return or_(false(), *(visible(kind, scope, each) for each in asking))


def offered(session: Session, kind: str, case: Case, who: Who) -> list[records.Entry]:
    """The records that a form field of this kind offers: what whoever fills it in may see, and what
    the case itself is about; those of its customer first."""
    return _offered(session, kind, case, _asking(session, who), who.seat)


def _offered(
    session: Session, kind: str, case: Case, asking: list[Who], seat: str
) -> list[records.Entry]:
    own = key_of(kind).in_(case.records.values())
    within = or_(_reach_of(session, kind, asking, seat), own)
    return records.entries(session, kind, case.records, within)


def note_inbox(
    sandbox: Sandbox, procedure: str, seat: str, cases: Iterable[str], at: datetime
) -> None:
    """Put it on record that a seat's inbox shows these cases, if it showed others before."""
    shown = sorted(cases)
    detail = {"rows": len(shown), "sha256": sha256("\n".join(shown).encode()).hexdigest()}
    last = (
        select(Audit.detail)
        .where(Audit.subject == procedure, Audit.operation == INBOX, Audit.seat == seat)
        .order_by(Audit.audit_id.desc())
        .limit(1)
    )
    with sandbox.read() as session:
        if session.scalar(last) == detail:
            return
    with sandbox.write(INBOX, subject=procedure, at=at, seat=seat, detail=detail):
        pass


def _seen(session: Session, procedure: Procedure, case: Case, who: Who) -> Look:
    key = case.records.get("customer", "")
    customer = session.get(tables.Customer, key)
    asking = _asking(session, who)
    entries: list[Entry] = []
    withheld = ""
    if customer is not None:
        scope = permissions().scope(who.seat, "timeline")
        query = select(tables.Customer.customer_id).where(
            tables.Customer.customer_id == key,
            or_(false(), *(visible("customer", scope, each) for each in asking)),
        )
        if session.scalar(query) is None:
            withheld = _(
                "What else happened with this customer is not shown here: they are not within "
                "this seat's reach."
            )
        else:
            row = session.get(CaseRow, case.case_id)
            now = row.now if row else case.last_moment
            entries = timeline(session, who.seat, key, until=now, leave_out=["event"]).entries
    kinds: list[str] = []
    if case.step and _lies_at(procedure, case, who.seat):
        fields = procedure.steps[case.step].fields.values()
        kinds = list(dict.fromkeys(field.record for field in fields if field.record))
    return Look(
        customer=records.describe(customer) if customer else "",
        timeline=entries,
        withheld=withheld,
        offers={kind: _offered(session, kind, case, asking, who.seat) for kind in kinds},
    )


def _lies_at(procedure: Procedure, case: Case, seat: str) -> bool:
    return case.step is not None and procedure.steps[case.step].seat == seat


def _is_on_record(session: Session, case_id: str, who: Who) -> bool:
    """Whether the trail has it that somebody in this seat had this case before them, and nobody
    else has moved it since."""
    lines = (
        select(Audit.operation, Audit.user_id, Audit.seat)
        .where(Audit.subject == case_id, Audit.operation.in_((LOOK, *MOVES)))
        .order_by(Audit.audit_id.desc())
    )
    for operation, user, seat in session.execute(lines):
        if seat == who.seat and who.user_id in (NOBODY, user):
            return True
        if operation != LOOK:
            return False
    return False


__all__ = [
    "INBOX",
    "LOOK",
    "NOBODY",
    "Look",
    "look",
    "note_inbox",
    "offered",
    "open_at",
    "reach",
    "seen_from",
]
