"""The ways that cases take, as the case engine finds them; each is found once and then known.

A way forks where somebody chooses (right, a slip, back to another desk) and where time tells (a
step done late, a day that has passed). At a fork that nobody has come to yet, the case that did
is played anew by the engine with its own moments. So a million cases go by what the engine says,
and it is asked a few hundred times.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from math import inf
from typing import Any

from pydantic import BaseModel

from crmlab.calendar import STANDARD
from crmlab.errors import Refused
from crmlab.procedures.case import Action, Case, HandOver, SendBack
from crmlab.procedures.conditions import Condition, value_of
from crmlab.procedures.engine import Result, act
from crmlab.procedures.schema import Procedure
from crmlab.procedures.walk import right_fields, way_back, wrong_fields
from crmlab.procedures.world import CaseWorld
from crmlab.simulation.colleagues import asking, seen_slip

RIGHT, BACK = "right", "back"
"""What can be chosen at a desk, beside a slip, which is chosen by its name."""

Done = tuple[str, float, float]
"""Something that was done: what was chosen, how many working hours after the opening, and how
many hours it was worked on."""


Key = str | tuple[str, bool, int]
"""A way from a fork: what is chosen and, where time tells, whether it was late and how many of the
days had passed."""


@dataclass(frozen=True)
class Outcome:
    """How a case ended.

    Attributes:
        extra_hours: hours that consequences cost, by seat.
        cost: CNY that consequences cost beyond the hours.
        repeat_complaint, lose_customer: the chances of each consequence that was felt.
    """

    extra_hours: dict[str, float]
    cost: float
    repeat_complaint: tuple[float, ...]
    lose_customer: tuple[float, ...]


@dataclass
class Fork:
    """A case on somebody's desk, or at its end.

    Attributes:
        step, seat: where it lies; the step is empty at the end.
        visit: which stay at this step it is, from 1.
        delay: hours between the end of the step before and its coming here.
        deadline: hours from its coming until it is late, infinite where nothing asks for that.
        days: hours from the opening to the ends of the days that something asks for.
        timed: whether time tells where it goes.
        must_go_back: it cannot be done before an earlier desk has put something right.
        slip_seen: a slip of an earlier desk can be seen here.
        slips: the slips that can be made here.
        outcome: how it ended; None as long as it has not.
        onward: where it goes, by what is chosen and by what time tells.
    """

    step: str
    seat: str = ""
    visit: int = 1
    delay: float = 0.0
    deadline: float = inf
    days: tuple[float, ...] = ()
    timed: bool = False
    must_go_back: bool = False
    slip_seen: bool = False
    slips: tuple[str, ...] = ()
    outcome: Outcome | None = None
    onward: dict[Key, Fork] = field(default_factory=dict)

    def key(self, choice: str, entered: float, done: float) -> Key:
        """The key of the way that is taken from here.

        Args:
            entered, done: when the case came to the desk and when the desk was done with it, in
                working hours from the opening.
        """
        if not self.timed:
            return choice
        return choice, done - entered > self.deadline, bisect_left(self.days, done)


class Ways:
    """The ways of cases that begin like one case and are done by people with these habits.

    Attributes:
        start: the first desk.
    """

    def __init__(self, procedure: Procedure, opened: Case, habits: Sequence[str] = ()) -> None:
        """
        Args:
            opened: the case, just opened.
            habits: slips that somebody might make.
        """
        self._procedure, self._opened = procedure, opened
        self._habits = list(habits)
        asked = list(_conditions_of_time(procedure))
        self._lateness = {part.step for part, _here in asked if part.late is not None}
        self._days_asked = [(part, here) for part, here in asked if part.done_after is not None]
        self.start = self._fork(opened, opened)

    def find(self, path: Sequence[Done], seen: list[Case] | None = None) -> Fork:
        """Where a case comes to with what was done to it, found by the engine.

        Args:
            seen: how it looked at first and after the first things of the path, as far as that is
                known; the rest is added.
        """
        seen = [] if seen is None else seen
        seen += self.replay(path, seen)[len(seen) :]
        return self._fork(*seen[-2:])

    def replay(self, path: Sequence[Done], seen: Sequence[Case] = ()) -> list[Case]:
        """The case as the engine leads it through what was done: opened, and after each thing.

        Args:
            seen: what of that is known already.

        Raises:
            Refused: the engine does not let something of it happen.
        """
        found = list(seen) or [self._opened]
        rest = path[len(found) - 1 :]
        return found + [result.case for result in self.results(rest, found[-1])]

    def results(self, path: Sequence[Done], case: Case | None = None) -> Iterator[Result]:
        """What the engine makes of each thing that was done.

        Args:
            case: the case before the first of them; just opened by default.

        Raises:
            Refused: the engine does not let something of it happen.
        """
        case = self._opened if case is None else case
        for choice, done, worked in path:
            at = max(STANDARD.add(self._opened.opened_at, done), case.last_moment)
            result = self._play(case, choice, at, worked)
            yield result
            case = result.case

    def _play(self, case: Case, choice: str, at: datetime, worked: float) -> Result:
        return act(self._procedure, case, self._action(case, choice, at, worked))

    def _action(self, case: Case, choice: str, at: datetime, worked: float) -> Action:
        procedure = self._procedure
        assert case.step is not None
        seat = procedure.steps[case.step].seat
        if choice == BACK:
            to, why = self._back(case)
            return SendBack(
                seat=seat, step=case.step, to=to, reason=why, at=at, worked_hours=worked
            )
        fields = (
            right_fields(procedure, case)
            if choice == RIGHT
            else wrong_fields(procedure, case, choice)
        )
        return HandOver(seat=seat, step=case.step, fields=fields, at=at, worked_hours=worked)

    def _back(self, case: Case) -> tuple[str, str]:
        """Where a case is sent back to, and why."""
        if seen := seen_slip(self._procedure, case):
            return seen[1], asking(self._procedure, seen[0])
        stuck = way_back(self._procedure, case)
        assert stuck is not None  # or nobody could have chosen to send it back
        return stuck

    def _fork(self, before: Case, case: Case) -> Fork:
        if case.step is None:
            return Fork("", outcome=_outcome(case))
        procedure, step = self._procedure, case.step
        visit = len(case.visits_to(step))
        left = before.opened_at if before is case else case.visits[-2].done_at
        assert left is not None
        stuck = way_back(procedure, case) is not None
        days = tuple(self._days(case))
        return Fork(
            step,
            procedure.steps[step].seat,
            visit,
            delay=STANDARD.between(left, case.visit.entered_at),
            deadline=procedure.steps[step].deadline_hours if step in self._lateness else inf,
            days=days,
            timed=bool(days) or step in self._lateness,
            must_go_back=stuck,
            slip_seen=seen_slip(procedure, case) is not None,
            slips=tuple(self._possible(case)) if visit == 1 and not stuck else (),
        )

    def _possible(self, case: Case) -> list[str]:
        """Those of the habits that can be given way to at this desk."""
        found = []
        for name in self._habits:
            if self._procedure.mistakes[name].step == case.step:
                try:
                    done = self._play(case, name, self._moment_of(case, name), 0).case
                except Refused:
                    continue
                if any(slip.mistake == name for slip in done.slips):
                    found.append(name)
        return found

    def _moment_of(self, case: Case, slip: str) -> datetime:
        """When a slip could be made: at once, or as late as it takes."""
        held_up = hours_held_up(self._procedure, slip)
        step = self._procedure.steps[self._procedure.mistakes[slip].step]
        usual = step.wait_hours + step.work_hours if held_up else 0
        return STANDARD.add(case.last_moment, usual + held_up)

    def _days(self, case: Case) -> list[float]:
        """The ends of the days that something asks about this step, in hours from the opening."""
        assert case.step is not None
        right = {**case.values, case.step: right_fields(self._procedure, case)}
        filled = case.model_copy(update={"values": right})
        days = {
            value_of(condition.done_after, CaseWorld(self._procedure, filled, here))
            for condition, here in self._days_asked
            if condition.step == case.step
        }
        return sorted(self._end_of(str(day)) for day in days if day)

    def _end_of(self, day: str) -> float:
        midnight = datetime.combine(datetime.fromisoformat(day[:10]).date(), time())
        return STANDARD.between(self._opened.opened_at, midnight + timedelta(days=1))


def hours_held_up(procedure: Procedure, slip: str) -> float:
    """By how many working hours a slip of timing holds its step up, as simulated colleagues do;
    none for any other slip."""
    mistake = procedure.mistakes[slip]
    return 0.0 if mistake.example else procedure.steps[mistake.step].deadline_hours


def _outcome(case: Case) -> Outcome:
    extra: dict[str, float] = {}
    for felt in case.felt:
        extra[felt.seat] = extra.get(felt.seat, 0.0) + felt.hours
    return Outcome(
        extra,
        sum(felt.cost for felt in case.felt),
        tuple(felt.repeat_complaint for felt in case.felt),
        tuple(felt.lose_customer for felt in case.felt),
    )


def _conditions_of_time(procedure: Procedure) -> Iterator[tuple[Condition, str]]:
    """What the file asks of when a step was done, and the step from which it is asked."""
    for name, step in procedure.steps.items():
        yield from ((part, name) for part in _conditions(step) if part.step)
    for mistake in procedure.mistakes.values():
        yield from ((part, mistake.step) for part in _conditions(mistake) if part.step)


def _conditions(part: Any) -> Iterator[Condition]:
    if isinstance(part, Condition):
        yield from part.parts()
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _conditions(getattr(part, name))
    elif isinstance(part, dict | list | tuple):
        for item in part.values() if isinstance(part, dict) else part:
            yield from _conditions(item)
