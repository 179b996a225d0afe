"""Random actions on sales: whatever people try, the books hold together.

Beside the sale the base data are kept, its customer's limit is lowered and raised by those who may,
and the same customer buys once more.

What the procedure file decides is worked out here once more, from the tables alone and without
its figures and conditions.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.base.review import review
from crmlab.errors import Refused
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case
from tests.crm.base.random_base_data import REVIEWERS, WithBaseData

NOTHING = Decimal(0)
LONGEST_OVERDUE = 30
"""Days after which an unpaid invoice holds the next order: said here once more, as the rest is."""


def signatures_for(percent: Decimal) -> set[str]:
    """Who has to agree to a price so far below the list."""
    asked = {"sales_manager": 0, "sales_director": 5, "general_manager": 10}
    return {seat for seat, from_percent in asked.items() if percent > from_percent}


def list_price(session: Session, product: str, customer: str, day: date) -> Decimal | None:
    """What the lists say: the customer's own before the base list."""
    own, base = [], []
    for price in session.query(tables.Price).filter_by(product_id=product):
        of = session.get_one(tables.PriceList, price.price_list_id).customer_id
        if price.valid_from <= day <= (price.valid_to or day) and of in (None, customer):
            (base if of is None else own).append(price.unit_price)
    return next(iter([*own, *base]), None)


def owed_at(session: Session, order: tables.Order, before: datetime) -> tuple[Decimal, int]:
    """What the customer of an order owed and had on order at a moment, without this order, and for
    how long, in days."""
    owed, oldest = NOTHING, 0
    of_customer: dict[str, Any] = {"customer_id": order.customer_id}
    invoiced = set()
    for invoice in session.query(tables.Invoice).filter_by(**of_customer):
        if invoice.invoiced_at > before or invoice.order_id == order.order_id:
            continue
        invoiced.add(invoice.order_id)
        paid = sum(
            (
                payment.amount
                for payment in session.query(tables.Payment).filter_by(
                    invoice_id=invoice.invoice_id
                )
                if payment.paid_at <= before
            ),
            NOTHING,
        )
        owed += invoice.amount - paid
        if invoice.amount > paid:
            oldest = max(oldest, (STANDARD.local(before).date() - invoice.due_on).days)
    for other in session.query(tables.Order).filter_by(**of_customer):
        if other.order_id not in {*invoiced, order.order_id} and other.ordered_at <= before:
            owed += amount(session, other)
    return owed, oldest


def decisions(session: Session, order: tables.Order) -> list[tables.CreditCheck]:
    """What was decided about the order's credit, the first first."""
    checks = session.query(tables.CreditCheck).filter_by(order_id=order.order_id)
    return checks.order_by(tables.CreditCheck.decided_at, tables.CreditCheck.check_id).all()


def lines_of(session: Session, order: tables.Order) -> list[tables.OrderLine]:
    return session.query(tables.OrderLine).filter_by(order_id=order.order_id).all()


def amount(session: Session, order: tables.Order) -> Decimal:
    return sum((line.unit_price * line.quantity for line in lines_of(session, order)), NOTHING)


@cache
def with_second_sales() -> Procedure:
    """The sales procedure, where some customers ask for the same once more: what is in stock is
    enough for both, and what they call it has been kept."""
    sale = load("lead_to_cash")
    cases = dict(sale.cases)
    for case_id in ("L-2001", "L-2003", "L-2004"):
        facts = {**sale.cases[case_id].facts, "code_known": True}
        cases[f"{case_id}2"] = sale.cases[case_id].model_copy(update={"facts": facts})
    return sale.model_copy(update={"cases": cases})


class WithTheSale(WithBaseData):
    def procedure(self) -> Procedure:
        return with_second_sales()

    def begin(self, case_id: str, share: float) -> None:
        self.beside: tuple[Case, list[Case]] | None = None
        self.judged: set[str] = set()
        super().begin(case_id, share)

    @precondition(lambda self: self.beside is None and self.another_sale())
    @rule(share=st.sampled_from([0, 0.7, 0.7]))
    def sell_to_the_same_customer_again(self, share: float) -> None:
        first = self.case, self.seen
        super().begin(self.another_sale() or "", 0)
        self.beside = first
        for _step in range(int(12 * share)):
            if self.case.step == "pick_and_ship":
                break
            try:
                self.apply(self.hand_over(self.right(), 1))
            except Refused:
                break  # the customer has a record of another name, or the like

    @precondition(lambda self: self.beside)
    @rule()
    def take_up_the_other_sale(self) -> None:
        assert self.beside
        (self.case, self.seen), self.beside = self.beside, (self.case, self.seen)

    @rule(limit=st.sampled_from([None, "0", "100", "25000", "45000", "500000"]))
    def two_reviewers_agree_to_another_limit(self, limit: str | None) -> None:
        self.agree_to_a_limit(limit)

    def agree_to_a_limit(self, limit: str | None) -> None:
        customer = self.case.records.get("customer")
        if customer is None:
            return
        try:
            waiting = self.changed(customer, {"credit_limit": limit})
        except Refused:
            return  # another limit waits for its reviewers
        for number in waiting.values():
            for who in REVIEWERS[:2]:
                review(self.sandbox, who, number, True, "", self.now())

    @precondition(lambda self: self.case.step in ("release_credit", "pick_and_ship"))
    @rule(limit=st.sampled_from(["100", "25000", None]))
    def go_on_under_another_limit(self, limit: str | None) -> None:
        self.agree_to_a_limit(limit)
        right = self.right()
        self.attempt(self.hand_over(right, 1))

    def another_sale(self) -> str | None:
        """The case in which the customer of this one asks once more."""
        again = f"{self.case.case_id}2"
        return again if again in self.procedure().cases else None

    def all_cases(self) -> list[Case]:
        return [self.case, *([self.beside[0]] if self.beside else [])]

    @invariant()
    def no_order_leaves_over_its_limit_without_a_release(self) -> None:
        """Judged when it has just left, since the limit may be another one afterwards."""
        with self.sandbox.read() as session:
            for shipment in session.query(tables.Shipment):
                order = session.get_one(tables.Order, shipment.order_id)
                if order.case_id is None or shipment.shipment_id in self.judged:
                    continue  # it left long before
                self.judged.add(shipment.shipment_id)
                limit = session.get_one(tables.Customer, order.customer_id).credit_limit
                owed, overdue = owed_at(session, order, shipment.shipped_at)
                over = limit is None or owed + amount(session, order) > limit
                event(f"left {'over' if over else 'within'} its limit")
                if over or (overdue > LONGEST_OVERDUE and owed):
                    by_finance = [c for c in decisions(session, order) if c.decided_by is not None]
                    assert by_finance, "nobody has decided about it"
                    latest = by_finance[-1]
                    assert order.credit == "released"
                    assert (latest.decision, latest.decided_by) == (
                        "released",
                        "finance_controller",
                    )
                    assert (latest.reason or "").strip()
                    assert latest.order_amount >= amount(session, order), "as much as left"

    @invariant()
    def what_was_decided_about_credit_stays_as_it_was_decided(self) -> None:
        with self.sandbox.read() as session:
            now = {
                check.check_id: (
                    check.decision,
                    check.decided_by,
                    check.decided_at,
                    check.reason,
                    check.order_amount,
                    check.receivables,
                    check.overdue_days,
                )
                for check in session.query(tables.CreditCheck)
            }
        before, self.decided = getattr(self, "decided", {}), now
        assert before.items() <= now.items()

    @invariant()
    def the_latest_decision_of_finance_has_the_sum_of_its_moment(self) -> None:
        with self.sandbox.read() as session:
            for order in session.query(tables.Order).filter_by(case_id=self.case.case_id):
                latest = decisions(session, order)[-1]
                if latest.decided_by is not None:
                    owed, overdue = owed_at(session, order, latest.decided_at)
                    assert latest.receivables + latest.open_orders == owed
                    assert latest.overdue_days == overdue

    @invariant()
    def no_price_goes_below_the_list_without_its_approvals(self) -> None:
        with self.sandbox.read() as session:
            for order in session.query(tables.Order).filter(tables.Order.case_id.is_not(None)):
                quote = session.get_one(tables.Quote, order.quote_id)
                for line in lines_of(session, order):
                    day = STANDARD.local(quote.quoted_at).date()
                    listed = list_price(session, line.product_id, order.customer_id, day)
                    assert listed is not None
                    below = (listed - line.unit_price) / listed * 100
                    agreed = {
                        approval.seat
                        for approval in session.query(tables.Approval).filter_by(
                            quote_id=quote.quote_id, decision="approved"
                        )
                        if approval.unit_price <= line.unit_price
                    }
                    assert signatures_for(below) <= agreed

    @invariant()
    def what_is_closed_was_invoiced_as_shipped_and_shipped_as_ordered(self) -> None:
        if self.case.closed_at is None:
            return
        event("looked at a closed case")
        with self.sandbox.read() as session:
            for order in session.query(tables.Order).filter_by(case_id=self.case.case_id):
                ordered = {line.line_id: line.quantity for line in lines_of(session, order)}
                shipped = {
                    line.line_id: line.quantity
                    for shipment in session.query(tables.Shipment).filter_by(
                        order_id=order.order_id
                    )
                    for line in session.query(tables.ShipmentLine).filter_by(
                        shipment_id=shipment.shipment_id
                    )
                }
                invoice = session.query(tables.Invoice).filter_by(order_id=order.order_id).one()
                assert shipped == ordered
                assert invoice.amount == amount(session, order)

    @invariant()
    def an_opportunity_comes_to_each_stage_once_and_goes_to_none_back(self) -> None:
        """Wherever its case is sent."""
        funnel = list(self.procedure().stages)
        with self.sandbox.read() as session:
            for case in self.all_cases():
                entries = session.query(tables.StageEntry).filter_by(opportunity_id=case.case_id)
                came_to = [
                    funnel.index(entry.stage)
                    for entry in entries.order_by(tables.StageEntry.entry_id)
                ]
                assert came_to == sorted(set(came_to))

    @invariant()
    def nothing_is_in_stock_that_is_not_there(self) -> None:
        with self.sandbox.read() as session:
            for batch in session.query(tables.Batch):
                assert 0 <= batch.in_stock <= batch.quantity


class WaitingToLeave(WithTheSale):
    """Sales that begin where the goods are about to leave, so that much happens just then."""

    def begin(self, case_id: str, share: float) -> None:
        super().begin(case_id if case_id not in ENDS_EARLY else "L-2001", 0)
        while self.case.step != "pick_and_ship":
            self.apply(self.hand_over(self.right(), 1))


ENDS_EARLY = ("L-2007",)
"""Cases that are no sale."""

LIMITS = settings(
    max_examples=12,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def test_random_sales(database: str) -> None:
    fewer = {"sqlite": LIMITS, "postgresql": settings(LIMITS, max_examples=5)}
    run_state_machine_as_test(WithTheSale, settings=fewer[database])


def test_random_sales_that_wait_to_leave(database: str) -> None:
    short = settings(LIMITS, max_examples=20, stateful_step_count=10)
    fewer = {"sqlite": short, "postgresql": settings(short, max_examples=6)}
    run_state_machine_as_test(WaitingToLeave, settings=fewer[database])
