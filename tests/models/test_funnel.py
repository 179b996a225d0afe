"""The funnel: conversions that multiply, chances that weigh amounts, and honest words for the rest."""

from __future__ import annotations

from math import prod

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.errors import ModelError
from crmlab.models.funnel import funnel
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
            ("O2", "proposal", "2026-01-15"),
        ],
        columns=["opportunity_id", "stage", "entered_at"],
    )
    found = funnel(MIXED, STAGES, entries=entries)
    assert [stage.median_days for stage in found.stages] == [3, 10, None]


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
    everything = sum(amount for _stage, outcome, amount in rows if outcome == "open")
    assert 0 <= found.forecast.p10 <= found.forecast.p50 <= found.forecast.p90
    assert found.forecast.p90 <= everything + 1e-6
    assert found.weighted_open_amount <= everything + 1e-6


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (table(), "no opportunities"),
        (table(("lead", "open", 1)), "Nothing has been won or lost"),
        (table(("somewhere", "won", 1)), "The stage 'somewhere' is not among lead, qualified"),
    ],
)
def test_what_is_no_funnel_is_told_in_a_sentence(rows: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        funnel(rows, STAGES)


def test_all_won_is_a_win_rate_of_one() -> None:
    found = funnel(table(("won", "won", 10)), STAGES)
    assert (found.win_rate, found.overall_conversion) == (1, 1)
    assert found.forecast.p90 == 0


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
