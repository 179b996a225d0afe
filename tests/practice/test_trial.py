"""A case played without a sandbox: right, with one slip, and the rehearsal of a whole file."""

from __future__ import annotations

import pytest

from crmlab.errors import ProcedureError
from crmlab.practice.rehearsal import rehearse_with_records
from crmlab.practice.trial import case_for_trial, slips_possible, stages, with_slip
from crmlab.procedures import Procedure, loads
from tests.tiny import spoilt, tiny


def test_the_stages_of_a_case_done_by_the_procedure() -> None:
    case = case_for_trial(tiny(), "T-1")
    seen = stages(tiny(), case)
    assert [stage.step for stage in seen] == ["ask", "lend", "check", "back", None]
    assert seen[0] == case


def test_facts_come_from_the_records_of_the_case(complaint: Procedure) -> None:
    case = case_for_trial(complaint, "C-1042")
    assert case.facts["product"]
    assert case.facts["batch_no"] == complaint.cases["C-1042"].records["batch"]


def test_every_mistake_of_the_complaint_can_be_made_in_some_case(complaint: Procedure) -> None:
    made: set[str] = set()
    for case_id in complaint.cases:
        cases = slips_possible(complaint, case_for_trial(complaint, case_id))
        assert all(case.closed_at for case in cases.values())
        made |= set(cases)
    assert made == set(complaint.mistakes)


def test_a_slip_that_the_case_gives_no_room_for_is_none() -> None:
    procedure = loads(spoilt("facts: {ladder: long}", "facts: {ladder: short}"))
    assert with_slip(procedure, case_for_trial(procedure, "T-1"), "short_ladder") is None
    assert slips_possible(procedure, case_for_trial(procedure, "T-1")) == {}


def test_the_shipped_procedure_and_the_tiny_one_fit_together(complaint: Procedure) -> None:
    rehearse_with_records(complaint)
    rehearse_with_records(tiny())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("right: 3}", "right: 12}", "the right entries of step 'ask' are refused"),
        ("example: {ladder: short}", "example: {ladder: long}", "cannot be made in any practice"),
        ("like: lend.ladder}", "record: batch.in_stok}", "no column of batch 'in_stok'"),
        ("facts: {ladder: long}}", "facts: {ladder: long}, records: {batch: B-0}}", None),
    ],
)
def test_what_does_not_fit_together_is_told(old: str, new: str, said: str | None) -> None:
    procedure = loads(spoilt(old, new))
    if said is None:
        rehearse_with_records(procedure)
        return
    with pytest.raises(ProcedureError, match=said):
        rehearse_with_records(procedure)


def test_a_record_that_the_start_set_lacks_is_told() -> None:
    procedure = loads(
        spoilt(
            "facts: {ladder: long}}",
            "records: {batch: B-0}}",
            spoilt("like: lend.ladder}", "record: batch.batch_no}"),
        )
    )
    with pytest.raises(ProcedureError, match="no batch 'B-0', which the case is about"):
        rehearse_with_records(procedure)
