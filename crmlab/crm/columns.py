"""What a column can hold: entries become its values, or a sentence says why they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Column, Date, Integer, String, Table
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm.labels import label
from crmlab.crm.tables import Base, Moment, Money
from crmlab.crm.tables.types import typed
from crmlab.procedures.conditions import blank, number_of
from crmlab.procedures.forms import free_text, no_dot_for_thousands, yes_no
from crmlab.text import gettext as _
from crmlab.text import show_day

FOUNDED = date(2015, 1, 1)
"""When the practice company was founded: nothing of its own can be older, so an earlier day is a
slip of the pen. Its records begin well after it."""

LAST_DAY = date(2099, 12, 31)
"""The latest day that is taken for meant: beyond it two digits have changed places."""

LARGEST = Decimal("999999999999.99")
"""The largest amount that a column of money holds."""

MOST = 1_000_000_000
"""The largest whole number that a column holds on every database."""


def convert(table: Table, entries: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The entries as their columns take them, and a sentence for each that cannot be taken.

    What is blank becomes None; whether it may stay so is for the caller to say.
    """
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, entry in entries.items():
        try:
            values[name] = None if blank(entry) else _value(table.columns[name], entry)
        except ValueError as fault:
            faults[name] = str(fault)
    return values, faults


def dangling(session: Session, table: Table, values: dict[str, Any]) -> dict[str, str]:
    """A sentence for each value that names a record which is not there."""
    return {
        name: _("'{key}' is not in the CRM; choose one that is.").format(key=values[name])
        for name, entity in _references(table)
        if values.get(name) is not None and session.get(entity, values[name]) is None
    }


def day_of(moment: date) -> date:
    """The day of a moment in the office's own time; a day as it is."""
    return STANDARD.local(moment).date() if isinstance(moment, datetime) else moment


_ENTITIES = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}


def _references(table: Table) -> Iterator[tuple[str, type[Base]]]:
    """The columns that name a record, and what they name."""
    for column in table.columns:
        for key in column.foreign_keys:
            yield column.name, _ENTITIES[key.column.table]


def _value(column: Column[Any], entry: Any) -> Any:
    kind, called = column.type, label(column.name)
    if isinstance(kind, Money):
        return _amount(called, entry)
    if isinstance(kind, Boolean):
        return yes_no(called, entry)
    if isinstance(kind, Integer):
        return _whole(called, entry)
    if isinstance(kind, Moment | Date):
        return _when(column, entry)
    longest = kind.length if isinstance(kind, String) else None
    return free_text(called, entry, longest)


def _amount(called: str, entry: Any) -> Decimal:
    no_dot_for_thousands(called, entry)
    number = number_of(entry)
    if number is None:
        raise ValueError(_("'{label}' is a number, such as 12.").format(label=called))
    if abs(number) > LARGEST:
        raise ValueError(_("'{label}' is larger than the CRM can hold.").format(label=called))
    return number.quantize(Decimal("0.01"))


def _whole(called: str, entry: Any) -> int:
    no_dot_for_thousands(called, entry)
    number = number_of(entry)
    if number is None or number != number.to_integral_value():
        raise ValueError(_("'{label}' is a whole number, such as 12.").format(label=called))
    if abs(number) > MOST:
        raise ValueError(_("'{label}' is larger than the CRM can hold.").format(label=called))
    return int(number)


def _when(column: Column[Any], entry: Any) -> date:
    """A day, or a moment; a day column takes a moment's day in the office's own time."""
    try:
        if isinstance(column.type, Moment):
            value: date = typed(column.table, {column.name: entry})[column.name]
        elif isinstance(entry, date):
            value = day_of(entry)
        elif len(str(entry).strip()) > len("2026-05-12"):
            value = day_of(datetime.fromisoformat(str(entry).strip()))
        else:
            value = date.fromisoformat(str(entry).strip())
        day = day_of(value)
    except (ValueError, OverflowError):
        raise ValueError(
            _("'{label}' is a date, such as 2026-05-12.").format(label=label(column.name))
        ) from None
    if day < FOUNDED:
        raise ValueError(
            _("'{label}' lies before {founded}, when the company began; look at the year.").format(
                label=label(column.name), founded=show_day(FOUNDED.isoformat())
            )
        )
    if day > LAST_DAY:
        raise ValueError(
            _("'{label}' lies in the year {year}; look at the year.").format(
                label=label(column.name), year=day.year
            )
        )
    return value
