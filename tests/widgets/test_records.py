"""The window on the CRM, pressed without a browser."""

from __future__ import annotations

import sqlite3
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from bs4 import BeautifulSoup

from crmlab.crm import tables
from crmlab.crm.access.permissions import Who, permissions, seat_name
from crmlab.crm.base.master import change
from crmlab.crm.store import audit
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import Audit
from crmlab.practice.office import OPENS, moment
from crmlab.widgets import Records
from tests.widgets.test_quiz import assert_bracketed

SHEN = {"person": "U-07", "seat": "sales_representative"}
ANNA = {"person": "U-08", "seat": "sales_representative"}
REN = {"person": "U-14", "seat": "sales_manager"}
QIN = {"person": "U-17", "seat": "sales_director"}
CAO = {"person": "U-19", "seat": "general_manager"}
YU = {"person": "U-21", "seat": "finance_controller"}
BAO = {"person": "U-23", "seat": "data_steward"}
HUA = {"person": "U-12", "seat": "inside_sales"}
LISTED, OWN, OTHERS = "customer", "CU-003", "CU-008"
REVIEWERS = "Finance controller, Sales director, General manager"
REASON = "Addresses for the letter about the summer."
NEW_CUSTOMER = {
    "name": "Jinhe Papers", "city": "Jiaxing", "branch": "East", "contact": "Lou Qing",
    "phone": "+86 100 0000 1777", "email": "lou@jinhe.example", "account_manager": "U-07",
}  # fmt: skip


@pytest.fixture
def records(sandbox: Sandbox) -> Records:
    return Records(sandbox, past="last_week")


def soup(view: Records) -> BeautifulSoup:
    return BeautifulSoup(view.view["html"], "html.parser")


def keys(view: Records) -> list[str]:
    """The records that are listed."""
    return [str(node["data-key"]) for node in soup(view).select("[data-do=open][data-kind]")]


def show(view: Records, kind: str = LISTED) -> list[str]:
    view.click("list", {"kind": kind})
    return keys(view)


def open_(view: Records, key: str, kind: str = LISTED, aspect: str | None = None) -> None:
    """Look at a record as if it had been pressed in a list."""
    view.act("open", {"kind": kind, "key": key}, {})
    if aspect:
        view.click("aspect", aspect=aspect)


def lines(sandbox: Sandbox) -> list[Audit]:
    with sandbox.read() as session:
        return audit.latest(session, 0)


def own_lines(view: Records) -> list[str]:
    """What was done in this window, without sitting down."""
    done = [line.operation for line in lines(view.sandbox) if line.at >= OPENS]
    return [operation for operation in done if operation != "sign_in"]


def labels(view: Records) -> set[str]:
    """What every heading, term and label of the page says."""
    nodes = soup(view).select("th, dt, label")
    return {node.get_text(" ", strip=True) for node in nodes}


# Who sees what


def test_own_branch_and_all_are_three_different_lists(records: Records) -> None:
    found = {}
    for who in (SHEN, REN, QIN):
        records.click("sit", **who)
        found[who["person"]] = set(show(records))
        assert f"{len(found[who['person']])} rows" in records.text()
    assert [len(each) for each in found.values()] == [8, 9, 30], "as lesson 60 says"
    assert found["U-07"] < found["U-14"] < found["U-17"]
    assert found["U-14"] - found["U-07"] == {"CU-022"}


def test_a_customer_was_handed_over_and_both_lists_know(records: Records) -> None:
    records.click("sit", **ANNA)
    assert "CU-022" in show(records)
    records.click("sit", **REN)
    open_(records, "CU-022", aspect="history")
    assert "from Shen Jie (U-07) to Anna Berg (U-08)" in records.text()
    assert "Seat: Sales director" in records.text()


def test_nothing_can_be_seen_before_somebody_has_sat_down(records: Records) -> None:
    with pytest.raises(LookupError):
        records.click("list")
    records.act("list", {}, {"look": {"kind": LISTED}})
    assert "Sit down as somebody first" in records.trouble
    assert "CU-001" not in records.text()


def test_sitting_down_is_on_record_and_clears_the_screen(records: Records) -> None:
    records.click("sit", **QIN)
    show(records)
    records.click("sit", **SHEN)
    assert keys(records) == []
    last = lines(records.sandbox)[-1]
    assert (last.operation, last.user_id, last.seat) == (
        "sign_in", "U-07", "sales_representative",
    )  # fmt: skip
    assert records.view["focus"] == "seat"


def test_what_one_person_has_typed_is_not_there_for_the_next(records: Records) -> None:
    records.click("sit", **BAO)
    show(records, "product")
    records.click("part", part="enter")
    records.click("create", {"name": "A plan of mine"})
    records.click("part", part="take")
    records.click("export", {"reason": "secret"})
    records.click("sit", **YU)
    assert "secret" not in records.view["html"]
    records.click("part", part="enter")
    assert "A plan of mine" not in records.view["html"]
    records.click("part", part="look")
    assert soup(records).select_one("[name=kind] [selected]")["value"] == "product"


def test_what_one_person_has_taken_out_is_not_there_for_the_next(records: Records) -> None:
    records.click("sit", **QIN)
    records.click("part", part="take")
    records.click("export", {"kind": LISTED, "reason": REASON})
    assert "Out of the CRM: 30 rows" in records.text()
    records.click("sit", **SHEN)
    assert "Out of the CRM" not in records.text()
    records.click("part", part="take")
    assert "Out of the CRM" not in records.text()


def test_a_column_that_is_not_for_the_seat_is_absent_everywhere_and_said_once(
    records: Records,
) -> None:
    records.click("sit", **SHEN)
    show(records, "product")
    assert "Cost" not in labels(records)
    assert records.text().count("Your seat does not see the column “Cost”") == 1
    assert "Finance controller" in records.text()
    for aspect in ("says", "change"):
        open_(records, "LP-40", "product", aspect)
        assert not any("Cost" in label for label in labels(records)), aspect
    assert "2,450" not in records.text()
    records.click("sit", **YU)
    show(records, "product")
    assert "Cost" in labels(records)
    assert "does not see" not in records.text()


def test_somebody_elses_customer_cannot_be_opened_found_or_looked_up(records: Records) -> None:
    records.click("sit", **SHEN)
    with records.sandbox.read() as session:
        name = session.get_one(tables.Customer, OTHERS).name
    records.click("search", {"text": name})
    assert keys(records) == []
    assert "Nothing that your seat sees" in records.text()
    assert "if you know that it is there, ask the Sales manager." in records.text()
    open_(records, OTHERS)
    assert f"you see no customer '{OTHERS}'" in records.trouble
    assert "The rule: “Sales representative: See”" in records.trouble
    assert name not in records.trouble
    assert own_lines(records) == ["search", "denied"]


def test_the_search_offers_what_it_finds_and_wants_a_text(records: Records) -> None:
    records.click("sit", **SHEN)
    records.click("search", {"text": "  "})
    assert records.view["focus"] == "search-text"
    assert soup(records).select_one("[name=text][aria-invalid=true]")
    assert own_lines(records) == []
    records.click("search", {"text": "jinhe"})
    assert keys(records) == [OWN]
    assert "The search looks through these: customers, products" in records.text()
    records.click("list", kind="price")
    assert "Prices" in soup(records).select_one("h3.listed").get_text()
    assert soup(records).select_one("[name=kind] [selected]")["value"] == "price"
    records.click("search", {"text": "jinhe"})
    records.click("open", key=OWN)
    assert "Jinhe Paper, Jiaxing" in records.text()
    records.click("close")
    assert keys(records) == [OWN]
    assert records.view["focus"] == "hits"


def test_what_was_found_says_for_which_words_and_goes_when_others_are_refused(
    records: Records,
) -> None:
    records.click("sit", **SHEN)
    records.click("search", {"text": " jinhe "})
    assert soup(records).select_one("h3.listed").get_text() == "1 found for “jinhe”"
    forms = {"search": {"text": "ruian"}}
    records.act("open", {"kind": LISTED, "key": OWN}, forms)  # typed, and a hit was pressed
    records.click("close")
    assert soup(records).select_one("[name=text]")["value"] == "ruian"
    assert soup(records).select_one("h3.listed").get_text() == "1 found for “jinhe”"
    records.click("search", {"text": " "})
    assert keys(records) == []
    assert not soup(records).select("h3.listed")


def test_a_search_takes_the_place_of_a_list_and_a_list_that_of_a_search(records: Records) -> None:
    records.click("sit", **SHEN)
    show(records)
    records.click("search", {"text": "jinhe"})
    assert keys(records) == [OWN]
    assert len(show(records)) == 8


def test_another_record_begins_with_what_it_says(records: Records) -> None:
    records.click("sit", **SHEN)
    open_(records, OWN, aspect="history")
    assert "+86 100 0000 1003" in records.text()
    records.click("aspect", aspect="change")
    records.click("change", {"phone": "soon", "contact": "Somebody else"})
    open_(records, "CU-028")
    assert "Pan Yue" in records.text()
    assert not soup(records).select("form[data-form=change]")
    records.click("aspect", aspect="change")
    assert soup(records).select_one("[name=contact]")["value"] == "Pan Yue"
    records.click("aspect", aspect="history")
    assert "Nothing has been changed" in records.text()


def test_what_is_fixed_stands_in_no_form_of_a_change(records: Records) -> None:
    records.click("sit", **SHEN)
    open_(records, "PL-BASE/LP-40/2026-01-01", "price", "change")
    fields = {node["name"] for node in soup(records).select("form[data-form=change] [name]")}
    assert fields == {"unit_price", "valid_from", "valid_to"}


@pytest.fixture
def crowded(sandbox: Sandbox) -> Records:
    """A CRM with more customers than a page has rows."""
    with sandbox.write("more", subject="customer", at=OPENS) as session:
        session.add_all(
            tables.Customer(
                customer_id=f"CU-{number}",
                name=f"Mill {number}",
                city="Yiwu",
                branch="East",
                contact="Lou Qing",
                phone="+86 100 0000 1777",
                email="lou@mill.example",
                account_manager="U-07",
            )
            for number in range(501, 551)
        )
    return Records(sandbox)


def test_a_long_list_is_paged_and_leads_back_to_its_start(crowded: Records) -> None:
    crowded.click("sit", **QIN)
    first = show(crowded)
    assert len(first) == 50
    assert "80 rows" in crowded.text()
    crowded.click("more")
    second = keys(crowded)
    assert len(second) == 30
    assert not set(first) & set(second)
    with pytest.raises(LookupError):
        crowded.click("more")
    crowded.click("start")
    assert keys(crowded) == first
    with pytest.raises(LookupError):
        crowded.click("start", key="none")


# What goes on record


def test_every_look_leaves_its_line_and_no_line_comes_of_drawing(records: Records) -> None:
    records.click("sit", **SHEN)
    show(records)
    records.click("open", key=OWN)
    records.click("aspect", aspect="history")
    records.click("aspect", aspect="timeline")
    records.click("aspect", aspect="change")
    records.click("part", part="take")
    records.click("report", name="open_receivables")
    records.click("part", part="trail")
    records.click("verify")
    records.click("part", part="rules")
    records.draw()
    assert own_lines(records) == ["list", "read", "history", "timeline", "report"]


def test_time_goes_on_by_a_minute_with_each_line(records: Records) -> None:
    assert moment(records.sandbox) == OPENS
    records.click("sit", **SHEN)
    show(records)
    *_earlier, sat, looked = lines(records.sandbox)
    assert sat.at == OPENS
    assert looked.at - sat.at == timedelta(minutes=1)
    assert "Fri 22 May 2026, 13:02" in records.text()


def test_a_denied_export_says_the_rule_and_whom_to_ask_and_is_on_record(
    records: Records,
) -> None:
    records.click("sit", **SHEN)
    records.click("part", part="take")
    records.click("export", {"kind": LISTED, "reason": REASON})
    told = records.trouble
    assert "you may export nothing" in told
    assert "ask the Sales manager" in told
    assert "The rule: “Sales representative: Export”" in told
    assert soup(records).select_one("textarea[name=reason]").get_text() == REASON
    assert "Out of the CRM" not in records.text()
    assert own_lines(records) == ["denied"]
    records.click("part", part="trail")
    marked = soup(records).select_one(".trail li.denied")
    assert "was denied: Export, customer" in marked.get_text(" ", strip=True)
    assert "Sales representative: Export" in marked.get_text(" ", strip=True)
    assert "denied" in marked.select_one(".tag").get_text()


def test_an_export_shows_how_much_has_left_and_its_first_rows(records: Records) -> None:
    records.click("sit", **REN)
    records.click("part", part="take")
    records.click("export", {"kind": LISTED, "reason": "list"})
    assert records.view["focus"] == "export-reason"
    assert soup(records).select_one("[name=reason][aria-invalid=true]").get_text() == "list"
    assert own_lines(records) == []
    records.click("export", {"reason": REASON})
    assert "Out of the CRM: 9 rows" in records.text()
    assert len(soup(records).select("[id$=-taken] tbody tr")) == 5
    assert "'+86" not in soup(records).select_one("[id$=-taken]").get_text()
    file = soup(records).select_one("a[download]")
    assert file["download"] == "customer.csv"
    kind, _comma, inside = str(file["href"]).partition(",")
    assert kind == "data:text/csv;charset=utf-8;base64"
    taken = b64decode(inside)
    assert taken.startswith("\N{BOM}".encode()), "a spreadsheet has to know that it is UTF-8"
    assert b"'+86" in taken, "in the file nothing is taken for a formula"
    with records.sandbox.read() as session:
        (line,) = [line for line in audit.latest(session, 0) if line.operation == "export"]
    assert sha256(taken).hexdigest() == line.detail["sha256"]
    records.click("part", part="trail")
    assert "exported 9 rows: Customers" in records.text()
    assert f"Reason: {REASON}" in records.text()


def test_a_report_adds_up_what_the_seat_sees(records: Records) -> None:
    found = {}
    for who in (SHEN, QIN):
        records.click("sit", **who)
        records.click("part", part="take")
        records.click("report", name="open_receivables")
        found[who["person"]] = len(soup(records).select("[id$=-reported] tbody tr"))
    assert 0 < found["U-07"] < found["U-17"]


def test_the_trail_tells_what_happened_before_and_goes_back_to_its_first_line(
    records: Records,
) -> None:
    records.click("sit", **SHEN)
    records.click("part", part="trail")
    numbers = [li.get_text().split()[0] for li in soup(records).select(".trail li")]
    assert numbers == [str(number) for number in range(10, 0, -1)]
    assert "proposed a change of customer CU-022: Account manager (PP-1001)" in records.text()
    assert "said yes to PP-1001 (CU-022)" in records.text()
    assert "Reason: Anna Berg has fitted out two swimming halls this year." in records.text()
    assert "changed customer CU-003: Telephone" in records.text()
    for _count in range(5):
        show_again(records)
    assert "Further back" in records.text()
    records.click("lines")
    assert len(soup(records).select(".trail li")) == 15


def show_again(view: Records) -> None:
    view.click("part", part="look")
    show(view)
    view.click("part", part="trail")


def test_the_chain_is_whole_until_somebody_goes_round_it(records: Records) -> None:
    records.click("sit", **SHEN)
    records.click("part", part="trail")
    records.click("verify")
    assert "10 lines, all sound" in records.text()
    with closing(sqlite3.connect(str(records.sandbox.place))) as behind, behind:
        behind.execute("UPDATE customers SET credit_limit = '1.00' WHERE customer_id = 'CU-006'")
    records.click("verify")
    assert "not sound" in records.text()
    assert "credit_limit is 1.00" in records.text()
    assert records.view["focus"] == "verdict"


# Changing


def test_a_field_that_weighs_nothing_is_saved_and_its_history_says_by_which_seat(
    records: Records,
) -> None:
    records.click("sit", **SHEN)
    open_(records, OWN, aspect="change")
    records.click("change", {"phone": "+86 100 0000 1003"})
    assert "Saved: Telephone." in records.notice
    records.click("aspect", aspect="history")
    assert "Telephone: from +86 100 0000 1030 to +86 100 0000 1003" in records.text()
    assert "Seat: Sales representative" in records.text()
    assert "Seat: Inside sales" in records.text()


def test_saving_without_a_difference_hands_nothing_in(records: Records) -> None:
    records.click("sit", **SHEN)
    open_(records, OWN, aspect="change")
    records.click("change")
    assert "nothing was handed in" in records.notice
    assert own_lines(records) == ["read"]


def test_what_is_refused_stands_beside_its_field_and_the_entries_are_kept(
    records: Records,
) -> None:
    records.click("sit", **SHEN)
    open_(records, OWN, aspect="change")
    records.click("change", {"phone": "soon", "city": "Ningbo", "credit_limit": "-1"})
    page = soup(records)
    for name in ("phone", "credit_limit"):
        node = page.select_one(f"[name={name}]")
        assert node["aria-invalid"] == "true"
        error = page.select_one(f"[id={node['aria-describedby'].split()[-1]}]")
        assert "err" in error["class"]
    assert page.select_one("[name=city]")["value"] == "Ningbo"
    assert records.view["focus"] == "change-phone"
    assert "2 entries are missing or need another look" in records.trouble
    records.click("aspect", aspect="says")
    assert "Ningbo" not in records.text()
    records.click("aspect", aspect="change")
    assert soup(records).select_one("[name=city]")["value"] == "Ningbo"


def test_what_weighs_more_waits_for_others_who_say_yes(records: Records) -> None:
    records.click("sit", **SHEN)
    open_(records, "PL-BASE/LP-40/2026-01-01", "price", "change")
    records.click("change", {"unit_price": "3450"})
    assert f"Unit price waits for review by {REVIEWERS} (PP-1002)" in records.notice
    assert "3,480.00" in records.text()

    records.click("part", part="review")
    assert "0 of 2 have said yes." in records.text()
    assert "These seats decide: Finance controller" in records.text()
    assert "Your seat does not decide about it." in records.text()
    assert not soup(records).select("[data-do=say]"), "nobody presses what they may not"

    records.click("sit", **YU)
    records.click("part", part="review")
    records.click("say", proposal="PP-1002", word="no")
    assert records.view["focus"] == "review-PP-1002-note"
    assert "Say why not" in records.text()
    records.click("say", {"note": "It fits the cost."}, proposal="PP-1002", word="yes")
    assert "Your yes to PP-1002 is on record. 1 of 2 has said yes." in records.notice
    assert "have said yes already: it waits for others" in records.text()
    assert not soup(records).select("[data-do=say]")

    records.click("sit", **QIN)
    records.click("part", part="review")
    records.click("say", proposal="PP-1002", word="yes")
    assert "the change holds from now on" in records.notice
    open_(records, "PL-BASE/LP-40/2026-01-01", "price", "history")
    assert "Unit price: from 3480.00 to 3450.00" in records.text()


def test_a_proposal_of_ones_own_is_reviewed_by_somebody_else(records: Records) -> None:
    records.click("sit", **YU)
    open_(records, OWN, aspect="change")
    records.click("change", {"credit_limit": "200000"})
    records.click("part", part="review")
    assert "You have proposed it yourself" in records.text()
    assert not soup(records).select("[data-do=say]")
    records.click("sit", **CAO)
    records.click("part", part="review")
    records.click("say", {"note": "Not before the old invoice."}, proposal="PP-1002", word="no")
    assert "rejected" in records.notice
    assert "Nothing waits" in records.text()


def test_the_second_of_two_is_told_what_changed_and_loses_nothing(sandbox: Sandbox) -> None:
    first = Records(sandbox, people=[("U-07", "sales_representative")], parts=["look"])
    second = Records(sandbox, people=[("U-12", "inside_sales")], parts=["look"])
    for screen in (first, second):
        screen.click("sit")
        screen.click("search", {"text": "Ruian"})
        screen.click("open", key="CU-028")
        screen.click("aspect", aspect="change")
    first.click("change", {"contact": "Lou Qing"})
    second.click("change", {"phone": "+86 100 0000 1828"})
    assert "'Contact' is now Lou Qing" in second.trouble
    assert "Sales representative" in second.trouble
    assert "Contact" in soup(second).select_one(".bad label").get_text()
    assert soup(second).select_one("[name=phone]")["value"] == "+86 100 0000 1828"
    second.click("change")
    assert "'Contact' is now Lou Qing" in second.trouble, "it is not saved by pressing again"
    second.click("fresh")
    assert soup(second).select_one("[name=contact]")["value"] == "Lou Qing"
    second.click("change")
    assert "Saved: Telephone" in second.notice
    assert "Lou Qing" in second.text()
    assert "+86 100 0000 1828" in second.text()


def test_a_reviewer_is_told_when_the_record_is_no_longer_what_it_was(records: Records) -> None:
    records.click("sit", **SHEN)
    open_(records, OWN, aspect="change")
    records.click("change", {"address": "Gate 4, Jiaxing"})
    with records.sandbox.write("move", subject=OWN, at=moment(records.sandbox)) as session:
        session.get_one(tables.Customer, OWN).address = "Gate 5, Jiaxing"
    records.click("sit", **BAO)
    records.click("part", part="review")
    records.click("say", proposal="PP-1002", word="yes")
    assert "was changed since PP-1002 was proposed" in records.trouble


# Something new


def test_a_customer_that_is_nearly_there_is_offered_before_it_is_made(records: Records) -> None:
    records.click("sit", **BAO)
    records.click("part", part="enter")
    records.click("create", {"name": "Jinhe Papers"})
    assert "Nearly the same is in the CRM already: CU-003 Jinhe Paper" in records.text()
    assert "'City' is missing" in records.text()
    with pytest.raises(LookupError):
        records.click("create", looked="yes")
    records.click("create", NEW_CUSTOMER)
    assert "create" not in own_lines(records)
    records.click("create", looked="yes")
    assert "CU-031 is there now" in records.notice
    records.click("open", key="CU-031")
    assert "Jinhe Papers" in records.text()


def test_what_weighs_more_in_something_new_is_proposed_beside_it(records: Records) -> None:
    records.click("sit", **BAO)
    records.click("part", part="enter")
    records.click("enter", kind="product")
    entries = {
        "product_id": "UV-15", "name": "Ultraviolet lamp", "family": "Spare parts",
        "unit": "piece", "cost": "90",
    }  # fmt: skip
    records.click("create", entries)
    assert "UV-15 is there now. Cost waits for review by" in records.notice
    records.click("enter", kind="price")
    assert "It holds when 2 other people have said yes" in records.text()
    price = {
        "price_list_id": "PL-BASE", "product_id": "UV-15", "unit_price": "140",
        "valid_from": "2026-06-01",
    }  # fmt: skip
    records.click("create", price)
    assert "(PP-1003)" in records.notice
    records.click("sit", **YU)
    records.click("part", part="review")
    assert "New: Price list: PL-BASE; Product: UV-15; Unit price: 140" in records.text()


def test_a_list_for_a_customer_is_entered_agreed_upon_and_then_shows_its_prices(
    records: Records,
) -> None:
    records.click("sit", **YU)
    records.click("part", part="enter")
    records.click("enter", kind="price_list")
    assert "It holds when 2 other people have said yes" in records.text()
    records.click("create", {"name": "Jinhe Paper, summer", "customer_id": "CU-999"})
    page = soup(records)
    assert "'CU-999' is not in the CRM" in page.select_one(".bad .err").get_text()
    assert page.select_one("[name=valid_from]")["aria-invalid"] == "true"
    records.click("create", {"customer_id": OWN, "valid_from": "2026-06-01"})
    assert f"PL-001 waits for review by {REVIEWERS} (PP-1002)." in records.notice
    records.click("enter", kind="price")
    records.click("create", {"price_list_id": "pl-001"})
    told = soup(records).select_one(".bad .err").get_text()
    assert told == f"PL-001 is not there yet: it waits for review by {REVIEWERS} (PP-1002)."
    agree(records, "PP-1002")
    open_(records, "PL-001", "price_list")
    assert {"Valid from", "Valid to", "Currency", "Customer"} <= labels(records)
    records.click("aspect", aspect="on_it")
    assert "Nothing stands on it yet." in records.text()
    records.click("sit", **YU)
    open_(records, "PL-001", "price_list", "on_it")
    records.click("enter", on="PL-001")
    assert soup(records).select_one("[name=price_list_id]")["value"] == "PL-001"
    records.click(
        "create", {"product_id": "LP-40", "unit_price": "3400", "valid_from": "2026-06-01"}
    )
    agree(records, "PP-1003")
    open_(records, "PL-001", "price_list", "on_it")
    (row,) = soup(records).select("[id$=-on-it] tbody tr")
    assert row.get_text(" ", strip=True) == "LP-40 3,400.00 1 Jun 2026 – empty"
    assert "price_list_id" not in soup(records).get_text()
    records.click("open", key="PL-001/LP-40/2026-06-01")
    assert "3,400.00" in records.text()
    open_(records, "PL-001", "price_list", "change")
    fields = {node["name"] for node in soup(records).select("form[data-form=change] [name]")}
    assert fields == {"name", "valid_from", "valid_to"}


def test_a_form_offers_the_records_that_it_is_for(records: Records) -> None:
    records.click("sit", **HUA)  # who makes base data for the customers of her branch
    records.click("part", part="enter")
    offered = {}
    for kind in ("price_list", "price", "customer_code"):
        records.click("enter", kind=kind)
        for entry in soup(records).select("form[data-form=create] input[list]"):
            page = soup(records).select_one(f"[id={entry['list']}]")
            offered[kind, entry["name"]] = [str(x["value"]) for x in page.select("option")]
    with records.sandbox.read() as session:
        branch = session.get_one(tables.User, "U-12").branch
        own = session.query(tables.Customer.customer_id).filter_by(branch=branch)
        assert offered["price_list", "customer_id"] == sorted(key for (key,) in own)
    assert offered["customer_code", "customer_id"] == offered["price_list", "customer_id"]
    assert "PL-BASE" in offered["price", "price_list_id"]
    assert "LP-40" in offered["price", "product_id"]


def agree(view: Records, proposal: str) -> None:
    """Two others say yes."""
    for who in (QIN, CAO):
        view.click("sit", **who)
        view.click("part", part="review")
        view.click("say", proposal=proposal, word="yes")
    assert "the change holds from now on" in view.notice


def test_a_long_list_of_prices_goes_on_below(crowded: Records) -> None:
    with crowded.sandbox.write("more", subject="price", at=OPENS) as session:
        session.add_all(
            tables.Price(
                price_id=f"PL-CU-007/x{number}",
                price_list_id="PL-CU-007",
                product_id="LP-65",
                unit_price=number,
                valid_from=OPENS.date(),
            )
            for number in range(100, 160)
        )
    crowded.click("sit", **QIN)
    open_(crowded, "PL-CU-007", "price_list", "on_it")
    assert len(soup(crowded).select("[id$=-on-it] tbody tr")) == 50
    crowded.click("older")
    assert len(soup(crowded).select("[id$=-on-it] tbody tr")) == 62
    with pytest.raises(LookupError):
        crowded.click("older")


# The timeline


def test_what_is_added_to_a_timeline_is_there_at_once_and_on_record(records: Records) -> None:
    records.click("sit", **SHEN)
    open_(records, OWN, aspect="timeline")
    page = soup(records)
    assert page.select_one("form[data-form=note] [name=at]")["value"] == "2026-05-22T13:03"
    kinds = [node.get_text() for node in page.select("[name=channel] option")]
    assert kinds == ["Call", "Message", "Visit", "Comment"]
    records.click("note", {"channel": "visit", "note": TYPED})
    assert records.notice == f"It is on the timeline of {OWN} now."
    page = soup(records)
    first = page.select_one(".time li")
    assert first.b.get_text() == "Visit"
    assert "Shen Jie, Sales representative" in first.get_text()
    assert TYPED in first.get_text()
    assert not page.select("script, img")
    assert page.select_one("[name=note]").get_text() == ""
    assert own_lines(records) == ["read", "timeline", "note", "timeline"]
    records.click("part", part="trail")
    assert f"added to the timeline of {OWN}: Visit" in records.text()


def test_what_is_wrong_with_it_stands_beside_its_field_and_nothing_is_lost(
    records: Records,
) -> None:
    records.click("sit", **SHEN)
    open_(records, OWN, aspect="timeline")
    records.click("note", {"channel": "message", "at": "2026-05-23T10:00", "note": "x" * 501})
    page = soup(records)
    for name in ("at", "note"):
        node = page.select_one(f"form[data-form=note] [name={name}]")
        assert node["aria-invalid"] == "true"
        assert "err" in page.select_one(f"[id={node['aria-describedby']}]")["class"]
    assert page.select_one("[name=channel] [selected]")["value"] == "message"
    assert page.select_one("[name=note]").get_text() == "x" * 501
    assert records.view["focus"] == "note-at"
    assert own_lines(records) == ["read", "timeline"]
    records.click("note", {"at": "2026-05-22T12:00", "note": "They call again."})
    assert "They call again." in soup(records).select_one(".time li").get_text()
    open_(records, "CU-028", aspect="timeline")
    assert soup(records).select_one("[name=channel] [selected]")["value"] == "call"


def test_a_customer_who_was_handed_over_meanwhile_is_added_to_by_the_new_colleague(
    records: Records,
) -> None:
    records.click("sit", **SHEN)
    open_(records, OWN, aspect="timeline")
    at = moment(records.sandbox)
    with records.sandbox.write("hand over", subject=OWN, at=at) as session:
        session.get_one(tables.Customer, OWN).account_manager = "U-08"
    records.click("note", {"note": "They want a drawing."})
    assert f"you see no customer '{OWN}'" in records.trouble
    assert "ask the Sales manager" in records.trouble
    assert "The rule: “Sales representative: Add to a timeline”" in records.trouble
    assert soup(records).select_one("[name=note]").get_text() == "They want a drawing."


def test_a_seat_that_may_make_nothing_is_told_who_may_and_gets_no_form(records: Records) -> None:
    records.click("sit", **SHEN)
    records.click("part", part="enter")
    told = soup(records).select_one(".records-part").get_text()
    assert "As Sales representative you may create no base data; ask the" in told
    assert "The rule: “Sales representative: Create”" in told
    assert not soup(records).select(".records-part form, [data-do=enter]")
    assert own_lines(records) == [], "nobody has tried"
    records.act("create", {}, {"create": {"name": "Haiyun"}})  # as from a page of before
    assert "you may create no base data" in records.trouble
    assert own_lines(records) == ["denied"]


@pytest.mark.parametrize(
    ("sits", "told"),
    [
        ({"person": "U-05", "seat": "warehouse_lead"}, "you may change no base data"),
        (HUA, "you change no customer 'CU-015', only your branch's customers"),
    ],
)
def test_a_record_that_a_seat_sees_and_may_not_change_says_who_may(
    sandbox: Sandbox, sits: dict[str, str], told: str
) -> None:
    records = Records(sandbox, past="last_week")
    records.click("sit", **sits)
    open_(records, "CU-015", aspect="change")
    assert told in records.text()
    assert "; ask the " in records.text()
    assert not soup(records).select("form[data-form=change]")
    records.click("aspect", aspect="timeline")
    assert soup(records).select("form[data-form=note]")
    assert told not in records.text()


# The rules, and what people type


def test_the_table_of_rules_says_what_the_file_says(records: Records) -> None:
    records.click("sit", **SHEN)
    records.click("part", part="rules")
    known = permissions()
    words = {"own": "own", "branch": "branch", "all": "all", "none": "no"}
    rows = soup(records).select(".matrix tbody tr")
    assert len(rows) == len(known.matrix)
    for row, (seat, line) in zip(rows, known.matrix.items(), strict=True):
        assert row.select_one("th").get_text(" ", strip=True).startswith(seat_name(seat))
        cells = [cell.get_text(strip=True) for cell in row.select("td")]
        assert cells[0] == seat_name(known.entry(seat).ask)
        assert cells[1].replace(",", "") == str(known.entry(seat).export_rows or "–")
        assert cells[2:] == [words[reach.value] for reach in dict(line).values()]
    (mine,) = soup(records).select(".matrix .mine")
    assert mine.select_one("th").get_text(" ", strip=True) == "Sales representative you"
    for column in ("Cost (product)", "Credit limit (customer)"):
        assert column in records.text()


TYPED = (
    "<script>alert(1)</script>'; DROP TABLE customers;-- \N{PILE OF POO}"
    '"><img src=x onerror=alert(1)>'
)


def test_what_people_type_is_shown_as_text(records: Records) -> None:
    def safe() -> None:
        page = soup(records)
        assert not page.select("script, img")
        assert "<script>" in page.get_text() or any(
            "<script>" in str(node.get("value", "")) for node in page.select("input")
        )

    records.click("sit", **YU)
    records.click("search", {"text": TYPED})
    safe()
    records.click("part", part="enter")
    records.click("create", {**NEW_CUSTOMER, "name": TYPED, "contact": TYPED})
    records.click("open", key="CU-031")
    safe()
    for aspect in ("change", "history"):
        records.click("aspect", aspect=aspect)
        safe()
    records.click("aspect", aspect="change")
    records.click("change", {"address": TYPED})
    records.click("part", part="take")
    records.click("export", {"kind": LISTED, "reason": TYPED})
    records.click("part", part="trail")
    safe()
    records.click("sit", **BAO)
    records.click("part", part="review")
    safe()
    with records.sandbox.read() as session:
        assert session.get_one(tables.Customer, "CU-031").name == TYPED


def test_a_name_of_five_hundred_letters_is_shown_whole(records: Records) -> None:
    name = "长" * 500
    records.click("sit", **YU)
    records.click("part", part="enter")
    records.click("create", {**NEW_CUSTOMER, "name": name})
    records.click("part", part="look")
    show(records)
    assert name in records.text()


# Beginning, and beginning again


def test_starting_again_brings_the_first_afternoon_back(records: Records) -> None:
    records.click("sit", **SHEN)
    show(records)
    records.click("again")
    records.click("reset")
    assert "Sit down as somebody" in records.notice
    assert len(lines(records.sandbox)) == 9
    with pytest.raises(LookupError):
        records.click("list")


def test_a_sandbox_goes_on_where_it_was_left(records: Records) -> None:
    records.click("sit", **SHEN)
    before = len(lines(records.sandbox))
    again = Records(records.sandbox, past="last_week")
    assert len(lines(again.sandbox)) == before
    again.click("sit", **SHEN)
    assert lines(again.sandbox)[-1].at > lines(again.sandbox)[-2].at


def test_everybody_can_sit_down_unless_some_are_named(sandbox: Sandbox) -> None:
    everybody = soup(Records(sandbox)).select(".person")
    assert len(everybody) == 29
    some = Records(sandbox, people=[("U-14", "sales_manager"), ("U-07", "account_manager")])
    names = [node.b.get_text() for node in soup(some).select(".person")]
    assert names == ["Ren Dan", "Shen Jie"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"people": [("U-07", "general_manager")]}, "U-07 does not sit in the seat"),
        ({"parts": ["kitchen"]}, "There is no part 'kitchen'"),
        ({"past": "yesterday"}, "There is no past 'yesterday'"),
    ],
)
def test_what_cannot_be_shown_is_told_in_its_place(
    sandbox: Sandbox, more: dict[str, Any], sentence: str
) -> None:
    assert sentence in Records(sandbox, **more).text()


def test_without_a_sandbox_it_needs_a_lesson() -> None:
    assert "needs a sandbox, or the number of a lesson" in Records().text()


def test_a_change_of_the_sandbox_elsewhere_is_no_fault(records: Records) -> None:
    records.click("sit", **SHEN)
    open_(records, OWN, aspect="change")
    who = Who("U-12", "inside_sales")
    at = moment(records.sandbox)
    change(records.sandbox, who, LISTED, OWN, 2, {"city": "Ningbo"}, at)
    records.click("change", {"contact": "Lou Qing"})
    assert "'City' is now Ningbo" in records.trouble


@pytest.mark.usefixtures("pseudo")
def test_every_text_passes_through_translation(sandbox: Sandbox) -> None:
    records = Records(sandbox, past="last_week")
    for _view in walk_through(records):
        page = soup(records)
        for node in page.select("[translate=no]"):
            node.decompose()
        page.smooth()  # a sentence is one text again, without the values in it
        assert_bracketed(str(page))


def walk_through(records: Records) -> Iterator[None]:
    """Everything that can be shown, with customers and products."""
    yield
    records.click("again")
    yield
    records.click("sit", **SHEN)
    for kind, key in (("product", "LP-40"), (LISTED, OWN)):
        records.click("part", part="look")
        if records.record:
            records.click("close")
        show(records, kind)
        yield
        records.click("open", key=key)
        yield
        for aspect in ("change", "history"):
            records.click("aspect", aspect=aspect)
            yield
    records.click("aspect", aspect="timeline")
    yield
    records.click("note", {"at": "2027-01-01T09:00"})
    yield
    records.click("note", {"at": "2026-05-22T12:00", "note": "Called."})
    yield
    open_(records, "PL-BASE", "price_list", "on_it")
    yield
    open_(records, OWN)
    records.click("aspect", aspect="change")
    records.click("change", {"phone": "soon"})
    yield
    records.click("change", {"phone": "+86 100", "address": "Gate 4"})
    yield
    for part in ("enter", "take", "review", "trail", "rules"):
        records.click("part", part=part)
        yield
    records.click("part", part="take")
    records.click("export", {"kind": LISTED, "reason": REASON})
    yield
    for report in ("stuck_opportunities", "open_receivables", "orders_by_month"):
        records.click("report", name=report)
        yield
    records.click("sit", **BAO)
    records.click("export", {"kind": LISTED, "reason": REASON})
    yield
    records.click("part", part="enter")
    for kind in ("customer", "product", "customer_code", "price_list", "price"):
        records.click("enter", kind=kind)
        records.click("create")
        yield
    records.click("part", part="review")
    records.click("say", proposal="PP-1002", word="yes")
    yield
    records.click("part", part="trail")
    records.click("verify")
    yield
