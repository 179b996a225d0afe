"""A limit that is lowered while an order waits to be picked, and how the case goes on from there."""

from __future__ import annotations

from datetime import datetime

import pytest

from crmlab.crm import tables
from crmlab.crm.access.browse import look
from crmlab.crm.access.permissions import Who, permissions
from crmlab.crm.base.master import change
from crmlab.crm.base.review import review
from crmlab.crm.casework import cases as crm
from crmlab.crm.casework.desks import holders
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Refused
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case, HandOver
from crmlab.procedures.conditions import holds
from crmlab.procedures.walk import right_fields
from crmlab.procedures.wording import fill
from crmlab.procedures.world import CaseWorld

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


def seen(practice: Practice, case: Case) -> str:
    """The evidence of the case's step, as it stands."""
    now = practice.as_it_stands(case)
    assert now.step is not None
    world = CaseWorld(practice.procedure, now, now.step)
    evidence = practice.procedure.steps[now.step].evidence
    return " ".join(
        fill(item.says, world) for item in evidence if not item.when or holds(item.when, world)
    )


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
    shown = seen(practice, case)
    with pytest.raises(Refused) as refusal:
        step(practice, case)
    for told in (shown, str(refusal.value)):
        assert "credit" in told, "the warehouse is told why, and who knows more"
        assert "finance can tell you" in told
        assert "¥20,880" not in told, "but not the sum, in which the limit stands"
        assert "¥100" not in told
    assert "Send the case back to inside sales" in str(refusal.value)
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
    with pytest.raises(Refused, match="credit does not cover this order"):
        step(practice, case)


def test_what_a_seat_is_not_shown_is_not_told_by_a_refusal_either(
    sandbox: Sandbox, sale: Procedure
) -> None:
    """Whoever ships by their own file: the CRM tells the sum to those who may see the limit."""
    practice = Practice(sale, sandbox)
    case = brought(practice, "L-2001", "pick_and_ship")
    limited(sandbox, "CU-015", "100", practice.now(case))
    shipping, known = sale.steps["pick_and_ship"], permissions()
    for seat in known.matrix:
        own = shipping.model_copy(update={"seat": seat, "rules": []})
        file = sale.model_copy(
            update={
                "steps": {**sale.steps, "pick_and_ship": own},
                "seats": {seat: sale.seats["warehouse"], **sale.seats},
            }
        )
        now = practice.as_it_stands(case)
        turn = {"seat": seat, "step": "pick_and_ship", "at": practice.now(case)}
        action = HandOver(**turn, fields=right_fields(file, now))
        with sandbox.read() as session:
            people = holders(session, seat)
        with pytest.raises(Refused) as refusal:
            crm.apply(sandbox, file, case, action, user=people[0].user_id if people else None)
        told = str(refusal.value)
        may_see = "credit_limit" not in known.hidden(seat, "customer")
        assert ("> limit ¥100" in told) is may_see, seat
        assert ("¥" in told) is may_see, seat
        assert may_see or "ask finance" in told, seat
