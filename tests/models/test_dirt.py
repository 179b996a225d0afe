"""Dirt: it spoils the same records and more, and what it does to an answer is told beside the truth."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlab.errors import ModelError
from crmlab.intake.company import company_table
from crmlab.models.complaints import complaint_rate
from crmlab.models.contribution import contribution
from crmlab.models.entry.dirt import (
    KINDS,
    MOST,
    NO,
    STEPS,
    UNSAID,
    YES,
    Dirt,
    Question,
    companies,
    turned,
)
from crmlab.models.entry.questions import (
    about_complaints,
    about_contribution,
    about_funnel,
    about_value,
)
from crmlab.models.entry.reconciliation import by_month, reconcile
from crmlab.models.funnel import funnel
from crmlab.models.value import lifetime_value

STAGES = ["lead", "qualified", "needs", "proposal", "won"]
MODELS = ("funnel", "complaints", "contribution", "value")


@cache
def dirt(model: str) -> Dirt:
    return Dirt(question(model))


def question(model: str) -> Question:
    if model == "funnel":
        return about_funnel(company_table("opportunities"), STAGES)
    if model == "complaints":
        return about_complaints(company_table("complaints"), company_table("exposure"))
    about = about_contribution if model == "contribution" else about_value
    return about(company_table("transactions"))


EACH = [(model, kind) for model in MODELS for kind in question(model).dirt]


def test_each_model_has_its_kinds_and_each_kind_a_model() -> None:
    assert {kind for _model, kind in EACH} == set(KINDS)
    assert ("contribution", "wrong_stage") not in EACH
    assert ("complaints", "missing_cost") not in EACH


@pytest.mark.parametrize(("model", "kind"), EACH)
def test_turning_further_spoils_the_same_records_and_more(model: str, kind: str) -> None:
    asked = dirt(model)
    before: set[int] = set()
    for share in range(MOST + 1):
        rows = set(asked.rows_behind(kind, share).index)
        assert before <= rows
        before = rows
    name = asked.question.dirt[kind].table
    table = asked.question.tables[name]
    can = int(asked.question.dirt[kind].can_hit(asked.question.columns[name]).sum())
    assert not len(asked.rows_behind(kind, 0))
    if asked.question.dirt[kind].together is None:
        assert len(before) == round(can * MOST / 100)
    else:
        whose = table.loc[sorted(before), "customer_id"]
        assert len(set(whose)) == round(table["customer_id"].nunique() * MOST / 100)


@pytest.mark.parametrize(("model", "kind"), EACH)
def test_only_what_is_hit_is_changed_and_the_truth_never(model: str, kind: str) -> None:
    asked = dirt(model)
    name = asked.question.dirt[kind].table
    true = asked.question.tables[name].copy()
    spoiled = asked.tables({kind: 20})[name]
    pd.testing.assert_frame_equal(asked.question.tables[name], true)
    hit = asked.rows_behind(kind, 20).index
    kept = spoiled.loc[spoiled.index.intersection(true.index).difference(hit)]
    if (model, kind) == ("contribution", "wrong_category"):
        # What is booked elsewhere arrives at somebody else's line.
        kept, true = kept.drop(columns="service_cost"), true.drop(columns="service_cost")
    pd.testing.assert_frame_equal(kept, true.loc[kept.index], check_dtype=False)
    if kind == "duplicates" and model != "value":
        assert len(spoiled) == len(true) + len(hit)


@given(st.integers(1, 10_000))
def test_the_same_draw_spoils_the_same_and_another_other_records(draw: int) -> None:
    rows = pd.DataFrame(
        {
            "customer_id": [f"C{n % 7}" for n in range(60)],
            "amount": 10.0,
            "cost": 4.0,
            "service_cost": 1.0,
        }
    )
    asked = about_contribution(rows, customer="C1", bearable=1)
    one, again, other = (Dirt(asked, draw=each) for each in (draw, draw, draw + 1))
    for kind in one.kinds:
        hit = [list(each.rows_behind(kind, 30).index) for each in (one, again)]
        assert hit[0] == hit[1]
    assert [list(one.rows_behind(kind, 30).index) for kind in one.kinds] != [
        list(other.rows_behind(kind, 30).index) for kind in one.kinds
    ]


def test_service_that_is_booked_elsewhere_is_still_there() -> None:
    asked = dirt("contribution")
    rows = asked.tables({"wrong_category": 30})["transactions"]
    true = asked.question.tables["transactions"]
    assert rows["service_cost"].sum() == true["service_cost"].sum()
    late = asked.tables({"late_entry": 30})["transactions"]
    assert late["service_cost"].sum() < true["service_cost"].sum()


@pytest.mark.parametrize("model", MODELS)
def test_without_dirt_nothing_drifts(model: str) -> None:
    reading = dirt(model).read({})
    assert reading.answer == reading.truth
    assert reading.drift_percent == 0
    assert not reading.flipped
    assert set(reading.spoiled.values()) == {0}


@pytest.mark.parametrize("model", MODELS)
def test_each_model_s_answer_drifts_and_some_kind_turns_the_decision(model: str) -> None:
    asked = dirt(model)
    assert any(asked.flips_at(kind) for kind in asked.kinds)
    for kind in asked.kinds:
        most = asked.curve(kind)[-1]
        assert most.answer.decision == UNSAID or abs(most.drift_percent or 0) > 1


@pytest.mark.parametrize(("model", "kind"), EACH)
def test_where_a_decision_turns_is_the_first_step_that_turns_it(model: str, kind: str) -> None:
    asked = dirt(model)
    at = asked.flips_at(kind)
    for reading in asked.curve(kind):
        if at is None or reading.percent[kind] < at:
            assert not reading.flipped
        elif reading.percent[kind] == at:
            assert reading.flipped


def test_the_truths_are_the_models_own() -> None:
    found = contribution(company_table("transactions"))
    truth = dirt("contribution").truth
    assert truth.figure == found.each.loc["CU-095", "contribution"]
    assert truth.decision == YES
    assert dirt("funnel").truth.decision == NO
    assert dirt("complaints").truth.decision == YES
    late = dirt("funnel").read({"late_entry": MOST}).answer
    assert late.decision == YES, "a target that is not covered seems so"


def test_missing_costs_are_no_profit_and_the_figure_is_not_relied_upon() -> None:
    asked = dirt("contribution")
    at = asked.flips_at("missing_cost")
    assert at is not None
    assert asked.read({"missing_cost": at}).answer.decision == UNSAID
    assert (asked.read({"missing_cost": MOST}).answer.figure or 0) < 0


def test_the_books_see_what_is_entered_twice_and_not_a_missing_cost() -> None:
    asked = dirt("contribution")
    books = by_month(company_table("invoices"), "invoiced_at")

    def against_the_books(percent: dict[str, int]) -> float:
        rows = asked.tables(percent)["transactions"]
        return reconcile(by_month(rows, "date"), books).share_matching

    assert against_the_books({}) == 1
    assert against_the_books({"duplicates": 5}) == 0
    for kind in ("missing_cost", "wrong_category", "late_entry"):
        assert against_the_books({kind: MOST}) == 1


def test_a_model_that_refuses_says_nothing() -> None:
    rows = pd.DataFrame(
        {
            "customer_id": ["A", "B"] * 10,
            "amount": 100.0,
            "cost": [None] * 18 + [40.0] * 2,
            "service_cost": 0.0,
        }
    )
    asked = Dirt(about_contribution(rows, customer="A", bearable=0))
    assert asked.truth.decision == UNSAID
    with pytest.raises(ModelError, match="No line has a cost"):
        Dirt(about_contribution(rows.assign(cost=None), customer="A"))


def test_what_does_not_apply_or_is_out_of_range_is_told() -> None:
    with pytest.raises(ModelError, match=r"'wrong_stage' does not happen .* missing_cost"):
        dirt("contribution").read({"wrong_stage": 5})
    with pytest.raises(ModelError, match="from 0 to 30 %, not to 35"):
        dirt("contribution").read({"duplicates": 35})
    with pytest.raises(ModelError, match="Nothing left us in 2031-01"):
        about_complaints(
            company_table("complaints"), company_table("exposure"), month="2031-01", on="2031-02-01"
        )


def plainly(model: str, tables: dict[str, pd.DataFrame]) -> float:
    """What the model itself says of the records as a person reads them."""
    if model == "funnel":
        return funnel(tables["opportunities"], STAGES).weighted_open_amount
    if model == "complaints":
        leaks = tables["complaints"][tables["complaints"]["category"] == "leak"]
        found = complaint_rate(leaks, tables["exposure"], as_of=pd.Timestamp("2025-10-05"))
        return next(one.rate for one in found.periods if one.period == "2025-09")
    rows = tables["transactions"]
    if model == "contribution":
        return float(contribution(rows).each.loc["CU-095", "contribution"])
    until = pd.to_datetime(company_table("transactions")["date"]).max()
    found = lifetime_value(rows[["customer_id", "date", "amount"]], as_of=until)
    margin = 1 - rows["cost"].sum() / rows["amount"].sum()
    return margin * found.clv.total / found.customers


@settings(max_examples=12, deadline=None)
@given(st.data())
@pytest.mark.parametrize("model", MODELS)
def test_what_is_read_off_columns_is_what_the_model_says_of_the_spoiled_tables(
    model: str, data: st.DataObject
) -> None:
    asked = Dirt(dirt(model).question, data.draw(st.integers(1, 20)))
    percent = {kind: data.draw(st.integers(0, MOST), label=kind) for kind in asked.kinds}
    answer = asked.read(percent).answer
    assert answer.figure == pytest.approx(plainly(model, asked.tables(percent)), rel=1e-7)


def test_in_how_many_draws_a_decision_has_turned_is_counted() -> None:
    question = dirt("contribution").question
    each = companies(question, draws=4)
    found = turned(each)
    for kind, by_step in found.items():
        assert list(by_step) == list(STEPS)
        assert by_step[0] == 0
        for share, number in by_step.items():
            assert number == sum(one.read({kind: share}).flipped for one in each)
    assert found == turned(companies(question, draws=4))


def test_where_a_decision_turns_is_luck() -> None:
    """One draw says little: in a handful of them it turns here, and in others elsewhere."""
    question = dirt("complaints").question
    at = {Dirt(question, draw).flips_at("wrong_category") for draw in range(1, 9)}
    assert len(at) > 1
