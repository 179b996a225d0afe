"""What `python start.py test` says before the tests begin."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

SERVER = "CRMLAB_TEST_DATABASE_URL"


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The checks, without running any of them."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    module = import_module("checks")
    monkeypatch.setattr(module, "have_chromium", lambda: True)
    monkeypatch.setattr(module, "run", lambda *_arguments: 0)
    return module


@pytest.mark.parametrize(("in_ci", "then"), [(False, "are skipped"), (True, "fail, since CI=true")])
def test_without_a_server_it_says_in_a_line_that_only_files_are_tested(
    checks: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    in_ci: bool,
    then: str,
) -> None:
    monkeypatch.delenv(SERVER, raising=False)
    monkeypatch.setattr(checks, "in_ci", in_ci)
    assert checks.main([]) == 0
    said = capsys.readouterr()
    (line,) = [line for line in said.err.splitlines() if "database" in line]
    assert "only files are tested" in line
    assert then in line
    assert SERVER in line
    assert ".ci/run" in line
    assert said.out == ""


def test_with_a_server_it_says_nothing_of_it(
    checks: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SERVER, "postgresql://somewhere/postgres")
    assert checks.main([]) == 0
    assert "only files" not in capsys.readouterr().err
