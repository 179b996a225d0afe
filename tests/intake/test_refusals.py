"""What is refused is told where it is read, and the list of it is true."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.errors import IntakeError
from crmlab.intake.bringing_in import disarmed
from crmlab.intake.frames import frame_of

HEADS = "customer_id,date,amount"


def put(file: Path, *lines: str) -> Path:
    file.write_text("\n".join([HEADS, *lines, ""]), encoding="utf-8")
    return file


def test_the_most_frequent_reason_is_told_with_its_first_line(tmp_path: Path) -> None:
    rows = ("A,2026-02-31,1", "A,2026-01-01,much", "A,2026-01-01,'more'", "A,2026-01-01,5")
    with pytest.raises(IntakeError) as told:
        frame_of(put(tmp_path / "s.csv", *rows), "transactions")
    assert str(told.value) == (
        "3 of 4 rows of s.csv are refused; s.refused.csv says why. For 2 of them it is this, first "
        "in line 3: amount: 'much' is no number. Mend them, or give --accept-good to go on without "
        "them."
    )


def test_lines_in_which_nothing_stands_are_no_rows(tmp_path: Path) -> None:
    file = put(tmp_path / "s.csv", "A,2026-01-01,5", ",,", "", " , ,", ",,,,,", "B,2026-01-01,7")
    assert list(frame_of(file, "transactions")["amount"]) == [5, 7]


def test_a_list_of_an_earlier_run_does_not_stay(tmp_path: Path) -> None:
    told = tmp_path / "s.refused.csv"
    with pytest.raises(IntakeError):
        frame_of(put(tmp_path / "s.csv", "A,2026-01-01,much"), "transactions")
    assert told.exists()
    frame_of(put(tmp_path / "s.csv", "A,2026-01-01,5"), "transactions")
    assert not told.exists()
    with pytest.raises(IntakeError):
        frame_of(put(tmp_path / "s.csv", "A,2026-01-01,much"), "transactions")
    with pytest.raises(IntakeError, match="can be read in two ways"):
        frame_of(put(tmp_path / "s.csv", 'A,2026-01-01,"1,234"'), "transactions")
    assert not told.exists()


def test_values_come_back_as_they_were(tmp_path: Path) -> None:
    cells = ["-100", "-1234.50 €", "=1+1", "+1+1", "@sum", "-1+1", "-cmd|x", "- 5"]
    file = tmp_path / "s.csv"
    rows = [f"{cell},2026-01-01,bad" for cell in cells]
    with pytest.raises(IntakeError):
        frame_of(put(file, *rows), "transactions")
    with (tmp_path / "s.refused.csv").open(encoding="utf-8-sig", newline="") as told:
        back = [row["customer_id"] for row in csv.DictReader(told)]
    assert back == ["-100", "-1234.50 €", "'=1+1", "'+1+1", "'@sum", "'-1+1", "'-cmd|x", "- 5"]


@given(st.text("-+=@0123456789.,€ ()*/ABC\t|!", max_size=12))
def test_what_is_left_bare_holds_no_formula(cell: str) -> None:
    if disarmed(cell) == cell and cell[:1] in "=+-@\t" and cell:
        assert cell[0] == "-"
        assert not set(cell[1:]) & set("-+=@()*/|!\t")


def test_days_that_do_not_follow_each_other_are_told_as_days(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text("complaint_id,received_at,shipped_at\n1,2024-04-20,2024-05-20\n", "utf-8")
    with pytest.raises(
        IntakeError, match="received_at 2024-04-20 lies before shipped_at 2024-05-20"
    ):
        frame_of(file, "complaints")
