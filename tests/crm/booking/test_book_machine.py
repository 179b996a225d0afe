"""Orders, shipments, invoices and payments in any order, right and wrong, beside a count of our own.

Whatever is tried: stock never lies, nothing that is held leaves, nor anything that is more than the
customer's credit bears at that moment and that nobody has released, and what was invoiced is what
was shipped, and at the end of the way what was ordered.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.booking.book import book
from crmlab.crm.booking.credit import standing
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Refused
from tests.crm.own_rows import (
    BATCH,
    BATCH_OF_ANOTHER,
    CUSTOMER,
    NOW,
    OTHER_BATCH,
    OTHER_CUSTOMER,
    add,
    little_company,
    ordered,
)

OURS = (BATCH, OTHER_BATCH)
PLENTY = "10000000"
LIMITS = st.sampled_from([PLENTY, PLENTY, "250000", "1000", "0", None])
REASONS = st.sampled_from(["We hold a guarantee.", "We hold a guarantee.", None])
SHARES = st.sampled_from([-1.0, 0.0, 0.4, 0.4, 1.0, 1.0, 1.0, 1.3])
BATCHES = st.sampled_from([BATCH, BATCH, OTHER_BATCH, BATCH_OF_ANOTHER, None])


class NotKept(Exception):
    """Ends a run without keeping what it wrote."""


@dataclass
class Sale:
    """One order as the test counts it: pieces by shipment line, money by payment."""

    customer: str
    line: str
    quantity: int
    price: Decimal
    credit: str
    released: Decimal = Decimal(0)
    shipment: str = ""
    parts: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    invoice: str = ""
    invoiced: Decimal = Decimal(0)
    payments: dict[str, Decimal] = field(default_factory=dict)

    @property
    def left(self) -> int:
        return sum(pieces for pieces, _batch in self.parts.values())

    @property
    def worth(self) -> Decimal:
        return self.quantity * self.price

    @property
    def owed(self) -> Decimal:
        return self.invoiced - sum(self.payments.values())


class Sales(RuleBasedStateMachine):
    """What people may try to book."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.sales: dict[str, Sale] = {}
        self.blocked: set[str] = set()
        self.limits: dict[str, Decimal | None] = {}
        self.stack = ExitStack()
        self.session: Session = self.stack.enter_context(
            sandbox.write("sell", subject="tests", at=NOW)
        )

    def teardown(self) -> None:
        fault = NotKept()
        assert not self.stack.__exit__(NotKept, fault, None)

    def book(
        self, allowed: bool, kind: str, columns: dict[str, Any], existing_key: str | None = None
    ) -> str | None:
        """Book it, and see that it is refused exactly when it should be."""
        key, faults = None, {}
        try:
            key = book(self.session, kind, None, columns, existing_key)
        except Refused as refusal:
            faults = refusal.fields
        assert (key is not None) == allowed, f"{kind} {columns}: {faults}"
        assert allowed or faults
        return key

    def any_sale(self, data: st.DataObject) -> tuple[str, Sale]:
        order = data.draw(st.sampled_from(sorted(self.sales)), label="order")
        return order, self.sales[order]

    def stock(self, batch_no: str) -> int:
        gone = sum(
            pieces
            for sale in self.sales.values()
            for pieces, batch in sale.parts.values()
            if batch == batch_no
        )
        return 100 - gone

    # What people may try --------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        for customer in (CUSTOMER, OTHER_CUSTOMER):
            self.set_a_limit(customer, PLENTY)
        for quantity, price in ((60, "3480.00"), (70, "19.99"), (3, "0.01")):
            self.order(OTHER_CUSTOMER if quantity == 3 else CUSTOMER, quantity, price, "clear")
        (partly, sale), (whole, other), _third = self.sales.items()
        self.ship_from(partly, sale, 20, BATCH)
        self.ship_from(whole, other, 70, OTHER_BATCH)
        self.invoice_it(whole, other, {})

    @precondition(lambda self: len(self.sales) < 6)
    @rule(
        customer=st.sampled_from([CUSTOMER, OTHER_CUSTOMER]),
        quantity=st.integers(1, 120),
        price=st.sampled_from(["0.01", "19.99", "3480.00"]),
        credit=st.sampled_from(["clear", "held"]),
    )
    def another_order(self, customer: str, quantity: int, price: str, credit: str) -> None:
        self.order(customer, quantity, price, credit)

    def order(self, customer: str, quantity: int, price: str, credit: str) -> None:
        order, line = ordered(self.session, quantity, price, customer_id=customer, credit=credit)
        self.sales[order] = Sale(customer, line, quantity, Decimal(price), credit)

    @rule(data=st.data(), share=SHARES, price=st.sampled_from(["-1", "0", "5.55", "5.55"]))
    def change_the_order(self, data: st.DataObject, share: float, price: str) -> None:
        _order, sale = self.any_sale(data)
        quantity = int(sale.quantity * share)
        same = quantity == sale.quantity and Decimal(price) == sale.price
        allowed = (
            quantity > 0
            and Decimal(price) > 0
            and quantity >= sale.left
            and (not sale.invoice or same)
        )
        if self.book(allowed, "order_line", {"quantity": quantity, "unit_price": price}, sale.line):
            sale.quantity, sale.price = quantity, Decimal(price)

    @rule(customer=st.sampled_from([CUSTOMER, OTHER_CUSTOMER]), limit=LIMITS)
    def set_a_limit(self, customer: str, limit: str | None) -> None:
        self.book(True, "customer", {"credit_limit": limit}, customer)
        self.limits[customer] = None if limit is None else Decimal(limit)

    @rule(data=st.data(), credit=st.sampled_from(["held", "released"]), reason=REASONS)
    def decide_on_credit(self, data: st.DataObject, credit: str, reason: str | None) -> None:
        order, sale = self.any_sale(data)
        decision = {
            "order_id": order,
            "receivables": 0,
            "open_orders": 0,
            "overdue_days": 0,
            "order_amount": str(sale.worth),
            "decision": credit,
            "decided_by": "finance_controller",
            "reason": reason,
            "decided_at": NOW,
        }
        if not self.book(bool(reason) or credit == "held", "credit_check", decision):
            return
        sale.released = sale.worth if credit == "released" else Decimal(0)
        self.book(True, "order", {"credit": credit}, order)
        if not sale.shipment:
            sale.credit = credit

    def may_leave(self, sale: Sale) -> bool:
        """Whether the customer's credit lets it go now, or somebody with a reason has."""
        theirs = [other for other in self.sales.values() if other.customer == sale.customer]
        exposure = sum(other.owed if other.invoice else other.worth for other in theirs)
        limit = self.limits[sale.customer]
        within = limit is not None and exposure <= limit
        return sale.credit != "held" and (within or sale.worth <= sale.released)

    @precondition(lambda self: any(sale.parts for sale in self.sales.values()))
    @rule(batch=st.sampled_from(OURS))
    def block_or_let_go(self, batch: str) -> None:
        blocked = batch not in self.blocked
        self.book(True, "batch", {"blocked": blocked}, batch)
        self.blocked = self.blocked | {batch} if blocked else self.blocked - {batch}

    @rule(data=st.data(), share=SHARES, batch=BATCHES)
    def ship(self, data: st.DataObject, share: float, batch: str | None) -> None:
        order, sale = self.any_sale(data)
        quantity = int((sale.quantity - sale.left or 1) * share)
        if sale.left == sale.quantity or sale.invoice:
            self.book(False, "shipment", {"order_id": order, "shipped_at": NOW})
        self.ship_from(order, sale, quantity, batch)

    def ship_from(self, order: str, sale: Sale, quantity: int, batch: str | None) -> None:
        if not sale.shipment:
            columns: dict[str, Any] = {"order_id": order, "shipped_at": NOW}
            sale.shipment = self.book(self.may_leave(sale), "shipment", columns) or ""
        if not sale.shipment:
            return
        allowed = (
            0 < quantity <= sale.quantity - sale.left
            and not sale.invoice
            and self.can_come_from(batch, quantity)
            and self.may_leave(sale)
        )
        columns = {"shipment_id": sale.shipment, "line_id": sale.line, "quantity": quantity}
        if part := self.book(allowed, "shipment_line", {**columns, "batch_no": batch}):
            sale.parts[part] = (quantity, batch)

    def can_come_from(self, batch: str | None, quantity: int) -> bool:
        return batch is None or (
            batch in OURS and batch not in self.blocked and quantity <= self.stock(batch)
        )

    @precondition(lambda self: any(sale.parts for sale in self.sales.values()))
    @rule(data=st.data(), share=SHARES, batch=BATCHES)
    def correct_what_left(self, data: st.DataObject, share: float, batch: str | None) -> None:
        with_parts = sorted(order for order, sale in self.sales.items() if sale.parts)
        sale = self.sales[data.draw(st.sampled_from(with_parts), label="order")]
        part = data.draw(st.sampled_from(sorted(sale.parts)), label="part")
        pieces, was = sale.parts[part]
        quantity = int(pieces * share)
        if batch == was:
            takes_more = quantity > pieces
            fits = batch is None or (
                quantity <= self.stock(batch) + pieces
                and not (takes_more and batch in self.blocked)
            )
        else:
            fits = self.can_come_from(batch, quantity)
        allowed = (
            0 < quantity <= sale.quantity - sale.left + pieces
            and fits
            and (not sale.invoice or quantity == pieces)
            and (quantity <= pieces or self.may_leave(sale))
        )
        if self.book(allowed, "shipment_line", {"quantity": quantity, "batch_no": batch}, part):
            sale.parts[part] = (quantity, batch)

    @precondition(lambda self: any(sale.left and not sale.invoice for sale in self.sales.values()))
    @rule(data=st.data(), batch=st.sampled_from([BATCH, None]))
    def ship_the_rest_and_invoice_it(self, data: st.DataObject, batch: str | None) -> None:
        waiting = [o for o, sale in self.sales.items() if sale.left and not sale.invoice]
        order = data.draw(st.sampled_from(sorted(waiting)), label="order")
        sale = self.sales[order]
        rest = sale.quantity - sale.left
        if rest:
            self.ship_from(order, sale, rest, batch)
        self.invoice_it(order, sale, {})

    @rule(data=st.data(), off=st.sampled_from(["0", "0.01", "-1"]))
    def invoice(self, data: st.DataObject, off: str) -> None:
        order, sale = self.any_sale(data)
        self.invoice_it(order, sale, {"amount": str(sale.left * sale.price + Decimal(off))})

    def invoice_it(self, order: str, sale: Sale, more: dict[str, Any]) -> None:
        worth = sale.left * sale.price
        columns = {"order_id": order, "invoiced_at": NOW, **more}
        right = Decimal(more.get("amount", worth)) == worth
        allowed = worth > 0 and not sale.invoice and right
        if invoice := self.book(allowed, "invoice", columns):
            sale.invoice, sale.invoiced = invoice, worth

    @precondition(lambda self: any(sale.invoice for sale in self.sales.values()))
    @rule(data=st.data(), share=st.sampled_from(["-0.5", "0", "0.3", "1", "1.01"]))
    def pay(self, data: st.DataObject, share: str) -> None:
        invoiced = sorted(order for order, sale in self.sales.items() if sale.invoice)
        sale = self.sales[data.draw(st.sampled_from(invoiced), label="order")]
        amount = (sale.invoiced * Decimal(share)).quantize(Decimal("0.01"))
        again = data.draw(st.sampled_from(["", *sorted(sale.payments)]), label="payment")
        still_open = sale.owed + sale.payments.get(again, Decimal(0))
        columns = {"invoice_id": sale.invoice, "amount": str(amount), "paid_at": NOW}
        allowed = 0 < amount <= still_open
        if payment := self.book(allowed, "payment", columns, again or None):
            sale.payments[payment] = amount

    # What always holds ----------------------------------------------------------------------------

    @invariant()
    def what_was_made_is_in_stock_or_has_left(self) -> None:
        for batch_no in (*OURS, BATCH_OF_ANOTHER):
            batch = self.session.get_one(tables.Batch, batch_no)
            assert batch.in_stock == self.stock(batch_no)
            assert 0 <= batch.in_stock <= batch.quantity

    @invariant()
    def nothing_that_is_held_has_left(self) -> None:
        for order, sale in self.sales.items():
            row = self.session.get_one(tables.Order, order)
            assert row.credit == sale.credit
            assert (row.shipped_at is not None) == bool(sale.shipment)
            assert not (sale.parts and row.credit == "held")

    @invariant()
    def what_is_owed_and_on_order_is_what_we_counted(self) -> None:
        for customer in (CUSTOMER, OTHER_CUSTOMER):
            theirs = [sale for sale in self.sales.values() if sale.customer == customer]
            stands = standing(self.session, customer, NOW)
            assert stands.receivables == sum(sale.owed for sale in theirs)
            assert stands.open_orders == sum(
                sale.quantity * sale.price for sale in theirs if not sale.invoice
            )

    @invariant()
    def what_is_invoiced_is_what_was_shipped_and_when_all_is_closed_what_was_ordered(self) -> None:
        for order, sale in self.sales.items():
            line = self.session.get_one(tables.OrderLine, sale.line)
            parts = self.session.scalars(
                select(tables.ShipmentLine).where(tables.ShipmentLine.line_id == sale.line)
            )
            shipped = sum(part.quantity for part in parts)
            assert shipped <= line.quantity
            invoices = list(
                self.session.scalars(select(tables.Invoice).where(tables.Invoice.order_id == order))
            )
            assert len(invoices) == bool(sale.invoice)
            for invoice in invoices:
                assert invoice.amount == shipped * line.unit_price
                if shipped == line.quantity:  # nothing is left to be delivered
                    assert invoice.amount == line.quantity * line.unit_price


def test_whatever_is_booked_the_books_agree(sandbox: Sandbox) -> None:
    add(sandbox, *little_company())
    run_state_machine_as_test(
        lambda: Sales(sandbox),
        settings=settings(
            max_examples=20,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
