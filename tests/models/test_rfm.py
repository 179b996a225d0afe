"""RFM: fifths with ties, segments, and the rows behind them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from crmlab.errors import ModelError
from crmlab.intake.company import company_table
from crmlab.models.value.purchases import as_dates, purchases
from crmlab.models.value.rfm import SEGMENTS, Rfm, rfm, scores
from crmlab.places import SAMPLE_DATA


@pytest.fixture(scope="module")
def company() -> Rfm:
    return rfm(company_table("transactions"))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=200))
def test_the_same_number_has_the_same_score_and_more_is_never_less(values: list[int]) -> None:
    found = scores(np.array(values))
    assert set(found) <= {1, 2, 3, 4, 5}
    for value in set(values):
        assert len({int(s) for s, v in zip(found, values, strict=True) if v == value}) == 1
    order = np.argsort(values, kind="stable")
    assert (np.diff(found[order]) >= 0).all()


def test_without_ties_the_fifths_are_equal() -> None:
    found = scores(np.random.default_rng(1).permutation(100))
    assert [int((found == n).sum()) for n in range(1, 6)] == [20] * 5


def test_where_most_are_alike_a_score_is_empty() -> None:
    """Seven of ten bought once: they are the lowest, and the best three are still told apart."""
    assert list(scores(np.array([1, 1, 1, 1, 1, 1, 1, 2, 3, 9]))) == [1] * 7 + [4, 5, 5]


def test_segments_hold_each_customer_once(company: Rfm) -> None:
    assert sum(each.customers for each in company.segments) == len(company.each)
    assert sum(each.share_of_customers for each in company.segments) == pytest.approx(1)
    assert sum(each.share_of_spend for each in company.segments) == pytest.approx(1)
    assert sum(each.spend for each in company.segments) == pytest.approx(
        company_table("transactions")["amount"].sum()
    )
    assert [each.segment for each in company.segments] == list(SEGMENTS)


@given(
    st.lists(
        st.one_of(
            st.from_regex(r"\ACU-[0-9]{6}\Z"),
            st.from_regex(r"\A[A-Z]{2}-0000[0-9]{2}\Z"),
            st.text(min_size=1, max_size=12),
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(0, 3),
)
def test_customers_are_told_apart_by_their_names_however_these_are_written(
    names: list[str], cut: int
) -> None:
    column = pd.Series(names, dtype="str")[cut:].repeat(2)
    assume(len(column))
    rows = pd.DataFrame({"customer_id": column, "date": "2026-01-05", "amount": 1.0})
    found = purchases(rows)
    assert list(found.customers.take(found.who)) == list(column)
    assert list(found.customers) == list(dict.fromkeys(column))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400)), min_size=1, max_size=60),
    st.integers(1, 30),
)
def test_days_with_purchases_are_those_of_each_customer(
    rows: list[tuple[int, int]], times: int
) -> None:
    """Few purchases over a long time are sorted, and many are ticked off in a table."""
    bought = pd.DataFrame(rows * times, columns=["customer_id", "date"])
    bought["date"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(bought["date"], unit="D")
    found = purchases(bought.assign(amount=1.0))
    first, last, often = found.days()
    plain = bought.groupby("customer_id", sort=False)["date"].agg(["min", "max", "nunique"])
    assert list(as_dates(first)) == list(plain["min"])
    assert list(as_dates(last)) == list(plain["max"])
    assert list(often) == list(plain["nunique"])
    silence, again = found.lately()
    assert list(found.end - silence) == list(last)
    assert list(again) == list(often)


def test_the_members_are_those_that_were_counted(company: Rfm) -> None:
    for segment in company.segments:
        rows = company.members(segment.segment)
        assert len(rows) == segment.customers
        assert rows["spent"].sum() == pytest.approx(segment.spend)
        assert rows["spent"].is_monotonic_decreasing
    with pytest.raises(ModelError, match="no segment 'rich'"):
        company.members("rich")


def test_the_customer_whom_the_gold_card_misses_is_among_the_best(company: Rfm) -> None:
    truth = yaml.safe_load((SAMPLE_DATA / "truth.yaml").read_text("utf-8"))["daily_customer"]
    best = company.members("carry_us")
    daily = truth["customer_id"]
    assert daily in best.index
    assert tuple(best.loc[daily, ["r", "f", "m"]]) == (5, 5, 5)
    customers = company_table("customers").set_index("customer_id")
    without = best.index[customers.loc[best.index, "card"].isna()]
    assert daily in without
    sales = company_table("transactions")
    year = sales[sales["date"] > company.end - pd.Timedelta(days=365)]
    spent = year.groupby("customer_id")["amount"].sum()
    assert spent[daily] == truth["amount_in_the_last_twelve_months"]
    # One alone of those without a card has bought on more than a hundred days.
    assert list(without[best.loc[without, "days"] > 100]) == [daily]


def test_those_who_left_in_silence_are_among_the_quiet(company: Rfm) -> None:
    truth = yaml.safe_load((SAMPLE_DATA / "truth.yaml").read_text("utf-8"))
    left = {row["customer_id"] for row in truth["leaving_in_silence"]["who"]}
    assert left <= set(company.members("going_quiet").index)
    often = company.each[(company.each["r"] == 1) & (company.each["f"] == 5)]
    assert set(often.index) >= left
    assert len(often) == 14, "precision 12 of 14"


def test_what_comes_after_the_end_does_not_count() -> None:
    sales = company_table("transactions")
    end = pd.Timestamp("2026-03-31")
    found = rfm(sales, end=end)
    before = rfm(sales[sales["date"] <= end], end=end)
    pd.testing.assert_frame_equal(found.each.sort_index(), before.each.sort_index())
    assert found.left_out == int((sales["date"] > end).sum())


def test_one_customer_alone_can_be_scored() -> None:
    rows = pd.DataFrame({"customer_id": ["A"], "date": ["2026-01-01"], "amount": [0.0]})
    found = rfm(rows)
    assert [each.share_of_spend for each in found.segments] == [0.0] * len(SEGMENTS)
    assert sum(each.customers for each in found.segments) == 1
