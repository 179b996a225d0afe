"""An opportunity comes to a stage of the funnel once, and what showed it then stays on record; it
is closed when it is won or lost, and not when its case has come to the money."""

from __future__ import annotations

from datetime import datetime

import pytest

from crmlab.crm import tables
from crmlab.crm.casework import cases as crm
from crmlab.crm.store.sandbox import Sandbox
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case, SendBack
from crmlab.simulation.colleagues import right_action


def opportunity(sandbox: Sandbox, case: Case) -> tuple[str, str | None, datetime | None]:
    with sandbox.read() as session:
        row = session.get_one(tables.Opportunity, case.records["opportunity"])
        return row.outcome, row.stage, row.closed_at


def hand_over(sandbox: Sandbox, sale: Procedure, case: Case, **fields: str | bool | None) -> Case:
    action = right_action(sale, case)
    action = action.model_copy(update={"fields": {**action.fields, **fields}})
    return crm.apply(sandbox, sale, case, action).case


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


def entries(sandbox: Sandbox, case: Case) -> list[tuple[str, str | None]]:
    """The stages that it came to, in their order, with what showed each."""
    with sandbox.read() as session:
        found = session.query(tables.StageEntry).filter_by(
            opportunity_id=case.records["opportunity"]
        )
        return [(row.stage, row.evidence) for row in found.order_by(tables.StageEntry.entry_id)]


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


@pytest.mark.parametrize("to", ["capture_lead", "qualify_lead", "explore_needs", "quote"])
def test_work_that_is_sent_back_leaves_the_opportunity_where_it_stands(
    sandbox: Sandbox, sale: Procedure, to: str
) -> None:
    case = at_step(sandbox, sale, "win_order")
    stands, entered = opportunity(sandbox, case), entries(sandbox, case)
    back = SendBack(
        seat="sales_representative",
        step="win_order",
        to=to,
        reason="Please look at this once more.",
        at=case.last_moment,
    )
    case = crm.apply(sandbox, sale, case, back).case
    assert opportunity(sandbox, case) == stands
    while case.step != "win_order":
        case = hand_over(sandbox, sale, case)
        assert opportunity(sandbox, case) == stands
    assert entries(sandbox, case) == entered
    case = hand_over(sandbox, sale, case)
    assert entries(sandbox, case)[:-1] == entered
    assert [stage for stage, _shown in entries(sandbox, case)] == list(sale.stages)


def test_what_shows_a_stage_can_be_given_when_its_step_is_done_again(
    sandbox: Sandbox, sale: Procedure
) -> None:
    case = at_step(sandbox, sale, "qualify_lead")
    case = hand_over(sandbox, sale, case, shown_by=None)
    assert evidence(sandbox, case, "qualified") == [None]
    case = hand_over(sandbox, sale, case)
    back = SendBack(
        seat="data_steward",
        step="match_item",
        to="qualify_lead",
        reason="What shows it?",
        at=case.last_moment,
    )
    case = crm.apply(sandbox, sale, case, back).case
    case = hand_over(sandbox, sale, case)
    (shown,) = evidence(sandbox, case, "qualified")
    assert shown == case.values["qualify_lead"]["shown_by"]
    assert opportunity(sandbox, case)[1] == "needs"


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


def test_what_is_won_is_closed_with_the_order_and_its_case_goes_on(
    sandbox: Sandbox, sale: Procedure
) -> None:
    case = at_step(sandbox, sale, "win_order")
    assert opportunity(sandbox, case) == ("open", "proposal", None)
    case = hand_over(sandbox, sale, case)
    won_at = case.latest_hand_over
    assert opportunity(sandbox, case) == ("won", "won", won_at)
    while case.step is not None:
        case = hand_over(sandbox, sale, case)
    assert case.closed_at is not None
    assert case.closed_at > won_at
    assert opportunity(sandbox, case) == ("won", "won", won_at), "the money is no second closing"


def test_an_order_that_is_talked_over_again_was_won_when_it_was_won(
    sandbox: Sandbox, sale: Procedure
) -> None:
    case = at_step(sandbox, sale, "enter_order")
    won_at = opportunity(sandbox, case)[2]
    back = SendBack(
        seat="inside_sales",
        step="enter_order",
        to="win_order",
        reason="Which day?",
        at=case.last_moment,
    )
    case = crm.apply(sandbox, sale, case, back).case
    case = hand_over(sandbox, sale, case)
    assert case.latest_hand_over > won_at
    assert opportunity(sandbox, case) == ("won", "won", won_at)


def test_what_is_lost_is_closed_when_it_is_lost(sandbox: Sandbox, sale: Procedure) -> None:
    case = at_step(sandbox, sale, "win_order")
    empty = dict.fromkeys(("order_number", "ordered_on", "deliver_by", "promise_from"))
    case = hand_over(sandbox, sale, case, result="lost", **empty)
    assert case.closed_at is not None
    assert opportunity(sandbox, case) == ("lost", "proposal", case.closed_at)


def test_a_lead_that_is_no_lead_is_closed_with_the_no(sandbox: Sandbox, sale: Procedure) -> None:
    case = at_step(sandbox, sale, "qualify_lead")
    case = hand_over(sandbox, sale, case, qualified=False)
    assert case.closed_at is not None
    assert opportunity(sandbox, case) == ("lost", "lead", case.closed_at)
