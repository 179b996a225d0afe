"""Columns that no table has: worked out when a fact asks for them.

A procedure file names them like any other column (`record: customer.open_receivables`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from crmlab.crm.booking.credit import CreditStanding, standing
from crmlab.crm.booking.prices import ListPrice, before, in_force, prices_for
from crmlab.crm.columns import day_of


@dataclass
class Reckoning:
    """What is worked out for one case at one moment; each thing once, however often it is asked.

    Attributes:
        records: the case's records, by the names it knows them by.
        overdue_allowed: days for which an invoice may be overdue, as the house has it.
    """

    session: Session
    records: dict[str, str]
    case_id: str
    at: datetime
    overdue_allowed: int | None = None

    @cached_property
    def credit(self) -> CreditStanding:
        """The standing of the case's customer, without what the case has itself ordered."""
        customer = self.records.get("customer", "")
        return standing(self.session, customer, self.at, without_case=self.case_id)

    def again(self, records: dict[str, str], changes: list[dict[str, Any]]) -> Reckoning:
        """The same, once these rows were written (as `changes_so_far` tells them) and the case
        knows these records; what does not follow from them is not worked out again."""
        later = replace(self, records=records)
        if later._about == self._about:
            written = {
                f"{change['table']}.{column}"
                for change in changes
                if not self._is_its_own(change, changes)
                for column in {**change["before"], **change["after"]}
            }
            for name, follows_from in _FOLLOWS_FROM.items():
                if name in self.__dict__ and not follows_from & written:
                    later.__dict__[name] = self.__dict__[name]
        return later

    def _is_its_own(self, change: dict[str, Any], changes: list[dict[str, Any]]) -> bool:
        """Whether a row is an order that the case has just made, or a line of one: its standing
        leaves them out."""
        made = {
            other["key"]["order_id"]
            for other in changes
            if (other["table"], other["is"]) == ("orders", "created")
            and other["after"]["case_id"] == self.case_id
        }
        of = {**change["key"], **change["after"]}.get("order_id")
        return change["table"] in ("orders", "order_lines") and of in made

    @property
    def list_price(self) -> Decimal | None:
        """What the lists say for the case's customer, product and day."""
        return self._listed.price if self._listed else None

    @property
    def price_list(self) -> str | None:
        """The list that this price stands on: the customer's own before the base list."""
        return self._listed.price_list_id if self._listed else None

    @property
    def old_list_price(self) -> Decimal | None:
        """The price before the one in force."""
        earlier = before(self._prices, self._listed)
        return earlier.price if earlier else None

    @property
    def _listed(self) -> ListPrice | None:
        return in_force(self._prices, day_of(self.at))

    @cached_property
    def _prices(self) -> list[ListPrice]:
        return prices_for(self.session, *self._about)

    @property
    def _about(self) -> tuple[str, str | None]:
        return self.records.get("product", ""), self.records.get("customer")


_FOLLOWS_FROM = {
    "credit": {
        *("customers.credit_limit", "customers.currency"),
        *("orders.customer_id", "orders.ordered_at", "orders.invoiced_at", "orders.case_id"),
        *("order_lines.order_id", "order_lines.unit_price", "order_lines.quantity"),
        *("invoices.customer_id", "invoices.order_id", "invoices.invoiced_at"),
        *("invoices.amount", "invoices.due_on", "invoices.settled_at"),
        *("payments.invoice_id", "payments.amount", "payments.paid_at"),
    },
    "_prices": {
        *("customers.currency", "price_lists.currency", "price_lists.customer_id"),
        *("price_lists.valid_from", "price_lists.valid_to"),
        *("prices.price_list_id", "prices.product_id", "prices.unit_price"),
        *("prices.valid_from", "prices.valid_to"),
    },
}
"""What a `Reckoning` keeps, and the columns that it is worked out from."""

COMPUTED: dict[str, Callable[[Reckoning], Any]] = {
    "customer.open_receivables": lambda case: case.credit.receivables,
    "customer.open_orders": lambda case: case.credit.open_orders,
    "customer.overdue_days": lambda case: case.credit.overdue_days,
    "customer.overdue_allowed": lambda case: case.overdue_allowed,
    "product.list_price": lambda case: case.list_price,
    "product.old_list_price": lambda case: case.old_list_price,
    "product.price_list": lambda case: case.price_list,
}
"""`kind.column`, and how it is worked out for a case."""
