"""A day is read in every form that tells by itself what it means; the others are asked about."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from crmlab.errors import IntakeError
from crmlab.intake.frames import READ, frame_of


def created(folder: Path, *days: str, map_: str = "") -> pd.DataFrame:
    """What is read of customers who were entered on these days."""
    file, map_file = folder / "c.csv", folder / "m.yaml"
    rows = [f"{n};Pumps;{day}" for n, day in enumerate(days)]
    file.write_text("\n".join(["customer_id;name;created_at", *rows, ""]), encoding="utf-8")
    map_file.write_text(f"kind: customers\n{map_}\n", encoding="utf-8")
    return frame_of(file, "customers", map_file=map_file if map_ else None)


@pytest.mark.parametrize(
    "written",
    [
        "03.04.26", "3.4.2026", "03-Apr-2026", "3 April 2026", "3. April 2026", "Apr 3, 2026",
        "03-Apr-26", "3rd April 2026", "2026.04.03", "2026.4.3", "2026/04/03", "20260403", "2026年4月3日",
    ],
)  # fmt: skip
def test_what_can_mean_one_day_only_is_that_day(tmp_path: Path, written: str) -> None:
    assert list(created(tmp_path, written)["created_at"]) == [datetime(2026, 4, 3)]
    mixed = created(tmp_path, written, "2026-05-31", "31.05.2026", "31. Mai 2026")["created_at"]
    assert list(mixed) == [datetime(2026, 4, 3), *[datetime(2026, 5, 31)] * 3]


def test_the_order_follows_from_a_day_above_the_twelfth(tmp_path: Path) -> None:
    read = created(tmp_path, "4/5/2026 12:05 AM", "4/25/2026 2:30 PM", "4/5/2026 12:30 PM")
    assert list(read["created_at"]) == [
        datetime(2026, 4, 5, 0, 5), datetime(2026, 4, 25, 14, 30), datetime(2026, 4, 5, 12, 30),
    ]  # fmt: skip
    assert read.attrs[READ] == "c.csv: days as month/day/year"
    assert created(tmp_path, "4-5-2026", "25-4-2026")["created_at"][0] == datetime(2026, 5, 4)
    assert created(tmp_path, "1/2/26", "13/2/26")["created_at"][0] == datetime(2026, 2, 1)
    late = created(tmp_path, *["4/5/2026"] * 5000, "25/4/2026")
    assert late["created_at"][0] == datetime(2026, 5, 4)


@pytest.mark.parametrize(
    ("days", "asked", "examples"),
    [
        (["04/05/2026"], "'04/05/2026' in created_at (line 2)", ["31/05/2026", "05/31/2026"]),
        (["04-05-2026"], "(line 2) is day/month/year or", ["31-05-2026", "05-31-2026"]),
        (["26/04/03"], "day/month/year or year/month/day", ["31/05/26", "26/05/31"]),
    ],
)
def test_a_doubt_is_asked_about(
    tmp_path: Path, days: list[str], asked: str, examples: list[str]
) -> None:
    with pytest.raises(IntakeError) as told:
        created(tmp_path, *days)
    assert asked in str(told.value)
    for example in examples:
        assert f"'days: {example}'" in str(told.value)
        read = created(tmp_path, *days, map_=f"days: {example}")
        assert read["created_at"].notna().all()


def test_two_orders_in_one_file_are_asked_about(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=r"two orders: '25/06/2026' .* and '06/25/2026' .*line 4"):
        created(tmp_path, "03/04/2026", "25/06/2026", "06/25/2026")
    with pytest.raises(IntakeError, match="'06/25/2026' is no day in the order day/month/year"):
        created(tmp_path, "25/06/2026", "06/25/2026", map_="days: 31/05/2026")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-02-30", "'2026-02-30' is no day that there is"),
        ("31.06.2026", "'31.06.2026' is no day that there is"),
        ("2206-03-04", "lies outside of the years 1900 to 2200"),
        ("mid May", "'mid May' is a day in no form that is known; write 2026-05-31"),
        ("46115", "is a day in no form that is known"),
        ("2026-05-31 25:00", "names no time of day that there is"),
    ],
)
def test_what_is_no_day_is_told_by_what_it_is(tmp_path: Path, written: str, said: str) -> None:
    with pytest.raises(IntakeError, match=f"1 of 2 rows of c.csv .* Line 3: created_at: .*{said}"):
        created(tmp_path, "2026-05-31", written)


# Months


def months(folder: Path, *periods: str, map_: str = "") -> list[str]:
    file, map_file = folder / "left.csv", folder / "m.yaml"
    file.write_text("\n".join(["period;units", *(f"{p};5" for p in periods), ""]), encoding="utf-8")
    map_file.write_text(f"kind: exposure\n{map_}\n", encoding="utf-8")
    return list(frame_of(file, "exposure", map_file=map_file if map_ else None)["period"])


@pytest.mark.parametrize(
    "written",
    [
        "2024-04", "2024/4", "2024.04", "202404", "2024年4月", "04/2024", "4.2024", "Apr 2024",
        "April 2024", "Apr-24", "2024-04-01", "01.04.2024", "2024年4月1日", "2024-04-01 00:00",
    ],
)  # fmt: skip
def test_a_month_is_read_however_it_is_written(tmp_path: Path, written: str) -> None:
    assert months(tmp_path, written) == ["2024-04"]


def test_a_month_written_as_a_day_needs_the_order_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(
        IntakeError, match=r"'04/01/2024' in period \(line 2\) is day/month/year or"
    ):
        months(tmp_path, "04/01/2024", "05/01/2024")
    assert months(tmp_path, "04/01/2024", map_="days: 05/31/2026") == ["2024-04"]
    assert months(tmp_path, "04/01/2024", "04/30/2024") == ["2024-04", "2024-04"]


def test_what_is_no_month_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    for written in ("2024-W05", "2024-13", "Q1 2024", "2024"):
        with pytest.raises(
            IntakeError, match=f"left.csv .* Line 3: period: '{written}' is no month"
        ):
            months(tmp_path, "2024-04", written)


def test_one_month_in_two_spellings_may_be_told_twice(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="'2024-04' and '04/2024' in line 2 are the same month"):
        months(tmp_path, "04/2024", "2024-04")
    assert months(tmp_path, "2024-04-01", "2024-04-15", "2024-04-01") == ["2024-04"] * 3
