"""The same home, servers and browser as in the tests; and the large company, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from benchmarks.large_company import grow
from crmlab.crm.store.sandbox import VARIABLE, Sandbox, open_sandbox
from tests.conftest import browser, chromium, complaint, home, lessons, page, sandbox, window
from tests.databases import own_database

__all__ = ["browser", "chromium", "complaint", "home", "lessons", "page", "sandbox", "window"]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    """The large company, once for each database."""
    with ExitStack() as until_then:
        patch = until_then.enter_context(pytest.MonkeyPatch.context())
        if request.param == "postgresql":
            patch.setenv(VARIABLE, until_then.enter_context(own_database()))
        sandbox = open_sandbox("large", folder=tmp_path_factory.mktemp("large"))
        patch.undo()
        until_then.callback(sandbox.close)
        grow(sandbox)
        yield sandbox
