"""The tasks of a lesson: what to do at the desk, whether it is done, and help step by step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from crmlab.errors import BankError
from crmlab.learning.at_board import Board, faults
from crmlab.learning.bank import Bank, load_bank
from crmlab.learning.doing import Doing
from crmlab.learning.on_record import Trail
from crmlab.learning.outcome import State
from crmlab.learning.progress import Progress
from crmlab.practice.session import Practice
from crmlab.procedures.faults import unknown
from crmlab.text import gettext as _
from crmlab.text import ngettext
from crmlab.widgets.desk import Desk
from crmlab.widgets.live import Live, shows_trouble
from crmlab.widgets.pressing import Forms
from crmlab.widgets.records import Records

TAGS = {State.NOT_TRIED: "", State.RIGHT: "good", State.NOT_RIGHT: "warn", State.BROKE: "bad"}


class Tasks(Live):
    """The tasks of a lesson, checked against what was really done.

        Tasks("10", desk)
        Tasks("60", records)
        Tasks("31", board)
        Tasks("31", books, tasks=["usable_again"])

    Args:
        lesson: its number; progress is kept under it.
        at: where the tasks are done: a desk, its practice, the window on the CRM, or boards.
        bank: a bank, its name in `exercises/`, or the path of its file; by default the lesson's.
        tasks: the names of the tasks to show, in this order; by default all of the bank.
        progress: where it is kept; by default the learner's own.
    """

    template: ClassVar[str] = "tasks.html"

    @shows_trouble
    def __init__(
        self,
        lesson: str,
        *at: Desk | Practice | Records | Board,
        bank: Bank | str | Path | None = None,
        tasks: list[str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        super().__init__()
        known = bank if isinstance(bank, Bank) else load_bank(bank or f"lesson_{lesson}")
        boards = {each.name: each for each in at if isinstance(each, Board)}
        desk = next((each for each in at if not isinstance(each, Board)), None)
        self.shown = list(known.tasks) if tasks is None else tasks
        _see_to_them(known, self.shown, boards)
        self.doing = Doing(lesson, known, progress or Progress.open(), *_work(desk), boards)
        self.looked: set[str] = set()
        self.answers: dict[str, str] = {}
        self.draw()

    def context(self) -> dict[str, Any]:
        tasks = [self._task(name) for name in self.shown]
        n = sum(task["state"] is State.RIGHT for task in tasks)
        return {
            "tasks": tasks,
            "score": ngettext("{n} of {m} task done", "{n} of {m} tasks done", len(tasks)).format(
                n=n, m=len(tasks)
            ),
        }

    def _task(self, name: str) -> dict[str, Any]:
        task, stands = self.doing.tasks[name], self.doing.of(name)
        # What a board is asked for is an answer: whoever has found it may read it at once.
        told = task.board is not None and stands.outcome.right
        words = {
            State.NOT_TRIED: _("not tried yet"),
            State.RIGHT: _("done"),
            State.NOT_RIGHT: _("not right yet"),
            State.BROKE: _("something broke"),
        }
        return {
            "id": name,
            "title": _(task.title),
            "text": _(task.text),
            "asks": _(task.asks) if task.asks else "",
            "answer": self.answers.get(name, ""),
            "state": stands.outcome.state,
            "done": stands.outcome.right,
            "word": words[stands.outcome.state],
            "tag": TAGS[stands.outcome.state],
            "because": stands.outcome.because or self._nothing_yet(name),
            "hints": [_(hint) for hint in task.hints[: stands.hints]],
            "hints_left": len(task.hints) - stands.hints,
            "head": _("So it is.") if told else _("One way to do it."),
            "solution": _(task.solution) if stands.solution or told else "",
            "may_see_solution": self.doing.may_see_solution(name) and not (stands.solution or told),
        }

    def _nothing_yet(self, name: str) -> str:
        """What pressing Check says when there is nothing to check."""
        if name not in self.looked:
            return ""
        if self.doing.tasks[name].board is not None:
            return _("The dials stand as they did at first, and no records are open.")
        if self.doing.tasks[name].operation is not None:
            return _("The audit trail says nothing of the kind about you yet.")
        return _("Nothing of this kind has been done at the desk yet.")

    def do_check(self, forms: Forms, task: str) -> str:
        """Look at what was done, and at what was answered."""
        self._keep_answers(forms)
        self.doing.check(task, self.answers.get(task, ""))
        self.looked.add(task)
        return f"outcome-{task}"

    def do_hint(self, forms: Forms, task: str) -> str:
        """Open one more hint."""
        self._keep_answers(forms)
        self.doing.open_hint(task)
        return f"hint-{task}"

    def do_solution(self, forms: Forms, task: str) -> str:
        """Open the solution."""
        self._keep_answers(forms)
        self.doing.show_solution(task)
        return f"solution-{task}"

    def _keep_answers(self, forms: Forms) -> None:
        """What stands in all answers now, so that it is still there when all is drawn anew."""
        for name in self.shown:
            if (form := forms.get(f"answer-{name}")) is not None:
                self.answers[name] = str(form.get("answer") or "")


def _see_to_them(bank: Bank, names: list[str], boards: Mapping[str, Board]) -> None:
    """See that the tasks are there, and their boards with what the tasks ask of them.

    Raises:
        BankError: the first that is not.
    """
    for name in names:
        task = bank.tasks.get(name)
        if task is None:
            raise BankError(f"lesson {bank.lesson}: {unknown('task', name, bank.tasks)}")
        if task.board is None:
            continue
        if task.board not in boards:
            raise BankError(f"task '{name}': {unknown('board on this page', task.board, boards)}")
        stands = boards[task.board].standing()
        for fault in faults(task.must, stands.answered("")) if stands.facts else ():
            raise BankError(f"task '{name}': {fault}")


def _work(desk: Desk | Practice | Records | None) -> tuple[list[Practice], Trail | None]:
    """What was practised, and where it is on record. A view that could not begin has neither;
    what was watched before still counts."""
    if desk is None:
        return [], None
    if isinstance(desk, Records):
        return [], getattr(desk, "trail", None)
    parts = [desk] if isinstance(desk, Practice) else getattr(desk, "parts", [])
    return parts, Trail(parts[0].sandbox) if parts else None
