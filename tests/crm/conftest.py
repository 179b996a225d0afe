"""The CRM is tested on both databases: whoever takes `sandbox` or `database` runs on each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from crmlab.crm.store.sandbox import VARIABLE, Sandbox, open_sandbox
from tests.crm.own_rows import company_of, not_kept
from tests.crm.remarks import Open
from tests.databases import clear, own_database


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """An empty database on the server, for the whole run."""
    with own_database() as url:
        yield url


@pytest.fixture
def postgresql(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Sandboxes are schemas of this database, and gone when the test is over."""
    monkeypatch.setenv(VARIABLE, postgresql_url)
    yield postgresql_url
    clear(postgresql_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Each of the databases in turn, by name; what opens a sandbox opens it there."""
    name: str = request.param
    if name == "postgresql":
        request.getfixturevalue("postgresql")
    return name


@pytest.fixture
def sandbox(database: str, tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox on its first morning."""
    opened = open_sandbox("lin", folder=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def open_(database: str, tmp_path: Path) -> Iterator[Open]:
    """Open sandboxes that are closed again, by default in one folder."""
    with opening(tmp_path) as opened:
        yield opened


@pytest.fixture
def open_file(tmp_path: Path) -> Iterator[Open]:
    """The same, in files only."""
    with opening(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    """The little company of `own_rows`, shared by a module, on each of the databases in turn."""
    with company_of(request, tmp_path_factory.mktemp("company")) as sandbox:
        yield sandbox


@pytest.fixture
def crm(company: Sandbox) -> Iterator[Session]:
    """A transaction in it that leaves nothing behind."""
    with not_kept(company) as session:
        yield session


@contextmanager
def opening(place: Path) -> Iterator[Open]:
    opened = []

    def open_one(name: str = "lin", folder: Path = place, fresh: bool = False) -> Sandbox:
        opened.append(open_sandbox(name, folder=folder, fresh=fresh))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
