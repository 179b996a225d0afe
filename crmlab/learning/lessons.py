"""The lessons there are, in the order of their paths, and how far a learner is with each.

A lesson is known by the `crmlab` part of its notebook's metadata, and by nothing else:

    "crmlab": {"number": "10", "title": "One complaint, five desks", "minutes": 30,
               "for": ["complaint path"], "path": "complaint", "outcome": "...", "summary": "..."}

A lesson that belongs to two paths names both (`"path": ["complaint", "management"]`) and stands in
both; it is taken once, where it comes first.

What is not written yet is not listed. A lesson that teaches procedures names them (`"procedure":
"complaint"`); those that no lesson names can be practised without one. A page that is no lesson
says so: `"crmlab": {"page": true, "title": "..."}`; one that tells a manager in two minutes what a
lesson is about names that lesson: `"briefing": "23"`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, PositiveInt, StringConstraints, ValidationError
from pydantic import Field as Setting

from crmlab import places
from crmlab.learning.progress import Progress
from crmlab.learning.runs import Flow, flow
from crmlab.procedures.conditions import Data
from crmlab.procedures.names import Text
from crmlab.text import gettext as _
from crmlab.text import ngettext

START = "start"
"""The path of the shelf itself."""

PATHS = ("complaint", "sales", "management", "data", "project", "everyone", "training")
"""The paths in the order they stand on the shelf; a path of your own comes after them."""


def path_title(path: str) -> str:
    """What a path is called; one of your own is called as it is written."""
    known = {
        "complaint": _("Complaint path"),
        "sales": _("Sales path"),
        "management": _("For managers"),
        "data": _("For data stewards"),
        "project": _("For the project lead"),
        "everyone": _("For everyone"),
        "training": _("For trainers and experts"),
    }
    return known.get(path) or _(path)


def _as_list(value: Any) -> Any:
    if value is None:
        return []
    return [value] if isinstance(value, str) else value


class About(Data):
    """What a notebook says about its lesson.

    Attributes:
        number: never changes; progress is kept under it.
        paths: the paths it belongs to, mostly one. The shelf itself is `start`, and does not list
            itself.
        teaches: the procedures that it teaches.
    """

    number: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
    title: Text
    minutes: PositiveInt
    for_: Annotated[list[Text], BeforeValidator(_as_list), Setting(alias="for")] = []
    outcome: str = ""
    paths: Annotated[list[Text], BeforeValidator(_as_list), Setting(alias="path")] = []
    summary: str = ""
    teaches: Annotated[list[Text], BeforeValidator(_as_list), Setting(alias="procedure")] = []


@dataclass(frozen=True)
class Lesson:
    """A lesson that exists."""

    about: About
    file: str

    @property
    def number(self) -> str:
        return self.about.number


@dataclass(frozen=True)
class Lessons:
    """All lessons of a folder.

    Attributes:
        faults: a sentence for each notebook whose metadata is not understood.
        pages: the notebooks that are not lessons.
        briefings: those of them that brief managers, by the number of their lesson.
    """

    listed: tuple[Lesson, ...]
    faults: tuple[str, ...]
    pages: tuple[str, ...] = ()
    briefings: Mapping[str, str] = field(default_factory=dict)

    def paths(self) -> dict[str, list[Lesson]]:
        """The lessons by path, in the order of the shelf."""
        named = {path for lesson in self.listed for path in lesson.about.paths} - {START}
        order = [*PATHS, *sorted(named - set(PATHS))]
        found = {p: [lesson for lesson in self.listed if p in lesson.about.paths] for p in order}
        return {path: lessons for path, lessons in found.items() if lessons}

    def taught(self) -> set[str]:
        """The procedures that a lesson teaches."""
        return {name for lesson in self.listed for name in lesson.about.teaches}

    def in_order(self) -> list[Lesson]:
        """The lessons as one would take them: path by path, each of them once."""
        every = [lesson for lessons in self.paths().values() for lesson in lessons]
        return list({lesson.number: lesson for lesson in every}.values())


def read_lessons(folder: Path | None = None) -> Lessons:
    """The lessons in a folder, by number. A notebook that says nothing of one is no lesson."""
    listed, faults, pages = [], [], []
    briefings: dict[str, str] = {}
    for path in sorted((folder or places.NOTEBOOKS).glob("*.ipynb")):
        try:
            metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
            about = metadata.get("crmlab")
            if isinstance(about, dict) and about.get("page"):
                pages.append(path.name)
                if about.get("briefing"):
                    briefings[str(about["briefing"])] = path.name
            elif about is not None:
                listed.append(Lesson(About.model_validate(about), path.name))
        except ValidationError as fault:
            names = ", ".join(".".join(map(str, e["loc"])) or "crmlab" for e in fault.errors())
            faults.append(
                _(
                    "{file} is not on the shelf: check {names} in its metadata under 'crmlab'."
                ).format(file=path.name, names=names)
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            faults.append(
                _("{file} is not on the shelf: it cannot be read as a notebook.").format(
                    file=path.name
                )
            )
    by_number = sorted(listed, key=lambda lesson: lesson.number)
    return Lessons(tuple(by_number), tuple(faults), tuple(pages), briefings)


class Stage(StrEnum):
    """How far somebody is with a lesson."""

    NOT_STARTED = "not_started"
    UNDER_WAY = "under_way"
    DONE = "done"
    INDEPENDENT = "independent"


@dataclass(frozen=True)
class LessonState:
    """How far a learner is with one lesson, or with a procedure that has none.

    Attributes:
        done, of: steps of the lesson: its questions answered rightly and its tasks done. `of` is
            0 until the lesson has been opened.
        flow: the seats of its procedure, if it has one.
        touched: when something was last done in it, to order lessons that are under way.
    """

    stage: Stage
    done: int
    of: int
    flow: Flow
    touched: str

    @property
    def share(self) -> float:
        """What the meter shows, from 0 to 1: the steps done; the seats passed if there are none."""
        if self.of:
            return min(1.0, self.done / self.of)
        seats = self.flow.seats.values()
        return sum(seat.passed for seat in seats) / len(seats) if seats else 0.0

    def sentence(self) -> str:
        """The state in words."""
        if self.stage is Stage.NOT_STARTED:
            return _("not started")
        told = []
        if self.flow.seats:
            passed = sum(seat.passed for seat in self.flow.seats.values())
            told.append(
                ngettext(
                    "sat in {n} of {m} seat", "sat in {n} of {m} seats", len(self.flow.seats)
                ).format(n=passed, m=len(self.flow.seats))
            )
        if self.of:
            told.append(
                ngettext("{n} of {m} part done", "{n} of {m} parts done", self.of).format(
                    n=self.done, m=self.of
                )
            )
        return " · ".join(told) or _("begun")


COUNTED = ("quiz", "task")
"""The keys that are steps of a lesson."""


def set_parts(progress: Progress, lesson: str, part: str, names: list[str]) -> None:
    """Remember of which steps a part of a lesson consists, so that the shelf need not ask its bank.

    Args:
        part: `quiz` or `task`.
    """
    known = progress.state(lesson, f"part/{part}")
    if known is None or known.value.get("of") != names:
        progress.note(lesson, f"part/{part}", {"of": names})


def lesson_state(progress: Progress, lesson: str) -> LessonState:
    """How far the learner is with a lesson, by its number, or with a procedure, by its name."""
    states = progress.states(lesson)
    steps = [
        f"{part}/{name}"
        for part in COUNTED
        for name in (states[f"part/{part}"].value["of"] if f"part/{part}" in states else [])
    ]
    # A question once answered rightly and a task once done stay so, whatever is tried later.
    done = sum(1 for key in steps if key in states and states[key].value.get("done"))
    way = flow(progress, lesson)
    tried = [s for key, s in states.items() if not key.startswith("part/")]
    if (steps or way.seats) and done == len(steps) and (way.passed or not way.seats):
        stage = Stage.INDEPENDENT if way.independent else Stage.DONE
    else:
        stage = Stage.UNDER_WAY if tried else Stage.NOT_STARTED
    touched = max((s.at.isoformat() for s in tried), default="")
    return LessonState(stage, done, len(steps), way, touched)


def next_lesson(
    lessons: Lessons, states: dict[str, LessonState]
) -> tuple[Lesson, LessonState] | None:
    """The next step: what is under way, else what is new, else what is not independent yet.

    Returns:
        None when there is nothing left to recommend.
    """
    order = [(lesson, states[lesson.number]) for lesson in lessons.in_order()]
    under_way = [pair for pair in order if pair[1].stage is Stage.UNDER_WAY]
    if under_way:
        return max(under_way, key=lambda pair: pair[1].touched)
    for stage in (Stage.NOT_STARTED, Stage.DONE):
        for lesson, state in order:
            if state.stage is stage and (stage is Stage.NOT_STARTED or state.flow.seats):
                return lesson, state
    return None
