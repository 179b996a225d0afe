"""A case played from a script: the same engine, without a screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crmlab.errors import CrmlabError, ScriptError
from crmlab.practice.script import play
from crmlab.procedures import Procedure
from tests.tiny import tiny

HAPPY = """\
case: T-1
play:
  - {seat: neighbour, step: ask, fields: {height: 3}, moment: 2026-05-12T09:00}
  - {seat: keeper, step: lend, fields: {ladder: long}}
  - {seat: checker, step: check, by_the_procedure: true}
  - {seat: neighbour, step: back, fields: {note: Thanks}}
"""


def played(folder: Path, script: str, procedure: Procedure | None = None) -> dict[str, Any]:
    path = folder / "script.yaml"
    path.write_text(script, encoding="utf-8")
    return play(procedure or tiny(), path)


def refusal(folder: Path, script: str, procedure: Procedure | None = None) -> str:
    with pytest.raises(ScriptError) as caught:
        played(folder, script, procedure)
    return str(caught.value)


def test_a_case_from_its_opening_to_its_close(tmp_path: Path) -> None:
    told = played(tmp_path, HAPPY)
    assert told["outcome"] == "closed"
    assert (told["procedure"], told["case"], told["waiting_at"]) == ("tiny", "T-1", None)
    assert [(e["activity"], e["lifecycle"], e["resource"]) for e in told["events"]] == [
        ("ask", "schedule", "neighbour"),
        ("ask", "complete", "neighbour"),
        ("lend", "schedule", "keeper"),
        ("lend", "complete", "keeper"),
        ("check", "schedule", "checker"),
        ("check", "complete", "checker"),
        ("back", "schedule", "neighbour"),
        ("back", "complete", "neighbour"),
    ]
    assert told["events"][1] == {
        "case_id": "T-1",
        "activity": "ask",
        "timestamp": "2026-05-12T09:00:00+08:00",
        "resource": "neighbour",
        "lifecycle": "complete",
    }
    assert told["slips"] == []
    assert told["consequences"] == {"neighbour": [], "keeper": [], "checker": []}
    assert json.loads(json.dumps(told)) == told, "it is plain data"


def test_without_moments_it_is_the_run_by_the_procedure(tmp_path: Path) -> None:
    told = played(tmp_path, HAPPY.replace(", moment: 2026-05-12T09:00", ""))
    assert told["totals"] == told["by_the_procedure"]
    assert set(told["totals"]) == {
        "worked_hours", "extra_hours", "cost", "cycle_days", "delay_days",
        "repeat_complaint", "lose_customer", "complains_again", "leaves",
    }  # fmt: skip


def test_a_slip_is_found_at_the_seat_that_suffers_it(tmp_path: Path) -> None:
    told = played(
        tmp_path,
        """\
play:
  - {seat: neighbour, step: ask, by_the_procedure: true}
  - {seat: keeper, step: lend, fields: {ladder: short}}
  - {seat: neighbour, step: back}
""",
    )
    assert told["slips"] == [
        {
            "mistake": "short_ladder",
            "title": "The short ladder for a high wall",
            "step": "lend",
            "corrected": False,
            "critical": False,
        }
    ]
    (felt,) = told["consequences"]["neighbour"]
    assert (felt["mistake"], felt["step"], felt["what"], felt["why"]) == (
        "short_ladder",
        "back",
        "Climbs on a chair.",
        "The ladder was short.",
    )
    assert (felt["hours"], felt["cost"], felt["lose_customer"]) == (2, 100, 0.1)
    assert told["consequences"]["checker"] == []
    assert told["totals"]["extra_hours"] == 2
    assert told["by_the_procedure"]["extra_hours"] == 0


def test_what_a_consequence_says_names_the_cases_own_things(
    tmp_path: Path, complaint: Procedure
) -> None:
    told = played(
        tmp_path,
        """\
case: C-1042
seats: [service_agent]
play:
  - {seat: service_agent, step: register, by_the_procedure: true, fields: {batch_no: B-2203}}
""",
        complaint,
    )
    texts = [item["what"] + item["why"] for felt in told["consequences"].values() for item in felt]
    assert not [text for text in texts if "{" in text]


def test_sending_back_and_reassigning(tmp_path: Path) -> None:
    told = played(
        tmp_path,
        """\
play:
  - {seat: neighbour, step: ask, reassign: U-02}
  - {seat: neighbour, step: ask, by_the_procedure: true}
  - {seat: keeper, step: lend, fields: {ladder: short}}
  - {seat: neighbour, step: back, send_back: lend, reason: Too short.}
  - {seat: keeper, step: lend, fields: {ladder: long}}
  - {seat: checker, step: check, fields: {sound: true}}
""",
    )
    assert told["outcome"] == "open"
    assert told["waiting_at"] == "back"
    assert told["sent_back"] == [
        {
            "from": "back",
            "to": "lend",
            "reason": "Too short.",
            "right": True,
            "slips": ["short_ladder"],
        }
    ]
    assert [slip["corrected"] for slip in told["slips"]] == [True]
    assert [e["lifecycle"] for e in told["events"]].count("withdraw") == 1
    assert [e["lifecycle"] for e in told["events"]].count("reassign") == 1
    assert told["totals"]["leaves"] is None


def test_colleagues_sit_in_the_other_seats(tmp_path: Path) -> None:
    script = """\
seats: [neighbour]
colleagues: careful
play:
  - {seat: neighbour, step: ask, fields: {height: 3}}
  - {seat: neighbour, step: back}
"""
    told = played(tmp_path, script)
    assert told["outcome"] == "closed"
    assert {event["resource"] for event in told["events"]} == {"neighbour", "keeper", "checker"}
    assert told == played(tmp_path, script), "the same script gives the same case"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("seat: keeper", "seat: keper", 4, "there is no seat 'keper'; did you mean 'keeper'?"),
        ("step: lend", "step: lent", 4, "there is no step 'lent'; did you mean 'lend'?"),
        ("case: T-1", "case: T-9", 1, "there is no practice case 'T-9'; did you mean 'T-1'?"),
        ("case: T-1", "procedure: complaint", 1, "the script is for 'complaint', not for 'tiny'"),
        ("case: T-1", "seats: [boss]", 1, "there is no seat 'boss'"),
        ("case: T-1", "colleagues: lazy", 1, "there is no manner 'lazy'"),
        ("fields: {ladder: long}", "send_back: nowhere", 4, "there is no step 'nowhere'"),
        ("{ladder: long}", "{ladder: tall}", 4, "ladder: 'Ladder' is one of: Short, Long."),
        ("{ladder: long}", "{}", 4, "move 2 (keeper, lend) is refused: ladder: 'Ladder' is miss"),
        ("{ladder: long}", "{ladder: [long]}", 4, "'ladder' should be one plain value"),
        (
            "seat: keeper",
            "seat: checker",
            4,
            "'Lend' belongs to the seat 'Keeper', not to 'Checker'",
        ),
        ("step: check", "step: back", 5, "is at 'Check the rungs', not at 'Bring it back'"),
        (
            "{seat: checker, step: check, by",
            "{seat: checker, step: check, moment: 2026-05-11T09:00, by",
            5,
            "lies before the last event of the case",
        ),
        ("moment: 2026-05-12T09:00", "moment: soon", 3, "should be a moment"),
        ("note: Thanks}}", "note: Thanks}, whn: 1}", 6, "'whn' is not a name that play.3 knows"),
        ("play:", "plays:", 1, "'play' is missing in the file; add it."),
        (
            "fields: {note: Thanks}",
            "send_back: ask",
            6,
            "move 4 (neighbour, back) is refused: reason: Say why you send it back",
        ),
        ("fields: {note: Thanks}", "reassign: U-99", 6, "holder: Choose somebody who sits in"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert HAPPY.count(old) == 1
    told = refusal(tmp_path, HAPPY.replace(old, new))
    assert any(
        sentence.startswith(f"script.yaml, line {line}: ") and said in sentence
        for sentence in told.splitlines()
    ), told


def test_a_move_after_the_close_is_refused(tmp_path: Path) -> None:
    told = refusal(tmp_path, HAPPY + "  - {seat: neighbour, step: back}\n")
    assert "script.yaml, line 7: move 5 (neighbour, back) is refused: " in told
    assert "is closed" in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty or a list"),
        (b"play: [", "this is not YAML"),
        (b"\xff\xfe\x00", "not a text file in UTF-8"),
        (b"play: !!python/object/apply:os.system [ls]", "this is not YAML"),
    ],
)
def test_a_file_that_is_no_script(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(ScriptError, match=said) as caught:
        play(tiny(), path)
    assert "bad.yaml" in str(caught.value)


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"There is no script .*none\.yaml"):
        play(tiny(), tmp_path / "none.yaml")


def test_a_procedure_without_a_case_cannot_be_played(tmp_path: Path) -> None:
    procedure = tiny().model_copy(update={"cases": {}})
    told = refusal(tmp_path, "play: []\n", procedure)
    assert "the procedure 'tiny' has no practice case to play" in told


def test_a_script_leaves_no_sandbox_behind(tmp_path: Path, home: Path) -> None:
    played(tmp_path, HAPPY)
    with pytest.raises(CrmlabError):
        played(tmp_path, HAPPY.replace("step: lend", "step: back"))
    assert not (home / "sandboxes").exists()
