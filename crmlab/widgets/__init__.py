"""Views. Thin: they observe and call, they decide nothing.

    from crmlab.widgets import Desk

    Desk("complaint", lesson="10")

Each name is imported when it is first asked for, so that a lesson pays for what it shows.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "BooksBoard": "analysis.books",
    "BreakIt": "walkthrough",
    "CaughtBoard": "analysis.stopping",
    "ContributionBoard": "analysis.contribution",
    "ContributionBriefing": "analysis.contribution",
    "Desk": "desk",
    "Dial": "dial",
    "Dials": "dials",
    "DirtyData": "analysis.dirt",
    "FunnelBoard": "analysis.funnel",
    "JobCard": "jobcard",
    "LostCustomerBoard": "analysis.value",
    "ParetoBoard": "analysis.complaints",
    "PipelineBoard": "analysis.funnel",
    "PipelineBriefing": "analysis.funnel",
    "Quiz": "quiz",
    "Records": "records",
    "Shelf": "shelf",
    "SignalBoard": "analysis.complaints",
    "ShortestBoard": "analysis.shortest_board",
    "Tasks": "tasks",
    "TrackingBoard": "analysis.value",
    "TwoWorlds": "worlds",
    "ValueBoard": "analysis.value",
    "Walkthrough": "walkthrough",
    "WhatIf": "habit",
    "books_in_words": "analysis.books",
    "contribution_in_words": "analysis.contribution",
    "complaints_in_words": "analysis.complaints_in_words",
    "dirt_in_words": "analysis.dirt",
    "funnel_in_words": "analysis.funnel",
    "in_words": "retelling",
    "practise": "practising",
    "tampered": "tampering",
    "value_in_words": "analysis.value_in_words",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"crmlab.widgets.{_HOME[name]}"), name)
