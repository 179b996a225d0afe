"""What `crmlab analyse` says in sentences, as it is read on a screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmlab.cli.app import app
from crmlab.places import SAMPLE_DATA
from tests.models.test_analyse import analyse
from tests.models.test_analyse_files import SALES, put

HEADING = "complaint_id,received_at,shipped_at,product_id"


def said(*words: str) -> str:
    told = CliRunner().invoke(app, ["analyse", *words])
    assert told.exit_code == 0, told.output
    return told.stdout


def complaints(folder: Path, **of_products: int) -> str:
    products = [name for name, number in of_products.items() for _one in range(number)]
    rows = [
        f"{n},2026-0{1 + n % 2}-20,2026-0{1 + n % 2}-10,{name}" for n, name in enumerate(products)
    ]
    return put(folder / "complaints.csv", HEADING, *rows)


def left(folder: Path, *rows: str) -> list[str]:
    months = [f"2026-0{month},{row}" for month in (1, 2) for row in rows]
    heading = "period,product_id,units,orders,customers"
    return ["--exposure", put(folder / "left.csv", heading, *months)]


def test_who_carries_the_company_and_who_costs_is_told(tmp_path: Path) -> None:
    lines = [f"L{n:02},2026-01-05,100,{101 + n}" for n in range(13)]
    lines += [f"W{n:02},2026-01-05,{1000 - n},100" for n in range(12)]
    file = put(tmp_path / "sales.csv", SALES[0], *lines)
    told, text = analyse("contribution", file), said("contribution", file)
    assert (told["loss_making"], len(told["most_costly"])) == (13, 10)
    assert "  and 3 more\n" in text
    assert (
        f"The best fifth of the customers bring {told['share_top_20_percent']:.0%} of it." in text
    )
    a, b, c = told["abc"].values()
    assert f"{a} customers bring the first 80% (A), {b} the next 15 (B), {c} the rest (C)." in text
    winners = sum(900 - n for n in range(12))
    assert f"there would be {winners:,}, {told['whale_peak_percent']:.1f}% of what there is" in text


def test_where_nobody_costs_more_no_peak_is_told_and_nobody_is_left_unsaid(tmp_path: Path) -> None:
    text = said("contribution", put(tmp_path / "sales.csv", *SALES))
    assert "whale" not in text
    assert "more\n" not in text
    assert "  Sales: " in text, "nobody has said anything of a discount"
    company = said("contribution", str(SAMPLE_DATA / "transactions.csv"))
    assert "  Sales, discounts already off: " in company


@pytest.mark.parametrize(
    ("row", "sentences"),
    [
        ("P1,100,10,9", ["1,100.00 for 1,000 orders", "for 1,000,000 units: 110,000.00."]),
        ("P1,9000000,900000,80000", ["0.01222 for 1,000 orders", "one customer: 0.0001375."]),
    ],
)
def test_rates_are_written_out(tmp_path: Path, row: str, sentences: list[str]) -> None:
    text = said("complaints", complaints(tmp_path, P1=22), *left(tmp_path, row))
    for sentence in sentences:
        assert sentence in text
    assert "e+" not in text
    assert "e-" not in text.replace("e-mail", "")


def test_the_highest_rate_of_a_product_is_told_beside_the_most_complaints(tmp_path: Path) -> None:
    rows = ("P1,9000,900,90", "P2,1000,100,10", "P3,10,1,1")
    text = said("complaints", complaints(tmp_path, P1=20, P2=12, P3=2), *left(tmp_path, *rows))
    assert "Most complaints by product: P1 20, P2 12, P3 2." in text
    assert "The highest rate by product: P2, 60.00 for 1,000 orders (12 complaints)." in text
    text = said("complaints", complaints(tmp_path, P1=20, P2=2, P3=2), *left(tmp_path, *rows))
    assert "highest rate" not in text, "two complaints are luck"


def test_why_there_is_no_rate_by_units_is_told(tmp_path: Path) -> None:
    rows = ("P1,11,60,40", "P2,11,60,40", ",20,100,70")
    text = said("complaints", complaints(tmp_path, P1=7, P2=5), *left(tmp_path, *rows))
    assert "There is no rate for 1,000,000 units: In 2026-01 20 units left us by the row" in text
    assert "60.00 for 1,000 orders" in text
