"""Where a Chromium is to be found, and what a test does with a page in it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
MAC = ("Chromium", "Google Chrome", "Microsoft Edge")
WINDOWS = (
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)

READY_SECONDS = 60

# The last five keep a test's browser from talking to anybody of its own accord.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

in_ci = os.environ.get("CI", "").lower() == "true"


def find_chromium() -> Path | None:
    """A browser that can be driven: the one named, the system's, or Playwright's own."""
    named = os.environ.get("CRMLAB_CHROMIUM")
    places = [Path(named)] if named else [*_on_the_path(), *_usual_places(), *_playwrights_own()]
    return next((place for place in places if place.is_file()), None)


def _on_the_path() -> list[Path]:
    return [Path(found) for name in NAMES if (found := shutil.which(name))]


def _usual_places() -> list[Path]:
    if sys.platform == "darwin":
        homes = (Path("/Applications"), Path.home() / "Applications")
        return [home / f"{name}.app/Contents/MacOS/{name}" for home in homes for name in MAC]
    if sys.platform == "win32":
        names = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        homes = tuple(Path(os.environ[name]) for name in names if name in os.environ)
        return [home / path for home in homes for path in WINDOWS]
    return []


def _playwrights_own() -> list[Path]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return [Path(playwright.chromium.executable_path)]


def open_lesson(page: Any, url: str) -> None:
    """Go to a lesson and wait until its desks are drawn."""
    page.goto(url, wait_until="commit")
    page.wait_for_selector("html[data-state=ready]", timeout=READY_SECONDS * 1000)


def axe_troubles(page: Any, within: str | None = None) -> list[str]:
    """What axe finds serious or critical, in the page or within one element."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=within).response["violations"]
    return [
        f"{violation['id']}: {violation['help']}: {[n['html'][:160] for n in violation['nodes']]}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]
