"""The shortest board: health is the least of the parts, and no other makes up for it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from crmlab.errors import ModelError
from crmlab.intake.company import company_table
from crmlab.models.entry.reconciliation import by_month, reconcile
from crmlab.models.entry.shortest_board import (
    Board,
    bucket,
    complete,
    on_time,
    on_time_at_month_end,
    reconciled,
    traceable,
    used,
)
from crmlab.places import SAMPLE_DATA

TRUTH: dict[str, Any] = YAML(typ="safe").load(SAMPLE_DATA / "truth.yaml")
shares = st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1), min_size=1)


@given(shares, st.floats(0, 1))
def test_lengthening_any_other_board_changes_nothing(
    given_: dict[str, float], longer: float
) -> None:
    found = bucket(given_)
    assert found.health == min(given_.values()) == given_[found.shortest]
    assert found.health <= found.mean + 1e-12
    for name, share in given_.items():
        if name != found.shortest:
            assert found.lengthened(name, max(share, longer)) == found.health
        elif longer >= share:
            assert found.lengthened(name, longer) >= found.health


def test_lengthening_the_shortest_helps_until_the_next_one_is_the_shortest() -> None:
    found = bucket({"used": 0.8, "on time": 0.9, "complete": 1.0})
    assert (found.health, found.shortest, found.mean) == (0.8, "used", pytest.approx(0.9))
    assert list(found.shares) == ["used", "on time", "complete"]
    assert found.lengthened("used", 0.85) == 0.85
    assert found.lengthened("used") == 0.9
    assert found.lengthened("on time") == 0.8


def test_a_missing_cost_and_a_late_entry_are_listed() -> None:
    rows = pd.DataFrame({"cost": [1.0, None]})
    assert complete(rows).share == 0.5
    assert list(complete(rows).lacking.index) == [1]
    assert complete(rows.drop(columns="cost")).share == 0
    done = pd.Timestamp("2026-01-10 09:00")
    events = pd.DataFrame(
        {
            "timestamp": [done] * 3,
            "recorded_at": [done + pd.Timedelta(hours=h) for h in (1, 24, 25)],
        }
    )
    assert on_time(events).share == pytest.approx(2 / 3)
    assert list(on_time(events).lacking["hours"]) == [25]


def test_a_stage_is_traceable_by_its_own_entry_and_those_before_it() -> None:
    opportunities = pd.DataFrame(
        {"opportunity_id": ["1", "2", "3", "4"], "stage": ["B", "B", "A", "C"]}
    )
    entries = pd.DataFrame(
        [("1", "A"), ("1", "B"), ("2", "B"), ("3", "A"), ("3", "A")],
        columns=["opportunity_id", "stage"],
    )
    found = traceable(opportunities, entries, ["A", "B", "C"])
    assert found.share == 0.5
    assert list(found.lacking["opportunity_id"]) == ["2", "4"]


@cache
def boards() -> dict[str, Board]:
    match = reconcile(
        by_month(company_table("transactions"), "date"),
        by_month(company_table("invoices"), "invoiced_at"),
    )
    return {
        "complete": complete(company_table("transactions")),
        "on time": on_time(pd.read_parquet(SAMPLE_DATA / "events.parquet")),
        "traceable": traceable(
            company_table("opportunities"),
            company_table("opportunity_stages"),
            ["lead", "qualified", "needs", "proposal", "won"],
        ),
        "reconciled": reconciled(match),
        "used": used(pd.read_parquet(SAMPLE_DATA / "usage.parquet"), company_table("catalogue")),
    }


def test_the_report_that_nobody_opens_is_the_shortest_board() -> None:
    found = bucket({name: board.share for name, board in boards().items()})
    assert found.shortest == "used"
    unopened = boards()["used"].lacking
    assert list(unopened["name"]) == [TRUTH["unused"]["report"]]
    assert unopened["hours"].item() > 100
    # Were it mended, what is entered late would be next.
    assert found.lengthened("used") == boards()["on time"].share


def test_what_happens_at_a_month_s_end_is_entered_late() -> None:
    planted = TRUTH["late_entry"]
    last, other = on_time_at_month_end(pd.read_parquet(SAMPLE_DATA / "events.parquet"))
    assert 1 - last == pytest.approx(planted["share"], abs=0.05)
    assert other > 0.9
    late = boards()["on time"].lacking
    day = late["timestamp"].dt
    at_the_end = (day.days_in_month - day.day < planted["last_days"]).mean()
    assert at_the_end > 0.5


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ({}, "A bucket without boards"),
        ({"used": 1.2}, "'used' is 1.2"),
        ({"used": float("nan")}, "used"),
    ],
)
def test_what_is_no_bucket_is_told(given_: dict[str, float], sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        bucket(given_)


def test_what_cannot_be_measured_is_told() -> None:
    with pytest.raises(ModelError, match="There is no board 'height'"):
        bucket({"used": 1.0}).lengthened("height")
    with pytest.raises(ModelError, match="nothing to measure a board by"):
        complete(pd.DataFrame({"cost": []}))
    day = pd.DataFrame({"timestamp": [pd.Timestamp("2026-01-10")]})
    with pytest.raises(ModelError, match="no month's end"):
        on_time_at_month_end(day.assign(recorded_at=day["timestamp"]))
