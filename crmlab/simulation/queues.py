"""Work that queues for people: a discrete-event simulation on one heap.

Cases come, and each asks for pieces of work one after the other, of pools of people. Whoever is
free in a pool takes the piece that was ready first or, where some are more urgent, the first of
the most urgent. Nobody is interrupted. With Poisson arrivals, exponential work and one pool of c
people this is the M/M/c queue, whose mean wait Erlang's C formula gives (A. K. Erlang 1917).

Times are in hours on one axis: mostly working hours since a first morning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace
from math import isfinite

from crmlab.errors import SimulationError
from crmlab.text import gettext as _

Piece = tuple[int, float, float, int]
"""A piece of work: its pool, the hour from which it can be taken up, the hours that it takes, and
how urgent it is, the lower the more."""

Onward = Callable[[int, float, float, float], Piece | None]
"""What a case asks for next, or None when it is at its end: given the case, when its piece was
ready, when it was begun and when it was done."""


class Queues:
    """Pools of people, and the pieces of work that wait for them.

    queues = Queues([2, 1])
    queues.bring(case, piece)
    queues.work_off(onward)
    """

    def __init__(self, people: Sequence[int]) -> None:
        """
        Args:
            people: how many work in each pool.

        Raises:
            SimulationError: in a pool nobody works.
        """
        if any(number < 1 for number in people):
            raise SimulationError(_("Somebody has to work in every pool."))
        self._people = list(people)
        self._heap: list[tuple[float, int, int, float, int]] = []

    def bring(self, case: int, piece: Piece) -> None:
        """Let a case come with its first piece of work: before `work_off`, or from within it, but
        never before the moment that it has come to."""
        pool, ready, work, urgency = piece
        heappush(self._heap, (ready, case, pool, work, urgency))

    def work_off(self, onward: Onward, *, by_urgency: bool = False) -> None:
        """Let all cases go through the pools until nothing is left to do.

        Args:
            by_urgency: the most urgent goes first; otherwise whatever was ready first.
        """
        heapify(self._heap)
        (self._most_urgent_first if by_urgency else self._first_come_first)(onward)

    def _first_come_first(self, onward: Onward) -> None:
        """A piece begins when it is ready and the first of the pool's people is free. Since no
        later piece can come before it, that is known at once, and its end with it."""
        heap = self._heap
        free = [[0.0] * number for number in self._people]
        while heap:
            ready, case, pool, work, _urgency = heap[0]
            here = free[pool]
            begun = here[0] if here[0] > ready else ready
            done = begun + work
            heapreplace(here, done)
            piece = onward(case, ready, begun, done)
            if piece is None:
                heappop(heap)
            else:
                heapreplace(heap, (piece[1], case, piece[0], piece[2], piece[3]))

    def _most_urgent_first(self, onward: Onward) -> None:
        """Whether a piece is overtaken is known only when somebody is free, so the ends of pieces
        have their moments too. At one moment people become free before they are asked for."""
        heap = self._heap
        idle = list(self._people)
        waiting: list[list[tuple[int, float, int, float]]] = [[] for _number in self._people]
        busy: list[tuple[float, int, int, float, float]] = []  # (done, case, pool, ready, begun)
        while heap or busy:
            if busy and (not heap or busy[0][0] <= heap[0][0]):
                done, case, pool, ready, begun = heappop(busy)
                if waiting[pool]:
                    _urgency, was_ready, other, work = heappop(waiting[pool])
                    heappush(busy, (done + work, other, pool, was_ready, done))
                else:
                    idle[pool] += 1
                piece = onward(case, ready, begun, done)
                if piece is not None:
                    self.bring(case, piece)
                continue
            ready, case, pool, work, urgency = heappop(heap)
            if idle[pool]:
                idle[pool] -= 1
                heappush(busy, (ready + work, case, pool, ready, ready))
            else:
                heappush(waiting[pool], (urgency, ready, case, work))


@dataclass(frozen=True)
class Workload:
    """Cases whose pieces of work are known beforehand.

    The pieces of all cases stand in one row, those of a case side by side.

    Attributes:
        arrivals: when each case arrives, in hours.
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
    """Let a known load go through the pools.

    Args:
        people: how many work in each pool.

    Raises:
        SimulationError: a piece asks for a pool that is not there, or in which nobody works.
    """
    if any(not 0 <= pool < len(people) for pool in set(load.pool)):
        raise SimulationError(_("Somebody has to work in every pool that is asked for."))
    pool, work = load.pool, load.work
    lag = load.lag or [0.0] * len(pool)
    priority = load.priority or [0] * len(pool)
    is_last = bytearray(len(pool))
    for after in load.first[1:]:
        is_last[after - 1] = 1
    at = list(load.first[:-1])
    ready_at, begun_at = [0.0] * len(pool), [0.0] * len(pool)

    def onward(case: int, ready: float, begun: float, done: float) -> Piece | None:
        piece = at[case]
        ready_at[piece], begun_at[piece] = ready, begun
        if is_last[piece]:
            return None
        at[case] = piece = piece + 1
        return pool[piece], done + lag[piece], work[piece], priority[piece]

    queues = Queues(people)
    for case, arrival in enumerate(load.arrivals):
        piece = at[case]
        queues.bring(case, (pool[piece], arrival + lag[piece], work[piece], priority[piece]))
    queues.work_off(onward, by_urgency=bool(load.priority))
    return Served(ready_at, begun_at)
