"""Customer contribution: it adds up to the books, and what has no cost has no margin."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from typer.testing import CliRunner

from crmlab.cli.app import app
from crmlab.errors import ModelError
from crmlab.intake.company import company_table
from crmlab.models.contribution import Contribution, by_product, contribution
from crmlab.models.contribution.costs import Rates
from crmlab.models.contribution.dials import Turn, turned
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
    assert found.abc == {"A": 1, "B": 0, "C": 2}


def test_a_line_without_a_cost_is_blocked_and_listed() -> None:
    found = contribution(sales(("A", 100, None, 0), ("A", 100, 40, 0), ("B", 10, None, 0)))
    assert found.blocked_rows == 2
    assert list(found.blocked["customer_id"]) == ["A", "B"]
    assert (found.revenue, found.contribution) == (210, 60)
    assert list(found.each["contribution"]) == [60, 0]
    assert (found.parts.blocked, found.parts.cost) == (110, 40)
    assert "2 lines have no cost" in found.remarks[0]


fen = st.integers(min_value=0, max_value=10**9)
line = st.tuples(st.sampled_from("ABCDE"), fen, st.none() | fen, fen, fen)


@given(
    st.lists(line, min_size=2, max_size=40),
    st.lists(st.tuples(st.sampled_from("ABCDEF"), fen), max_size=10),
    st.lists(st.tuples(st.sampled_from("ABCDEF"), fen, st.integers(0, 400)), max_size=10),
    st.lists(st.tuples(st.sampled_from("ABCDEF"), st.sampled_from(["call", "visit"])), max_size=10),
)
def test_the_parts_add_up_to_the_contribution_and_it_to_the_books(
    lines: list[tuple[str, int, int | None, int, int]],
    remedies: list[tuple[str, int]],
    invoices: list[tuple[str, int, int]],
    contacts: list[tuple[str, str]],
) -> None:
    assume(len({who for who, *_rest in lines}) > 1)
    assume(any(cost is not None for _who, _amount, cost, *_rest in lines))
    transactions = pd.DataFrame(
        [
            (who, amount / 100, None if cost is None else cost / 100, service / 100, gift / 100)
            for who, amount, cost, service, gift in lines
        ],
        columns=[*COLUMNS, "discount"],
    )
    day = pd.Timestamp("2026-01-01")
    found = contribution(
        transactions,
        complaints=pd.DataFrame(
            [(who, cost / 100) for who, cost in remedies], columns=["customer_id", "remedy_cost"]
        ),
        invoices=pd.DataFrame(
            [(who, sum_ / 100, day, day + pd.Timedelta(days=d)) for who, sum_, d in invoices],
            columns=["customer_id", "amount", "invoiced_at", "settled_at"],
        ).astype(
            {"amount": float, "invoiced_at": "datetime64[us]", "settled_at": "datetime64[us]"}
        ),
        interactions=pd.DataFrame(contacts, columns=["customer_id", "channel"]),
        rates=Rates(interest=0.073, contact={"call": 12.34, "visit": 250.0}),
    )
    known = [each for each in lines if each[2] is not None]
    bought = {who for who, *_rest in known}
    booked = sum(amount - (cost or 0) - service for _who, amount, cost, service, _gift in known)
    booked -= sum(cost for who, cost in remedies if who in bought)
    # amount x days x 0.073 / 365 is amount x days / 5000, each invoice in whole fen
    booked -= sum(
        round(Fraction(sum_ * days, 5000)) for who, sum_, days in invoices if who in bought
    )
    price = {"call": 1234, "visit": 25000}
    booked -= sum(price[channel] for who, channel in contacts if who in bought)
    cents = round(found.contribution * 100)
    assert abs(cents - booked) <= len(invoices), "an invoice may be rounded the other way"
    if not invoices:
        assert cents == booked
    assert sum(round(part * 100) for part in found.parts.steps().values()) == cents
    assert sum(round(own * 100) for own in found.each["contribution"]) == cents
    aside = sum(cost for who, cost in remedies if who not in bought)
    aside += sum(price[channel] for who, channel in contacts if who not in bought)
    assert round(found.parts.aside * 100) >= aside
    assert found.parts.discount * 100 == pytest.approx(sum(each[-1] for each in known))
    if found.contribution > 0:
        assert found.each["cumulative"].iloc[-1] == pytest.approx(100)
        assert (found.whale_peak_percent or 0) >= 100 - 1e-9
        assert sum(found.abc.values()) == found.customers


def test_a_discount_is_shown_and_not_taken_off_twice() -> None:
    rows = sales(("A", 80, 40, 0), ("B", 100, 40, 0))
    given_away = contribution(rows.assign(discount=[20.0, 0.0]))
    assert given_away.contribution == contribution(rows).contribution == 100
    assert given_away.parts.discount == 20
    assert given_away.each.loc["A", "discount"] == 20


COMPLAINED = pd.DataFrame({"customer_id": ["A", "X"], "remedy_cost": [7.0, 3.0]})


def test_remedies_are_taken_off_once() -> None:
    rows = sales(("A", 100, 40, 10), ("B", 100, 40, 0))
    beside = contribution(rows, complaints=COMPLAINED)
    assert (beside.contribution, beside.parts.complaint_cost, beside.parts.aside) == (103, 7, 3)
    inside = contribution(rows, complaints=COMPLAINED, rates=Rates(remedies_in_service=True))
    assert inside.contribution == contribution(rows).contribution == 110
    assert (inside.parts.complaint_cost, inside.parts.service_cost) == (7, 3)


def test_remedies_that_cannot_be_in_the_service_cost_are_told() -> None:
    rows = sales(("A", 100, 40, 5), ("B", 100, 40, 0))
    with pytest.raises(ModelError, match="The complaints of A cost more than all their service"):
        contribution(rows, complaints=COMPLAINED, rates=Rates(remedies_in_service=True))


def test_a_remedy_of_a_blocked_line_is_left_out_with_it() -> None:
    rows = sales(("A", 100, None, 50), ("A", 100, 40, 10), ("B", 9, 1, 0))
    rows["line_id"] = ["1", "2", "3"]
    told = pd.DataFrame({"customer_id": ["A", "A"], "remedy_cost": [50, 4], "line_id": ["1", "2"]})
    found = contribution(rows, complaints=told, rates=Rates(remedies_in_service=True))
    assert (found.parts.complaint_cost, found.parts.service_cost) == (4, 6)


def test_a_remedy_is_nobodys_line_where_lines_are_numbered_anew_in_each_order() -> None:
    rows = sales(("A", 100, 40, 50), ("A", 100, 40, 50), ("B", 9, 1, 0))
    told = pd.DataFrame({"customer_id": ["A"], "remedy_cost": [4], "line_id": ["1"]})
    within = Rates(remedies_in_service=True)
    known = contribution(rows.assign(line_id=["1", "2", "3"]), complaints=told, rates=within)
    anew = contribution(rows.assign(line_id=["1", "1", "1"]), complaints=told, rates=within)
    for found in (known, anew):
        assert (found.parts.complaint_cost, found.parts.service_cost) == (4, 96), "once, not twice"
    assert anew.contribution == known.contribution


def test_money_that_stands_out_costs_interest_until_it_is_paid() -> None:
    rows = sales(("A", 1000, 0, 0), ("B", 1000, 0, 0))
    invoices = pd.DataFrame(
        {
            "invoice_id": ["I1", "I2"],
            "customer_id": ["A", "B"],
            "amount": [36500.0, 36500.0],
            "invoiced_at": pd.to_datetime(["2026-01-01", "2026-01-01"]),
            "settled_at": pd.to_datetime(["2026-01-11", None]),
        }
    )
    rates = Rates(interest=0.1, as_of=pd.Timestamp("2026-01-31"))
    by_day = contribution(rows, invoices=invoices, rates=rates)
    assert list(by_day.each.loc[["A", "B"], "credit_cost"]) == [100, 300]
    payments = pd.DataFrame(
        {
            "invoice_id": ["I1", "I2"],
            "amount": [36500.0, 18250.0],
            "paid_at": pd.to_datetime(["2026-01-11", "2026-01-11"]),
        }
    )
    in_parts = contribution(rows, invoices=invoices, payments=payments, rates=rates)
    assert list(in_parts.each.loc[["A", "B"], "credit_cost"]) == [100, 50 + 150]
    assert in_parts.contribution == 2000 - 300


def test_the_records_behind_a_customer_add_up_to_the_figure() -> None:
    found = whole()
    sold, complained = (found.rows_behind("CU-095")[name] for name in ("sales", "complaints"))
    credit = found.each.loc["CU-095", "credit_cost"]
    assert sold["contribution"].sum() - credit == pytest.approx(
        found.each.loc["CU-095", "contribution"]
    )
    assert sold["contribution"].isna().sum() == sold["cost"].isna().sum() > 0
    assert len(complained) == 28
    with pytest.raises(ModelError, match="Nobody called CU-999"):
        found.rows_behind("CU-999")


# Dials


def test_a_charge_for_express_orders_by_hand() -> None:
    rows = sales(("A", 100, 40, 30), ("A", 100, 90, 30), ("A", 50, 49, 0), ("B", 100, 40, 0))
    found = contribution(rows)
    assert list(found.each.loc["A", ["orders", "express_orders"]]) == [3, 2]
    one = turned(found, Turn("A", charge=20))
    assert (one.before, one.after, one.total) == (11, 51, 111)
    assert (one.express_orders, one.to_cover, one.to_break_even) == (2, None, 0)
    dear = turned(found, Turn("A", charge=40, accepted=0.5))
    assert (dear.after, dear.to_cover) == (51, 2)


def test_halving_complaints_gives_back_half_of_what_they_cost() -> None:
    found = contribution(
        sales(("A", 100, 95, 0), ("B", 10, 5, 0)),
        complaints=pd.DataFrame({"customer_id": ["A"], "remedy_cost": [40.0]}),
    )
    half = turned(found, Turn("A", complaints_left=0.5))
    assert (half.before, half.after, half.loss_making) == (-35, -15, 1)
    none = turned(found, Turn("A", complaints_left=0.0))
    assert (none.after, none.loss_making) == (5, 0)


def test_how_many_have_to_accept_is_told_or_that_all_would_not_do() -> None:
    rows = pd.concat([sales(("A", 10, 12, 3))] * 10 + [sales(("B", 10, 5, 0))])
    found = contribution(rows)
    assert turned(found, Turn("A", charge=10)).to_break_even == 5
    assert turned(found, Turn("A", charge=4)).to_break_even is None
    assert turned(found, Turn("A")).to_break_even is None
    assert turned(found, Turn("B", charge=10)).to_break_even == 0


@given(st.floats(0, 1e4), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.sampled_from("AB"))
def test_no_dial_makes_anything_worse_and_only_the_one_is_changed(
    charge: float, accepted: float, complaints: float, discount: float, who: str
) -> None:
    rows = sales(("A", 100, 40, 30), ("B", 100, 90, 30)).assign(discount=[5.0, 7.0])
    found = contribution(rows, complaints=COMPLAINED)
    one = turned(found, Turn(who, charge, accepted, complaints, discount))
    assert one.after >= one.before
    assert one.total == pytest.approx(found.contribution + one.after - one.before)
    assert sum(one.steps.values()) == pytest.approx(one.after)


def test_dials_out_of_their_range_are_told() -> None:
    found = contribution(sales(("A", 100, 40, 30), ("B", 100, 90, 30)))
    with pytest.raises(ModelError, match="a share lies between 0 and 1"):
        turned(found, Turn(complaints_left=1.5))
    with pytest.raises(ModelError, match="Nobody called C"):
        turned(found, Turn("C"))


def test_a_turn_takes_less_than_ten_milliseconds() -> None:
    found = whole()
    took = []
    for charge in range(50):
        begun = time.perf_counter()
        turned(found, Turn("CU-095", charge=100.0 * charge, complaints_left=0.5))
        took.append(time.perf_counter() - begun)
    assert sorted(took)[len(took) // 2] < 0.010


# The practice company

TRUTH: dict[str, Any] = YAML(typ="safe").load(SAMPLE_DATA / "truth.yaml")


def whole() -> Contribution:
    return contribution(
        company_table("transactions"),
        complaints=company_table("complaints"),
        invoices=company_table("invoices"),
        payments=company_table("payments"),
        rates=Rates(remedies_in_service=True),
    )


def test_the_costly_customer_is_at_the_end_of_the_curve() -> None:
    for found in (contribution(company_table("transactions")), whole()):
        costly = found.each.loc[TRUTH["costly_customer"]["customer_id"]]
        assert found.each.index[-1] == costly.name
        assert found.each["revenue"].rank(ascending=False)[costly.name] <= 10
        assert costly["contribution"] < -0.2 * costly["revenue"]
        assert (found.whale_peak_percent or 0) > 100


def test_what_makes_the_costly_customer_costly() -> None:
    planted, found = TRUTH["costly_customer"], whole()
    who = found.each.loc[planted["customer_id"]]
    share = who["service_cost"] / who["revenue"]
    assert share == pytest.approx(planted["service_share_of_sales"], abs=0.01)
    listed = who["revenue"] + who["discount"]
    assert who["discount"] / listed * 100 == pytest.approx(planted["discount_percent"], abs=1)
    assert who["orders"] / 24 == pytest.approx(planted["orders_per_month"], abs=0.1)
    assert who["complaint_cost"] == found.each["complaint_cost"].max()
    assert who["express_orders"] == who["orders"], "there is hardly an order without a rush"


def test_remedies_are_in_the_service_cost_of_the_practice_company() -> None:
    found = whole()
    bare = contribution(company_table("transactions"))
    assert found.parts.complaint_cost > 1_000_000
    assert found.contribution == pytest.approx(bare.contribution - found.parts.credit_cost)


def test_the_product_without_a_cost_is_most_of_what_is_blocked() -> None:
    found = contribution(company_table("transactions"))
    assert found.blocked_rows == company_table("transactions")["cost"].isna().sum()
    most = found.blocked["product_id"].value_counts()
    uncosted = company_table("products").query("cost.isna()")["product_id"].item()
    assert most.index[0] == uncosted
    assert most.iloc[0] > found.blocked_rows / 2


def test_somebody_without_a_gold_card_brings_more_than_most() -> None:
    daily = TRUTH["daily_customer"]["customer_id"]
    found = whole()
    assert found.each.index.get_loc(daily) < found.customers / 4
    cards = company_table("customers").set_index("customer_id")["card"]
    assert pd.isna(cards[daily])
    holders = found.each.reindex(cards[cards == "gold"].index)["contribution"]
    assert (holders < found.each.loc[daily, "contribution"]).any()


def test_products_that_were_entered_twice_bring_more_than_their_first_entry_says() -> None:
    rows = company_table("transactions")
    same = {pair["entered_as"]: pair["is"] for pair in TRUTH["duplicates"]["pairs"]}
    apart, merged = by_product(rows), by_product(rows, same)
    assert merged["contribution"].sum() == pytest.approx(apart["contribution"].sum())
    sold = [entry for entry in same if entry in apart.index]
    assert len(sold) >= 2
    for entry in sold:
        product = same[entry]
        both = apart.loc[[entry, product], "contribution"].sum()
        assert merged.loc[product, "contribution"] == pytest.approx(both)
        assert merged.loc[product, "contribution"] > apart.loc[product, "contribution"]
    assert not set(same) & set(merged.index)


# What has no margin


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (sales(), "There are no sales"),
        (sales(("A", 1, None, 0), ("B", 1, None, 0)), "No line has a cost"),
        (sales(("A", 1, 1, 0), ("B", 1, 1, 0)).drop(columns="cost"), "No line has a cost"),
        (sales(("A", 1, 1, 0), ("B", 1, 1, 0)).assign(currency=["CNY", "EUR"]), "2 currencies"),
        (sales(("A", -5, 1, 0), ("B", 1, 1, 0)), "1 row has 'amount' below zero"),
        (sales(("A", 5, 1, 0), ("B", 1, -1, 0)), "1 row has 'cost' below zero"),
        (sales(("A", 5, 1, 0), ("B", float("nan"), 1, 0)), "1 sale has no amount"),
        (sales(("A", 5, 1, 0)), "All sales are to one customer, A"),
        (sales(("A", 5, 1, 0)).assign(customer_id=None), "1 sale names no customer"),
    ],
)
def test_what_has_no_margin_is_told_in_a_sentence(rows: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        contribution(rows)


def test_invoices_in_another_currency_than_the_sales_are_told() -> None:
    rows = sales(("A", 1, 1, 0), ("B", 1, 1, 0)).assign(currency="CNY")
    with pytest.raises(ModelError, match="2 currencies"):
        contribution(rows, invoices=pd.DataFrame({"currency": ["EUR"]}))


def test_sales_without_a_product_have_no_figures_by_product() -> None:
    with pytest.raises(ModelError, match="Nothing says what was sold"):
        by_product(sales(("A", 1, 1, 0), ("B", 1, 1, 0)))


def test_a_company_that_makes_a_loss_has_no_shares() -> None:
    found = contribution(sales(("A", 10, 40, 0), ("B", 10, 5, 0)))
    assert (found.share_top_20_percent, found.whale_peak_percent) == (None, None)
    assert found.contribution == -25
    assert set(found.abc.values()) == {0}
    assert "Together the customers bring nothing" in found.remarks[0]


# The command


def analysed(*words: str) -> str:
    told = CliRunner().invoke(app, ["analyse", "contribution", *words])
    if isinstance(told.exception, ModelError):
        raise told.exception
    assert told.exit_code == 0, told.output
    return told.stdout


def test_the_command_tells_the_parts_and_lists_what_is_blocked() -> None:
    file = str(SAMPLE_DATA / "transactions.csv")
    told = json.loads(analysed(file, "--json"))
    found = contribution(company_table("transactions"))
    assert told["contribution"] == found.contribution
    assert sum(round((part or 0) * 100) for part in told["parts"].values()) == round(
        found.contribution * 100
    )
    assert told["abc"] == found.abc
    assert len(told["blocked"]) == told["blocked_rows"] == 265
    first = found.blocked.iloc[0]
    assert told["blocked"][0]["customer_id"] == first["customer_id"]
    assert told["blocked"][0]["amount"] == first["amount"]
    in_words = analysed(file)
    assert "265 lines have no cost" in in_words
    assert "and 245 more" in in_words


def test_the_command_tells_what_has_no_margin(tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    file.write_text("customer_id,date,amount,cost\nA,2026-01-01,10,4\n", encoding="utf-8")
    with pytest.raises(ModelError, match="All sales are to one customer, A"):
        analysed(str(file))
    file.write_text("customer_id,date,amount\nA,2026-01-01,10\nB,2026-01-01,1\n", encoding="utf-8")
    with pytest.raises(ModelError, match="No line has a cost"):
        analysed(str(file))
