"""What complaints have in common, the most frequent first, and how sure that order is.

1. A rate stands only where somebody counts what left: of products, and of branches where the
   exposure names them.
2. What is called *other*, and what nobody said, is sorted nowhere. If all of it belonged to one
   cause, that cause would stand higher; spread over several, some would pass others. `best` and
   `worst` are the places that a cause could take at most and at least if *other* were sorted
   rightly, whatever it really is.

Source: the Pareto chart as in J. M. Juran, Quality Control Handbook. The bounds are plain counting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

OTHER = {"other", "others", "misc", "miscellaneous", "其他", "其它"}
"""Names that sort nothing."""


@dataclass(frozen=True)
class Share:
    """How many complaints have something in common.

    Attributes:
        name: an empty one stands for those of which nobody has said it.
        share: of all complaints, 0 to 1; `cumulative`: of these and all that are more frequent.
        exposure, rate: None where nobody counts what left.
        best, worst: its highest and its lowest place if what is sorted nowhere were sorted;
            None for what is sorted nowhere itself.
    """

    name: str
    complaints: int
    share: float
    cumulative: float
    exposure: float | None = None
    rate: float | None = None
    best: int | None = None
    worst: int | None = None


@dataclass(frozen=True)
class Hides:
    """What *other* hides.

    Attributes:
        complaints: called other, or nothing at all; `share`: of all complaints.
        unsaid: those of them of which nobody has said anything.
        unsure: the names that could change their place if these were sorted.
        new_place: the place of a cause that nobody has named yet, if all of them were due to it;
            None if there are none of them.
    """

    complaints: int
    share: float
    unsaid: int
    unsure: tuple[str, ...]
    new_place: int | None


def counts_of(column: pd.Series) -> dict[str, float]:
    """How many there are of each name; an empty name for those without one."""
    numbers, found = column.value_counts(), dict[str, float]()
    for name, number in numbers[numbers > 0].items():
        found[str(name).strip()] = found.get(str(name).strip(), 0) + int(number)
    if unsaid := len(column) - int(numbers.sum()):
        found[""] = found.get("", 0) + unsaid
    return found


def pareto(
    counts: Mapping[str, float], left: Mapping[str, float] | None = None, scale: int = 1
) -> tuple[Share, ...]:
    """The names, the most frequent first; equal ones by their name.

    Args:
        left: exposure by name, where it is known.
        scale: what a rate is told for.
    """
    names = sorted(counts, key=lambda name: (-counts[name], name))
    total = sum(counts.values())
    best, worst = _places(names, counts)
    found, so_far = [], 0.0
    for name in names:
        so_far += counts[name]
        base = (left or {}).get(name)
        found.append(
            Share(
                name,
                round(counts[name]),
                counts[name] / total,
                so_far / total,
                base,
                counts[name] / base * scale if base else None,
                best.get(name),
                worst.get(name),
            )
        )
    return tuple(found)


def hides(shares: tuple[Share, ...]) -> Hides:
    """What lies in *other*, and whose place it leaves unsure."""
    sorts_nothing = [share for share in shares if is_other(share.name)]
    number = sum(share.complaints for share in sorts_nothing)
    sorted_ = [share for share in shares if share.best is not None]
    return Hides(
        number,
        sum(share.share for share in sorts_nothing),
        sum(share.complaints for share in sorts_nothing if not share.name),
        tuple(share.name for share in sorted_ if share.best != share.worst),
        1 + sum(share.complaints > number for share in sorted_) if number else None,
    )


def is_other(name: str) -> bool:
    """Whether a name sorts nothing."""
    return not name or name.casefold() in OTHER


def _places(names: list[str], counts: Mapping[str, float]) -> tuple[dict[str, int], dict[str, int]]:
    """The best and the worst place of each name that sorts something."""
    sorted_ = [name for name in names if not is_other(name)]
    unsorted = sum(counts[name] for name in names if is_other(name))
    number = np.array([counts[name] for name in sorted_], dtype=np.float64)
    ahead = np.searchsorted(-number, -number, side="left")
    best = 1 + np.searchsorted(-number, -(number + unsorted), side="left")
    worst = 1 + ahead + _could_pass(number, ahead, unsorted)
    return (
        {name: int(place) for name, place in zip(sorted_, best, strict=True)},
        {name: int(place) for name, place in zip(sorted_, worst, strict=True)},
    )


def _could_pass(
    number: NDArray[np.float64], ahead: NDArray[np.int64], unsorted: float
) -> NDArray[np.int64]:
    """How many of those behind (or level) could pass each, with one complaint more than it has.

    The nearest pass most cheaply, so those are lifted first; how many of them, is found by halving.
    """
    sums = np.append(0.0, np.cumsum(number))
    low, high = np.zeros(len(number), dtype=np.int64), len(number) - 1 - ahead
    while (low < high).any():
        middle = (low + high + 1) // 2
        costs = middle * (number + 1) - (sums[ahead + 1 + middle] - sums[ahead + 1])
        fits = costs <= unsorted
        low, high = np.where(fits, middle, low), np.where(fits, high, middle - 1)
    return low
