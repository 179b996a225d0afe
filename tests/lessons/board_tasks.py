"""The tasks at the boards of a lesson, as a trainee does them: dials turned, records opened."""

from __future__ import annotations

from typing import Any

from crmlab.learning import at_board
from crmlab.learning.bank import load_bank
from crmlab.learning.outcome import State


class BoardTasks:
    """A lesson's tasks beside their boards."""

    def __init__(self, lesson: str, *boards: Any) -> None:
        self.tasks = load_bank(f"lesson_{lesson}").tasks
        self.boards = {board.name: board for board in boards}

    def check(
        self, task: str, *, opened: str = "", answer: object = "", **dials: float
    ) -> tuple[State, str]:
        """Begin anew, turn these dials, open these records, answer, and see how the task stands."""
        wanted = self.tasks[task]
        board = self.boards[wanted.board]
        board.click("back")
        board.click("open", {"behind": opened})
        if dials:
            board.click("turn", dials)
        outcome = at_board.check(wanted.must, board.standing().answered(str(answer)))
        return outcome.state, outcome.because

    def solution(self, task: str) -> str:
        return " ".join(self.tasks[task].solution.split())
