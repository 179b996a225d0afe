"""Conditions as data: a field, a comparison, a value or another record's field.

    {field: batch_no, is_not: {fact: batch_no}}
    {all: [{field: assess.severity, below: {fact: severity}}, {step: contain, visited: false}]}

Nothing in a procedure file is ever evaluated as code. A condition that compares with something
not filled in yet is false, except `empty` and `is_not`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

Raw = str | bool | int | float | None
"""A value as it is stored: text, yes or no, a number. Amounts and dates are stored as text."""


class Data(BaseModel):
    """Base of everything read from a file: unknown keys are mistakes, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Reference(Data):
    """A value that is found elsewhere.

    Attributes:
        field: an entry of this case, `step.field`.
        fact: something true of it.
        figure: something worked out from entries and facts.
        record: the key of the CRM record that the case knows under this name.
        moment: `now`, when the step is handed over.
    """

    field: str | None = None
    fact: str | None = None
    figure: str | None = None
    record: str | None = None
    moment: Literal["now"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Reference:
        named = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError("names one of field, fact, figure, record, moment")
        return self


Operand = bool | int | float | str | Reference
COMPARISONS = ("is_", "is_not", "above", "below", "at_least", "at_most", "one_of", "contains")
OF_STEPS = ("late", "done_after", "visited")
COMBINERS = ("all", "any", "not_")
LEFT_SIDES = ("field", "fact", "figure", "step")


class Condition(Data):
    """One comparison, or several combined with `all`, `any` or `not`.

    The left side is `field` (`step.field`, or just `field` within its own step), `fact`, `figure`
    or `step`. `above` and `below` compare numbers, dates, or the order in which choices are listed.
    `done_after` asks whether a step was handed over on a later day than the one named.
    """

    all: list[Condition] | None = None
    any: list[Condition] | None = None
    not_: Annotated[Condition | None, Field(alias="not")] = None

    field: str | None = None
    fact: str | None = None
    figure: str | None = None
    step: str | None = None

    is_: Annotated[Operand | None, Field(alias="is")] = None
    is_not: Operand | None = None
    above: Operand | None = None
    below: Operand | None = None
    at_least: Operand | None = None
    at_most: Operand | None = None
    one_of: list[Operand] | None = None
    contains: Operand | None = None
    empty: bool | None = None
    late: bool | None = None
    done_after: Operand | None = None
    visited: bool | None = None

    @model_validator(mode="after")
    def _well_formed(self) -> Condition:
        combined = [name for name in COMBINERS if getattr(self, name) is not None]
        left = [name for name in LEFT_SIDES if getattr(self, name) is not None]
        tests = [
            name for name in (*COMPARISONS, "empty", *OF_STEPS) if getattr(self, name) is not None
        ]
        if combined:
            if len(combined) > 1 or left or tests:
                raise ValueError("combines with one of all, any, not, and nothing beside it")
        elif len(left) != 1:
            raise ValueError("needs one of field, fact, figure, step on its left side")
        elif len(tests) != 1:
            raise ValueError(
                "needs exactly one comparison: is, is_not, above, below, at_least, at_most, "
                "one_of, contains, empty, late, done_after or visited"
            )
        elif (tests[0] in OF_STEPS) != (left[0] == "step"):
            raise ValueError(
                "late, done_after and visited are asked of a step, the rest of a field, a fact "
                "or a figure"
            )
        return self

    def parts(self) -> Iterator[Condition]:
        """This condition and all those inside it."""
        yield self
        inner = [*(self.all or []), *(self.any or []), *([self.not_] if self.not_ else [])]
        for part in inner:
            yield from part.parts()

    def operands(self) -> list[Operand]:
        """The right side: one value, several (`one_of`), or none."""
        if self.one_of is not None:
            return list(self.one_of)
        names = (*COMPARISONS, "done_after")
        found = (getattr(self, name) for name in names if name != "one_of")
        return [value for value in found if value is not None]


class World(Protocol):
    """What a condition can ask of a case."""

    def field(self, reference: str) -> Raw: ...
    def fact(self, name: str) -> Raw: ...
    def figure(self, name: str) -> Raw: ...
    def record(self, name: str) -> Raw: ...
    def moment(self) -> Raw: ...
    def choices(self, condition: Condition) -> list[str]: ...
    def late(self, step: str) -> bool: ...
    def done_on(self, step: str) -> str: ...
    def visited(self, step: str) -> bool: ...


def holds(condition: Condition, world: World) -> bool:
    """Whether the condition is true of the case."""
    if condition.all is not None:
        return all(holds(part, world) for part in condition.all)
    if condition.any is not None:
        return any(holds(part, world) for part in condition.any)
    if condition.not_ is not None:
        return not holds(condition.not_, world)
    if condition.step is not None:
        if condition.late is not None:
            return world.late(condition.step) is condition.late
        if condition.done_after is not None:
            day = value_of(condition.done_after, world)
            return bool(day) and world.done_on(condition.step) > str(day)
        return world.visited(condition.step) is condition.visited
    left = _left(condition, world)
    if condition.empty is not None:
        return blank(left) is condition.empty
    return _compare(condition, left, world)


def _left(condition: Condition, world: World) -> Raw:
    if condition.field is not None:
        return world.field(condition.field)
    if condition.figure is not None:
        return world.figure(condition.figure)
    assert condition.fact is not None  # a well-formed condition has a left side
    return world.fact(condition.fact)


def value_of(operand: Operand | None, world: World) -> Raw:
    """A value as it stands, or what it refers to."""
    if not isinstance(operand, Reference):
        return operand
    if operand.moment:
        return world.moment()
    name = next(name for name in ("field", "fact", "figure", "record") if getattr(operand, name))
    found: Raw = getattr(world, name)(getattr(operand, name))
    return found


def _compare(condition: Condition, left: Raw, world: World) -> bool:
    if condition.one_of is not None:
        return not blank(left) and any(
            same(left, value_of(item, world)) for item in condition.one_of
        )
    right = value_of(condition.operands()[0], world)
    if condition.is_not is not None:
        return not same(left, right)
    if blank(left) or blank(right):
        return False
    if condition.is_ is not None:
        return same(left, right)
    if condition.contains is not None:
        return str(right).casefold() in str(left).casefold()
    order = world.choices(condition)
    a, b = _rank(left, order), _rank(right, order)
    if type(a) is not type(b):
        return False
    if condition.above is not None:
        return a > b  # type: ignore[operator]
    if condition.below is not None:
        return a < b  # type: ignore[operator]
    return (a >= b) if condition.at_least is not None else (a <= b)  # type: ignore[operator]


def blank(value: Raw) -> bool:
    """Whether nothing has been entered. Zero and *no* are entries."""
    return value is None or (isinstance(value, str) and not value.strip())


def same(left: Raw, right: Raw) -> bool:
    """Whether two stored values mean the same: numbers by size, text without case or edges."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if blank(left) or blank(right):
        return blank(left) and blank(right)
    a, b = number_of(left), number_of(right)
    if a is not None and b is not None:
        return a == b
    return str(left).strip().casefold() == str(right).strip().casefold()


def _rank(value: Raw, order: list[str]) -> Decimal | str:
    """What `above` and `below` compare: the place in a list of choices, a number, or text."""
    if str(value) in order:
        return Decimal(order.index(str(value)))
    number = number_of(value)
    return str(value) if number is None else number


_AS_WRITTEN = re.compile(
    r"(?:[¥￥]|CNY|RMB)?\s*([+-]?(?:\d{1,3}(?:[, \u00a0\u202f]\d{3})+|\d+)(?:\.\d+)?)"
    r"\s*(?:CNY|RMB|元)?",
    re.IGNORECASE,
)
"""An amount as an office writes it: `¥20,880`, `CNY 20 880`. A comma or a blank parts thousands
only."""


def bare(text: str) -> str:
    """A number as an office writes it, without its currency and what parts its thousands; other
    text as it is."""
    found = _AS_WRITTEN.fullmatch(text.strip())
    return re.sub(r"[,\s]", "", found.group(1)) if found else text


def number_of(value: Any) -> Decimal | None:
    """The number that a value is, also as an office writes it; None for all that is no number."""
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(bare(str(value)).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
