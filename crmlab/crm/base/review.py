"""Maker and checker: what was proposed holds when others have said yes to it.

Nobody reviews a change of their own, nobody counts twice, and only the seats that `master.yaml`
names count. The last yes that is needed makes the change, in the same transaction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import records, tables
from crmlab.crm.access.browse import check_size
from crmlab.crm.access.history import stale_column
from crmlab.crm.access.on_record import on_record
from crmlab.crm.access.permissions import Who, permissions, seat_name
from crmlab.crm.access.scopes import visible
from crmlab.crm.base.base_forms import Weight, base_forms
from crmlab.crm.base.ended import over
from crmlab.crm.base.master import now
from crmlab.crm.base.waiting import WHOLE
from crmlab.crm.booking.book import book
from crmlab.crm.entered import cleaned, short
from crmlab.crm.labels import label
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Denied, Refused
from crmlab.procedures.forms import free_text
from crmlab.text import gettext as _

OPEN, ACCEPTED, REJECTED = "open", "accepted", "rejected"
"""What becomes of a proposal."""

LARGEST_PAGE = 200
"""The most proposals that are read at a time."""

LONGEST_NOTE = 2000


@dataclass(frozen=True)
class Waiting:
    """A proposal that waits for its reviewers.

    Attributes:
        column: the column, or `WHOLE`; `label`: what it is called.
        before, after: as text; of a whole new record, `after` is its columns.
        seat: where it was proposed.
        still_needed: how many more have to say yes; `by`: in which seats they sit.
        yours: it waits for whoever asks.
    """

    proposal_id: str
    kind: str
    key: str
    column: str
    label: str
    before: str | None
    after: str | dict[str, Any] | None
    seat: str
    proposed_at: datetime
    still_needed: int
    by: list[str]
    yours: bool


@dataclass(frozen=True)
class Waitings:
    """A page of them, the oldest first; `next` is where the next page goes on (`after`)."""

    rows: list[Waiting]
    next: str | None


@dataclass(frozen=True)
class Verdict:
    """What a proposal has come to: its state, and how many more have to say yes."""

    state: str
    still_needed: int


def review(
    sandbox: Sandbox, who: Who, proposal_id: str, accepts: bool, note: str, at: datetime
) -> Verdict:
    """Say yes or no to what somebody else has proposed.

    Args:
        note: why; a no needs one.

    Raises:
        Denied: the seat does not review this, or the record is not within its scope.
        StaleRecord: what would be changed is no longer what it was; say no, and propose it anew.
        Refused: it is one's own, or closed, or reviewed by this person already; or the change
            can no longer be made, and `fields` says why.
    """
    number = cleaned(proposal_id).strip()
    detail: dict[str, Any] = {"accepts": accepts}
    with on_record(
        sandbox, who, "review", line="review", subject=number or "proposal", at=at, detail=detail
    ) as (session, scope):
        query = select(tables.Proposal).where(
            tables.Proposal.proposal_id == number, visible("proposal", scope, who)
        )
        proposal = session.scalar(query)
        if proposal is None:
            raise Refused(
                _("There is no proposal '{number}' for you to review.").format(number=short(number))
            )
        detail.update(kind=proposal.record, key=proposal.key, column=proposal.column)
        _may_review(session, who, proposal)
        said = _note(note, accepts)
        if accepts:
            _still_true(session, who, proposal)
            _not_over(session, proposal, at)
        session.add(
            tables.Review(
                proposal_id=number,
                user_id=who.user_id,
                seat=who.seat,
                accepts=accepts,
                note=said,
                reviewed_at=STANDARD.local(at),
            )
        )
        session.flush()
        needed = (
            0 if not accepts else proposal.reviews_needed - len(_yes(session, [number])[number])
        )
        if not accepts:
            proposal.state = REJECTED
        elif needed <= 0:
            _make(session, proposal)
            proposal.state = ACCEPTED
        return Verdict(proposal.state, max(needed, 0) if accepts else 0)


def open_proposals(
    sandbox: Sandbox, who: Who, *, at: datetime, after: str | None = None, size: int = 50
) -> Waitings:
    """What waits for its reviewers within the seat's scope, the oldest first; on record.

    Raises:
        Denied: the seat sees no records.
        Refused: the size is out of bounds.
    """
    check_size(size, LARGEST_PAGE)
    proposals = tables.Proposal
    detail: dict[str, Any] = {"after": short(after), "size": size}
    with on_record(sandbox, who, "see", line="list", subject="proposal", at=at, detail=detail) as (
        session,
        scope,
    ):
        query = select(proposals).where(proposals.state == OPEN, visible("proposal", scope, who))
        if after is not None:
            query = query.where(proposals.proposal_id > cleaned(after))
        for hidden in permissions().shown_to:
            kind, _dot, column = hidden.partition(".")
            if column in permissions().hidden(who.seat, kind):
                query = query.where((proposals.record != kind) | (proposals.column != column))
        found = list(session.scalars(query.order_by(proposals.proposal_id).limit(size + 1)))
        yes = _yes(session, [proposal.proposal_id for proposal in found[:size]])
        rows = [_waiting(who, proposal, yes[proposal.proposal_id]) for proposal in found[:size]]
        detail["rows"] = len(rows)
        return Waitings(rows, rows[-1].proposal_id if len(found) > size else None)


def _waiting(who: Who, proposal: tables.Proposal, yes: set[str]) -> Waiting:
    weight = _weight(proposal)
    whole = proposal.column == WHOLE
    mine = who.user_id in {proposal.proposed_by, *yes}  # nobody has said no, or it would be closed
    return Waiting(
        proposal_id=proposal.proposal_id,
        kind=proposal.record,
        key=proposal.key,
        column=proposal.column,
        label=_(base_forms()[proposal.record].title) if whole else label(proposal.column),
        before=proposal.before,
        after=json.loads(proposal.after or "{}") if whole else proposal.after,
        seat=proposal.seat,
        proposed_at=proposal.proposed_at,
        still_needed=proposal.reviews_needed - len(yes),
        by=list(weight.by),
        yours=not mine and who.seat in weight.by,
    )


def _weight(proposal: tables.Proposal) -> Weight:
    form = base_forms()[proposal.record]
    return form.new if proposal.column == WHOLE else form.columns[proposal.column]


def _may_review(session: Session, who: Who, proposal: tables.Proposal) -> None:
    weight = _weight(proposal)
    if proposal.state != OPEN:
        states = {ACCEPTED: _("accepted"), REJECTED: _("rejected")}
        raise Refused(
            _("{proposal} is closed already: it was {state}.").format(
                proposal=proposal.proposal_id, state=states[proposal.state]
            )
        )
    if who.seat not in weight.by:
        raise Denied(
            _("As {seat} you do not review this; these do: {seats}.").format(
                seat=seat_name(who.seat), seats=", ".join(seat_name(seat) for seat in weight.by)
            ),
            rule=f"master.{proposal.record}.{proposal.column}",
            ask=weight.by[0],
        )
    if proposal.proposed_by == who.user_id:
        raise Refused(
            _("You have proposed {proposal} yourself; somebody else reviews it.").format(
                proposal=proposal.proposal_id
            )
        )
    if _has_reviewed(session, who, proposal):
        raise Refused(
            _("You have said yes to {proposal} already; it waits for somebody else.").format(
                proposal=proposal.proposal_id
            )
        )


def _has_reviewed(session: Session, who: Who, proposal: tables.Proposal) -> bool:
    return session.get(tables.Review, (proposal.proposal_id, who.user_id)) is not None


def _note(note: str, accepts: bool) -> str | None:
    try:
        said = free_text(_("Reason"), note, LONGEST_NOTE)
    except ValueError as fault:
        raise Refused(str(fault), {"note": str(fault)}) from None
    if not said and not accepts:
        sentence = _("Say why not, so that whoever proposed it knows what to put right.")
        raise Refused(sentence, {"note": sentence})
    return said or None


def _still_true(session: Session, who: Who, proposal: tables.Proposal) -> None:
    """See that the record still says what it did when the change was proposed."""
    if proposal.column == WHOLE:
        return
    row = session.get_one(records.kind(proposal.record), proposal.key)
    if now(row, proposal.column) != proposal.before:
        raise stale_column(session, who, proposal)


def _not_over(session: Session, proposal: tables.Proposal, at: datetime) -> None:
    """See that the record has not become history since the change of it was proposed."""
    if proposal.column == WHOLE:
        return
    row = session.get_one(records.kind(proposal.record), proposal.key)
    today = STANDARD.local(at).date()
    if faults := over(session, proposal.record, row, [proposal.column], today):
        raise Refused(" ".join(faults.values()), faults)


def _yes(session: Session, proposals: list[str]) -> dict[str, set[str]]:
    """Who has said yes, by proposal."""
    reviews = select(tables.Review.proposal_id, tables.Review.user_id).where(
        tables.Review.proposal_id.in_(proposals), tables.Review.accepts.is_(True)
    )
    yes: dict[str, set[str]] = {proposal: set() for proposal in proposals}
    for proposal, user in session.execute(reviews):
        yes[proposal].add(user)
    return yes


def _make(session: Session, proposal: tables.Proposal) -> None:
    """Make the change that was agreed upon."""
    if proposal.column == WHOLE:
        book(session, proposal.record, proposal.key, json.loads(proposal.after or "{}"))
    else:
        columns = {proposal.column: proposal.after}
        book(session, proposal.record, None, columns, existing_key=proposal.key)
