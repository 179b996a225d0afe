from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from crmlab.errors import ProgressError
from crmlab.learning.progress import Progress


def test_an_answer_is_kept_under_its_key(progress: Progress, tmp_path: Path) -> None:
    progress.note("10", "quiz/who", {"answer": "a"}, right=False)
    second = progress.note("10", "quiz/who", {"answer": "b"}, right=True)
    assert (second.attempts, second.right) == (2, True)

    later = Progress(tmp_path / "progress.sqlite", "Lin Yue")
    kept = later.state("10", "quiz/who")
    assert kept == second
    assert kept.first_at <= kept.at
    assert later.state("10", "quiz/else") is None
    assert later.state("11", "quiz/who") is None
    later.close()


def test_the_log_keeps_every_attempt_with_its_moment(tmp_path: Path) -> None:
    moments = iter(datetime(2026, 5, 12, 9, tzinfo=UTC) + timedelta(hours=n) for n in range(9))
    progress = Progress(tmp_path / "p.sqlite", "Lin", clock=lambda: next(moments))
    for i, right in enumerate([False, False, True]):
        progress.note("10", "quiz/who", {"answer": i}, right=right)
    told = progress.answers("10", "quiz/")
    assert [a.attempt for a in told] == [1, 2, 3]
    assert [a.right for a in told] == [False, False, True]
    assert [a.value["answer"] for a in told] == [0, 1, 2]
    assert told[2].at - told[0].at == timedelta(hours=2)
    progress.close()


def test_the_log_can_only_be_added_to(progress: Progress) -> None:
    progress.note("10", "quiz/who", {"answer": "a"}, right=False)
    with closing(sqlite3.connect(progress.path)) as connection:
        for statement in ("UPDATE answers SET right = 1", "DELETE FROM answers"):
            with pytest.raises(sqlite3.IntegrityError, match="only be added to"):
                connection.execute(statement)


def test_learners_do_not_meet_and_spelling_does_not_matter(
    progress: Progress, tmp_path: Path
) -> None:
    progress.note("10", "quiz/who", right=True)
    other = Progress(progress.path, "Gu Min")
    assert other.states("10") == {}
    assert other.answers() == []
    assert [a.learner for a in other.answers(everybody=True)] == ["lin yue"]
    same = Progress(progress.path, "  lin   YUE ")
    assert same.state("10", "quiz/who") is not None
    for each in (other, same):
        each.close()


def test_a_prefix_is_taken_to_the_letter(progress: Progress) -> None:
    for key in ("quiz/a_b", "quiz/aXb", "task/a_b"):
        progress.note("10", key)
    assert list(progress.states("10", "quiz/a_")) == ["quiz/a_b"]
    assert set(progress.states("10")) == {"quiz/a_b", "quiz/aXb", "task/a_b"}


def test_two_windows_count_every_attempt(progress: Progress) -> None:
    def answer() -> None:
        mine = Progress(progress.path, "Lin Yue")
        for _ in range(20):
            mine.note("10", "quiz/who", right=True)
        mine.close()

    windows = [Thread(target=answer) for _ in range(3)]
    for window in windows:
        window.start()
    for window in windows:
        window.join()
    kept = progress.state("10", "quiz/who")
    assert kept
    assert kept.attempts == 60
    assert sorted(a.attempt for a in progress.answers()) == list(range(1, 61))


def test_two_lessons_may_be_opened_for_the_first_time_at_once(tmp_path: Path) -> None:
    path, faults = tmp_path / "new.sqlite", []

    def begin() -> None:
        try:
            mine = Progress(path, "Lin")
            mine.note("10", "quiz/who")
            mine.close()
        except Exception as fault:
            faults.append(fault)

    windows = [Thread(target=begin) for _ in range(4)]
    for window in windows:
        window.start()
    for window in windows:
        window.join()
    assert faults == []


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda p: p.write_text("my shopping list, eggs and bread"), "does not hold"),
        (lambda p: _pragma(p, "application_id = 7"), "does not hold"),
        (lambda p: _pragma(p, "user_version = 99"), "another version"),
    ],
)
def test_a_file_that_is_not_ours_is_told_and_not_touched(
    tmp_path: Path, spoil: object, sentence: str
) -> None:
    path = tmp_path / "progress.sqlite"
    made = Progress(path, "Lin")
    made.note("10", "quiz/who")
    made.close()
    spoil(path)  # type: ignore[operator]
    before = path.read_bytes()
    with pytest.raises(ProgressError, match=sentence) as told:
        Progress(path, "Lin")
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
    assert path.read_bytes() == before


def test_a_folder_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "progress.sqlite").mkdir()
    with pytest.raises(ProgressError):
        Progress.open("Lin", folder=tmp_path)


def test_a_full_disk_loses_nothing(progress: Progress) -> None:
    progress.note("10", "quiz/who", {"answer": "a"}, right=True)
    with closing(sqlite3.connect(progress.path)) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]

    from sqlalchemy import event

    @event.listens_for(progress._engine, "checkout")
    def small(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def fill_it() -> None:
        for _ in range(500):
            progress.note("10", "quiz/who", {"answer": "b" * 500}, right=False)

    with pytest.raises(ProgressError, match="full"):
        fill_it()
    kept = progress.state("10", "quiz/who")
    assert kept
    assert kept.attempts == len(progress.answers())


def _pragma(path: Path, pragma: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
