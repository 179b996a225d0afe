"""Chance that can be repeated: the same question about the same case has the same answer."""

from __future__ import annotations

from statistics import mean

from crmlab.simulation.draws import chance, drawn_pace
from tests.tiny import opened, tiny


def test_the_same_question_has_the_same_answer_on_every_machine() -> None:
    assert chance(7, "leaves") == chance(7, "leaves")
    assert round(chance(7, "leaves"), 6) == 0.721113
    assert chance(7, "leaves") != chance(8, "leaves")
    assert chance(7, "wait", "ask", 1) != chance(7, "wait", "ask", 2)
    assert chance(7, "wait", "a", "b") != chance(7, "wait", "ab")


def test_answers_are_spread_evenly_from_nought_to_one() -> None:
    draws = [chance(seed, "leaves") for seed in range(4000)]
    assert all(0 <= draw < 1 for draw in draws)
    assert abs(mean(draws) - 0.5) < 0.02
    for tenth in range(10):
        share = mean(tenth / 10 <= draw < (tenth + 1) / 10 for draw in draws)
        assert abs(share - 0.1) < 0.02


def test_two_questions_about_one_case_do_not_hang_together() -> None:
    both = mean(
        chance(seed, "leaves") < 0.5 and chance(seed, "complains again") < 0.5
        for seed in range(4000)
    )
    assert abs(both - 0.25) < 0.03


def test_work_takes_about_as_long_as_the_file_says() -> None:
    procedure = tiny()
    case = opened(procedure)
    paces = [drawn_pace(procedure)(case.model_copy(update={"seed": seed})) for seed in range(500)]
    assert {wait for wait, _ in paces} == {0}
    assert 0.35 <= min(work for _, work in paces) < 0.37
    assert 0.63 < max(work for _, work in paces) <= 0.65
