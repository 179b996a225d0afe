"""Customer contribution: it adds up to the books, and what has no cost has no margin."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.errors import ModelError
from crmlab.models.contribution import contribution
from crmlab.places import SAMPLE_DATA

COLUMNS = ["customer_id", "amount", "cost", "service_cost"]


def sales(*rows: tuple[str, float, float | None, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def test_a_whale_by_hand() -> None:
    found = contribution(
        sales(("A", 100, 40, 0), ("B", 100, 60, 10), ("C", 100, 70, 60), ("A", 50, 20, 0))
    )
    assert list(found.each.index) == ["A", "B", "C"]
    assert list(found.each["contribution"]) == [90, 30, -30]
    assert (found.customers, found.revenue, found.contribution) == (3, 350, 90)
    assert found.loss_making == 1
    assert found.whale_peak_percent == pytest.approx(120 / 90 * 100)
    assert found.share_top_20_percent == 1
    assert list(found.each["abc"]) == ["A", "C", "C"]


def test_a_line_without_a_cost_is_blocked_and_listed() -> None:
    found = contribution(sales(("A", 100, None, 0), ("A", 100, 40, 0), ("B", 10, None, 0)))
    assert found.blocked_rows == 2
    assert list(found.blocked["customer_id"]) == ["A", "B"]
    assert (found.revenue, found.contribution) == (210, 60)
    assert list(found.each["contribution"]) == [60, 0]


amounts = st.integers(min_value=0, max_value=10**7).map(lambda fen: fen / 100)


@given(
    st.lists(
        st.tuples(st.sampled_from("ABCDE"), amounts, amounts, amounts), min_size=1, max_size=40
    )
)
def test_what_customers_bring_adds_up_to_the_books_to_the_fen(
    rows: list[tuple[str, float, float, float]],
) -> None:
    found = contribution(sales(*rows))
    booked = sum(
        round(amount * 100) - round(cost * 100) - round(service * 100)
        for _customer, amount, cost, service in rows
    )
    assert round(found.contribution * 100) == booked
    assert round(found.each["contribution"].sum() * 100) == booked
    if found.contribution > 0:
        assert found.each["cumulative"].iloc[-1] == pytest.approx(100)
        assert (found.whale_peak_percent or 0) >= 100 - 1e-9


def test_who_costs_more_than_he_brings_is_at_the_end_of_the_curve() -> None:
    rows = pd.read_csv(SAMPLE_DATA / "transactions.csv", encoding="utf-8-sig")
    found = contribution(rows)
    assert found.blocked_rows == rows["cost"].isna().sum() > 0
    last = found.each.index[-1]
    assert found.each["revenue"].rank(ascending=False)[last] <= 10
    assert found.each["contribution"][last] < 0
    assert (found.whale_peak_percent or 0) > 100


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (sales(), "There are no sales"),
        (sales(("A", 1, None, 0)), "No line has a cost"),
        (sales(("A", 1, 1, 0), ("A", 1, 1, 0)).assign(currency=["CNY", "EUR"]), "2 currencies"),
    ],
)
def test_what_has_no_margin_is_told_in_a_sentence(rows: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        contribution(rows)


def test_a_company_that_makes_a_loss_has_no_shares() -> None:
    found = contribution(sales(("A", 10, 40, 0), ("B", 10, 5, 0)))
    assert (found.share_top_20_percent, found.whale_peak_percent) == (None, None)
    assert found.contribution == -25
