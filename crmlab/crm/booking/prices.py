"""Prices live in lists: the base list for everybody, and lists agreed with one customer.

A price holds from a day on and up to a day, both included. A customer's own list goes before the
base list, and only a list in the customer's currency counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.labels import spoken
from crmlab.text import gettext as _
from crmlab.text import show_day

HOME_CURRENCY = "CNY"
"""The currency of the company, and of a price asked for without a customer."""


@dataclass(frozen=True)
class ListPrice:
    """What a list says for one product: a unit's price, on which list, and for how long."""

    price: Decimal
    currency: str
    price_list_id: str
    list_name: str
    valid_from: date
    valid_to: date | None


def price_on(
    session: Session, product_id: str, customer_id: str | None, day: date
) -> ListPrice | None:
    """The list price of a product for a customer on a day; None if no list has one."""
    return _first(session, _IN_FORCE, product_id, customer_id, day=day)


def previous_price(
    session: Session, product_id: str, customer_id: str | None, now: ListPrice | None
) -> ListPrice | None:
    """The list price before the one that is in force now; None if there was none.

    It is the one before on the same list, or else what the lists said on the day before.
    """
    if now is None:
        return None
    return _first(
        session,
        _EARLIER,
        product_id,
        customer_id,
        price_list=now.price_list_id,
        since=now.valid_from,
    ) or price_on(session, product_id, customer_id, now.valid_from - timedelta(days=1))


def price_faults(session: Session, price: dict[str, Any], *, key: str | None) -> dict[str, str]:
    """A sentence for each column of a price that cannot be so; none if it may stand on its list.

    A price is not above zero, it ends before it begins, its period overlaps another of the same
    product on the same list, or its list is not in the currency of the list's customer.

    Args:
        price: the columns of the whole row, as they would stand.
        key: the price's own key if it is there already, so that it is not held against itself.
    """
    faults = {}
    amount, starts, ends = price.get("unit_price"), price.get("valid_from"), price.get("valid_to")
    if amount is not None and amount <= 0:
        faults["unit_price"] = _("A price is above zero; {price} is not.").format(
            price=spoken(amount)
        )
    on = session.get(tables.PriceList, price.get("price_list_id") or "")
    owner = session.get(tables.Customer, on.customer_id) if on and on.customer_id else None
    if on and owner and on.currency != owner.currency:
        faults["price_list_id"] = _(
            "The list '{list}' is in {one} and its customer {customer} pays in {other}; choose a "
            "list in {other}."
        ).format(list=on.name, one=on.currency, customer=owner.customer_id, other=owner.currency)
    if starts and ends and ends < starts:
        faults["valid_to"] = _(
            "A price cannot end before it begins: {start} comes after {end}."
        ).format(start=show_day(starts.isoformat()), end=show_day(ends.isoformat()))
    elif starts and on:
        faults.update(_overlap(session, price, on, key))
    return faults


_LISTED = (
    select(tables.Price, tables.PriceList)
    .join(tables.PriceList, tables.PriceList.price_list_id == tables.Price.price_list_id)
    .where(
        tables.Price.product_id == bindparam("product"),
        or_(
            tables.PriceList.customer_id.is_(None),
            tables.PriceList.customer_id == bindparam("customer"),
        ),
        tables.PriceList.currency == bindparam("currency"),
    )
    .order_by(
        tables.PriceList.customer_id.is_(None),
        tables.Price.valid_from.desc(),
        tables.Price.price_list_id,
    )
    .limit(1)
)
"""The price of a product that holds for a customer: on their own list first, then the latest."""

_IN_FORCE = _LISTED.where(
    tables.Price.valid_from <= bindparam("day"),
    or_(tables.Price.valid_to.is_(None), tables.Price.valid_to >= bindparam("day")),
)

_EARLIER = _LISTED.where(
    tables.Price.price_list_id == bindparam("price_list"),
    tables.Price.valid_from < bindparam("since"),
)


def _first(
    session: Session,
    query: Select[tables.Price, tables.PriceList],
    product_id: str,
    customer_id: str | None,
    **more: Any,
) -> ListPrice | None:
    customer = session.get(tables.Customer, customer_id) if customer_id else None
    currency = customer.currency if customer else HOME_CURRENCY
    asked = {"product": product_id, "customer": customer_id, "currency": currency, **more}
    found = session.execute(query, asked).first()
    if found is None:
        return None
    price, on = found
    return ListPrice(
        price.unit_price, on.currency, on.price_list_id, on.name, price.valid_from, price.valid_to
    )


def _overlap(
    session: Session, price: dict[str, Any], on: tables.PriceList, key: str | None
) -> dict[str, str]:
    starts, ends = price["valid_from"], price.get("valid_to")
    others = select(tables.Price).where(
        tables.Price.price_list_id == on.price_list_id,
        tables.Price.product_id == price.get("product_id"),
        tables.Price.price_id != (key or ""),
        or_(tables.Price.valid_to.is_(None), tables.Price.valid_to >= starts),
        *([tables.Price.valid_from <= ends] if ends else []),
    )
    other = session.scalars(others.order_by(tables.Price.valid_from).limit(1)).first()
    if other is None:
        return {}
    at_fault = "valid_to" if other.valid_from > starts else "valid_from"
    return {
        at_fault: _(
            "{product} has a price on the list '{list}' {there} already, and this one would hold "
            "{here}; let one end before the other begins."
        ).format(
            product=other.product_id,
            list=on.name,
            there=period(other.valid_from, other.valid_to),
            here=period(starts, ends),
        )
    }


def period(starts: date, ends: date | None) -> str:
    """A validity as a person reads it: from a day on, or from a day to a day."""
    if ends is None:
        return _("from {start} on").format(start=show_day(starts.isoformat()))
    return _("from {start} to {end}").format(
        start=show_day(starts.isoformat()), end=show_day(ends.isoformat())
    )
