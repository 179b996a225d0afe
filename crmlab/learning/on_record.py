"""Tasks that look at the audit trail: is it on record that the trainee did something?

The trail says what was done, in which seat, and what it was about; a denial is on record too. So
a task can ask for a look, an export or a refusal just as well as for a change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from crmlab.crm.access.permissions import OPERATIONS, OTHERS, permissions, seat_name
from crmlab.crm.access.reports import REPORTS
from crmlab.crm.records import KINDS
from crmlab.crm.store.audit import latest
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import Audit
from crmlab.learning.outcome import NOT_TRIED, Outcome, State
from crmlab.learning.progress import Progress
from crmlab.procedures.faults import unknown
from crmlab.text import gettext as _
from crmlab.text import ngettext

_KINDS = (*KINDS, "proposal")

LINES: dict[str, tuple[str, ...]] = {
    "sign_in": (),
    "list": _KINDS,
    "read": _KINDS,
    "history": _KINDS,
    "search": (),
    "timeline": (),
    "note": (),
    "report": tuple(REPORTS),
    "export": _KINDS,
    "change": _KINDS,
    "create": _KINDS,
    "review": _KINDS,
    "denied": (*OPERATIONS, "sign_in"),
}
"""What a task can look for: what the trail calls it, and what it can be about, beside the key of
a record such as CU-022."""

WORK = tuple(name for name in LINES if name != "sign_in")
_A_KEY = re.compile(r"[A-Z]+-[^\s]+")


@dataclass(frozen=True)
class Trail:
    """The audit trail that tasks are checked against.

    Attributes:
        since: only what was done from this moment on is the trainee's; all of it by default.
    """

    sandbox: Sandbox
    since: datetime | None = None

    def lines(self) -> list[Audit]:
        """The trainee's lines, oldest first."""
        with self.sandbox.read() as session:
            known = latest(session, 0)
        return [line for line in known if self.since is None or line.at >= self.since]

    def work(self) -> set[tuple[str, str]]:
        """What the trainee has done, and in which seats; to sit down is not work yet."""
        query = select(Audit.operation, Audit.seat).where(Audit.operation.in_(WORK)).distinct()
        if self.since is not None:
            query = query.where(Audit.at >= self.since)
        with self.sandbox.read() as session:
            return {(operation, seat or OTHERS) for operation, seat in session.execute(query)}


def watcher(lesson: str, trail: Trail, progress: Progress | None = None) -> Callable[[], None]:
    """What a window on the CRM calls after each press, so that work in it shows as progress before
    any task is checked: what is on record for the first time, by operation and seat, is noted.
    """
    kept = progress or Progress.open()
    known: set[tuple[str, str]] = set()

    def watch() -> None:
        for operation, seat in sorted(trail.work() - known):
            before = kept.state(lesson, f"record/{operation}")
            seats = before.value["seats"] if before else []
            if seat not in seats:
                kept.note(lesson, f"record/{operation}", {"seats": [*seats, seat]})
            known.add((operation, seat))

    return watch


def faults(operation: str, seats: Sequence[str], about: str | None) -> Iterator[tuple[str, str]]:
    """The names in a task that the audit trail does not know: the key, and a sentence."""
    if operation not in LINES:
        yield "operation", unknown("operation of the audit trail", operation, LINES)
    elif about is not None and about not in LINES[operation] and not _A_KEY.fullmatch(about):
        known = LINES[operation] or ["the key of a record, such as CU-022"]
        yield "about", unknown("subject", about, known)
    there = [seat for seat in permissions().seats if seat != OTHERS]
    for seat in seats:
        if seat not in there:
            yield "seat", unknown("seat of the CRM", seat, there)


def check(trail: Trail, operation: str, seats: Sequence[str], about: str | None) -> Outcome:
    """Whether the trail has such a line, from each of the seats that are named."""
    made = [line for line in trail.lines() if line.operation == operation]
    if not made:
        return NOT_TRIED
    fitting = [line for line in made if about in (None, *_abouts(line))]
    if not fitting:
        which = -1 if _A_KEY.fullmatch(about or "") else 0
        return _not_right(
            _("So far the trail has it about {found}. The task is about “{about}”.").format(
                found=", ".join(dict.fromkeys(f"“{_abouts(line)[which]}”" for line in made)),
                about=about,
            )
        )
    done_in = {line.seat for line in fitting}
    missing = [seat for seat in seats if seat not in done_in]
    if not missing:
        return Outcome(State.RIGHT, _says_so(fitting, seats))
    return _not_right(
        _("On record so far from these seats: {found}. Still to come: {missing}.").format(
            found=_seats([line.seat or OTHERS for line in fitting]), missing=_seats(missing)
        )
    )


def _says_so(fitting: Sequence[Audit], seats: Sequence[str]) -> str:
    """The line that counts for each seat that is asked for: its first; of any seat, the last."""
    told = [next(line for line in fitting if line.seat == seat) for seat in seats]
    lines = [
        _("{number} ({seat})").format(number=line.audit_id, seat=seat_name(line.seat or OTHERS))
        for line in (told or [fitting[-1]])
    ]
    return ngettext(
        "This line of the audit trail says so: {lines}.",
        "These lines of the audit trail say so: {lines}.",
        len(lines),
    ).format(lines=", ".join(lines))


def _abouts(line: Audit) -> list[str]:
    """What a line is about: what was denied, the kind of record, and last its key."""
    detail = line.detail
    told = (detail.get("operation"), detail.get("kind"), line.subject, detail.get("key"))
    return [str(about) for about in told if about]


def _seats(seats: Sequence[str]) -> str:
    return ", ".join(seat_name(seat) for seat in dict.fromkeys(seats))


def _not_right(sentence: str) -> Outcome:
    return Outcome(State.NOT_RIGHT, sentence)
