"""`crmlab analyse contribution` with all that the model takes: the figures of lesson 31."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmlab.cli.app import app
from crmlab.errors import CrmlabError, IntakeError, ModelError
from crmlab.places import SAMPLE_DATA
from crmlab.widgets.analysis.contribution import company_contribution
from tests.models.test_analyse import analyse
from tests.models.test_analyse_files import SALES, put

COMPANY = {
    name: str(SAMPLE_DATA / f"{name}.csv")
    for name in ("transactions", "complaints", "invoices", "payments", "interactions")
}
ALL_BUT_CONTACTS = [
    "contribution", COMPANY["transactions"], "--complaints", COMPANY["complaints"],
    "--invoices", COMPANY["invoices"], "--payments", COMPANY["payments"], "--remedies-in-service",
]  # fmt: skip


def test_the_practice_company_has_the_figures_of_lesson_31_to_the_cent() -> None:
    told, found = analyse(*ALL_BUT_CONTACTS), company_contribution()
    assert told["contribution"] == found.contribution
    assert told["parts"] == {**found.parts.steps(), "effort": None}
    assert told["discount"] == found.parts.discount
    assert told["most_costly"]["CU-095"] == found.each.loc["CU-095", "contribution"]
    assert round(told["most_costly"]["CU-095"]) == -651_427
    assert (told["loss_making"], told["abc"]) == (found.loss_making, found.abc)
    assert told["unknown"] == ["effort"]
    assert not any("--remedies-in-service" in remark for remark in told["remarks"])


def test_what_nobody_gave_is_null_and_named(tmp_path: Path) -> None:
    file = put(tmp_path / "sales.csv", *SALES)
    told = analyse("contribution", file)
    unknown = ["complaint_cost", "service_cost", "effort", "credit_cost"]
    assert [told["parts"][name] for name in unknown] == [None] * 4
    assert told["discount"] is None
    assert told["unknown"] == [*unknown, "discount"]
    assert sum(sum_ or 0 for sum_ in told["parts"].values()) == told["contribution"]
    assert told["rates"] == dict.fromkeys(("interest", "contact_price", "remedies_in_service"))
    (said,) = told["remarks"]
    for option in ("--complaints", "--contacts", "--invoices", "service_cost", "discount"):
        assert option in said
    assert "Credit: not known" in CliRunner().invoke(app, ["analyse", "contribution", file]).stdout


def test_what_was_given_and_is_nothing_is_nothing(tmp_path: Path) -> None:
    rows = [f"{SALES[0]},service_cost,discount", *(f"{row},0,0" for row in SALES[1:])]
    came = put(
        tmp_path / "c.csv", "complaint_id,customer_id,received_at,remedy_cost", "1,A,2026-01-01,0"
    )
    told = analyse("contribution", put(tmp_path / "sales.csv", *rows), "--complaints", came)
    assert (told["parts"]["complaint_cost"], told["parts"]["service_cost"]) == (0, 0)
    assert told["discount"] == 0
    assert told["unknown"] == ["effort", "credit_cost"]
    assert any("say so with --remedies-in-service" in remark for remark in told["remarks"])


def test_contacts_are_priced_by_channel_and_those_without_a_price_are_said() -> None:
    contacts = ["--contacts", COMPANY["interactions"]]
    told = analyse(
        "contribution", COMPANY["transactions"], *contacts, "--contact-price", "visit=300"
    )
    assert told["parts"]["effort"] < 0
    assert told["parts"]["effort"] % 300 == 0
    (said,) = [remark for remark in told["remarks"] if "no price" in remark]
    assert said.startswith("9,521 contacts have no price and count nothing (")
    visits = -told["parts"]["effort"]
    both = analyse(
        "contribution", COMPANY["transactions"], *contacts, "--contact-price", "visit=300",
        "--contact-price", "0",
    )  # fmt: skip
    assert both["parts"]["effort"] == -visits
    assert not any("no price" in remark for remark in both["remarks"])


def test_contacts_without_a_channel_have_one_price(tmp_path: Path) -> None:
    talk = put(tmp_path / "talk.csv", "customer_id,at", "A,2026-01-01", "A,2026-06-01")
    file = put(tmp_path / "sales.csv", *SALES)
    told = analyse("contribution", file, "--contacts", talk, "--contact-price", "20")
    assert told["parts"]["effort"] == -40
    told = analyse(
        "contribution", file, "--contacts", talk, "--contact-price", "20", "--as-of", "2026-04-30"
    )
    assert told["parts"]["effort"] == -20, "what came later does not count"


def test_costs_that_belong_to_nobody_in_the_file_are_said(tmp_path: Path) -> None:
    file = put(tmp_path / "sales.csv", *SALES)
    came = put(
        tmp_path / "c.csv", "complaint_id,customer_id,received_at,remedy_cost",
        "1,X,2026-01-01,12.5", "2,A,2026-01-01,",
    )  # fmt: skip
    told = analyse("contribution", file, "--complaints", came)
    assert told["aside"] == 12.5
    assert any("Of these costs 12.50 belong to customers" in said for said in told["remarks"])
    assert any("1 complaint does not say what its remedy cost" in x for x in told["remarks"])
    bills = put(tmp_path / "b.csv", "invoice_id,customer_id,amount,invoiced_at", "1,A,9,2026-01-01")
    paid = put(tmp_path / "p.csv", "invoice_id,amount,paid_at", "1,9,2026-02-01", "7,9,2026-02-01")
    told = analyse("contribution", file, "--invoices", bills, "--payments", paid)
    assert any("1 of 2 payments is of no invoice in the file" in x for x in told["remarks"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--payments", "payments"], "--payments says nothing without --invoices FILE"),
        (["--interest", "0.05"], "--interest says nothing without --invoices FILE"),
        (["--contact-price", "5"], "--contact-price says nothing without --contacts FILE"),
        (["--remedies-in-service"], "--remedies-in-service says nothing without --complaints FILE"),
        (["--contacts", "interactions"], "give --contact-price PRICE"),
        (["--contacts", "interactions", "--contact-price", "visit=x"], "'visit=x' is no price"),
        (["--contacts", "interactions", "--contact-price", "-1"], "'-1' is no price"),
        (["--invoices", "invoices", "--interest", "6"], "An interest of 6 makes no sense"),
        (["--invoices", "invoices", "--interest", "nan"], "An interest of nan makes no sense"),
        (["--invoices", "payments"], r"payments.csv: No heading .* known as invoiced_at"),
        (["--invoices", "invoices", "--payments", "complaints"], r"complaints.csv: No heading"),
    ],
)
def test_options_that_do_not_go_together_are_told(options: list[str], sentence: str) -> None:
    words = [COMPANY.get(word, word) for word in options]
    with pytest.raises(CrmlabError, match=sentence):
        analyse("contribution", COMPANY["transactions"], *words)


@pytest.mark.parametrize(
    ("option", "heading", "row", "column"),
    [
        ("complaints", "complaint_id,customer_id,received_at", "1,A,2026-01-01", "remedy_cost"),
        ("complaints", "complaint_id,received_at,remedy_cost", "1,2026-01-01,5", "customer_id"),
        ("invoices", "invoice_id,customer_id,amount,invoiced_at", "1,A,5,2026-01-01", "settled_at"),
    ],
)
def test_a_file_that_does_not_say_what_something_cost_is_told(
    tmp_path: Path, option: str, heading: str, row: str, column: str
) -> None:
    file, other = put(tmp_path / "sales.csv", *SALES), put(tmp_path / "other.csv", heading, row)
    with pytest.raises(ModelError, match=f"The {option} have no column '{column}'"):
        analyse("contribution", file, f"--{option}", other)


def test_a_price_for_a_channel_that_is_not_there_is_told(tmp_path: Path) -> None:
    file = put(tmp_path / "sales.csv", *SALES)
    for rows, known in (
        (["customer_id,channel", "A,visit", "B,"], "visit"),
        (["customer_id", "A"], "no channels"),
    ):
        talk = put(tmp_path / "talk.csv", *rows)
        with pytest.raises(CrmlabError, match=f"in talk.csv is by 'vist'; there are: {known}"):
            analyse("contribution", file, "--contacts", talk, "--contact-price", "vist=5")
    put(tmp_path / "talk.csv", "customer_id,channel", "A,visit", "B,")
    told = analyse("contribution", file, "--contacts", talk, "--contact-price", "visit=5")
    assert told["parts"]["effort"] == -5
    assert "1 contact has no price and counts nothing (no channel)." in told["remarks"]


def test_credit_notes_are_in_the_books_and_tie_up_nothing(tmp_path: Path) -> None:
    file = put(tmp_path / "sales.csv", *SALES)
    bills = put(
        tmp_path / "bills.csv", "invoice_id,customer_id,amount,invoiced_at,settled_at",
        "1,A,365,2026-01-01,2026-01-11", "2,A,-164,2026-01-20,",
    )  # fmt: skip
    told = analyse("contribution", file, "--invoices", bills, "--books", bills, "--interest", "0.1")
    assert told["parts"]["credit_cost"] == -1
    assert told["books"]["periods"][0]["matches"], "101 and 100 were sold in January"
    assert any("1 invoice is a credit note" in remark for remark in told["remarks"])


# The lines without a cost


def test_every_line_without_a_cost_is_listed_with_its_order(tmp_path: Path) -> None:
    file = tmp_path / "blocked.csv"
    told = analyse("contribution", COMPANY["transactions"], "--blocked", str(file))
    assert len(told["blocked"]) == told["blocked_rows"] == 265
    assert list(told["blocked"][0]) == [
        "customer_id", "order_id", "line_id", "product_id", "date", "amount",
    ]  # fmt: skip
    assert sum(line["amount"] for line in told["blocked"]) == told["blocked_revenue"]
    with file.open(encoding="utf-8-sig", newline="") as lines:
        written = list(csv.DictReader(lines))
    assert [row["line_id"] for row in written] == [row["line_id"] for row in told["blocked"]]
    assert f"The lines without a cost are listed in {file}." in told["remarks"]
    said = CliRunner().invoke(app, ["analyse", "contribution", COMPANY["transactions"]]).stdout
    assert "and 245 more; --json lists them all, and --blocked FILE writes them down" in said


def test_a_list_of_blocked_lines_is_written_over_its_own_kind_alone(tmp_path: Path) -> None:
    sales = put(tmp_path / "sales.csv", *SALES, "+A,2026-01-01,5,")
    listed, mine = tmp_path / "blocked.csv", tmp_path / "mine.csv"
    for _time in range(2):
        analyse("contribution", sales, "--blocked", str(listed))
    assert "'+A" in listed.read_text("utf-8-sig"), "no spreadsheet takes it for a formula"
    mine.write_text("my own notes\n")
    with pytest.raises(
        IntakeError, match=r"Some lines have no cost and should be listed in mine.csv"
    ):
        analyse("contribution", sales, "--blocked", str(mine))
    assert mine.read_text() == "my own notes\n"
    for place in (sales, str(tmp_path)):
        with pytest.raises(CrmlabError, match="cannot be listed in"):
            analyse("contribution", sales, "--blocked", place)
    assert len((tmp_path / "sales.csv").read_text().splitlines()) == len(SALES) + 1
