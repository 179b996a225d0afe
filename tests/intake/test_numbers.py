"""A number means what its file means by it; where that is not to be seen, nobody guesses."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from crmlab.errors import IntakeError
from crmlab.intake.frames import READ, frame_of


def sales(
    folder: Path, *rows: str, sign: str = ";", map_: str = "", heads: str = ""
) -> pd.DataFrame:
    """What is read of sales, each row an amount and a cost."""
    named = (heads or "amount;cost").replace(";", sign)
    lines = [sign.join((str(n), "03.04.2026", row)) for n, row in enumerate(rows)]
    file = folder / "sales.csv"
    file.write_text("\n".join([f"customer_id{sign}date{sign}{named}", *lines, ""]), "utf-8")
    map_file = folder / "m.yaml"
    map_file.write_text(f"kind: transactions\n{map_}\n", encoding="utf-8")
    return frame_of(file, "transactions", map_file=map_file if map_ else None)


# The sign before the fraction


@pytest.mark.parametrize(
    ("proof", "meant"),
    [
        ("500,50", 1234.0),
        ("1.003.100", 1234.0),
        ("1.234,00", 1234.0),
        ("0,500", 1234.0),
        ("1234,567", 1234.0),
        ("€ 12,5", 1234.0),
        ("12.5", 1.234),
        ("0.99", 1.234),
        ("1234.567", 1.234),
        ("1,234,567", 1.234),
        ("1,234.5", 1.234),
        ("1.5e3", 1.234),
    ],
)
def test_one_number_of_the_file_tells_how_all_are_read(
    tmp_path: Path, proof: str, meant: float
) -> None:
    assert list(sales(tmp_path, "1.234;500", f"7;{proof}")["amount"]) == [meant, 7]
    assert list(sales(tmp_path, f"{proof};500", "1.234;1")["amount"])[1] == meant


@pytest.mark.parametrize(
    ("text", "comma", "point"), [("1.234", "1234", "1.234"), ("12,500", "12.500", "12500")]
)
def test_where_no_number_tells_it_is_asked(
    tmp_path: Path, text: str, comma: str, point: str
) -> None:
    with pytest.raises(IntakeError) as told:
        sales(tmp_path, "7;500", f"{text};500")
    assert str(told.value) == (
        f"sales.csv: Its numbers can be read in two ways: '{text}' in amount (line 3) is {comma} "
        f"with a decimal comma and {point} with a decimal point, and no other number tells which. "
        "'decimal: \",\"' or 'decimal: \".\"' says it. Write it into a map, below a line 'kind: "
        "transactions', and give it with --map."
    )
    for sign, meant in ((",", comma), (".", point)):
        read = sales(tmp_path, "7;500", f"{text};500", map_=f"decimal: '{sign}'")
        assert read["amount"][1] == float(meant)


def test_the_proof_may_stand_at_the_end_of_a_long_file(tmp_path: Path) -> None:
    rows = ["1.234;500"] * 6000
    assert sales(tmp_path, *rows, "1;0,5")["amount"][0] == 1234
    with pytest.raises(IntakeError, match=r"'1\.234' in amount \(line 6002\)"):
        sales(tmp_path, *["7;500"] * 6000, "1.234;500")


def test_a_file_that_proves_both_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(
        IntakeError, match=r"'7,50' in amount \(line 2\) has a decimal comma, '7.5'"
    ):
        sales(tmp_path, "7,50;7.5", "1.234;1")
    with pytest.raises(IntakeError, match=r"1 of 3 rows .* cost: '7\.5' is no number"):
        sales(tmp_path, "7,50;7.5", "8,50;9,5", "1;1")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    numbers=st.lists(st.integers(0, 10**9).map(lambda n: n / 100), min_size=1, max_size=8),
    german=st.booleans(),
    grouped=st.booleans(),
)
def test_what_was_written_is_read_or_it_is_asked(
    tmp_path: Path, numbers: list[float], german: bool, grouped: bool
) -> None:
    def written(number: float) -> str:
        text = f"{number:,.2f}" if grouped else f"{number:.2f}"
        text = text.removesuffix(".00")
        return text.translate({44: 46, 46: 44}) if german else text

    try:
        read = sales(tmp_path, *(f"{written(number)};0" for number in numbers))
    except IntakeError as fault:
        assert "can be read in two ways" in str(fault)  # noqa: PT017
        assert all(number == int(number) for number in numbers)
    else:
        assert list(read["amount"]) == numbers


def test_numbers_of_a_workbook_are_what_they_are_beside_texts_that_are_not(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["customer_id", "date", "amount", "cost"])
    book.active.append(["A", datetime(2026, 4, 3), 1.234, "500,50"])
    book.active.append(["B", datetime(2026, 4, 3), 1000, "1.234"])
    book.save(tmp_path / "book.xlsx")
    read = frame_of(tmp_path / "book.xlsx", "transactions")
    assert (list(read["amount"]), list(read["cost"])) == ([1.234, 1000], [500.5, 1234])


def test_numbers_of_a_parquet_file_are_not_asked_about(tmp_path: Path) -> None:
    frame = pd.DataFrame({"customer_id": ["A"], "date": ["2026-04-03"], "amount": [1.234]})
    frame.to_parquet(tmp_path / "t.parquet")
    assert list(frame_of(tmp_path / "t.parquet", "transactions")["amount"]) == [1.234]


def test_wide_digits_and_amounts_below_zero_as_books_write_them(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=r"1 of 2 rows .* amount: -250 is below 0"):
        sales(tmp_path, "(250.00);1", "１２３;1")


# Currencies


def test_two_currencies_are_not_added_up(tmp_path: Path) -> None:
    with pytest.raises(
        IntakeError, match=r"in 2 currencies: EUR \('€100' in amount, line 2\), USD"
    ):
        sales(tmp_path, "€100;50", "$100;50")
    with pytest.raises(IntakeError, match=r"in 2 currencies: EUR .*, USD \('80 USD' in cost"):
        sales(tmp_path, "100 EUR;80 USD")
    assert not (tmp_path / "sales.refused.csv").exists()


def test_one_currency_becomes_that_of_its_rows(tmp_path: Path) -> None:
    read = sales(tmp_path, "€ 1.234,00;500,50 €", "2.500 €;500", "3100;600", "7 EUR;1")
    assert list(read["amount"]) == [1234, 2500, 3100, 7]
    assert list(read["currency"].fillna("")) == ["EUR", "EUR", "", "EUR"]
    assert "amounts in EUR" in read.attrs[READ]
    assert "currency" not in sales(tmp_path, "100;50")


@pytest.mark.parametrize("heading", ["Currency code", "Curr.", "Währung", "Waehrung", "货币"])
def test_a_column_of_currencies_is_known_and_holds(tmp_path: Path, heading: str) -> None:
    heads = f"amount;{heading}"
    read = sales(tmp_path, "$100;CAD", "€5;", "70;EUR", "7;euro", "8;€", "9;RMB", heads=heads)
    assert list(read["currency"]) == ["CAD", "EUR", "EUR", "EUR", "EUR", "CNY"]
    with pytest.raises(IntakeError, match="'€100' is in EUR, and its currency says USD"):
        sales(tmp_path, "€100;USD", heads=heads)
