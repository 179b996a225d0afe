"""What customers cost beside the lines of their sales: complaints, contacts, credit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.currency import one_currency
from crmlab.text import gettext as _
from crmlab.text import ngettext

Cents = NDArray[np.int64]

DAYS_A_YEAR = 365


@dataclass(frozen=True)
class Rates:
    """What the company says about costs that no line carries.

    Attributes:
        interest: of money that stands out, for a year; 0.06 is six per cent.
        contact: what one contact costs, by channel. A channel without a price costs nothing.
        remedies_in_service: the remedies of complaints are in `service_cost` already, so they are
            told apart from it and not taken off a second time.
        as_of: the day up to which open invoices stand out; by default the last day in them.
    """

    interest: float = 0.06
    contact: Mapping[str, float] = field(default_factory=dict)
    remedies_in_service: bool = False
    as_of: pd.Timestamp | None = None


@dataclass(frozen=True)
class Given:
    """The records that a contribution is worked out from."""

    transactions: pd.DataFrame
    complaints: pd.DataFrame | None
    invoices: pd.DataFrame | None
    payments: pd.DataFrame | None
    interactions: pd.DataFrame | None
    rates: Rates

    def records(self) -> dict[str, pd.DataFrame]:
        """Those that are there and name customers, by what they are."""
        kinds = {
            "sales": self.transactions,
            "complaints": self.complaints,
            "invoices": self.invoices,
            "contacts": self.interactions,
        }
        return {name: frame for name, frame in kinds.items() if frame is not None}

    def check(self) -> None:
        """Hold the records to what each of them has to say.

        Raises:
            ModelError: a column is missing, or they are in several currencies.
        """
        one_currency(self.transactions, self.complaints, self.invoices, self.payments)
        paid = ("invoice_id",) if self.payments is not None else ("settled_at",)
        needs = (
            (_("complaints"), self.complaints, ("customer_id", "remedy_cost")),
            (_("invoices"), self.invoices, ("customer_id", "amount", "invoiced_at", *paid)),
            (_("payments"), self.payments, ("invoice_id", "amount", "paid_at")),
            (_("contacts"), self.interactions, ("customer_id", "channel")),
        )
        for what, frame, columns in needs:
            missing = next((n for n in columns if frame is not None and n not in frame), None)
            if missing:
                raise ModelError(
                    _(
                        "The {what} have no column '{column}', so nobody can say what they cost; "
                        "add it, or leave them out."
                    ).format(what=what, column=missing)
                )


@dataclass(frozen=True)
class Beside:
    """By customer, in cents.

    Attributes:
        inside: how much of the complaints is in the service cost and is told apart from it.
        aside: the costs of those who have bought nothing, or nothing with a cost.
    """

    complaints: Cents
    inside: Cents
    effort: Cents
    credit: Cents
    aside: int


@dataclass(frozen=True)
class Express:
    """Numbers of orders by customer, and of those on which service cost something more."""

    orders: NDArray[np.int64]
    express: NDArray[np.int64]


def cents(frame: pd.DataFrame, name: str) -> Cents:
    """A column of money in whole cents; what is not known counts nothing.

    Raises:
        ModelError: some of it is below zero or no amount at all.
    """
    if name not in frame:
        return np.zeros(len(frame), dtype=np.int64)
    values = pd.to_numeric(frame[name]).fillna(0.0).to_numpy(dtype=np.float64)
    odd = int(((values < 0) | np.isinf(values)).sum())
    if odd:
        raise ModelError(
            ngettext(
                "{n} row has '{column}' below zero or without end; take a return off the sale "
                "that it belongs to, or leave it out.",
                "{n} rows have '{column}' below zero or without end; take a return off the sale "
                "that it belongs to, or leave it out.",
                odd,
            ).format(n=odd, column=name)
        )
    whole: Cents = np.rint(values * 100).astype(np.int64)
    return whole


def beside(
    given: Given,
    names: pd.Index,
    codes: NDArray[np.intp],
    service: Cents,
    blocked: NDArray[np.bool_],
) -> tuple[Beside, Express]:
    """What each customer costs beside their lines, and how many of their orders were express.

    Args:
        names, codes: the customers, and whose each line is.
        service: of each line; `blocked`: those without a cost.

    Raises:
        ModelError: remedies are said to be in the service cost, which is smaller than they.
    """
    counts = np.bincount(codes[~blocked], minlength=len(names)) > 0
    line_remedy, remedies, aside = _remedies(given, names, counts)
    within = np.zeros(len(names), dtype=np.int64)
    if given.rates.remedies_in_service and given.complaints is not None:
        _fits(remedies, np.bincount(codes, service, len(names)).astype(np.int64), names)
        known = np.bincount(codes, np.where(blocked, 0, service), len(names)).astype(np.int64)
        there = _by_line(line_remedy, codes, len(names), blocked)
        within = np.minimum(remedies if there is None else there, known)
        remedies = within
    effort, no_contact = _spread(given.interactions, _contact_cost(given), names, counts)
    credit, no_credit = _spread(given.invoices, _credit_cost(given), names, counts)
    own = line_remedy if given.rates.remedies_in_service and line_remedy is not None else 0
    return (
        Beside(remedies, within, effort, credit, aside + no_contact + no_credit),
        _express(given.transactions, codes, len(names), service > own),
    )


def _remedies(
    given: Given, names: pd.Index, counts: NDArray[np.bool_]
) -> tuple[Cents | None, Cents, int]:
    """Of each line of a sale, where complaints say which; of each customer; and of nobody."""
    rows = given.complaints
    if rows is None:
        return None, np.zeros(len(names), dtype=np.int64), 0
    cost = cents(rows, "remedy_cost")
    each, nobody = _spread(rows, cost, names, counts)
    if "line_id" not in rows or "line_id" not in given.transactions:
        return None, each, nobody
    lines = given.transactions["line_id"]
    if not lines.dropna().is_unique:  # numbered anew within each order: nobody knows which is meant
        return None, each, nobody
    by_line = pd.Series(cost).groupby(rows["line_id"].to_numpy()).sum()
    of_line = by_line.reindex(lines).fillna(0)
    return of_line.to_numpy(dtype=np.int64), each, nobody


def _by_line(
    remedy: Cents | None, codes: NDArray[np.intp], size: int, blocked: NDArray[np.bool_]
) -> Cents | None:
    if remedy is None:
        return None
    return np.bincount(codes, np.where(blocked, 0, remedy), size).astype(np.int64)


def _fits(remedies: Cents, service: Cents, names: pd.Index) -> None:
    over = np.flatnonzero(remedies > service)
    if len(over):
        raise ModelError(
            _(
                "The complaints of {customer} cost more than all their service, so they cannot be "
                "part of it; count them beside it, or enter the service cost."
            ).format(customer=names[over[0]])
        )


def _spread(
    rows: pd.DataFrame | None, cost: Cents, names: pd.Index, counts: NDArray[np.bool_]
) -> tuple[Cents, int]:
    """Costs by customer, and those of all who do not count: of their sales nothing has a cost."""
    if rows is None:
        return np.zeros(len(names), dtype=np.int64), 0
    where = names.get_indexer(pd.Index(rows["customer_id"]))
    theirs = (where >= 0) & counts[where]
    each = np.bincount(where[theirs], cost[theirs], len(names)).astype(np.int64)
    return each, int(cost[~theirs].sum())


def _contact_cost(given: Given) -> Cents:
    rows = given.interactions
    if rows is None:
        return np.zeros(0, dtype=np.int64)
    prices = {name: round(each * 100) for name, each in given.rates.contact.items()}
    price = rows["channel"].map(prices)
    return np.asarray(price.fillna(0), dtype=np.int64)


def _credit_cost(given: Given) -> Cents:
    """What each invoice has cost while it was not paid: amount x days x interest / 365."""
    rows, rate = given.invoices, given.rates.interest / DAYS_A_YEAR
    if rows is None or rows.empty:
        return np.zeros(0, dtype=np.int64)
    amount, since = cents(rows, "amount"), _moments(rows, "invoiced_at")
    paid = given.payments
    if paid is None:
        until = _moments(rows, "settled_at")
        last = _last(given.rates.as_of, since, until)
        tied = amount * _days(since, until.where(until <= last, last))
        return np.rint(tied * rate).astype(np.int64)
    when = _moments(paid, "paid_at")
    last = _last(given.rates.as_of, since, when)
    place = pd.Index(rows["invoice_id"]).get_indexer(pd.Index(paid["invoice_id"]))
    counts = (place >= 0) & (when <= last).to_numpy()
    came = np.where(counts, cents(paid, "amount"), 0)
    since_then = since.iloc[np.maximum(place, 0)].reset_index(drop=True)
    stood = came * _days(since_then, when.reset_index(drop=True))
    was_tied = np.bincount(place[counts], stood[counts], len(rows))
    open_ = amount - np.bincount(place[counts], came[counts], len(rows))
    is_tied = np.maximum(open_, 0) * _days(since, pd.Series(last, index=since.index))
    cost: Cents = np.rint((was_tied + is_tied) * rate).astype(np.int64)
    return cost


def _last(as_of: pd.Timestamp | None, *moments: pd.Series) -> pd.Timestamp:
    return max(each.max() for each in moments if each.notna().any()) if as_of is None else as_of


def _moments(frame: pd.DataFrame, name: str) -> pd.Series:
    told = pd.to_datetime(frame[name], format="mixed")
    return told.dt.tz_localize(None) if told.dt.tz is not None else told


def _days(since: pd.Series, until: pd.Series) -> NDArray[np.float64]:
    days = (until - since).dt.total_seconds().to_numpy(dtype=np.float64) / 86_400
    return np.maximum(days, 0.0)


def _express(
    rows: pd.DataFrame, codes: NDArray[np.intp], size: int, more: NDArray[np.bool_]
) -> Express:
    """Orders by customer; a table without orders has one to a line."""
    if "order_id" not in rows:
        return Express(np.bincount(codes, minlength=size), np.bincount(codes[more], minlength=size))
    order, which = pd.factorize(rows["order_id"])
    whose = np.zeros(len(which), dtype=np.intp)
    whose[order] = codes
    express = np.zeros(len(which), dtype=np.bool_)
    express[order[more]] = True
    return Express(np.bincount(whose, minlength=size), np.bincount(whose[express], minlength=size))
