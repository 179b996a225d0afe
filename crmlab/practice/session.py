"""Practice: a trainee in a sandbox, in one seat or in all, with colleagues in the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.casework import cases as crm
from crmlab.crm.casework import looking
from crmlab.crm.casework.desks import holders
from crmlab.crm.casework.looking import Look
from crmlab.crm.records import Entry
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import ProcedureChanged, Refused, StaleCase
from crmlab.practice.debrief import Debrief, debrief
from crmlab.procedures import Procedure
from crmlab.procedures.case import Action, Case, HandOver, Reassign, SendBack
from crmlab.procedures.conditions import Raw
from crmlab.procedures.engine import Result
from crmlab.simulation.colleagues import LOOKING_HOURS, MANNERS, next_action, right_action
from crmlab.simulation.draws import drawn_pace
from crmlab.text import gettext as _

MOST_COLLEAGUE_STEPS = 100
"""After so many steps in a row, colleagues who send a case to and fro have no end to find."""


@dataclass(frozen=True)
class InboxLine:
    """A case as an inbox shows it."""

    case_id: str
    title: str
    customer: str
    step: str
    seat: str
    holder: str
    due_at: datetime
    hours_left: float


@dataclass(frozen=True)
class ClosedLine:
    """A case that is done, as an inbox shows it."""

    case_id: str
    title: str


@dataclass(frozen=True)
class _Turn:
    step: str
    seat: str
    begins: datetime
    done_at: datetime
    worked_hours: float


class Practice:
    """One trainee's practice of one procedure in one sandbox.

    Args:
        seats: the seats the trainee sits in; all of them by default.
        manner: how the colleagues in the other seats work: careful, ordinary or hasty.
        cases: the practice cases that are laid out on the first morning; all of them by default.
    """

    def __init__(
        self,
        procedure: Procedure,
        sandbox: Sandbox,
        *,
        seats: list[str] | None = None,
        manner: str = "careful",
        cases: list[str] | None = None,
    ) -> None:
        if manner not in MANNERS:
            raise Refused(
                _("Colleagues are {known}, not '{manner}'.").format(
                    known=", ".join(MANNERS), manner=manner
                )
            )
        if seats is not None and not set(seats) <= set(procedure.seats):
            raise Refused(
                _("The seats are {known}, not {seats}.").format(
                    known=", ".join(procedure.seats), seats=", ".join(seats)
                )
            )
        if cases is not None and not set(cases) <= set(procedure.cases):
            raise Refused(
                _("The practice cases are {known}, not {cases}.").format(
                    known=", ".join(procedure.cases), cases=", ".join(cases)
                )
            )
        self.procedure, self.sandbox, self.manner = procedure, sandbox, manner
        self.cases = list(procedure.cases) if cases is None else cases
        self.seats = list(procedure.seats) if seats is None else seats

    def open(self, case_id: str) -> Case:
        """Open a practice case of the procedure; colleagues bring it to the trainee's desk."""
        case = crm.open_practice_case(self.sandbox, self.procedure, case_id)
        return self._colleagues(case)

    def open_all(self) -> None:
        """Lay out the first morning: every practice case that is not open yet, where it is found.

        A case that follows another opens when that one is closed, and has left what it is about.

        A case that is open already goes on: colleagues take it to the trainee's desk, if it lies
        on one of theirs because a window was closed in the middle or the trainee sits elsewhere.

        Raises:
            ProcedureChanged: the cases that are open were opened by another file.
        """
        with self.sandbox.read() as session:
            row_of = tables.CaseRow
            rows = session.query(row_of).filter(row_of.procedure == self.procedure.procedure).all()
            done = session.query(row_of.case_id).filter(row_of.closed_at.is_not(None))
            closed = {case_id for (case_id,) in done}
        known = {row.case_id for row in rows}
        if any(row.fingerprint != self.procedure.fingerprint for row in rows):
            raise ProcedureChanged(
                _(
                    "The procedure has changed since these cases were opened, and they may no "
                    "longer fit it. Start again to practise on the new one; your progress is kept."
                )
            )
        for case_id in self.cases:
            template = self.procedure.cases[case_id]
            if case_id in known:
                self._colleagues(self.case(case_id))
                continue
            if template.follows and template.follows.case not in closed:
                continue
            try:
                case = crm.open_practice_case(self.sandbox, self.procedure, case_id)
            except Refused:
                if template.follows is None:
                    raise
                continue  # the case it follows ended another way, and left nothing to begin with
            for _count in range(MOST_COLLEAGUE_STEPS):
                if template.found_at is None or case.step in (template.found_at, None):
                    break
                action = right_action(self.procedure, case)
                case = self._apply(case, action).case
            if template.found_after_hours:
                self.wait(case, template.found_after_hours)
            self._colleagues(case)

    def case(self, case_id: str) -> Case:
        """A case as it is now."""
        with self.sandbox.read() as session:
            return crm.read_case(session, case_id)

    def as_it_stands(self, case: Case) -> Case:
        """The case with what the CRM says now: what whoever holds it sees, and is held to."""
        with self.sandbox.read() as session:
            row = session.get(tables.CaseRow, case.case_id)
            if row is None:  # it was reset in another window
                return case
            now = max(STANDARD.local(row.now), case.last_moment)
            return crm.as_it_stands(session, self.procedure, case, now)

    def slips_made(self) -> list[tuple[str, str]]:
        """The slips in the cases that are laid out, each with its case, the latest last."""
        with self.sandbox.read() as session:
            there = [name for name in self.cases if session.get(tables.CaseRow, name)]
            cases = [crm.read_case(session, name) for name in there]
        made = sorted(
            (slip.at, slip.mistake, case.case_id) for case in cases for slip in case.slips
        )
        return [(mistake, case_id) for _at, mistake, case_id in made]

    def now(self, case: Case) -> datetime:
        """The case's simulated moment: after all that happened to it, and all the waiting."""
        with self.sandbox.read() as session:
            row = session.get(tables.CaseRow, case.case_id)
            return STANDARD.local(row.now if row else case.last_moment)

    def inbox(self, seat: str | None = None) -> list[InboxLine]:
        """The open cases at a seat, or at all of them, the most urgent first."""
        with self.sandbox.read() as session:
            here = () if seat is None else (tables.CaseRow.seat == seat,)
            return self._lines(session, crm.inbox(session, self.procedure.procedure, *here))

    def waiting(self) -> dict[str, int]:
        """How many open cases lie at each seat where any does."""
        with self.sandbox.read() as session:
            return crm.waiting(session, self.procedure.procedure)

    def in_sight(self, seat: str) -> list[InboxLine]:
        """The open cases that are seen from a seat's desk, the most urgent first: all that lie
        there, whoever of the seat holds them, and of the others those within the seat's reach.

        On record when they are other cases than at the last time.
        """
        with self.sandbox.read() as session:
            seen = looking.seen_from(session, seat)
            rows = crm.inbox(session, self.procedure.procedure, seen)
            lines = self._lines(session, rows)
            at = max((row.now for row in rows), default=None)
        if at is not None:
            known = [line.case_id for line in lines]
            looking.note_inbox(self.sandbox, self.procedure.procedure, seat, known, at)
        return lines

    @staticmethod
    def _lines(session: Session, rows: list[tables.CaseRow]) -> list[InboxLine]:
        lines = []
        for row in rows:
            assert row.step  # every open case lies somewhere
            assert row.seat
            assert row.due_at
            customer = session.get(tables.Customer, row.customer_id or "")
            holder = session.get(tables.User, row.holder or "")
            lines.append(
                InboxLine(
                    case_id=row.case_id,
                    title=row.title,
                    customer=customer.name if customer else "",
                    step=row.step,
                    seat=row.seat,
                    holder=holder.name if holder else "",
                    due_at=STANDARD.local(row.due_at),
                    hours_left=STANDARD.between(row.now, row.due_at),
                )
            )
        return sorted(lines, key=lambda line: line.hours_left)

    def closed_cases(self, seat: str | None = None) -> list[ClosedLine]:
        """The cases that are done, the latest first: all, or those that are seen from a seat."""
        with self.sandbox.read() as session:
            seen = () if seat is None else (looking.seen_from(session, seat),)
            rows = crm.closed(session, self.procedure.procedure, *seen)
            return [ClosedLine(row.case_id, row.title) for row in rows]

    def open_at(self, case_id: str, seat: str) -> Case:
        """A case as it is now, for a seat that turns to it.

        Raises:
            Denied: it is not seen from there.
            Refused: there is no such case.
        """
        return looking.open_at(self.sandbox, case_id, seat)

    def look(self, case: Case, seat: str) -> Look:
        """What a seat sees round a case: its customer, their timeline, what its form offers."""
        return looking.look(self.sandbox, self.procedure, case, seat)

    def people(self, seat: str) -> list[Entry]:
        """Who may sit in a seat."""
        with self.sandbox.read() as session:
            return [Entry(user.user_id, user.name) for user in holders(session, seat)]

    def hand_over(
        self,
        case: Case,
        fields: dict[str, Raw],
        *,
        seat: str | None = None,
        step: str | None = None,
        at: datetime | None = None,
    ) -> Result:
        """Hand in a step; colleagues carry on until the case is the trainee's again.

        Seat and step are the current ones unless given; others are refused by the engine.

        Raises:
            Refused, StaleCase: nothing has changed.
        """
        turn = self._turn(case)
        return self.do(
            case,
            HandOver(
                seat=seat or turn.seat,
                step=step or turn.step,
                fields=fields,
                at=at or turn.done_at,
                worked_hours=turn.worked_hours,
            ),
        )

    def send_back(
        self,
        case: Case,
        to: str,
        reason: str,
        *,
        seat: str | None = None,
        step: str | None = None,
        at: datetime | None = None,
    ) -> Result:
        """Return the case to an earlier step, with a reason."""
        turn = self._turn(case)
        looked = min(LOOKING_HOURS, turn.worked_hours)
        action = SendBack(
            seat=seat or turn.seat,
            step=step or turn.step,
            to=to,
            reason=reason,
            at=at or STANDARD.add(turn.begins, looked),
            worked_hours=looked,
        )
        return self.do(case, action)

    def reassign(
        self,
        case: Case,
        holder: str,
        *,
        seat: str | None = None,
        step: str | None = None,
        at: datetime | None = None,
    ) -> Result:
        """Give the current step to another person in the same seat."""
        turn = self._turn(case)
        action = Reassign(
            seat=seat or turn.seat,
            step=step or turn.step,
            holder=holder,
            at=at or max(self.now(case), case.last_moment),
        )
        return self.do(case, action)

    def do(self, case: Case, action: Action) -> Result:
        """Do an action, then let colleagues carry on."""
        result = self._apply(case, action)
        onward = self._colleagues(result.case)
        return Result(onward, result.events, result.slips, result.felt)

    def wait(self, case: Case, hours: float) -> datetime:
        """Let working hours pass while the case lies on its desk."""
        moment = STANDARD.add(self.now(case), hours)
        crm.let_pass(self.sandbox, case.case_id, moment)
        return moment

    def debrief(self, case: Case) -> Debrief:
        """The case beside the same case done by the procedure."""
        return debrief(self.procedure, case)

    def _turn(self, case: Case) -> _Turn:
        """The current step and when it would be done.

        Nobody is timed: work takes what the case's own luck says it takes, and begins when the
        case has lain on the desk as long as it would have anyway, or when the trainee came to it.
        """
        if case.step is None:
            raise Refused(_("Case {case} is closed; open another one.").format(case=case.case_id))
        wait, work = drawn_pace(self.procedure)(case)
        begins = max(self.now(case), STANDARD.add(case.visit.entered_at, wait))
        seat = self.procedure.steps[case.step].seat
        return _Turn(case.step, seat, begins, STANDARD.add(begins, work), work)

    def _colleagues(self, case: Case) -> Case:
        for _count in range(MOST_COLLEAGUE_STEPS):
            if case.step is None or self.procedure.steps[case.step].seat in self.seats:
                break
            now = self.as_it_stands(case)
            action = next_action(self.procedure, now, self.manner)
            try:
                try:
                    case = self._apply(case, action).case
                except Refused:  # the CRM catches a colleague's slip as it catches anybody's
                    action = right_action(self.procedure, now)
                    case = self._apply(case, action).case
            except (Refused, StaleCase):
                break  # what the trainee did is kept; the case waits where it lies
        return case

    def _apply(self, case: Case, action: Action) -> Result:
        return crm.apply(self.sandbox, self.procedure, case, action)
