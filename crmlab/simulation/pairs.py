"""Many pairs of runs of a company, with a habit and without it, and how sure the difference is.

The interval around a difference is that of its mean over the pairs, by the normal law (Law,
Simulation Modeling and Analysis, section 10.2: the paired comparison); so there have to be some
thirty pairs.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import sqrt
from statistics import NormalDist, fmean, stdev

from crmlab.errors import SimulationError
from crmlab.simulation.what_if import Company, Habit, Run
from crmlab.text import gettext as _

FEWEST, MOST = 30, 100_000
"""How many pairs of runs can be asked for."""

LONGEST_DAYS = 730
"""The longest stretch of time, in calendar days."""

CONFIDENCE = 0.95
"""How often the interval holds the true difference."""

WORTH_SHARING = 200
"""Pairs from which on it is quicker to let other processes help."""


@dataclass(frozen=True)
class Difference:
    """A figure in both companies: its mean over the runs.

    Attributes:
        without, with_habit: the mean without the habit and with it.
        mean: the mean of the differences, pair by pair.
        lower, upper: the interval that holds the true difference, in 95 of 100 such comparisons.
    """

    without: float
    with_habit: float
    mean: float
    lower: float
    upper: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no doubt that there is a difference."""
        return self.lower > 0 or self.upper < 0


@dataclass(frozen=True)
class Comparison:
    """What a habit does to a company.

    Attributes:
        figures: by name: cases, repeat_complaints, customers_lost, cycle_days, hours, cost.
        seats: the working hours of each seat.
    """

    pairs: int
    days: float
    figures: dict[str, Difference]
    seats: dict[str, Difference]


FIGURES: dict[str, Callable[[Run], float]] = {
    "cases": lambda run: run.cases,
    "repeat_complaints": lambda run: run.repeat_complaints,
    "customers_lost": lambda run: run.customers_lost,
    "cycle_days": lambda run: run.cycle_days,
    "hours": lambda run: sum(run.hours.values()),
    "cost": lambda run: run.cost,
}
"""What is told of a run, by name."""


def compare(
    company: Company,
    habit: Habit,
    *,
    days: float = 90,
    pairs: int = 1000,
    seed: int = 7,
    processes: int = 1,
) -> Comparison:
    """Set the company with a habit beside the same company without it.

    Args:
        habit: its slips, its speed and its lateness are those of the one company; in the other
            nobody slips, all are as quick as usual, and everything is entered at once.
        days: how long cases come, in calendar days; all of them are brought to their close.
        processes: how many of them share the work; 0 for as many as there are cores.

    Raises:
        SimulationError: pairs, days or a chance are out of bounds.
    """
    _check(habit, days, pairs)
    work = partial(_pair, company, habit, days, seed)
    helpers = min(processes or os.cpu_count() or 1, pairs)
    if helpers > 1 and pairs >= WORTH_SHARING:
        found = _shared(work, pairs, helpers)
    else:
        found = [work(pair) for pair in range(pairs)]

    def hours_of(seat: str) -> Callable[[Run], float]:
        return lambda run: run.hours[seat]

    return Comparison(
        pairs,
        days,
        {name: _difference(found, figure) for name, figure in FIGURES.items()},
        {seat: _difference(found, hours_of(seat)) for seat in company.procedure.seats},
    )


def _check(habit: Habit, days: float, pairs: int) -> None:
    if not FEWEST <= pairs <= MOST:
        raise SimulationError(
            _("Pairs of runs: from {fewest} to {most:,}, and not {n:,}.").format(
                fewest=FEWEST, most=MOST, n=pairs
            )
        )
    if not 1 <= days <= LONGEST_DAYS:
        raise SimulationError(
            _("Days: from 1 to {most}, and not {n:g}.").format(most=LONGEST_DAYS, n=days)
        )
    if not 0.1 <= habit.speed <= 10:
        raise SimulationError(_("Speed: from 0.1 to 10, and not {n:g}.").format(n=habit.speed))
    if not 0 <= habit.late_hours <= 1000:
        raise SimulationError(
            _("Hours of being late: from 0 to 1000, and not {n:g}.").format(n=habit.late_hours)
        )
    chances = {**habit.slips, "notices": habit.notices, "adoption": habit.adoption}
    for name, chance in chances.items():
        if not 0 <= chance <= 1:
            raise SimulationError(
                _("A chance lies between 0 and 1; {name}={n:g} does not.").format(
                    name=name, n=chance
                )
            )


Pair = tuple[Run, Run]


def _pair(company: Company, habit: Habit, days: float, seed: int, pair: int) -> Pair:
    luck = company.luck(days, seed, pair)
    without = Habit({}, habit.notices)
    return company.run(luck, without), company.run(luck, habit)


def _shared(work: Callable[[int], Pair], pairs: int, helpers: int) -> list[Pair]:
    """The pairs, done by several processes that know already which ways the first case found."""
    work(0)
    # Where processes are begun as copies, they take what is known with them.
    ways = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in ways else None)
    with ProcessPoolExecutor(helpers, context, _remember, (work,)) as pool:
        return list(pool.map(_do, range(pairs), chunksize=max(1, pairs // (helpers * 4))))


_work: list[Callable[[int], Pair]] = []


def _remember(work: Callable[[int], Pair]) -> None:
    _work[:] = [work]


def _do(pair: int) -> Pair:
    return _work[0](pair)


def _difference(found: Sequence[Pair], figure: Callable[[Run], float]) -> Difference:
    without = [figure(run) for run, _other in found]
    with_habit = [figure(run) for _other, run in found]
    differences = [b - a for a, b in zip(without, with_habit, strict=True)]
    mean = fmean(differences)
    reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * stdev(differences) / sqrt(len(found))
    return Difference(fmean(without), fmean(with_habit), mean, mean - reach, mean + reach)
