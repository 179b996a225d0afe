from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from crmlab.learning import learner
from crmlab.learning.lessons import set_parts
from crmlab.learning.progress import Progress
from crmlab.widgets import Shelf
from crmlab.widgets.links import link_beside
from tests.widgets.test_quiz import assert_bracketed


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("VOILA_REQUEST_URL", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "notebooks"
    made.mkdir()
    for number, title, path in [
        ("00", "Start here", "start"),
        ("10", "One complaint, five desks", "complaint"),
        ("11", "What my slip does", "complaint"),
        ("31", "Who carries us", "management"),
    ]:
        about = {"number": number, "title": title, "minutes": 25, "path": path, "for": "everyone"}
        content = {"cells": [], "metadata": {"crmlab": about}}
        (made / f"{number}_a lesson.ipynb").write_text(json.dumps(content), encoding="utf-8")
    return made


def shelf(folder: Path, hour: int = 9) -> Shelf:
    return Shelf(folder, now=lambda: datetime(2026, 5, 12, hour))


def links(view: Shelf) -> list[str]:
    soup = BeautifulSoup(view.view["html"], "html.parser")
    return [str(a["href"]) for a in soup.select("a")]


def test_the_first_visit_asks_who_is_here(folder: Path) -> None:
    first = shelf(folder)
    assert "Good morning. Your next step takes 25 minutes." in first.text()
    assert "Who is learning here?" in first.text()
    first.click("name", {"name": "  "})
    assert "Write the name" in first.text()
    assert first.view["focus"] == "name"
    first.click("name", {"name": " Lin  Yue "})
    assert "Hello, Lin Yue." in first.text()
    assert "Who is learning here?" not in first.text()
    assert "Good morning, Lin Yue." in shelf(folder).text()
    assert learner.learner() == "Lin Yue"


def test_another_name_has_another_progress(folder: Path) -> None:
    view = shelf(folder)
    view.click("name", {"name": "Lin Yue"})
    Progress.open().note("10", "quiz/a", {"done": True}, right=True)
    set_parts(Progress.open(), "10", "quiz", ["a", "b"])
    assert "You have begun: 1 of 2 parts done." in shelf(folder).text()
    view.click("naming")
    assert view.view["focus"] == "name"
    view.click("name", {"name": "Gu Min"})
    assert "You have begun" not in view.text()
    assert "1 of 2 parts done" not in view.text()


def test_whose_progress_it_is_stands_before_everything_that_is_kept_under_the_name(
    folder: Path,
) -> None:
    view = shelf(folder)
    view.click("name", {"name": "Lin Yue"})
    page = BeautifulSoup(view.view["html"], "html.parser")
    who, first = page.select_one("[data-do=naming]"), page.select_one("a, .cards, .standing")
    assert "You are Lin Yue." in who.parent.get_text()
    assert who in first.find_all_previous("button")


def test_a_class_room_gives_the_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(learner.VARIABLE, "Seat 4")
    view = shelf(folder)
    assert "Good morning, Seat 4." in view.text()
    assert "Who is learning here?" not in view.text()
    with pytest.raises(LookupError):
        view.click("naming")


@pytest.mark.parametrize(
    ("hour", "hello"), [(7, "Good morning"), (13, "Good afternoon"), (20, "Good evening")]
)
def test_the_greeting_knows_the_time_of_day(folder: Path, hour: int, hello: str) -> None:
    assert hello in shelf(folder, hour).text()


def test_lessons_stand_by_path_with_one_primary_link(folder: Path) -> None:
    view = shelf(folder)
    told = view.text()
    assert told.index("Complaint path") < told.index("For managers")
    assert "Start here" not in told
    soup = BeautifulSoup(view.view["html"], "html.parser")
    primary = soup.select(".primary")
    assert len(primary) == 1
    assert primary[0].get_text(strip=True) == "Begin"
    assert "One complaint, five desks" in str(primary[0]["aria-label"])


def test_a_lesson_of_two_paths_has_a_card_in_both(folder: Path) -> None:
    about = {"number": "12", "title": "Signal or noise?", "minutes": 35}
    about |= {"path": ["complaint", "management"]}
    content = {"cells": [], "metadata": {"crmlab": about}}
    (folder / "12_rate.ipynb").write_text(json.dumps(content), encoding="utf-8")
    soup = BeautifulSoup(shelf(folder).view["html"], "html.parser")
    cards = [link.find_parent("ul") for link in soup.select("a[href='12_rate.ipynb']")]
    headings = [card.find_previous("h2") for card in cards if card]
    assert [heading.get_text() for heading in headings if heading] == [
        "Complaint path",
        "For managers",
    ]


def test_states_are_words(folder: Path) -> None:
    learner.choose_learner("Lin")
    progress = Progress.open()
    set_parts(progress, "10", "quiz", ["a"])
    progress.note("10", "quiz/a", {"done": True}, right=True)
    set_parts(progress, "11", "quiz", ["a", "b"])
    progress.note("11", "quiz/a", {"done": True}, right=True)
    view = shelf(folder)
    assert "all done" in view.text()
    assert "1 of 2 parts done" in view.text()
    assert "11 · What my slip does" in view.text().replace("11  ·", "11 ·")
    assert "Continue" in view.text()


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("", "10_a%20lesson.ipynb"),
        (
            "http://127.0.0.1:8899/voila/render/00_a.ipynb?token=x",
            "/voila/render/10_a%20lesson.ipynb",
        ),
        (
            "http://hub/user/lin/voila/render/00_a.ipynb",
            "/user/lin/voila/render/10_a%20lesson.ipynb",
        ),
        ("http://host/", "10_a%20lesson.ipynb"),
    ],
)
def test_a_lesson_lies_beside_this_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, page: str, link: str
) -> None:
    if page:
        monkeypatch.setenv("VOILA_REQUEST_URL", page)
    assert link_beside("10_a lesson.ipynb") == link
    assert link in links(shelf(folder))


def test_an_empty_shelf_and_a_broken_notebook_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no lessons here yet" in shelf(tmp_path / "empty").text()
    (tmp_path / "empty" / "12_broken.ipynb").write_text("{", encoding="utf-8")
    assert "12_broken.ipynb" in shelf(tmp_path / "empty").text()


def test_the_shelf_of_crmlab_itself_is_drawn() -> None:
    assert "One complaint, five desks" in Shelf().text()


@pytest.mark.usefixtures("pseudo")
def test_every_text_passes_through_translation(folder: Path) -> None:
    view = shelf(folder)
    assert_bracketed(view.view["html"])
    view.click("name", {"name": "Lin"})
    assert_bracketed(view.view["html"])


def test_a_briefing_stands_on_the_card_of_its_lesson(folder: Path) -> None:
    page = {"page": True, "title": "Who carries us, in two minutes", "briefing": "31"}
    content = {"cells": [], "metadata": {"crmlab": page}}
    (folder / "briefing_x.ipynb").write_text(json.dumps(content), encoding="utf-8")
    found = BeautifulSoup(shelf(folder).view["html"], "html.parser")
    (link,) = found.select("a[href='briefing_x.ipynb']")
    assert link.get_text() == "Briefing of two minutes"
    card = link.find_parent("li")
    assert card is not None
    assert "Who carries us" in card.get_text()
