"""The complaint rate of a company or a part of it: by month, by what complaints have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlab.errors import ModelError
from crmlab.models.complaints import counting, lags, u_chart
from crmlab.models.complaints.counting import Counted, LeftOut
from crmlab.models.complaints.lags import Cohort
from crmlab.models.complaints.pareto import Hides, Share, counts_of, hides, pareto
from crmlab.models.complaints.reading import (
    PER,
    Left,
    day_of,
    days_of,
    denominators_in,
    known_until,
    left_of,
    name_of,
    of_product,
)
from crmlab.models.complaints.u_chart import Period
from crmlab.text import gettext as _
from crmlab.text import ngettext

SHARED = ("category", "product_id", "batch_no", "branch")
"""What complaints can have in common."""


@dataclass(frozen=True)
class Denominator:
    """The same complaints for another exposure.

    Attributes:
        name: orders, units or customers; `per`: what its rate is for.
        added: the exposure is that of all products added up, and counts what goes with several of
            them once for each.
        signals: the months beyond a limit by it.
        misleads: where it misleads, in a sentence.
    """

    name: str
    per: str
    exposure: float
    rate: float
    signals: tuple[str, ...]
    misleads: str
    added: bool = False


@dataclass(frozen=True)
class ComplaintRate:
    """Complaint rates of a company or a part of it.

    Attributes:
        complaints: those that are in the rate; `exposure`: what left us.
        rate: complaints so far / exposure, for `per`: so many orders, units or customers.
        denominator: the name of the column that the exposure comes from.
        as_of: the day of the extract.
        denominators: the rate by each of those that the file counts.
        periods, cohorts: by month of shipment.
        rules: what each signal rests on.
        by_category, by_product, by_batch, by_branch: the most frequent first; empty where the
            complaints do not say it.
        other: what the category *other* hides; None where there are no categories.
        notes: what to keep in mind, in sentences.
    """

    complaints: int
    exposure: float
    rate: float
    per: str
    denominator: str
    as_of: str
    denominators: tuple[Denominator, ...]
    periods: tuple[Period, ...]
    rules: Mapping[str, str]
    cohorts: tuple[Cohort, ...]
    by_category: tuple[Share, ...]
    by_product: tuple[Share, ...]
    by_batch: tuple[Share, ...]
    by_branch: tuple[Share, ...]
    other: Hides | None
    left_out: LeftOut
    notes: tuple[str, ...]

    def shares(self, column: str) -> tuple[Share, ...]:
        """What complaints have in common by a column: category, product_id, batch_no or branch."""
        told = (self.by_category, self.by_product, self.by_batch, self.by_branch)
        return dict(zip(SHARED, told, strict=True))[column]


def complaint_rate(
    complaints: pd.DataFrame,
    exposure: pd.DataFrame,
    *,
    per: str = "orders",
    product: str | None = None,
    customers: pd.DataFrame | None = None,
    as_of: pd.Timestamp | None = None,
    apart: Collection[str] = (),
) -> ComplaintRate:
    """The complaint rate by month, with what chance alone would do.

    Args:
        complaints: `received_at`, and `shipped_at, category, product_id, batch_no, branch,
            customer_id, complaint_id` where they are known.
        exposure: `period` (a month, `2026-05`) and `units`, `orders` or `customers`: a row with a
            `product_id` for each product, and one without for the whole of the month; either kind
            may be missing. Rows of one month and kind are added up.
        per: orders, units or customers.
        product: look at this product alone.
        customers: `customer_id` and `branch`, where the complaints do not name the branch.
        as_of: the day of the extract: what came in later is not known yet. By default the day of
            the last complaint or, if it is later, the first day of the last month of exposure.
        apart: months whose cause is known; the mean of the others is made without them.

    Raises:
        ModelError: there is no exposure or no such column of it, no complaint that belongs to it,
            goods that left after they were complained about, or a month or day that is none.
    """
    received = days_of(complaints, "received_at")
    until = known_until(received, exposure, as_of)
    if product is not None:
        here = of_product(complaints, product, _("file of complaints"))
        complaints, received = complaints[here], received[here]
        exposure = exposure[of_product(exposure, product, _("exposure"))]
        if exposure.empty:
            raise ModelError(
                _("Nothing says that any {product} has left us; is its code written so?").format(
                    product=product
                )
            )
    left = left_of(exposure, per).until(until)
    counted = counting.count(complaints, received, left.months, until)
    if not counted.number.sum():
        raise ModelError(
            _(
                "No complaint belongs to the months in which something left us, so there is no "
                "rate to tell. Have they been entered, and are the months those of the goods?"
            )
        )
    rows, scale = counted.rows(complaints), PER[per]
    untold: list[str] = []
    beside = tuple(_denominators(exposure, counted, until, apart, untold))
    shares = _shares(rows, customers, {"product_id": left.of_each_product()}, scale)
    by_category = shares["category"]
    return ComplaintRate(
        int(counted.number.sum()),
        float(left.total.sum()),
        float(counted.number.sum() / left.total.sum()) * scale,
        per_words(per),
        per,
        str(day_of(until)),
        beside,
        chart_of(counted, left, scale, apart),
        u_chart.rules(),
        lags.cohorts(counted.months, counted.number, counted.by_lag, counted.ripe),
        by_category,
        shares["product_id"],
        shares["batch_no"],
        shares["branch"],
        hides(by_category) if by_category else None,
        counted.left_out,
        (*_notes(exposure, counted, left, beside), *untold),
    )


def chart_of(
    counted: Counted, left: Left, scale: int, apart: Collection[str] = ()
) -> tuple[Period, ...]:
    """The u-chart of what was counted."""
    aside = np.isin([name_of(month) for month in counted.months], list(apart))
    ripe = left.total * counted.ripe
    if not ripe[~aside].sum() > 0:
        raise ModelError(
            _("No month is left to make a mean of; set fewer months apart.")
            if aside.any()
            else _("What left us is too young to be complained about; look again in a month.")
        )
    mean = counted.number[~aside].sum() / ripe[~aside].sum()
    return u_chart.chart(counted.months, counted.number, left.total, ripe * mean, scale, aside)


def per_words(per: str) -> str:
    """What a rate is for, in words."""
    words = {
        "orders": _("1,000 orders"),
        "units": _("1,000,000 units"),
        "customers": _("one customer"),
    }
    return words[per]


def _shares(
    complaints: pd.DataFrame,
    customers: pd.DataFrame | None,
    left: dict[str, dict[str, float]],
    scale: int,
) -> dict[str, tuple[Share, ...]]:
    """What complaints have in common, by column; nothing where they do not say it."""
    by_customer = "branch" not in complaints and customers is not None and "branch" in customers
    columns = [*SHARED, "customer_id"] if by_customer else list(SHARED)
    told = [name for name in columns if name in complaints]
    # Counting names takes most of the time of it all, and the columns do not need one another.
    with ThreadPoolExecutor() as at_once:
        numbers = at_once.map(counts_of, [complaints[name] for name in told])
        counts = dict(zip(told, numbers, strict=True))
    if by_customer and customers is not None:
        counts["branch"] = _by_branch(counts.get("customer_id", {}), customers)
    return {
        name: pareto(counts[name], left.get(name), scale) if any(counts.get(name, ())) else ()
        for name in SHARED
    }


def _by_branch(of_customers: Mapping[str, float], customers: pd.DataFrame) -> dict[str, float]:
    """Complaints by the branch of who complained; an empty name where that is not known."""
    told = customers["branch"].astype("string").fillna("")
    known = dict(zip(customers["customer_id"], told, strict=True))
    found: dict[str, float] = {}
    for customer, number in of_customers.items():
        branch = str(known.get(customer, ""))
        found[branch] = found.get(branch, 0) + number
    return found


def _denominators(
    exposure: pd.DataFrame,
    counted: Counted,
    until: int,
    apart: Collection[str],
    untold: list[str],
) -> Iterator[Denominator]:
    """The rate by each column of the exposure; `untold` is given why there is none by one."""
    none = _("There is no rate for {per}: {why}")
    misleads = {
        "orders": _(
            "An order of one gasket counts like one of a hundred pumps, so large orders look worse "
            "than they are, and cutting orders into pieces makes the rate better."
        ),
        "units": _(
            "A thousand cheap washers in the same month hide ten bad pumps: whatever is sold in "
            "large numbers makes everything beside it look good."
        ),
        "customers": _(
            "A customer counts anew in each month, so there are more of them than anybody knows; "
            "and one who complains ten times counts as ten."
        ),
    }
    for name in denominators_in(exposure):
        try:
            left = left_of(exposure, name).until(until)
        except ModelError as fault:
            untold.append(none.format(per=per_words(name), why=fault))
            continue
        same = np.isin(counted.months, left.months)
        if not same.all() or len(same) != len(left.months):
            why = _("the file does not count them in the same months.")
            untold.append(none.format(per=per_words(name), why=why))
            continue
        number, scale = int(counted.number.sum()), PER[name]
        periods = chart_of(counted, left, scale, apart)
        yield Denominator(
            name,
            per_words(name),
            float(left.total.sum()),
            number / float(left.total.sum()) * scale,
            tuple(period.period for period in periods if period.signal == "beyond"),
            misleads[name],
            left.added and name != "units",
        )


def _notes(
    exposure: pd.DataFrame, counted: Counted, left: Left, beside: Sequence[Denominator]
) -> list[str]:
    """What is to be kept in mind of what was counted, and of what it was held against."""
    out, again = counted.left_out, int(exposure.duplicated().sum())
    silent = int((counted.number == 0).sum())
    of_so_many = (
        (
            out.no_exposure,
            ngettext(
                "{n:,} complaint is left out: nobody says that anything left us in its month.",
                "{n:,} complaints are left out: nobody says that anything left us in their months.",
                out.no_exposure,
            ),
        ),
        (
            out.later,
            ngettext(
                "{n:,} complaint is left out: it came in after the day of the extract.",
                "{n:,} complaints are left out: they came in after the day of the extract.",
                out.later,
            ),
        ),
        (
            out.no_day,
            ngettext(
                "{n:,} complaint is left out: nobody says when it came in.",
                "{n:,} complaints are left out: nobody says when they came in.",
                out.no_day,
            ),
        ),
        (
            silent,
            ngettext(
                "In {n:,} month something left us, and nobody has complained about it so far.",
                "In {n:,} months something left us, and nobody has complained about it so far.",
                silent,
            ),
        ),
        (
            left.empty,
            ngettext(
                "{n:,} month is left out: nothing left us then.",
                "{n:,} months are left out: nothing left us then.",
                left.empty,
            ),
        ),
        (
            again,
            ngettext(
                "{n:,} row of what left us stands there twice, and counts twice; is it the same?",
                "{n:,} rows of what left us stand there twice, and count twice; are they the same?",
                again,
            ),
        ),
    )
    notes = [said.format(n=n) for n, said in of_so_many if n]
    notes += _without_shipment(counted.by_receipt, int(counted.number.sum()))
    if len(counted.months) == 1:
        notes.append(
            _(
                "There is one month only, so nothing can be compared, and there are no limits. "
                "Give twelve months or more."
            )
        )
    return [*notes, *(_added_up()[one.name] for one in beside if one.added)]


def _without_shipment(number: int, of_all: int) -> list[str]:
    """What it does to the months that nobody says when some of the goods left us."""
    if not number:
        return []
    told = ngettext(
        "{n:,} of {all:,} complaints ({share:.0%}) does not say when its goods left us, and "
        "counts in the month in which it came in.",
        "{n:,} of {all:,} complaints ({share:.0%}) do not say when their goods left us, and "
        "count in the month in which they came in.",
        number,
    ).format(n=number, all=of_all, share=number / of_all)
    flat = _(
        "So a month of bad goods is spread over the months after it, and its peak is lower than "
        "it should be, or gone; enter the day of shipment (shipped_at)."
    )
    return [f"{told} {flat}"]


def _added_up() -> dict[str, str]:
    """What is wrong with a denominator that is added up over products."""
    return {
        "orders": _(
            "Orders are added up over products, for no row tells the whole of a month: an order "
            "of several products is counted once for each of them, so in truth there are fewer "
            "orders, and the rate for them is higher."
        ),
        "customers": _(
            "Customers are added up over products, for no row tells the whole of a month: one who "
            "buys several products is counted once for each of them, so in truth there are fewer "
            "customers, and the rate for them is higher."
        ),
    }
