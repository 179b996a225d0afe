"""Watch: one case by the procedure, a step at a time. And break it: the same with one slip."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from crmlab.calendar import STANDARD
from crmlab.errors import Refused
from crmlab.practice.debrief import debrief
from crmlab.practice.trial import case_for_trial, slips_possible, stages
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case
from crmlab.procedures.wording import show
from crmlab.procedures.world import CaseWorld
from crmlab.text import gettext as _
from crmlab.widgets.live import Live, shows_trouble
from crmlab.widgets.pressing import Forms
from crmlab.widgets.step_view import WRITTEN, evidence_view
from crmlab.widgets.swimlane import swimlane
from crmlab.widgets.telling import groups_of_mistakes, seat_view, tell


class Walkthrough(Live):
    """A worked example: press on through a case that goes by the procedure.

    Args:
        procedure: a shipped procedure's name, a path, or a procedure that is loaded.
        case: which of its practice cases.
    """

    template: ClassVar[str] = "walkthrough.html"

    @shows_trouble
    def __init__(self, procedure: str | Path | Procedure, case: str) -> None:
        super().__init__()
        self.procedure = procedure if isinstance(procedure, Procedure) else load(procedure)
        self.stages = stages(self.procedure, case_for_trial(self.procedure, case))
        self.story = _(self.procedure.cases[case].story)
        self.at = 0
        self.draw()

    def context(self) -> dict[str, Any]:
        case = self.stages[self.at]
        after = self.stages[self.at + 1] if self.at + 1 < len(self.stages) else None
        return {
            "case": {"id": case.case_id, "title": _(case.title)},
            "story": self.story,
            "lane": swimlane(self.procedure, case),
            "number": self.at + 1,
            "total": len(self.stages) - 1,
            "step": self._step(case, after) if after else None,
            "ending": tell(self.procedure, debrief(self.procedure, case)) if not after else None,
        }

    def _step(self, case: Case, after: Case) -> dict[str, Any]:
        assert case.step is not None
        step = self.procedure.steps[case.step]
        world = CaseWorld(self.procedure, case, case.step)
        visit = after.visits[len(case.visits) - 1]
        assert visit.done_at is not None  # the case has gone on from here
        return {
            "title": _(step.title),
            "seat": seat_view(self.procedure, step.seat),
            "why": _(step.why),
            "evidence": evidence_view(step, world),
            "entries": [
                {
                    "label": _(field.label),
                    "value": show(field, after.values[case.step].get(name)),
                    "raw": field.type in WRITTEN,
                }
                for name, field in step.fields.items()
            ],
            "hands_on": _(step.hands_on),
            "done_at": visit.done_at,
            "took": STANDARD.between(visit.entered_at, visit.done_at),
        }

    def do_next(self, _forms: Forms) -> str:
        """On to the next step."""
        self.at = min(self.at + 1, len(self.stages) - 1)
        return ""

    def do_back(self, _forms: Forms) -> str:
        """Back to the step before."""
        self.at = max(self.at - 1, 0)
        return ""

    def do_first(self, _forms: Forms) -> str:
        """From the beginning."""
        self.at = 0
        return ""


class BreakIt(Live):
    """Make a typical mistake on purpose and see what it costs whom.

    Args:
        procedure: a shipped procedure's name, a path, or a procedure that is loaded.
        case: which of its practice cases.
        mistake: the one that is chosen at first; by default the first of the file.
    """

    template: ClassVar[str] = "break_it.html"

    @shows_trouble
    def __init__(
        self, procedure: str | Path | Procedure, case: str, mistake: str | None = None
    ) -> None:
        super().__init__()
        self.procedure = procedure if isinstance(procedure, Procedure) else load(procedure)
        self.ended = slips_possible(self.procedure, case_for_trial(self.procedure, case))
        if not self.ended:
            raise Refused(_("The procedure names no mistake that can be made in this case."))
        self.mistake = mistake if mistake in self.ended else next(iter(self.ended))
        self.draw()

    def context(self) -> dict[str, Any]:
        chosen = self.procedure.mistakes[self.mistake]
        return {
            "groups": groups_of_mistakes(self.procedure, self.ended),
            "chosen": self.mistake,
            "seat": seat_view(self.procedure, self.procedure.steps[chosen.step].seat),
            "told": tell(self.procedure, debrief(self.procedure, self.ended[self.mistake])),
        }

    def do_choose(self, forms: Forms) -> str:
        """Make the mistake that is chosen."""
        chosen = forms.get("mistake", {}).get("mistake")
        if chosen in self.ended:
            self.mistake = str(chosen)
        return ""
