"""Where sandboxes lie: in files (`sqlite.py`), or on a database server (`postgres.py`).

A room above knows neither; `sandbox.py` asks a place for what it needs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Self

from sqlalchemy import Engine

from crmlab.crm.store.start_set import Start
from crmlab.errors import SandboxError
from crmlab.text import gettext as _

SCHEMA_VERSION = 7
"""Counts the changes of the tables; a sandbox of another version is not touched."""

BUSY_SECONDS = 5
"""How long to wait for another window's transaction, which takes milliseconds. A queue of many
writers may take longer: whoever waits in one is told only when nobody in it gets on."""


class Place(ABC):
    """Where one sandbox lies; `str` of it is what messages call it."""

    @property
    @abstractmethod
    def engine(self) -> Engine:
        """Connects to it. Where the execution option `writes` is set, a connection is alone with
        the right to write from the first moment of its transaction to the last."""

    @abstractmethod
    def told(self) -> AbstractContextManager[None]:
        """Turn what a database or a disk complains about into a SandboxError of one sentence."""

    @abstractmethod
    def begun(self) -> bool:
        """Whether there is a sandbox of ours here, with something in it.

        Raises:
            SandboxError: what lies here is not ours, or of another version.
        """

    @abstractmethod
    def take(self, source: Self) -> None:
        """Become a copy of another place; whoever looks sees the old or the new content.

        Raises:
            SandboxError: what lies here is not ours, or cannot be written now.
        """

    @abstractmethod
    def point(self, name: str) -> Self:
        """Where a saved point of this sandbox lies."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it."""


class Store(ABC):
    """Where all sandboxes of a learner lie."""

    @abstractmethod
    def place(self, name: str) -> Place:
        """The place of the sandbox of this name, whether it is there or not."""

    @abstractmethod
    def names(self) -> list[str]:
        """The sandboxes that are there, without saved points, in alphabetical order."""

    @abstractmethod
    def template(self, start: Start = "small") -> Place:
        """What a sandbox begins with as a database, made once for each version of its data."""

    @abstractmethod
    def earlier_template(self, key: str) -> Place | None:
        """The start set that has this key, if its template is still there."""

    @abstractmethod
    def passing(self) -> AbstractContextManager[Place]:
        """A place that is gone afterwards."""


def busy() -> str:
    """What somebody is told who has waited in vain for another window's transaction."""
    return _(
        "Another window is writing to this sandbox just now; nothing was saved. Hand in once more "
        "in a moment."
    )


def check_name(name: str) -> None:
    """Refuse a name that could not be a file's on every system.

    Raises:
        SandboxError: it is empty, leads out of its folder, or has signs that cannot be seen.
    """
    if name in ("", ".", "..") or not name.isprintable() or "/" in name or "\\" in name:
        raise SandboxError(
            _("'{name}' cannot be a file's name; leave out slashes.").format(
                name="".join(char if char.isprintable() else "?" for char in name)
            )
        )
