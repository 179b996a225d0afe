"""The funnel by its parts: by stage, by month of beginning, by owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from crmlab.errors import ModelError
from crmlab.models.funnel.columns import Flags, Numbers
from crmlab.models.funnel.events import ENOUGH
from crmlab.models.funnel.histories import Histories, days_between
from crmlab.text import gettext as _

TAIL = 0.00135
"""How rarely chance alone may give an owner so many stuck ones before somebody should look."""


@dataclass(frozen=True)
class Stage:
    """One stage of the funnel.

    Attributes:
        entered, converted: numbers of opportunities; `conversion` = converted / entered, and None
            where nothing has entered.
        chance: that an opportunity which stands here is won.
        median_days: how long those that went on have stayed here; None where it is not known.
        open, open_amount: those that stand here now.
        ninth_days: nine of ten of those that went on stayed no longer; None with fewer than ten.
        median_age_days: how long those that stand here have done so; None where it is not known.
        stuck: how many of them have stood here for longer than `ninth_days`.
    """

    stage: str
    entered: int
    converted: int
    conversion: float | None
    chance: float
    median_days: float | None
    open: int
    open_amount: float = 0.0
    ninth_days: float | None = None
    median_age_days: float | None = None
    stuck: int = 0


@dataclass(frozen=True)
class Cohort:
    """The opportunities that began in one month.

    Attributes:
        month: such as `2026-04`.
        entered: how many have entered each stage, in their order; `conversions`: of those, the
            share that has gone on, at the last stage that was won. None where nothing has entered.
        win_rate: won / closed; None where nothing is closed. `overall_conversion`: won / all.
        young: too young to judge: the last of them have had less time than nine of ten closed
            ones needed, so that more of them will still be won.
    """

    month: str
    opportunities: int
    entered: tuple[int, ...]
    conversions: tuple[float | None, ...]
    won: int
    lost: int
    open: int
    win_rate: float | None
    overall_conversion: float
    young: bool


@dataclass(frozen=True)
class Owner:
    """The opportunities of one owner.

    Attributes:
        stuck: of the open ones, and `stuck_share` of all the owner's opportunities.
        stalled: more of them are stuck than the others' share would give by chance in 1.35 of
            1,000 such owners. It says where to look, and not why.
    """

    owner: str
    opportunities: int
    won: int
    lost: int
    open: int
    win_rate: float | None
    open_amount: float
    stuck: int
    stuck_share: float
    stalled: bool


def chances_of(known: Histories, given: Mapping[str, float] | None) -> tuple[float, ...]:
    """The chance of each stage; that of the one before where nothing that came so far is closed."""
    wrong = [name for name, chance in (given or {}).items() if not 0 <= chance <= 1]
    if wrong:
        raise ModelError(
            _("The chance of '{stage}' is {chance}; a chance lies between 0 and 1.").format(
                stage=wrong[0], chance=(given or {})[wrong[0]]
            )
        )
    counted = known.won | known.lost if known.lost.any() else np.ones(len(known), dtype=bool)
    came = reached(known.place[counted], len(known.order))
    found: list[float] = []
    for n, name in enumerate(known.order):
        if given is not None and name in given:
            found.append(float(given[name]))
        elif came[n]:
            found.append(float(came[-1] / came[n]))
        else:
            found.append(found[-1] if found else 0.0)
    return tuple(found)


def reached(place: Numbers, stages: int) -> Numbers:
    """How many have entered each stage, and how many were won."""
    counted = np.bincount(place, minlength=stages + 1)
    up: Numbers = np.cumsum(counted[::-1])[::-1]
    return up


def stuck_ones(known: Histories) -> Flags:
    """Which open ones have stood in their stage longer than nine of ten that went on."""
    limits = [stay.ninth if stay else None for stay in known.stayed]
    limit = np.array([np.inf if days is None else days for days in limits] + [np.inf])
    days = days_between(known.since, known.as_of)
    stuck: Flags = known.open & (days > limit[known.place])
    return stuck


def by_stage(known: Histories, chances: Sequence[float], stuck: Flags) -> tuple[Stage, ...]:
    """The funnel by stage."""
    stages = len(known.order)
    came = reached(known.place, stages)
    is_open = known.open
    place = known.place[is_open]
    days = days_between(known.since[is_open], known.as_of)
    amounts = np.bincount(place, np.nan_to_num(known.amounts[is_open]), stages)
    stand, lie = np.bincount(place, minlength=stages), np.bincount(known.place[stuck])
    lie = np.pad(lie, (0, stages + 1 - len(lie)))
    found = []
    for n, name in enumerate(known.order):
        stay, here = known.stayed[n], days[place == n]
        here = here[~np.isnan(here)]
        found.append(
            Stage(
                name,
                int(came[n]),
                int(came[n + 1]),
                float(came[n + 1] / came[n]) if came[n] else None,
                chances[n],
                stay.median if stay else None,
                int(stand[n]),
                float(amounts[n]),
                stay.ninth if stay else None,
                float(np.median(here)) if len(here) else None,
                int(lie[n]),
            )
        )
    return tuple(found)


def months_of(known: Histories) -> tuple[Numbers, NDArray[np.datetime64]]:
    """The number of the month in which each began, -1 where nobody knows, and the months."""
    there = ~np.isnat(known.created)
    if not there.any():
        return np.full(len(known), -1), np.zeros(0, dtype="datetime64[M]")
    first, last = known.created[there].min(), known.created[there].max()
    months = np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + 1)
    # Looked up by its first second: so millions take no calendar each.
    found = np.searchsorted(months.astype("datetime64[s]"), known.created, side="right") - 1
    return np.where(there, found, -1), months


def by_month(known: Histories) -> tuple[Cohort, ...]:
    """The funnel by month of beginning; without those of which nobody knows when they began."""
    number, months = months_of(known)
    there, width = number >= 0, len(known.order) + 1
    number = number[there]
    each = np.bincount(number * width + known.place[there])
    each = np.pad(each, (0, -len(each) % width)).reshape(-1, width)
    lost = np.bincount(number[known.lost[there]], minlength=len(each))
    needed = days_between(known.created, known.closed)
    needed = needed[~np.isnan(needed)]
    ripe = np.quantile(needed, 0.9) if len(needed) >= ENOUGH else None
    found = []
    for n, counts in enumerate(each):
        total, won = int(counts.sum()), int(counts[-1])
        if not total:
            continue
        up = np.cumsum(counts[::-1])[::-1].tolist()
        left = days_between(np.array([months[n] + 1], dtype="datetime64[s]"), known.as_of)[0]
        still = total - won - int(lost[n])
        found.append(
            Cohort(
                str(months[n]),
                total,
                tuple(up[:-1]),
                tuple(on / came if came else None for came, on in pairwise(up)),
                won,
                int(lost[n]),
                still,
                won / (won + int(lost[n])) if won + lost[n] else None,
                won / total,
                bool(left < ripe) if ripe is not None else still > 0,
            )
        )
    return tuple(found)


def by_owner(known: Histories, stuck: Flags) -> tuple[Owner, ...]:
    """The funnel by owner, the most stuck first; without those that nobody owns."""
    there, number = known.owner >= 0, len(known.owners)
    if not number:
        return ()

    def counted(which: Flags) -> NDArray[np.int64]:
        return np.bincount(known.owner[which & there], minlength=number)

    total, won, lost, open_ = (counted(w) for w in (there, known.won, known.lost, known.open))
    lie, here = counted(stuck), known.open & there
    amounts = np.bincount(known.owner[here], np.nan_to_num(known.amounts[here]), number)
    others, others_lie = total.sum() - total, lie.sum() - lie
    # One more of either kind, so that no share is 0: one stuck one is nobody's pattern.
    usual = (others_lie + 1) / (others + 2)
    rarely = np.where(lie > 0, bdtrc(np.maximum(lie - 1, 0), np.maximum(total, 1), usual), 1.0)
    order = np.lexsort((-total, -lie))
    return tuple(
        Owner(
            known.owners[n],
            int(total[n]),
            int(won[n]),
            int(lost[n]),
            int(open_[n]),
            float(won[n] / (won[n] + lost[n])) if won[n] + lost[n] else None,
            float(amounts[n]),
            int(lie[n]),
            float(lie[n] / total[n]),
            bool(others[n] > 0 and rarely[n] < TAIL),
        )
        for n in order
        if total[n]
    )
