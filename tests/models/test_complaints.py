"""Complaint rates: what a month says, and what chance says for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from crmlab.intake.company import company_table
from crmlab.models.complaints import ComplaintRate, complaint_rate, u_chart
from crmlab.models.complaints.lags import share_within
from crmlab.models.complaints.pareto import hides, pareto
from crmlab.places import SAMPLE_DATA
from tests.models.complaint_frames import EXTRACT, MONTHS, company, complaints, exposure


def truth(name: str) -> Any:
    """What is planted; looked at when it has been found."""
    return YAML(typ="safe", pure=True).load((SAMPLE_DATA / "truth.yaml").read_text("utf-8"))[name]


def signals(found: ComplaintRate) -> list[tuple[str, str, str]]:
    return [(p.period, p.signal, p.side) for p in found.periods if p.signal]


def test_rates_are_told_for_what_was_asked() -> None:
    found = complaint_rate(complaints(2, 4), exposure(1000, 1000))
    assert (found.complaints, found.exposure, found.rate, found.per) == (6, 2000, 3, "1,000 orders")
    assert [period.rate for period in found.periods] == [2, 4]
    by_units = complaint_rate(complaints(2, 4), exposure(1000, 1000), per="units")
    assert (by_units.rate, by_units.per) == (3000, "1,000,000 units")


def test_a_rate_is_complaints_so_far_by_what_left() -> None:
    """How ripe a month is changes what is expected of it, and not what is counted."""
    found = complaint_rate(*company(), as_of=EXTRACT)
    assert found.rate == pytest.approx(found.complaints / found.exposure * 1000)
    assert sum(p.complaints for p in found.periods) == found.complaints
    assert sum(p.exposure for p in found.periods) == found.exposure


# What left us: the whole of a month, and its products


def by_product() -> pd.DataFrame:
    """Two products in each of two months: 60 and 40 orders, of which 30 were of both."""
    return pd.DataFrame(
        {
            "period": ["2024-01", "2024-01", "2024-02", "2024-02"],
            "product_id": ["A", "B", "A", "B"],
            "orders": [60, 40, 60, 40],
            "units": [600, 400, 600, 400],
            "customers": [30, 20, 30, 20],
        }
    )


WHOLE = {"product_id": [None, None], "orders": [70, 70], "units": [1000, 1000]}


def test_an_order_of_two_products_is_one_order() -> None:
    """The whole has rows of its own; those of a product are for the product alone."""
    whole = pd.DataFrame({"period": MONTHS[:2], "customers": [35, 35], **WHOLE})
    rows = complaints(7, 7).assign(product_id="A")
    left = pd.concat([by_product(), whole], ignore_index=True)
    found = complaint_rate(rows, left)
    assert (found.exposure, found.rate) == (140, 100)
    assert [(share.name, share.exposure) for share in found.by_product] == [("A", 120)]
    assert {one.name: one.exposure for one in found.denominators} == {
        "orders": 140, "units": 2000, "customers": 70,
    }  # fmt: skip
    assert found.notes == ()
    assert complaint_rate(rows, left, product="A").exposure == 120
    left["product_id"] = left["product_id"].fillna(" ")
    assert complaint_rate(rows, left) == found, "an empty name is none"


def test_without_rows_of_the_whole_products_are_added_up_and_that_is_said() -> None:
    found = complaint_rate(complaints(7, 7).assign(product_id="A"), by_product())
    assert found.exposure == 200
    assert {one.name: one.added for one in found.denominators} == {
        "orders": True, "units": False, "customers": True,
    }  # fmt: skip
    orders, customers = found.notes
    assert orders.startswith("Orders are added up over products")
    assert "an order of several products is counted once for each" in orders
    assert customers.startswith("Customers are added up over products")
    one = complaint_rate(complaints(7, 7).assign(product_id="A"), by_product(), product="A")
    assert one.notes == (), "nothing is added up over a single product"
    single = by_product().query("product_id == 'A'")
    assert complaint_rate(complaints(7, 7), single).notes == ()


def test_a_column_may_be_told_of_the_whole_or_of_the_products_alone() -> None:
    """Units are known of each product, orders of the month only."""
    whole = pd.DataFrame({"period": MONTHS[:2], "product_id": None, "orders": [70, 70]})
    left = pd.concat([by_product().drop(columns=["orders", "customers"]), whole])
    rows = complaints(7, 7).assign(product_id="A")
    found = complaint_rate(rows, left)
    assert (found.exposure, found.by_product[0].exposure) == (140, None)
    assert complaint_rate(rows, left, per="units").by_product[0].exposure == 1200
    assert [(one.name, one.exposure) for one in found.denominators] == [
        ("orders", 140), ("units", 2000),
    ]  # fmt: skip
    assert found.notes == ()


def test_the_company_s_rates_are_those_of_its_orders() -> None:
    """The order lines are 8,933; what left us are 7,102 orders."""
    found = complaint_rate(*company(), as_of=EXTRACT)
    orders = company_table("orders").dropna(subset="shipped_at")
    month = orders["shipped_at"].dt.strftime("%Y-%m")
    lines = company_table("order_lines")
    told = {one.name: one.exposure for one in found.denominators}
    assert told == {
        "orders": len(orders),
        "units": lines[lines["order_id"].isin(orders["order_id"])]["quantity"].sum(),
        "customers": orders.groupby(month)["customer_id"].nunique().sum(),
    }
    assert not any(one.added for one in found.denominators)
    assert [p.exposure for p in found.periods] == list(orders.groupby(month).size())


# The chart


def test_a_month_far_above_the_others_is_beyond_its_limit() -> None:
    found = complaint_rate(complaints(*[5] * 11, 25), exposure(*[1000] * 12))
    assert [one for one in signals(found) if one[1] == "beyond"] == [(MONTHS[11], "beyond", "high")]
    assert set(found.rules) == {"beyond", "run"}


def test_limits_are_wider_where_less_has_left() -> None:
    found = complaint_rate(complaints(10, 1), exposure(10_000, 1000))
    wide = [(period.upper or 0) - (period.lower or 0) for period in found.periods]
    assert wide[0] < wide[1]


def test_eight_in_a_row_on_one_side_are_a_signal_though_none_is_beyond() -> None:
    found = complaint_rate(complaints(*[8] * 8, *[12] * 8), exposure(*[1000] * 16))
    assert [period.signal for period in found.periods] == ([""] * 7 + ["run"]) * 2
    assert [period.side for period in found.periods if period.signal] == ["low", "high"]


def test_eight_months_without_a_complaint_are_no_run_where_most_have_none() -> None:
    """With one complaint in three months, eight silent months in a row are nothing special."""
    numbers = [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1]
    assert signals(complaint_rate(complaints(*numbers), exposure(*[100] * 24))) == []


def test_a_month_whose_cause_is_known_can_be_set_apart() -> None:
    """It raises the mean so far that all others look good for months on end."""
    numbers = [3, 2, 4, 3, 2, 4, 3, 3, 2, 4, 90, 3, 2, 4, 3, 3, 2, 4, 3, 3, 2, 4, 3, 3]
    files = (complaints(*numbers), exposure(*[1000] * 24))
    assert {side for _month, signal, side in signals(complaint_rate(*files)) if signal == "run"}
    apart = complaint_rate(*files, apart=[MONTHS[10]])
    assert signals(apart) == [(MONTHS[10], "beyond", "high")]
    assert [p.period for p in apart.periods if p.apart] == [MONTHS[10]]
    assert apart.periods[0].centre == pytest.approx((sum(numbers) - 90) / 23)
    assert apart.complaints == sum(numbers)


def pure_noise(mean: float, companies: int) -> tuple[float, float]:
    """Of companies in which nothing but chance is at work: shares of months beyond, and in runs."""
    luck, beyond, runs = np.random.default_rng(3), 0, 0
    months = np.arange(24)
    for _company in range(companies):
        left = luck.uniform(300, 3000, 24)
        expected = left / left.mean() * mean
        drawn = u_chart.chart(
            months, luck.poisson(expected), left, expected, 1000, np.zeros(24, dtype=bool)
        )
        beyond += sum(period.signal == "beyond" for period in drawn)
        runs += sum(period.signal == "run" for period in drawn)
    return beyond / companies / 24, runs / companies / 24


@pytest.mark.parametrize("mean", [40.0, 150.0])
def test_of_pure_noise_about_99_7_percent_stays_within_the_limits(mean: float) -> None:
    """400 companies of 24 months with unequal exposure; 0.27 % give or take four of its errors."""
    beyond, runs = pure_noise(mean, 400)
    error = (0.0027 * 0.9973 / 9600) ** 0.5
    assert 0.0027 - 4 * error < beyond < 0.0027 + 4 * error
    assert runs < 1 / 100


@pytest.mark.parametrize("mean", [0.3, 0.7, 4.0])
def test_where_counts_are_small_at_least_as_many_do(mean: float) -> None:
    """Three sigma above 0.3 would be crossed in four months of a hundred."""
    beyond, runs = pure_noise(mean, 200)
    assert beyond < 0.0027 + 4 * (0.0027 / 4800) ** 0.5
    assert runs < 1 / 100


def test_the_whole_way_from_files_keeps_noise_within_too() -> None:
    luck, beyond = np.random.default_rng(5), 0
    for _company in range(25):
        left = luck.integers(300, 3000, 24)
        found = complaint_rate(complaints(*luck.poisson(left / 200)), exposure(*left))
        beyond += sum(period.signal == "beyond" for period in found.periods)
    assert beyond <= 6, "of 600 months 1.6 are to be expected"


# How long complaints take


def test_what_left_lately_is_not_praised_for_silence() -> None:
    """All complaints take 60 days; the last months have none yet, and that is no good sign."""
    days = pd.to_datetime([f"{month}-15" for month in MONTHS[:10] for _one in range(9)])
    rows = pd.DataFrame({"shipped_at": days, "received_at": days + pd.Timedelta(days=60)})
    found = complaint_rate(rows, exposure(*[1000] * 12), as_of=pd.Timestamp("2024-12-20"))
    assert [period.signal for period in found.periods[-2:]] == ["", ""]
    assert [cohort.arrived for cohort in found.cohorts[-2:]] == [0, 0]
    assert found.cohorts[-1].awaited is None
    assert [cohort.median_days for cohort in found.cohorts[:2]] == [60, 60]
    assert found.periods[0].centre == pytest.approx(9, rel=0.05)


def test_lags_cut_off_by_today_are_not_taken_for_short_ones() -> None:
    """The plain share of the lags that are known is too hopeful for what left lately."""
    luck = np.random.default_rng(8)
    shipped, lag = luck.integers(0, 200, 40_000), luck.integers(0, 100, 40_000)
    known = shipped + lag <= 200
    lags, ages = np.bincount(lag[known]), np.bincount(200 - shipped[known])
    share = share_within(lags, ages)
    assert share[:100] == pytest.approx(np.arange(1, 101) / 100, abs=0.02)
    plain = lags.cumsum() / lags.sum()
    assert plain[40] > share[40] + 0.04


def test_awaited_complaints_are_those_that_come() -> None:
    """Looked at in October, September awaits about as many as came later."""
    rows, left = company_table("complaints"), company_table("exposure")
    then = complaint_rate(rows, left, as_of=pd.Timestamp("2025-02-28"))
    later = complaint_rate(rows, left, as_of=EXTRACT)
    cohorts = {cohort.period: cohort for cohort in then.cohorts}
    came = {p.period: p.complaints - cohorts[p.period].complaints for p in later.periods[:10]}
    awaited = sum(cohort.awaited or 0 for cohort in then.cohorts)
    assert sum(came.values()) > 0
    assert awaited == pytest.approx(sum(came.values()), abs=4)
    assert then.left_out.later == later.complaints - then.complaints


# What complaints have in common


def test_shares_by_branch_come_from_the_customers() -> None:
    rows, left = company()
    found = complaint_rate(rows, left, customers=company_table("customers"))
    assert [share.name for share in found.by_branch] == ["South", "East", "North"]
    assert sum(share.complaints for share in found.by_branch) == found.complaints
    named = rows.assign(branch="East")
    assert [s.name for s in complaint_rate(named, left).by_branch] == ["East"]
    assert complaint_rate(rows, left).by_branch == ()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C", ""]),
            st.sampled_from(["leak", "other", None, "noise"]),
            st.integers(0, 5),
            st.integers(0, 120),
        ),
        min_size=1,
        max_size=60,
    ),
    st.lists(st.integers(1, 500), min_size=18, max_size=18),
)
def test_shares_sum_to_one_and_rates_by_product_add_up(
    rows: list[tuple[str, str | None, int, int]], orders: list[int]
) -> None:
    shipped = pd.to_datetime([f"{MONTHS[month]}-10" for _p, _c, month, _lag in rows])
    frame = pd.DataFrame(
        {
            "product_id": [product or None for product, *_rest in rows],
            "category": [category for _p, category, *_rest in rows],
            "shipped_at": shipped,
            "received_at": shipped + pd.to_timedelta([lag for *_rest, lag in rows], unit="D"),
        }
    )
    left = pd.DataFrame(
        [(month, product) for month in MONTHS[:6] for product in "ABC"],
        columns=["period", "product_id"],
    ).assign(orders=orders)
    # What left in the last weeks may be too young to be complained about; here nothing is.
    found = complaint_rate(frame, left, as_of=pd.Timestamp("2024-12-31"))
    for shares in (found.by_category, found.by_product):
        if shares:
            assert sum(share.share for share in shares) == pytest.approx(1)
            assert shares[-1].cumulative == pytest.approx(1)
            assert sum(share.complaints for share in shares) == found.complaints
    with_rate = [s for s in found.by_product if s.rate is not None and s.exposure is not None]
    unsaid = sum(share.complaints for share in found.by_product if not share.name)
    whole = found.rate * found.exposure / 1000
    if found.by_product:
        told = sum((s.rate or 0) * (s.exposure or 0) / 1000 for s in with_rate)
        assert told + unsaid == pytest.approx(whole)


# What "other" hides


def test_the_order_is_sure_only_as_far_as_other_lets_it() -> None:
    shares = pareto({"leak": 40, "missing": 20, "noise": 18, "late": 5, "other": 6, "": 1})
    places = {share.name: (share.best, share.worst) for share in shares}
    assert places == {
        "leak": (1, 1),
        "missing": (2, 3),
        "noise": (2, 3),
        "late": (4, 4),
        "other": (None, None),
        "": (None, None),
    }
    hidden = hides(shares)
    assert (hidden.complaints, hidden.unsaid, hidden.unsure) == (7, 1, ("missing", "noise"))
    assert hidden.new_place == 4


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.integers(1, 12), min_size=2, max_size=4),
    st.integers(0, 6),
)
def test_the_bounds_are_those_of_every_way_to_sort_other(numbers: list[int], other: int) -> None:
    names = [f"c{place}" for place in range(len(numbers))]
    shares = pareto({**dict(zip(names, numbers, strict=True)), "other": other})
    seen: dict[str, set[int]] = {name: set() for name in names}

    def all_ways(left: int, causes: int) -> list[list[int]]:
        if causes == 1:
            return [[left]]
        return [[n, *rest] for n in range(left + 1) for rest in all_ways(left - n, causes - 1)]

    for way in all_ways(other, len(numbers)):
        after = [number + more for number, more in zip(numbers, way, strict=True)]
        for name, number in zip(names, after, strict=True):
            seen[name].add(1 + sum(another > number for another in after))
    for share in shares:
        if share.name in seen:
            assert share.best == min(seen[share.name])
            assert share.worst == max(seen[share.name])


# The practice company


def of(product: str, **more: Any) -> ComplaintRate:
    return complaint_rate(*company(), product=product, as_of=EXTRACT, **more)


def test_the_bad_batch_is_found() -> None:
    """One product has two months beyond the limit; one batch is behind nearly all of them."""
    products = [share.name for share in complaint_rate(*company(), as_of=EXTRACT).by_product]
    loud = {
        product: [p.period for p in of(product).periods if (p.signal, p.side) == ("beyond", "high")]
        for product in products
    }
    assert {product for product, months in loud.items() if months} == {
        truth("bad_batch")["product_id"]
    }
    assert loud[truth("bad_batch")["product_id"]] == truth("bad_batch")["months"]
    months = [p for p in of("SK-40").periods if p.period in truth("bad_batch")["months"]]
    assert sum(period.complaints for period in months) == truth("bad_batch")["complaints"]


@pytest.mark.parametrize("per", ["orders", "units", "customers"])
def test_the_most_complaints_about_the_check_valve_are_noise(per: str) -> None:
    found = of("CV-50", per=per)
    most = max(found.periods, key=lambda period: period.complaints)
    assert (most.period, most.complaints) == (truth("noise")["month"], truth("noise")["complaints"])
    assert signals(found) == []


@pytest.mark.parametrize("per", ["orders", "units", "customers"])
def test_by_each_denominator_the_company_has_the_same_two_signals(per: str) -> None:
    found = complaint_rate(*company(), per=per, as_of=EXTRACT)
    assert [month for month, _signal, _side in signals(found)] == truth("bad_batch")["months"]
    told = {one.name: one for one in found.denominators}
    assert list(told) == ["orders", "units", "customers"]
    assert told[per].rate == pytest.approx(found.rate)
    assert all(one.misleads for one in told.values())
    assert {one.signals for one in told.values()} == {("2025-09", "2025-10")}


def test_set_apart_the_bad_batch_leaves_no_other_signal() -> None:
    assert ("2025-08", "run", "low") in signals(of("SK-40"))
    assert signals(of("SK-40", apart=["2025-09", "2025-10"])) == [
        ("2025-09", "beyond", "high"),
        ("2025-10", "beyond", "high"),
    ]
