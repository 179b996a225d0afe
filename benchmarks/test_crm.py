"""How long looking into the CRM takes in a company with 100,000 orders, on each database.

    python -m pytest benchmarks/test_crm.py benchmarks/test_crm_writing.py --benchmark-enable

Stated limit: 20 ms, of the median, for any operation (`benchmarks/limits.py` says how it is held
to). Each leaves its line in the audit trail, so each writes. PostgreSQL is measured where
CRMLAB_TEST_DATABASE_URL names a server.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from typing import Any

import pytest

from benchmarks.at_work import (
    AT,
    DIRECTOR,
    EVERYBODY,
    GENERAL,
    LIMIT_MS,
    MANAGER,
    REPRESENTATIVE,
    SALE,
    brought_to,
    some_user,
)
from benchmarks.limits import hold
from crmlab.crm.access import browse, export, history, noting, reports, search, timeline
from crmlab.crm.access.permissions import Who
from crmlab.crm.access.sign_in import sign_in
from crmlab.crm.base import review
from crmlab.crm.casework import looking
from crmlab.crm.records import KINDS
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Denied
from crmlab.practice.session import Practice
from crmlab.procedures import load, shipped

LARGEST, LARGE, ADDRESS = "BC-0000", "BC-0003", "3 Dock Road"
"""The customer with the most orders, five thousand; one with two thousand, of the representative's;
and where that one's orders go."""

A_THOUSAND = "BC-0011"
"""A customer with nearly as many orders as may be taken out at a time."""

by_seat = pytest.mark.parametrize("who", EVERYBODY, ids=lambda who: str(who.seat))

LOOKING: dict[str, Callable[[Sandbox, Who, str], Any]] = {
    "sign in": lambda c, who, n: sign_in(c, who.user_id, who.seat, AT),
    "a later page": lambda c, who, n: browse.page(c, who, "order", at=AT, after="BO-050000"),
    "a page of 200": lambda c, who, n: browse.page(c, who, "order", at=AT, size=200),
    "the last page": lambda c, who, n: browse.page(c, who, "order", at=AT, after="BO-099900"),
    "one order": lambda c, who, n: browse.look(c, who, "order", f"BO-{n}", at=AT),
    "search: a name": lambda c, who, n: search.search(c, who, f"Works {n[-2:]}", at=AT),
    "search: a number": lambda c, who, n: search.search(c, who, f"BO-{n}", at=AT),
    "search: much": lambda c, who, n: search.search(c, who, "B", at=AT),
    "search: most": lambda c, who, n: search.search(c, who, "B", at=AT, size=search.MOST),
    "timeline": lambda c, who, n: timeline.read_timeline(c, who, LARGE, at=AT),
    "timeline of 100": lambda c, who, n: timeline.read_timeline(c, who, LARGE, at=AT, size=100),
    "an entry on a timeline": lambda c, who, n: noting.note_contact(
        c, who, LARGE, {"channel": "call", "at": AT, "note": f"Call {n}."}, at=AT
    ),
    "report: stuck": lambda c, who, n: reports.report(c, who, "stuck_opportunities", at=AT),
    "report: receivables": lambda c, who, n: reports.report(c, who, "open_receivables", at=AT),
    "report: orders": lambda c, who, n: reports.report(c, who, "orders_by_month", at=AT),
    "report: orders of two years": lambda c, who, n: reports.report(
        c, who, "orders_by_month", at=AT, months=24
    ),
    "history": lambda c, who, n: history.history(c, who, "customer", LARGE, at=AT),
    "history of a field": lambda c, who, n: history.history(
        c, who, "customer", LARGE, "contact", at=AT
    ),
}


@pytest.mark.parametrize("operation", LOOKING)
@by_seat
def test_looking(benchmark: Any, company: Sandbox, operation: str, who: Who) -> None:
    theirs = browse.page(company, who, "order", at=AT, after="BO-0", size=200).rows
    numbers = cycle(row.key.removeprefix("BO-") for row in theirs)
    hold(
        benchmark,
        LIMIT_MS,
        company,
        LOOKING[operation],
        fresh=lambda: ((company, who, next(numbers)), {}),
    )


@pytest.mark.parametrize("kind", KINDS)
@by_seat
def test_a_list(benchmark: Any, company: Sandbox, kind: str, who: Who) -> None:
    hold(benchmark, LIMIT_MS, company, lambda: browse.page(company, who, kind, at=AT), rounds=24)


FILTERS: dict[str, tuple[str, dict[str, Any]]] = {
    "orders of a customer": ("order", {"customer_id": LARGE}),
    "orders to an address": ("order", {"address": ADDRESS}),
    "orders to no address": ("order", {"address": "nowhere"}),
    "orders not shipped": ("order", {"shipped_at": None}),
    "orders that are held": ("order", {"credit": "held"}),
    "orders of no case": ("order", {"case_id": None}),
    "lines of a product": ("order_line", {"product_id": "BP-03"}),
    "lines of a third": ("order_line", {"product_id": "BP-00"}),
    "lines of a twelfth": ("order_line", {"product_id": "BP-01"}),
    "two lines": ("order_line", {"product_id": "BP-39"}),
    "lines of a batch": ("order_line", {"batch_no": "X-0003"}),
    "lines of so many": ("order_line", {"quantity": "11"}),
    "lines of a customer": ("order_line", {"customer_id": LARGE}),
    "lines without a batch": ("order_line", {"batch_no": None}),
    "lines at a price": ("order_line", {"unit_price": "77777"}),
    "offers of a product": ("quote_line", {"product_id": "BP-03"}),
    "offers of a third": ("quote_line", {"product_id": "BP-00"}),
    "offers of a twelfth": ("quote_line", {"product_id": "BP-01"}),
    "two offers": ("quote_line", {"product_id": "BP-39"}),
    "offers of so many": ("quote_line", {"quantity": "11"}),
    "offers at a price": ("quote_line", {"unit_price": "77777"}),
    "open opportunities": ("opportunity", {"outcome": "open"}),
    "opportunities by stage": ("opportunity", {"stage": "won"}),
    "opportunities of an owner": ("opportunity", {"owner": "BR-03"}),
    "opportunities of a company": ("opportunity", {"company": "Nobody"}),
    "shipments to an address": ("shipment", {"address": "nowhere"}),
    "shipments to a customer": ("shipment", {"customer_id": LARGE}),
    "shipments to the largest": ("shipment", {"address": "0 Dock Road"}),
    "shipments of late": ("shipment", {"carrier": "Late Freight"}),
    "shipped from a batch": ("shipment_line", {"batch_no": "X-0003"}),
    "shipped from a third": ("shipment_line", {"batch_no": "X-0000"}),
    "shipped from a twelfth": ("shipment_line", {"batch_no": "X-0001"}),
    "shipped twice": ("shipment_line", {"batch_no": "X-0039"}),
    "shipped so many": ("shipment_line", {"quantity": "11"}),
    "shipped without a batch": ("shipment_line", {"batch_no": None}),
    "invoices not settled": ("invoice", {"settled_at": None}),
    "invoices by amount": ("invoice", {"amount": "77777"}),
    "payments by amount": ("payment", {"amount": "77777"}),
}
"""By columns with an index and without one: for what a third of the rows says and what two say,
for what none says, and for what only the last of them say."""


@pytest.mark.parametrize("what", FILTERS)
@by_seat
def test_a_filtered_list(benchmark: Any, company: Sandbox, what: str, who: Who) -> None:
    kind, filters = FILTERS[what]
    hold(
        benchmark,
        LIMIT_MS,
        company,
        lambda: browse.page(company, who, kind, at=AT, filters=filters),
        rounds=24,
    )


REASON = "Receivables meeting on Monday"
EXPORTS: dict[str, tuple[Who, str, dict[str, Any]]] = {
    "a customer": (MANAGER, "customer", {"customer_id": LARGE}),
    "customers of a branch": (MANAGER, "customer", {}),
    "all customers": (GENERAL, "customer", {}),
    "what a branch has not settled": (MANAGER, "invoice", {"settled_at": None}),
    "nearly a thousand orders": (DIRECTOR, "order", {"customer_id": A_THOUSAND}),
    "too many orders": (DIRECTOR, "order", {"customer_id": LARGE}),
    "by far too many orders": (GENERAL, "order", {}),
}
"""Who takes out what; the last two are denied."""


@pytest.mark.parametrize("what", EXPORTS)
def test_an_export(benchmark: Any, company: Sandbox, what: str) -> None:
    who, kind, filters = EXPORTS[what]

    def take() -> None:
        with suppress(Denied):  # which is an answer too, and on record
            export.export(company, who, kind, REASON, AT, filters)

    hold(benchmark, LIMIT_MS, company, take, rounds=24)


OFFERED = sorted(
    {
        field.record
        for procedure in map(load, shipped())
        for step in procedure.steps.values()
        for field in step.fields.values()
        if field.record
    }
)
"""The kinds of record that the forms of the shipped procedures offer."""


@pytest.mark.parametrize("kind", OFFERED)
@pytest.mark.parametrize("customer", ["CU-007", LARGEST])
@pytest.mark.parametrize("step", ["quote", "pick_and_ship"])
def test_what_a_form_offers(
    benchmark: Any, company: Sandbox, kind: str, customer: str, step: str
) -> None:
    """A representative with a twelfth of the customers quotes, and the warehouse ships."""
    _procedure, case = brought_to(company, SALE, "quote", "L-2003")
    own = {"customer": customer, "product": "BP-03"}
    case = case.model_copy(update={"step": step, "records": own})
    seat = SALE.steps[step].seat
    who = Who("BR-00", seat) if step == "quote" else some_user(company, seat)

    def offer() -> None:
        with company.read() as session:
            looking.offered(session, kind, case, who)

    hold(benchmark, LIMIT_MS, company, offer, rounds=24)


@pytest.mark.parametrize("seat", ["sales_representative", "sales_manager", "finance_controller"])
def test_the_inbox(benchmark: Any, company: Sandbox, seat: str) -> None:
    practice = Practice(SALE, company, cases=[])
    for _ in range(10):
        brought_to(company, SALE, "quote", "L-2003")
    hold(benchmark, LIMIT_MS, company, lambda: practice.in_sight(seat))


@pytest.mark.parametrize("step", ["quote", "approve_by_manager", "enter_order"])
@pytest.mark.parametrize("again", [False, True], ids=["on_record", "drawn_again"])
def test_looking_at_a_case(benchmark: Any, company: Sandbox, step: str, again: bool) -> None:
    """What stands round a case at its desk: the customer's timeline and the pick lists."""

    def fresh() -> tuple[tuple[Any, ...], dict[str, Any]]:
        many, case = brought_to(company, SALE, step, "L-2003")
        seat = many.steps[step].seat
        if again:
            looking.look(company, many, case, seat)
        return (company, many, case, seat), {}

    hold(benchmark, LIMIT_MS, company, looking.look, fresh=fresh, rounds=24)


@pytest.mark.parametrize("who", [MANAGER, GENERAL], ids=lambda who: str(who.seat))
def test_what_waits_for_review(benchmark: Any, company: Sandbox, who: Who) -> None:
    hold(benchmark, LIMIT_MS, company, lambda: review.open_proposals(company, who, at=AT))


def test_a_denial(benchmark: Any, company: Sandbox) -> None:
    def ask() -> None:
        with pytest.raises(Denied):
            browse.look(company, REPRESENTATIVE, "customer", LARGEST, at=AT)

    hold(benchmark, LIMIT_MS, company, ask)
