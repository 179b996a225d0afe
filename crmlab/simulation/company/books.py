"""What the company writes down of a sale: each record with its number, in the order of time, and
what every customer owes and has on order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from crmlab.procedures.schema import House
from crmlab.procedures.steps import Step
from crmlab.simulation.company.axis import Axis
from crmlab.simulation.company.base import Base
from crmlab.simulation.company.rows import (
    Approval,
    Batch,
    CreditCheck,
    Customer,
    Fen,
    Interaction,
    Invoice,
    Opportunity,
    Order,
    OrderLine,
    Payment,
    Quote,
    QuoteLine,
    Shipment,
    ShipmentLine,
    StageEntry,
    Transaction,
)
from crmlab.simulation.company.truths import Truths


@dataclass
class Standing:
    """What a customer owes and has on order."""

    receivables: Fen = 0
    open_orders: Fen = 0
    due: dict[str, date] = field(default_factory=dict)

    def overdue_days(self, day: date) -> int:
        """Since when the oldest open invoice has been due."""
        return max((day - min(self.due.values())).days, 0) if self.due else 0


class Books:
    """The records of sales, and what follows from one for the others.

    Args:
        house: what the procedure of a sale says of the house: how long an invoice may be overdue
            before it holds the customer's next order.
    """

    def __init__(self, base: Base, axis: Axis, truths: Truths, house: House) -> None:
        self.base, self.axis, self.truths, self.house = base, axis, truths, house
        self.customers = {customer.customer_id: customer for customer in base.customers}
        self.costs = {product.product_id: product.cost for product in base.products}
        self.opportunities: list[Opportunity] = []
        self.stages: list[StageEntry] = []
        self.quotes: list[Quote] = []
        self.quote_lines: list[QuoteLine] = []
        self.approvals: list[Approval] = []
        self.orders: list[Order] = []
        self.order_lines: list[OrderLine] = []
        self.credit_checks: list[CreditCheck] = []
        self.shipments: list[Shipment] = []
        self.shipment_lines: list[ShipmentLine] = []
        self.invoices: list[Invoice] = []
        self.payments: list[Payment] = []
        self.interactions: list[Interaction] = []
        self.transactions: list[Transaction] = []
        self.batches: dict[str, Batch] = {}
        self.picked: dict[str, str] = {}
        """The batch that each order line was picked from, whether or not anybody wrote it down."""
        self._priced_on: dict[str, date] = {}
        self._standing = {customer.customer_id: Standing() for customer in base.customers}

    def order(
        self,
        customer: Customer,
        lines: list[tuple[str, int, Fen, Fen]],
        hour: float,
        channel: str,
        *,
        quote: Quote | None = None,
        case: str | None = None,
    ) -> tuple[Order, list[OrderLine]]:
        """Write an order and look at its credit.

        Args:
            lines: product, pieces, price and list price of each.
        """
        number = f"SO-{len(self.orders) + 1:06}"
        order = Order(
            number,
            customer.customer_id,
            quote.quote_id if quote else None,
            case,
            hour,
            customer.address,
            customer.currency,
            "clear",
            channel,
        )
        written = [
            OrderLine(f"{number}-{n}", number, product, pieces, price, listed)
            for n, (product, pieces, price, listed) in enumerate(lines, 1)
        ]
        self.orders.append(order)
        self.order_lines += written
        self._priced_on[number] = self.axis.day(quote.quoted_at if quote else hour)
        self._check_credit(order, customer, amount_of(written), hour)
        self._standing[customer.customer_id].open_orders += amount_of(written)
        return order, written

    def _check_credit(self, order: Order, customer: Customer, amount: Fen, hour: float) -> None:
        stands = self._standing[customer.customer_id]
        overdue = stands.overdue_days(self.axis.day(hour))
        limit = customer.credit_limit
        over = limit is None or stands.receivables + stands.open_orders + amount > limit
        allowed = self.house.overdue_allowed
        too_long = allowed is not None and overdue > allowed and stands.receivables
        if over or too_long:
            order.credit = "held"
        self._credit_check(order, customer, amount, overdue, order.credit, hour)

    def release(self, order: Order, lines: list[OrderLine], hour: float, reason: str) -> None:
        """Finance lets a held order go."""
        customer, amount = self.customers[order.customer_id], amount_of(lines)
        stands = self._standing[customer.customer_id]
        stands.open_orders -= amount  # the sum counts the order itself once
        overdue = stands.overdue_days(self.axis.day(hour))
        order.credit = "released"
        self._credit_check(order, customer, amount, overdue, "released", hour, reason)
        stands.open_orders += amount

    def _credit_check(
        self,
        order: Order,
        customer: Customer,
        amount: Fen,
        overdue: int,
        decision: str,
        hour: float,
        reason: str | None = None,
    ) -> None:
        stands = self._standing[customer.customer_id]
        self.credit_checks.append(
            CreditCheck(
                f"CC-{len(self.credit_checks) + 1:06}",
                order.order_id,
                order.customer_id,
                customer.credit_limit,
                stands.receivables,
                stands.open_orders,
                amount,
                overdue,
                decision,
                hour,
                reason,
                "finance_controller" if reason else None,
            )
        )

    def ship(
        self, order: Order, lines: list[OrderLine], hour: float, carrier: str, *, batch: bool
    ) -> None:
        """Let an order leave, and write down from which batches if somebody does."""
        number = f"SH-{len(self.shipments) + 1:06}"
        self.shipments.append(Shipment(number, order.order_id, hour, order.address, carrier))
        order.shipped_at = hour
        for n, line in enumerate(lines, 1):
            taken = self._batch(line.product_id, hour)
            taken.quantity += line.quantity
            self.picked[line.line_id] = taken.batch_no
            noted = taken.batch_no if batch else None
            line.batch_no = noted
            self.shipment_lines.append(
                ShipmentLine(f"{number}-{n}", number, line.line_id, line.quantity, noted)
            )

    def _batch(self, product: str, hour: float) -> Batch:
        """The batch that is picked from: each month's is made on its first day. The bad batch is
        picked from for two months."""
        bad = self.truths.bad_batch
        month = f"{self.axis.day(hour):%Y-%m}"
        if product == bad.product_id and month in bad.months:
            month = bad.months[0]
        key = batch_of(product, month)
        if key not in self.batches:
            begins = date(int(month[:4]), int(month[5:]), 1)
            made_on = self.axis.day(self.axis.morning(begins) + 1)
            self.batches[key] = Batch(key, product, made_on, 0, 0)
        return self.batches[key]

    def invoice(self, order: Order, lines: list[OrderLine], hour: float) -> Invoice:
        """Write the invoice of an order that has left."""
        customer, amount = self.customers[order.customer_id], amount_of(lines)
        day = self.axis.day(hour)
        invoice = Invoice(
            f"IN-{len(self.invoices) + 1:06}",
            order.order_id,
            order.customer_id,
            amount,
            order.currency,
            hour,
            day + timedelta(days=customer.payment_days),
        )
        order.invoiced_at = hour
        self.invoices.append(invoice)
        stands = self._standing[customer.customer_id]
        stands.open_orders -= amount
        stands.receivables += amount
        stands.due[invoice.invoice_id] = invoice.due_on
        for line in lines:
            self._book(line, order, day)
        return invoice

    def _book(self, line: OrderLine, order: Order, day: date) -> None:
        cost = self.costs[line.product_id]
        listed = self.base.price("", line.product_id, self._priced_on[order.order_id])
        amount = line.quantity * line.unit_price
        self.transactions.append(
            Transaction(
                order.customer_id,
                day,
                order.order_id,
                line.line_id,
                line.product_id,
                amount,
                None if cost is None else cost * line.quantity,
                max(listed * line.quantity - amount, 0),
                0,
            )
        )

    def talk(self, step: Step, customer: str, case: str, hour: float) -> None:
        """Write down a talk with a customer, as the step says how it is had."""
        assert step.interaction is not None
        self.interactions.append(
            Interaction(
                customer, case, hour, step.interaction.channel, step.seat, step.short or step.title
            )
        )

    def pay(self, invoice: Invoice, hour: float) -> None:
        """Book the money for an invoice."""
        self.payments.append(
            Payment(
                f"PA-{len(self.payments) + 1:06}",
                invoice.invoice_id,
                invoice.customer_id,
                invoice.amount,
                invoice.currency,
                hour,
            )
        )
        invoice.settled_at = hour
        stands = self._standing[invoice.customer_id]
        stands.receivables -= invoice.amount
        del stands.due[invoice.invoice_id]


def batch_of(product: str, month: str) -> str:
    """The number of the batch of a product that is made in a month, such as `2025-09`."""
    return f"{product}-{month[2:4]}{month[5:]}"


def amount_of(lines: list[OrderLine]) -> Fen:
    """What the lines of an order come to."""
    return sum(line.quantity * line.unit_price for line in lines)
