"""Prices live in lists: which one holds, which held before, and what a list refuses."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.booking.book import book
from crmlab.crm.booking.prices import before, prices_for
from crmlab.errors import Refused
from tests.crm.listed import price_on
from tests.crm.own_rows import (
    ABROAD,
    BASE,
    CUSTOMER,
    OTHER_CUSTOMER,
    OTHER_PRODUCT,
    OWN,
    PRODUCT,
    insert,
    little_company,
    put,
)

DAY = date(2026, 5, 20)


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = create_engine("sqlite://")
    tables.Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        insert(session, *little_company())
    return engine


def price(session: Session, customer: str | None, day: date = DAY) -> Decimal | None:
    found = price_on(session, PRODUCT, customer, day)
    return found.price if found else None


def old_price(session: Session, customer: str | None, day: date = DAY) -> Decimal | None:
    found = before(
        prices_for(session, PRODUCT, customer), price_on(session, PRODUCT, customer, day)
    )
    return found.price if found else None


def test_a_customers_own_list_goes_before_the_base_list(crm: Session) -> None:
    put(crm, "100", "2026-01-01")
    put(crm, "90", "2026-01-01", price_list_id=OWN)
    assert (price(crm, CUSTOMER), price(crm, OTHER_CUSTOMER), price(crm, None)) == (90, 100, 100)


def test_a_list_price_says_its_list_and_how_long_it_holds(crm: Session) -> None:
    put(crm, "90", "2026-01-01", "2026-06-30", price_list_id=OWN)
    found = price_on(crm, PRODUCT, CUSTOMER, DAY)
    assert found is not None
    assert (found.price_list_id, found.list_name, found.currency) == (OWN, "Agreed", "CNY")
    assert (found.valid_from, found.valid_to) == (date(2026, 1, 1), date(2026, 6, 30))


def test_a_price_holds_on_its_first_and_its_last_day_and_on_no_other(crm: Session) -> None:
    put(crm, "100", "2026-05-01", "2026-05-20")
    days = [date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 20), date(2026, 5, 21)]
    assert [price(crm, CUSTOMER, day) for day in days] == [None, 100, 100, None]


def test_when_the_own_list_has_ended_the_base_list_holds_again(crm: Session) -> None:
    put(crm, "100", "2026-01-01")
    put(crm, "90", "2026-01-01", "2026-05-19", price_list_id=OWN)
    assert price(crm, CUSTOMER, DAY - timedelta(days=1)) == 90
    assert price(crm, CUSTOMER) == 100


def test_a_list_in_another_currency_is_no_price_for_a_customer(crm: Session) -> None:
    put(crm, "100", "2026-01-01")
    assert price(crm, ABROAD) is None
    columns = {"name": "Base in euro", "currency": "EUR", "valid_from": "2026-01-01"}
    euro = book(crm, "price_list", "PL-T-EUR", columns)
    put(crm, "13", "2026-01-01", price_list_id=euro)
    assert (price(crm, ABROAD), price(crm, CUSTOMER)) == (13, 100)


def test_the_price_before_is_the_one_before_on_the_same_list(crm: Session) -> None:
    put(crm, "100", "2026-01-01")
    put(crm, "80", "2025-01-01", "2025-12-31", price_list_id=OWN)
    put(crm, "85", "2026-02-01", "2026-04-30", price_list_id=OWN)
    put(crm, "90", "2026-05-01", price_list_id=OWN)
    assert old_price(crm, CUSTOMER) == 85
    assert old_price(crm, CUSTOMER, date(2026, 3, 1)) == 80


def test_the_price_before_an_own_list_is_what_the_base_list_said(crm: Session) -> None:
    put(crm, "100", "2026-01-01")
    put(crm, "90", "2026-05-01", price_list_id=OWN)
    assert old_price(crm, CUSTOMER) == 100


def test_without_a_price_or_an_earlier_one_there_is_none_before(crm: Session) -> None:
    assert old_price(crm, CUSTOMER) is None
    put(crm, "100", "2026-01-01")
    assert old_price(crm, CUSTOMER) is None


@pytest.mark.parametrize(
    ("starts", "ends", "at_fault", "said"),
    [
        ("2026-03-01", "2026-03-31", "valid_from", "from 1 Mar 2026 to 31 Mar 2026"),
        ("2026-06-30", None, "valid_from", "from 30 Jun 2026 on"),
        ("2025-06-01", "2026-01-01", "valid_to", "from 1 Jun 2025 to 1 Jan 2026"),
        ("2025-06-01", None, "valid_to", "from 1 Jun 2025 on"),
        ("2026-01-01", "2026-06-30", "valid_from", "from 1 Jan 2026 to 30 Jun 2026"),
    ],
)
def test_a_price_that_overlaps_another_names_both_periods_at_the_field(
    crm: Session, starts: str, ends: str | None, at_fault: str, said: str
) -> None:
    put(crm, "100", "2026-01-01", "2026-06-30")
    with pytest.raises(Refused) as refusal:
        put(crm, "110", starts, ends)
    assert list(refusal.value.fields) == [at_fault]
    sentence = refusal.value.fields[at_fault]
    assert "from 1 Jan 2026 to 30 Jun 2026" in sentence
    assert said in sentence
    assert "'Base of the tests'" in sentence
    assert PRODUCT in sentence


def test_prices_that_follow_each_other_do_not_overlap(crm: Session) -> None:
    put(crm, "100", "2026-01-01", "2026-06-30")
    put(crm, "110", "2026-07-01")
    put(crm, "95", "2025-01-01", "2025-12-31")
    put(crm, "7", "2026-03-01", product_id=OTHER_PRODUCT)
    put(crm, "90", "2026-03-01", price_list_id=OWN)
    assert price(crm, None, date(2026, 6, 30)) == 100
    assert price(crm, None, date(2026, 7, 1)) == 110


def test_a_price_is_not_held_against_itself(crm: Session) -> None:
    key = put(crm, "100", "2026-01-01", "2026-06-30")
    assert put(crm, "105", "2026-01-01", "2026-12-31", existing_key=key) == key
    assert price(crm, None, date(2026, 12, 31)) == 105


def test_a_price_can_be_ended_and_the_rest_of_it_stays(crm: Session) -> None:
    key = put(crm, "100", "2026-01-01")
    book(crm, "price", None, {"valid_to": "2026-06-30"}, existing_key=key)
    row = crm.get_one(tables.Price, key)
    assert (row.unit_price, row.valid_to) == (100, date(2026, 6, 30))


def test_a_price_that_begins_on_the_same_day_again_gets_a_key_of_its_own(crm: Session) -> None:
    key = put(crm, "100", "2026-01-01")
    book(crm, "price", None, {"valid_from": "2026-02-01"}, existing_key=key)
    assert put(crm, "95", "2026-01-01", "2026-01-31") != key


@pytest.mark.parametrize(
    ("columns", "at_fault", "sentence"),
    [
        ({"unit_price": "0"}, "unit_price", "A price is above zero; ¥0 is not."),
        ({"unit_price": "-3480"}, "unit_price", "A price is above zero; ¥-3,480 is not."),
        ({"unit_price": "cheap"}, "unit_price", "'Unit price' is a number, such as 12."),
        ({"unit_price": "NaN"}, "unit_price", "'Unit price' is a number, such as 12."),
        ({"unit_price": True}, "unit_price", "'Unit price' is a number, such as 12."),
        ({"unit_price": "1e30"}, "unit_price", "'Unit price' is larger than the CRM can hold."),
        ({"unit_price": " "}, "unit_price", "'Unit price' is missing."),
        ({"valid_from": "2014-12-31"}, "valid_from", "before 1 Jan 2015, when the company began"),
        ({"valid_from": "2620-01-01"}, "valid_from", "'Valid from' lies in the year 2620"),
        ({"valid_from": "soon"}, "valid_from", "'Valid from' is a date, such as 2026-05-12."),
        ({"valid_to": "2025-12-31"}, "valid_to", "1 Jan 2026 comes after 31 Dec 2025"),
        ({"price_list_id": "PL-NONE"}, "price_list_id", "'PL-NONE' is not in the CRM"),
        ({"product_id": "XX-99"}, "product_id", "'XX-99' is not in the CRM"),
    ],
)
def test_what_cannot_be_a_price_is_refused_at_its_field(
    crm: Session, columns: dict[str, object], at_fault: str, sentence: str
) -> None:
    right = {
        "price_list_id": BASE,
        "product_id": PRODUCT,
        "unit_price": "100",
        "valid_from": "2026-01-01",
    }
    with pytest.raises(Refused) as refusal:
        book(crm, "price", None, {**right, **columns})
    assert list(refusal.value.fields) == [at_fault]
    assert sentence in refusal.value.fields[at_fault]
    assert price(crm, None) is None


def test_all_faults_of_a_price_are_told_at_once(crm: Session) -> None:
    with pytest.raises(Refused) as refusal:
        put(crm, "-1", "1999-01-01", product_id="XX-99")
    assert list(refusal.value.fields) == ["product_id", "unit_price", "valid_from"]


def test_a_list_for_a_customer_is_in_the_customers_currency(crm: Session) -> None:
    columns = {"name": "For the brewery", "customer_id": ABROAD, "valid_from": "2026-01-01"}
    with pytest.raises(Refused) as refusal:
        book(crm, "price_list", "PL-903", {**columns, "currency": "CNY"})
    assert refusal.value.fields == {"currency": "The list is in CNY, but its customer pays in EUR."}
    assert (
        crm.get_one(tables.PriceList, book(crm, "price_list", "PL-903", columns)).currency == "EUR"
    )


def test_a_price_is_refused_on_a_list_that_is_not_in_its_customers_currency(crm: Session) -> None:
    crm.get_one(tables.PriceList, OWN).currency = "USD"  # as an import could leave it
    with pytest.raises(Refused) as refusal:
        put(crm, "100", "2026-01-01", price_list_id=OWN)
    assert list(refusal.value.fields) == ["price_list_id"]
    assert "is in USD and its customer CU-901 pays in CNY" in str(refusal.value)


@pytest.mark.parametrize("code", ["ZZZ", "yuan", "cny"])
def test_a_list_in_what_is_no_currency_is_refused(crm: Session, code: str) -> None:
    columns = {"name": "Odd", "currency": code, "valid_from": "2026-01-01"}
    with pytest.raises(Refused) as refusal:
        book(crm, "price_list", "PL-X", columns)
    assert list(refusal.value.fields) == ["currency"]


def test_the_currency_of_a_list_with_prices_stays(crm: Session) -> None:
    put(crm, "100", "2026-01-01")
    with pytest.raises(Refused, match="its currency stays"):
        book(crm, "price_list", None, {"currency": "EUR"}, existing_key=BASE)


PERIODS = st.tuples(st.integers(0, 60), st.one_of(st.none(), st.integers(-2, 20)))


@settings(max_examples=60)
@given(tries=st.lists(PERIODS, max_size=12))
def test_whatever_is_tried_no_day_has_two_prices_on_one_list(
    engine: Engine, tries: list[tuple[int, int | None]]
) -> None:
    first = date(2026, 1, 1)
    taken: set[date] = set()
    horizon = [first + timedelta(days=n) for n in range(100)]
    with Session(engine) as session:  # it is never committed
        for starts_after, lasts in tries:
            starts = first + timedelta(days=starts_after)
            ends = None if lasts is None else starts + timedelta(days=lasts)
            wanted = {day for day in horizon if starts <= day and (ends is None or day <= ends)}
            fits = bool(wanted) and not wanted & taken
            try:
                put(session, "10", starts.isoformat(), ends.isoformat() if ends else None)
                assert fits
                taken |= wanted
            except Refused:
                assert not fits
        prices = list(session.scalars(select(tables.Price)))
        for day in horizon:
            holds = [
                row for row in prices if row.valid_from <= day and day <= (row.valid_to or day)
            ]
            assert len(holds) == (day in taken)
