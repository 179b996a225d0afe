"""Reconciliation: usable after three months in a row that match the books, and not before."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.errors import ModelError
from crmlab.intake.company import company_table
from crmlab.models.entry.reconciliation import NEEDED, Reconciliation, by_month, reconcile

MONTHS = [str(month) for month in pd.period_range("2025-01", periods=12, freq="M")]


def totals(*amounts: float | None) -> pd.Series:
    return pd.Series(amounts, index=MONTHS[: len(amounts)], dtype=float).dropna()


def against(ours: list[float | None], books: list[float | None], **rule: float) -> Reconciliation:
    return reconcile(totals(*ours), totals(*books), **rule)


def test_two_months_that_match_are_not_enough_and_three_are() -> None:
    two = against([100, 100], [100, 100])
    assert (two.usable, two.still_needed) == (False, 1)
    assert two.says() == (
        "Not usable yet: only 2 months have been compared. 1 more month in a row has to match."
    )
    three = against([100, 100, 100], [100, 100, 100])
    assert (three.usable, three.usable_since, three.still_needed) == (True, MONTHS[2], 0)
    assert "since Mar 2025" in three.says()


def test_the_month_that_broke_it_is_told_with_how_much() -> None:
    found = against([100, 100, 100, 130.5, 100], [100, 100, 100, 100, 100])
    assert not found.usable
    assert found.broken_by is not None
    assert (found.broken_by.period, found.broken_by.difference) == (MONTHS[3], 30.5)
    assert found.says() == (
        "Not usable yet: Apr 2025 is off by 30.50. 2 more months in a row have to match."
    )
    after = against([100, 100, 100, 130.5, 100, 100, 100], [100] * 7)
    assert (after.usable, after.usable_since) == (True, MONTHS[6])


@pytest.mark.parametrize(
    ("ours", "books", "why"),
    [
        ([1, None, 1, 1], [1, 1, 1, 1], "the model has nothing for Feb 2025"),
        ([1, 1, 1, 1], [1, None, 1, 1], "the books have nothing for Feb 2025"),
        ([1, None, 1, 1], [1, None, 1, 1], "nobody has anything for Feb 2025"),
    ],
)
def test_a_missing_month_does_not_match(
    ours: list[float | None], books: list[float | None], why: str
) -> None:
    found = against(ours, books)
    assert [period.matches for period in found.periods] == [True, False, True, True]
    assert found.share_matching == 0.75
    assert not found.usable
    assert why in found.says()


def test_a_month_matches_within_what_was_stated() -> None:
    assert against([995.0], [1000.0]).periods[0].matches
    assert not against([994.9], [1000.0]).periods[0].matches
    assert against([994.9], [1000.0], at_most=10).periods[0].matches
    assert not against([999.99], [1000.0], tolerance=0).periods[0].matches
    assert against([0.0], [0.0]).periods[0].matches


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_usable_is_nothing_but_three_at_the_end(good: list[bool]) -> None:
    found = against([100.0 if each else 50.0 for each in good], [100.0] * len(good))
    assert [period.matches for period in found.periods] == good
    assert found.usable == (len(good) >= NEEDED and all(good[-NEEDED:]))
    if found.usable:
        since = MONTHS.index(str(found.usable_since))
        assert all(good[since - NEEDED + 1 :])
        assert since - NEEDED < 0 or not good[since - NEEDED]
    assert found.says()


def test_totals_by_month_are_exact_to_the_fen() -> None:
    rows = pd.DataFrame({"date": ["2026-01-31", "2026-02-01"] * 10, "amount": [0.1, 0.2] * 10})
    assert by_month(rows, "date").to_dict() == {"2026-01": 1.0, "2026-02": 2.0}


def test_the_sales_of_the_practice_company_match_its_invoices() -> None:
    sold, booked = company_table("transactions"), company_table("invoices")
    found = reconcile(by_month(sold, "date"), by_month(booked, "invoiced_at"), tolerance=0)
    assert (len(found.periods), found.share_matching, found.usable) == (24, 1.0, True)
    # Entered a week later, with the day of the entry, the same sales match hardly a month.
    late = sold.assign(date=sold["date"] + pd.Timedelta(days=7))
    shifted = reconcile(by_month(late, "date"), by_month(booked, "invoiced_at"))
    assert not shifted.usable
    assert shifted.share_matching < 0.2


@pytest.mark.parametrize(
    ("ours", "books", "rule", "sentence"),
    [
        (totals(), totals(), {}, "no month to compare"),
        (totals(1), totals(1), {"tolerance": -0.1}, "A tolerance is not below zero"),
    ],
)
def test_what_cannot_be_compared_is_told(
    ours: pd.Series, books: pd.Series, rule: dict[str, float], sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        reconcile(ours, books, **rule)


def test_rows_without_a_day_or_in_two_currencies_belong_to_no_total() -> None:
    rows = pd.DataFrame({"date": ["2026-01-31", None], "amount": [1.0, 2.0]})
    with pytest.raises(ModelError, match="1 row has no 'date'"):
        by_month(rows, "date")
    with pytest.raises(ModelError, match="2 currencies"):
        by_month(rows.assign(currency=["CNY", "EUR"]), "date")
