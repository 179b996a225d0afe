"""A sandbox that begins with the whole company: the small one is in it, unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crmlab.crm import records, tables
from crmlab.crm.casework.facts import facts_of
from crmlab.crm.store import history
from crmlab.crm.store.sandbox import Sandbox, open_sandbox
from crmlab.crm.store.start_set import STARTS, template_key
from crmlab.crm.tables import Base
from crmlab.crm.trail.verify import verify
from crmlab.procedures import load

AT = datetime(2026, 5, 12, 9, tzinfo=UTC)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Sandbox]:
    opened = open_sandbox("whole", folder=tmp_path, start="company")
    yield opened
    opened.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Sandbox]:
    opened = open_sandbox("small", folder=tmp_path)
    yield opened
    opened.close()


def test_every_table_that_has_a_past_has_more_in_it_than_the_small_one(
    company: Sandbox, small: Sandbox
) -> None:
    for name in history.TABLES:
        if name in ("user_seats", "customer_codes", "price_lists"):
            continue
        count = select(func.count()).select_from(Base.metadata.tables[name])
        with company.read() as whole, small.read() as little:
            assert whole.scalar(count) > little.scalar(count), name  # type: ignore[operator]


def test_a_server_has_the_same_rows(company: Sandbox, postgresql: str, tmp_path: Path) -> None:
    there = open_sandbox("whole", folder=tmp_path, start="company")
    with company.read() as file, there.read() as server:
        for name in history.TABLES:
            count = select(func.count()).select_from(Base.metadata.tables[name])
            assert server.scalar(count) == file.scalar(count), name
        newest = tables.Invoice.invoice_id.desc()
        one, other = (
            at.scalars(select(tables.Invoice).order_by(newest)).first() for at in (file, server)
        )
        assert one is not None
        assert other is not None
        assert (one.amount, one.invoiced_at, one.due_on) == (
            other.amount,
            other.invoiced_at,
            other.due_on,
        )


@pytest.mark.parametrize("name", ["complaint", "lead_to_cash"])
def test_what_is_true_of_a_practice_case_is_true_in_both(
    company: Sandbox, small: Sandbox, name: str
) -> None:
    procedure = load(name)
    for case_id, case in procedure.cases.items():
        if case.follows is None:
            with company.read() as whole, small.read() as little:
                assert facts_of(whole, procedure, case_id) == facts_of(little, procedure, case_id)


def test_a_form_offers_what_belongs_to_the_case_before_the_rest_of_the_company(
    company: Sandbox,
) -> None:
    with company.read() as session:
        batches = records.entries(session, "batch", {"product": "HP-40"})
        assert {entry.key for entry in batches[:3]} >= {"H-6013", "H-6031"}
        lines = records.entries(session, "order_line", {"customer": "CU-007", "product": "LP-40"})
        assert lines[0].label.startswith("12 × LP-40, Haiyun")


def test_it_goes_back_to_the_whole_company_and_not_to_the_small_one(company: Sandbox) -> None:
    with company.write("note", subject="CU-031", at=AT) as session:
        session.get_one(tables.Customer, "CU-031").contact = "Somebody else"
    company.reset()
    with company.read() as session:
        assert session.get_one(tables.Customer, "CU-031").contact != "Somebody else"
        assert session.get(tables.Order, "SO-000001") is not None


def test_its_trail_is_held_to_where_it_began(company: Sandbox) -> None:
    with company.write("note", subject="CU-032", at=AT) as session:
        session.get_one(tables.Customer, "CU-032").contact = "Somebody else"
    verdict = verify(company)
    assert (verdict.lines, verdict.fault, verdict.compared) == (1, None, True)


def test_without_the_files_the_company_is_the_small_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small, whole = map(template_key, STARTS)
    assert small != whole
    template_key.cache_clear()
    monkeypatch.setattr(history, "SAMPLE_DATA", tmp_path)
    assert template_key("company") == template_key("small") == small
    template_key.cache_clear()
