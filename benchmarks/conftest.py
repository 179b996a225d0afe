"""The same home, servers and browser as in the tests."""

from tests.conftest import browser, chromium, complaint, home, lessons, page, sandbox, window

__all__ = ["browser", "chromium", "complaint", "home", "lessons", "page", "sandbox", "window"]
