"""A lesson in a real browser whose sandbox lies on a PostgreSQL server instead of in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmlab.crm import tables
from crmlab.crm.store.sandbox import VARIABLE, find_sandbox, known_sandboxes
from crmlab.procedures import load
from tests.browser import open_lesson
from tests.databases import own_database
from tests.lessons.desk_page import DeskPage, right_entries
from tests.serving import Lessons, serving

LESSON, CASE = "10_one_complaint_five_desks.ipynb", "C-1042"
STEPS = ("register", "acknowledge", "assess")
SEATS = {name: step.seat for name, step in load("complaint").steps.items()}


@pytest.fixture
def database() -> Iterator[str]:
    with own_database() as url:
        yield url


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Lessons]:
    """The lessons, with an empty home and an empty database."""
    with serving(tmp_path / "home", database=database) as running:
        yield running


def test_a_case_is_worked_on_at_two_desks_and_lies_on_the_server(
    served: Lessons, database: str, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_lesson(page, served.url(LESSON))
    desk = DeskPage(page)
    desk.open(CASE)
    right = right_entries(CASE)
    taken = desk.play({step: right[step] for step in STEPS}, SEATS)
    assert taken == ["service_agent", "service_agent", "quality_engineer"]

    assert not list((served.home / "sandboxes").glob("*.sqlite")), "nothing of it is in a file"
    monkeypatch.setenv(VARIABLE, database)
    (name,) = known_sandboxes()
    sandbox = find_sandbox(name)
    with sandbox.read() as session:
        case = session.get_one(tables.CaseRow, CASE)
        assert (case.step, case.seat) == ("contain", SEATS["contain"])
        complaint = session.get_one(tables.Complaint, CASE)
        assert complaint.batch_no == right["register"]["batch_no"]
        seats = [line.seat for line in session.query(tables.Audit).order_by("audit_id")]
        assert set(taken) <= set(seats)
    sandbox.close()

    # It is there again when the page is.
    open_lesson(page, served.url(LESSON))
    again = DeskPage(page)
    again.open(CASE)
    again.sit(SEATS["contain"])
    assert again.form.locator("[name=batch_blocked]").count() == 1
