"""What a dial asks of a complaint rate: pure, and quick enough to be turned.

1. Complaints that are entered late, or never, are missing on the day on which somebody looks. The
   same share is taken to be missing of each month, and which ones is luck: of n complaints as many
   are seen as a binomial draw gives. A signal is *seen* if that number is beyond the limit that
   the smaller mean leaves.
2. A batch is *caught* with its n-th complaint, on the day on which it is entered. What left us by
   that day is out of reach; complaints about what left later would not have been.
3. Complaints that are called *other* although they have a cause are taken from all causes alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from crmlab.errors import ModelError
from crmlab.models.complaints import u_chart
from crmlab.models.complaints.pareto import Share, is_other, pareto
from crmlab.models.complaints.rate import ComplaintRate
from crmlab.models.complaints.reading import NEVER, PER, Days, day_of, days_of
from crmlab.models.complaints.u_chart import Period
from crmlab.text import gettext as _
from crmlab.text import ngettext


@dataclass(frozen=True)
class Missing:
    """A chart of which a share of complaints is missing.

    Attributes:
        share: missing, 0 to 1.
        periods: the chart as it would be in the mean. A month is beyond its limit in it if it is
            seen beyond it in at least every second company like this one.
        seen: the chance that a month which is beyond the upper limit with all complaints is still
            seen there, by period.
    """

    share: float
    periods: tuple[Period, ...]
    seen: dict[str, float]


def with_missing(found: ComplaintRate, share: float) -> Missing:
    """The chart if this share of all complaints were missing on the day of the extract.

    Args:
        share: from 0 to below 1.

    Raises:
        ModelError: a share that is none, or none of the complaints would be left.
    """
    if not 0 <= share < 1:
        raise ModelError(_("Of 100 complaints from 0 to 99 can be missing, and not all of them."))
    number, expected, left = _arrays(found)
    scale = PER[found.denominator]
    months = np.array([p.period for p in found.periods], dtype="datetime64[M]").astype(np.int64)
    apart = np.array([p.apart for p in found.periods])
    drawn = u_chart.chart(months, number * (1 - share), left, expected * (1 - share), scale, apart)
    high = _beyond(found)
    chance = _seen(number[high], expected[high], np.array([share]))[0]
    seen = {found.periods[n].period: float(here) for n, here in zip(high, chance, strict=True)}
    periods = [
        replace(now, signal="beyond", side="high")
        if seen.get(now.period, 0.0) >= 0.5
        else replace(now, signal="", side="")
        if now.period in seen
        else now
        for now in drawn
    ]
    return Missing(share, tuple(periods), seen)


def silent_from(found: ComplaintRate) -> dict[str, int]:
    """Of 100 complaints, how many must be missing before a signal is seen less often than not.

    Returns:
        by period, for each month beyond the upper limit.
    """
    number, expected, _left = _arrays(found)
    high = _beyond(found)
    chance = _seen(number[high], expected[high], np.arange(100) / 100)
    return {
        found.periods[n].period: int(np.flatnonzero(column >= 0.5).max(initial=-1)) + 1
        for n, column in zip(high, chance.T, strict=True)
    }


def _beyond(found: ComplaintRate) -> list[int]:
    """The places of the months beyond the upper limit."""
    told = enumerate(found.periods)
    return [n for n, period in told if (period.signal, period.side) == ("beyond", "high")]


def _arrays(found: ComplaintRate) -> tuple[NDArray[np.float64], ...]:
    """Complaints, expected complaints, and what left, by month."""
    told = np.array([(p.complaints, p.centre, p.exposure) for p in found.periods], dtype=np.float64)
    number, centre, left = told.T
    return number, centre * left / PER[found.denominator], left


def _seen(
    number: NDArray[np.float64], expected: NDArray[np.float64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The chance to be seen above the limit, by share (rows) and month (columns)."""
    stays = 1 - shares[:, None]
    _low, high = u_chart.limits(expected * stays)
    chance: NDArray[np.float64] = binom.sf(high, number, stays)
    return chance


@dataclass(frozen=True)
class Caught:
    """A batch that was caught after some of its complaints.

    Attributes:
        after: with this complaint; `day`: the day on which it was entered.
        all: complaints about the batch, in all.
        out_of_reach: those of them about what had left us by that day.
        avoided: those about what left us later: they would not have been.
        cost_avoided: what they cost us; None where nobody says it.
    """

    after: int
    day: str
    all: int
    out_of_reach: int
    avoided: int
    cost_avoided: float | None


@dataclass(frozen=True)
class Batch:
    """The complaints about one batch, in the order in which they came in.

    Attributes:
        received, shipped: days; `cost`: what each cost us; None where nobody says it.
    """

    name: str
    received: Days
    shipped: Days
    cost: NDArray[np.float64] | None

    def __len__(self) -> int:
        return len(self.received)

    def caught_after(self, complaints: int, days_late: int = 0) -> Caught:
        """What would have been avoided.

        Args:
            complaints: with which one it is caught, from 1 to the number of all.
            days_late: days between a complaint's coming in and its being entered.

        Raises:
            ModelError: the batch has no such complaint.
        """
        if not 1 <= complaints <= len(self):
            raise ModelError(
                ngettext(
                    "Batch {batch} has {n:,} complaint; choose number 1.",
                    "Batch {batch} has {n:,} complaints; choose one of 1 to {n:,}.",
                    len(self),
                ).format(batch=self.name, n=len(self))
            )
        day = int(self.received[complaints - 1]) + days_late
        later = self.shipped > day
        return Caught(
            complaints,
            str(day_of(day)),
            len(self),
            int((~later).sum()),
            int(later.sum()),
            None if self.cost is None else float(self.cost[later].sum()),
        )


def batch_of(complaints: pd.DataFrame, batch_no: str) -> Batch:
    """The complaints about one batch of which both days are known.

    Args:
        complaints: `batch_no, received_at, shipped_at`, and `remedy_cost` where it is known.

    Raises:
        ModelError: there are none.
    """
    rows = complaints[complaints["batch_no"] == batch_no]
    received, shipped = days_of(rows, "received_at"), days_of(rows, "shipped_at")
    known = (received != NEVER) & (shipped != NEVER)
    if not known.any():
        raise ModelError(
            _(
                "No complaint about batch {batch} says both when its goods left us and when it "
                "came in."
            ).format(batch=batch_no)
        )
    order = np.argsort(received[known], kind="stable")
    cost = None
    if "remedy_cost" in rows:
        cost = rows["remedy_cost"].fillna(0.0).to_numpy(dtype=np.float64)[known][order]
    return Batch(batch_no, received[known][order], shipped[known][order], cost)


def stopped_after(found: ComplaintRate, complaints: int) -> tuple[str, ...]:
    """The batches that a rule would stop: those with so many complaints or more."""
    many = (s for s in found.by_batch if s.complaints >= complaints)
    return tuple(share.name for share in many if not is_other(share.name))


def into_other(found: ComplaintRate, column: str, share: float) -> tuple[Share, ...]:
    """The Pareto if this share of the complaints that are sorted were not.

    Args:
        column: category, product_id, batch_no or branch. A category becomes *other*; of the rest
            nothing would be said at all.
    """
    shares = found.shares(column)
    nowhere = "other" if column == "category" else ""
    nowhere = next((s.name for s in shares if is_other(s.name) and s.name), nowhere)
    counts = {s.name: s.complaints * (1.0 if is_other(s.name) else 1 - share) for s in shares}
    moved = sum(s.complaints for s in shares) - sum(counts.values())
    if moved:
        counts[nowhere] = counts.get(nowhere, 0.0) + moved
    left = {s.name: s.exposure for s in shares if s.exposure}
    return pareto(counts, left, PER[found.denominator])
