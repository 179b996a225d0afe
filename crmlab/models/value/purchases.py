"""Purchases as the models of lifetime value read them: who bought on which day, and for how much.

What the words mean here:

1. A purchase is a row with a customer, a day and an amount of zero or more. A return is none.
2. What was bought on a day after the end of the period is left out, and counted.
3. The hour does not matter: several purchases on one day are one day with purchases.

Customers are numbered once; from there on all is arithmetic on whole numbers, which makes ten
million rows a matter of a second or two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.currency import one_currency
from crmlab.models.names import Whole, kind_below, placed
from crmlab.text import gettext as _
from crmlab.text import ngettext

Numbers = NDArray[np.float64]

ROOM = 16
"""A table may have so many places for each purchase."""


@dataclass(frozen=True)
class Purchases:
    """The purchases up to a day.

    Attributes:
        customers: those who had bought by then, as they come in the file.
        who: of each purchase, the place of its customer among them.
        day: of each purchase, the days since 1 January 1970; `end` is the last one that counts.
        amount: in the currency of the file.
        left_out: how many purchases came after the end.
    """

    customers: pd.Index
    who: Whole
    day: Whole
    amount: Numbers
    end: int
    left_out: int

    @property
    def last_day(self) -> pd.Timestamp:
        return as_date(self.end)

    def visits(self) -> tuple[Whole, Whole]:
        """Each day on which each customer bought, once: customers and days, both in order."""
        key, first, span = self._customers_and_days()
        who = key.astype(np.int64) // span
        return who, key - who * span + first

    def days(self) -> tuple[Whole, Whole, Whole]:
        """Of each customer the first day and the last, and on how many days they have bought."""
        key, first, span = self._customers_and_days()
        borders = np.arange(len(self.customers) + 1, dtype=np.int64) * span
        edges = np.searchsorted(key, borders.astype(key.dtype))
        begin = first - borders[:-1]
        return key[edges[:-1]] + begin, key[edges[1:] - 1] + begin, np.diff(edges)

    def lately(self) -> tuple[Whole, Whole]:
        """Of each customer the days since the last purchase, and on how many days they have bought:
        the same as by `days`, and sooner where nobody asks for the first day."""
        span = self.end - int(self.day.min()) + 1
        ticked = self._ticked(self._keys(self.end - self.day, span), span)
        if ticked is None:
            _first, last, often = self.days()
            return self.end - last, often
        each = ticked.reshape(len(self.customers), span)  # counted back, so the first is the last
        return each.argmax(axis=1), each.view(np.int8).sum(axis=1, dtype=np.int32).astype(np.int64)

    def _customers_and_days(self) -> tuple[Whole, int, int]:
        """Customer x span + day - first day, once each, in order; with first day and span."""
        first = int(self.day.min())
        span = self.end - first + 1
        key = self._keys(self.day - first, span)
        ticked = self._ticked(key, span)
        if ticked is not None:
            return np.flatnonzero(ticked), first, span
        key.sort()
        return key[np.append(True, key[1:] != key[:-1])], first, span

    def _keys(self, day: Whole, span: int) -> Whole:
        """Customer and day of each purchase in one number, as small a one as will do."""
        kind = kind_below((len(self.customers) + 1) * span)
        key: Whole = self.who.astype(kind, copy=False) * span + day.astype(kind)
        return key

    def _ticked(self, key: Whole, span: int) -> NDArray[np.bool_] | None:
        """A table of all days of all customers with those ticked off on which they bought; None
        where there are many more days to buy on than purchases."""
        possible = len(self.customers) * span
        if possible > ROOM * len(key):
            return None
        ticked = np.zeros(possible, dtype=np.bool_)
        ticked[key] = True
        return ticked


def purchases(transactions: pd.DataFrame, end: pd.Timestamp | None = None) -> Purchases:
    """Read a table of purchases.

    Args:
        transactions: `customer_id`, `date` and `amount`, and `currency` where it is known; a row
            for each purchase.
        end: the last day that counts; by default the last day on which anybody bought.

    Raises:
        ModelError: a column is missing, nobody has bought by then, a purchase has no customer or no
            day, or amounts are below zero, missing, or in several currencies.
    """
    _check(transactions)
    day = _days(transactions["date"])
    amount = _amounts(transactions["amount"])
    who = transactions["customer_id"]
    last = int(day.max()) if end is None else int(_days(pd.Series([pd.Timestamp(end)]))[0])
    within = day <= last
    left_out = len(day) - int(np.count_nonzero(within))
    if left_out == len(day):
        raise ModelError(
            _("Nobody had bought anything by {day}; choose a later day.").format(
                day=as_date(last).date()
            )
        )
    if left_out:
        day, amount, who = day[within], amount[within], who[within]
    nobody = int(who.isna().sum())
    if nobody:
        raise ModelError(
            ngettext(
                "{n} purchase names no customer; leave it out, or find whose it is.",
                "{n} purchases name no customer; leave them out, or find whose they are.",
                nobody,
            ).format(n=nobody)
        )
    code, customers = placed(who)
    return Purchases(customers, code, day, amount, last, left_out)


def purchases_of(transactions: pd.DataFrame, customer: object) -> pd.DataFrame:
    """The rows behind the figures of one customer, in the order of their days.

    Raises:
        ModelError: nobody of that name has bought anything.
    """
    rows = transactions[transactions["customer_id"] == customer]
    if rows.empty:
        raise ModelError(
            _("No purchase is by '{customer}'; look at how the name is written.").format(
                customer=customer
            )
        )
    return rows.sort_values("date", kind="stable")


def as_date(day: int) -> pd.Timestamp:
    """The date of a number of days since 1 January 1970."""
    return pd.Timestamp(np.datetime64(int(day), "D"))


def as_dates(days: Whole) -> pd.DatetimeIndex:
    """The dates of numbers of days since 1 January 1970."""
    return pd.DatetimeIndex(days.astype("datetime64[D]"))


def _check(transactions: pd.DataFrame) -> None:
    missing = [name for name in ("customer_id", "date", "amount") if name not in transactions]
    if missing:
        raise ModelError(_("The purchases have no column '{name}'.").format(name=missing[0]))
    if transactions.empty:
        raise ModelError(_("There are no purchases, so nothing can be said of who buys."))
    one_currency(transactions)


def _days(dates: pd.Series) -> Whole:
    dates = pd.to_datetime(dates)
    if dates.isna().any():
        raise ModelError(_("Some purchases have no day; leave them out, or find their day."))
    if dates.dt.tz is not None:
        dates = dates.dt.tz_localize(None)
    return dates.to_numpy().astype("datetime64[D]").view(np.int64)


def _amounts(amounts: pd.Series) -> Numbers:
    found = pd.to_numeric(amounts).to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(found) & (found >= 0))
    if wrong.any():
        raise ModelError(
            ngettext(
                "{n} purchase has no amount, or one below zero; a return is no purchase: take it "
                "off the purchase that it belongs to, or leave it out.",
                "{n} purchases have no amount, or one below zero; a return is no purchase: take it "
                "off the purchase that it belongs to, or leave it out.",
                int(wrong.sum()),
            ).format(n=int(wrong.sum()))
        )
    return found
