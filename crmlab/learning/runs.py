"""What a trainee's cases say about the trainee: seats sat in, slips, hints, work done unaided.

A run is one way of a case through the procedure, from its opening to its close; starting the
sandbox again begins a new run. A case that another one follows is the first part of a longer
run, which is the follower's: it has the seats, slips and hints of both. Only what the trainee
did counts as theirs: steps handed over in the seats they sat in, slips made there, hints opened
there. A seat counts when the case in which they sat there was closed; a run is unaided when it
had no hint and no critical slip of theirs that counts. One that was put right before anybody felt
it does not: to look again and mend it is what somebody does who needs no help.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crmlab.learning.progress import Progress
from crmlab.practice.session import Practice
from crmlab.practice.trial import case_for_trial, stages
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Data

RUNS_TO_INDEPENDENCE = 2
"""Unaided runs after which somebody works independently, and a desk counts as worked unaided."""


class Run(Data):
    """One run of one case, as progress keeps it.

    Attributes:
        version, visits_seen, slips_seen, sent_back_seen: how much of the case is counted here.
        lies_at: the step where the case is; None when it is closed.
        leads_on: another case of the lesson follows it, so it is not a whole run by itself.
        steps: handed over by the trainee; `seats` are the seats of these.
        slips: mistakes the trainee made; `critical` are those among them that are.
        landed: mistakes, whoever made them, that have cost somebody something.
        put_right: mistakes of the trainee that were put right, each time they were made.
        hints: opened, by step.
    """

    case: str
    number: int
    version: int = 0
    visits_seen: int = 0
    slips_seen: int = 0
    sent_back_seen: int = 0
    lies_at: str | None = None
    leads_on: bool = False
    closed: bool = False
    steps: list[str] = []
    seats: list[str] = []
    slips: list[str] = []
    critical: list[str] = []
    landed: list[str] = []
    put_right: list[str] = []
    sent_back: int = 0
    sent_back_rightly: int = 0
    hints: dict[str, int] = {}

    @property
    def key(self) -> str:
        return f"case/{self.case}/{self.number}"

    @property
    def touched(self) -> bool:
        """Whether the trainee did anything in it."""
        return bool(self.steps or self.sent_back)

    @property
    def whole(self) -> bool:
        """Whether it is a run from the opening to the close, with work of the trainee's in it."""
        return self.closed and bool(self.steps) and not self.leads_on

    @property
    def critical_felt(self) -> list[str]:
        """The critical slips that count: those that were not put right before anybody felt them."""
        return [x for x in self.critical if x in self.landed or x not in self.put_right]

    @property
    def unaided(self) -> bool:
        return self.whole and not self.hints and not self.critical_felt


@dataclass(frozen=True)
class SeatStanding:
    """How far a trainee is with one seat."""

    runs: int = 0
    unaided: int = 0

    @property
    def passed(self) -> bool:
        return self.runs > 0

    @property
    def independent(self) -> bool:
        return self.unaided >= RUNS_TO_INDEPENDENCE


@dataclass(frozen=True)
class Flow:
    """How far a trainee is with a whole procedure.

    Attributes:
        seats: every seat of the procedure, in its order.
        unaided_runs: closed without a hint and without a critical slip that counts.
    """

    seats: dict[str, SeatStanding]
    unaided_runs: int

    @property
    def passed(self) -> bool:
        """The flow is passed only after sitting in all of its seats."""
        return bool(self.seats) and all(seat.passed for seat in self.seats.values())

    @property
    def independent(self) -> bool:
        return self.passed and self.unaided_runs >= RUNS_TO_INDEPENDENCE


def note_case(
    progress: Progress,
    lesson: str,
    practice: Practice,
    case: Case,
    hints: Mapping[str, int] | None = None,
    parts: Sequence[Practice] = (),
) -> Run:
    """Write down what a case says about the trainee now. Noting it twice changes nothing.

    Args:
        hints: how many hints of each step the trainee has opened in this case.
        parts: all that the lesson's desk has to practise. Its seats are then those that the
            lesson asks for; without it, they are all seats of the procedure.
    """
    before = _latest(progress, lesson, case.case_id)
    if before is None or case.version < before.version:
        before = _begun(progress, lesson, practice.procedure, case, before)
    run = _look(practice, before, case, hints or {})
    run = run.model_copy(update={"leads_on": case.case_id in _followed(parts)})
    if run == before:
        return run
    _note_parts(progress, lesson, practice, parts)
    if run.closed and not before.closed:
        _note_seats(progress, lesson, practice.procedure, run)
    progress.note(
        lesson, run.key, run.model_dump(mode="json"), right=run.unaided if run.closed else None
    )
    return run


def _note_parts(
    progress: Progress, lesson: str, practice: Practice, parts: Sequence[Practice]
) -> None:
    """Write down what there is to pass, when it is not the same as before."""
    laid_out = [[*part.cases, *part.seats] for part in parts]
    known = progress.state(lesson, "part/seats")
    desks = {
        told.procedure: {
            "title": told.title,
            "seats": {name: seat.name for name, seat in told.seats.items()},
        }
        for told in [part.procedure for part in parts] or [practice.procedure]
    }
    before = known.value if known else {}
    if before.get("laid_out") != laid_out or before.get("desks") != desks:
        seats = _seats_to_pass(parts) if parts else list(practice.procedure.seats)
        progress.note(lesson, "part/seats", {"of": seats, "laid_out": laid_out, "desks": desks})


def note_all_cases(progress: Progress, lesson: str, parts: Sequence[Practice]) -> None:
    """Write down every case of a sandbox, for what was done without being watched."""
    for practice in parts:
        open_now = [line.case_id for line in practice.inbox()]
        closed = [line.case_id for line in practice.closed_cases()]
        for case_id in [*open_now, *closed]:
            note_case(progress, lesson, practice, practice.case(case_id), parts=parts)


Watch = Callable[[Practice, Case, Mapping[str, int]], None]
"""Told of a case after each action on it, with the hints opened at each of its steps."""


def watcher(lesson: str, progress: Progress | None = None, parts: Sequence[Practice] = ()) -> Watch:
    """What a desk's `watch` is given so that progress is kept while somebody works at it."""
    kept = progress or Progress.open()

    def watch(practice: Practice, case: Case, hints: Mapping[str, int]) -> None:
        note_case(kept, lesson, practice, case, hints, parts)

    return watch


def runs(progress: Progress, lesson: str) -> list[Run]:
    """All runs of a lesson, in the order they were begun."""
    return [Run.model_validate(s.value) for s in progress.states(lesson, "case/").values()]


def flow(progress: Progress, lesson: str) -> Flow:
    """How far the trainee is with the procedure of a lesson; empty before its first case."""
    known = progress.state(lesson, "part/seats")
    stands = progress.states(lesson, "seat/")
    seats = {}
    for seat in known.value["of"] if known else []:
        value = stands[f"seat/{seat}"].value if f"seat/{seat}" in stands else {}
        seats[seat] = SeatStanding(value.get("runs", 0), value.get("unaided", 0))
    return Flow(seats, sum(run.unaided for run in runs(progress, lesson)))


def _seats_to_pass(parts: Sequence[Practice]) -> list[str]:
    """The seats at the lesson's desk that its cases come to when they go by the procedure.

    What a colleague has there counts for nobody.
    """
    here = {case_id for part in parts for case_id in part.cases}
    seats = []
    for part in parts:
        procedure, passed = part.procedure, set()
        for case_id in part.cases:
            follows = procedure.cases[case_id].follows
            if follows is None or follows.case in here:
                closed = stages(procedure, case_for_trial(procedure, case_id))[-1]
                since = _found_after(procedure, closed)
                passed |= {visit.seat for visit in closed.visits[since:]}
        seats += [seat for seat in part.seats if seat in passed]
    return seats


def _latest(progress: Progress, lesson: str, case_id: str) -> Run | None:
    found = progress.states(lesson, f"case/{case_id}/").values()
    known = [Run.model_validate(standing.value) for standing in found]
    return max(known, key=lambda run: run.number, default=None)


def _begun(
    progress: Progress, lesson: str, procedure: Procedure, case: Case, before: Run | None
) -> Run:
    """A new run; one that follows another case begins with what was done in that one."""
    run = Run(case=case.case_id, number=before.number + 1 if before else 1)
    template = procedure.cases.get(case.case_id)
    earlier = None
    if template and template.follows:
        earlier = _latest(progress, lesson, template.follows.case)
    if earlier is None:
        return run
    carried = ("steps", "seats", "slips", "critical", "landed", "put_right", "hints")
    return run.model_copy(update={name: getattr(earlier, name) for name in carried})


def _followed(parts: Sequence[Practice]) -> set[str]:
    """The cases of a lesson that another of its cases follows."""
    templates = [part.procedure.cases[case_id] for part in parts for case_id in part.cases]
    return {template.follows.case for template in templates if template.follows}


def _look(practice: Practice, before: Run, case: Case, hints: Mapping[str, int]) -> Run:
    """The run with what happened in the case since it was last looked at."""
    procedure = practice.procedure
    done = [v for v in case.visits if v.done_at is not None]
    since = max(before.visits_seen, _found_after(procedure, case))
    mine = [v for v in done[since:] if v.seat in practice.seats and not v.sent_back]
    slips = [
        slip.mistake
        for slip in case.slips[before.slips_seen :]
        if procedure.steps[slip.step].seat in practice.seats
    ]
    critical = [name for name in slips if procedure.mistakes[name].critical]
    returned = [
        item for item in case.sent_back[before.sent_back_seen :] if item.seat in practice.seats
    ]
    own = _with(before.slips, slips)
    still_wrong = {slip.mistake for slip in case.live_slips()}
    right_again = {*before.put_right, *(slip.mistake for slip in case.slips)} - still_wrong
    opened = {
        step: max(before.hints.get(step, 0), hints.get(step, 0))
        for step in {**before.hints, **hints}
        if before.hints.get(step) or hints.get(step)
    }
    return before.model_copy(
        update={
            "version": case.version,
            "visits_seen": len(done),
            "slips_seen": len(case.slips),
            "sent_back_seen": len(case.sent_back),
            "lies_at": case.step,
            "closed": case.closed_at is not None,
            "steps": _with(before.steps, [visit.step for visit in mine]),
            "seats": _with(before.seats, [visit.seat for visit in mine]),
            "slips": own,
            "critical": _with(before.critical, critical),
            "landed": _with(before.landed, [felt.mistake for felt in case.felt]),
            "put_right": [name for name in own if name in right_again],
            "sent_back": before.sent_back + len(returned),
            "sent_back_rightly": before.sent_back_rightly + sum(i.right for i in returned),
            "hints": opened,
        }
    )


def _found_after(procedure: Procedure, case: Case) -> int:
    """How many visits were over before the trainee found the case: those count for nobody."""
    template = procedure.cases.get(case.case_id)
    if template is None or template.found_at is None:
        return 0
    steps = [visit.step for visit in case.visits]
    return steps.index(template.found_at) if template.found_at in steps else 0


def _note_seats(progress: Progress, lesson: str, procedure: Procedure, run: Run) -> None:
    """A seat was worked unaided when no hint and no critical slip of this run was its own.

    Of a run that goes on from an earlier case, the seats of that case were noted at its close.
    """
    for seat in procedure.seats:
        steps = set(procedure.steps_of(seat))
        if not steps & set(run.steps):
            continue
        aided = steps & set(run.hints)
        made_here = {name for step in steps for name in procedure.mistakes_of(step)}
        wrong = made_here & set(run.critical_felt)
        unaided = not aided and not wrong
        before = progress.state(lesson, f"seat/{seat}")
        value = before.value if before else {}
        if value.get("last") == run.key:  # noted already, when something broke in between
            continue
        progress.note(
            lesson,
            f"seat/{seat}",
            {
                "last": run.key,
                "runs": value.get("runs", 0) + 1,
                "unaided": value.get("unaided", 0) + unaided,
            },
            right=unaided,
        )


def _with(kept: list[str], new: list[str]) -> list[str]:
    return list(dict.fromkeys([*kept, *new]))
