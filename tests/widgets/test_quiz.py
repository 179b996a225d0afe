from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from crmlab.learning.bank import Bank, load_bank
from crmlab.learning.items import Choice, Ordering, Question
from crmlab.learning.progress import Progress
from crmlab.widgets import Quiz


@pytest.fixture(scope="module")
def bank() -> Bank:
    return load_bank("lesson_10")


@pytest.fixture
def quiz(bank: Bank, progress: Progress) -> Quiz:
    return Quiz("10", bank, progress=progress)


def number_of(bank: Bank, item: str) -> int:
    return [question.id for question in bank.questions].index(item)


def wrong_value(question: Choice) -> str:
    return next(o.value for o in question.options if o.value != question.right)


def answer_rightly(quiz: Quiz, question: Question) -> None:
    if isinstance(question, Choice):
        quiz.click("check", {"choice": question.right})
        return
    sort(quiz, question)
    quiz.click("check")


def sort(quiz: Quiz, question: Ordering) -> None:
    """Put the steps in order by pressing what moves them up."""
    for place, option in enumerate(question.options):
        while drawn_order(quiz).index(option.value) > place:
            quiz.click("move", step=option.value, way="up")


def drawn_order(quiz: Quiz) -> list[str]:
    soup = BeautifulSoup(quiz.view["html"], "html.parser")
    return [str(node["data-step"]) for node in soup.select(".ordering [data-way=up]")]


def test_a_wrong_answer_is_told_why_and_may_be_mended(quiz: Quiz, bank: Bank) -> None:
    question = bank.questions[0]
    assert isinstance(question, Choice)
    wrong = wrong_value(question)
    quiz.click("check", {"choice": wrong})
    assert "Not quite" in quiz.text()
    assert question.check(wrong).because in quiz.text()
    assert quiz.view["focus"] == "feedback"
    assert question.check(question.right).because not in quiz.text()

    quiz.click("check", {"choice": question.right})
    assert "Right" in quiz.text()
    assert "1 of 11 questions done" in quiz.text()
    assert "at the first try" not in quiz.text()
    for option in question.options:
        assert option.feedback in quiz.text()


def test_an_answer_is_kept_at_once_and_shown_after_a_reload(
    quiz: Quiz, bank: Bank, progress: Progress
) -> None:
    question = bank.questions[0]
    assert isinstance(question, Choice)
    quiz.click("check", {"choice": wrong_value(question)})
    kept = progress.state("10", f"quiz/{question.id}")
    assert kept
    assert (kept.right, kept.attempts) == (False, 1)
    again = Quiz("10", bank, progress=progress)
    assert "Not quite" in again.text()

    quiz.click("check", {"choice": question.right})
    later = Quiz("10", bank, progress=progress)
    assert "Question 2 of 11" in later.text()
    later.click("go", number=0)
    assert "Right" in later.text()
    assert [a.right for a in progress.answers("10", "quiz/")] == [False, True]


def test_nothing_chosen_is_told_beside_the_question_and_not_counted(
    quiz: Quiz, progress: Progress
) -> None:
    quiz.click("check")
    assert "Choose an answer first" in quiz.text()
    assert quiz.view["focus"] == "first"
    assert progress.states("10", "quiz/") == {}


def test_steps_are_moved_by_buttons_that_stay_in_focus(quiz: Quiz, bank: Bank) -> None:
    quiz.click("go", number=number_of(bank, "sending_back"))
    before = drawn_order(quiz)
    assert before != [o.value for o in quiz.questions[quiz.at].options]
    last = before[-1]
    for place in range(len(before) - 2, 0, -1):
        quiz.click("move", step=last, way="up")
        assert drawn_order(quiz).index(last) == place
        assert quiz.view["focus"] == f"up-{last}"
    quiz.click("move", step=last, way="up")
    assert quiz.view["focus"] == f"down-{last}", "at the top, up cannot be pressed any more"
    with pytest.raises(LookupError, match="cannot be pressed"):
        quiz.click("move", step=last, way="up")


def test_an_order_is_checked_and_kept(quiz: Quiz, bank: Bank, progress: Progress) -> None:
    question = bank.question("sending_back")
    assert isinstance(question, Ordering)
    quiz.click("go", number=number_of(bank, "sending_back"))
    quiz.click("check")
    assert "Not quite" in quiz.text()
    sort(quiz, question)
    assert "Not quite" not in quiz.text(), "what was said of the old order is gone"
    quiz.click("check")
    assert "Right" in quiz.text()
    kept = progress.state("10", "quiz/sending_back")
    assert kept
    assert kept.value["answer"] == [o.value for o in question.options]
    assert not kept.value["first_right"]
    with pytest.raises(LookupError):
        quiz.click("move", step="compare", way="down")
    again = Quiz("10", bank, progress=progress)
    again.click("go", number=number_of(bank, "sending_back"))
    assert "Right" in again.text()


def test_all_right_at_the_first_try(quiz: Quiz, bank: Bank) -> None:
    for number, question in enumerate(bank.questions):
        quiz.click("go", number=number)
        answer_rightly(quiz, question)
    assert "11 of 11 questions done, 11 at the first try" in quiz.text()
    assert "All done" in quiz.text()


def test_trying_again_forgets_the_page_and_not_the_progress(
    quiz: Quiz, bank: Bank, progress: Progress
) -> None:
    question = bank.questions[0]
    assert isinstance(question, Choice)
    quiz.click("check", {"choice": question.right})
    quiz.click("again")
    assert "Right" not in quiz.text()
    assert "checked" not in quiz.view["html"]
    quiz.click("check", {"choice": wrong_value(question)})
    kept = progress.state("10", f"quiz/{question.id}")
    assert kept
    assert kept.value["done"]
    assert kept.value["first_right"]
    assert kept.right is False
    assert "1 of 11 questions done, 1 at the first try" in quiz.text()


def test_what_is_chosen_stays_when_one_looks_elsewhere(quiz: Quiz, bank: Bank) -> None:
    question = bank.questions[0]
    assert isinstance(question, Choice)
    quiz.act("go", {"number": "1"}, {"answer": {"choice": question.right}})
    quiz.click("go", number=0)
    assert f'value="{question.right}" checked' in quiz.view["html"]
    assert "Right" not in quiz.text()


def test_every_radio_has_its_label_and_every_button_a_name(quiz: Quiz, bank: Bank) -> None:
    for number in range(len(bank.questions)):
        quiz.click("go", number=number)
        soup = BeautifulSoup(quiz.view["html"], "html.parser")
        assert soup.select_one("fieldset > legend")
        for radio in soup.select("input"):
            assert soup.select_one(f"label[for='{radio['id']}']")
        for button in soup.select("button"):
            assert button.get("aria-label") or button.get_text(strip=True)
        ids = [str(node["id"]) for node in soup.select("[id]")]
        assert len(ids) == len(set(ids))


def test_some_of_the_questions_can_be_asked_in_another_place(
    bank: Bank, progress: Progress
) -> None:
    part = Quiz("10", bank, items=["no_answer", "forty_yuan"], progress=progress)
    assert "Question 1 of 2" in part.text()
    misnamed = Quiz("10", bank, items=["forty_yuen"], progress=progress)
    assert "did you mean 'forty_yuan'" in misnamed.text()
    kept = progress.state("10", "part/quiz")
    assert kept
    assert len(kept.value["of"]) == 11, "the shelf counts the whole bank"


def test_an_answer_from_an_older_bank_is_simply_not_tried(bank: Bank, progress: Progress) -> None:
    item = bank.questions[0].id
    progress.note("10", f"quiz/{item}", {"answer": "gone", "done": False}, right=False)
    quiz = Quiz("10", bank, progress=progress)
    assert "Not quite" not in quiz.text()
    assert "Check" in quiz.text()


def test_a_full_disk_is_told_on_the_page(
    quiz: Quiz, bank: Bank, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crmlab.errors import ProgressError

    def full(*_args: object, **_rest: object) -> None:
        raise ProgressError("The disk is full; nothing was saved.")

    monkeypatch.setattr(progress, "note", full)
    quiz.click("check", {"choice": "plate"})
    assert "The disk is full" in quiz.text()


@pytest.mark.usefixtures("pseudo")
def test_every_text_passes_through_translation(progress: Progress) -> None:
    quiz = Quiz("10", progress=progress)
    for number in range(len(quiz.questions)):
        quiz.click("go", number=number)
        question = quiz.questions[number]
        if isinstance(question, Choice):
            quiz.click("check", {"choice": wrong_value(question)})
        else:
            quiz.click("check")
        assert_bracketed(quiz.view["html"])


def assert_bracketed(page: str) -> None:
    soup = BeautifulSoup(page, "html.parser")
    for node in soup.select("[translate=no]"):
        node.decompose()
    for told in soup.find_all(string=True):
        bare = str(told).strip()
        assert not any(c.isalpha() for c in bare) or "⟦" in bare, bare
    for node in soup.select("[aria-label]"):
        assert "⟦" in str(node["aria-label"]), node["aria-label"]


def test_a_bank_by_path(tmp_path: Path, progress: Progress) -> None:
    path = tmp_path / "own.yaml"
    path.write_text('lesson: "95"\nprocedure: complaint\n', encoding="utf-8")
    assert "no questions yet" in Quiz("95", path, progress=progress).text()
