"""Turning the numbers of a case: who has it next, and where that changes."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.errors import Refused
from crmlab.practice.dials import Turned, Turning, zones
from crmlab.practice.trial import case_for_trial
from crmlab.procedures import Procedure, engine, load, loads
from tests.tiny import spoilt

THREE = ("approve_by_manager", "approve_by_director", "approve_by_general_manager")
money = st.decimals(1, 100_000, places=2)
yuan = st.integers(0, 300_000)


@cache
def sale() -> Procedure:
    return load("lead_to_cash")


@cache
def at(step: str, case: str = "L-2006", *until: str) -> Turning:
    return Turning(sale(), case_for_trial(sale(), case), step, until)


def offered(list_price: Decimal, price: Decimal, case: str = "L-2005") -> Turned:
    """A quote of this price, for a good reason, where the list says that."""
    facts: dict[str, Any] = {"list_price": str(list_price), "price": str(price)}
    return at("quote", case, "win_order").turned(facts, {})


@given(money)
def test_at_list_price_nobody_signs_whatever_the_list_price_is(price: Decimal) -> None:
    assert offered(price, price).way == ("win_order",)


@given(money, st.decimals(Decimal("0.01"), 200, places=2))
def test_a_price_above_the_list_needs_nobody(price: Decimal, more: Decimal) -> None:
    assert offered(price, price + more).way == ("win_order",)


@given(money, st.data())
def test_how_far_below_the_list_decides_who_signs(list_price: Decimal, data: Any) -> None:
    price = data.draw(st.decimals(Decimal("0.01"), list_price, places=2))
    below = list_price - price
    signers = (below > 0) + (below * 20 > list_price) + (below * 10 > list_price)
    assert offered(list_price, price).way == (*THREE[:signers], "win_order")


def test_a_price_below_what_the_customer_asks_for_is_sent_back_for_another() -> None:
    told = at("quote", "L-2003", "win_order").turned({}, {"unit_price": "5500"})
    assert told.way == ("approve_by_manager", "quote", "approve_by_manager", "win_order")


@given(yuan, yuan, st.integers(1, 100), yuan, st.integers(0, 90))
def test_an_order_is_held_above_the_limit_or_when_an_invoice_is_long_overdue(
    owed: int, on_order: int, pieces: int, limit: int, overdue: int
) -> None:
    facts: dict[str, Any] = {
        "open_receivables": owed,
        "open_orders": on_order,
        "credit_limit": limit,
        "overdue_days": overdue,
    }
    turning = at("enter_order", "L-2006", "release_credit", "pick_and_ship")
    told = turning.turned(facts, {"quantity": pieces})
    held = owed + on_order + pieces * 800 > limit or (overdue > 30 and owed > 0)
    assert told.way == ("release_credit" if held else "pick_and_ship",)
    assert told.world.figure("exposure") == str(owed + on_order + pieces * 800)


def test_ninety_and_twenty_against_a_hundred_is_held_and_a_yuan_less_is_not() -> None:
    turning = at("enter_order", "L-2006", "release_credit", "pick_and_ship")
    assert turning.turned({}, {}).way == ("release_credit",)
    assert turning.turned({"credit_limit": "109999.99"}, {}).way == ("release_credit",)
    assert turning.turned({"credit_limit": "110000.00"}, {}).way == ("pick_and_ship",)


def test_a_limit_of_zero_means_paid_in_advance() -> None:
    turning = at("enter_order", "L-2006", "release_credit", "pick_and_ship")
    told = turning.turned({"credit_limit": 0, "open_receivables": 0, "open_orders": 0}, {})
    assert told.way == ("release_credit",)


def test_without_an_end_the_way_goes_to_the_close() -> None:
    assert at("invoice").turned({}, {}).way == ("sign_invoice", "collect_payment", "follow_up")
    assert at("follow_up").turned({}, {}).way == ()


def test_what_the_crm_refuses_is_told_and_leads_nowhere() -> None:
    told = at("enter_order", "L-2006").turned({}, {"quantity": 0})
    assert told.way == ()
    assert "'Pieces ordered' is at least 1." in told.refused


def test_where_the_crm_refuses_a_later_step_the_way_ends_there() -> None:
    note = "type: text, required: false}"
    text = spoilt(note, "type: integer, at_most: 5, right: {field: ask.height}}")
    procedure = loads(text)
    turning = Turning(procedure, case_for_trial(procedure, "T-1"), "ask")
    assert turning.turned({}, {"height": 3}) == turning.turned({}, {})
    told = turning.turned({}, {"height": 8})
    assert told.way == ("lend", "check", "back")
    assert told.refused == "'Note' is at most 5."


def test_a_case_that_does_not_come_to_the_step_is_refused() -> None:
    with pytest.raises(Refused, match="L-2001 does not come to 'approve_by_manager'"):
        at("approve_by_manager", "L-2001")


def test_turning_plays_no_step_again_that_lies_before(monkeypatch: pytest.MonkeyPatch) -> None:
    turning = at("enter_order", "L-2006", "release_credit", "pick_and_ship")
    played = []

    def act(procedure: Procedure, case: Any, action: Any) -> Any:
        played.append(action.step)
        return engine.act(procedure, case, action)

    monkeypatch.setattr("crmlab.practice.dials.act", act)
    turning.turned({"overdue_days": 60}, {})
    assert played == ["enter_order"]


def test_turning_leaves_the_case_as_it_was() -> None:
    turning = at("quote", "L-2003", "win_order")
    before = turning.here.model_copy(deep=True)
    turning.turned({"price": 1}, {"quantity": 9})
    assert turning.here == before


# Where along a dial the way changes


@given(
    st.integers(1, 2000),
    st.decimals(Decimal("0.5"), 50, places=1),
    st.lists(st.floats(0, 1), max_size=4),
)
def test_zones_lie_side_by_side_and_each_has_one_way(
    last: int, by: Decimal, shares: list[float]
) -> None:
    low, high = Decimal(100), Decimal(100) + last * by
    changes = sorted(low + int(share * last) * by for share in shares)

    def way_at(value: Decimal) -> tuple[str, ...]:
        return tuple("s" for change in changes if value >= change)

    found = zones(way_at, low, high, by)
    assert (found[0].low, found[-1].high) == (low, high)
    for one, two in pairwise(found):
        assert two.low - one.high == by
        assert one.way != two.way
    for zone in found:
        assert way_at(zone.low) == zone.way == way_at(zone.high)
    # A way that only ever gets longer is cut at each place where it does, and nowhere else.
    assert [zone.low for zone in found[1:]] == sorted({c for c in changes if c > low})


def test_a_dial_that_changes_nothing_is_one_zone() -> None:
    assert len(zones(lambda _value: ("on",), Decimal(0), Decimal(9), Decimal(1))) == 1


def test_the_limits_of_the_house_rule_are_found_on_the_dial_of_a_price() -> None:
    list_price = Decimal(5960)
    found = zones(
        lambda price: offered(list_price, price).way, Decimal(4800), Decimal(6200), Decimal(2)
    )
    assert [(zone.low, len(zone.way) - 1) for zone in found] == [
        (4800, 3),
        (Decimal("5364"), 2),
        (Decimal("5662"), 1),
        (5960, 0),
    ]
