"""From a signal to the records behind it, and what its dials make of it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pandas as pd
import pytest

from crmlab.errors import ModelError
from crmlab.intake.company import company_table
from crmlab.models.complaints import (
    ComplaintRate,
    batch_of,
    behind,
    cases,
    complaint_rate,
    into_other,
    silent_from,
    with_missing,
)
from crmlab.models.complaints.pareto import hides
from tests.models.complaint_frames import EXTRACT, company, complaints, exposure

ROWS, LEFT = company()
WHOLE = complaint_rate(ROWS, LEFT, as_of=EXTRACT)


# From a signal to its cases


def test_behind_september_stand_one_product_one_batch_and_its_cases() -> None:
    found = behind(ROWS, LEFT, WHOLE, "2025-09")
    assert (found.product, found.batch) == ("SK-40", "SK-40-2509")
    first = found.products[0]
    assert (first.name, first.complaints) == ("SK-40", 27)
    assert first.expected == pytest.approx(1.9, abs=0.1)
    assert [(part.name, part.complaints) for part in found.batches] == [("SK-40-2509", 25), ("", 2)]
    assert len(found.rows) == 25
    assert set(found.rows["batch_no"]) == {"SK-40-2509"}
    assert set(found.rows["category"]) == {"leak"}
    assert list(found.rows) == list(ROWS), "they are the records as they are"


def test_two_of_the_bad_batch_cannot_be_found_by_their_batch() -> None:
    """27 and 20 are 47; 45 of them name the batch."""
    months = [behind(ROWS, LEFT, WHOLE, month) for month in ("2025-09", "2025-10")]
    assert sum(len(month.rows) for month in months) == 45
    without = behind(ROWS, LEFT, WHOLE, "2025-09", batch="")
    assert len(without.rows) == 27, "without a batch that is asked for, all of the product"
    unsaid = cases(ROWS, WHOLE, period="2025-09", product_id="SK-40", batch_no="")
    assert len(unsaid) == 2


@pytest.mark.parametrize("period", ["2024-05", "2025-09", "2026-04"])
def test_the_cases_of_a_month_are_as_many_as_its_point_says(period: str) -> None:
    point = next(p for p in WHOLE.periods if p.period == period)
    rows = cases(ROWS, WHOLE, period=period)
    assert len(rows) == point.complaints
    assert set(rows["shipped_at"].dt.strftime("%Y-%m")) == {period}


def test_the_cases_of_a_bar_are_as_many_as_it_says() -> None:
    for column, shares in (("category", WHOLE.by_category), ("product_id", WHOLE.by_product)):
        for share in shares:
            assert len(cases(ROWS, WHOLE, **{column: share.name})) == share.complaints


@pytest.mark.parametrize("kept_as", ["object", "string", "category"])
def test_names_may_be_kept_in_any_type(kept_as: str) -> None:
    names = ["product_id", "batch_no", "category", "customer_id"]
    rows = ROWS.astype(dict.fromkeys(names, kept_as))
    left = LEFT.astype({"product_id": kept_as, "period": kept_as})
    people = company_table("customers").astype({"branch": kept_as})
    found = complaint_rate(rows, left, customers=people, as_of=EXTRACT)
    plain = complaint_rate(ROWS, LEFT, customers=company_table("customers"), as_of=EXTRACT)
    assert found == plain
    assert len(behind(rows, left, found, "2025-09").rows) == 25
    one = complaint_rate(rows, left, product="SK-40", as_of=EXTRACT)
    assert one == complaint_rate(ROWS, LEFT, product="SK-40", as_of=EXTRACT)


def test_the_cases_come_from_the_same_day_s_knowledge() -> None:
    then = complaint_rate(ROWS, LEFT, as_of=pd.Timestamp("2025-09-30"))
    september = next(p for p in then.periods if p.period == "2025-09")
    assert len(cases(ROWS, then, period="2025-09")) == september.complaints < 36


def test_without_products_or_batches_a_month_s_cases_are_all_there_is() -> None:
    rows = complaints(2, 9).assign(complaint_id="C-1")
    found = behind(
        rows, exposure(1000, 1000), complaint_rate(rows, exposure(1000, 1000)), "2024-02"
    )
    assert (found.products, found.batches, len(found.rows)) == ((), (), 9)


# Missing complaints


def test_with_nothing_missing_the_chart_is_the_same() -> None:
    now = with_missing(WHOLE, 0.0)
    assert [p.signal for p in now.periods] == [p.signal for p in WHOLE.periods]
    assert [p.rate for p in now.periods] == pytest.approx([p.rate for p in WHOLE.periods])
    assert set(now.seen.values()) == {1.0}


def test_the_more_is_missing_the_less_often_a_signal_is_seen() -> None:
    seen = [with_missing(WHOLE, share / 100).seen["2025-10"] for share in (0, 30, 60, 90)]
    assert seen[0] > seen[1] > seen[2] > seen[3]
    fewer = with_missing(WHOLE, 0.5)
    assert [p.rate for p in fewer.periods] == pytest.approx([p.rate / 2 for p in WHOLE.periods])


def test_a_signal_disappears_where_it_is_seen_less_often_than_not() -> None:
    silent = silent_from(WHOLE)
    assert set(silent) == {"2025-09", "2025-10"}
    for month, share in silent.items():
        assert with_missing(WHOLE, (share - 1) / 100).seen[month] >= 0.5
        assert with_missing(WHOLE, share / 100).seen[month] < 0.5
        after = {p.period: p.signal for p in with_missing(WHOLE, share / 100).periods}
        assert after[month] == ""
    assert silent["2025-10"] < silent["2025-09"], "the weaker signal goes first"


def test_by_its_product_a_signal_can_bear_much_more() -> None:
    one = silent_from(complaint_rate(ROWS, LEFT, product="SK-40", as_of=EXTRACT))
    assert one["2025-09"] > silent_from(WHOLE)["2025-09"]
    assert one["2025-09"] > 80


def test_all_of_them_cannot_be_missing() -> None:
    with pytest.raises(ModelError, match="from 0 to 99 can be missing"):
        with_missing(WHOLE, 1.0)


# A batch that is caught


def test_caught_early_most_of_a_batch_would_never_have_been_sent() -> None:
    batch = batch_of(ROWS, "SK-40-2509")
    third = batch.caught_after(3)
    assert (third.day, third.all, third.out_of_reach, third.avoided) == ("2025-09-04", 45, 8, 37)
    assert third.cost_avoided == pytest.approx(22_275)
    rows = ROWS[ROWS["batch_no"] == "SK-40-2509"]
    later = rows[rows["shipped_at"] > pd.Timestamp("2025-09-05")]
    assert third.avoided == len(later)
    assert third.cost_avoided == pytest.approx(later["remedy_cost"].sum())


def test_caught_later_less_is_avoided_and_entering_late_is_as_bad() -> None:
    batch = batch_of(ROWS, "SK-40-2509")
    avoided = [batch.caught_after(number).avoided for number in range(1, 46)]
    assert avoided == sorted(avoided, reverse=True)
    assert avoided[-1] == 0
    late = [batch.caught_after(3, days).avoided for days in range(61)]
    assert late == sorted(late, reverse=True)
    assert late[14] < late[0]


def test_a_complaint_that_the_batch_does_not_have() -> None:
    batch = batch_of(ROWS, "SK-40-2509")
    for number in (0, 46):
        with pytest.raises(ModelError, match="choose one of 1 to 45"):
            batch.caught_after(number)
    with pytest.raises(ModelError, match="No complaint about batch NO-SUCH says both"):
        batch_of(ROWS, "NO-SUCH")


def test_a_batch_with_one_complaint_is_told_as_one() -> None:
    (name, number) = next(
        (share.name, share.complaints) for share in WHOLE.by_batch if share.complaints == 1
    )
    with pytest.raises(ModelError, match=f"Batch {name} has {number} complaint; choose number 1"):
        batch_of(ROWS, name).caught_after(2)


def test_without_costs_nothing_is_said_of_them() -> None:
    batch = batch_of(ROWS.drop(columns="remedy_cost"), "SK-40-2509")
    assert batch.caught_after(3).cost_avoided is None


# Everything is called other


def test_the_more_is_called_other_the_less_sure_is_the_order() -> None:
    unsure = [hides(into_other(WHOLE, "category", share / 100)).unsure for share in (0, 5, 12, 40)]
    assert [len(names) for names in unsure] == sorted(len(names) for names in unsure)
    assert unsure[0] == ()
    assert "leak" not in unsure[2]
    assert "leak" in unsure[3]
    for share in (0.0, 0.3):
        moved = into_other(WHOLE, "category", share)
        assert sum(one.share for one in moved) == pytest.approx(1)


# Quick enough for a dial


@pytest.mark.parametrize(
    "turned",
    [
        lambda found: with_missing(found, 0.4),
        lambda found: silent_from(found),
        lambda found: batch_of(ROWS, "SK-40-2509").caught_after(5, 7),
        lambda found: hides(into_other(found, "category", 0.2)),
    ],
)
def test_a_dial_takes_less_than_ten_milliseconds(turned: Callable[[ComplaintRate], object]) -> None:
    took = []
    for _time in range(10):
        begun = time.perf_counter()
        turned(WHOLE)
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.01
