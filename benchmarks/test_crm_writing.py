"""How long writing takes in a company with 100,000 orders, on each database: base data and cases.

The limit and how it is held to are those of `benchmarks/test_crm.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

from benchmarks.at_work import (
    AT,
    COMPLAINT,
    LIMIT_MS,
    MANAGER,
    SALE,
    another,
    brought_to,
    some_user,
)
from benchmarks.limits import hold
from crmlab.crm.access import browse
from crmlab.crm.base import master, review
from crmlab.crm.casework import cases
from crmlab.crm.casework.desks import holders
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Refused, StaleRecord
from crmlab.procedures import Procedure
from crmlab.procedures.case import Action, Case, Reassign, SendBack
from crmlab.simulation.colleagues import right_action

ROUNDS = 20
"""Of what has to be prepared anew for each of them."""

numbers = count(1)


def theirs(first: int) -> Iterator[str]:
    """Customers of the manager's branch; only one change of a credit limit waits at a time."""
    return (f"BC-{3 * number:04}" for number in count(first))


def test_changing_a_customer(benchmark: Any, company: Sandbox) -> None:
    versions = count(browse.look(company, MANAGER, "customer", "BC-0006", at=AT).version or 1)

    def change() -> None:
        version = next(versions)
        contact = {"contact": f"No. {version}"}
        master.change(company, MANAGER, "customer", "BC-0006", version, contact, AT)

    hold(benchmark, LIMIT_MS, company, change)


def test_a_change_that_becomes_a_proposal(benchmark: Any, company: Sandbox) -> None:
    keys = theirs(60)

    def propose() -> None:
        asked = {"credit_limit": 1_000_000}
        master.change(company, MANAGER, "customer", next(keys), 1, asked, AT)

    hold(benchmark, LIMIT_MS, company, propose)


def test_a_change_of_what_somebody_else_has_changed(benchmark: Any, company: Sandbox) -> None:
    for version in (1, 2):
        contact = {"contact": f"No. {version}"}
        master.change(company, MANAGER, "customer", "BC-0015", version, contact, AT)

    def change() -> None:
        with pytest.raises(StaleRecord):
            master.change(company, MANAGER, "customer", "BC-0015", 1, {"contact": "Mine"}, AT)

    hold(benchmark, LIMIT_MS, company, change)


def customer() -> dict[str, Any]:
    return {
        "name": f"Quarry {next(numbers) * 7919} Limited",
        "city": "Linhai",
        "branch": "East",
        "contact": "Somebody",
        "phone": "+86 000 000000",
        "email": "somebody@quarry.example",
        "address": "1 Quarry Road",
        "account_manager": "BR-03",
        "currency": "CNY",
        "payment_days": 30,
    }


def product() -> dict[str, Any]:
    number = next(numbers)
    code = f"{chr(65 + number // 100 % 26)}Y-{number % 100:02}"
    name = f"Sluice {number * 7919}"
    return {"product_id": code, "name": name, "family": "Sluices", "unit": "piece", "cost": "5"}


def code() -> dict[str, Any]:
    return {
        "customer_id": "BC-0003",
        "customer_code": f"THEIRS-{next(numbers)}",
        "product_id": "BP-03",
    }


def price() -> dict[str, Any]:
    first = date(2030, 1, 1) + timedelta(days=10 * next(numbers))
    last = first + timedelta(days=9)
    of = {"price_list_id": "PL-BASE", "product_id": "BP-03", "unit_price": "5"}
    return {**of, "valid_from": first.isoformat(), "valid_to": last.isoformat()}


@pytest.mark.parametrize("what", [customer, product, code, price], ids=lambda what: what.__name__)
def test_creating(benchmark: Any, company: Sandbox, what: Any) -> None:
    """A customer and a product are compared with all others; a price waits for its reviewers."""
    who, kind = some_user(company, "data_steward"), what.__name__
    kind = "customer_code" if kind == "code" else kind
    hold(
        benchmark,
        LIMIT_MS,
        company,
        lambda values: master.create(company, who, kind, values, AT, looked=True),
        fresh=lambda: ((what(),), {}),
    )


def test_a_form_that_is_refused(benchmark: Any, company: Sandbox) -> None:
    who = some_user(company, "data_steward")

    nearly = {**customer(), "name": "Harbour Works 0", "email": "nobody"}

    def create() -> None:
        with pytest.raises(Refused):  # one of nearly the same name is there
            master.create(company, who, "customer", nearly, AT)

    hold(benchmark, LIMIT_MS, company, create)


@pytest.mark.parametrize(
    ("answer", "begin"), [("the first yes", 130), ("the second yes", 153), ("no", 176)]
)
def test_reviewing_a_change(benchmark: Any, company: Sandbox, answer: str, begin: int) -> None:
    """A credit limit, which two have to agree to; with the second it holds."""
    steward = some_user(company, "data_steward")
    first, second = (some_user(company, seat) for seat in ("finance_controller", "sales_director"))
    keys = theirs(begin)

    def fresh() -> tuple[tuple[Any, ...], dict[str, Any]]:
        asked = {"credit_limit": 1_000_000}
        made = master.change(company, steward, "customer", next(keys), 1, asked, AT)
        proposal = made.waiting["credit_limit"]
        if answer == "the second yes":
            review.review(company, first, proposal, True, "", AT)
        reviewer, note = (second, "") if answer != "no" else (first, "Nobody asked for it.")
        return (company, reviewer, proposal, answer != "no", note, AT), {}

    hold(benchmark, LIMIT_MS, company, review.review, fresh=fresh, rounds=ROUNDS)


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


@pytest.mark.parametrize(("of", "step", "like"), STEPS, ids=lambda of: getattr(of, "procedure", of))
def test_handing_over(
    benchmark: Any, company: Sandbox, of: Procedure, step: str, like: str
) -> None:
    def fresh() -> tuple[tuple[Any, ...], dict[str, Any]]:
        many, case = brought_to(company, of, step, like)
        return (company, many, case, right_action(many, case)), {}

    hold(benchmark, LIMIT_MS, company, cases.apply, fresh=fresh, rounds=ROUNDS)


def test_opening_a_case(benchmark: Any, company: Sandbox) -> None:
    hold(
        benchmark,
        LIMIT_MS,
        company,
        cases.open_practice_case,
        fresh=lambda: ((company, *another(SALE, "L-2003")), {}),
        rounds=ROUNDS,
    )


def sent_back(_company: Sandbox, case: Case, right: Action) -> Action:
    why = "The price list of last year"
    assert case.step
    return SendBack(seat=right.seat, step=case.step, to="quote", reason=why, at=right.at)


def reassigned(company: Sandbox, case: Case, right: Action) -> Action:
    with company.read() as session:
        others = [user.user_id for user in holders(session, right.seat)]
    assert case.step
    return Reassign(seat=right.seat, step=case.step, at=right.at, holder=others[-1])


@pytest.mark.parametrize("what", [sent_back, reassigned], ids=lambda what: what.__name__)
def test_a_case_that_goes_another_way(benchmark: Any, company: Sandbox, what: Any) -> None:
    step = "approve_by_manager" if what is sent_back else "enter_order"

    def fresh() -> tuple[tuple[Any, ...], dict[str, Any]]:
        many, case = brought_to(company, SALE, step, "L-2005")
        return (company, many, case, what(company, case, right_action(many, case))), {}

    hold(benchmark, LIMIT_MS, company, cases.apply, fresh=fresh, rounds=ROUNDS)


def test_waiting(benchmark: Any, company: Sandbox) -> None:
    _many, case = brought_to(company, SALE, "qualify_lead", "L-2003")
    hours = count(1)

    def wait() -> None:
        cases.let_pass(company, case.case_id, case.last_moment + timedelta(hours=next(hours)))

    hold(benchmark, LIMIT_MS, company, wait)
