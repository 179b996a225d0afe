"""What no row is wrong by, and a figure would be: ids that match nobody's, and rows twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from crmlab.errors import IntakeError, ModelError
from crmlab.places import SAMPLE_DATA
from tests.models.cdnow import cdnow
from tests.models.test_analyse import analyse
from tests.models.test_analyse_files import SALES, put

WHO = [f"0{n:03}" for n in range(40)]


def complaints(folder: Path, *, zeros: bool) -> str:
    rows = [
        f"{n},2026-01-{10 + n % 9},2026-01-05,{who if zeros else who.lstrip('0') or '0'},50"
        for n, who in enumerate(WHO)
    ]
    heading = "complaint_id,received_at,shipped_at,customer_id,remedy_cost"
    return put(folder / "complaints.csv", heading, *rows)


def customers(folder: Path, ids: list[str]) -> list[str]:
    file = put(
        folder / "customers.csv", "customer_id,name,branch", *(f"{who},N,East" for who in ids)
    )
    left = put(folder / "left.csv", "period,units,orders", "2026-01,1000,100")
    return ["--exposure", left, "--customers", file]


def test_customers_that_match_nobody_are_said_with_a_hint_at_zeros(tmp_path: Path) -> None:
    files = customers(tmp_path, WHO)
    matching = analyse("complaints", complaints(tmp_path, zeros=True), *files)
    assert matching["of_the_files"] == []
    assert [share["name"] for share in matching["by_branch"]] == ["East"]
    (said,) = analyse("complaints", complaints(tmp_path, zeros=False), *files)["of_the_files"]
    assert "0 of 40 rows of complaints.csv name a customer of customers.csv." in said
    assert "Without leading zeros it would be 40" in said


def test_customers_of_another_file_are_said_without_that_hint(tmp_path: Path) -> None:
    files = customers(tmp_path, [f"X{n}" for n in range(40)])
    (said,) = analyse("complaints", complaints(tmp_path, zeros=True), *files)["of_the_files"]
    assert said.endswith("Are the ids written alike in both, and are they the right files?")


def test_complaints_of_nobody_have_no_branch_and_that_is_said(tmp_path: Path) -> None:
    file = put(tmp_path / "complaints.csv", "complaint_id,received_at", "1,2026-01-09")
    (said,) = analyse("complaints", file, *customers(tmp_path, WHO))["of_the_files"]
    assert said.startswith("complaints.csv does not say who complains")


def test_some_customers_that_are_not_there_are_nothing_odd(tmp_path: Path) -> None:
    files = customers(tmp_path, WHO[:25])
    assert analyse("complaints", complaints(tmp_path, zeros=True), *files)["of_the_files"] == []


def test_further_files_of_a_contribution_that_match_nobody_are_said(tmp_path: Path) -> None:
    sales = put(tmp_path / "sales.csv", *SALES)
    other = {
        "--complaints": complaints(tmp_path, zeros=True),
        "--contacts": put(tmp_path / "visits.csv", "customer_id,at", "a,2026-01-05"),
        "--invoices": put(
            tmp_path / "invoices.csv",
            "invoice_id,customer_id,amount,invoiced_at,settled_at",
            "1,00A,100,2026-01-05,2026-02-05",
        ),
    }
    given = [word for pair in other.items() for word in pair]
    told = analyse("contribution", sales, *given, "--contact-price", "20")["of_the_files"]
    assert [said.partition(" name")[0] for said in told] == [
        "0 of 40 rows of complaints.csv",
        "0 of 1 row of invoices.csv",
        "0 of 1 row of visits.csv",
    ]
    assert [("Without leading zeros it would be 1:" in said) for said in told] == [
        False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("model", ["contribution", "value"])
def test_a_file_that_was_pasted_twice_is_said(tmp_path: Path, model: str) -> None:
    rows = pd.read_csv(SAMPLE_DATA / "transactions.csv").drop(columns=["order_id", "line_id"])
    once, twice = tmp_path / "once.csv", tmp_path / "twice.csv"
    rows.to_csv(once, index=False)
    pd.concat([rows, rows]).to_csv(twice, index=False)
    assert analyse(model, str(once))["of_the_files"] == []
    (said,) = analyse(model, str(twice))["of_the_files"]
    assert "of 17,848 rows of twice.csv repeat another row in every column" in said
    assert "(50%)" in said


def test_the_published_purchases_repeat_by_chance_alone(tmp_path: Path) -> None:
    cdnow().to_csv(tmp_path / "cdnow.csv", index=False)
    assert analyse("value", str(tmp_path / "cdnow.csv"))["of_the_files"] == []


def test_a_line_that_comes_twice_is_refused_by_its_number(tmp_path: Path) -> None:
    lines = [f"{SALES[0]},line_id", *(f"{row},{n}" for n, row in enumerate(SALES[1:]))]
    file = put(tmp_path / "sales.csv", *lines, f"{SALES[1]},0")
    with pytest.raises(IntakeError, match="1 of 9 rows"):
        analyse("contribution", file)
    refused = (tmp_path / "sales.refused.csv").read_text("utf-8-sig")
    assert "The same line_id stands in line 2 already." in refused
    told = analyse("contribution", file, "--accept-good")
    assert (
        told["contribution"]
        == analyse("contribution", put(tmp_path / "s.csv", *SALES))["contribution"]
    )


def test_lines_may_be_numbered_anew_in_each_order_or_not_at_all(tmp_path: Path) -> None:
    told = [
        f"{row},{'' if n > 5 else n // 2},{'' if n > 3 else n % 2}"
        for n, row in enumerate(SALES[1:])
    ]
    file = put(tmp_path / "sales.csv", f"{SALES[0]},order_id,line_id", *told)
    assert analyse("contribution", file)["refused_rows"] == 0


@pytest.mark.parametrize("model", ["contribution", "value"])
def test_two_currencies_are_named_with_their_file(tmp_path: Path, model: str) -> None:
    rows = [f"{row},{('EUR', 'USD')[n % 2]}" for n, row in enumerate(SALES[1:])]
    file = put(tmp_path / "sales.csv", f"{SALES[0]},currency", *rows)
    with pytest.raises(ModelError, match=r"sales.csv: The sums are in 2 currencies \(EUR, USD\)"):
        analyse(model, file)
