"""The office round a practice CRM: who can sit down in it, what time it is there, and what
colleagues did in the days before.

Time is simulated. It begins on a fixed Friday and goes on by a minute with each thing that is put
on record, so nobody's real time is measured and a lesson says the same today and next year.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from crmlab.calendar import STANDARD
from crmlab.crm.access.browse import look
from crmlab.crm.access.permissions import OTHERS, permissions
from crmlab.crm.access.sign_in import sign_in
from crmlab.crm.base.master import change
from crmlab.crm.base.review import open_proposals, review
from crmlab.crm.casework.desks import holders
from crmlab.crm.store.audit import latest
from crmlab.crm.store.sandbox import Sandbox, passing_sandbox
from crmlab.errors import Refused
from crmlab.text import gettext as _

OPENS = STANDARD.local(datetime(2026, 5, 22, 13))
"""When practice begins: a Friday after everything that the start set tells of."""

A_MINUTE = 1 / 60
"""In working hours: how long anything takes."""


@dataclass(frozen=True)
class Seated:
    """Somebody who may sit in a seat, with the branch they belong to."""

    user_id: str
    name: str
    branch: str
    seat: str


def seated(sandbox: Sandbox, people: Sequence[tuple[str, str]] | None = None) -> list[Seated]:
    """Who can sit down, each in a seat.

    Args:
        people: user and seat of those who are wanted, in this order; by default everybody, in
            the order of the seats.

    Raises:
        Refused: somebody who is wanted does not sit there.
    """
    seats = [seat for seat in permissions().seats if seat != OTHERS]
    if people is not None:
        seats = list(dict.fromkeys(seat for _user, seat in people))
    with sandbox.read() as session:
        found = {
            (user.user_id, seat): Seated(user.user_id, user.name, user.branch, seat)
            for seat in seats
            for user in holders(session, seat)
        }
    if people is None:
        return list(found.values())
    for user, seat in people:
        if (user, seat) not in found:
            raise Refused(
                _("{user} does not sit in the seat '{seat}' of this CRM.").format(
                    user=user, seat=seat
                )
            )
    return [found[wanted] for wanted in people]


def moment(sandbox: Sandbox) -> datetime:
    """The present moment: a working minute after the last thing on record."""
    with sandbox.read() as session:
        last = latest(session, 1)
    if not last or last[0].at < OPENS:
        return OPENS
    return STANDARD.add(last[0].at, A_MINUTE)


def begin(sandbox: Sandbox, past: str | None = None) -> None:
    """Let a sandbox in which nothing has happened yet have a past, one of `PASTS`.

    Raises:
        Refused: there is no such past.
    """
    if past is None:
        return
    if past not in PASTS:
        raise Refused(
            _("There is no past '{past}'; there are: {known}.").format(
                past=past, known=", ".join(PASTS)
            )
        )
    with sandbox.read() as session:
        if latest(session, 1):
            return
    with passing_sandbox() as lived_in:  # taken over whole, so nobody meets half a past
        PASTS[past](lived_in)
        sandbox.place.take(lived_in.place)


def last_week(sandbox: Sandbox) -> None:
    """A customer is handed to another representative, and a telephone number gets two digits
    the wrong way round. Nobody meant any harm."""
    manager = sign_in(sandbox, "U-14", "sales_manager", _on(19, 9, 5))
    hall = look(sandbox, manager, "customer", "CU-022", at=_on(19, 9, 6))
    handed = {"account_manager": "U-08"}
    proposed = change(
        sandbox, manager, "customer", "CU-022", hall.version or 0, handed, _on(19, 9, 8)
    )
    director = sign_in(sandbox, "U-17", "sales_director", _on(19, 10, 30))
    open_proposals(sandbox, director, at=_on(19, 10, 31))
    note = _("Anna Berg has fitted out two swimming halls this year.")
    number = proposed.waiting["account_manager"]
    review(sandbox, director, number, True, note, _on(19, 10, 33))
    clerk = sign_in(sandbox, "U-12", "inside_sales", _on(20, 14, 10))
    paper = look(sandbox, clerk, "customer", "CU-003", at=_on(20, 14, 11))
    swapped = {"phone": "+86 100 0000 1030"}
    change(sandbox, clerk, "customer", "CU-003", paper.version or 0, swapped, _on(20, 14, 12))


PASTS: dict[str, Callable[[Sandbox], None]] = {"last_week": last_week}
"""What can have happened before practice begins, each as operations with their lines on record."""


def _on(day: int, hour: int, minute: int) -> datetime:
    return STANDARD.local(datetime(OPENS.year, OPENS.month, day, hour, minute))
