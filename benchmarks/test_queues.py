"""How many cases a second go through five seats, beside SimPy on the same cases in the same run.

    python -m pytest benchmarks/test_queues.py --benchmark-enable -s

Stated limit: at least 8 times as many.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

from crmlab.simulation.queues import Workload, serve
from tests.simulation.by_simpy import begun_by_simpy
from tests.simulation.test_queues import SEATS, cases

CASES, ROUNDS, TIMES = 5_000, 5, 8


def seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def test_cases_a_second_beside_simpy() -> None:
    full = cases(CASES, seed=7, busy=0.9)
    load = Workload(full.arrivals, full.first, full.pool, full.work)
    pairs = [
        (seconds(lambda: serve(load, SEATS)), seconds(lambda: begun_by_simpy(load, SEATS)))
        for _round in range(ROUNDS)
    ]
    ours, theirs = (median(CASES / pair[who] for pair in pairs) for who in (0, 1))
    times = median(pair[1] / pair[0] for pair in pairs)
    print(f"\n{ours:,.0f} cases a second, SimPy {theirs:,.0f}: {times:.1f} times as many")
    assert times >= TIMES
