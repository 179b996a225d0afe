"""The history of every field of a record, read from the audit trail: when, by which seat, from
what to what. It names seats, never persons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crmlab.crm.access.browse import check_size, known_kind, out_of_reach
from crmlab.crm.access.on_record import on_record
from crmlab.crm.access.permissions import Who, not_shown, permissions, seat_name
from crmlab.crm.access.scopes import key_of, visible
from crmlab.crm.entered import cleaned, short
from crmlab.crm.labels import label
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import Audit, AuditRow, Base, Proposal
from crmlab.errors import StaleRecord
from crmlab.text import gettext as _
from crmlab.text import show_day

LARGEST = 200
"""The most operations that are looked back at in one go."""

COUNTERS = ("version",)
"""Columns that count the changes of the others, and are no field of their own."""


@dataclass(frozen=True)
class Change:
    """One field of a record, changed once.

    Attributes:
        line: the line of the audit trail that says so.
        seat: who did it; None for what no seat has done.
        before, after: as plain data; `before` is None where the record was made.
        version: the version that the record came to by it; None where they are not counted.
    """

    line: int
    at: datetime
    seat: str | None
    column: str
    label: str
    before: Any
    after: Any
    version: int | None


@dataclass(frozen=True)
class Past:
    """A part of a history, the latest first; `next` is where the part before it begins."""

    changes: list[Change]
    next: int | None


def history(
    sandbox: Sandbox,
    who: Who,
    kind: str,
    key: str,
    column: str | None = None,
    *,
    at: datetime,
    before: int | None = None,
    size: int = 50,
) -> Past:
    """What has become of a record, or of one of its columns, the latest change first; on record.

    Args:
        before: go on behind this line of the audit trail.
        size: operations that are looked back at, up to `LARGEST`.

    Raises:
        Denied: the record is not within the seat's scope, or the column is not shown to it.
        Refused: there is no such kind or record, or the size is out of bounds.
    """
    known_kind(kind)
    check_size(size, LARGEST)
    key = cleaned(key).strip()
    hidden = permissions().hidden(who.seat, kind)
    detail: dict[str, Any] = {"kind": kind, "column": short(column), "size": size}
    with on_record(
        sandbox, who, "see", line="history", subject=key or kind, at=at, detail=detail
    ) as (session, scope):
        own = key_of(kind)
        query = select(own).where(own == key, visible(kind, scope, who))
        if session.scalar(query) is None:
            raise out_of_reach(who, "see", scope, kind, key)
        if column in hidden:
            raise not_shown(who, kind, str(column), label(str(column)))
        lines = _lines(session, kind, key, before, size + 1)
        changes = [
            change
            for line in lines[:size]
            for change in _changes(line, kind, key)
            if change.column not in hidden and column in (None, change.column)
        ]
        return Past(changes, lines[size - 1].audit_id if len(lines) > size else None)


def stale(session: Session, who: Who, kind: str, key: str, seen_version: int) -> StaleRecord:
    """What is said to somebody whose record was changed by another since they read it."""
    latest = _latest(session, who, kind, key)
    fields = {
        column: _meanwhile(change)
        for column, change in latest.items()
        if change.version is not None and change.version > seen_version
    }
    return StaleRecord(
        _(
            "{key} was changed by somebody else since you looked at it. {changes} Nothing of yours "
            "was saved, and nothing was overwritten; look at it again."
        ).format(key=key, changes=" ".join(fields.values())),
        fields,
    )


def stale_column(session: Session, who: Who, proposal: Proposal) -> StaleRecord:
    """What is said to a reviewer when what would be changed is no longer what it was."""
    change = _latest(session, who, proposal.record, proposal.key).get(proposal.column)
    fields = {proposal.column: _meanwhile(change)} if change else {}
    return StaleRecord(
        _(
            "{key} was changed since {proposal} was proposed. {changes} Nothing was overwritten; "
            "say no to it, and propose it anew if it is still wanted."
        ).format(
            key=proposal.key, proposal=proposal.proposal_id, changes=" ".join(fields.values())
        ),
        fields,
    )


def _latest(session: Session, who: Who, kind: str, key: str) -> dict[str, Change]:
    """The last change of each column that the seat sees."""
    hidden = permissions().hidden(who.seat, kind)
    latest: dict[str, Change] = {}
    for line in _lines(session, kind, key, None, LARGEST):
        for change in _changes(line, kind, key):
            if change.column not in hidden:
                latest.setdefault(change.column, change)
    return latest


def _meanwhile(change: Change) -> str:
    sentence = (
        _("'{label}' is now {after}, and was {before} (seat: {seat}, {day}).")
        if change.before is not None
        else _("'{label}' is now {after}, and was empty (seat: {seat}, {day}).")
    )
    return sentence.format(
        label=change.label,
        after=_("empty") if change.after is None else change.after,
        before=change.before,
        seat=seat_name(change.seat) if change.seat else _("none"),
        day=show_day(change.at.date().isoformat()),
    )


def _lines(session: Session, kind: str, key: str, before: int | None, most: int) -> list[Audit]:
    """The lines of the trail that made or changed the record, the latest first."""
    query = (
        select(Audit)
        .join(AuditRow, AuditRow.audit_id == Audit.audit_id)
        .where(AuditRow.table == known_kind(kind).__tablename__, AuditRow.key == key)
    )
    if before is not None:
        query = query.where(Audit.audit_id < before)
    return list(session.scalars(query.order_by(Audit.audit_id.desc()).limit(most)))


def _changes(line: Audit, kind: str, key: str) -> Iterator[Change]:
    """What a line changed of the record, by column; made and changed in one go is one."""
    entity: type[Base] = known_kind(kind)
    own = key_of(kind).key
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    for change in line.changes:
        if change["table"] == entity.__tablename__ and change["key"] == {own: key}:
            for column, value in change["after"].items():
                first.setdefault(column, change["before"].get(column))
                last[column] = value
    for column, value in last.items():
        if column not in COUNTERS and value != first[column]:
            yield Change(
                line=line.audit_id,
                at=line.at,
                seat=line.seat,
                column=column,
                label=label(column),
                before=first[column],
                after=value,
                version=last.get("version"),
            )
