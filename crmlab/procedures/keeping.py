"""Parsed procedure files, kept in the learner's folder: a lesson should not wait for YAML.

Reading a hundred kilobytes of YAML takes a fifth of a second, reading the same as JSON a
hundredth of that. What is kept goes by the text itself, so it cannot be out of date, and it is
held to the schema and the checks each time, like the text it stands for. When it cannot be
read or written, the YAML is read instead and nobody notices.
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from crmlab.errors import PlaceError
from crmlab.places import home

MOST_KEPT = 20
"""Files beyond this number are deleted, the oldest first."""


def kept(text: str) -> Any:
    """What this text says, if it has been read before; None otherwise."""
    try:
        return json.loads(_file(text).read_text(encoding="utf-8"))
    except (OSError, PlaceError, ValueError):
        return None


def keep(text: str, data: Any) -> None:
    """Keep what a sound file says, for the next time."""
    try:
        path = _file(text)
        path.parent.mkdir(exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}")
        half.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        half.replace(path)
        files = sorted(path.parent.iterdir(), key=lambda file: file.stat().st_mtime)
        for file in files[:-MOST_KEPT]:
            file.unlink(missing_ok=True)
    except (OSError, PlaceError):
        return


def _file(text: str) -> Path:
    return home() / "procedures" / f"{sha256(text.encode()).hexdigest()[:32]}.json"
