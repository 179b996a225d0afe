"""Credit when goods are to leave: looked at once more, whoever writes, and let go by a release."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.booking.book import book
from crmlab.crm.booking.credit import CreditStanding
from crmlab.crm.booking.draft import Terms
from crmlab.errors import Refused
from tests.crm.own_rows import CUSTOMER, NOW, invoiced, money, ordered, paid, shipped

LONGEST_OVERDUE = 12
HOUSE = Terms(overdue_allowed=LONGEST_OVERDUE)
MUCH_LATER = NOW + timedelta(days=30 + LONGEST_OVERDUE)
"""An invoice of today has then been overdue for as long as may be; payment is due in 30 days."""


def limited(session: Session, limit: str | None) -> None:
    book(session, "customer", None, {"credit_limit": limit}, CUSTOMER)


def decided(session: Session, order: str, amount: str, decision: str = "released") -> None:
    """What finance has decided about an order, with a reason."""
    columns = {
        "order_id": order,
        "receivables": 0,
        "open_orders": 0,
        "order_amount": amount,
        "overdue_days": 0,
        "decision": decision,
        "reason": "We hold a guarantee.",
        "decided_at": NOW,
        "decided_by": "finance_controller",
    }
    book(session, "credit_check", None, columns)


def kept(session: Session, order: str, at: datetime = NOW, terms: Terms = HOUSE) -> str:
    """Why the order may not leave."""
    with pytest.raises(Refused) as refusal:
        book(session, "shipment", None, {"order_id": order, "shipped_at": at}, terms=terms)
    assert list(refusal.value.fields) == ["order_id"]
    return refusal.value.fields["order_id"]


def test_an_order_that_was_clear_stays_here_when_the_limit_has_been_lowered(crm: Session) -> None:
    order, line = ordered(crm, 6, "3480")
    limited(crm, "100")
    assert kept(crm, order) == (
        f"The order {order} may not leave: ¥0 owed + ¥20,880 ordered > limit ¥100; finance "
        "releases it, with a reason."
    )
    limited(crm, "20880")
    shipped(crm, order, line, 6)


@pytest.mark.parametrize(("limit", "said"), [("0", "limit ¥0"), (None, "no limit has been set")])
def test_without_any_limit_nothing_leaves(crm: Session, limit: str | None, said: str) -> None:
    order, _line = ordered(crm, 1, "1")
    limited(crm, limit)
    assert said in kept(crm, order)


def test_what_came_after_the_order_counts_as_well_and_the_order_itself_once(crm: Session) -> None:
    order, line = ordered(crm, 50, "1000")
    shipped_before, its_line = ordered(crm, 50, "1000")
    shipped(crm, shipped_before, its_line, 50)
    invoiced(crm, shipped_before)
    ordered(crm, 1, "1")
    assert "¥50,000 owed + ¥1 in other orders + ¥50,000 ordered > limit ¥100,000" in kept(
        crm, order
    )
    limited(crm, "100001")
    shipped(crm, order, line, 50, None)


def test_an_invoice_that_has_been_overdue_for_too_long_keeps_the_next_order_here(
    crm: Session,
) -> None:
    first, its_line = ordered(crm, 1, "10")
    shipped(crm, first, its_line, 1)
    invoice = invoiced(crm, first)
    order, line = ordered(crm, 1, "10", at=MUCH_LATER)
    day_after = MUCH_LATER + timedelta(days=1)
    assert kept(crm, order, day_after).split("; ")[1] == f"{LONGEST_OVERDUE + 1} days overdue"
    shipment, _part = shipped(crm, order, line, 1, at=MUCH_LATER)
    assert shipment, "on the last day that is borne it still leaves"
    another, its_line = ordered(crm, 1, "10", at=day_after)
    kept(crm, another, day_after)
    paid(crm, invoice, "10", at=day_after)
    shipped(crm, another, its_line, 1, at=day_after)


def test_where_the_house_says_nothing_of_it_an_overdue_invoice_keeps_nothing_here(
    crm: Session,
) -> None:
    first, its_line = ordered(crm, 1, "10")
    shipped(crm, first, its_line, 1)
    invoiced(crm, first)
    order, line = ordered(crm, 1, "10", at=MUCH_LATER)
    shipped(crm, order, line, 1, at=MUCH_LATER + timedelta(days=300))


@pytest.mark.parametrize("credit", ["clear", "held"])
def test_a_seat_that_may_not_see_the_limit_is_told_whom_to_ask(crm: Session, credit: str) -> None:
    order, _line = ordered(crm, 6, "3480", credit=credit)
    limited(crm, "100")
    told = kept(crm, order, terms=Terms(limits_shown=False))
    assert "credit does not cover it; ask finance" in told
    assert "send it back to whoever entered it" in told
    assert "¥" not in told
    assert "limit ¥100; finance releases it" in kept(crm, order)


def test_a_release_lets_go_as_much_as_it_says_and_no_more(crm: Session) -> None:
    order, line = ordered(crm, 6, "3480")
    limited(crm, "100")
    decided(crm, order, "20879.99")
    kept(crm, order)
    decided(crm, order, "20880")
    book(crm, "order_line", None, {"quantity": 7}, line)
    assert "¥24,360 ordered" in kept(crm, order), "it has grown since"
    book(crm, "order_line", None, {"quantity": 6}, line)
    shipped(crm, order, line, 6)


def test_the_latest_word_of_finance_counts(crm: Session) -> None:
    order, line = ordered(crm, 6, "3480")
    limited(crm, "100")
    decided(crm, order, "20880")
    decided(crm, order, "20880", "held")
    kept(crm, order)
    decided(crm, order, "20880")
    shipped(crm, order, line, 6)


def test_that_an_order_says_released_lets_nothing_go_by_itself(crm: Session) -> None:
    order, _line = ordered(crm, 6, "3480", credit="released")
    limited(crm, "100")
    kept(crm, order)


@pytest.mark.parametrize("missing", ["reason", "decided_by"])
def test_a_release_has_somebody_who_decided_it_and_a_reason(crm: Session, missing: str) -> None:
    order, _line = ordered(crm)
    release: dict[str, Any] = {
        "order_id": order,
        "receivables": 0,
        "open_orders": 0,
        "order_amount": 1,
        "overdue_days": 0,
        "decision": "released",
        "decided_at": NOW,
        "reason": "We hold a guarantee.",
        "decided_by": "finance_controller",
    }
    with pytest.raises(Refused) as refusal:
        book(crm, "credit_check", None, {**release, missing: " "})
    assert list(refusal.value.fields) == [missing]
    book(crm, "credit_check", None, {**release, missing: " ", "decision": "held"})


def test_what_has_left_can_be_put_right_and_what_is_left_of_it_stays_here(crm: Session) -> None:
    order, line = ordered(crm, 10, "1000")
    shipment, part = shipped(crm, order, line, 4)
    limited(crm, "100")
    book(crm, "shipment_line", None, {"quantity": 3, "batch_no": None}, part)
    with pytest.raises(Refused, match="¥10,000 ordered > limit ¥100"):
        book(crm, "shipment_line", None, {"quantity": 4}, part)
    rest = {"shipment_id": shipment, "line_id": line, "quantity": 6}
    with pytest.raises(Refused, match="¥10,000 ordered > limit ¥100"):
        book(crm, "shipment_line", None, rest)
    book(crm, "shipment", None, {"carrier": "Own van"}, shipment)
    assert crm.get_one(tables.OrderLine, line).batch_no is None


@pytest.mark.parametrize(
    ("limit", "owed", "overdue", "borne"),
    [
        ("100", "60", 0, True),
        ("99.99", "60", 0, False),
        (None, "0", 0, False),
        ("100", "60", LONGEST_OVERDUE, True),
        ("100", "60", LONGEST_OVERDUE + 1, False),
        ("100", "0", LONGEST_OVERDUE + 1, True),
    ],
)
def test_what_a_credit_bears(limit: str | None, owed: str, overdue: int, borne: bool) -> None:
    most = None if limit is None else Decimal(limit)
    assert (
        CreditStanding(most, money(owed), money("0"), overdue).bears(Decimal(40), LONGEST_OVERDUE)
        is borne
    )
