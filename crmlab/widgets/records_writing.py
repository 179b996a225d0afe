"""Writing in the CRM: a record is changed or entered, a timeline is added to, and what others
propose is reviewed."""

from __future__ import annotations

from typing import Any

from crmlab.crm.access.beforehand import denial_of
from crmlab.crm.access.browse import look
from crmlab.crm.access.noting import note_contact
from crmlab.crm.access.permissions import barred
from crmlab.crm.base.base_forms import base_forms
from crmlab.crm.base.master import Outcome, change, create
from crmlab.crm.base.review import ACCEPTED, REJECTED, Waitings, open_proposals, review
from crmlab.crm.base.waiting import WHOLE
from crmlab.crm.labels import label
from crmlab.errors import CrmlabError, StaleRecord
from crmlab.text import gettext as _
from crmlab.widgets.pressing import Forms
from crmlab.widgets.records_looking import CHANGE, NOTE, SAYS, TIMELINE, Looking
from crmlab.widgets.records_view import (
    STANDS_ON,
    contact_form,
    entries_of,
    form_kinds,
    form_view,
    said_so_far,
    waiting_view,
    weight_view,
)
from crmlab.widgets.records_window import ENTER, REVIEW
from crmlab.widgets.records_words import denial_words, seats_words

CREATE = "create"
"""The form for something new."""


class Writing(Looking):
    """The parts in which one writes."""

    def clear(self) -> None:
        super().clear()
        self.entering = next(iter(base_forms()))
        self.may_not = ""
        self.near = False
        self.made: tuple[str, str] | None = None
        self.waiting: Waitings | None = None

    def context(self) -> dict[str, Any]:
        told = super().context()
        changing = told["record"] is not None and self.aspect == CHANGE
        noting = told["record"] is not None and self.aspect == TIMELINE
        entering = self.who is not None and self.part == ENTER
        reviewing = self.waiting is not None and self.part == REVIEW
        return {
            **told,
            "note_fields": contact_form(
                self.drafts.get(NOTE, {}), self.errors.get(NOTE, {}), told["now"]
            )
            if noting and not self.may_not
            else [],
            "may_not": self.may_not,
            "can_enter": ENTER in self.parts,
            "change_fields": self._fields(self.opened().kind, CHANGE)
            if changing and not self.may_not
            else [],
            "form_kinds": form_kinds(self.entering),
            "entering": {
                "kind": self.entering,
                "title": _(base_forms()[self.entering].title),
                "fields": self._fields(self.entering, CREATE),
                "near": self.near,
                "weight": weight_view(self.entering),
                "may_not": denial_words(denial) if (denial := barred(self.me(), "create")) else "",
            }
            if entering
            else None,
            "made": {"kind": self.made[0], "key": self.made[1]} if self.made else None,
            "waiting": [
                waiting_view(waits, self.names, self.me())
                | {
                    "note": self.drafts.get(_note_form(waits.proposal_id), {}).get("note", ""),
                    "error": self.errors.get(_note_form(waits.proposal_id), {}).get("note", ""),
                }
                for waits in self.waiting.rows
            ]
            if self.waiting and reviewing
            else [],
            "reviewing": reviewing,
        }

    def _may_not(self, operation: str | None) -> str:
        """Why the record that is open has no form for this; empty if it has."""
        if operation is None:
            return ""
        record = self.opened()
        denial = denial_of(self.sandbox, self.me(), operation, record.kind, record.key)
        return denial_words(denial) if denial else ""

    def _fields(self, kind: str, form: str) -> list[dict[str, Any]]:
        entries, errors = self.drafts.get(form, {}), self.errors.get(form, {})
        is_new = form == CREATE
        return form_view(self.sandbox, self.me(), kind, entries, errors, is_new=is_new)

    # A change

    def do_aspect(self, forms: Forms, aspect: str) -> str:
        """Turn to what a record says, to its form, its history or its timeline."""
        if aspect == CHANGE:
            self.drafts.setdefault(CHANGE, entries_of(self.opened()))
        # Asked once: a form that somebody has begun does not go away under their hands.
        self.may_not = self._may_not({CHANGE: "change", TIMELINE: "note"}.get(aspect))
        return super().do_aspect(forms, aspect)

    def do_change(self, _forms: Forms) -> str:
        """Hand in what differs from what the record said when it was opened."""
        self.form = CHANGE
        record = self.opened()
        before, now = entries_of(record), self.drafts[CHANGE]
        given = {name: text for name, text in now.items() if text != before.get(name)}
        if not given:
            self.notice = _("Nothing differs from what the record says, so nothing was handed in.")
            return "notice"
        kind, key = record.kind, record.key
        done = change(self.sandbox, self.me(), kind, key, record.version or 0, given, self.now())
        self.drafts.pop(CHANGE)
        self.record = look(self.sandbox, self.me(), kind, key, at=self.now())
        self.aspect, self.stale = SAYS, False
        at_once = [name for name in given if name not in done.waiting]
        self.notice = _outcome(kind, done, at_once)
        return "notice"

    def do_fresh(self, _forms: Forms) -> str:
        """Look at the record again; what one has entered oneself stays in the form."""
        record = self.opened()
        before, mine = entries_of(record), self.drafts.get(CHANGE, {})
        self.record = look(self.sandbox, self.me(), record.kind, record.key, at=self.now())
        own = {name: text for name, text in mine.items() if text != before.get(name)}
        self.drafts[CHANGE] = {**entries_of(self.record), **own}
        self.stale = False
        self.notice = _(
            "This is what the record says now. What you entered is kept: look at it, and save it "
            "again if it still holds."
        )
        return "aspect"

    # An entry on a timeline

    def do_note(self, _forms: Forms) -> str:
        """Add a call, a message, a visit or a comment to the timeline that is open."""
        self.form = NOTE
        record = self.opened()
        note_contact(self.sandbox, self.me(), record.key, self.drafts[NOTE], at=self.now())
        self.drafts.pop(NOTE)
        self.entries = []
        self._read_timeline(record, None)
        self.notice = _("It is on the timeline of {key} now.").format(key=record.key)
        return "notice"

    # Something new

    def do_enter(self, _forms: Forms, kind: str, on: str = "") -> str:
        """Take the form for another kind of record; `on`: the record that it will stand on."""
        self.entering, self.near, self.made = kind, False, None
        self.drafts.pop(CREATE, None)
        if on:
            self.part = ENTER
            self.drafts[CREATE] = {
                column: on for of, column, _by in STANDS_ON.values() if of == kind
            }
        return "part"

    def do_create(self, _forms: Forms, looked: str = "") -> str:
        """Enter it; `looked`: what is nearly the same has been seen, and it is another one."""
        self.form = CREATE
        self.made = None
        form = base_forms()[self.entering]
        entered = {name: text for name, text in self.drafts[CREATE].items() if text.strip()}
        self.near = any(name in entered for name in form.near)
        done = create(
            self.sandbox, self.me(), self.entering, entered, self.now(), looked=bool(looked)
        )
        self.near = False
        self.drafts.pop(CREATE)
        self.notice = _outcome(self.entering, done, at_once=[done.key] if done.version else [])
        self.made = (self.entering, done.key) if done.version else None
        return "notice"

    # What others propose

    def do_part(self, forms: Forms, part: str) -> str:
        """Turn to another part; what waits for reviewers is read when one turns to it."""
        self.made = None
        focus = super().do_part(forms, part)
        if part == REVIEW:
            self._read_waiting()
        return focus

    def do_say(self, _forms: Forms, proposal: str, word: str) -> str:
        """Say yes or no to a proposal."""
        self.form = _note_form(proposal)
        note = str(self.drafts.get(self.form, {}).get("note") or "")
        known = {waits.proposal_id: waits for waits in self.waiting.rows} if self.waiting else {}
        done = review(self.sandbox, self.me(), proposal, word == "yes", note, self.now())
        self.drafts.pop(self.form, None)
        self._read_waiting()
        self.notice = {
            ACCEPTED: _("{proposal} is accepted, and the change holds from now on."),
            REJECTED: _("{proposal} is rejected; everything stays as it was."),
        }.get(done.state, _("Your yes to {proposal} is on record. {stands}")).format(
            proposal=proposal, stands=said_so_far(known[proposal], done.still_needed)
        )
        return "notice"

    def refused(self, refusal: CrmlabError, action: str) -> str:
        """A record that was changed meanwhile can be looked at again, with one's own entries."""
        self.stale = isinstance(refusal, StaleRecord) and self.form == CHANGE
        beside = super().refused(refusal, action)
        if self.form == CREATE:
            faults, near = self.errors.get(CREATE, {}), base_forms()[self.entering].near
            self.near = self.near and bool(faults) and set(faults) <= set(near)
        return beside

    def _read_waiting(self) -> None:
        self.waiting = open_proposals(self.sandbox, self.me(), at=self.now())


def _note_form(proposal: str) -> str:
    return f"review-{proposal}"


def _outcome(kind: str, done: Outcome, at_once: list[str]) -> str:
    """What became of a form, in a sentence or two."""
    told = []
    if at_once == [done.key]:
        told.append(_("{key} is there now.").format(key=done.key))
    elif at_once:
        names = ", ".join(label(name) for name in at_once)
        told.append(_("Saved: {columns}.").format(columns=names))
    form = base_forms()[kind]
    for column, number in done.waiting.items():
        weight = form.new if column == WHOLE else form.columns[column]
        told.append(
            _("{what} waits for review by {seats} ({number}).").format(
                what=done.key if column == WHOLE else label(column),
                seats=seats_words(weight.by),
                number=number,
            )
        )
    return " ".join(told) or _("Everything stands there already; nothing was changed.")
