"""A sandbox is one learner's own file: nothing foreign is touched, and nothing is lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from crmlab.crm import sandbox as room
from crmlab.crm import tables
from crmlab.crm.sandbox import Sandbox, open_sandbox
from crmlab.errors import PlaceError, SandboxError
from crmlab.places import home

MOMENT = datetime.fromisoformat("2026-05-12T10:00:00+08:00")
Open = Callable[..., Sandbox]


@pytest.fixture
def open_(tmp_path: Path) -> Iterator[Open]:
    """Open sandboxes that are closed again."""
    opened = []

    def open_one(name: str = "lin", folder: Path = tmp_path, fresh: bool = False) -> Sandbox:
        opened.append(open_sandbox(name, folder=folder, fresh=fresh))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def remark(sandbox: Sandbox, note: str) -> None:
    with sandbox.write("remark", subject="CU-007", at=MOMENT) as session:
        add(session, note)


def add(session: Session, note: str) -> None:
    session.add(tables.Interaction(customer_id="CU-007", at=MOMENT, channel="comment", note=note))


def remarks(sandbox: Sandbox) -> list[str]:
    with sandbox.read() as session:
        found = session.query(tables.Interaction).filter_by(channel="comment", at=MOMENT)
        return [row.note for row in found.order_by(tables.Interaction.interaction_id)]


def is_new(sandbox: Sandbox) -> bool:
    with sandbox.read() as session:
        customers, lines = session.query(tables.Customer), session.query(tables.Audit)
        return customers.count() == 30 and lines.count() == 0


def sentence(caught: pytest.ExceptionInfo[Exception]) -> str:
    said = str(caught.value)
    assert "\n" not in said
    assert "Traceback" not in said
    return said


# Opening, resetting, restoring --------------------------------------------------------------


def test_a_new_sandbox_is_the_start_set(open_: Open) -> None:
    assert is_new(open_())


def test_what_was_written_is_there_when_it_is_opened_again(open_: Open) -> None:
    remark(open_(), "called")
    assert remarks(open_()) == ["called"]
    assert remarks(open_("another")) == []
    assert remarks(open_(fresh=True)) == []


def test_a_reset_brings_the_start_set_back_also_in_another_window(open_: Open) -> None:
    here, there = open_(), open_()
    remark(there, "called")
    assert remarks(here) == ["called"]
    here.reset()
    assert remarks(here) == remarks(there) == []
    remark(there, "called again")
    assert remarks(here) == ["called again"]


def test_a_saved_point_can_be_restored_more_than_once(open_: Open) -> None:
    here, there = open_(), open_()
    remark(here, "one")
    here.save_point("before")
    for note in ("two", "three"):
        remark(here, note)
        assert remarks(there) == ["one", note]
        there.restore("before")
        assert remarks(here) == remarks(there) == ["one"]


def test_a_point_that_was_not_saved_or_not_wholly_is_not_restored(open_: Open) -> None:
    sandbox = open_()
    remark(sandbox, "one")
    with pytest.raises(SandboxError, match="no saved point 'before'"):
        sandbox.restore("before")
    half = sandbox.path.with_name("lin.half.kept")
    half.write_bytes(b"")
    with pytest.raises(SandboxError):
        sandbox.restore("half")
    assert remarks(sandbox) == ["one"]


def test_looking_changes_nothing(open_: Open) -> None:
    sandbox = open_()
    with sandbox.read() as session:
        add(session, "never kept")
        session.flush()
    assert remarks(sandbox) == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc/passwd", "..\\up"])
def test_a_name_stays_in_its_folder(open_: Open, name: str) -> None:
    with pytest.raises(SandboxError, match="leave out slashes"):
        open_(name)


def test_a_folder_may_have_any_name(open_: Open, tmp_path: Path) -> None:
    odd = tmp_path / "50% of what? #1 & 学员"
    remark(open_("林月", odd), "called")
    assert remarks(open_("林月", odd)) == ["called"]
    assert sorted(path.suffix for path in odd.iterdir() if path.suffix == ".sqlite") == [".sqlite"]


def test_the_template_is_made_once_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path))
    made = room.template()
    stamp = made.stat().st_mtime_ns
    assert room.template() == made
    assert made.stat().st_mtime_ns == stamp
    assert [path.name for path in made.parent.iterdir()] == [made.name]


# One transaction ----------------------------------------------------------------------------


def test_an_error_in_the_middle_keeps_nothing(open_: Open) -> None:
    sandbox = open_()

    def fail() -> None:
        with sandbox.write("x", subject="x", at=MOMENT) as session:
            add(session, "half")
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert remarks(sandbox) == []
    remark(sandbox, "whole")
    assert remarks(sandbox) == ["whole"]
    with sandbox.read() as session:
        assert [line.operation for line in session.query(tables.Audit)] == ["remark"]


def test_a_writer_does_not_stop_readers(open_: Open) -> None:
    here, there = open_(), open_()
    with here.write("remark", subject="x", at=MOMENT) as session:
        add(session, "not yet")
        session.flush()
        assert remarks(there) == []
    assert remarks(there) == ["not yet"]


def test_who_cannot_write_now_is_told_and_nothing_is_overwritten(
    open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "BUSY_SECONDS", 0)
    here, there = open_(), open_()
    there.save_point("start")
    with here.write("remark", subject="x", at=MOMENT) as session:
        add(session, "first")
        session.flush()
        for attempt in (
            lambda: remark(there, "second"),
            there.reset,
            lambda: there.restore("start"),
        ):
            with pytest.raises(SandboxError, match="Another window is writing") as caught:
                attempt()
            assert "in a moment" in sentence(caught)
    assert remarks(here) == remarks(there) == ["first"]


def test_what_a_writer_has_read_is_still_true_when_it_writes(
    open_: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "BUSY_SECONDS", 0)
    here, there = open_(), open_()
    with here.write("remark", subject="x", at=MOMENT) as session:
        seen = session.query(tables.Interaction).count()
        with pytest.raises(SandboxError, match="Another window is writing"):
            remark(there, "in between")
        assert session.query(tables.Interaction).count() == seen
        add(session, "first")
    assert remarks(there) == ["first"]


KILLED = """
import sys
from pathlib import Path
from datetime import datetime
from crmlab.crm.sandbox import open_sandbox
from tests.crm.test_sandbox import MOMENT, add, remark

sandbox = open_sandbox("lin", folder=Path(sys.argv[1]))
remark(sandbox, "handed in")
with sandbox.write("remark", subject="CU-007", at=MOMENT) as session:
    for number in range(2000):
        add(session, f"half {number} " + "x" * 1000)
    session.flush()
    print("in the middle", flush=True)
    sys.stdin.read()
"""


def test_a_process_killed_in_the_middle_loses_only_what_was_not_handed_in(
    open_: Open, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        process.kill()
        process.wait()
    sandbox = open_()
    assert remarks(sandbox) == ["handed in"]
    remark(sandbox, "goes on")
    assert remarks(sandbox) == ["handed in", "goes on"]
    with closing(sqlite3.connect(sandbox.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# Files that are not ours --------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.commit()


def older_sandbox(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {room.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {room.SCHEMA_VERSION - 1}")
        connection.execute("CREATE TABLE cases (x)")
        connection.commit()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("my diary, page one", encoding="utf-8"), "not a crmlab"),
        (lambda path: path.write_bytes(b"x"), "not a crmlab sandbox"),
        (other_database, "not a crmlab sandbox"),
        (older_sandbox, "made by another version of crmlab (its tables are version 0, now 1)"),
    ],
)
@pytest.mark.parametrize("fresh", [False, True])
def test_a_file_that_is_not_ours_is_not_touched(
    open_: Open, tmp_path: Path, make: Callable[[Path], object], said: str, fresh: bool
) -> None:
    path = tmp_path / "lin.sqlite"
    make(path)
    before = contents(tmp_path)
    with pytest.raises(SandboxError) as caught:
        open_(fresh=fresh)
    told = sentence(caught)
    assert said in told
    assert str(path) in told
    assert "move it elsewhere" in told
    assert contents(tmp_path) == before


def test_a_sandbox_that_was_damaged_is_told(open_: Open, tmp_path: Path) -> None:
    sandbox = open_()
    sandbox.close()
    for extra in ("-wal", "-shm"):
        Path(f"{sandbox.path}{extra}").unlink(missing_ok=True)
    whole = sandbox.path.read_bytes()
    sandbox.path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(SandboxError) as caught:
        remarks(open_())
    assert str(tmp_path) in sentence(caught)


def test_an_empty_file_is_begun_anew(open_: Open, tmp_path: Path) -> None:
    (tmp_path / "lin.sqlite").write_bytes(b"")
    assert is_new(open_())


def test_a_copy_that_was_cut_short_is_begun_anew(open_: Open, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "lin.sqlite")) as connection:
        connection.execute(f"PRAGMA application_id = {room.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {room.SCHEMA_VERSION}")
        connection.commit()
    assert is_new(open_())


def test_a_sandbox_that_was_deleted_meanwhile_is_not_saved_as_nothing(open_: Open) -> None:
    sandbox = open_()
    sandbox.close()
    sandbox.path.unlink()
    with pytest.raises(SandboxError, match="cannot be"):
        sandbox.save_point("gone")
    assert not sandbox.path.exists()


# Full disks and folders that cannot be written ----------------------------------------------


@contextmanager
def somebody_else() -> Iterator[None]:
    """Be a user to whom permission bits apply; the administrator may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that another user can reach."""
    with tempfile.TemporaryDirectory(prefix="crmlab-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path
        path.chmod(0o755)


pytestmark_posix = pytest.mark.skipif(os.name != "posix", reason="permission bits are of POSIX")


@pytestmark_posix
def test_a_folder_that_cannot_be_written(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room.template()
    public.chmod(0o555)
    monkeypatch.setenv("CRMLAB_HOME", str(public / "home"))
    with somebody_else(), pytest.raises(PlaceError) as caught:
        open_sandbox("lin")
    assert "CRMLAB_HOME" in sentence(caught)
    assert not list(public.iterdir())


@pytestmark_posix
def test_a_sandbox_that_cannot_be_written_can_neither_be_changed_nor_lost(
    open_: Open, public: Path
) -> None:
    sandbox = open_("lin", public)
    sandbox.save_point("before")
    remark(sandbox, "called")
    sandbox.close()
    before = (public / "lin.sqlite").read_bytes()
    public.chmod(0o555)
    (public / "lin.sqlite").chmod(0o444)
    sandbox = Sandbox(public / "lin.sqlite")
    with somebody_else():
        for attempt in (lambda: remark(sandbox, "more"), lambda: sandbox.restore("before")):
            with pytest.raises(SandboxError) as caught:
                attempt()
            assert "cannot be written" in sentence(caught)
    sandbox.close()
    assert (public / "lin.sqlite").read_bytes() == before
    assert remarks(open_("lin", public)) == ["called"]


def test_a_home_under_a_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(PlaceError) as caught:
        home()
    assert str(tmp_path) in sentence(caught)
    with pytest.raises(SandboxError) as told:
        open_sandbox("lin", folder=tmp_path / "file")
    assert "set CRMLAB_HOME to another folder" in sentence(told)


def test_a_full_disk_loses_nothing(open_: Open) -> None:
    """SQLite's own limit of pages stands for the disk: beyond it, it says that the disk is full."""
    sandbox = open_()
    remark(sandbox, "called")
    with sandbox.read() as session:
        pages = session.execute(text("PRAGMA page_count")).scalar_one()
        session.execute(text(f"PRAGMA max_page_count = {pages}"))

    def fill() -> None:
        with sandbox.write("remark", subject="CU-007", at=MOMENT) as session:
            for number in range(50):
                add(session, f"{number} " + "x" * 1900)

    with pytest.raises(SandboxError) as caught:
        fill()
    told = sentence(caught)
    assert "is full" in told
    assert "nothing is lost" in told
    assert remarks(sandbox) == ["called"]
    with sandbox.read() as session:
        session.execute(text("PRAGMA max_page_count = 1000000"))
    remark(sandbox, "called again")
    assert remarks(sandbox) == ["called", "called again"]


FULL = """
import os, sys
from pathlib import Path
from crmlab.crm.sandbox import open_sandbox
from crmlab.errors import CrmlabError
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    open_sandbox("lin", folder=Path(sys.argv[1]))
except CrmlabError as fault:
    print(fault)
    sys.exit(1)
"""


@pytestmark_posix
@pytest.mark.parametrize("room_left", [3, 8192])
def test_a_first_sandbox_that_does_not_fit_is_told_and_can_be_made_later(
    tmp_path: Path, open_: Open, room_left: int
) -> None:
    """A limit on the size of files, set by the system: neither template nor copy fits."""
    environment = {**os.environ, "CRMLAB_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", FULL, str(tmp_path), str(room_left)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert str(tmp_path) in done.stdout
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert is_new(open_())
