"""The same orders by the rules and with everybody signing: what the signatures take."""

from __future__ import annotations

from datetime import datetime
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.calendar import STANDARD
from crmlab.errors import Refused
from crmlab.practice.trial import case_for_trial
from crmlab.practice.worlds import OrderInTwoWorlds, two_worlds, waiting
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case, Event
from crmlab.procedures.engine import act
from crmlab.simulation.colleagues import right_action
from tests.tiny import tiny

CASES = ["L-2001", "L-2002", "L-2003", "L-2004", "L-2005", "L-2006"]
ALL_THREE = ["sales_manager", "sales_director", "general_manager"]


@cache
def sale() -> Procedure:
    return load("lead_to_cash")


@cache
def opened(case: str) -> Case:
    return case_for_trial(sale(), case)


@pytest.fixture(scope="module")
def played() -> dict[str, OrderInTwoWorlds]:
    found = two_worlds(sale(), CASES, "sign_everything")
    return {order.case.case_id: order for order in found}


def logged(case: Case, *, sign_everything: bool) -> list[Event]:
    """The event log of a case played by the procedure."""
    case = case.model_copy(update={"facts": {**case.facts, "sign_everything": sign_everything}})
    log: list[Event] = []
    while case.step is not None:
        result = act(sale(), case, right_action(sale(), case))
        case, log = result.case, log + result.events
    return log


def hours_to_sign(log: list[Event]) -> float:
    """Working hours from the quote to the next step that is no signature, read off a log."""
    at = {(event.activity, event.lifecycle): event.timestamp for event in log}
    return STANDARD.between(at["quote", "complete"], at["win_order", "schedule"])


def hours_in_all(log: list[Event]) -> float:
    return STANDARD.between(log[0].timestamp, log[-1].timestamp)


def test_the_days_saved_are_those_between_the_two_event_logs(
    played: dict[str, OrderInTwoWorlds],
) -> None:
    for case, order in played.items():
        by_the_list = logged(opened(case), sign_everything=False)
        by_all = logged(opened(case), sign_everything=True)
        hours = hours_to_sign(by_all) - hours_to_sign(by_the_list)
        assert order.days_saved == pytest.approx(hours / 8), case


def test_an_order_is_closed_sooner_by_the_days_that_were_saved(
    played: dict[str, OrderInTwoWorlds],
) -> None:
    for case, order in played.items():
        hours = hours_in_all(logged(opened(case), sign_everything=True))
        hours -= hours_in_all(logged(opened(case), sign_everything=False))
        assert order.days_saved == pytest.approx(hours / 8, abs=0.001), case


def test_who_signs_in_each_world(played: dict[str, OrderInTwoWorlds]) -> None:
    assert {case: len(order.now.seats) for case, order in played.items()} == {
        "L-2001": 0,
        "L-2002": 0,
        "L-2003": 1,
        "L-2004": 2,
        "L-2005": 3,
        "L-2006": 0,
    }
    for order in played.values():
        assert order.otherwise.seats == ALL_THREE
        assert order.now.seats == ALL_THREE[: len(order.now.seats)]


def test_what_nobody_signs_waits_for_nobody(played: dict[str, OrderInTwoWorlds]) -> None:
    for order in played.values():
        assert (order.now.days == 0) is (not order.now.seats)


def test_where_all_must_sign_anyway_nothing_is_saved(played: dict[str, OrderInTwoWorlds]) -> None:
    assert played["L-2005"].days_saved == 0
    assert all(order.days_saved > 0 for case, order in played.items() if case != "L-2005")


@given(st.sampled_from(CASES), st.integers(0, 10**6))
def test_with_any_luck_the_rules_never_take_longer_than_everybodys_signature(
    case: str, seed: int
) -> None:
    lucky = opened(case).model_copy(update={"seed": seed})
    by_the_list = logged(lucky, sign_everything=False)
    by_all = logged(lucky, sign_everything=True)
    now, otherwise = waiting(sale(), by_the_list), waiting(sale(), by_all)
    assert now.days == pytest.approx(hours_to_sign(by_the_list) / 8)
    assert otherwise.days == pytest.approx(hours_to_sign(by_all) / 8)
    assert now.days <= otherwise.days


def event(step: str, lifecycle: str, at: str, seat: str = "x") -> Event:
    return Event(
        case_id="L-1",
        activity=step,
        lifecycle=lifecycle,
        timestamp=STANDARD.local(datetime.fromisoformat(at)),
        resource=seat,
    )


def test_a_price_that_was_sent_back_is_counted_from_its_latest_offer() -> None:
    log = [
        event("quote", "complete", "2026-05-12T09:00"),
        event("approve_by_manager", "schedule", "2026-05-12T09:00"),
        event("approve_by_manager", "complete", "2026-05-12T11:00", "sales_manager"),
        event("quote", "schedule", "2026-05-12T11:00"),
        event("quote", "complete", "2026-05-12T13:00"),
        event("approve_by_manager", "schedule", "2026-05-12T13:00"),
        event("approve_by_manager", "complete", "2026-05-12T15:00", "sales_manager"),
        event("win_order", "schedule", "2026-05-12T15:00"),
        event("win_order", "complete", "2026-05-14T15:00"),
    ]
    told = waiting(sale(), log)
    assert (told.seats, told.days) == (["sales_manager"], 0.25)


def test_a_night_and_a_weekend_are_no_waiting() -> None:
    log = [
        event("quote", "complete", "2026-05-15T17:00"),
        event("approve_by_manager", "complete", "2026-05-18T09:00", "sales_manager"),
        event("win_order", "schedule", "2026-05-18T09:00"),
    ]
    assert waiting(sale(), log).days == 1 / 8


def test_a_signature_that_is_the_last_thing_done_ends_the_waiting() -> None:
    log = [
        event("quote", "complete", "2026-05-12T09:00"),
        event("approve_by_manager", "schedule", "2026-05-12T09:00"),
        event("approve_by_manager", "complete", "2026-05-12T11:00", "sales_manager"),
    ]
    assert waiting(sale(), log).days == 0.25


def test_a_case_without_an_offer_has_waited_for_nobody() -> None:
    log = [event("capture_lead", "complete", "2026-05-12T09:00")]
    told = waiting(sale(), log)
    assert (told.seats, told.days) == ([], 0)


@pytest.mark.parametrize(
    ("cases", "fact", "said"),
    [
        ([], "sign_everything", "one at least"),
        (["L-9999"], "sign_everything", "no practice case 'L-9999'"),
        (["L-2001"], "sign_all", "no fact 'sign_all'; it has: customer, "),
    ],
)
def test_names_that_are_not_there_are_refused(cases: list[str], fact: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        two_worlds(sale(), cases, fact)


def test_a_procedure_without_signatures_has_no_two_worlds() -> None:
    with pytest.raises(Refused, match="nobody signs anything"):
        two_worlds(tiny(), ["T-1"], "ladder")
