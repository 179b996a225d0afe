"""The audit trail, which the database itself lets nobody change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, JSON, String, event
from sqlalchemy.orm import Mapped, mapped_column

from crmlab.crm.tables.types import Base, Moment


class Audit(Base):
    """Who did what to which record, with the row before and after. Nothing here ever changes.

    Lines are counted from 1 without a gap. `hash` covers the line and `previous`, the hash of the
    line before; see `crmlab.crm.store.chain`.
    """

    __tablename__ = "audit"
    audit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment())
    user_id: Mapped[str | None] = mapped_column(String(20))
    seat: Mapped[str | None] = mapped_column(String(60))
    operation: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """Where the trail stands: how many lines it has, and the hash of the last one.

    There is one such row. `start` is the key of the start set that the sandbox began with.
    """

    __tablename__ = "audit_head"
    head_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    start: Mapped[str] = mapped_column(String(64))
    lines: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64))


_ONLY_ADDED_TO = "the audit trail can only be added to"

APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER audit_append_only_{change.lower()} BEFORE {change} ON audit "
        f"BEGIN SELECT RAISE(ABORT, '{_ONLY_ADDED_TO}'); END"
        for change in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_ONLY_ADDED_TO}'; END $$",
        "CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    ],
}
"""What makes a database itself refuse to change or remove a line of the trail."""

for _database, _statements in APPEND_ONLY.items():
    for _statement in _statements:
        event.listen(
            Audit.__table__,
            "after_create",
            DDL(_statement).execute_if(dialect=_database),  # type: ignore[no-untyped-call]
        )
