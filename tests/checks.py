"""Every check, one after the other; the first that fails ends it. `python start.py test` runs this.

The last line on stdout is pytest's own: what is said here goes to stderr.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from browser import find_chromium, in_ci

SERVER = "CRMLAB_TEST_DATABASE_URL"
FOR_THE_TESTS = ("CRMLAB_CHROMIUM", SERVER)
"""What says where the tests find a browser and a database server."""

ROOT = Path(__file__).parent.parent
FETCH_SECONDS = 300
CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command as c; c()"],
}
TESTS = ["tests", "--nbval-lax", "--nbval-current-env", "notebooks"]
# Files are shared out among processes; what a file sets up is set up once.
SHARED = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile"]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(*arguments: str) -> int:
    # Lessons that are run as tests must not leave a trace in anybody's own progress.
    with TemporaryDirectory(prefix="crmlab-", ignore_cleanup_errors=True) as home:
        kept = {name: value for name, value in os.environ.items() if name[:7] != "CRMLAB_"}
        ours = {name: os.environ[name] for name in FOR_THE_TESTS if name in os.environ}
        environment = {**kept, **ours, "CRMLAB_HOME": home}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def have_chromium() -> bool:
    """See to a browser for the browser tests; say so when there is none."""
    if find_chromium():
        return True
    say("No Chromium was found; trying to fetch one.")
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    try:
        subprocess.run(command, check=False, capture_output=True, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        say(f"Fetching took longer than {FETCH_SECONDS} seconds and was given up.")
    if find_chromium():
        return True
    if in_ci:
        say("No Chromium can be had, and with CI=true the browser tests must run: install one.")
        return False
    say(
        "No Chromium can be had, so the browser tests will be skipped; install Chromium, Chrome "
        "or Edge to run them."
    )
    return True


def say_which_databases() -> None:
    """Say so when the CRM is tested in files alone: among a thousand tests a skip is overlooked."""
    if os.environ.get(SERVER):
        return
    then = "fail, since CI=true" if in_ci else "are skipped"
    say(
        f"{SERVER} names no server, so only files are tested as databases, and the tests on "
        f"PostgreSQL {then}; name one on which a database may be made, or run .ci/run, which "
        "starts one of its own."
    )


def pytest_arguments(given: list[str]) -> list[str]:
    """What pytest runs: everything, or the files and folders that were named."""
    named = any((ROOT / name.split("::")[0]).exists() for name in given if name[:1] != "-")
    return given if named else [*TESTS, *SHARED, *given]


def main(given: list[str]) -> int:
    if not have_chromium():
        return 1
    say_which_databases()
    for name, arguments in CHECKS.items():
        say(f"== {name}")
        if code := run(*arguments):
            say(f"{name} failed, so nothing after it was run.")
            return code
    say("== pytest")
    if code := run("-m", "pytest", *pytest_arguments(given)):
        say("pytest failed.")
        return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
