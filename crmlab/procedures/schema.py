"""What a procedure file says, as types.

A procedure is written once, as data. The desk, the swimlane, the quiz, the simulated
colleagues and the debrief are all made from it, so whatever one of
them needs to know stands here and nowhere else.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints, model_validator
from pydantic import Field as Setting

from crmlab.calendar import STANDARD
from crmlab.procedures.conditions import Condition, Data, Raw, Reference

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Chance = Annotated[float, Setting(ge=0, le=1)]
Hours = Annotated[float, Setting(ge=0, le=1000)]

END = "end"
"""Where the last step hands on to."""

PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)\}")
"""`{step.field}` or `{fact.name}` in a text."""

CLOSING = "closing"
"""The moment at which a consequence may be felt when the case is closed."""


class Seat(Data):
    """A role at a desk: what the person there is there for."""

    name: Text
    letter: Annotated[str, StringConstraints(min_length=1, max_length=2)]
    duty: Text


class Choice(Data):
    """One answer of a choice field. The order of the choices is their rank, lowest first."""

    value: Name
    label: Text


class RightWhen(Data):
    """What is right where the condition holds; without one, in all other cases."""

    when: Condition | None = None
    value: Raw | Reference = None


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
    right: Raw | Reference | list[RightWhen] = None

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
        if isinstance(self.right, list):
            return self.right
        return [] if self.right is None else [RightWhen(value=self.right)]

    def choice_values(self) -> list[str]:
        return [choice.value for choice in self.choices]


class Next(Data):
    """Where a step hands on to; the first whose condition holds is taken."""

    to: str
    when: Condition | None = None


class Rule(Data):
    """What the CRM refuses at hand-over, beyond a single field's own limits.

    Without a `field` the message stands above the form: what is wrong was done elsewhere.
    """

    refuse_when: Condition
    field: str | None = None
    message: Text


class Evidence(Data):
    """What the seat can see or hear at this step: a call, a label, a letter."""

    says: Text
    by: str = ""
    when: Condition | None = None


class Sets(Data):
    """A change that handing over makes to a record of the CRM."""

    record: Name
    key: Reference
    column: Name
    value: Raw | Reference
    when: Condition | None = None


class Interaction(Data):
    """The contact with the customer that this step is, for the customer's timeline."""

    channel: Literal["call", "message", "visit", "comment"]
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
    interaction: Interaction | None = None
    hands_on: Text
    hints: list[Text] = []
    next: Annotated[list[Next], Setting(min_length=1)]


class Consequence(Data):
    """What a slip does to one seat, when, and what that costs.

    Attributes:
        seat: who feels it.
        at: the step whose completion makes it felt, or `closing`.
        what, why: what happens there, and how it comes from the slip.
        hours: extra working hours of that seat.
        cost: money in CNY, beyond the hours.
        delay_days: working days by which the case is delayed.
        repeat_complaint, lose_customer: the chance that this alone brings another complaint,
            or loses the customer.
    """

    seat: Name
    at: str
    what: Text
    why: Text
    hours: Hours = 0
    cost: Annotated[float, Setting(ge=0)] = 0
    delay_days: Annotated[float, Setting(ge=0, le=60)] = 0
    repeat_complaint: Chance = 0
    lose_customer: Chance = 0


class Mistake(Data):
    """A slip: what the CRM cannot see, so it is accepted, travels on, and costs.

    Attributes:
        when: recognises it, from the step's fields, earlier fields, facts and lateness.
        example: values for the step's fields that make it; simulated colleagues and the quiz
            use them. Empty for a mistake of timing.
        right: what the procedure would have had you do, in words.
        noticed_at: later steps where an attentive colleague can see it and send the case back.
        critical: nobody works *unaided* while making it.
    """

    title: Text
    step: Name
    when: Condition
    example: dict[Name, Raw | Reference] = {}
    right: Text
    noticed_at: list[Name] = []
    critical: bool = False
    consequences: Annotated[list[Consequence], Setting(min_length=1)]


class Fact(Data):
    """Something true about a case, whether or not anybody writes it down.

    Attributes:
        about: what it is, for whoever writes the next case.
        like: the field (`step.field`) whose choices or type it shares.
        record: `kind.column` of a record of the case that it is read from.
    """

    about: Text
    like: str | None = None
    record: str | None = None


class Baseline(Data):
    """What remains when everything is done by the procedure, for a case of average luck."""

    repeat_complaint: Chance = 0
    lose_customer: Chance = 0


class PracticeCase(Data):
    """A case to practise on: what is true, and which records of the CRM it is about.

    Attributes:
        found_at: the step at which a desk finds it on the first morning, the steps before having
            been done by the procedure; its start by default.
        found_after_hours: working hours for which it has lain there by then.
        seed: the case's luck, the same in every run of it.
    """

    title: Text
    story: Text
    opened_at: Annotated[datetime, AfterValidator(STANDARD.local)]
    found_at: Name | None = None
    found_after_hours: Hours = 0
    records: dict[Name, str] = {}
    facts: dict[Name, Raw] = {}
    seed: int = 7


class Procedure(Data):
    """A whole procedure, as one file says it."""

    procedure: Name
    title: Text
    purpose: Text
    source: str = ""
    about: Name | None = None
    """The kind of CRM record that a case creates and writes to, such as `complaint`."""
    start: Name
    seats: Annotated[dict[Name, Seat], Setting(min_length=1)]
    baseline: Baseline = Baseline()
    facts: dict[Name, Fact] = {}
    steps: Annotated[dict[Name, Step], Setting(min_length=1)]
    mistakes: dict[Name, Mistake] = {}
    cases: dict[str, PracticeCase] = {}

    @cached_property
    def fingerprint(self) -> str:
        """Differs when anything in the file does: a case belongs to the file it was opened by."""
        return sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def field(self, reference: str, here: str = "") -> Field | None:
        """The field a reference means: `step.field`, or `field` of the step `here`."""
        step, name = self.split(reference, here)
        return self.steps[step].fields.get(name) if step in self.steps else None

    @staticmethod
    def split(reference: str, here: str = "") -> tuple[str, str]:
        """A reference as (step, field)."""
        step, _, name = reference.rpartition(".")
        return (step or here), name

    def steps_of(self, seat: str) -> list[str]:
        return [name for name, step in self.steps.items() if step.seat == seat]

    def mistakes_of(self, step: str) -> dict[str, Mistake]:
        return {name: m for name, m in self.mistakes.items() if m.step == step}

    def number(self, step: str) -> int:
        """The step's place in the file, from 1."""
        return list(self.steps).index(step) + 1
