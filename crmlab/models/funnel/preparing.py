"""A funnel with all its parts, made ready for its dials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.funnel.columns import WON, Flags, Numbers, as_read
from crmlab.models.funnel.forecast import Forecast, Luck, draw_luck, forecast
from crmlab.models.funnel.histories import Histories, days_between, histories
from crmlab.models.funnel.parts import (
    Cohort,
    Owner,
    Stage,
    by_month,
    by_owner,
    by_stage,
    chances_of,
    stuck_ones,
)
from crmlab.models.funnel.remarks import Remark, doubts
from crmlab.text import gettext as _


@dataclass(frozen=True)
class CycleDays:
    """Calendar days from creation to closing of those won; None where that is not known."""

    mean: float | None
    median: float | None


@dataclass(frozen=True)
class Coverage:
    """What is open for each unit of money that is still to be won (`target`)."""

    target: float
    unweighted: float
    weighted: float


@dataclass(frozen=True)
class Funnel:
    """A funnel. Amounts are in the currency of the file.

    Attributes:
        weighted_stuck_amount: the part of the weighted pipeline that is stuck.
        can_be_weighed: whether what is open can be weighed and forecast. It cannot where nothing is
            lost, unless the chances are given, nor where what was open then is left out.
        as_of: the last day that counts.
        remarks: a sentence for each thing that was left out, is missing, or should be doubted.
    """

    opportunities: int
    won: int
    lost: int
    open: int
    win_rate: float | None
    won_amount: float
    weighted_open_amount: float
    velocity_per_day: float | None
    cycle_days: CycleDays
    stages: tuple[Stage, ...]
    overall_conversion: float
    forecast: Forecast
    open_amount: float
    stuck: int
    weighted_stuck_amount: float
    cohorts: tuple[Cohort, ...]
    owners: tuple[Owner, ...]
    coverage: Coverage | None
    as_of: str
    remarks: tuple[str, ...]
    can_be_weighed: bool


@dataclass(frozen=True)
class Prepared:
    """A funnel with what its dials and the rows behind its figures need, worked out once.

    Attributes:
        place: of each open opportunity, in the order of `luck`: the number of its stage.
        lot: a number drawn for each of them, for whatever is done to some.
        stuck: which of all opportunities are stuck.
        average_won: the mean amount of those won; None where there is none.
        remarks: those of the funnel, each with the opportunities that it is about.
    """

    found: Funnel
    known: Histories
    place: Numbers
    luck: Luck
    lot: NDArray[np.float64]
    stuck: Flags
    average_won: float | None
    remarks: tuple[Remark, ...]


def funnel(
    opportunities: pd.DataFrame | None,
    stages: Sequence[str],
    *,
    entries: pd.DataFrame | None = None,
    chances: Mapping[str, float] | None = None,
    as_of: pd.Timestamp | str | None = None,
    target: float | None = None,
    seed: int = 7,
) -> Funnel:
    """The funnel of a table of opportunities, of stage events, or of both; see `prepare`."""
    return prepare(
        opportunities,
        stages,
        entries=entries,
        chances=chances,
        as_of=as_of,
        target=target,
        seed=seed,
    ).found


def prepare(
    opportunities: pd.DataFrame | None,
    stages: Sequence[str],
    *,
    entries: pd.DataFrame | None = None,
    chances: Mapping[str, float] | None = None,
    as_of: pd.Timestamp | str | None = None,
    target: float | None = None,
    seed: int = 7,
) -> Prepared:
    """A funnel, made ready for its dials.

    Args:
        opportunities: `opportunity_id, stage, created_at, outcome` (won, lost or open), and
            `closed_at, amount, owner` where they are known, one row each; None if there are only
            events.
        stages: their order; a last one called `won` is the end of the funnel and no stage of it.
        entries: `opportunity_id, stage, entered_at`, and `owner, amount` where they are known, a
            row for each time one came to a stage.
        chances: of the stages, instead of those that the closed opportunities show.
        as_of: the last day that counts; by default that of the last thing that happened.
        target: what is still to be won, in the currency of the file.
        seed: of the forecast.

    Raises:
        ModelError: there are no opportunities, a row makes no sense, a stage is not among those
            named, or nothing is closed and no chances are given.
    """
    known = histories(opportunities, _in_order(stages), entries=entries, as_of=as_of)
    _decided(known, chances)
    closed, won, lost = known.won | known.lost, int(known.won.sum()), int(known.lost.sum())
    chance, stuck, is_open = chances_of(known, chances), stuck_ones(known), known.open
    amounts = np.nan_to_num(known.amounts)
    likely = np.array([*chance, 0.0])[known.place]
    luck = draw_luck(amounts[is_open], likely[is_open], seed)
    still = int(is_open.sum())
    rate = None if not closed.any() or (still and not lost) else won / (won + lost)
    cycle = _cycle(known)
    paid = known.amounts[known.won & ~np.isnan(known.amounts)]
    average = float(paid.mean()) if len(paid) else None
    steps = by_stage(known, chance, stuck)
    by_events, learned = opportunities is None, not set(known.order) <= set(chances or {})
    remarks = (
        *known.remarks,
        *doubts(won, lost, still, by_events=by_events, learned=learned),
    )
    weighted = float(amounts[is_open] @ likely[is_open])
    open_amount = float(amounts[is_open].sum())
    found = Funnel(
        opportunities=len(known),
        won=won,
        lost=lost,
        open=still,
        win_rate=rate,
        won_amount=float(paid.sum()),
        weighted_open_amount=weighted,
        velocity_per_day=velocity(still, average, rate, cycle.mean),
        cycle_days=cycle,
        stages=steps,
        overall_conversion=won / len(known),
        forecast=forecast(luck, likely[is_open]),
        open_amount=open_amount,
        stuck=int(stuck.sum()),
        weighted_stuck_amount=float(amounts[stuck] @ likely[stuck]),
        cohorts=by_month(known),
        owners=by_owner(known, stuck),
        coverage=_coverage(open_amount, weighted, target),
        as_of=str(known.as_of)[:10],
        remarks=tuple(remark.says for remark in remarks),
        can_be_weighed=not known.unseen and (lost > 0 or not still or not learned),
    )
    lot = np.random.default_rng(seed + 1).random(still)
    return Prepared(found, known, known.place[is_open], luck, lot, stuck, average, remarks)


def weighted_open_amount(known: Histories) -> float:
    """The weighted pipeline alone, which takes a small part of the time that all of a funnel does.

    Raises:
        ModelError: nothing is won or lost yet.
    """
    _decided(known, None)
    likely = np.array([*chances_of(known, None), 0.0])[known.place]
    return float(np.nan_to_num(known.amounts)[known.open] @ likely[known.open])


def velocity(
    number: int, average: float | None, rate: float | None, days: float | None
) -> float | None:
    """Money a day: number x average amount x win rate / days; None where one is not known."""
    return None if average is None or rate is None or not days else number * average * rate / days


def _in_order(stages: Sequence[str]) -> list[str]:
    order = [name for name in stages if name != WON]
    if not any(order):
        raise ModelError(_("No stages are named; a funnel has at least one, in their order."))
    written = [as_read(name) for name in order]
    odd = next((name for name in order if not name or written.count(as_read(name)) > 1), None)
    if odd is not None:
        raise ModelError(
            _("'{stage}' stands among the stages more than once, or says nothing.").format(
                stage=odd
            )
        )
    return order


def _decided(known: Histories, chances: Mapping[str, float] | None) -> None:
    if chances is None and not (known.won | known.lost).any():
        raise ModelError(
            _("Nothing has been won or lost yet, so nobody can say how likely the rest is.")
        )


def _cycle(known: Histories) -> CycleDays:
    days = days_between(known.created[known.won], known.closed[known.won])
    days = days[~np.isnan(days)]
    if not len(days):
        return CycleDays(None, None)
    return CycleDays(float(days.mean()), float(np.median(days)))


def _coverage(open_amount: float, weighted: float, target: float | None) -> Coverage | None:
    if target is None:
        return None
    if not 0 < target < np.inf:
        raise ModelError(
            _("A target of {target:,.0f} makes no sense; name what is still to be won.").format(
                target=target
            )
        )
    return Coverage(target, open_amount / target, weighted / target)
