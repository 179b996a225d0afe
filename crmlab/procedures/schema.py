"""What a procedure file says, as types.

A procedure is written once, as data. The desk, the swimlane, the quiz, the simulated
colleagues and the debrief are all made from it, so whatever one of
them needs to know stands here and nowhere else.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import Annotated

from pydantic import Field as Setting
from pydantic import StringConstraints

from crmlab.procedures.asked import facts_asked
from crmlab.procedures.conditions import Condition, Data, Raw, Reference
from crmlab.procedures.figures import Figure
from crmlab.procedures.names import Chance, Hours, Moment, Name, Text
from crmlab.procedures.steps import Field, Step


class Seat(Data):
    """A role at a desk: what the person there is there for.

    Attributes:
        holder: `kind.column` of a record of the case that names who of this seat gets it first,
            such as `customer.account_manager`; else whoever has the fewest open cases.
        people: how many work there, in a company that is simulated.
    """

    name: Text
    letter: Annotated[str, StringConstraints(min_length=1, max_length=2)]
    duty: Text
    holder: str | None = None
    people: Annotated[int, Setting(ge=1, le=1000)] = 1


class Stage(Data):
    """A stage of the funnel. The order of the stages is that of the file.

    Attributes:
        means: what has to be true before somebody may say that an opportunity is there.
        chance: how likely it is to be won from here, for a weighted pipeline.
    """

    name: Text
    means: Text
    chance: Chance


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
        live: it is read anew at each step that asks for it, for what changes while the case goes
            on; afterwards it stays as that step knew it.
    """

    about: Text
    like: str | None = None
    record: str | None = None
    live: bool = False


class Baseline(Data):
    """What remains when everything is done by the procedure, for a case of average luck.

    Attributes:
        customer_worth: what a customer will still bring, in CNY on average, so that the chance of
            losing one has a price; `crmlab analyse value` gives it. Without it, it has none.
    """

    repeat_complaint: Chance = 0
    lose_customer: Chance = 0
    customer_worth: Annotated[float, Setting(ge=0)] = 0


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
    opened_at: Moment
    found_at: Name | None = None
    found_after_hours: Hours = 0
    follows: Follows | None = None
    records: dict[Name, str] = {}
    facts: dict[Name, Raw] = {}
    seed: int = 7


class House(Data):
    """Rules of the house that the CRM itself holds to, whatever a step asks for.

    Attributes:
        overdue_allowed: days for which an invoice of a customer may be overdue before their orders
            stay here until somebody releases them; without it, none stays here for that. A fact
            that is read from `customer.overdue_allowed` is this number.
    """

    overdue_allowed: Annotated[int, Setting(ge=0, le=365)] | None = None


class About(Data):
    """The record that a case is: made with the case's number at the first hand-over.

    Attributes:
        opened, closed: the columns that take the moments of the case's opening and close.
    """

    record: Name
    opened: Name | None = None
    closed: Name | None = None


class Procedure(Data):
    """A whole procedure, as one file says it.

    Attributes:
        cases_per_day: how many cases begin on a working day, in a company that is simulated.
        urgent_when: which cases go first there, by their facts; none by default.
    """

    procedure: Name
    title: Text
    purpose: Text
    source: str = ""
    about: About | None = None
    house: House = House()
    start: Name
    seats: Annotated[dict[Name, Seat], Setting(min_length=1)]
    baseline: Baseline = Baseline()
    cases_per_day: Annotated[float, Setting(gt=0, le=1000)] = 1
    urgent_when: Condition | None = None
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

    @cached_property
    def facts_asked(self) -> dict[str, frozenset[str]]:
        """By step: the facts that the step itself, or a mistake of it, asks for."""
        return {
            name: facts_asked([step, *self.mistakes_of(name).values()], self.figures)
            for name, step in self.steps.items()
        }

    def steps_of(self, seat: str) -> list[str]:
        return [name for name, step in self.steps.items() if step.seat == seat]

    def mistakes_of(self, step: str) -> dict[str, Mistake]:
        return {name: m for name, m in self.mistakes.items() if m.step == step}

    def number(self, step: str) -> int:
        """The step's place in the file, from 1."""
        return list(self.steps).index(step) + 1
