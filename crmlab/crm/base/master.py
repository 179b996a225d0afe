"""Making and changing base data: by form, within one's scope, seen before it is overwritten.

What weighs little holds at once. What weighs more is proposed, and holds when its reviewers have
said yes (`crmlab.crm.base.review`). How much a column weighs stands in `master.yaml`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import records, tables
from crmlab.crm.access.browse import out_of_reach
from crmlab.crm.access.history import stale
from crmlab.crm.access.on_record import on_record
from crmlab.crm.access.permissions import Scope, Who, denied, not_shown, permissions
from crmlab.crm.access.scopes import key_of, may_see, visible
from crmlab.crm.base.base_forms import BaseForm, Weight, filled, form_of, said
from crmlab.crm.base.duplicates import near
from crmlab.crm.base.ended import over
from crmlab.crm.base.waiting import WHOLE, still_waits
from crmlab.crm.booking.book import book, draft_of, new_key
from crmlab.crm.booking.numbering import next_number
from crmlab.crm.entered import cleaned, short
from crmlab.crm.labels import label
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables.types import plain
from crmlab.errors import Refused
from crmlab.procedures.conditions import Raw
from crmlab.text import gettext as _


@dataclass(frozen=True)
class Outcome:
    """What became of a form.

    Attributes:
        key: the record's key.
        version: its version now; None as long as it waits for its reviewers as a whole.
        waiting: the proposals that were made of what weighs more, by column.
    """

    key: str
    version: int | None
    waiting: dict[str, str] = field(default_factory=dict)


def create(
    sandbox: Sandbox,
    who: Who,
    kind: str,
    values: dict[str, Any],
    at: datetime,
    *,
    looked: bool = False,
) -> Outcome:
    """Make a record of base data.

    What weighs more and may stay empty at first is proposed; where a new record weighs as a
    whole (a price), all of it is.

    Args:
        kind: one of the kinds of `master.yaml`.
        values: the form's entries, by column.
        looked: whoever enters it has seen what is nearly the same, and it is another one.

    Raises:
        Denied: the seat may not make it, or not for this customer or branch.
        Refused: `fields` says what is wrong, all faults at once; also what is nearly the same
            in the CRM already, with its key, until `looked`.
    """
    form = form_of(kind)
    detail: dict[str, Any] = {"kind": kind, "looked": looked}
    with on_record(sandbox, who, "create", line="create", subject=kind, at=at, detail=detail) as (
        session,
        scope,
    ):
        _not_hidden(who, kind, values)
        entries, faults = _filled(session, form, values, whole=True)
        draft = draft_of(session, kind, None, entries)
        offers = {} if looked else _near(session, who, kind, form, entries)
        _refuse(form, {**offers, **draft.faults, **faults})
        if form.new.reviewers:
            key = detail["key"] = new_key(session, kind, draft)
            if place := _place(kind, draft.values):
                _reach(session, who, "create", scope, *place)
            text = json.dumps(_as_it_will_be(entries, draft.values), ensure_ascii=False)
            proposal = Proposed(kind, key, WHOLE, None, text, 0, form.new)
            return Outcome(key, None, {WHOLE: _propose(session, who, proposal, at)})
        later = {
            name: entry for name, entry in entries.items() if _may_wait(form, kind, name, entry)
        }
        at_once = {name: entry for name, entry in entries.items() if name not in later}
        key = detail["key"] = book(session, kind, None, at_once)
        _reach(session, who, "create", scope, kind, key)
        return _outcome(session, who, kind, form, key, later, at)


def change(
    sandbox: Sandbox,
    who: Who,
    kind: str,
    key: str,
    seen_version: int,
    changes: dict[str, Any],
    at: datetime,
) -> Outcome:
    """Change some columns of a record of base data, and propose those that weigh more.

    Args:
        seen_version: the version that whoever changes it has seen.
        changes: the entries that differ, by column; the others stay as they are.

    Raises:
        Denied: the record is not within the seat's reach, or one of the columns is not shown.
        StaleRecord: it was changed since that version; it says what, to what and by which seat.
        Refused: `fields` says what is wrong, all faults at once.
    """
    form = form_of(kind)
    key = cleaned(key).strip()
    detail: dict[str, Any] = {"kind": kind, "columns": [short(name) for name in changes]}
    with on_record(
        sandbox, who, "change", line="change", subject=key or kind, at=at, detail=detail
    ) as (session, scope):
        own = key_of(kind)
        row: Any = session.scalar(
            select(records.kind(kind)).where(own == key, visible(kind, scope, who))
        )
        if row is None:
            raise out_of_reach(who, "change", scope, kind, key)
        _not_hidden(who, kind, changes)
        if row.version != seen_version:
            raise stale(session, who, kind, key, seen_version)
        entries, faults = _filled(session, form, changes, whole=False)
        entries = {n: entry for n, entry in entries.items() if said(entry) != now(row, n)}
        barred = {
            **over(session, kind, row, entries, STANDARD.local(at).date()),
            **_barred(session, form, kind, key, entries),
        }
        possible = {n: entry for n, entry in entries.items() if not form.columns[n].fixed}
        draft = draft_of(session, kind, None, possible, existing_key=key)
        _refuse(form, {**barred, **draft.faults, **faults})
        later = {n: entry for n, entry in entries.items() if form.columns[n].reviewers}
        at_once = {n: entry for n, entry in entries.items() if n not in later}
        if at_once:
            book(session, kind, None, at_once, existing_key=key)
        return _outcome(session, who, kind, form, key, later, at)


def now(row: tables.Base, column: str) -> str | None:
    """What a record says now, as a proposal keeps it."""
    return said(plain(getattr(row, column)))


@dataclass(frozen=True)
class Proposed:
    """What goes to reviewers: a column of a record (or a `WHOLE` new one), and its weight."""

    kind: str
    key: str
    column: str
    before: str | None
    after: str | None
    version: int
    weight: Weight


def _outcome(
    session: Session,
    who: Who,
    kind: str,
    form: BaseForm,
    key: str,
    later: dict[str, Raw],
    at: datetime,
) -> Outcome:
    row: Any = session.get_one(records.kind(kind), key)
    session.flush()  # so that it has its new version
    waiting = {}
    for name, entry in later.items():
        weight = form.columns[name]
        proposal = Proposed(kind, key, name, now(row, name), said(entry), row.version, weight)
        waiting[name] = _propose(session, who, proposal, at)
    return Outcome(key, row.version, waiting)


def _propose(session: Session, who: Who, proposal: Proposed, at: datetime) -> str:
    number = next_number(session, "proposal")
    session.add(
        tables.Proposal(
            proposal_id=number,
            record=proposal.kind,
            key=proposal.key,
            column=proposal.column,
            before=proposal.before,
            after=proposal.after,
            version=proposal.version,
            reviews_needed=proposal.weight.reviewers,
            proposed_by=who.user_id,
            seat=who.seat,
            proposed_at=STANDARD.local(at),
        )
    )
    return number


def _filled(
    session: Session, form: BaseForm, values: dict[str, Any], *, whole: bool
) -> tuple[dict[str, Raw], dict[str, str]]:
    """The form's entries, with keys of records as the CRM writes them."""
    entries, faults = filled(form, values, whole=whole)
    for name, entry in entries.items():
        of = form.columns[name].record
        if of and entry:
            there = records.canonical(session, of, cleaned(str(entry)))
            entries[name] = there or entry
            waits = None if there else still_waits(session, of, cleaned(str(entry)))
            if waits and name not in faults:
                faults[name] = waits
    return entries, faults


def _may_wait(form: BaseForm, kind: str, name: str, entry: Raw) -> bool:
    """Whether a new record can be there before this column is agreed upon."""
    column = records.kind(kind).__mapper__.columns[name]
    can_be_empty = column.nullable or column.default is not None
    return bool(form.columns[name].reviewers) and can_be_empty and entry is not None


def _near(
    session: Session, who: Who, kind: str, form: BaseForm, entries: dict[str, Raw]
) -> dict[str, str]:
    """What is nearly the same, by column; of what the seat does not see, only that it is there."""
    offers = {}
    for name in form.near:
        found = near(session, kind, name, str(entries.get(name) or ""))
        known = [
            f"{item.key} {item.label}"
            if may_see(session, who, kind, item.key)
            else _("one that you do not see")
            for item in found
        ]
        if known:
            offers[name] = _(
                "Nearly the same is in the CRM already: {known}. Take it, or say that yours is "
                "another one."
            ).format(known="; ".join(known))
    return offers


def _barred(
    session: Session, form: BaseForm, kind: str, key: str, entries: dict[str, Raw]
) -> dict[str, str]:
    """A sentence for each column that stays, or that waits for its reviewers already."""
    proposals = select(tables.Proposal).where(
        tables.Proposal.record == kind,
        tables.Proposal.key == key,
        tables.Proposal.state == "open",
    )
    faults = {
        waits.column: _(
            "'{label}' is to become {after} already and waits for its reviewers ({proposal})."
        ).format(
            label=_(form.columns[waits.column].label),
            after=waits.after or _("empty"),
            proposal=waits.proposal_id,
        )
        for waits in session.scalars(proposals)
        if waits.column in entries
    }
    for name in entries:
        if form.columns[name].fixed:
            faults[name] = _("'{label}' stays as it was made; make another record.").format(
                label=_(form.columns[name].label)
            )
    return faults


def _not_hidden(who: Who, kind: str, values: dict[str, Any]) -> None:
    for name in sorted(permissions().hidden(who.seat, kind) & set(values)):
        raise not_shown(who, kind, name, label(name))


def _as_it_will_be(entries: dict[str, Raw], values: dict[str, Any]) -> dict[str, Raw]:
    """The entries of a new record, with what follows from the rest, for its reviewers to read."""
    follows = {name: said(plain(values.get(name))) for name, entry in entries.items() if not entry}
    return entries | {name: value for name, value in follows.items() if value is not None}


_PLACES = {"price": ("price_list", "price_list_id"), "price_list": ("customer", "customer_id")}
"""What says whose a record is that is not there yet: a price is where its list is."""


def _place(kind: str, values: dict[str, Any]) -> tuple[str, str] | None:
    """The record that says whose a new one is; None if it is there for everybody."""
    of, column = _PLACES[kind]
    return (of, values[column]) if values.get(column) else None


def _reach(session: Session, who: Who, operation: str, scope: Scope, kind: str, key: str) -> None:
    """See that what is made lies within the seat's reach.

    Raises:
        Denied: it does not.
    """
    if session.scalar(select(key_of(kind)).where(key_of(kind) == key, visible(kind, scope, who))):
        return
    reach = {
        Scope.OWN: _("you make base data for your own customers only"),
        Scope.BRANCH: _("you make base data for your branch's customers only"),
    }
    raise denied(who, operation, reach[scope])


def _refuse(form: BaseForm, faults: dict[str, str]) -> None:
    if faults:
        order = [name for name in form.columns if name in faults]
        sorted_faults = {name: faults[name] for name in dict.fromkeys([*order, *faults])}
        raise Refused(" ".join(sorted_faults.values()), sorted_faults)
