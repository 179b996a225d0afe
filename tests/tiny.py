"""A tiny procedure of three seats and four steps, and ways to spoil it: nothing in it is shipped."""

from __future__ import annotations

from crmlab.calendar import STANDARD
from crmlab.procedures import Procedure, loads
from crmlab.procedures.case import Case, HandOver, Reassign, SendBack
from crmlab.procedures.conditions import Raw
from crmlab.procedures.walk import opened_case, right_fields, stated_facts

TINY = """\
procedure: tiny
title: Lend a ladder
purpose: A neighbour borrows the ladder and brings it back.
start: ask
seats:
  neighbour: {name: Neighbour, letter: N, duty: Asks and brings back.}
  keeper: {name: Keeper, letter: K, duty: Knows where the ladder is.}
  checker: {name: Checker, letter: C, duty: Looks at the rungs.}
facts:
  ladder: {about: Which ladder is free., like: lend.ladder}
steps:
  ask:
    seat: neighbour
    title: Ask
    short: Ask
    purpose: Say what you need.
    why: The keeper picks a ladder by the height.
    if_skipped: The keeper guesses.
    deadline_hours: 4
    work_hours: 0.5
    fields:
      height: {label: Height, type: integer, at_least: 1, at_most: 9, right: 3}
    hands_on: The height.
    next: [{to: lend}]
  lend:
    seat: keeper
    title: Lend
    short: Lend
    purpose: Hand out the ladder.
    why: A wrong one is dangerous.
    if_skipped: Nobody climbs.
    deadline_hours: 4
    work_hours: 0.5
    fields:
      ladder:
        label: Ladder
        type: choice
        choices: [{value: short, label: Short}, {value: long, label: Long}]
        right: {fact: ladder}
    hands_on: The ladder.
    next:
      - {to: check, when: {field: ladder, is: long}}
      - {to: back}
  check:
    seat: checker
    title: Check the rungs
    short: Check
    purpose: Look.
    why: A long ladder breaks.
    if_skipped: Somebody falls.
    deadline_hours: 4
    work_hours: 1
    fields:
      sound: {label: Sound?, type: yes_no, right: true}
    hands_on: A sound ladder.
    next: [{to: back}]
  back:
    seat: neighbour
    title: Bring it back
    short: Back
    purpose: Return it.
    why: The next one needs it.
    if_skipped: The next one waits.
    deadline_hours: 40
    work_hours: 0.2
    fields:
      note: {label: Note, type: text, required: false}
    hands_on: The ladder.
    next: [{to: end}]
mistakes:
  short_ladder:
    title: The short ladder for a high wall
    step: lend
    when: {field: ladder, below: {fact: ladder}}
    example: {ladder: short}
    right: Match the ladder to the wall.
    noticed_at: [back]
    consequences:
      - {seat: neighbour, at: back, what: Climbs on a chair., why: The ladder was short., hours: 2, cost: 100, lose_customer: 0.1}
cases:
  T-1: {title: Paint the wall, story: A high wall., opened_at: "2026-05-12T08:30:00+08:00", facts: {ladder: long}}
"""


def tiny() -> Procedure:
    """The tiny procedure."""
    return loads(TINY, "tiny.yaml")


def spoilt(old: str, new: str, text: str = TINY) -> str:
    """The tiny file with one thing changed; what is changed must stand there exactly once."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the file"
    return text.replace(old, new)


def line_of(text: str, part: str, nth: int = 1) -> int:
    """The line on which the nth occurrence of a part stands, counted from 1."""
    at = -1
    for _count in range(nth):
        at = text.index(part, at + 1)
    return text.count("\n", 0, at) + 1


def opened(procedure: Procedure, case_id: str | None = None) -> Case:
    """A practice case of a procedure whose facts need no CRM."""
    case_id = case_id or next(iter(procedure.cases))
    return opened_case(procedure, case_id, stated_facts(procedure)(case_id))


def hand_over(
    procedure: Procedure,
    case: Case,
    *,
    hours: float = 1,
    worked: float | None = None,
    **entries: Raw,
) -> HandOver:
    """Hand in the current step: the right entries, but for those that are given."""
    assert case.step is not None
    return HandOver(
        seat=procedure.steps[case.step].seat,
        step=case.step,
        fields={**right_fields(procedure, case), **entries},
        at=STANDARD.add(case.last_moment, hours),
        worked_hours=worked,
    )


def send_back(
    procedure: Procedure, case: Case, to: str, *, hours: float = 1, reason: str = "Look again."
) -> SendBack:
    """Return the case from where it is."""
    assert case.step is not None
    return SendBack(
        seat=procedure.steps[case.step].seat,
        step=case.step,
        to=to,
        reason=reason,
        at=STANDARD.add(case.last_moment, hours),
    )


def reassign(procedure: Procedure, case: Case, holder: str, *, hours: float = 1) -> Reassign:
    """Give the current step to somebody else."""
    assert case.step is not None
    return Reassign(
        seat=procedure.steps[case.step].seat,
        step=case.step,
        holder=holder,
        at=STANDARD.add(case.last_moment, hours),
    )


def of_the_first_morning(procedure: Procedure) -> list[str]:
    """The practice cases that come out of no other one."""
    return [case_id for case_id, template in procedure.cases.items() if template.follows is None]
