"""A price that has ended is history, and so is a list: what was quoted and ordered then was
measured by it. It stays as it was; what holds from now on is a record of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from crmlab.crm.tables import Base, Price, PriceList
from crmlab.text import gettext as _
from crmlab.text import show_day

STAYS = {
    "price": ("unit_price", "valid_from", "valid_to"),
    "price_list": ("valid_from", "valid_to"),
}
"""What stays as it was, by kind of record."""


def over(
    session: Session, kind: str, row: Base, columns: Iterable[str], day: date
) -> dict[str, str]:
    """A sentence for each of the columns that cannot be changed any more on this day."""
    last = _last_day(session, row)
    if last is None or last >= day:
        return {}
    sentence = (
        _(
            "This price ended on {day} and stays as it was; enter a new price that holds from "
            "{today} on."
        )
        if kind == "price"
        else _(
            "This list ended on {day} and stays as it was; enter a new list that holds from "
            "{today} on."
        )
    ).format(day=show_day(last.isoformat()), today=show_day(day.isoformat()))
    return {column: sentence for column in columns if column in STAYS.get(kind, ())}


def _last_day(session: Session, row: Base) -> date | None:
    """The last day on which a price or a list holds; None as long as no end is known, and of all
    else. A price ends with its list."""
    if isinstance(row, PriceList):
        return row.valid_to
    if not isinstance(row, Price):
        return None
    on = session.get(PriceList, row.price_list_id)
    ends = (row.valid_to, on.valid_to if on else None)
    return min((day for day in ends if day is not None), default=None)
