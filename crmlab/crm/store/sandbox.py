"""A sandbox: one learner's own CRM, a copy of a template.

It lies in a file, or on the PostgreSQL server that CRMLAB_DATABASE_URL names; what can be done
with it is the same. Opening, resetting and restoring copy whole, and every write is one
transaction with its line in the audit trail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from crmlab.crm.store import audit
from crmlab.crm.store.place import Place, Store
from crmlab.crm.store.sqlite import Folder, told
from crmlab.crm.store.start_set import Start
from crmlab.errors import SandboxError
from crmlab.text import gettext as _

__all__ = [
    "Sandbox",
    "find_sandbox",
    "known_sandboxes",
    "open_sandbox",
    "passing_sandbox",
    "store",
    "template",
    "told",
]

VARIABLE = "CRMLAB_DATABASE_URL"
"""Names the database server; without it, sandboxes are files in the learner's folder."""


class Sandbox:
    """A practice CRM that is open.

    with sandbox.read() as session: ...
    with sandbox.write("hand_over", subject="C-1042", seat="warehouse_lead") as session: ...

    Attributes:
        place: where it lies; `str` of it is what messages call it.
        start: what it begins with, and goes back to.
    """

    def __init__(self, place: Place, start: Start = "small") -> None:
        self.place, self.start = place, start
        self._reader = place.engine
        self._writer = place.engine.execution_options(writes=True)

    def close(self) -> None:
        """Let go of it."""
        self.place.close()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session to look at one moment with; what it changes is not kept."""
        with self.place.told(), Session(self._reader) as session:
            yield session

    @contextmanager
    def write(
        self,
        operation: str,
        *,
        subject: str,
        at: datetime,
        user: str | None = None,
        seat: str | None = None,
        detail: dict[str, Any] | None = None,
    ) -> Iterator[Session]:
        """One transaction with its line in the audit trail: kept whole, or not at all.

        Nobody else writes to this sandbox meanwhile, so what is read here stays true. What only
        reads (a list, a report, an export) is noted in the same way. `detail` may still be added
        to while the transaction is open.
        """
        with (
            self.place.told(),
            audit.AuditedSession(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            session.connection()  # its turn begins now
            yield session
            audit.record(
                session,
                operation,
                subject=subject,
                at=at,
                user=user,
                seat=seat,
                detail=detail or {},
            )

    def reset(self) -> None:
        """Back to where it began. Open sessions in other windows see it at their next look."""
        self.place.take(template(self.start))

    def save_point(self, name: str) -> None:
        """Keep the sandbox as it is now, to restore later."""
        self.place.point(name).take(self.place)

    def restore(self, name: str) -> None:
        """Back to a point that was kept.

        Raises:
            SandboxError: there is no such point.
        """
        kept = self.place.point(name)
        if not kept.begun():
            raise SandboxError(
                _("There is no saved point '{name}' of this sandbox.").format(name=name)
            )
        self.place.take(kept)


def open_sandbox(
    name: str, *, folder: Path | None = None, fresh: bool = False, start: Start = "small"
) -> Sandbox:
    """The sandbox of this name, made from the template when it is new.

    Args:
        name: the learner and lesson, such as `lin-yue-10`.
        folder: where sandboxes are; the learner's own place by default. On a database server,
            sandboxes of different folders are different sandboxes too.
        fresh: begin again.
        start: what it begins with.

    Raises:
        SandboxError: what lies there is not ours, from another version, on a full disk, on a
            server that cannot be reached, or where we may not write. It is left as it is.
    """
    place = store(folder).place(name)
    begun = place.begun()
    if fresh or not begun:
        place.take(template(start))
    return Sandbox(place, start)


def find_sandbox(name: str, *, folder: Path | None = None) -> Sandbox:
    """The sandbox of this name, if there is one; none is made.

    Raises:
        SandboxError: there is none, or what lies there is not ours.
    """
    place = store(folder).place(name)
    if not place.begun():
        known = known_sandboxes(folder=folder)
        raise SandboxError(
            _("There is no sandbox '{name}'; there are: {known}.").format(
                name=name, known=", ".join(known) or _("none")
            )
        )
    return Sandbox(place)


def known_sandboxes(*, folder: Path | None = None) -> list[str]:
    """The names of the sandboxes that are there: in the learner's place, or on the server."""
    return store(folder).names()


@contextmanager
def passing_sandbox() -> Iterator[Sandbox]:
    """A sandbox that is gone afterwards, for a script, a trial or a check."""
    with store().passing() as place:
        place.take(template())
        yield Sandbox(place)


def template(start: Start = "small") -> Place:
    """What a sandbox begins with as a database, made once for each version of its data."""
    return store().template(start)


def store(folder: Path | None = None) -> Store:
    """Where sandboxes lie: in the folder, or on the server that CRMLAB_DATABASE_URL names."""
    url = os.environ.get(VARIABLE, "").strip()
    if not url:
        return Folder(folder)
    from crmlab.crm.store.postgres import Server  # the driver is loaded by those who use it

    return Server(url, folder)
