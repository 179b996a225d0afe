"""How a customer's credit stands, and the sum that is shown."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.booking.book import book
from crmlab.crm.booking.computed import COMPUTED, Reckoning
from crmlab.crm.booking.credit import CreditStanding, open_amount, standing
from crmlab.errors import SandboxError
from tests.crm.own_rows import (
    ABROAD,
    BATCH,
    CUSTOMER,
    NOW,
    OTHER_CUSTOMER,
    OWN,
    PRODUCT,
    customer,
    insert,
    invoiced,
    money,
    ordered,
    paid,
    put,
    shipped,
)

LATER = NOW + timedelta(days=3)


def sold(
    session: Session, amount: str, at: datetime = NOW, customer_id: str = CUSTOMER, **more: str
) -> str:
    """One piece, ordered, shipped and invoiced at one moment; the invoice's key."""
    order, line = ordered(session, 1, amount, customer_id=customer_id, at=at, **more)
    shipped(session, order, line, 1, None, at=at)
    return invoiced(session, order, at=at)


def sums(stands: CreditStanding) -> tuple[Decimal, Decimal, int]:
    return stands.receivables, stands.open_orders, stands.overdue_days


def test_somebody_new_owes_nothing_and_has_all_of_the_limit(crm: Session) -> None:
    stands = standing(crm, CUSTOMER, NOW)
    assert sums(stands) == (0, 0, 0)
    assert (stands.limit, stands.exposure, stands.room) == (100_000, 0, 100_000)


def test_what_is_ordered_counts_until_it_is_invoiced_and_then_until_it_is_paid(
    crm: Session,
) -> None:
    order, line = ordered(crm, 10, "1000")
    assert sums(standing(crm, CUSTOMER, NOW)) == (0, 10_000, 0)
    shipped(crm, order, line)
    assert sums(standing(crm, CUSTOMER, NOW)) == (0, 10_000, 0)
    invoice = invoiced(crm, order)
    assert sums(standing(crm, CUSTOMER, NOW)) == (10_000, 0, 0)
    paid(crm, invoice, "4000.50")
    assert sums(standing(crm, CUSTOMER, NOW)) == (money("5999.50"), 0, 0)
    assert open_amount(crm, crm.get_one(tables.Invoice, invoice)) == money("5999.50")
    paid(crm, invoice, "5999.50")
    assert standing(crm, CUSTOMER, NOW).exposure == 0


def test_others_do_not_count(crm: Session) -> None:
    ordered(crm, customer_id=OTHER_CUSTOMER)
    sold(crm, "700", customer_id=OTHER_CUSTOMER)
    assert standing(crm, CUSTOMER, LATER).exposure == 0


def test_what_happened_later_does_not_count_yet(crm: Session) -> None:
    invoice = sold(crm, "1000")
    paid(crm, invoice, "1000", at=LATER)
    ordered(crm, 1, "300", at=LATER)
    before = NOW - timedelta(seconds=1)
    assert sums(standing(crm, CUSTOMER, before)) == (0, 0, 0)
    assert sums(standing(crm, CUSTOMER, NOW)) == (1000, 0, 0)
    assert sums(standing(crm, CUSTOMER, LATER)) == (0, 300, 0)


def test_an_order_is_open_until_the_moment_of_its_invoice(crm: Session) -> None:
    order, line = ordered(crm, 1, "1000")
    shipped(crm, order, line, 1)
    invoiced(crm, order, at=LATER)
    assert sums(standing(crm, CUSTOMER, NOW)) == (0, 1000, 0)
    assert sums(standing(crm, CUSTOMER, LATER)) == (1000, 0, 0)


def test_a_cases_own_order_is_left_out_before_and_after_its_invoice(crm: Session) -> None:
    crm.get_one(tables.Customer, CUSTOMER).credit_limit = money(110_000)
    sold(crm, "62000")
    ordered(crm, 28, "1000")
    order, line = ordered(crm, 20, "1000", case_id="L-T")
    apart = (money(62_000), money(28_000), 0)
    assert sums(standing(crm, CUSTOMER, NOW, without_case="L-T")) == apart
    assert standing(crm, CUSTOMER, NOW).exposure == 110_000
    shipped(crm, order, line, 20)
    invoiced(crm, order)
    assert sums(standing(crm, CUSTOMER, NOW, without_case="L-T")) == apart
    assert standing(crm, CUSTOMER, NOW).exposure == 110_000


def test_overdue_days_are_those_of_the_oldest_invoice_that_is_not_paid(crm: Session) -> None:
    starts = STANDARD.local(datetime(2026, 1, 10, 9))
    oldest = sold(crm, "100", at=starts)
    sold(crm, "200", at=starts + timedelta(days=10))
    due = date(2026, 2, 9)
    assert crm.get_one(tables.Invoice, oldest).due_on == due

    def overdue(day: date) -> int:
        return standing(
            crm, CUSTOMER, STANDARD.local(datetime(day.year, day.month, day.day, 8))
        ).overdue_days

    assert [overdue(due), overdue(due + timedelta(days=1))] == [0, 1]
    assert overdue(date(2026, 3, 31)) == 50
    paid(crm, oldest, "99.99", at=due_moment(due))
    assert overdue(date(2026, 3, 31)) == 50
    paid(crm, oldest, "0.01", at=due_moment(due))
    assert overdue(date(2026, 3, 31)) == 40


def due_moment(day: date) -> datetime:
    return STANDARD.local(datetime(day.year, day.month, day.day, 10))


def test_ninety_owed_and_twenty_ordered_against_a_limit_of_a_hundred_show_their_sum(
    crm: Session,
) -> None:
    sold(crm, "90000")
    ordered(crm, 20, "1000", case_id="L-T", credit="held")
    stands = standing(crm, CUSTOMER, NOW, without_case="L-T")
    assert stands.over_limit(money(20_000)) == 10_000
    assert stands.sum_sentence(money(20_000)) == "¥90,000 owed + ¥20,000 ordered > limit ¥100,000"


@pytest.mark.parametrize(
    ("limit", "room", "over", "sentence"),
    [
        (money(0), money(-500), money(700), "¥500 owed + ¥200 ordered > limit ¥0"),
        (money(700), money(200), money(0), "¥500 owed + ¥200 ordered ≤ limit ¥700"),
        (money("699.99"), money("199.99"), money("0.01"), "> limit ¥699.99"),
        (None, None, money(0), "¥500 owed + ¥200 ordered, and no limit has been set"),
    ],
)
def test_a_limit_of_nothing_is_a_limit_and_no_limit_is_none(
    limit: Decimal | None, room: Decimal | None, over: Decimal, sentence: str
) -> None:
    stands = CreditStanding(limit, money(500), money(0), 0)
    assert stands.room == room
    assert stands.over_limit(money(200)) == over
    assert stands.sum_sentence(money(200)).endswith(sentence)


def test_the_sum_names_other_orders_and_overdue_days_where_there_are_any() -> None:
    stands = CreditStanding(money(100), money(62), money(28), 1, "EUR")
    assert stands.sum_sentence(money("20.50")) == (
        "EUR 62 owed + EUR 28 in other orders + EUR 20.50 ordered > limit EUR 100; 1 day overdue"
    )


def test_the_sums_are_exact_to_the_fen_whatever_the_amounts(crm: Session) -> None:
    random = Random(33)
    owed = on_order = Decimal(0)
    crm.get_one(tables.Customer, CUSTOMER).credit_limit = money(10**9)
    for number in range(40):
        amount = Decimal(random.randrange(1, 10_000_000)) / 100
        quantity = random.randrange(1, 9)
        order, line = ordered(crm, quantity, str(amount))
        if number % 3 == 0:
            on_order += quantity * amount
            continue
        shipped(crm, order, line, quantity, None)
        invoice = invoiced(crm, order)
        part = (quantity * amount / 3).quantize(Decimal("0.01")) if number % 2 else Decimal("0.01")
        paid(crm, invoice, str(part))
        owed += quantity * amount - part
    assert sums(standing(crm, CUSTOMER, NOW)) == (owed, on_order, 0)


def test_a_customer_who_is_not_there_is_told(crm: Session) -> None:
    with pytest.raises(SandboxError, match="no customer 'CU-000'"):
        standing(crm, "CU-000", NOW)


def test_facts_can_ask_for_what_no_table_has(crm: Session) -> None:
    put(crm, "120", "2025-01-01", "2025-12-31")
    put(crm, "130", "2026-01-01")
    put(crm, "125", "2026-05-21", price_list_id=OWN)
    sold(crm, "900", at=NOW - timedelta(days=40))
    ordered(crm, 1, "50")
    ordered(crm, 1, "70", case_id="L-T")
    known = {"customer": CUSTOMER, "product": PRODUCT}

    def ask(column: str, at: datetime = NOW, **records: str) -> object:
        return COMPUTED[column](Reckoning(crm, {**known, **records}, "L-T", at))

    assert ask("customer.open_receivables") == 900
    assert ask("customer.open_orders") == 50
    assert ask("customer.overdue_days") == 10
    assert ask("customer.overdue_allowed") is None, "unless the house has said"
    of_the_house = Reckoning(crm, known, "L-T", NOW, overdue_allowed=14)
    assert COMPUTED["customer.overdue_allowed"](of_the_house) == 14
    assert (ask("product.list_price"), ask("product.old_list_price")) == (130, 120)
    tomorrow = NOW + timedelta(days=1)
    assert ask("product.list_price", tomorrow) == 125
    assert ask("product.old_list_price", tomorrow) == 130
    assert ask("product.list_price", customer=ABROAD) is None
    assert COMPUTED["product.list_price"](Reckoning(crm, {"product": PRODUCT}, "L-T", NOW)) == 130


def test_the_day_of_a_price_is_the_offices_own(crm: Session) -> None:
    put(crm, "100", "2026-01-01", "2026-05-19")
    put(crm, "110", "2026-05-20")
    just_after_midnight = datetime.fromisoformat("2026-05-19T16:30:00+00:00")
    known = {"customer": CUSTOMER, "product": PRODUCT}
    assert COMPUTED["product.list_price"](Reckoning(crm, known, "L-T", just_after_midnight)) == 110


def test_what_was_shipped_from_stock_is_owed_at_the_prices_ordered(crm: Session) -> None:
    insert(crm, customer("CU-909", payment_days=0))
    order, line = ordered(crm, 12, "3480", customer_id="CU-909")
    shipped(crm, order, line, 12, BATCH)
    invoice = crm.get_one(tables.Invoice, invoiced(crm, order))
    assert (invoice.amount, invoice.due_on) == (41_760, date(2026, 5, 20))
    assert standing(crm, "CU-909", NOW).receivables == 41_760


def test_a_check_of_credit_keeps_the_sum_as_it_was(crm: Session) -> None:
    order, _line = ordered(crm, 20, "1000", credit="held")
    check = book(
        crm,
        "credit_check",
        None,
        {
            "order_id": order,
            "credit_limit": "100000",
            "receivables": "90000",
            "open_orders": "0",
            "order_amount": "20000",
            "overdue_days": 0,
            "decision": "held",
            "decided_at": NOW,
        },
    )
    row = crm.get_one(tables.CreditCheck, check)
    assert (row.customer_id, row.receivables, row.credit_limit) == (CUSTOMER, 90_000, 100_000)
