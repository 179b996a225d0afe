"""The procedures that can be practised here, each as a card: for the shelf and for the choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from crmlab.errors import ProcedureError
from crmlab.learning.lessons import LessonState, Stage
from crmlab.places import own_procedures
from crmlab.procedures import Found, Procedure, found, load
from crmlab.text import gettext as _
from crmlab.text import ngettext
from crmlab.widgets.links import link_beside

PAGE = "practise.ipynb"
"""The notebook on which any procedure is practised."""

ASKED = "procedure"
"""What the page's address calls the procedure's name: `practise.ipynb?procedure=agency`."""


def procedures_here() -> Found:
    """The procedures one can practise here: the shipped ones, and those in one's own folder."""
    return found(own_procedures())


def procedure_cards(here: Found, states: Mapping[str, LessonState]) -> dict[str, Any]:
    """What `cards.html` is given for these procedures, and how far the learner is with each.

    A file that cannot be used, a shipped one that somebody has changed among them, is told and
    leaves the others in place.
    """
    cards, faults = [], {}
    for name, state in states.items():
        try:
            cards.append(_card(here, name, load(here.files[name]), state))
        except ProcedureError as fault:
            faults[here.files[name].name] = str(fault).splitlines()[0]
    return {"cards": cards, "faults": {**faults, **here.faults}}


def _card(here: Found, name: str, told: Procedure, state: LessonState) -> dict[str, Any]:
    words = {Stage.DONE: _("all done"), Stage.INDEPENDENT: _("independent")}
    return {
        "name": name,
        "title": _(told.title),
        "summary": _(told.purpose),
        "size": size(told),
        "own": here.files[name].name if name in here.own else "",
        "link": f"{link_beside(PAGE)}?{ASKED}={quote(name)}",
        "share": round(state.share * 100),
        "sentence": state.sentence(),
        "word": words.get(state.stage, ""),
    }


def size(procedure: Procedure) -> str:
    """How large a procedure is, in words."""
    seats, steps = len(procedure.seats), len(procedure.steps)
    cases = len(procedure.cases)
    counts = (
        ngettext("{n} seat", "{n} seats", seats).format(n=seats),
        ngettext("{n} step", "{n} steps", steps).format(n=steps),
        ngettext("{n} practice case", "{n} practice cases", cases).format(n=cases),
    )
    return " · ".join(counts)
