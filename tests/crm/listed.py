"""What the price lists say, for tests to compare with."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from crmlab.crm.booking.prices import ListPrice, in_force, prices_for


def price_on(
    session: Session, product_id: str, customer_id: str | None, day: date
) -> ListPrice | None:
    """The list price of a product for a customer on a day; None if no list has one."""
    return in_force(prices_for(session, product_id, customer_id), day)
