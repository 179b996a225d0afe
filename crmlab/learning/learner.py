"""Who is learning: named by the class room, by the learner, or else by the operating system."""

from __future__ import annotations

import getpass
import os
from hashlib import sha256
from pathlib import Path

from crmlab.errors import ProgressError
from crmlab.places import home
from crmlab.procedures.reading import read_text
from crmlab.text import gettext as _

VARIABLE = "CRMLAB_LEARNER"
"""Set by whoever runs a class room: it says who sits at this kernel, and nobody overrules it."""

LONGEST_NAME = 60
_FILE = "learner.txt"


def learner() -> str:
    """The name given by the class room, else the one chosen on the shelf, else the system's."""
    return given() or _chosen() or _system()


def given() -> str:
    """The name that the class room has given, or nothing."""
    return _tidy(os.environ.get(VARIABLE, ""))


def named() -> bool:
    """Whether somebody has said who learns here; the system's name is only a guess."""
    return bool(given() or _chosen())


def choose_learner(name: str) -> str:
    """Remember a name for this and the next visits; returns it as it is kept.

    Raises:
        ProgressError: the name is empty or too long, is given by the class room, or cannot be
            written down.
    """
    tidy = _tidy(name)
    if given():
        raise ProgressError(
            _("Your name here, {name}, comes from your class room; ask your trainer.").format(
                name=given()
            )
        )
    if not tidy:
        raise ProgressError(_("Write the name that your progress is kept under."))
    if len(tidy) > LONGEST_NAME:
        raise ProgressError(
            _("A name has at most {n} characters; a short one will do.").format(n=LONGEST_NAME)
        )
    path = home() / _FILE
    try:
        path.write_text(tidy + "\n", encoding="utf-8")
    except OSError as fault:
        raise ProgressError(
            _("Your name could not be written to {path}: {reason}.").format(
                path=path, reason=fault.strerror
            )
        ) from fault
    return tidy


def key_of(name: str) -> str:
    """What progress is kept under: the same for `Lin Yue` and `lin  yue`."""
    return _tidy(name).casefold()


def sandbox_name(lesson: str, name: str | None = None) -> str:
    """The name of a learner's sandbox for a lesson, such as `lin-yue-10`."""
    key = key_of(learner() if name is None else name)
    words = "".join(char if char.isalnum() else " " for char in key).split()
    # A name of nothing but signs still gets a sandbox of its own.
    slug = "-".join(words) or sha256(key.encode()).hexdigest()[:8]
    return f"{slug}-{lesson}"


def _tidy(name: str) -> str:
    return " ".join("".join(c for c in name if c.isprintable()).split())


def _chosen() -> str:
    path: Path = home() / _FILE
    return _tidy(read_text(path, ProgressError, "name")) if path.exists() else ""


def _system() -> str:
    try:
        return _tidy(getpass.getuser())
    except (OSError, KeyError, ImportError):  # a container without users
        return _("Learner")
