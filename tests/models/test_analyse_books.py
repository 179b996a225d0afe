"""Whether the figures of `crmlab analyse` may be used: held against the books, month by month."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmlab.cli.app import app
from crmlab.errors import CrmlabError, IntakeError, ModelError
from crmlab.places import SAMPLE_DATA
from tests.models.cdnow import cdnow
from tests.models.test_analyse import analyse
from tests.models.test_analyse_files import put

SALES = str(SAMPLE_DATA / "transactions.csv")
INVOICES = str(SAMPLE_DATA / "invoices.csv")


def lines(*amounts: float) -> list[str]:
    """Sales to two customers, month by month."""
    return ["customer_id,date,amount,cost"] + [
        f"{who},2026-{month:02}-05,{amount / 2},1"
        for month, amount in enumerate(amounts, 1)
        for who in "AB"
    ]


def books(*amounts: float) -> list[str]:
    return ["period,amount", *(f"2026-{m:02},{amount}" for m, amount in enumerate(amounts, 1))]


@pytest.mark.parametrize("model", ["contribution", "value"])
def test_the_practice_company_s_sales_match_its_invoices(model: str) -> None:
    told = analyse(model, SALES, "--books", INVOICES)
    assert (told["usable"], told["usable_since"]) == (True, "2024-07")
    assert told["first_mismatch"] is None
    assert told["books"]["in_a_row"] == len(told["books"]["periods"]) == 24


def test_without_books_nobody_knows(tmp_path: Path) -> None:
    file = put(tmp_path / "sales.csv", *lines(100, 100, 100))
    told = analyse("contribution", file)
    keys = ("usable", "usable_since", "first_mismatch", "books")
    assert [told[key] for key in keys] == [None] * 4
    said = CliRunner().invoke(app, ["analyse", "contribution", file]).stdout
    assert "Whether these figures match the books is not known" in said


def test_the_first_month_that_does_not_match_is_told(tmp_path: Path) -> None:
    file = put(tmp_path / "sales.csv", *lines(100, 130.5, 100, 100, 100))
    kept = put(tmp_path / "books.csv", *books(100, 100, 100, 100, 100))
    told = analyse("contribution", file, "--books", kept)
    assert (told["usable"], told["usable_since"]) == (True, "2026-05")
    assert told["first_mismatch"] == {
        "period": "2026-02", "model": 130.5, "books": 100.0, "difference": 30.5,
    }  # fmt: skip
    said = CliRunner().invoke(app, ["analyse", "contribution", file, "--books", kept]).stdout
    rule = "The latest 3 months match the books. It takes 3 in a row, so the figures may be used since "
    assert f"{rule}May 2026." in said
    assert "not match is 2026-02: 130.50 here, 100.00 in the books, +30.50." in said


def test_a_month_that_only_the_books_have_does_not_match(tmp_path: Path) -> None:
    file = put(tmp_path / "sales.csv", *lines(100, 100, 100))
    kept = put(tmp_path / "books.csv", *books(100, 100, 100, 100))
    told = analyse("contribution", file, "--books", kept)
    assert (told["usable"], told["first_mismatch"]["model"]) == (False, None)
    told = analyse("contribution", file, "--books", kept, "--as-of", "2026-03-31")
    assert told["usable"]


def test_a_month_that_is_not_over_is_not_compared(tmp_path: Path) -> None:
    file = put(tmp_path / "sales.csv", *lines(100, 100, 100, 50))
    kept = put(tmp_path / "books.csv", *books(100, 100, 100, 100))
    told = analyse("contribution", file, "--books", kept, "--as-of", "2026-04-15")
    assert told["usable"]
    assert "2026-04 is not over by 2026-04-15, and is not compared." in told["books"]["says"]


@pytest.mark.parametrize(
    "way",
    ["2026-01", "2026/1", "202601", "01.2026", "1/2026", "2026年1月", "2026-01-31", "20260131"],
)
def test_a_month_of_the_books_is_read_however_it_is_written(tmp_path: Path, way: str) -> None:
    file = put(tmp_path / "sales.csv", *lines(100))
    kept = put(tmp_path / "books.csv", "period,amount", f"{way},110", f"{way},-10")
    (period,) = analyse("contribution", file, "--books", kept)["books"]["periods"]
    assert (period["period"], period["books"], period["matches"]) == ("2026-01", 100, True)


@pytest.mark.parametrize("way", ["May", "2026-13", "31.13.26", "2026"])
def test_what_is_no_month_is_told(tmp_path: Path, way: str) -> None:
    file = put(tmp_path / "sales.csv", *lines(100))
    with pytest.raises(IntakeError, match=rf"b\.csv .* Line 2: period: '{way}' is no month"):
        analyse(
            "contribution", file, "--books", put(tmp_path / "b.csv", "period,amount", f"{way},1")
        )


def test_credit_notes_among_the_invoices_are_in_the_books(tmp_path: Path) -> None:
    file = put(tmp_path / "sales.csv", *lines(100))
    bills = put(
        tmp_path / "bills.csv", "invoice_id,customer_id,amount,invoiced_at",
        "1,A,120,2026-01-03", "2,A,-20,2026-01-30",
    )  # fmt: skip
    (period,) = analyse("contribution", file, "--books", bills)["books"]["periods"]
    assert period["matches"]


HEADING = "opportunity_id,stage,created_at,closed_at,amount,outcome"
WON = [f"{m},A,2026-01-01,2026-0{m}-20,{100 * m},won" for m in (1, 2, 3)]
LOST = "9,A,2026-01-01,2026-02-01,999,lost"


def test_what_a_funnel_has_won_is_held_against_the_books(tmp_path: Path) -> None:
    deals = put(tmp_path / "deals.csv", HEADING, *WON, LOST)
    kept = put(tmp_path / "books.csv", *books(100, 200, 300))
    told = analyse("funnel", deals, "--stages", "A", "--books", kept)
    assert (told["usable"], told["usable_since"]) == (True, "2026-03")
    no_day = put(tmp_path / "no_day.csv", HEADING, *WON, LOST, "8,A,2026-01-01,,50,won")
    told = analyse("funnel", no_day, "--stages", "A", "--books", kept)
    assert "1 record has no day, and is in no month that was compared." in told["books"]["says"]


def test_what_stage_events_say_was_won_is_held_against_the_books(tmp_path: Path) -> None:
    rows = [f"{m},A,2026-01-01,{100 * m}\n{m},won,2026-0{m}-20,{100 * m}" for m in (1, 2, 3)]
    rows += ["9,A,2026-01-01,999", "9,lost,2026-02-01,999"]
    events = put(tmp_path / "events.csv", "opportunity_id,stage,entered_at,amount", *rows)
    kept = put(tmp_path / "books.csv", *books(100, 200, 350))
    told = analyse("funnel", events, "--stages", "A", "--books", kept)
    assert (told["usable"], told["first_mismatch"]["difference"]) == (False, -50)


def test_a_funnel_in_another_currency_than_its_books_is_refused(tmp_path: Path) -> None:
    rows = [f"{row},CNY" for row in (*WON, LOST)]
    deals = put(tmp_path / "deals.csv", f"{HEADING},currency", *rows)
    kept = put(tmp_path / "books.csv", "period,amount,currency", "2026-01,100,EUR")
    with pytest.raises(ModelError, match="2 currencies"):
        analyse("funnel", deals, "--stages", "A", "--books", kept)


def test_complaints_are_held_against_another_register_by_their_number(tmp_path: Path) -> None:
    rows = ["1,2026-01-09", "2,2026-01-20", "3,2026-02-02", "4,2026-03-03"]
    came = put(tmp_path / "came.csv", "complaint_id,received_at", *rows)
    left = put(tmp_path / "left.csv", "period,units", "2026-01,9", "2026-02,9", "2026-03,9")
    kept = put(tmp_path / "books.csv", *books(2, 1, 1))
    told = analyse("complaints", came, "--exposure", left, "--books", kept)
    assert (told["usable"], told["books"]["in_a_row"]) == (True, 3)
    other = put(tmp_path / "other.csv", *books(2, 1, 2))
    told = analyse("complaints", came, "--exposure", left, "--books", other)
    assert (told["usable"], told["first_mismatch"]["period"]) == (False, "2026-03")
    money = put(tmp_path / "money.csv", "period,amount,currency", "2026-01,2,CNY")
    with pytest.raises(CrmlabError, match=r"money.csv has a currency, so it tells money"):
        analyse("complaints", came, "--exposure", left, "--books", money)
    with pytest.raises(IntakeError, match="known as period"):
        analyse("complaints", came, "--exposure", left, "--books", INVOICES)


def test_cdnow_against_books_that_lack_a_row(tmp_path: Path) -> None:
    bought = cdnow()
    file = tmp_path / "cdnow.csv"
    bought.to_csv(file, index=False)
    month = bought["date"].astype(str).str.slice(0, 7)
    kept = bought.assign(period=month)[["period", "amount"]].iloc[1:]
    kept.to_csv(tmp_path / "books.csv", index=False)
    told = analyse("value", str(file), "--books", str(tmp_path / "books.csv"))
    assert told["usable"]
    assert told["books"]["share_matching"] == 1, "one of many is within half a per cent"
