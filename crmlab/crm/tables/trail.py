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


GUARDED = (Audit.__tablename__, AuditRow.__tablename__, AuditHead.__tablename__)
"""The tables whose rows stay as they are; of the head, but for going on with each line."""

_ONLY_ADDED_TO = "the audit trail can only be added to"
_ONLY_GOES_ON = "the head of the audit trail only goes on, with the line that is added"


def guards(table: str) -> dict[str, list[str]]:
    """What makes a database itself refuse to change or remove a row of this table.

    The head is changed with every line, but its count goes on by one: it cannot be put back to
    where lines that somebody has cut off would not be missed.
    """
    head = table == AuditHead.__tablename__
    keys = " AND ".join(
        f'"{key.name}" = NEW."{key.name}"' for key in Base.metadata.tables[table].primary_key
    )
    sqlite = {
        "update": f"BEFORE UPDATE ON {table}",
        "delete": f"BEFORE DELETE ON {table}",
        # SQLite lets INSERT OR REPLACE take a row away without asking the trigger on DELETE.
        "replace": f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {keys})",
    }
    server = "UPDATE OR DELETE OR TRUNCATE"
    if head:
        sqlite["update"] += " WHEN " + " OR ".join(
            f"{new} IS NOT {old}" for new, old in _GOES_ON.items()
        )
        server = "DELETE OR TRUNCATE"
    said = dict.fromkeys(sqlite, _ONLY_ADDED_TO)
    if head:
        said["update"] = _ONLY_GOES_ON
    return {
        "sqlite": [
            f"CREATE TRIGGER {table}_append_only_{change} {when} "
            f"BEGIN SELECT RAISE(ABORT, '{said[change]}'); END"
            for change, when in sqlite.items()
        ],
        "postgresql": [
            _function("audit_append_only", f"RAISE EXCEPTION '{_ONLY_ADDED_TO}';"),
            f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE {server} "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
            *(_head_goes_on(table) if head else ()),
        ],
    }


_GOES_ON = {"NEW.lines": "OLD.lines + 1", "NEW.head_id": "OLD.head_id", "NEW.start": "OLD.start"}
"""What has to be so whenever the head changes."""


def _head_goes_on(table: str) -> list[str]:
    back = " OR ".join(f"{new} IS DISTINCT FROM {old}" for new, old in _GOES_ON.items())
    refuse = f"IF {back} THEN RAISE EXCEPTION '{_ONLY_GOES_ON}'; END IF; RETURN NEW;"
    return [
        _function("audit_head_goes_on", refuse),
        f"CREATE OR REPLACE TRIGGER {table}_goes_on BEFORE UPDATE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION audit_head_goes_on()",
    ]


def _function(name: str, body: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} END $$"
    )


for _table in GUARDED:
    for _database, _statements in guards(_table).items():
        for _statement in _statements:
            event.listen(
                Base.metadata.tables[_table],
                "after_create",
                DDL(_statement).execute_if(dialect=_database),  # type: ignore[no-untyped-call]
            )
