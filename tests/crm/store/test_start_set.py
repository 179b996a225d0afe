"""The small company a sandbox begins with: it hangs together, and the practice cases are in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from ruamel.yaml import YAML
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import records, tables
from crmlab.crm.booking.credit import open_amount, standing
from crmlab.crm.booking.prices import before, prices_for
from crmlab.crm.store import start_set
from crmlab.procedures import Procedure, load
from crmlab.procedures.schema import PracticeCase
from tests.crm.listed import price_on


@pytest.fixture(scope="module")
def crm() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    tables.Base.metadata.create_all(engine)
    with Session(engine) as session:
        start_set.fill(session)
        session.flush()
        yield session


@pytest.fixture(scope="module")
def sales() -> Procedure:
    return load("lead_to_cash")


def test_the_parts_of_a_quote_an_order_and_a_shipment_name_its_customer(crm: Session) -> None:
    of: list[tuple[Any, Any, Any]] = [
        (tables.QuoteLine, tables.Quote, tables.Quote.quote_id == tables.QuoteLine.quote_id),
        (tables.OrderLine, tables.Order, tables.Order.order_id == tables.OrderLine.order_id),
        (tables.Shipment, tables.Order, tables.Order.order_id == tables.Shipment.order_id),
        (
            tables.ShipmentLine,
            tables.Shipment,
            tables.Shipment.shipment_id == tables.ShipmentLine.shipment_id,
        ),
    ]
    for part, whole, its in of:
        pairs = crm.execute(select(part.customer_id, whole.customer_id).join(whole, its)).all()
        assert pairs
        assert all(here == there for here, there in pairs)


Row = TypeVar("Row", bound=tables.Base)


def begins_with_it(procedure: Procedure) -> dict[str, PracticeCase]:
    """The practice cases that are about records of the start set itself."""
    return {name: case for name, case in procedure.cases.items() if case.follows is None}


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
    assert counts == {"customers": 30, "products": 12, "batches": 13, "orders": 42, "users": 24}
    per_order = Counter(line.order_id for line in all_of(crm, tables.OrderLine))
    assert len(per_order) == 42
    assert set(per_order.values()) <= {1, 2, 3}


def people(crm: Session, seat: str) -> set[str]:
    return {row.user_id for row in all_of(crm, tables.UserSeat) if row.seat == seat}


def test_two_people_at_least_can_sit_in_every_seat(
    crm: Session, complaint: Procedure, sales: Procedure
) -> None:
    named = {row.seat for row in all_of(crm, tables.UserSeat)}
    assert named == {*complaint.seats, *sales.seats}
    assert all(len(people(crm, seat)) >= 2 for seat in named)


def test_there_are_three_branches_and_every_customer_has_an_account_manager(crm: Session) -> None:
    assert len({customer.branch for customer in all_of(crm, tables.Customer)}) == 3
    managers = people(crm, "account_manager")
    assert {customer.account_manager for customer in all_of(crm, tables.Customer)} == managers
    assert people(crm, "sales_representative") == managers


def test_a_representative_and_a_sales_manager_sit_in_the_branch_of_their_customers(
    crm: Session,
) -> None:
    branches = {user.user_id: user.branch for user in all_of(crm, tables.User)}
    for customer in all_of(crm, tables.Customer):
        assert branches[customer.account_manager] == customer.branch, customer.customer_id
    managed = [branches[user] for user in people(crm, "sales_manager")]
    assert sorted(managed) == ["East", "North", "South"]


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
    for case_id, case in begins_with_it(complaint).items():
        right, other = case.records["batch"], str(case.facts["other_batch"])
        assert sorted(right) == sorted(other), case_id
        batches = [crm.get_one(tables.Batch, number) for number in (right, other)]
        assert len({batch.product_id for batch in batches}) == 1, case_id


def test_the_practice_cases_are_in_it(crm: Session, complaint: Procedure) -> None:
    for case_id, case in begins_with_it(complaint).items():
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
    for case_id, case in begins_with_it(complaint).items():
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
    for case_id, case in begins_with_it(complaint).items():
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


def first_sale(sales: Procedure) -> datetime:
    return min(case.opened_at for case in sales.cases.values())


def day(moment: datetime) -> date:
    return STANDARD.local(moment).date()


def lines_of(crm: Session, order: tables.Order) -> list[tables.OrderLine]:
    return [line for line in all_of(crm, tables.OrderLine) if line.order_id == order.order_id]


def worth(lines: list[tables.OrderLine]) -> Decimal:
    return sum((line.unit_price * line.quantity for line in lines), Decimal(0))


def test_no_two_prices_of_a_product_hold_on_one_list_at_a_time(crm: Session) -> None:
    prices = all_of(crm, tables.Price)
    for price in prices:
        assert price.price_id == f"{price.price_list_id}/{price.product_id}/{price.valid_from}"
        assert price.valid_to is None or price.valid_from <= price.valid_to
        for other in prices:
            if price.price_id < other.price_id and (price.price_list_id, price.product_id) == (
                other.price_list_id,
                other.product_id,
            ):
                first, second = sorted((price, other), key=lambda one: one.valid_from)
                assert first.valid_to is not None, first.price_id
                assert first.valid_to < second.valid_from, first.price_id


def test_every_product_has_a_base_price_and_a_lower_one_before_it(
    crm: Session, sales: Procedure
) -> None:
    today = day(first_sale(sales))
    for product in all_of(crm, tables.Product):
        now = price_on(crm, product.product_id, None, today)
        earlier = before(prices_for(crm, product.product_id, None), now)
        assert now is not None
        assert earlier is not None
        assert earlier.price < now.price
        assert product.cost is None or product.cost < earlier.price


def test_two_customers_have_a_list_of_their_own(crm: Session, sales: Procedure) -> None:
    own = [one for one in all_of(crm, tables.PriceList) if one.customer_id]
    assert len(own) == 2
    for price_list in own:
        for price in all_of(crm, tables.Price):
            if price.price_list_id == price_list.price_list_id and price.valid_from.year == 2026:
                found = price_on(
                    crm, price.product_id, price_list.customer_id, day(first_sale(sales))
                )
                assert found is not None
                assert found.price == price.unit_price


def test_a_price_below_the_list_has_the_approvals_that_it_needs(crm: Session) -> None:
    below = 0
    for order in all_of(crm, tables.Order):
        given = {
            approval.seat: approval
            for approval in all_of(crm, tables.Approval)
            if order.quote_id is not None and approval.quote_id == order.quote_id
        }
        for line in lines_of(crm, order):
            listed = price_on(crm, line.product_id, order.customer_id, day(order.ordered_at))
            assert listed is not None
            assert line.unit_price <= listed.price, line.line_id
            per_cent = (100 * (1 - line.unit_price / listed.price)).quantize(Decimal("0.01"))
            needed = ["sales_manager", "sales_director", "general_manager"]
            wanted = needed[: (per_cent > 0) + (per_cent > 5) + (per_cent > 10)]
            below += bool(wanted)
            for seat in wanted:
                approval = given[seat]
                assert approval.decision == "approved"
                assert (approval.unit_price, approval.percent_below) == (line.unit_price, per_cent)
                assert approval.decided_at < order.ordered_at
    assert below == 2


def test_a_product_without_a_cost_and_the_two_odd_limits_are_there(crm: Session) -> None:
    assert [p.product_id for p in all_of(crm, tables.Product) if p.cost is None] == ["PG-16"]
    limits = [customer.credit_limit for customer in all_of(crm, tables.Customer)]
    assert (limits.count(Decimal(0)), limits.count(None)) == (1, 1)
    in_advance = [c for c in all_of(crm, tables.Customer) if c.payment_days == 0]
    assert [customer.credit_limit for customer in in_advance] == [Decimal(0)]


def test_two_customers_have_names_of_their_own_for_one_product(crm: Session) -> None:
    codes = all_of(crm, tables.CustomerCode)
    named = Counter(code.product_id for code in codes)
    assert named["LP-40"] == 2
    products = {product.product_id for product in all_of(crm, tables.Product)}
    taken_for_ours = [code for code in codes if code.customer_code in products]
    assert [(one.customer_code, one.product_id) for one in taken_for_ours] == [("HP-40", "LP-40")]
    for code in codes:
        assert code.code_id == f"{code.customer_id}/{code.customer_code}"


def test_what_is_ordered_is_in_the_customers_currency_and_has_an_address(crm: Session) -> None:
    for order in all_of(crm, tables.Order):
        customer = crm.get_one(tables.Customer, order.customer_id)
        assert order.currency == customer.currency == "CNY"
        assert order.address
        assert customer.address
        assert order.credit == "clear"


def test_what_left_is_what_was_ordered_and_is_invoiced_once(crm: Session) -> None:
    for order in all_of(crm, tables.Order):
        shipments = [s for s in all_of(crm, tables.Shipment) if s.order_id == order.order_id]
        invoices = [i for i in all_of(crm, tables.Invoice) if i.order_id == order.order_id]
        assert len(shipments) == len(invoices) == (order.shipped_at is not None), order.order_id
        for shipment in shipments:
            assert (shipment.shipped_at, shipment.address) == (order.shipped_at, order.address)
            left = [
                (part.line_id, part.batch_no, part.quantity)
                for part in all_of(crm, tables.ShipmentLine)
                if part.shipment_id == shipment.shipment_id
            ]
            lines = lines_of(crm, order)
            assert left == [(line.line_id, line.batch_no, line.quantity) for line in lines]
        for invoice in invoices:
            customer = crm.get_one(tables.Customer, order.customer_id)
            assert (invoice.customer_id, invoice.currency) == (order.customer_id, order.currency)
            assert invoice.amount == worth(lines_of(crm, order))
            assert order.shipped_at is not None
            assert invoice.signed_at is not None
            assert order.shipped_at < invoice.invoiced_at < invoice.signed_at
            terms = timedelta(days=customer.payment_days)
            assert invoice.due_on == day(invoice.invoiced_at) + terms


def test_older_invoices_are_paid_some_are_open_and_one_is_long_overdue(
    crm: Session, sales: Procedure
) -> None:
    begins = first_sale(sales)
    rest = {
        invoice.invoice_id: open_amount(crm, invoice) for invoice in all_of(crm, tables.Invoice)
    }
    assert min(rest.values()) == 0
    assert sum(1 for amount in rest.values() if amount) == 11
    in_part = [
        payment
        for payment in all_of(crm, tables.Payment)
        if 0 < rest[payment.invoice_id] < crm.get_one(tables.Invoice, payment.invoice_id).amount
    ]
    assert len(in_part) == 1
    for payment in all_of(crm, tables.Payment):
        invoice = crm.get_one(tables.Invoice, payment.invoice_id)
        assert invoice.invoiced_at < payment.paid_at < begins, payment.payment_id
        assert payment.customer_id == invoice.customer_id
    overdue = {
        customer.customer_id: standing(crm, customer.customer_id, begins).overdue_days
        for customer in all_of(crm, tables.Customer)
    }
    assert [customer for customer, days in overdue.items() if days > 30] == ["CU-017"]


def test_nobody_begins_over_their_limit(crm: Session, sales: Procedure) -> None:
    for customer in all_of(crm, tables.Customer):
        stands = standing(crm, customer.customer_id, first_sale(sales))
        assert stands.limit is None or stands.exposure <= stands.limit, customer.customer_id


def test_ninety_and_twenty_against_a_hundred(crm: Session, sales: Procedure) -> None:
    case = sales.cases["L-2006"]
    stands = standing(crm, case.records["customer"], case.opened_at)
    order = Decimal(str(case.facts["quantity"])) * Decimal(str(case.facts["price"]))
    assert (stands.limit, stands.exposure, order) == (100_000, 90_000, 20_000)
    assert stands.receivables == Decimal(str(case.facts["credit_paid"]))
    invoice = crm.get_one(tables.Invoice, str(case.facts["credit_invoice"]))
    assert open_amount(crm, invoice) == stands.receivables


def test_opportunities_came_to_their_stages_in_order(crm: Session, sales: Procedure) -> None:
    order = list(sales.stages)
    for opportunity in all_of(crm, tables.Opportunity):
        entries = sorted(
            (
                entry
                for entry in all_of(crm, tables.StageEntry)
                if entry.opportunity_id == opportunity.opportunity_id
            ),
            key=lambda entry: entry.entered_at,
        )
        stages = [entry.stage for entry in entries]
        assert stages == order[: len(stages)], opportunity.opportunity_id
        assert stages[-1] == opportunity.stage
        assert entries[0].entered_at == opportunity.created_at
        assert all(entry.evidence for entry in entries)
        assert (opportunity.closed_at is None) == (opportunity.outcome == "open")
        assert (opportunity.outcome == "won") == (opportunity.stage == "won")
        assert (
            opportunity.owner
            == crm.get_one(tables.Customer, opportunity.customer_id).account_manager
        )
    waiting = [
        opportunity
        for opportunity in all_of(crm, tables.Opportunity)
        if opportunity.stage == "lead"
        and first_sale(sales) - opportunity.created_at > timedelta(days=30)
    ]
    assert len(waiting) == 3


def test_nothing_of_the_start_lies_in_the_time_of_the_sales_to_practise(
    crm: Session, sales: Procedure
) -> None:
    begins = first_sale(sales)
    for mapper in tables.Base.registry.mappers:
        for row in all_of(crm, mapper.class_):
            for column in mapper.columns:
                value = getattr(row, mapper.get_property_by_column(column).key)
                if isinstance(value, datetime):
                    assert datetime(2015, 1, 1, tzinfo=begins.tzinfo) < value < begins, column


def test_the_sales_to_practise_find_their_records(crm: Session, sales: Procedure) -> None:
    for case_id, case in begins_with_it(sales).items():
        for kind, key in case.records.items():
            assert records.canonical(crm, kind, key), f"{case_id}: {kind} {key}"
        assert not records.canonical(crm, "opportunity", case_id)
        facts = case.facts
        for fact, kind in (
            ("lookalike", "product"),
            ("lookalike_batch", "batch"),
            ("other_batch", "batch"),
        ):
            if facts[fact] is not None:
                assert records.canonical(crm, kind, str(facts[fact])), f"{case_id}: {fact}"
        in_stock = crm.query(tables.Batch).filter_by(product_id=facts["lookalike"]).count() > 0
        assert (facts["lookalike_batch"] is not None) == in_stock, case_id
        if facts["new_item"]:
            assert not records.canonical(crm, "product", str(facts["new_code"]))
            continue
        batch = crm.get_one(tables.Batch, case.records["batch"])
        assert facts["item"] == case.records["product"] == batch.product_id, case_id
        assert sorted(batch.batch_no) == sorted(str(facts["other_batch"])), case_id
        wanted = facts["quantity"]
        assert isinstance(wanted, int)
        assert wanted <= batch.in_stock, case_id
        kept = records.canonical(
            crm, "customer_code", f"{case.records.get('customer')}/{facts['customer_code']}"
        )
        assert (kept is not None) == facts["code_known"], case_id


def test_the_price_of_a_sale_lies_as_far_below_its_list_as_its_title_says(
    crm: Session, sales: Procedure
) -> None:
    depths = {}
    for case_id, case in begins_with_it(sales).items():
        customer, product = case.records.get("customer"), case.records.get("product")
        if product is not None:
            listed = price_on(crm, product, customer, day(case.opened_at))
            assert listed is not None
            depths[case_id] = 100 * (1 - Decimal(str(case.facts["price"])) / listed.price)
    assert depths == {
        "L-2001": 0,
        "L-2002": 0,
        "L-2003": 4,
        "L-2004": 8,
        "L-2005": 15,
        "L-2006": 0,
        "L-2007": 0,
    }


def test_the_days_that_a_sale_names_are_working_days_in_their_order(sales: Procedure) -> None:
    for case_id, case in sales.cases.items():
        names = ["received_on", "ordered_on", "deliver_by", "due_on"]
        days = [date.fromisoformat(str(case.facts[name])) for name in names if case.facts[name]]
        assert days == sorted(days), case_id
        assert days[0] == day(case.opened_at)
        assert all(STANDARD.is_working_day(named) for named in days), case_id
