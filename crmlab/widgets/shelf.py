"""The shelf: a greeting, the next step, the lessons and procedures, and how far one is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from babel import Locale

from crmlab.errors import ProgressError
from crmlab.learning import learner as who
from crmlab.learning.desks import Desks, desks
from crmlab.learning.lessons import (
    Lesson,
    LessonState,
    Stage,
    lesson_state,
    next_lesson,
    path_title,
    read_lessons,
)
from crmlab.learning.progress import Progress
from crmlab.text import PSEUDO, SOURCE, language, languages, ngettext
from crmlab.text import gettext as _
from crmlab.widgets.links import link_beside
from crmlab.widgets.live import Live, shows_trouble
from crmlab.widgets.pressing import Forms
from crmlab.widgets.procedure_cards import procedure_cards, procedures_here


class Shelf(Live):
    """The shelf.

        Shelf()

    Args:
        folder: the notebooks; by default those of crmlab.
        open_progress: gives the progress of whoever learns here.
        now: the time of day, for the greeting.
    """

    template: ClassVar[str] = "shelf.html"

    @shows_trouble
    def __init__(
        self,
        folder: Path | None = None,
        *,
        open_progress: Callable[[], Progress] = Progress.open,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        super().__init__()
        self.lessons = read_lessons(folder)
        self._here = procedures_here()
        self._untaught = [name for name in self._here.files if name not in self.lessons.taught()]
        self._open_progress, self._now = open_progress, now
        self.progress = open_progress()
        self.naming = not who.named()
        self.error = ""
        self.draft = ""
        self.draw()

    # What is drawn

    def context(self) -> dict[str, Any]:
        states = {x.number: lesson_state(self.progress, x.number) for x in self.lessons.listed}
        practised = {name: lesson_state(self.progress, name) for name in self._untaught}
        following = next_lesson(self.lessons, states)
        named = who.named()
        return {
            "greeting": self._greeting(named, following),
            "standing": [_standing(each) for each in desks(self.progress, [*states, *practised])],
            "next": self._next(*following) if following else None,
            "paths": [
                {
                    "title": path_title(path),
                    "lessons": [
                        _card(lesson, states[lesson.number], self.lessons.briefings)
                        for lesson in lessons
                    ],
                }
                for path, lessons in self.lessons.paths().items()
            ],
            "procedures": procedure_cards(self._here, practised),
            "faults": list(self.lessons.faults),
            "name": self.progress.learner if named else "",
            "given": bool(who.given()),
            "naming": self.naming,
            "error": self.error,
            "draft": self.draft,
            "longest_name": who.LONGEST_NAME,
            "languages": [_language_name(code) for code in languages()],
            "speaks": _language_name(language()),
        }

    def _greeting(self, named: bool, following: tuple[Lesson, LessonState] | None) -> str:
        hour = self._now().hour
        hello = _("Good morning") if hour < 12 else _("Good afternoon")
        if hour >= 18:
            hello = _("Good evening")
        if named:
            hello = _("{hello}, {name}").format(hello=hello, name=self.progress.learner)
        if following is None:
            return f"{hello}."
        lesson, state = following
        if state.stage is not Stage.NOT_STARTED:
            return _("{hello}. Carry on where you left off.").format(hello=hello)
        return _("{hello}. Your next step takes {n} minutes.").format(
            hello=hello, n=lesson.about.minutes
        )

    def _next(self, lesson: Lesson, state: LessonState) -> dict[str, Any]:
        verb = {
            Stage.NOT_STARTED: _("Begin"),
            Stage.UNDER_WAY: _("Continue"),
            Stage.DONE: _("Practise again"),
            Stage.INDEPENDENT: _("Open"),
        }
        return _card(lesson, state, {}) | {"verb": verb[state.stage], "why": _reason(lesson, state)}

    # What can be done

    def do_naming(self, _forms: Forms) -> str:
        """Open or close the form for one's name."""
        self.naming, self.error, self.draft = not self.naming, "", ""
        return "name" if self.naming else "who"

    def do_name(self, forms: Forms) -> str:
        """Keep progress under this name from now on."""
        self.draft = forms["who"]["name"]
        try:
            who.choose_learner(self.draft)
        except ProgressError as refusal:
            self.error = str(refusal)
            return "name"
        self.progress.close()
        self.progress = self._open_progress()
        self.naming, self.error, self.draft = False, "", ""
        self.notice = _("Hello, {name}. Your progress is kept under this name.").format(
            name=self.progress.learner
        )
        return "notice"


def _card(lesson: Lesson, state: LessonState, briefings: Mapping[str, str]) -> dict[str, Any]:
    briefing = briefings.get(lesson.number)
    words = {Stage.DONE: _("all done"), Stage.INDEPENDENT: _("independent")}
    return {
        "number": lesson.number,
        "title": _(lesson.about.title),
        "minutes": lesson.about.minutes,
        "for": [_(text) for text in lesson.about.for_],
        "summary": _(lesson.about.summary) if lesson.about.summary else "",
        "link": link_beside(lesson.file),
        "briefing": link_beside(briefing) if briefing else "",
        "share": round(state.share * 100),
        "sentence": state.sentence(),
        "word": words.get(state.stage, ""),
    }


def _reason(lesson: Lesson, state: LessonState) -> str:
    """Why this is the next step."""
    if state.stage is Stage.UNDER_WAY:
        return _("You have begun: {sentence}.").format(sentence=state.sentence())
    if state.stage is Stage.DONE:
        return _(
            "You have done all of it. Two runs without a hint and without a critical slip that "
            "anybody felt, and you work independently."
        )
    return _(lesson.about.summary) if lesson.about.summary else ""


def _standing(known: Desks) -> str:
    """How many desks of a procedure somebody works unaided, and which are missing."""
    n, m = len(known.unaided), len(known.desks)
    told = ngettext(
        "“{title}”: you work {n} of {m} desk unaided.",
        "“{title}”: you work {n} of {m} desks unaided.",
        m,
    ).format(title=_(known.title), n=n, m=m)
    if not n or n == m:
        return told
    missing = ", ".join(_(name) for name in known.missing)
    return _("{told} Still to come: {desks}.").format(told=told, desks=missing)


def _language_name(code: str) -> str:
    if code == PSEUDO:
        return code
    return str(Locale.parse(code).get_display_name(SOURCE if code == SOURCE else code))
