"""Looking around in the CRM: lists, the search, one record with its history and its timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crmlab.crm.access.browse import Page, Record, look, page
from crmlab.crm.access.history import Change, history
from crmlab.crm.access.permissions import Scope, permissions, seat_name
from crmlab.crm.access.search import USUAL, Hit, search
from crmlab.crm.access.timeline import Entry, read_timeline
from crmlab.crm.records import KINDS
from crmlab.errors import Refused
from crmlab.text import gettext as _
from crmlab.widgets.pressing import Forms
from crmlab.widgets.records_view import (
    STANDS_ON,
    hidden_view,
    history_view,
    hits_view,
    list_view,
    record_view,
    timeline_view,
)
from crmlab.widgets.records_window import LOOK, Window
from crmlab.widgets.records_words import kind_words

SAYS, CHANGE, HISTORY, TIMELINE = "says", "change", "history", "timeline"
ON_IT = "on_it"
"""What is shown of a record; `ON_IT` are the prices of a list."""

NOTE = "note"
"""The form for an entry on a timeline."""

SOME = 20
"""Changes, or entries of a timeline, that are read at a time."""


class Looking(Window):
    """The part in which one looks around."""

    def clear(self) -> None:
        super().clear()
        self.listed: Page | None = None
        self.at_start = True
        self.hits: list[Hit] | None = None
        self.found_for = ""
        self._put_away()

    def _put_away(self) -> None:
        self.record: Record | None = None
        self.aspect = SAYS
        self.changes: list[Change] = []
        self.entries: list[Entry] = []
        self.on_it: Page | None = None
        self._older_changes: int | None = None
        self._older_entries: str | None = None
        self.stale = False
        for form in (CHANGE, NOTE):
            self.drafts.pop(form, None)

    def context(self) -> dict[str, Any]:
        here = self.part == LOOK
        record = self.record if here else None
        listed = self.listed if here and not record else None
        asked = self.drafts.get("look", {}).get("kind", next(iter(KINDS)))
        shown = record or listed
        return {
            **super().context(),
            "kinds": [
                {"value": kind, "label": kind_words(kind), "here": kind == asked} for kind in KINDS
            ],
            "sought": self.drafts.get("search", {}).get("text", ""),
            "search_error": self.errors.get("search", {}).get("text", ""),
            "listed": list_view(listed, self.names, whole=self.at_start) if listed else None,
            "searched": ", ".join(kind_words(kind).lower() for kind in USUAL),
            "found_for": self.found_for,
            "further": self._who_sees_further(),
            "hits": hits_view(self.hits) if self.hits is not None and not record else None,
            "record": record_view(record, self.names) if record else None,
            "aspect": self.aspect,
            "hidden": hidden_view(self.me(), shown.kind) if shown else [],
            "changes": history_view(self.changes, self.names),
            "entries": timeline_view(self.entries),
            "on_it": self._on_it_view() if record and self.aspect == ON_IT else None,
            "older": self._older(),
            "stale": self.stale,
        }

    def _who_sees_further(self) -> str:
        """Whom one asks whose search does not reach everything; empty if it does."""
        known = permissions()
        if self.who is None or known.scope(self.who.seat, "search") is Scope.ALL:
            return ""
        return seat_name(known.entry(self.who.seat).ask)

    def do_list(self, forms: Forms, kind: str = "") -> str:
        """A list from its start: the one that is chosen, or this one."""
        self._put_away()
        self.hits = None
        if kind:
            self.drafts["look"] = {"kind": kind}
        kind = kind or forms.get("look", {}).get("kind", "")
        self.listed, self.at_start = page(self.sandbox, self.me(), kind, at=self.now()), True
        return "list"

    def do_more(self, _forms: Forms) -> str:
        """The next page of the list."""
        assert self.listed is not None  # what is pressed stands below it
        kind, after = self.listed.kind, self.listed.next
        self.listed = page(self.sandbox, self.me(), kind, at=self.now(), after=after)
        self.at_start = False
        return "list"

    def do_start(self, _forms: Forms) -> str:
        """Back to the first page of the list."""
        assert self.listed is not None
        kind = self.listed.kind
        self.listed, self.at_start = page(self.sandbox, self.me(), kind, at=self.now()), True
        return "list"

    def do_search(self, forms: Forms) -> str:
        """Search for a text."""
        self.form = "search"
        self._put_away()
        self.listed = self.hits = None
        text = forms.get("search", {}).get("text", "")
        self.hits = search(self.sandbox, self.me(), text, at=self.now())
        self.found_for = text.strip()
        return "hits"

    def do_open(self, _forms: Forms, kind: str, key: str) -> str:
        """Look at one record."""
        self._put_away()
        self.part = LOOK
        self.record = look(self.sandbox, self.me(), kind, key, at=self.now())
        return "record"

    def do_close(self, _forms: Forms) -> str:
        """Back to where the record was found."""
        self._put_away()
        return "hits" if self.hits is not None else "list"

    def do_aspect(self, _forms: Forms, aspect: str) -> str:
        """Turn to what a record says, to its history, its timeline, or what stands on it."""
        record = self.opened()
        self.aspect = aspect
        if aspect == HISTORY:
            self.changes = []
            self._read_history(record, None)
        elif aspect == TIMELINE:
            self.entries = []
            self._read_timeline(record, None)
        elif aspect == ON_IT:
            self.on_it = None
            self._read_on_it(record)
        return "aspect"

    def do_older(self, _forms: Forms) -> str:
        """Further back."""
        record = self.opened()
        if self.aspect == HISTORY:
            self._read_history(record, self._older_changes)
        elif self.aspect == ON_IT:
            self._read_on_it(record)
        else:
            self._read_timeline(record, self._older_entries)
        return "older"

    def opened(self) -> Record:
        """The record that is open.

        Raises:
            Refused: none is.
        """
        if self.record is None:
            raise Refused(_("Open a record first."))
        return self.record

    def _older(self) -> bool:
        """Whether there is more than what was read."""
        if self.aspect == ON_IT:
            return self.on_it is not None and self.on_it.next is not None
        if self.aspect == HISTORY:
            return self._older_changes is not None
        return self._older_entries is not None

    def _on_it_view(self) -> dict[str, Any] | None:
        if self.on_it is None:
            return None
        _kind, on, by = STANDS_ON[self.opened().kind]
        return list_view(self.on_it, self.names, whole=True, on=on, by=by)

    def _read_on_it(self, record: Record) -> None:
        """What stands on the record, a page more than what was read already."""
        before = self.on_it
        kind, column, _by = STANDS_ON[record.kind]
        found = page(
            self.sandbox,
            self.me(),
            kind,
            at=self.now(),
            after=before.next if before else None,
            filters={column: record.key},
        )
        self.on_it = replace(found, rows=[*(before.rows if before else ()), *found.rows])

    def _read_history(self, record: Record, before: int | None) -> None:
        found = history(
            self.sandbox,
            self.me(),
            record.kind,
            record.key,
            at=self.now(),
            before=before,
            size=SOME,
        )
        self.changes, self._older_changes = [*self.changes, *found.changes], found.next

    def _read_timeline(self, record: Record, before: str | None) -> None:
        found = read_timeline(
            self.sandbox, self.me(), record.key, at=self.now(), before=before, size=SOME
        )
        self.entries, self._older_entries = [*self.entries, *found.entries], found.next
