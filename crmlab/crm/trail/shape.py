"""What a line of the audit trail can be at all.

A right hash says that a line is what somebody wrote, not that the application did: whoever forges
a line can hash it too. What no operation could have written is found here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Table

from crmlab.crm.tables import Base
from crmlab.crm.trail.ledger import TABLES, said

NAMES = {table.name for table in TABLES}
PARTS = {"table", "is", "key", "before", "after"}


def well_formed(line: dict[str, Any]) -> bool:
    """Whether the application could have written a line like this.

    Args:
        line: its fields, with the JSON of `detail` and `changes` read.
    """
    texts = [line[name] for name in ("operation", "subject")]
    return (
        _is_moment(line["at"])
        and all(isinstance(text, str) for text in texts)
        and isinstance(line["detail"], dict)
        and isinstance(line["changes"], list)
        and all(_is_change(change) for change in line["changes"])
    )


def _is_moment(text: Any) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _is_change(change: Any) -> bool:
    if not isinstance(change, dict) or change.keys() != PARTS or change["table"] not in NAMES:
        return False
    table = Base.metadata.tables[change["table"]]
    keys = {column.name for column in table.primary_key}
    others = {column.name for column in table.columns} - keys
    before, after = change["before"], change["after"]
    written = {"created": (set(), others), "deleted": (others, set())}
    if not all(isinstance(part, dict) for part in (change["key"], before, after)):
        return False
    if change["is"] == "changed":
        fits = before.keys() == after.keys() and after.keys() <= others and bool(after)
    else:
        fits = (before.keys(), after.keys()) == written.get(change["is"])
    parts = (change["key"], before, after)
    return fits and change["key"].keys() == keys and all(_can_be_stored(table, p) for p in parts)


def _can_be_stored(table: Table, row: dict[str, Any]) -> bool:
    try:
        for name, value in row.items():
            column = table.columns[name]
            if isinstance(value, dict | list) and not isinstance(column.type, JSON):
                return False
            (said(column, value) or "").encode()
    except (ArithmeticError, TypeError, ValueError):
        return False
    return True
