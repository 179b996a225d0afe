"""What open opportunities may bring: many possible outcomes, drawn once and weighed quickly.

1. Each opportunity is won or not by its chance, independently of the others: what hits all of them
   at once, such as a bad year, is not in it.
2. There is no day by which: it counts what is open, whenever it will be closed.
3. Luck is spread evenly: of all draws an opportunity is won in just the share that is its chance
   (a Latin hypercube), so a few thousand draws say what tens of thousands would without it.
4. Luck is drawn once. When a chance changes, the draws stay, so that the difference is made by the
   chance alone (common random numbers).
5. Of very many opportunities only the largest are drawn one by one; the others together as a normal
   number with their mean and variance.

Source: M. D. McKay, R. J. Beckman, W. J. Conover (1979), A Comparison of Three Methods for
Selecting Values of Input Variables, Technometrics 21(2), for the even spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

DRAWS = 4_000
"""How many outcomes are drawn."""

EACH = 500
"""So many opportunities, the largest, are drawn one by one."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Forecast:
    """What the open opportunities may bring: as much or less in 10, 50 and 90 of 100 draws."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True)
class Luck:
    """The luck of open opportunities, drawn once.

    Attributes:
        amounts, chances: of all of them, as they were at first.
        large: which of them are drawn one by one; `small`: the others.
        turns: of each large one, the draws in the order in which it comes to be won in them as its
            chance rises.
        totals: what the large ones bring in each draw by their chances at first.
        normal: for the small ones together, one number for each draw.
    """

    amounts: Floats
    chances: Floats
    large: NDArray[np.int64]
    small: NDArray[np.int64]
    turns: NDArray[np.intp]
    totals: Floats
    normal: Floats


def draw_luck(amounts: Floats, chances: Floats, seed: int) -> Luck:
    """The luck of opportunities with these amounts and chances."""
    by_size = np.argsort(-amounts, kind="stable")
    large, small = by_size[:EACH], by_size[EACH:]
    source = np.random.default_rng(seed)
    in_turn = np.broadcast_to(np.arange(DRAWS, dtype=np.intp), (len(large), DRAWS))
    turns = source.permuted(in_turn, axis=1)
    totals = np.zeros(DRAWS)
    for n, won_in in enumerate(_draws_won(chances[large])):
        totals[turns[n, :won_in]] += amounts[large[n]]
    normal = ndtri((source.permutation(DRAWS) + 0.5) / DRAWS)
    return Luck(amounts, chances, large, small, turns, totals, normal)


def forecast(luck: Luck, chances: Floats) -> Forecast:
    """What they bring with these chances, 0 to 1, one for each opportunity."""
    before, after = _draws_won(luck.chances[luck.large]), _draws_won(chances[luck.large])
    if np.abs(after - before).sum() < after.sum():
        totals = luck.totals.copy()
    else:  # it is less work to begin with nothing
        totals, before = np.zeros(DRAWS), np.zeros_like(after)
    for n in np.flatnonzero(before != after):  # no draw comes twice, so each is added to once
        amount, low, high = luck.amounts[luck.large[n]], before[n], after[n]
        totals[luck.turns[n, min(low, high) : max(low, high)]] += amount if high > low else -amount
    if len(luck.small):
        amounts, chance = luck.amounts[luck.small], chances[luck.small]
        spread = np.sqrt((amounts**2 * chance * (1 - chance)).sum())
        totals += np.clip(amounts @ chance + spread * luck.normal, 0, amounts.sum())
    # Taking away what was added may leave a trace of rounding.
    totals = np.clip(totals, 0, luck.amounts.sum())
    p10, p50, p90 = np.quantile(totals, [0.1, 0.5, 0.9])
    return Forecast(float(p10), float(p50), float(p90))


def _draws_won(chances: Floats) -> NDArray[np.int64]:
    """In how many of the draws each is won."""
    return np.rint(chances * DRAWS).astype(np.int64)
