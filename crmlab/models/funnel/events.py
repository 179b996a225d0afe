"""What stage events say: where each opportunity stands, since when, and how long stages take.

Millions of events are dealt out to their opportunities as a sparse matrix puts its cells into rows,
in one pass and without a sort: a key of moment and stage for each. Only histories that the file
tells out of order are sorted; the events of one moment then lie in the order of the stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from crmlab.errors import ModelError
from crmlab.models.funnel.columns import (
    LOST,
    WON,
    Flags,
    Moments,
    Numbers,
    codes_of,
    moments_of,
    unknown_moments,
)
from crmlab.models.funnel.remarks import Remark, days_of
from crmlab.models.names import Whole, kind_below
from crmlab.text import gettext as _
from crmlab.text import ngettext

ENOUGH = 10
"""From so many stays on, one may speak of nine of ten."""

DAY = 86_400
"""Seconds."""


@dataclass(frozen=True)
class Events:
    """Stage events that count, in any order.

    Attributes:
        who: the number of its opportunity.
        when: the second.
        where: the number of its stage; two more for won and lost.
        kept: which rows of the table they are.
    """

    who: Whole
    when: Numbers
    where: Whole
    kept: slice | Flags

    def __len__(self) -> int:
        return len(self.who)

    def only(self, these: Flags) -> Events:
        """Those of them that are marked."""
        if these.all():
            return self
        kept = these if isinstance(self.kept, slice) else self.in_the_table(these)
        return Events(self.who[these], self.when[these], self.where[these], kept)

    def in_the_table(self, these: Flags) -> Flags:
        """Which rows of the table those are that are marked among the events."""
        if isinstance(self.kept, slice):
            return these
        rows = self.kept.copy()
        rows[rows] = these
        return rows

    def last_rows(self, number: int, known: Flags | None = None) -> Numbers:
        """The row of the last event of each opportunity, of those that `known` marks; or -1."""
        found = np.full(number, -1)
        at: Any = slice(None) if known is None else np.flatnonzero(known[self.kept])
        if (self.when[1:] < self.when[:-1]).any():
            at = np.arange(len(self))[at]
            at = at[np.argsort(self.when[at], kind="stable")]
        rows = np.arange(len(self)) if isinstance(self.kept, slice) else np.flatnonzero(self.kept)
        found[self.who[at]] = rows[at]  # of several for one place, the last one stays
        return found


@dataclass(frozen=True)
class Stayed:
    """How long those that went on from a stage have stayed in it, in days.

    Attributes:
        ninth: nine of ten stayed no longer; None with fewer than ten of them.
    """

    median: float
    ninth: float | None


@dataclass(frozen=True)
class Told:
    """What the events of each opportunity say, a place for each in every array.

    Attributes:
        place: the number of the stage it stands in, or was lost from; one past the last for what
            was won; -1 without an event.
        won, lost: by its last event.
        first, since: the moments of its first event, and of coming to where it stands (or of being
            won or lost); not a time without an event.
        stayed: by stage; None where nobody has gone on.
        went_on: had an event after being won or lost.
    """

    place: Numbers
    won: Flags
    lost: Flags
    first: Moments
    since: Moments
    stayed: tuple[Stayed | None, ...]
    went_on: Flags


def events_of(
    entries: pd.DataFrame, who: Whole, order: Sequence[str], until: np.datetime64 | None
) -> tuple[Events, list[Remark]]:
    """The events that count, and a remark on those that do not.

    Args:
        entries: `stage` (one of `order`, won or lost) and `entered_at`, in any order.
        who: the number of each event's opportunity; -1 for one that is not known.
        until: the last moment that counts.

    Raises:
        ModelError: an event without a moment, or a stage that is not known.
    """
    where = codes_of(entries["stage"], [*order, WON, LOST], order)
    moments = moments_of(entries["entered_at"])
    if np.isnat(moments).any():
        raise ModelError(_("Some events do not say when they happened: enter it."))
    when = moments.view(np.int64)
    names, remarks, counted = entries["opportunity_id"], [], np.ones(0, dtype=bool)
    strange = int((who < 0).sum())
    if len(who) and strange == len(who):
        raise ModelError(
            _(
                "No event is of an opportunity that is in the file ('{name}' is the first). Write "
                "the numbers of opportunities in one way in both files, zeros in front too."
            ).format(name=names.iloc[0])
        )
    if strange:
        counted = who >= 0
        said = ngettext(
            "{n:,} event is of an opportunity that is not in the file, and is left out.",
            "{n:,} events are of opportunities that are not in the file, and are left out.",
            strange,
        )
        remarks.append(Remark.on(said, names, ~counted))
    if until is not None and (late := moments > until).any():
        counted = ~late & counted if strange else ~late
        said = ngettext(
            "{n:,} event came after {day} and is left out.",
            "{n:,} events came after {day} and are left out.",
            int(late.sum()),
        )
        remarks.append(Remark.on(said, names, late, day=str(until)[:10]))
    if not remarks:
        return Events(who, when, where, slice(None)), remarks
    return Events(who[counted], when[counted], where[counted], counted), remarks


def in_their_time(
    events: Events,
    names: pd.Series,
    *,
    stages: int,
    created: Moments,
    closing: Moments,
    won: Flags,
) -> tuple[Events, Moments, list[Remark]]:
    """The events that fit the rows of their opportunities, and remarks on those that do not.

    What came after the closing is left out, but for the event that says the same close itself.

    Args:
        names: of the table of events, a name for each row.
        created, closing, won: by the row of each opportunity; no time while it is open.

    Returns:
        Also the moments that tell how far the file reaches: none after a closing is among them.
    """
    remarks = []
    when = events.when.view("datetime64[s]")
    day, begun, ended = days_of(when), days_of(created), days_of(closing)
    if (early := day < begun[events.who]).any():
        said = ngettext(
            "{n:,} event lies before its opportunity began ({first}): the times in stages count "
            "it, the days from start to close begin with the row.",
            "{n:,} events lie before their opportunities began ({first} first): the times in "
            "stages count them, the days from start to close begin with the row.",
            int(early.sum()),
        )
        remarks.append(Remark.on(said, names, events.in_the_table(early)))
    after = day > ended[events.who]
    same_end = events.where == np.where(won, stages, stages + 1)[events.who]
    if (strange := after & ~same_end).any():
        said = ngettext(
            "{n:,} event came after its opportunity was closed ({first}), and is left out.",
            "{n:,} events came after their opportunities were closed ({first} first), and are left "
            "out.",
            int(strange.sum()),
        )
        remarks.append(Remark.on(said, names, events.in_the_table(strange)))
    return events.only(~strange), when[~after], remarks


def told_by(events: Events, number: int, stages: int) -> Told:
    """What events say of so many opportunities in so many stages.

    Raises:
        ModelError: most of them go back, so the stages are not in their order.
    """
    place, first, since = np.full(number, -1), unknown_moments(number), unknown_moments(number)
    won, lost = np.zeros(number, dtype=bool), np.zeros(number, dtype=bool)
    if not len(events):
        return Told(place, won, lost, first, since, (None,) * stages, won)
    for_stage = (stages + 1).bit_length()
    keys, bounds = _histories_of(events.who, (events.when << for_stage) | events.where, number)
    where = (keys & ((1 << for_stage) - 1)).astype(np.int8)
    same = _same(bounds)
    again = same & (where[1:] == where[:-1])
    if again.any():  # entered twice: the first time counts
        kept = np.append(True, ~again)
        keys, where, bounds = keys[kept], where[kept], np.append(0, np.cumsum(kept))[bounds]
        same = _same(bounds)
    here = np.flatnonzero(bounds[1:] > bounds[:-1])
    begins, ends = bounds[here], bounds[here + 1] - 1
    _check_order(where, same, stages)
    went_on = np.zeros(number, dtype=bool)
    ended = np.flatnonzero(same & (where[:-1] >= stages))
    went_on[np.searchsorted(bounds, ended, side="right") - 1] = True
    keys >>= for_stage  # only the seconds are left
    standing = where[ends].astype(np.int64)
    before = np.where(ends > begins, where[ends - 1], 0)
    lost[here], won[here] = standing == stages + 1, standing == stages
    place[here] = np.where(standing > stages, np.minimum(before, stages - 1), standing)
    first[here] = keys[begins].view("datetime64[s]")
    since[here] = keys[ends].view("datetime64[s]")
    on = same & (where[1:] > where[:-1]) & (where[1:] <= stages)
    return Told(place, won, lost, first, since, _stayed(keys, where, on, stages), went_on)


def _check_order(where: NDArray[np.int8], same: Flags, stages: int) -> None:
    """A few are put back, but most go on."""
    step = same & (where[1:] < stages) & (where[:-1] < stages)
    back = int(np.count_nonzero(step & (where[1:] < where[:-1])))
    steps = int(np.count_nonzero(step))
    if back >= ENOUGH and 2 * back > steps:
        raise ModelError(
            _(
                "In {back:,} of {steps:,} steps an opportunity comes to a stage that is named "
                "before the one it leaves. Name the stages in the order in which they are passed."
            ).format(back=back, steps=steps)
        )


def _histories_of(who: Whole, keys: Numbers, number: int) -> tuple[Numbers, Numbers]:
    """The keys of each opportunity together and in order, and the bounds between opportunities."""
    kind = kind_below(max(number, len(who)))
    place = who.astype(kind, copy=False), np.arange(len(who), dtype=kind)
    table = sparse.coo_array((keys, place), shape=(number, len(who)))
    table.has_canonical_format = True  # each event has a column to itself
    rows = table.tocsr()
    keys, bounds = rows.data, rows.indptr
    if (odd := _same(bounds) & (keys[1:] < keys[:-1])).any():
        of = np.repeat(np.arange(number), np.diff(bounds))
        mixed = np.zeros(number, dtype=bool)
        mixed[of[1:][odd]] = True
        at = np.flatnonzero(mixed[of])
        keys[at] = keys[at][np.lexsort((keys[at], of[at]))]
    return keys, bounds


def _same(bounds: Numbers) -> Flags:
    """Whether each event is of the same opportunity as the one before it."""
    same = np.ones(bounds[-1], dtype=bool)
    same[bounds[:-1][bounds[:-1] < bounds[1:]]] = False
    return same[1:]


def _stayed(
    seconds: Numbers, where: NDArray[np.int8], on: Flags, stages: int
) -> tuple[Stayed | None, ...]:
    found: list[Stayed | None] = []
    for stage in range(stages):
        at = np.flatnonzero(on & (where[:-1] == stage))
        if not len(at):
            found.append(None)
            continue
        median, ninth = np.quantile(seconds[at + 1] - seconds[at], [0.5, 0.9]) / DAY
        found.append(Stayed(float(median), float(ninth) if len(at) >= ENOUGH else None))
    return tuple(found)
