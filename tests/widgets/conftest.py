"""Tests of this room work in a learner's folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmlab.crm.sandbox import Sandbox, open_sandbox
from crmlab.learning.progress import Progress
from crmlab.practice.session import Practice
from crmlab.procedures import load


@pytest.fixture(scope="package", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("CRMLAB_HOME", str(folder))
        patch.delenv("CRMLAB_LEARNER", raising=False)
        yield folder


@pytest.fixture
def progress(tmp_path: Path) -> Iterator[Progress]:
    opened = Progress(tmp_path / "progress.sqlite", "Lin Yue")
    yield opened
    opened.close()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    opened = open_sandbox("lin", folder=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def practice(sandbox: Sandbox) -> Practice:
    """A trainee in all five seats of the complaint procedure, on the first morning."""
    begun = Practice(load("complaint"), sandbox)
    begun.open_all()
    return begun
