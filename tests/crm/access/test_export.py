"""Exports: with a reason, within a limit, only what is within the scope, and always on record."""

from __future__ import annotations

import csv
import io
from hashlib import sha256

import pytest

from crmlab.crm import tables
from crmlab.crm.access import permissions as crm_permissions
from crmlab.crm.access.export import MARK, export
from crmlab.crm.access.permissions import Who, permissions
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Denied, Refused
from tests.crm.access.test_browse import NASTY, customer, storable
from tests.crm.people import (
    AGENT,
    AT,
    DIRECTOR,
    FINANCE,
    GENERAL,
    INSIDE,
    MANAGER,
    REPRESENTATIVE,
    put,
    trail,
)

REASON = "For the yearly letter to our customers."
SERVICE = Who("U-10", "service_manager")


def table(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file, as a spreadsheet reads them."""
    assert text.startswith(MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(MARK), newline="")))


def test_an_export_is_a_file_that_a_spreadsheet_opens(sandbox: Sandbox) -> None:
    made = export(sandbox, GENERAL, "order", REASON, AT)
    rows = table(made.csv)
    with sandbox.read() as session:
        orders = session.query(tables.Order).order_by(tables.Order.order_id).all()
        assert [row["order_id"] for row in rows] == [order.order_id for order in orders]
        assert made.rows == len(orders)
        assert list(rows[0]) == list(tables.Order.__table__.columns.keys())
    (one,) = [row for row in rows if row["order_id"] == "SO-20855"]
    assert one["ordered_at"].startswith("2026-04-13T")
    assert one["case_id"] == ""
    assert "\r\n" in made.csv


def test_only_what_is_within_the_scope_leaves(sandbox: Sandbox) -> None:
    for who, kind in ((MANAGER, "customer"), (SERVICE, "customer")):
        rows = table(export(sandbox, who, kind, REASON, AT).csv)
        assert {row["branch"] for row in rows} == {"South"}
    lines = table(export(sandbox, MANAGER, "order_line", REASON, AT).csv)
    with sandbox.read() as session:
        expected = {
            line.line_id
            for line in session.query(tables.OrderLine)
            if line.order.customer.branch == "South"
        }
    assert {row["line_id"] for row in lines} == expected


def test_only_the_rows_that_fit_the_filters_leave(sandbox: Sandbox) -> None:
    rows = table(export(sandbox, MANAGER, "order", REASON, AT, {"customer_id": "CU-017"}).csv)
    assert rows
    assert {row["customer_id"] for row in rows} == {"CU-017"}
    nothing = export(sandbox, MANAGER, "order", REASON, AT, {"customer_id": "CU-004"})
    assert (nothing.rows, table(nothing.csv)) == (0, [])


def test_a_column_that_the_seat_does_not_see_does_not_leave(sandbox: Sandbox) -> None:
    assert "cost" not in export(sandbox, SERVICE, "product", REASON, AT).csv.splitlines()[0]
    assert "cost" in export(sandbox, FINANCE, "product", REASON, AT).csv.splitlines()[0]
    with pytest.raises(Denied):
        export(sandbox, SERVICE, "product", REASON, AT, {"cost": "1"})


@pytest.mark.parametrize("who", [REPRESENTATIVE, AGENT, INSIDE])
def test_who_may_export_nothing_gets_nothing_but_whom_to_ask(sandbox: Sandbox, who: Who) -> None:
    before = len(trail(sandbox))
    with pytest.raises(Denied, match="you may export nothing; ask the") as denial:
        export(sandbox, who, "customer", REASON, AT)
    (line,) = trail(sandbox)[before:]
    assert (line["operation"], line["subject"]) == ("denied", "customer")
    assert line["detail"] == {
        "operation": "export",
        "rule": f"{who.seat}.export",
        "asked": denial.value.ask,
    }


def test_over_the_limit_of_the_seat_nothing_leaves(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sandbox.read() as session:
        there = session.query(tables.Customer).count()
    for most, leaves in ((there, True), (there - 1, False), (1, False)):
        entry = permissions().seats["sales_director"].model_copy(update={"export_rows": most})
        seats = {**permissions().seats, "sales_director": entry}
        limited = permissions().model_copy(update={"seats": seats})
        before = len(trail(sandbox))
        with monkeypatch.context() as patch:
            patch.setattr("crmlab.crm.access.export.permissions", lambda limited=limited: limited)
            if leaves:
                assert export(sandbox, DIRECTOR, "customer", REASON, AT).rows == there
                continue
            with pytest.raises(Denied) as denial:
                export(sandbox, DIRECTOR, "customer", REASON, AT)
        assert str(denial.value) == (
            f"As Sales director you may export at most {most} rows at a time, and these are more; "
            "ask the General manager."
        )
        assert denial.value.rule == "sales_director.export_rows"
        (line,) = trail(sandbox)[before:]
        assert (line["operation"], line["detail"]["rule"]) == ("denied", denial.value.rule)


def test_every_seat_that_exports_has_a_limit() -> None:
    for seat, line in crm_permissions.permissions().matrix.items():
        rows = crm_permissions.permissions().seats[seat].export_rows
        assert (rows > 0) == (line.export != "none")
        assert rows <= 1000


@pytest.mark.parametrize(
    "reason",
    [
        *["", "   ", "too short", " short    ", "\0" * 20, "\t\n" * 20, "x" * 501],
        *["For the \0yearly audit.", "For the \ud800yearly audit.", "For the \u202eyearly audit."],
    ],
)
def test_an_export_without_a_reason_is_refused_by_that_field(sandbox: Sandbox, reason: str) -> None:
    before = len(trail(sandbox))
    with pytest.raises(Refused) as refusal:
        export(sandbox, GENERAL, "customer", reason, AT)
    assert not isinstance(refusal.value, Denied)
    assert list(refusal.value.fields) == ["reason"]
    assert len(trail(sandbox)) == before


def test_an_export_is_on_record_with_its_reason_and_a_hash_of_what_left(sandbox: Sandbox) -> None:
    before = len(trail(sandbox))
    made = export(sandbox, GENERAL, "order", REASON, AT, {"customer_id": "CU-004"})
    (line,) = trail(sandbox)[before:]
    assert (line["operation"], line["subject"], line["user"]) == ("export", "order", "U-19")
    assert line["detail"] == {
        "reason": REASON,
        "filters": {"customer_id": "CU-004"},
        "rows": 2,
        "sha256": sha256(made.csv.encode()).hexdigest(),
    }
    assert made.sha256 == line["detail"]["sha256"]
    assert "SO-20855" not in str(line)


def test_the_same_rows_give_the_same_hash(sandbox: Sandbox) -> None:
    first = export(sandbox, GENERAL, "order", REASON, AT)
    assert export(sandbox, FINANCE, "order", "For quite another reason.", AT).sha256 == first.sha256


FORMULAS = [
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "=cmd|'/C calc'!A0",
    "\uff0b1",
    "\uff1d1",
]


def test_no_cell_is_a_formula(sandbox: Sandbox) -> None:
    put(sandbox, *(customer(f"CU-F{n:02}", name) for n, name in enumerate(FORMULAS)))
    rows = {
        row["customer_id"]: row["name"]
        for row in table(export(sandbox, GENERAL, "customer", REASON, AT).csv)
    }
    for n, name in enumerate(FORMULAS):
        assert rows[f"CU-F{n:02}"] == f"'{name}"


def test_whatever_stands_in_a_cell_or_a_reason_is_kept_to_the_letter(sandbox: Sandbox) -> None:
    put(sandbox, *(customer(f"CU-N{n:02}", name) for n, name in enumerate(storable())))
    rows = {
        row["customer_id"]: row["name"]
        for row in table(export(sandbox, GENERAL, "customer", REASON, AT).csv)
    }
    for n, name in enumerate(storable()):
        assert rows[f"CU-N{n:02}"] == name
    for nasty in storable():
        reason = f"Because of {nasty}"[:500]
        before = len(trail(sandbox))
        export(sandbox, GENERAL, "product", reason, AT)
        (line,) = trail(sandbox)[before:]
        assert line["detail"]["reason"] == reason


def test_what_cannot_be_exported_is_told(sandbox: Sandbox) -> None:
    for kind in ("", "audit", *NASTY):
        with pytest.raises(Refused) as refusal:
            export(sandbox, GENERAL, kind, REASON, AT)
        assert list(refusal.value.fields) == ["kind"]
    with pytest.raises(Refused) as refusal:
        export(sandbox, GENERAL, "order", REASON, AT, {"colour": "red"})
    assert list(refusal.value.fields) == ["colour"]
    with pytest.raises(Denied, match="does not sit"):
        export(sandbox, Who("U-07", "general_manager"), "order", REASON, AT)
