"""Writing a record of any kind: every way into the tables of the business goes through here.

What is refused is refused by column, all faults at once, and then nothing has changed. What a
CRM cannot see (a batch number left out, a wrong address) is written like anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from crmlab.crm import records
from crmlab.crm.booking import base_rules, delivery_rules, money_rules, order_rules
from crmlab.crm.booking.draft import Draft, Terms
from crmlab.crm.booking.numbering import SERIES, free_key, next_line, next_number
from crmlab.crm.columns import convert, dangling
from crmlab.crm.labels import label
from crmlab.crm.tables import Base
from crmlab.errors import ProcedureError, Refused
from crmlab.procedures.conditions import blank
from crmlab.procedures.faults import unknown
from crmlab.procedures.forms import free_text
from crmlab.text import gettext as _

RULES: dict[str, Callable[[Draft], None]] = {
    **base_rules.RULES,
    **order_rules.RULES,
    **delivery_rules.RULES,
    **money_rules.RULES,
}
"""What must hold of a kind of record before it is written."""

EFFECTS: dict[str, Callable[[Draft], None]] = {
    **order_rules.EFFECTS,
    **delivery_rules.EFFECTS,
    **money_rules.EFFECTS,
}
"""What writing a kind of record does to others: goods that leave are no longer in stock."""

LINES = {"order_line": "order_id", "quote_line": "quote_id", "shipment_line": "shipment_id"}
"""Kinds that are lines of another record, and the column that names it."""

COMPOSED = {
    "price": ("price_list_id", "product_id", "valid_from"),
    "customer_code": ("customer_id", "customer_code"),
}
"""Kinds whose key is made of what they say: `PL-BASE/LP-40/2026-01-01`."""


def book(
    session: Session,
    kind: str,
    key: str | None,
    columns: dict[str, Any],
    existing_key: str | None = None,
    *,
    terms: Terms | None = None,
) -> str:
    """Write a record, and return its key.

    Args:
        kind: one of `records.KINDS`.
        key: the key of a new record; by default the next number of its kind.
        columns: what is written; other columns of a record that is there stay as they are. What
            follows from other records (an invoice's customer, its amount, its due day) can be
            left out.
        existing_key: the record to change. Where `key` says something else, the old one stays
            and a new one is made: a code once given is not given to something else.
        terms: what the house and the seat that writes bring along.

    Raises:
        Refused: `fields` says what is wrong by column; a fault of the key stands under the
            column of the key.
        ProcedureError: there is no such kind of record, or it has no such column.
    """
    draft = draft_of(session, kind, key, columns, existing_key, terms=terms)
    if draft.faults:
        order = [name for name in columns if name in draft.faults]
        faults = {name: draft.faults[name] for name in dict.fromkeys([*order, *draft.faults])}
        raise Refused(" ".join(faults.values()), faults)
    entity = records.kind(kind)
    if draft.row is None:
        draft.key = draft.key or new_key(session, kind, draft)
        draft.row = entity(**{**draft.values, _own(entity): draft.key})
        session.add(draft.row)
        session.flush()
    else:
        draft.before = {name: getattr(draft.row, name) for name in columns_of(entity)}
        for name, value in draft.values.items():
            setattr(draft.row, name, value)
    if kind in EFFECTS:
        EFFECTS[kind](draft)
    return draft.key


def draft_of(
    session: Session,
    kind: str,
    key: str | None,
    columns: dict[str, Any],
    existing_key: str | None = None,
    *,
    terms: Terms | None = None,
) -> Draft:
    """What `book` would write, with all that speaks against it; nothing is written.

    Raises:
        ProcedureError: there is no such kind of record, or it has no such column.
    """
    entity = records.kind(kind)
    if session.new:
        session.flush()  # what others refer to has to be there before them
    draft = _draft(session, kind, entity, key, columns, existing_key)
    draft.terms = terms or Terms()
    if kind in RULES:
        RULES[kind](draft)
    _complete(draft, _table(entity))
    return draft


def new_key(session: Session, kind: str, draft: Draft) -> str:
    """The key of a new record that nobody has given one."""
    entity = records.kind(kind)
    if kind in SERIES:
        return next_number(session, kind)
    if kind in LINES:
        return next_line(session, entity, LINES[kind], draft.values[LINES[kind]])
    return free_key(session, entity, "/".join(str(draft.values[name]) for name in COMPOSED[kind]))


def _draft(
    session: Session,
    kind: str,
    entity: type[Base],
    key: str | None,
    columns: dict[str, Any],
    existing_key: str | None,
) -> Draft:
    """What is to be written, in the types of its columns, with what is wrong with it as such."""
    table, own = _table(entity), _own(entity)
    for name in columns:
        if name not in table.columns:
            raise ProcedureError(unknown(f"column of {kind}", name, columns_of(entity)))
    faults: dict[str, str] = {}
    wanted = _given_key(table, own, columns.get(own) if key is None else key, faults)
    row = None
    if existing_key is not None and wanted in ("", existing_key):
        row = session.get(entity, existing_key)
    if row is None and wanted and (taken := records.canonical(session, kind, wanted)):
        faults[own] = _("{key} is there already; choose another code, or use that one.").format(
            key=taken
        )
    if row is None and not wanted and kind not in {*SERIES, *LINES, *COMPOSED}:
        faults.setdefault(own, _("'{label}' is missing.").format(label=label(own)))
    values, wrong = convert(table, {name: columns[name] for name in columns if name != own})
    faults |= wrong | dangling(session, table, values)
    return Draft(session, wanted or existing_key or "", row, values, faults)


def _complete(draft: Draft, table: Table) -> None:
    """Fill in the defaults, and speak against what has to have a value and has none."""
    for column in table.columns:
        if (
            column.primary_key
            or column.nullable
            or column.name in {*draft.faults, *draft.following}
        ):
            continue
        if draft.will_be(column.name) is None and column.default is not None:
            draft.values[column.name] = column.default.arg  # type: ignore[attr-defined]
        if draft.will_be(column.name) is None:
            draft.refuse(column.name, _("'{label}' is missing.").format(label=label(column.name)))


def _given_key(table: Table, own: str, given: Any, faults: dict[str, str]) -> str:
    """The key that a new record is given, as it will be stored; empty if none is given."""
    if blank(given):
        return ""
    try:
        longest = getattr(table.columns[own].type, "length", None)
        return free_text(label(own), given, longest)
    except ValueError as fault:
        faults[own] = str(fault)
        return ""


def _table(entity: type[Base]) -> Table:
    return entity.metadata.tables[entity.__tablename__]


def columns_of(entity: type[Base]) -> list[str]:
    """The columns of a kind of record, in the order of its table."""
    return [column.name for column in _table(entity).columns]


def _own(entity: type[Base]) -> str:
    """The column that is the key."""
    return str(entity.__mapper__.primary_key[0].key)
