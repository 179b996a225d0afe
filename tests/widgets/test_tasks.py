from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from crmlab.crm.store.sandbox import Sandbox
from crmlab.learning.progress import Progress
from crmlab.learning.runs import flow, watcher
from crmlab.procedures.walk import right_fields
from crmlab.widgets import Desk, Tasks
from tests.widgets.test_quiz import assert_bracketed


@pytest.fixture
def desk(sandbox: Sandbox, progress: Progress) -> Desk:
    return Desk("complaint", sandbox=sandbox, watch=watcher("10", progress))


@pytest.fixture
def tasks(desk: Desk, progress: Progress) -> Tasks:
    return Tasks("10", desk, progress=progress)


def work(desk: Desk, case: str, *, to: str | None = None) -> None:
    """Take a case on at the desk, by its buttons, with the right entries."""
    desk.click("open", case=case)
    while desk.case and desk.case.step and desk.case.step != to:
        seat = desk.procedure.steps[desk.case.step].seat
        if desk.seat != seat:
            desk.click("sit", seat=seat)
            desk.click("open", case=case)
        entries = right_fields(desk.procedure, desk.case)
        fields = desk.procedure.steps[desk.case.step].fields
        shown = {True: "yes", False: "no"}
        desk.click(
            "hand_over",
            {
                n: shown[v] if isinstance(v, bool) else "" if v is None else str(v)
                for n, v in entries.items()
                if n in fields
            },
        )


def item(tasks: Tasks, name: str) -> str:
    soup = BeautifulSoup(tasks.view["html"], "html.parser")
    found = next(li for li in soup.select(".task-list > li") if li.select_one(f"[id$=-{name}]"))
    return found.get_text(" ", strip=True)


def test_every_task_begins_untried(tasks: Tasks) -> None:
    assert tasks.text().count("not tried yet") == 6
    assert "0 of 6 tasks done" in tasks.text()


def test_checking_too_early_is_no_reproach(tasks: Tasks) -> None:
    tasks.click("check", task="first_case")
    assert "Nothing of this kind" in item(tasks, "first_case")
    assert "not tried yet" in item(tasks, "first_case")
    assert tasks.view["focus"] == "outcome-first_case"


def test_work_at_the_desk_is_seen(desk: Desk, tasks: Tasks, progress: Progress) -> None:
    work(desk, "C-1042", to="contain")
    tasks.click("check", task="first_case")
    assert "not right yet" in item(tasks, "first_case")
    assert "warehouse" in item(tasks, "first_case")
    work(desk, "C-1042")
    tasks.click("check", task="first_case")
    tasks.click("check", task="every_seat")
    assert "2 of 6 tasks done" in tasks.text()
    assert flow(progress, "10").passed
    assert "2 of 6 tasks done" in Tasks("10", progress=progress).text()


def test_a_hint_at_the_desk_is_noted_at_once(desk: Desk, progress: Progress) -> None:
    desk.click("open", case="C-1042")
    desk.click("hint")
    desk.click("hint")
    kept = progress.state("10", "case/C-1042/1")
    assert kept
    assert kept.value["hints"] == {"register": 2}
    work(desk, "C-1042")
    assert flow(progress, "10").unaided_runs == 0


def test_hints_open_one_at_a_time(tasks: Tasks, progress: Progress) -> None:
    hints = tasks.doing.tasks["wrong_batch"].hints
    for i, hint in enumerate(hints):
        assert hint not in tasks.text()
        with pytest.raises(LookupError):
            tasks.click("solution", task="wrong_batch")
        tasks.click("hint", task="wrong_batch")
        assert hint in tasks.text()
        assert tasks.view["focus"] == "hint-wrong_batch"
        assert f"({len(hints) - i - 1} left)" in item(tasks, "wrong_batch") or i + 1 == len(hints)
    with pytest.raises(LookupError):
        tasks.click("hint", task="wrong_batch")
    tasks.click("solution", task="wrong_batch")
    assert "One way to do it" in item(tasks, "wrong_batch")
    again = Tasks("10", progress=progress)
    assert hints[-1] in again.text()


def test_a_desk_nobody_watched_is_looked_at_when_asked(
    sandbox: Sandbox, progress: Progress
) -> None:
    desk = Desk("complaint", sandbox=sandbox)
    tasks = Tasks("10", desk, progress=progress)
    work(desk, "C-1042")
    tasks.click("check", task="every_seat")
    assert "1 of 6 tasks done" in tasks.text()


@pytest.mark.usefixtures("pseudo")
def test_every_text_passes_through_translation(tmp_path: Path, progress: Progress) -> None:
    tasks = Tasks("10", progress=progress)
    for name in tasks.doing.tasks:
        tasks.click("check", task=name)
        tasks.click("hint", task=name)
    assert_bracketed(tasks.view["html"])
