"""The small company a sandbox begins with: it hangs together, and the practice cases are in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import TypeVar

import pytest
from ruamel.yaml import YAML
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import records, start_set, tables
from crmlab.procedures import Procedure


@pytest.fixture(scope="module")
def crm() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    tables.Base.metadata.create_all(engine)
    with Session(engine) as session:
        start_set.fill(session)
        session.flush()
        yield session


Row = TypeVar("Row", bound=tables.Base)


def all_of(crm: Session, table: type[Row]) -> list[Row]:
    return list(crm.scalars(select(table)))


def shipped_lines(crm: Session) -> list[tuple[tables.OrderLine, tables.Order]]:
    query = select(tables.OrderLine, tables.Order).join(
        tables.Order, tables.Order.order_id == tables.OrderLine.order_id
    )
    return [(line, order) for line, order in crm.execute(query) if order.shipped_at]


def test_every_key_resolves(crm: Session) -> None:
    for mapper in tables.Base.registry.mappers:
        table = tables.Base.metadata.tables[mapper.class_.__tablename__]
        for row in all_of(crm, mapper.class_):
            for column in table.columns:
                value = getattr(row, mapper.get_property_by_column(column).key)
                for key in column.foreign_keys:
                    target = key.column.table
                    found = crm.execute(select(target).where(key.column == value)).first()
                    assert value is None or found, f"{column} {value}"


def test_it_has_the_size_of_a_small_start(crm: Session) -> None:
    counts = {
        table.__tablename__: len(all_of(crm, table))
        for table in (tables.Customer, tables.Product, tables.Batch, tables.Order, tables.User)
    }
    assert counts == {"customers": 30, "products": 12, "batches": 7, "orders": 40, "users": 10}
    per_order = Counter(line.order_id for line in all_of(crm, tables.OrderLine))
    assert len(per_order) == 40
    assert set(per_order.values()) <= {1, 2, 3}


def test_every_seat_has_two_people(crm: Session, complaint: Procedure) -> None:
    seats = Counter(row.seat for row in all_of(crm, tables.UserSeat))
    assert seats == dict.fromkeys(complaint.seats, 2)


def test_there_are_three_branches_and_every_customer_has_an_account_manager(crm: Session) -> None:
    assert len({customer.branch for customer in all_of(crm, tables.Customer)}) == 3
    managers = {
        row.user_id for row in all_of(crm, tables.UserSeat) if row.seat == "account_manager"
    }
    assert {customer.account_manager for customer in all_of(crm, tables.Customer)} == managers


def test_nothing_is_shipped_before_it_is_ordered_and_always_in_working_time(crm: Session) -> None:
    for order in all_of(crm, tables.Order):
        moments = [order.ordered_at, *([order.shipped_at] if order.shipped_at else [])]
        assert moments == sorted(moments), order.order_id
        for moment in moments:
            assert STANDARD.add(moment, 0) == STANDARD.local(moment), order.order_id


def test_a_batch_is_made_before_it_is_shipped_and_holds_one_product(crm: Session) -> None:
    for line, order in shipped_lines(crm):
        if line.batch_no:
            batch = crm.get_one(tables.Batch, line.batch_no)
            assert batch.product_id == line.product_id, line.line_id
            assert order.shipped_at is not None
            assert batch.made_on <= STANDARD.local(order.shipped_at).date(), line.line_id


def test_what_was_made_less_what_was_shipped_is_in_stock(crm: Session) -> None:
    gone: Counter[str] = Counter()
    for line, _ in shipped_lines(crm):
        if line.batch_no:
            gone[line.batch_no] += line.quantity
    for batch in all_of(crm, tables.Batch):
        assert batch.quantity - gone[batch.batch_no] == batch.in_stock, batch.batch_no
        assert not batch.blocked


def test_pump_batches_can_be_mixed_up(crm: Session) -> None:
    pumps = [b.batch_no for b in all_of(crm, tables.Batch) if b.product_id == "LP-40"]
    assert len(pumps) == 3
    assert len({tuple(sorted(number)) for number in pumps}) == 1, "the same digits in another order"


def test_in_each_case_the_other_batch_has_the_same_digits(
    crm: Session, complaint: Procedure
) -> None:
    for case_id, case in complaint.cases.items():
        right, other = case.records["batch"], str(case.facts["other_batch"])
        assert sorted(right) == sorted(other), case_id
        batches = [crm.get_one(tables.Batch, number) for number in (right, other)]
        assert len({batch.product_id for batch in batches}) == 1, case_id


def test_the_practice_cases_are_in_it(crm: Session, complaint: Procedure) -> None:
    for case_id, case in complaint.cases.items():
        for kind, key in case.records.items():
            assert records.canonical(crm, kind, key), f"{case_id}: {kind} {key}"
        assert not records.canonical(crm, "complaint", case_id)
        line = crm.get_one(tables.OrderLine, case.records["order_line"])
        order = crm.get_one(tables.Order, line.order_id)
        assert line.batch_no == case.records["batch"]
        assert line.product_id == case.records["product"]
        assert order.customer_id == case.records["customer"]
        assert order.shipped_at is not None
        assert order.shipped_at < case.opened_at


def test_what_the_cases_count_is_what_the_crm_holds(crm: Session, complaint: Procedure) -> None:
    for case_id, case in complaint.cases.items():
        holders = {
            order.customer_id
            for line, order in shipped_lines(crm)
            if line.batch_no == case.records["batch"]
        }
        others = holders - {case.records["customer"]}
        assert len(others) == case.facts["exposed_customers"], case_id
        for customer in holders:
            name = crm.get_one(tables.Customer, customer).name
            assert name in str(case.facts["delivery_list"]), f"{case_id}: {name}"
        called = str(case.facts["calling_list"])
        for customer in others:
            row = crm.get_one(tables.Customer, customer)
            assert f"{row.name}, {row.contact}, {row.phone}" in called, f"{case_id}: {row.name}"
        assert called.count("+") == len(others), case_id
        for name, kind in (("other_batch", "batch"), ("other_line", "order_line")):
            key = str(case.facts[name])
            assert records.canonical(crm, kind, key), f"{case_id}: {key}"
            assert key != case.records[kind]
        stock = crm.get_one(tables.Batch, case.records["batch"]).in_stock
        on_rack = case.facts["pieces_on_rack"]
        assert isinstance(on_rack, int)
        assert on_rack < stock
        assert f"{stock} in stock" in str(case.facts["stock_count"])
        assert f" {stock - on_rack} " in str(case.facts["stock_count"])


def test_the_next_customer_waits_for_the_batch(crm: Session, complaint: Procedure) -> None:
    for case_id, case in complaint.cases.items():
        waiting = select(tables.Customer.name).where(
            tables.Customer.customer_id == tables.Order.customer_id,
            tables.Order.order_id == tables.OrderLine.order_id,
            tables.Order.shipped_at.is_(None),
            tables.OrderLine.batch_no == case.records["batch"],
        )
        assert crm.scalars(waiting).all() == [case.facts["next_customer"]], case_id


def test_an_older_complaint_about_the_same_goods_is_open(
    crm: Session, complaint: Procedure
) -> None:
    older = crm.get_one(tables.Complaint, "C-1031")
    case = complaint.cases["C-1047"]
    assert older.closed_at is None
    assert (older.customer_id, older.line_id) == (
        case.records["customer"],
        case.records["order_line"],
    )
    assert case.facts["open_complaint"] == "C-1031"


def test_no_telephone_number_can_be_dialled_and_no_address_reached(crm: Session) -> None:
    for customer in all_of(crm, tables.Customer):
        assert set("".join(customer.phone.split()[1:-1])) <= set("01"), customer.phone
        assert customer.email.endswith(".example")
        assert customer.email.isascii()


def test_past_complaints_lie_between_shipping_and_the_first_case(
    crm: Session, complaint: Procedure
) -> None:
    first = min(case.opened_at for case in complaint.cases.values())
    for complaint in all_of(crm, tables.Complaint):
        assert complaint.line_id is not None
        line = crm.get_one(tables.OrderLine, complaint.line_id)
        order = crm.get_one(tables.Order, line.order_id)
        assert order.customer_id == complaint.customer_id
        assert line.product_id == complaint.product_id
        assert line.batch_no == complaint.batch_no
        assert order.shipped_at is not None
        assert order.shipped_at < complaint.received_at < first
        if complaint.closed_at:
            assert complaint.closed_at - complaint.received_at > timedelta(days=1)
            assert complaint.prevention_note, "no case is closed without one"


def test_the_file_names_only_tables_of_the_crm() -> None:
    named = YAML(typ="safe").load(start_set.FILE.read_text(encoding="utf-8"))
    assert set(named) <= set(tables.Base.metadata.tables)
