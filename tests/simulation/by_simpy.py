"""The same queues, by SimPy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import simpy

from crmlab.simulation.queues import Workload


def begun_by_simpy(load: Workload, people: Sequence[int]) -> list[float]:
    """When each piece was begun."""
    env = simpy.Environment()
    pools = [simpy.PriorityResource(env, number) for number in people]
    begun = [0.0] * len(load.pool)

    def case(number: int) -> Iterator[Any]:
        yield env.timeout(load.arrivals[number])
        for piece in range(load.first[number], load.first[number + 1]):
            yield env.timeout(load.lag[piece] if load.lag else 0)
            urgency = load.priority[piece] if load.priority else 0
            with pools[load.pool[piece]].request(priority=urgency) as turn:
                yield turn
                begun[piece] = env.now
                yield env.timeout(load.work[piece])

    for number in range(len(load.arrivals)):
        env.process(case(number))
    env.run()
    return begun
