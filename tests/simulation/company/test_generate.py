"""The practice company: the same bytes for the same seed, and books that balance for any."""

from __future__ import annotations

import filecmp
from collections import Counter, defaultdict
from dataclasses import fields
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from crmlab.cli.app import app
from crmlab.crm.store import history
from crmlab.crm.store.start_set import Whose
from crmlab.crm.tables import Base
from crmlab.errors import SimulationError
from crmlab.places import SAMPLE_DATA
from crmlab.practice.history import company_with_history, write
from crmlab.procedures import load
from crmlab.simulation.company import around
from crmlab.simulation.company.desks import LIFECYCLES
from crmlab.simulation.company.generate import Company
from crmlab.simulation.ways import BACK


@cache
def small(seed: int) -> Company:
    return company_with_history(seed, 12, 100, keeps_paths=True)


def test_the_same_seed_gives_the_bytes_of_the_sample_data(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["generate", "--out", str(tmp_path)])
    assert told.exit_code == 0, told.output
    names = sorted(path.name for path in SAMPLE_DATA.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    _same, other, unread = filecmp.cmpfiles(SAMPLE_DATA, tmp_path, names, shallow=False)
    assert (other, unread) == ([], [])


def test_another_seed_is_another_company() -> None:
    first, second = (small(seed).books.orders for seed in (3, 11))
    assert [order.ordered_at for order in first] != [order.ordered_at for order in second]


@pytest.mark.parametrize(
    ("seed", "months", "customers", "sentence"),
    [
        (7, 11, 600, "100 customers and 12 months at least"),
        (7, 24, 99, "100 customers and 12 months at least"),
        (7, 100_000, 600, "100,000 customers and 120 months at most"),
        (7, 24, 10**8, "100,000 customers and 120 months at most"),
        (-3, 24, 600, "A seed is zero or more, and not -3"),
    ],
)
def test_what_no_company_can_be_like_is_told_before_any_work(
    seed: int, months: int, customers: int, sentence: str
) -> None:
    with pytest.raises(SimulationError, match=sentence):
        company_with_history(seed, months, customers)


def test_a_file_is_not_taken_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    told = CliRunner().invoke(app, ["generate", "--out", str(tmp_path / "taken")])
    assert told.exit_code != 0
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    told = CliRunner().invoke(app, ["generate", "--out", str(tmp_path)])
    assert isinstance(told.exception, SimulationError)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_half_a_company_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_told: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("crmlab.simulation.company.files.write_parquet", full)
    with pytest.raises(OSError, match="No space"):
        write(small(3), tmp_path)
    assert list(tmp_path.iterdir()) == []


# What holds of any company. Making one takes a second or two, so each is held to all of it.


@settings(max_examples=5, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.integers(min_value=0, max_value=10**9))
def test_any_company_is_sound(seed: int) -> None:
    company = company_with_history(seed, 12, 100)
    the_books_balance(company)
    nothing_comes_before_its_cause(company)
    every_key_leads_somewhere(company)
    nothing_ships_over_its_limit(company)
    no_price_is_below_the_list_without_a_word(company)


def the_books_balance(company: Company) -> None:
    books = company.books
    lines = defaultdict(list)
    for line in books.order_lines:
        lines[line.order_id].append(line)
    ordered = {n: sum(x.quantity * x.unit_price for x in found) for n, found in lines.items()}
    booked = Counter[str]()
    for row in books.transactions:
        booked[row.order_id] += row.amount
    paid = Counter[str]()
    for payment in books.payments:
        paid[payment.invoice_id] += payment.amount
    for invoice in books.invoices:
        assert invoice.amount == ordered[invoice.order_id] == booked[invoice.order_id]
        assert paid[invoice.invoice_id] == (invoice.amount if invoice.settled_at else 0)
    assert len({invoice.order_id for invoice in books.invoices}) == len(books.invoices)
    left = Counter[str]()
    for part in books.shipment_lines:
        left[part.line_id] += part.quantity
    shipped = {order.order_id for order in books.orders if order.shipped_at is not None}
    for line in books.order_lines:
        assert left[line.line_id] == (line.quantity if line.order_id in shipped else 0)
    gone = Counter[str]()
    for part in books.shipment_lines:
        gone[part.batch_no or ""] += part.quantity
    for batch in books.batches.values():
        assert gone[batch.batch_no] + batch.in_stock <= batch.quantity


def nothing_comes_before_its_cause(company: Company) -> None:
    books, axis = company.books, company.axis
    orders = {order.order_id: order for order in books.orders}
    for order in books.orders:
        assert_in_order(order.ordered_at, order.shipped_at, order.invoiced_at)
    for shipment in books.shipments:
        assert shipment.shipped_at > orders[shipment.order_id].ordered_at
    for invoice in books.invoices:
        assert invoice.invoiced_at > (orders[invoice.order_id].shipped_at or axis.end)
        assert_in_order(invoice.invoiced_at, invoice.settled_at)
        assert invoice.due_on >= axis.day(invoice.invoiced_at)
    quotes = {quote.quote_id: quote for quote in books.quotes}
    for order in books.orders:
        if order.quote_id:
            assert order.ordered_at > quotes[order.quote_id].quoted_at
    entries = defaultdict(list)
    for entry in books.stages:
        entries[entry.opportunity_id].append(entry.entered_at)
    for opportunity in books.opportunities:
        assert_in_order(opportunity.created_at, *entries[opportunity.opportunity_id])
        assert_in_order(entries[opportunity.opportunity_id][-1], opportunity.closed_at)
        assert (opportunity.closed_at is None) == (opportunity.outcome == "open")
        if opportunity.outcome == "won":  # closed with the order, weeks before the money
            assert opportunity.closed_at == entries[opportunity.opportunity_id][-1]
    for complaint in company.complaints.complaints:
        assert_in_order(complaint.shipped_at, complaint.received_at, complaint.closed_at)
    joined = {customer.customer_id: customer.created_on for customer in company.base.customers}
    assert all(axis.day(order.ordered_at) >= joined[order.customer_id] for order in books.orders)
    made = {batch.batch_no: batch.made_on for batch in books.batches.values()}
    shipped = {row.shipment_id: row.shipped_at for row in books.shipments}
    for part in books.shipment_lines:
        if part.batch_no:
            assert made[part.batch_no] <= axis.day(shipped[part.shipment_id])
    for table in tables(company).values():
        for row in table:
            for column in fields(row):
                if str(column.type).startswith("Hour") and getattr(row, column.name) is not None:
                    assert 0 <= getattr(row, column.name) <= axis.end


def every_key_leads_somewhere(company: Company) -> None:
    found = tables(company)
    for name, table in found.items():
        model = Base.metadata.tables[name]
        keys = [column.name for column in model.primary_key]
        if hasattr(table[0], keys[0]):
            numbers = [tuple(getattr(row, key) for key in keys) for row in table]
            assert len(set(numbers)) == len(numbers), name
        for column in model.columns:
            for key in column.foreign_keys:
                other = key.column.table.name
                if other not in found or (name, column.name) in history.LEFT_OUT:
                    continue
                if follows(name, column.name):
                    continue
                there = {getattr(row, key.column.name) for row in found[other]}
                named = {getattr(row, column.name) for row in table} - {None}
                assert named <= there, (name, column.name, named - there)


def follows(table: str, column: str) -> bool:
    """Whether the CRM says it of itself: a part of an order is its customer's."""
    return column == "customer_id" and table in Whose.PARTS


def nothing_ships_over_its_limit(company: Company) -> None:
    books, last = company.books, {}
    allowed = load("lead_to_cash").house.overdue_allowed
    assert allowed
    for check in books.credit_checks:
        limit = check.credit_limit
        over = limit is None or check.receivables + check.open_orders + check.order_amount > limit
        late = check.overdue_days > allowed and check.receivables > 0
        assert (check.decision == "clear") == (not (over or late)) or check.decision == "released"
        last[check.order_id] = check
    for order in books.orders:
        assert order.credit == last[order.order_id].decision
        assert order.shipped_at is None or order.credit in ("clear", "released")
    for check in books.credit_checks[::7]:  # the sums are those of the books at that moment
        owed = sum(
            invoice.amount
            for invoice in books.invoices
            if invoice.customer_id == check.customer_id
            and invoice.invoiced_at <= check.decided_at
            and not (invoice.settled_at is not None and invoice.settled_at <= check.decided_at)
        )
        assert owed == check.receivables


def no_price_is_below_the_list_without_a_word(company: Company) -> None:
    books, seats = company.books, defaultdict(set)
    for approval in books.approvals:
        seats[approval.quote_id].add(approval.seat)
    orders = {order.quote_id for order in books.orders if order.quote_id}
    for line in books.quote_lines:
        below = 100 * (line.list_price - line.unit_price) / line.list_price
        if line.quote_id in orders:
            wanted = {"sales_manager"} if below > 0 else set()
            wanted |= {"sales_director"} if below > 5 else set()
            wanted |= {"general_manager"} if below > 10 else set()
            assert wanted <= seats[line.quote_id]


@pytest.mark.parametrize("seed", [3, 11])
def test_the_case_engine_lets_everything_happen_that_is_in_the_log(seed: int) -> None:
    """Each case that was closed is played anew by the engine, with its own moments, and leaves
    the very events that the log has of it."""
    company = small(seed)
    for run in (company.sales, company.complaints):
        logged = defaultdict(list)
        desks, log = run.desks, run.desks.log
        steps, seats = list(run.procedure.steps), list(run.procedure.seats)
        for n, case in enumerate(log.case):
            logged[case].append(
                (steps[log.activity[n]], LIFECYCLES[log.lifecycle[n]], seats[log.resource[n]])
            )
        assert len(desks.ended) > 20
        for number, under in desks.ended.items():
            results = list(desks.ways[under.kind].results(under.path))
            told = [
                (event.activity, event.lifecycle, event.resource)
                for result in results
                for event in result.events
            ]
            assert logged[number] == told[: len(logged[number])]
            assert len(told) - len(logged[number]) in (0, 1)  # the next desk came after the end


def assert_in_order(*hours: float | None) -> None:
    known = [hour for hour in hours if hour is not None]
    assert all(a <= b for a, b in pairwise(known))


def tables(company: Company) -> dict[str, list[Any]]:
    known = {**vars(company.books), **vars(company.base)}
    return {
        **{name: known[name] for name in history.TABLES if isinstance(known.get(name), list)},
        "batches": list(company.books.batches.values()),
        "opportunity_stages": company.books.stages,
        "complaints": company.complaints.complaints,
    }


# What the files promise.


def test_the_files_say_all_that_the_crm_has_to_know(tmp_path: Path) -> None:
    for name in history.TABLES:
        heading = (SAMPLE_DATA / f"{name}.csv").read_text(encoding="utf-8-sig").splitlines()[0]
        model = Base.metadata.tables[name]
        needed = {
            column.name
            for column in model.columns
            if not column.nullable and column.default is None and column.autoincrement is not True
            if not follows(name, column.name)
        }
        assert needed <= set(heading.split(",")), name


def test_the_readme_tells_every_file_and_every_column(tmp_path: Path) -> None:
    write(small(3), tmp_path)
    told = (tmp_path / "README.md").read_text(encoding="utf-8")
    for file in tmp_path.iterdir():
        if file.suffix == ".csv":
            heading = file.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
            section = told.split(f"### `{file.name}`")[1].split("###")[0]
            assert [f"| `{name}` |" in section for name in heading] == [True] * len(heading)
        elif file.suffix == ".parquet":
            section = told.split(f"### `{file.name}`")[1].split("###")[0]
            assert all(f"| `{name}` |" in section for name in pq.read_schema(file).names)


@pytest.mark.parametrize("seed", [3, 11])
def test_what_left_in_a_month_is_told_as_a_whole_and_by_product(seed: int) -> None:
    """An order of two products is one order of the whole, and one of each of them."""
    books = small(seed).books
    rows = around.exposure(books)
    whole = {row.period: row for row in rows if row.product_id is None}
    shipped = [order for order in books.orders if order.shipped_at is not None]
    assert sum(row.orders for row in whole.values()) == len(shipped)
    for period, month in whole.items():
        parts = [row for row in rows if row.period == period and row.product_id]
        assert sum(row.units for row in parts) == month.units
        for name in ("orders", "customers"):
            of_products = [getattr(row, name) for row in parts]
            assert max(of_products) <= getattr(month, name) < sum(of_products)
    assert {row.period for row in rows} == set(whole)


def test_nothing_that_was_sent_back_counts_as_done() -> None:
    company = small(3)
    log = company.sales.desks.log
    withdrawn = sum(1 for n in log.lifecycle if LIFECYCLES[n] == "withdraw")
    sent_back = sum(
        choice == BACK
        for desks in (company.sales.desks,)
        for under in [*desks.ended.values(), *desks.under.values()]
        for choice, _done, _worked in under.path
    )
    assert withdrawn == sent_back > 0
