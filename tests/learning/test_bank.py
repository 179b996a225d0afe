from __future__ import annotations

from pathlib import Path

import pytest

from crmlab import text
from crmlab.errors import BankError
from crmlab.learning.bank import Bank, load_bank
from crmlab.learning.items import Choice, Ordering
from tests.tiny import TINY, line_of, spoilt

SMALL = """\
lesson: "90"
procedure: tiny.yaml
items:
  who_holds:
    kind: single_choice
    question: Who holds the ladder?
    options:
      - {value: me, text: I do., feedback: You climb.}
      - {value: keeper, text: The keeper., right: true, feedback: So it is.}
  way:
    kind: order
    question: In which order?
    steps:
      - {value: ask, text: Ask, feedback: First one asks.}
      - {value: climb, text: Climb, feedback: Then one climbs.}
      - {value: back, text: Bring back, feedback: The next one waits.}
  made:
    {from_procedure: tiny.yaml, ask: who_does, step: lend}
tasks:
  close:
    {title: Close it, text: Close a case., check: close_a_case, case: T-1, solution: Do it.}
  slip:
    {title: Slip, text: Slip., check: make_slip, mistake: short_ladder, solution: Take the short one.}
"""


def bank_of(folder: Path, content: str, procedure: str = TINY) -> Bank:
    (folder / "tiny.yaml").write_text(procedure, encoding="utf-8")
    path = folder / "bank.yaml"
    path.write_text(content, encoding="utf-8")
    return load_bank(path)


def test_the_bank_of_lesson_10_loads() -> None:
    bank = load_bank("lesson_10")
    assert bank.lesson == "10"
    assert 8 <= len(bank.questions) <= 14
    assert 5 <= len(bank.tasks) <= 7
    kinds = {type(question) for question in bank.questions}
    assert kinds == {Choice, Ordering}


def test_every_answer_of_lesson_10_teaches() -> None:
    for question in load_bank("lesson_10").questions:
        assert question.text.strip()
        for option in question.options:
            assert len(option.text) > 3, (question.id, option.value)
            assert len(option.feedback) > 30, (question.id, option.value)
            for told in (question.text, option.text, option.feedback):
                assert "{" not in told, (question.id, told)
                assert "–" not in told, (question.id, told)
        texts = [option.text for option in question.options]
        assert len(set(texts)) == len(texts)


def test_a_question_made_from_the_procedure_speaks_of_its_case() -> None:
    first = load_bank("lesson_10").question("first_to_feel_it")
    assert isinstance(first, Choice)
    assert first.right == "warehouse_lead"
    assert next(o.value for o in first.options) == "service_agent"
    assert "B-2203" in first.check("warehouse_lead").because


def test_changing_the_procedure_changes_the_question(tmp_path: Path) -> None:
    made = bank_of(tmp_path, SMALL).question("made")
    assert isinstance(made, Choice)
    assert made.right == "keeper"
    other = spoilt("seat: keeper\n    title: Lend", "seat: checker\n    title: Lend")
    changed = bank_of(tmp_path, SMALL, other).question("made")
    assert isinstance(changed, Choice)
    assert changed.right == "checker"


@pytest.mark.parametrize(
    ("ask", "right"),
    [
        ("who_does, step: check", "checker"),
        ("why_step, step: lend", "lend"),
        ("if_skipped, step: back, against: [ask, lend]", "back"),
        ("who_feels, mistake: short_ladder", "neighbour"),
    ],
)
def test_every_kind_can_be_made(tmp_path: Path, ask: str, right: str) -> None:
    content = spoilt("ask: who_does, step: lend", f"ask: {ask}", SMALL)
    made = bank_of(tmp_path, content).question("made")
    assert isinstance(made, Choice)
    assert made.right == right
    assert made.check(right).right
    assert all(o.feedback for o in made.options)


def test_an_order_is_made_from_the_right_run(tmp_path: Path) -> None:
    content = spoilt("ask: who_does, step: lend", "ask: order_of", SMALL)
    made = bank_of(tmp_path, content).question("made")
    assert [o.value for o in made.options] == ["ask", "lend", "check", "back"]


def test_a_deadline_and_what_lands_are_made_from_the_complaint(tmp_path: Path) -> None:
    content = SMALL.replace(
        "{from_procedure: tiny.yaml, ask: who_does, step: lend}",
        "{from_procedure: complaint, ask: deadline, step: contain}",
    )
    made = bank_of(tmp_path, content).question("made")
    assert isinstance(made, Choice)
    assert made.right == "h4"
    content = SMALL.replace(
        "{from_procedure: tiny.yaml, ask: who_does, step: lend}",
        "{from_procedure: complaint, ask: what_lands, mistake: closed_without_word,"
        " seat: account_manager}",
    )
    lands = bank_of(tmp_path, content).question("made")
    assert isinstance(lands, Choice)
    assert lands.right == "closed_without_word"
    assert len(lands.options) >= 3


FAULTS = [
    ("kind: order", "kind: ordr", "kind: ordr", "did you mean 'order'"),
    ("    kind: order\n", "", "way:", "does not say what it is"),
    (", right: true", "", "who_holds:", "0 options marked"),
    ("feedback: You climb.", "feedback: ''", "value: me", "'feedback'"),
    (", feedback: You climb.", "", "value: me", "'feedback' is missing"),
    ("value: me", "value: keeper", "who_holds:", "twice"),
    ("ask: who_does", "ask: who_dose", "made:", "'ask'"),
    ("step: lend}", "step: lent}", "from_procedure", "did you mean 'lend'"),
    (", step: lend}", "}", "made:", "needs 'step'"),
    ("from_procedure: tiny.yaml", "from_procedure: complain", "from_procedure", "complaint"),
    ("procedure: tiny.yaml\nitems", "procedure: gone.yaml\nitems", "procedure:", "no procedure"),
    ("case: T-1", "case: T-2", "title: Close it", "did you mean 'T-1'"),
    ("mistake: short_ladder", "mistake: long_ladder", "title: Slip", "short_ladder"),
    (", mistake: short_ladder", "", "slip:", "make_slip"),
    ("check: close_a_case", "check: close_case", "title: Close it", "'check'"),
    ("lesson:", "lessons:", "lessons:", "lesson"),
    ("  way:", "  who_holds:", "  who_holds:", "second time"),
]


@pytest.mark.parametrize(("old", "new", "where", "told"), FAULTS)
def test_a_fault_says_file_line_and_what_would_be_right(
    tmp_path: Path, old: str, new: str, where: str, told: str
) -> None:
    content = spoilt(old, new, SMALL)
    with pytest.raises(BankError) as fault:
        bank_of(tmp_path, content)
    sentence = str(fault.value)
    assert told in sentence
    nth = 2 if "second time" in told else 1
    line = line_of(content, where, nth)
    lines = [int(s.split("line ")[1].split(":")[0]) for s in sentence.splitlines() if "line " in s]
    assert any(line <= n <= line + 1 for n in lines), (line, sentence)
    assert sentence.startswith("bank.yaml, line ")


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "lesson: [", "items: 5\n"])
def test_what_is_no_bank_at_all_is_one_sentence(tmp_path: Path, content: str) -> None:
    with pytest.raises(BankError, match=r"bank\.yaml"):
        bank_of(tmp_path, content)


def test_a_bank_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BankError, match="There is no question bank"):
        load_bank(tmp_path / "none.yaml")


def test_texts_pass_through_translation(tmp_path: Path) -> None:
    text.use_language(text.PSEUDO)
    try:
        for question in bank_of(tmp_path, SMALL).questions:
            for told in (question.text, *(o.text for o in question.options)):
                assert told.startswith("⟦"), told
    finally:
        text.use_language(None)
