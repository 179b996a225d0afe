"""`crmlab analyse funnel` on files of opportunities, of stage events, and of both."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmlab.cli.app import app
from crmlab.errors import CrmlabError, IntakeError, ModelError
from crmlab.places import SAMPLE_DATA
from tests.models.test_analyse import analyse, write

OPPORTUNITIES = str(SAMPLE_DATA / "opportunities.csv")
EVENTS = str(SAMPLE_DATA / "opportunity_stages.csv")
HEADING = "opportunity_id,stage,created_at,closed_at,amount,outcome"


def test_stage_events_are_known_by_their_headings() -> None:
    by_events, by_rows = analyse("funnel", EVENTS), analyse("funnel", OPPORTUNITIES)
    entered = [[stage["entered"] for stage in told["stages"]] for told in (by_events, by_rows)]
    assert entered[0] == entered[1]
    assert by_events["won"] == by_rows["won"]
    assert all(stage["median_days"] > 0 for stage in by_events["stages"])
    assert "Nothing here is lost" in by_events["remarks"][0]
    assert "give their file, and the events beside it" in by_events["remarks"][0]


def test_both_together_say_who_is_stuck() -> None:
    told = analyse("funnel", OPPORTUNITIES, "--events", EVENTS, "--target", "3000000")
    assert [owner["owner"] for owner in told["owners"] if owner["stalled"]] == ["U-25"]
    assert told["coverage"]["weighted"] == pytest.approx(told["weighted_open_amount"] / 3e6)
    stuck = told["records"]["stuck"]
    assert len(stuck) == len(set(stuck)) == told["stuck"] == 180
    assert stuck[0] == "L-000005", "the longest first"
    assert told["records"]["remarks"] == []
    said = CliRunner().invoke(app, ["analyse", "funnel", OPPORTUNITIES, "--events", EVENTS]).stdout
    assert "U-25: 180 of 271 are stuck, more than chance explains." in said


def test_what_cannot_be_foretold_is_no_number(tmp_path: Path) -> None:
    rows = ("1,won,2026-01-01,2026-01-03,10,won", "2,lead,2026-01-02,,7,open")
    file = write(tmp_path, *rows, heading=HEADING)
    told = analyse("funnel", file)
    assert told["forecast"] == {"p10": None, "p50": None, "p90": None}
    assert told["weighted_open_amount"] is None
    said = CliRunner().invoke(app, ["analyse", "funnel", file]).stdout
    assert "What is open cannot be weighed and forecast from this file." in said
    assert "Nothing here is lost." in said
    assert "may bring" not in said


def test_the_figures_that_one_looks_for_first_are_said() -> None:
    said = CliRunner().invoke(app, ["analyse", "funnel", OPPORTUNITIES, "--events", EVENTS]).stdout
    for words in (
        "Win rate, won of closed: 36%.",
        "From start to win: 11.1 days on average, half of them within 11.0.",
        "Velocity: 181,558 a day.",
        "The weighted pipeline is 2,581,140 of 4,549,758 open.",
        "2,094,527 of it is stuck.",
    ):
        assert words in said


def test_each_remark_has_its_records(tmp_path: Path) -> None:
    rows = (
        "1,won,2026-01-01,,10,won",
        "2,lead,2026-01-01,2026-01-03,,lost",
        "3,lead,2026-01-02,,7,open",
    )
    told = analyse("funnel", write(tmp_path, *rows, heading=HEADING))
    assert [remark["remark"] for remark in told["records"]["remarks"]] == told["remarks"]
    named = [remark["opportunities"] for remark in told["records"]["remarks"]]
    assert named[:2] == [["1"], ["2"]], "without a day, and without an amount"
    assert named[2:] == [[], []], "too few are about all"
    assert told["cohorts"][0]["conversions"] == pytest.approx([1 / 3, 1, 1, 1])


def test_the_expected_close_of_what_is_open_is_no_close(tmp_path: Path) -> None:
    rows = ("1,lead,2026-01-01,2026-03-02,5,open", "2,lead,2026-01-01,2026-01-02,5,lost")
    told = analyse("funnel", write(tmp_path, *rows, heading=HEADING))
    assert (told["opportunities"], told["open"], told["as_of"]) == (2, 1, "2026-01-02")
    assert any("taken for the one that is expected" in said for said in told["of_the_files"])


def test_one_is_not_spoken_of_as_many(tmp_path: Path) -> None:
    file = write(tmp_path, "1,won,2026-01-01,2026-01-03,10,won", heading=HEADING)
    said = CliRunner().invoke(app, ["analyse", "funnel", str(file)]).stdout
    assert "1 opportunity: 1 won, 0 lost, 0 open." in said


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(CrmlabError, match="--as-of 2026-02-30 is no day; write it such as"):
        analyse("funnel", OPPORTUNITIES, "--as-of", "2026-02-30")


def test_a_day_in_the_past() -> None:
    told = analyse("funnel", OPPORTUNITIES, "--events", EVENTS, "--as-of", "2025-12-31")
    assert told["as_of"] == "2025-12-31"
    assert told["opportunities"] < 2753
    assert any("came after 2025-12-31 and are left out" in remark for remark in told["remarks"])


def test_headings_of_ones_own_by_a_map(tmp_path: Path) -> None:
    file = write(
        tmp_path, "1,A,2026-01-01", "1,won,2026-01-05", "2,A,2026-01-02", "2,lost,2026-01-03",
        heading="Nr,Schritt,Tag",
    )  # fmt: skip
    with pytest.raises(IntakeError, match="No heading of the file is known as opportunity_id"):
        analyse("funnel", file)
    map_file = tmp_path / "map.yaml"
    map_file.write_text(
        "kind: stages\ncolumns:\n  opportunity_id: Nr\n  stage: Schritt\n  entered_at: Tag\n"
    )
    told = analyse("funnel", file, "--map", str(map_file), "--stages", "A")
    assert (told["won"], told["lost"], told["win_rate"]) == (1, 1, 0.5)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("1,lead,2026-01-01,,10,open", "Nothing has been won or lost yet"),
        ("1,somewhere,2026-01-01,2026-01-02,10,lost", "The stage 'somewhere' is not among lead"),
    ],
)
def test_what_says_nothing_is_told(tmp_path: Path, row: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        analyse("funnel", write(tmp_path, row, heading=HEADING))


def test_rows_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    rows = ("1,lead,2026-01-01,2026-01-02,-5,lost", "2,lead,2026-01-01,2026-01-02,5,lost")
    with pytest.raises(IntakeError, match="1 of 2 rows of file"):
        analyse("funnel", write(tmp_path, *rows, heading=HEADING))
    twice = (rows[1], rows[1])
    with pytest.raises(IntakeError, match="1 of 2 rows of file"):
        analyse("funnel", write(tmp_path, *twice, heading=HEADING))


def test_events_in_another_currency_than_their_opportunities_are_refused(tmp_path: Path) -> None:
    deals = write(tmp_path, "1,A,2026-01-01,2026-01-05,10,won,CNY", heading=f"{HEADING},currency")
    events = tmp_path / "events.csv"
    events.write_text(
        "opportunity_id,stage,entered_at,amount,currency\n1,A,2026-01-01,10,EUR\n", encoding="utf-8"
    )
    with pytest.raises(ModelError, match="2 currencies"):
        analyse("funnel", deals, "--events", str(events), "--stages", "A")


def test_two_currencies_are_refused(tmp_path: Path) -> None:
    file = write(
        tmp_path, "1,A,2026-01-01,10,CNY", "1,won,2026-01-05,10,CNY", "2,A,2026-01-02,10,EUR",
        heading="opportunity_id,stage,entered_at,amount,currency",
    )  # fmt: skip
    with pytest.raises(ModelError, match="2 currencies"):
        analyse("funnel", file, "--stages", "A")
