"""A file as a frame of good rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmlab.errors import IntakeError
from crmlab.intake.frames import frame_of

GOOD = "customer_id,date,amount\nA,2026-01-05,10\nB,2026-01-06,20\n"


def test_reading_good_rows_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text(GOOD, encoding="utf-8")
    beside = tmp_path / "sales.refused.csv"
    beside.write_text("from another day", encoding="utf-8")
    assert len(frame_of(file, "transactions")) == 2
    assert beside.read_text(encoding="utf-8") == "from another day"


def test_refused_rows_are_written_beside_it_with_their_reason(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text(GOOD + "C,2026-01-07,many\n", encoding="utf-8")
    with pytest.raises(IntakeError, match=r"1 of 3 rows .* sales\.refused\.csv says why"):
        frame_of(file, "transactions")
    assert "many" in (tmp_path / "sales.refused.csv").read_text(encoding="utf-8-sig")
    assert len(frame_of(file, "transactions", accept_good=True)) == 2
