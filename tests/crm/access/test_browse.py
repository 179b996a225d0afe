"""Lists, single records and search: what comes, what does not, and what is on record of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from crmlab.crm import tables
from crmlab.crm.access.browse import COUNTED, LARGEST_PAGE, look, page
from crmlab.crm.access.permissions import Who
from crmlab.crm.access.search import ANYWHERE, BY_NUMBER, MOST, search
from crmlab.crm.records import KINDS
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import CrmlabError, Denied, Refused
from tests.crm.people import (
    AGENT,
    AT,
    FINANCE,
    GENERAL,
    MANAGER,
    REPRESENTATIVE,
    put,
    trail,
)

NASTY = [
    "'; DROP TABLE customers;--",
    '" OR ""="',
    "<script>alert(1)</script>",
    "%",
    "_",
    "%%%",
    "\\",
    "/",
    "[a-z]",
    "*",
    "🙂🙃",
    "a\0b",
    "\ud800",
    "x" * 500,
    "­",
    "\t\n",
]


def keys(sandbox: Sandbox, who: Who, kind: str, **more: Any) -> list[str]:
    """All keys of a list, page after page."""
    found: list[str] = []
    after = None
    while True:
        part = page(sandbox, who, kind, at=AT, after=after, **more)
        found += [row.key for row in part.rows]
        if part.next is None:
            return found
        assert part.next == found[-1] != after
        after = part.next


def customer(key: str, name: str, **more: Any) -> tables.Customer:
    values = {
        "city": "Wuxi", "branch": "East", "contact": "Somebody", "phone": "1", "email": "a@b.example",
        "account_manager": "U-07", **more,
    }  # fmt: skip
    return tables.Customer(customer_id=key, name=name, **values)


# Lists ------------------------------------------------------------------------------------------


def test_pages_of_any_size_make_the_whole_list_in_order_and_nothing_twice(
    sandbox: Sandbox,
) -> None:
    with sandbox.read() as session:
        all_of_them = sorted(key for (key,) in session.execute(text("SELECT order_id FROM orders")))
    for size in (7, LARGEST_PAGE):
        assert keys(sandbox, GENERAL, "order", size=size) == all_of_them


def test_a_list_has_only_what_is_within_the_scope(sandbox: Sandbox) -> None:
    with sandbox.read() as session:
        managers = {o.order_id: o.customer.account_manager for o in session.query(tables.Order)}
        branches = {o.order_id: o.customer.branch for o in session.query(tables.Order)}
    own = sorted(key for key, manager in managers.items() if manager == "U-07")
    south = sorted(key for key, branch in branches.items() if branch == "South")
    assert keys(sandbox, REPRESENTATIVE, "order", size=5) == own
    assert keys(sandbox, MANAGER, "order", size=5) == south
    assert keys(sandbox, AGENT, "order") == sorted(managers)


@pytest.mark.parametrize("many", [False, True])
def test_a_list_is_the_same_whether_its_scope_is_a_small_share_or_a_large_one(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    monkeypatch.setattr("crmlab.crm.access.browse.COUNTED", 1 if many else COUNTED)
    with sandbox.read() as session:
        lines = [
            line.line_id
            for line in session.query(tables.OrderLine).order_by(tables.OrderLine.line_id)
            if line.order.customer.branch == "South"
        ]
    assert keys(sandbox, MANAGER, "order_line", size=4) == sorted(lines)
    of_one = {"customer_id": "CU-004"}
    assert keys(sandbox, GENERAL, "order", filters=of_one, size=1) == ["SO-20533", "SO-20855"]
    found = page(sandbox, MANAGER, "order_line", at=AT, size=4)
    assert (found.count, found.more) == ((1, True) if many else (len(lines), False))


@given(
    counted=st.integers(1, 12),
    size=st.integers(1, 9),
    after=st.none() | st.sampled_from(["", "SO-20517-2", "SO-2085", "ZZ"]),
    who=st.sampled_from([REPRESENTATIVE, MANAGER, GENERAL]),
    batch=st.sampled_from([None, "B-2203"]),
    filtered=st.booleans(),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_page_is_the_next_rows_that_fit_however_far_they_are_counted(
    sandbox: Sandbox,
    counted: int,
    size: int,
    after: str | None,
    who: Who,
    batch: str | None,
    filtered: bool,
) -> None:
    seen: Any = {REPRESENTATIVE: ("account_manager", "U-07"), MANAGER: ("branch", "South")}
    column, value = seen.get(who, ("name", None))
    with sandbox.read() as session:
        fitting = sorted(
            line.line_id
            for line in session.query(tables.OrderLine)
            if value in (None, getattr(line.order.customer, column))
            and (not filtered or line.batch_no == batch)
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crmlab.crm.access.browse.COUNTED", counted)
        filters = {"batch_no": batch} if filtered else {}
        found = page(sandbox, who, "order_line", at=AT, after=after, size=size, filters=filters)
    behind = [key for key in fitting if after is None or key > after]
    assert [row.key for row in found.rows] == behind[:size]
    assert found.next == (behind[size - 1] if len(behind) > size else None)
    assert (found.count, found.more) == (min(len(fitting), counted), len(fitting) > counted)


def test_a_page_goes_on_from_a_key_that_is_not_there(sandbox: Sandbox) -> None:
    first = page(sandbox, GENERAL, "customer", at=AT, after="CU-004-and-a-half", size=2)
    assert [row.key for row in first.rows] == ["CU-005", "CU-006"]
    for nasty in ("", "A"):
        assert page(sandbox, GENERAL, "customer", at=AT, after=nasty).rows[0].key == "CU-001"
    last = page(sandbox, GENERAL, "customer", at=AT, after="ZZ")
    assert (last.rows, last.next) == ([], None)
    assert last.count == len(keys(sandbox, GENERAL, "customer"))


def test_a_page_is_filtered_by_what_a_column_has_to_be(sandbox: Sandbox) -> None:
    assert keys(sandbox, GENERAL, "order", filters={"customer_id": "CU-004"}) == [
        "SO-20533",
        "SO-20855",
    ]
    assert keys(sandbox, MANAGER, "order", filters={"customer_id": "CU-004"}) == []
    unshipped = page(sandbox, GENERAL, "order", at=AT, filters={"shipped_at": None})
    assert unshipped.rows
    assert all(row.values["shipped_at"] is None for row in unshipped.rows)
    both = {"customer_id": "CU-004", "shipped_at": ""}
    assert page(sandbox, GENERAL, "order", at=AT, filters=both).rows == []
    priced = page(sandbox, GENERAL, "order_line", at=AT, filters={"unit_price": "3480"})
    assert {row.values["unit_price"] for row in priced.rows} == {Decimal("3480.00")}
    assert page(sandbox, GENERAL, "batch", at=AT, filters={"blocked": "no"}).rows


def test_a_row_says_what_it_is_and_what_its_columns_are_called(sandbox: Sandbox) -> None:
    found = page(sandbox, REPRESENTATIVE, "order", at=AT, filters={"order_id": "SO-20855"})
    (row,) = found.rows
    assert (row.key, row.label) == ("SO-20855", "Dongshan Cooling, 2026-04-13")
    assert found.columns["ordered_at"] == "Ordered on"
    assert list(found.columns) == list(row.values)


def test_every_kind_of_record_has_its_list_and_its_single_records(sandbox: Sandbox) -> None:
    for kind in KINDS:
        for who in (GENERAL, REPRESENTATIVE, MANAGER):
            for row in page(sandbox, who, kind, at=AT, size=2).rows:
                found = look(sandbox, who, kind, row.key, at=AT)
                assert (found.key, found.label, found.values) == (row.key, row.label, row.values)


def test_a_page_is_neither_empty_nor_a_whole_table(sandbox: Sandbox) -> None:
    for size in (0, -1, LARGEST_PAGE + 1, 10_000_000):
        with pytest.raises(Refused, match="1 to 200 rows") as refusal:
            page(sandbox, GENERAL, "order", at=AT, size=size)
        assert list(refusal.value.fields) == ["size"]


def test_what_is_no_kind_of_record_is_refused(sandbox: Sandbox) -> None:
    for kind in ("", "orders", "audit", "counter", "Order", *NASTY):
        with pytest.raises(Refused, match="no records of the kind") as refusal:
            page(sandbox, GENERAL, kind, at=AT)
        assert list(refusal.value.fields) == ["kind"]
        with pytest.raises(Refused):
            look(sandbox, GENERAL, kind, "SO-20855", at=AT)


def test_a_column_that_is_not_there_is_refused_by_its_name(sandbox: Sandbox) -> None:
    for column in (
        "colour",
        "customer",
        "customer_id; DROP TABLE orders",
        "",
        "__mapper__",
        "x" * 500,
    ):
        with pytest.raises(Refused) as refusal:
            page(sandbox, GENERAL, "order", at=AT, filters={column: "x"})
        assert not isinstance(refusal.value, Denied)
        assert len(refusal.value.fields) == 1
        assert len(str(refusal.value)) < 400


def test_whatever_is_filtered_by_is_found_or_refused_and_harms_nothing(sandbox: Sandbox) -> None:
    put(sandbox, *(customer(f"CU-N{n:02}", name) for n, name in enumerate(storable())))
    before = len(keys(sandbox, GENERAL, "customer"))
    refused: list[str] = []
    for nasty in NASTY:
        for column in ("name", "customer_id", "payment_days", "credit_limit"):
            try:
                rows = page(sandbox, GENERAL, "customer", at=AT, filters={column: nasty}).rows
            except Refused as refusal:
                refused = [*refused, *refusal.fields]
            else:
                assert all(row.values[column] in (nasty, nasty.strip(), None) for row in rows)
        page(sandbox, GENERAL, "customer", at=AT, after=nasty)
    assert {"customer_id", "payment_days", "credit_limit"} <= set(refused)
    for nasty in storable():
        found = page(sandbox, GENERAL, "customer", at=AT, filters={"name": nasty}).rows
        assert [row.values["name"] for row in found] == [nasty]
    assert len(keys(sandbox, GENERAL, "customer")) == before


def storable() -> list[str]:
    """Of the nasty texts those that a name may be."""
    return [nasty for nasty in NASTY if nasty.strip() and not {"\0", "\ud800", "­"} & set(nasty)]


# Columns that not everybody sees ----------------------------------------------------------------


def test_a_column_that_a_seat_does_not_see_is_left_out(sandbox: Sandbox) -> None:
    assert "cost" not in page(sandbox, AGENT, "product", at=AT).columns
    assert "cost" not in page(sandbox, AGENT, "product", at=AT).rows[0].values
    assert "cost" not in look(sandbox, AGENT, "product", "LP-40", at=AT).values
    assert look(sandbox, FINANCE, "product", "LP-40", at=AT).values["cost"]
    assert "credit_limit" not in look(sandbox, AGENT, "customer", "CU-004", at=AT).values
    assert "credit_limit" in look(sandbox, REPRESENTATIVE, "customer", "CU-004", at=AT).values


def test_nor_can_it_be_found_out_by_filtering(sandbox: Sandbox) -> None:
    before = len(trail(sandbox))
    with pytest.raises(Denied) as denial:
        page(sandbox, AGENT, "product", at=AT, filters={"cost": "1"})
    assert str(denial.value) == "As Service agent you do not see 'Cost'; ask the Service manager."
    (line,) = trail(sandbox)[before:]
    assert (line["operation"], line["detail"]["rule"]) == ("denied", "shown_to.product.cost")


# One record -------------------------------------------------------------------------------------


def test_one_record_with_its_version(sandbox: Sandbox) -> None:
    found = look(sandbox, REPRESENTATIVE, "customer", "CU-004", at=AT)
    assert (found.key, found.version) == ("CU-004", 1)
    assert found.values["city"] == "Suzhou"
    assert look(sandbox, REPRESENTATIVE, "order", "SO-20855", at=AT).version is None


def test_of_what_is_out_of_reach_nobody_learns_whether_it_is_there(sandbox: Sandbox) -> None:
    sentences = set()
    for key in ("CU-015", "CU-999"):
        with pytest.raises(Denied) as denial:
            look(sandbox, REPRESENTATIVE, "customer", key, at=AT)
        assert (denial.value.rule, denial.value.ask) == (
            "sales_representative.see",
            "sales_manager",
        )
        sentences.add(str(denial.value).replace(key, "…"))
    assert len(sentences) == 1
    with pytest.raises(Refused) as refusal:
        look(sandbox, GENERAL, "customer", "CU-999", at=AT)
    assert not isinstance(refusal.value, Denied)
    assert list(refusal.value.fields) == ["key"]


def test_whatever_key_is_asked_for_is_told_and_harms_nothing(sandbox: Sandbox) -> None:
    for nasty in [*NASTY, ""]:
        for who in (GENERAL, REPRESENTATIVE):
            with pytest.raises(Refused) as refusal:
                look(sandbox, who, "customer", nasty, at=AT)
            assert len(str(refusal.value)) < 300


# Search -----------------------------------------------------------------------------------------


def found(sandbox: Sandbox, who: Who, wanted: str, *kinds: str) -> list[str]:
    more = {"kinds": kinds} if kinds else {}
    return [hit.key for hit in search(sandbox, who, wanted, at=AT, **more)]


def test_the_case_of_letters_does_not_matter_in_any_script(sandbox: Sandbox) -> None:
    put(
        sandbox,
        customer("CU-U1", "ÖLMÜHLE Łódź"),
        customer("CU-U2", "ölmühle ŁÓDŹ"),
        customer("CU-U3", "Ивановъ и Сыновья"),
        customer("CU-U4", "ΟΔΟΣ ΑΕ"),
        customer("CU-U5", "東方 Straße"),
    )
    assert found(sandbox, GENERAL, "Ölmühle łódź") == ["CU-U1", "CU-U2"]
    assert found(sandbox, GENERAL, "ИВАНОВЪ") == ["CU-U3"]
    assert found(sandbox, GENERAL, "οδος αε") == ["CU-U4"]
    assert found(sandbox, GENERAL, "東方 STRASSE") == []
    assert found(sandbox, GENERAL, "東方 straße") == ["CU-U5"]
    assert found(sandbox, GENERAL, "青石") == ["CU-006"]
    assert found(sandbox, GENERAL, "dongSHAN") == ["CU-004"]


def test_signs_with_a_meaning_elsewhere_mean_themselves(sandbox: Sandbox) -> None:
    names = storable()
    put(sandbox, *(customer(f"CU-N{n:02}", name) for n, name in enumerate(names)))
    for wanted in NASTY:
        if not wanted.replace("\0", "").split():
            continue
        try:
            hits = search(sandbox, GENERAL, wanted, at=AT, kinds=("customer",), size=MOST)
        except Refused as refusal:
            pytest.fail(str(refusal))
        cleaned = wanted.replace("\0", "").replace("\ud800", "?").lower()
        with sandbox.read() as session:
            expected = {
                row.customer_id
                for row in session.query(tables.Customer)
                for value in (
                    row.customer_id,
                    row.name,
                    row.city,
                    row.contact,
                    row.phone,
                    row.email,
                )
                if cleaned in value.lower()
            }
        assert {hit.key for hit in hits} == expected
    assert found(sandbox, GENERAL, "%%%", "customer") == [f"CU-N{names.index('%%%'):02}"]


def test_a_number_is_found_from_its_beginning_with_or_without_its_letters(
    sandbox: Sandbox,
) -> None:
    for wanted in ("SO-20855", "so-20855", "20855", "SO-2085", "2085"):
        assert "SO-20855" in found(sandbox, GENERAL, wanted, "order"), wanted
    assert found(sandbox, GENERAL, "0855", "order") == []
    assert found(sandbox, GENERAL, "%0855", "order") == []
    assert found(sandbox, GENERAL, "SO_20855", "order") == []


def test_a_lead_that_is_no_customer_yet_is_found_by_its_company_while_it_is_open(
    sandbox: Sandbox,
) -> None:
    def lead(key: str, outcome: str) -> tables.Opportunity:
        return tables.Opportunity(
            opportunity_id=key, company="Großmühle", owner="U-07", created_at=AT, outcome=outcome
        )

    put(sandbox, lead("L-T1", "open"), lead("L-T2", "lost"))
    assert found(sandbox, REPRESENTATIVE, "GROßMÜHLE") == ["L-T1"]
    assert found(sandbox, MANAGER, "großmühle") == []
    assert found(sandbox, REPRESENTATIVE, "l-t", "opportunity") == ["L-T1", "L-T2"]


def test_a_search_finds_only_what_is_within_the_scope(sandbox: Sandbox) -> None:
    assert found(sandbox, GENERAL, "Harbour Heat", "customer") == ["CU-015"]
    assert found(sandbox, REPRESENTATIVE, "Harbour Heat", "customer") == []
    assert found(sandbox, REPRESENTATIVE, "CU-015") == []
    everything = found(sandbox, REPRESENTATIVE, "0", *ANYWHERE, *BY_NUMBER)
    with sandbox.read() as session:
        others = {
            row.customer_id
            for row in session.query(tables.Customer)
            if row.account_manager != "U-07"
        }
        others |= {
            row.complaint_id for row in session.query(tables.Complaint) if row.customer_id in others
        }
    assert everything
    assert not others & set(everything)


def test_a_column_that_is_not_shown_is_not_searched(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crmlab.crm.access import permissions

    shut = permissions.permissions().model_copy(update={"shown_to": {"customer.email": []}})
    assert found(sandbox, GENERAL, "@dongshan-cooling") == ["CU-004"]
    monkeypatch.setattr("crmlab.crm.access.search.permissions", lambda: shut)
    assert found(sandbox, GENERAL, "@dongshan-cooling") == []


def test_a_search_gives_at_most_so_many_of_each_kind(sandbox: Sandbox) -> None:
    hits = search(sandbox, GENERAL, "o", at=AT, kinds=("customer", "product"), size=3)
    assert [hit.kind for hit in hits] == ["customer"] * 3 + ["product"] * 3
    assert [hit.key for hit in hits][:3] == sorted(hit.key for hit in hits[:3])


def test_a_search_for_nothing_or_everything_is_refused(sandbox: Sandbox) -> None:
    asked: list[tuple[str, dict[str, Any], str]] = [
        ("", {}, "text"),
        (" \t\n", {}, "text"),
        ("\0", {}, "text"),
        ("x" * 501, {}, "text"),
        ("pump", {"kinds": ("audit",)}, "kinds"),
        ("pump", {"kinds": ("order_line",)}, "kinds"),
        ("pump", {"kinds": ("customer", "'; DROP TABLE users")}, "kinds"),
        ("pump", {"size": 0}, "size"),
        ("pump", {"size": 10_000_000}, "size"),
    ]
    for wanted, more, field in asked:
        with pytest.raises(Refused) as refusal:
            search(sandbox, GENERAL, wanted, at=AT, **more)
        assert list(refusal.value.fields) == [field]


# On record --------------------------------------------------------------------------------------


def test_every_look_is_on_record_with_what_was_asked_and_no_copy_of_what_came(
    sandbox: Sandbox,
) -> None:
    before = len(trail(sandbox))
    page(sandbox, REPRESENTATIVE, "order", at=AT, filters={"customer_id": "CU-004"}, size=1)
    look(sandbox, REPRESENTATIVE, "customer", "CU-004", at=AT)
    search(sandbox, REPRESENTATIVE, "dongshan", at=AT)
    listed, read, searched = trail(sandbox)[before:]
    assert (listed["operation"], listed["subject"]) == ("list", "order")
    assert listed["detail"] == {
        "filters": {"customer_id": "CU-004"},
        "after": None,
        "size": 1,
        "rows": 1,
    }
    assert (read["operation"], read["subject"]) == ("read", "CU-004")
    assert (searched["operation"], searched["detail"]["text"]) == ("search", "dongshan")
    assert searched["detail"]["rows"] == 1
    for line in (listed, read, searched):
        assert (line["user"], line["seat"], line["at"]) == ("U-07", "sales_representative", AT)
        assert line["changes"] == []
        assert "Suzhou" not in str(line)


def test_what_is_refused_for_its_form_is_no_look(sandbox: Sandbox) -> None:
    before = len(trail(sandbox))
    for refused in (
        lambda: page(sandbox, GENERAL, "order", at=AT, filters={"colour": "red"}),
        lambda: page(sandbox, GENERAL, "order", at=AT, size=0),
        lambda: search(sandbox, GENERAL, "", at=AT),
    ):
        with pytest.raises(CrmlabError):
            refused()
    assert len(trail(sandbox)) == before


def test_nobody_looks_from_a_seat_that_is_not_theirs(sandbox: Sandbox) -> None:
    intruder = Who("U-07", "general_manager")
    before = len(trail(sandbox))
    for asked in (
        lambda: page(sandbox, intruder, "order", at=AT),
        lambda: look(sandbox, intruder, "customer", "CU-004", at=AT),
        lambda: search(sandbox, intruder, "dongshan", at=AT),
    ):
        with pytest.raises(Denied, match="does not sit in the seat"):
            asked()
    assert [line["operation"] for line in trail(sandbox)[before:]] == ["denied"] * 3
