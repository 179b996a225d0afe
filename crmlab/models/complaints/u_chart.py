"""A u-chart: what chance alone would do to a rate, with more or less exposure from month to month.

The limits are those of a Poisson number, not three sigma; why, and the source, stand in the
package's own words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from crmlab.models.complaints.reading import Days, name_of
from crmlab.text import gettext as _

TAIL = 0.00135
"""The share of months that chance puts beyond one of the limits."""

IN_A_ROW = 8

SELDOM = 0.5**IN_A_ROW
"""A run is a signal where chance would make one as long less often than this. Where counts are
large that is eight in a row, a fair coin each; where most months have no complaint, the lower side
is the usual one, and it takes a longer run to say something."""

Counts = NDArray[np.float64] | NDArray[np.int64]


@dataclass(frozen=True)
class Period:
    """One month of the chart.

    Attributes:
        complaints: about what left us then, so far; `exposure`: what left us.
        rate: complaints for so much exposure.
        centre: the rate that the mean of all months would give by now.
        lower, upper: the limits of chance; None where there is nothing to compare with.
        signal: the name of the rule that it falls under (`rules`), or nothing.
        side: `high` or `low` for a signal, or nothing.
        apart: it was left out of the mean, its cause being known.
    """

    period: str
    complaints: int
    exposure: float
    rate: float
    centre: float
    lower: float | None
    upper: float | None
    signal: str
    side: str
    apart: bool = False


def rules() -> dict[str, str]:
    """What each signal rests on, by the name that it has in a result."""
    return {
        "beyond": _("Western Electric rule 1: one month beyond a limit of chance"),
        "run": _(
            "Western Electric rule 4: eight months in a row on one side of the mean, or more where "
            "complaints are so few that eight would be common"
        ),
    }


def limits(expected: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the largest number that chance alone would give in 99.73 % of months."""
    low, high = poisson.ppf(TAIL, expected), poisson.ppf(1 - TAIL, expected)
    return low, high


def chart(
    months: Days,
    counted: Counts,
    left: NDArray[np.float64],
    expected: NDArray[np.float64],
    scale: int,
    apart: NDArray[np.bool_],
) -> tuple[Period, ...]:
    """The months with their limits and signals.

    Args:
        counted: complaints; `expected`: how many the mean of the months would give by now.
        apart: the months that the mean was made without.
    """
    alone = len(months) < 2
    low, high = limits(expected)
    beyond = ((counted > high) | (counted < low)) & (expected > 0)
    runs = _in_runs(counted, expected, apart)
    found = []
    for n, month in enumerate(months):
        signal = "beyond" if beyond[n] else "run" if runs[n] else ""
        for_one = scale / float(left[n])
        found.append(
            Period(
                name_of(month),
                round(counted[n]),
                float(left[n]),
                float(counted[n]) * for_one,
                float(expected[n]) * for_one,
                None if alone else float(low[n]) * for_one,
                None if alone else float(high[n]) * for_one,
                "" if alone else signal,
                "" if alone or not signal else "high" if counted[n] > expected[n] else "low",
                bool(apart[n]),
            )
        )
    return tuple(found)


def _in_runs(
    counted: Counts, expected: NDArray[np.float64], apart: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which months end a run that chance would seldom make."""
    below = poisson.cdf(np.ceil(expected) - 1, expected)
    above = poisson.sf(np.floor(expected), expected)
    found = np.zeros(len(counted), dtype=bool)
    long, chance, side = 0, 1.0, 0
    for n, here in enumerate(np.sign(counted - expected).astype(int)):
        if not here or apart[n] or here != side:
            long, chance = 0, 1.0
        side = 0 if apart[n] else here
        if side:
            long += 1
            chance *= float(above[n] if side > 0 else below[n])
        found[n] = long >= IN_A_ROW and chance <= SELDOM
    return found
