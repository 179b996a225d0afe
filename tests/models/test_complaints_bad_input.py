"""Complaints and exposure from which nothing can be said: a sentence, and no nonsense number."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from crmlab.errors import ModelError
from crmlab.models.complaints import complaint_rate
from tests.models.complaint_frames import MONTHS, complaints, exposure


def says(sentence: str, rows: pd.DataFrame, left: pd.DataFrame, **more: Any) -> None:
    with pytest.raises(ModelError, match=sentence):
        complaint_rate(rows, left, **more)


def test_nothing_has_left() -> None:
    says("Nothing has left us by this file.* give the orders", complaints(1), exposure(0))


def test_less_than_nothing_has_left() -> None:
    says("In 2024-02 -5 orders left us.* leave out what came back", complaints(1), exposure(9, -5))


def test_a_day_of_the_extract_before_anything_left() -> None:
    early = pd.Timestamp("2023-06-30")
    says("By 2023-06-30 nothing had left us yet", complaints(1), exposure(9, 9), as_of=early)


def test_a_number_that_nobody_has_filled_in() -> None:
    left = exposure(9, float("nan"), 9)
    says(
        "1 row does not say in a number how many orders left us .that of 2024-02",
        complaints(1),
        left,
    )
    left["orders"] = ["9", "many", "9"]
    says("that of 2024-02", complaints(1), left)
    left["orders"] = ["9", "many", "some"]
    says("2 rows do not say in a number .*the first is 2024-02", complaints(1), left)


def test_a_row_without_a_product_that_cannot_be_the_whole() -> None:
    """It may be one whose product nobody wrote down, or the row of the whole of another month."""
    left = pd.DataFrame(
        {
            "period": ["2024-01", "2024-01", "2024-01", "2024-02"],
            "product_id": [None, "A", "B", "A"],
            "orders": [70, 60, 40, 60],
            "units": [1000, 600, 400, 600],
        }
    )
    says("In 2024-02 0 orders left us by the row without a product, and 60", complaints(1), left)
    left = left[:3].assign(orders=[50, 60, 40])
    says("In 2024-01 50 orders left us.* and 60 by those of products", complaints(1), left)
    left = left.assign(orders=[70, 60, 40], units=[900, 600, 400])
    assert complaint_rate(complaints(1), left).exposure == 70
    says("In 2024-01 900 units.* and 1,000 by those", complaints(1), left, per="units")


def test_a_denominator_that_is_missing() -> None:
    says(
        "how many customers there were; the file has: orders, units",
        complaints(1),
        exposure(5),
        per="customers",
    )
    says("none of orders, units, customers", complaints(1), pd.DataFrame({"period": ["2024-01"]}))
    empty = exposure(5).assign(customers=float("nan"))
    says("the file has: orders, units", complaints(1), empty, per="customers")


def test_a_denominator_that_is_told_only_in_part_is_not_set_beside_the_others() -> None:
    left = exposure(1000, 1000).assign(customers=[5, None])
    found = complaint_rate(complaints(3, 4), left)
    assert [one.name for one in found.denominators] == ["orders", "units"]


def test_there_is_no_complaint() -> None:
    says("no complaint in this file.* never entered", complaints(), exposure(5))
    says("no complaint in this file", complaints(), exposure(5), as_of=pd.Timestamp("2024-03-01"))


def test_no_complaint_belongs_to_the_months() -> None:
    left = exposure(5, 5).assign(period=["2022-01", "2022-02"])
    says("No complaint belongs to the months in which something left us", complaints(3), left)


def test_months_without_complaints_are_counted_and_told() -> None:
    found = complaint_rate(complaints(3, 0, 4), exposure(1000, 1000, 1000))
    assert [period.complaints for period in found.periods] == [3, 0, 4]
    assert found.notes == (
        "In 1 month something left us, and nobody has complained about it so far.",
    )


def test_complaints_of_months_without_exposure_are_left_out_and_told() -> None:
    left = exposure(1000, 1000, 1000).drop(index=1)
    found = complaint_rate(complaints(3, 7, 4), left)
    assert (found.complaints, found.left_out.no_exposure) == (7, 7)
    assert [period.period for period in found.periods] == ["2024-01", "2024-03"]
    assert sum(share.complaints for share in found.by_category) == 7
    assert found.notes[0].startswith("7 complaints are left out: nobody says that anything left us")
    zero = complaint_rate(complaints(3, 7, 4), exposure(1000, 0, 1000))
    assert zero.left_out == found.left_out
    assert "1 month is left out: nothing left us then." in zero.notes


def test_complaints_after_the_day_of_the_extract_and_without_a_day_are_told() -> None:
    rows = complaints(3, 4)
    rows.loc[0, "received_at"] = None
    found = complaint_rate(rows, exposure(1000, 1000), as_of=pd.Timestamp("2024-01-31"))
    assert (found.complaints, found.left_out.later, found.left_out.no_day) == (2, 4, 1)
    assert len(found.notes) == 3, "the two, and that there is one month only"


def test_complaints_without_a_day_of_shipment_are_counted_and_told() -> None:
    rows, left = complaints(3, 4, 5), exposure(1000, 1000, 1000)
    assert complaint_rate(rows, left).notes == ()
    rows.loc[[0, 5, 9], "shipped_at"] = None
    (said,) = complaint_rate(rows, left).notes
    assert said.startswith(
        "3 of 12 complaints (25%) do not say when their goods left us, and count in the month in "
        "which they came in."
    )
    assert "its peak is lower than it should be" in said
    without = complaint_rate(rows.drop(columns="shipped_at"), left)
    assert without.notes[0].startswith("12 of 12 complaints (100%)"), "no column says as little"
    early = complaint_rate(rows, left, as_of=pd.Timestamp("2024-02-29"))
    assert any(note.startswith("2 of 7 complaints") for note in early.notes), "of those that count"


def test_shipped_after_it_was_complained_about() -> None:
    rows = complaints(2, 2).assign(
        shipped_at=["2024-01-02", "2024-01-20", "2024-02-01", "2024-02-16"]
    )
    rows["complaint_id"] = ["C-1", "C-2", "C-3", "C-4"]
    says("2 complaints came in before their goods left us; the first is C-2", rows, exposure(9, 9))
    says("1 complaint came in before its goods left us: C-2", rows[:3], exposure(9, 9))


def test_shipped_later_on_the_same_day_is_no_contradiction() -> None:
    """Often the hour of the one is known, and of the other the day alone."""
    rows = complaints(1, 1).assign(shipped_at=["2024-01-15T16:30:00", "2024-02-15"])
    assert complaint_rate(rows, exposure(9, 9)).complaints == 2


def test_a_shipment_that_nobody_wrote_down_counts_in_the_month_of_the_complaint() -> None:
    rows = complaints(1, 1).assign(shipped_at=["2024-01-02", None])
    found = complaint_rate(rows, exposure(9, 9))
    assert [period.complaints for period in found.periods] == [1, 1]


def test_a_single_month_has_a_rate_and_nothing_to_be_compared_with() -> None:
    found = complaint_rate(complaints(5), exposure(1000))
    only = found.periods[0]
    assert (found.rate, only.lower, only.upper, only.signal) == (5, None, None, "")
    assert found.notes == (
        "There is one month only, so nothing can be compared, and there are no limits. Give twelve "
        "months or more.",
    )


@pytest.mark.parametrize(
    "spelling", ["2024-1", "2024/01", "2024年1月", "2024.01", "202401", " 2024-01 ", "2024-01-31"]
)
def test_a_month_may_be_written_in_many_ways(spelling: str) -> None:
    left = exposure(1000, 1000).assign(period=[spelling, "2024-02"])
    found = complaint_rate(complaints(3, 4), left)
    assert [period.period for period in found.periods] == ["2024-01", "2024-02"]


def test_days_of_one_month_are_added_up() -> None:
    left = exposure(400, 600, 1000).assign(
        period=pd.to_datetime(["2024-01-03", "2024-01-31", "2024-02-01"])
    )
    found = complaint_rate(complaints(3, 4), left)
    assert [period.exposure for period in found.periods] == [1000, 1000]


@pytest.mark.parametrize("other", ["2024-1", "2024/01", "2024-01-15"])
def test_one_month_in_two_spellings_may_be_the_same_goods_twice(other: str) -> None:
    left = exposure(1000, 1000).assign(period=["2024-01", other])
    says("are the same month. If they tell the same goods twice", complaints(3), left)


@pytest.mark.parametrize("period", ["2024-W05", "2024-13", "May", "2024-05 or so"])
def test_a_period_that_is_no_month(period: str) -> None:
    left = exposure(1000).assign(period=[period])
    says(f"'{period}' is no month; write months such as 2026-05", complaints(3), left)


def test_a_day_that_is_none() -> None:
    rows = complaints(1).assign(received_at=["31/02/2024"])
    says("'31/02/2024' in 'received_at' is no day", rows, exposure(5))
    says("no column 'received_at'", complaints(1).drop(columns="received_at"), exposure(5))


def test_the_zone_behind_an_hour_does_not_move_its_month() -> None:
    rows = complaints(1, 1).assign(
        shipped_at=["2024-02-01T00:30:00+08:00", "2024-02-01T00:30:00Z"],
        received_at=["2024-02-11T00:30:00+08:00", "2024-02-11"],
    )
    found = complaint_rate(rows, exposure(9, 9))
    assert [period.complaints for period in found.periods] == [0, 2]
    stamped = rows[:1].assign(
        **{name: pd.to_datetime(rows[name][:1]) for name in ("shipped_at", "received_at")}
    )
    assert [p.complaints for p in complaint_rate(stamped, exposure(9, 9)).periods] == [0, 1]


def test_a_product_that_nobody_tells_or_that_never_left() -> None:
    rows, left = complaints(3, 4), exposure(9, 9)
    says("file of complaints does not say which product", rows, left, product="LP-40")
    rows = rows.assign(product_id="LP-40")
    says("exposure does not say which product", rows, left, product="LP-40")
    told = left.assign(product_id="LP-40")
    says("any LP-4O has left us; is its code written so", rows, told, product="LP-4O")


def test_all_months_set_apart_leave_none_to_compare_with() -> None:
    says("No month is left to make a mean of", complaints(3, 4), exposure(9, 9), apart=MONTHS[:2])
