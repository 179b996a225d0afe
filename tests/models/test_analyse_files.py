"""`crmlab analyse` with a map for each file, with sheets, and with second files that are none."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from crmlab.cli.app import app
from crmlab.errors import CrmlabError, IntakeError, ModelError
from tests.models.test_analyse import analyse

SALES = ["customer_id,date,amount,cost"] + [
    f"{'AB'[n % 2]},2026-0{1 + n // 2}-05,{100 + n},60" for n in range(8)
]


@pytest.fixture
def sales(tmp_path: Path) -> str:
    return put(tmp_path / "sales.csv", *SALES)


def put(file: Path, *lines: str) -> str:
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return str(file)


def a_map(folder: Path, kind: str, *rest: str, **columns: str) -> list[str]:
    lines = [f"  {name}: {heading}" for name, heading in columns.items()]
    file = put(folder / f"{kind}.yaml", f"kind: {kind}", *rest, "columns:", *lines)
    return ["--map", file]


COMPLAINTS = ("Nr,Eingang", "1,2026-01-09", "2,2026-02-09", "3,2026-02-11")
OPPORTUNITIES = (
    "opportunity_id,stage,created_at,closed_at,amount,outcome",
    "1,A,2026-01-01,2026-01-09,10,won",
    "2,A,2026-01-01,2026-01-05,10,lost",
)


def test_a_map_for_the_complaints_and_one_for_what_left_us(tmp_path: Path) -> None:
    came = put(tmp_path / "came.csv", *COMPLAINTS)
    left = put(tmp_path / "left.csv", "Wann,Was,Zahl", "2026-01,10,5", "2026-02,10,5")
    files = (came, "--exposure", left)
    ours = a_map(tmp_path, "complaints", complaint_id="Nr", received_at="Eingang")
    with pytest.raises(IntakeError, match=r"left.csv: No heading .* need.*for complaints\.\)"):
        analyse("complaints", *files, *ours)
    theirs = a_map(tmp_path, "exposure", period="Wann", units="Was", orders="Zahl")
    told = analyse("complaints", *files, *ours, *theirs)
    assert (told["complaints"], told["exposure"]) == (3, 10)


def test_a_map_for_stage_events_beside_opportunities(tmp_path: Path) -> None:
    deals = put(tmp_path / "deals.csv", *OPPORTUNITIES)
    events = put(
        tmp_path / "events.csv", "Nr,Schritt,Tag", "1,A,2026-01-01", "1,won,2026-01-09",
        "2,A,2026-01-01", "2,lost,2026-01-05",
    )  # fmt: skip
    names = {"opportunity_id": "Nr", "stage": "Schritt", "entered_at": "Tag"}
    told = analyse(
        "funnel", deals, "--events", events, "--stages", "A", *a_map(tmp_path, "stages", **names)
    )
    assert told["stages"][0]["median_days"] == 8


def test_events_that_end_in_the_words_of_another_system(tmp_path: Path) -> None:
    events = put(
        tmp_path / "events.csv", "Deal ID,Deal Stage,Date", "1,A,2026-01-01",
        "1,Closed Won,2026-01-09", "2,A,2026-01-01", "2,verloren,2026-01-05", "3,A,2026-01-02",
    )  # fmt: skip
    told = analyse("funnel", events, "--stages", "A")
    assert (told["win_rate"], told["stages"][0]["entered"]) == (0.5, 3)


def test_a_map_for_each_file_of_costs_and_for_the_books(tmp_path: Path, sales: str) -> None:
    came = put(tmp_path / "came.csv", "Nr,Kunde,Eingang,Kosten", "1,A,2026-01-09,7")
    bill = put(tmp_path / "bill.csv", "Nr,Kunde,Summe,Vom,Bezahlt", "1,A,365,2026-01-01,2026-01-11")
    paid = put(tmp_path / "paid.csv", "Zu,Betrag,Am", "1,365,2026-01-11")
    talk = put(tmp_path / "talk.csv", "Wer,Wie", "A,Besuch", "B,Anruf")
    books = put(tmp_path / "books.csv", "Monat,Erlös", "2026-01,201", "2026-02,205")
    told = analyse(
        "contribution", sales, "--complaints", came, "--invoices", bill, "--payments", paid,
        "--contacts", talk, "--contact-price", "Besuch=50", "--contact-price", "3",
        "--interest", "0.1", "--books", books,
        *a_map(tmp_path, "complaints", complaint_id="Nr", customer_id="Kunde",
               received_at="Eingang", remedy_cost="Kosten"),
        *a_map(tmp_path, "invoices", invoice_id="Nr", customer_id="Kunde", amount="Summe",
               invoiced_at="Vom"),
        *a_map(tmp_path, "payments", invoice_id="Zu", amount="Betrag", paid_at="Am"),
        *a_map(tmp_path, "contacts", customer_id="Wer", channel="Wie"),
        *a_map(tmp_path, "books", period="Monat", amount="Erlös"),
    )  # fmt: skip
    assert told["parts"]["complaint_cost"] == -7
    assert told["parts"]["effort"] == -53
    assert told["parts"]["credit_cost"] == -1.0, "365 for ten days at 10 % a year"
    assert told["rates"]["contact_price"] == {"Besuch": 50, "Anruf": 3}
    assert told["contribution"] == told["revenue"] - 8 * 60 - 7 - 53 - 1
    assert told["books"]["periods"][0]["matches"]


def test_two_maps_for_one_kind_and_a_map_for_nothing(tmp_path: Path, sales: str) -> None:
    one = a_map(tmp_path, "transactions", customer_id="customer_id", date="date", amount="amount")
    (tmp_path / "more").mkdir()
    other = a_map(tmp_path / "more", "transactions", customer_id="a", date="b", amount="c")
    with pytest.raises(CrmlabError, match="are both maps for transactions"):
        analyse("value", sales, *one, *other)
    names = {"invoice_id": "a", "amount": "b", "paid_at": "c"}
    told = analyse("contribution", sales, *a_map(tmp_path, "payments", **names))
    assert told["of_the_files"] == [
        "The map payments.yaml is for payments, and no such file was given."
    ]
    with pytest.raises(IntakeError, match="no kind of data 'cats'"):
        analyse("value", sales, *a_map(tmp_path, "cats", a="b"))


# Workbooks


@pytest.fixture
def workbook(tmp_path: Path) -> str:
    book = Workbook()
    book.active.title = "说明"  # type: ignore[union-attr]
    book.active.append(["本文件", "说明"])  # type: ignore[union-attr]
    sheet = book.create_sheet("销售")
    sheet.append(["客户编号", "日期", "金额", "成本"])
    for n in range(8):
        sheet.append(["甲乙"[n % 2], datetime(2026, 1 + n // 2, 5), 100 + n, 60])
    sheet = book.create_sheet("账")
    sheet.append(["月份", "金额"])
    for month in range(4):
        sheet.append([datetime(2026, 1 + month, 1), 201 + 4 * month])
    book.save(tmp_path / "book.xlsx")
    return str(tmp_path / "book.xlsx")


def test_the_sheet_that_was_read_is_said_and_those_that_were_not(workbook: str) -> None:
    told = analyse("contribution", workbook, "--sheet", "销售")
    assert told["customers"] == 2
    assert told["of_the_files"] == [
        "Of book.xlsx the sheet '销售' was read, and not '说明', '账'; --sheet, or a line 'sheet:' "
        "in its map, names another."
    ]
    with pytest.raises(IntakeError, match="no sheet 'Sales'; it has: 说明, 销售, 账"):
        analyse("contribution", workbook, "--sheet", "Sales")
    with pytest.raises(IntakeError, match="This is the sheet '说明', and there are '销售', '账'"):
        analyse("contribution", workbook)


def test_a_map_names_the_sheet_of_each_file(tmp_path: Path, workbook: str) -> None:
    ours = put(tmp_path / "ours.yaml", "kind: transactions", "sheet: 销售")
    theirs = put(tmp_path / "theirs.yaml", "kind: books", "sheet: 账")
    told = analyse("contribution", workbook, "--books", workbook, "--map", ours, "--map", theirs)
    assert (told["usable"], told["usable_since"]) == (True, "2026-03")
    assert len(told["of_the_files"]) == 2


def test_each_sheet_has_its_own_list_of_refused_rows(tmp_path: Path) -> None:
    book = Workbook()
    for name, rows in {
        "sales": [["customer_id", "date", "amount", "cost"], ["A", "2026-01-05", 9, 1],
                  ["B", "2026-01-05", 9, 1], ["B", "2026-02-31", 9, 1]],
        "books": [["period", "amount"], ["2026-01", 18], ["2026-02", "much"]],
    }.items():  # fmt: skip
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    file = tmp_path / "book.xlsx"
    book.save(file)
    theirs = put(tmp_path / "theirs.yaml", "kind: books", "sheet: books")
    told = analyse(
        "contribution", str(file), "--books", str(file), "--map", theirs, "--accept-good"
    )
    assert told["refused_rows"] == 2
    assert "2026-02-31" in (tmp_path / "book.sales.refused.csv").read_text("utf-8-sig")
    assert "much" in (tmp_path / "book.books.refused.csv").read_text("utf-8-sig")


# Second files that are none


SECOND = {
    "books": "contribution",
    "complaints": "contribution",
    "invoices": "contribution",
    "contacts": "contribution",
    "exposure": "complaints",
    "events": "funnel",
}


@pytest.mark.parametrize("option", SECOND)
def test_a_second_file_that_is_none_is_one_sentence(
    tmp_path: Path, sales: str, option: str
) -> None:
    first = {
        "contribution": sales,
        "complaints": put(tmp_path / "c.csv", "complaint_id,received_at", "1,2026-01-09"),
        "funnel": put(tmp_path / "o.csv", *OPPORTUNITIES),
    }[SECOND[option]]
    price = ["--contact-price", "1"] if option == "contacts" else []
    empty, other = put(tmp_path / "empty.csv"), put(tmp_path / "other.csv", "a,b", "1,2")
    for file, sentence in (
        (str(tmp_path / "none.csv"), r"There is no file .*none.csv"),
        (str(tmp_path), "is a folder; name the file in it"),
        (empty, "empty.csv is empty"),
        (other, "other.csv: No heading of the file is known as"),
    ):
        with pytest.raises(IntakeError, match=sentence):
            analyse(SECOND[option], first, f"--{option}", file, *price)


def test_a_file_is_not_held_against_itself(tmp_path: Path) -> None:
    both = put(
        tmp_path / "both.csv", "customer_id,date,amount,cost,month",
        "A,2026-01-05,9,1,2026-01", "B,2026-01-05,9,1,2026-01",
    )  # fmt: skip
    with pytest.raises(CrmlabError, match=r"both.csv is given twice, as transactions and as books"):
        analyse("contribution", both, "--books", both)


def test_invoices_are_what_credit_costs_and_books_at_once(tmp_path: Path, sales: str) -> None:
    bills = put(
        tmp_path / "bills.csv", "invoice_id,customer_id,amount,invoiced_at,settled_at",
        *(f"{n},{line.split(',')[0]},{line.split(',')[2]},{line.split(',')[1]},"
          for n, line in enumerate(SALES[1:])),
    )  # fmt: skip
    told = analyse("contribution", sales, "--invoices", bills, "--books", bills)
    assert told["usable"]
    assert told["parts"]["credit_cost"] < 0


@pytest.mark.parametrize("option", ["complaints", "invoices", "books"])
def test_a_second_file_in_another_currency_is_refused(tmp_path: Path, option: str) -> None:
    ours = put(tmp_path / "ours.csv", f"{SALES[0]},currency", *(f"{x},CNY" for x in SALES[1:]))
    theirs = {
        "complaints": ("complaint_id,customer_id,received_at,remedy_cost", "1,A,2026-01-09,5"),
        "invoices": ("invoice_id,customer_id,amount,invoiced_at,settled_at", "1,A,5,2026-01-09,"),
        "books": ("period,amount", "2026-01,5"),
    }[option]
    file = put(tmp_path / "theirs.csv", f"{theirs[0]},currency", f"{theirs[1]},EUR")
    with pytest.raises(ModelError, match=r"2 currencies \(CNY, EUR\)"):
        analyse("contribution", ours, f"--{option}", file)


def test_a_time_zone_in_a_second_file_is_said(tmp_path: Path, sales: str) -> None:
    bills = pd.DataFrame(
        {
            "invoice_id": ["1", "2"],
            "customer_id": ["A", "B"],
            "amount": [9.0, 9.0],
            "invoiced_at": pd.to_datetime(["2026-01-31 20:00"] * 2, utc=True),
        }
    )
    bills.to_parquet(tmp_path / "bills.parquet")
    told = analyse("contribution", sales, "--books", str(tmp_path / "bills.parquet"))
    assert told["books"]["periods"][1]["books"] == 18, "it was February in the office"
    (said,) = told["of_the_files"]
    assert said.startswith("bills.parquet, invoiced_at: 2 moments name a time zone (+00:00).")


def test_a_file_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    file = put(
        tmp_path / "umsatz.csv", "Kunde;Datum;Umsatz;Einstand", "A;31.01.2026;1.200,50;600,25",
        "B;01.02.2026;99,90;", "B;02.02.2026;10,00;4,00",
    )  # fmt: skip
    names = {"customer_id": "Kunde", "date": "Datum", "amount": "Umsatz", "cost": "Einstand"}
    told = analyse("contribution", file, *a_map(tmp_path, "transactions", **names))
    assert (told["revenue"], told["contribution"]) == (1310.4, 606.25)
    said = CliRunner().invoke(
        app, ["analyse", "contribution", file, *a_map(tmp_path, "transactions", **names)]
    )
    assert "1 line has no cost and is left out" in said.stdout


# How a file was read


def test_how_each_file_was_read_is_said(tmp_path: Path) -> None:
    file = put(
        tmp_path / "umsatz.csv", "Umsätze 2026", "Kunde;Datum;Umsatz;Wareneinsatz;Filiale",
        "A;31.01.2026;1.200;600,25;N", "B;01.02.2026;99,90;4;S",
    )  # fmt: skip
    books = put(tmp_path / "books.csv", "Monat;Betrag", "01/2026;1.200", "02/2026;99,90")
    told = analyse("contribution", file, "--books", books)
    assert (told["revenue"], told["books"]["periods"][0]["matches"]) == (1299.9, True)
    assert told["read"] == [
        "umsatz.csv: decimal comma, days as day.month.year, headings in line 2; not used: Filiale",
        "books.csv: decimal comma",
    ]
    assert told["of_the_files"] == []
    said = CliRunner().invoke(app, ["analyse", "contribution", file, "--books", books])
    assert all(line in said.stdout for line in told["read"])


def test_months_of_what_left_us_in_other_forms(tmp_path: Path) -> None:
    came = put(tmp_path / "came.csv", "complaint_id,received_at", "1,2026-01-09", "2,2026-02-09")
    left = put(tmp_path / "left.csv", "Monat;Menge;Aufträge", "01/2026;10;5", "Feb 2026;10;5")
    told = analyse("complaints", came, "--exposure", left)
    assert [month["period"] for month in told["periods"]] == ["2026-01", "2026-02"]
    left = put(tmp_path / "left.csv", "Monat;Menge;Aufträge", "01/2026;10;5", "Q1;10;5")
    with pytest.raises(
        IntakeError, match=r"of left.csv is refused; .* Line 3: period: 'Q1' is no m"
    ):
        analyse("complaints", came, "--exposure", left)


def test_a_sentence_about_other_maps_does_not_spoil_the_map_that_is_offered(tmp_path: Path) -> None:
    came = put(tmp_path / "came.csv", *COMPLAINTS)
    left = put(tmp_path / "left.csv", "Wann,Menge", "2026-01,10")
    ours = a_map(tmp_path, "complaints", complaint_id="Nr", received_at="Eingang")
    with pytest.raises(IntakeError) as told:
        analyse("complaints", came, "--exposure", left, *ours)
    assert str(told.value).endswith(
        "(The map that was given is for complaints.)\n"
        "kind: exposure\ncolumns:\n  period: HEADING\n  units: Menge"
    )
