"""A page for any procedure: see it, do it, break it, take it away. And the choice of one.

    practise()           # the one that the page's address asks for, or the choice of all
    practise("agency")   # this one

It knows no procedure by name. A company's own file is practised as the shipped ones are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

from IPython.display import display
from ipywidgets import VBox

from crmlab.errors import CrmlabError, ProcedureError
from crmlab.learning.lessons import lesson_state
from crmlab.learning.progress import Progress
from crmlab.procedures import Found, Procedure, load
from crmlab.text import gettext as _
from crmlab.widgets.desk import Desk
from crmlab.widgets.jobcard import JobCard
from crmlab.widgets.links import link_beside, under_voila
from crmlab.widgets.live import Live, shows_trouble
from crmlab.widgets.pressing import Forms
from crmlab.widgets.procedure_cards import (
    ASKED,
    PAGE,
    procedure_cards,
    procedures_here,
    size,
)
from crmlab.widgets.swimlane import swimlane
from crmlab.widgets.walkthrough import BreakIt, Walkthrough


def practise(name: str | None = None) -> None:
    """Show a procedure and all that one can do with it, or the choice of one.

    Args:
        name: of the procedure; by default the one that the page's address asks for. What is wrong
            with a name or a file is told in one sentence, above the choice.
    """
    name = name or _asked_for()
    if name is None and not under_voila():
        display(_in_place())
        return
    for view in _views(name):
        display(view)


class Chooser(Live):
    """All procedures, each with what it is about and how far one is with it.

    Args:
        trouble: what is told above them.
        choose: called with a procedure's name when one is chosen. Without it each is a link to a
            page of its own.
    """

    template: ClassVar[str] = "chooser.html"

    @shows_trouble
    def __init__(self, trouble: str = "", choose: Callable[[str], None] | None = None) -> None:
        super().__init__()
        self.trouble = trouble
        self._choose = choose
        self._here = procedures_here()
        self._progress = Progress.open()
        self.draw()

    def context(self) -> dict[str, Any]:
        states = {name: lesson_state(self._progress, name) for name in self._here.files}
        return procedure_cards(self._here, states) | {"in_place": self._choose is not None}

    def do_choose(self, _forms: Forms, procedure: str) -> str:
        """Show this one."""
        if self._choose:
            self._choose(procedure)
            title = load(self._here.files[procedure]).title
            self.notice = _("“{title}” is open below.").format(title=_(title))
        return ""


class Opening(Live):
    """What a procedure is, before one does anything in it."""

    template: ClassVar[str] = "opening.html"

    @shows_trouble
    def __init__(self, procedure: Procedure, own: str = "") -> None:
        super().__init__()
        self.procedure, self._own = procedure, own
        self.draw()

    def context(self) -> dict[str, Any]:
        told = self.procedure
        return {
            "title": _(told.title),
            "purpose": _(told.purpose),
            "source": _(told.source) if told.source else "",
            "size": size(told),
            "own": self._own,
            "choice": link_beside(PAGE) if under_voila() else "",
            # The worked example shows the way; without a case to show it on, it stands here.
            "lane": None if told.cases else swimlane(told),
        }


class Part(Live):
    """A heading of the page and a sentence below it."""

    template: ClassVar[str] = "part.html"

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text
        self.draw()

    def context(self) -> dict[str, Any]:
        return {"title": self._title, "text": self._text}


def _asked_for() -> str | None:
    """The procedure that the page's address asks for."""
    given = parse_qs(os.environ.get("QUERY_STRING", ""))
    return next((name for name in given.get(ASKED, []) if name.strip()), None)


def _views(name: str | None) -> Iterator[Live]:
    """All views of a page, from its top."""
    if name is None:
        yield Chooser()
        return
    try:
        here = procedures_here()
        procedure = load(_file(here, name.strip()))
    except CrmlabError as trouble:
        yield Chooser(str(trouble))
        return
    own = procedure.procedure in here.own
    yield Opening(procedure, here.files[procedure.procedure].name if own else "")
    if procedure.cases:
        yield from _worked_and_done(procedure)
    if procedure.cases and procedure.mistakes:
        yield Part(
            _("Break it"),
            _(
                "Now make a mistake on purpose. Everything else in the case goes by the procedure, "
                "and the luck is the same. Read who feels it: it is seldom the seat that made it."
            ),
        )
        yield BreakIt(procedure, _example(procedure))
    yield Part(
        _("Take away"),
        _(
            "Here is the card for each seat, made from the procedure. Print yours and hang it "
            "beside your screen."
        ),
    )
    yield JobCard(procedure)


def _file(here: Found, name: str) -> Path:
    """The file of a procedure that is asked for.

    Raises:
        ProcedureError: there is none, or it cannot be used; with what is wrong.
    """
    if name in here.files:
        return here.files[name]
    spoilt = [fault for file, fault in here.faults.items() if file.rpartition(".")[0] == name]
    raise ProcedureError(
        spoilt[0]
        if spoilt
        else _("There is no procedure '{name}' here; choose one of these.").format(name=name[:60])
    )


def _worked_and_done(procedure: Procedure) -> Iterator[Live]:
    yield Part(
        _("Watch it done once"),
        _(
            "Here is one case as it goes when everybody works by the procedure. Look at two things "
            "at each step: what the seat can see, and what it writes down for the next one."
        ),
    )
    yield Walkthrough(procedure, _example(procedure))
    yield Part(
        _("Now you"),
        _(
            "You sit in all the seats, one after the other. Open a case from the inbox, fill in "
            "the form, and hand over. What cannot be right is refused, with a sentence beside the "
            "field; what nobody can see is accepted, and goes on. When a case is closed, the "
            "debrief says what it did to everybody."
        ),
    )
    yield Desk(procedure, lesson=procedure.procedure)


def _example(procedure: Procedure) -> str:
    """The case to show: the first that does not come out of another one."""
    alone = (case_id for case_id, case in procedure.cases.items() if case.follows is None)
    return next(alone, next(iter(procedure.cases)))


def _in_place() -> VBox:
    """The choice, and below it what is chosen: in a notebook one stays on the page."""
    box = VBox()
    box.add_class("crmlab-box")

    def choose(name: str) -> None:
        box.children = (chooser, *_views(name))

    chooser = Chooser(choose=choose)
    box.children = (chooser,)
    return box
