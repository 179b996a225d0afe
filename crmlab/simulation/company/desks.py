"""Cases of a procedure that go from desk to desk, with whatever is behind them in the company.

The ways that a case can take are those of a template, as the case engine finds them. What a case
is about (who buys, how much, which batch) is the company's own: it is told at each step that is
done, and may choose another template from there, as when an order turns out to be held.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crmlab.procedures.case import Case
from crmlab.procedures.schema import Procedure
from crmlab.procedures.walk import LONGEST_WALK
from crmlab.simulation.colleagues import LOOKING_HOURS
from crmlab.simulation.draws import Draws
from crmlab.simulation.queues import Piece
from crmlab.simulation.ways import BACK, RIGHT, Done, Fork, Key, Ways, hours_held_up

LIFECYCLES = ("complete", "withdraw", "schedule")
"""The transitions of XES that a case leaves in the log."""

NOTICES = 0.5
"""The chance that a colleague sees another desk's slip where it can be seen."""


@dataclass(slots=True)
class Under:
    """A case under way.

    Attributes:
        kind: the template whose ways it takes.
        path: what was done to it.
        seen: how it looked after the first things of its path, as far as the engine was asked.
    """

    kind: str
    opened: float
    fork: Fork
    entered: float
    draws: Draws
    choice: str = RIGHT
    path: list[Done] = field(default_factory=list)
    seen: list[Case] = field(default_factory=list)


@dataclass
class Log:
    """The event log, a column each, all of the same length.

    Attributes:
        case: the number of the case; `activity`, `lifecycle`, `resource`: of the step, of the
            transition and of the seat, in their order.
    """

    case: array[int] = field(default_factory=lambda: array("l"))
    activity: array[int] = field(default_factory=lambda: array("b"))
    hour: array[float] = field(default_factory=lambda: array("d"))
    lifecycle: array[int] = field(default_factory=lambda: array("b"))
    resource: array[int] = field(default_factory=lambda: array("b"))


StepDone = Callable[[int, str, int, str, float], str | None]
"""What the company makes of a step that is done: given the case, the step, which time it is done,
what was chosen, and the hour; it may name another kind to go on as, or `LIES`."""

LIES = "lies"
"""Nobody takes the case up any more; it stays open where it is."""

Closed = Callable[[int, str, float], None]
"""What it makes of a case at its close: given the case, the last step and the hour."""


class Desks:
    """The desks of one procedure in the company.

    desks = Desks(procedure, templates, habits, end=axis.end, ...)
    queues.bring(case, desks.open(case, "plain", hour, draws))
    queues.work_off(desks.onward)
    """

    def __init__(
        self,
        procedure: Procedure,
        templates: Mapping[str, Case],
        habits: Mapping[str, float],
        *,
        end: float,
        step_done: StepDone,
        closed: Closed,
        keeps_paths: bool = False,
    ) -> None:
        """
        Args:
            templates: a case just opened for each kind.
            habits: the chance of each slip where it can be made.
            end: the hour after which nothing is seen any more.
            keeps_paths: keep what was done to cases that are closed.
        """
        self.procedure, self.end = procedure, end
        self.ways = {kind: Ways(procedure, case, list(habits)) for kind, case in templates.items()}
        self.under: dict[int, Under] = {}
        self.ended: dict[int, Under] = {}
        self.log = Log()
        # Where each desk leads, by kind and way. Kinds may part at any desk, so a desk of one
        # leads to one of another; that is why the desks' own `onward` cannot keep it.
        self._forks: dict[int, dict[tuple[str, Key], Fork]] = {}
        self._habits = habits
        self._held_up = {name: hours_held_up(procedure, name) for name in habits}
        self._step_done, self._closed, self._keeps = step_done, closed, keeps_paths
        self._steps = {name: number for number, name in enumerate(procedure.steps)}
        self._seats = {name: number for number, name in enumerate(procedure.seats)}

    def open(self, case: int, kind: str, hour: float, draws: Draws) -> Piece:
        """Lay a new case on its first desk; what it asks for there."""
        under = Under(kind, hour, self.ways[kind].start, hour, draws)
        self.under[case] = under
        return self._ask(under, hour)

    def onward(self, case: int, _ready: float, begun: float, done: float) -> Piece | None:
        """Where a case goes from a desk that is done with it."""
        under = self.under[case]
        if done > self.end:  # what comes after the last day nobody has seen yet
            self._leave(case)
            return None
        fork, choice = under.fork, under.choice
        opened = under.opened
        under.path.append((choice, done - opened, done - begun))
        self._note(case, fork.step, done, "withdraw" if choice == BACK else "complete", fork.seat)
        told = self._step_done(case, fork.step, fork.visit, choice, done)
        if told not in (None, LIES, under.kind):
            under.kind, under.seen = str(told), []
        key = under.kind, fork.key(choice, under.entered - opened, done - opened)
        forks = self._forks.setdefault(id(fork), {})
        there = forks.get(key)
        if there is None:
            assert len(under.path) <= LONGEST_WALK, f"a case goes round at {fork.step}"
            there = forks[key] = self.ways[under.kind].find(under.path, under.seen)
        if there.outcome is not None:
            self._leave(case)
            self._closed(case, fork.step, done)
            return None
        under.fork = there
        comes = done + there.delay
        if comes <= self.end:
            self._note(case, there.step, comes, "schedule", there.seat)
        return None if told == LIES else self._ask(under, comes)

    def _leave(self, case: int) -> None:
        under = self.under.pop(case)
        if self._keeps:
            self.ended[case] = under

    def _ask(self, under: Under, entered: float) -> Piece:
        fork, draws = under.fork, under.draws
        step = self.procedure.steps[fork.step]
        wait, work = step.wait_hours * draws.between(0.7, 1.3), step.work_hours
        work *= draws.between(0.7, 1.3)
        under.entered = entered
        under.choice = RIGHT
        if fork.must_go_back or (fork.slip_seen and draws.happens(NOTICES)):
            under.choice, work = BACK, min(LOOKING_HOURS, work)
        else:
            for name in fork.slips:
                if draws.happens(self._habits[name]):
                    under.choice = name
                    wait += self._held_up[name]
                    break
        return self._seats[fork.seat], entered + wait, work, 0

    def _note(self, case: int, step: str, hour: float, lifecycle: str, seat: str) -> None:
        log = self.log
        log.case.append(case)
        log.activity.append(self._steps[step])
        log.hour.append(hour)
        log.lifecycle.append(LIFECYCLES.index(lifecycle))
        log.resource.append(self._seats[seat])


def people_of(procedure: Procedure, share: float) -> list[int]:
    """How many work in each seat of a company that is so many times as large."""
    return [max(seat.people, round(seat.people * share)) for seat in procedure.seats.values()]
