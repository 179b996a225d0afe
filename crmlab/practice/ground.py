"""What has to have happened in a sandbox before a case can begin."""

from __future__ import annotations

from crmlab.crm.casework import cases as crm
from crmlab.crm.store.sandbox import Sandbox
from crmlab.procedures import Procedure, load
from crmlab.simulation.colleagues import right_action


def lay_ground(sandbox: Sandbox, procedure: Procedure, case_id: str) -> None:
    """Bring the case that this one follows to its close, with the right entry everywhere."""
    follows = procedure.cases[case_id].follows
    if follows is None:
        return
    earlier = load(follows.procedure)
    lay_ground(sandbox, earlier, follows.case)
    case = crm.open_practice_case(sandbox, earlier, follows.case)
    while case.step is not None:
        case = crm.apply(sandbox, earlier, case, right_action(earlier, case)).case
