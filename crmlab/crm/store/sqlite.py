"""Sandboxes in files: one SQLite database each.

Opening, resetting and restoring copy a whole database with SQLite's own backup, so a second
window that has the file open sees the new content instead of a torn one. Every write is one
transaction that is kept whole or not at all, also when the kernel is killed in the middle.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc
from sqlalchemy.orm import Session

from crmlab.crm.store import place
from crmlab.crm.store.place import SCHEMA_VERSION, Place, Store, check_name
from crmlab.crm.store.start_set import Start, fill, template_key
from crmlab.crm.tables import Base
from crmlab.errors import SandboxError
from crmlab.places import home
from crmlab.text import gettext as _

APPLICATION_ID = 0x43524D4C
"""Marks a SQLite file as ours ('CRML')."""


class File(Place):
    """A sandbox in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    @cached_property
    def engine(self) -> Engine:
        return _engine(self.path)

    def told(self) -> AbstractContextManager[None]:
        return told(self.path)

    def begun(self) -> bool:
        with self.told():
            return bool(self.path.exists() and self.path.stat().st_size and _is_ours(self.path))

    def take(self, source: File) -> None:
        with self.told():
            self.path.parent.mkdir(parents=True, exist_ok=True)
        copy_database(source.path, self.path)

    def point(self, name: str) -> File:
        check_name(name)
        return File(self.path.with_name(f"{self.path.stem}.{name}.kept"))

    def close(self) -> None:
        self.engine.dispose()


class Folder(Store):
    """Sandboxes in a folder; the learner's own by default."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or home() / "sandboxes"

    def place(self, name: str) -> File:
        check_name(name)
        return File(self._folder / f"{name}.sqlite")

    def names(self) -> list[str]:
        with told(self._folder):
            if not self._folder.is_dir():
                return []
            files = [path for path in self._folder.glob("*.sqlite") if path.is_file()]
            return sorted(path.stem for path in files if _identity(path)[1] == APPLICATION_ID)

    def template(self, start: Start = "small") -> File:
        path = _template_path(template_key(start))
        if not path.exists():
            _make_template(path, start)
        return File(path)

    def earlier_template(self, key: str) -> File | None:
        path = _template_path(key)
        return File(path) if path.exists() else None

    @contextmanager
    def passing(self) -> Iterator[File]:
        with TemporaryDirectory(prefix="crmlab-", ignore_cleanup_errors=True) as folder:
            passing = File(Path(folder) / "passing.sqlite")
            try:
                yield passing
            finally:
                passing.close()


def _template_path(key: str) -> Path:
    return home() / "templates" / f"start-{SCHEMA_VERSION}-{key}.sqlite"


def _make_template(path: Path, start: Start) -> None:
    half = path.with_suffix(f".{os.getpid()}.half")  # two processes may both be the first
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        half.unlink(missing_ok=True)
        engine = _engine(half, journal="DELETE")
        try:
            Base.metadata.create_all(engine)
            with Session(engine) as session, session.begin():
                fill(session, start)
            with engine.begin() as connection:
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            engine.dispose()
            if not path.exists():
                half.replace(path)
        finally:
            engine.dispose()
            half.unlink(missing_ok=True)


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
        closing(sqlite3.connect(target, timeout=place.BUSY_SECONDS)) as given,
    ):
        _in_turn(given, lambda: taken.backup(given, progress=give_up))


def _identity(path: Path) -> tuple[bool, int, int]:
    """Whether a file is a database, whose, and of which version, by its first bytes.

    The file of somebody else is not even opened as a database, because that alone could change it.
    """
    with path.open("rb") as file:
        header = file.read(100)
    identity, version = (int.from_bytes(header[at : at + 4], "big") for at in (68, 60))
    return header.startswith(b"SQLite format 3\0"), identity, version


def _is_ours(path: Path) -> bool:
    """Whether the file is a sandbox of ours with something in it.

    Raises:
        SandboxError: it is not ours, or of another version.
    """
    is_database, identity, version = _identity(path)
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
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def _engine(path: Path, journal: str = "WAL") -> Engine:
    # Whoever waits for a connection would wait outside the queue of writers, so there is one for
    # every thread that wants one.
    engine = create_engine(URL.create("sqlite", database=str(path)), max_overflow=-1)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, see below
        for pragma in (
            f"journal_mode = {journal}",
            "synchronous = NORMAL",
            "foreign_keys = ON",
            f"busy_timeout = {int(place.BUSY_SECONDS * 1000)}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        raw: Any = connection.connection.driver_connection
        # A writer takes its lock before it reads, so that what it read is still true when it
        # writes; a reader takes none.
        if connection.get_execution_options().get("writes"):
            _in_turn(raw, lambda: raw.execute("BEGIN IMMEDIATE"))
        else:
            raw.execute("BEGIN")

    return engine


def _in_turn(connection: sqlite3.Connection, action: Callable[[], object]) -> None:
    """Do what needs the lock, and go on waiting for it while others in the queue get their turn."""
    changes = "PRAGMA data_version"  # another number when another connection has written
    while True:
        seen = connection.execute(changes).fetchone()
        try:
            action()
            return
        except sqlite3.OperationalError as fault:
            if not _is_busy(str(fault)) or connection.execute(changes).fetchone() == seen:
                raise


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


def _is_busy(reason: str) -> bool:
    return "locked" in reason or "busy" in reason


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
    elif _is_busy(reason):
        return place.busy()
    else:
        return _("The sandbox {path} cannot be used: {reason}.").format(path=path, reason=reason)
    return sentence.format(path=path)
