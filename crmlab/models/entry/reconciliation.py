"""Does a model's total match the books, and so: may it be used?

1. A *period* is a month. It *matches* if the model's total lies within the tolerance of what the
   books say: a share of the books' total, half a per cent unless another is stated, or a sum of
   money, whichever is larger.
2. A month that one of the two does not have does not match, and neither does a month in between
   that neither has.
3. A model is *usable* while the latest `NEEDED` months in a row match. One month that does not
   match takes that away again, until there are as many new ones.
4. That totals match says that nothing is missing or counted twice. It does not say that a row is
   right: a cost that nobody has entered is not in the books of sales.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlab.errors import ModelError
from crmlab.models.currency import one_currency
from crmlab.text import gettext as _
from crmlab.text import ngettext, show_month

NEEDED = 3
"""How many months in a row have to match."""

TOLERANCE = 0.005
"""The share of the books' total by which a month may differ."""


@dataclass(frozen=True)
class Period:
    """One month.

    Attributes:
        model, books: the totals, in the currency of both; None where there is none.
        difference: model - books, a missing total counting nothing.
        matches: whether it lies within the tolerance.
    """

    period: str
    model: float | None
    books: float | None
    difference: float
    matches: bool


@dataclass(frozen=True)
class Reconciliation:
    """A model's totals beside those of the books, month by month.

    Attributes:
        in_a_row: how many of the latest months match without a break.
        usable: whether that is enough.
        usable_since: the month after whose match the model has been usable without a break.
        broken_by: the latest month that does not match; `first_broken`: the earliest.
    """

    periods: tuple[Period, ...]
    in_a_row: int
    usable: bool
    usable_since: str | None
    broken_by: Period | None

    @property
    def first_broken(self) -> Period | None:
        return next((period for period in self.periods if not period.matches), None)

    @property
    def share_matching(self) -> float:
        """The share of months that match, 0 to 1."""
        return sum(period.matches for period in self.periods) / len(self.periods)

    @property
    def still_needed(self) -> int:
        """How many more months in a row have to match before the model is usable."""
        return max(0, NEEDED - self.in_a_row)

    def says(self, told: Callable[[float], str] = "{:,.2f}".format) -> str:
        """Whether the model may be used, and what stands in the way.

        Args:
            told: a sum as it is written, with its currency where that is known.
        """
        because = self.because(told)
        return because if self.usable else _("Not usable yet: {because}").format(because=because)

    def because(self, told: Callable[[float], str] = "{:,.2f}".format) -> str:
        """The same for whoever has been told already whether it may be used."""
        if self.usable:
            return _(
                "The latest {n} months match the books. It takes {needed} in a row, so the figures "
                "may be used since {month}."
            ).format(n=self.in_a_row, needed=NEEDED, month=show_month(self.usable_since or ""))
        return ngettext(
            "{why}. {n} more month in a row has to match.",
            "{why}. {n} more months in a row have to match.",
            self.still_needed,
        ).format(why=self._why(told), n=self.still_needed)

    def _why(self, told: Callable[[float], str]) -> str:
        broken = self.broken_by
        if broken is None:
            return ngettext(
                "only {n} month has been compared",
                "only {n} months have been compared",
                self.in_a_row,
            ).format(n=self.in_a_row)
        month = show_month(broken.period)
        if broken.model is None and broken.books is None:
            return _("nobody has anything for {month}").format(month=month)
        if broken.model is None:
            return _("the model has nothing for {month}").format(month=month)
        if broken.books is None:
            return _("the books have nothing for {month}").format(month=month)
        return _("{month} is off by {sum}").format(month=month, sum=told(broken.difference))


def by_month(rows: pd.DataFrame, day: str, amount: str = "amount") -> pd.Series:
    """The total of a table for each month, `2026-04`, by the column that tells the day.

    Raises:
        ModelError: a row has no day, or they are in several currencies.
    """
    one_currency(rows)
    days = pd.to_datetime(rows[day], format="mixed")
    if days.isna().any():
        raise ModelError(
            ngettext(
                "{n} row has no '{column}', so it belongs to no month; enter it.",
                "{n} rows have no '{column}', so they belong to no month; enter it.",
                int(days.isna().sum()),
            ).format(n=int(days.isna().sum()), column=day)
        )
    if days.dt.tz is not None:
        days = days.dt.tz_localize(None)
    month = days.to_numpy().astype("datetime64[M]")
    codes, months = pd.factorize(month, sort=True)
    money = np.rint(rows[amount].fillna(0.0).to_numpy(dtype=np.float64) * 100)
    totals = np.bincount(codes, weights=money, minlength=len(months)) / 100
    return pd.Series(totals, index=np.datetime_as_string(np.asarray(months), unit="M"))


def by_period(rows: pd.DataFrame) -> pd.Series:
    """The total for each month of a table that names its months itself, `period` and `amount`.

    A month may have several rows, and be written as `2026-05`, `2026/5`, `202605`, `05.2026` or
    `2026年5月`, or as a day of it with the year first.

    Raises:
        ModelError: a period is no month, or they are in several currencies.
    """
    read = {}
    for period in rows["period"].unique():
        found = next(filter(None, (way.fullmatch(str(period).strip()) for way in _WAYS)), None)
        month = int(found["month"]) if found else 0
        if not found or not 1 <= month <= 12:
            raise ModelError(
                _("The period '{period}' is no month; write months such as 2026-05.").format(
                    period=period
                )
            )
        read[period] = pd.Timestamp(int(found["year"]), month, 1)
    return by_month(rows.assign(period=rows["period"].map(read)), "period")


_WAYS = tuple(
    re.compile(way)
    for way in (
        r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*(月|[-/.月]\s*\d{1,2}日?([T ].*)?)?",
        r"(?P<year>\d{4})(?P<month>\d{2})(\d{2})?",
        r"(?P<month>\d{1,2})\s*[-/.]\s*(?P<year>\d{4})",
    )
)
"""How a month is written."""


def reconcile(
    model: pd.Series,
    books: pd.Series,
    *,
    tolerance: float = TOLERANCE,
    at_most: float = 0.0,
) -> Reconciliation:
    """A model's totals held against the books.

    Args:
        model, books: totals by month, as `by_month` gives them.
        tolerance: the share of the books' total by which a month may differ.
        at_most: money by which it may differ in any case.

    Raises:
        ModelError: there is no month, or a tolerance is below zero.
    """
    if tolerance < 0 or at_most < 0:
        raise ModelError(_("A tolerance is not below zero."))
    model, books = model.dropna(), books.dropna()
    months = [*model.index, *books.index]
    if not months:
        raise ModelError(_("There is no month to compare; bring in the sales and the books."))
    found = []
    for month in pd.period_range(min(months), max(months), freq="M"):
        ours, theirs = model.get(str(month)), books.get(str(month))
        difference = round(float(ours or 0.0) - float(theirs or 0.0), 2)
        allowed = max(tolerance * abs(float(theirs or 0.0)), at_most)
        there = ours is not None and theirs is not None
        matches = there and abs(difference) <= allowed + 1e-9
        found.append(
            Period(
                str(month),
                None if ours is None else float(ours),
                None if theirs is None else float(theirs),
                difference,
                matches,
            )
        )
    run = next((n for n, one in enumerate(reversed(found)) if not one.matches), len(found))
    usable = run >= NEEDED
    return Reconciliation(
        tuple(found),
        run,
        usable,
        found[len(found) - run + NEEDED - 1].period if usable else None,
        next((one for one in reversed(found) if not one.matches), None),
    )
