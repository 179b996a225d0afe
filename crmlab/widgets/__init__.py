"""Views. Thin: they observe and call, they decide nothing.

    from crmlab.widgets import Desk

    Desk("complaint", lesson="10")

Each name is imported when it is first asked for, so that a lesson pays for what it shows.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "BreakIt": "walkthrough",
    "Desk": "desk",
    "Dial": "dial",
    "Dials": "dials",
    "FunnelBoard": "analysis.funnel",
    "JobCard": "jobcard",
    "Quiz": "quiz",
    "Records": "records",
    "Shelf": "shelf",
    "Tasks": "tasks",
    "TwoWorlds": "worlds",
    "Walkthrough": "walkthrough",
    "WhatIf": "habit",
    "in_words": "retelling",
    "practise": "practising",
    "tampered": "tampering",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"crmlab.widgets.{_HOME[name]}"), name)
