"""How quickly the BG/NBD model is fitted, beside the package `lifetimes` in the same run.

    python -m pytest benchmarks/test_value.py --benchmark-enable -s

Stated limits: on CDNOW at least 20 times as quick, on a million customers with daily dates at least
80 times, and the same optimum.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from crmlab.models.value import bg_nbd
from crmlab.models.value.histories import histories
from tests.models.cdnow import CALIBRATION_END, cdnow


def quickest(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    """The seconds of the quickest of several runs, and what came of it."""
    took = []
    for _time in range(times):
        begun = time.perf_counter()
        found = work()
        took.append(time.perf_counter() - begun)
    return min(took), found


@pytest.mark.parametrize(("customers", "ratio", "times"), [(2_357, 20, 5), (1_000_000, 80, 2)])
def test_fitting_bg_nbd(customers: int, ratio: int, times: int) -> None:
    from lifetimes import BetaGeoFitter

    known = histories(cdnow(), end=CALIBRATION_END)
    drawn = np.random.default_rng(1).integers(0, len(known), customers)
    here = np.arange(customers) if customers == len(known) else drawn
    data = known.frequency[here], known.recency[here], known.age[here]
    ours, found = quickest(lambda: bg_nbd.fit(*data), times)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, other = quickest(lambda: BetaGeoFitter().fit(*data), max(1, times // 2))
    print(f"\n{customers:,} customers: {ours * 1000:.1f} ms, {theirs / ours:.0f} times as quick")
    for name in ("r", "alpha", "a", "b"):
        assert getattr(found, name) == pytest.approx(other.params_[name], rel=1e-4)
    assert theirs / ours >= ratio
