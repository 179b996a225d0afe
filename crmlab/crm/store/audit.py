"""The audit trail: for each operation, who did it, and every row before and after.

It is taken from what the database session really writes, so no operation can forget a table,
and the tables can be rebuilt from it. Its lines are chained (`crmlab.crm.store.chain`), and
`crmlab.crm.trail.verify` finds what was changed behind the application's back.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, bindparam, event, insert, inspect, select, update
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction
from sqlalchemy.orm.util import identity_key

from crmlab.calendar import STANDARD
from crmlab.crm.store.chain import FIELDS, hash_of
from crmlab.crm.tables import HEAD, Audit, AuditHead, AuditRow, Base, Moment
from crmlab.crm.tables.types import plain
from crmlab.errors import SandboxError
from crmlab.text import gettext as _

TRAIL = (Audit.__tablename__, AuditHead.__tablename__, AuditRow.__tablename__)
"""The tables of the trail itself; all others can be rebuilt from it."""

_CHANGES, _HELD = "audit changes", "rows held"

# The statements are made once: making them takes longer than asking the database.
_HEAD = select(AuditHead.lines, AuditHead.hash).where(AuditHead.head_id == HEAD)
_ADD_LINE, _ADD_ROWS = insert(Audit), insert(AuditRow)
_MOVE_ON = (
    update(AuditHead)
    .where(AuditHead.head_id == HEAD)
    .values(lines=bindparam("now"), hash=bindparam("last"))
)


class AuditedSession(Session):
    """A session that notes every row it creates, changes or deletes.

    It holds on to what it has read: the rules of one action ask for the same few records again
    and again.
    """


def record(
    session: AuditedSession,
    operation: str,
    *,
    subject: str,
    at: datetime,
    user: str | None,
    seat: str | None,
    detail: dict[str, Any],
) -> None:
    """Write the line for this operation, in the same transaction as the changes themselves.

    Whoever writes is alone in the sandbox until the transaction ends, so the head that is read
    here is still the head when the line is added.

    Raises:
        SandboxError: the head of the trail is gone.
    """
    session.flush()
    connection = session.connection()
    # It may have been read ahead; else its columns are enough, which is quicker than the row.
    head: Any = session.identity_map.get(identity_key(AuditHead, HEAD))
    head = head or connection.execute(_HEAD).one_or_none()
    if head is None:
        raise SandboxError(
            _(
                "The audit trail of this sandbox has lost its head, so nothing can be written; "
                "begin the sandbox anew, or restore a saved point."
            )
        )
    lines, previous = head.lines, head.hash
    line = {
        "audit_id": lines + 1,
        "at": at,
        "user_id": user,
        "seat": seat,
        "operation": operation,
        "subject": subject,
        "detail": plain(detail),
        "changes": session.info.get(_CHANGES, []),
    }
    stored = Moment().process_bind_param(at, connection.dialect)
    own = hash_of({**line, "at": stored}, previous)
    with _in_one_go(connection):
        connection.execute(_ADD_LINE, {**line, "previous": previous, "hash": own})
        connection.execute(_MOVE_ON, {"now": lines + 1, "last": own})
        if rows := rows_changed(lines + 1, line["changes"]):
            connection.execute(_ADD_ROWS, rows)


def _in_one_go(connection: Connection) -> AbstractContextManager[object]:
    """What is executed here is sent without waiting for an answer to each of it, where the
    database is one that has to be waited for. Nothing of it can ask for an answer."""
    begin = getattr(connection.connection.driver_connection, "pipeline", nullcontext)
    return cast(AbstractContextManager[object], begin())


def changes_so_far(session: Session) -> list[dict[str, Any]]:
    """The rows written in this transaction so far, as its line in the trail will have them."""
    session.flush()
    return list(session.info.get(_CHANGES, []))


def made_so_far(session: Session, table: str) -> dict[str, dict[str, Any]]:
    """The rows of a table that this transaction has made, by their key."""
    session.flush()
    return {
        key_text(change["key"]): {**change["key"], **change["after"]}
        for change in session.info.get(_CHANGES, [])
        if (change["table"], change["is"]) == (table, "created")
    }


def rows_changed(number: int, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that a line of this number changes, each once, as `AuditRow` names them."""
    touched = {(change["table"], key_text(change["key"])) for change in changes}
    return [{"audit_id": number, "table": table, "key": key} for table, key in sorted(touched)]


def key_text(key: dict[str, Any]) -> str:
    """The key of a row as a person reads it; its parts are put together with a stroke."""
    return " / ".join(str(part) for part in key.values())


def trail_of(session: Session, subject: str) -> list[Audit]:
    """The lines about one subject, oldest first."""
    query = select(Audit).where(Audit.subject == subject).order_by(Audit.audit_id)
    return list(session.scalars(query))


def latest(session: Session, last: int, subject: str | None = None) -> list[Audit]:
    """The last lines of the trail, or of those about one subject, oldest first; 0 for all."""
    query = select(Audit).order_by(Audit.audit_id.desc())
    if subject is not None:
        query = query.where(Audit.subject == subject)
    return list(session.scalars(query.limit(last or None)))[::-1]


def as_plain(line: Audit) -> dict[str, Any]:
    """A line as plain data, its moment in the company's time zone."""
    told = {name: getattr(line, name) for name in (*FIELDS, "previous", "hash")}
    return {**told, "at": STANDARD.local(line.at).isoformat()}


def visible(text: str) -> str:
    """The text without signs that a terminal would act on instead of showing them."""
    return "".join(char if char.isprintable() else "·" for char in text)


@event.listens_for(AuditedSession, "do_orm_execute")
def _only_by_objects(state: ORMExecuteState) -> None:
    # A bulk statement changes rows that nobody has loaded, so the trail could not say which.
    if state.is_insert or state.is_update or state.is_delete:
        raise TypeError("write through objects of the session, so that the audit trail knows")


@event.listens_for(AuditedSession, "loaded_as_persistent")
@event.listens_for(AuditedSession, "pending_to_persistent")
def _hold(session: AuditedSession, row: Any) -> None:
    session.info.setdefault(_HELD, []).append(row)


@event.listens_for(AuditedSession, "before_flush")
def _load(session: AuditedSession, _flush: UOWTransaction, _rows: Any) -> None:
    for row in session.deleted:  # once they are gone, nothing more can be read of them
        for column in inspect(row).mapper.column_attrs:
            getattr(row, column.key)


@event.listens_for(AuditedSession, "after_flush")
def _note(session: AuditedSession, _flush: UOWTransaction) -> None:
    changes = session.info.setdefault(_CHANGES, [])
    # Those that were changed stand in no order of their own; the same work gives the same line.
    changed = sorted(session.dirty, key=lambda row: str(inspect(row).identity_key))
    for what, rows in (("created", session.new), ("changed", changed)):
        for row in rows:
            change = _change(row, what)
            if what == "created" or change["after"]:
                changes.append(change)
    changes += [_change(row, "deleted") for row in session.deleted]


def _change(row: Any, what: str) -> dict[str, Any]:
    state = inspect(row)
    mapper = state.mapper
    keys = {column.key for column in mapper.primary_key}
    passed_over = keys | (state.unmodified if what == "changed" else set())
    before, after = {}, {}
    for name in (column.key for column in mapper.column_attrs if column.key not in passed_over):
        if what == "created":
            after[name] = plain(getattr(row, name))
            continue
        history = state.attrs[name].history
        if what == "deleted":
            stood = history.deleted[0] if history.deleted else getattr(row, name)
            before[name] = plain(stood)
        elif history.has_changes():
            before[name] = plain(history.deleted[0]) if history.deleted else None
            after[name] = plain(getattr(row, name))
    return {
        "table": mapper.local_table.name,
        "is": what,
        "key": {name: plain(getattr(row, name)) for name in sorted(keys)},
        "before": before,
        "after": after,
    }


def _keep(_row: Any, _value: Any, _old: Any, _initiator: Any) -> None:
    """Nothing; that somebody listens makes SQLAlchemy load the old value before it is replaced."""


for _mapper in Base.registry.mappers:
    for _column in _mapper.column_attrs:
        event.listen(getattr(_mapper.class_, _column.key), "set", _keep, active_history=True)
