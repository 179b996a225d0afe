"""The small company a sandbox begins with, read from `start_set.yaml`."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.store.chain import first_hash
from crmlab.crm.tables import AuditHead, Base
from crmlab.crm.tables.types import typed

FILE = Path(__file__).with_name("start_set.yaml")

TABLES = Path(tables.__file__).parent
"""The folder of the modules that say which tables there are."""


@cache
def template_key() -> str:
    """A short name for this start set in these tables, so that a change makes a new template."""
    columns = b"".join(file.read_bytes() for file in sorted(TABLES.glob("*.py")))
    return sha256(FILE.read_bytes() + columns).hexdigest()[:12]


def start_rows() -> dict[str, list[dict[str, Any]]]:
    """The rows of the start set as they are written, by table."""
    rows: dict[str, list[dict[str, Any]]] = YAML(typ="safe", pure=True).load(
        FILE.read_text(encoding="utf-8")
    )
    return rows


def fill(session: Session) -> None:
    """Put the start set into empty tables, and begin their audit trail."""
    rows = start_rows()
    for table in Base.metadata.sorted_tables:
        for row in rows.get(table.name, []):
            session.execute(table.insert().values(typed(table, row)))
    start = template_key()
    session.add(AuditHead(start=start, lines=0, hash=first_hash(start)))
