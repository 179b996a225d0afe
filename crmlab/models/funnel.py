"""The sales funnel: how many opportunities come from stage to stage, how quickly, and what for.

What the words mean here:

1. An opportunity has *entered* a stage if it stands there or further on; one that was won has
   entered all of them. *Converted* are those that have entered the next stage or, at the last one,
   were won. Open ones count as entered and not (yet) converted, so the conversions multiply to the
   overall one: won / entered the first stage.
2. *Win rate* = won / closed, closed being won or lost. Open ones are left out.
3. The *chance* of an open opportunity is that of the closed ones that have entered its stage: won /
   closed among them. It is taken to be the same for all of a stage, whatever its age or amount.
4. The *weighted* pipeline is the sum of amount x chance over the open ones: 100 at 99 % and 200 at
   0 % are 99.
5. *Velocity* = open opportunities x average amount won x win rate / mean days from creation to won,
   in money a day; it assumes that what is open now is like what was won before.
6. The *forecast* draws each open opportunity won or not by its chance, independently of the others.

Source: the pipeline arithmetic that is common in sales operations, such as in Jordan and Vazzana
(2011), Cracking the Sales Management Code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.text import gettext as _

WON = "won"
DRAWS = 10_000
"""How often the forecast is drawn."""


@dataclass(frozen=True)
class Stage:
    """One stage of the funnel.

    Attributes:
        entered, converted: numbers of opportunities; `conversion` = converted / entered, and None
            where nothing has entered.
        chance: that an opportunity which has come here is won, by those that are closed.
        median_days: how long those that went on have stayed here; None where it is not known.
        open: those that stand here now.
    """

    stage: str
    entered: int
    converted: int
    conversion: float | None
    chance: float
    median_days: float | None
    open: int


@dataclass(frozen=True)
class Forecast:
    """What the open opportunities may bring: as much or less in 10, 50 and 90 of 100 draws."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True)
class CycleDays:
    """Calendar days from creation to won; None where nothing was won."""

    mean: float | None
    median: float | None


@dataclass(frozen=True)
class Funnel:
    """A funnel. Amounts are in the currency of the file."""

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


def funnel(
    opportunities: pd.DataFrame,
    stages: Sequence[str],
    *,
    entries: pd.DataFrame | None = None,
    chances: Mapping[str, float] | None = None,
    seed: int = 7,
) -> Funnel:
    """The funnel of a table of opportunities.

    Args:
        opportunities: `opportunity_id, stage, created_at, outcome` (won, lost or open), and
            `closed_at` and `amount` where they are known, one row each.
        stages: their order; a last one called `won` is the end of the funnel and no stage of it.
        entries: `opportunity_id, stage, entered_at`, a row for each time one came to a stage.
        chances: of the stages, instead of those that the closed opportunities show.

    Raises:
        ModelError: there are no opportunities, a stage is not among those named, or nothing is
            closed and no chances are given.
    """
    order = [name for name in stages if name != WON]
    place = _places(opportunities, order)
    outcome = opportunities["outcome"].to_numpy()
    won, lost = outcome == "won", outcome == "lost"
    place = np.where(won, len(order), place)
    is_open = ~(won | lost)
    closed = int((won | lost).sum())
    if not closed and chances is None:
        raise ModelError(
            _("Nothing has been won or lost yet, so nobody can say how likely the rest is.")
        )
    reached = [int((place >= n).sum()) for n in range(len(order))] + [int(won.sum())]
    chance = _chances(order, place, won, won | lost, chances)
    days = _days_in(entries, order) if entries is not None else {}
    found = tuple(
        Stage(
            name,
            reached[n],
            reached[n + 1],
            reached[n + 1] / reached[n] if reached[n] else None,
            chance[n],
            days.get(name),
            int((is_open & (place == n)).sum()),
        )
        for n, name in enumerate(order)
    )
    amounts = _amounts(opportunities)
    likely = np.where(is_open, np.array(chance)[np.minimum(place, len(order) - 1)], 0.0)
    cycle = _cycle(opportunities[won])
    rate = int(won.sum()) / closed if closed else None
    return Funnel(
        len(opportunities),
        int(won.sum()),
        int(lost.sum()),
        int(is_open.sum()),
        rate,
        float(amounts[won].sum()),
        float((amounts * likely).sum()),
        _velocity(int(is_open.sum()), amounts[won], rate, cycle.mean),
        cycle,
        found,
        reached[-1] / reached[0],
        _forecast(amounts[is_open], likely[is_open], seed),
    )


def _places(opportunities: pd.DataFrame, order: Sequence[str]) -> NDArray[np.int64]:
    """How far each opportunity has come, as the number of its stage."""
    if opportunities.empty:
        raise ModelError(_("There are no opportunities, so there is no funnel."))
    codes = opportunities["stage"].map({name: n for n, name in enumerate([*order, WON])})
    if codes.isna().any():
        odd = opportunities["stage"][codes.isna()].iloc[0]
        raise ModelError(
            _("The stage '{stage}' is not among {known}; name all of them in their order.").format(
                stage=odd, known=", ".join(order)
            )
        )
    return np.minimum(codes.to_numpy(dtype=np.int64), len(order) - 1)


def _chances(
    order: Sequence[str],
    place: NDArray[np.int64],
    won: NDArray[np.bool_],
    closed: NDArray[np.bool_],
    given: Mapping[str, float] | None,
) -> list[float]:
    """The chance of each stage; that of the one before where nothing that came so far is closed."""
    found: list[float] = []
    for n, name in enumerate(order):
        here = closed & (place >= n)
        if given is not None and name in given:
            found.append(float(given[name]))
        elif here.any():
            found.append(float(won[here].mean()))
        else:
            found.append(found[-1] if found else 0.0)
    return found


def _days_in(entries: pd.DataFrame, order: Sequence[str]) -> dict[str, float]:
    """The median of days that opportunities which went on have stayed in each stage."""
    rows = entries[["opportunity_id", "stage", "entered_at"]].copy()
    rows["entered_at"] = pd.to_datetime(rows["entered_at"])
    rows = rows.sort_values(["opportunity_id", "entered_at"], kind="stable")
    following = rows.groupby("opportunity_id")["entered_at"].shift(-1)
    rows["days"] = (following - rows["entered_at"]).dt.total_seconds() / 86400
    medians = rows.dropna(subset="days").groupby("stage")["days"].median()
    return {str(name): float(medians[name]) for name in order if name in medians}


def _amounts(opportunities: pd.DataFrame) -> NDArray[np.float64]:
    if "amount" not in opportunities:
        return np.zeros(len(opportunities))
    return opportunities["amount"].fillna(0.0).to_numpy(dtype=np.float64)


def _cycle(won: pd.DataFrame) -> CycleDays:
    if "closed_at" not in won or won["closed_at"].isna().all():
        return CycleDays(None, None)
    days = pd.to_datetime(won["closed_at"]) - pd.to_datetime(won["created_at"])
    lengths = days.dt.total_seconds().dropna() / 86400
    return CycleDays(float(lengths.mean()), float(lengths.median()))


def _velocity(
    number: int, won: NDArray[np.float64], rate: float | None, days: float | None
) -> float | None:
    if rate is None or not days or not len(won):
        return None
    return number * float(won.mean()) * rate / days


def _forecast(amounts: NDArray[np.float64], chances: NDArray[np.float64], seed: int) -> Forecast:
    """Ten thousand possible outcomes of what is open."""
    totals = np.zeros(DRAWS)
    source = np.random.default_rng(seed)
    for amount, chance in zip(amounts, chances, strict=True):
        totals += amount * (source.random(DRAWS) < chance)
    p10, p50, p90 = np.quantile(totals, [0.1, 0.5, 0.9])
    return Forecast(float(p10), float(p50), float(p90))
