"""A step as a procedure file says it: its form, its rules, and what handing over does."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field as Setting
from pydantic import model_validator

from crmlab.procedures.conditions import Condition, Data, Raw, Reference
from crmlab.procedures.names import Hours, Name, Text


class Choice(Data):
    """One answer of a choice field. The order of the choices is their rank, lowest first."""

    value: Name
    label: Text


class RightWhen(Data):
    """What is right where the condition holds; without one, in all other cases."""

    when: Condition | None = None
    value: Raw | Reference = None


Chosen = Raw | Reference | list[RightWhen]
"""A value, where it is found, or several of these with the condition under which each holds."""


def choices_of(chosen: Chosen) -> list[RightWhen]:
    """Every value it may be, with its condition; none if it may stay empty."""
    if isinstance(chosen, list):
        return chosen
    return [] if chosen is None else [RightWhen(value=chosen)]


class Near(Data):
    """Offer what is nearly the same before something is created.

    Attributes:
        record, column: the kind of record and the column that the entry is compared with.
        unless: fields of the same form; with one of them filled in (and not *no*), the person has
            looked, and the entry is taken as it is.
    """

    record: Name
    column: Name
    unless: Annotated[list[Name], Setting(min_length=1)]


class Field(Data):
    """One blank of a step's form.

    Attributes:
        type: `record` is the key of a record in the CRM, of the kind named in `record`.
        pattern, pattern_help: a regular expression the whole text must match, and the sentence
            shown when it does not.
        at_least, at_most: limits of an integer or an amount (CNY).
        writes: the column of the case's own record that takes the value.
        right: what the procedure would put here: a value, a reference to a fact, or text with
            `{fact.name}` in it; or a list of these, each with the condition under which it is
            right. Simulated colleagues and worked examples fill it in.
        near: what is offered when the entry is nearly the same as something in the CRM.
    """

    label: Text
    type: Literal["text", "long_text", "choice", "yes_no", "integer", "amount", "date", "record"]
    help: str = ""
    required: bool = True
    pattern: str | None = None
    pattern_help: str = ""
    at_least: float | None = None
    at_most: float | None = None
    choices: list[Choice] = []
    record: Name | None = None
    writes: Name | None = None
    right: Chosen = None
    near: Near | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Field:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices belong to a field of type choice, and to no other")
        if len({choice.value for choice in self.choices}) != len(self.choices):
            raise ValueError("lists one choice twice")
        if (self.type == "record") != (self.record is not None):
            raise ValueError("record names the kind of record of a field of type record")
        if self.pattern and not self.pattern_help:
            raise ValueError("a pattern needs a pattern_help: the sentence shown when it fails")
        try:
            re.compile(self.pattern or "")
        except re.error as fault:
            raise ValueError(f"has a pattern that cannot be read: {fault}") from None
        return self

    def rights(self) -> list[RightWhen]:
        """Every value that may be right, with its condition; none if the field may stay empty."""
        return choices_of(self.right)

    def choice_values(self) -> list[str]:
        return [choice.value for choice in self.choices]


class Next(Data):
    """Where a step hands on to; the first whose condition holds is taken."""

    to: str
    when: Condition | None = None


class Rule(Data):
    """What the CRM refuses at hand-over, beyond a single field's own limits.

    Without a `field` the message stands above the form: what is wrong was done elsewhere.

    Attributes:
        message: what is wrong and what to do, with `{fact.name}` and the like in it.
        back_to: the step that can put it right where no entry is at fault, because something has
            changed since that step was done: whoever is refused sends the case back there.
    """

    refuse_when: Condition
    field: str | None = None
    message: Text
    back_to: Name | None = None


class Evidence(Data):
    """What the seat can see or hear at this step: a call, a label, a letter."""

    says: Text
    by: str = ""
    when: Condition | None = None


class Sets(Data):
    """A change that handing over makes to a record of the CRM.

    Attributes:
        once: only where nothing stands there yet: what happened first stays when the step is done
            again.
    """

    record: Name
    key: Reference
    column: Name
    value: Raw | Reference
    when: Condition | None = None
    once: bool = False


class Booking(Data):
    """A record that handing over creates in the CRM, or changes when the step is done again.

    Attributes:
        record: its kind.
        key: where its key comes from; by default the next number of its kind.
        columns: what is written into it. A refusal of the CRM stands beside the field that a
            column is taken from.
        when: it is booked only where this holds.
        each_time: a new record each time the step is done: what somebody decided stays on record
            as it was decided, also if it is decided anew.
    """

    record: Name
    key: Chosen = None
    columns: dict[Name, Chosen]
    when: Condition | None = None
    each_time: bool = False


class Enters(Data):
    """The stage of the funnel that handing over brings the opportunity to.

    Attributes:
        evidence: the field that says what shows it.
        when: it comes there only where this holds.
    """

    stage: Name
    evidence: Name | None = None
    when: Condition | None = None


Channel = Literal["call", "message", "visit", "comment"]
"""What a contact with a customer can be; a comment is a remark about them."""


class Interaction(Data):
    """The contact with the customer that this step is, for the customer's timeline."""

    channel: Channel
    note: Name


class Step(Data):
    """One piece of work at one seat.

    Attributes:
        short: the name on the swimlane, a word or two.
        purpose, why, if_skipped: what is done, who depends on it, what happens without it.
        deadline_hours: working hours from arrival at the seat until it is overdue.
        work_hours: working hours the step usually takes.
        wait_hours: working hours the case usually lies on the desk before the work begins.
        reads: fields of earlier steps (`step.field`) that this seat works from.
        enters: the stage of the funnel that it brings the opportunity to.
        sets: changes to records that are there; `books`: records that it creates, each under the
            name by which the case knows it from then on.
        hands_on: what goes to the next desk, in words.
        hints: opened one at a time, the last one almost the answer.
    """

    seat: Name
    title: Text
    short: Text
    purpose: Text
    why: Text
    if_skipped: Text
    deadline_hours: Annotated[float, Setting(gt=0, le=1000)]
    work_hours: Annotated[float, Setting(gt=0, le=1000)]
    wait_hours: Hours = 0
    evidence: list[Evidence] = []
    reads: list[str] = []
    fields: dict[Name, Field]
    rules: list[Rule] = []
    sets: list[Sets] = []
    books: dict[Name, Booking] = {}
    enters: Enters | None = None
    interaction: Interaction | None = None
    hands_on: Text
    hints: list[Text] = []
    next: Annotated[list[Next], Setting(min_length=1)]
