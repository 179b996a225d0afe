"""From a month that says more than chance to the products, the batch and the records behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlab.models.complaints import counting
from crmlab.models.complaints.pareto import counts_of
from crmlab.models.complaints.rate import ComplaintRate
from crmlab.models.complaints.reading import days_of, left_of, name_of


@dataclass(frozen=True)
class Part:
    """A product or a batch in a month.

    Attributes:
        name: an empty one stands for complaints of which nobody has said it.
        expected: what its other months would give for what left of it then; None where nobody
            counts what left of it.
    """

    name: str
    complaints: int
    expected: float | None = None

    @property
    def more(self) -> float:
        """How many more than expected."""
        return self.complaints - (self.expected or 0.0)


@dataclass(frozen=True)
class Behind:
    """What is behind a month.

    Attributes:
        products: those with the most complaints beyond what their other months would give, first.
        batches: of the first product, or of the one asked for; the most frequent first.
        rows: the records, as they are, of the month and of that product and batch.
    """

    period: str
    product: str
    batch: str
    products: tuple[Part, ...]
    batches: tuple[Part, ...]
    rows: pd.DataFrame


def cases(
    complaints: pd.DataFrame,
    found: ComplaintRate,
    *,
    period: str | None = None,
    **named: str | None,
) -> pd.DataFrame:
    """The records behind a figure of a complaint rate.

    Args:
        found: the complaint rate of just these complaints.
        period: those about what left us in this month; by default in any month of the chart.
        named: by column, such as `product_id="SK-40"`; an empty text for those of which nobody
            has said it.
    """
    months = np.array([p.period for p in found.periods], dtype="datetime64[M]").astype(np.int64)
    until = int(np.datetime64(found.as_of).astype(np.int64))
    counted = counting.count(complaints, days_of(complaints, "received_at"), months, until)
    month = None if period is None else int(np.datetime64(period, "M").astype(np.int64))
    rows = counted.rows(complaints, month)
    for column, name in named.items():
        if name is not None:
            rows = rows[rows[column].astype("string").fillna("").str.strip() == name]
    return rows


def behind(
    complaints: pd.DataFrame,
    exposure: pd.DataFrame,
    found: ComplaintRate,
    period: str,
    *,
    product: str | None = None,
    batch: str | None = None,
) -> Behind:
    """What is behind a month: its products, the batches of one of them, and the records.

    Args:
        found: the complaint rate of just these complaints and this exposure.
        product: whose batches; by default the one with the most complaints beyond expectation.
        batch: whose records; by default the most frequent that is written down.
    """
    here = cases(complaints, found, period=period)
    products = _products(complaints, exposure, found, period, here)
    if product is None:
        product = products[0].name if products else ""
    of_product = cases(here, found, product_id=product) if products else here
    batches = _batches(of_product)
    if batch is None:
        batch = next((part.name for part in batches if part.name), "")
    rows = of_product
    if batches and batch:
        rows = cases(of_product, found, batch_no=batch)
    return Behind(period, product, batch, products, batches, rows)


def _batches(rows: pd.DataFrame) -> tuple[Part, ...]:
    if "batch_no" not in rows:
        return ()
    counts = counts_of(rows["batch_no"])
    return tuple(
        Part(name, int(counts[name]))
        for name in sorted(counts, key=lambda name: (-counts[name], name))
    )


def _products(
    complaints: pd.DataFrame,
    exposure: pd.DataFrame,
    found: ComplaintRate,
    period: str,
    here: pd.DataFrame,
) -> tuple[Part, ...]:
    if "product_id" not in complaints:
        return ()
    left = left_of(exposure, found.denominator)
    ripe = {cohort.period: cohort.arrived for cohort in found.cohorts}
    months = [name_of(month) for month in left.months]
    share = np.array([ripe.get(month, 0.0) for month in months])
    now, ever = counts_of(here["product_id"]), {s.name: s.complaints for s in found.by_product}
    parts = []
    for name, number in now.items():
        expected = None
        if name in left.products:
            base = left.by_product[:, left.products.index(name)] * share
            then = float(base[months.index(period)])
            others = float(base.sum()) - then
            expected = (ever[name] - number) / others * then if others > 0 else None
        parts.append(Part(name, int(number), expected))
    return tuple(sorted(parts, key=lambda part: (-part.more, part.name)))
