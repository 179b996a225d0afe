"""Complaint rates: what a month says, and what chance says for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmlab.errors import ModelError
from crmlab.models.complaints import complaint_rate
from crmlab.places import SAMPLE_DATA

MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]


def exposure(*orders: int) -> pd.DataFrame:
    return pd.DataFrame({"period": MONTHS[: len(orders)], "orders": orders, "units": orders})


def complaints(*numbers: int) -> pd.DataFrame:
    """So many in each month, all about goods that left us in it."""
    days = [f"{MONTHS[n]}-15" for n, number in enumerate(numbers) for _one in range(number)]
    return pd.DataFrame({"received_at": days, "category": ["leak"] * len(days)})


def test_rates_are_told_for_what_was_asked() -> None:
    found = complaint_rate(complaints(2, 4), exposure(1000, 1000))
    assert (found.complaints, found.exposure, found.rate, found.per) == (6, 2000, 3, "1,000 orders")
    assert [period.rate for period in found.periods] == [2, 4]
    by_units = complaint_rate(complaints(2, 4), exposure(1000, 1000), per="units")
    assert (by_units.rate, by_units.per) == (3000, "1,000,000 units")


def test_a_month_far_above_the_others_is_beyond_its_limit() -> None:
    found = complaint_rate(complaints(*[5] * 11, 25), exposure(*[1000] * 12))
    beyond = [period.period for period in found.periods if period.signal == "beyond"]
    assert beyond == [MONTHS[11]]


def test_limits_are_wider_where_less_has_left() -> None:
    found = complaint_rate(complaints(10, 1), exposure(10_000, 1000))
    wide = [period.upper - period.lower for period in found.periods]
    assert wide[0] < wide[1]


def test_eight_in_a_row_on_one_side_are_a_signal_though_none_is_beyond() -> None:
    found = complaint_rate(complaints(*[8] * 8, *[12] * 8), exposure(*[1000] * 16))
    assert [period.signal for period in found.periods] == ([""] * 7 + ["run"]) * 2


@pytest.mark.parametrize("mean", [0.7, 4.0, 60.0])
def test_chance_alone_stays_within_its_limits(mean: float) -> None:
    """Of pure noise about 99.7 % lie within; where counts are small, at least that many."""
    source, beyond, months = np.random.default_rng(3), 0, 0
    for _company in range(200):
        numbers = source.poisson(mean, len(MONTHS))
        if numbers.sum():
            found = complaint_rate(complaints(*numbers), exposure(*[1000] * len(MONTHS)))
            beyond += sum(period.signal == "beyond" for period in found.periods)
            months += len(MONTHS)
    assert beyond / months < 0.0045


def test_what_left_lately_is_not_praised_for_silence() -> None:
    """All complaints take 60 days; the last month has none yet, and that is no good sign."""
    days = pd.to_datetime([f"{month}-15" for month in MONTHS[:10] for _one in range(9)])
    rows = pd.DataFrame({"shipped_at": days, "received_at": days + pd.Timedelta(days=60)})
    found = complaint_rate(rows, exposure(*[1000] * 12), as_of=pd.Timestamp("2024-12-20"))
    assert [period.signal for period in found.periods[-2:]] == ["", ""]
    assert found.periods[-1].exposure < 100


def test_the_bad_batch_of_the_practice_company_signals_and_the_noise_does_not() -> None:
    files = {
        name: pd.read_csv(SAMPLE_DATA / f"{name}.csv", encoding="utf-8-sig")
        for name in ("complaints", "exposure")
    }

    def of(product: str) -> list[tuple[str, str]]:
        parts = [frame[frame["product_id"] == product] for frame in files.values()]
        found = complaint_rate(*parts, as_of=pd.Timestamp("2026-04-30"))
        return [(period.period, period.signal) for period in found.periods if period.signal]

    assert {("2025-09", "beyond"), ("2025-10", "beyond")} <= set(of("SK-40"))
    assert not [signal for _month, signal in of("CV-50") if signal == "beyond"]
    whole = complaint_rate(files["complaints"], files["exposure"])
    assert sum(share.share for share in whole.by_category) == pytest.approx(1)
    assert whole.by_product[0].complaints >= whole.by_product[1].complaints


def test_without_exposure_there_is_no_rate() -> None:
    with pytest.raises(ModelError, match="Nothing has left us"):
        complaint_rate(complaints(1), exposure(0))
    with pytest.raises(ModelError, match="how many customers there were; the file has: orders"):
        complaint_rate(complaints(1), exposure(5), per="customers")
