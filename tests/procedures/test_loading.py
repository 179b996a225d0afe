"""A procedure file that does not load says file, line, what is wrong and what would be right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crmlab.errors import ProcedureError
from crmlab.procedures import find, load, loads, shipped
from tests.tiny import TINY, line_of, spoilt, tiny

HANDS_BACK = "    hands_on: The ladder.\n    next: [{to: end}]"


def fault(text: str) -> str:
    with pytest.raises(ProcedureError) as caught:
        loads(text, "my.yaml")
    return str(caught.value)


def test_the_sound_file_loads() -> None:
    procedure = tiny()
    assert list(procedure.seats) == ["neighbour", "keeper", "checker"]
    assert list(procedure.steps) == ["ask", "lend", "check", "back"]
    assert procedure.number("back") == 4
    assert procedure.steps_of("neighbour") == ["ask", "back"]


@pytest.mark.parametrize(
    ("old", "new", "where", "wrong", "right"),
    [
        (
            "{fact: ladder}\n    hands",
            "{facts: ladder}\n    hands",
            "{facts:",
            "'facts' is not",
            "spell",
        ),
        ("is: long}", "is: [long]}", "{to: check", "'is' should be one plain value", "['long']"),
        (
            "start: ask",
            "house: {overdue_allowed: -1}\nstart: ask",
            "house:",
            "'overdue_allowed' is '-1'",
            "at least 0",
        ),
        # names that lead nowhere
        ("seat: keeper", "seat: keper", "seat: keper", "no seat 'keper'", "mean 'keeper'?"),
        ("{seat: neighbour, at", "{seat: boss, at", "{seat: boss", "no seat 'boss'", "checker"),
        ("start: ask", "start: begin", "start: begin", "no step 'begin'", "ask, lend"),
        ("{to: lend}", "{to: lent}", "{to: lent}", "no step 'lent'", "mean 'lend'?"),
        ("noticed_at: [back]", "noticed_at: [bak]", "noticed_at", "no step 'bak'", "mean 'back'?"),
        ("at: back, what", "at: later, what", "at: later", "no step 'later'", "closing"),
        (
            "facts: {ladder: long}",
            "facts: {lader: long}",
            "facts: {l",
            "no fact 'lader'",
            "ladder'",
        ),
        ("right: {fact: ladder}", "right: {fact: rung}", "{fact: rung", "no fact 'rung'", "ladder"),
        (
            "below: {fact: ladder}",
            "below: {fact: x}",
            "when: {field: ladder, b",
            "fact 'x'",
            "ladder",
        ),
        ("like: lend.ladder", "like: lend.rung", "like: lend", "of step lend 'rung'", "ladder"),
        ("like: lend.ladder", "like: loan.ladder", "like: loan", "no step 'loan'", "mean 'lend'?"),
        (
            "{field: ladder, is: long}",
            "{field: height, is: 3}",
            "{to: check",
            "no field of step lend 'height'",
            "ladder",
        ),
        (
            "{field: ladder, is: long}",
            "{field: ladder, is: tall}",
            "{to: check",
            "no choice 'tall'",
            "short, long",
        ),
        ("{ladder: long}}", "{ladder: lon}}", "T-1:", "no choice 'lon'", "mean 'long'?"),
        ("example: {ladder: short}", "example: {ladder: s}", "example", "no choice 's'", "short"),
        ("example: {ladder: short}", "example: {size: 1}", "example", "no field 'size'", "ladder"),
        ("what: Climbs on a chair.", 'what: "{fact.x}"', "at: back", "no fact 'x'", "ladder"),
        ("what: Climbs on a chair.", 'what: "{lend.x}"', "at: back", "of step lend 'x'", "ladder"),
        # what a file has to say
        (
            "    why: A wrong one is dangerous.\n",
            "",
            "  lend:",
            "'why' is missing in steps.lend",
            "add",
        ),
        (
            "why: The keeper picks a ladder by the height.",
            'why: ""',
            'why: ""',
            "'why' in steps.ask is empty",
            "needs a text",
        ),
        ("deadline_hours: 40", "deadline_hours: 0", "deadline_hours: 0", "more than 0", "'0'"),
        (
            "deadline_hours: 40",
            "dead_line: 40",
            "  dead_line",
            "'dead_line' is not a name",
            "spelling",
        ),
        ("type: integer", "type: number", "type: number", "'number'", "'integer'"),
        ("letter: C", "letter: K", "letter: K, duty: Looks", "already stands for 'keeper'", "own"),
        ("  ask:\n    seat", "  Ask:\n    seat", "  Ask:", "'Ask' is not a name", "small letters"),
        ("  T-1: {title: Paint the wall,", "  T-1: {", "T-1", "'title' is missing", "add it"),
        ("facts: {ladder: long}", "facts: {}", "T-1", "nothing about the fact 'ladder'", "add"),
        # the way of a case
        (
            "      - {to: back}\n  check",
            "      - {to: back, when: {field: ladder, is: short}}\n  check",
            "- {to: back, when",
            "could get stuck",
            "leave the last way without a condition",
        ),
        (
            "{to: check, when: {field: ladder, is: long}}",
            "{to: check}",
            "    next:\n      - {to: check}",
            "never takes the ways after",
            "put that one last",
        ),
        (
            "      - {to: check, when: {field: ladder, is: long}}\n",
            "",
            "  check:",
            "nobody can reach it",
            "name it in another step's next",
        ),
        (
            HANDS_BACK,
            HANDS_BACK.replace("end", "ask"),
            "    next: [{to: ask}]",
            "from 'back' the case goes round without an exit",
            "'end'",
        ),
        ("  check:\n", "  closing:\n", "  closing:", "'closing' means something", "another name"),
        # conditions
        (
            "{field: ladder, is: long}",
            "{field: ladder, is: long, is_not: short}",
            "{to: check",
            "needs exactly one comparison",
            "is, is_not, above",
        ),
        (
            "{field: ladder, is: long}",
            "{is: long}",
            "{to: check",
            "one of field, fact, figure, step",
            "on its left side",
        ),
        (
            "{field: ladder, is: long}",
            "{step: lend, is: long}",
            "{to: check",
            "late, done_after and visited are asked of a step",
            "the rest of a field, a fact",
        ),
        (
            "{field: ladder, is: long}",
            "{field: ladder, is: {field: x, fact: ladder}}",
            "{to: check",
            "names one of field, fact",
            "",
        ),
        (
            "{field: ladder, is: long}",
            "{field: check.sound, is: yes}",
            "{to: check",
            "'Sound?' is yes or no, not 'yes'",
            "true or false",
        ),
        # fields
        (
            "choices: [{value: short, label: Short}, {value: long, label: Long}]",
            "choices: [{value: short, label: Short}, {value: short, label: Long}]",
            "      ladder:",
            "lists one choice twice",
            "",
        ),
        ("type: text,", "type: choice,", "note: {label", "choices belong to a field of type", ""),
        (
            "type: text,",
            "type: text, record: batch,",
            "note: {label",
            "of a field of type record",
            "",
        ),
        ("type: text,", "type: text, pattern: a+,", "note: {label", "needs a pattern_help", ""),
        (
            "type: text,",
            "type: text, pattern: a(, pattern_help: An a.,",
            "note: {label",
            "a pattern that cannot be read",
            "",
        ),
        (
            '"2026-05-12T08:30:00+08:00"',
            "tomorrow",
            "opened_at",
            "should be a moment with its zone",
            "tom",
        ),
    ],
)
def test_a_fault_has_its_line_and_the_way_out(
    old: str, new: str, where: str, wrong: str, right: str
) -> None:
    text = spoilt(old, new)
    said = fault(text)
    (first,) = [line for line in said.splitlines() if wrong in line] or [said]
    assert first.startswith(f"my.yaml, line {line_of(text, where)}: "), said
    assert wrong in first
    assert right in first


def test_two_steps_of_one_name() -> None:
    text = spoilt("  check:\n", "  ask:\n")
    said = fault(text)
    assert said.startswith(f"my.yaml, line {line_of(text, '  ask:', 2)}: ")
    assert "the name 'ask' stands here a second time" in said
    assert "rename" in said


def test_several_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = spoilt("seat: keeper", "seat: keper", spoilt("{to: lend}", "{to: lent}"))
    text = spoilt("noticed_at: [back]", "noticed_at: [bak]", text)
    said = fault(text).splitlines()
    assert [name for line in said for name in ("lent", "keper", "bak") if f"'{name}'" in line] == [
        "lent",
        "keper",
        "bak",
    ]


def test_each_missing_text_of_a_step_is_told() -> None:
    text = spoilt("    why: A wrong one is dangerous.\n    if_skipped: Nobody climbs.\n", "")
    said = fault(text).splitlines()
    assert len(said) == 2
    assert "'if_skipped' is missing" in said[0]
    assert "'why' is missing" in said[1]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("seats:\n  a: [1, 2\nsteps: {}\n", 3, "this is not YAML"),
        ("title: a\n\ttab: b\n", 2, "this is not YAML"),
        ("title: Lend: a ladder\n", 1, "between quotes"),
        ("title: a\x07b\n", 1, "cannot stand in YAML"),
    ],
)
def test_broken_yaml(text: str, line: int, said: str) -> None:
    told = fault(text)
    assert told.startswith(f"my.yaml, line {line}: ")
    assert said in told
    assert "\n" not in told


@pytest.mark.parametrize("text", ["", "# only a remark\n", "- a\n- list\n", "just words\n"])
def test_an_empty_file_or_a_list(text: str) -> None:
    assert "the file is empty or a list; it should begin with names" in fault(text)


def test_a_file_nested_without_end_is_refused() -> None:
    assert "nested too deeply" in fault("seats: " + "[" * 5000)


@pytest.mark.parametrize(
    "trap",
    [
        "!!python/object/apply:os.system ['touch {path}']",
        "!!python/name:os.system",
        "!<tag:yaml.org,2002:python/object:os.system> {{}}",
    ],
)
def test_a_tag_that_would_run_code_is_refused(trap: str, tmp_path: Path) -> None:
    mark = tmp_path / "it-ran"
    said = fault(spoilt("title: Lend a ladder", f"title: {trap.format(path=mark)}"))
    assert "my.yaml, line 2: this is not YAML" in said
    assert not mark.exists()


def test_text_that_looks_like_code_stays_text() -> None:
    code = "{{ cycler.__init__.__globals__ }} ${HOME} {0.__class__} __import__('os')"
    procedure = loads(spoilt("title: Lend a ladder", f'title: "{code}"'))
    assert procedure.title == code


def test_a_moment_without_a_zone_is_the_offices_and_dates_stay_as_written() -> None:
    moments = [
        loads(spoilt('"2026-05-12T08:30:00+08:00"', written)).cases["T-1"].opened_at.isoformat()
        for written in ("2026-05-12T08:30:00+08:00", "2026-05-12T08:30", "2026-05-12T00:30:00Z")
    ]
    assert moments == ["2026-05-12T08:30:00+08:00"] * 3
    dated = spoilt("right: 3}", "right: 3}\n      day: {label: Day, type: date, right: 2026-05-12}")
    assert loads(dated).steps["ask"].fields["day"].right == "2026-05-12"


def test_a_file_that_is_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "folder.yaml"
    folder.mkdir()
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("title: Größe".encode("latin-1"))
    for path, said in (
        (tmp_path / "missing.yaml", "There is no procedure file"),
        (folder, "is a folder; name the procedure file inside it"),
        (latin, "is not a text file in UTF-8; save it as UTF-8"),
    ):
        with pytest.raises(ProcedureError, match=said) as caught:
            load(path)
        assert str(path) in str(caught.value)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8-sig")
    assert load(path).procedure == "tiny"


def test_a_name_that_is_not_shipped_is_told_with_those_that_are() -> None:
    with pytest.raises(ProcedureError, match=r"no procedure 'complain'; give one of .*complaint"):
        load("complain")
    assert "complaint" in shipped()
    assert find("complaint").name == "complaint.yaml"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("right: Match the ladder", "right: Match {fact.ladder}", "stands on the job card too"),
        (
            "    hands_on: The height.",
            "    hints: ['Look at {fact.nope}.']\n    hands_on: The height.",
            "there is no fact 'nope'",
        ),
        ("deadline_hours: 40", "deadline_hours: .inf", "deadline_hours"),
        ("at: back,", "at: ask,", "no way leads from 'lend' to 'ask', so nobody would ever feel"),
        ("noticed_at: [back]", "noticed_at: [ask]", "it cannot be noticed there"),
        *(
            (
                "    hands_on: The height.",
                "    rules: [{refuse_when: {fact: ladder, is: short}, message: No., "
                f"back_to: {back_to}}}]\n    hands_on: The height.",
                said,
            )
            for back_to, said in (("lend", "has not been there yet"), ("bak", "no step 'bak'"))
        ),
        (
            "    hands_on: The height.",
            "    reads: [lend.ladder]\n    hands_on: The height.",
            "'lend.ladder' is still empty there",
        ),
    ],
)
def test_earlier_and_later_are_held_to_the_ways(old: str, new: str, said: str) -> None:
    with pytest.raises(ProcedureError, match=re.escape(said)):
        loads(spoilt(old, new), "my.yaml")
