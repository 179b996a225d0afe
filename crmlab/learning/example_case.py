"""A case to take names and numbers from, so that a question speaks of pumps and not of fields."""

from __future__ import annotations

from crmlab.practice.trial import case_for_trial, stages, with_slip
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case
from crmlab.procedures.wording import fill
from crmlab.procedures.world import CaseWorld


class ExampleCases:
    """The practice cases of a procedure, played right or with one slip, when first asked for."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self._opened: dict[str, Case] = {}
        self._slipped: dict[tuple[str, str], Case | None] = {}

    def right(self, case_id: str | None = None) -> Case:
        """A case carried to its close by the procedure."""
        return stages(self.procedure, self._open(case_id or next(iter(self.procedure.cases))))[-1]

    def with_mistake(self, mistake: str, case_id: str | None = None) -> Case | None:
        """A case in which a mistake was made, the first where it can be; None if there is none."""
        for candidate in [case_id] if case_id else self.procedure.cases:
            key = (candidate, mistake)
            if key not in self._slipped:
                opened = self._open(candidate)
                self._slipped[key] = with_slip(self.procedure, opened, mistake)
            if self._slipped[key] is not None:
                return self._slipped[key]
        return None

    def told(self, text: str, case: Case, step: str) -> str:
        """A text of the procedure, with the case's names and numbers in it."""
        return fill(text, CaseWorld(self.procedure, case, step))

    def _open(self, case_id: str) -> Case:
        if case_id not in self._opened:
            self._opened[case_id] = case_for_trial(self.procedure, case_id)
        return self._opened[case_id]
