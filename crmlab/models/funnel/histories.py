"""What each opportunity went through: a table of opportunities, of stage events, or of both.

Where there are both, the row of an opportunity says what it is worth and whether it is closed; its
events say where it stands and since when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.currency import one_currency
from crmlab.models.funnel.columns import (
    LOST,
    WON,
    Flags,
    Moments,
    Numbers,
    amounts_of,
    codes_of,
    moments_of,
    outcomes_of,
    owners_of,
    unknown_moments,
)
from crmlab.models.funnel.events import DAY, Stayed, Told, events_of, in_their_time, told_by
from crmlab.models.funnel.remarks import Remark, at_odds, days_of, undated, without_amount
from crmlab.models.names import numbered
from crmlab.text import gettext as _
from crmlab.text import ngettext


@dataclass(frozen=True)
class Histories:
    """Opportunities up to a moment, a place for each in every array.

    Attributes:
        names: a column in which their names stand, each of them in its row of `row`.
        order: the stages, without `won`.
        place: the number of the stage that each stands in or was lost from; one past the last for
            what was won.
        amounts: in the currency of the file; not a number where nobody has entered one.
        created, closed: when it began, and when it was won or lost; `since`: when it came to where
            it stands. Not a time where that is not known or has not happened.
        owner: the number of its owner in `owners`; -1 for nobody.
        stayed: how long those that went on stayed in each stage.
        as_of: the last moment that counts.
        remarks: a sentence for each thing that is left out, missing or at odds with another.
        unseen: how many were open then and are left out, since only events could say where.
    """

    names: pd.Series
    row: Numbers
    order: tuple[str, ...]
    place: Numbers
    won: Flags
    lost: Flags
    amounts: NDArray[np.float64]
    created: Moments
    closed: Moments
    since: Moments
    owner: Numbers
    owners: tuple[str, ...]
    stayed: tuple[Stayed | None, ...]
    as_of: np.datetime64
    remarks: tuple[Remark, ...]
    unseen: int = 0

    def __len__(self) -> int:
        return len(self.row)

    @property
    def open(self) -> Flags:
        return ~(self.won | self.lost)


def days_between(begun: Moments, ended: Moments | np.datetime64) -> NDArray[np.float64]:
    """Days from one moment to another; not a number where one of them is not known."""
    apart = ended - begun
    return np.where(np.isnat(apart), np.nan, apart.view(np.int64) / DAY)


def histories(
    opportunities: pd.DataFrame | None,
    order: Sequence[str],
    *,
    entries: pd.DataFrame | None = None,
    as_of: pd.Timestamp | str | None = None,
) -> Histories:
    """The histories that a table of opportunities, of stage events, or both tell.

    Raises:
        ModelError: they tell of no opportunity, or a row makes no sense.
    """
    one_currency(opportunities, entries)
    until = _last_second(as_of)
    if opportunities is not None and len(opportunities):
        found = _of_rows(opportunities, tuple(order), entries, until)
    elif opportunities is None and entries is not None and len(entries):
        found = _of_events(entries, tuple(order), until)
    else:
        raise ModelError(_("There are no opportunities, so there is no funnel."))
    if not len(found):
        raise ModelError(
            _("By {day} there were no opportunities yet; take a later day.").format(
                day=str(found.as_of)[:10]
            )
        )
    return _with_remarks(found)


def _last_second(as_of: pd.Timestamp | str | None) -> np.datetime64 | None:
    """The last second that counts; a day counts to its end."""
    if as_of is None:
        return None
    said = pd.Timestamp(as_of).tz_localize(None)
    whole = pd.Timedelta(days=1, seconds=-1) if said == said.normalize() else pd.Timedelta(0)
    last: np.datetime64 = (said + whole).to_datetime64().astype("datetime64[s]")
    return last


def _of_events(
    entries: pd.DataFrame, order: tuple[str, ...], until: np.datetime64 | None
) -> Histories:
    if entries["opportunity_id"].hasnans:
        raise ModelError(
            _("Some events do not say which opportunity they are of; enter it, or leave them out.")
        )
    who, number = numbered(entries["opportunity_id"])
    events, remarks = events_of(entries, who, order, until)
    told = told_by(events, number, len(order))
    last = events.last_rows(number)
    if told.went_on.any():
        said = ngettext(
            "{n:,} opportunity has events after it was won or lost ({first}); its last event "
            "counts.",
            "{n:,} opportunities have events after they were won or lost ({first} first); their "
            "last event counts.",
            int(told.went_on.sum()),
        )
        remarks.append(Remark.on(said, entries["opportunity_id"], last[told.went_on]))
    amounts, owner = np.full(number, np.nan), np.full(number, -1)
    owners: tuple[str, ...] = ()
    if "amount" in entries:
        each = amounts_of(entries["amount"], entries["opportunity_id"])
        known = ~np.isnan(each)
        rows = last if known.all() else events.last_rows(number, known)
        amounts = np.where(rows < 0, np.nan, each[rows])
    if "owner" in entries:
        known = entries["owner"].notna().to_numpy()
        rows = last if known.all() else events.last_rows(number, known)
        codes, owners = owners_of(entries["owner"])
        owner = np.where(rows < 0, -1, codes[rows])
    return _kept(
        told.place >= 0,
        Histories(
            entries["opportunity_id"],
            last,
            order,
            told.place,
            told.won,
            told.lost,
            amounts,
            told.first,
            np.where(told.won | told.lost, told.since, unknown_moments(number)),
            told.since,
            owner,
            owners,
            told.stayed,
            until if until is not None else events.when.max().view("datetime64[s]"),
            tuple(remarks),
        ),
    )


def _of_rows(
    rows: pd.DataFrame,
    order: tuple[str, ...],
    entries: pd.DataFrame | None,
    until: np.datetime64 | None,
) -> Histories:
    names, number = pd.Index(rows["opportunity_id"]), len(rows)
    if not names.is_unique:
        twice = names[names.duplicated()][0]
        raise ModelError(
            _("The opportunity {id} stands there {n} times; keep one row for each.").format(
                id=twice, n=int((names == twice).sum())
            )
        )
    created, nothing = moments_of(rows["created_at"]), unknown_moments(number)
    said = moments_of(rows["closed_at"]) if "closed_at" in rows else nothing
    won, lost = outcomes_of(rows["outcome"])
    is_open = ~(won | lost)
    closing = np.where(is_open, nothing, said)
    told, reach, remarks = _told_of(entries, names, order, until, created, closing, won)
    now = until
    if now is None:
        now = np.fmax.reduce(np.concatenate([created, closing, reach]))
    # What was decided after that day was open on it. What is won and does not say when has an
    # event that says so, if it has events at all.
    unsaid = (told.place >= 0) & won & (until is not None)
    later = (won | lost) & np.where(np.isnat(closing), unsaid, closing > now) & ~(won & told.won)
    ended = np.where((won & told.won) | (lost & told.lost), told.since, nothing)
    remarks += at_odds(
        rows["opportunity_id"],
        is_open=is_open,
        created=created,
        closing=said,
        ended=np.where(later, nothing, ended),
    )
    won, lost = won & ~later, lost & ~later
    unseen = later & (told.place < 0)
    after = created > now
    remarks += _left_out(rows["opportunity_id"], after, unseen & ~after, now)
    place = _places(rows["stage"], order, told.place)
    if until is None:
        remarks += _otherwise(rows, order, told, won, lost)
    closed = np.where(np.isnat(closing) | (closing > now), ended, closing)
    there = ~(after | unseen)
    remarks += undated(rows["opportunity_id"], there & (won | lost), np.isnat(closed))
    # By days, since a day alone is its own first second.
    closed = np.where((won | lost) & ~(days_of(closed) < days_of(created)), closed, nothing)
    closed = np.where(closed < created, created, closed)
    owner, owners = owners_of(rows["owner"]) if "owner" in rows else (np.full(number, -1), ())
    return _kept(
        there,
        Histories(
            rows["opportunity_id"],
            np.arange(number),
            order,
            np.where(won, len(order), np.minimum(place, len(order) - 1)),
            won,
            lost,
            amounts_of(rows["amount"], rows["opportunity_id"])
            if "amount" in rows
            else np.full(number, np.nan),
            created,
            closed,
            told.since,
            owner,
            owners,
            told.stayed,
            now,
            tuple(remarks),
            int((unseen & ~after).sum()),
        ),
    )


def _told_of(
    entries: pd.DataFrame | None,
    names: pd.Index,
    order: tuple[str, ...],
    until: np.datetime64 | None,
    created: Moments,
    closing: Moments,
    won: Flags,
) -> tuple[Told, Moments, list[Remark]]:
    """What the events say of these opportunities, how far they reach, and remarks."""
    if entries is None:
        entries = pd.DataFrame({"opportunity_id": [], "stage": [], "entered_at": []})
    who = names.get_indexer(pd.Index(entries["opportunity_id"])).astype(np.int64)
    events, remarks = events_of(entries, who, order, until)
    events, reach, odd = in_their_time(
        events,
        entries["opportunity_id"],
        stages=len(order),
        created=created,
        closing=closing,
        won=won,
    )
    return told_by(events, len(names), len(order)), reach, remarks + odd


def _places(column: pd.Series, order: tuple[str, ...], by_events: Numbers) -> Numbers:
    """Where each stands: by its events, or by its row where it has none."""
    by_row = codes_of(column, [*order, WON, LOST], order)
    known = by_events >= 0
    if (~known & (by_row > len(order))).any():
        raise ModelError(
            _(
                "Some opportunities say 'lost' for their stage, so nobody can see where they were "
                "lost: keep the stage they had come to, or give their stage events too."
            )
        )
    return np.where(known, by_events, by_row)


def _otherwise(
    rows: pd.DataFrame, order: tuple[str, ...], told: Told, won: Flags, lost: Flags
) -> list[Remark]:
    """Those that stand elsewhere by their events than by their rows, or have ended otherwise."""
    names, last, found = rows["opportunity_id"], len(order) - 1, []
    by_row = codes_of(rows["stage"], [*order, WON, LOST], order)
    elsewhere = (told.place >= 0) & (by_row <= last) & (by_row != np.minimum(told.place, last))
    if elsewhere.any():
        said = ngettext(
            "{n:,} opportunity stands elsewhere by its last event than by its row; the event "
            "counts.",
            "{n:,} opportunities stand elsewhere by their last event than by their row; the events "
            "count.",
            int(elsewhere.sum()),
        )
        found.append(Remark.on(said, names, elsewhere))
    otherwise = (told.won & ~won) | (told.lost & ~lost)
    if otherwise.any():
        said = ngettext(
            "{n:,} opportunity has ended by its last event and not by its row, or otherwise "
            "({first}); the row counts.",
            "{n:,} opportunities have ended by their last event and not by their row, or otherwise "
            "({first} first); the rows count.",
            int(otherwise.sum()),
        )
        found.append(Remark.on(said, names, otherwise))
    return found


def _left_out(names: pd.Series, after: Flags, unseen: Flags, now: np.datetime64) -> list[Remark]:
    found, day = [], str(now)[:10]
    if after.any():
        said = ngettext(
            "{n:,} opportunity began after {day} and is left out.",
            "{n:,} opportunities began after {day} and are left out.",
            int(after.sum()),
        )
        found.append(Remark.on(said, names, after, day=day))
    if unseen.any():
        said = ngettext(
            "{n:,} opportunity was closed after {day} and is left out: only its stage events "
            "could say where it stood then.",
            "{n:,} opportunities were closed after {day} and are left out: only their stage "
            "events could say where they stood then.",
            int(unseen.sum()),
        )
        found.append(Remark.on(said, names, unseen, day=day))
    return found


def _kept(there: Flags, all_: Histories) -> Histories:
    """The histories that count."""
    if there.all():
        return all_
    names = ("row", "place", "won", "lost", "amounts", "created", "closed", "since", "owner")
    each: dict[str, Any] = {name: getattr(all_, name)[there] for name in names}
    return replace(all_, **each)


def _with_remarks(found: Histories) -> Histories:
    """With the remark on those that count and have no amount."""
    missing = without_amount(found.names, found.row, np.isnan(found.amounts))
    return replace(found, remarks=(*found.remarks, *missing))
