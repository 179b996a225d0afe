"""A learner at the tasks of a lesson: checked, hints opened, solutions seen; kept at once.

Progress keeps `task/<task>`: whether it was done once, how the latest check came out, and the
help that was taken. The sentences are made anew each time, in the language in force.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmlab.learning.at_board import Board
from crmlab.learning.bank import Bank
from crmlab.learning.lessons import set_parts
from crmlab.learning.on_record import Trail
from crmlab.learning.outcome import NOT_TRIED, Outcome, State
from crmlab.learning.progress import Progress
from crmlab.learning.tasks import Task, check_at_desk
from crmlab.practice.session import Practice
from crmlab.text import gettext as _


@dataclass(frozen=True)
class Done:
    """Where a learner stands with one task.

    Attributes:
        hints: how many are open.
        solution: it has been shown.
    """

    outcome: Outcome = NOT_TRIED
    hints: int = 0
    solution: bool = False


class Doing:
    """One learner's work on the tasks of one lesson.

    Args:
        parts: what is practised at the desk; without it, only what was watched before counts.
        trail: the audit trail of what was done, for the tasks that ask for it.
        boards: those of the page, by their names.
    """

    def __init__(
        self,
        lesson: str,
        bank: Bank,
        progress: Progress,
        parts: Sequence[Practice] = (),
        trail: Trail | None = None,
        boards: Mapping[str, Board] | None = None,
    ) -> None:
        self.lesson, self.progress = lesson, progress
        self.parts, self.trail, self.boards = parts, trail, boards or {}
        self.procedures, self.tasks = bank.procedures, bank.tasks
        self._kept: dict[str, Done] = {}
        set_parts(progress, lesson, "task", list(bank.tasks))
        for name, kept in progress.states(lesson, "task/").items():
            task = name.removeprefix("task/")
            if task in self.tasks:
                self._kept[task] = self._read(self.tasks[task], kept.value)

    def of(self, name: str) -> Done:
        """Where the learner stands with a task."""
        return self._kept.get(name, Done())

    def check(self, name: str, answer: str = "") -> Done:
        """Look at what was done, and at what was answered. What was done once stays done."""
        before = self.of(name)
        found = self._look(self.tasks[name], answer)
        if before.outcome.right and not found.right and found.state is not State.BROKE:
            found = _done_before(found.because)
        now = Done(found, before.hints, before.solution)
        self._kept[name] = now
        if found.state in (State.RIGHT, State.NOT_RIGHT):
            self._keep(name, now, checked=True)
        return now

    def open_hint(self, name: str) -> Done:
        """Open one more hint, if there is one."""
        before = self.of(name)
        hints = min(before.hints + 1, len(self.tasks[name].hints))
        return self._keep(name, Done(before.outcome, hints, before.solution))

    def may_see_solution(self, name: str) -> bool:
        """Whether the solution can be opened: when every hint is, or when the task is done."""
        done = self.of(name)
        return done.outcome.right or done.hints >= len(self.tasks[name].hints)

    def show_solution(self, name: str) -> Done:
        """Open the solution."""
        before = self.of(name)
        if not self.may_see_solution(name):
            return before
        return self._keep(name, Done(before.outcome, before.hints, True))

    def _keep(self, name: str, now: Done, *, checked: bool = False) -> Done:
        value = {
            "done": now.outcome.right,
            "state": now.outcome.state.value,
            "hints": now.hints,
            "solution": now.solution,
            "act": "check" if checked else "help",
        }
        right = now.outcome.right if checked else None
        self.progress.note(self.lesson, f"task/{name}", value, right=right)
        self._kept[name] = now
        return now

    def _read(self, task: Task, value: dict[str, Any]) -> Done:
        outcome = NOT_TRIED
        if value.get("done"):
            found = self._look(task, anew=False)
            outcome = found if found.right else _done_before()
        elif value.get("state") == State.NOT_RIGHT:
            outcome = self._look(task, anew=False)
            if outcome.right:  # done since it was last checked: pressing Check will say so
                outcome = NOT_TRIED
        return Done(outcome, int(value.get("hints", 0)), bool(value.get("solution")))

    def _look(self, task: Task, answer: str = "", *, anew: bool = True) -> Outcome:
        parts = self.parts if anew else ()
        stands = {name: board.standing().answered(answer) for name, board in self.boards.items()}
        return check_at_desk(
            task, self.procedures, self.progress, self.lesson, parts, self.trail, stands
        )


def _done_before(now: str = "") -> Outcome:
    if not now:
        return Outcome(State.RIGHT, _("You have done this before."))
    return Outcome(
        State.RIGHT, _("You have done this before. As it stands now: {because}").format(because=now)
    )
