"""Chance that can be repeated: the same case, the same question, the same answer.

Each draw has a key of its own instead of a place in a sequence. So two runs of one case, with
and without a slip, meet the same luck wherever they ask the same question (common random
numbers), however differently they got there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from math import prod
from random import Random
from typing import TypeVar

from crmlab.procedures.case import Case
from crmlab.procedures.schema import Procedure
from crmlab.procedures.walk import Pace

T = TypeVar("T")


def chance(seed: int, *key: str | int) -> float:
    """A number from 0 up to 1, uniform over keys, the same on every platform."""
    text = "/".join([str(seed), *map(str, key)])
    return int.from_bytes(sha256(text.encode()).digest()[:7], "big") / 2**56


class Draws:
    """Draws one after another, the same for the same key on every platform.

    Only sums and products are made of them: what a machine's own mathematical functions give may
    differ in its last digit from that of another one.
    """

    def __init__(self, *key: str | int) -> None:
        self.unit = Random("/".join(map(str, key))).random
        """A number from 0 up to 1."""

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int((high - low + 1) * self.unit())

    def happens(self, chance: float) -> bool:
        return self.unit() < chance

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[int(len(choices) * self.unit())]

    def weighted(self, choices: Sequence[tuple[T, float]]) -> T:
        """One of the choices, each as often as its weight says."""
        left = sum(weight for _choice, weight in choices) * self.unit()
        for choice, weight in choices:
            left -= weight
            if left < 0:
                return choice
        return choices[-1][0]


def combined(base: float, chances: Iterable[float]) -> float:
    """The chance that at least one of several independent causes strikes."""
    return 1 - (1 - base) * prod(1 - p for p in chances)


def drawn_pace(procedure: Procedure) -> Pace:
    """The step's usual hours, from seven tenths to thirteen tenths of them, as luck has it."""

    def pace(case: Case) -> tuple[float, float]:
        assert case.step is not None
        step = procedure.steps[case.step]
        visit = len(case.visits_to(case.step))
        wait = 0.7 + 0.6 * chance(case.seed, "wait", case.step, visit)
        work = 0.7 + 0.6 * chance(case.seed, "work", case.step, visit)
        return round(step.wait_hours * wait, 2), round(step.work_hours * work, 2)

    return pace
