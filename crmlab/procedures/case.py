"""The state of one case, and what can be done to it. Plain frozen data, stored as JSON."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from crmlab.procedures.conditions import Data, Raw
from crmlab.procedures.names import Moment

Values = dict[str, dict[str, Raw]]
"""What has been entered: by step, by field."""


class Visit(Data):
    """One stay of the case at a step.

    Attributes:
        due_at: when it becomes overdue.
        done_at: when the seat let go of it; None while it is there.
        worked_hours: working hours of the seat itself, without waiting.
        sent_back: it ended by being sent back, so the step was not done.
        past: the steps that it went past on its way here, since they stand as they were done.
    """

    step: str
    seat: str
    entered_at: datetime
    due_at: datetime
    done_at: datetime | None = None
    worked_hours: float = 0
    sent_back: bool = False
    past: list[str] = []


class Slip(Data):
    """A mistake that was made in this case. It costs until it is put right."""

    mistake: str
    step: str
    visit: int
    at: datetime
    corrected_at: datetime | None = None


class Felt(Data):
    """A consequence that has landed on somebody's desk.

    Attributes:
        quotes: the values that its words quote (`step.field`), as they were at that moment.
    """

    mistake: str
    part: int
    seat: str
    step: str
    at: datetime
    hours: float
    cost: float
    delay_days: float
    repeat_complaint: float
    lose_customer: float
    quotes: dict[str, Raw] = {}


class SentBack(Data):
    """Work returned to an earlier step, and whether that was where the slip had been made.

    Attributes:
        slips: the live slips at the step it went to; empty when there was nothing to put right.
        elsewhere: the live slips made at other steps.
        asked: the step's own rule asked for it, since something had changed meanwhile.
    """

    from_step: str
    to_step: str
    seat: str
    reason: str
    at: datetime
    slips: list[str]
    elsewhere: list[str]
    asked: bool = False

    @property
    def right(self) -> bool:
        return self.asked or bool(self.slips)


class Event(Data):
    """One line of the event log, in XES terms; the resource is a seat, never a person."""

    case_id: str
    activity: str
    timestamp: datetime
    lifecycle: str
    resource: str | None


class Case(Data):
    """Everything that is known about one case. Every action returns a new one.

    Attributes:
        live: what the CRM says now of those facts that change while the case goes on; the facts
            themselves stay as they were when it was opened.
        records: the keys of the CRM records it is about, by kind.
        version: counts the actions; whoever writes must have seen the latest.
        returns_to: the step that sent the case back and waits for it.
        done: steps that were completed and not sent back to since, so their entries stand.
        reassigned_at: when it last went from one person to another.
    """

    case_id: str
    procedure: str
    title: str
    seed: int
    facts: dict[str, Raw]
    live: dict[str, Raw] = {}
    records: dict[str, str] = {}
    opened_at: datetime
    step: str | None
    holder: str | None = None
    version: int = 1
    values: Values = {}
    visits: list[Visit] = []
    done: list[str] = []
    returns_to: str | None = None
    slips: list[Slip] = []
    felt: list[Felt] = []
    sent_back: list[SentBack] = []
    reassigned_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def visit(self) -> Visit:
        """The stay that is going on now."""
        return self.visits[-1]

    @property
    def came_by(self) -> list[str]:
        """The steps that lie before the current one on the way that the case has taken.

        Whoever sent it back to here comes later on that way, and so does all that was done between.
        """
        way: list[str] = []
        for visit in self.visits:
            for step in (*visit.past, visit.step):
                if step in way:  # sent back to it, or round to it
                    del way[way.index(step) :]
                way.append(step)
        return way[:-1]

    @property
    def last_moment(self) -> datetime:
        """The moment of the latest thing that happened."""
        entered = self.visit.entered_at
        return self.closed_at or max(entered, self.reassigned_at or entered)

    @property
    def latest_hand_over(self) -> datetime:
        """When a seat last let go of it; its opening before the first time."""
        return max((v.done_at for v in self.visits if v.done_at), default=self.opened_at)

    def live_slips(self) -> list[Slip]:
        return [slip for slip in self.slips if slip.corrected_at is None]

    def visits_to(self, step: str) -> list[Visit]:
        return [visit for visit in self.visits if visit.step == step]


class HandOver(Data):
    """Hand in the step's form and pass the case on."""

    seat: str
    step: str
    fields: dict[str, Raw]
    at: Moment
    worked_hours: float | None = Field(default=None, ge=0)


class SendBack(Data):
    """Return the case to an earlier step, with a reason."""

    seat: str
    step: str
    to: str
    reason: str
    at: Moment
    worked_hours: float = Field(default=0.25, ge=0)


class Reassign(Data):
    """Give the current step to another person in the same seat."""

    seat: str
    step: str
    holder: str
    at: Moment


Action = HandOver | SendBack | Reassign
