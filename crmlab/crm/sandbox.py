"""A sandbox: one learner's own CRM in one file, a copy of a template.

Opening, resetting and restoring copy a whole database with SQLite's own backup, so a second
window that has the file open sees the new content instead of a torn one. Every write is one
transaction that is kept whole or not at all, also when the kernel is killed in the middle.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc
from sqlalchemy.orm import Session

from crmlab.crm import audit
from crmlab.crm.start_set import fill, template_key
from crmlab.crm.tables import Base
from crmlab.errors import SandboxError
from crmlab.places import home
from crmlab.text import gettext as _

APPLICATION_ID = 0x43524D4C
"""Marks a SQLite file as ours ('CRML')."""

SCHEMA_VERSION = 1
"""Counts the changes of the tables; a sandbox of another version is not touched."""


BUSY_SECONDS = 5
"""How long to wait for another window's transaction, which takes milliseconds."""


class Sandbox:
    """A practice CRM that is open.

    with sandbox.read() as session: ...
    with sandbox.write("hand_over", subject="C-1042", seat="warehouse_lead") as session: ...
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = _engine(path)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session to look at things with; what it changes is not kept."""
        with told(self.path), Session(self._engine) as session:
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

        `detail` may still be added to while the transaction is open.
        """
        writer = self._engine.execution_options(begin="IMMEDIATE")
        with told(self.path), Session(writer) as session, session.begin():
            audit.watch(session)
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
        """Back to the start set. Open sessions in other windows see it at their next look."""
        copy_database(template(), self.path)

    def save_point(self, name: str) -> None:
        """Keep the sandbox as it is now, to restore later."""
        copy_database(self.path, self._kept(name))

    def restore(self, name: str) -> None:
        """Back to a point that was kept.

        Raises:
            SandboxError: there is no such point.
        """
        kept = self._kept(name)
        if not (kept.exists() and _is_ours(kept)):
            raise SandboxError(
                _("There is no saved point '{name}' of this sandbox.").format(name=name)
            )
        copy_database(kept, self.path)

    def _kept(self, name: str) -> Path:
        _check_name(name)
        return self.path.with_name(f"{self.path.stem}.{name}.kept")


def open_sandbox(name: str, *, folder: Path | None = None, fresh: bool = False) -> Sandbox:
    """The sandbox of this name, made from the template when it is new.

    Args:
        name: the learner and lesson, such as `lin-yue-10`.
        folder: where sandboxes are; the learner's own place by default.
        fresh: begin again from the start set.

    Raises:
        SandboxError: a file that is not ours, from another version, on a full disk, or in a
            folder that cannot be written. The file is left as it is.
    """
    _check_name(name)
    folder = folder or home() / "sandboxes"
    path = folder / f"{name}.sqlite"
    with told(path):
        folder.mkdir(parents=True, exist_ok=True)
        begun = path.exists() and path.stat().st_size and _is_ours(path)
    if begun and not fresh:
        return Sandbox(path)
    copy_database(template(), path)
    return Sandbox(path)


@contextmanager
def passing_sandbox() -> Iterator[Sandbox]:
    """A sandbox that is gone afterwards, for a script, a trial or a check."""
    with TemporaryDirectory(prefix="crmlab-", ignore_cleanup_errors=True) as folder:
        sandbox = open_sandbox("passing", folder=Path(folder))
        try:
            yield sandbox
        finally:
            sandbox.close()


def template() -> Path:
    """The start set as a database, made once for each version of its data."""
    folder = home() / "templates"
    path = folder / f"start-{SCHEMA_VERSION}-{template_key()}.sqlite"
    if path.exists():
        return path
    half = path.with_suffix(f".{os.getpid()}.half")  # two processes may both be the first
    with told(path):
        folder.mkdir(parents=True, exist_ok=True)
        half.unlink(missing_ok=True)
        engine = _engine(half, journal="DELETE")
        try:
            Base.metadata.create_all(engine)
            with Session(engine) as session, session.begin():
                fill(session)
            with engine.begin() as connection:
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            engine.dispose()
            if not path.exists():
                half.replace(path)
        finally:
            engine.dispose()
            half.unlink(missing_ok=True)
    return path


def copy_database(source: Path, target: Path) -> None:
    """Copy a database page by page, safely under readers and writers of the target."""

    def give_up(status: int, _remaining: int, _total: int) -> None:
        # SQLite has waited for the lock as long as it was told to; Python would ask for ever.
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise sqlite3.OperationalError("database is locked")

    existing = f"{source.absolute().as_uri()}?mode=rw"  # a source that is gone is not made anew
    with (
        told(target),
        closing(sqlite3.connect(existing, uri=True)) as taken,
        closing(sqlite3.connect(target, timeout=BUSY_SECONDS)) as given,
    ):
        taken.backup(given, progress=give_up)


def _check_name(name: str) -> None:
    if name in ("", ".", "..") or Path(name).name != name or "\\" in name:
        raise SandboxError(
            _("'{name}' cannot be a file's name; leave out slashes.").format(name=name)
        )


def _is_ours(path: Path) -> bool:
    """Whether the file is a sandbox of ours with something in it.

    Its first bytes tell; the file of somebody else is not even opened as a database, because
    that alone could change it.

    Raises:
        SandboxError: it is not ours, or of another version.
    """
    with told(path), path.open("rb") as file:
        header = file.read(100)
    is_database = header.startswith(b"SQLite format 3\0")
    identity, version = (int.from_bytes(header[at : at + 4], "big") for at in (68, 60))
    if not is_database or identity != APPLICATION_ID:
        raise SandboxError(
            _(
                "{path} is not a crmlab sandbox, so it was not touched; move it elsewhere and "
                "open the lesson again."
            ).format(path=path)
        )
    if version != SCHEMA_VERSION:
        raise SandboxError(
            _(
                "{path} was made by another version of crmlab (its tables are version {found}, "
                "now {now}), so it was not touched; move it elsewhere and open the lesson again "
                "to begin with a new one."
            ).format(path=path, found=version, now=SCHEMA_VERSION)
        )
    # A copy that was killed half-way is rolled back to nothing as soon as it is opened.
    with told(path), closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def _engine(path: Path, journal: str = "WAL") -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)))

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, see below
        for pragma in (
            f"journal_mode = {journal}",
            "synchronous = NORMAL",
            "foreign_keys = ON",
            f"busy_timeout = {BUSY_SECONDS * 1000}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes its lock before it reads, so that what it read is still true when it
        # writes; a reader takes none.
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', '')}")

    return engine


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what a database or a disk complains about into one sentence."""
    try:
        yield
    except (exc.DBAPIError, sqlite3.Error) as fault:
        cause = fault.orig if isinstance(fault, exc.DBAPIError) else fault
        raise SandboxError(_database_sentence(path, str(cause))) from fault
    except PermissionError as fault:
        raise SandboxError(
            _(
                "{path} cannot be written; give yourself the right to write there, or set "
                "CRMLAB_HOME to a folder of your own."
            ).format(path=path)
        ) from fault
    except OSError as fault:
        raise SandboxError(
            _("{path} cannot be used: {reason}; set CRMLAB_HOME to another folder.").format(
                path=path, reason=fault.strerror or fault
            )
        ) from fault


def _database_sentence(path: Path, reason: str) -> str:
    if "full" in reason:
        sentence = _(
            "The disk that holds {path} is full; nothing was saved and nothing is lost. Free some "
            "space, then hand in once more."
        )
    elif "readonly" in reason or "read-only" in reason or "unable to open" in reason:
        sentence = _(
            "{path} cannot be written; give yourself the right to write there, or set "
            "CRMLAB_HOME to a folder of your own."
        )
    elif "not a database" in reason or "malformed" in reason:
        sentence = _(
            "{path} is not a crmlab sandbox, so it was not touched; move it elsewhere and open "
            "the lesson again."
        )
    elif "locked" in reason or "busy" in reason:
        sentence = _(
            "Another window is writing to this sandbox just now; nothing was saved. Hand in once "
            "more in a moment."
        )
    else:
        return _("The sandbox {path} cannot be used: {reason}.").format(path=path, reason=reason)
    return sentence.format(path=path)
