"""A case to take names and numbers from, so that a question speaks of pumps and not of fields."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from crmlab.crm.cases import facts_of
from crmlab.crm.sandbox import open_sandbox
from crmlab.errors import Refused
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Raw
from crmlab.procedures.engine import CaseWorld
from crmlab.procedures.walk import (
    by_the_procedure,
    hand_over_right,
    opened_case,
    usual_pace,
    wrong_fields,
)
from crmlab.procedures.wording import fill


class ExampleCases:
    """The practice cases of a procedure, played right or with one mistake, when first asked for."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self._facts: dict[str, dict[str, Raw]] | None = None
        self._played: dict[tuple[str, str], Case] = {}

    def right(self, case_id: str | None = None) -> Case:
        """A case carried to its close by the procedure."""
        return self._play(case_id or next(iter(self.procedure.cases)), "")

    def with_mistake(self, mistake: str, case_id: str | None = None) -> Case | None:
        """A case in which a mistake was made, the first where it can be; None if there is none."""
        for candidate in [case_id] if case_id else self.procedure.cases:
            case = self._play(candidate, mistake)
            if any(slip.mistake == mistake for slip in case.slips):
                return case
        return None

    def told(self, text: str, case: Case, step: str) -> str:
        """A text of the procedure, with the case's names and numbers in it."""
        return fill(text, CaseWorld(self.procedure, case, step))

    def _play(self, case_id: str, mistake: str) -> Case:
        if (case_id, mistake) not in self._played:
            case = opened_case(self.procedure, case_id, self._facts_of(case_id))
            if mistake:
                case = self._slip(case, mistake)
            if not mistake or case.slips:
                case = by_the_procedure(self.procedure, case)
            self._played[case_id, mistake] = case
        return self._played[case_id, mistake]

    def _slip(self, case: Case, mistake: str) -> Case:
        """The case after the step at which the mistake is made, or where it can no longer be."""
        procedure, pace = self.procedure, usual_pace(self.procedure)
        about = procedure.mistakes[mistake]
        while case.step is not None and case.step != about.step:
            case = hand_over_right(procedure, case, pace).case
        if case.step is None:
            return case
        if about.example:
            fields = wrong_fields(procedure, case, mistake)
            try:
                return hand_over_right(procedure, case, pace, fields=fields).case
            except Refused:  # in this case the CRM would not let it pass
                return case
        hours = procedure.steps[about.step].deadline_hours + 1
        return hand_over_right(procedure, case, lambda _case: (hours, 0.25)).case

    def _facts_of(self, case_id: str) -> dict[str, Raw]:
        """The facts of a case, those that stand in the CRM's records included."""
        if self._facts is None:
            if not any(fact.record for fact in self.procedure.facts.values()):
                self._facts = {name: dict(c.facts) for name, c in self.procedure.cases.items()}
            else:
                self._facts = self._read_facts()
        return self._facts[case_id]

    def _read_facts(self) -> dict[str, dict[str, Raw]]:
        with TemporaryDirectory(prefix="crmlab-", ignore_cleanup_errors=True) as folder:
            sandbox = open_sandbox("examples", folder=Path(folder))
            try:
                with sandbox.read() as session:
                    return {
                        name: facts_of(session, self.procedure, name)
                        for name in self.procedure.cases
                    }
            finally:
                sandbox.close()
