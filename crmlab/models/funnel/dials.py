"""What the dials of a funnel do: pure functions of a prepared one.

1. *So many points more at a stage*: its conversion rises by them, to 100 % at most. All that passes
   through the stage rises in the same proportion: what was won, the win rate, and the chances of
   those that stand there or before it. The other stages convert as before, and what is won more is
   of average size.
2. *So many days faster*: what is won is closed so many days sooner after it began. The sellers keep
   as many opportunities open as before, so more of them pass in the same time (Little's law): what
   comes to each stage, what is won and the velocity rise by one *pace*, the old mean days / the new
   ones. Conversions, the win rate and what is open stay, and so does the forecast. Where nobody
   begins more, the same is won, only sooner.
3. *Stages without evidence*: a share of the open ones that could stand one stage further is entered
   there, with nothing that shows it. By the books their chance rises; what will really be won stays
   as it is. Who is moved is drawn once: a larger share moves the same ones and more.
4. *What is left of the chance of stuck ones*: all of it, nothing, or a part. History cannot tell,
   since what is stuck has not been closed.

Source: J. D. C. Little (1961), A Proof for the Queuing Formula L = λW, Operations Research 9(3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crmlab.errors import ModelError
from crmlab.models.funnel.forecast import Floats, Forecast, forecast
from crmlab.models.funnel.preparing import Prepared, velocity
from crmlab.text import gettext as _


@dataclass(frozen=True)
class Turned:
    """A funnel with its dials turned.

    Attributes:
        entered: how many would have entered each stage in the same time, and at the end how many
            would be won.
        conversions: of the stages; None where nothing has entered.
        cycle_days: mean days from creation to closing of those won; None where not known.
    """

    entered: tuple[float, ...]
    conversions: tuple[float | None, ...]
    won_amount: float
    win_rate: float | None
    cycle_days: float | None
    velocity_per_day: float | None
    weighted_open_amount: float
    forecast: Forecast


@dataclass(frozen=True)
class Pipeline:
    """What open opportunities are worth by their chances, the stuck ones too, and may bring."""

    weighted_open_amount: float
    weighted_stuck_amount: float
    forecast: Forecast


@dataclass(frozen=True)
class Unproven:
    """A pipeline in which some stand further than anything shows.

    Attributes:
        moved: how many.
        told: by the books; `real`: by what there is evidence for.
    """

    moved: int
    told: Pipeline
    real: Pipeline


def turn(
    prepared: Prepared, points: Mapping[str, float] | None = None, *, days_faster: float = 0.0
) -> Turned:
    """The funnel with more going on at some stages, and with faster wins.

    Args:
        points: by stage, what is added to its conversion: 0.05 for five points.
        days_faster: calendar days.

    Raises:
        ModelError: no such stage, or it would take no time at all.
    """
    found, points = prepared.found, dict(points or {})
    unknown = set(points) - {stage.stage for stage in found.stages}
    if unknown:
        raise ModelError(
            _("There is no stage '{stage}'; there are: {known}.").format(
                stage=min(unknown), known=", ".join(stage.stage for stage in found.stages)
            )
        )
    days = found.cycle_days.mean
    sooner = _sooner(days, days_faster)
    pace = days / sooner if days and sooner else 1.0
    entered = [found.stages[0].entered * pace]
    conversions: list[float | None] = []
    lift = np.ones(len(found.stages) + 1)  # of the chance, by the stage where one stands
    for n, stage in enumerate(found.stages):
        more = stage.conversion
        if more:
            more = min(1.0, max(0.0, more + points.get(stage.stage, 0.0)))
            lift[: n + 1] *= more / (stage.conversion or 1.0)
        conversions.append(more)
        entered.append(entered[-1] * (more or 0.0))
    ratio = float(lift[0])
    rate = None if found.win_rate is None else min(1.0, found.win_rate * ratio)
    chances = np.minimum(1.0, prepared.luck.chances * lift[prepared.place])
    return Turned(
        tuple(entered),
        tuple(conversions),
        found.won_amount * ratio * pace,
        rate,
        sooner,
        velocity(found.open, prepared.average_won, rate, sooner),
        float(prepared.luck.amounts @ chances),
        forecast(prepared.luck, chances),
    )


def _sooner(days: float | None, faster: float) -> float | None:
    if days is None or not faster:
        return days
    if faster >= days:
        raise ModelError(
            _("It takes {days:.1f} days from start to win; it cannot be {faster:g} faster.").format(
                days=days, faster=faster
            )
        )
    return days - faster


def without_evidence(prepared: Prepared, share: float, *, stuck_left: float = 1.0) -> Unproven:
    """The pipeline with some of the open ones a stage further than anything shows.

    Args:
        share: of those that could stand a stage further, from 0 to 1.
        stuck_left: how much of its chance is left to what is stuck, from 0 to 1; it is taken from
            the books and from the evidence alike.
    """
    by_stage = np.array([stage.chance for stage in prepared.found.stages])
    could = np.flatnonzero(prepared.place < len(by_stage) - 1)
    moved = could[np.argsort(prepared.lot[could], kind="stable")][: round(share * len(could))]
    told = prepared.luck.chances.copy()
    told[moved] = by_stage[prepared.place[moved] + 1]
    left = np.where(prepared.stuck[prepared.known.open], stuck_left, 1.0)
    real = _pipeline(prepared, prepared.luck.chances * left)
    return Unproven(len(moved), _pipeline(prepared, told * left) if len(moved) else real, real)


def _pipeline(prepared: Prepared, chances: Floats) -> Pipeline:
    weighted = prepared.luck.amounts * chances
    stuck = float(weighted[prepared.stuck[prepared.known.open]].sum())
    return Pipeline(float(weighted.sum()), stuck, forecast(prepared.luck, chances))
