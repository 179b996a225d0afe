"""Questions: what a bank file may say, and what a learner is asked and told.

An item is data. It becomes a `Choice` (one answer of several) or an `Ordering` (steps to put in
order), which can be checked and shown. Items made from a procedure become the same two kinds,
so nobody who shows or counts questions needs to know where one came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Discriminator, StringConstraints, Tag, model_validator
from pydantic import Field as Setting

from crmlab.learning.outcome import NOT_TRIED, Outcome, State
from crmlab.procedures.conditions import Data
from crmlab.procedures.names import Name, Text
from crmlab.simulation.draws import chance
from crmlab.text import gettext as _
from crmlab.text import ngettext

Value = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.]*$", max_length=80)]
"""The lasting name of an option: answers are kept by it, so texts may change."""


class OptionText(Data):
    """One answer of a single choice.

    Attributes:
        feedback: what whoever chose it is told: why it is right, or what it overlooks.
    """

    value: Value
    text: Text
    feedback: Text
    right: bool = False


class SingleChoice(Data):
    """A question with one right answer."""

    kind: Literal["single_choice"]
    question: Text
    options: Annotated[list[OptionText], Setting(min_length=2)]

    @model_validator(mode="after")
    def _one_right(self) -> SingleChoice:
        right = sum(option.right for option in self.options)
        if right != 1:
            raise ValueError(f"has {right} options marked 'right: true'; it needs exactly one")
        _differ([option.value for option in self.options])
        return self


class StepText(Data):
    """One step of an order; `feedback` says why it stands where it stands."""

    value: Value
    text: Text
    feedback: Text


class Order(Data):
    """Steps to put in order; the file lists them in the right one."""

    kind: Literal["order"]
    question: Text
    steps: Annotated[list[StepText], Setting(min_length=3)]

    @model_validator(mode="after")
    def _steps_differ(self) -> Order:
        _differ([step.value for step in self.steps])
        return self


class FromProcedure(Data):
    """A question that is made from a procedure file, texts and feedback included.

    Attributes:
        ask: who_does (a step's seat), who_feels (the first seat a mistake lands on), what_lands
            (what a mistake does to one seat), why_step (a step's reason), if_skipped (what
            happens without a step), deadline (a step's working hours), order_of (steps in the
            order of the right run).
        case: the practice case whose names and numbers stand in the texts.
        against: what the wrong answers are taken from, instead of what is nearest: other steps
            (why_step, if_skipped) or other mistakes (what_lands).
    """

    from_procedure: str
    ask: Literal[
        "who_does", "who_feels", "what_lands", "why_step", "if_skipped", "deadline", "order_of"
    ]
    question: Text | None = None
    step: Name | None = None
    mistake: Name | None = None
    seat: Name | None = None
    case: str | None = None
    steps: list[Name] = []
    against: list[Name] = []

    @model_validator(mode="after")
    def _names_what_it_asks_about(self) -> FromProcedure:
        needs = {"who_feels": ["mistake"], "what_lands": ["mistake", "seat"], "order_of": []}
        for name in needs.get(self.ask, ["step"]):
            if getattr(self, name) is None:
                raise ValueError(f"asks {self.ask}, so it needs '{name}'")
        return self


def kind_of(item: object) -> str | None:
    """How an item of a file is to be read: `made`, or by its `kind`."""
    if not isinstance(item, dict):
        return getattr(item, "kind", "made")
    return "made" if "from_procedure" in item else item.get("kind")


Item = Annotated[
    Annotated[SingleChoice, Tag("single_choice")]
    | Annotated[Order, Tag("order")]
    | Annotated[FromProcedure, Tag("made")],
    Discriminator(kind_of),
]
KINDS = ("single_choice", "order")


@dataclass(frozen=True)
class Option:
    """An answer, or a step, as it is shown: its texts in the language in force."""

    value: str
    text: str
    feedback: str


@dataclass(frozen=True)
class Choice:
    """A single choice, ready to be asked.

    Attributes:
        fixed: the options have an order of their own (seats, hours) and are not shuffled.
    """

    id: str
    text: str
    options: tuple[Option, ...]
    right: str
    fixed: bool = False

    def shown(self, learner: str) -> tuple[Option, ...]:
        """The options in this learner's order: always the same one, and each learner's own."""
        return self.options if self.fixed else _shuffled(self.options, self.id, learner)

    def check(self, answer: str | None) -> Outcome:
        """How an answer comes out; an option that no longer exists counts as not tried."""
        chosen = next((option for option in self.options if option.value == answer), None)
        if chosen is None:
            return NOT_TRIED
        state = State.RIGHT if chosen.value == self.right else State.NOT_RIGHT
        return Outcome(state, chosen.feedback)


@dataclass(frozen=True)
class Ordering:
    """Steps to put in order, ready to be asked; `options` are in the right order."""

    id: str
    text: str
    options: tuple[Option, ...]

    def shown(self, learner: str) -> tuple[Option, ...]:
        """The steps as they lie at first: this learner's own order, and never the right one."""
        mixed = _shuffled(self.options, self.id, learner)
        return mixed[1:] + mixed[:1] if mixed == self.options else mixed

    def check(self, answer: list[str] | None) -> Outcome:
        """How an order comes out: how many steps fit from the top, and a thought on the next."""
        right = [option.value for option in self.options]
        if answer is None or sorted(answer) != sorted(right):
            return NOT_TRIED
        if answer == right:
            return Outcome(State.RIGHT, _("Each step now finds what it needs from the one before."))
        fit = self.fitting(answer)
        thought = self.options[fit].feedback
        told = ngettext(
            "From the top, {n} step fits. A thought on what comes next: {thought}",
            "From the top, {n} steps fit. A thought on what comes next: {thought}",
            fit,
        )
        if not fit:
            told = _("It begins with something else. A thought on it: {thought}")
        return Outcome(State.NOT_RIGHT, told.format(n=fit, thought=thought))

    def fitting(self, answer: list[str]) -> int:
        """How many steps from the top stand where they belong."""
        pairs = zip(answer, self.options, strict=True)
        return next((i for i, (value, o) in enumerate(pairs) if value != o.value), len(answer))


Question = Choice | Ordering


def as_question(item_id: str, item: SingleChoice | Order) -> Question:
    """A written item, ready to be asked in the language in force."""
    if isinstance(item, SingleChoice):
        right = next(option.value for option in item.options if option.right)
        return Choice(item_id, _(item.question), _options(item.options), right)
    return Ordering(item_id, _(item.question), _options(item.steps))


def _options(texts: list[OptionText] | list[StepText]) -> tuple[Option, ...]:
    return tuple(Option(text.value, _(text.text), _(text.feedback)) for text in texts)


def _shuffled(options: tuple[Option, ...], item: str, learner: str) -> tuple[Option, ...]:
    return tuple(sorted(options, key=lambda option: chance(0, learner, item, option.value)))


def _differ(values: list[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"uses the value '{twice[0]}' twice; values must differ")
