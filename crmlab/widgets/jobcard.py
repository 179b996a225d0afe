"""The job card: one printable page for a seat, made from the procedure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from crmlab.procedures import Procedure, load
from crmlab.text import gettext as _
from crmlab.widgets.live import Live, shows_trouble
from crmlab.widgets.pressing import Forms
from crmlab.widgets.telling import seat_view


class JobCard(Live):
    """A card to hang beside the screen: the seat's steps, their deadlines and their cautions.

    Args:
        procedure: a shipped procedure's name, a path, or a procedure that is loaded.
        seat: whose card is shown first; by default the first seat's.
    """

    template: ClassVar[str] = "jobcard.html"

    @shows_trouble
    def __init__(self, procedure: str | Path | Procedure, seat: str | None = None) -> None:
        super().__init__()
        self.procedure = procedure if isinstance(procedure, Procedure) else load(procedure)
        self.seat = seat if seat in self.procedure.seats else next(iter(self.procedure.seats))
        self.draw()

    def context(self) -> dict[str, Any]:
        steps = [self._step(name) for name in self.procedure.steps_of(self.seat)]
        return {
            "title": _(self.procedure.title),
            "seats": [
                vars(seat_view(self.procedure, seat)) | {"here": seat == self.seat}
                for seat in self.procedure.seats
            ],
            "seat": seat_view(self.procedure, self.seat),
            "steps": steps,
            "critical": any(item["critical"] for step in steps for item in step["cautions"]),
        }

    def _step(self, name: str) -> dict[str, Any]:
        step = self.procedure.steps[name]
        return {
            "number": self.procedure.number(name),
            "title": _(step.title),
            "deadline": step.deadline_hours,
            "why": _(step.why),
            "fields": [_(field.label) for field in step.fields.values()],
            "hands_on": _(step.hands_on),
            "cautions": [
                {"title": _(mistake.title), "right": _(mistake.right), "critical": mistake.critical}
                for mistake in self.procedure.mistakes_of(name).values()
            ],
        }

    def do_seat(self, _forms: Forms, seat: str) -> str:
        """Show another seat's card."""
        self.seat = seat
        return ""
