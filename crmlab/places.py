"""Where things live: the lessons beside the package, and the learner's own folder.

Lessons, exercises and the practice company lie in the folder that was downloaded, so that a
trainer can read and change them. What a learner makes (sandboxes, progress) lies in the
learner's own data folder, so that a new version of crmlab never touches it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from platformdirs import user_data_dir

from crmlab.errors import PlaceError
from crmlab.text import gettext as _

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
NOTEBOOKS = ROOT / "notebooks"
EXERCISES = ROOT / "exercises"
SAMPLE_DATA = ROOT / "sample_data"


def home() -> Path:
    """The learner's data folder; made when it is not there yet.

    Raises:
        PlaceError: it cannot be made or written, or the disk is full.
    """
    path = Path(os.environ.get("CRMLAB_HOME") or user_data_dir("crmlab", appauthor=False))
    try:
        # A path without a home folder (~ not known) would otherwise be taken as relative.
        path = path.expanduser().absolute()
        path.mkdir(parents=True, exist_ok=True)
        # Permission bits lie on network drives and for administrators; only writing tells.
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"crmlab")
    except (OSError, RuntimeError) as error:
        raise unwritable(path, error) from error
    return path


def own_procedures() -> Path:
    """The folder for procedures of one's own, which appear on the shelf."""
    return home() / "procedures"


def unwritable(path: Path, error: Exception) -> PlaceError:
    """What to raise when the learner's folder, or something in it, cannot be written."""
    reason = getattr(error, "strerror", None) or str(error)
    return PlaceError(
        _(
            "crmlab cannot write to its folder {path} ({reason}); make room or allow writing "
            "there, or name another folder in the environment variable CRMLAB_HOME."
        ).format(path=path, reason=reason)
    )
