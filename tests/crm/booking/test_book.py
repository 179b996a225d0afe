"""What is booked hangs together, or is refused by the column at fault."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.booking.book import book
from crmlab.errors import ProcedureError, Refused
from tests.crm.own_rows import (
    ABROAD,
    BATCH,
    BATCH_OF_ANOTHER,
    CUSTOMER,
    NOW,
    OTHER_BATCH,
    OTHER_CUSTOMER,
    OTHER_PRODUCT,
    PRODUCT,
    REPRESENTATIVE,
    batch,
    insert,
    invoiced,
    ordered,
    paid,
    shipped,
)

LATER = NOW + timedelta(days=2)


def refused(
    session: Session, kind: str, columns: dict[str, Any], existing_key: str | None = None
) -> dict[str, str]:
    """What speaks against booking this, by column; nothing may have been written."""
    before = count(session)
    with pytest.raises(Refused) as refusal:
        book(session, kind, None, columns, existing_key)
    assert count(session) == before
    assert str(refusal.value) == " ".join(refusal.value.fields.values())
    return refusal.value.fields


def count(session: Session) -> dict[str, int]:
    mappers = tables.Base.registry.mappers
    return {
        mapper.class_.__tablename__: session.scalar(select(func.count()).select_from(mapper.class_))
        for mapper in mappers
        if not mapper.class_.__tablename__.startswith("audit")
    }


def stock(session: Session, batch_no: str = BATCH) -> int:
    return session.get_one(tables.Batch, batch_no).in_stock


# The way of an order ------------------------------------------------------------------------------


def test_an_order_goes_its_way_and_each_record_says_what_follows_from_the_others(
    crm: Session,
) -> None:
    order, line = ordered(crm, 12, "3300", case_id="L-T")
    shipment, part = shipped(crm, order, line, 12, at=NOW)
    invoice = invoiced(crm, order)
    payment = paid(crm, invoice, "39600")
    row = crm.get_one(tables.Order, order)
    assert (row.currency, row.credit, row.case_id) == ("CNY", "clear", "L-T")
    assert row.shipped_at == NOW
    assert crm.get_one(tables.OrderLine, line).batch_no == BATCH
    assert crm.get_one(tables.Shipment, shipment).address == "3 Kiln Lane"
    assert crm.get_one(tables.ShipmentLine, part).quantity == 12
    assert stock(crm) == 88
    owed = crm.get_one(tables.Invoice, invoice)
    assert (owed.customer_id, owed.amount, owed.currency) == (CUSTOMER, 39_600, "CNY")
    assert owed.due_on == date(2026, 6, 19)
    assert crm.get_one(tables.Payment, payment).customer_id == CUSTOMER


def test_what_is_booked_again_changes_what_it_names_and_nothing_else(crm: Session) -> None:
    order, _line = ordered(crm)
    assert book(crm, "order", None, {"address": "9 Gate Road"}, order) == order
    row = crm.get_one(tables.Order, order)
    assert (row.address, row.customer_id, row.ordered_at) == ("9 Gate Road", CUSTOMER, NOW)


def test_a_given_key_is_kept_and_a_key_that_is_there_is_refused_whatever_its_case(
    crm: Session,
) -> None:
    columns = {"name": "Test valve", "family": "Valves", "unit": "piece"}
    assert book(crm, "product", "TV-30", columns) == "TV-30"
    with pytest.raises(Refused) as refusal:
        book(crm, "product", "tv-30", columns)
    assert refusal.value.fields == {
        "product_id": "TV-30 is there already; choose another code, or use that one."
    }
    assert refused(crm, "product", columns) == {"product_id": "'Product' is missing."}
    assert book(crm, "product", "TV-30", {**columns, "cost": "12"}, "TV-30") == "TV-30"


def test_a_code_put_right_is_another_product_and_the_old_one_stays(crm: Session) -> None:
    columns = {"name": "Test valve", "family": "Valves", "unit": "piece"}
    book(crm, "product", "TV-03", columns)
    assert book(crm, "product", "TV-30", columns, "TV-03") == "TV-30"
    assert crm.get(tables.Product, "TV-03") is not None
    assert crm.get(tables.Product, "TV-30") is not None


def test_an_unknown_kind_or_column_is_the_files_fault(crm: Session) -> None:
    with pytest.raises(ProcedureError, match="no records of the kind 'ordre'"):
        book(crm, "ordre", None, {})
    with pytest.raises(ProcedureError, match="no column of order 'adress'; did you mean 'address'"):
        book(crm, "order", None, {"adress": "x"})


# Quantities, prices, dates, texts -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "at_fault", "sentence"),
    [
        ({"quantity": -5}, "quantity", "'Quantity' is above zero, and -5 is not."),
        ({"quantity": 0}, "quantity", "'Quantity' is above zero, and 0 is not."),
        ({"quantity": "2.5"}, "quantity", "'Quantity' is a whole number, such as 12."),
        ({"quantity": "many"}, "quantity", "'Quantity' is a whole number, such as 12."),
        ({"quantity": True}, "quantity", "'Quantity' is a whole number, such as 12."),
        ({"quantity": 10**12}, "quantity", "'Quantity' is larger than the CRM can hold."),
        ({"quantity": None}, "quantity", "'Quantity' is missing."),
        ({"unit_price": "-0.01"}, "unit_price", "'Unit price' is above zero, and -0.01 is not."),
        ({"unit_price": "3.600"}, "unit_price", "'Unit price' has three digits behind a dot."),
        ({"unit_price": "0.0001"}, "unit_price", "'Unit price' is above zero, and 0 is not."),
        ({"unit_price": "free"}, "unit_price", "'Unit price' is a number, such as 12."),
        ({"unit_price": "Infinity"}, "unit_price", "'Unit price' is a number, such as 12."),
        ({"product_id": "XX-99"}, "product_id", "'XX-99' is not in the CRM; choose one that is."),
        ({"product_id": ""}, "product_id", "'Product' is missing."),
        ({"order_id": "SO-1"}, "order_id", "'SO-1' is not in the CRM; choose one that is."),
        ({"batch_no": "T-9"}, "batch_no", "'T-9' is not in the CRM; choose one that is."),
        ({"batch_no": BATCH_OF_ANOTHER}, "batch_no", "Batch T-2001 holds TP-20"),
    ],
)
def test_what_cannot_be_an_order_line_is_refused_at_its_field(
    crm: Session, columns: dict[str, Any], at_fault: str, sentence: str
) -> None:
    order, _line = ordered(crm)
    right = {"order_id": order, "product_id": PRODUCT, "quantity": 3, "unit_price": "10"}
    faults = refused(crm, "order_line", {**right, **columns})
    assert list(faults) == [at_fault]
    assert sentence in faults[at_fault]


@pytest.mark.parametrize(
    ("columns", "at_fault", "sentence"),
    [
        ({"ordered_at": "1999-12-31"}, "ordered_at", "lies before 1 Jan 2015, when the company"),
        ({"ordered_at": "2014-12-31T23:59:59+08:00"}, "ordered_at", "lies before 1 Jan 2015"),
        ({"ordered_at": "9999-12-31T23:59:59+00:00"}, "ordered_at", "is a date, such as"),
        ({"ordered_at": "2206-05-20"}, "ordered_at", "'Ordered on' lies in the year 2206"),
        ({"ordered_at": "yesterday"}, "ordered_at", "is a date, such as 2026-05-12."),
        ({"ordered_at": None}, "ordered_at", "'Ordered on' is missing."),
        ({"customer_id": "CU-000"}, "customer_id", "'CU-000' is not in the CRM"),
        ({"customer_id": None}, "customer_id", "'Customer' is missing."),
        ({"currency": "USD"}, "currency", "It is in USD, but the customer pays in CNY."),
        ({"currency": "RMB yuan"}, "currency", "'Currency' has 8 characters; it takes 3."),
        ({"credit": "maybe"}, "credit", "An order's credit is one of: clear, held, released."),
        ({"quote_id": "QU-0"}, "quote_id", "'QU-0' is not in the CRM"),
        ({"address": "x" * 501}, "address", "'Address' has 501 characters; it takes 500."),
        ({"address": "a\0b"}, "address", "'Address' has a sign in it that no screen can show"),
        ({"address": "a\ud800b"}, "address", "'Address' has a sign in it"),
    ],
)
def test_what_cannot_be_an_order_is_refused_at_its_field(
    crm: Session, columns: dict[str, Any], at_fault: str, sentence: str
) -> None:
    right = {"customer_id": CUSTOMER, "ordered_at": NOW, "address": "3 Kiln Lane"}
    faults = refused(crm, "order", {**right, **columns})
    assert list(faults) == [at_fault]
    assert sentence in faults[at_fault]


def test_all_faults_are_told_at_once_in_the_order_of_the_form(crm: Session) -> None:
    columns = {"unit_price": "-1", "quantity": "x", "product_id": "?", "order_id": None}
    assert list(refused(crm, "order_line", columns)) == list(columns)


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "'; DROP TABLE orders;--", "🐉" * 500, "{record.order}", "%_\\"],
)
def test_any_text_is_stored_as_it_is(crm: Session, text: str) -> None:
    order, _line = ordered(crm, address=text)
    crm.expire_all()
    assert crm.get_one(tables.Order, order).address == text


def test_a_day_becomes_its_first_moment_and_a_moment_becomes_its_day_in_the_office(
    crm: Session,
) -> None:
    order, line = ordered(crm, at="2026-05-20")  # type: ignore[arg-type]
    assert crm.get_one(tables.Order, order).ordered_at == STANDARD.local(datetime(2026, 5, 20))
    shipped(crm, order, line)
    invoice = invoiced(crm, order, due_on="2026-06-18T16:30:00+00:00")
    assert crm.get_one(tables.Invoice, invoice).due_on == date(2026, 6, 19)


# Whose it is --------------------------------------------------------------------------------------


def test_the_parts_of_an_order_name_its_customer(crm: Session) -> None:
    quote = quoted(crm)
    offer = book(
        crm,
        "quote_line",
        None,
        {"quote_id": quote, "product_id": PRODUCT, "quantity": 5, "unit_price": "90"},
    )
    order, line = ordered(crm, quote_id=quote)
    shipment, part = shipped(crm, order, line)
    rows: list[Any] = [
        crm.get_one(tables.QuoteLine, offer),
        crm.get_one(tables.OrderLine, line),
        crm.get_one(tables.Shipment, shipment),
        crm.get_one(tables.ShipmentLine, part),
    ]
    assert {row.customer_id for row in rows} == {CUSTOMER}


def test_nobody_says_that_they_are_another_customers(crm: Session) -> None:
    order, line = ordered(crm)
    wrong = {"customer_id": OTHER_CUSTOMER}
    says = f"The order is from {CUSTOMER}, not from {OTHER_CUSTOMER}."
    assert refused(crm, "order_line", wrong, line) == {"customer_id": says}
    columns = {"order_id": order, "shipped_at": NOW, **wrong}
    assert refused(crm, "shipment", columns) == {"customer_id": says}
    shipment = book(crm, "shipment", None, {"order_id": order, "shipped_at": NOW})
    columns = {"shipment_id": shipment, "line_id": line, "quantity": 1, **wrong}
    assert refused(crm, "shipment_line", columns) == {"customer_id": says}
    columns = {"quote_id": quoted(crm), "product_id": PRODUCT, "quantity": 1, "unit_price": "9"}
    says = f"The quote is for {CUSTOMER}, not for {OTHER_CUSTOMER}."
    assert refused(crm, "quote_line", {**columns, **wrong}) == {"customer_id": says}


def test_where_the_order_is_missing_only_that_is_said(crm: Session) -> None:
    columns = {"product_id": PRODUCT, "quantity": 1, "unit_price": "9"}
    assert list(refused(crm, "order_line", columns)) == ["order_id"]
    assert list(refused(crm, "quote_line", columns)) == ["quote_id"]
    assert list(refused(crm, "shipment", {"shipped_at": NOW, "address": "x"})) == ["order_id"]


def test_lines_go_along_to_another_customer_and_to_another_order(crm: Session) -> None:
    order, line = ordered(crm)
    other, other_line = ordered(crm, customer_id=OTHER_CUSTOMER)
    book(crm, "order_line", None, {"order_id": other}, line)
    row = crm.get_one(tables.OrderLine, line)
    assert row.customer_id == OTHER_CUSTOMER
    book(crm, "order", None, {"customer_id": CUSTOMER}, other)
    assert crm.get_one(tables.OrderLine, other_line).customer_id == row.customer_id == CUSTOMER
    quote = quoted(crm)
    columns = {"quote_id": quote, "product_id": PRODUCT, "quantity": 5, "unit_price": "90"}
    offer = book(crm, "quote_line", None, columns)
    book(crm, "quote", None, {"customer_id": OTHER_CUSTOMER}, quote)
    assert crm.get_one(tables.QuoteLine, offer).customer_id == OTHER_CUSTOMER
    assert order != other


# Offers -------------------------------------------------------------------------------------------


def quoted(session: Session, **more: Any) -> str:
    columns = {"customer_id": CUSTOMER, "quoted_at": NOW, "valid_until": "2026-06-20", **more}
    return book(session, "quote", None, columns)


def test_a_quote_and_its_lines_and_approvals_are_booked(crm: Session) -> None:
    quote = quoted(crm)
    line = book(
        crm,
        "quote_line",
        None,
        {"quote_id": quote, "product_id": PRODUCT, "quantity": 5, "unit_price": "90",
         "list_price": "100"},
    )  # fmt: skip
    assert line == f"{quote}-1"
    approval = book(
        crm,
        "approval",
        None,
        {"quote_id": quote, "seat": "sales_manager", "unit_price": "90",
         "percent_below": "10.004999", "decision": "approved", "decided_at": NOW},
    )  # fmt: skip
    assert str(crm.get_one(tables.Approval, approval).percent_below) == "10.00"
    order, _line = ordered(crm, quote_id=quote)
    assert crm.get_one(tables.Order, order).quote_id == quote


def test_a_quote_is_not_over_before_it_is_made(crm: Session) -> None:
    right = {"customer_id": CUSTOMER, "quoted_at": NOW}
    faults = refused(crm, "quote", {**right, "valid_until": "2026-05-19"})
    assert faults == {
        "valid_until": "A quote of 20 May 2026 cannot be valid until 19 May 2026, which is before "
        "it."
    }
    quoted(crm, valid_until="2026-05-20")


def test_an_order_follows_a_quote_made_to_the_same_customer(crm: Session) -> None:
    quote = quoted(crm)
    columns = {"customer_id": OTHER_CUSTOMER, "ordered_at": NOW, "quote_id": quote}
    faults = refused(crm, "order", columns)
    assert list(faults) == ["quote_id"]
    assert f"was made to {CUSTOMER}" in faults["quote_id"]


def test_a_quote_is_in_the_customers_currency(crm: Session) -> None:
    assert crm.get_one(tables.Quote, quoted(crm, customer_id=ABROAD)).currency == "EUR"
    columns = {"customer_id": ABROAD, "quoted_at": NOW, "currency": "CNY"}
    assert list(refused(crm, "quote", columns)) == ["currency"]


@pytest.mark.parametrize("column", ["quantity", "unit_price", "list_price"])
def test_nothing_on_a_quote_is_for_nothing(crm: Session, column: str) -> None:
    right = {"quote_id": quoted(crm), "product_id": PRODUCT, "quantity": 1, "unit_price": "9"}
    assert list(refused(crm, "quote_line", {**right, column: -1})) == [column]


# Delivery -----------------------------------------------------------------------------------------


def test_a_held_order_does_not_ship_and_the_sum_says_why(crm: Session) -> None:
    order, _line = ordered(crm, 20, "1000", credit="held")
    check = {
        "order_id": order,
        "credit_limit": "100000",
        "receivables": "90000",
        "open_orders": "0",
        "order_amount": "20000",
        "overdue_days": 0,
        "decision": "held",
        "decided_at": NOW,
    }
    book(crm, "credit_check", None, check)
    faults = refused(crm, "shipment", {"order_id": order, "shipped_at": NOW})
    assert faults == {
        "order_id": f"The order {order} is held: ¥90,000 owed + ¥20,000 ordered > limit ¥100,000; "
        "finance releases it, with a reason."
    }


def test_a_held_order_that_nobody_has_checked_shows_the_sum_of_its_day(crm: Session) -> None:
    order, line = ordered(crm, 20, "1000")
    shipped(crm, order, line, 20)
    invoiced(crm, order)
    held, _line = ordered(crm, 30, "3000", at=LATER, credit="held", case_id="L-T")
    faults = refused(crm, "shipment", {"order_id": held, "shipped_at": LATER})
    assert "¥20,000 owed + ¥90,000 ordered > limit ¥100,000" in faults["order_id"]


def test_what_was_released_ships_and_a_line_of_what_is_held_does_not(crm: Session) -> None:
    order, line = ordered(crm, credit="held")
    crm.get_one(tables.Order, order).credit = "released"
    shipment = book(crm, "shipment", None, {"order_id": order, "shipped_at": NOW})
    part = {"shipment_id": shipment, "line_id": line, "quantity": 1, "batch_no": BATCH}
    crm.get_one(tables.Order, order).credit = "held"
    assert "is held" in refused(crm, "shipment_line", part)["line_id"]
    crm.get_one(tables.Order, order).credit = "released"
    book(crm, "shipment_line", None, part)


def test_an_order_that_has_left_is_no_longer_held_by_booking_it_again(crm: Session) -> None:
    order, line = ordered(crm)
    shipped(crm, order, line)
    book(crm, "order", None, {"credit": "held", "address": "9 Gate Road"}, order)
    row = crm.get_one(tables.Order, order)
    assert (row.credit, row.address) == ("clear", "9 Gate Road")


def test_nothing_ships_twice(crm: Session) -> None:
    order, line = ordered(crm)
    shipped(crm, order, line)
    faults = refused(crm, "shipment", {"order_id": order, "shipped_at": LATER})
    assert faults == {"order_id": f"{order} left us on 20 May 2026 already; nothing ships twice."}


def test_an_order_that_left_before_shipments_were_recorded_does_not_ship_again(
    crm: Session,
) -> None:
    order, line = ordered(crm)
    crm.get_one(tables.Order, order).shipped_at = NOW
    assert (
        "left us on" in refused(crm, "shipment", {"order_id": order, "shipped_at": NOW})["order_id"]
    )
    assert crm.get_one(tables.Invoice, invoiced(crm, order)).amount == 10_000
    assert list(refused(crm, "order_line", {"quantity": 9}, line)) == ["quantity"]


def test_the_rest_of_an_order_ships_later_and_no_more_than_the_rest(crm: Session) -> None:
    order, line = ordered(crm, 10)
    shipped(crm, order, line, 4)
    second = book(crm, "shipment", None, {"order_id": order, "shipped_at": LATER})
    part = {"shipment_id": second, "line_id": line, "batch_no": OTHER_BATCH}
    faults = refused(crm, "shipment_line", {**part, "quantity": 7})
    assert faults == {
        "quantity": "10 were ordered and 4 have left already, so at most 6 can leave now."
    }
    book(crm, "shipment_line", None, {**part, "quantity": 6})
    assert (stock(crm), stock(crm, OTHER_BATCH)) == (96, 94)
    assert crm.get_one(tables.Order, order).shipped_at == LATER
    assert crm.get_one(tables.OrderLine, line).batch_no == OTHER_BATCH


@pytest.mark.parametrize(
    ("columns", "at_fault", "sentence"),
    [
        ({"quantity": 11}, "quantity", "10 were ordered; no more than that can leave."),
        ({"quantity": 0}, "quantity", "is above zero"),
        ({"quantity": -1}, "quantity", "is above zero"),
        ({"batch_no": "T-0"}, "batch_no", "'T-0' is not in the CRM"),
        ({"batch_no": BATCH_OF_ANOTHER}, "batch_no", "Batch T-2001 holds TP-20"),
        ({"batch_no": "T-BLOCKED"}, "batch_no", "Batch T-BLOCKED is blocked and stays here"),
        ({"batch_no": "T-FEW"}, "batch_no", "There are 9 of batch T-FEW in stock, not 10."),
        ({"batch_no": "T-LATE"}, "batch_no", "was made on 21 May 2026, after the goods left"),
        ({"line_id": "SO-1-1"}, "line_id", "'SO-1-1' is not in the CRM"),
        ({"shipment_id": "SH-1"}, "shipment_id", "'SH-1' is not in the CRM"),
    ],
)
def test_what_cannot_have_left_is_refused_at_its_field(
    crm: Session, columns: dict[str, Any], at_fault: str, sentence: str
) -> None:
    insert(
        crm,
        batch("T-BLOCKED", blocked=True),
        batch("T-FEW", in_stock=9),
        batch("T-LATE", made_on=date(2026, 5, 21)),
    )
    order, line = ordered(crm, 10)
    shipment = book(crm, "shipment", None, {"order_id": order, "shipped_at": NOW})
    right = {"shipment_id": shipment, "line_id": line, "quantity": 10, "batch_no": BATCH}
    faults = refused(crm, "shipment_line", {**right, **columns})
    assert list(faults) == [at_fault]
    assert sentence in faults[at_fault]
    assert stock(crm) == 100


def test_a_line_of_another_order_is_not_on_this_shipment(crm: Session) -> None:
    order, _line = ordered(crm)
    _other, line_of_other = ordered(crm)
    shipment = book(crm, "shipment", None, {"order_id": order, "shipped_at": NOW})
    part = {"shipment_id": shipment, "line_id": line_of_other, "quantity": 1, "batch_no": BATCH}
    assert list(refused(crm, "shipment_line", part)) == ["line_id"]


def test_goods_do_not_leave_before_they_are_ordered(crm: Session) -> None:
    order, _line = ordered(crm)
    faults = refused(crm, "shipment", {"order_id": order, "shipped_at": NOW - timedelta(days=1)})
    assert list(faults) == ["shipped_at"]
    book(crm, "shipment", None, {"order_id": order, "shipped_at": "2026-05-20"})


def test_a_batch_number_that_is_left_out_is_no_fault_and_takes_nothing_from_stock(
    crm: Session,
) -> None:
    order, line = ordered(crm)
    crm.get_one(tables.OrderLine, line).batch_no = BATCH  # packed from it
    shipped(crm, order, line, batch_no=None)
    assert crm.get_one(tables.OrderLine, line).batch_no is None
    assert stock(crm) == 100


def test_what_is_corrected_is_given_back_first(crm: Session) -> None:
    order, line = ordered(crm, 100)
    _shipment, part = shipped(crm, order, line, 100)
    assert stock(crm) == 0
    book(crm, "shipment_line", None, {"batch_no": BATCH, "quantity": 100}, part)
    assert stock(crm) == 0
    book(crm, "shipment_line", None, {"quantity": 60}, part)
    assert stock(crm) == 40
    book(crm, "shipment_line", None, {"quantity": 95}, part)
    assert stock(crm) == 5
    book(crm, "shipment_line", None, {"batch_no": OTHER_BATCH, "quantity": 100}, part)
    assert (stock(crm), stock(crm, OTHER_BATCH)) == (100, 0)
    assert crm.get_one(tables.OrderLine, line).batch_no == OTHER_BATCH
    book(crm, "shipment_line", None, {"batch_no": None}, part)
    assert stock(crm, OTHER_BATCH) == 100


def test_of_a_batch_that_was_blocked_afterwards_no_more_leaves_and_what_left_stays_so(
    crm: Session,
) -> None:
    order, line = ordered(crm, 10)
    _shipment, part = shipped(crm, order, line, 8)
    crm.get_one(tables.Batch, BATCH).blocked = True
    book(crm, "shipment_line", None, {"batch_no": BATCH, "quantity": 8}, part)
    assert list(refused(crm, "shipment_line", {"quantity": 9}, part)) == ["batch_no"]
    book(crm, "shipment_line", None, {"quantity": 7}, part)
    assert stock(crm) == 93
    book(crm, "shipment_line", None, {"batch_no": OTHER_BATCH}, part)
    assert list(refused(crm, "shipment_line", {"batch_no": BATCH}, part)) == ["batch_no"]


def test_a_shipment_line_put_to_another_order_line_takes_its_batch_along_or_is_refused(
    crm: Session,
) -> None:
    order, line = ordered(crm, 10)
    columns = {"order_id": order, "quantity": 10, "unit_price": "5"}
    same = book(crm, "order_line", None, {**columns, "product_id": PRODUCT})
    another = book(crm, "order_line", None, {**columns, "product_id": OTHER_PRODUCT})
    _shipment, part = shipped(crm, order, line, 10)
    assert list(refused(crm, "shipment_line", {"line_id": another}, part)) == ["batch_no"]
    book(crm, "shipment_line", None, {"line_id": same}, part)
    assert crm.get_one(tables.OrderLine, line).batch_no is None
    assert crm.get_one(tables.OrderLine, same).batch_no == BATCH
    assert stock(crm) == 90


def test_a_shipment_stays_with_its_order_and_its_address_can_be_put_right(crm: Session) -> None:
    order, line = ordered(crm)
    other, _line = ordered(crm)
    shipment, _part = shipped(crm, order, line)
    assert list(refused(crm, "shipment", {"order_id": other}, shipment)) == ["order_id"]
    book(crm, "shipment", None, {"address": "9 Gate Road", "shipped_at": LATER}, shipment)
    assert crm.get_one(tables.Order, order).shipped_at == LATER


def test_what_has_left_stays_as_it_was_ordered(crm: Session) -> None:
    order, line = ordered(crm, 10)
    shipped(crm, order, line, 6)
    assert list(refused(crm, "order_line", {"quantity": 5}, line)) == ["quantity"]
    assert list(refused(crm, "order_line", {"product_id": OTHER_PRODUCT}, line)) == ["product_id"]
    assert list(refused(crm, "order", {"customer_id": OTHER_CUSTOMER}, order)) == ["customer_id"]
    book(crm, "order_line", None, {"quantity": 6, "unit_price": "999"}, line)


# Invoices and payments ----------------------------------------------------------------------------


def test_nothing_is_invoiced_before_it_has_left(crm: Session) -> None:
    order, _line = ordered(crm)
    faults = refused(crm, "invoice", {"order_id": order, "invoiced_at": NOW})
    assert faults == {
        "order_id": f"Nothing of {order} has left us yet; it is invoiced when it has."
    }


@pytest.mark.parametrize(
    ("columns", "at_fault", "sentence"),
    [
        ({"amount": "10000"}, "amount", "worth 8 × ¥1,000 = ¥8,000; the invoice is for that."),
        ({"amount": "8000.01"}, "amount", "the invoice is for that"),
        ({"amount": "-8000"}, "amount", "the invoice is for that"),
        ({"amount": "eight"}, "amount", "is a number, such as 12."),
        ({"currency": "EUR"}, "currency", "The invoice is in EUR, but the order is in CNY."),
        ({"customer_id": OTHER_CUSTOMER}, "customer_id", f"The order is from {CUSTOMER}"),
        ({"invoiced_at": "2026-05-19"}, "invoiced_at", "The goods left on 20 May 2026"),
        ({"due_on": "2025-05-10"}, "due_on", "more than a year from the day of the invoice"),
        ({"due_on": "2028-05-20"}, "due_on", "more than a year from the day of the invoice"),
        ({"due_on": "2014-06-01"}, "due_on", "lies before 1 Jan 2015"),
        ({"signed_at": "2026-05-19"}, "signed_at", "was not signed on 19 May 2026 already"),
    ],
)
def test_what_cannot_be_an_invoice_is_refused_at_its_field(
    crm: Session, columns: dict[str, Any], at_fault: str, sentence: str
) -> None:
    order, line = ordered(crm, 10)
    shipped(crm, order, line, 8)
    faults = refused(crm, "invoice", {"order_id": order, "invoiced_at": NOW, **columns})
    assert list(faults) == [at_fault]
    assert sentence in faults[at_fault]


def test_an_invoice_written_after_the_agreed_day_is_due_on_that_day(crm: Session) -> None:
    order, line = ordered(crm, 10)
    shipped(crm, order, line, 8)
    number = book(
        crm, "invoice", None, {"order_id": order, "invoiced_at": NOW, "due_on": "2026-05-12"}
    )
    assert crm.get_one(tables.Invoice, number).due_on == date(2026, 5, 12)


def test_an_order_is_invoiced_once_and_what_left_of_it_stays(crm: Session) -> None:
    order, line = ordered(crm, 10)
    shipment, part = shipped(crm, order, line, 8)
    invoice = invoiced(crm, order, amount="8000")
    again = {"order_id": order, "invoiced_at": NOW}
    assert (
        refused(crm, "invoice", again)["order_id"]
        == f"{order} is invoiced already, with {invoice}."
    )
    assert book(crm, "invoice", None, {**again, "amount": "8000"}, invoice) == invoice
    assert (
        "is invoiced already"
        in refused(crm, "shipment", {"order_id": order, "shipped_at": LATER})["order_id"]
    )
    more = {"shipment_id": shipment, "line_id": line, "quantity": 2, "batch_no": BATCH}
    assert list(refused(crm, "shipment_line", more)) == ["quantity"]
    assert list(refused(crm, "shipment_line", {"quantity": 7}, part)) == ["quantity"]
    for column, value in (("quantity", 9), ("unit_price", "1")):
        assert list(refused(crm, "order_line", {column: value}, line)) == [column]
    new_line = {"order_id": order, "product_id": PRODUCT, "quantity": 1, "unit_price": "5"}
    assert list(refused(crm, "order_line", new_line)) == ["order_id"]
    book(crm, "shipment_line", None, {"batch_no": OTHER_BATCH}, part)  # the label read again


def test_an_invoice_stays_with_its_order_and_can_be_signed(crm: Session) -> None:
    order, line = ordered(crm)
    shipped(crm, order, line)
    other, other_line = ordered(crm)
    shipped(crm, other, other_line)
    invoice = invoiced(crm, order)
    assert "order_id" in refused(crm, "invoice", {"order_id": other}, invoice)
    book(crm, "invoice", None, {"signed_at": LATER}, invoice)
    assert crm.get_one(tables.Invoice, invoice).signed_at == LATER


@pytest.mark.parametrize(
    ("columns", "at_fault", "sentence"),
    [
        ({"amount": "10000.01"}, "amount", "is still open; ¥10,000.01 is more than that."),
        ({"amount": "0"}, "amount", "'Amount' is above zero, and 0 is not."),
        ({"amount": "-100"}, "amount", "'Amount' is above zero, and -100 is not."),
        ({"amount": "all"}, "amount", "is a number, such as 12."),
        ({"amount": None}, "amount", "'Amount' is missing."),
        ({"currency": "USD"}, "currency", "The payment is in USD, but the invoice is in CNY."),
        ({"customer_id": OTHER_CUSTOMER}, "customer_id", f"The invoice is for {CUSTOMER}"),
        ({"invoice_id": "IN-0"}, "invoice_id", "'IN-0' is not in the CRM"),
        ({"paid_at": "2026-05-19"}, "paid_at", "It was ordered on 20 May 2026"),
        ({"paid_at": "2001-01-01"}, "paid_at", "lies before 1 Jan 2015"),
    ],
)
def test_what_cannot_be_a_payment_is_refused_at_its_field(
    crm: Session, columns: dict[str, Any], at_fault: str, sentence: str
) -> None:
    order, line = ordered(crm)
    shipped(crm, order, line)
    right = {"invoice_id": invoiced(crm, order), "amount": "10000", "paid_at": NOW}
    faults = refused(crm, "payment", {**right, **columns})
    assert list(faults) == [at_fault] or columns.get("invoice_id")
    assert sentence in faults[at_fault]


def test_payments_add_up_to_the_invoice_and_one_put_right_counts_once(crm: Session) -> None:
    order, line = ordered(crm)
    shipped(crm, order, line)
    invoice = invoiced(crm, order)
    first = paid(crm, invoice, "9000")
    right = {"invoice_id": invoice, "paid_at": NOW}
    faults = refused(crm, "payment", {**right, "amount": "1000.01"})
    assert faults["amount"].startswith(f"Only ¥1,000 of {invoice} is still open")
    book(crm, "payment", None, {"amount": "10000"}, first)
    assert "Only ¥0" in refused(crm, "payment", {**right, "amount": "0.01"})["amount"]


def test_a_payment_put_to_the_wrong_invoice_can_be_put_right(crm: Session) -> None:
    order, line = ordered(crm)
    shipped(crm, order, line)
    other, other_line = ordered(crm, 1, "50", customer_id=OTHER_CUSTOMER)
    shipped(crm, other, other_line, 1)
    first, second = invoiced(crm, order), invoiced(crm, other)
    payment = paid(crm, first, "50")
    moved = {"invoice_id": second, "customer_id": None, "amount": "50"}
    book(crm, "payment", None, moved, payment)
    row = crm.get_one(tables.Payment, payment)
    assert (row.invoice_id, row.customer_id) == (second, OTHER_CUSTOMER)


# Base data ----------------------------------------------------------------------------------------


def test_one_code_of_a_customer_means_one_product(crm: Session) -> None:
    columns = {"customer_id": CUSTOMER, "customer_code": "KT-7", "product_id": PRODUCT}
    key = book(crm, "customer_code", None, columns)
    assert key == f"{CUSTOMER}/KT-7"
    faults = refused(
        crm, "customer_code", {**columns, "customer_code": "kt-7", "product_id": OTHER_PRODUCT}
    )
    assert list(faults) == ["customer_code"]
    assert f"says 'KT-7' for our {PRODUCT} already" in faults["customer_code"]
    book(crm, "customer_code", None, {**columns, "customer_id": OTHER_CUSTOMER})
    book(crm, "customer_code", None, {**columns, "customer_code": "KT-8"})
    book(crm, "customer_code", None, {"product_id": OTHER_PRODUCT}, key)
    assert crm.get_one(tables.CustomerCode, key).product_id == OTHER_PRODUCT


@pytest.mark.parametrize(
    ("columns", "at_fault"),
    [
        ({"credit_limit": "-1"}, "credit_limit"),
        ({"credit_limit": "lots"}, "credit_limit"),
        ({"payment_days": -1}, "payment_days"),
        ({"payment_days": 366}, "payment_days"),
        ({"currency": "QQQ"}, "currency"),
        ({"name": "x" * 501}, "name"),
        ({"name": "  "}, "name"),
        ({"account_manager": "U-000"}, "account_manager"),
        ({"branch": "Esat"}, "branch"),
    ],
)
def test_what_cannot_be_a_customer_is_refused_at_its_field(
    crm: Session, columns: dict[str, Any], at_fault: str
) -> None:
    right = {
        "name": "Tin Lamps",
        "city": "Yuyao",
        "branch": "East",
        "contact": "Mo Li",
        "phone": "+86 100 0000 9009",
        "email": "mo@tin-lamps.example",
        "account_manager": REPRESENTATIVE.user_id,
    }
    assert list(refused(crm, "customer", {**right, **columns})) == [at_fault]
    customer = crm.get_one(tables.Customer, book(crm, "customer", None, right))
    assert (customer.currency, customer.credit_limit, customer.payment_days) == ("CNY", None, 30)


def test_the_currency_of_a_customer_with_orders_stays(crm: Session) -> None:
    book(crm, "customer", None, {"currency": "USD"}, OTHER_CUSTOMER)
    ordered(crm, customer_id=OTHER_CUSTOMER)
    faults = refused(crm, "customer", {"currency": "CNY"}, OTHER_CUSTOMER)
    assert list(faults) == ["currency"]
    assert "in USD, so the currency stays" in faults["currency"]


def test_cost_may_be_left_empty_and_is_not_below_zero(crm: Session) -> None:
    columns = {"name": "Test valve", "family": "Valves", "unit": "piece"}
    assert crm.get_one(tables.Product, book(crm, "product", "TV-1", columns)).cost is None
    with pytest.raises(Refused) as refusal:
        book(crm, "product", "TV-2", {**columns, "cost": "-3"})
    assert list(refusal.value.fields) == ["cost"]


def test_a_batch_begins_with_all_of_it_in_stock_and_never_holds_more(crm: Session) -> None:
    right = {"product_id": PRODUCT, "made_on": "2026-05-01", "quantity": 30}
    assert stock(crm, book(crm, "batch", "T-NEW", right)) == 30
    for columns, at_fault in (
        ({"quantity": 0}, "quantity"),
        ({"in_stock": 31}, "in_stock"),
        ({"in_stock": -1}, "in_stock"),
        ({"made_on": "1998-05-01"}, "made_on"),
    ):
        with pytest.raises(Refused) as refusal:
            book(crm, "batch", "T-ODD", {**right, **columns})
        assert list(refusal.value.fields) == [at_fault]
