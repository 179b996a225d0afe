"""Hands-on tasks: what to do at the desk or at a board, and whether it has been done.

A task is data in the same file as the lesson's questions. It is checked against the trainee's
own runs, against the audit trail of their sandbox (`crmlab.learning.on_record`), or against how a
board stands (`crmlab.learning.at_board`), and a check says: not tried yet; not right, because ...;
done; or something broke.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from pydantic import model_validator

from crmlab.errors import CrmlabError
from crmlab.learning import at_board, on_record
from crmlab.learning.outcome import NOT_TRIED, Outcome, State
from crmlab.learning.progress import Progress
from crmlab.learning.runs import RUNS_TO_INDEPENDENCE, Run, note_all_cases, runs
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure
from crmlab.procedures.conditions import Data
from crmlab.procedures.faults import unknown
from crmlab.procedures.names import CLOSING, Name, Text
from crmlab.procedures.reading import Path_
from crmlab.text import gettext as _
from crmlab.text import ngettext

log = logging.getLogger(__name__)


class Task(Data):
    """Something to do at the desk.

    Attributes:
        check: close_a_case; sit_in_every_seat; no_slip_costs (close a case that cost nobody
            anything); make_slip (make the `mistake` on purpose and follow it to the close);
            send_back_rightly; work_unaided (two runs without a hint, and without a critical slip
            that somebody felt);
            on_record (the audit trail has a line of this `operation`);
            at_the_board (all that `must` be true of this `board` is).
        operation: what the audit trail calls it, such as `export` or `denied`.
        seat: the seat it has to be done in; of several, each of them. Any by default.
        about: what it has to be about: the kind of record or its key, the report, or what was
            denied.
        case: the practice case it has to be; any of them by default.
        must: what has to be true of the board, each with what is told while it is not.
        asks: what a trainee reads in the records and writes down; the fact `answer` of `must`.
        hints: opened one at a time.
        solution: shown after the last hint, or when the task is done.
    """

    title: Text
    text: Text
    check: Literal[
        "close_a_case",
        "sit_in_every_seat",
        "no_slip_costs",
        "make_slip",
        "send_back_rightly",
        "work_unaided",
        "on_record",
        "at_the_board",
    ]
    operation: Name | None = None
    seat: Name | list[Name] | None = None
    about: str | None = None
    case: str | None = None
    mistake: Name | None = None
    board: Name | None = None
    must: list[at_board.Must] = []
    asks: Text | None = None
    hints: list[Text] = []
    solution: Text

    @model_validator(mode="after")
    def _mistake_where_needed(self) -> Task:
        if (self.check == "make_slip") != (self.mistake is not None):
            raise ValueError("needs a 'mistake' when its check is make_slip, and only then")
        return self

    @model_validator(mode="after")
    def _operation_where_needed(self) -> Task:
        if (self.check == "on_record") != (self.operation is not None):
            raise ValueError("needs an 'operation' when its check is on_record, and only then")
        if self.check != "on_record" and (self.seats or self.about):
            raise ValueError("takes 'seat' and 'about' only when its check is on_record")
        return self

    @model_validator(mode="after")
    def _board_where_needed(self) -> Task:
        at_the_board = self.check == "at_the_board"
        if at_the_board != (self.board is not None and bool(self.must)):
            raise ValueError(
                "needs a 'board', and what 'must' be true of it, when its check is at_the_board, "
                "and only then"
            )
        if (self.asks is not None) != any(at_board.ANSWER in must.named() for must in self.must):
            raise ValueError("needs what it 'asks' when its 'must' has an 'answer', and only then")
        return self

    @property
    def seats(self) -> list[str]:
        """The seats it has to be done in; none where any will do."""
        if self.seat is None:
            return []
        return [self.seat] if isinstance(self.seat, str) else self.seat


def check_names(
    tasks: dict[str, Task], procedures: Sequence[Procedure]
) -> Iterator[tuple[Path_, str]]:
    """The names in tasks that the procedures, or the CRM, do not have."""
    cases = [case for procedure in procedures for case in procedure.cases]
    mistakes = [mistake for procedure in procedures for mistake in procedure.mistakes]
    for name, task in tasks.items():
        if task.case is not None and task.case not in cases:
            yield ("tasks", name, "case"), unknown("practice case", task.case, cases)
        if task.mistake is not None and task.mistake not in mistakes:
            yield ("tasks", name, "mistake"), unknown("mistake", task.mistake, mistakes)
        if task.operation is not None:
            for key, sentence in on_record.faults(task.operation, task.seats, task.about):
                yield ("tasks", name, key), sentence


def check_at_desk(
    task: Task,
    procedures: Sequence[Procedure],
    progress: Progress,
    lesson: str,
    parts: Sequence[Practice] = (),
    trail: on_record.Trail | None = None,
    boards: Mapping[str, at_board.Standing] | None = None,
) -> Outcome:
    """How a task stands, by what the trainee has done so far, or how the boards stand."""
    try:
        if task.board is not None:
            stands = (boards or {}).get(task.board)
            return at_board.check(task.must, stands) if stands else NOT_TRIED
        if task.operation is not None:
            if trail is None:
                return NOT_TRIED
            return on_record.check(trail, task.operation, task.seats, task.about)
        note_all_cases(progress, lesson, parts)
        return check_task(task, procedures, runs(progress, lesson))
    except CrmlabError as fault:
        return Outcome(State.BROKE, str(fault))
    except Exception as fault:
        log.exception("the task %r could not be checked", task.title)
        return Outcome(
            State.BROKE,
            _("The check itself stopped, and it is not your doing ({fault}).").format(
                fault=type(fault).__name__
            ),
        )


def check_task(task: Task, procedures: Sequence[Procedure], done: list[Run]) -> Outcome:
    """How a task stands, by these runs; pure."""
    own = [run for run in done if run.touched and task.case in (None, run.case)]
    if not own:
        return NOT_TRIED
    return _CHECKS[task.check](task, _Names(procedures), own)


class _Names:
    """What the procedures of a lesson call things, in the language in force."""

    def __init__(self, procedures: Sequence[Procedure]) -> None:
        self.seats = {name: seat for p in procedures for name, seat in p.seats.items()}
        self.steps = {name: step for p in procedures for name, step in p.steps.items()}
        self.known = {name: mistake for p in procedures for name, mistake in p.mistakes.items()}

    def seat(self, name: str) -> str:
        return _(self.seats[name].name).lower()

    def step(self, name: str) -> str:
        return _(self.steps[name].title)

    def mistakes(self, names: list[str]) -> str:
        return ", ".join(f"“{_(self.known[name].title)}”" for name in names if name in self.known)


def _right(sentence: str) -> Outcome:
    return Outcome(State.RIGHT, sentence)


def _not_right(sentence: str) -> Outcome:
    return Outcome(State.NOT_RIGHT, sentence)


def _still_open(names: _Names, run: Run) -> str:
    if run.lies_at is None:
        return ""
    return _("Case {case} is not closed yet: it lies at “{step}” ({seat}).").format(
        case=run.case,
        seat=names.seat(names.steps[run.lies_at].seat),
        step=names.step(run.lies_at),
    )


def _close_a_case(task: Task, names: _Names, own: list[Run]) -> Outcome:
    closed = [run for run in own if run.closed]
    if closed:
        return _right(_("Case {case} is closed.").format(case=closed[-1].case))
    return _not_right(_still_open(names, own[-1]))


def _sit_in_every_seat(task: Task, names: _Names, own: list[Run]) -> Outcome:
    counted = {seat for run in own if run.closed for seat in run.seats}
    missing = [seat for seat in names.seats if seat not in counted]
    if not missing:
        return _right(_("You have sat in every seat of a case that you saw closed."))
    told = _("Still to come: {seats}.").format(
        seats=", ".join(names.seat(seat) for seat in missing)
    )
    waiting = [run for run in own if not run.closed and set(run.seats) & set(missing)]
    if waiting:
        told += " " + _("What you did in case {case} counts when it is closed.").format(
            case=waiting[-1].case
        )
    return _not_right(told)


def _no_slip_costs(task: Task, names: _Names, own: list[Run]) -> Outcome:
    closed = [run for run in own if run.closed]
    clean = [run for run in closed if not run.landed]
    if clean:
        return _right(
            _("Case {case} is closed, and no desk had to pay for a slip.").format(
                case=clean[-1].case
            )
        )
    if not closed:
        return _not_right(_still_open(names, own[-1]))
    run = closed[-1]
    return _not_right(
        _(
            "In case {case} this cost somebody something: {slips}. Start again, or try another "
            "case."
        ).format(case=run.case, slips=names.mistakes(run.landed))
    )


def _make_slip(task: Task, names: _Names, own: list[Run]) -> Outcome:
    name = task.mistake or ""
    made = [run for run in own if name in run.slips]
    if not made:
        return NOT_TRIED
    for run in made:
        if run.closed and name in run.landed:
            return _right(
                _("The slip went all the way. The debrief of case {case} says who paid.").format(
                    case=run.case
                )
            )
    run = made[-1]
    if name in run.put_right and name not in run.landed:
        return _not_right(
            _(
                "In case {case} it was put right before it reached anybody. Well done, but this "
                "time let it travel to the end."
            ).format(case=run.case)
        )
    if name in run.landed:
        told = _("It has reached the first desk. Close the case and read the debrief.")
    else:
        told = _("You made the slip, and nobody has felt it yet.") + _first_felt(names, name)
    return _not_right(f"{told} {_still_open(names, run)}".strip())


def _first_felt(names: _Names, mistake: str) -> str:
    moments = [*names.steps, CLOSING]
    felt = names.known[mistake].consequences
    first = min((c.at for c in felt), key=moments.index)
    where = _("when the case is closed") if first == CLOSING else f"“{names.step(first)}”"
    return " " + _("It will show first here: {where}.").format(where=where)


def _send_back_rightly(task: Task, names: _Names, own: list[Run]) -> Outcome:
    returned = [run for run in own if run.sent_back]
    if not returned:
        return NOT_TRIED
    right = [run for run in returned if run.sent_back_rightly]
    if right:
        return _right(
            _("You sent case {case} back to where the slip had been made.").format(
                case=right[-1].case
            )
        )
    return _not_right(
        _(
            "You sent case {case} back, but at the step you chose there was nothing to put right, "
            "so it cost time only. Find the slip first, then the step where it was made."
        ).format(case=returned[-1].case)
    )


def _work_unaided(task: Task, names: _Names, own: list[Run]) -> Outcome:
    unaided = [run for run in own if run.unaided]
    if len(unaided) >= RUNS_TO_INDEPENDENCE:
        return _right(
            _(
                "Two runs from the opening to the close, without a hint and without a critical "
                "slip that anybody felt: you work independently."
            )
        )
    closed = [run for run in own if run.closed]
    if not closed:
        return _not_right(_still_open(names, own[-1]))
    told = ngettext("{n} unaided run so far.", "{n} unaided runs so far.", len(unaided)).format(
        n=len(unaided)
    )
    missing = RUNS_TO_INDEPENDENCE - len(unaided)
    told += " " + ngettext("{n} more is needed.", "{n} more are needed.", missing).format(n=missing)
    aided = [run for run in closed if not run.unaided]
    return _not_right(f"{told} {_what_aided(names, aided[-1]) if aided else ''}".strip())


def _what_aided(names: _Names, run: Run) -> str:
    """Why a closed run does not count: by its case, its slips and its hints."""
    told = []
    if run.critical_felt:
        told.append(
            ngettext(
                "In case {case} somebody felt a critical slip: {slips}.",
                "In case {case} somebody felt critical slips: {slips}.",
                len(run.critical_felt),
            ).format(case=run.case, slips=names.mistakes(run.critical_felt))
        )
    if run.hints:
        told.append(
            ngettext(
                "In case {case} you opened {n} hint.",
                "In case {case} you opened {n} hints.",
                sum(run.hints.values()),
            ).format(case=run.case, n=sum(run.hints.values()))
        )
    if run.leads_on and not told:
        told.append(
            _("Case {case} goes on in another one; the run counts when that is closed too.").format(
                case=run.case
            )
        )
    return " ".join(told)


_CHECKS: dict[str, Callable[[Task, _Names, list[Run]], Outcome]] = {
    "close_a_case": _close_a_case,
    "sit_in_every_seat": _sit_in_every_seat,
    "no_slip_costs": _no_slip_costs,
    "make_slip": _make_slip,
    "send_back_rightly": _send_back_rightly,
    "work_unaided": _work_unaided,
}
