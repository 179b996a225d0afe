"""`crmlab analyse`: a model on a file, through the checks of an import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crmlab.cli.analyse import ITS_OWN, MODELS
from crmlab.cli.app import app
from crmlab.errors import CrmlabError, IntakeError, ModelError
from crmlab.places import SAMPLE_DATA
from tests.models.cdnow import cdnow


def analyse(*words: str) -> Any:
    told = CliRunner().invoke(app, ["analyse", *words, "--json"])
    if isinstance(told.exception, CrmlabError):
        raise told.exception
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def test_cdnow_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "cdnow.csv"
    cdnow().to_csv(file, index=False)
    told = analyse("value", str(file), "--calibration-end", "1997-09-30")
    assert told["customers"] == 2357
    assert told["holdout"]["actual"] == 1882
    assert round(told["holdout"]["predicted"]) == 1653
    until_then = analyse("value", str(file), "--as-of", "1997-09-30")
    assert until_then["repeat_customers"] == 946
    assert round(until_then["bg_nbd"]["alpha"], 3) == 4.414
    assert until_then["holdout"] is None


def test_the_practice_company(tmp_path: Path) -> None:
    told = analyse(
        "value", str(SAMPLE_DATA / "transactions.csv"), "--calibration-end", "2025-10-31"
    )
    assert told["holdout"]["predicted"] == pytest.approx(told["holdout"]["actual"], rel=0.1)
    assert told["clv"]["total"] > 0
    assert 0.1 < told["clv"]["top_decile_share"] < 1


def write(folder: Path, *rows: str, heading: str = "customer_id,date,amount") -> str:
    file = folder / "file.csv"
    file.write_text("\n".join([heading, *rows]), encoding="utf-8")
    return str(file)


def test_refused_rows_stop_it_and_are_told(tmp_path: Path) -> None:
    file = write(tmp_path, "A,2026-01-01,10", "B,2026-02-31,10")
    with pytest.raises(IntakeError, match=r"1 of 2 rows of file.csv is refused; file.refused.csv"):
        analyse("value", file)
    assert "2026-02-31" in (tmp_path / "file.refused.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("rows", "heading", "sentence"),
    [
        (["A,2026-01-01,10"], "customer_id,date,amount", "Nobody has bought a second time"),
        (
            ["A,2026-01-01,10,CNY", "A,2026-02-01,10,EUR"],
            "customer_id,date,amount,currency",
            "2 currencies",
        ),
    ],
)
def test_what_says_nothing_gives_a_sentence_and_no_number(
    tmp_path: Path, rows: list[str], heading: str, sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        analyse("value", write(tmp_path, *rows, heading=heading))


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CrmlabError, match="no model 'nonsense'"):
        analyse("nonsense", write(tmp_path, "A,2026-01-01,10"))


def test_the_funnel_of_a_file() -> None:
    told = analyse("funnel", str(SAMPLE_DATA / "opportunities.csv"))
    assert told["opportunities"] == told["won"] + told["lost"] + told["open"]
    assert [stage["stage"] for stage in told["stages"]] == [
        "lead",
        "qualified",
        "needs",
        "proposal",
    ]
    assert told["forecast"]["p10"] < told["weighted_open_amount"] < told["forecast"]["p90"]


def test_a_funnel_with_stages_of_ones_own(tmp_path: Path) -> None:
    heading = "opportunity_id,stage,created_at,closed_at,amount,outcome"
    rows = ("1,B,2026-01-01,2026-01-05,10,won", "2,A,2026-01-01,2026-01-05,10,lost")
    file = write(tmp_path, *rows, heading=heading)
    told = analyse("funnel", file, "--stages", "A,B")
    assert [stage["entered"] for stage in told["stages"]] == [2, 1]
    with pytest.raises(ModelError, match="stages 'B', 'A' are not among X, Y"):
        analyse("funnel", file, "--stages", "X,Y")


def test_the_complaint_rate_of_two_files() -> None:
    files = (str(SAMPLE_DATA / "complaints.csv"), "--exposure", str(SAMPLE_DATA / "exposure.csv"))
    told = analyse("complaints", *files)
    assert told["per"] == "1,000 orders"
    assert told["rate"] == pytest.approx(
        told["complaints"] / sum(p["exposure"] for p in told["periods"]) * 1000
    )
    assert {"period", "rate", "lower", "upper", "signal"} <= set(told["periods"][0])
    with pytest.raises(CrmlabError, match="--exposure FILE"):
        analyse("complaints", files[0])


def test_the_contribution_of_a_file() -> None:
    told = analyse("contribution", str(SAMPLE_DATA / "transactions.csv"))
    assert told["contribution"] < told["revenue"]
    assert told["blocked_rows"] > 0
    assert told["whale_peak_percent"] > 100
    assert list(told["most_costly"].values()) == sorted(told["most_costly"].values())


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ITS_OWN)
def test_an_option_of_another_model_is_refused(model: str, name: str) -> None:
    if ITS_OWN[name] == model:
        return
    option = f"--{name.replace('_', '-')}"
    words = {"remedies_in_service": [], "calibration_end": ["2025-10-31"]}.get(name, ["1"])
    with pytest.raises(CrmlabError, match=f"{option} says something to the model {ITS_OWN[name]}"):
        analyse(model, str(SAMPLE_DATA / "transactions.csv"), option, *words)


def test_a_contribution_up_to_a_day_says_what_it_leaves_out(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    lines = ["customer_id,date,amount,cost,product_id"]
    lines += ["A,2026-01-05,100,60,LP-40", "B,2026-01-06,200,90,LP-40", "A,2026-02-01,50,,LP-50"]
    file.write_text("\n".join(lines), encoding="utf-8")
    told = analyse("contribution", str(file))
    (blocked,) = told["blocked"]
    assert blocked == {
        "customer_id": "A", "product_id": "LP-50", "date": "2026-02-01", "amount": 50.0,
    }  # fmt: skip
    told = analyse("contribution", str(file), "--as-of", "2026-01-31")
    assert (told["contribution"], told["blocked_rows"]) == (150.0, 0)
    assert told["remarks"][0] == "1 line after 2026-01-31 is left out."


def test_rows_that_are_left_out_are_said(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    lines = ["customer_id,date,amount,cost", "A,2026-01-05,100,60", "B,2026-01-06,200,90"]
    file.write_text("\n".join([*lines, "C,2026-01-07,many,1"]), encoding="utf-8")
    told = analyse("contribution", str(file), "--accept-good")
    assert told["refused_rows"] == 1
    assert told["of_the_files"] == [
        "1 row of sales.csv is refused and left out; sales.refused.csv says why. Line 4: amount: "
        "'many' is no number."
    ]
    said = CliRunner().invoke(app, ["analyse", "contribution", str(file), "--accept-good"])
    assert "1 row of sales.csv is refused and left out" in said.output


def test_a_day_that_is_yet_to_come_is_said(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    lines = ["customer_id,date,amount,cost", "A,2026-01-05,100,60", "B,2074-01-06,200,90"]
    file.write_text("\n".join(lines), encoding="utf-8")
    (said,) = analyse("contribution", str(file))["of_the_files"]
    assert "1 day of date is yet to come, the last is 2074-01-06" in said


def test_what_is_too_large_for_an_amount_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("customer_id,date,amount,cost\nA,2026-01-05,1e17,1\nB,2026-01-05,9,1\n")
    with pytest.raises(IntakeError, match="1 of 2 rows"):
        analyse("contribution", str(file))
    assert "too large" in (tmp_path / "sales.refused.csv").read_text(encoding="utf-8-sig")


def test_a_file_of_somebody_s_own_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("customer_id,date,amount,cost\nA,2026-01-05,many,1\nB,2026-01-05,9,1\n")
    mine = tmp_path / "sales.refused.csv"
    mine.write_text("my own notes\n")
    with pytest.raises(IntakeError, match="holds something else"):
        analyse("contribution", str(file))
    assert mine.read_text() == "my own notes\n"


def test_headings_without_rows_are_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("customer_id,date,amount,cost\n")
    with pytest.raises(IntakeError, match="has headings and no rows"):
        analyse("contribution", str(file))


@pytest.mark.parametrize("stages", ["A,B,", "A,A,B"])
def test_stages_are_named_once_and_by_name(tmp_path: Path, stages: str) -> None:
    file = write(
        tmp_path, "1,A,2026-01-01", "1,won,2026-01-05", heading="opportunity_id,stage,entered_at"
    )
    with pytest.raises(ModelError, match="more than once, or says nothing"):
        analyse("funnel", file, "--stages", stages)


def test_a_target_beyond_all_numbers_makes_no_sense(tmp_path: Path) -> None:
    file = str(SAMPLE_DATA / "opportunities.csv")
    with pytest.raises(ModelError, match="makes no sense"):
        analyse("funnel", file, "--target", "inf")


def test_exposure_that_stands_there_twice_is_said(tmp_path: Path) -> None:
    left = tmp_path / "left.csv"
    left.write_text("period,units,orders\n2026-01,10,5\n2026-01,10,5\n2026-02,10,5\n")
    came = write(tmp_path, "1,2026-01-09", "2,2026-02-09", heading="complaint_id,received_at")
    told = analyse("complaints", came, "--exposure", str(left))
    assert any("1 row of what left us stands there twice" in note for note in told["notes"])


def test_orders_that_are_added_up_over_products_are_said_to_be(tmp_path: Path) -> None:
    left = tmp_path / "left.csv"
    left.write_text("period,product_id,units,orders\n2026-01,A,10,5\n2026-01,B,10,5\n")
    came = write(tmp_path, "1,2026-01-09", heading="complaint_id,received_at")
    told = analyse("complaints", came, "--exposure", str(left))
    assert (told["exposure"], told["denominators"][0]["added"]) == (10, True)
    assert any("Orders are added up over products" in note for note in told["notes"])
    left.write_text(left.read_text() + "2026-01,,20,8\n")
    told = analyse("complaints", came, "--exposure", str(left))
    assert (told["exposure"], told["denominators"][0]["added"]) == (8, False)
    assert not any("added up" in note for note in told["notes"])


def test_customers_tell_the_branch_of_a_complaint(tmp_path: Path) -> None:
    words = ["complaints", str(SAMPLE_DATA / "complaints.csv")]
    words += ["--exposure", str(SAMPLE_DATA / "exposure.csv")]
    assert analyse(*words)["by_branch"] == []
    words += ["--customers", str(SAMPLE_DATA / "customers.csv")]
    told = analyse(*words)
    assert [share["name"] for share in told["by_branch"]] == ["South", "East", "North"]
    assert sum(share["complaints"] for share in told["by_branch"]) == told["complaints"]
    said = CliRunner().invoke(app, ["analyse", *words]).output
    assert "Most complaints by branch: South 105, East 86, North 62." in said


def test_customers_without_a_branch_are_said_to_have_none(tmp_path: Path) -> None:
    customers = tmp_path / "customers.csv"
    customers.write_text("customer_id,name\nCU-001,Qiaotou Textile\n", encoding="utf-8")
    words = ["complaints", str(SAMPLE_DATA / "complaints.csv")]
    words += ["--exposure", str(SAMPLE_DATA / "exposure.csv"), "--customers", str(customers)]
    told = analyse(*words)
    assert told["by_branch"] == []
    assert told["of_the_files"] == [
        "customers.csv does not say which branch a customer belongs to; a column 'branch' would."
    ]


def test_the_value_says_on_which_terms(tmp_path: Path) -> None:
    file = tmp_path / "cdnow.csv"
    cdnow().to_csv(file, index=False)
    whole = analyse("value", str(file))
    part = analyse("value", str(file), "--margin", "0.25")
    terms = ("as_of", "years", "discount", "margin")
    assert [part[name] for name in terms] == ["1998-06-30", 1.0, 0.1, 0.25]
    assert part["clv"]["total"] == pytest.approx(whole["clv"]["total"] / 4)
