"""The queues are held to Erlang's formula, and to SimPy on the very same cases."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from math import factorial, inf, nan, sqrt
from random import Random
from statistics import fmean, quantiles, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.errors import SimulationError
from crmlab.simulation.queues import Workload, serve
from tests.simulation.by_simpy import begun_by_simpy

SEATS = [2, 3, 2, 1, 4]
WAY = (0, 1, 2, 4, 3, 1, 4)
"""Pools are asked for more than once on the way of a case."""


def cases(number: int, *, seed: int, busy: float) -> Workload:
    """Cases on their way through all seats, the busiest of which works this share of its time."""
    luck = Random(seed)
    mean = {0: 1.5, 1: 1.0, 2: 2.0, 3: 0.9, 4: 1.5}
    heaviest = max(sum(mean[p] for p in WAY if p == pool) / SEATS[pool] for pool in mean)
    arrivals = list(accumulate(luck.expovariate(busy / heaviest) for _ in range(number)))
    pool = [seat for _ in range(number) for seat in WAY]
    return Workload(
        arrivals=arrivals,
        first=range(0, len(pool) + 1, len(WAY)),
        pool=pool,
        work=[luck.expovariate(1 / mean[seat]) for seat in pool],
        lag=[luck.choice((0.0, luck.random())) for _piece in pool],
    )


def mean_wait(arrival_rate: float, hours: float, people: int) -> float:
    """The mean wait in M/M/c: Erlang's C, divided by the capacity that is left."""
    offered = arrival_rate * hours
    tail = offered**people / factorial(people) * people / (people - offered)
    waits = tail / (sum(offered**n / factorial(n) for n in range(people)) + tail)
    return waits / (people / hours - arrival_rate)


@pytest.mark.parametrize(("people", "busy"), [(1, 0.5), (3, 0.7), (5, 0.85)])
def test_the_mean_wait_is_the_one_of_erlang(people: int, busy: float) -> None:
    runs, each, hours = 20, 20_000, 1.5
    rate = busy * people / hours
    waits = []
    for seed in range(runs):
        luck = Random(seed)
        arrivals = list(accumulate(luck.expovariate(rate) for _ in range(each)))
        work = [luck.expovariate(1 / hours) for _ in range(each)]
        served = serve(Workload(arrivals, range(each + 1), [0] * each, work), [people])
        late = each // 10  # the first cases found an empty office
        waits.append(
            fmean(b - r for b, r in zip(served.begun[late:], served.ready[late:], strict=True))
        )
    margin = 3 * stdev(waits) / sqrt(runs)
    assert fmean(waits) == pytest.approx(mean_wait(rate, hours, people), abs=margin)
    assert margin < mean_wait(rate, hours, people) / 10


def waits_of(load: Workload, begun: list[float]) -> list[float]:
    """How long each piece waited, from what is on record of its case."""
    waits = []
    for case, arrival in enumerate(load.arrivals):
        now = arrival
        for piece in range(load.first[case], load.first[case + 1]):
            waits.append(begun[piece] - now - (load.lag[piece] if load.lag else 0))
            now = begun[piece] + load.work[piece]
    return waits


@pytest.mark.parametrize("urgent", [False, True], ids=["in order", "by urgency"])
@pytest.mark.parametrize("busy", [0.6, 0.95])
def test_simpy_says_the_same_of_every_piece(urgent: bool, busy: float) -> None:
    load = cases(400, seed=7, busy=busy)
    if urgent:
        luck = Random(8)
        load = replace(load, priority=[luck.randrange(3) for _piece in load.pool])
    ours, theirs = serve(load, SEATS).begun, begun_by_simpy(load, SEATS)
    assert ours == pytest.approx(theirs)
    mine, other = waits_of(load, ours), waits_of(load, theirs)
    assert fmean(mine) == pytest.approx(fmean(other))
    assert quantiles(mine, n=20)[-1] == pytest.approx(quantiles(other, n=20)[-1])
    assert max(mine) > 0


@given(st.integers(0, 10_000), st.floats(0.1, 1.5))
def test_all_alike_urgent_is_first_come_first_served(seed: int, busy: float) -> None:
    load = cases(30, seed=seed, busy=busy)
    alike = replace(load, priority=[1] * len(load.pool))
    assert serve(alike, SEATS).begun == pytest.approx(serve(load, SEATS).begun)


@given(st.integers(0, 10_000), st.booleans())
def test_nobody_does_two_things_at_once_and_no_piece_begins_before_it_is_ready(
    seed: int, urgent: bool
) -> None:
    load = cases(40, seed=seed, busy=1.2)
    if urgent:
        load = replace(
            load, priority=[Random(seed + p).randrange(2) for p in range(len(load.pool))]
        )
    served = serve(load, SEATS)
    assert all(b >= r for b, r in zip(served.begun, served.ready, strict=True))
    for pool, people in enumerate(SEATS):
        here = [p for p, of in enumerate(load.pool) if of == pool]
        for piece in here:
            begin = served.begun[piece]
            at_work = sum(
                served.begun[other] <= begin < served.begun[other] + load.work[other]
                for other in here
            )
            assert at_work <= people


def test_who_is_more_urgent_overtakes_and_nobody_is_interrupted() -> None:
    load = Workload([0, 1, 2, 3], range(5), [0] * 4, [5, 1, 1, 1], priority=[9, 2, 1, 1])
    assert serve(load, [1]).begun == [0, 7, 5, 6]


def test_no_case_takes_no_time() -> None:
    assert serve(Workload([], [0], [], []), [1]).begun == []


@pytest.mark.parametrize(
    ("load", "said"),
    [
        (lambda: Workload([0], [0, 1], [0], []), "do not fit the cases"),
        (lambda: Workload([0, 1], [0, 0, 1], [0], [1]), "at least one piece"),
        (lambda: Workload([0], [0, 1], [0], [-1]), "no less than no time"),
        (lambda: Workload([0], [0, 1], [0], [nan]), "no less than no time"),
        (lambda: Workload([0], [0, 1], [0], [1], lag=[inf]), "no less than no time"),
        (lambda: serve(Workload([0], [0, 1], [1], [1]), [1]), "has to work in every pool"),
        (lambda: serve(Workload([0], [0, 1], [0], [1]), [0]), "has to work in every pool"),
    ],
)
def test_what_no_company_could_be_like_is_refused(load, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SimulationError, match=said):
        load()
