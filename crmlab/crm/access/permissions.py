"""Who may do what: the matrix of `permissions.yaml`, and the word it has on a request.

How a scope becomes a condition on rows stands in `crmlab.crm.access.scopes`; that every request
leaves its line in the audit trail, in `crmlab.crm.access.on_record`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from crmlab.crm.entered import cleaned, short
from crmlab.crm.records import KINDS
from crmlab.crm.tables import UserSeat
from crmlab.errors import CrmlabError, Denied
from crmlab.procedures.conditions import Data
from crmlab.procedures.faults import Fault, unknown
from crmlab.procedures.names import Name, Text
from crmlab.procedures.reading import Places, parse, read_text, validate
from crmlab.text import gettext as _

FILE = Path(__file__).with_name("permissions.yaml")

OTHERS = "others"
"""The line for a seat that has none of its own."""


class Scope(StrEnum):
    """How far an operation reaches: whose customers, and what belongs to them."""

    OWN = "own"
    BRANCH = "branch"
    ALL = "all"
    NONE = "none"


class Line(Data):
    """A seat's line of the matrix: the scope of each operation."""

    see: Scope
    search: Scope
    timeline: Scope
    note: Scope
    report: Scope
    export: Scope
    change: Scope
    create: Scope
    review: Scope


OPERATIONS = tuple(Line.model_fields)
"""What can be permitted or denied, in the order of the matrix."""


class SeatEntry(Data):
    """What a seat is called, whom it asks, and how many rows it may export at a time."""

    name: Text
    ask: Name
    export_rows: Annotated[int, Field(ge=0)] = 0


class Permissions(Data):
    """The whole file.

    Attributes:
        matrix: the scope of each operation, by seat.
        seats: the rest of what is said of each seat.
        shown_to: the seats that see a column (`kind.column`) which others do not.
    """

    matrix: dict[Name, Line]
    seats: dict[Name, SeatEntry]
    shown_to: dict[str, list[Name]] = {}

    def line(self, seat: str) -> Line:
        return self.matrix.get(seat) or self.matrix[OTHERS]

    def entry(self, seat: str) -> SeatEntry:
        return self.seats.get(seat) or self.seats[OTHERS]

    def scope(self, seat: str, operation: str) -> Scope:
        """How far an operation of this seat reaches."""
        reach = getattr(self.line(seat), operation)
        assert isinstance(reach, Scope)
        return reach

    def rule(self, seat: str, entry: str) -> str:
        """What a decision rests on, such as `sales_manager.export`."""
        return f"{seat if seat in self.matrix else OTHERS}.{entry}"

    def hidden(self, seat: str, kind: str) -> frozenset[str]:
        """The columns of this kind of record that the seat does not see."""
        return frozenset(
            column
            for of, _dot, column in (name.partition(".") for name in self.shown_to)
            if of == kind and seat not in self.shown_to[f"{of}.{column}"]
        )


@dataclass(frozen=True)
class Who:
    """Somebody at work: a person, and the seat they sit in now."""

    user_id: str
    seat: str


def load(path: Path = FILE) -> Permissions:
    """The permissions of a file.

    Raises:
        CrmlabError: file, line, what is wrong and what would be right, a line for each fault.
    """
    return loads(read_text(path, CrmlabError, "permissions file"), path.name)


def loads(text: str, name: str = FILE.name) -> Permissions:
    """Permissions from YAML text; `name` is what its faults are reported under."""
    data = parse(text, name, CrmlabError)
    places = Places(text, name)
    read = validate(Permissions, data, places, CrmlabError)
    if faults := sorted(_faults(read), key=lambda fault: places.line(fault[0])):
        raise CrmlabError("\n".join(places.at(path, sentence) for path, sentence in faults))
    return read


@cache
def permissions() -> Permissions:
    """The permissions in force."""
    return load()


def seat_name(seat: str) -> str:
    """What a seat is called, in the language in force."""
    known = permissions().seats.get(seat)
    return _(known.name) if known else seat.replace("_", " ")


def permit(session: Session, who: Who, operation: str) -> Scope:
    """How far this operation reaches for this person in this seat.

    Raises:
        Denied: they do not sit there, or the seat may not do it at all.
    """
    if operation not in OPERATIONS:
        raise ValueError(f"no operation of the permissions: {operation}")
    check_seat(session, who)
    if denial := barred(who, operation):
        raise denial
    return permissions().scope(who.seat, operation)


def barred(who: Who, operation: str) -> Denied | None:
    """The denial that this operation meets from this seat whatever it is about; None if the seat
    may do it at all."""
    if permissions().scope(who.seat, operation) is not Scope.NONE:
        return None
    return denied(who, operation, _may_not(operation))


def check_seat(session: Session, who: Who) -> None:
    """See that the person sits in that seat.

    Raises:
        Denied: they do not.
    """
    query = select(UserSeat.seat).where(UserSeat.user_id == cleaned(who.user_id))
    seats = set(session.scalars(query)) if cleaned(who.user_id) == who.user_id else set()
    if who.seat in seats:
        return
    sentence = (
        _(
            "{user} does not sit in the seat '{seat}', but here: {seats}; take one of these, or "
            "ask the {asked}."
        )
        if seats
        else _(
            "{user} sits in no seat of this CRM, so not in '{seat}' either; sign in as somebody "
            "else, or ask the {asked}."
        )
    )
    ask = permissions().entry(OTHERS).ask
    raise Denied(
        sentence.format(
            user=short(who.user_id),
            seat=short(seat_name(who.seat)),
            seats=", ".join(seat_name(seat) for seat in sorted(seats)),
            asked=seat_name(ask),
        ),
        rule="user_seats",
        ask=ask,
    )


def denied(who: Who, entry: str, what: str) -> Denied:
    """A denial by an entry of the file; `what` one may not, as in *you may run no report*."""
    ask = _who_may(who.seat, entry)
    return Denied(
        _("As {seat} {what}; ask the {asked}.").format(
            seat=seat_name(who.seat), what=what, asked=seat_name(ask)
        ),
        rule=permissions().rule(who.seat, entry),
        ask=ask,
    )


def _who_may(seat: str, entry: str) -> str:
    """Whom a seat asks: along the line of those who are asked, the first who may do it."""
    known = permissions()
    asked = [known.entry(seat).ask]
    while entry in OPERATIONS and known.scope(asked[-1], entry) is Scope.NONE:
        following = known.entry(asked[-1]).ask
        if following in asked:  # nobody of them may
            return asked[0]
        asked.append(following)
    return asked[-1]


def not_shown(who: Who, kind: str, column: str, label: str) -> Denied:
    """A denial by `shown_to`: the seat does not see this column."""
    ask = permissions().entry(who.seat).ask
    return Denied(
        _("As {seat} you do not see '{column}'; ask the {asked}.").format(
            seat=seat_name(who.seat), column=label, asked=seat_name(ask)
        ),
        rule=f"shown_to.{kind}.{column}",
        ask=ask,
    )


def _may_not(operation: str) -> str:
    return {
        "see": _("you may look at no records"),
        "search": _("you may search for nothing"),
        "timeline": _("you may open no timeline"),
        "note": _("you may add nothing to a timeline"),
        "report": _("you may run no report"),
        "export": _("you may export nothing"),
        "change": _("you may change no base data"),
        "create": _("you may create no base data"),
        "review": _("you may review no changes"),
    }[operation]


def _faults(read: Permissions) -> Iterator[Fault]:
    """What the schema cannot see: names that lead nowhere, and lines that contradict another."""
    if OTHERS not in read.matrix:
        yield ("matrix",), f"'{OTHERS}' is missing: the line for a seat that has none of its own."
    for seat in read.matrix:
        if seat not in read.seats:
            yield ("matrix", seat), f"'{seat}' is not under 'seats'; add its name and whom it asks."
    for seat, entry in read.seats.items():
        if seat not in read.matrix:
            yield ("seats", seat), unknown("seat in the matrix", seat, read.matrix)
            continue
        if entry.ask not in read.seats or entry.ask == OTHERS:
            yield ("seats", seat, "ask"), unknown("seat", entry.ask, read.seats)
        if entry.ask == seat:
            yield ("seats", seat, "ask"), f"'{seat}' would ask itself; name another seat."
        if (read.matrix[seat].export is Scope.NONE) != (entry.export_rows == 0):
            yield (
                ("seats", seat),
                f"'{seat}' exports '{read.matrix[seat].export}' by the matrix and "
                f"{entry.export_rows} rows here; say both or neither.",
            )
    for column, seats in read.shown_to.items():
        yield from _column(column)
        for seat in seats:
            if seat not in read.seats:
                yield ("shown_to", column), unknown("seat", seat, read.seats)


def _column(name: str) -> Iterator[Fault]:
    kind, _dot, column = name.partition(".")
    if kind not in KINDS:
        yield ("shown_to", name), unknown("kind of record", kind, KINDS)
        return
    columns = list(KINDS[kind].__mapper__.columns.keys())
    if column not in columns:
        yield ("shown_to", name), unknown(f"column of {kind}", column, columns)


__all__ = [
    "OPERATIONS",
    "Permissions",
    "Scope",
    "Who",
    "barred",
    "check_seat",
    "denied",
    "load",
    "loads",
    "not_shown",
    "permissions",
    "permit",
    "seat_name",
]
