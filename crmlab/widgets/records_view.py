"""Lists, records and forms of the CRM as `records.html` shows them."""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_

from crmlab.calendar import STANDARD
from crmlab.crm import records
from crmlab.crm.access.browse import Page, Record
from crmlab.crm.access.export import FORMULA, MARK, Export
from crmlab.crm.access.history import Change
from crmlab.crm.access.noting import CHANNELS
from crmlab.crm.access.permissions import Who, permissions, seat_name
from crmlab.crm.access.reports import Report
from crmlab.crm.access.scopes import within_reach
from crmlab.crm.access.search import Hit
from crmlab.crm.access.timeline import Entry
from crmlab.crm.access.timeline_sources import contact_word
from crmlab.crm.base.base_forms import Column, base_forms
from crmlab.crm.base.review import Waiting
from crmlab.crm.base.waiting import WHOLE
from crmlab.crm.labels import label
from crmlab.crm.store.sandbox import Sandbox
from crmlab.text import gettext as _
from crmlab.text import ngettext
from crmlab.widgets.records_words import (
    Names,
    entry,
    kind_word,
    kind_words,
    rows_words,
    seats_words,
    value_words,
)
from crmlab.widgets.step_view import INPUTS, MODES

IN_A_LIST: dict[str, tuple[str, ...]] = {
    "customer": ("name", "city", "branch", "account_manager", "credit_limit"),
    "complaint": ("customer_id", "product_id", "category", "severity", "received_at"),
    "opportunity": ("company", "need", "owner", "stage", "amount", "outcome"),
}
"""The columns that a list shows of a kind with many; the record itself shows all."""

MOST_COLUMNS = 6
"""The most columns that a list shows of any other kind."""

COUNTERS = ("version",)
"""Columns for the machine alone."""

LONG = 32
"""Characters from which on a cell takes several lines."""

STANDS_ON = {"price_list": ("price", "price_list_id", "product_id")}
"""Records that others stand on: which, the column in which these name it, and the one that tells
them apart there."""

FIRST_ROWS = 5
"""Rows of an export that are shown."""

SHORT_HASH = 8
"""Letters of a fingerprint that are shown: enough to tell two files apart by eye."""


def list_view(
    page: Page, names: Names, *, whole: bool, on: str = "", by: str = ""
) -> dict[str, Any]:
    """A page of a list as a table, its first column the key; `whole`: it begins at the start.

    Where all rows stand on one record, named in the column `on`, their first column is `by`.
    """
    wanted = IN_A_LIST.get(page.kind)
    seen = [name for name in page.columns if name not in (*COUNTERS, on, by)][1:]
    columns = [name for name in seen if wanted is None or name in wanted][:MOST_COLUMNS]
    if wanted:
        columns.sort(key=wanted.index)
    return {
        "kind": page.kind,
        "title": kind_words(page.kind),
        "count": _more_than(page.count) if page.more else rows_words(page.count),
        "first": page.columns[by] if by else _("Number"),
        "columns": [{"label": page.columns[name]} for name in columns],
        "rows": [
            {
                "key": row.key,
                "called": str(row.values[by]) if by else row.key,
                "label": row.label,
                "cells": [_cell(row.values[name], names) for name in columns],
            }
            for row in page.rows
        ],
        "next": page.next is not None,
        "whole": whole,
    }


def hits_view(hits: list[Hit]) -> list[dict[str, str]]:
    """What a search has found."""
    return [
        {"kind": hit.kind, "word": kind_word(hit.kind), "key": hit.key, "label": hit.label}
        for hit in hits
    ]


def record_view(record: Record, names: Names) -> dict[str, Any]:
    """One record: its head with its key, and its other fields by name."""
    return {
        "kind": record.kind,
        "word": kind_word(record.kind),
        "key": record.key,
        "label": record.label,
        "has_form": record.kind in base_forms(),
        "has_timeline": record.kind == "customer",
        "on_it": kind_words(STANDS_ON[record.kind][0]) if record.kind in STANDS_ON else "",
        "fields": [
            {"label": called, **_cell(record.values[name], names)}
            for name, called in list(record.columns.items())[1:]
            if name not in COUNTERS
        ],
    }


def hidden_view(who: Who, kind: str) -> list[str]:
    """A sentence for each column of a kind that the seat does not see, and who does."""
    return [
        _("Your seat does not see the column “{label}”. These seats do: {seats}.").format(
            label=label(name), seats=seats_words(permissions().shown_to[f"{kind}.{name}"])
        )
        for name in sorted(permissions().hidden(who.seat, kind))
    ]


def history_view(changes: Iterable[Change], names: Names) -> list[dict[str, Any]]:
    """The history of a record's fields, a line for each change."""
    return [
        {
            "at": change.at,
            "seat": seat_name(change.seat) if change.seat else "",
            "label": change.label,
            "before": value_words(change.before, names) or _("empty"),
            "after": value_words(change.after, names) or _("empty"),
            "line": change.line,
        }
        for change in changes
    ]


def timeline_view(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """A customer's timeline, the latest first."""
    return [
        {
            "at": item.at,
            "kind": item.kind,
            "title": item.title,
            "note": item.note,
            "person": item.person,
            "seat": seat_name(item.seat) if item.seat else "",
        }
        for item in entries
    ]


def contact_form(
    entries: Mapping[str, Any], errors: Mapping[str, str], now: datetime
) -> list[dict[str, Any]]:
    """The fields of an entry for a timeline; at first it is a call, and of this moment."""
    given = {"channel": CHANNELS[0], "at": f"{STANDARD.local(now):%Y-%m-%dT%H:%M}", **entries}
    kinds = [{"value": name, "label": contact_word(name)} for name in CHANNELS]
    return [
        {
            "name": name,
            "label": label(name),
            "help": "",
            "type": kind,
            "required": True,
            "input": "datetime-local",
            "mode": "",
            "options": kinds if kind == "choice" else [],
            "value": str(given.get(name) or ""),
            "error": errors.get(name, ""),
        }
        for name, kind in (("channel", "choice"), ("at", "moment"), ("note", "long_text"))
    ]


def form_view(
    sandbox: Sandbox,
    who: Who,
    kind: str,
    entries: Mapping[str, Any],
    errors: Mapping[str, str],
    *,
    is_new: bool,
) -> list[dict[str, Any]]:
    """The fields of base data that the seat sees, with what stands in them."""
    hidden = permissions().hidden(who.seat, kind)
    return [
        {
            "name": name,
            "label": _(column.label),
            "help": " ".join(_helps(column, is_new=is_new)),
            "type": column.type,
            "required": column.required,
            "input": INPUTS.get(column.type, "text"),
            "mode": MODES.get(column.type, ""),
            "options": list(_offers(sandbox, who, column, "create" if is_new else "change")),
            "value": str(entries.get(name) or ""),
            "error": errors.get(name, ""),
        }
        for name, column in base_forms()[kind].columns.items()
        if name not in hidden and (is_new or not column.fixed)
    ]


def entries_of(record: Record) -> dict[str, str]:
    """A record as it stands in its form."""
    return {name: entry(record.values.get(name)) for name in base_forms()[record.kind].columns}


def form_kinds(here: str) -> list[dict[str, Any]]:
    """The kinds of base data that can be entered anew."""
    return [
        {"kind": kind, "word": _(form.title), "here": kind == here}
        for kind, form in base_forms().items()
    ]


def weight_view(kind: str) -> str:
    """What a new record as a whole waits for; empty where it is there at once."""
    new = base_forms()[kind].new
    return _waits(new.reviewers, new.by) if new.reviewers else ""


def export_view(kind: str, taken: Export) -> dict[str, Any]:
    """What has left the CRM: the file to take, its first rows, and its fingerprint.

    The file is in the page itself, byte for byte what the fingerprint was taken of.
    """
    rows = list(csv.reader(io.StringIO(taken.csv.removeprefix(MARK))))
    return {
        "title": kind_words(kind),
        "count": rows_words(taken.rows),
        "file": f"{kind}.csv",
        "link": f"data:text/csv;charset=utf-8;base64,{b64encode(taken.csv.encode()).decode()}",
        "columns": [label(name) for name in rows[0] if name not in COUNTERS],
        "rows": [
            [
                {"text": _as_kept(cell), "number": False, "long": len(cell) > LONG}
                for name, cell in zip(rows[0], row, strict=True)
                if name not in COUNTERS
            ]
            for row in rows[1 : FIRST_ROWS + 1]
        ],
        "fingerprint": taken.sha256[:SHORT_HASH],
    }


def _as_kept(cell: str) -> str:
    """What the CRM keeps, without the apostrophe that tells a spreadsheet it is text."""
    kept = cell.removeprefix("'")
    return kept if kept.lstrip(" ").startswith(FORMULA) else cell


def report_view(found: Report, names: Names) -> dict[str, Any]:
    """What a report says, as a table."""
    return {
        "title": found.title,
        "columns": list(found.columns.values()),
        "rows": [[_cell(row[name], names) for name in found.columns] for row in found.rows],
        "next": found.next is not None,
    }


def waiting_view(waiting: Waiting, names: Names, who: Who) -> dict[str, Any]:
    """A proposal that waits for a yes or a no, and whether it waits for whoever looks at it."""
    after = waiting.after
    if isinstance(after, dict):
        form = base_forms()[waiting.kind].columns
        said = "; ".join(
            f"{_(form[n].label)}: {v}" for n, v in after.items() if v not in (None, "")
        )
    else:
        said = value_words(after, names)
    return {
        "id": waiting.proposal_id,
        "kind": kind_word(waiting.kind),
        "key": waiting.key,
        "label": waiting.label,
        "before": value_words(waiting.before, names) or _("empty"),
        "after": said or _("empty"),
        "whole": isinstance(after, dict),
        "seat": seat_name(waiting.seat),
        "at": waiting.proposed_at,
        "stands": said_so_far(waiting, waiting.still_needed),
        "seats": seats_words(waiting.by),
        "yours": waiting.yours,
        "not_yours": _not_yours(waiting, who),
    }


def said_so_far(waiting: Waiting, still_needed: int) -> str:
    """How many of those who are needed have said yes."""
    form = base_forms()[waiting.kind]
    weight = form.new if waiting.column == WHOLE else form.columns[waiting.column]
    n = weight.reviewers - still_needed
    return ngettext(
        "{n} of {m} has said yes.",
        "{n} of {m} have said yes.",
        n,
    ).format(n=n, m=weight.reviewers)


def _not_yours(waiting: Waiting, who: Who) -> str:
    """Why somebody is not asked, where they are not."""
    if waiting.yours:
        return ""
    if who.seat in waiting.by:
        return _("You have proposed it yourself, or have said yes already: it waits for others.")
    return _("Your seat does not decide about it.")


def _waits(needed: int, seats: list[str]) -> str:
    return ngettext(
        "It holds when {n} other person has said yes; these seats review it: {seats}.",
        "It holds when {n} other people have said yes; these seats review it: {seats}.",
        needed,
    ).format(n=needed, seats=seats_words(seats))


def _helps(column: Column, *, is_new: bool) -> Iterator[str]:
    if column.help:
        yield _(column.help)
    if column.reviewers and not is_new:
        yield ngettext(
            "A change of this waits for {n} other person.",
            "A change of this waits for {n} other people.",
            column.reviewers,
        ).format(n=column.reviewers)


def _offers(sandbox: Sandbox, who: Who, column: Column, operation: str) -> Iterator[dict[str, str]]:
    """The records that a field offers: what the seat sees, and may do with what the form is for."""
    if column.record:
        within = and_(*(within_reach(column.record, who, each) for each in ("see", operation)))
        with sandbox.read() as session:
            for offered in records.entries(session, column.record, {}, within):
                yield {"value": offered.key, "label": offered.label}


def _cell(value: Any, names: Names) -> dict[str, Any]:
    text = value_words(value, names)
    return {
        "text": text,
        "number": isinstance(value, Decimal | int) and not isinstance(value, bool),
        "long": len(text) > LONG,
    }


def _more_than(count: int) -> str:
    return _("more than {n} rows").format(n=f"{count:,}")
