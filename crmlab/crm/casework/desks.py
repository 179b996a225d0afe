"""Whose desk a case lies on: who may sit in a seat, and who of them gets it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, case, exists, func, select
from sqlalchemy.orm import Session

from crmlab.crm import records, tables
from crmlab.crm.access.permissions import Scope, permissions
from crmlab.crm.sql import ask
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case


def holders(session: Session, seat: str) -> list[tables.User]:
    """Who may sit in a seat, in the order of their numbers."""
    seated = select(tables.UserSeat.user_id).where(tables.UserSeat.seat == seat)
    query = select(tables.User).where(tables.User.user_id.in_(seated))
    return list(session.scalars(query.order_by(tables.User.user_id)))


@dataclass(frozen=True)
class Desks:
    """The two seats that a hand-over is about.

    Attributes:
        here: the numbers of those who may sit where it comes from, in their order.
        there: those who may sit where it goes: of the customer's branch before the others where
            the seat sees no further, then whoever has the fewest open cases.
    """

    here: list[str]
    there: list[str]


def desks(session: Session, case: Case, here: str, there: str) -> Desks:
    """Who sits in these two seats, with one question for both; `there` may be empty.

    The open cases that count are those beside this one. A seat that sees its branch only has those
    of the customer's branch first: whoever holds a case should see whom it is about.
    """
    branch = None
    if there and permissions().scope(there, "see") is Scope.BRANCH:
        customer = session.get(tables.Customer, case.records.get("customer", ""))
        branch = customer.branch if customer else None
    asked = {"case": case.case_id, "here": here, "there": there, "branch": branch}
    seated = ask(session, _SEATED, asked)
    return Desks(
        sorted(user for user, seat in seated if seat == here),
        [user for user, seat in seated if seat == there],
    )


# The statement is made once: making it takes longer than asking the database.
_OPEN_CASES = (
    select(func.count())
    .where(
        tables.CaseRow.holder == tables.UserSeat.user_id,
        tables.CaseRow.closed_at.is_(None),
        tables.CaseRow.case_id != bindparam("case"),
    )
    .scalar_subquery()
)
_OF_THE_BRANCH = exists().where(
    tables.User.user_id == tables.UserSeat.user_id, tables.User.branch == bindparam("branch")
)
_SEATED = (
    select(tables.UserSeat.user_id, tables.UserSeat.seat)
    .where(tables.UserSeat.seat.in_((bindparam("here"), bindparam("there"))))
    .order_by(
        case((_OF_THE_BRANCH, 0), else_=1),
        case((tables.UserSeat.seat == bindparam("there"), _OPEN_CASES), else_=0),
        tables.UserSeat.user_id,
    )
)


def seat_of(procedure: Procedure, case: Case) -> str:
    """The seat at whose desk the case lies; empty once it is closed."""
    return procedure.steps[case.step].seat if case.step else ""


def with_holder(session: Session, procedure: Procedure, case: Case, people: list[str]) -> Case:
    """Lay the case on somebody's desk: whom the seat's own rule names, else the first of those who
    sit there."""
    if not people:
        return case
    named = _named(session, procedure, case, seat_of(procedure, case))
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
