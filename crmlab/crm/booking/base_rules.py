"""What must hold of base data: customers, products, their codes, prices, batches."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from babel.core import get_global
from sqlalchemy import select

from crmlab.crm import tables
from crmlab.crm.booking.draft import Draft
from crmlab.crm.booking.prices import HOME_CURRENCY, list_faults, period, price_faults
from crmlab.text import gettext as _

LONGEST_TERM = 365
"""The most days that a customer can be given to pay."""


def _customer(draft: Draft) -> None:
    draft.must_not_be_negative("credit_limit", "payment_days")
    _known_currency(draft)
    _known_branch(draft)
    days = draft.will_be("payment_days")
    if days is not None and days > LONGEST_TERM:
        draft.refuse(
            "payment_days",
            _("{n} days to pay are more than a year; look at the number.").format(n=days),
        )
    if draft.changes("currency") and _trades(draft):
        draft.refuse(
            "currency",
            _(
                "{customer} has orders, quotes or prices in {currency}, so the currency stays; "
                "make a customer of its own for the other one."
            ).format(customer=draft.key, currency=getattr(draft.row, "currency", "")),
        )


def _trades(draft: Draft) -> bool:
    """Whether there is anything in the customer's currency."""
    return any(
        draft.session.scalar(select(table).where(table.customer_id == draft.key).limit(1))
        for table in (tables.Order, tables.Quote, tables.PriceList)
    )


def _known_branch(draft: Draft) -> None:
    """A branch is where people of ours sit; a customer of another would be seen by nobody."""
    branch = draft.will_be("branch")
    branches = set(draft.session.scalars(select(tables.User.branch).distinct()))
    if branch is not None and branch not in branches:
        draft.refuse(
            "branch",
            _("There is no branch '{branch}'; there are: {known}.").format(
                branch=branch, known=", ".join(sorted(branches))
            ),
        )


def _known_currency(draft: Draft) -> None:
    currency = draft.will_be("currency")
    if currency is None:
        return
    if currency not in _money():
        draft.refuse(
            "currency",
            _("'{code}' is not a currency; write its three letters, such as CNY or EUR.").format(
                code=currency
            ),
        )


@cache
def _money() -> frozenset[str]:
    """The currencies that somebody pays with today: not metals, nor units of account, nor the codes
    for tests and for no currency at all, which have three letters too."""
    return frozenset(
        code
        for used in get_global("territory_currencies").values()
        for code, _since, until, is_tender in used
        if is_tender and until is None
    )


def _product(draft: Draft) -> None:
    draft.must_not_be_negative("cost")


def _customer_code(draft: Draft) -> None:
    """One code of a customer means one of our products."""
    code, customer = draft.will_be("customer_code"), draft.will_be("customer_id")
    if code is None or customer is None:
        return
    codes = select(tables.CustomerCode).where(
        tables.CustomerCode.customer_id == customer, tables.CustomerCode.code_id != draft.key
    )
    for other in draft.session.scalars(codes):
        if other.customer_code.casefold() == code.casefold():
            draft.refuse(
                "customer_code",
                _(
                    "{customer} says '{code}' for our {product} already; one code means one "
                    "product. Change that entry if it is wrong."
                ).format(customer=customer, code=other.customer_code, product=other.product_id),
            )


def _price_list(draft: Draft) -> None:
    _known_currency(draft)
    customer = draft.named(tables.Customer, "customer_id")
    if customer is not None:
        draft.must_agree(
            "currency",
            customer.currency,
            _("The list is in {here}, but its customer pays in {there}."),
        )
    elif "customer_id" not in draft.faults:
        draft.derive("currency", HOME_CURRENCY)
    has_prices = select(tables.Price).where(tables.Price.price_list_id == draft.key).limit(1)
    if draft.changes("currency") and draft.session.scalar(has_prices):
        draft.refuse(
            "currency",
            _("There are prices on this list, so its currency stays; make another list."),
        )
    names = ("customer_id", "currency", "valid_from", "valid_to")
    if not draft.faults and (draft.is_new or any(draft.changes(name) for name in names)):
        wanted = {name: draft.will_be(name) for name in names}
        for column, sentence in list_faults(draft.session, wanted, key=draft.key).items():
            draft.refuse(column, sentence)


def _price(draft: Draft) -> None:
    names = ("price_list_id", "product_id", "unit_price", "valid_from", "valid_to")
    price = {name: draft.will_be(name) for name in names if name not in draft.faults}
    for column, sentence in price_faults(draft.session, price, key=draft.key).items():
        draft.refuse(column, sentence)
    _while_its_list_holds(draft)


def _while_its_list_holds(draft: Draft) -> None:
    """A day that is entered for a price lies where its list holds; when the list is cut short
    later, its prices are, too."""
    on = draft.named(tables.PriceList, "price_list_id")
    for column in ("valid_from", "valid_to"):
        day = draft.will_be(column)
        if on is None or day is None or not (draft.is_new or draft.changes(column)):
            continue
        if day < on.valid_from or (on.valid_to is not None and day > on.valid_to):
            draft.refuse(
                column,
                _("The list '{list}' holds {when}; choose a day of it.").format(
                    list=on.name, when=period(on.valid_from, on.valid_to)
                ),
            )


def _batch(draft: Draft) -> None:
    draft.must_be_positive("quantity")
    draft.must_not_be_negative("in_stock")
    draft.derive("in_stock", draft.will_be("quantity"))
    made, stock = draft.will_be("quantity"), draft.will_be("in_stock")
    if made is not None and stock is not None and stock > made:
        draft.refuse(
            "in_stock",
            _("{stock} in stock are more than the {made} that were made.").format(
                stock=stock, made=made
            ),
        )


RULES: dict[str, Callable[[Draft], None]] = {
    "customer": _customer,
    "product": _product,
    "customer_code": _customer_code,
    "price_list": _price_list,
    "price": _price,
    "batch": _batch,
}
"""By kind of record."""
