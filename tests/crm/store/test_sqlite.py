"""A sandbox in a file: nothing foreign is touched, and a full or closed disk loses nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from crmlab.crm.store.place import SCHEMA_VERSION
from crmlab.crm.store.sandbox import Sandbox, known_sandboxes, open_sandbox, template
from crmlab.crm.store.sqlite import APPLICATION_ID, File
from crmlab.errors import PlaceError, SandboxError
from crmlab.places import home
from tests.crm.remarks import MOMENT, Open, add, is_new, remark, remarks, sentence


def path_of(sandbox: Sandbox) -> Path:
    assert isinstance(sandbox.place, File)
    return sandbox.place.path


def test_a_point_that_was_not_saved_or_not_wholly_is_not_restored(open_file: Open) -> None:
    sandbox = open_file()
    remark(sandbox, "one")
    with pytest.raises(SandboxError, match="no saved point 'before'"):
        sandbox.restore("before")
    half = path_of(sandbox).with_name("lin.half.kept")
    half.write_bytes(b"")
    with pytest.raises(SandboxError):
        sandbox.restore("half")
    assert remarks(sandbox) == ["one"]


def test_a_folder_may_have_any_name(open_file: Open, tmp_path: Path) -> None:
    odd = tmp_path / "50% of what? #1 & 学员"
    remark(open_file("林月", odd), "called")
    assert remarks(open_file("林月", odd)) == ["called"]
    assert sorted(path.suffix for path in odd.iterdir() if path.suffix == ".sqlite") == [".sqlite"]


def test_the_template_is_made_once_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path))
    made = Path(str(template()))
    stamp = made.stat().st_mtime_ns
    assert Path(str(template())) == made
    assert made.stat().st_mtime_ns == stamp
    assert [path.name for path in made.parent.iterdir()] == [made.name]


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
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 1}")
        connection.execute("CREATE TABLE cases (x)")
        connection.commit()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("my diary, page one", encoding="utf-8"), "not a crmlab"),
        (lambda path: path.write_bytes(b"x"), "not a crmlab sandbox"),
        (other_database, "not a crmlab sandbox"),
        (
            older_sandbox,
            f"version {SCHEMA_VERSION - 1}, now {SCHEMA_VERSION})",
        ),
    ],
)
@pytest.mark.parametrize("fresh", [False, True])
def test_a_file_that_is_not_ours_is_not_touched(
    open_file: Open, tmp_path: Path, make: Callable[[Path], object], said: str, fresh: bool
) -> None:
    path = tmp_path / "lin.sqlite"
    make(path)
    before = contents(tmp_path)
    with pytest.raises(SandboxError) as caught:
        open_file(fresh=fresh)
    told = sentence(caught)
    assert said in told
    assert str(path) in told
    assert "move it elsewhere" in told
    assert contents(tmp_path) == before


def test_a_sandbox_that_was_damaged_is_told(open_file: Open, tmp_path: Path) -> None:
    sandbox = open_file()
    sandbox.close()
    for extra in ("-wal", "-shm"):
        Path(f"{path_of(sandbox)}{extra}").unlink(missing_ok=True)
    whole = path_of(sandbox).read_bytes()
    path_of(sandbox).write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(SandboxError) as caught:
        remarks(open_file())
    assert str(tmp_path) in sentence(caught)


def test_an_empty_file_is_begun_anew(open_file: Open, tmp_path: Path) -> None:
    (tmp_path / "lin.sqlite").write_bytes(b"")
    assert is_new(open_file())


def test_a_copy_that_was_cut_short_is_begun_anew(open_file: Open, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "lin.sqlite")) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.commit()
    assert is_new(open_file())


def test_a_sandbox_that_was_deleted_meanwhile_is_not_saved_as_nothing(open_file: Open) -> None:
    sandbox = open_file()
    sandbox.close()
    path_of(sandbox).unlink()
    with pytest.raises(SandboxError, match="cannot be"):
        sandbox.save_point("gone")
    assert not path_of(sandbox).exists()


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
    template()
    public.chmod(0o555)
    monkeypatch.setenv("CRMLAB_HOME", str(public / "home"))
    with somebody_else(), pytest.raises(PlaceError) as caught:
        open_sandbox("lin")
    assert "CRMLAB_HOME" in sentence(caught)
    assert not list(public.iterdir())


@pytestmark_posix
def test_a_sandbox_that_cannot_be_written_can_neither_be_changed_nor_lost(
    open_file: Open, public: Path
) -> None:
    sandbox = open_file("lin", public)
    sandbox.save_point("before")
    remark(sandbox, "called")
    sandbox.close()
    before = (public / "lin.sqlite").read_bytes()
    public.chmod(0o555)
    (public / "lin.sqlite").chmod(0o444)
    sandbox = Sandbox(File(public / "lin.sqlite"))
    with somebody_else():
        for attempt in (lambda: remark(sandbox, "more"), lambda: sandbox.restore("before")):
            with pytest.raises(SandboxError) as caught:
                attempt()
            assert "cannot be written" in sentence(caught)
    sandbox.close()
    assert (public / "lin.sqlite").read_bytes() == before
    assert remarks(open_file("lin", public)) == ["called"]


def test_a_home_under_a_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(PlaceError) as caught:
        home()
    assert str(tmp_path) in sentence(caught)


def test_a_folder_under_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxError) as caught:
        open_sandbox("lin", folder=tmp_path / "file")
    assert "set CRMLAB_HOME to another folder" in sentence(caught)


def test_a_full_disk_loses_nothing(open_file: Open) -> None:
    """SQLite's own limit of pages stands for the disk: beyond it, it says that the disk is full."""
    sandbox = open_file()
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
from crmlab.crm.store.sandbox import open_sandbox
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
    tmp_path: Path, open_file: Open, room_left: int
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
    assert is_new(open_file())


# What is there ------------------------------------------------------------------------------


def test_only_sandboxes_are_listed(open_file: Open, tmp_path: Path) -> None:
    assert known_sandboxes(folder=tmp_path / "nowhere") == []
    open_file("lin-10").save_point("noon")
    open_file("林月")
    (tmp_path / "diary.sqlite").write_text("page one", encoding="utf-8")
    assert known_sandboxes(folder=tmp_path) == ["lin-10", "林月"]
