"""`crmlab audit`: looks at sandboxes, tells, and never makes or changes one."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import text

from crmlab import cli
from crmlab.crm.store.sandbox import Sandbox, known_sandboxes, open_sandbox
from crmlab.crm.trail.verify import verify
from tests.crm.remarks import MOMENT, remark


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home"


@pytest.fixture
def run(database: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["crmlab", "audit", *arguments])
        capfd.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Done(code, *capfd.readouterr())

    return command


def opened(name: str, *notes: str) -> Sandbox:
    sandbox = open_sandbox(name)
    for note in notes:
        remark(sandbox, note)
    return sandbox


def spoil(sandbox: Sandbox) -> None:
    with sandbox.place.engine.connect() as connection:
        connection.execute(text("UPDATE customers SET phone = '1' WHERE customer_id = 'CU-001'"))
        connection.commit()


def test_a_sound_sandbox_is_one_line_with_its_count_and_its_head(run: Run) -> None:
    head = verify(opened("lin-10", "a", "b")).head
    done = run("verify", "lin-10")
    assert done == (0, f"lin-10: 2 lines, all sound; head {head}.\n", "")
    assert run("verify", "lin-10", "--expect", head).code == 0


def test_without_a_name_all_are_checked_and_each_bad_one_is_named(run: Run) -> None:
    assert run("verify") == (0, "There are no sandboxes yet.\n", "")
    opened("lin-10", "a")
    spoil(opened("lin-20"))
    opened("lin-30").save_point("x")
    done = run("verify")
    assert done.code == 1
    assert [line.split(":")[0] for line in done.out.splitlines()] == ["lin-10", "lin-30"]
    assert done.err.startswith("lin-20: customers CU-001 was changed")
    assert len(done.err.splitlines()) == 1


def test_json_stands_alone_and_names_the_first_bad_row(run: Run) -> None:
    sandbox = opened("lin-10", "a")
    head = verify(sandbox).head
    sound = {"sandbox": "lin-10", "sound": True, "lines": 1, "head": head, "compared": True}
    done = run("verify", "--json")
    assert json.loads(done.out) == [
        {**sound, "fault": None, "sentence": f"1 line, sound; head {head}."}
    ]
    spoil(sandbox)
    done = run("verify", "lin-10", "--json")
    assert done.code == 1
    (told,) = json.loads(done.out)
    assert told["sound"] is False
    fault = told["fault"]
    assert (fault["what"], fault["table"], fault["key"]) == ("changed", "customers", "CU-001")
    assert (fault["column"], fault["found"]) == ("phone", "1")
    assert len(done.err.splitlines()) == 1


def test_a_head_that_is_not_in_the_trail_fails(run: Run) -> None:
    opened("lin-10", "a")
    done = run("verify", "lin-10", "--expect", "0" * 64)
    assert done.code == 1
    assert "0" * 64 in done.err
    assert "rewritten whole" in done.err
    done = run("verify", "--expect", "0" * 64)
    assert (done.code, done.out) == (1, "")
    assert "Name the sandbox" in done.err


@pytest.mark.parametrize("command", ["verify", "show"])
def test_a_name_that_is_not_there_is_told_with_those_that_are_and_nothing_is_made(
    run: Run, home: Path, command: str
) -> None:
    opened("lin-10").close()
    done = run(command, "lin-11")
    assert (done.code, done.out) == (1, "")
    assert "There is no sandbox 'lin-11'; there are: lin-10." in done.err
    assert run(command, "../lin-10").code == 1
    assert known_sandboxes() == ["lin-10"]
    assert not list(home.rglob("*lin-11*"))


def test_looking_leaves_a_file_as_it_is(run: Run, database: str, home: Path) -> None:
    if database != "sqlite":
        pytest.skip("this is about files")
    sandbox = opened("lin-10", "a")
    sandbox.close()

    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (home / "sandboxes").iterdir()}

    before = contents()
    assert run("verify").code == 0
    assert run("show", "lin-10").code == 0
    assert contents() == before


def test_a_foreign_file_is_told_beside_the_others(run: Run, database: str, home: Path) -> None:
    if database != "sqlite":
        pytest.skip("this is about files")
    opened("lin-10", "a").close()
    (home / "sandboxes" / "diary.sqlite").write_text("page one")
    assert run("verify").code == 0
    assert "is not a crmlab sandbox" in run("verify", "diary").err


def test_lines_are_shown_as_a_table_or_as_json(run: Run) -> None:
    sandbox = opened("lin-10", *"abcde")
    with sandbox.write(
        "export", subject="cust\x1b[2Jomer", at=MOMENT, user="U-01", seat="data_steward"
    ):
        pass
    shown = run("show", "lin-10", "--last", "2").out
    assert "\x1b" not in shown
    rows = [line for line in shown.splitlines() if "2026-05-12 10:00" in line]
    assert ["remark" in row for row in rows] == [True, False]
    assert all(part in rows[1] for part in ("6", "U-01", "data_steward", "export", "cust·[2Jomer"))
    told = json.loads(run("show", "lin-10", "--subject", "CU-007", "--json").out)
    assert [line["audit_id"] for line in told] == [1, 2, 3, 4, 5]
    assert told[0]["changes"][0]["table"] == "interactions"
    assert told[1]["previous"] == told[0]["hash"]
    assert json.loads(run("show", "lin-10", "--subject", "nothing", "--json").out) == []
    assert len(json.loads(run("show", "lin-10", "--last", "0", "--json").out)) == 6
