"""How long the CRM's operations take in a company with 100,000 orders, on each database.

    python -m pytest benchmarks/test_crm.py --benchmark-enable

Stated limit: 20 ms, of the median, for any of them. Each leaves its line in the audit trail, so
each writes. PostgreSQL is measured where CRMLAB_TEST_DATABASE_URL names a server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from benchmarks.large_company import grow
from benchmarks.test_actions import hold_to
from crmlab.calendar import STANDARD
from crmlab.crm.access import browse, export, history, reports, search, timeline
from crmlab.crm.access.permissions import Who
from crmlab.crm.access.sign_in import sign_in
from crmlab.crm.base import master, review
from crmlab.crm.casework import cases
from crmlab.crm.casework.desks import holders
from crmlab.crm.store.sandbox import VARIABLE, Sandbox, open_sandbox
from crmlab.errors import Denied
from crmlab.procedures import load
from crmlab.simulation.colleagues import right_action
from tests.databases import own_database

AT = STANDARD.local(datetime(2026, 5, 29, 9))
LIMIT_MS = 20
REPRESENTATIVE = Who("BR-03", "sales_representative")
MANAGER = Who("BM-0", "sales_manager")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    """The large company, once for each database."""
    folder = tmp_path_factory.mktemp("large")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "postgresql":
            server = own_database()
            patch.setenv(VARIABLE, server.__enter__())
        sandbox = open_sandbox("large", folder=folder)
        grow(sandbox)
        yield sandbox
        sandbox.close()
        if request.param == "postgresql":
            server.__exit__(None, None, None)


def some_user(company: Sandbox, seat: str) -> Who:
    with company.read() as session:
        return Who(holders(session, seat)[0].user_id, seat)


OPERATIONS: dict[str, Callable[[Sandbox, Who, int], Any]] = {
    "sign in": lambda c, who, n: sign_in(c, who.user_id, who.seat, AT),
    "first page of orders": lambda c, who, n: browse.page(c, who, "order", at=AT),
    "a later page of orders": lambda c, who, n: browse.page(
        c, who, "order", at=AT, after="BO-050000"
    ),
    "orders of a customer": lambda c, who, n: browse.page(
        c, who, "order", at=AT, filters={"customer_id": "BC-0003"}
    ),
    "one order": lambda c, who, n: browse.look(c, who, "order", f"BO-{n * 12 + 3:06}", at=AT),
    "search": lambda c, who, n: search.search(c, who, f"Works {n % 600}", at=AT),
    "timeline": lambda c, who, n: timeline.read_timeline(c, who, "BC-0003", at=AT),
    "report: stuck": lambda c, who, n: reports.report(c, who, "stuck_opportunities", at=AT),
    "report: receivables": lambda c, who, n: reports.report(c, who, "open_receivables", at=AT),
    "report: orders": lambda c, who, n: reports.report(c, who, "orders_by_month", at=AT),
    "history of a field": lambda c, who, n: history.history(
        c, who, "customer", "BC-0003", "contact", at=AT
    ),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("who", [REPRESENTATIVE, MANAGER], ids=lambda who: str(who.seat))
def test_looking(benchmark: Any, company: Sandbox, operation: str, who: Who) -> None:
    numbers = count()

    def read() -> None:
        with suppress(Denied):  # which is an answer too, and on record
            OPERATIONS[operation](company, who, next(numbers))

    benchmark.pedantic(read, rounds=60, warmup_rounds=5)
    hold_to(benchmark, LIMIT_MS)


def test_an_export(benchmark: Any, company: Sandbox) -> None:
    wanted = {"customer_id": "BC-0003"}
    reason = "Receivables meeting on Monday"
    benchmark.pedantic(
        lambda: export.export(company, MANAGER, "customer", reason, AT, wanted),
        rounds=60,
        warmup_rounds=5,
    )
    hold_to(benchmark, LIMIT_MS)


def test_changing_a_customer(benchmark: Any, company: Sandbox) -> None:
    versions = count(browse.look(company, MANAGER, "customer", "BC-0006", at=AT).version or 1)

    def change() -> None:
        version = next(versions)
        master.change(
            company, MANAGER, "customer", "BC-0006", version, {"contact": f"No. {version}"}, AT
        )

    benchmark.pedantic(change, rounds=60, warmup_rounds=5)
    hold_to(benchmark, LIMIT_MS)


def test_creating_a_customer_among_many(benchmark: Any, company: Sandbox) -> None:
    who, numbers = some_user(company, "data_steward"), count()

    def create() -> None:
        number = next(numbers)
        master.create(
            company,
            who,
            "customer",
            {
                "name": f"Quarry {number * 7919} Limited",
                "city": "Linhai",
                "branch": "East",
                "contact": "Somebody",
                "phone": "+86 000 000000",
                "email": "somebody@quarry.example",
                "address": "1 Quarry Road",
                "account_manager": "BR-03",
                "currency": "CNY",
                "payment_days": 30,
            },
            AT,
            looked=True,
        )

    benchmark.pedantic(create, rounds=60, warmup_rounds=5)
    hold_to(benchmark, LIMIT_MS)


def test_what_waits_for_review(benchmark: Any, company: Sandbox) -> None:
    who = some_user(company, "data_steward")
    benchmark.pedantic(
        lambda: review.open_proposals(company, who, at=AT), rounds=60, warmup_rounds=5
    )
    hold_to(benchmark, LIMIT_MS)


@pytest.mark.parametrize("step", ["capture_lead", "quote", "enter_order", "pick_and_ship"])
def test_handing_over_a_sale(benchmark: Any, company: Sandbox, step: str) -> None:
    sale = load("lead_to_cash")
    assert sale.facts_asked  # worked out once for a procedure; the copies below take it along

    def fresh() -> tuple[tuple[Any, ...], dict[str, Any]]:
        numbers[0] += 1
        case_id = f"M-{step[:2]}{numbers[0]}"
        template = sale.cases["L-2003"]
        opened_at = template.opened_at + timedelta(days=7)
        many = sale.model_copy(
            update={"cases": {case_id: template.model_copy(update={"opened_at": opened_at})}}
        )
        case = cases.open_practice_case(company, many, case_id)
        while case.step != step:
            case = cases.apply(company, many, case, right_action(many, case)).case
        return (company, many, case, right_action(many, case)), {}

    numbers = [0]
    benchmark.pedantic(cases.apply, setup=fresh, rounds=20, warmup_rounds=2)
    hold_to(benchmark, LIMIT_MS)


def test_the_inbox(benchmark: Any, company: Sandbox) -> None:
    def look() -> None:
        with company.read() as session:
            cases.inbox(session, "lead_to_cash", "sales_representative")

    benchmark.pedantic(look, rounds=60, warmup_rounds=5)
    hold_to(benchmark, LIMIT_MS)
