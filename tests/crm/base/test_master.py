"""Base data by form: refused by field, offered before it is made twice, never overwritten unseen."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from crmlab.crm import tables
from crmlab.crm.access import permissions, scopes
from crmlab.crm.access.history import history
from crmlab.crm.access.permissions import Who
from crmlab.crm.base.base_forms import FILE, base_forms, loads
from crmlab.crm.base.master import Outcome, change, create
from crmlab.crm.base.waiting import WHOLE
from crmlab.crm.booking.book import book
from crmlab.crm.store.audit import trail_of
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import CrmlabError, Denied, Refused, StaleRecord
from tests.crm.own_rows import (
    BASE,
    CUSTOMER,
    FINANCE,
    INSIDE,
    NOW,
    OTHER_CUSTOMER,
    OTHER_PRODUCT,
    PRODUCT,
    REPRESENTATIVE,
    STEWARD,
    WAREHOUSE,
    add,
    customer,
    little_company,
    money,
)

TIN_LAMPS = {
    "name": "Tin Lamps",
    "city": "Yuyao",
    "branch": "East",
    "contact": "Mo Li",
    "phone": "+86 100 0000 9009",
    "email": "mo@tin-lamps.example",
    "address": "7 Foundry Lane, Yuyao",
    "account_manager": REPRESENTATIVE.user_id,
}
LONG = "🐉" * 500


@pytest.fixture
def crm(sandbox: Sandbox) -> Sandbox:
    add(sandbox, *little_company())
    return sandbox


def made(
    crm: Sandbox, kind: str, values: dict[str, Any], who: Who = STEWARD, **more: Any
) -> Outcome:
    return create(crm, who, kind, values, NOW, **more)


def changed(
    crm: Sandbox, changes: dict[str, Any], *, seen: int = 1, who: Who = STEWARD,
    kind: str = "customer", key: str = CUSTOMER,
) -> Outcome:  # fmt: skip
    return change(crm, who, kind, key, seen, changes, NOW)


def faults_of(crm: Sandbox, do: Callable[[], object]) -> dict[str, str]:
    """What a refusal says by field; nothing may have been written."""
    before = rows(crm)
    with pytest.raises(Refused) as refusal:
        do()
    assert rows(crm) == before
    return refusal.value.fields


def rows(crm: Sandbox) -> list[int | None]:
    counted = (tables.Customer, tables.Product, tables.CustomerCode, tables.Price, tables.Proposal)
    with crm.read() as session:
        counts = [session.scalar(select(func.count()).select_from(table)) for table in counted]
        return [*counts, session.scalar(select(func.sum(tables.Customer.version)))]


def row(crm: Sandbox, table: type[tables.Base], key: str) -> Any:
    with crm.read() as session:
        return session.get_one(table, key)


# Making -------------------------------------------------------------------------------------------


def test_a_customer_is_made_with_a_number_of_their_own_and_what_weighs_more_waits(
    crm: Sandbox,
) -> None:
    outcome = made(crm, "customer", {**TIN_LAMPS, "credit_limit": "50000", "payment_days": "60"})
    assert outcome.key == "CU-904"
    assert outcome.version == 1
    assert sorted(outcome.waiting) == ["address", "credit_limit", "payment_days"]
    customer = row(crm, tables.Customer, outcome.key)
    assert (customer.name, customer.currency) == ("Tin Lamps", "CNY")
    assert (customer.credit_limit, customer.payment_days, customer.address) == (None, 30, None)


def test_a_product_is_made_under_our_one_code(crm: Sandbox) -> None:
    values = {"product_id": "TV-30", "name": "Float valve", "family": "Valves", "unit": "piece"}
    assert made(crm, "product", values) == Outcome("TV-30", 1)
    assert list(made(crm, "product", {**values, "product_id": "FV-9", "name": "Ball tap",
                                      "cost": "12.5"}).waiting) == ["cost"]  # fmt: skip


def test_a_customers_code_is_mapped_to_our_product_and_found_whatever_its_case(
    crm: Sandbox,
) -> None:
    values = {"customer_id": "cu-901", "customer_code": "KT-7", "product_id": "tp-10"}
    outcome = made(crm, "customer_code", values)
    assert outcome == Outcome(f"{CUSTOMER}/KT-7", 1)
    assert row(crm, tables.CustomerCode, outcome.key).product_id == PRODUCT
    again = {**values, "product_id": OTHER_PRODUCT}
    assert list(faults_of(crm, lambda: made(crm, "customer_code", again))) == ["customer_code"]


def test_a_price_waits_as_a_whole_before_it_is_there(crm: Sandbox) -> None:
    values = {"price_list_id": BASE, "product_id": PRODUCT, "unit_price": "3480",
              "valid_from": "2026-06-01"}  # fmt: skip
    outcome = made(crm, "price", values)
    assert outcome.version is None
    assert list(outcome.waiting) == [WHOLE]
    with crm.read() as session:
        assert session.get(tables.Price, outcome.key) is None


@pytest.mark.parametrize(
    ("entries", "at_fault", "sentence"),
    [
        ({"name": ""}, "name", "'Name' is missing."),
        ({"name": "x" * 501}, "name", "'Name' has 501 characters; it takes 500."),
        ({"name": "🐉" * 501}, "name", "'Name' has 501 characters; it takes 500."),
        ({"city": "x" * 81}, "city", "'City' has 81 characters; it takes 80."),
        ({"phone": "call me"}, "phone", "A telephone number has digits"),
        ({"phone": "1" * 41}, "phone", "'Telephone' has 41 characters; it takes 40."),
        ({"email": "mo.tin-lamps"}, "email", "A mail address has a name, an @ and a place"),
        ({"email": "mo li@x"}, "email", "A mail address has a name, an @ and a place"),
        ({"currency": "yuan"}, "currency", "A currency has three capital letters"),
        ({"currency": "QQQ"}, "currency", "'QQQ' is not a currency"),
        ({"currency": "XXX"}, "currency", "'XXX' is not a currency"),
        ({"currency": "XTS"}, "currency", "'XTS' is not a currency"),
        ({"currency": "XAU"}, "currency", "'XAU' is not a currency"),
        ({"currency": "XDR"}, "currency", "'XDR' is not a currency"),
        ({"currency": "CHW"}, "currency", "'CHW' is not a currency"),
        ({"currency": "DEM"}, "currency", "'DEM' is not a currency"),
        ({"name": "Tin \u202eLamps"}, "name", "turns the direction of writing round"),
        ({"city": "\u2067Nanchang"}, "city", "turns the direction of writing round"),
        ({"credit_limit": "-1"}, "credit_limit", "'Credit limit' is at least 0."),
        ({"credit_limit": "much"}, "credit_limit", "'Credit limit' is a number, such as 12."),
        ({"payment_days": "1.5"}, "payment_days", "'Days to pay' is a whole number"),
        ({"payment_days": "400"}, "payment_days", "'Days to pay' is at most 365."),
        ({"account_manager": "U-000"}, "account_manager", "'U-000' is not in the CRM"),
        ({"account_manager": "\ud800"}, "account_manager", "has a sign in it"),
        ({"account_manager": "U-\0"}, "account_manager", "has a sign in it"),
        ({"branch": "Esat"}, "branch", "There is no branch 'Esat'; there are: East"),
        ({"contact": "a\0b"}, "contact", "'Contact' has a sign in it that no screen can show"),
        ({"colour": "red"}, "colour", "There is no 'colour' here; there are: name, city"),
        ({"version": 9}, "version", "There is no 'version' here"),
        ({"customer_id": "CU-007"}, "customer_id", "There is no 'customer_id' here"),
    ],
)
def test_what_cannot_be_a_customer_is_refused_at_its_field(
    crm: Sandbox, entries: dict[str, Any], at_fault: str, sentence: str
) -> None:
    faults = faults_of(crm, lambda: made(crm, "customer", {**TIN_LAMPS, **entries}))
    assert list(faults) == [at_fault]
    assert sentence in faults[at_fault]


@pytest.mark.parametrize(
    "name", ["מנורות פח", "مصابيح القصدير", "Tin\u200dLamps 👩\u200d🔧", "锡灯"]
)
def test_names_in_any_script_are_kept(crm: Sandbox, name: str) -> None:
    outcome = made(crm, "customer", {**TIN_LAMPS, "name": name})
    assert row(crm, tables.Customer, outcome.key).name == name


def test_all_faults_are_told_at_once_in_the_order_of_the_form(crm: Sandbox) -> None:
    entries = {"currency": "QQQ", "credit_limit": "x", "name": "Kaolin Tile", "email": ""}
    faults = faults_of(crm, lambda: made(crm, "customer", {**TIN_LAMPS, **entries}))
    assert list(faults) == ["name", "email", "currency", "credit_limit"]


@pytest.mark.parametrize(
    "name", [LONG, "<script>alert(1)</script>", "'; DROP TABLE customers;--", "{name}", "a\nb"]
)
def test_any_name_is_stored_as_it_is(crm: Sandbox, name: str) -> None:
    outcome = made(crm, "customer", {**TIN_LAMPS, "name": name, "contact": name})
    customer = row(crm, tables.Customer, outcome.key)
    assert (customer.name, customer.contact) == (name, name)


@pytest.mark.parametrize("phone", ["+47 000 00 1012", "(0571) 8888-1234", "021/555.12 ext. 7"])
def test_telephone_numbers_are_taken_as_people_write_them(crm: Sandbox, phone: str) -> None:
    assert (
        row(crm, tables.Customer, made(crm, "customer", {**TIN_LAMPS, "phone": phone}).key).phone
        == phone
    )


def test_what_is_nearly_the_same_is_offered_with_its_key_until_somebody_has_looked(
    crm: Sandbox,
) -> None:
    twice = {**TIN_LAMPS, "name": "Kaolin Tile Co., Ltd."}
    faults = faults_of(crm, lambda: made(crm, "customer", twice))
    assert list(faults) == ["name"]
    assert f"{CUSTOMER} Kaolin Tiles, Jingdezhen" in faults["name"]
    assert made(crm, "customer", twice, looked=True).key == "CU-904"


def test_a_product_is_compared_by_its_name_and_by_its_code(crm: Sandbox) -> None:
    values = {"product_id": "TP 10", "name": "Test pumps", "family": "Pumps", "unit": "piece"}
    faults = faults_of(crm, lambda: made(crm, "product", values))
    assert list(faults) == ["product_id", "name"]
    assert all(f"{PRODUCT} Test pump" in sentence for sentence in faults.values())
    exactly = {**values, "product_id": "tp-10"}
    faults = faults_of(crm, lambda: made(crm, "product", exactly, looked=True))
    assert faults["product_id"].startswith("TP-10 is there already")


def test_of_what_a_seat_does_not_see_it_learns_only_that_it_is_there(
    crm: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "inside_sales:          {see: all, "
    text = permissions.FILE.read_text(encoding="utf-8")
    assert line in text
    narrow = permissions.loads(text.replace(line, line.replace("all", "branch")))
    for module in (permissions, scopes):
        monkeypatch.setattr(module, "permissions", lambda: narrow)
    south = Who("U-950", "inside_sales")
    add(
        crm,
        tables.User(user_id=south.user_id, name="Bo", branch="South"),
        tables.UserSeat(user_id=south.user_id, seat=south.seat),
    )
    twice = {**TIN_LAMPS, "name": "Kaolin Tile"}
    offered = faults_of(crm, lambda: made(crm, "customer", twice, INSIDE))["name"]
    assert f"{CUSTOMER} Kaolin Tiles" in offered
    hidden = faults_of(crm, lambda: made(crm, "customer", {**twice, "branch": "South"}, south))
    assert "one that you do not see" in hidden["name"]
    assert CUSTOMER not in hidden["name"]


@pytest.mark.parametrize("who", [REPRESENTATIVE, WAREHOUSE])
def test_a_seat_that_makes_no_base_data_is_denied_and_that_is_on_record(
    crm: Sandbox, who: Who
) -> None:
    with pytest.raises(Denied, match="you may create no base data; ask the"):
        made(crm, "customer", TIN_LAMPS, who)
    with crm.read() as session:
        (line,) = trail_of(session, "customer")
    assert (line.operation, line.seat, line.detail["rule"]) == (
        "denied",
        who.seat,
        f"{who.seat}.create",
    )


def test_inside_sales_makes_customers_of_its_own_branch_only(crm: Sandbox) -> None:
    add(crm, tables.User(user_id="U-951", name="Nan", branch="South"))
    with pytest.raises(Denied, match="your branch's customers only"):
        made(crm, "customer", {**TIN_LAMPS, "branch": "South"}, INSIDE)
    assert made(crm, "customer", TIN_LAMPS, INSIDE).key == "CU-904"


def test_what_is_no_base_data_has_no_form(crm: Sandbox) -> None:
    with pytest.raises(Refused, match="'order' is not base data; that is: customer, product"):
        made(crm, "order", {})


# Changing -----------------------------------------------------------------------------------------


def test_what_weighs_little_holds_at_once_and_what_weighs_more_waits(crm: Sandbox) -> None:
    outcome = changed(crm, {"phone": "+86 100 0000 1234", "credit_limit": "120000", "city": "Jian"})
    assert (outcome.version, list(outcome.waiting)) == (2, ["credit_limit"])
    customer = row(crm, tables.Customer, CUSTOMER)
    assert (customer.phone, customer.city) == ("+86 100 0000 1234", "Jian")
    assert customer.credit_limit == 100_000
    proposal = row(crm, tables.Proposal, outcome.waiting["credit_limit"])
    assert (proposal.before, proposal.after, proposal.reviews_needed) == (
        "100000.00",
        "120000.00",
        2,
    )
    assert (proposal.version, proposal.seat) == (2, "data_steward")


def test_a_limit_of_nothing_can_be_proposed_and_an_empty_one_too(crm: Sandbox) -> None:
    waiting = changed(crm, {"credit_limit": "0"}).waiting
    assert row(crm, tables.Proposal, waiting["credit_limit"]).after == "0.00"
    other = changed(crm, {"credit_limit": ""}, key=OTHER_CUSTOMER).waiting
    assert row(crm, tables.Proposal, other["credit_limit"]).after is None


def test_entries_that_say_what_is_there_already_change_nothing(crm: Sandbox) -> None:
    same = {"name": "Kaolin Tiles", "credit_limit": "100,000", "payment_days": 30}
    assert changed(crm, same) == Outcome(CUSTOMER, 1)


def test_what_waits_already_is_not_proposed_a_second_time(crm: Sandbox) -> None:
    first = changed(crm, {"credit_limit": "120000"}).waiting["credit_limit"]
    faults = faults_of(crm, lambda: changed(crm, {"credit_limit": "130000", "city": "Jian"}))
    assert list(faults) == ["credit_limit"]
    assert first in faults["credit_limit"]
    assert "120000.00" in faults["credit_limit"]
    assert changed(crm, {"city": "Jian"}).version == 2


def test_what_was_fixed_when_it_was_made_stays(crm: Sandbox) -> None:
    faults = faults_of(
        crm, lambda: changed(crm, {"product_id": "TP-99"}, kind="product", key=PRODUCT)
    )
    assert faults == {"product_id": "'Our code' stays as it was made; make another record."}


def test_a_change_is_refused_by_field_like_a_new_record(crm: Sandbox) -> None:
    entries = {"phone": "?", "credit_limit": "-5", "name": "", "colour": "red", "payment_days": 999}
    faults = faults_of(crm, lambda: changed(crm, entries))
    assert sorted(faults) == sorted(entries)


def test_two_people_at_one_record_the_second_is_told_what_was_changed_and_by_which_seat(
    crm: Sandbox,
) -> None:
    changed(crm, {"phone": "+86 100 0000 1234", "city": "Jian"}, who=FINANCE)
    changed(crm, {"city": "Nanchang"}, seen=2, who=INSIDE)
    with pytest.raises(StaleRecord) as told:
        changed(crm, {"city": "Ganzhou", "contact": "Rong Er"}, seen=1)
    assert told.value.fields == {
        "city": "'City' is now Nanchang, and was Jian (seat: Inside sales, 20 May 2026).",
        "phone": "'Telephone' is now +86 100 0000 1234, and was +86 100 0000 9001 "
        "(seat: Finance controller, 20 May 2026).",
    }
    assert "nothing was overwritten" in str(told.value)
    customer = row(crm, tables.Customer, CUSTOMER)
    assert (customer.city, customer.contact, customer.version) == ("Nanchang", "Rong Yi", 3)
    assert changed(crm, {"contact": "Rong Er"}, seen=3).version == 4


def test_somebody_is_told_only_of_what_they_may_see(crm: Sandbox) -> None:
    with crm.write("price it", subject=PRODUCT, at=NOW, seat="finance_controller") as session:
        session.get_one(tables.Product, PRODUCT).cost = money(700)
    with pytest.raises(StaleRecord) as told:
        changed(crm, {"family": "Pump"}, kind="product", key=PRODUCT, who=REPRESENTATIVE)
    assert told.value.fields == {}
    assert "700" not in str(told.value)
    with pytest.raises(StaleRecord) as told:
        changed(crm, {"family": "Pump"}, kind="product", key=PRODUCT, who=STEWARD)
    assert told.value.fields == {
        "cost": "'Cost' is now 700.00, and was empty (seat: Finance controller, 20 May 2026)."
    }


def test_what_a_case_changes_counts_as_a_change_too(crm: Sandbox) -> None:
    with crm.write("hand_over", subject="L-T", at=NOW, seat="inside_sales") as session:
        session.get_one(tables.Customer, CUSTOMER).address = "9 Gate Road"
    with pytest.raises(StaleRecord, match="'Address' is now 9 Gate Road"):
        changed(crm, {"city": "Jian"})


def test_each_change_of_base_data_counts_once_and_is_in_the_audit_trail(crm: Sandbox) -> None:
    for days in (45, 45, 60):
        with crm.write("change", subject=CUSTOMER, at=NOW) as session:
            book(session, "customer", None, {"payment_days": days}, CUSTOMER)
    with crm.read() as session:
        assert session.get_one(tables.Customer, CUSTOMER).version == 3
        trail = list(
            session.scalars(
                select(tables.Audit)
                .where(tables.Audit.subject == CUSTOMER)
                .order_by(tables.Audit.audit_id)
            )
        )
    changes = [change["after"] for line in trail for change in line.changes]
    assert changes == [
        {"payment_days": 45, "version": 2},
        {"payment_days": 60, "version": 3},
    ]


def test_many_at_once_lose_nothing(crm: Sandbox) -> None:
    told: list[StaleRecord] = []

    def add_one(number: int) -> None:
        seen = 1
        while True:
            try:
                contact = row(crm, tables.Customer, CUSTOMER).contact
                changed(crm, {"contact": f"{contact}+{number}"}, seen=seen)
                return
            except StaleRecord as stale:
                told.append(stale)
                seen = row(crm, tables.Customer, CUSTOMER).version

    threads = [Thread(target=add_one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    customer = row(crm, tables.Customer, CUSTOMER)
    assert customer.version == 7
    assert sorted(customer.contact.split("+")[1:]) == list("012345")
    assert told


def test_a_representative_changes_their_own_customers_only(crm: Sandbox) -> None:
    add(crm, customer("CU-950", account_manager=STEWARD.user_id))
    assert changed(crm, {"city": "Jian"}, who=REPRESENTATIVE).version == 2
    with pytest.raises(Denied, match="only your own customers"):
        changed(crm, {"city": "Jian"}, key="CU-950", who=REPRESENTATIVE)
    with pytest.raises(Denied, match="only your own customers"):
        changed(crm, {"city": "Jian"}, key="CU-999", who=REPRESENTATIVE)
    with pytest.raises(Refused, match="There is no customer 'CU-999'"):
        changed(crm, {"city": "Jian"}, key="CU-999")


def test_nobody_changes_a_column_that_they_do_not_see(crm: Sandbox) -> None:
    with pytest.raises(Denied, match="you do not see 'Cost'"):
        changed(crm, {"cost": "1"}, kind="product", key=PRODUCT, who=REPRESENTATIVE)


@pytest.mark.parametrize("key", ["", "'; DROP TABLE customers;--", "a\0b", "\ud800", "x" * 900])
def test_any_key_can_be_asked_for(crm: Sandbox, key: str) -> None:
    with pytest.raises(Refused):
        changed(crm, {"city": "Jian"}, key=key)


# History ------------------------------------------------------------------------------------------


def test_the_history_of_a_record_says_when_by_which_seat_and_from_what_to_what(
    crm: Sandbox,
) -> None:
    key = made(crm, "customer", TIN_LAMPS, INSIDE).key
    changed(crm, {"city": "Jian"}, key=key, who=FINANCE)
    changed(crm, {"city": "Nanchang", "contact": "Mo Er"}, key=key, seen=2)
    past = history(crm, STEWARD, "customer", key, at=NOW)
    assert past.next is None
    said = [(item.seat, item.column, item.before, item.after) for item in past.changes]
    assert said[:3] == [
        ("data_steward", "city", "Jian", "Nanchang"),
        ("data_steward", "contact", "Mo Li", "Mo Er"),
        ("finance_controller", "city", "Yuyao", "Jian"),
    ]
    assert ("inside_sales", "city", None, "Yuyao") in said
    assert {item.at for item in past.changes} == {NOW}
    assert not [item for item in past.changes if item.column == "version"]
    cities = history(crm, STEWARD, "customer", key, "city", at=NOW)
    assert [item.after for item in cities.changes] == ["Nanchang", "Jian", "Yuyao"]


def test_a_long_history_is_read_a_part_at_a_time(crm: Sandbox) -> None:
    for seen in range(1, 6):
        changed(crm, {"city": f"City {seen}"}, seen=seen)
    first = history(crm, STEWARD, "customer", CUSTOMER, "city", at=NOW, size=2)
    assert [item.after for item in first.changes] == ["City 5", "City 4"]
    rest = history(crm, STEWARD, "customer", CUSTOMER, "city", at=NOW, before=first.next, size=9)
    assert [item.after for item in rest.changes] == ["City 3", "City 2", "City 1", "Jingdezhen"]
    assert rest.next is None


def test_a_history_shows_no_more_than_the_seat_may_see(crm: Sandbox) -> None:
    with crm.write("price it", subject=PRODUCT, at=NOW, seat="finance_controller") as session:
        session.get_one(tables.Product, PRODUCT).cost = money(700)
    columns = {item.column for item in history(crm, WAREHOUSE, "product", PRODUCT, at=NOW).changes}
    assert "name" in columns
    assert "cost" not in columns
    with pytest.raises(Denied, match="you do not see 'Cost'"):
        history(crm, WAREHOUSE, "product", PRODUCT, "cost", at=NOW)
    add(crm, customer("CU-950", account_manager=STEWARD.user_id))
    with pytest.raises(Denied):
        history(crm, REPRESENTATIVE, "customer", "CU-950", at=NOW)


def test_a_history_is_on_record_and_not_read_as_a_whole(crm: Sandbox) -> None:
    history(crm, WAREHOUSE, "product", PRODUCT, at=NOW)
    with crm.read() as session:
        assert trail_of(session, PRODUCT)[-1].operation == "history"
    with pytest.raises(Refused, match="Ask for 1 to 200 rows"):
        history(crm, WAREHOUSE, "product", PRODUCT, at=NOW, size=100_000)


# The file -----------------------------------------------------------------------------------------


def test_a_price_and_a_credit_limit_take_two_reviewers_and_a_description_one() -> None:
    forms = base_forms()
    assert forms["price"].columns["unit_price"].reviewers == 2
    assert forms["price"].new.reviewers == 2
    assert forms["customer"].columns["credit_limit"].reviewers == 2
    assert forms["product"].columns["description"].reviewers == 1
    assert forms["customer"].columns["phone"].reviewers == 0


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("by: [inside_sales", "by: [inside_salez", "line 47: there is no seat 'inside_salez'"),
        ("    city:", "    citi:", "line 23: there is no column of customer 'citi'"),
        ("price:\n  title", "prize:\n  title", "there is no kind of record 'prize'"),
        ("near: [name]", "near: [nom]", "line 16: there is no column of customer 'nom'"),
        (
            "reviewers: 1\n      by: [data_steward, finance_controller, general_manager]",
            "reviewers: 1",
            "reviewers and by belong together",
        ),
        ("fixed: true, help", "fixt: true, help", "'fixt' is not a name that"),
    ],
)
def test_a_file_of_base_data_that_leads_nowhere_is_told_by_line(
    old: str, new: str, sentence: str
) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(CrmlabError, match=r"master\.yaml") as told:
        loads(text.replace(old, new, 1))
    assert sentence in str(told.value)
