"""Looking records up by kind and key: for forms, for facts, for what a step changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.audit import plain
from crmlab.crm.tables import Base
from crmlab.errors import ProcedureError, SandboxError
from crmlab.procedures.checks import unknown
from crmlab.procedures.schema import Procedure
from crmlab.text import gettext as _

KINDS: dict[str, type[Base]] = {
    "customer": tables.Customer,
    "product": tables.Product,
    "batch": tables.Batch,
    "order": tables.Order,
    "order_line": tables.OrderLine,
    "complaint": tables.Complaint,
    "user": tables.User,
}
"""The kinds of record a procedure file may name."""


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


def misfits(procedure: Procedure) -> Iterator[str]:
    """A sentence for each kind of record or column that a procedure names and the CRM lacks."""

    def column(kind_name: str, name: str, where: str) -> Iterator[str]:
        if kind_name not in KINDS:
            yield f"{where}: {unknown('kind of record', kind_name, KINDS)}"
        else:
            columns = list(KINDS[kind_name].__mapper__.columns.keys())
            if name and name not in columns and not hasattr(KINDS[kind_name], name):
                yield f"{where}: {unknown(f'column of {kind_name}', name, columns)}"

    if procedure.about:
        yield from column(procedure.about, "", "about")
    for name, fact in procedure.facts.items():
        if fact.record:
            of, read_from = fact.record.split(".", 1) if "." in fact.record else (fact.record, "")
            yield from column(of, read_from, f"fact '{name}'")
    for case_id, case in procedure.cases.items():
        for of in case.records:
            yield from column(of, "", f"case {case_id}")
    for step_name, step in procedure.steps.items():
        for name, field in step.fields.items():
            where = f"step '{step_name}', field '{name}'"
            if field.record:
                yield from column(field.record, "", where)
            if field.writes and not procedure.about:
                yield f"{where}: it writes, but the procedure is not about a kind of record."
            elif field.writes and procedure.about in KINDS:
                yield from column(procedure.about, field.writes, where)
        for change in step.sets:
            yield from column(change.record, change.column, f"step '{step_name}', sets")


def canonical(session: Session, name: str, key: str) -> str | None:
    """The key as the CRM writes it, whatever the case of its letters; None if it is not there."""
    table = kind(name)
    if session.get(table, key) is not None:
        return key
    column = table.__mapper__.primary_key[0]
    found = session.scalar(select(column).where(func.lower(column) == key.lower()))
    return None if found is None else str(found)


def entries(session: Session, name: str) -> list[Entry]:
    """All records of a kind, by key."""
    table = kind(name)
    key = table.__mapper__.primary_key[0]
    return [
        Entry(str(getattr(row, str(key.key))), describe(row))
        for row in session.scalars(select(table).order_by(key))
    ]


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
    if isinstance(row, tables.Complaint):
        about = [row.customer.name, row.product_id, f"{row.received_at:%Y-%m-%d}"]
        return ", ".join(part for part in about if part)
    return str(getattr(row, "name", ""))


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


def read(session: Session, reference: str, records: dict[str, str]) -> Any:
    """`kind.column` of the record of that kind among `records`, as plain data.

    Raises:
        SandboxError: the record is not in this sandbox.
        ProcedureError: the kind or the column does not exist.
    """
    name, column = reference.split(".", 1)
    row = get(session, name, records.get(name, ""))
    if not hasattr(row, column):
        raise ProcedureError(f"A record of the kind '{name}' has no column '{column}'.")
    return plain(getattr(row, column))
