"""Rehearsing a procedure file before anybody sits down to it: do its cases and mistakes fit?"""

from __future__ import annotations

from crmlab.crm.casework.facts import facts_of
from crmlab.crm.casework.fitting import misfits
from crmlab.crm.store.sandbox import passing_sandbox
from crmlab.errors import CrmlabError, ProcedureError
from crmlab.practice.ground import lay_ground
from crmlab.procedures import Procedure
from crmlab.procedures.walk import rehearse


def rehearse_with_records(procedure: Procedure) -> None:
    """Play every case right and every mistake once, with facts read from a fresh sandbox.

    Raises:
        ProcedureError: a line for each misfit.
    """
    faults = list(misfits(procedure))
    if faults:
        raise ProcedureError("\n".join(faults))
    try:
        with passing_sandbox() as sandbox:
            for case in procedure.cases:
                lay_ground(sandbox, procedure, case)
            with sandbox.read() as session:
                facts = {case: facts_of(session, procedure, case) for case in procedure.cases}
        faults.extend(rehearse(procedure, facts.__getitem__))
    except CrmlabError as fault:
        faults.append(str(fault))
    if faults:
        raise ProcedureError("\n".join(faults))
