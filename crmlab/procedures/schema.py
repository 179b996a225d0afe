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
from crmlab.procedures.figures import Figure

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Chance = Annotated[float, Setting(ge=0, le=1)]
Hours = Annotated[float, Setting(ge=0, le=1000)]

END = "end"
"""Where the last step hands on to."""

PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)\}")
"""`{step.field}`, `{fact.name}`, `{figure.name}` or `{record.name}` in a text."""

RESERVED = ("fact", "figure", "record")
"""What stands before the dot when it is not a step."""

CLOSING = "closing"
"""The moment at which a consequence may be felt when the case is closed."""


class Seat(Data):
    """A role at a desk: what the person there is there for.

    Attributes:
        holder: `kind.column` of a record of the case that names who of this seat gets it first,
            such as `customer.account_manager`; else whoever has the fewest open cases.
    """

    name: Text
    letter: Annotated[str, StringConstraints(min_length=1, max_length=2)]
    duty: Text
    holder: str | None = None


class Stage(Data):
    """A stage of the funnel. The order of the stages is that of the file.

    Attributes:
        means: what has to be true before somebody may say that an opportunity is there.
        chance: how likely it is to be won from here, for a weighted pipeline.
    """

    name: Text
    means: Text
    chance: Chance


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
        record: `name.column` of a record of the case that it is read from, when the case opens.
        live: it is read anew at each hand-over, for what changes while the case goes on.
    """

    about: Text
    like: str | None = None
    record: str | None = None
    live: bool = False


class Baseline(Data):
    """What remains when everything is done by the procedure, for a case of average luck."""

    repeat_complaint: Chance = 0
    lose_customer: Chance = 0


class Follows(Data):
    """The case of another procedure that has to be closed in the sandbox before this one opens."""

    procedure: Name
    case: str


class PracticeCase(Data):
    """A case to practise on: what is true, and which records of the CRM it is about.

    Attributes:
        follows: the case that it comes out of. Its `records` are then the names by which that
            case knows them, and not their keys.
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
    follows: Follows | None = None
    records: dict[Name, str] = {}
    facts: dict[Name, Raw] = {}
    seed: int = 7


class About(Data):
    """The record that a case is: made with the case's number at the first hand-over.

    Attributes:
        opened, closed: the columns that take the moments of the case's opening and close.
    """

    record: Name
    opened: Name | None = None
    closed: Name | None = None


class Procedure(Data):
    """A whole procedure, as one file says it."""

    procedure: Name
    title: Text
    purpose: Text
    source: str = ""
    about: About | None = None
    start: Name
    seats: Annotated[dict[Name, Seat], Setting(min_length=1)]
    baseline: Baseline = Baseline()
    stages: dict[Name, Stage] = {}
    facts: dict[Name, Fact] = {}
    figures: dict[Name, Figure] = {}
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

    @cached_property
    def record_kinds(self) -> dict[str, str]:
        """The kind of every record that a case of it may know, by the name it knows it by.

        A booking says of what kind it is; any other name is that of the kind itself.
        """
        given = [name for case in self.cases.values() for name in case.records]
        own = [self.about.record] if self.about else []
        kinds = {name: name for name in [*own, *given]}
        for step in self.steps.values():
            kinds |= {name: booking.record for name, booking in step.books.items()}
        return kinds

    def steps_booking(self, record: str) -> list[str]:
        """The steps that book a record of this kind."""
        return [
            name
            for name, step in self.steps.items()
            if any(booking.record == record for booking in step.books.values())
        ]

    def leading_to(self, steps: list[str]) -> list[str]:
        """The steps outside a group from which a way leads into it."""
        return [
            name
            for name, step in self.steps.items()
            if name not in steps and any(way.to in steps for way in step.next)
        ]

    def steps_of(self, seat: str) -> list[str]:
        return [name for name, step in self.steps.items() if step.seat == seat]

    def mistakes_of(self, step: str) -> dict[str, Mistake]:
        return {name: m for name, m in self.mistakes.items() if m.step == step}

    def number(self, step: str) -> int:
        """The step's place in the file, from 1."""
        return list(self.steps).index(step) + 1
