"""Why a case takes the way it takes: the comparisons of the procedure file that hold, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from crmlab.procedures.conditions import Condition, Raw, holds, value_of
from crmlab.procedures.steps import Field
from crmlab.procedures.wording import show, show_figure
from crmlab.procedures.world import CaseWorld
from crmlab.text import gettext as _


def reasons(world: CaseWorld, way: Sequence[str]) -> list[str]:
    """What holds of the case that sends it along this way, from the step `here` on.

    Only numbers are told, and what is not there: a yes or a no is in the step's own words.
    """
    told: list[str] = []
    for step, onward in zip((world.here, *way), way, strict=False):
        seen = replace(world, here=step)
        ways = world.procedure.steps[step].next
        taken = next((x for x in ways if x.when is None or holds(x.when, seen)), None)
        if taken is not None and taken.to == onward and taken.when is not None:
            told += _told(taken.when, seen)
    return list(dict.fromkeys(told))


def _told(condition: Condition, world: CaseWorld) -> Iterator[str]:
    if not holds(condition, world):
        return
    for part in [*(condition.all or []), *(condition.any or [])]:
        yield from _told(part, world)
    sentence = _sentence(condition)
    if not sentence or not (condition.figure or condition.fact or condition.field):
        return
    about, value = _left(condition, world)
    operands = condition.operands()
    limit = _as_read(condition, value_of(operands[0], world), world) if operands else ""
    yield sentence.format(what=about[:1].upper() + about[1:], value=value, limit=limit)


def _sentence(condition: Condition) -> str:
    known = {
        "above": _("{what}: {value}, which is more than {limit}"),
        "below": _("{what}: {value}, which is less than {limit}"),
        "at_least": _("{what}: {value}, which is at least {limit}"),
        "at_most": _("{what}: {value}, which is at most {limit}"),
    }
    found = next((text for name, text in known.items() if getattr(condition, name) is not None), "")
    return _("{what}: nothing is known") if condition.empty else found


def _left(condition: Condition, world: CaseWorld) -> tuple[str, str]:
    """What is compared: what it is called, and its value as a person reads it."""
    procedure = world.procedure
    if condition.figure:
        value: Raw = world.figure(condition.figure)
        return _(procedure.figures[condition.figure].about), _as_read(condition, value, world)
    if condition.fact:
        value = world.fact(condition.fact)
        return _(procedure.facts[condition.fact].about), _as_read(condition, value, world)
    reference = condition.field or ""
    field = procedure.field(reference, world.here)
    return _(field.label) if field else "", _as_read(condition, world.field(reference), world)


def _as_read(condition: Condition, value: Raw, world: CaseWorld) -> str:
    """A value on either side, with the unit of the left one."""
    procedure = world.procedure
    if condition.figure:
        return show_figure(procedure.figures[condition.figure], value)
    like: Field | None = None
    if condition.fact:
        fact = procedure.facts[condition.fact]
        like = procedure.field(fact.like) if fact.like else None
    elif condition.field:
        like = procedure.field(condition.field, world.here)
    return show(like, value)
