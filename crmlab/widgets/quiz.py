"""The quiz: one question at a time, with a word and a reason for each answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from crmlab.learning.answering import Answered, Answering
from crmlab.learning.bank import Bank, load_bank
from crmlab.learning.items import Choice, Ordering, Question
from crmlab.learning.outcome import NOT_TRIED, Outcome, State
from crmlab.learning.progress import Progress
from crmlab.text import gettext as _
from crmlab.text import ngettext
from crmlab.widgets.live import Live, shows_trouble
from crmlab.widgets.pressing import Forms


class Quiz(Live):
    """The questions of a lesson.

        Quiz("10")

    Args:
        lesson: its number; progress is kept under it.
        bank: a bank, its name in `exercises/`, or the path of its file; by default the lesson's.
        items: the names of the questions to ask, in this order; by default all of the bank.
        progress: where answers are kept; by default the learner's own.
    """

    template: ClassVar[str] = "quiz.html"

    @shows_trouble
    def __init__(
        self,
        lesson: str,
        bank: Bank | str | Path | None = None,
        *,
        items: list[str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        super().__init__()
        asked = bank if isinstance(bank, Bank) else load_bank(bank or f"lesson_{lesson}")
        self.progress = progress or Progress.open()
        self.answering = Answering(lesson, asked, self.progress, items)
        self.questions = self.answering.questions
        undone = (i for i, q in enumerate(self.questions) if not self.answering.of(q).done)
        self.at = next(undone, 0)
        self.drafts: dict[str, Any] = {}
        self.error = ""
        self.draw()

    # What is drawn

    def context(self) -> dict[str, Any]:
        return {
            "nav": [self._mark(i, question) for i, question in enumerate(self.questions)],
            "question": self._question() if self.questions else None,
            "next": (self.at + 1) % len(self.questions) if len(self.questions) > 1 else None,
            "score": self._score(),
            "complete": all(self.answering.of(q).done for q in self.questions),
            "error": self.error,
        }

    def _question(self) -> dict[str, Any]:
        question, kept = self._here(), self._shown(self._here())
        options = question.shown(self.progress.learner)
        common = {
            "id": question.id,
            "number": self.at + 1,
            "text": question.text,
            "state": kept.outcome.state.value,
            "word": _word(kept.outcome),
            "because": kept.outcome.because,
        }
        if isinstance(question, Choice):
            return common | {
                "kind": "choice",
                "options": [
                    {
                        "value": option.value,
                        "text": option.text,
                        "chosen": option.value == kept.answer,
                        "feedback": option.feedback,
                    }
                    for option in options
                ],
            }
        order = kept.answer or [option.value for option in options]
        by_value = {option.value: option for option in question.options}
        fitting = question.fitting(order) if kept.outcome.state is not State.NOT_TRIED else 0
        return common | {
            "kind": "order",
            "options": [
                {
                    "value": value,
                    "text": by_value[value].text,
                    "fits": i < fitting,
                    "feedback": by_value[value].feedback,
                }
                for i, value in enumerate(order)
            ],
        }

    def _shown(self, question: Question) -> Answered:
        """What stands on the page: what was answered, or what is being tried just now."""
        kept = self.answering.of(question)
        if question.id not in self.drafts:
            return kept
        return Answered(answer=self.drafts[question.id], done=kept.done)

    def _mark(self, i: int, question: Question) -> dict[str, Any]:
        kept = self.answering.of(question)
        state = "done" if kept.done else "tried" if kept.attempts else "new"
        words = {
            "done": _("Question {n}: done"),
            "tried": _("Question {n}: not done yet"),
            "new": _("Question {n}: not tried yet"),
        }
        return {
            "number": i + 1,
            "state": state,
            "label": words[state].format(n=i + 1),
            "here": i == self.at,
        }

    def _score(self) -> str:
        score = self.answering.score()
        told = ngettext(
            "{done} of {n} question done", "{done} of {n} questions done", score.of
        ).format(done=score.done, n=score.of)
        if score.first_right:
            told += ", " + ngettext(
                "{n} at the first try", "{n} at the first try", score.first_right
            ).format(n=score.first_right)
        return told

    # What can be done

    def do_check(self, forms: Forms) -> str:
        """Answer the question."""
        question = self._here()
        if isinstance(question, Ordering):
            answer: Any = self._order(question)
        else:
            answer = forms.get("answer", {}).get("choice") or None
        if answer is None:
            self.error = _("Choose an answer first. A guess is welcome too.")
            return "first"
        self.error = ""
        now = self.answering.give(question, answer)
        if now.outcome is NOT_TRIED:  # the page is older than the question
            self.drafts.pop(question.id, None)
            return "question"
        self.drafts.pop(question.id, None)
        return "feedback"

    def do_move(self, forms: Forms, step: str, way: str) -> str:
        """Move a step up or down in its order; the button stays in focus."""
        question = self._here()
        assert isinstance(question, Ordering)
        order = self._order(question)
        i = order.index(step)
        j = i - 1 if way == "up" else i + 1
        if 0 <= j < len(order):
            order[i], order[j] = order[j], order[i]
        self.drafts[question.id] = order
        at_the_end = order.index(step) == (0 if way == "up" else len(order) - 1)
        other = "down" if way == "up" else "up"
        return f"{other if at_the_end else way}-{step}"

    def do_go(self, forms: Forms, number: str) -> str:
        """Look at another question; what is chosen here is kept."""
        self._keep(forms)
        self.at = min(max(int(number), 0), len(self.questions) - 1)
        self.error = ""
        return "question"

    def do_again(self, forms: Forms) -> str:
        """Try once more: the page forgets the answer, progress does not."""
        question = self._here()
        self.error = ""
        self.drafts[question.id] = (
            [option.value for option in question.shown(self.progress.learner)]
            if isinstance(question, Ordering)
            else None
        )
        return "question"

    # Help

    def _here(self) -> Question:
        return self.questions[self.at]

    def _order(self, question: Ordering) -> list[str]:
        """The steps as they stand on the page now."""
        known = [option.value for option in question.shown(self.progress.learner)]
        stands = self._shown(question).answer
        return list(stands) if stands and sorted(stands) == sorted(known) else known

    def _keep(self, forms: Forms) -> None:
        question = self._here()
        chosen = forms.get("answer", {}).get("choice")
        if chosen and chosen != self.answering.of(question).answer:
            self.drafts[question.id] = chosen


def _word(outcome: Outcome) -> str:
    """The outcome in a word that goes with its colour."""
    return {State.RIGHT: _("Right"), State.NOT_RIGHT: _("Not quite")}.get(outcome.state, "")
