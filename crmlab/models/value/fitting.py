"""Finding where a smooth function of a few parameters is least, by Newton's steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

Bent = Callable[[Numbers], tuple[float, Numbers, Numbers]]
"""A function's value, its slopes and its bends (the Hessian) at some parameters."""

STEPS, ENOUGH = 200, 1e-10
NOTHING = 1e-15
"""As exactly as numbers can tell."""
FLATTEST = 1e-7
"""Where a function bends less than this in some direction, a step that way could be any length."""

LONGEST = 2.0
"""The longest step of one parameter: one of logarithms is a factor of seven."""


@dataclass(frozen=True)
class Found:
    """Where the search ended; it is a minimum if the slopes are flat."""

    x: Numbers
    value: float
    slopes: Numbers
    bends: Numbers

    def errors(self, number: float) -> Numbers:
        """The standard errors of the parameters, if the value is a mean over so many and the
        search ran over logarithms: from the bends at the minimum (the observed information)."""
        spread = np.diag(np.linalg.pinv(self.bends * number))
        return np.asarray(np.exp(self.x) * np.sqrt(np.maximum(spread, 0.0)))


def least(bent: Bent, start: Numbers, *, nothing: float = NOTHING) -> Found:
    """Walk down from `start` until the slopes are flat.

    Newton's step where the function bends upwards on all sides. Elsewhere, and where the step does
    not lead down, it is held back (Levenberg and Marquardt).

    Args:
        nothing: a step that gains less than this, as a share of the value, is the last one.
    """
    x, held = start, 0.0
    value, slopes, bends = bent(x)
    for _step in range(STEPS):
        if np.abs(slopes).max() < ENOUGH:
            break
        lowest = np.linalg.eigvalsh(bends)[0]
        hold = max(held, 1e-3 - lowest if lowest < FLATTEST else 0.0)
        step = -np.linalg.solve(bends + hold * np.eye(len(x)), slopes)
        step *= min(1.0, LONGEST / np.abs(step).max())
        gain = -slopes @ step
        if gain < nothing * max(1.0, abs(value)):
            # So short a step ends where the parabola says, and nobody has to look.
            turned = bends @ step
            value += float(slopes @ step + step @ turned / 2)
            return Found(x + step, value, slopes + turned, bends)
        there = bent(x + step)
        if np.isfinite(there[0]) and there[0] <= value:
            (value, slopes, bends), x, held = there, x + step, held / 10 if held > 1e-6 else 0.0
        else:
            held = max(10 * held, 1e-4)
        if held > 1e12:
            break
    return Found(x, value, slopes, bends)
