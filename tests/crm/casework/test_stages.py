"""An opportunity comes to a stage of the funnel once, and what showed it then stays on record."""

from __future__ import annotations

import pytest

from crmlab.crm import tables
from crmlab.crm.casework import cases as crm
from crmlab.crm.store.sandbox import Sandbox
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case, SendBack
from crmlab.simulation.colleagues import right_action


@pytest.fixture(scope="module")
def sale() -> Procedure:
    return load("lead_to_cash")


def at_step(sandbox: Sandbox, sale: Procedure, step: str) -> Case:
    case = crm.open_practice_case(sandbox, sale, "L-2003")
    while case.step != step:
        case = crm.apply(sandbox, sale, case, right_action(sale, case)).case
    return case


def evidence(sandbox: Sandbox, case: Case, stage: str) -> list[str | None]:
    with sandbox.read() as session:
        entries = session.query(tables.StageEntry).filter_by(
            opportunity_id=case.records["opportunity"], stage=stage
        )
        return [entry.evidence for entry in entries]


def test_what_showed_a_stage_is_not_rewritten_when_its_step_is_done_again(
    sandbox: Sandbox, sale: Procedure
) -> None:
    case = at_step(sandbox, sale, "approve_by_manager")
    (first,) = evidence(sandbox, case, "proposal")
    back = SendBack(
        seat="sales_manager",
        step="approve_by_manager",
        to="quote",
        reason="Please say why.",
        at=case.last_moment,
    )
    case = crm.apply(sandbox, sale, case, back).case
    again = right_action(sale, case)
    again = again.model_copy(update={"fields": {**again.fields, "cover_note": "Another reason."}})
    crm.apply(sandbox, sale, case, again)
    assert first != "Another reason."
    assert evidence(sandbox, case, "proposal") == [first]


def test_a_stage_that_came_about_in_another_way_gets_its_entry(
    sandbox: Sandbox, sale: Procedure
) -> None:
    case = at_step(sandbox, sale, "quote")
    with sandbox.write("move", subject=case.case_id, at=case.last_moment) as session:
        key = case.records["opportunity"]
        session.get_one(tables.Opportunity, key).stage = "proposal"
        for entry in session.query(tables.StageEntry).filter_by(opportunity_id=key):
            session.delete(entry)
    crm.apply(sandbox, sale, case, right_action(sale, case))
    assert len(evidence(sandbox, case, "proposal")) == 1
