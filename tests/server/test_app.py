"""The server: its port, its independence of other Jupyter settings, its start and its end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from crmlab.server.app import DEFAULT_PORT, PORTS_TRIED, PortError, free_port
from tests.browser import axe_troubles
from tests.serving import Lessons, serving


@pytest.fixture
def taken() -> Any:
    """A port on which somebody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "lessons"
    folder.mkdir()
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    notebook = new_notebook(metadata={"kernelspec": kernel}, cells=[new_markdown_cell("# Shelf")])
    nbformat.write(notebook, folder / "00_start_here.ipynb")
    return folder


def test_a_port_somebody_asked_for_is_the_only_one_tried(taken: int) -> None:
    with pytest.raises(PortError, match=f"Port {taken} cannot be used"):
        free_port(taken)


@pytest.mark.parametrize("port", [-1, 0, 70000])
def test_a_port_that_is_none_is_told(port: int) -> None:
    with pytest.raises(PortError, match="from 1 to 65535"):
        free_port(port)


def test_without_a_wish_the_next_free_port_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = {DEFAULT_PORT, DEFAULT_PORT + 1}
    used = {"problem": lambda port: "another program uses it" if port in busy else None}
    monkeypatch.setattr("crmlab.server.app._problem", lambda port: used["problem"](port))
    assert free_port(None) == DEFAULT_PORT + 2
    busy.update(range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED))
    with pytest.raises(PortError, match="choose one with --port"):
        free_port(None)


def test_leftovers_of_other_jupyters_are_not_read(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = tmp_path / "house"
    for folder, name in ((".jupyter", "jupyter_server_config.py"), (".jupyter", "voila.py")):
        (house / folder).mkdir(parents=True, exist_ok=True)
        (house / folder / name).write_text("raise SystemExit('a setting of long ago')\n")
    startup = house / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("raise SystemExit('a script of long ago')\n")
    monkeypatch.setenv("HOME", str(house))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(house / ".jupyter"))
    with serving(tmp_path / "home", root=root) as lessons:
        assert lessons.seconds_to_start < 5 * slack()
    assert sorted(path.name for path in house.iterdir()) == [".ipython", ".jupyter"]


def slack() -> float:
    """How much longer than on a machine of its own a start may take beside other tests."""
    return 2.0


def test_it_starts_without_a_home(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, "")
    with serving(tmp_path / "home", root=root) as lessons:
        assert lessons.home.is_dir()


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal of its own there")
def test_ctrl_c_stops_it_at_once_and_the_screen_stays_clean(tmp_path: Path, root: Path) -> None:
    call = f"serve({free_port_anywhere()}, False, None, root=Path({str(root)!r}))"
    # Whoever runs the tests in the background may have told them not to hear Ctrl+C.
    hears = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{hears}; from pathlib import Path; from crmlab.server.app import serve; {call}"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code],
        env={**os.environ, "CRMLAB_HOME": str(tmp_path / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    said = [process.stdout.readline(), process.stdout.readline()]
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert time.monotonic() - began < 3
    assert re.match(r"crmlab is ready. Open http://127\.0\.0\.1:\d+/voila/render/00_", said[0])
    assert "Ctrl+C" in said[1]
    assert rest.strip() == ""


def free_port_anywhere() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def door(tmp_path: Path, root: Path) -> Any:
    with serving(tmp_path / "home", root=root) as lessons:
        yield lessons


@pytest.mark.browser
def test_pages_that_are_no_lessons_are_ours_too(door: Lessons, page: Any) -> None:
    page.goto(f"{door.base}/")
    assert page.get_by_role("heading", name="The door is locked").is_visible()
    assert not axe_troubles(page)
    page.get_by_label("Key").fill("not it")
    page.get_by_role("button", name="Open").click()
    page.get_by_text("This is not the key").wait_for()
    page.get_by_label("Key").fill(door.token)
    page.get_by_role("button", name="Open").click()
    page.get_by_role("heading", name="Shelf").wait_for()

    page.goto(f"{door.base}/voila/render/99_nothing.ipynb")
    assert page.get_by_role("heading", name="There is no such page").is_visible()
    assert not axe_troubles(page)
    page.goto(f"{door.base}/voila/tree")
    page.get_by_role("heading", name="Shelf").wait_for()


@pytest.mark.browser
def test_jupyterlab_asks_nothing_of_the_outside(door: Lessons, page: Any) -> None:
    page.goto(f"{door.base}/lab/tree/00_start_here.ipynb?token={door.token}")
    page.locator(".jp-Notebook").get_by_role("heading", name="Shelf").wait_for(timeout=60_000)
    config = json.loads(page.locator("#jupyter-config-data").text_content())
    assert config["news"]["disabled"] is True
    assert "@jupyterlab/apputils-extension:announcements" in config["disabledExtensions"]
