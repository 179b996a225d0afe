"""Taking rows out of the CRM: an operation of its own, with a limit, a reason and a line on record.

What is written is a CSV file that spreadsheets open as it is: UTF-8 with its mark, columns by the
names of the data contract, and no cell that a spreadsheet would take for a formula.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Boolean, ColumnElement, type_coerce
from sqlalchemy.types import NullType

from crmlab.crm.access.browse import (
    Filters,
    columns_shown,
    filtered,
    keys_that_fit,
    known_kind,
    shortened,
)
from crmlab.crm.access.on_record import on_record
from crmlab.crm.access.permissions import Who, denied, permissions
from crmlab.crm.access.scopes import key_of
from crmlab.crm.entered import cleaned
from crmlab.crm.sql import ask
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import Money
from crmlab.errors import Refused
from crmlab.procedures.signs import fault_of
from crmlab.text import gettext as _

SHORTEST_REASON = 10
LONGEST_REASON = 500
"""Characters of a reason: enough to say something, and not a whole letter."""

MARK = "\ufeff"
"""Tells a spreadsheet that the file is in UTF-8."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""What a cell begins with that a spreadsheet takes for a formula, in either width."""

_END = "\0"
_ONE_OF_THEM = re.compile(f"(^|{_END}) *[{re.escape(''.join(FORMULA))}]")
"""Finds such a text among the values of a column, with an end between them: most have none."""


@dataclass(frozen=True)
class Export:
    """What left the CRM: the file as text, how many rows, and the hash that the trail keeps."""

    csv: str
    rows: int
    sha256: str


def export(
    sandbox: Sandbox,
    who: Who,
    kind: str,
    reason: str,
    at: datetime,
    filters: Filters | None = None,
) -> Export:
    """The rows of a kind within the seat's scope, as CSV.

    Args:
        reason: what they are needed for; it is kept in the audit trail.

    Raises:
        Denied: the seat may export nothing, or not so many rows; nothing has left then.
        Refused: the reason is missing, or there is no such kind or column; `fields` says which.
    """
    entity: Any = known_kind(kind)
    filters = dict(filters or {})
    detail: dict[str, Any] = {
        "reason": cleaned(reason).strip()[:LONGEST_REASON],
        "filters": shortened(filters),
    }
    with on_record(sandbox, who, "export", line="export", subject=kind, at=at, detail=detail) as (
        session,
        scope,
    ):
        _check_reason(reason)
        most = permissions().entry(who.seat).export_rows
        names = columns_shown(who, kind)
        columns = [getattr(entity, name) for name in names]
        query = keys_that_fit(kind, scope, who, filtered(who, kind, filters))
        query = query.with_only_columns(*(_as_stored(column) for column in columns))
        rows = ask(session, query.limit(most + 1), {})
        if len(rows) > most:
            what = _("you may export at most {n} rows at a time, and these are more")
            raise denied(who, "export_rows", what.format(n=most))
        key = names.index(key_of(kind).key)
        rows = sorted(rows, key=lambda row: row[key])
        stored = list(zip(*rows, strict=True)) or [()] * len(columns)
        cells = [_cells(*each) for each in zip(columns, stored, strict=True)]
        text = _csv([names, *zip(*cells, strict=True)])
        digest = sha256(text.encode()).hexdigest()
        detail.update(rows=len(rows), sha256=digest)
        return Export(text, len(rows), digest)


def _check_reason(reason: str) -> None:
    reason = reason.strip()
    sentence = fault_of(_("Reason"), reason)
    if sentence is None and len(reason) < SHORTEST_REASON:
        sentence = _("Say in a sentence what the export is for; the reason is kept.")
    elif sentence is None and len(reason) > LONGEST_REASON:
        sentence = _("Say in at most {n} characters what the export is for.").format(
            n=LONGEST_REASON
        )
    if sentence:
        raise Refused(sentence, {"reason": sentence})


def _as_stored(column: Any) -> ColumnElement[Any]:
    """A column as the database keeps it, which is what a cell shows of it: moments and amounts
    need not be read and written out again."""
    return column if isinstance(column.type, Boolean) else type_coerce(column, NullType())


def _cells(column: Any, values: Sequence[Any]) -> Sequence[Any]:
    """A column's values as cells show them. Text that looks like a formula is marked as text."""
    if isinstance(column.type, Boolean):
        return ["" if value is None else "yes" if value else "no" for value in values]
    if isinstance(column.type, Money) or not _ONE_OF_THEM.search(_END.join(map(str, values))):
        return values
    return [f"'{value}" if _is_one(value) else value for value in values]


def _is_one(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip(" ").startswith(FORMULA)


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return f"{MARK}{file.getvalue()}"
