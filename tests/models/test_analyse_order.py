"""The same records in another order, or under other names, give the same figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmlab.cli.analyse import DIGITS
from crmlab.models.value import lifetime_value
from crmlab.places import SAMPLE_DATA
from tests.models.cdnow import cdnow
from tests.models.test_analyse import analyse

LEFT = ("--exposure", str(SAMPLE_DATA / "exposure.csv"))
FILES = {
    "funnel": ("opportunities.csv", ()),
    "complaints": ("complaints.csv", LEFT),
    "contribution": ("transactions.csv", ()),
    "value": ("transactions.csv", ()),
}


def numbers(told: Any) -> list[float]:
    if isinstance(told, dict):
        return [number for each in told.values() for number in numbers(each)]
    if isinstance(told, list):
        return [number for each in told for number in numbers(each)]
    return [told] if isinstance(told, float) else []


@pytest.mark.parametrize("model", FILES)
def test_rows_in_another_order_give_the_same_bytes(tmp_path: Path, model: str) -> None:
    name, more = FILES[model]
    rows = pd.read_csv(SAMPLE_DATA / name, dtype=str)
    (tmp_path / "other").mkdir()
    as_they_are = analyse(model, str(SAMPLE_DATA / name), *more)
    rows.sample(frac=1, random_state=4).to_csv(tmp_path / "other" / name, index=False)
    shuffled = analyse(model, str(tmp_path / "other" / name), *more)
    # Lists of records follow the file.
    for told in (as_they_are, shuffled):
        told.pop("blocked", None), told.pop("records", None)
        for signal in told.get("signals", ()):
            signal["cases"] = sorted(signal["cases"])
    assert shuffled == as_they_are
    assert all(number == float(f"{number:.{DIGITS}g}") for number in numbers(as_they_are))


def test_the_interval_of_the_value_does_not_hang_on_names() -> None:
    rows = cdnow()
    names = rows["customer_id"].unique()
    others = np.random.default_rng(2).permutation([f"K{n:05}" for n in range(len(names))])
    renamed = rows.assign(
        customer_id=rows["customer_id"].map(dict(zip(names, others, strict=True)))
    )
    first, second = (lifetime_value(each, draws=20).intervals for each in (rows, renamed))
    assert first is not None
    assert second is not None
    assert second.total.low == pytest.approx(first.total.low, rel=1e-9)
    assert second.total.high == pytest.approx(first.total.high, rel=1e-9)
    assert second.top_decile_share.low == pytest.approx(first.top_decile_share.low, rel=1e-9)
