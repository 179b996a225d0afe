"""Lifetime value: the figures of the literature, and parameters that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln, gammaln

from crmlab.errors import ModelError
from crmlab.models.value import bg_nbd, gamma_gamma, one_customer
from crmlab.models.value import lifetime as value
from crmlab.models.value.bg_nbd import BgNbd
from crmlab.models.value.buyers import simulated
from crmlab.models.value.histories import Histories, histories
from crmlab.models.value.likelihood import counted
from crmlab.models.value.tracking import tracking
from tests.models.cdnow import CALIBRATION_END, HOLDOUT_END, cdnow


@pytest.fixture(scope="module")
def bought() -> Histories:
    return histories(cdnow(), end=CALIBRATION_END)


@pytest.fixture(scope="module")
def fitted(bought: Histories) -> BgNbd:
    return bg_nbd.fit(bought.frequency, bought.recency, bought.age)


def test_cdnow_gives_the_parameters_of_the_paper(bought: Histories, fitted: BgNbd) -> None:
    """Fader, Hardie and Lee (2005), table 2."""
    assert len(bought) == 2357
    assert [round(value, 3) for value in (fitted.r, fitted.alpha, fitted.a, fitted.b)] == [
        0.243,
        4.414,
        0.793,
        2.426,
    ]
    assert round(fitted.log_likelihood, 1) == -9582.4


def test_cdnow_gives_the_spend_of_the_paper(bought: Histories) -> None:
    """Fader, Hardie and Lee (2005), RFM and CLV, with their data of 946 repeat customers."""
    spend = gamma_gamma.fit(bought.frequency, bought.spend)
    assert spend.customers == 946
    assert [round(value, 2) for value in (spend.p, spend.q, spend.v)] == [6.25, 3.74, 15.44]


def test_one_customers_purchases_to_come(fitted: BgNbd) -> None:
    """Fader and Hardie's note on the model in a spreadsheet: 1.226 in the next 39 weeks."""
    published = BgNbd(0.242594, 4.413602, 0.792919, 2.425894)
    for model in (fitted, published):
        assert float(model.expected(39, 2, 30.43, 38.86)) == pytest.approx(1.226, abs=0.0005)


def test_the_hold_out_of_cdnow() -> None:
    found = tracking(cdnow(), CALIBRATION_END, as_of=HOLDOUT_END)
    assert found.actual == 1882
    assert round(found.predicted) == 1653


def test_whoever_bought_once_is_active_for_certain(fitted: BgNbd) -> None:
    assert fitted.alive(0, 0, 38) == 1
    recent, long_ago = fitted.alive([4, 4], [37, 10], [38, 38])
    assert recent > 0.8 > 0.2 > long_ago


def test_the_slopes_are_those_of_the_likelihood(bought: Histories) -> None:
    known = counted(bought.frequency[:300], bought.recency[:300], bought.age[:300])
    at = np.array([0.5, 3.0, 0.9, 2.0])
    _value, slopes, bends = known.likelihood(at)
    for n in range(4):
        step = np.zeros(4)
        step[n] = 1e-6
        above, below = (known.likelihood(at + way * step) for way in (1, -1))
        assert slopes[n] == pytest.approx((above[0] - below[0]) / 2e-6, rel=1e-5)
        assert bends[n] == pytest.approx((above[1] - below[1]) / 2e-6, rel=1e-4, abs=1e-4)


def plainly(at: tuple[float, ...], x: int, tx: float, age: float) -> float:
    """Equation (6) of the paper for one customer, as it is written there."""
    r, alpha, a, b = at
    bought = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    if not x:
        return float(bought + stayed)
    left = betaln(a + 1, b + x - 1) - betaln(a, b) - (r + x) * np.log(alpha + tx)
    return float(bought + np.logaddexp(stayed, left))


HISTORY = st.tuples(
    st.integers(0, 40), st.floats(0.01, 1), st.sampled_from([0.5, 1.0, 26.0, 104.0])
)


@given(
    st.lists(st.tuples(HISTORY, st.integers(0, 5)), min_size=1, max_size=30),
    st.tuples(*[st.floats(0.05, 20)] * 4),
)
def test_histories_counted_once_are_as_likely_as_each_on_its_own(
    rows: list[tuple[tuple[int, float, float], int]], at: tuple[float, ...]
) -> None:
    histories = [(x, share * age if x else 0.0, age) for (x, share, age), _number in rows]
    number = [number for _history, number in rows]
    each = sum(n * plainly(at, *history) for history, n in zip(histories, number, strict=True))
    x, tx, age = np.array(histories, dtype=float).T
    value, _slopes, _bends = counted(x, tx, age, number).likelihood(np.array(at))
    assert value == pytest.approx(each, rel=1e-9, abs=1e-9)
    one_by_one = [np.repeat(column, number) for column in (x, tx, age)]
    if sum(number):
        other, _slopes, _bends = counted(*one_by_one).likelihood(np.array(at))
        assert other == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_with_very_many_histories_the_search_begins_near_and_ends_at_the_same_place() -> None:
    rows = simulated(60_000, BgNbd(0.8, 6.0, 1.5, 4.0), gamma_gamma.GammaGamma(4.0, 5.0, 60.0))
    many = histories(rows)
    data = many.frequency, many.recency, many.age
    assert len(counted(*data)) > 2 * bg_nbd.ENOUGH_TO_BEGIN
    found = bg_nbd.fit(*data)
    from_elsewhere = bg_nbd.fit(*data, start=BgNbd(0.2, 50.0, 0.3, 9.0))
    for name in ("r", "alpha", "a", "b"):
        assert getattr(found, name) == pytest.approx(getattr(from_elsewhere, name), rel=1e-6)
    assert found.log_likelihood == pytest.approx(from_elsewhere.log_likelihood, rel=1e-12)
    assert found.errors == pytest.approx(from_elsewhere.errors, rel=1e-5)


def test_some_histories_stand_for_all(bought: Histories) -> None:
    known = counted(bought.frequency, bought.recency, bought.age)
    some = known.some(7)
    assert len(some) == -(-len(known) // 7)
    assert some.total == pytest.approx(known.total)
    assert some.often_weight.sum() == pytest.approx(known.often_weight.sum())
    for one in (known, some):
        assert one.age_often.sum() == pytest.approx(one.purchases)


def test_known_parameters_are_found_again() -> None:
    chosen = (0.8, 6.0, 1.5, 4.0)
    source = np.random.default_rng(5)
    number = 20_000
    rates = source.gamma(chosen[0], 1 / chosen[1], number)
    chances = source.beta(chosen[2], chosen[3], number)
    ages = source.uniform(52, 104, number)
    x, tx = np.zeros(number), np.zeros(number)
    moment, active = np.zeros(number), np.ones(number, dtype=bool)
    while active.any():
        moment = moment + source.exponential(1, number) / rates
        buys = active & (moment <= ages)
        x[buys] += 1
        tx[buys] = moment[buys]
        active = buys & (source.random(number) >= chances)
    found = bg_nbd.fit(x, tx, ages)
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx(chosen, rel=0.12)
    total = found.expected_of_new(52.0)
    assert float(total) == pytest.approx(float(BgNbd(*chosen).expected_of_new(52.0)), rel=0.03)


@pytest.mark.parametrize(
    ("x", "tx", "age", "sentence"),
    [
        ([0, 0], [0, 0], [10, 12], "Nobody has bought a second time"),
        ([], [], [], "Nobody has bought a second time"),
        ([1, 2], [11, 5], [10, 12], "1 history makes no sense"),
        ([2] * 40, [5.0] * 40, [10.0] * 40, "do not say"),
    ],
)
def test_what_says_nothing_is_told_in_a_sentence(
    x: list[float], tx: list[float], age: list[float], sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        bg_nbd.fit(x, tx, age)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("A", "2026-01-01", -5.0)], "1 purchase has no amount, or one below zero"),
        ([("A", None, 5.0)], "have no day"),
    ],
)
def test_purchases_that_are_none_are_refused(rows: list[tuple[object, ...]], sentence: str) -> None:
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "amount"])
    with pytest.raises(ModelError, match=sentence):
        histories(frame)


def test_the_formula_by_hand_in_both_conventions() -> None:
    now = one_customer.hand_formula(100, 0.8, 0.1)
    later = one_customer.hand_formula(100, 0.8, 0.1, at_once=False)
    by_addition = sum(100 * 0.8**n / 1.1**n for n in range(400))
    assert now == pytest.approx(by_addition) == pytest.approx(later + 100)
    with pytest.raises(ModelError, match="nothing ends"):
        one_customer.hand_formula(100, 1.0, 0.1)


def test_a_few_who_spend_most_do_not_make_nonsense_of_the_rest() -> None:
    heavy = gamma_gamma.GammaGamma(0.6, 0.9, 6000.0, usual=1500.0)
    new, known = heavy.expected([0, 3], [np.nan, 2000.0])
    assert new == 1500.0
    assert known > 0


def test_the_value_of_all_is_the_sum_of_each() -> None:
    found = value.lifetime_value(cdnow(), as_of=CALIBRATION_END)
    assert found.each["value"].sum() == pytest.approx(found.clv.total)
    assert found.each.index.is_unique
    longer = value.lifetime_value(cdnow(), as_of=CALIBRATION_END, years=2.0)
    halved = value.lifetime_value(cdnow(), as_of=CALIBRATION_END, margin=0.5)
    assert longer.clv.total > found.clv.total == pytest.approx(2 * halved.clv.total)
