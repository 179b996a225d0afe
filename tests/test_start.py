"""`start.py`: what it makes, what it mends, and what it says when it cannot."""

from __future__ import annotations

import ast
import importlib.util
import io
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


start = load()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder as it was downloaded, with a package that needs nothing."""
    folder = tmp_path / "crm lab"  # with a space, as folders have
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "tiny"\nversion = "1"\n')
    (folder / "constraints.txt").write_text("")
    return folder


def one_sentence(text: str) -> bool:
    return text.count("\n") <= 1 and text.strip().endswith(".") and "Traceback" not in text


def test_an_old_python_can_read_the_file_and_is_told() -> None:
    ast.parse((ROOT / "start.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    with pytest.raises(start.Trouble, match=r"needs Python 3\.11 or newer and this is Python 3\.6"):
        start.check_python((3, 6, 9))
    start.check_python((3, 13, 0))


def test_a_half_made_environment_is_made_anew_and_no_network_is_told(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A real environment and a real pip, which finds no index at an address nobody listens on.
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    half = here / ".venv"
    half.mkdir()
    (half / "pyvenv.cfg").write_text("home = nowhere\n")
    (half / "rest").write_text("of an interrupted set-up")

    assert start.main([], here) == 1

    told = capsys.readouterr()
    assert "unfinished or broken; it is made anew" in told.out
    assert "package index cannot be reached" in told.err
    assert one_sentence(told.err)
    assert not (half / "rest").exists()
    assert start.Environment(here)._works()
    assert not list(half.glob("*.stamp"))


def test_a_folder_that_is_no_environment_is_left_alone(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / ".venv").mkdir()
    (here / ".venv" / "diary.txt").write_text("dear diary")
    assert start.main([], here) == 1
    told = capsys.readouterr().err
    assert "is not a Python environment; move or rename it" in told
    assert one_sentence(told)
    assert (here / ".venv" / "diary.txt").read_text() == "dear diary"


def test_it_installs_once_and_again_when_the_needs_change(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(start.Environment, "_works", lambda self: True)
    monkeypatch.setattr(start.Environment, "_make", lambda self: done.append("make"))
    monkeypatch.setattr(start.Environment, "_install", lambda self, purpose: done.append(purpose))
    (here / ".venv").mkdir()

    def prepared(purpose: str) -> list[str]:
        done.clear()
        start.Environment(here).prepare(purpose)
        return list(done)

    assert prepared("start") == ["make", "start"]
    assert prepared("start") == []
    assert prepared("test") == ["test"]
    assert prepared("start") == []
    (here / "constraints.txt").write_text("tiny==1\n")
    assert prepared("start") == ["start"]
    monkeypatch.setattr(start.Environment, "_works", lambda self: False)
    assert prepared("start") == ["make", "start"]


def test_options_are_passed_on(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[tuple[str, ...]] = []

    def take(self: object, *arguments: str) -> int:
        passed.append(arguments)
        return 0

    monkeypatch.setattr(start.Environment, "prepare", lambda self, purpose: None)
    monkeypatch.setattr(start.Environment, "run", take)
    monkeypatch.setattr(start.Environment, "become", take)
    start.main(["--port", "9000", "--no-browser", "--lang", "qps"], here)
    start.main(["test", "-k", "one"], here)
    start.main(["bench"], here)
    (here / "one.py").touch()
    start.main(["bench", "one.py::test_it"], here)
    assert passed[0] == (
        *("-m", "crmlab", "start"),
        *("--port", "9000", "--no-browser", "--lang", "qps"),
    )
    assert passed[1][1:] == ("-k", "one")
    assert "--benchmark-enable" in passed[2]
    assert "--benchmark-only" not in passed[2], "ratios are measured by tests of their own"
    assert passed[2][-1] == "benchmarks"
    assert passed[3][-1] == "one.py::test_it"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: [Errno 30] Read-only file system: '/x'", "cannot be written"),
        ("ERROR: Could not install: [Errno 13] Permission denied: 'x'", "cannot be written"),
        ("NewConnectionError: Failed to establish a new connection", "index cannot be reached"),
        ("socket.gaierror: Temporary failure in name resolution", "index cannot be reached"),
        ("ERROR: No matching distribution found for nonesuch.", "nonesuch"),
        ("", "no reason given"),
    ],
)
def test_what_pip_says_becomes_one_sentence(told: str, said: str, tmp_path: Path) -> None:
    sentence = start.why_not_installed(told, tmp_path / ".venv")
    assert said in sentence
    assert one_sentence(sentence)


def test_a_python_without_venv_is_told_how_to_get_it(tmp_path: Path) -> None:
    told = "The virtual environment was not created because ensurepip is not available."
    assert "python3-venv" in start.why_no_venv(told, tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder nobody can write")
def test_a_read_only_folder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # Even an administrator cannot make a folder in there.
    environment = start.Environment(Path("/proc/self"))
    with pytest.raises(start.Trouble) as trouble:
        environment._make()
    assert one_sentence(str(trouble.value))
    assert "/proc/self/.venv" in str(trouble.value)


def test_progress_counts_in_lines_when_nobody_watches() -> None:
    out = io.StringIO()
    progress = start.Progress(out)
    for _ in range(30):
        progress.take("Collecting something\n")
    progress.take("Installing collected packages: a, b, c\n")
    progress.done()
    assert out.getvalue().splitlines() == [
        "  25 packages found",
        "  installing 3 packages, about a minute",
    ]


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = subprocess.run(
            [sys.executable, "-m", "crmlab", "start", "--no-browser", "--port", port],
            cwd=ROOT,
            env={**os.environ, "CRMLAB_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 1
    assert f"Port {port} cannot be used" in ran.stderr
    assert one_sentence(ran.stderr)
