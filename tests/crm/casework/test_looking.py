"""What a seat sees at its desk: by the permissions, and on record once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmlab.crm import tables
from crmlab.crm.casework import cases as crm
from crmlab.crm.casework import looking
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.trail.verify import verify
from crmlab.errors import Denied
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case
from tests.crm.people import put, trail
from tests.tiny import hand_over, reassign, send_back, tiny

CASE = "C-1042"
CUSTOMER = "CU-007"
REPRESENTATIVES = {"U-07", "U-08", "U-11"}


@pytest.fixture(scope="module")
def sale() -> Procedure:
    return load("lead_to_cash")


def walk_to(sandbox: Sandbox, procedure: Procedure, case_id: str, step: str | None) -> Case:
    case = crm.open_practice_case(sandbox, procedure, case_id)
    while case.step not in (step, None):
        case = crm.apply(sandbox, procedure, case, hand_over(procedure, case)).case
    return case


def limit_told(look: looking.Look) -> bool:
    return any("limit ¥" in entry.note for entry in look.timeline)


def checked_credit(sandbox: Sandbox, customer: str, case: Case) -> None:
    """The customer's credit was looked at before the case began."""
    at = case.opened_at - timedelta(days=3)
    put(
        sandbox,
        tables.Order(order_id="SO-T", customer_id=customer, ordered_at=at),
        tables.CreditCheck(
            check_id="CC-T", order_id="SO-T", customer_id=customer, receivables=90, open_orders=0,
            order_amount=20, overdue_days=0, credit_limit=100, decision="held", decided_at=at,
        ),
    )  # fmt: skip


def looks(sandbox: Sandbox, operation: str = looking.LOOK) -> list[tuple[Any, ...]]:
    lines = [line for line in trail(sandbox) if line["operation"] == operation]
    return [(line["subject"], line["seat"], line["user"]) for line in lines]


# By the permissions ---------------------------------------------------------------------------


def test_a_column_that_is_not_shown_to_the_seat_is_not_on_its_desk_either(
    sandbox: Sandbox, sale: Procedure
) -> None:
    case = walk_to(sandbox, sale, "L-2004", "ship")
    checked_credit(sandbox, case.records["customer"], case)
    at_the_warehouse = looking.look(sandbox, sale, case, "warehouse")
    assert "Order SO-T held for credit" in [entry.title for entry in at_the_warehouse.timeline]
    assert not limit_told(at_the_warehouse)
    assert limit_told(looking.look(sandbox, sale, case, "finance_controller"))


def test_a_timeline_beyond_the_reach_of_whoever_holds_the_case_is_withheld(
    sandbox: Sandbox, sale: Procedure
) -> None:
    case = walk_to(sandbox, sale, "L-2004", "quote")
    seat = "sales_representative"
    assert case.holder in REPRESENTATIVES
    seen = looking.look(sandbox, sale, case, seat)
    assert seen.timeline
    assert seen.withheld == ""
    other = next(iter(sorted(REPRESENTATIVES - {case.holder})))
    case = crm.apply(sandbox, sale, case, reassign(sale, case, other)).case
    seen = looking.look(sandbox, sale, case, seat)
    assert seen.timeline == []
    assert "not within this seat's reach" in seen.withheld
    assert seen.customer, "what the case is about comes with it"


def test_a_pick_list_offers_what_whoever_holds_the_case_may_see(
    sandbox: Sandbox, sale: Procedure
) -> None:
    case = walk_to(sandbox, sale, "L-2001", "quote")
    with sandbox.read() as session:
        who = looking.Who(case.holder or "", "sales_representative")
        offered = {entry.key for entry in looking.offered(session, "customer", case, who)}
        customers = session.query(tables.Customer).filter_by(account_manager=case.holder)
        own = {row.customer_id for row in customers}
    assert offered == own | ({case.records["customer"]} if "customer" in case.records else set())


def test_a_form_is_offered_to_the_seat_where_the_case_lies_and_to_no_other(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    case = crm.open_practice_case(sandbox, complaint, CASE)
    assert set(looking.look(sandbox, complaint, case, "service_agent").offers) == {
        field.record for field in complaint.steps["register"].fields.values() if field.record
    }
    assert looking.look(sandbox, complaint, case, "quality_engineer").offers == {}


def test_from_a_desk_one_sees_what_lies_there_and_what_is_within_the_seats_reach(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    practice = Practice(complaint, sandbox)
    practice.open_all()
    everywhere = {line.case_id for line in practice.inbox()}
    assert {line.case_id for line in practice.in_sight("service_agent")} == everywhere
    with sandbox.write("leaves", subject=CUSTOMER, at=practice.case(CASE).opened_at) as session:
        session.get_one(tables.Customer, CUSTOMER).account_manager = "U-01"  # no account manager
    seen = {line.case_id for line in practice.in_sight("account_manager")}
    assert seen == {
        case for case in everywhere if practice.case(case).records["customer"] != CUSTOMER
    }
    assert CASE not in seen
    with pytest.raises(Denied, match="As Account manager you do not see case C-1042"):
        practice.open_at(CASE, "account_manager")
    last = trail(sandbox)[-1]
    assert (last["operation"], last["subject"], last["seat"]) == ("denied", CASE, "account_manager")
    case = practice.case(CASE)
    while case.step != "propose_remedy":
        case = crm.apply(sandbox, complaint, case, hand_over(complaint, case)).case
    assert CASE in {line.case_id for line in practice.in_sight("account_manager")}, "it lies there"
    assert practice.open_at(CASE, "account_manager") == case
    while case.step:
        case = crm.apply(sandbox, complaint, case, hand_over(complaint, case)).case
    assert practice.closed_cases("account_manager") == []
    assert [line.case_id for line in practice.closed_cases("service_agent")] == [CASE]


def test_an_inbox_is_everybodys_who_sits_in_the_seat(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    practice = Practice(complaint, sandbox)
    practice.open_all()
    lines = practice.in_sight("service_agent")
    assert len({line.holder for line in lines if line.seat == "service_agent"}) == 2


def test_a_seat_that_the_crm_knows_nobody_in_sees_by_its_line_of_the_matrix(
    sandbox: Sandbox,
) -> None:
    case = crm.open_practice_case(sandbox, tiny(), "T-1")
    assert looking.open_at(sandbox, "T-1", "checker") == case
    assert looking.look(sandbox, tiny(), case, "neighbour").offers == {}
    assert looks(sandbox) == [("T-1", "neighbour", None)]


@pytest.mark.parametrize("branch", ["East", "South", "North"])
def test_a_case_comes_to_a_manager_of_its_customers_branch(
    sandbox: Sandbox, sale: Procedure, branch: str
) -> None:
    customer = sale.cases["L-2003"].records["customer"]
    with sandbox.write("moves", subject=customer, at=sale.cases["L-2003"].opened_at) as session:
        session.get_one(tables.Customer, customer).branch = branch
    case = walk_to(sandbox, sale, "L-2003", "approve_by_manager")
    assert case.step == "approve_by_manager"
    with sandbox.read() as session:
        assert session.get_one(tables.User, case.holder).branch == branch
    assert looking.look(sandbox, sale, case, "sales_manager").withheld == ""


# On record ------------------------------------------------------------------------------------


def test_a_seat_that_turns_to_a_case_is_on_record_once_until_another_has_moved_it(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    case = crm.open_practice_case(sandbox, complaint, CASE)
    first = case.holder

    def look(seat: str) -> None:
        for _redrawn in range(3):
            looking.look(sandbox, complaint, case, seat)

    look("service_agent")
    assert looks(sandbox) == [(CASE, "service_agent", first)]
    detail = trail(sandbox)[-1]["detail"]
    assert (detail["step"], detail["version"]) == ("register", 1)
    seen = looking.look(sandbox, complaint, case, "service_agent")
    assert detail["offers"] == {kind: len(entries) for kind, entries in seen.offers.items()}
    assert detail["timeline"] == len(seen.timeline) > 0
    crm.let_pass(sandbox, CASE, case.visit.due_at)
    look("service_agent")
    look("quality_engineer")
    assert looks(sandbox)[1:] == [(CASE, "quality_engineer", None)]
    while case.step != "assess":
        case = crm.apply(sandbox, complaint, case, hand_over(complaint, case)).case
        look("service_agent")  # who has moved it has had it before them, and sees where it went
    assert len(looks(sandbox)) == 2
    look("quality_engineer")
    assert looks(sandbox)[2:] == [(CASE, "quality_engineer", case.holder)]
    case = crm.apply(sandbox, complaint, case, send_back(complaint, case, "register")).case
    look("quality_engineer")
    look("service_agent")
    assert looks(sandbox)[3:] == [(CASE, "service_agent", case.holder)]
    assert verify(sandbox).fault is None


def test_whoever_takes_a_case_over_looks_at_it_anew(sandbox: Sandbox, complaint: Procedure) -> None:
    case = crm.open_practice_case(sandbox, complaint, CASE)
    other = "U-02" if case.holder == "U-01" else "U-01"
    case = crm.apply(sandbox, complaint, case, reassign(complaint, case, other)).case
    looking.look(sandbox, complaint, case, "service_agent")
    assert looks(sandbox) == [(CASE, "service_agent", other)]


def test_an_inbox_is_on_record_when_it_holds_other_cases_than_before(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    practice = Practice(complaint, sandbox)
    assert practice.in_sight("service_agent") == []
    assert looks(sandbox, looking.INBOX) == [], "nothing was seen"
    practice.open_all()
    for _redrawn in range(3):
        shown = practice.in_sight("service_agent")
    assert looks(sandbox, looking.INBOX) == [("complaint", "service_agent", None)]
    assert trail(sandbox)[-1]["detail"]["rows"] == len(shown)
    practice.in_sight("quality_engineer")
    case = practice.case(CASE)
    while case.step:
        practice.in_sight("service_agent")
        case = crm.apply(sandbox, complaint, case, hand_over(complaint, case)).case
    assert len(looks(sandbox, looking.INBOX)) == 2, "a case that moves from desk to desk is no news"
    practice.in_sight("service_agent")
    assert len(looks(sandbox, looking.INBOX)) == 3, "one that is closed is"
