"""The store of what learners have done: ours, in one file, and never the state of a widget.

Two tables, written together in one transaction:

- `answers` is only ever added to: each answer, check or step of a case, with its moment, its
  number among the attempts, and whether it was right. Item analysis, learning curves and spaced
  practice read it.
- `states` holds the latest of each, under a key that stays the same when a page is changed or
  loaded anew: `quiz/<item>`, `task/<task>`, `seat/<seat>`, `case/<case>/<run>`,
  `record/<operation>`, `part/<part>`.

    progress = Progress.open()
    progress.note("10", "quiz/who_blocks", {"answer": "warehouse_lead"}, right=True)
    progress.states("10", "quiz/")["quiz/who_blocks"].attempts
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import DDL, JSON, Index, String, create_engine, event, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from crmlab.crm.store.sandbox import told
from crmlab.crm.tables import Moment
from crmlab.errors import ProgressError, SandboxError
from crmlab.learning import learner as who
from crmlab.places import home
from crmlab.text import gettext as _

APPLICATION_ID = 0x43524D50
"""Marks a SQLite file as our progress ('CRMP')."""

SCHEMA_VERSION = 1
"""Counts the changes of the tables; progress of another version is not touched."""

Value = dict[str, Any]
"""What is kept under a key: plain data, so that it can gain names without a new table."""


class Base(DeclarativeBase):
    """Base of the two tables of progress."""


class AnswerRow(Base):
    """One thing a learner did. Nothing here ever changes."""

    __tablename__ = "answers"
    answer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    learner: Mapped[str] = mapped_column(String(80))
    lesson: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Moment())
    attempt: Mapped[int]
    right: Mapped[bool | None]
    value: Mapped[Value] = mapped_column(JSON)
    __table_args__ = (Index("ix_answers_key", "lesson", "key", "learner"),)


class StateRow(Base):
    """Where a learner stands with one thing."""

    __tablename__ = "states"
    learner: Mapped[str] = mapped_column(String(80), primary_key=True)
    lesson: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    first_at: Mapped[datetime] = mapped_column(Moment())
    at: Mapped[datetime] = mapped_column(Moment())
    attempts: Mapped[int]
    right: Mapped[bool | None]
    value: Mapped[Value] = mapped_column(JSON)


for _change in ("UPDATE", "DELETE"):
    event.listen(
        AnswerRow.__table__,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER answers_append_only_{_change.lower()} BEFORE {_change} ON answers "
            "BEGIN SELECT RAISE(ABORT, 'the answer log can only be added to'); END"
        ),
    )


@dataclass(frozen=True)
class Standing:
    """Where a learner stands with one thing.

    Attributes:
        right: how the latest attempt came out; None for what is neither right nor wrong.
        attempts: how often it was noted.
    """

    key: str
    value: Value
    right: bool | None
    attempts: int
    first_at: datetime
    at: datetime


@dataclass(frozen=True)
class Answer:
    """One line of the answer log."""

    learner: str
    lesson: str
    key: str
    at: datetime
    attempt: int
    right: bool | None
    value: Value


class Progress:
    """One learner's progress. `Progress.open()` opens the store in the learner's home."""

    def __init__(
        self,
        path: Path,
        learner: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path, self.learner, self._clock = path, learner, clock
        self._key = who.key_of(learner)
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        empty = _check_ours(path)
        self._engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", _prepare)
        if empty:
            self._make()

    @classmethod
    def open(cls, learner: str | None = None, folder: Path | None = None) -> Progress:
        """The progress of a learner, by default of whoever sits here.

        Raises:
            ProgressError: a file that is not ours, from another version, on a full disk, or in a
                folder that cannot be written. The file is left as it is.
        """
        return cls((folder or home()) / "progress.sqlite", learner or who.learner())

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def note(
        self, lesson: str, key: str, value: Value | None = None, *, right: bool | None = None
    ) -> Standing:
        """Write down that something was done: a line in the log, and the new state.

        Returns:
            Where the learner stands now, this attempt counted.
        """
        now = self._clock().replace(microsecond=0)  # as precise as it is kept
        row = {"learner": self._key, "lesson": lesson, "key": key}
        latest = {"at": now, "right": right, "value": value or {}}
        # The write comes first and takes the lock, so two windows count their attempts in turn.
        upsert = (
            insert(StateRow)
            .values(**row, **latest, first_at=now, attempts=1)
            .on_conflict_do_update(
                index_elements=list(row), set_={**latest, "attempts": StateRow.attempts + 1}
            )
            .returning(StateRow.attempts, StateRow.first_at)
        )
        with _told(self.path), Session(self._engine) as session, session.begin():
            attempts, first_at = session.execute(upsert).one()
            session.add(AnswerRow(**row, **latest, attempt=attempts))
        return Standing(key, value or {}, right, attempts, first_at, now)

    def state(self, lesson: str, key: str) -> Standing | None:
        """Where the learner stands with one thing; None when it was never tried."""
        with _told(self.path), Session(self._engine) as session:
            row = session.get(StateRow, (self._key, lesson, key))
            return _standing(row) if row else None

    def states(self, lesson: str, prefix: str = "") -> dict[str, Standing]:
        """Everything in a lesson whose key begins so, in the order it was first done."""
        query = select(StateRow).where(
            StateRow.learner == self._key,
            StateRow.lesson == lesson,
            StateRow.key.startswith(prefix, autoescape=True),
        )
        with _told(self.path), Session(self._engine) as session:
            rows = session.scalars(query.order_by(StateRow.first_at, StateRow.key))
            return {row.key: _standing(row) for row in rows}

    def answers(
        self, lesson: str | None = None, prefix: str = "", *, everybody: bool = False
    ) -> list[Answer]:
        """The log, oldest first: of one lesson or all, of this learner or of everybody."""
        query = select(AnswerRow).where(AnswerRow.key.startswith(prefix, autoescape=True))
        if lesson is not None:
            query = query.where(AnswerRow.lesson == lesson)
        if not everybody:
            query = query.where(AnswerRow.learner == self._key)
        with _told(self.path), Session(self._engine) as session:
            return [
                Answer(r.learner, r.lesson, r.key, r.at, r.attempt, r.right, r.value)
                for r in session.scalars(query.order_by(AnswerRow.answer_id))
            ]

    def _make(self) -> None:
        """Make the tables, whole or not at all: two lessons may be opened for the first time at
        the same moment, and the second then finds them made."""
        with _told(self.path), self._engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            Base.metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.exec_driver_sql("COMMIT")


def _standing(row: StateRow) -> Standing:
    return Standing(row.key, row.value, row.right, row.attempts, row.first_at, row.at)


def _prepare(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA synchronous = NORMAL")
    with suppress(sqlite3.OperationalError):  # another window is just doing the same, for good
        connection.execute("PRAGMA journal_mode = WAL")


def _check_ours(path: Path) -> bool:
    """Refuse a file that is not ours; say whether there is nothing in it yet."""
    if not path.exists():
        return True
    identity, version, tables = 0, 0, 1
    with _told(path):
        try:
            with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as connection:
                connection.execute("BEGIN")  # the three answers are of one moment
                identity, version, tables = (
                    connection.execute(question).fetchone()[0]
                    for question in (
                        "PRAGMA application_id",
                        "PRAGMA user_version",
                        "SELECT count(*) FROM sqlite_master",
                    )
                )
        except sqlite3.DatabaseError as fault:
            if "not a database" not in str(fault):
                raise
    if not identity and not tables:
        return True
    if identity != APPLICATION_ID:
        raise ProgressError(
            _(
                "{path} does not hold crmlab's progress, so it was not touched; move it elsewhere "
                "and load the page again."
            ).format(path=path)
        )
    if version != SCHEMA_VERSION:
        raise ProgressError(
            _(
                "{path} was made by another version of crmlab (its tables are version {found}, "
                "now {now}), so it was not touched; start that version, or move the file "
                "elsewhere to begin anew."
            ).format(path=path, found=version, now=SCHEMA_VERSION)
        )
    return False


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the sandbox says of a disk or a database, said of progress."""
    try:
        with told(path):
            yield
    except SandboxError as fault:
        raise ProgressError(str(fault)) from fault
