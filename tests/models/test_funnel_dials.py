"""What the dials of a funnel do, and the forecast that goes with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.errors import ModelError
from crmlab.models.funnel import Prepared, prepare
from crmlab.models.funnel.dials import turn, without_evidence
from crmlab.models.funnel.forecast import EACH, draw_luck, forecast
from tests.models.test_funnel import MIXED, STAGES, company, table

__all__ = ["company"]

SMALL = prepare(MIXED, STAGES)


def test_nothing_turned_is_what_stands(company: Prepared) -> None:
    now, found = turn(company), company.found
    assert now.entered == pytest.approx([*(stage.entered for stage in found.stages), found.won])
    for name in ("won_amount", "win_rate", "velocity_per_day", "weighted_open_amount", "forecast"):
        assert getattr(now, name) == getattr(found, name), name


def test_points_more_at_a_stage_by_hand() -> None:
    now = turn(SMALL, {"qualified": 0.1})  # 4 of 5 went on from there; now 4.5
    assert now.conversions == pytest.approx([5 / 6, 0.9, 0.5])
    assert now.entered == pytest.approx([6, 5, 4.5, 2.25])
    assert now.won_amount == pytest.approx(400 * 0.9 / 0.8)
    assert now.win_rate == pytest.approx(0.5 * 0.9 / 0.8)
    # What stands in `proposal` is past the stage; what stands in `qualified` gains.
    assert now.weighted_open_amount == pytest.approx(90 * 2 / 3 + 40 * 2 / 3 * 0.9 / 0.8)
    assert now.velocity_per_day == pytest.approx(2 * 200 * (0.5 * 0.9 / 0.8) / 10)


def test_days_faster_by_hand() -> None:
    now = turn(SMALL, days_faster=5)
    assert now.cycle_days == 5
    assert now.velocity_per_day == pytest.approx(2 * (SMALL.found.velocity_per_day or 0))
    assert now.won_amount == 800
    assert now.entered == pytest.approx([12, 10, 8, 4]), "more pass in the same time"
    assert now.win_rate == SMALL.found.win_rate
    assert now.weighted_open_amount == SMALL.found.weighted_open_amount
    assert now.forecast == SMALL.found.forecast, "it counts what is open, whenever it is closed"
    with pytest.raises(ModelError, match=r"It takes 10\.0 days from start to win"):
        turn(SMALL, days_faster=10)
    with pytest.raises(ModelError, match="There is no stage 'nowhere'"):
        turn(SMALL, {"nowhere": 0.1})


@given(st.sampled_from(STAGES[:-1]), st.floats(-1, 1), st.floats(0, 9))
def test_points_and_days_keep_the_arithmetic(stage: str, points: float, days: float) -> None:
    now = turn(SMALL, {stage: points}, days_faster=days)
    assert now.win_rate is not None
    assert 0 <= now.win_rate <= 1
    assert list(now.entered) == sorted(now.entered, reverse=True)
    assert 0 <= now.weighted_open_amount <= SMALL.found.open_amount + 1e-9
    assert 0 <= now.forecast.p10 <= now.forecast.p50 <= now.forecast.p90 <= SMALL.found.open_amount
    found = SMALL.found
    pace = (found.cycle_days.mean or 0.0) / (now.cycle_days or 1.0)
    assert now.entered[0] == pytest.approx(found.stages[0].entered * pace)
    for n, share in enumerate(now.conversions):
        assert now.entered[n + 1] == pytest.approx(now.entered[n] * (share or 0.0))
    assert now.won_amount == pytest.approx(now.entered[-1] * (SMALL.average_won or 0.0))
    assert now.velocity_per_day == pytest.approx(
        found.open * (SMALL.average_won or 0.0) * now.win_rate / (now.cycle_days or 1.0)
    )
    if points >= 0:
        assert now.won_amount >= SMALL.found.won_amount - 1e-9
        assert now.forecast.p50 >= SMALL.found.forecast.p50


def test_a_stage_that_nobody_left_stays_without_a_figure() -> None:
    prepared = prepare(table(("lead", "lost", 1.0), ("lead", "open", 1.0)), STAGES)
    now = turn(prepared, {"lead": 0.2, "proposal": 0.2}, days_faster=3)
    assert now.entered == (2, 0, 0, 0)
    assert now.conversions == (0, None, None)
    assert (now.won_amount, now.cycle_days, now.velocity_per_day) == (0, None, None)


def test_stages_without_evidence_change_the_books_alone(company: Prepared) -> None:
    # By the chances that stand in the procedure: all later stages of history are as good here.
    chances = {"lead": 0.1, "qualified": 0.25, "needs": 0.45, "proposal": 0.6}
    prepared = prepare_again(company, chances)
    before = None
    for share in (0.0, 0.1, 0.3, 1.0):
        found = without_evidence(prepared, share)
        assert found.real.weighted_open_amount == prepared.found.weighted_open_amount
        assert found.real.forecast == prepared.found.forecast
        assert found.moved == round(share * (4 + 187 + 2))
        if before is not None:
            assert found.told.weighted_open_amount > before.weighted_open_amount
            assert found.told.forecast.p50 > before.forecast.p50
        before = found.told
    assert before is not None
    stages = prepared.found.stages
    moved = sum(stages[n].open_amount * stages[n + 1].chance for n in range(3))
    assert before.weighted_open_amount == pytest.approx(moved + stages[3].open_amount * 0.6)


def prepare_again(company: Prepared, chances: dict[str, float]) -> Prepared:
    from crmlab.intake.company import company_table

    rows, entries = company_table("opportunities"), company_table("opportunity_stages")
    return prepare(rows, [*chances, "won"], entries=entries, chances=chances)


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=9)
)
def test_a_forecast_from_other_chances_is_the_same_as_one_drawn_for_them(
    rows: list[tuple[float, float, float]],
) -> None:
    amounts, before, after = (np.array(column) for column in zip(*rows, strict=True))
    turned = forecast(draw_luck(amounts, before, 3), after)
    fresh = forecast(draw_luck(amounts, after, 3), after)
    assert vars(turned) == pytest.approx(vars(fresh), abs=1e-6)


def test_the_forecast_is_that_of_independent_draws() -> None:
    source = np.random.default_rng(5)
    amounts, chances = source.gamma(2, 10_000, 60), source.random(60)
    draws = (source.random((40_000, 60)) < chances) @ amounts
    found = forecast(draw_luck(amounts, chances, 1), chances)
    spread = draws.std()
    for name, share in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
        assert getattr(found, name) == pytest.approx(np.quantile(draws, share), abs=0.1 * spread)


def test_very_many_are_forecast_like_few() -> None:
    source = np.random.default_rng(5)
    amounts, chances = source.gamma(0.5, 10_000, 6 * EACH), source.random(6 * EACH)
    found = forecast(draw_luck(amounts, chances, 1), chances)
    mean, spread = amounts @ chances, np.sqrt(amounts**2 @ (chances * (1 - chances)))
    assert found.p50 == pytest.approx(mean, abs=0.1 * spread)
    assert found.p90 - found.p10 == pytest.approx(2 * 1.2816 * spread, rel=0.05)
