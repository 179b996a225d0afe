"""The audit trail, which the database itself lets nobody change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, JSON, Index, String, event
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


class AuditRow(Base):
    """Which rows a line of the trail has changed: the way from a record to its history.

    `key` is the row's own, as `crmlab.crm.store.audit.key_text` writes it.
    """

    __tablename__ = "audit_rows"
    audit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    table: Mapped[str] = mapped_column(String(60), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    __table_args__ = (Index("ix_audit_rows_of", "table", "key", "audit_id"),)


HEAD = 1
"""The number of the one row that says where the trail stands."""


class AuditHead(Base):
    """Where the trail stands: how many lines it has, and the hash of the last one.

    There is one such row. `start` is the key of the start set that the sandbox began with.
    """

    __tablename__ = "audit_head"
    head_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=HEAD)
    start: Mapped[str] = mapped_column(String(64))
    lines: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64))


GUARDED = (Audit.__tablename__, AuditRow.__tablename__)
"""The tables whose rows stay as they are."""

_ONLY_ADDED_TO = "the audit trail can only be added to"


def guards(table: str) -> dict[str, list[str]]:
    """What makes a database itself refuse to change or remove a row of this table."""
    return {
        "sqlite": [
            f"CREATE TRIGGER {table}_append_only_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_ONLY_ADDED_TO}'); END"
            for change in ("UPDATE", "DELETE")
        ],
        "postgresql": [
            "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_ONLY_ADDED_TO}'; END $$",
            f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
        ],
    }


for _table in GUARDED:
    for _database, _statements in guards(_table).items():
        for _statement in _statements:
            event.listen(
                Base.metadata.tables[_table],
                "after_create",
                DDL(_statement).execute_if(dialect=_database),  # type: ignore[no-untyped-call]
            )
