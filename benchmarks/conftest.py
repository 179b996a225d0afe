"""The same servers and browser as in the tests."""

from tests.conftest import browser, chromium, lessons, page, window

__all__ = ["browser", "chromium", "lessons", "page", "window"]
