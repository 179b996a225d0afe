"""Tasks at a board: whether its dials, its figures and the records that are open are as asked.

A board says how it stands (`Standing`): its dials and figures by their names, and which records are
open. A task lists what must be true of that, each with the sentence that is told while it is not.
Where a task asks something, what was answered is one fact more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter
from typing import NoReturn, Protocol, runtime_checkable

from pydantic import model_validator

from crmlab.learning.outcome import NOT_TRIED, Outcome, State
from crmlab.procedures.conditions import (
    Condition,
    Data,
    Raw,
    Reference,
    blank,
    holds,
    number_of,
)
from crmlab.procedures.faults import unknown
from crmlab.procedures.names import Text
from crmlab.text import gettext as _

ANSWER = "answer"
"""The fact that is what a trainee has written in answer to a task."""


class Must(Data):
    """One thing that has to be true of a board.

    Attributes:
        holds: a condition on the board's facts: `{fact: brings, at_least: 0}`.
        otherwise: what is told while it is not; it may quote a fact, `{brings}`, without its sign.
    """

    holds: Condition
    otherwise: Text

    @model_validator(mode="after")
    def _of_facts_alone(self) -> Must:
        for part in self.holds.parts():
            if not (part.fact or part.all or part.any or part.not_):
                raise ValueError("asks for a 'fact' of the board, and for nothing else")
            if any(isinstance(each, Reference) and not each.fact for each in part.operands()):
                raise ValueError("compares with a value or a 'fact' of the board")
        return self

    def named(self) -> Iterator[str]:
        """The facts that it names, in its condition and in its sentence."""
        for part in self.holds.parts():
            if part.fact:
                yield part.fact
            others = (each.fact for each in part.operands() if isinstance(each, Reference))
            yield from (name for name in others if name)
        yield from (name for _text, name, *_rest in Formatter().parse(self.otherwise) if name)


@dataclass(frozen=True)
class Standing:
    """How a board stands.

    Attributes:
        touched: a dial has been turned, or records are open.
        facts: the dials and figures by their names, and `open`: the name of the records that are.
    """

    touched: bool
    facts: Mapping[str, Raw]

    def answered(self, answer: str) -> Standing:
        """The same, with what a trainee has written in answer to the task."""
        return replace(self, facts={**self.facts, ANSWER: answer})


@runtime_checkable
class Board(Protocol):
    """What tasks know of a board: what they call it, and how it stands."""

    name: str

    def standing(self) -> Standing: ...


def faults(must: Sequence[Must], known: Standing) -> Iterator[str]:
    """A sentence for each fact that the board does not have."""
    for each in must:
        for name in each.named():
            if name not in known.facts:
                yield unknown("fact of the board", name, known.facts)


def check(must: Sequence[Must], stands: Standing) -> Outcome:
    """Whether all of it is true of the board as it stands; if not, the first that is not."""
    if not stands.touched:
        return NOT_TRIED
    facts = _Facts(stands.facts)
    for each in must:
        if said := _no_answer(each, stands.facts):
            return Outcome(State.NOT_RIGHT, said)
        if not holds(each.holds, facts):
            return Outcome(State.NOT_RIGHT, _(each.otherwise).format(**facts.told()))
    return Outcome(State.RIGHT, _("The board stands as it was asked for."))


def _no_answer(must: Must, facts: Mapping[str, Raw]) -> str:
    """What is said of an answer that cannot be right or wrong; empty of one that can."""
    asked = next((part for part in must.holds.parts() if part.fact == ANSWER), None)
    if asked is None:
        return ""
    answer = facts[ANSWER]
    if blank(answer):
        return _("The board stands as it should. Now write your answer, and check again.")
    if number_of(asked.is_) is not None and number_of(answer) is None:
        return _("Write your answer as a number, in figures.")
    return ""


class _Facts:
    """A board as a condition asks of it: nothing but facts."""

    def __init__(self, facts: Mapping[str, Raw]) -> None:
        self._facts = facts

    def fact(self, name: str) -> Raw:
        return self._facts[name]

    def choices(self, condition: Condition) -> list[str]:
        return []

    def told(self) -> dict[str, str]:
        """The facts as a sentence quotes them."""
        return {
            name: f"{abs(value):,.0f}"
            if isinstance(value, int | float) and not isinstance(value, bool)
            else str(value)
            for name, value in self._facts.items()
        }

    def _none(self, *_of: str) -> NoReturn:
        raise AssertionError("a board has facts alone")  # `Must` sees to it

    def moment(self) -> Raw:
        self._none()

    field = figure = record = late = done_on = visited = _none
