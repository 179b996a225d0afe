"""How long the desk's actions take in the kernel, on a real sandbox.

    python -m pytest benchmarks/test_actions.py --benchmark-enable

Stated limits, of the median: opening, resetting or restoring a sandbox takes under 100 ms; one
hand-over (validated, permitted, written, audited) at most 20 ms. How they are held to on a busy
machine says `benchmarks/limits.py`.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.limits import hold
from crmlab.crm.casework import cases as crm
from crmlab.crm.store.sandbox import Sandbox, open_sandbox
from crmlab.practice.debrief import debrief
from crmlab.practice.trial import case_for_trial, stages
from crmlab.procedures import load, loads
from crmlab.procedures.case import Case, HandOver
from crmlab.procedures.engine import act
from tests.tiny import hand_over


def in_the_middle(sandbox: Sandbox) -> tuple[Case, HandOver]:
    """A case half-way through the complaint, and its next hand-over: a long history to carry."""
    complaint = load("complaint")
    case = crm.open_practice_case(sandbox, complaint, "C-1042")
    while case.step != "contain":
        case = crm.apply(sandbox, complaint, case, hand_over(complaint, case)).case
    return case, hand_over(complaint, case)


def test_opening_a_new_sandbox(benchmark: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    names = count()

    def open_one() -> None:
        new = open_sandbox(f"new-{next(names)}", folder=tmp_path)
        with new.read() as session:
            session.connection()
        new.close()

    hold(benchmark, 100, sandbox, open_one)


def test_resetting_a_sandbox(benchmark: Any, sandbox: Sandbox) -> None:
    hold(benchmark, 100, sandbox, sandbox.reset)


def test_restoring_a_sandbox(benchmark: Any, sandbox: Sandbox) -> None:
    in_the_middle(sandbox)
    sandbox.save_point("middle")
    hold(benchmark, 100, sandbox, lambda: sandbox.restore("middle"))


def test_one_hand_over(benchmark: Any, sandbox: Sandbox) -> None:
    complaint = load("complaint")
    case, action = in_the_middle(sandbox)
    sandbox.save_point("middle")

    def again() -> tuple[tuple[Any, ...], dict[str, Any]]:
        sandbox.restore("middle")
        return (sandbox, complaint, case, action), {}

    hold(benchmark, 20, sandbox, crm.apply, fresh=again, rounds=100)


def test_the_engine_alone(benchmark: Any, sandbox: Sandbox) -> None:
    complaint = load("complaint")
    case, action = in_the_middle(sandbox)
    hold(benchmark, 5, sandbox, lambda: act(complaint, case, action))


def test_a_debrief(benchmark: Any, sandbox: Sandbox) -> None:
    complaint = load("complaint")
    case = stages(complaint, case_for_trial(complaint, "C-1042"))[-1]
    hold(benchmark, 50, sandbox, lambda: debrief(complaint, case))


def test_loading_the_procedure(benchmark: Any, sandbox: Sandbox) -> None:
    def as_in_a_new_kernel() -> None:
        loads.cache_clear()
        load("complaint")

    hold(benchmark, 500, sandbox, as_in_a_new_kernel, rounds=5)
