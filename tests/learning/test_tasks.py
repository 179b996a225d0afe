from __future__ import annotations

import pytest

from crmlab.errors import SandboxError
from crmlab.learning.bank import Bank, load_bank
from crmlab.learning.doing import Doing
from crmlab.learning.outcome import Outcome, State
from crmlab.learning.progress import Progress
from crmlab.learning.runs import note_case
from crmlab.learning.tasks import check_at_desk
from crmlab.practice.session import Practice
from tests.learning.playing import play

WRONG = {"register": {"batch_no": "B-2203"}, "contain": {"batch_blocked": "B-2203"}}


@pytest.fixture(scope="module")
def bank() -> Bank:
    return load_bank("lesson_10")


def look(bank: Bank, name: str, progress: Progress, practice: Practice) -> Outcome:
    return check_at_desk(bank.tasks[name], bank.procedures, progress, "10", [practice])


def test_before_anything_was_done_nothing_is_wrong(
    bank: Bank, practice: Practice, progress: Progress
) -> None:
    for name in bank.tasks:
        assert look(bank, name, progress, practice).state is State.NOT_TRIED


def test_an_open_case_says_where_it_lies(
    bank: Bank, practice: Practice, progress: Progress
) -> None:
    play(practice, progress, "C-1042", to="contain")
    told = look(bank, "first_case", progress, practice)
    assert told.state is State.NOT_RIGHT
    assert "warehouse and production lead" in told.because
    assert "Stop faulty goods" in told.because
    seats = look(bank, "every_seat", progress, practice)
    assert "service manager" in seats.because
    assert "counts when it is closed" in seats.because


def test_a_case_done_right_does_three_tasks(
    bank: Bank, practice: Practice, progress: Progress
) -> None:
    play(practice, progress, "C-1042")
    assert look(bank, "first_case", progress, practice).right
    assert look(bank, "every_seat", progress, practice).right
    assert look(bank, "clean_case", progress, practice).right
    assert look(bank, "wrong_batch", progress, practice).state is State.NOT_TRIED
    once = look(bank, "unaided", progress, practice)
    assert once.state is State.NOT_RIGHT
    play(practice, progress, "C-1047")
    assert look(bank, "unaided", progress, practice).right


def test_another_case_is_not_the_one_that_was_asked_for(
    bank: Bank, practice: Practice, progress: Progress
) -> None:
    play(practice, progress, "C-1047")
    assert look(bank, "first_case", progress, practice).state is State.NOT_TRIED


def test_a_slip_has_to_travel_to_the_end(
    bank: Bank, practice: Practice, progress: Progress
) -> None:
    play(practice, progress, "C-1042", to="assess", wrong=WRONG)
    made = look(bank, "wrong_batch", progress, practice)
    assert made.state is State.NOT_RIGHT
    assert "nobody has felt it yet" in made.because
    play(practice, progress, "C-1042", to="investigate", wrong=WRONG)
    assert "reached the first desk" in look(bank, "wrong_batch", progress, practice).because
    play(practice, progress, "C-1042")
    assert look(bank, "wrong_batch", progress, practice).right
    costly = look(bank, "clean_case", progress, practice)
    assert costly.state is State.NOT_RIGHT
    assert bank.procedures[0].mistakes["wrong_batch"].title in costly.because
    aided = look(bank, "unaided", progress, practice)
    title = bank.procedures[0].mistakes["wrong_batch"].title
    assert f"In case C-1042 somebody felt a critical slip: “{title}”." in aided.because


def test_sending_back_has_to_find_the_slip(
    bank: Bank, practice: Practice, progress: Progress
) -> None:
    case = play(practice, progress, "C-1042", to="assess")
    case = practice.send_back(case, "acknowledge", "Please look.").case
    note_case(progress, "10", practice, case)
    told = look(bank, "send_back", progress, practice)
    assert told.state is State.NOT_RIGHT
    assert "nothing to put right" in told.because
    case = play(
        practice, progress, "C-1047", to="assess", wrong={"register": {"parts_kept": False}}
    )
    practice.send_back(case, "register", "Please ask for the parts.")
    assert look(bank, "send_back", progress, practice).right


def test_a_slip_put_right_in_time_is_praised_and_asked_for_again(
    bank: Bank, practice: Practice, progress: Progress
) -> None:
    case = play(practice, progress, "C-1042", to="assess", wrong=WRONG)
    practice.send_back(case, "register", "The plate says B-2230.")
    play(practice, progress, "C-1042")
    told = look(bank, "wrong_batch", progress, practice)
    assert told.state is State.NOT_RIGHT
    assert "Well done" in told.because
    assert look(bank, "clean_case", progress, practice).right


def test_what_broke_is_said_to_be_broken(
    bank: Bank, practice: Practice, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise SandboxError("The disk is full.")

    monkeypatch.setattr("crmlab.learning.tasks.note_all_cases", full)
    assert look(bank, "first_case", progress, practice) == Outcome(State.BROKE, "The disk is full.")

    def bug(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("crmlab.learning.tasks.note_all_cases", bug)
    told = look(bank, "first_case", progress, practice)
    assert told.state is State.BROKE
    assert "not your doing" in told.because


def test_what_was_done_once_stays_done(bank: Bank, practice: Practice, progress: Progress) -> None:
    doing = Doing("10", bank, progress, [practice])
    play(practice, progress, "C-1042")
    assert doing.check("first_case").outcome.right
    later = Doing("10", bank, progress)
    assert later.of("first_case").outcome.right
    assert later.of("clean_case").outcome.state is State.NOT_TRIED


def test_hints_open_one_at_a_time_and_the_solution_last(bank: Bank, progress: Progress) -> None:
    doing = Doing("10", bank, progress)
    n = len(bank.tasks["first_case"].hints)
    assert not doing.show_solution("first_case").solution
    for i in range(n):
        assert not doing.may_see_solution("first_case")
        assert doing.open_hint("first_case").hints == i + 1
    assert doing.open_hint("first_case").hints == n
    assert doing.show_solution("first_case").solution
    assert Doing("10", bank, progress).of("first_case").solution


def test_a_task_that_was_done_is_not_undone_by_looking_again(
    bank: Bank, practice: Practice, progress: Progress
) -> None:
    progress.note("10", "task/first_case", {"done": True, "state": "right"}, right=True)
    doing = Doing("10", bank, progress, [practice])
    play(practice, progress, "C-1042", to="contain")
    assert doing.check("first_case").outcome.right
    assert Doing("10", bank, progress).of("first_case").outcome.right
