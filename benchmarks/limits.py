"""Holding what is measured to its stated limit, on a machine that others work on too.

Between any two rounds of what is measured, a fixed piece of work is measured as well: a loop in
plain Python, and a few of the shortest looks into the same sandbox. How long that takes when
nothing else runs is known (`QUIET_MS`). A limit holds for the median on a quiet machine. Where the
fixed work takes longer, so may the operation in that run, and each part of it counts one and a half
times: neighbours take the caches too, and a loop needs none. It is never held to less than the
limit. So what is compared is measured in the same seconds, and a machine of another speed is held
to the same.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import select

from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import AuditHead

QUIET_MS = {"sqlite": 4.8, "postgresql": 6.6}
"""What the fixed work takes on the machine of docs/performance.md when nothing else runs there."""

BUSY = 1.5
"""How much each part counts by which the fixed work takes longer than that."""

LOOPS, LOOKS = 100_000, 3

Fresh = Callable[[], tuple[tuple[Any, ...], dict[str, Any]]]
"""Makes what one round needs: its arguments."""


def hold(
    benchmark: Any,
    limit_ms: float,
    sandbox: Sandbox,
    operation: Callable[..., Any],
    *,
    fresh: Fresh = lambda: ((), {}),
    rounds: int = 60,
) -> None:
    """Measure an operation in rounds, and fail if their median is above the limit."""
    taken: list[float] = []

    def before_each() -> tuple[tuple[Any, ...], dict[str, Any]]:
        asked = fresh()
        taken.append(fixed_work(sandbox))
        return asked

    benchmark.pedantic(
        operation, setup=before_each, rounds=rounds, warmup_rounds=max(2, rounds // 12)
    )
    slower = max(1.0, median(taken) * 1000 / QUIET_MS[sandbox.place.engine.dialect.name])
    allowed_ms = limit_ms * (1 + BUSY * (slower - 1))
    benchmark.extra_info.update(limit_ms=limit_ms, slower=round(slower, 2))
    if benchmark.stats is not None:
        taken_ms = benchmark.stats.stats.median * 1000
        assert taken_ms <= allowed_ms, (
            f"{taken_ms:.1f} ms, on a machine {slower:.1f} times as slow as when it is quiet"
        )


def fixed_work(sandbox: Sandbox) -> float:
    """Do the fixed work, and tell the seconds it took."""
    begun = perf_counter()
    total = 0
    for number in range(LOOPS):
        total += number * number
    for _ in range(LOOKS):
        with sandbox.read() as session:
            session.execute(select(AuditHead.lines)).one()
    return perf_counter() - begun
