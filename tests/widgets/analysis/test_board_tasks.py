"""Tasks beside a board: pressed, checked against the board as it stands, and kept."""

from __future__ import annotations

from pathlib import Path

from crmlab.charts.chart import Chart
from crmlab.errors import CrmlabError
from crmlab.learning.progress import Progress
from crmlab.widgets import Dial, Tasks
from crmlab.widgets.analysis.board import Board, Records, Seen
from crmlab.widgets.live import shows_trouble

BANK = """
lesson: "95"
procedure: complaint
tasks:
  terms:
    title: Terms
    text: Find terms.
    check: at_the_board
    board: {board}
    must:
      - holds: {{fact: back, at_most: 50}}
        otherwise: You take {{back}} % back.
      - holds: {{fact: {fact}, at_least: 0}}
        otherwise: They cost us ¥{{brings}}.
    hints: [Half of it.]
    solution: Forty.
"""


ASKS = """\
      - holds: {{fact: answer, is: 10}}
        otherwise: Read it again.
    asks: How much is left?
    hints:"""


class Terms(Board):
    name = "terms"

    @shows_trouble
    def __init__(self) -> None:
        super().__init__("Terms", {"back": Dial("Taken back", 0, 100, 10, 0, "%")})

    def look(self, at: dict[str, float]) -> Seen:
        return Seen(Chart("c", "s", ()), "says", facts={"brings": at["back"] - 30})

    def records(self) -> dict[str, Records]:
        return {"all": Records("All", lambda: None)}


def bank(folder: Path, board: str = "terms", fact: str = "brings") -> Path:
    path = folder / "bank.yaml"
    path.write_text(BANK.format(board=board, fact=fact), encoding="utf-8")
    return path


def test_check_says_how_the_board_stands_and_what_was_done_stays_done(
    tmp_path: Path, progress: Progress
) -> None:
    board = Terms()
    tasks = Tasks("95", board, bank=bank(tmp_path), progress=progress)
    assert "not tried yet" in tasks.text()
    tasks.click("check", task="terms")
    assert "The dials stand as they did at first, and no records are open." in tasks.text()
    board.click("turn", {"back": 20})
    tasks.click("check", task="terms")
    assert "They cost us ¥10." in tasks.text()
    board.click("turn", {"back": 60})
    tasks.click("check", task="terms")
    assert "You take 60 % back." in tasks.text()
    tasks.click("hint", task="terms")
    assert "Half of it." in tasks.text()
    board.click("turn", {"back": 40})
    tasks.click("check", task="terms")
    assert "1 of 1 task done" in tasks.text()
    again = Tasks("95", Terms(), bank=bank(tmp_path), progress=progress)
    assert "You have done this before." in again.text(), "though its board is a new one"


def test_what_a_task_asks_is_answered_beside_it(tmp_path: Path, progress: Progress) -> None:
    asks = BANK.replace("    hints:", ASKS)
    path = tmp_path / "bank.yaml"
    path.write_text(asks.format(board="terms", fact="brings"), encoding="utf-8")
    board = Terms()
    tasks = Tasks("95", board, bank=path, progress=progress)
    assert "How much is left?" in tasks.text()
    board.click("turn", {"back": 40})
    for answer, told in (
        ("", "Now write your answer, and check again."),
        ("ten", "Write your answer as a number, in figures."),
        ("11", "Read it again."),
    ):
        tasks.click("check", {"answer": answer}, task="terms")
        assert told in tasks.text()
    tasks.click("hint", task="terms")
    assert 'value="11"' in tasks.view["html"], "what was written is still there"
    tasks.click("check", {"answer": " 10 "}, task="terms")
    assert "1 of 1 task done" in tasks.text()
    assert "So it is. Forty." in tasks.text(), "whoever has found it may read what it means"
    board.click("turn", {"back": 20})
    tasks.click("check", task="terms")
    assert "done this before. As it stands now: They cost us ¥10." in tasks.text(), (
        "it can be tried again"
    )
    assert "1 of 1 task done" in tasks.text()


def test_a_task_that_asks_nothing_has_no_answer_to_check(
    tmp_path: Path, progress: Progress
) -> None:
    for bank in (
        BANK.replace("    hints:", ASKS.replace("    asks: How much is left?\n", "")),
        BANK.replace("    hints:", "    asks: How much is left?\n    hints:"),
    ):
        path = tmp_path / "bank.yaml"
        path.write_text(bank.format(board="terms", fact="brings"), encoding="utf-8")
        told = Tasks("95", Terms(), bank=path, progress=progress).text()
        assert "needs what it 'asks' when its 'must' has an 'answer', and only then" in told


def test_a_task_about_what_is_not_there_is_told_in_its_place(
    tmp_path: Path, progress: Progress
) -> None:
    board = Terms()
    wrong = Tasks("95", board, bank=bank(tmp_path, fact="bring"), progress=progress)
    assert "task 'terms': there is no fact of the board 'bring'" in wrong.text()
    wrong = Tasks("95", board, bank=bank(tmp_path, board="funnel"), progress=progress)
    assert "task 'terms': there is no board on this page 'funnel'" in wrong.text()


def test_a_board_that_cannot_begin_leaves_its_tasks_untried(
    tmp_path: Path, progress: Progress
) -> None:
    class Broken(Terms):
        def look(self, at: dict[str, float]) -> Seen:
            raise CrmlabError("The file is not there.")

    board = Broken()
    tasks = Tasks("95", board, bank=bank(tmp_path), progress=progress)
    tasks.click("check", task="terms")
    assert "not tried yet" in tasks.text()
