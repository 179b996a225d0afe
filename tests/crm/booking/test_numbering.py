"""Numbers of records: one after the other, none twice, none that somebody has already."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.booking.book import book
from crmlab.crm.booking.numbering import SERIES, next_line, next_number
from crmlab.crm.store.sandbox import Sandbox
from tests.crm.own_rows import CUSTOMER, NOW, customer, insert, not_kept, ordered


def order(session: Session, key: str) -> None:
    insert(session, tables.Order(order_id=key, customer_id=CUSTOMER, ordered_at=NOW))


def test_numbers_go_up_by_one_from_the_first_of_their_kind(crm: Session) -> None:
    given = [next_number(crm, "order") for _ in range(3)]
    assert given == ["SO-30001", "SO-30002", "SO-30003"]
    assert next_number(crm, "invoice") == "IN-30001"


def test_the_next_customer_comes_after_the_highest(crm: Session) -> None:
    assert next_number(crm, "customer") == "CU-904"
    insert(crm, customer("CU-999"), customer("CU-1000"), customer("CU-1017"))
    crm.delete(crm.get_one(tables.Counter, "customer"))
    crm.flush()
    assert next_number(crm, "customer") == "CU-1018"


def test_a_number_that_somebody_else_has_put_in_is_passed_over(crm: Session) -> None:
    assert next_number(crm, "order") == "SO-30001"
    order(crm, "SO-30002")
    order(crm, "SO-45000")
    assert next_number(crm, "order") == "SO-45001"
    assert next_number(crm, "order") == "SO-45002"


def test_a_longer_number_is_higher_whatever_its_first_digit(crm: Session) -> None:
    order(crm, "SO-99999")
    order(crm, "SO-100000")
    assert next_number(crm, "order") == "SO-100001"


def test_keys_that_only_begin_like_a_number_do_not_count(crm: Session) -> None:
    for key in ("SO-99999-COPY", "SO-COPY", "SO-", "SO-" + "9" * 17, "so-98000"):
        order(crm, key)
    order(crm, "SO-31000")
    assert next_number(crm, "order") == "SO-31001"


def test_a_number_is_given_back_when_the_transaction_is_not_kept(company: Sandbox) -> None:
    with not_kept(company) as session:
        assert next_number(session, "payment") == "PA-30001"
    for expected in ("PA-30001", "PA-30002"):
        with company.write("number", subject="tests", at=NOW) as session:
            assert next_number(session, "payment") == expected


def test_every_series_gives_a_number_that_its_key_can_hold(crm: Session) -> None:
    for kind, series in SERIES.items():
        number = next_number(crm, kind)
        column = series.table.__mapper__.primary_key[0]
        assert len(number) <= column.type.length
        assert crm.get(series.table, number) is None


def test_lines_are_counted_within_what_they_are_lines_of(crm: Session) -> None:
    first, line = ordered(crm)
    assert line == f"{first}-1"
    columns = {"product_id": "TP-10", "quantity": 1, "unit_price": "5"}
    assert book(crm, "order_line", None, {"order_id": first, **columns}) == f"{first}-2"
    crm.delete(crm.get_one(tables.OrderLine, line))
    crm.flush()
    assert next_line(crm, tables.OrderLine, "order_id", first) == f"{first}-3"
    second, other = ordered(crm)
    assert other == f"{second}-1"
