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
from crmlab.crm.access import browse, export, history, noting, reports, search, timeline
from crmlab.crm.access.permissions import Who
from crmlab.crm.access.sign_in import sign_in
from crmlab.crm.base import master, review
from crmlab.crm.casework import cases, looking
from crmlab.crm.casework.desks import holders
from crmlab.crm.store.sandbox import VARIABLE, Sandbox, open_sandbox
from crmlab.errors import Denied
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case, SendBack
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
    "an entry on a timeline": lambda c, who, n: noting.note_contact(
        c, who, "BC-0003", {"channel": "call", "at": AT, "note": f"Call {n}."}, at=AT
    ),
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


SALE, COMPLAINT = load("lead_to_cash"), load("complaint")
LIKE = {
    "approve_by_director": "L-2005",
    "approve_by_general_manager": "L-2005",
    "release_credit": "L-2005",
    "create_item": "L-2080",
    "review_item": "L-2080",
    "agree_list_price": "L-2080",
}
STEPS = [
    *((SALE, step, LIKE.get(step, "L-2003")) for step in SALE.steps),
    *((COMPLAINT, step, "C-1042") for step in COMPLAINT.steps),
]
"""Every step of both procedures, each in a practice case that comes by it."""

opened = count(1)


def another(of: Procedure, like: str) -> tuple[Procedure, str]:
    """The procedure with a new case like a practice case, a week later than that; and its name."""
    assert of.facts_asked  # worked out once for a procedure; the copies take it along
    number = next(opened)
    case_id, template = f"M-{number}", of.cases[like]
    own: dict[str, Any] = {"opened_at": template.opened_at + timedelta(days=7)}
    if "new_code" in template.facts:  # what each of them makes anew has to be new each time
        code = f"{chr(65 + number // 100 % 26)}Z-{number % 100:02}"
        new = {"new_code": code, "new_batch": f"{code}-1", "customer_code": f"SD-{number}"}
        own["facts"] = template.facts | new
    many = of.model_copy(update={"cases": {case_id: template.model_copy(update=own)}})
    assert many.fingerprint  # so that it is not measured
    return many, case_id


def brought_to(company: Sandbox, of: Procedure, step: str, like: str) -> tuple[Procedure, Case]:
    """Such a case, handed over by the procedure as far as a step."""
    many, case_id = another(of, like)
    case = cases.open_practice_case(company, many, case_id)
    while case.step != step:
        case = cases.apply(company, many, case, right_action(many, case)).case
    return many, case


@pytest.mark.parametrize(("of", "step", "like"), STEPS, ids=lambda of: getattr(of, "procedure", of))
def test_handing_over(
    benchmark: Any, company: Sandbox, of: Procedure, step: str, like: str
) -> None:
    def fresh() -> tuple[tuple[Any, ...], dict[str, Any]]:
        many, case = brought_to(company, of, step, like)
        return (company, many, case, right_action(many, case)), {}

    benchmark.pedantic(cases.apply, setup=fresh, rounds=20, warmup_rounds=2)
    hold_to(benchmark, LIMIT_MS)


def test_opening_a_case(benchmark: Any, company: Sandbox) -> None:
    benchmark.pedantic(
        cases.open_practice_case,
        setup=lambda: ((company, *another(SALE, "L-2003")), {}),
        rounds=20,
        warmup_rounds=2,
    )
    hold_to(benchmark, LIMIT_MS)


def test_sending_a_case_back(benchmark: Any, company: Sandbox) -> None:
    def fresh() -> tuple[tuple[Any, ...], dict[str, Any]]:
        many, case = brought_to(company, SALE, "approve_by_manager", "L-2005")
        right = right_action(many, case)
        back = SendBack(
            seat=right.seat,
            step=right.step,
            to="quote",
            reason="The price list of last year",
            at=right.at,
            worked_hours=0.25,
        )
        return (company, many, case, back), {}

    benchmark.pedantic(cases.apply, setup=fresh, rounds=20, warmup_rounds=2)
    hold_to(benchmark, LIMIT_MS)


def test_reviewing_a_change(benchmark: Any, company: Sandbox) -> None:
    """A credit limit, which two have to agree to; measured is the second, with whom it holds."""
    steward = some_user(company, "data_steward")
    reviewers = [some_user(company, seat) for seat in ("finance_controller", "sales_director")]
    limits = count(100_000, 1_000)

    def fresh() -> tuple[tuple[Any, ...], dict[str, Any]]:
        version = browse.look(company, steward, "customer", "BC-0009", at=AT).version or 1
        asked = {"credit_limit": str(next(limits))}
        master.change(company, steward, "customer", "BC-0009", version, asked, AT)
        waits = review.open_proposals(company, steward, at=AT).rows[-1]
        first, second = reviewers
        review.review(company, first, waits.proposal_id, True, "", AT)
        return (company, second, waits.proposal_id, True, "", AT), {}

    benchmark.pedantic(review.review, setup=fresh, rounds=20, warmup_rounds=2)
    hold_to(benchmark, LIMIT_MS)


@pytest.mark.parametrize("step", ["quote", "approve_by_manager", "enter_order"])
@pytest.mark.parametrize("again", [False, True], ids=["on_record", "drawn_again"])
def test_looking_at_a_case(benchmark: Any, company: Sandbox, step: str, again: bool) -> None:
    """What stands round a case at its desk: the customer's timeline and the pick lists."""

    def fresh() -> tuple[tuple[Any, ...], dict[str, Any]]:
        many, case = brought_to(company, SALE, step, "L-2003")
        seat = many.steps[step].seat
        if again:
            looking.look(company, many, case, seat)
        return (company, many, case, seat), {}

    benchmark.pedantic(looking.look, setup=fresh, rounds=20, warmup_rounds=2)
    hold_to(benchmark, LIMIT_MS)


@pytest.mark.parametrize("seat", ["sales_representative", "sales_manager", "finance_controller"])
def test_the_inbox(benchmark: Any, company: Sandbox, seat: str) -> None:
    practice = Practice(SALE, company)
    benchmark.pedantic(lambda: practice.in_sight(seat), rounds=60, warmup_rounds=5)
    hold_to(benchmark, LIMIT_MS)
