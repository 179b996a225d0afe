"""Every text that a view looks up is in the catalogue that a translator gets."""

from __future__ import annotations

import gettext
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from crmlab import text
from crmlab.crm.store.sandbox import open_sandbox
from crmlab.widgets import BreakIt, Desk, JobCard, Quiz, Shelf, Tasks, Walkthrough

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What `pybabel extract` finds."""
    target = tmp_path_factory.mktemp("locale") / "crmlab.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "-F",
        "crmlab/locale/babel.cfg",
    ]
    subprocess.run([*command, "-k", "_", "-o", str(target), "."], cwd=ROOT, check=True)
    with target.open("rb") as file:
        ids = [message.id for message in read_po(file) if message.id]
    return {one for each in ids for one in ([each] if isinstance(each, str) else each)}


class Noted(gettext.NullTranslations):
    def __init__(self) -> None:
        super().__init__()
        self.looked_up: set[str] = set()

    def gettext(self, message: str) -> str:
        self.looked_up.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.looked_up |= {msgid1, msgid2}
        return msgid1 if n == 1 else msgid2


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    noted = Noted()
    monkeypatch.setattr(text, "_translations", noted)
    return noted


def test_the_views_of_a_procedure(
    catalogue: set[str], noted: Noted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path))
    desk = Desk("complaint", sandbox=open_sandbox("texts"))
    desk.click("open", case="C-1042")
    desk.click("hand_over")
    desk.click("hint")
    desk.click("panel", name="reassign")
    walk = Walkthrough("complaint", "C-1042")
    while walk.at < len(walk.stages) - 1:
        walk.click("next")
    for case in desk.procedure.cases:
        broken = BreakIt("complaint", case)
        for mistake in broken.ended:
            broken.click("choose", {"mistake": mistake})
    card = JobCard("complaint")
    for seat in desk.procedure.seats:
        card.click("seat", seat=seat)
    quiz = Quiz("10")
    for number, question in enumerate(quiz.questions):
        quiz.click("go", number=number)
        quiz.click(
            "check", {"choice": question.options[0].value} if hasattr(question, "right") else None
        )
    tasks = Tasks("10", desk)
    for task in tasks.doing.tasks:
        tasks.click("check", task=task)
        tasks.click("hint", task=task)
    Shelf()
    missing = noted.looked_up - catalogue
    assert len(noted.looked_up) > 300
    assert not missing


def test_the_page_around_a_lesson(catalogue: set[str]) -> None:
    assert "Skip to the lesson" in catalogue
    assert "Setting up your desk…" in catalogue
    assert any("locked" in text for text in catalogue), "the page that asks for the key"


def test_a_lessons_paragraphs(catalogue: set[str], noted: Noted) -> None:
    import nbformat

    monkey = text._language
    text._language = "zz"  # any language but the source, which is not looked up
    try:
        for path in (ROOT / "notebooks").glob("*.ipynb"):
            for cell in nbformat.read(path, 4).cells:
                if cell.cell_type == "markdown":
                    text.translate_markdown(cell.source)
    finally:
        text._language = monkey
    assert len(noted.looked_up) > 20
    assert not noted.looked_up - catalogue
