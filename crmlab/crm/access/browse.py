"""Looking around in the CRM: a page of a list, or one record.

Both show only what is within the seat's scope, never a whole table, and leave their line in the
audit trail: what was asked, and how many rows came, but no copy of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from crmlab.crm.access.on_record import on_record
from crmlab.crm.access.permissions import Scope, Who, denied, not_shown, permissions
from crmlab.crm.access.scopes import WAYS, key_of, keys_within, visible
from crmlab.crm.columns import convert
from crmlab.crm.entered import cleaned, short
from crmlab.crm.labels import label
from crmlab.crm.records import KINDS, describe, what_labels_need
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import Base, Customer
from crmlab.errors import Refused
from crmlab.text import gettext as _

LARGEST_PAGE = 200
"""The most rows that a page has."""

COUNTED = 500
"""How far the rows of a list are counted; beyond it there are simply more."""

S = TypeVar("S", bound=Select[Any])

Filters = Mapping[str, Any]
"""What a column has to be, by its name; None or blank for an empty one."""


@dataclass(frozen=True)
class Row:
    """A record as a list shows it.

    Attributes:
        label: what tells a person which record it is.
        values: its columns, without those that the seat does not see.
    """

    key: str
    label: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Page:
    """A part of a list, in the order of its keys.

    Attributes:
        columns: what the columns are called, by name.
        next: where the next page goes on (`after`); None on the last one.
        count: rows of the whole list, counted up to `COUNTED`.
        more: there are more than that.
    """

    kind: str
    columns: dict[str, str]
    rows: list[Row]
    next: str | None
    count: int
    more: bool


@dataclass(frozen=True)
class Record:
    """One record.

    Attributes:
        version: counts its changes; None where they are not counted. Whoever changes it says
            which version they have seen.
    """

    kind: str
    key: str
    label: str
    columns: dict[str, str]
    values: dict[str, Any]
    version: int | None


def page(
    sandbox: Sandbox,
    who: Who,
    kind: str,
    *,
    at: datetime,
    after: str | None = None,
    size: int = 50,
    filters: Filters | None = None,
) -> Page:
    """A page of the records of a kind, in the order of their keys.

    Args:
        after: the key to go on from; it need not be there (any more).
        size: rows, up to `LARGEST_PAGE`.

    Raises:
        Denied: the seat sees no records, or not a column that is filtered by.
        Refused: there is no such kind or column, or the size is out of bounds; `fields` says
            which.
    """
    entity = known_kind(kind)
    check_size(size, LARGEST_PAGE)
    filters = dict(filters or {})
    detail: dict[str, Any] = {"filters": shortened(filters), "after": short(after), "size": size}
    with on_record(sandbox, who, "see", line="list", subject=kind, at=at, detail=detail) as (
        session,
        scope,
    ):
        wanted = filtered(who, kind, filters)
        after = None if after is None else cleaned(after)
        keys, counted = _keys_of_page(session, kind, scope, who, wanted, after, size)
        query = select(entity).where(key_of(kind).in_(keys)).options(*what_labels_need(entity))
        found = list(session.scalars(query.order_by(key_of(kind)))) if keys != [] else []
        shown = columns_shown(who, kind)
        rows = [_row(row, kind, shown) for row in found[:size]]
        detail["rows"] = len(rows)
        return Page(
            kind=kind,
            columns={name: label(name) for name in shown},
            rows=rows,
            next=rows[-1].key if len(found) > size else None,
            count=min(counted, COUNTED),
            more=counted > COUNTED,
        )


def look(sandbox: Sandbox, who: Who, kind: str, key: str, *, at: datetime) -> Record:
    """One record.

    Raises:
        Denied: it is not within the seat's scope; of a record that is not there, no other is said.
        Refused: there is no such kind, or no such record in the whole CRM.
    """
    entity = known_kind(kind)
    key = cleaned(key).strip()
    with on_record(
        sandbox, who, "see", line="read", subject=key or kind, at=at, detail={"kind": kind}
    ) as (session, scope):
        query = select(entity).where(key_of(kind) == key, visible(kind, scope, who))
        row = session.scalar(query.options(*what_labels_need(entity)))
        if row is None:
            raise out_of_reach(who, "see", scope, kind, key)
        shown = columns_shown(who, kind)
        found = _row(row, kind, shown)
        return Record(
            kind=kind,
            key=found.key,
            label=found.label,
            columns={name: label(name) for name in shown},
            values=found.values,
            version=getattr(row, "version", None),
        )


def known_kind(kind: str) -> type[Base]:
    """The table of a kind of record.

    Raises:
        Refused: the CRM keeps no such records.
    """
    if kind not in KINDS:
        raise Refused(
            _("The CRM keeps no records of the kind '{kind}'; it keeps: {known}.").format(
                kind=short(kind), known=", ".join(KINDS)
            ),
            {"kind": _("Choose one of the kinds.")},
        )
    return KINDS[kind]


def check_size(size: int, most: int) -> None:
    """See that a page is neither empty nor a whole table.

    Raises:
        Refused: it is.
    """
    if not 1 <= size <= most:
        sentence = _("Ask for 1 to {most} rows at a time, not {size}.").format(
            most=most, size=short(size)
        )
        raise Refused(sentence, {"size": sentence})


def filtered(who: Who, kind: str, filters: Filters) -> dict[str, Any]:
    """The values to filter by, in the types of their columns.

    Raises:
        Denied: the seat does not see such a column, so it cannot ask for it either.
        Refused: there is no such column, or it cannot hold such a value.
    """
    table = KINDS[kind].metadata.tables[KINDS[kind].__tablename__]
    columns = list(table.columns.keys())
    for name in filters:
        if name not in columns:
            sentence = _("The CRM keeps no '{column}' of this kind; it keeps: {known}.").format(
                column=short(name), known=", ".join(columns_shown(who, kind))
            )
            raise Refused(sentence, {short(name): sentence})
    for name in sorted(permissions().hidden(who.seat, kind) & set(filters)):
        raise not_shown(who, kind, name, label(name))
    values, faults = convert(table, dict(filters))
    if faults:
        raise Refused(" ".join(faults.values()), faults)
    return values


def _keys_of_page(
    session: Session,
    kind: str,
    scope: Scope,
    who: Who,
    wanted: Filters,
    after: str | None,
    size: int,
) -> tuple[Any, int]:
    """The keys of a page and of the row behind it, and how many rows the whole list has, counted
    no further than it takes to know that there are more than `COUNTED`."""
    key, fitting = key_of(kind), keys_that_fit(kind, scope, who, wanted)
    in_order = scope is Scope.ALL or bool(wanted)
    if in_order:  # the table is gone through once, to count them and for the page
        counted = list(session.scalars(fitting.order_by(key).limit(COUNTED + 1)))
    else:
        counted = sorted(session.scalars(fitting.limit(COUNTED + 1)))
    here = [one for one in counted if after is None or one > after][: size + 1]
    if len(counted) <= COUNTED or (in_order and len(here) > size):
        return here, len(counted)
    fits = select(key).where(*_conditions(KINDS[kind], wanted), visible(kind, scope, who))
    if in_order:  # the page ends behind those that were counted
        behind = max(counted[-1], after or "")
        return [*here, *session.scalars(_onward(fits, key, behind, size - len(here)))], len(counted)
    # Many rows, so going through the keys soon finds the next fifty.
    return select(_onward(fits, key, after, size).subquery()), len(counted)


def keys_that_fit(kind: str, scope: Scope, who: Who, wanted: Filters) -> Select[Any]:
    """The keys of all rows that are within the scope and fit the filters, in no order.

    Without filters they are found from the customers on. With filters, what fits them is looked
    for first, and only that is asked whose it is: that is why every row names its customer.
    """
    conditions = list(_conditions(KINDS[kind], wanted))
    if not conditions or scope is Scope.ALL:
        return keys_within(kind, scope, who).where(*conditions)
    return select(key_of(kind)).where(*conditions, visible(kind, scope, who))


def out_of_reach(who: Who, operation: str, scope: Scope, kind: str, key: str) -> Refused:
    """What is said of a record that is not within the scope, or not there at all: the same, so
    that nobody finds out what is there by asking."""
    entity = KINDS[kind]
    named = {"kind": kind.replace("_", " "), "key": short(key)}
    if scope is Scope.ALL or (entity is not Customer and entity not in WAYS):
        sentence = _("There is no {kind} '{key}' in the CRM; check the number.")
        return Refused(sentence.format(**named), {"key": sentence.format(**named)})
    seen = {
        Scope.OWN: _("you see no {kind} '{key}', only your own customers and what is theirs"),
        Scope.BRANCH: _(
            "you see no {kind} '{key}', only your branch's customers and what is theirs"
        ),
    }
    changed = {
        Scope.OWN: _("you change no {kind} '{key}', only your own customers and what is theirs"),
        Scope.BRANCH: _(
            "you change no {kind} '{key}', only your branch's customers and what is theirs"
        ),
    }
    reach = (changed if operation == "change" else seen)[scope]
    return denied(who, operation, reach.format(**named))


@contextmanager
def with_customer(
    sandbox: Sandbox,
    who: Who,
    operation: str,
    customer_id: str,
    *,
    at: datetime,
    detail: dict[str, Any],
) -> Iterator[tuple[Session, str]]:
    """Something permitted with a customer who is within the scope, and their number; on record.

    Raises:
        Denied: the seat may not do it, or not with this customer.
        Refused: there is no such customer.
    """
    key = cleaned(customer_id).strip()
    with on_record(
        sandbox, who, operation, line=operation, subject=key or "customer", at=at, detail=detail
    ) as (session, scope):
        number = Customer.customer_id
        query = select(number).where(number == key, visible("customer", scope, who))
        if session.scalar(query) is None:
            raise out_of_reach(who, operation, scope, "customer", key)
        yield session, key


def shortened(filters: Filters) -> dict[str, Any]:
    """Filters for the audit trail: what was asked, cut short."""
    return {short(name): short(value) for name, value in filters.items()}


def _onward(query: S, key: Any, after: str | None, size: int) -> S:
    """The next rows in the order of their keys, and one more, to know whether there is one."""
    if after is not None:
        query = query.where(key > after)
    return query.order_by(key).limit(size + 1)


def _conditions(entity: type[Base], wanted: Filters) -> Iterator[ColumnElement[bool]]:
    for name, value in wanted.items():
        column: ColumnElement[Any] = getattr(entity, name)
        yield column.is_(None) if value is None else column == value


def columns_shown(who: Who, kind: str) -> list[str]:
    """The columns of a kind of record that the seat sees."""
    hidden = permissions().hidden(who.seat, kind)
    columns = KINDS[kind].__mapper__.columns.keys()
    return [name for name in columns if name not in hidden]


def _row(row: Base, kind: str, shown: list[str]) -> Row:
    key = str(getattr(row, key_of(kind).key))
    return Row(key, describe(row), {name: getattr(row, name) for name in shown})
