"""What is planted in the practice company can be found in its files by those who know the trade.

Each test looks at the files alone; only then does it open `truth.yaml` and compare.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations
from math import exp, factorial, sqrt
from typing import Any

import pandas as pd
import pytest
from openpyxl import load_workbook
from rapidfuzz import fuzz
from ruamel.yaml import YAML

from crmlab.places import SAMPLE_DATA

THREE_SIGMA = 0.00135
"""How seldom chance alone goes beyond an upper limit of three sigma."""

END = date(2026, 5, 1)
YEAR_AGO, HALF_A_YEAR_AGO = "2025-05-01", "2025-11-01"


def truth(name: str) -> dict[str, Any]:
    """What `truth.yaml` tells of one truth; called when the answer has been found."""
    told = YAML(typ="safe", pure=True).load((SAMPLE_DATA / "truth.yaml").read_text("utf-8"))
    found: dict[str, Any] = told[name]
    return found


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(SAMPLE_DATA / f"{name}.csv", encoding="utf-8-sig")


def log(name: str) -> pd.DataFrame:
    return pd.read_parquet(SAMPLE_DATA / f"{name}.parquet")


def orders_with_lines() -> pd.DataFrame:
    """A row for each line of an order, with its day, month, family and amount."""
    lines = table("order_lines").merge(table("orders"), on="order_id", suffixes=("_of_line", ""))
    lines = lines.merge(table("products")[["product_id", "family"]], on="product_id")
    return lines.assign(
        day=lines.ordered_at.str[:10],
        month=lines.ordered_at.str[:7],
        amount=lines.quantity * lines.unit_price,
    )


def by_chance(number: int, expected: float) -> float:
    """How likely so many or more are, where so many are expected (Poisson).

    Most products have less than one complaint a month. There the usual limit, the mean and three
    times its root, is passed by a single complaint, so the chart takes the exact one.
    """
    return 1 - sum(exp(-expected) * expected**n / factorial(n) for n in range(number))


def complaints_chart() -> pd.DataFrame:
    """A u-chart: complaints by product and month of shipment, held against the orders that left;
    `signal` where a month lies above the limit of its product."""
    complaints = table("complaints").assign(period=lambda c: c.shipped_at.str[:7])
    counted = complaints.groupby(["product_id", "period"]).size().rename("complaints")
    by_product = table("exposure").dropna(subset="product_id")  # without the rows of the whole
    chart = by_product.merge(counted, how="left", on=["product_id", "period"])
    chart["complaints"] = chart.complaints.fillna(0).astype(int)
    sums = chart.groupby("product_id")[["complaints", "orders"]].transform("sum")
    expected = chart.orders * sums.complaints / sums.orders
    chance = [by_chance(n, e) for n, e in zip(chart.complaints, expected, strict=True)]
    return chart.assign(signal=[p < THREE_SIGMA for p in chance])


def test_one_product_is_out_of_control_and_one_batch_is_behind_it() -> None:
    """The chart names the product and its worst month. What these complaints have in common is a
    batch, and where else that was complained about tells the other month."""
    chart = complaints_chart()
    out = chart[chart.signal]
    (product,) = out.product_id.unique()
    complaints = table("complaints").query("product_id == @product")
    complaints = complaints.assign(month=complaints.shipped_at.str[:7])
    batch = complaints[complaints.month.isin(out.period)].batch_no.mode()[0]
    months = sorted(complaints[complaints.batch_no == batch].month.unique())
    lines = table("shipment_lines").merge(table("order_lines")[["line_id", "product_id"]])
    lines = lines[(lines.product_id == product) & lines.batch_no.notna()]
    rates = lines.line_id.isin(complaints.line_id).groupby(lines.batch_no == batch).mean()
    assert rates[True] > 5 * rates[False], "no other batch of the product is like it"

    told = truth("bad_batch")
    assert (product, batch) == (told["product_id"], told["batch_no"])
    assert set(out.period) <= set(months) == set(told["months"])
    assert complaints.month.isin(months).sum() == told["complaints"]
    # Some who get a bad piece have nothing to say: the share is that of the orders then.
    orders = chart[(chart.product_id == product) & chart.period.isin(months)].orders.sum()
    chance = told["chance_of_complaint"]
    margin = 3 * sqrt(chance * (1 - chance) / orders)
    assert told["complaints"] / orders == pytest.approx(chance, abs=margin)


def test_the_most_complaints_in_a_month_can_be_chance() -> None:
    """The records of products that are never out of control: a month of three or more, and of
    more than ever before or since, within the limits all the same."""
    chart = complaints_chart()
    within = chart[~chart.product_id.isin(chart[chart.signal].product_id)]
    worst = within[within.complaints == within.groupby("product_id").complaints.transform("max")]
    records = worst[(worst.complaints >= 3) & ~worst.product_id.duplicated(keep=False)]
    found = records.set_index("product_id")

    told = truth("noise")
    assert told["product_id"] in found.index
    assert found.period[told["product_id"]] == told["month"]
    assert found.complaints[told["product_id"]] == told["complaints_then"]


def test_one_of_the_ten_largest_customers_costs_more_than_he_brings() -> None:
    sold = table("transactions")
    largest = sold.groupby("customer_id").amount.sum().nlargest(10)
    theirs = sold[sold.customer_id.isin(largest.index)]
    unknown = theirs[theirs.cost.isna()].amount.sum()
    assert unknown < 0.01 * largest.sum(), "lines without a cost are too few to change it"
    known = theirs.dropna(subset="cost")
    brings = (known.amount - known.cost - known.service_cost).groupby(known.customer_id).sum()
    costs_more = list(brings[brings < 0].index)
    at_list = brings + known.discount.groupby(known.customer_id).sum()
    at_list += known.service_cost.groupby(known.customer_id).sum()
    assert at_list[costs_more].min() > 0, "it is the discounts and the service, not the goods"

    assert costs_more == [truth("costly_customer")["customer_id"]]


def test_who_buys_for_little_each_day_is_a_large_customer_without_a_gold_card() -> None:
    orders = orders_with_lines().groupby(["customer_id", "order_id", "day"], as_index=False)
    amounts = orders.amount.sum()
    last_year = amounts[amounts.day >= YEAR_AGO].groupby("customer_id").amount
    told_of = last_year.agg(["sum", "median", "max"])
    told_of["card"] = table("customers").set_index("customer_id").card
    large = told_of[(told_of["sum"] > 100_000) & told_of.card.isna()]
    small_orders = large[large["max"] < 1_000]
    (customer,) = small_orders.index

    told = truth("daily_customer")
    assert customer == told["customer_id"]
    assert small_orders["median"][customer] == told["amount_a_day"]
    assert small_orders["sum"][customer] == told["amount_in_the_last_twelve_months"]
    assert (amounts.customer_id == customer).sum() == told["orders"]
    assert told_of[told_of.card == "gold"]["sum"].min() < small_orders["sum"][customer], (
        "some who hold the card buy for less"
    )


def test_steady_customers_have_left_without_a_word() -> None:
    """Steady is who ordered twelve times or more in the year up to the last order. Others leave
    too, so some are found whom nobody has planted, but fewer."""
    orders = table("orders").assign(day=lambda o: pd.to_datetime(o.ordered_at.str[:10]))
    last = orders.groupby("customer_id").day.transform("max")
    steady = orders[orders.day > last - timedelta(days=365)].groupby("customer_id").size() >= 12
    silent = orders.groupby("customer_id").day.max() < HALF_A_YEAR_AGO
    complained = set(table("complaints").customer_id)
    found = set(steady.index[steady & silent]) - complained

    left = {row["customer_id"] for row in truth("leaving_in_silence")["who"]}
    assert left <= found
    assert len(left) >= len(found) / 2


def test_the_leads_of_one_seller_stay_where_they_are() -> None:
    entered = table("opportunity_stages")
    came = entered.groupby("opportunity_id").stage.agg(set)
    owners = table("opportunities").set_index("opportunity_id").owner
    qualified = came[came.map(lambda stages: "qualified" in stages)]
    stays = qualified.map(lambda stages: stages <= {"lead", "qualified"})
    of_each = stays.groupby(owners.reindex(stays.index)).agg(["mean", "sum", "size"])
    stands_out = of_each[of_each["mean"] > 0.5]
    (owner,) = stands_out.index
    assert of_each.drop(owner)["mean"].max() < 0.05

    told = truth("stalled_seller")
    share = told["share_that_stays"]
    margin = 3 * sqrt(share * (1 - share) / stands_out["size"][owner])
    assert owner == told["owner"]
    assert stands_out["sum"][owner] == told["stalled"]
    assert stands_out["mean"][owner] == pytest.approx(share, abs=margin)


def letters(name: str) -> str:
    """A name without what is easily left out or put in: strokes, blanks, capitals."""
    return "".join(sign for sign in name.lower() if sign.isalnum())


def test_products_that_cost_the_same_and_are_called_nearly_the_same_are_one() -> None:
    products = table("products").dropna(subset="cost").to_dict("records")
    found = []
    for one, other in combinations(products, 2):
        alike = fuzz.partial_ratio(letters(one["name"]), letters(other["name"])) > 95
        if alike and (one["cost"], one["unit"]) == (other["cost"], other["unit"]):
            own, twin = sorted((one, other), key=lambda product: len(product["name"]))
            found.append((twin["product_id"], own["product_id"]))

    told = truth("duplicates")
    assert sorted(found) == sorted((pair["entered_as"], pair["is"]) for pair in told["pairs"])
    assert len(found) == told["products"]


def test_a_cell_of_per_cent_hides_that_the_branches_reached_their_plan() -> None:
    naive, sold, plan, in_per_cent = 0.0, dict[str, float](), 0, set[str]()
    for file in SAMPLE_DATA.glob("branch_*.xlsx"):
        branch = file.stem.removeprefix("branch_").title()
        sheet = load_workbook(file)["Sales"]
        for _month, _product, planned, cell in sheet.iter_rows(min_row=2):
            assert isinstance(planned.value, int)
            assert isinstance(cell.value, int | float)
            times = 1
            if cell.number_format.endswith("%"):
                times = 100
                in_per_cent.add(branch)
            naive += cell.value
            plan += planned.value
            sold[branch] = sold.get(branch, 0) + cell.value * times
    assert naive < plan < sum(sold.values())

    told = truth("branches")
    assert naive == pytest.approx(told["naive_sum"])
    assert sold == pytest.approx(told["sold"])
    assert (plan, in_per_cent) == (told["plan"], {told["in_per_cent"]})


def test_fewer_sim_cards_have_reported_than_were_handed_out() -> None:
    cards = table("sim_cards")
    handed_out, connected = len(cards), int(cards.connected_on.notna().sum())
    waited = END - pd.to_datetime(cards.issued_on).dt.date.max()
    assert waited > timedelta(days=45), "even the last one had time to report"

    told = truth("sim_cards")
    assert (handed_out, connected) == (told["issued"], told["connected"])
    assert connected / handed_out == pytest.approx(told["connected"] / told["issued"])


def test_a_report_that_nobody_opens_costs_hours_and_a_form_is_never_filled_in() -> None:
    offered, used = table("catalogue"), log("usage")
    by_people = used[used.operation.isin(["report", "form"])]
    idle = offered[~offered.name.isin(by_people.subject)].set_index("kind")
    made = used[(used.operation == "report_made") & (used.subject == idle.name["report"])]
    hours_a_year = (made["at"] >= YEAR_AGO).sum() * idle.minutes_each["report"] / 60
    assert hours_a_year > 70, "nearly two weeks of somebody's work"

    told = truth("unused")
    assert idle.name.to_dict() == {"report": told["report"], "form": told["form"]}


def test_somebody_took_the_customers_along_before_leaving() -> None:
    used = log("usage")
    last_seen = used[used.operation == "sign_in"].groupby("user_id")["at"].max()
    gone = last_seen[last_seen.dt.date < END - timedelta(days=60)]
    taken = used[(used.operation == "export") & (used.subject == "customers")]
    before = taken.user_id.map(gone) - taken["at"]
    at_the_end = taken[before < timedelta(days=14)]
    rows = at_the_end.groupby("user_id")["rows"].sum()
    theirs = at_the_end[at_the_end.user_id.isin(gone.index)]
    here = (table("customers").created_on <= f"{theirs['at'].min():%Y-%m-%d}").sum()
    (user,) = rows[rows >= here].index

    told = truth("leaving")
    exports = at_the_end[at_the_end.user_id == user]
    assert (user, rows[user]) == (told["user_id"], told["rows"])
    assert len(exports) == told["exports"]
    assert last_seen[user].date() == told["last_day"]
    assert (told["last_day"] - exports["at"].min().date()).days >= told["days_before"]


def test_one_family_sells_in_june_and_misses_its_plan_in_august() -> None:
    lines = orders_with_lines()
    months = lines.groupby(["family", "month"], as_index=False).amount.sum()
    usual = months.groupby(["family", months.month.str[5:]]).amount.mean().unstack("family")
    family = (usual.max() / usual.min()).idxmax()
    millions = usual[family] / 1e6
    index = millions / millions.mean()
    plans = table("plans").query("family == @family").set_index("period").plan
    sold = months[months.family == family].set_index("month").amount
    reached = (sold / plans).dropna()

    told = truth("season")
    assert family == told["family"]
    assert [millions["06"], millions["08"]] == pytest.approx([5.0, 0.6], abs=0.02)
    mean = sum(told["millions"]) / 12
    assert list(index) == pytest.approx([month / mean for month in told["millions"]], rel=0.1)
    assert index.mean() == pytest.approx(1)
    assert index.idxmax() == "06"
    assert reached.idxmin() == "2025-08"
    assert reached.min() == pytest.approx(told["millions"][7] / told["planned"][7], abs=0.05)


def test_a_promotion_added_to_the_orders_that_come_by_themselves() -> None:
    """Held against the two months before and after, by the working day. Orders are counted, so
    their number is off by its root; two of these margins are allowed for."""
    (promotion,) = table("promotions").to_dict("records")
    month = pd.Period(promotion["begins_on"], "M")
    around = {str(month + n) for n in (-2, -1, 1, 2)}
    lines = orders_with_lines()
    days = lines.groupby("month").day.nunique()  # somebody buys on each working day
    share = days[str(month)] / days[list(around)].sum()
    repeat = lines[lines.channel == "repeat"]

    def then_and_around(some: pd.DataFrame) -> tuple[int, int]:
        orders = some.groupby("month").order_id.nunique()
        return int(orders[str(month)]), int(orders[list(around)].sum())

    parts, parts_around = then_and_around(repeat[repeat.family == promotion["family"]])
    every, every_around = then_and_around(repeat)
    added = parts - parts_around * share
    margin = sqrt(parts + parts_around * share**2)
    uplift = every / (every_around * share) - 1
    uplift_margin = (1 + uplift) * sqrt(1 / every + 1 / every_around)
    assert added > 3 * margin, "it is more than chance"

    told = truth("promotion")
    assert (promotion["name"], str(month)) == (told["name"], told["month"])
    assert added == pytest.approx(told["orders_that_it_added"], abs=2 * margin)
    assert uplift == pytest.approx(told["uplift"], abs=2 * uplift_margin)


def test_what_happens_in_the_last_days_of_a_month_is_entered_days_later() -> None:
    """Late is what was entered two working days later or more; a day on which anything was
    done is a working day."""
    done = log("events").query("lifecycle == 'complete'")
    happened, entered = done.timestamp.dt.date, done.recorded_at.dt.date
    days = pd.Series(sorted({*happened, *entered}))
    number = {day: n for n, day in enumerate(days)}
    late = entered.map(number) - happened.map(number) >= 2
    of_history = days[days < END]
    from_the_end = of_history.groupby([d.strftime("%Y-%m") for d in of_history]).cumcount(
        ascending=False
    )
    to_go = happened.map(dict(zip(of_history, from_the_end, strict=True)))
    shares = late.groupby(to_go).mean()
    held_up = list(shares[shares > 0.3].index)
    share = late[to_go.isin(held_up)].mean()
    hours = (done.recorded_at - done.timestamp).dt.total_seconds() / 3600
    usually = hours[~to_go.isin(held_up)].median()

    told = truth("late_entry")
    margin = 3 * sqrt(told["share"] * (1 - told["share"]) / to_go.isin(held_up).sum())
    assert held_up == list(range(told["last_days"]))
    assert share == pytest.approx(told["share"], abs=margin)
    assert usually < told["usual_hours"] < told["late_hours"][0] < hours[late].median()
    assert shares.drop(held_up).max() < 0.01
