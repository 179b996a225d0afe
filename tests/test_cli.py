"""The command line: JSON alone on stdout, one clear line on stderr, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from crmlab import cli, text
from crmlab.procedures import load
from tests.tiny import TINY, spoilt

ROOT = Path(__file__).parents[1]
SCRIPT = """\
case: T-1
play:
  - {seat: neighbour, step: ask, fields: {height: 3}}
  - {seat: keeper, step: lend, fields: {ladder: short}}
  - {seat: neighbour, step: back, fields: {note: 谢谢}}
"""
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    (tmp_path / "script.yaml").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def run_apart(files: Path, home: Path) -> Run:
    """Run `crmlab` as a person would: a process of its own."""

    def command(*arguments: str, **environment: str) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "crmlab", *arguments],
            cwd=files,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTHONIOENCODING": "latin-1",  # as a Windows console might have it
                "CRMLAB_HOME": str(home),
                **environment,
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return command


@pytest.fixture
def run(
    files: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Run:
    """Run `crmlab` here, which is quicker."""
    monkeypatch.chdir(files)
    monkeypatch.setenv("CRMLAB_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")

    def command(*arguments: str, **environment: str) -> Done:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["crmlab", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, code, out, err)

    return command


def failed(done: Done) -> str:
    """What it said, which is all on stderr, and no traceback."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.endswith("\n")
    return done.stderr[:-1]


def test_json_stands_alone_on_stdout(run_apart: Run) -> None:
    done = run_apart("practise", "tiny.yaml", "--script", "script.yaml", "--json")
    assert done.returncode == 0
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told["outcome"] == "closed"
    assert [slip["mistake"] for slip in told["slips"]] == ["short_ladder"]
    assert [item["hours"] for item in told["consequences"]["neighbour"]] == [2]
    assert told["by_the_procedure"]["extra_hours"] == 0


def test_without_json_a_person_can_read_it(run: Run) -> None:
    done = run("practise", "tiny.yaml", "--script", "script.yaml")
    assert done.returncode == 0
    assert "T-1: closed" in done.stdout
    assert "by the procedure" in done.stdout
    assert "Neighbour: Climbs on a chair. (short_ladder; 2 h, ¥100)" in done.stdout


def test_the_shipped_procedure_is_played_by_its_name(run: Run, files: Path) -> None:
    (files / "complaint.yaml").write_text("case: C-1042\nseats: []\nplay: []\n", encoding="utf-8")
    done = run("practise", "complaint", "--script", "complaint.yaml", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["outcome"] == "closed"
    assert set(told["consequences"]) == {
        "service_agent", "quality_engineer", "warehouse_lead", "account_manager",
        "service_manager",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("case", "needed"),
    [
        ("L-2001", []),
        ("L-2003", ["sales_manager"]),
        ("L-2004", ["sales_manager", "sales_director"]),
        ("L-2005", ["sales_manager", "sales_director", "general_manager"]),
    ],
)
def test_a_sale_reports_who_had_to_agree_to_its_price(
    run: Run, files: Path, case: str, needed: list[str]
) -> None:
    (files / "sale.yaml").write_text(f"case: {case}\nseats: []\nplay: []\n", encoding="utf-8")
    done = run("practise", "lead_to_cash", "--script", "sale.yaml", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["approvals"]
    assert told["needed"] == needed
    assert [(given["seat"], given["decision"]) for given in told["given"]] == [
        (seat, "approved") for seat in needed
    ]


@pytest.mark.parametrize(
    "script", sorted((ROOT / "docs" / "scripts").glob("*.yaml")), ids=lambda s: s.stem
)
def test_the_scripts_that_the_documents_name_play(run_apart: Run, script: Path) -> None:
    procedure = YAML(typ="safe").load(script)["procedure"]
    done = run_apart("practise", procedure, "--script", str(script), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["case"]


def test_a_held_order_is_reported_with_its_sum_and_the_funnel_with_its_hours(
    run_apart: Run,
) -> None:
    script = ROOT / "docs" / "scripts" / "held_order.yaml"
    done = run_apart("practise", "lead_to_cash", "--script", str(script), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    credit = told["credit"]
    assert (credit["decision"], credit["decided_by"]) == ("released", "finance_controller")
    assert (credit["already_open"], credit["order"]) == ("28000.00", "20000.00")
    assert (credit["exposure"], credit["credit_limit"]) == ("48000.00", "100000.00")
    assert "¥20,000 ordered" in credit["sum"]
    assert "≤ limit" in credit["sum"], "what it was released on lies within the limit"
    earlier = credit["earlier_decisions"]
    assert [(one["decision"], one["exposure"]) for one in earlier] == [("held", "110000.00")] * 2
    assert "¥20,000 ordered > limit ¥100,000" in earlier[0]["sum"]
    stages = [(entry["stage"], entry["elapsed_hours"] > 0) for entry in told["funnel"]]
    assert stages == [(name, True) for name in ("lead", "qualified", "needs", "proposal", "won")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("seat: keeper", "seat: keper"), "script.yaml, line 4: there is no seat 'keper'"),
        (("step: lend", "step: lent"), "script.yaml, line 4: there is no step 'lent'"),
        (("case: T-1", "case: X-1"), "script.yaml, line 1: there is no practice case 'X-1'"),
        (("height: 3", "height: 0"), "script.yaml, line 3: move 1 (neighbour, ask) is refused"),
        (("play:", "play: ["), "script.yaml, line 3: this is not YAML"),
    ],
)
def test_a_script_that_does_not_fit(
    run: Run, files: Path, change: tuple[str, str], said: str
) -> None:
    (files / "script.yaml").write_text(SCRIPT.replace(*change), encoding="utf-8")
    told = failed(run("practise", "tiny.yaml", "--script", "script.yaml", "--json"))
    assert told.startswith(said)
    assert "\n" not in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("practise", "tiny.yaml", "--script", "none.yaml"),
            "none.yaml; check the name and the folder",
        ),
        (
            ("practise", "none.yaml", "--script", "script.yaml"),
            "none.yaml; check the name and the folder",
        ),
        (("practise", "complain", "--script", "script.yaml"), "There is no procedure 'complain'"),
        (("procedure", "check", "none.yaml"), "none.yaml; check the name and the folder"),
        (("procedure", "check", "."), "is a folder"),
    ],
)
def test_a_file_that_is_not_there(run: Run, arguments: tuple[str, ...], said: str) -> None:
    told = failed(run(*arguments))
    assert said in told
    assert "\n" not in told


def test_a_sound_procedure_is_said_to_be_sound(run: Run) -> None:
    done = run("procedure", "check", "tiny.yaml")
    assert done.returncode == 0
    assert done.stdout.startswith("tiny.yaml is sound: 3 seats, 4 steps, 1 mistakes, 1 practice")
    done = run("procedure", "check", "complaint", "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert told["seats"] == 5
    assert told["steps"] == 11
    assert told["mistakes"] >= 24


def test_an_unsound_procedure_is_told_line_by_line(run: Run, files: Path) -> None:
    bad = spoilt("seat: keeper", "seat: keper", spoilt("{to: lend}", "{to: lent}"))
    (files / "bad.yaml").write_text(bad, encoding="utf-8")
    told = failed(run("procedure", "check", "bad.yaml", "--json")).splitlines()
    assert len(told) == 2
    assert told[0].startswith("bad.yaml, line ")
    assert "did you mean 'lend'?" in told[0]
    assert "did you mean 'keeper'?" in told[1]


def test_a_procedure_whose_cases_do_not_close_is_told(run: Run, files: Path) -> None:
    (files / "bad.yaml").write_text(spoilt("right: 3}", "right: 12}"), encoding="utf-8")
    told = failed(run("procedure", "check", "bad.yaml"))
    assert "right entries of step 'ask' are refused" in told


def test_a_home_that_cannot_be_written_is_one_sentence(run_apart: Run, files: Path) -> None:
    home = files / "script.yaml" / "home"
    told = failed(
        run_apart("practise", "tiny.yaml", "--script", "script.yaml", CRMLAB_HOME=str(home))
    )
    assert "CRMLAB_HOME" in told
    assert "\n" not in told


@pytest.mark.parametrize(
    "command", [(), ("start",), ("practise",), ("procedure",), ("procedure", "check")]
)
def test_every_command_has_help(run: Run, command: tuple[str, ...]) -> None:
    done = run(*command, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "Usage: " in done.stdout
    assert "--help" in done.stdout


@pytest.mark.parametrize("arguments", [("practice",), ("practise",), ("procedure", "check", "--x")])
def test_a_command_that_is_not_understood_says_so_on_stderr(
    run: Run, arguments: tuple[str, ...]
) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "Try '" in done.stderr


def test_what_it_says_passes_through_translation(run_apart: Run) -> None:
    done = run_apart("procedure", "check", "tiny.yaml", CRMLAB_LANG="qps")
    assert done.stdout.startswith(text.bracket("")[0])
    told = json.loads(
        run_apart(
            "practise", "tiny.yaml", "--script", "script.yaml", "--json", CRMLAB_LANG="qps"
        ).stdout
    )
    assert told["slips"][0]["title"] == text.bracket("The short ladder for a high wall")
    assert told["slips"][0]["mistake"] == "short_ladder"


def test_what_if_tells_each_figure_with_its_interval(run: Run) -> None:
    asked = ("what-if", "complaint", "--slip", "wrong_batch=0.4", "--pairs", "30", "--days", "30")
    done = run(*asked, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["procedure"], told["slips"]) == ("complaint", {"wrong_batch": 0.4})
    for name in ("repeat_complaints", "cycle_days", "hours", "cost", "customers_lost"):
        found = told["figures"][name]
        assert found["lower"] <= found["mean"] <= found["upper"]
        assert found["with_habit"] - found["without"] == pytest.approx(found["mean"])
    assert told["seats"].keys() == load("complaint").seats.keys()
    assert run(*asked, "--json").stdout == done.stdout, "the same seed, the same company"
    spoken = run(*asked)
    assert "Wrong batch number, 40% of the time" in spoken.stdout
    assert "hours: Warehouse and production lead" in spoken.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--slip", "wrong_batch"), "'wrong_batch' is no slip with its chance"),
        (("--slip", "wrong_batch=often"), "write one like wrong_batch=0.2"),
        (("--slip", "wrong_batch=2"), "A chance lies between 0 and 1"),
        (("--slip", "no_such=0.2"), "The procedure has no mistake 'no_such'"),
        (("--slip", "wrong_batch=0.2", "--pairs", "1"), "Pairs of runs: from 30"),
        (("--slip", "wrong_batch=0.2", "--days", "-4"), "Days: from 1 to 730"),
    ],
)
def test_a_what_if_that_makes_no_sense_is_one_sentence(
    run: Run, arguments: tuple[str, ...], sentence: str
) -> None:
    assert sentence in failed(run("what-if", "complaint", *arguments))


def test_a_procedure_of_your_own_is_known_by_its_name(run: Run, home: Path) -> None:
    (home / "procedures").mkdir()
    (home / "procedures" / "mine.yaml").write_text(TINY, encoding="utf-8")
    name = TINY.split("procedure: ", 1)[1].splitlines()[0]
    assert "is sound" in run("procedure", "check", name).stdout
    assert f"{name}, or the path of a YAML file" in failed(run("procedure", "check", "other"))


def test_it_says_where_the_learners_folder_is(run: Run, home: Path) -> None:
    assert run("where").stdout.strip() == str(home)


def test_a_language_that_is_not_there_is_told(run: Run) -> None:
    assert "no language 'xx'; there are: en" in failed(run("start", "--lang", "xx"))


def test_a_moment_beyond_all_years_is_told_with_its_line(run: Run, files: Path) -> None:
    late = SCRIPT.replace("{height: 3}}", "{height: 3}, moment: 9999-12-31T23:00}")
    (files / "script.yaml").write_text(late, encoding="utf-8")
    assert "between 1990 and 2190" in failed(
        run("practise", "tiny.yaml", "--script", "script.yaml")
    )


CUSTOMERS = "客户编号;客户名称;电话;信用额度\nA1;北京泵业;+86 10 1;1.200,50\nA2;上海阀门;;much\n"


def test_a_file_is_brought_in_or_told_why_not(run: Run, files: Path, home: Path) -> None:
    (files / "c.csv").write_bytes(CUSTOMERS.encode("gb18030"))
    done = run("import", "customers", "c.csv", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["encoding"], told["delimiter"], told["decimal"]) == ("gb18030", ";", ",")
    assert (told["rows"], told["good"], told["refused"], told["taken"]) == (2, 1, 1, False)
    assert not (home / "imported").exists() or not list((home / "imported").iterdir())
    spoken = run("import", "customers", "c.csv", "--accept-good", "--map", "map.yaml")
    assert spoken.returncode == 0
    assert "Found: CSV, gb18030, parted by semicolon, decimal comma." in spoken.stdout
    assert "line 3: credit_limit: 'much' is no number." in spoken.stdout
    taken = pd.read_parquet(home / "imported" / "customers.parquet")
    assert taken["name"][0].startswith("N-"), "a pseudonym"
    assert (files / "map.yaml").exists(), "written down for the next time"
    again = run(
        "import", "customers", "c.csv", "--map", "map.yaml", "--keep-names", "--accept-good"
    )
    assert again.returncode == 0
    assert pd.read_parquet(home / "imported" / "customers.parquet")["name"][0] == "北京泵业"


def test_a_map_to_fill_in_is_written_where_a_heading_is_not_known(run: Run, files: Path) -> None:
    (files / "s.csv").write_text("Umsätze\nWer;Datum;Betrag\nA;31.01.2026;1,5\n", "utf-8")
    command = ("import", "transactions", "s.csv", "--map", "n.yaml")
    assert "This stands in n.yaml already; put the heading in there." in failed(run(*command))
    offered = (files / "n.yaml").read_text(encoding="utf-8")
    assert "  customer_id: HEADING\n  date: Datum\n" in offered
    assert "there is no heading 'HEADING'; there are: Wer, Datum" in failed(run(*command))
    (files / "n.yaml").write_text(offered.replace("HEADING", "Wer"), encoding="utf-8")
    done = run(*command, "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert (told["header"], told["rows"], told["map"]["customer_id"]) == (2, 1, "Wer")
    assert told["read"] == "s.csv: decimal comma, days as day.month.year, headings in line 2"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("customer_id;name\n", "No heading of the file is known as date"),
        ("customer_id,date,amount\nA,05/06/2026,1\n", "can be read in two ways"),
    ],
)
def test_a_file_that_cannot_be_brought_in_is_one_sentence(
    run: Run, files: Path, content: str, sentence: str
) -> None:
    (files / "t.csv").write_text(content, encoding="utf-8")
    assert sentence in failed(run("import", "transactions", "t.csv"))
    assert "no kind of data 'cats'" in failed(run("import", "cats", "t.csv"))
