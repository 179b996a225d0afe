"""Looking around in the CRM: lists, the search, one record with its history and its timeline."""

from __future__ import annotations

from typing import Any

from crmlab.crm.access.browse import Page, Record, look, page
from crmlab.crm.access.history import Change, history
from crmlab.crm.access.search import USUAL, Hit, search
from crmlab.crm.access.timeline import Entry, read_timeline
from crmlab.crm.records import KINDS
from crmlab.errors import Refused
from crmlab.text import gettext as _
from crmlab.widgets.pressing import Forms
from crmlab.widgets.records_view import (
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
"""What is shown of a record."""

SOME = 20
"""Changes, or entries of a timeline, that are read at a time."""


class Looking(Window):
    """The part in which one looks around."""

    def clear(self) -> None:
        super().clear()
        self.listed: Page | None = None
        self.at_start = True
        self.hits: list[Hit] | None = None
        self._put_away()

    def _put_away(self) -> None:
        self.record: Record | None = None
        self.aspect = SAYS
        self.changes: list[Change] = []
        self.entries: list[Entry] = []
        self._older_changes: int | None = None
        self._older_entries: str | None = None
        self.stale = False
        self.drafts.pop(CHANGE, None)

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
            "hits": hits_view(self.hits) if self.hits is not None and not record else None,
            "record": record_view(record, self.names) if record else None,
            "aspect": self.aspect,
            "hidden": hidden_view(self.me(), shown.kind) if shown else [],
            "changes": history_view(self.changes, self.names),
            "entries": timeline_view(self.entries),
            "older": self._older_changes is not None
            if self.aspect == HISTORY
            else self._older_entries is not None,
            "stale": self.stale,
        }

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
        self.listed = None
        text = forms.get("search", {}).get("text", "")
        self.hits = search(self.sandbox, self.me(), text, at=self.now())
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
        """Turn to what a record says, to its history or to its timeline."""
        record = self.opened()
        self.aspect = aspect
        if aspect == HISTORY:
            self.changes = []
            self._read_history(record, None)
        elif aspect == TIMELINE:
            self.entries = []
            self._read_timeline(record, None)
        return "aspect"

    def do_older(self, _forms: Forms) -> str:
        """Further back."""
        record = self.opened()
        if self.aspect == HISTORY:
            self._read_history(record, self._older_changes)
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
