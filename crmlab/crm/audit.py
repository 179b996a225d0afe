"""The audit trail: for each operation, who did it, and every row before and after.

It is taken from what the database session really writes, so no operation can forget a table,
and the tables can be rebuilt from it.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session, UOWTransaction

from crmlab.crm.start_set import typed
from crmlab.crm.tables import Audit, Base

_CHANGES = "audit changes"


def watch(session: Session) -> None:
    """Note every row that this session creates or changes."""
    session.info[_CHANGES] = []
    event.listen(session, "after_flush", _note)


def record(
    session: Session,
    operation: str,
    *,
    subject: str,
    at: datetime,
    user: str | None,
    seat: str | None,
    detail: dict[str, Any],
) -> None:
    """Write the line for this operation, in the same transaction as the changes themselves."""
    session.flush()
    session.add(
        Audit(
            at=at,
            user_id=user,
            seat=seat,
            operation=operation,
            subject=subject,
            detail=plain(detail),
            changes=session.info[_CHANGES],
        )
    )


def rebuild(session: Session, trail: list[Audit]) -> None:
    """Play the changes of a trail into a session's tables."""
    for line in trail:
        for change in line.changes:
            table = Base.metadata.tables[change["table"]]
            values = typed(table, {**change["key"], **change["after"]})
            keys = typed(table, change["key"])
            if change["is"] == "created":
                session.execute(table.insert().values(values))
            else:
                where = [table.columns[name] == value for name, value in keys.items()]
                session.execute(table.update().where(*where).values(values))


def trail_of(session: Session, subject: str) -> list[Audit]:
    """The lines about one subject, oldest first."""
    query = select(Audit).where(Audit.subject == subject).order_by(Audit.audit_id)
    return list(session.scalars(query))


def plain(value: Any) -> Any:
    """A value as JSON can hold it; what it was is known from its column."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _note(session: Session, _flush: UOWTransaction) -> None:
    for row in session.new:
        if not isinstance(row, Audit):
            session.info[_CHANGES].append(_change(row, "created"))
    for row in session.dirty:
        change = _change(row, "changed")
        if change["after"]:
            session.info[_CHANGES].append(change)


def _change(row: Any, what: str) -> dict[str, Any]:
    state = inspect(row)
    mapper = state.mapper
    keys = {column.key for column in mapper.primary_key}
    before, after = {}, {}
    for column in mapper.column_attrs:
        history = state.attrs[column.key].history
        if column.key in keys or not (history.has_changes() or what == "created"):
            continue
        after[column.key] = plain(getattr(row, column.key))
        if what == "changed":
            before[column.key] = plain(history.deleted[0]) if history.deleted else None
    return {
        "table": mapper.local_table.name,
        "is": what,
        "key": {name: plain(getattr(row, name)) for name in sorted(keys)},
        "before": before,
        "after": after,
    }
