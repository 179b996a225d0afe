"""Desks: which of a procedure's somebody works unaided, over all lessons that practise it.

A desk is a seat of a procedure, whether or not a lesson's cases come to it. Its work counts
wherever it was done: a run in one lesson and a run in another are two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from crmlab.learning.progress import Progress
from crmlab.learning.runs import RUNS_TO_INDEPENDENCE


@dataclass(frozen=True)
class Desks:
    """The desks of one procedure.

    Attributes:
        title, desks: what the procedure and its seats are called, in the procedure's order.
        unaided: the desks that are worked unaided.
    """

    title: str
    desks: list[str]
    unaided: list[str]

    @property
    def missing(self) -> list[str]:
        return [name for name in self.desks if name not in self.unaided]


def desks(progress: Progress, lessons: Iterable[str]) -> list[Desks]:
    """The desks of every procedure in which the learner has closed a case.

    Args:
        lessons: lessons by their numbers, and procedures without a lesson by their names.
    """
    known: dict[str, dict[str, str]] = {}
    titles: dict[str, str] = {}
    unaided: Counter[tuple[str, str]] = Counter()
    for lesson in lessons:
        part = progress.state(lesson, "part/seats")
        sat_in = progress.states(lesson, "seat/")
        for name, about in (part.value.get("desks", {}) if part else {}).items():
            here = [seat for seat in about["seats"] if f"seat/{seat}" in sat_in]
            if not here:
                continue
            known[name], titles[name] = about["seats"], about["title"]
            for seat in here:
                unaided[name, seat] += sat_in[f"seat/{seat}"].value.get("unaided", 0)
    return [
        Desks(
            titles[name],
            list(seats.values()),
            [told for seat, told in seats.items() if unaided[name, seat] >= RUNS_TO_INDEPENDENCE],
        )
        for name, seats in known.items()
    ]
