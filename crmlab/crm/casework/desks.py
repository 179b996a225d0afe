"""Whose desk a case lies on: who may sit in a seat, and who of them gets it."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from crmlab.crm import records, tables
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case


def holders(session: Session, seat: str) -> list[tables.User]:
    """Who may sit in a seat, in the order of their numbers."""
    seated = select(tables.UserSeat.user_id).where(tables.UserSeat.seat == seat)
    query = select(tables.User).where(tables.User.user_id.in_(seated))
    return list(session.scalars(query.order_by(tables.User.user_id)))


def sits_in(session: Session, seat: str) -> list[str]:
    """The numbers of those who may sit in a seat, in their order."""
    return list(session.scalars(_SEATED, {"seat": seat}))


# The statements are made once: making them takes longer than asking the database.
_SEATED = (
    select(tables.UserSeat.user_id)
    .where(tables.UserSeat.seat == bindparam("seat"))
    .order_by(tables.UserSeat.user_id)
)
_OPEN_CASES = (
    select(func.count())
    .where(
        tables.CaseRow.holder == tables.UserSeat.user_id,
        tables.CaseRow.closed_at.is_(None),
        tables.CaseRow.case_id != bindparam("case"),
    )
    .scalar_subquery()
)
_LEAST_BUSY_FIRST = _SEATED.order_by(None).order_by(_OPEN_CASES, tables.UserSeat.user_id)


def with_holder(session: Session, procedure: Procedure, case: Case) -> Case:
    """Lay the case on somebody's desk: whom the seat's own rule names, else whoever there has the
    fewest open cases."""
    if case.step is None:
        return case
    seat = procedure.steps[case.step].seat
    asked = {"seat": seat, "case": case.case_id}
    people = list(session.scalars(_LEAST_BUSY_FIRST, asked))
    if not people:
        return case
    named = _named(session, procedure, case, seat)
    return case.model_copy(update={"holder": named if named in people else people[0]})


def _named(session: Session, procedure: Procedure, case: Case, seat: str) -> str | None:
    """Who holds it first by the procedure file, such as the customer's account manager."""
    rule = procedure.seats[seat].holder
    if rule is None:
        return None
    known_as, _, column = rule.partition(".")
    kind = records.kind(procedure.record_kinds.get(known_as, known_as))
    row = session.get(kind, case.records.get(known_as, ""))
    found = getattr(row, column, None)
    return None if found is None else str(found)
