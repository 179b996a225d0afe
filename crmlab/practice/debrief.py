"""The debrief: a case beside the same case done by the procedure with the same luck.

Chances add up as independent causes do: 1 - (1 - base) x product of (1 - p) over the
consequences that landed. Whether the customer of this very case complains again or leaves is
then one draw, the same for both runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from crmlab.calendar import HOURS_PER_DAY, STANDARD
from crmlab.procedures.case import Case, Felt, SentBack
from crmlab.procedures.engine import open_case
from crmlab.procedures.schema import Consequence, Mistake, Procedure
from crmlab.procedures.walk import by_the_procedure
from crmlab.simulation.draws import chance, combined, drawn_pace


@dataclass(frozen=True)
class Totals:
    """One run in figures.

    Attributes:
        worked_hours: working hours of all seats at the steps themselves.
        extra_hours: working hours that consequences cost on top.
        cost: CNY that consequences cost beyond the hours.
        cycle_days: working days from the opening to the close, or to now.
        delay_days: those of them that consequences caused.
        repeat_complaint, lose_customer: chances, 0 to 1.
        complains_again, leaves: how it came out this time; None while the case is open.
    """

    worked_hours: float
    extra_hours: float
    cost: float
    cycle_days: float
    delay_days: float
    repeat_complaint: float
    lose_customer: float
    complains_again: bool | None
    leaves: bool | None


@dataclass(frozen=True)
class Chances:
    """How likely it is, from 0 to 1, that the customer complains again, and that they leave."""

    repeat_complaint: float
    lose_customer: float


@dataclass(frozen=True)
class Landed:
    """A consequence that was felt, with the words of the procedure file.

    Attributes:
        before, after: the chances before it was felt and after, with all that was felt earlier.
    """

    felt: Felt
    consequence: Consequence
    before: Chances
    after: Chances


@dataclass(frozen=True)
class SlipStory:
    """One slip and everything it did.

    Attributes:
        corrected: it was put right before the close.
    """

    name: str
    mistake: Mistake
    corrected: bool
    landed: list[Landed]

    @property
    def in_time(self) -> bool:
        """Whether it was put right before anybody felt it."""
        return self.corrected and not self.landed


@dataclass(frozen=True)
class Stage:
    """Hours at one step: hours belong to stages, never to people."""

    step: str
    seat: str
    visits: int
    worked_hours: float
    elapsed_hours: float
    by_the_procedure: float
    late: bool


@dataclass(frozen=True)
class SeatShare:
    """What one seat had to bear."""

    seat: str
    hours: float
    cost: float
    consequences: int


@dataclass(frozen=True)
class Debrief:
    """The whole of it."""

    case: Case
    reference: Case
    totals: Totals
    by_the_procedure: Totals
    slips: list[SlipStory]
    seats: list[SeatShare]
    stages: list[Stage]
    sent_back: list[SentBack]


def debrief(procedure: Procedure, case: Case) -> Debrief:
    """Set a case beside the same case done by the procedure."""
    reference = run_by_the_procedure(procedure, case)
    return Debrief(
        case=case,
        reference=reference,
        totals=totals(procedure, case),
        by_the_procedure=totals(procedure, reference),
        slips=_stories(procedure, case),
        seats=_shares(procedure, case.felt),
        stages=_stages(procedure, case, reference),
        sent_back=case.sent_back,
    )


def run_by_the_procedure(procedure: Procedure, case: Case) -> Case:
    """The same case from its opening, with the right entries and the same random numbers."""
    opened = open_case(
        procedure,
        case.case_id,
        case.title,
        case.facts,
        case.opened_at,
        records=case.records,
        seed=case.seed,
    ).case
    return by_the_procedure(procedure, opened, drawn_pace(procedure))


def totals(procedure: Procedure, case: Case) -> Totals:
    """A run in figures."""
    base = procedure.baseline
    repeat = combined(base.repeat_complaint, (f.repeat_complaint for f in case.felt))
    lose = combined(base.lose_customer, (f.lose_customer for f in case.felt))
    closed = case.closed_at is not None
    hours = STANDARD.between(case.opened_at, case.last_moment)
    return Totals(
        worked_hours=sum(visit.worked_hours for visit in case.visits),
        extra_hours=sum(felt.hours for felt in case.felt),
        cost=sum(felt.cost for felt in case.felt),
        cycle_days=hours / HOURS_PER_DAY,
        delay_days=sum(felt.delay_days for felt in case.felt),
        repeat_complaint=repeat,
        lose_customer=lose,
        complains_again=chance(case.seed, "complains again") < repeat if closed else None,
        leaves=chance(case.seed, "leaves") < lose if closed else None,
    )


def _stories(procedure: Procedure, case: Case) -> list[SlipStory]:
    chances = _one_by_one(procedure, case)
    stories = []
    for name in dict.fromkeys(slip.mistake for slip in case.slips):
        mistake = procedure.mistakes[name]
        corrected = all(s.corrected_at is not None for s in case.slips if s.mistake == name)
        landed = [
            Landed(felt, mistake.consequences[felt.part], *chances[number : number + 2])
            for number, felt in enumerate(case.felt)
            if felt.mistake == name
        ]
        stories.append(
            SlipStory(
                name=name,
                mistake=mistake,
                corrected=corrected,
                landed=landed,
            )
        )
    return stories


def _one_by_one(procedure: Procedure, case: Case) -> list[Chances]:
    """The chances before anything was felt, and after each consequence in turn."""
    base = procedure.baseline
    found = [Chances(base.repeat_complaint, base.lose_customer)]
    for felt in case.felt:
        last = found[-1]
        found.append(
            Chances(
                combined(last.repeat_complaint, [felt.repeat_complaint]),
                combined(last.lose_customer, [felt.lose_customer]),
            )
        )
    return found


def _shares(procedure: Procedure, felt: list[Felt]) -> list[SeatShare]:
    shares = []
    for seat in procedure.seats:
        borne = [item for item in felt if item.seat == seat]
        if borne:
            hours, cost = sum(item.hours for item in borne), sum(item.cost for item in borne)
            shares.append(SeatShare(seat, hours, cost, len(borne)))
    return shares


def _stages(procedure: Procedure, case: Case, reference: Case) -> list[Stage]:
    return [
        Stage(
            step=name,
            seat=step.seat,
            visits=len(case.visits_to(name)),
            worked_hours=sum(visit.worked_hours for visit in case.visits_to(name)),
            elapsed_hours=_elapsed(case, name),
            by_the_procedure=_elapsed(reference, name),
            late=any(v.done_at is not None and v.done_at > v.due_at for v in case.visits_to(name)),
        )
        for name, step in procedure.steps.items()
        if case.visits_to(name) or reference.visits_to(name)
    ]


def _elapsed(case: Case, step: str) -> float:
    """Working hours from arrival to hand-over, over all visits to the step."""
    return sum(
        STANDARD.between(visit.entered_at, visit.done_at)
        for visit in case.visits_to(step)
        if visit.done_at
    )
