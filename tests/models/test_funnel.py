"""The funnel: conversions that multiply, chances that weigh amounts, and honest words for the rest."""

from __future__ import annotations

from math import prod

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from crmlab.errors import ModelError
from crmlab.intake.company import company_table
from crmlab.models.funnel import Prepared, funnel, prepare
from crmlab.models.funnel.rows import behind
from crmlab.places import SAMPLE_DATA

STAGES = ["lead", "qualified", "proposal", "won"]


def table(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Opportunities by stage, outcome and amount, each ten days long."""
    return pd.DataFrame(
        [
            {
                "opportunity_id": f"O{n}",
                "stage": stage,
                "outcome": outcome,
                "amount": amount,
                "created_at": "2026-01-01",
                "closed_at": None if outcome == "open" else "2026-01-11",
            }
            for n, (stage, outcome, amount) in enumerate(rows)
        ]
    )


MIXED = table(
    ("won", "won", 100),
    ("won", "won", 300),
    ("proposal", "lost", 50),
    ("lead", "lost", 80),
    ("proposal", "open", 90),
    ("qualified", "open", 40),
)


def test_a_funnel_by_hand() -> None:
    found = funnel(MIXED, STAGES)
    assert (found.opportunities, found.won, found.lost, found.open) == (6, 2, 2, 2)
    assert found.win_rate == 0.5
    assert [(s.stage, s.entered, s.converted, s.open) for s in found.stages] == [
        ("lead", 6, 5, 0),
        ("qualified", 5, 4, 1),
        ("proposal", 4, 2, 1),
    ]
    assert [s.chance for s in found.stages] == pytest.approx([2 / 4, 2 / 3, 2 / 3])
    assert found.weighted_open_amount == pytest.approx(90 * 2 / 3 + 40 * 2 / 3)
    assert (found.cycle_days.mean, found.cycle_days.median) == (10, 10)
    assert found.velocity_per_day == pytest.approx(2 * 200 * 0.5 / 10)
    assert found.forecast.p10 == 0
    assert found.forecast.p90 == 130


def test_a_pipeline_is_weighted_by_amounts_and_not_by_numbers() -> None:
    open_ = table(("qualified", "open", 100), ("lead", "open", 200))
    found = funnel(open_, STAGES, chances={"lead": 0.0, "qualified": 0.99, "proposal": 1.0})
    assert found.weighted_open_amount == pytest.approx(99)


def test_how_long_they_stay() -> None:
    entries = pd.DataFrame(
        [
            ("O1", "lead", "2026-01-01"),
            ("O1", "qualified", "2026-01-03"),
            ("O2", "lead", "2026-01-01"),
            ("O2", "qualified", "2026-01-05"),
            ("O2", "proposal", "2026-01-11"),
        ],
        columns=["opportunity_id", "stage", "entered_at"],
    )
    found = funnel(MIXED, STAGES, entries=entries)
    assert [stage.median_days for stage in found.stages] == [3, 6, None]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(STAGES[:-1]),
            st.sampled_from(["won", "lost", "open"]),
            st.floats(min_value=0, max_value=1e6),
        ),
        min_size=1,
        max_size=30,
    ).filter(lambda rows: any(outcome != "open" for _stage, outcome, _amount in rows))
)
def test_conversions_multiply_to_the_overall_one(rows: list[tuple[str, str, float]]) -> None:
    found = funnel(table(*rows), STAGES)
    if all(stage.entered for stage in found.stages):
        conversions = [stage.conversion or 0.0 for stage in found.stages]
        assert prod(conversions) == pytest.approx(found.overall_conversion)
    assert found.won + found.lost + found.open == found.opportunities
    assert sum(stage.open for stage in found.stages) == found.open
    entered = [stage.entered for stage in found.stages]
    assert entered == sorted(entered, reverse=True)
    assert found.won <= entered[-1]
    everything = sum(amount for _stage, outcome, amount in rows if outcome == "open")
    assert 0 <= found.forecast.p10 <= found.forecast.p50 <= found.forecast.p90
    assert found.forecast.p90 <= everything + 1e-6
    assert 0 <= found.weighted_open_amount <= everything + 1e-6
    assert found.open_amount == pytest.approx(everything)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (table(), "no opportunities"),
        (table(("lead", "open", 1)), "Nothing has been won or lost"),
        (table(("somewhere", "won", 1)), "The stage 'somewhere' is not among lead, qualified"),
        (
            table(("somewhere", "won", 1), ("nowhere", "won", 1)),
            "The stages 'somewhere', 'nowhere' are not among lead, qualified",
        ),
        (
            table(("lead", "won", 1), ("Lead ", "won", 1), ("WON", "won", 1)),
            r"in more ways than one: 'Lead ' \('lead'\), 'WON' \('won'\)\. Write each in one way",
        ),
    ],
)
def test_what_is_no_funnel_is_told_in_a_sentence(rows: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        funnel(rows, STAGES)


@pytest.mark.parametrize("stages", [["lead", "Lead"], ["lead", " lead"], [""], ["won"], []])
def test_stages_are_named_and_differ(stages: list[str]) -> None:
    with pytest.raises(ModelError, match=r"among the stages more than once|No stages are named"):
        funnel(MIXED, stages)


def test_all_won_is_a_win_rate_of_one() -> None:
    found = funnel(table(("won", "won", 10)), STAGES)
    assert (found.win_rate, found.overall_conversion) == (1, 1)
    assert found.forecast.p90 == 0
    assert found.remarks[0].startswith("Nothing here is lost.")


def test_what_is_open_beside_nothing_lost_is_not_taken_for_certain() -> None:
    found = funnel(table(("won", "won", 10), ("lead", "open", 10), ("lead", "open", 10)), STAGES)
    assert found.win_rate is None
    assert found.velocity_per_day is None
    assert not found.can_be_weighed
    assert found.stages[0].chance == pytest.approx(1 / 3)
    assert found.remarks[0].startswith("Nothing here is lost.")


def test_coverage() -> None:
    found = funnel(MIXED, STAGES, target=260)
    assert found.coverage is not None
    assert found.coverage.unweighted == pytest.approx(130 / 260)
    assert found.coverage.weighted == pytest.approx(130 * 2 / 3 / 260)
    with pytest.raises(ModelError, match="makes no sense"):
        funnel(MIXED, STAGES, target=0)
    with pytest.raises(ModelError, match=r"chance of 'lead' is 1\.5"):
        funnel(MIXED, STAGES, chances={"lead": 1.5})


def test_an_opportunity_without_an_amount_is_no_average() -> None:
    found = funnel(
        table(
            ("won", "won", 100),
            ("won", "won", float("nan")),
            *[("lead", "lost", 1.0)] * 2,
            ("lead", "open", 1.0),
        ),
        STAGES,
    )
    assert found.velocity_per_day == pytest.approx(1 * 100 * 0.5 / 10)
    assert found.remarks[0] == (
        "1 opportunity has no amount: it counts in numbers, as nothing in sums of money, and not "
        "in the average."
    )


@pytest.mark.parametrize(
    ("closed", "still", "said"),
    [
        (1, 12, ["Only 1 opportunity is closed: the chances that it shows"]),
        (29, 12, ["Only 29 opportunities are closed: the chances that they show"]),
        (30, 12, []),
        (30, 1, ["Only 1 opportunity is open: the forecast hangs on a single yes or no"]),
        (30, 9, ["Only 9 opportunities are open: "]),
        (30, 10, []),
        (3, 0, []),
    ],
)
def test_too_few_to_rely_on_is_said(closed: int, still: int, said: list[str]) -> None:
    rows = table(
        ("lead", "lost", 1.0), *[("won", "won", 1.0)] * (closed - 1), *[("lead", "open", 1)] * still
    )
    found = funnel(rows, STAGES).remarks
    assert len(found) == len(said)
    assert all(remark.startswith(start) for remark, start in zip(found, said, strict=True))


def test_chances_that_are_given_need_no_closed_ones() -> None:
    rows = table(*[("lead", "open", 1.0)] * 12, ("lead", "lost", 1.0))
    assert len(funnel(rows, STAGES).remarks) == 1
    assert not funnel(rows, STAGES, chances=dict.fromkeys(STAGES[:-1], 0.5)).remarks


def test_a_cohort_has_its_conversion_at_each_stage() -> None:
    rows = MIXED.assign(created_at=["2026-01-01"] * 3 + ["2026-01-31"] + ["2026-02-01"] * 2)
    rows.loc[3, "closed_at"] = "2026-02-01"
    january, february = funnel(rows, STAGES).cohorts
    assert january.entered == (4, 3, 3)
    assert january.conversions == (3 / 4, 1, 2 / 3)
    assert february.entered == (2, 2, 1)
    assert february.conversions == (1, 1 / 2, 0)
    march = funnel(table(("lead", "lost", 1.0)), STAGES).cohorts[0]
    assert march.conversions == (0, None, None), "where nothing has entered there is no share"


def test_a_month_without_time_to_close_is_young() -> None:
    begun = ["2026-01-05"] * 12 + ["2026-03-20"]
    rows = table(*[("won", "won", 1)] * 6, *[("lead", "lost", 1)] * 6, ("lead", "open", 1))
    rows["created_at"] = begun
    rows["closed_at"] = ["2026-02-04"] * 12 + [None]
    january, march = funnel(rows, STAGES, as_of="2026-04-10").cohorts
    assert (january.month, january.entered, january.win_rate) == ("2026-01", (12, 6, 6), 0.5)
    assert not january.young, "they took thirty days, and it is over two months"
    assert march.young
    later = funnel(rows, STAGES, as_of="2026-05-01").cohorts
    assert [cohort.young for cohort in later] == [False, False]


@pytest.fixture(scope="module")
def company() -> Prepared:
    order = ["lead", "qualified", "needs", "proposal", "won"]
    rows, entries = company_table("opportunities"), company_table("opportunity_stages")
    return prepare(rows, order, entries=entries)


def test_the_company_wins_within_weeks_and_its_times_agree(company: Prepared) -> None:
    """What comes from the rows (start to win) is what comes from the events (stage by stage)."""
    found = company.found
    assert found.remarks == ()
    assert found.cycle_days.mean == pytest.approx(11.12, abs=0.005)
    won = behind(company, "won")
    assert (won["closed_at"] == won["entered_at"]).all(), "closed with the order"
    assert found.velocity_per_day == pytest.approx(181_558, abs=0.5)
    by_stage = sum(stage.median_days or 0.0 for stage in found.stages)
    assert by_stage == pytest.approx(found.cycle_days.median, rel=0.15)


def test_the_seller_whose_leads_all_lie_is_found(company: Prepared) -> None:
    truth = YAML(typ="safe").load(SAMPLE_DATA / "truth.yaml")["stalled_seller"]
    stalled = [owner for owner in company.found.owners if owner.stalled]
    assert [owner.owner for owner in stalled] == [truth["owner"]]
    assert stalled[0].open == truth["stalled"]
    assert stalled[0].stuck >= 0.95 * truth["stalled"], "all but the latest"
    rows = behind(company, "stuck", owner=truth["owner"])
    assert set(rows["stage"]) == {"qualified"}
    assert len(rows) == stalled[0].stuck == company.found.stages[1].stuck


def test_the_youngest_months_of_the_practice_company_are_young(company: Prepared) -> None:
    young = [cohort.month for cohort in company.found.cohorts if cohort.young]
    assert young == ["2026-04"], "nine of ten are closed within two weeks"
    for cohort in company.found.cohorts:
        assert prod(share or 0.0 for share in cohort.conversions) == pytest.approx(
            cohort.overall_conversion
        )
    assert sum(cohort.opportunities for cohort in company.found.cohorts) == 2753


def test_each_figure_has_its_records(company: Prepared) -> None:
    found = company.found
    assert len(behind(company)) == found.opportunities
    assert behind(company, "won")["amount"].sum() == pytest.approx(found.won_amount)
    assert len(behind(company, "lost")) == found.lost
    assert behind(company, "open")["amount"].sum() == pytest.approx(found.open_amount)
    for stage in found.stages:
        for which in ("entered", "converted", "open", "stuck"):
            assert len(behind(company, which, stage=stage.stage)) == getattr(stage, which)
    for cohort in found.cohorts[-3:]:
        assert len(behind(company, month=cohort.month)) == cohort.opportunities
        assert len(behind(company, "won", month=cohort.month)) == cohort.won
        entered = [
            len(behind(company, "entered", month=cohort.month, stage=s.stage)) for s in found.stages
        ]
        assert tuple(entered) == cohort.entered
    for owner in found.owners:
        assert len(behind(company, "open", owner=owner.owner)) == owner.open
    oldest = behind(company, "open")["days_in_stage"]
    assert oldest.is_monotonic_decreasing
    with pytest.raises(ModelError, match="There is no 'somebody' in this funnel"):
        behind(company, owner="somebody")


def test_the_funnel_of_the_practice_company() -> None:
    files = {
        name: pd.read_csv(SAMPLE_DATA / f"{name}.csv", encoding="utf-8-sig")
        for name in ("opportunities", "opportunity_stages")
    }
    order = ["lead", "qualified", "needs", "proposal", "won"]
    found = funnel(files["opportunities"], order, entries=files["opportunity_stages"])
    assert found.stages[0].entered == len(files["opportunities"])
    assert 0.3 < (found.win_rate or 0) < 0.5
    assert found.stages[1].open > 100, "somebody's leads stay where they are"
    assert all(stage.median_days for stage in found.stages)
