"""Work that queues for people: a discrete-event simulation on one heap.

Cases arrive, and each asks for pieces of work one after the other, of pools of people. Whoever is
free in a pool takes the piece that was ready first or, where some are more urgent, the first of
the most urgent. Nobody is interrupted. With Poisson arrivals, exponential work and one pool of c
people this is the M/M/c queue, whose mean wait Erlang's C formula gives (A. K. Erlang 1917).

Times are in hours on one axis: mostly working hours since a first morning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace
from math import inf, isfinite

from crmlab.errors import SimulationError
from crmlab.text import gettext as _


@dataclass(frozen=True)
class Workload:
    """Cases, and the pieces of work that each of them asks for, one after the other.

    The pieces of all cases stand in one row, those of a case side by side.

    Attributes:
        arrivals: when each case arrives, in hours, in order of time.
        first: the place of each case's first piece, and at the end the number of pieces.
        pool: which pool does each piece, from 0.
        work: the hours that each piece takes.
        lag: the hours before each piece can be taken up, from the arrival or from the end of the
            piece before; none if it is empty.
        priority: how urgent each piece is, the lower the more; all alike if it is empty.
    """

    arrivals: Sequence[float]
    first: Sequence[int]
    pool: Sequence[int]
    work: Sequence[float]
    lag: Sequence[float] = ()
    priority: Sequence[int] = ()

    def __post_init__(self) -> None:
        pieces = len(self.pool)
        if not (
            len(self.work) == pieces
            and len(self.lag) in (0, pieces)
            and len(self.priority) in (0, pieces)
            and len(self.first) == len(self.arrivals) + 1
            and (self.first[0], self.first[-1]) == (0, pieces)
            and all(a < b for a, b in zip(self.first, self.first[1:], strict=False))
        ):
            raise SimulationError(
                _("The pieces of work do not fit the cases: each case has at least one piece.")
            )
        if any(a > b for a, b in zip(self.arrivals, self.arrivals[1:], strict=False)):
            raise SimulationError(_("The cases do not stand in the order in which they arrive."))
        if not all(hours >= 0 and isfinite(hours) for of in (self.work, self.lag) for hours in of):
            raise SimulationError(_("Work takes no less than no time, and it comes to an end."))


@dataclass(frozen=True)
class Served:
    """When each piece was ready to be taken up, and when it was begun, in hours.

    It was done when its work was, without a pause.
    """

    ready: list[float]
    begun: list[float]


def serve(load: Workload, people: Sequence[int]) -> Served:
    """Let the cases go through the pools.

    Args:
        people: how many work in each pool.

    Raises:
        SimulationError: a piece asks for a pool that is not there, or in which nobody works.
    """
    if any(not 0 <= pool < len(people) or people[pool] < 1 for pool in set(load.pool)):
        raise SimulationError(_("Somebody has to work in every pool that is asked for."))
    return _by_urgency(load, people) if load.priority else _in_order(load, people)


def _in_order(load: Workload, people: Sequence[int]) -> Served:
    """First come, first served.

    A piece begins when it is ready and the first of the pool's people is free. Since no later
    piece can come before it, that is known at once, and only the cases' next moments need a heap.
    """
    pool, work, lag, first = load.pool, load.work, load.lag, load.first
    free = [[0.0] * number for number in people]
    is_last = _last_pieces(load)
    ready, begun = [0.0] * len(pool), [0.0] * len(pool)
    heap: list[tuple[float, int]] = []
    case, cases = 0, len(load.arrivals)
    arrival = load.arrivals[0] if cases else inf
    while heap or case < cases:
        if not heap or heap[0][0] > arrival:
            piece = first[case]
            heappush(heap, (arrival + lag[piece] if lag else arrival, piece))
            case += 1
            arrival = load.arrivals[case] if case < cases else inf
            continue
        now, piece = heap[0]
        here = free[pool[piece]]
        start = here[0] if here[0] > now else now
        done = start + work[piece]
        heapreplace(here, done)
        ready[piece], begun[piece] = now, start
        if is_last[piece]:
            heappop(heap)
        else:
            piece += 1
            heapreplace(heap, (done + lag[piece] if lag else done, piece))
    return Served(ready, begun)


def _by_urgency(load: Workload, people: Sequence[int]) -> Served:
    """The most urgent first, and of those alike the one that was ready first.

    Whether a piece is overtaken is known only when somebody is free, so the ends of pieces have
    their moments on the heap too. At one moment people become free before they are asked for.
    """
    pool, work, lag, priority = load.pool, load.work, load.lag, load.priority
    idle = list(people)
    waiting: list[list[tuple[int, float, int]]] = [[] for _number in people]
    is_last = _last_pieces(load)
    ready, begun = [0.0] * len(pool), [0.0] * len(pool)
    # (moment, 0 for an end and 1 for a beginning, piece)
    heap = [
        (arrival + (lag[piece] if lag else 0.0), 1, piece)
        for arrival, piece in zip(load.arrivals, load.first, strict=False)
    ]
    heapify(heap)

    def begin(piece: int, now: float) -> None:
        begun[piece] = now
        heappush(heap, (now + work[piece], 0, piece))

    while heap:
        now, asks, piece = heappop(heap)
        here = pool[piece]
        if asks:
            ready[piece] = now
            if idle[here]:
                idle[here] -= 1
                begin(piece, now)
            else:
                heappush(waiting[here], (priority[piece], now, piece))
            continue
        if waiting[here]:
            begin(heappop(waiting[here])[2], now)
        else:
            idle[here] += 1
        if not is_last[piece]:
            heappush(heap, (now + (lag[piece + 1] if lag else 0.0), 1, piece + 1))
    return Served(ready, begun)


def _last_pieces(load: Workload) -> bytearray:
    """Of each piece whether it is the last of its case."""
    is_last = bytearray(len(load.pool))
    for after in load.first[1:]:
        is_last[after - 1] = 1
    return is_last
