"""Looking records up by kind and key: for forms, for facts, for what a step changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, select
from sqlalchemy.orm import Session, aliased, joinedload
from sqlalchemy.sql.base import ExecutableOption

from crmlab.crm import tables
from crmlab.crm.tables import Base
from crmlab.errors import ProcedureError, SandboxError
from crmlab.text import gettext as _

KINDS: dict[str, type[Base]] = {
    "customer": tables.Customer,
    "product": tables.Product,
    "batch": tables.Batch,
    "order": tables.Order,
    "order_line": tables.OrderLine,
    "complaint": tables.Complaint,
    "user": tables.User,
    "price_list": tables.PriceList,
    "price": tables.Price,
    "customer_code": tables.CustomerCode,
    "opportunity": tables.Opportunity,
    "quote": tables.Quote,
    "quote_line": tables.QuoteLine,
    "approval": tables.Approval,
    "credit_check": tables.CreditCheck,
    "shipment": tables.Shipment,
    "shipment_line": tables.ShipmentLine,
    "invoice": tables.Invoice,
    "payment": tables.Payment,
}
"""The kinds of record a procedure file may name."""


OFFERED = 60
"""How many records a form offers; any other can be typed."""


@dataclass(frozen=True)
class Entry:
    """A record as a form offers it: its key, and what tells a person which one it is."""

    key: str
    label: str


def kind(name: str) -> type[Base]:
    """The table of a kind of record."""
    if name not in KINDS:
        raise ProcedureError(
            f"The CRM keeps no records of the kind '{name}'; it keeps: {', '.join(KINDS)}."
        )
    return KINDS[name]


def canonical(session: Session, name: str, key: str) -> str | None:
    """The key as the CRM writes it, whatever the case of its letters; None if it is not there."""
    table = kind(name)
    if session.get(table, key) is not None:
        return key
    column = table.__mapper__.primary_key[0]
    found = session.scalar(select(column).where(func.lower(column) == key.lower()))
    return None if found is None else str(found)


def read_together(session: Session, wanted: Iterable[tuple[type[Base], str | int]]) -> None:
    """Read rows by table and key in one statement, for a session that holds on to them.

    Who gets one of them afterwards finds it there. What a statement costs is for the most part
    making it and waiting for it, so six rows take little longer than one.
    """
    rows = list(dict.fromkeys(wanted))
    keys = {f"key_{number}": key for number, (_table, key) in enumerate(rows)}
    session.execute(_by_key(tuple(table for table, _key in rows)), keys).one()


@cache
def _by_key(asked: tuple[type[Base], ...]) -> Select[Any]:
    """The statement for a row of each of these tables, also where one is asked for twice."""
    found: list[Any] = [aliased(table, name=f"row_{at}") for at, table in enumerate(asked)]
    rows = select(*found).select_from(select(literal(1).label("one")).subquery())
    for number, (table, row) in enumerate(zip(asked, found, strict=True)):
        own = getattr(row, str(table.__mapper__.primary_key[0].key))
        rows = rows.outerjoin(row, own == bindparam(f"key_{number}", type_=own.type))
    return rows


def entries(
    session: Session,
    name: str,
    known: dict[str, str],
    within: ColumnElement[bool] | None = None,
) -> list[Entry]:
    """The first records of a kind as a form offers them: those of a case's own customer and product
    before the others, what is still open before what is done with, by key; never a whole table.

    Args:
        known: the keys of the records that the case knows, by name.
        within: what whoever chooses may see; see `crmlab.crm.access.scopes`.
    """
    table = kind(name)
    key = table.__mapper__.primary_key[0]
    first = list(_offered_first(table, known))
    keys: list[Any] = []
    # One rank after the other: to put a whole table in order takes as long as to read it.
    for fits in product((True, False), repeat=len(first)):
        rank = [one if fit else one.is_not(True) for one, fit in zip(first, fits, strict=True)]
        of_rank = select(key).where(*rank) if within is None else select(key).where(*rank, within)
        if len(keys) < OFFERED:
            keys += session.scalars(of_rank.order_by(key).limit(OFFERED - len(keys)))
    named = select(table).where(key.in_(keys)).options(*what_labels_need(table))
    labels = {getattr(row, str(key.key)): describe(row) for row in session.scalars(named)}
    return [Entry(str(one), labels[one]) for one in keys]


def _offered_first(table: type[Base], known: dict[str, str]) -> Iterator[ColumnElement[bool]]:
    """What puts a record before the others, the weightiest first."""
    columns = table.__mapper__.columns
    customer, product = known.get("customer"), known.get("product")
    if customer and "customer_id" in columns:
        yield columns["customer_id"] == customer
    if product and "product_id" in columns and table is not tables.Product:
        yield columns["product_id"] == product
    if table is tables.Batch:
        yield tables.Batch.in_stock > 0
    if table is tables.Invoice:
        yield tables.Invoice.settled_at.is_(None)


def describe(row: Base) -> str:
    """What tells a person which record it is."""
    if isinstance(row, tables.Customer):
        return f"{row.name}, {row.city}"
    if isinstance(row, tables.Batch):
        return f"{row.product_id}, {row.made_on:%Y-%m-%d}"
    if isinstance(row, tables.OrderLine):
        return f"{row.quantity} × {row.product_id}, {row.order.customer.name}"
    if isinstance(row, tables.Order):
        return f"{row.customer.name}, {row.ordered_at:%Y-%m-%d}"
    if isinstance(row, tables.Price):
        until = f"{row.valid_to:%Y-%m-%d}" if row.valid_to else "…"
        return f"{row.product_id}, {row.unit_price}, {row.valid_from:%Y-%m-%d} – {until}"
    if isinstance(row, tables.Invoice):
        return f"{row.order_id}, {row.amount} {row.currency}"
    if isinstance(row, tables.Opportunity):
        about = [row.company, row.need, f"{row.created_at:%Y-%m-%d}"]
        return ", ".join(part for part in about if part)
    if isinstance(row, tables.CustomerCode):
        return f"{row.customer_code} = {row.product_id}"
    if isinstance(row, tables.Complaint):
        about = [row.customer.name, row.product_id, f"{row.received_at:%Y-%m-%d}"]
        return ", ".join(part for part in about if part)
    return str(getattr(row, "name", ""))


def what_labels_need(table: type[Base]) -> Iterator[ExecutableOption]:
    """Load what `describe` goes through with the rows themselves, and not row by row. Every way
    ends at a customer, of whom the name is enough."""
    for link in table.__mapper__.relationships:
        loaded: Any = joinedload(getattr(table, link.key), innerjoin=True)
        for further in link.mapper.relationships:
            loaded = loaded.joinedload(getattr(link.mapper.class_, further.key), innerjoin=True)
        yield loaded.load_only(tables.Customer.name)


def get(session: Session, name: str, key: str) -> Base:
    """The record of this kind and key.

    Raises:
        SandboxError: it is not in this sandbox.
        ProcedureError: there is no such kind.
    """
    row = session.get(kind(name), key)
    if row is None:
        raise SandboxError(
            _("The sandbox has no {kind} '{key}', which the case is about; start it again.").format(
                kind=name.replace("_", " "), key=key
            )
        )
    return row
