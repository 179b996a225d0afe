"""Tasks that are checked against the audit trail."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from crmlab.crm.access.browse import look, page
from crmlab.crm.access.export import export
from crmlab.crm.access.history import history
from crmlab.crm.access.noting import note_contact
from crmlab.crm.access.permissions import Who
from crmlab.crm.access.reports import report
from crmlab.crm.access.search import search
from crmlab.crm.access.sign_in import sign_in
from crmlab.crm.access.timeline import read_timeline
from crmlab.crm.base.master import change, create
from crmlab.crm.base.review import open_proposals, review
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import BankError, Denied, SandboxError
from crmlab.learning.bank import load_bank
from crmlab.learning.doing import Doing
from crmlab.learning.lessons import Stage, lesson_state
from crmlab.learning.on_record import LINES, Trail, check, watcher
from crmlab.learning.outcome import NOT_TRIED, State
from crmlab.learning.progress import Progress
from crmlab.practice.office import OPENS, begin, moment
from crmlab.practice.session import Practice
from crmlab.widgets import Desk, Records, Tasks

REPRESENTATIVE = Who("U-07", "sales_representative")
MANAGER = Who("U-14", "sales_manager")
DIRECTOR = Who("U-17", "sales_director")
FINANCE = Who("U-21", "finance_controller")
STEWARD = Who("U-23", "data_steward")
REASON = "Addresses for the letter about the summer."


@pytest.fixture
def trail(sandbox: Sandbox) -> Trail:
    return Trail(sandbox)


def listed(sandbox: Sandbox, who: Who, kind: str = "customer") -> None:
    page(sandbox, who, kind, at=moment(sandbox))


def denied(sandbox: Sandbox, who: Who) -> None:
    with pytest.raises(Denied):
        export(sandbox, who, "customer", REASON, moment(sandbox))


def test_a_task_can_ask_for_everything_that_the_crm_puts_on_record(sandbox: Sandbox) -> None:
    sign_in(sandbox, STEWARD.user_id, STEWARD.seat, OPENS)
    listed(sandbox, STEWARD)
    version = look(sandbox, STEWARD, "customer", "CU-003", at=OPENS).version
    search(sandbox, STEWARD, "jinhe", at=OPENS)
    history(sandbox, STEWARD, "customer", "CU-003", at=OPENS)
    read_timeline(sandbox, STEWARD, "CU-003", at=OPENS)
    called = {"channel": "call", "at": OPENS, "note": "They want a drawing."}
    note_contact(sandbox, STEWARD, "CU-003", called, at=OPENS)
    report(sandbox, STEWARD, "orders_by_month", at=OPENS)
    export(sandbox, STEWARD, "customer", REASON, OPENS)
    lamp = {"product_id": "UV-15", "name": "Lamp", "family": "Spare parts", "unit": "piece"}
    create(sandbox, STEWARD, "product", lamp, OPENS)
    limit = {"credit_limit": "90000"}
    proposed = change(sandbox, STEWARD, "customer", "CU-003", version or 0, limit, OPENS)
    open_proposals(sandbox, FINANCE, at=OPENS)
    review(sandbox, FINANCE, proposed.waiting["credit_limit"], True, "", OPENS)
    denied(sandbox, REPRESENTATIVE)
    trail = Trail(sandbox)
    assert {line.operation for line in trail.lines()} == set(LINES)
    for operation, abouts in {
        "sign_in": [None],
        "list": ["customer", "proposal"],
        "read": ["customer", "CU-003"],
        "search": [None],
        "history": ["customer", "CU-003"],
        "timeline": ["CU-003"],
        "note": ["CU-003"],
        "report": ["orders_by_month"],
        "export": ["customer"],
        "create": ["product"],
        "change": ["customer", "CU-003"],
        "review": ["customer", "CU-003"],
        "denied": ["export"],
    }.items():
        for about in abouts:
            assert check(trail, operation, [], about).right, (operation, about)


def test_nothing_on_record_is_not_tried(trail: Trail) -> None:
    assert check(trail, "export", ["sales_manager"], "customer") == NOT_TRIED
    listed(trail.sandbox, MANAGER)
    assert check(trail, "export", ["sales_manager"], "customer") == NOT_TRIED


def test_the_line_that_says_so_is_named(trail: Trail) -> None:
    listed(trail.sandbox, DIRECTOR)
    listed(trail.sandbox, MANAGER)
    told = check(trail, "list", [], "customer")
    assert told.right
    assert told.because == "This line of the audit trail says so: 2 (Sales manager)."
    assert "so: 1 (" in check(trail, "list", ["sales_director"], "customer").because


def test_another_seat_is_not_the_one_that_was_asked_for(trail: Trail) -> None:
    listed(trail.sandbox, DIRECTOR)
    told = check(trail, "list", ["sales_manager"], "customer")
    assert told.state is State.NOT_RIGHT
    assert "from these seats: Sales director. Still to come: Sales manager." in told.because


def test_of_several_seats_each_has_to_have_done_it(trail: Trail) -> None:
    seats = ["sales_representative", "sales_manager", "sales_director"]
    for who in (REPRESENTATIVE, MANAGER):
        listed(trail.sandbox, who)
    told = check(trail, "list", seats, "customer")
    assert told.state is State.NOT_RIGHT
    assert told.because.endswith("Still to come: Sales director.")
    listed(trail.sandbox, DIRECTOR, kind="product")
    assert not check(trail, "list", seats, "customer").right
    listed(trail.sandbox, DIRECTOR)
    assert check(trail, "list", seats, "customer").right


def test_another_subject_is_told_beside_the_one_that_was_asked_for(trail: Trail) -> None:
    listed(trail.sandbox, MANAGER, kind="product")
    told = check(trail, "list", ["sales_manager"], "customer")
    assert told.state is State.NOT_RIGHT
    assert "about “product”. The task is about “customer”" in told.because
    look(trail.sandbox, MANAGER, "customer", "CU-003", at=OPENS)
    assert "it about “CU-003”" in check(trail, "read", [], "CU-022").because


def test_a_denial_counts_by_what_was_denied(trail: Trail) -> None:
    with pytest.raises(Denied):
        look(trail.sandbox, REPRESENTATIVE, "customer", "CU-008", at=OPENS)
    told = check(trail, "denied", ["sales_representative"], "export")
    assert told.state is State.NOT_RIGHT
    assert "“see”" in told.because
    denied(trail.sandbox, REPRESENTATIVE)
    assert check(trail, "denied", ["sales_representative"], "export").right


def test_what_colleagues_did_before_is_nobodys_work_here(sandbox: Sandbox) -> None:
    begin(sandbox, "last_week")
    assert check(Trail(sandbox), "change", ["inside_sales"], "CU-003").right
    since = Trail(sandbox, since=OPENS)
    assert check(since, "change", ["inside_sales"], "CU-003") == NOT_TRIED
    listed(sandbox, MANAGER)
    assert check(since, "list", ["sales_manager"], "customer").right
    assert not check(Trail(sandbox, OPENS + timedelta(minutes=1)), "list", [], None).right


# In a file of exercises


def bank_of(tmp_path: Path, task: str) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(
        'lesson: "95"\nprocedure: complaint\ntasks:\n  one:\n    title: One\n    text: Do it.\n'
        f"    solution: Like this.\n{task}",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("task", "line", "sentence"),
    [
        ("    check: on_record\n", 4, "needs an 'operation' when its check is on_record"),
        ("    check: close_a_case\n    operation: list\n", 4, "and only then"),
        ("    check: close_a_case\n    about: customer\n", 4, "only when its check is on_record"),
        ("    check: on_record\n    operation: exprot\n", 9, "did you mean 'export'"),
        (
            "    check: on_record\n    operation: export\n    seat: sales_manger\n",
            10,
            "did you mean 'sales_manager'",
        ),
        (
            "    check: on_record\n    operation: list\n    seat: [sales_manager, boss]\n",
            10,
            "'boss'",
        ),
        (
            "    check: on_record\n    operation: export\n    about: custmer\n",
            10,
            "did you mean 'customer'",
        ),
        ("    check: on_record\n    operation: denied\n    about: customer\n", 10, "'customer'"),
        (
            "    check: on_record\n    operation: timeline\n    about: customer\n",
            10,
            "such as CU-022",
        ),
    ],
)
def test_what_a_task_cannot_ask_of_the_trail_is_told_with_its_line(
    tmp_path: Path, task: str, line: int, sentence: str
) -> None:
    with pytest.raises(BankError) as caught:
        load_bank(bank_of(tmp_path, task))
    assert f"own.yaml, line {line}:" in str(caught.value)
    assert sentence in str(caught.value)


def test_the_key_of_a_record_is_a_subject_too(tmp_path: Path) -> None:
    task = "    check: on_record\n    operation: timeline\n    about: CU-003\n"
    assert load_bank(bank_of(tmp_path, task)).tasks["one"].about == "CU-003"


# At the tasks of lesson 60


@pytest.fixture
def records(sandbox: Sandbox) -> Records:
    return Records(sandbox, past="last_week")


def test_tasks_look_at_the_window_on_the_crm(records: Records, progress: Progress) -> None:
    tasks = Tasks("60", records, progress=progress)
    assert tasks.text().count("not tried yet") == 6
    tasks.click("check", task="a_denial")
    assert "The audit trail says nothing of the kind about you yet." in tasks.text()
    denied(records.sandbox, REPRESENTATIVE)
    tasks.click("check", task="a_denial")
    assert "1 of 6 tasks done" in tasks.text()
    assert "1 of 6 tasks done" in Tasks("60", progress=progress).text(), "without the window, too"
    standing = lesson_state(progress, "60")
    assert (standing.stage, standing.done, standing.of) == (Stage.UNDER_WAY, 1, 6)


def test_work_in_the_window_is_progress_before_any_task_is_checked(
    sandbox: Sandbox, progress: Progress
) -> None:
    trail = Trail(sandbox, since=OPENS)
    window = Records(sandbox, past="last_week", watch=watcher("60", trail, progress))
    window.click("sit", person="U-07", seat="sales_representative")
    assert lesson_state(progress, "60").stage is Stage.NOT_STARTED, "to sit down is not work yet"
    window.click("list", {"kind": "customer"})
    window.click("list", {"kind": "customer"})
    window.click("part", part="take")
    window.click("export", {"kind": "customer", "reason": "For the weekend."})
    begun = lesson_state(progress, "60")
    assert (begun.stage, begun.sentence()) == (Stage.UNDER_WAY, "begun")
    noted = {key: state.value["seats"] for key, state in progress.states("60", "record/").items()}
    assert noted == {
        "record/list": ["sales_representative"],
        "record/denied": ["sales_representative"],
    }
    window.click("again")
    window.click("reset")
    window.click("sit", person="U-14", seat="sales_manager")
    window.click("list", {"kind": "customer"})
    states = progress.states("60", "record/")
    assert states["record/list"].value["seats"] == ["sales_representative", "sales_manager"]
    assert states["record/list"].attempts == 2, "what is known already is not noted again"


def test_what_happened_before_in_the_window_is_not_the_trainees_work(
    records: Records, progress: Progress, tmp_path: Path
) -> None:
    task = "    check: on_record\n    operation: change\n    about: CU-003\n"
    tasks = Tasks("95", records, bank=bank_of(tmp_path, task), progress=progress)
    tasks.click("check", task="one")
    assert "0 of 1 task done" in tasks.text()
    assert "not tried yet" in tasks.text()


def test_without_a_window_nothing_new_was_done(progress: Progress) -> None:
    tasks = Tasks("60", progress=progress)
    tasks.click("check", task="a_denial")
    assert tasks.text().count("not tried yet") == 6


def test_a_task_stays_done_when_the_sandbox_begins_anew(
    records: Records, progress: Progress
) -> None:
    bank = load_bank("lesson_60")
    denied(records.sandbox, REPRESENTATIVE)
    doing = Doing("60", bank, progress, trail=records.trail)
    assert doing.check("a_denial").outcome.right
    records.click("again")
    records.click("reset")
    assert doing.check("a_denial").outcome.right
    assert not doing.check("with_a_reason").outcome.right


def test_a_desk_has_a_trail_that_tasks_can_look_at(
    practice: Practice, progress: Progress, tmp_path: Path
) -> None:
    task = "    check: on_record\n    operation: list\n    about: customer\n"
    tasks = Tasks("95", practice, bank=bank_of(tmp_path, task), progress=progress)
    listed(practice.sandbox, MANAGER)
    tasks.click("check", task="one")
    assert "1 of 1 task done" in tasks.text()


def test_a_trail_that_cannot_be_read_is_told_as_broken(
    records: Records, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_trail: Trail) -> None:
        raise SandboxError("The sandbox is gone.")

    monkeypatch.setattr(Trail, "lines", gone)
    done = Doing("60", load_bank("lesson_60"), progress, trail=records.trail).check("a_denial")
    assert done.outcome.state is State.BROKE
    assert done.outcome.because == "The sandbox is gone."


def test_what_a_desk_shows_of_itself_ticks_no_task(sandbox: Sandbox) -> None:
    """Its looks are on record under names of their own, so no task takes them for a list or a
    record that somebody has asked for."""
    desk = Desk("lead_to_cash", sandbox=sandbox)
    for line in desk.practice.inbox():
        desk.click("sit", seat=line.seat)
        desk.click("open", case=line.case_id)
    trail = Trail(sandbox)
    assert {"inbox", "look_at_case"} <= {line.operation for line in trail.lines()}
    for operation in LINES:
        assert check(trail, operation, (), None) is NOT_TRIED
