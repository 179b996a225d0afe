"""Sandboxes on a PostgreSQL server: one schema each, in the database of CRMLAB_DATABASE_URL.

A schema is ours if its comment says so; any other is left untouched. Who writes to a sandbox
queues for an advisory lock, which the server gives in the order of asking. A reader waits for
nobody and sees one moment.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import psycopg
from psycopg.errors import LockNotAvailable
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.orm import Session

from crmlab.crm.store import place
from crmlab.crm.store.place import SCHEMA_VERSION, Place, Store, check_name
from crmlab.crm.store.postgres_copy import copy_sql, numbers_sql, tables_sql
from crmlab.crm.store.postgres_faults import read_url, told
from crmlab.crm.store.start_set import Start, fill, template_key
from crmlab.errors import SandboxError
from crmlab.text import gettext as _

SLOW_SECONDS = 60
"""How long one statement may take before the server breaks it off."""

COPY_SECONDS = 600
"""The same for a copy, which takes a minute where there are a hundred thousand orders."""

CONNECTIONS = 40
"""The most connections of one process; a server allows a hundred in all, unless told otherwise."""

LONGEST = 40
"""The longest name that a schema shows whole; PostgreSQL allows 63 letters with what is added."""

FORGOTTEN = timedelta(days=1)
"""A passing sandbox of this age was left by a process that was killed."""

Raw = psycopg.Connection[tuple[Any, ...]]


class Schema(Place):
    """A sandbox in a schema."""

    def __init__(self, url: URL, kind: str, **mark: str) -> None:
        """Name it.

        Args:
            kind: sandbox, saved point, template or passing.
            mark: what else its comment says, and what its name is made of.
        """
        self.url, self._mark = url, {"kind": kind, **mark}
        self.name = _schema_name(self._mark)

    def __str__(self) -> str:
        return _("{schema} in the database {database}").format(
            schema=self.name, database=self.url.database or self.url.username
        )

    @property
    def engine(self) -> Engine:
        return _engine(self.url, os.getpid()).execution_options(schema=self.name)

    def told(self) -> AbstractContextManager[None]:
        return told(self.url, str(self))

    def close(self) -> None:
        """Do nothing: the connections serve all sandboxes of the process."""

    def begun(self) -> bool:
        with self.told(), self.engine.connect() as connection:
            return self._is_ours(_raw(connection))

    def take(self, source: Schema) -> None:
        with self._writing(copies=source.name) as raw:
            if not source._is_ours(raw):
                raise SandboxError(
                    _("{place} is no longer there; open the lesson again.").format(place=source)
                )
            if not self._is_ours(raw):
                self._make(raw)
            raw.execute(copy_sql(source.name, self.name).encode())

    def point(self, name: str) -> Schema:
        check_name(name)
        return Schema(self.url, **{**self._mark, "kind": "saved point", "point": name})

    def fill(self, start: Start) -> None:
        """Become what a sandbox begins with, unless another process was quicker."""
        # Whoever is quicker may need as long as it takes on a slow machine.
        writer = self.engine.execution_options(writes=True, patience=SLOW_SECONDS)
        with self.told(), Session(writer) as session:
            raw = _raw(session.connection())
            if not self._is_ours(raw):
                self._make(raw)
                fill(session, start)
                session.flush()
                raw.execute(";".join(numbers_sql()).encode())
                session.commit()

    def drop(self) -> None:
        """Remove the schema with all that is in it, if it is ours."""
        with self._writing() as raw:
            if self._is_ours(raw):
                raw.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(self.name)))

    @contextmanager
    def _writing(self, **options: str) -> Iterator[Raw]:
        writer = self.engine.execution_options(writes=True, **options)
        with self.told(), writer.begin() as connection:
            yield _raw(connection)

    def _make(self, raw: Raw) -> None:
        comment = json.dumps({"crmlab": SCHEMA_VERSION, **self._mark}, ensure_ascii=False)
        schema = Identifier(self.name)
        raw.execute(
            SQL("CREATE SCHEMA {}; COMMENT ON SCHEMA {} IS {}").format(
                schema, schema, Literal(comment)
            )
        )
        raw.execute(tables_sql().encode())

    def _is_ours(self, raw: Raw) -> bool:
        """Whether the schema is there, and ours.

        Raises:
            SandboxError: it is somebody else's, or of another version.
        """
        comment = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s"
        row = raw.execute(comment, [self.name]).fetchone()
        if row is None:
            return False
        version = _mark_of(row[0]).get("crmlab")
        if version is None:
            raise SandboxError(
                _(
                    "{place} is not a crmlab sandbox, so it was not touched; rename that schema, "
                    "or name another database in CRMLAB_DATABASE_URL."
                ).format(place=self)
            )
        if version != SCHEMA_VERSION:
            raise SandboxError(
                _(
                    "{place} was made by another version of crmlab (its tables are version "
                    "{found}, now {now}), so it was not touched; rename that schema and open the "
                    "lesson again to begin with a new one."
                ).format(place=self, found=version, now=SCHEMA_VERSION)
            )
        return True


class Server(Store):
    """Sandboxes in the database that a URL names."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        """Name the database.

        Args:
            folder: keeps apart what belongs to different folders; nothing is written there.

        Raises:
            SandboxError: the URL cannot be read.
        """
        self._url = read_url(url)
        self._folder = {"folder": str(folder.absolute())} if folder else {}

    def place(self, name: str) -> Schema:
        check_name(name)
        return Schema(self._url, "sandbox", name=name, **self._folder)

    def names(self) -> list[str]:
        marks = [mark for mark in self._marks() if mark["kind"] == "sandbox"]
        folder = self._folder.get("folder")
        return sorted(mark["name"] for mark in marks if mark.get("folder") == folder)

    def template(self, start: Start = "small") -> Schema:
        template = self._template(template_key(start))
        if not template.begun():
            template.fill(start)
        return template

    def earlier_template(self, key: str) -> Schema | None:
        template = self._template(key)
        return template if template.begun() else None

    @contextmanager
    def passing(self) -> Iterator[Schema]:
        now, name = datetime.now(UTC), uuid4().hex
        self._drop(lambda mark: datetime.fromisoformat(mark["made"]) < now - FORGOTTEN)
        try:
            yield Schema(self._url, "passing", name=name, made=now.isoformat())
        finally:
            self._drop(lambda mark: mark["name"] == name)

    def _drop(self, wanted: Callable[[dict[str, str]], bool]) -> None:
        """Remove those of our passing sandboxes, and of their saved points, that are wanted."""
        for mark in self._marks():
            if mark.pop("crmlab") == SCHEMA_VERSION and "made" in mark and wanted(mark):
                Schema(self._url, **mark).drop()

    def _template(self, key: str) -> Schema:
        # One for each user of the server: what another has made need not let itself be read.
        return Schema(self._url, "template", key=key, user=self._url.username or "")

    def _marks(self) -> list[dict[str, Any]]:
        """What the comments of all our schemas say."""
        comments = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace"
        ours = r" WHERE nspname LIKE 'crmlab\_%'"
        where = self._url.database or _("the database")
        with told(self._url, where), _engine(self._url, os.getpid()).connect() as connection:
            rows = _raw(connection).execute((comments + ours).encode()).fetchall()
        return [mark for (comment,) in rows if "crmlab" in (mark := _mark_of(comment))]


def _schema_name(mark: dict[str, str]) -> str:
    """A schema's name: the sandbox's own where that is plain, else with a hash that tells it from
    all others."""
    name = mark.get("name", "")
    plain = len(name) <= LONGEST and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    if plain and mark["kind"] == "sandbox" and "folder" not in mark:
        return f"crmlab_{name}"
    told_apart = sha256(json.dumps(mark, sort_keys=True).encode()).hexdigest()[:16]
    words = [mark["kind"], name if mark["kind"] != "passing" else "", mark.get("point", "")]
    slug = "-".join(re.findall("[a-z0-9]+", " ".join(words).lower()))[:30]
    return f"crmlab_{slug}_{told_apart}"


def _mark_of(comment: str | None) -> dict[str, Any]:
    """What the comment of a schema says; nothing if it is not one of ours."""
    try:
        mark = json.loads(comment or "")
    except ValueError:
        return {}
    return mark if isinstance(mark, dict) and {"crmlab", "kind"} <= mark.keys() else {}


def _raw(connection: Connection) -> Raw:
    return cast(Raw, connection.connection.driver_connection)


@cache
def _engine(url: URL, _process: int) -> Engine:
    """The connections of this process to a database; those of a parent cannot be shared."""
    engine = create_engine(
        url,
        pool_pre_ping=True,  # the server may have been started anew
        isolation_level="AUTOCOMMIT",  # a transaction is begun by us, together with its settings
        pool_size=5,
        max_overflow=CONNECTIONS - 5,
        connect_args={"connect_timeout": 5, "application_name": "crmlab"},
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if "schema" in options:
            locks = {options["schema"]: ""} if options.get("writes") else {}
            if "copies" in options:
                locks[options["copies"]] = "_shared"
            patience = options.get("patience", place.BUSY_SECONDS)
            slow = COPY_SECONDS if "copies" in options else SLOW_SECONDS
            _settle(_raw(connection), options["schema"], locks, patience, slow)

    return engine


def _settle(
    raw: Raw, schema: str, locks: dict[str, str], patience: float, slow_seconds: float
) -> None:
    """Begin a transaction: in this schema, and with these locks.

    Args:
        patience: the seconds to wait for the locks.
        slow_seconds: the seconds that a statement may take.
    """
    # Nothing would mean for ever.
    busy, slow = (max(1, int(seconds * 1000)) for seconds in (patience, slow_seconds))
    times = f"SET LOCAL lock_timeout = {busy}; SET LOCAL statement_timeout = {slow}"
    # Turning a plan into machine code takes longer than any of our answers.
    ways = "SET LOCAL datestyle = ISO; SET LOCAL jit = off"
    # A reader sees all tables as they were at its first look.
    begin = "BEGIN" if locks else "BEGIN ISOLATION LEVEL REPEATABLE READ"
    here = f'{begin}; SET LOCAL search_path TO "{schema}"; {ways}; {times}'
    while True:
        first = f"{here}; "
        if not locks:
            raw.execute(first.encode())
        try:
            for name in sorted(locks):  # so that no two wait for each other
                waited_for, seen = name, None
                lock = f"advisory_xact_lock{locks[name]}({_number(name)})"
                if not _answer(raw, f"{first}SELECT pg_try_{lock}"):
                    seen = _head(raw, name)
                    raw.execute(f"SELECT pg_{lock}".encode())
                first = ""
        except LockNotAvailable:
            raw.rollback()
            if _head(raw, waited_for) == seen:
                raise
            raw.rollback()  # others got their turn meanwhile, so it is only a long queue
        else:
            return


def _answer(raw: Raw, statements: str) -> Any:
    """What the last of the statements answers."""
    cursor = raw.execute(statements.encode())
    while cursor.nextset():
        pass
    return cast(tuple[Any], cursor.fetchone())[0]


def _number(schema: str) -> int:
    """The number of a sandbox's lock."""
    return int.from_bytes(sha256(schema.encode()).digest()[:8], "big", signed=True)


def _head(raw: Raw, schema: str) -> tuple[Any, ...] | None:
    """Where the trail of a sandbox stands; nothing if there is none."""
    head = SQL("{}.audit_head").format(Identifier(schema))
    there = raw.execute("SELECT to_regclass(%s)", [head.as_string(raw)]).fetchone()
    if there == (None,):
        return None
    return raw.execute(SQL("SELECT lines, hash FROM {}").format(head)).fetchone()
