"""How long the desk's actions take in the kernel, on a real sandbox.

    python -m pytest benchmarks/test_actions.py --benchmark-enable

Stated limits, of the median on an ordinary machine: opening, resetting or restoring a sandbox
takes under 100 ms; one hand-over (validated, permitted, written, audited) at most 20 ms. A busy
machine may need several times as long, so what is asserted here is generous.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crmlab.crm.casework import cases as crm
from crmlab.crm.store.sandbox import Sandbox, open_sandbox
from crmlab.practice.debrief import debrief
from crmlab.practice.trial import case_for_trial, stages
from crmlab.procedures import load, loads
from crmlab.procedures.case import Case, HandOver
from crmlab.procedures.engine import act
from tests.tiny import hand_over

GENEROUS = 5
"""How many times its limit a median may take before the benchmark fails."""


def hold_to(benchmark: Any, milliseconds: float) -> None:
    """Fail if the median is far beyond the stated limit."""
    benchmark.extra_info["limit_ms"] = milliseconds
    if benchmark.stats is not None:
        assert benchmark.stats.stats.median * 1000 < milliseconds * GENEROUS


def in_the_middle(sandbox: Sandbox) -> tuple[Case, HandOver]:
    """A case half-way through the complaint, and its next hand-over: a long history to carry."""
    complaint = load("complaint")
    case = crm.open_practice_case(sandbox, complaint, "C-1042")
    while case.step != "contain":
        case = crm.apply(sandbox, complaint, case, hand_over(complaint, case)).case
    return case, hand_over(complaint, case)


def test_opening_a_new_sandbox(benchmark: Any, tmp_path: Path) -> None:
    names = iter(range(100_000))

    def open_one() -> None:
        sandbox = open_sandbox(f"new-{next(names)}", folder=tmp_path)
        with sandbox.read() as session:
            session.connection()
        sandbox.close()

    benchmark(open_one)
    hold_to(benchmark, 100)


def test_resetting_a_sandbox(benchmark: Any, sandbox: Sandbox) -> None:
    benchmark(sandbox.reset)
    hold_to(benchmark, 100)


def test_restoring_a_sandbox(benchmark: Any, sandbox: Sandbox) -> None:
    in_the_middle(sandbox)
    sandbox.save_point("middle")
    benchmark(sandbox.restore, "middle")
    hold_to(benchmark, 100)


def test_one_hand_over(benchmark: Any, sandbox: Sandbox) -> None:
    complaint = load("complaint")
    case, action = in_the_middle(sandbox)
    sandbox.save_point("middle")

    def again() -> tuple[tuple[Any, ...], dict[str, Any]]:
        sandbox.restore("middle")
        return (sandbox, complaint, case, action), {}

    benchmark.pedantic(crm.apply, setup=again, rounds=100, warmup_rounds=3)
    hold_to(benchmark, 20)


def test_the_engine_alone(benchmark: Any, sandbox: Sandbox) -> None:
    complaint = load("complaint")
    case, action = in_the_middle(sandbox)
    benchmark(act, complaint, case, action)
    hold_to(benchmark, 5)


def test_a_debrief(benchmark: Any) -> None:
    complaint = load("complaint")
    case = stages(complaint, case_for_trial(complaint, "C-1042"))[-1]
    benchmark(debrief, complaint, case)
    hold_to(benchmark, 50)


def test_loading_the_procedure(benchmark: Any) -> None:
    def as_in_a_new_kernel() -> None:
        loads.cache_clear()
        load("complaint")

    benchmark.pedantic(as_in_a_new_kernel, rounds=5, warmup_rounds=1)
    hold_to(benchmark, 500)
