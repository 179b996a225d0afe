"""The practice company's files as frames."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from crmlab import places
from crmlab.errors import IntakeError
from crmlab.intake import company
from crmlab.intake.company import company_table


def test_codes_are_text_moments_are_moments_and_amounts_are_numbers() -> None:
    rows = company_table("complaints")
    assert len(rows) == 253
    assert pd.api.types.is_string_dtype(rows["product_id"])
    assert pd.api.types.is_datetime64_any_dtype(rows["received_at"])
    assert pd.api.types.is_numeric_dtype(rows["remedy_cost"])
    assert rows["received_at"].between("2024-05-01", "2026-05-01").all()
    assert company_table("exposure")["period"].iloc[0] == "2024-05"


def test_what_is_changed_in_a_table_is_changed_for_nobody_else() -> None:
    mine = company_table("exposure")
    mine["units"] = 0
    assert company_table("exposure")["units"].sum() > 0


def test_a_table_that_is_not_there_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "SAMPLE_DATA", tmp_path)
    company._read.cache_clear()
    with pytest.raises(IntakeError, match=r"orders\.csv cannot be read; 'crmlab generate"):
        company_table("orders")
