"""Cohort retention: of those who first bought in one month (or quarter), who buys again later.

What the words mean here:

1. A *cohort* is all customers whose first purchase in the file lies in one calendar month or
   quarter. Who had bought before the file begins looks new in its first months.
2. *Retention* in the nth later period = customers of the cohort who bought in it / all customers of
   the cohort. It is not the share who have stayed until then: who skips a month may come back.
3. A period that is not over by the end says nothing yet, and is left out.
4. The *mean* over the cohorts = all who bought in their nth later period / all who could have.
5. *A year later* = of those who bought in the twelve months before the last twelve, the share who
   bought in the last twelve too. It is the retention that the hand formula means.

Source: Fader and Hardie (2009), Probability Models for Customer-Base Analysis, for why a retention
of all customers hides that old cohorts keep theirs better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlab.errors import ModelError
from crmlab.models.value.purchases import Purchases, as_date, as_dates, purchases
from crmlab.text import gettext as _

MONTHS = {"month": 1, "quarter": 3}
"""How many months a period has."""

YEAR = 365


@dataclass(frozen=True)
class YearLater:
    """Those who bought in one year, and again in the next.

    Attributes:
        before: customers who bought in the twelve months before the last twelve.
        again: those of them who bought in the last twelve.
    """

    before: int
    again: int

    @property
    def share(self) -> float:
        return self.again / self.before


@dataclass(frozen=True)
class Cohorts:
    """Retention by cohort.

    Attributes:
        size: customers, by the period of the first purchase (`2025-03` or `2025-Q1`).
        bought: how many of a cohort bought in its nth later period, by cohort and n from 1; not a
            number where that period is not over.
        mean: of all cohorts, by n; see above.
        year_later: None where the purchases do not go back for two years.
        customers: each customer's cohort; `visits`: in which later periods each has bought (0 is
            the first purchase's own).
        period: month or quarter; `end`: the last day that counts.
    """

    size: pd.Series
    bought: pd.DataFrame
    mean: pd.Series
    year_later: YearLater | None
    customers: pd.Series
    visits: pd.DataFrame
    period: str
    end: pd.Timestamp

    @property
    def share(self) -> pd.DataFrame:
        """Retention: `bought` / `size`."""
        return self.bought.div(self.size, axis=0)

    def members(self, cohort: str, later: int | None = None) -> pd.Index:
        """The customers of a cohort; with `later`, those who bought in its nth later period.

        Raises:
            ModelError: there is no such cohort.
        """
        if cohort not in self.size.index:
            raise ModelError(
                _("No customer has first bought in '{cohort}'; the cohorts are {known}.").format(
                    cohort=cohort, known=", ".join(map(str, self.size.index))
                )
            )
        inside = self.customers.index[self.customers == cohort]
        if later is None:
            return inside
        rows = self.visits[self.visits["later"] == later]
        return inside[inside.isin(rows["customer_id"])]


def cohorts(
    transactions: pd.DataFrame | Purchases,
    *,
    period: str = "month",
    end: pd.Timestamp | None = None,
) -> Cohorts:
    """Retention by the month, or the quarter, of the first purchase.

    Args:
        transactions: `customer_id`, `date` and `amount`, a row for each purchase; or the purchases
            read from them.
        period: month or quarter.
        end: the last day that counts; by default the last day on which anybody bought.

    Raises:
        ModelError: see `purchases`; or the period is neither of the two.
    """
    if period not in MONTHS:
        raise ModelError(
            _("'{unit}' is no unit of time here; choose one of {known}.").format(
                unit=period, known=", ".join(MONTHS)
            )
        )
    bought = (
        transactions if isinstance(transactions, Purchases) else purchases(transactions, end=end)
    )
    length = MONTHS[period]
    who, day = bought.visits()
    number = as_dates(day).to_numpy().astype("datetime64[M]").astype(np.int64) // length
    beginning = np.full(len(bought.customers), np.iinfo(np.int64).max)
    np.minimum.at(beginning, who, number)
    later = number - beginning[who]
    # The period after the last day's own has not begun; its own is over on its last day alone.
    tomorrow = np.datetime64(as_date(bought.end + 1), "M").astype(np.int64) // length
    over = int(tomorrow) - 1
    first, last = int(beginning.min()), int(number.max())
    size = np.bincount(beginning - first, minlength=last - first + 1)
    pairs = np.unique(np.stack([who, later]), axis=1)
    seen = np.zeros((len(size), last - first + 1))
    np.add.at(seen, (beginning[pairs[0]] - first, pairs[1]), 1)
    possible = np.add.outer(np.arange(len(size)) + first, np.arange(last - first + 1)) <= over
    there = size > 0
    names = np.array([_name(first + n, length) for n in range(len(size))], dtype=object)
    columns = np.arange(1, last - first + 1)
    within = np.where(possible, seen, np.nan)[:, 1:]
    could = (size[:, None] * possible)[:, 1:].sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean = np.where(could > 0, np.nansum(within, axis=0) / could, np.nan)
    return Cohorts(
        pd.Series(size[there], index=pd.Index(names[there], name="cohort")),
        pd.DataFrame(within[there], index=pd.Index(names[there], name="cohort"), columns=columns),
        pd.Series(mean, index=columns),
        _year_later(bought, who, day),
        pd.Series(names[beginning - first], index=bought.customers),
        pd.DataFrame({"customer_id": bought.customers[pairs[0]], "later": pairs[1]}),
        period,
        bought.last_day,
    )


def _name(number: int, length: int) -> str:
    year, part = divmod(number * length, 12)
    year += 1970
    return f"{year}-{part + 1:02d}" if length == 1 else f"{year}-Q{part // 3 + 1}"


def _year_later(bought: Purchases, who: np.ndarray, day: np.ndarray) -> YearLater | None:
    back = bought.end - day
    if back.max() < 2 * YEAR - 31:  # a month of grace: the first purchase is not on the first day
        return None
    before = np.unique(who[(back >= YEAR) & (back < 2 * YEAR)])
    after = np.unique(who[back < YEAR])
    if not len(before):
        return None
    return YearLater(len(before), int(np.isin(before, after).sum()))
