"""The two frames as counts of days and months, and what is wrong with them in a sentence.

A day is counted from 1970-01-01, a month from 1970-01: whole numbers are quick to count, and ten
million of them are no trouble.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.text import gettext as _
from crmlab.text import ngettext

PER = {"orders": 1_000, "units": 1_000_000, "customers": 1}
"""What a rate is told for, by the column of exposure."""

ROUNDED = 1e-9
"""What a sum may differ by, as a part of it, for having been added up in another order."""

NEVER = np.iinfo(np.int64).min
"""The day of what has none."""

TICKS_A_DAY = {
    unit: 86_400 * 10**power for unit, power in (("s", 0), ("ms", 3), ("us", 6), ("ns", 9))
}

Days = NDArray[np.int64]

_MONTH = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})(?:\s*月|([-/.]\d{1,2})(?:[T ].*)?)?")


@dataclass(frozen=True)
class Left:
    """What left us, by month.

    Attributes:
        months: in their order, those in which something left.
        total: how many in each of them.
        empty: months that the file names and in which nothing left.
        products: their codes; none where the file does not tell products.
        by_product: what left, by month (rows) and product (columns).
        added: the file has no rows of the whole, so `total` is that of all products added up.
    """

    months: Days
    total: NDArray[np.float64]
    empty: int
    products: tuple[str, ...]
    by_product: NDArray[np.float64]
    added: bool = False

    def until(self, day: int) -> Left:
        """Without the months that begin after a day.

        Raises:
            ModelError: there is no other month.
        """
        begun = first_day(self.months) <= day
        if not begun.any():
            raise ModelError(
                _(
                    "By {day} nothing had left us yet, so there is nothing to hold complaints "
                    "against; choose a later day."
                ).format(day=day_of(day))
            )
        return replace(
            self,
            months=self.months[begun],
            total=self.total[begun],
            by_product=self.by_product[begun],
        )

    def of_each_product(self) -> dict[str, float]:
        """What left of each product; nothing where the file does not tell products."""
        return dict(zip(self.products, self.by_product.sum(axis=0).tolist(), strict=True))


def denominators_in(exposure: pd.DataFrame) -> list[str]:
    """What the file counts of orders, units and customers; an empty column counts nothing."""
    return [name for name in PER if name in exposure and exposure[name].notna().any()]


def left_of(exposure: pd.DataFrame, per: str) -> Left:
    """What left us in each month.

    A row that names no product is about the whole of its month, one that does about that product
    alone. Where no row is about the whole, it is what the products add up to.

    Raises:
        ModelError: the file does not count that, counts less than nothing or nothing at all, has
            more of its products than of the whole, or writes a month in a way that cannot be read,
            or in two.
    """
    known = denominators_in(exposure)
    if per not in known:
        raise ModelError(
            _("Nothing says how many {per} there were; the file has: {known}.").format(
                per=per, known=", ".join(known) or _("none of orders, units, customers")
            )
        )
    month, product = _months_of_periods(exposure["period"]), _products_of(exposure)
    told = exposure[per].notna().to_numpy()
    whole, parts = product == "", product != ""
    if not (whole & told).any():
        whole = parts  # what left in all is what left of each product, added up
    elif not (parts & told).any():
        parts = np.zeros_like(parts)
    numbers = _numbers_of(exposure, per, whole | parts)
    months, where = np.unique(month[whole | parts], return_inverse=True)
    place = np.zeros(len(month), dtype=np.int64)
    place[whole | parts] = where
    total: NDArray[np.float64] = np.bincount(place[whole], numbers[whole], len(months)).astype(
        np.float64
    )
    if not total.sum() > 0:
        raise ModelError(
            _(
                "Nothing has left us by this file, so there is nothing to hold complaints against; "
                "give the {per} that left each month."
            ).format(per=per)
        )
    codes, names = pd.factorize(product[parts])
    cells = place[parts] * len(names) + codes
    each = np.bincount(cells, numbers[parts], len(months) * len(names))
    table = each.reshape(len(months), len(names)).astype(np.float64)
    if whole is not parts:
        _refuse_parts_beyond(per, months, total, table)
    some = total > 0
    added = whole is parts and len(names) > 1
    products = tuple(map(str, names))
    return Left(months[some], total[some], int((~some).sum()), products, table[some], added)


def _products_of(exposure: pd.DataFrame) -> NDArray[np.object_]:
    """The product of each row; an empty text where the row is about all of them."""
    if "product_id" not in exposure:
        return np.full(len(exposure), "", dtype=object)
    told = exposure["product_id"].astype("string").fillna("").str.strip()
    return told.to_numpy(dtype=object)


def _numbers_of(exposure: pd.DataFrame, per: str, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The numbers of a column; of the rows that count, each has one.

    Raises:
        ModelError: one of them has none, or less than nothing.
    """
    numbers = pd.to_numeric(exposure[per], errors="coerce").to_numpy(dtype=np.float64)
    unsaid = ~np.isfinite(numbers) & rows
    if unsaid.any():
        n = int(unsaid.sum())
        raise ModelError(
            ngettext(
                "{n:,} row does not say in a number how many {per} left us (that of {period}); "
                "fill it in, with 0 where nothing left.",
                "{n:,} rows do not say in a number how many {per} left us (the first is "
                "{period}); fill them in, with 0 where nothing left.",
                n,
            ).format(n=n, per=per, period=exposure["period"].iloc[unsaid.argmax()])
        )
    less = (numbers < 0) & rows
    if less.any():
        worst = int(less.argmax())
        raise ModelError(
            _(
                "In {period} {n:,g} {per} left us, by this file, and that is less than nothing; "
                "count what left, and leave out what came back."
            ).format(period=exposure["period"].iloc[worst], n=numbers[worst], per=per)
        )
    return numbers


def _refuse_parts_beyond(
    per: str, months: Days, total: NDArray[np.float64], of_products: NDArray[np.float64]
) -> None:
    """Refuse months whose row of the whole cannot be that: its products have more than it has.

    Units of all products add up to the whole at most. Orders and customers do not; of them the
    whole has as many as any of its products at least.
    """
    most = of_products.sum(axis=1) if per == "units" else of_products.max(axis=1, initial=0.0)
    beyond = most > total * (1 + ROUNDED)
    if beyond.any():
        first = int(beyond.argmax())
        raise ModelError(
            _(
                "In {month} {whole:,g} {per} left us by the row without a product, and {parts:,g} "
                "by those of products. A row without a product tells the whole of its month: give "
                "one for each month, or none, and name the product in every other row."
            ).format(month=name_of(months[first]), whole=total[first], parts=most[first], per=per)
        )


def _months_of_periods(periods: pd.Series) -> Days:
    """Raises ModelError: a period is no month, or one month is written in two ways."""
    codes, spellings = pd.factorize(periods.astype(str).str.strip(), use_na_sentinel=False)
    months, seen = np.zeros(len(spellings), dtype=np.int64), dict[int, tuple[str, str]]()
    for place, spelling in enumerate(map(str, spellings)):
        found = _MONTH.fullmatch(spelling)
        if not found or not 1 <= int(found[2]) <= 12:
            raise ModelError(
                _("The period '{period}' is no month; write months such as 2026-05.").format(
                    period=spelling
                )
            )
        month = (int(found[1]) - 1970) * 12 + int(found[2]) - 1
        # Days of one month are not two spellings of it; a month beside a day of it would be.
        way = spelling[: found.start(3)] + "-?" if found[3] else spelling
        other = seen.setdefault(month, (way, spelling))
        if other[0] != way:
            raise ModelError(
                _(
                    "'{one}' and '{two}' are the same month. If they tell the same goods twice, "
                    "the rate would be half of what it is: keep one of them, or write both alike."
                ).format(one=other[1], two=spelling)
            )
        months[place] = month
    return months[codes]


def days_of(frame: pd.DataFrame, column: str) -> Days:
    """The day of each row by the clock it was written by; `NEVER` where nothing stands.

    Raises:
        ModelError: the column is missing, or some of it is no day.
    """
    if column not in frame:
        raise ModelError(
            _("Nothing says when it was; the complaints have no column '{column}'.").format(
                column=column
            )
        )
    moments = frame[column]
    if not pd.api.types.is_datetime64_any_dtype(moments):
        moments = _read(moments, column)
    elif isinstance(moments.dtype, pd.DatetimeTZDtype):
        moments = moments.dt.tz_localize(None)
    # Whole days by one division: a quarter of the time of a conversion from unit to unit.
    ticks: Days = moments.to_numpy().view(np.int64)
    days: Days = ticks // TICKS_A_DAY[moments.dt.unit]
    if len(ticks) and ticks.min() == NEVER:
        days[ticks == NEVER] = NEVER
    return days


def _read(moments: pd.Series, column: str) -> pd.Series:
    # The clock on the wall where it was written is what counts, so the zone behind it is cut off.
    texts = moments.astype("string").fillna("").str.strip().str.slice(0, 19)
    read: pd.Series = pd.to_datetime(texts, format="ISO8601", errors="coerce")
    wrong = read.isna() & (texts != "")
    if wrong.any():
        raise ModelError(
            _("'{text}' in '{column}' is no day; write days such as 2026-05-12.").format(
                text=moments[wrong].iloc[0], column=column
            )
        )
    return read


def known_until(received: Days, exposure: pd.DataFrame, as_of: pd.Timestamp | None) -> int:
    """The day until which something is known: that of the extract.

    By default the day of the last complaint or, if it is later, the first day of the last month of
    which anybody says that something left us.

    Raises:
        ModelError: there is no complaint at all.
    """
    if not len(received) or received.max() == NEVER:
        raise ModelError(
            _(
                "There is no complaint in this file. If nobody has complained, look for calls and "
                "mails that were never entered; if they are in another file, give that one."
            )
        )
    if as_of is not None:
        return int(np.datetime64(pd.Timestamp(as_of).tz_localize(None), "D").astype(np.int64))
    last_month = _months_of_periods(exposure["period"]).max(initial=0)
    return int(max(received.max(), first_day(last_month)))


def of_product(frame: pd.DataFrame, product: str, file: str) -> NDArray[np.bool_]:
    """Which rows concern one product.

    Args:
        file: what the rows are, in words.

    Raises:
        ModelError: the file does not tell products.
    """
    if "product_id" not in frame:
        raise ModelError(
            _(
                "The {file} does not say which product it was, so there is no rate of {product} "
                "alone; a column 'product_id' would tell."
            ).format(file=file, product=product)
        )
    here: NDArray[np.bool_] = (frame["product_id"] == product).to_numpy(dtype=bool, na_value=False)
    return here


def day_of(number: int) -> np.datetime64:
    """The day of this number."""
    return np.datetime64(number, "D")


def month_of(days: Days) -> Days:
    """The month of each day."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def first_day(months: Days | np.int64) -> Days:
    """The first day of each month."""
    return np.asarray(months).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def name_of(month: int) -> str:
    """A month as it is written: 2026-05."""
    return str(np.int64(month).astype("datetime64[M]"))
