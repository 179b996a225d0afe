"""A learner at a quiz: what was answered before, and what a new answer changes.

The view asks and shows; what counts as answered, right, or right at the first try is decided
here, and kept in progress under `quiz/<item>` the moment it happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crmlab.learning.bank import Bank
from crmlab.learning.items import Choice, Question
from crmlab.learning.lessons import set_parts
from crmlab.learning.outcome import NOT_TRIED, Outcome
from crmlab.learning.progress import Progress


@dataclass(frozen=True)
class Answered:
    """Where a learner stands with one question.

    Attributes:
        answer: the latest one: an option's value, or the values in order; None if there is none.
        done: it has been answered rightly once, and stays so.
        first_right: it was right at the first try.
        attempts: answers so far.
    """

    answer: Any = None
    outcome: Outcome = NOT_TRIED
    done: bool = False
    first_right: bool = False
    attempts: int = 0


@dataclass(frozen=True)
class Score:
    """How many questions are done, and how many of them at the first try."""

    done: int
    first_right: int
    of: int


class Answering:
    """One learner's answers to one lesson's questions.

    Args:
        items: the names of the questions, in their order; all of the bank by default.
    """

    def __init__(
        self, lesson: str, bank: Bank, progress: Progress, items: list[str] | None = None
    ) -> None:
        self.lesson, self.progress = lesson, progress
        self.questions: tuple[Question, ...] = (
            bank.questions if items is None else tuple(bank.question(name) for name in items)
        )
        self._kept: dict[str, Answered] = {}
        # The shelf counts all questions of the lesson, also those asked in another place of it.
        set_parts(progress, lesson, "quiz", [question.id for question in bank.questions])
        self.reload()

    def reload(self) -> None:
        """Read again what is kept: another window may have answered meanwhile."""
        states = self.progress.states(self.lesson, "quiz/")
        self._kept = {}
        for question in self.questions:
            kept = states.get(f"quiz/{question.id}")
            if kept:
                value = kept.value
                self._kept[question.id] = Answered(
                    answer=value.get("answer"),
                    outcome=question.check(value.get("answer")),
                    done=bool(value.get("done")),
                    first_right=bool(value.get("first_right")),
                    attempts=kept.attempts,
                )

    def of(self, question: Question) -> Answered:
        """Where the learner stands with a question."""
        return self._kept.get(question.id, Answered())

    def give(self, question: Question, answer: Any) -> Answered:
        """Answer a question. An answer that is none (nothing chosen) is not counted."""
        outcome = question.check(answer)
        before = self.of(question)
        if outcome is NOT_TRIED:
            return before
        first_right = before.first_right or (not before.attempts and outcome.right)
        done = before.done or outcome.right
        value = {
            "kind": "single_choice" if isinstance(question, Choice) else "order",
            "answer": answer,
            "done": done,
            "first_right": first_right,
        }
        kept = self.progress.note(self.lesson, f"quiz/{question.id}", value, right=outcome.right)
        now = Answered(answer, outcome, done, first_right, kept.attempts)
        self._kept[question.id] = now
        return now

    def score(self) -> Score:
        """The count over the questions asked here."""
        all_of = [self.of(question) for question in self.questions]
        return Score(sum(a.done for a in all_of), sum(a.first_right for a in all_of), len(all_of))
