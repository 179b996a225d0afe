"""The CDNOW sample of Fader, Hardie and Lee: a tenth of those who first bought music there in the
first quarter of 1997, 2,357 customers. It lies in the package `lifetimes`, which is not imported."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

CALIBRATION_END = pd.Timestamp("1997-09-30")
HOLDOUT_END = pd.Timestamp("1998-06-30")


@cache
def cdnow() -> pd.DataFrame:
    """The purchases: customer_id, date, amount (USD)."""
    found = find_spec("lifetimes")
    assert found is not None
    assert found.origin is not None
    file = Path(found.origin).parent / "datasets" / "CDNOW_sample.txt"
    rows = pd.read_csv(
        file, sep=r"\s+", header=None, names=["master", "customer_id", "date", "pieces", "amount"]
    )
    dates = pd.to_datetime(rows["date"].astype(str), format="%Y%m%d")
    return rows[["customer_id", "amount"]].assign(date=dates)
