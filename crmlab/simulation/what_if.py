"""The same company twice: with a habit and without it, on the same random numbers.

In both runs the same cases come at the same moments, each desk takes as long, and each question
that chance decides is decided by the same number (common random numbers; Law, Simulation Modeling
and Analysis, section 11.2). What differs comes from the habit alone. One pair of runs is one
possible quarter; many pairs tell how sure the difference is.

A case stands for one of the procedure's practice cases, each as often as the others. Customers
who complain again come again as a case of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crmlab.calendar import HOURS_PER_DAY
from crmlab.errors import SimulationError
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import holds
from crmlab.procedures.schema import Procedure
from crmlab.procedures.walk import LONGEST_WALK
from crmlab.procedures.world import CaseWorld
from crmlab.simulation.colleagues import LOOKING_HOURS, MANNERS
from crmlab.simulation.draws import combined
from crmlab.simulation.queues import Piece, Queues
from crmlab.simulation.ways import BACK, RIGHT, Done, Fork, Outcome, Ways, hours_held_up
from crmlab.text import gettext as _

WORKING_DAYS = 5 / 7
"""How many of the days of a week are working days; holidays are left out."""

VISITS = 3
"""A step that is done more often has the luck of its third time again."""

AGAIN_AFTER = (5.0, 25.0)
"""Working days after which a customer complains again, from and to."""


@dataclass(frozen=True)
class Habit:
    """How people work: the slips that they make, and how often they see those of others.

    Attributes:
        slips: the chance of each slip, from 0 to 1, whenever there is an occasion.
        notices: the chance of seeing another desk's slip where it can be seen.
        speed: how quick people are: 1 as usual, 0.8 takes a quarter longer.
        adoption: the share of what is done that is entered in the CRM at once. Of the rest the
            next desk learns `late_hours` later.
        late_hours: working hours by which what is not entered at once is entered late.
    """

    slips: dict[str, float]
    notices: float = MANNERS["ordinary"].notices
    speed: float = 1.0
    adoption: float = 1.0
    late_hours: float = HOURS_PER_DAY


@dataclass(frozen=True)
class Run:
    """One stretch of time in the company.

    Attributes:
        cases: how many began.
        repeat_complaints: how many of them were complaints of a customer who had complained.
        customers_lost: how many customers left.
        cycle_days: working days from opening to close, the mean.
        hours: working hours by seat, at the steps and for consequences.
        cost: CNY that consequences cost beyond the hours.
    """

    cases: int
    repeat_complaints: int
    customers_lost: int
    cycle_days: float
    hours: dict[str, float]
    cost: float


class Company:
    """A procedure at work: cases that come, and people at their desks.

    Attributes:
        templates: the cases that the company's cases are like, just opened.
        ways: the ways of the cases that are like each of them.
        held_up: by how many hours each slip holds its step up.
    """

    def __init__(
        self, procedure: Procedure, templates: Sequence[Case], slips: Sequence[str] = ()
    ) -> None:
        """
        Args:
            slips: those that somebody may have the habit of.

        Raises:
            SimulationError: there is no case to go by, or no such slip.
        """
        if not templates:
            raise SimulationError(_("The procedure has no practice case to go by; write one."))
        for name in slips:
            if name not in procedure.mistakes:
                raise SimulationError(
                    _("The procedure has no mistake '{name}'; it has: {known}.").format(
                        name=name, known=", ".join(procedure.mistakes)
                    )
                )
        self.procedure, self.templates = procedure, list(templates)
        self.ways = [Ways(procedure, case, slips) for case in templates]
        self._urgency = [_urgency(procedure, case) for case in templates]
        self._seats = {seat: number for number, seat in enumerate(procedure.seats)}
        # Where each step is done, where its draws begin, and its usual hours.
        self._desks = {
            name: (self._seats[step.seat], number * VISITS * 3, step.wait_hours, step.work_hours)
            for number, (name, step) in enumerate(procedure.steps.items())
        }
        self.held_up = {name: hours_held_up(procedure, name) for name in slips}
        behind = len(self._desks) * VISITS * 3
        self._slips = {name: behind + number for number, name in enumerate(procedure.mistakes)}

    def luck(self, days: float, seed: int, pair: int) -> Luck:
        """The random numbers of a pair of runs: what comes when, and how each question turns out.

        Args:
            days: how long cases come, in calendar days.
        """
        source = np.random.default_rng([seed, pair])
        expected = self.procedure.cases_per_day * days * WORKING_DAYS
        cases = int(source.poisson(expected))
        arrivals = np.sort(source.random(cases)) * days * WORKING_DAYS * HOURS_PER_DAY
        kinds = source.integers(len(self.templates), size=cases)
        columns = len(self._desks) * VISITS * 3 + len(self._slips) + 3
        draws = source.random((2 * cases, columns))
        return Luck(arrivals.tolist(), kinds.tolist(), draws.tolist())

    def run(self, luck: Luck, habit: Habit) -> Run:
        """Let the company work, until all that came is at its close."""
        return Course(self, luck, habit).run()


def _urgency(procedure: Procedure, case: Case) -> int:
    """How urgent a case is: the lower the more."""
    urgent = procedure.urgent_when
    return int(urgent is None or not holds(urgent, CaseWorld(procedure, case, procedure.start)))


@dataclass(frozen=True)
class Luck:
    """Random numbers of one pair of runs, each in the place of the question that it answers.

    Attributes:
        arrivals: the working hour at which each case comes, in order.
        kinds: which template each case is like.
        draws: numbers from 0 up to 1, a row for each case, and behind them one for each case of
            a customer who complains again.
    """

    arrivals: list[float]
    kinds: list[int]
    draws: list[list[float]]


class Course:
    """One run of a company. What is asked for most often lies in lists.

    Attributes:
        path: what was done to each case, in its order.
    """

    def __init__(self, company: Company, luck: Luck, habit: Habit) -> None:
        self.company, self.luck, self.habit = company, luck, habit
        number = len(luck.draws)
        self.first = len(luck.arrivals)
        self.opened, self.entered = [0.0] * number, [0.0] * number
        self.fork = [company.ways[kind].start for kind in luck.kinds] * 2
        self.choice = [RIGHT] * number
        self.path: list[list[Done]] = [[] for _case in range(number)]
        self.hours = [0.0] * len(company._seats)
        self.cost = self.cycle = 0.0
        self.cases = self.repeated = self.lost = 0
        self.queues = Queues([seat.people for seat in company.procedure.seats.values()])

    def run(self) -> Run:
        for case, arrival in enumerate(self.luck.arrivals):
            self._open(case, arrival)
        self.queues.work_off(self._onward, by_urgency=len(set(self.company._urgency)) > 1)
        return Run(
            self.cases,
            self.repeated,
            self.lost,
            self.cycle / self.cases / HOURS_PER_DAY if self.cases else 0.0,
            dict(zip(self.company.procedure.seats, self.hours, strict=True)),
            self.cost,
        )

    def kind(self, case: int) -> int:
        """Which of the company's templates a case is like; a second complaint is like the first."""
        return self.luck.kinds[case % self.first]

    def _open(self, case: int, arrival: float) -> None:
        self.cases += 1
        self.opened[case] = arrival
        self.queues.bring(case, self._ask(case, self.fork[case], arrival))

    def _ask(self, case: int, fork: Fork, entered: float) -> Piece:
        """What the case asks for at a desk, from the moment that it came there."""
        draws = self.luck.draws[case]
        seat, place, wait, work = self.company._desks[fork.step]
        place += 3 * min(fork.visit - 1, VISITS - 1)
        wait *= 0.7 + 0.6 * draws[place]
        work *= (0.7 + 0.6 * draws[place + 1]) / self.habit.speed
        if fork.must_go_back or (fork.slip_seen and draws[place + 2] < self.habit.notices):
            self.choice[case], work = BACK, min(LOOKING_HOURS, work)
        else:
            self.choice[case] = choice = self._slip(fork, draws) if fork.slips else RIGHT
            wait += self.company.held_up.get(choice, 0.0)
        self.entered[case] = entered
        self.hours[seat] += work
        return seat, entered + wait, work, self.company._urgency[self.kind(case)]

    def _late(self, case: int, fork: Fork) -> float:
        """How much later than it was done it is entered. The number behind the fourth digit of a
        draw is as much by chance as the draw, and the same in both runs."""
        place = self.company._desks[fork.step][1] + 3 * min(fork.visit - 1, VISITS - 1)
        at_once = self.luck.draws[case][place + 2] * 1e4 % 1 < self.habit.adoption
        return 0.0 if at_once else self.habit.late_hours

    def _slip(self, fork: Fork, draws: list[float]) -> str:
        """The first of the slips for which the chances stand so, or none."""
        for name in fork.slips:
            if draws[self.company._slips[name]] < self.habit.slips.get(name, 0.0):
                return name
        return RIGHT

    def _onward(self, case: int, _ready: float, begun: float, done: float) -> Piece | None:
        opened, fork, choice = self.opened[case], self.fork[case], self.choice[case]
        path, worked = self.path[case], done - begun
        if self.habit.adoption < 1:
            done += self._late(case, fork)
        path.append((choice, done - opened, worked))
        key = fork.key(choice, self.entered[case] - opened, done - opened) if fork.timed else choice
        there = fork.onward.get(key)
        if there is None:
            there = fork.onward[key] = self._found(case)
        self.fork[case] = there
        if there.outcome is None:
            return self._ask(case, there, done + there.delay)
        self._close(case, there.outcome, done)
        return None

    def _found(self, case: int) -> Fork:
        path, ways = self.path[case], self.company.ways[self.kind(case)]
        if len(path) > LONGEST_WALK:
            raise SimulationError(
                _("A case goes round in a circle at '{step}'.").format(
                    step=_(self.company.procedure.steps[self.fork[case].step].title)
                )
            )
        return ways.find(path)

    def _close(self, case: int, outcome: Outcome, done: float) -> None:
        base, draws = self.company.procedure.baseline, self.luck.draws[case]
        self.cycle += done - self.opened[case]
        self.cost += outcome.cost
        for seat, hours in outcome.extra_hours.items():
            self.hours[self.company._seats[seat]] += hours
        again = combined(base.repeat_complaint, outcome.repeat_complaint)
        if draws[-1] < combined(base.lose_customer, outcome.lose_customer):
            self.lost += 1
        elif case < self.first and draws[-2] < again:
            self.repeated += 1
            shortest, longest = AGAIN_AFTER
            days = shortest + (longest - shortest) * draws[-3]
            self._open(case + self.first, done + days * HOURS_PER_DAY)
