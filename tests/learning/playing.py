"""Playing a case and keeping progress of it, as the desk does."""

from __future__ import annotations

from collections.abc import Mapping

from crmlab.learning.progress import Progress
from crmlab.learning.runs import Run, note_case
from crmlab.practice.session import Practice
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Raw
from crmlab.procedures.walk import right_fields

Wrong = Mapping[str, Mapping[str, Raw]]


def play(
    practice: Practice,
    progress: Progress,
    case_id: str,
    *,
    to: str | None = None,
    wrong: Wrong | None = None,
    hints: Mapping[str, int] | None = None,
) -> Case:
    """Hand over step by step, right but for `wrong` (step: fields), up to a step or the close."""
    case = practice.case(case_id)
    while case.step is not None and case.step != to:
        fields = {**right_fields(practice.procedure, case), **(wrong or {}).get(case.step, {})}
        case = practice.hand_over(case, fields).case
        note_case(progress, "10", practice, case, hints)
    return case


def last_run(progress: Progress, case_id: str) -> Run:
    states = progress.states("10", f"case/{case_id}/")
    return Run.model_validate(list(states.values())[-1].value)
