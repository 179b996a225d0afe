"""Fifty who write at once lose nothing: each change is counted, in the tables and in the trail."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest

from crmlab.crm import tables
from crmlab.crm.base.master import change, create
from crmlab.crm.casework import cases as crm
from crmlab.crm.casework import past
from crmlab.crm.casework.desks import holders
from crmlab.crm.store import place
from crmlab.crm.store.audit import trail_of
from crmlab.crm.store.sandbox import Sandbox, open_sandbox
from crmlab.crm.trail.verify import verify
from crmlab.errors import SandboxError, StaleCase
from crmlab.procedures import Procedure, load, loads
from tests.crm.people import STEWARD
from tests.crm.remarks import MOMENT, Open, add, remark
from tests.tiny import hand_over, of_the_first_morning, reassign, spoilt

WRITERS = 50
TIMES = 4
CUSTOMER = "CU-007"


def count_on(sandbox: Sandbox, note: str) -> None:
    """Read a number, write the next one, and leave a remark: a lost update would be missed."""
    with sandbox.write("count", subject=CUSTOMER, at=MOMENT) as session:
        customer = session.get_one(tables.Customer, CUSTOMER)
        customer.payment_days += 1
        add(session, note)


def state(sandbox: Sandbox) -> tuple[int, set[str], int]:
    with sandbox.read() as session:
        notes = [row.note for row in session.query(tables.Interaction).filter_by(at=MOMENT)]
        assert len(notes) == len(set(notes))
        days = session.get_one(tables.Customer, CUSTOMER).payment_days
        return days, set(notes), session.query(tables.Audit).count()


def nothing_is_lost(sandbox: Sandbox, before: int) -> None:
    days, notes, lines = state(sandbox)
    assert days - before == WRITERS * TIMES
    assert notes == {f"{writer}-{time}" for writer in range(WRITERS) for time in range(TIMES)}
    assert lines == WRITERS * TIMES
    verdict = verify(sandbox)
    assert (verdict.fault, verdict.lines) == (None, WRITERS * TIMES)


def test_fifty_threads_lose_nothing(open_: Open) -> None:
    """Half of them have the sandbox open for themselves, the others share one."""
    shared = open_()
    before, _, _ = state(shared)
    start = Barrier(WRITERS)

    def write(writer: int) -> None:
        sandbox = open_() if writer % 2 else shared
        start.wait(60)
        for time in range(TIMES):
            count_on(sandbox, f"{writer}-{time}")

    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(write, number) for number in range(WRITERS)]:
            done.result()
    nothing_is_lost(shared, before)


def _write_apart(folder: Path, writer: int, start: multiprocessing.synchronize.Barrier) -> None:
    sandbox = open_sandbox("lin", folder=folder)
    start.wait(60)
    for time in range(TIMES):
        count_on(sandbox, f"{writer}-{time}")
    os._exit(0)  # what the tests have open is theirs to close


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are made by fork")
def test_fifty_processes_lose_nothing(open_: Open, tmp_path: Path) -> None:
    sandbox = open_()
    before, _, _ = state(sandbox)
    context = multiprocessing.get_context("fork")
    start = context.Barrier(WRITERS)
    writers = [
        context.Process(target=_write_apart, args=(tmp_path, number, start))
        for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    nothing_is_lost(sandbox, before)


def test_of_fifty_who_act_on_one_case_each_acts_or_is_told_that_it_moved_on(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    case = crm.open_practice_case(sandbox, complaint, "C-1042")
    with sandbox.read() as session:
        people = [user.user_id for user in holders(session, "service_agent")]
    start = Barrier(WRITERS)

    def act(writer: int) -> bool:
        start.wait(60)
        try:
            crm.apply(
                sandbox, complaint, case, reassign(complaint, case, people[writer % len(people)])
            )
        except StaleCase:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        acted = list(pool.map(act, range(WRITERS)))
    assert sum(acted) == 1
    with sandbox.read() as session:
        assert crm.read_case(session, case.case_id).version == case.version + 1
        assert session.query(tables.Audit).count() == 2
    assert verify(sandbox).fault is None


def test_fifty_who_do_their_real_work_at_once_lose_nothing(
    open_: Open, complaint: Procedure
) -> None:
    """Products are created, customers changed, cases of three procedures handed over."""
    shared = open_()
    ladder = spoilt("  T-1: {", "  T-1: &one {") + "".join(
        f"  T-{number}: *one\n" for number in range(2, 20)
    )
    procedures = [complaint, load("lead_to_cash"), loads(ladder, "tiny.yaml")]
    laid_out = [(by, case) for by in procedures for case in of_the_first_morning(by)][:20]
    cases = [(by, crm.open_practice_case(shared, by, case_id)) for by, case_id in laid_out]
    with shared.read() as session:
        versions = {row.customer_id: row.version for row in session.query(tables.Customer)}
    customers = sorted(versions)[:15]
    products = [f"WX-{number:03}" for number in range(WRITERS - len(cases) - len(customers))]
    start = Barrier(WRITERS)

    def at_once(work: Callable[[Sandbox], object]) -> object:
        sandbox = open_()
        start.wait(60)
        return work(sandbox)

    def created(sandbox: Sandbox, product: str) -> object:
        columns = {"product_id": product, "name": product, "family": "Parts", "unit": "piece"}
        return create(sandbox, STEWARD, "product", columns, MOMENT, looked=True)

    def changed(sandbox: Sandbox, customer: str) -> object:
        entry = {"contact": f"For {customer}"}
        return change(sandbox, STEWARD, "customer", customer, versions[customer], entry, MOMENT)

    jobs: list[Callable[[Sandbox], object]] = [
        *(lambda here, of=of: created(here, of) for of in products),
        *(lambda here, of=of: changed(here, of) for of in customers),
        *(
            lambda here, by=by, case=case: crm.apply(here, by, case, hand_over(by, case))
            for by, case in cases
        ),
    ]
    assert len(jobs) == WRITERS
    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(at_once, job) for job in jobs]:
            done.result()
    with shared.read() as session:
        assert {row.product_id for row in session.query(tables.Product)} >= set(products)
        for key in customers:
            row = session.get_one(tables.Customer, key)
            assert (row.contact, row.version) == (f"For {key}", versions[key] + 1)
        for procedure, case in cases:
            after = crm.read_case(session, case.case_id)
            assert after.version == case.version + 1
            assert after.done == [case.step]
            assert past.replay(procedure, trail_of(session, case.case_id)) == after
        lines = Counter(line.operation for line in session.query(tables.Audit))
    assert lines == {
        "open_case": len(cases),
        "hand_over": len(cases),
        "create": len(products),
        "change": len(customers),
    }
    verdict = verify(shared)
    assert (verdict.fault, verdict.lines) == (None, len(cases) + WRITERS)


def test_who_waits_in_a_long_queue_is_not_told_that_it_is_busy(
    open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time to wait is too short for the whole queue, but long enough for each in it."""
    monkeypatch.setattr(place, "BUSY_SECONDS", 1)
    sandboxes = [open_() for _ in range(8)]
    start = Barrier(len(sandboxes))

    def write(number: int) -> None:
        start.wait(60)
        with sandboxes[number].write("slow", subject=CUSTOMER, at=MOMENT) as session:
            add(session, str(number))
            session.flush()
            Event().wait(0.3)  # an operation on many rows

    with ThreadPoolExecutor(len(sandboxes)) as pool:
        for done in [pool.submit(write, number) for number in range(len(sandboxes))]:
            done.result()
    assert state(sandboxes[0])[2] == len(sandboxes)


def test_a_reset_among_writers_is_whole(open_: Open) -> None:
    """Whoever writes after it writes into the start set; no line is left of before."""
    sandbox, other = open_(), open_()
    start = Barrier(9)

    def write(writer: int) -> None:
        start.wait(60)
        for time in range(5):
            count_on(sandbox, f"{writer}-{time}")

    def reset() -> None:
        start.wait(60)
        for _ in range(3):
            other.reset()

    before, _, _ = state(sandbox)
    with ThreadPoolExecutor(9) as pool:
        jobs: list[Callable[[], object]] = [lambda n=n: write(n) for n in range(8)]
        for done in [pool.submit(job) for job in [*jobs, reset]]:
            done.result()
    days, notes, lines = state(sandbox)
    assert days - before == len(notes) == lines
    assert verify(sandbox).fault is None


def test_who_waits_for_one_who_does_not_get_on_is_told(
    open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "BUSY_SECONDS", 0.05)
    here, there = open_(), open_()
    with (
        here.write("slow", subject=CUSTOMER, at=MOMENT),
        pytest.raises(SandboxError, match="Another window is writing"),
    ):
        remark(there, "second")
