"""The small company a sandbox begins with, read from `start_set.yaml`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from sqlalchemy import Table
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.chain import first_hash
from crmlab.crm.tables import AuditHead, Base, Moment, Money

FILE = Path(__file__).with_name("start_set.yaml")


@cache
def template_key() -> str:
    """A short name for this start set in these tables, so that a change makes a new template."""
    return sha256(FILE.read_bytes() + Path(tables.__file__).read_bytes()).hexdigest()[:12]


def fill(session: Session) -> None:
    """Put the start set into empty tables, and begin their audit trail."""
    rows = YAML(typ="safe", pure=True).load(FILE.read_text(encoding="utf-8"))
    for table in Base.metadata.sorted_tables:
        for row in rows.get(table.name, []):
            session.execute(table.insert().values(typed(table, row)))
    start = template_key()
    session.add(AuditHead(start=start, lines=0, hash=first_hash(start)))


def typed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row of plain data (YAML or JSON) with the values that its columns take."""
    return {name: _typed(table.columns[name].type, value) for name, value in row.items()}


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, Moment):
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return STANDARD.local(moment)
    if isinstance(kind, Money):
        return Decimal(str(value))
    if getattr(kind, "python_type", None) is date and not isinstance(value, date):
        return date.fromisoformat(str(value))
    return value
