"""Small frames of complaints and exposure, and those of the practice company."""

from __future__ import annotations

import pandas as pd

from crmlab.intake.company import company_table

MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]
EXTRACT = pd.Timestamp("2026-04-30")
"""The last day of the practice company's files."""


def exposure(*orders: float) -> pd.DataFrame:
    return pd.DataFrame({"period": MONTHS[: len(orders)], "orders": orders, "units": orders})


def complaints(*numbers: int) -> pd.DataFrame:
    """So many in each month, all about goods that left us in it."""
    days = [f"{MONTHS[n]}-15" for n, number in enumerate(numbers) for _one in range(number)]
    return pd.DataFrame({"received_at": days, "shipped_at": days, "category": ["leak"] * len(days)})


def company() -> tuple[pd.DataFrame, pd.DataFrame]:
    return company_table("complaints"), company_table("exposure")
