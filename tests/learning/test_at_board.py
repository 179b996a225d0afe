"""Tasks at a board: not tried, not right because ..., done; and what a file may say of them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from crmlab.learning.at_board import Must, Standing, check, faults
from crmlab.learning.outcome import State
from crmlab.learning.tasks import Task

MUST = [
    Must.model_validate(
        {"holds": {"fact": "back", "at_most": 50}, "otherwise": "You take {back} % back."}
    ),
    Must.model_validate(
        {"holds": {"fact": "brings", "at_least": 0}, "otherwise": "They cost us ¥{brings}."}
    ),
]


def stands(back: float, brings: float | None, *, touched: bool = True) -> Standing:
    return Standing(touched, {"back": back, "brings": brings, "open": ""})


def test_a_board_that_nobody_has_touched_is_not_tried() -> None:
    assert check(MUST, stands(0, 5, touched=False)).state is State.NOT_TRIED


def test_the_first_thing_that_is_not_true_is_told_with_its_figure() -> None:
    outcome = check(MUST, stands(80, -1))
    assert (outcome.state, outcome.because) == (State.NOT_RIGHT, "You take 80 % back.")
    assert check(MUST, stands(50, -238_250.4)).because == "They cost us ¥238,250."
    assert check(MUST, stands(50, 0)).right


def test_a_figure_that_is_not_there_is_not_right() -> None:
    assert check(MUST, stands(50, None)).state is State.NOT_RIGHT


def test_names_that_the_board_does_not_have_are_told() -> None:
    other = Standing(False, {"bring": 1.0, "open": ""})
    told = list(faults(MUST, other))
    assert len(told) == 4, "in the condition and in the sentence"
    assert told[-1] == "there is no fact of the board 'brings'; did you mean 'bring'?"
    assert not list(faults(MUST, stands(0, 0)))


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "register.batch_no", "is": 1},
        {"step": "register", "visited": True},
        {"fact": "back", "is": {"field": "register.batch_no"}},
    ],
)
def test_a_condition_asks_for_facts_of_the_board_alone(condition: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="of the board"):
        Must.model_validate({"holds": condition, "otherwise": "No."})


def test_a_task_at_a_board_says_which_and_what() -> None:
    about = {"title": "T", "text": "t", "solution": "s"}
    must = [each.model_dump(by_alias=True, exclude_none=True) for each in MUST]
    for part in ({"board": "value"}, {"must": must}):
        with pytest.raises(ValidationError, match="when its check is at_the_board"):
            Task.model_validate({**about, "check": "at_the_board", **part})
    with pytest.raises(ValidationError, match="only then"):
        Task.model_validate({**about, "check": "close_a_case", "board": "value", "must": must})
