"""Where the other pages are, seen from the one that is shown."""

from __future__ import annotations

import os
from urllib.parse import quote, urljoin, urlsplit

RENDERED = "/voila/render/"
"""What is in the address of every page that Voila shows."""


def _page() -> str:
    return urlsplit(os.environ.get("VOILA_REQUEST_URL", "")).path


def under_voila() -> bool:
    """Whether this is a page of Voila's, and not a notebook."""
    return RENDERED in _page()


def link_beside(file: str) -> str:
    """The address of a notebook beside this one.

    Under Voila that is the same place with another file name, whatever the server's base address;
    in JupyterLab the page's own address ends with this notebook, so the file name is enough.
    """
    return urljoin(_page(), quote(file)) if under_voila() else quote(file)
