"""Tests of this room work in a learner's folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmlab.crm.sandbox import Sandbox, open_sandbox
from crmlab.procedures import Procedure, load


@pytest.fixture(scope="package", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("CRMLAB_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def complaint() -> Procedure:
    return load("complaint")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    opened = open_sandbox("lin", folder=tmp_path)
    yield opened
    opened.close()
