"""Starting the real server for a test, and stopping it whatever happens."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
START_SECONDS = 60


@dataclass(frozen=True)
class Lessons:
    """A running server of lessons."""

    base: str
    token: str
    home: Path
    pid: int
    seconds_to_start: float

    def url(self, notebook: str = "00_start_here.ipynb") -> str:
        """The address of a lesson's page, with the key to the door."""
        return f"{self.base}/voila/render/{notebook}?token={self.token}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    home: Path,
    language: str | None = None,
    root: Path | None = None,
    database: str | None = None,
) -> Iterator[Lessons]:
    """Start crmlab as a process of its own, and stop it in the end.

    Args:
        home: the learner's data folder.
        language: the language code, such as "qps" for the pseudo-language.
        root: a folder of lessons other than the project's own.
        database: the URL of a PostgreSQL database in which sandboxes lie; files by default.
    """
    port = free_port()
    if root is None:
        command = ["-m", "crmlab", "start", "--no-browser", "--port", str(port)]
        command += ["--lang", language] if language else []
    else:
        call = f"serve({port}, False, {language!r}, root=Path({str(root)!r}))"
        command = ["-c", f"from pathlib import Path; from crmlab.server.app import serve; {call}"]
    environment = {**_clean_environment(), "CRMLAB_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    if database:
        environment["CRMLAB_DATABASE_URL"] = database
    said = home.parent / f"{home.name}-{port}.log"
    with said.open("w+", encoding="utf-8") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            base = f"http://127.0.0.1:{port}"
            _await(lambda: _answers(f"{base}/api"), process, said)
            took = time.monotonic() - began
            _await(lambda: "token=" in said.read_text(encoding="utf-8"), process, said)
            token = re.search(r"token=(\w+)", said.read_text(encoding="utf-8"))
            assert token
            yield Lessons(base, token.group(1), home, process.pid, took)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _clean_environment() -> dict[str, str]:
    ours = ("CRMLAB_", "COV_CORE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _await(condition: Callable[[], bool], process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"crmlab did not start:\n{said.read_text(encoding='utf-8')}")
        time.sleep(0.05)  # between two looks at the condition, not instead of one
