"""Searching the CRM: one text, several kinds of record, only what is within the seat's scope.

Case does not matter, in any script, and signs such as % mean themselves. Where a kind has many
rows, only its number is searched, from its beginning, so that an index finds it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from crmlab.crm.access.browse import check_size
from crmlab.crm.access.on_record import on_record
from crmlab.crm.access.permissions import Scope, Who, permissions
from crmlab.crm.access.scopes import key_of, visible
from crmlab.crm.booking.numbering import SERIES
from crmlab.crm.entered import cleaned, short
from crmlab.crm.records import KINDS, describe, what_labels_need
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import Base, Opportunity
from crmlab.errors import Refused
from crmlab.text import gettext as _

MOST = 25
"""The most that is found of one kind; no page asks for more than twenty."""

LONGEST = 500
"""Characters that a text to search for may have."""

ANYWHERE: dict[str, tuple[str, ...]] = {
    "customer": ("customer_id", "name", "city", "contact", "phone", "email"),
    "product": ("product_id", "name", "family", "description"),
    "batch": ("batch_no", "product_id"),
    "complaint": ("complaint_id", "description"),
    "customer_code": ("customer_code", "product_id"),
    "price_list": ("price_list_id", "name"),
    "user": ("user_id", "name", "branch"),
}
"""Kinds with few rows: the text may stand anywhere in these columns."""

BY_NUMBER = ("opportunity", "quote", "order", "shipment", "invoice", "payment")
"""Kinds with many rows: the number begins with the text, with or without its letters. A lead that
is not a customer yet is also found by its company, as long as it is open."""

USUAL = ("customer", "product", "order", "opportunity", "quote", "invoice", "complaint", "batch")
"""The kinds that are searched when none are named."""


@dataclass(frozen=True)
class Hit:
    """A record that was found: its kind and key, and what tells a person which one it is."""

    kind: str
    key: str
    label: str


def search(
    sandbox: Sandbox,
    who: Who,
    text: str,
    *,
    at: datetime,
    kinds: Sequence[str] = USUAL,
    size: int = 20,
) -> list[Hit]:
    """What is found of each kind, in the order of the kinds and of their keys.

    Args:
        size: the most that is found of one kind.

    Raises:
        Denied: the seat may not search.
        Refused: there is nothing to search for, or such a kind cannot be searched; `fields` says
            which.
    """
    wanted = " ".join(cleaned(text).split())
    _check(wanted, kinds)
    check_size(size, MOST)
    detail: dict[str, Any] = {"text": short(wanted), "kinds": list(kinds)}
    with on_record(
        sandbox, who, "search", line="search", subject="search", at=at, detail=detail
    ) as (session, scope):
        _teach_folding(session)
        hits = [
            hit
            for kind in dict.fromkeys(kinds)
            for hit in _found(session, who, scope, kind, wanted, size)
        ]
        detail["rows"] = len(hits)
        return hits


def _check(wanted: str, kinds: Sequence[str]) -> None:
    faults = {}
    if not wanted:
        faults["text"] = _("Say what to search for.")
    if len(wanted) > LONGEST:
        faults["text"] = _("Search for at most {n} characters.").format(n=LONGEST)
    for kind in kinds:
        if kind not in ANYWHERE and kind not in BY_NUMBER:
            faults["kinds"] = _("'{kind}' cannot be searched; there are: {known}.").format(
                kind=short(kind), known=", ".join([*ANYWHERE, *BY_NUMBER])
            )
    if faults:
        raise Refused(" ".join(faults.values()), faults)


def _found(
    session: Session, who: Who, scope: Scope, kind: str, wanted: str, size: int
) -> list[Hit]:
    entity, key = KINDS[kind], key_of(kind)
    hits: dict[str, Hit] = {}
    for fits in _ways(who, kind, wanted):
        query = select(entity).where(fits, visible(kind, scope, who)).order_by(key).limit(size)
        for row in session.scalars(query.options(*what_labels_need(entity))):
            own = str(getattr(row, key.key))
            hits[own] = Hit(kind, own, describe(row))
    return list(hits.values())[:size]


def _ways(who: Who, kind: str, wanted: str) -> Iterator[ColumnElement[bool]]:
    """The conditions under which a record of this kind is found, one for each index."""
    entity = KINDS[kind]
    if kind in ANYWHERE:
        hidden = permissions().hidden(who.seat, kind)
        columns = tuple(name for name in ANYWHERE[kind] if name not in hidden)
        yield _contains(entity, columns, wanted)
        return
    key = key_of(kind)
    yield or_(*(_begins(key, start) for start in sorted(_numbers(kind, wanted))))
    if entity is Opportunity:
        lead = and_(Opportunity.customer_id.is_(None), Opportunity.outcome == "open")
        yield and_(lead, _contains(entity, ("company",), wanted))


def _numbers(kind: str, wanted: str) -> set[str]:
    """How a number may begin that somebody has typed: `so-208`, `SO-208` and `208` mean one."""
    series = SERIES.get(kind)
    letters = {series.prefix} if series and wanted[0].isdigit() else set()
    return {wanted, wanted.upper(), *(f"{prefix}{wanted}" for prefix in letters)}


def _begins(key: Any, start: str) -> ColumnElement[bool]:
    """Whether a key begins with a text, said so that every database can use its index."""
    return and_(key >= start, key < f"{start}\U0010ffff")


def _contains(entity: type[Base], columns: tuple[str, ...], wanted: str) -> ColumnElement[bool]:
    """Whether the text stands in one of the columns, whatever the case of its letters."""
    all_of_it: Any = literal("")
    for name in columns:  # one text with line ends between: the wanted one has none
        all_of_it = all_of_it + func.coalesce(getattr(entity, name), "") + literal("\n")
    inside: ColumnElement[bool] = folded(all_of_it).contains(wanted.lower(), autoescape=True)
    return inside


class folded(FunctionElement[str]):  # noqa: N801  (it is written like a function)
    """A text in small letters, in every script, as Python's `str.lower` makes them."""

    inherit_cache = True
    name = "folded"


@compiles(folded, "postgresql")
def _by_unicode(element: folded, compiler: Any, **more: Any) -> str:
    # Its own lower() follows the locale of the database, which may know English only.
    return f'lower(({compiler.process(element.clauses, **more)}) COLLATE "und-x-icu")'


@compiles(folded, "sqlite")
def _by_python(element: folded, compiler: Any, **more: Any) -> str:
    return f"folded({compiler.process(element.clauses, **more)})"


def _teach_folding(session: Session) -> None:
    """Give SQLite, whose own lower() knows English only, the function that it lacks."""
    connection = session.connection().connection.driver_connection
    if isinstance(connection, sqlite3.Connection):
        connection.create_function("folded", 1, str.lower, deterministic=True)
