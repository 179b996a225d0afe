"""What the conditions of a procedure can ask of a case."""

from __future__ import annotations

from dataclasses import dataclass

from crmlab.calendar import STANDARD
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Condition, Raw
from crmlab.procedures.figures import PLACES, work_out
from crmlab.procedures.schema import Procedure


@dataclass(frozen=True)
class CaseWorld:
    """What the conditions of a procedure can ask of a case, seen from the step `here`."""

    procedure: Procedure
    case: Case
    here: str

    def field(self, reference: str) -> Raw:
        step, name = self.procedure.split(reference, self.here)
        return self.case.values.get(step, {}).get(name)

    def fact(self, name: str) -> Raw:
        return self.case.live.get(name, self.case.facts.get(name))

    def figure(self, name: str) -> Raw:
        found = work_out(self.procedure.figures[name], self)
        return None if found is None else f"{found.quantize(PLACES).normalize():f}"

    def record(self, name: str) -> Raw:
        return self.case.records.get(name)

    def moment(self) -> Raw:
        return self.case.latest_hand_over.isoformat()

    def choices(self, condition: Condition) -> list[str]:
        """The choices, lowest first, that `above` and `below` rank by; empty for other types."""
        for reference in self._fields_of(condition):
            found = self.procedure.field(reference, self.here)
            if found and found.choices:
                return found.choice_values()
        return []

    def _fields_of(self, condition: Condition) -> list[str]:
        if condition.field:
            return [condition.field]
        fact = self.procedure.facts.get(condition.fact or "")
        return [fact.like] if fact and fact.like else []

    def late(self, step: str) -> bool:
        return any(v.done_at and v.done_at > v.due_at for v in self.case.visits_to(step))

    def done_on(self, step: str) -> str:
        """The day (ISO) on which the step was last handed over; empty if it was not yet."""
        done = [v.done_at for v in self.case.visits_to(step) if v.done_at and not v.sent_back]
        return f"{STANDARD.local(done[-1]):%Y-%m-%d}" if done else ""

    def visited(self, step: str) -> bool:
        return any(v.done_at and not v.sent_back for v in self.case.visits_to(step))
