"""What a sandbox begins with: the small company of `start_set.yaml`, alone or with two years of the
practice company around it."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

from ruamel.yaml import YAML
from sqlalchemy import Table
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.store import history
from crmlab.crm.store.chain import first_hash
from crmlab.crm.tables import AuditHead, Base
from crmlab.crm.tables.types import typed

Start = Literal["small", "company"]
"""The small company, or the whole one; the whole one is the small one where its files are not
there."""

STARTS: tuple[Start, ...] = ("small", "company")

FILE = Path(__file__).with_name("start_set.yaml")

TABLES = Path(tables.__file__).parent
"""The folder of the modules that say which tables there are."""


@cache
def template_key(start: Start = "small") -> str:
    """A short name for this start in these tables, so that a change makes a new template."""
    columns = b"".join(file.read_bytes() for file in sorted(TABLES.glob("*.py")))
    past = history.key() if _has_past(start) else ""
    return sha256(FILE.read_bytes() + columns + past.encode()).hexdigest()[:12]


def start_rows() -> dict[str, list[dict[str, Any]]]:
    """The rows of the small company as they are written, by table."""
    rows: dict[str, list[dict[str, Any]]] = YAML(typ="safe", pure=True).load(
        FILE.read_text(encoding="utf-8")
    )
    return rows


def fill(session: Session, start: Start = "small") -> None:
    """Put what a sandbox begins with into empty tables, and begin their audit trail."""
    rows = start_rows()
    whose = Whose()
    for table in Base.metadata.sorted_tables:
        for row in whose.said(table, rows.get(table.name, [])):
            session.execute(table.insert().values(typed(table, row)))
    if _has_past(start):
        for table, past in history.past_rows(rows):
            session.execute(table.insert(), whose.said(table, past))
    key = template_key(start)
    session.add(AuditHead(start=key, lines=0, hash=first_hash(key)))


class Whose:
    """Says of the parts of a quote, an order or a shipment whose they are, as the CRM does when
    they are written there: the files name only what they are a part of."""

    PARTS: Final = {
        "quote_lines": "quote_id",
        "order_lines": "order_id",
        "shipments": "order_id",
        "shipment_lines": "shipment_id",
    }
    """Tables of such parts, and the column that names the whole."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def said(self, table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows, each with its customer. What they are parts of has been here before them."""
        if table.name in self.PARTS:
            of = self.PARTS[table.name]
            rows = [{**row, "customer_id": self._known[row[of]]} for row in rows]
        if table.name in ("quotes", "orders", "shipments"):
            key = table.primary_key.columns[0].name
            self._known |= {row[key]: row["customer_id"] for row in rows}
        return rows


def _has_past(start: Start) -> bool:
    return start == "company" and history.is_there()
