"""Maker and checker: what weighs more holds when others have said yes to it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from crmlab.crm import tables
from crmlab.crm.access.history import history
from crmlab.crm.access.permissions import Who
from crmlab.crm.base.master import change, create
from crmlab.crm.base.review import Verdict, open_proposals, review
from crmlab.crm.base.waiting import WHOLE
from crmlab.crm.records import KINDS
from crmlab.crm.store import audit
from crmlab.crm.store.sandbox import Sandbox, open_sandbox
from crmlab.crm.trail.rebuild import rebuild
from crmlab.errors import CrmlabError, Denied, Refused, StaleRecord
from tests.crm.listed import price_on
from tests.crm.own_rows import (
    BASE,
    CUSTOMER,
    DIRECTOR,
    FINANCE,
    INSIDE,
    NOW,
    OTHER_CUSTOMER,
    OTHER_FINANCE,
    OTHER_STEWARD,
    PRODUCT,
    REPRESENTATIVE,
    STEWARD,
    WAREHOUSE,
    add,
    customer,
    little_company,
    money,
    put,
)


@pytest.fixture
def crm(sandbox: Sandbox) -> Sandbox:
    add(sandbox, *little_company())
    return sandbox


def proposed(
    crm: Sandbox, changes: dict[str, Any], who: Who = STEWARD, kind: str = "customer",
    key: str = CUSTOMER,
) -> list[str]:  # fmt: skip
    with crm.read() as session:
        row: Any = session.get_one(KINDS[kind], key)
        version = row.version
    return list(change(crm, who, kind, key, version, changes, NOW).waiting.values())


def limit(crm: Sandbox, amount: str = "120000", who: Who = STEWARD) -> str:
    (proposal,) = proposed(crm, {"credit_limit": amount}, who)
    return proposal


def yes(crm: Sandbox, who: Who, proposal: str, note: str = "") -> Verdict:
    return review(crm, who, proposal, True, note, NOW)


def current(crm: Sandbox, key: str = CUSTOMER) -> tables.Customer:
    with crm.read() as session:
        return session.get_one(tables.Customer, key)


def state(crm: Sandbox, proposal: str) -> str:
    with crm.read() as session:
        return session.get_one(tables.Proposal, proposal).state


def refused(crm: Sandbox, error: type[CrmlabError], who: Who, proposal: str, **more: Any) -> str:
    """A review that is refused and changes nothing; what it says."""
    before = current(crm).version
    arguments = {"accepts": True, "note": "", **more}
    with pytest.raises(error) as told:
        review(crm, who, proposal, arguments["accepts"], arguments["note"], NOW)
    assert current(crm).version == before
    return str(told.value)


def test_a_credit_limit_holds_when_two_others_have_said_yes(crm: Sandbox) -> None:
    proposal = limit(crm)
    assert yes(crm, FINANCE, proposal) == Verdict("open", 1)
    assert (current(crm).credit_limit, current(crm).version) == (100_000, 1)
    assert yes(crm, DIRECTOR, proposal, "Paid on time for a year.") == Verdict("accepted", 0)
    assert (current(crm).credit_limit, current(crm).version) == (120_000, 2)
    with crm.read() as session:
        reviews = session.scalars(select(tables.Review).order_by(tables.Review.user_id))
        assert [(r.seat, r.accepts, r.note) for r in reviews] == [
            ("finance_controller", True, None),
            ("sales_director", True, "Paid on time for a year."),
        ]


def test_a_description_holds_when_one_other_has_said_yes(crm: Sandbox) -> None:
    (proposal,) = proposed(crm, {"description": "For hot water."}, kind="product", key=PRODUCT)
    assert yes(crm, OTHER_STEWARD, proposal) == Verdict("accepted", 0)
    with crm.read() as session:
        assert session.get_one(tables.Product, PRODUCT).description == "For hot water."


def test_nobody_reviews_what_they_have_proposed_in_whatever_seat(crm: Sandbox) -> None:
    proposal = limit(crm, who=FINANCE)
    assert "You have proposed" in refused(crm, Refused, FINANCE, proposal)
    add(crm, tables.UserSeat(user_id=FINANCE.user_id, seat="sales_director"))
    elsewhere = Who(FINANCE.user_id, "sales_director")
    assert "You have proposed" in refused(crm, Refused, elsewhere, proposal)


def test_nobody_counts_twice_in_whatever_seat(crm: Sandbox) -> None:
    proposal = limit(crm)
    yes(crm, FINANCE, proposal)
    assert "You have said yes" in refused(crm, Refused, FINANCE, proposal)
    add(crm, tables.UserSeat(user_id=FINANCE.user_id, seat="sales_director"))
    elsewhere = Who(FINANCE.user_id, "sales_director")
    assert "You have said yes" in refused(crm, Refused, elsewhere, proposal)
    assert state(crm, proposal) == "open"


def test_only_the_seats_that_are_named_review_and_a_denial_says_which(crm: Sandbox) -> None:
    proposal = limit(crm)
    sentence = refused(crm, Denied, OTHER_STEWARD, proposal)
    assert sentence == (
        "As Data steward you do not review this; these do: Finance controller, Sales director, "
        "General manager."
    )
    with crm.read() as session:
        line = audit.trail_of(session, proposal)[-1]
    assert (line.operation, line.detail["rule"]) == ("denied", "master.customer.credit_limit")


def test_a_manager_reviews_what_is_of_their_own_branch_only(crm: Sandbox) -> None:
    manager = Who("U-960", "sales_manager")
    add(
        crm,
        tables.User(user_id=manager.user_id, name="Ba", branch="East"),
        tables.UserSeat(user_id=manager.user_id, seat=manager.seat),
        customer("CU-950", branch="South"),
    )
    change_manager = {"account_manager": STEWARD.user_id}
    (own,) = proposed(crm, change_manager, FINANCE)
    (other,) = proposed(crm, change_manager, FINANCE, key="CU-950")
    assert "There is no proposal" in refused(crm, Refused, manager, other)
    assert yes(crm, manager, own) == Verdict("accepted", 0)


@pytest.mark.parametrize("who", [WAREHOUSE, REPRESENTATIVE, INSIDE])
def test_a_seat_that_reviews_nothing_is_denied(crm: Sandbox, who: Who) -> None:
    assert "you may review no changes" in refused(crm, Denied, who, limit(crm))


def test_somebody_who_does_not_sit_there_does_not_review(crm: Sandbox) -> None:
    proposal = limit(crm)
    assert "does not sit" in refused(
        crm, Denied, Who(WAREHOUSE.user_id, "sales_director"), proposal
    )


def test_a_no_needs_a_reason_and_closes_it(crm: Sandbox) -> None:
    proposal = limit(crm)
    yes(crm, FINANCE, proposal)
    assert "Say why not" in refused(crm, Refused, DIRECTOR, proposal, accepts=False, note="  ")
    verdict = review(crm, DIRECTOR, proposal, False, "Forty days overdue in March.", NOW)
    assert verdict == Verdict("rejected", 0)
    assert current(crm).credit_limit == 100_000
    assert "is closed already: it was rejected" in refused(crm, Refused, OTHER_FINANCE, proposal)
    assert limit(crm) != proposal


def test_what_was_accepted_is_not_reviewed_again(crm: Sandbox) -> None:
    proposal = limit(crm)
    yes(crm, FINANCE, proposal)
    yes(crm, DIRECTOR, proposal)
    assert "it was accepted" in refused(crm, Refused, OTHER_FINANCE, proposal)


@pytest.mark.parametrize("note", ["x" * 2001, "a\0b"])
def test_a_note_that_cannot_be_kept_is_refused_by_field(crm: Sandbox, note: str) -> None:
    proposal = limit(crm)
    with pytest.raises(Refused) as refusal:
        review(crm, FINANCE, proposal, True, note, NOW)
    assert list(refusal.value.fields) == ["note"]


@pytest.mark.parametrize("number", ["PP-0", "", "'; DROP TABLE proposals;--", "a\0b"])
def test_a_proposal_that_is_not_there_is_told(crm: Sandbox, number: str) -> None:
    assert "There is no proposal" in refused(crm, Refused, FINANCE, number)


def test_a_proposal_is_stale_when_what_it_would_change_has_been_changed(crm: Sandbox) -> None:
    proposal = limit(crm)
    yes(crm, FINANCE, proposal)
    with crm.write("hand_over", subject="L-T", at=NOW, seat="finance_controller") as session:
        session.get_one(tables.Customer, CUSTOMER).credit_limit = money(80_000)
    sentence = refused(crm, StaleRecord, DIRECTOR, proposal)
    assert "'Credit limit' is now 80000.00, and was 100000.00 (seat: Finance controller" in sentence
    assert "say no to it" in sentence
    assert (state(crm, proposal), current(crm).credit_limit) == ("open", 80_000)
    review(crm, DIRECTOR, proposal, False, "It was changed meanwhile.", NOW)
    yes(crm, FINANCE, limit(crm))


def test_a_change_of_something_else_leaves_it_true(crm: Sandbox) -> None:
    first, second = proposed(crm, {"credit_limit": "120000", "payment_days": "45"})
    change(crm, INSIDE, "customer", CUSTOMER, 1, {"phone": "+86 100 0000 1234"}, NOW)
    for proposal in (first, second):
        yes(crm, FINANCE, proposal)
        yes(crm, DIRECTOR, proposal)
    customer = current(crm)
    assert (customer.credit_limit, customer.payment_days, customer.version) == (120_000, 45, 4)


def test_an_empty_limit_can_be_set_and_one_can_be_made_empty_again(crm: Sandbox) -> None:
    with crm.write("prepare", subject="t", at=NOW) as session:
        session.get_one(tables.Customer, CUSTOMER).credit_limit = None
    for entry, becomes in (("0", Decimal(0)), ("", None)):
        proposal = limit(crm, entry)
        yes(crm, FINANCE, proposal)
        yes(crm, DIRECTOR, proposal)
        assert current(crm).credit_limit == becomes


# Prices -------------------------------------------------------------------------------------------


def new_price(crm: Sandbox, starts: str = "2026-06-01", ends: str | None = None) -> str:
    values = {"price_list_id": BASE, "product_id": PRODUCT, "unit_price": "3480",
              "valid_from": starts, "valid_to": ends}  # fmt: skip
    return create(crm, STEWARD, "price", values, NOW).waiting[WHOLE]


def listed(crm: Sandbox, day: date = date(2026, 6, 1)) -> Decimal | None:
    with crm.read() as session:
        found = price_on(session, PRODUCT, CUSTOMER, day)
        return found.price if found else None


def test_a_new_price_holds_when_two_others_have_said_yes(crm: Sandbox) -> None:
    proposal = new_price(crm)
    yes(crm, FINANCE, proposal)
    assert listed(crm) is None
    assert yes(crm, OTHER_FINANCE, proposal) == Verdict("accepted", 0)
    assert listed(crm) == 3480


def test_of_two_new_prices_that_overlap_the_second_is_refused_when_it_would_hold(
    crm: Sandbox,
) -> None:
    first, second = new_price(crm), new_price(crm, "2026-07-01")
    for proposal in (first, second):
        yes(crm, FINANCE, proposal)
    yes(crm, DIRECTOR, first)
    with pytest.raises(Refused) as refusal:
        yes(crm, DIRECTOR, second)
    assert list(refusal.value.fields) == ["valid_from"]
    assert state(crm, second) == "open"


def test_a_price_can_be_ended_and_the_next_one_put_after_it(crm: Sandbox) -> None:
    with crm.write("prepare", subject="t", at=NOW) as session:
        key = put(session, "3300", "2026-01-01")
    with pytest.raises(Refused, match="let one end before the other begins"):
        new_price(crm)
    (end,) = proposed(crm, {"valid_to": "2026-05-31"}, kind="price", key=key)
    yes(crm, FINANCE, end)
    yes(crm, DIRECTOR, end)
    proposal = new_price(crm)
    yes(crm, FINANCE, proposal)
    yes(crm, DIRECTOR, proposal)
    assert (listed(crm, date(2026, 5, 31)), listed(crm)) == (3300, 3480)


# What waits ---------------------------------------------------------------------------------------


def test_what_waits_is_listed_with_what_it_needs_and_for_whom(crm: Sandbox) -> None:
    first, second = limit(crm), new_price(crm)
    yes(crm, FINANCE, first)
    found = open_proposals(crm, OTHER_FINANCE, at=NOW)
    assert found.next is None
    mine = {row.proposal_id: row for row in found.rows}
    assert list(mine) == [first, second]
    row = mine[first]
    assert (row.kind, row.key, row.column, row.label) == (
        "customer",
        CUSTOMER,
        "credit_limit",
        "Credit limit",
    )
    assert (row.before, row.after, row.seat) == ("100000.00", "120000.00", "data_steward")
    assert (row.still_needed, row.yours) == (1, True)
    price = mine[second]
    assert (price.label, price.still_needed) == ("Price", 2)
    assert isinstance(price.after, dict)
    assert price.after["unit_price"] == "3480.00"

    def yours(who: Who) -> list[bool]:
        return [row.yours for row in open_proposals(crm, who, at=NOW).rows]

    assert yours(FINANCE) == [False, True]
    assert yours(STEWARD) == [False, False]
    assert yours(DIRECTOR) == [True, True]


def test_what_is_closed_waits_no_longer(crm: Sandbox) -> None:
    proposal = limit(crm)
    review(crm, FINANCE, proposal, False, "No.", NOW)
    assert open_proposals(crm, FINANCE, at=NOW).rows == []


def test_what_waits_is_read_a_page_at_a_time(crm: Sandbox) -> None:
    all_of_them = [limit(crm), *proposed(crm, {"payment_days": 45, "address": "9 Gate Road"})]
    first = open_proposals(crm, FINANCE, at=NOW, size=2)
    rest = open_proposals(crm, FINANCE, at=NOW, size=2, after=first.next)
    assert [row.proposal_id for row in [*first.rows, *rest.rows]] == sorted(all_of_them)
    assert rest.next is None
    with pytest.raises(Refused):
        open_proposals(crm, FINANCE, at=NOW, size=10_000)


def test_nobody_sees_a_proposal_outside_their_scope_or_on_a_column_they_do_not_see(
    crm: Sandbox,
) -> None:
    add(crm, customer("CU-950", account_manager=STEWARD.user_id))
    other = change(crm, STEWARD, "customer", "CU-950", 1, {"credit_limit": "5"}, NOW).waiting
    own = limit(crm)
    cost = change(crm, STEWARD, "product", PRODUCT, 1, {"cost": "70", "unit": "set"}, NOW).waiting

    def seen(who: Who) -> set[str]:
        return {row.proposal_id for row in open_proposals(crm, who, at=NOW).rows}

    assert seen(REPRESENTATIVE) == {own, cost["unit"]}
    assert seen(FINANCE) == {own, *other.values(), *cost.values()}


# The trail ----------------------------------------------------------------------------------------


def test_the_history_says_who_proposed_and_the_trail_rebuilds_it_all(
    crm: Sandbox, tmp_path: Any
) -> None:
    proposal = limit(crm)
    yes(crm, FINANCE, proposal)
    yes(crm, DIRECTOR, proposal)
    (line,) = history(crm, STEWARD, "customer", CUSTOMER, "credit_limit", at=NOW).changes[:1]
    assert (line.seat, line.before, line.after) == ("sales_director", "100000.00", "120000.00")
    fresh = open_sandbox("fresh", folder=tmp_path)
    with crm.read() as session:
        trail = list(session.scalars(select(tables.Audit).order_by(tables.Audit.audit_id)))
        kept = session.get_one(tables.Proposal, proposal).state
    with fresh.write("rebuild", subject="all", at=NOW) as session:
        rebuild(session, trail)
    with fresh.read() as session:
        assert session.get_one(tables.Proposal, proposal).state == kept == "accepted"
        rebuilt = session.get_one(tables.Customer, CUSTOMER)
        assert (rebuilt.credit_limit, rebuilt.version) == (120_000, 2)
    fresh.close()


def test_of_two_last_reviewers_at_once_one_makes_the_change_and_it_is_made_once(
    crm: Sandbox,
) -> None:
    proposal = limit(crm)
    yes(crm, FINANCE, proposal)
    outcomes: list[object] = []
    together = Barrier(2)

    def say_yes(who: Who) -> None:
        together.wait()
        try:
            outcomes.append(yes(crm, who, proposal))
        except Refused as refusal:
            outcomes.append(str(refusal))

    threads = [Thread(target=say_yes, args=(who,)) for who in (DIRECTOR, OTHER_FINANCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Verdict("accepted", 0) in outcomes
    assert any("it was accepted" in str(outcome) for outcome in outcomes)
    assert current(crm).version == 2


def test_a_proposal_for_another_customer_is_no_business_of_this_one(crm: Sandbox) -> None:
    first = limit(crm)
    (second,) = proposed(crm, {"credit_limit": "120000"}, key=OTHER_CUSTOMER)
    for who in (FINANCE, DIRECTOR):
        yes(crm, who, second)
    assert (current(crm).credit_limit, state(crm, first)) == (100_000, "open")
    assert current(crm, OTHER_CUSTOMER).credit_limit == 120_000
