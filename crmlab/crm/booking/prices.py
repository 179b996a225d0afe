"""Prices live in lists: the base list for everybody, and lists agreed with one customer.

A list holds from a day on and up to a day, both included, and so does a price, as long as its list
does. A customer's own list goes before the base list, and only a list in the customer's currency
counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.labels import spoken
from crmlab.crm.sql import ask
from crmlab.text import gettext as _
from crmlab.text import show_day

HOME_CURRENCY = "CNY"
"""The currency of the company, and of a price asked for without a customer."""


@dataclass(frozen=True)
class ListPrice:
    """What a list says for one product: a unit's price, on which list, and for how long both
    the price and its list hold."""

    price: Decimal
    currency: str
    price_list_id: str
    list_name: str
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def prices_for(session: Session, product_id: str, customer_id: str | None) -> list[ListPrice]:
    """All that the lists have ever said, or will say, of a product for a customer: their own
    list before the base list, and on each the latest price first."""
    customer = session.get(tables.Customer, customer_id) if customer_id else None
    currency = customer.currency if customer else HOME_CURRENCY
    asked = {"product": product_id, "customer": customer_id, "currency": currency}
    return list(_while_their_list_holds(ask(session, _LISTED, asked)))


def in_force(prices: list[ListPrice], day: date) -> ListPrice | None:
    """The one of a product's prices that holds on a day; None if no list has one."""
    return next((price for price in prices if price.holds_on(day)), None)


def before(prices: list[ListPrice], now: ListPrice | None) -> ListPrice | None:
    """The one before the price that is in force now; None if there was none.

    It is the one before on the same list, or else what the lists said on the day before.
    """
    if now is None:
        return None
    earlier = (
        price
        for price in prices
        if price.price_list_id == now.price_list_id and price.valid_from < now.valid_from
    )
    return next(earlier, None) or in_force(prices, now.valid_from - timedelta(days=1))


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


def list_faults(session: Session, wanted: dict[str, Any], *, key: str | None) -> dict[str, str]:
    """A sentence for each column of a price list that cannot be so.

    It ends before it begins, or another list of the same customer and currency holds for some of
    the same days: then nobody could tell which of the two is the right one.

    Args:
        wanted: the columns of the whole row, as they would stand.
        key: the list's own key if it is there already, so that it is not held against itself.
    """
    starts, ends = wanted.get("valid_from"), wanted.get("valid_to")
    if starts is None:
        return {}
    if ends and ends < starts:
        sentence = _("A list cannot end before it begins: {start} comes after {end}.")
        days = {"start": show_day(starts.isoformat()), "end": show_day(ends.isoformat())}
        return {"valid_to": sentence.format(**days)}
    lists = tables.PriceList
    customer, currency = wanted.get("customer_id"), wanted.get("currency")
    others = select(lists).where(
        lists.customer_id.is_(None) if customer is None else lists.customer_id == customer,
        lists.currency == currency,
        lists.price_list_id != (key or ""),
        or_(lists.valid_to.is_(None), lists.valid_to >= starts),
        *([lists.valid_from <= ends] if ends else []),
    )
    other = session.scalars(others.order_by(lists.valid_from).limit(1)).first()
    if other is None:
        return {}
    sentence = (
        _(
            "There is a base list in {currency} {there} already ({list}, {key}), and this one "
            "would hold {here}; let one end before the other begins."
        )
        if customer is None
        else _(
            "{customer} has a list in {currency} {there} already ({list}, {key}), and this one "
            "would hold {here}; let one end before the other begins."
        )
    )
    return {
        _where_they_meet(starts, other.valid_from): sentence.format(
            customer=customer,
            currency=currency,
            list=other.name,
            key=other.price_list_id,
            there=period(other.valid_from, other.valid_to),
            here=period(starts, ends),
        )
    }


def _while_their_list_holds(rows: Iterable[Any]) -> Iterator[ListPrice]:
    """The prices, each cut to the days on which its list holds as well."""
    for price, currency, key, name, starts, ends, list_starts, list_ends in rows:
        begins = max(starts, list_starts)
        last = min((day for day in (ends, list_ends) if day is not None), default=None)
        if last is None or begins <= last:
            yield ListPrice(price, currency, key, name, begins, last)


def _where_they_meet(starts: date, other_starts: date) -> str:
    """The column at which one of two stretches that overlap is put right."""
    return "valid_to" if other_starts > starts else "valid_from"


# The statement is made once: making it takes longer than asking the database.
_LISTED = (
    select(
        tables.Price.unit_price,
        tables.PriceList.currency,
        tables.PriceList.price_list_id,
        tables.PriceList.name,
        tables.Price.valid_from,
        tables.Price.valid_to,
        tables.PriceList.valid_from,
        tables.PriceList.valid_to,
    )
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
    return {
        _where_they_meet(starts, other.valid_from): _(
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
