"""What a condition means: comparisons of choices, numbers, dates and texts, and of nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.procedures.conditions import Condition, Raw, bare, blank, holds, number_of, same


@dataclass
class World:
    """A case in small: entries, facts, choices, and steps that were late or visited."""

    entries: dict[str, Raw] = field(default_factory=dict)
    facts: dict[str, Raw] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    late_steps: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def field(self, reference: str) -> Raw:
        return self.entries.get(reference)

    def fact(self, name: str) -> Raw:
        return self.facts.get(name)

    def choices(self, condition: Condition) -> list[str]:
        return self.order

    def late(self, step: str) -> bool:
        return step in self.late_steps

    def visited(self, step: str) -> bool:
        return step in self.seen


def true(world: World, **condition: Any) -> bool:
    return holds(Condition.model_validate(condition), world)


SEVERITY = World(
    entries={"severity": "medium"}, facts={"severity": "high"}, order=["low", "medium", "high"]
)


@pytest.mark.parametrize(
    ("comparison", "value", "expected"),
    [
        ("above", "low", True),
        ("above", "medium", False),
        ("at_least", "medium", True),
        ("at_most", "medium", True),
        ("below", "high", True),
        ("below", {"fact": "severity"}, True),
        ("above", {"fact": "severity"}, False),
        ("above", "unheard_of", False),
        ("below", "unheard_of", False),
        ("is", "medium", True),
        ("is_not", {"fact": "severity"}, True),
        ("one_of", ["low", "medium"], True),
        ("one_of", ["low", "high"], False),
    ],
)
def test_choices_are_ranked_as_they_are_listed(comparison: str, value: Any, expected: bool) -> None:
    assert true(SEVERITY, field="severity", **{comparison: value}) is expected


@pytest.mark.parametrize(
    ("left", "comparison", "right", "expected"),
    [
        ("30000.00", "above", 30000, False),
        ("30000.01", "above", 30000, True),
        ("9", "below", "10", True),  # as numbers, not as texts
        (9, "below", "10.5", True),
        ("10.50", "is", 10.5, True),
        ("-1", "below", 0, True),
        ("2026-05-12", "above", "2026-05-11", True),
        ("2026-05-12", "at_most", "2026-05-12", True),
        ("2026-12-01", "below", "2026-05-01", False),
        ("B-2230", "is", " b-2230 ", True),
        ("B-2230", "contains", "223", True),
        ("Leaks at the SEAL", "contains", "seal", True),
        ("twelve", "above", 3, False),  # words and numbers have no order
        ("nan", "above", 0, False),
        ("inf", "above", 0, False),
        (0, "is", 0, True),
        (0, "is_not", 0, False),
        (True, "is", True, True),
        (False, "is", False, True),
        (True, "is", 1, False),
        (False, "is_not", "false", True),
    ],
)
def test_a_comparison(left: Raw, comparison: str, right: Raw, expected: bool) -> None:
    world = World(entries={"x": left}, facts={"y": right})
    assert true(world, field="x", **{comparison: right}) is expected
    assert true(world, field="x", **{comparison: {"fact": "y"}}) is expected


@pytest.mark.parametrize("nothing", [None, "", "  "])
@pytest.mark.parametrize("comparison", ["is", "above", "below", "at_least", "at_most", "contains"])
def test_what_is_not_filled_in_compares_with_nothing(nothing: Raw, comparison: str) -> None:
    world = World(entries={"x": nothing, "full": 0})
    assert not true(world, field="x", **{comparison: 0})
    assert not true(world, field="full", **{comparison: {"field": "x"}})
    assert not true(world, field="x", **{comparison: {"field": "x"}})


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_only_empty_and_is_not_ask_about_nothing(nothing: Raw) -> None:
    world = World(entries={"x": nothing, "zero": 0, "no": False})
    assert true(world, field="x", empty=True)
    assert not true(world, field="x", empty=False)
    assert true(world, field="x", is_not=0)
    assert true(world, field="x", is_not=False)
    assert not true(world, field="x", is_not={"fact": "nothing_either"})
    assert not true(world, field="x", one_of=["", {"field": "x"}])
    assert true(world, field="zero", empty=False)
    assert true(world, field="no", empty=False)
    assert true(world, field="zero", is_not={"field": "x"})


def test_steps_are_late_or_visited() -> None:
    world = World(late_steps={"assess"}, seen={"assess", "register"})
    assert true(world, step="assess", late=True)
    assert true(world, step="register", late=False)
    assert true(world, step="register", visited=True)
    assert true(world, step="contain", visited=False)


def test_conditions_combine() -> None:
    yes, no = {"fact": "severity", "is": "high"}, {"field": "severity", "is": "high"}
    assert true(SEVERITY, all=[yes, {"not": no}])
    assert true(SEVERITY, any=[no, yes])
    assert not true(SEVERITY, all=[yes, no])
    assert not true(SEVERITY, any=[no, no])
    assert true(SEVERITY, **{"not": {"any": [no]}})


raw = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)
)


@given(raw, raw)
def test_sameness_goes_both_ways_and_everything_is_the_same_as_itself(a: Raw, b: Raw) -> None:
    assert same(a, b) == same(b, a)
    assert same(a, a)
    if blank(a) != blank(b):
        assert not same(a, b)


@given(raw, raw)
def test_of_two_values_at_most_one_is_above(a: Raw, b: Raw) -> None:
    if isinstance(b, bool | int | float | str):
        world = World(entries={"a": a, "b": b})
        above = true(world, field="a", above={"field": "b"})
        below = true(world, field="a", below={"field": "b"})
        assert not (above and below)
        assert not (above and true(world, field="a", at_most={"field": "b"}))


@pytest.mark.parametrize(
    "written",
    ["20880", "20,880", "¥20,880", "\N{FULLWIDTH YEN SIGN}20880", "CNY 20,880", "cny20880.00",
     " 20,880 CNY ", "20,880 元", "RMB 20,880"],
)  # fmt: skip
def test_an_amount_may_be_written_as_every_screen_writes_it(written: str) -> None:
    assert number_of(written) == 20880
    assert same(written, 20880)


@pytest.mark.parametrize(
    "written", ["20,88", "2,0880", "¥", "CNY", "20.880,00", "¥20,880.", "C-1042", "CU-001", "¥¥20"]
)
def test_what_may_mean_another_number_is_none(written: str) -> None:
    assert number_of(written) is None
    assert bare(written) == written
