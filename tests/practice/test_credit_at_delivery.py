"""A limit that is lowered while an order waits to be picked, and how the case goes on from there."""

from __future__ import annotations

from datetime import datetime

import pytest

from crmlab.crm import tables
from crmlab.crm.access.browse import look
from crmlab.crm.access.permissions import Who
from crmlab.crm.base.master import change
from crmlab.crm.base.review import review
from crmlab.crm.casework import looking
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Refused
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case
from crmlab.procedures.walk import right_fields
from crmlab.widgets.step_view import step_view

STEWARD = Who("U-23", "data_steward")
REVIEWERS = (Who("U-21", "finance_controller"), Who("U-17", "sales_director"))


@pytest.fixture(scope="module")
def sale() -> Procedure:
    return load("lead_to_cash")


def limited(sandbox: Sandbox, customer: str, limit: str, at: datetime) -> None:
    """Set a customer's limit as it has to be set: one proposes it, and two others say yes."""
    seen = look(sandbox, STEWARD, "customer", customer, at=at)
    changes = {"credit_limit": limit}
    waiting = change(sandbox, STEWARD, "customer", customer, seen.version or 0, changes, at).waiting
    for who in REVIEWERS:
        review(sandbox, who, waiting["credit_limit"], True, "", at)


def step(practice: Practice, case: Case, **entries: object) -> Case:
    now = practice.as_it_stands(case)
    return practice.hand_over(case, {**right_fields(practice.procedure, now), **entries}).case


def brought(practice: Practice, case_id: str, to: str) -> Case:
    case = practice.open(case_id)
    while case.step != to:
        case = step(practice, case)
    return case


def order_of(sandbox: Sandbox, case: Case) -> tables.Order:
    with sandbox.read() as session:
        return session.get_one(tables.Order, case.records["order"])


def test_an_order_that_was_clear_goes_to_finance_when_the_limit_is_lowered(
    sandbox: Sandbox, sale: Procedure
) -> None:
    practice = Practice(sale, sandbox)
    case = brought(practice, "L-2001", "pick_and_ship")
    assert order_of(sandbox, case).credit == "clear"
    limited(sandbox, "CU-015", "100", practice.now(case))
    seen = looking.look(sandbox, sale, case, sale.steps["pick_and_ship"].seat)
    shown = " ".join(item["says"] for item in step_view(practice, case, seen)["evidence"])
    assert "¥20,880 together, against a limit of ¥100" in shown
    with pytest.raises(Refused, match="¥20,880 for this one, against a limit of ¥100;"):
        step(practice, case)
    assert practice.case("L-2001") == case

    case = practice.send_back(case, "enter_order", "The limit is lower now.").case
    case = step(practice, case)
    assert (case.step, order_of(sandbox, case).credit) == ("release_credit", "held")
    case = step(practice, case)
    assert (case.step, order_of(sandbox, case).credit) == ("pick_and_ship", "released")
    limited(sandbox, "CU-015", "0", practice.now(case))
    case = step(practice, case)
    assert case.step == "invoice", "what finance has released leaves, however low the limit is"
    with sandbox.read() as session:
        checks = session.query(tables.CreditCheck).filter_by(order_id=case.records["order"])
        found = [(check.decision, check.credit_limit, bool(check.reason)) for check in checks]
    assert sorted(found) == [
        ("clear", 150_000, False),
        ("held", 100, False),
        ("released", 100, True),
    ]
    while case.step:
        case = step(practice, case)
    (back,) = practice.debrief(case).sent_back
    assert back.right, "it was asked for"


def test_a_limit_that_is_raised_again_lets_the_order_go(sandbox: Sandbox, sale: Procedure) -> None:
    practice = Practice(sale, sandbox)
    case = brought(practice, "L-2001", "pick_and_ship")
    limited(sandbox, "CU-015", "100", practice.now(case))
    with pytest.raises(Refused):
        step(practice, case)
    limited(sandbox, "CU-015", "20880", practice.now(case))
    assert step(practice, case).step == "invoice"


def test_goods_that_have_left_can_be_put_right_whatever_the_limit_is(
    sandbox: Sandbox, sale: Procedure
) -> None:
    practice = Practice(sale, sandbox)
    case = brought(practice, "L-2001", "invoice")
    limited(sandbox, "CU-015", "100", practice.now(case))
    case = practice.send_back(case, "pick_and_ship", "Which batch was it?").case
    assert step(practice, case).step == "invoice"


def test_colleagues_find_the_way_by_themselves(sandbox: Sandbox, sale: Procedure) -> None:
    alone = Practice(sale, sandbox)
    case = brought(alone, "L-2006", "pick_and_ship")
    case = alone.send_back(case, "enter_order", "Look again.").case
    limited(sandbox, "CU-011", "100", alone.now(case))
    case = step(alone, case)
    assert case.step == "pick_and_ship", "finance has released it already"
    case = brought(alone, "L-2003", "pick_and_ship")
    limited(sandbox, "CU-005", "100", alone.now(case))
    Practice(sale, sandbox, seats=[]).open_all()
    closed = alone.case("L-2003")
    assert closed.closed_at
    assert [item.to_step for item in closed.sent_back] == ["enter_order"]
    assert order_of(sandbox, closed).credit == "released"


def test_a_customer_who_was_new_is_held_to_the_limit_that_they_have_now(
    sandbox: Sandbox, sale: Procedure
) -> None:
    practice = Practice(sale, sandbox)
    case = brought(practice, "L-2002", "pick_and_ship")
    limited(sandbox, case.records["customer"], "100", practice.now(case))
    with pytest.raises(Refused, match="limit of ¥100"):
        step(practice, case)
