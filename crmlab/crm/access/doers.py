"""Who did what a timeline tells of: the audit trail knows, wherever it saw the record written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from crmlab.crm.sql import ask
from crmlab.crm.tables import Audit, AuditRow, User


@dataclass(frozen=True)
class Deed:
    """What happened to a row.

    Attributes:
        ended: it is the end of the row that is told of, and not its making.
    """

    table: str
    key: str
    at: datetime
    ended: bool


def doers(session: Session, deeds: Collection[Deed]) -> dict[Deed, tuple[str, str | None]]:
    """The name and the seat of whoever is behind each of these, where the trail has them.

    It is the line of that very moment; or else, of what was made, the line that made it: a call
    is often written down later than it was made. What was there before the trail began has none.
    """
    if not deeds:
        return {}
    asked = {name: sorted({getattr(deed, name) for deed in deeds}) for name in ("table", "key")}
    lines: dict[tuple[str, str], list[Any]] = {}
    for line in ask(session, _LINES, asked):  # among them some of other tables with the same key
        lines.setdefault((line.table, line.key), []).append(line)
    return dict(_found(deeds, lines))


# The statement is made once: making it takes longer than asking the database.
_LINES = (
    select(AuditRow.table, AuditRow.key, Audit.at, Audit.user_id, Audit.seat, User.name)
    .join(Audit, Audit.audit_id == AuditRow.audit_id)
    .outerjoin(User, User.user_id == Audit.user_id)
    .where(
        AuditRow.table.in_(bindparam("table", expanding=True)),
        AuditRow.key.in_(bindparam("key", expanding=True)),
    )
    .order_by(Audit.audit_id)
)


def _found(
    deeds: Collection[Deed], lines: dict[tuple[str, str], list[Any]]
) -> Iterator[tuple[Deed, tuple[str, str | None]]]:
    for deed in deeds:
        known = lines.get((deed.table, deed.key), [])
        of_the_moment = [line for line in known if line.at == deed.at]
        line = next(iter(of_the_moment[::-1] or ([] if deed.ended else known)), None)
        if line is not None:
            yield deed, (line.name or line.user_id or "", line.seat)
