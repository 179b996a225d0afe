"""A sandbox is one learner's own: it is copied whole, and nothing in it is lost. On both databases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from crmlab.crm import tables
from crmlab.crm.store import place
from crmlab.crm.store.sandbox import (
    Sandbox,
    find_sandbox,
    known_sandboxes,
    passing_sandbox,
)
from crmlab.crm.trail.verify import verify
from crmlab.errors import SandboxError
from tests.crm.remarks import MOMENT, Open, add, is_new, remark, remarks, sentence


def everything(sandbox: Sandbox) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, as it is stored."""
    with sandbox.read() as session:
        return {
            table.name: [
                tuple(row)
                for row in session.execute(table.select().order_by(*table.primary_key.columns))
            ]
            for table in tables.Base.metadata.sorted_tables
        }


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


def test_looking_changes_nothing(open_: Open) -> None:
    sandbox = open_()
    with sandbox.read() as session:
        add(session, "never kept")
        session.flush()
    assert remarks(sandbox) == []


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "/etc/passwd", "..\\up", "a\0b", "a\nb", "\ud800"]
)
def test_a_name_stays_in_its_folder(open_: Open, name: str) -> None:
    with pytest.raises(SandboxError, match="leave out slashes"):
        open_(name)


def test_a_point_that_was_not_saved_is_not_restored(open_: Open) -> None:
    sandbox = open_()
    remark(sandbox, "one")
    with pytest.raises(SandboxError, match="no saved point 'before'"):
        sandbox.restore("before")
    assert remarks(sandbox) == ["one"]


def test_numbers_go_on_where_the_copy_ends(open_: Open) -> None:
    sandbox = open_()

    def numbers() -> list[int]:
        with sandbox.read() as session:
            rows = session.query(tables.Interaction).order_by(tables.Interaction.interaction_id)
            return [row.interaction_id for row in rows]

    before = numbers()
    remark(sandbox, "one")
    sandbox.save_point("one")
    remark(sandbox, "two")
    expected = [*before, before[-1] + 1, before[-1] + 2]
    assert numbers() == expected
    sandbox.restore("one")
    remark(sandbox, "two again")
    assert numbers() == expected
    sandbox.reset()
    remark(sandbox, "one again")
    assert numbers() == expected[:-1]


def test_every_table_is_copied_whole(open_: Open) -> None:
    sandbox = open_()
    remark(sandbox, "one")
    with sandbox.write("change", subject="CU-007", at=MOMENT) as session:
        session.get_one(tables.Customer, "CU-007").contact = "Somebody else"
        session.delete(session.scalars(session.query(tables.UserSeat).statement).first())
    sandbox.save_point("here")
    here = everything(sandbox)
    sandbox.reset()
    assert everything(sandbox) == everything(open_("new"))
    assert everything(sandbox) != here
    sandbox.restore("here")
    assert everything(sandbox) == here
    assert verify(sandbox).fault is None


def test_who_looks_while_it_is_copied_sees_the_old_or_the_new(open_: Open) -> None:
    """Each look reads two tables that always change together; a torn copy would show."""
    here, there = open_(), open_()
    with here.write("change", subject="CU-007", at=MOMENT) as session:
        add(session, "called")
        session.get_one(tables.Customer, "CU-007").contact = "called"
    here.save_point("called")
    done = Event()
    seen: set[tuple[bool, bool, bool]] = set()
    faults: list[Exception] = []

    def look() -> None:
        try:
            while not done.is_set():
                with there.read() as session:
                    contact = session.get_one(tables.Customer, "CU-007").contact == "called"
                    noted = session.query(tables.Interaction).filter_by(note="called").count() == 1
                    lines = session.query(tables.Audit).count() == 1
                    seen.add((contact, noted, lines))
        except Exception as fault:
            faults.append(fault)

    lookers = [Thread(target=look) for _ in range(3)]
    for looker in lookers:
        looker.start()
    for _ in range(25):
        here.reset()
        here.restore("called")
    done.set()
    for looker in lookers:
        looker.join()
    assert not faults
    assert seen <= {(True, True, True), (False, False, False)}
    assert (True, True, True) in seen


def test_a_look_stays_at_its_moment(open_: Open) -> None:
    here, there = open_(), open_()
    with there.read() as session:
        before = session.query(tables.Customer).count()
        remark(here, "called")
        here.reset()
        remark(here, "called again")
        assert session.query(tables.Interaction).filter_by(note="called again").count() == 0
        assert session.query(tables.Audit).count() == 0
        assert session.query(tables.Customer).count() == before
    assert remarks(there) == ["called again"]


# What is there ------------------------------------------------------------------------------


def test_a_sandbox_is_found_only_if_it_is_there(open_: Open, tmp_path: Path) -> None:
    remark(open_("lin-10"), "called")
    found = find_sandbox("lin-10", folder=tmp_path)
    assert remarks(found) == ["called"]
    found.close()
    with pytest.raises(SandboxError, match=r"no sandbox 'lin-11'; there are: lin-10\."):
        find_sandbox("lin-11", folder=tmp_path)
    assert known_sandboxes(folder=tmp_path) == ["lin-10"]


def test_sandboxes_of_different_folders_and_odd_names_are_kept_apart(
    open_: Open, tmp_path: Path
) -> None:
    names = [
        "lin",
        "Lin",
        "lin ",
        "l-in",
        "l_in",
        "林月",
        "pg_catalog",
        "a" * 41,
        "a" * 42,
        "%s {}",
    ]
    names += ["x" * 60 + "1", "x" * 60 + "2", 'a"b', "a'b;--"]
    sandboxes = [open_(name) for name in names] + [open_("lin", tmp_path / "b")]
    for number, sandbox in enumerate(sandboxes):
        remark(sandbox, str(number))
    assert [remarks(one) for one in sandboxes] == [[str(n)] for n in range(len(sandboxes))]
    assert known_sandboxes(folder=tmp_path) == sorted(names)
    assert known_sandboxes(folder=tmp_path / "b") == ["lin"]


def test_a_passing_sandbox_is_gone_afterwards(database: str) -> None:
    before = known_sandboxes()
    with passing_sandbox() as one, passing_sandbox() as other:
        remark(one, "called")
        assert remarks(one) == ["called"]
        assert is_new(other)
        place = one.place
        assert place.begun()
    assert not place.begun()
    assert known_sandboxes() == before


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
    monkeypatch.setattr(place, "BUSY_SECONDS", 0)
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
    monkeypatch.setattr(place, "BUSY_SECONDS", 0)
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
from crmlab.crm.store.sandbox import open_sandbox
from tests.crm.remarks import MOMENT, add, remark

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
    assert verify(sandbox).fault is None
