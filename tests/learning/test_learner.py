from __future__ import annotations

from pathlib import Path

import pytest

from crmlab.errors import ProgressError
from crmlab.learning import learner


@pytest.fixture(autouse=True)
def nobody_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path))
    monkeypatch.delenv(learner.VARIABLE, raising=False)


def test_the_system_gives_a_name_until_somebody_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learner.getpass, "getuser", lambda: "pc-17")
    assert learner.learner() == "pc-17"
    assert not learner.named()
    assert learner.choose_learner("  Lin \n Yue ") == "Lin Yue"
    assert learner.learner() == "Lin Yue"
    assert learner.named()


def test_a_system_without_users_still_has_a_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr(learner.getpass, "getuser", nobody)
    assert learner.learner()


def test_the_class_room_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    learner.choose_learner("Lin Yue")
    monkeypatch.setenv(learner.VARIABLE, "seat 4")
    assert learner.learner() == "seat 4"
    with pytest.raises(ProgressError, match="class room"):
        learner.choose_learner("Gu Min")


@pytest.mark.parametrize("name", ["", "   ", "\n\t", "x" * 61])
def test_a_name_that_cannot_be_kept_is_refused(name: str) -> None:
    with pytest.raises(ProgressError):
        learner.choose_learner(name)
    assert not learner.named()


@pytest.mark.parametrize(
    ("name", "sandbox"),
    [
        ("Lin Yue", "lin-yue-10"),
        ("LIN  yue", "lin-yue-10"),
        ("林悦", "林悦-10"),
        ("../../etc/passwd", "etc-passwd-10"),
    ],
)
def test_a_learner_has_a_sandbox_of_their_own(name: str, sandbox: str) -> None:
    assert learner.sandbox_name("10", name) == sandbox


def test_a_name_of_signs_alone_has_one_too() -> None:
    one, other = learner.sandbox_name("10", "!!!"), learner.sandbox_name("10", "???")
    assert one != other
    assert one.endswith("-10")
