"""Price lists by form: proposed, agreed upon by two others, and then quoted from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.access.browse import look
from crmlab.crm.access.history import history
from crmlab.crm.access.permissions import Who
from crmlab.crm.base.master import change, create
from crmlab.crm.base.review import Verdict, review
from crmlab.crm.base.waiting import WHOLE
from crmlab.crm.booking.book import book
from crmlab.crm.booking.prices import before, prices_for
from crmlab.crm.store.audit import trail_of
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Denied, Refused
from crmlab.practice.session import Practice
from crmlab.procedures import load
from crmlab.procedures.walk import right_fields
from tests.crm.listed import price_on
from tests.crm.own_rows import (
    ABROAD,
    BASE,
    CUSTOMER,
    DIRECTOR,
    FINANCE,
    INSIDE,
    NOW,
    OTHER_CUSTOMER,
    OTHER_FINANCE,
    PRODUCT,
    REPRESENTATIVE,
    STEWARD,
    WAREHOUSE,
    add,
    little_company,
    put,
)

DAY = timedelta(days=1)
AGREED = {
    "name": "Wuyi Tea House, agreed prices",
    "customer_id": OTHER_CUSTOMER,
    "valid_from": "2026-06-01",
    "valid_to": "2026-12-31",
}


@pytest.fixture
def crm(sandbox: Sandbox) -> Sandbox:
    add(sandbox, *little_company())
    return sandbox


def proposed(crm: Sandbox, who: Who = STEWARD, kind: str = "price_list", **entries: Any) -> str:
    """What is proposed of something new; its proposal."""
    return create(crm, who, kind, entries, NOW).waiting[WHOLE]


def agreed(crm: Sandbox, proposal: str) -> Verdict:
    review(crm, FINANCE, proposal, True, "", NOW)
    return review(crm, DIRECTOR, proposal, True, "", NOW)


def new_list(crm: Sandbox, **entries: Any) -> str:
    """A list that is in force as its form says; its key."""
    outcome = create(crm, STEWARD, "price_list", {**AGREED, **entries}, NOW)
    assert agreed(crm, outcome.waiting[WHOLE]) == Verdict("accepted", 0)
    return outcome.key


def new_price(crm: Sandbox, on: str, unit_price: str, starts: str, product: str = PRODUCT) -> None:
    entries = {"price_list_id": on, "product_id": product, "unit_price": unit_price}
    agreed(crm, proposed(crm, kind="price", **entries, valid_from=starts))


def faults_of(crm: Sandbox, do: Callable[[], object]) -> dict[str, str]:
    """What a refusal says by field; no list and no proposal may have come of it."""
    before_it = counted(crm)
    with pytest.raises(Refused) as refusal:
        do()
    assert counted(crm) == before_it
    return refusal.value.fields


def counted(crm: Sandbox) -> list[int]:
    with crm.read() as session:
        return [session.query(table).count() for table in (tables.PriceList, tables.Proposal)]


def price_of(crm: Sandbox, customer: str, day: str) -> tuple[Decimal, str] | None:
    with crm.read() as session:
        found = price_on(session, PRODUCT, customer, date.fromisoformat(day))
        return (found.price, found.price_list_id) if found else None


# Making a list ------------------------------------------------------------------------------------


def test_a_list_holds_when_two_others_have_said_yes_and_keeps_its_number(crm: Sandbox) -> None:
    outcome = create(crm, STEWARD, "price_list", AGREED, NOW)
    assert (outcome.key, outcome.version, list(outcome.waiting)) == ("PL-001", None, [WHOLE])
    second = proposed(crm, name="For the brewery", customer_id=ABROAD, valid_from="2026-06-01")
    assert review(crm, FINANCE, outcome.waiting[WHOLE], True, "", NOW) == Verdict("open", 1)
    with crm.read() as session:
        assert session.get(tables.PriceList, outcome.key) is None
    agreed(crm, second)
    assert review(crm, DIRECTOR, outcome.waiting[WHOLE], True, "", NOW).state == "accepted"
    with crm.read() as session:
        lists = tables.PriceList
        new = session.scalars(select(lists).where(lists.price_list_id.in_(["PL-001", "PL-002"])))
        assert {row.price_list_id: (row.customer_id, row.currency) for row in new} == {
            "PL-001": (OTHER_CUSTOMER, "CNY"),
            "PL-002": (ABROAD, "EUR"),
        }
        row = session.get_one(lists, "PL-001")
    assert (row.valid_from, row.valid_to) == (date(2026, 6, 1), date(2026, 12, 31))
    assert row.version == 1


def test_its_reviewers_read_the_currency_that_nobody_has_entered(crm: Sandbox) -> None:
    entries = {"customer_id": ABROAD, "valid_from": "2026-06-01", "name": "For the brewery"}
    proposal = proposed(crm, **entries)
    with crm.read() as session:
        assert '"currency": "EUR"' in str(session.get_one(tables.Proposal, proposal).after)


@pytest.mark.parametrize(
    ("entries", "at_fault", "sentence"),
    [
        ({"name": ""}, "name", "'Name' is missing."),
        ({"name": "x" * 201}, "name", "'Name' has 201 characters; it takes 200."),
        ({"customer_id": "CU-000"}, "customer_id", "'CU-000' is not in the CRM"),
        ({"currency": "yuan"}, "currency", "A currency has three capital letters"),
        ({"currency": "QQQ", "customer_id": ""}, "currency", "'QQQ' is not a currency"),
        ({"currency": "EUR"}, "currency", "The list is in EUR, but its customer pays in CNY."),
        ({"valid_from": ""}, "valid_from", "'Valid from' is missing."),
        ({"valid_from": "2014-12-31"}, "valid_from", "before 1 Jan 2015, when the company began"),
        ({"valid_from": "soon"}, "valid_from", "'Valid from' is a date"),
        ({"valid_to": "2014-12-31"}, "valid_to", "before 1 Jan 2015, when the company began"),
        ({"valid_to": "2026-05-31"}, "valid_to", "1 Jun 2026 comes after 31 May 2026"),
        ({"price_list_id": "PL-1"}, "price_list_id", "There is no 'price_list_id' here"),
        ({"version": 9}, "version", "There is no 'version' here"),
    ],
)
def test_what_cannot_be_a_list_is_refused_at_its_field(
    crm: Sandbox, entries: dict[str, Any], at_fault: str, sentence: str
) -> None:
    faults = faults_of(crm, lambda: proposed(crm, **{**AGREED, **entries}))
    assert list(faults) == [at_fault]
    assert sentence in faults[at_fault]


@pytest.mark.parametrize(
    ("stretch", "at_fault"),
    [
        (("2026-06-01", "2026-12-31"), "valid_from"),
        (("2026-12-31", ""), "valid_from"),
        (("2026-05-01", "2026-06-01"), "valid_to"),
        (("2026-05-01", ""), "valid_to"),
    ],
)
def test_two_lists_of_one_customer_do_not_overlap(
    crm: Sandbox, stretch: tuple[str, str], at_fault: str
) -> None:
    key = new_list(crm)
    again = {**AGREED, "name": "Another", "valid_from": stretch[0], "valid_to": stretch[1]}
    faults = faults_of(crm, lambda: proposed(crm, **again))
    assert list(faults) == [at_fault]
    for said in (OTHER_CUSTOMER, AGREED["name"], key, "from 1 Jun 2026 to 31 Dec 2026"):
        assert said in faults[at_fault]


def test_lists_that_follow_each_other_and_those_of_others_do_not_overlap(crm: Sandbox) -> None:
    new_list(crm)
    new_list(crm, valid_from="2027-01-01", valid_to="")
    new_list(crm, valid_from="2026-01-01", valid_to="2026-05-31")
    new_list(crm, customer_id=ABROAD)
    new_list(crm, customer_id="", currency="EUR", valid_to="")


def test_a_base_list_is_held_against_the_base_lists_of_its_currency_alone(crm: Sandbox) -> None:
    base = {"name": "Summer", "valid_from": "2026-06-01"}
    faults = faults_of(crm, lambda: proposed(crm, **base))
    assert list(faults) == ["valid_from"]
    assert "There is a base list in CNY from 1 Jan 2015 on already" in faults["valid_from"]
    assert proposed(crm, **base, currency="USD")


def test_of_two_lists_that_overlap_the_second_is_refused_when_it_would_hold(crm: Sandbox) -> None:
    first, second = proposed(crm, **AGREED), proposed(crm, **AGREED)
    agreed(crm, first)
    review(crm, FINANCE, second, True, "", NOW)
    with pytest.raises(Refused) as refusal:
        review(crm, DIRECTOR, second, True, "", NOW)
    assert "valid_from" in refusal.value.fields


@pytest.mark.parametrize("name", ["'; DROP TABLE price_lists;--", "<b>x</b>", "🐉" * 200])
def test_any_name_is_kept_as_it_is(crm: Sandbox, name: str) -> None:
    key = new_list(crm, name=name)
    assert look(crm, STEWARD, "price_list", key, at=NOW).values["name"] == name


@pytest.mark.parametrize("who", [REPRESENTATIVE, WAREHOUSE, DIRECTOR])
def test_a_seat_that_makes_no_base_data_makes_no_list_and_that_is_on_record(
    crm: Sandbox, who: Who
) -> None:
    with pytest.raises(Denied, match="you may create no base data; ask the") as denial:
        proposed(crm, who, **AGREED)
    assert denial.value.rule == f"{who.seat}.create"
    with crm.read() as session:
        assert trail_of(session, "price_list")[-1].operation == "denied"


def test_inside_sales_makes_lists_for_the_customers_of_its_branch(crm: Sandbox) -> None:
    with crm.write("move", subject=ABROAD, at=NOW) as session:
        session.get_one(tables.Customer, ABROAD).branch = "South"
    with pytest.raises(Denied, match="your branch's customers only"):
        proposed(crm, INSIDE, **{**AGREED, "customer_id": ABROAD})
    assert proposed(crm, INSIDE, **AGREED)


# Changing one -------------------------------------------------------------------------------------


def test_its_end_weighs_as_much_as_a_price_and_its_history_tells(crm: Sandbox) -> None:
    key = new_list(crm, valid_to="")
    waiting = change(
        crm, FINANCE, "price_list", key, 1, {"valid_to": "2026-09-30", "name": "Until autumn"}, NOW
    ).waiting
    assert list(waiting) == ["name", "valid_to"]
    with crm.read() as session:
        weights = [session.get_one(tables.Proposal, p).reviews_needed for p in waiting.values()]
    assert weights == [1, 2]
    for who in (DIRECTOR, OTHER_FINANCE):
        review(crm, who, waiting["valid_to"], True, "", NOW)
    told = history(crm, STEWARD, "price_list", key, "valid_to", at=NOW).changes
    assert [(one.before, one.after, one.seat) for one in told] == [
        (None, "2026-09-30", "finance_controller")
    ]
    assert look(crm, STEWARD, "price_list", key, at=NOW).version == 2


def test_whose_it_is_and_its_currency_stay(crm: Sandbox) -> None:
    key = new_list(crm)
    entries = {"customer_id": CUSTOMER, "currency": "USD"}
    faults = faults_of(crm, lambda: change(crm, STEWARD, "price_list", key, 1, entries, NOW))
    assert list(faults) == ["customer_id", "currency"]
    assert "stays as it was made; make another record" in faults["currency"]


def test_a_list_cannot_be_stretched_over_the_next_one(crm: Sandbox) -> None:
    key = new_list(crm)
    new_list(crm, valid_from="2027-01-01", valid_to="")
    longer = {"valid_to": "2027-01-01"}
    faults = faults_of(crm, lambda: change(crm, STEWARD, "price_list", key, 1, longer, NOW))
    assert list(faults) == ["valid_to"]


# What holds ---------------------------------------------------------------------------------------


def test_a_price_waits_for_its_list(crm: Sandbox) -> None:
    outcome = create(crm, STEWARD, "price_list", AGREED, NOW)
    entries = {"price_list_id": outcome.key, "product_id": PRODUCT, "unit_price": "90",
               "valid_from": "2026-06-01"}  # fmt: skip
    faults = faults_of(crm, lambda: proposed(crm, kind="price", **entries))
    assert faults == {
        "price_list_id": "PL-001 is not there yet: it waits for review by Finance controller, "
        f"Sales director, General manager ({outcome.waiting[WHOLE]})."
    }
    agreed(crm, outcome.waiting[WHOLE])
    agreed(crm, proposed(crm, kind="price", **entries))
    assert price_of(crm, OTHER_CUSTOMER, "2026-06-01") == (90, "PL-001")


# What has ended ------------------------------------------------------------------------------------


def price_until(crm: Sandbox, last: date) -> str:
    """A price of the base list that holds until this day; its key."""
    with crm.write("prepare", subject="price", at=NOW) as session:
        return put(session, "100", "2026-01-01", last.isoformat())


@pytest.mark.parametrize(
    "changes",
    [
        {"unit_price": "95"},
        {"valid_to": ""},
        {"valid_from": "2026-04-01", "valid_to": "2026-12-31"},
    ],
)
def test_a_price_that_has_ended_stays_as_it_was(crm: Sandbox, changes: dict[str, str]) -> None:
    key = price_until(crm, NOW.date() - DAY)
    faults = faults_of(crm, lambda: change(crm, STEWARD, "price", key, 1, changes, NOW))
    assert set(faults) == set(changes)
    (told,) = set(faults.values())
    assert told == (
        "This price ended on 19 May 2026 and stays as it was; enter a new price that holds from "
        "20 May 2026 on."
    )


def test_on_its_last_day_a_price_can_still_be_changed(crm: Sandbox) -> None:
    key = price_until(crm, NOW.date())
    (proposal,) = change(crm, STEWARD, "price", key, 1, {"unit_price": "95"}, NOW).waiting.values()
    assert review(crm, FINANCE, proposal, True, "", NOW) == Verdict("open", 1)
    with pytest.raises(Refused, match="This price ended on") as refusal:
        review(crm, DIRECTOR, proposal, True, "", NOW + DAY)
    assert list(refusal.value.fields) == ["unit_price"]
    assert review(crm, DIRECTOR, proposal, False, "It is over.", NOW + DAY).state == "rejected"


def test_a_price_ends_with_its_list_and_the_list_can_still_be_named(crm: Sandbox) -> None:
    ends = {"valid_from": "2026-01-01", "valid_to": (NOW.date() + DAY).isoformat()}
    on = new_list(crm, **ends)
    new_price(crm, on, "90", ends["valid_from"])
    later, price = NOW + 2 * DAY, f"{on}/{PRODUCT}/2026-01-01"
    for kind, key, entries in (
        ("price", price, {"unit_price": "95"}),
        ("price_list", on, {"valid_to": "2026-12-31"}),
    ):
        faults = faults_of(crm, lambda: change(crm, STEWARD, kind, key, 1, entries, later))  # noqa: B023
        assert list(faults) == list(entries)
    assert change(crm, STEWARD, "price_list", on, 1, {"name": "Spring"}, later).waiting


def test_a_customers_list_goes_before_the_base_list_from_its_first_day_to_its_last(
    crm: Sandbox,
) -> None:
    new_price(crm, BASE, "100", "2026-01-01")
    key = new_list(crm)
    new_price(crm, key, "90", "2026-06-01")  # the price itself has no end
    found = [
        price_of(crm, OTHER_CUSTOMER, day)
        for day in ("2026-05-31", "2026-06-01", "2026-12-31", "2027-01-01")
    ]
    assert found == [(100, BASE), (90, key), (90, key), (100, BASE)]
    assert price_of(crm, CUSTOMER, "2026-06-01") == (100, BASE)


def test_of_two_lists_of_a_customer_the_one_of_the_day_holds(crm: Sandbox) -> None:
    new_price(crm, BASE, "100", "2026-01-01")
    first = new_list(crm)
    second = new_list(crm, valid_from="2027-01-01", valid_to="")
    new_price(crm, first, "90", "2026-06-01")
    new_price(crm, second, "95", "2027-01-01")
    assert price_of(crm, OTHER_CUSTOMER, "2026-12-31") == (90, first)
    assert price_of(crm, OTHER_CUSTOMER, "2027-01-01") == (95, second)
    with crm.read() as session:
        listed = prices_for(session, PRODUCT, OTHER_CUSTOMER)
        now = price_on(session, PRODUCT, OTHER_CUSTOMER, date(2027, 3, 1))
        assert now is not None
        was = before(listed, now)
        assert was is not None
        assert (was.price, was.valid_to) == (90, date(2026, 12, 31))


@pytest.mark.parametrize(
    ("starts", "ends", "at_fault"),
    [
        ("2026-05-31", "", ["valid_from"]),
        ("2027-01-01", "", ["valid_from"]),
        ("2026-07-01", "2027-01-01", ["valid_to"]),
        ("2026-05-31", "2027-01-01", ["valid_from", "valid_to"]),
    ],
)
def test_a_price_is_refused_for_days_on_which_its_list_does_not_hold(
    crm: Sandbox, starts: str, ends: str, at_fault: list[str]
) -> None:
    key = new_list(crm)
    entries = {"price_list_id": key, "product_id": PRODUCT, "unit_price": "90"}
    faults = faults_of(
        crm, lambda: proposed(crm, kind="price", **entries, valid_from=starts, valid_to=ends)
    )
    assert list(faults) == at_fault
    for sentence in faults.values():
        assert "holds from 1 Jun 2026 to 31 Dec 2026; choose a day of it." in sentence


def test_a_list_that_is_cut_short_takes_its_prices_with_it_and_they_can_still_be_changed(
    crm: Sandbox,
) -> None:
    key = new_list(crm)
    new_price(crm, key, "90", "2026-06-01")
    ends = change(crm, STEWARD, "price_list", key, 1, {"valid_to": "2026-06-30"}, NOW).waiting
    agreed(crm, ends["valid_to"])
    assert price_of(crm, OTHER_CUSTOMER, "2026-07-01") is None
    with crm.read() as session:
        price = session.scalars(select(tables.Price).where(tables.Price.price_list_id == key)).one()
    dearer = change(crm, STEWARD, "price", price.price_id, 1, {"unit_price": "91"}, NOW).waiting
    agreed(crm, dearer["unit_price"])
    assert price_of(crm, OTHER_CUSTOMER, "2026-06-30") == (91, key)


def test_a_list_of_the_customers_own_decides_the_next_quote(sandbox: Sandbox) -> None:
    """The same offer with and without the list: below the base list it needs the manager's word,
    at the price agreed with the customer it needs nobody's."""
    sale = load("lead_to_cash")
    add(sandbox, *little_company())
    practice = Practice(sale, sandbox)

    def quoted(case_id: str, price_list: str) -> tuple[str | None, Decimal | None]:
        case = practice.open(case_id)
        while case.step != "quote":
            case = practice.hand_over(case, right_fields(sale, case)).case
        offer = {**right_fields(sale, case), "unit_price": "3400", "price_list": price_list}
        offered = practice.hand_over(case, {**offer, "offered_as": "subject"}).case
        with sandbox.read() as session:
            line = session.query(tables.QuoteLine).filter_by(quote_id=offered.records["quote"])
            return offered.step, line.one().list_price

    assert quoted("L-2001", "PL-BASE") == ("approve_by_manager", Decimal("3480.00"))
    sandbox.reset()
    add(sandbox, *little_company())
    key = new_list(
        sandbox, name="Harbour Heat", customer_id="CU-015", valid_from="2026-05-01", valid_to=""
    )
    new_price(sandbox, key, "3400", "2026-05-01", product="LP-40")
    assert quoted("L-2001", key) == ("win_order", Decimal("3400.00"))


STRETCHES = st.tuples(st.integers(0, 60), st.one_of(st.none(), st.integers(-2, 20)))


@settings(max_examples=60)
@given(tries=st.lists(STRETCHES, max_size=12))
def test_whatever_is_tried_no_day_has_two_lists_of_one_customer(
    tries: list[tuple[int, int | None]],
) -> None:
    engine = create_engine("sqlite://")
    tables.Base.metadata.create_all(engine)
    first = date(2026, 1, 1)
    taken: set[date] = set()
    horizon = [first + timedelta(days=n) for n in range(100)]
    with Session(engine) as session:
        for row in little_company():
            session.add(row)
            session.flush()
        for starts_after, lasts in tries:
            starts = first + timedelta(days=starts_after)
            ends = None if lasts is None else starts + timedelta(days=lasts)
            wanted = {day for day in horizon if starts <= day and (ends is None or day <= ends)}
            fits = bool(wanted) and not wanted & taken
            columns = {"name": "Tea", "customer_id": OTHER_CUSTOMER}
            days = {"valid_from": starts.isoformat(), "valid_to": ends and ends.isoformat()}
            try:
                key = book(session, "price_list", None, {**columns, **days})
                assert fits
                taken |= wanted
                put(session, "90", starts.isoformat(), price_list_id=key)
            except Refused:
                assert not fits
        for day in horizon:
            assert bool(price_on(session, PRODUCT, OTHER_CUSTOMER, day)) == (day in taken)
