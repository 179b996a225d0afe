"""How quickly a complaint rate is found, beside the plain pandas way in the same run.

    python -m pytest benchmarks/test_complaints.py --benchmark-enable -s

Stated limit: on ten million complaints, held against the 4,800 rows of exposure of 200 products in
two years, at least 3 times as quick, and the same result: complaints, rates, limits and signals by
month, how long complaints take and what is still to come, and what categories, products and
branches have of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

from crmlab.models.complaints import complaint_rate

ROWS, PRODUCTS, CUSTOMERS, RATIO = 10_000_000, 200, 5_000, 3
DAY = 86_400_000_000
FIRST, LAST = np.datetime64("2024-01-01", "us"), np.datetime64("2025-12-31", "us")
CATEGORIES = ["leak", "missing_parts", "performance", "operation", "other"]


def files() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Ten million complaints in the types that an import gives, and what left in each month."""
    luck = np.random.default_rng(12)
    lag = (luck.gamma(1.5, 14 * DAY, ROWS)).astype(np.int64)
    received = LAST - (luck.random(ROWS) * 600 * DAY).astype(np.int64).astype("timedelta64[us]")
    shipped = np.maximum(received - lag.astype("timedelta64[us]"), FIRST)
    products = [f"P-{number:03}" for number in range(PRODUCTS)]
    customers = pd.DataFrame({"customer_id": [f"CU-{number:04}" for number in range(CUSTOMERS)]})
    customers["branch"] = [("East", "South", "North")[n % 3] for n in range(CUSTOMERS)]

    def drawn(names: list[str]) -> pd.Series:
        return pd.Series(np.array(names, dtype=object)[luck.integers(0, len(names), ROWS)]).astype(
            "str"
        )

    complaints = pd.DataFrame(
        {
            "customer_id": drawn(list(customers["customer_id"])),
            "category": drawn(CATEGORIES),
            "product_id": drawn(products),
            "received_at": received,
            "shipped_at": shipped,
        }
    )
    months = pd.period_range("2024-01", "2025-12", freq="M").astype(str)
    exposure = pd.DataFrame(
        [(month, product) for month in months for product in products],
        columns=["period", "product_id"],
    )
    exposure["orders"] = luck.integers(20_000, 90_000, len(exposure)).astype(float)
    return complaints, exposure, customers


def plainly(
    complaints: pd.DataFrame, exposure: pd.DataFrame, customers: pd.DataFrame
) -> dict[str, Any]:
    """The same rate as an analyst would write it in pandas, line by line."""
    shipped, received = complaints["shipped_at"].dt.floor("D"), complaints["received_at"]
    received = received.dt.floor("D")
    today = received.max()
    month = shipped.dt.to_period("M")
    lag, age = (received - shipped).dt.days, (today - shipped).dt.days

    left = exposure.groupby(pd.PeriodIndex(exposure["period"], freq="M"))["orders"].sum()
    counted = complaints.groupby(month).size().reindex(left.index, fill_value=0)

    with_lag, with_age = lag.value_counts().sort_index(), age.value_counts().sort_index()
    days = range(lag.max() + 1)
    up_to = with_lag.reindex(days, fill_value=0).cumsum()
    younger = with_age.reindex(range(-1, lag.max()), fill_value=0).cumsum().to_numpy()
    stays = 1 - with_lag.reindex(days, fill_value=0) / (up_to - younger)
    within = stays[::-1].cumprod()[::-1].shift(-1, fill_value=1.0)
    ripe = pd.Series(
        [
            within.reindex(
                (today - pd.date_range(m.start_time, min(m.end_time, today), normalize=True)).days
            )
            .fillna(1.0)
            .mean()
            for m in left.index
        ],
        index=left.index,
    )
    expected = left * ripe * counted.sum() / (left * ripe).sum()
    branch = complaints["customer_id"].map(customers.set_index("customer_id")["branch"])
    by_product = complaints["product_id"].value_counts()
    return {
        "rate": counted.sum() / left.sum() * 1000,
        "rates": counted / left * 1000,
        "lower": poisson.ppf(0.00135, expected) / left * 1000,
        "upper": poisson.ppf(1 - 0.00135, expected) / left * 1000,
        "median_days": lag.groupby(month).median(),
        "arrived": ripe,
        "by_category": complaints["category"].value_counts() / len(complaints),
        "by_branch": branch.value_counts() / len(complaints),
        "by_product": by_product / exposure.groupby("product_id")["orders"].sum() * 1000,
    }


def quickest(work: Callable[[], Any], times: int = 2) -> tuple[float, Any]:
    """The seconds of the quickest of several runs, and what came of it."""
    took = []
    for _time in range(times):
        begun = time.perf_counter()
        found = work()
        took.append(time.perf_counter() - begun)
    return min(took), found


def test_ten_million_complaints() -> None:
    data = files()
    ours, found = quickest(lambda: complaint_rate(data[0], data[1], customers=data[2]))
    theirs, plain = quickest(lambda: plainly(*data))
    print(
        f"\n{ROWS:,} complaints: {ours:.2f} s, plain pandas {theirs:.2f} s, "
        f"{theirs / ours:.1f} times as quick"
    )
    assert found.rate == pytest.approx(plain["rate"])
    of_periods = {"rates": "rate", "lower": "lower", "upper": "upper"}
    for theirs_, ours_ in of_periods.items():
        told = [getattr(period, ours_) for period in found.periods]
        assert told == pytest.approx(list(plain[theirs_])), theirs_
    for name in ("median_days", "arrived"):
        told = [getattr(cohort, name) for cohort in found.cohorts]
        assert told == pytest.approx(list(plain[name])), name
    assert {s.name: s.share for s in found.by_category} == pytest.approx(dict(plain["by_category"]))
    assert {s.name: s.share for s in found.by_branch} == pytest.approx(dict(plain["by_branch"]))
    assert {s.name: s.rate for s in found.by_product} == pytest.approx(dict(plain["by_product"]))
    assert theirs / ours >= RATIO
