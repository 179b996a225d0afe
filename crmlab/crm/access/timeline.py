"""One timeline for a customer: all that happened with them, from every table, the latest first.

Status changes, comments, messages, calls and visits, quotes and their approvals, orders and their
credit, shipments, invoices, payments, complaints. Read a page at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.access.browse import check_size, with_customer
from crmlab.crm.access.doers import Deed, doers
from crmlab.crm.access.permissions import Who, permissions
from crmlab.crm.access.timeline_sources import SOURCES, Source
from crmlab.crm.entered import cleaned, short
from crmlab.crm.sql import ask
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Refused
from crmlab.text import gettext as _

LARGEST = 100
"""The most entries that are read at a time."""


BEGINNING, END = (moment.replace(tzinfo=UTC) for moment in (datetime.min, datetime.max))
"""Before and after anything that happens."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened with a customer.

    Attributes:
        kind: call, message, visit, comment, stage, step, quote, approval, order, credit,
            shipment, invoice, payment or complaint.
        title: what happened, in a few words; `note`: what was said or written about it.
        seat, person: in which seat it was done, and by whom; empty where nobody knows.
        record, key: the record that it is kept in.
        place: where it stands in the timeline; `before` goes on from there.
    """

    at: datetime
    kind: str
    title: str
    note: str
    seat: str | None
    person: str
    record: str
    key: str
    place: str


@dataclass(frozen=True)
class Stretch:
    """A part of a timeline; `next` is where the part before it in time begins (`before`)."""

    entries: list[Entry]
    next: str | None


def timeline(
    session: Session,
    seat: str,
    customer_id: str,
    *,
    until: datetime | None = None,
    before: str | None = None,
    size: int = 50,
    leave_out: Collection[str] = (),
) -> Stretch:
    """A customer's timeline, without what is not shown to the seat. Whether it may be opened at all
    is for whoever asks to find out before, and to put on record.

    Args:
        until: up to this moment, itself included; by default to the end.
        before: go on behind this place.
        size: entries, up to `LARGEST`.
        leave_out: records that are not wanted, such as `event` where the steps of the case stand
            beside it anyway.

    Raises:
        Refused: the size is out of bounds, or `before` is no place in a timeline.
    """
    check_size(size, LARGEST)
    place = None if before is None else _read_place(before)
    latest = END if until is None else STANDARD.local(until)
    with_limits = "credit_limit" not in permissions().hidden(seat, "credit_check")
    asked = {"customer": customer_id, "since": BEGINNING, "until": latest, "most": size + 1}
    found: list[tuple[int, Any]] = []
    for rank, source in sorted(enumerate(SOURCES), key=lambda item: not item[1].near):
        if source.record in leave_out:
            continue
        if len(found) > size:  # what is older has no place on this page
            asked["since"] = sorted((row[0] for _rank, row in found), reverse=True)[size]
        query = source.rows
        if place is not None:
            query = query.where(_behind(source, rank, place))
        found += [(rank, row) for row in ask(session, query, asked)]
    # Of one moment, what came of the others stands above them; rows of a table keep their order.
    found.sort(key=lambda item: (item[1][0], item[0]), reverse=True)
    told = [_entry(SOURCES[rank], rank, row, with_limits) for rank, row in found[:size]]
    deeds = [_deed(SOURCES[rank], row) for rank, row in found[:size]]
    entries = list(_with_lines(session, list(_with_doers(session, told, deeds))))
    return Stretch(entries, entries[-1].place if len(found) > size else None)


def read_timeline(
    sandbox: Sandbox,
    who: Who,
    customer_id: str,
    *,
    at: datetime,
    before: str | None = None,
    size: int = 50,
) -> Stretch:
    """A customer's timeline up to now, as the permissions let somebody see it; on record.

    Raises:
        Denied: the seat may open no timeline, or not this customer's.
        Refused: there is no such customer, or what `timeline` refuses.
    """
    detail: dict[str, Any] = {"before": short(before), "size": size}
    with with_customer(sandbox, who, "timeline", customer_id, at=at, detail=detail) as (
        session,
        key,
    ):
        part = timeline(session, who.seat, key, until=at, before=before, size=size)
        detail["rows"] = len(part.entries)
        return part


def _entry(source: Source, rank: int, row: Any, with_limits: bool) -> Entry:
    at, key, said = row[0], str(row[1]), source.say(row, with_limits)
    return Entry(
        at=STANDARD.local(at),
        kind=said.kind,
        title=said.title,
        note=said.note,
        seat=said.seat,
        person=said.user or "",
        record=source.record,
        key=key,
        place=f"{at.isoformat(timespec='seconds')}|{rank}|{key}",
    )


def _deed(source: Source, row: Any) -> Deed:
    return Deed(source.at.class_.__tablename__, str(row[1]), row[0], source.ending)


def _with_doers(session: Session, entries: list[Entry], deeds: list[Deed]) -> Iterator[Entry]:
    """The entries, with the person and the seat that the audit trail has; of what was there before
    it began, those that the record itself names."""
    known = doers(session, set(deeds))
    nobody: tuple[str, str | None] = ("", None)
    told = [(entry, *known.get(deed, nobody)) for entry, deed in zip(entries, deeds, strict=True)]
    left = {entry.person for entry, person, _seat in told if not person}
    query = select(tables.User.user_id, tables.User.name).where(tables.User.user_id.in_(left))
    names = {user.user_id: user.name for user in ask(session, query, {})} if any(left) else {}
    for entry, person, seat in told:
        named, sits = person or names.get(entry.person, entry.person), entry.seat or seat
        same = (named, sits) == (entry.person, entry.seat)
        yield entry if same else replace(entry, person=named, seat=sits)


_LINES: tuple[tuple[str, Any, Any], ...] = (
    ("quote", tables.QuoteLine, tables.QuoteLine.quote_id),
    ("order", tables.OrderLine, tables.OrderLine.order_id),
)


def _with_lines(session: Session, entries: list[Entry]) -> Iterator[Entry]:
    """The entries, with what was offered and ordered in the notes of quotes and orders."""
    lines: dict[tuple[str, str], list[str]] = {}
    for record, line, of in _LINES:
        keys = [entry.key for entry in entries if entry.record == record]
        query = select(of, line.quantity, line.product_id).where(of.in_(keys))
        found = ask(session, query.order_by(line.line_id), {}) if keys else ()
        for key, quantity, product in found:
            lines.setdefault((record, key), []).append(f"{quantity} × {product}")
    for entry in entries:
        told = ", ".join(lines.get((entry.record, entry.key), []))
        noted = "; ".join(part for part in (told, entry.note) if part)
        yield replace(entry, note=noted) if told else entry


def _read_place(place: str) -> tuple[datetime, int, str]:
    try:
        at, rank, key = place.split("|", 2)
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError
        return moment, int(rank), cleaned(key)
    except ValueError:
        sentence = _("'{place}' is no place in a timeline; begin at its top again.").format(
            place=short(place)
        )
        raise Refused(sentence, {"before": sentence}) from None


def _behind(source: Source, rank: int, place: tuple[datetime, int, str]) -> ColumnElement[bool]:
    """Whether a row stands behind a place, in the order in which the entries are sorted."""
    at, at_rank, key = place
    if rank < at_rank:
        return source.at <= at
    if rank > at_rank:
        return source.at < at
    whole = source.key.type.python_type is int
    if whole and not key.lstrip("-").isdigit():
        return source.at < at
    lower = source.key < (int(key) if whole else key)
    return or_(source.at < at, and_(source.at == at, lower))
