from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crmlab import places
from crmlab.learning.lessons import (
    Stage,
    lesson_state,
    next_lesson,
    path_title,
    read_lessons,
    set_parts,
)
from crmlab.learning.progress import Progress
from crmlab.practice.session import Practice
from tests.learning.playing import play


def notebook(
    folder: Path, number: str, path: str | list[str] | None = "complaint", **more: Any
) -> None:
    about = {"number": number, "title": f"Lesson {number}", "minutes": 20, "path": path, **more}
    content = {"cells": [], "metadata": {"crmlab": about}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{number}_lesson.ipynb").write_text(json.dumps(content), encoding="utf-8")


def test_the_lessons_that_exist_are_understood() -> None:
    lessons = read_lessons()
    assert lessons.faults == ()
    files = {path.name for path in places.NOTEBOOKS.glob("*.ipynb")}
    assert {lesson.file for lesson in lessons.listed} | set(lessons.pages) == files
    assert set(lessons.pages) == {"practise.ipynb", *lessons.briefings.values()}
    assert "10" in [lesson.number for lesson in lessons.in_order()]
    assert "00" not in [lesson.number for lesson in lessons.in_order()]


def test_lessons_stand_in_paths_by_number(tmp_path: Path) -> None:
    for number, path in [("31", "management"), ("11", "complaint"), ("10", "complaint")]:
        notebook(tmp_path, number, path)
    notebook(tmp_path, "77", "our own")
    notebook(tmp_path, "00", "start")
    lessons = read_lessons(tmp_path)
    assert list(lessons.paths()) == ["complaint", "management", "our own"]
    assert [x.number for x in lessons.in_order()] == ["10", "11", "31", "77"]
    assert path_title("our own") == "our own"


def test_a_lesson_of_two_paths_stands_in_both_and_is_taken_once(tmp_path: Path) -> None:
    notebook(tmp_path, "12", ["complaint", "management"])
    notebook(tmp_path, "31", "management")
    notebook(tmp_path, "60", None)
    lessons = read_lessons(tmp_path)
    stand = {path: [x.number for x in found] for path, found in lessons.paths().items()}
    assert stand == {"complaint": ["12"], "management": ["12", "31"]}
    assert [x.number for x in lessons.in_order()] == ["12", "31"]


def test_a_notebook_that_is_not_understood_is_named_and_the_rest_stands(tmp_path: Path) -> None:
    notebook(tmp_path, "10")
    notebook(tmp_path, "11", minutes="soon")
    (tmp_path / "12_broken.ipynb").write_text("{", encoding="utf-8")
    (tmp_path / "13_scratch.ipynb").write_text('{"metadata": {}, "cells": []}', encoding="utf-8")
    lessons = read_lessons(tmp_path)
    assert [x.number for x in lessons.listed] == ["10"]
    minutes, broken = lessons.faults
    assert "11_lesson.ipynb" in minutes
    assert "minutes" in minutes
    assert "12_broken.ipynb" in broken


def test_no_folder_is_no_lessons(tmp_path: Path) -> None:
    assert read_lessons(tmp_path / "none").listed == ()


def test_steps_are_questions_and_tasks(progress: Progress) -> None:
    assert lesson_state(progress, "10").stage is Stage.NOT_STARTED
    set_parts(progress, "10", "quiz", ["a", "b"])
    set_parts(progress, "10", "task", ["c"])
    opened = lesson_state(progress, "10")
    assert (opened.stage, opened.done, opened.of) == (Stage.NOT_STARTED, 0, 3)
    assert opened.sentence() == "not started"

    progress.note("10", "quiz/a", {"done": True}, right=True)
    progress.note("10", "quiz/gone", {"done": True}, right=True)
    under_way = lesson_state(progress, "10")
    assert (under_way.stage, under_way.done) == (Stage.UNDER_WAY, 1)
    assert under_way.sentence() == "1 of 3 parts done"
    assert under_way.share == pytest.approx(1 / 3)

    for key in ("quiz/b", "task/c"):
        progress.note("10", key, {"done": True}, right=True)
    assert lesson_state(progress, "10").stage is Stage.DONE


def test_a_lesson_with_seats_is_done_when_they_are_all_sat_in(
    practice: Practice, progress: Progress
) -> None:
    set_parts(progress, "10", "quiz", ["a"])
    progress.note("10", "quiz/a", {"done": True}, right=True)
    play(practice, progress, "C-1042", to="contain")
    assert lesson_state(progress, "10").stage is Stage.UNDER_WAY
    play(practice, progress, "C-1042")
    passed = lesson_state(progress, "10")
    assert passed.stage is Stage.DONE
    assert passed.sentence() == "sat in 5 of 5 seats · 1 of 1 part done"
    play(practice, progress, "C-1047")
    assert lesson_state(progress, "10").stage is Stage.INDEPENDENT


def test_the_next_step_is_what_is_under_way_then_what_is_new(
    tmp_path: Path, progress: Progress
) -> None:
    for number in ("10", "11", "12"):
        notebook(tmp_path, number)
    lessons = read_lessons(tmp_path)

    def following() -> str | None:
        found = next_lesson(lessons, {n: lesson_state(progress, n) for n in ("10", "11", "12")})
        return found[0].number if found else None

    assert following() == "10"
    set_parts(progress, "11", "quiz", ["a", "b"])
    progress.note("11", "quiz/a", {"done": True}, right=True)
    assert following() == "11"
    progress.note("11", "quiz/b", {"done": True}, right=True)
    assert following() == "10"
    for number in ("10", "12"):
        set_parts(progress, number, "quiz", ["a"])
        progress.note(number, "quiz/a", {"done": True}, right=True)
    assert following() is None
