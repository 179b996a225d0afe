"""A dial: a number that can be turned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Dial:
    """A number that can be turned.

    Attributes:
        label: what it is, as a person reads it.
        low, high, by: how far it can be turned, and by how much at a time.
        start: where it stands at first.
        unit: written behind the number.
        told: how a number of this dial is written, if `unit` alone does not do.
    """

    label: str
    low: float
    high: float
    by: float
    start: float
    unit: str = ""
    told: Callable[[float], str] | None = None

    def nearest(self, number: Decimal) -> Decimal:
        """The position of the dial that is nearest to a number."""
        low, by = exact(self.low), exact(self.by)
        steps = round((min(max(number, low), exact(self.high)) - low) / by)
        return min(low + steps * by, exact(self.high))

    def shown(self, number: Decimal) -> str:
        """A number of this dial as it is written above it."""
        if self.told:
            return self.told(float(number))
        said = f"{number.normalize():,f}"
        return f"{said} {self.unit}" if self.unit else said


def exact(number: float) -> Decimal:
    """The number as it is written."""
    return Decimal(str(number))
