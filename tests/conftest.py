"""What tests share: a home of their own, a sandbox, a real server, a real browser.

A browser test takes `lessons` (the real `crmlab start`, one for the whole run) and `page`
(a fresh browser window that reaches this machine alone):

    from tests.browser import axe_troubles, open_lesson

    def test_shelf(lessons, page):
        open_lesson(page, lessons.url("00_start_here.ipynb"))
        assert not axe_troubles(page)

When the test is over, `page` fails it if anything was asked from outside. `window(...)` opens
windows of another width or theme; `tests.serving.serving(...)` starts another server, for
another language, home or folder of lessons.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings

from crmlab import text
from crmlab.crm.store.sandbox import Sandbox, open_sandbox
from crmlab.learning.progress import Progress
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure, load
from tests.browser import ARGUMENTS, find_chromium, in_ci
from tests.serving import Lessons, serving

# How long one example takes depends on what else the machine is doing.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A learner's folder of the tests' own, so that they leave no trace in anybody's."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("CRMLAB_HOME", str(folder))
        for name in ("CRMLAB_LEARNER", "CRMLAB_DATABASE_URL"):
            patch.delenv(name, raising=False)
        yield folder


@pytest.fixture(scope="session")
def complaint() -> Procedure:
    """The shipped complaint procedure."""
    return load("complaint")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox on its first morning."""
    opened = open_sandbox("lin", folder=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def practice(complaint: Procedure, sandbox: Sandbox) -> Practice:
    """A trainee in all five seats of the complaint procedure, on the first morning."""
    begun = Practice(complaint, sandbox)
    begun.open_all()
    return begun


@pytest.fixture
def progress(tmp_path: Path) -> Iterator[Progress]:
    """A store of progress with nothing in it."""
    opened = Progress(tmp_path / "progress.sqlite", "Lin Yue")
    yield opened
    opened.close()


@pytest.fixture
def pseudo() -> Iterator[None]:
    """The pseudo-language, in this process."""
    text.use_language(text.PSEUDO)
    yield
    text.use_language(None)


@pytest.fixture(scope="session")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lessons]:
    """The lessons, served by the real `crmlab start`, in English, with an empty home."""
    with serving(tmp_path_factory.mktemp("served") / "home") as running:
        yield running


@pytest.fixture(scope="session")
def pseudo_lessons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lessons]:
    """The lessons in the pseudo-language, in which every text stands in brackets."""
    with serving(tmp_path_factory.mktemp("served") / "home", "qps") as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Path:
    """A Chromium; without one the test is skipped, and with CI=true it fails."""
    found = find_chromium()
    if found is None:
        message = "No Chromium can be had, so browser tests cannot run."
        pytest.fail(message) if in_ci else pytest.skip(message)
    return found


# One for each module, not for the session: Playwright keeps an event loop running for as long as
# it lives, and the notebooks, checked in the same run, need one of their own.
@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Any]:
    """The running browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def window(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open windows: `window(width=380, theme="dark")` gives a page that is offline but for here."""
    contexts = []
    outside: list[str] = []

    def guard(route: Any) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost"):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    def open_window(width: int = 1280, height: int = 900, theme: str = "light", **more: Any) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, **more
        )
        context.route(re.compile("^(?!data:|blob:)"), guard)
        contexts.append(context)
        return context.new_page()

    yield open_window
    for context in contexts:
        for page in context.pages:
            page.goto("about:blank")  # leaving a lesson stops its kernel
        context.close()
    assert not outside, f"asked from outside: {outside}"


@pytest.fixture
def page(window: Callable[..., Any]) -> Any:
    """One window, 1280 pixels wide and light."""
    return window()
