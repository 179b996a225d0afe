"""The shipped complaint procedure: it fits together, and each of its slips hurts somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import start_set, tables
from crmlab.crm.cases import facts_of
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case, SendBack
from crmlab.procedures.conditions import Raw, holds
from crmlab.procedures.engine import CaseWorld, act
from crmlab.procedures.walk import (
    by_the_procedure,
    hand_over_right,
    opened_case,
    rehearse,
    right_fields,
    usual_pace,
    wrong_fields,
)
from crmlab.procedures.wording import fill

SEATS = [
    "service_agent",
    "quality_engineer",
    "warehouse_lead",
    "account_manager",
    "service_manager",
]
STEPS = [
    "register",
    "acknowledge",
    "assess",
    "contain",
    "investigate",
    "propose_remedy",
    "approve_remedy",
    "communicate_decision",
    "carry_out",
    "correct_and_prevent",
    "verify_and_close",
]
NAMED_IN_THE_TASK = {
    "wrong_batch",
    "severity_understated",
    "no_acknowledgement",
    "duplicate_case",
    "symptom_for_cause",
    "remedy_promised_early",
    "invalid_claim_promised",
    "category_other",
    "closed_without_word",
    "no_prevention_note",
    "late_acknowledgement",
    "late_approval",
}

Open = Callable[[str], Case]


@pytest.fixture(scope="module")
def facts(complaint: Procedure) -> Iterator[Callable[[str], dict[str, Raw]]]:
    engine = create_engine("sqlite://")
    tables.Base.metadata.create_all(engine)
    with Session(engine) as session:
        start_set.fill(session)
        session.flush()
        yield lambda case_id: facts_of(session, complaint, case_id)


@pytest.fixture
def opened(complaint: Procedure, facts: Callable[[str], dict[str, Raw]]) -> Open:
    return lambda case_id: opened_case(complaint, case_id, facts(case_id))


def with_mistake(
    procedure: Procedure, case: Case, name: str, *, deaf_to_a_no: bool = False
) -> Case | None:
    """The case, closed with this one mistake in it; None where the case gives no room for it.

    What the CRM will not close is sent back and put right, as somebody at the desk would do it.
    An offer that the customer refuses is made anew, unless the account manager is deaf to a no.
    """
    mistake, made = procedure.mistakes[name], False
    pace = usual_pace(procedure)

    def late(now: Case) -> tuple[float, float]:
        return procedure.steps[mistake.step].deadline_hours + 1, 0.5

    while case.step is not None:
        note = case.values.get("correct_and_prevent", {}).get("prevention_note", "not yet due")
        if case.step == "verify_and_close" and note is None:
            back = SendBack(
                seat="service_manager",
                step="verify_and_close",
                to="correct_and_prevent",
                reason="The prevention note is missing.",
                at=STANDARD.add(case.visit.entered_at, 1),
            )
            case = act(procedure, case, back).case
        elif case.step == mistake.step and not made:
            fields = wrong_fields(procedure, case, name)
            result = hand_over_right(
                procedure, case, pace if mistake.example else late, fields=fields
            )
            case, made = result.case, True
            if name not in {slip.mistake for slip in result.slips}:
                return None
        else:
            fields = right_fields(procedure, case)
            if case.step == "communicate_decision" and deaf_to_a_no:
                fields["customer_answer"] = "accepted"
            case = hand_over_right(procedure, case, pace, fields=fields).case
    return case if made else None


def shown(procedure: Procedure, case: Case, step: str) -> list[str]:
    """Where the evidence comes from that the desk shows at a step, as the case stands."""
    world = CaseWorld(procedure, case, step)
    evidence = procedure.steps[step].evidence
    return [seen.by for seen in evidence if seen.when is None or holds(seen.when, world)]


def test_five_seats_and_eleven_steps(complaint: Procedure) -> None:
    assert list(complaint.seats) == SEATS
    assert list(complaint.steps) == STEPS
    assert all(complaint.steps_of(seat) for seat in SEATS)


def test_it_has_the_mistakes_that_the_task_asks_for(complaint: Procedure) -> None:
    assert len(complaint.mistakes) >= 24
    assert set(complaint.mistakes) >= NAMED_IN_THE_TASK
    per_step = Counter(mistake.step for mistake in complaint.mistakes.values())
    assert all(per_step[step] >= 2 for step in STEPS), per_step
    assert 6 <= sum(mistake.critical for mistake in complaint.mistakes.values()) <= 8


def test_every_step_can_be_done_from_what_one_sees(complaint: Procedure) -> None:
    for name, step in complaint.steps.items():
        assert 3 <= len(step.fields) <= 6, name
        assert step.evidence, name
        assert 2 <= len(step.hints) <= 3, name
        assert step.wait_hours + step.work_hours < step.deadline_hours, name
        for field_name, field in step.fields.items():
            assert field.help, f"{name}.{field_name}"
            assert field.right is not None, f"{name}.{field_name}"


def test_every_desk_sees_something_in_every_case(complaint: Procedure, opened: Open) -> None:
    for case_id in complaint.cases:
        case = by_the_procedure(complaint, opened(case_id))
        for step in case.done:
            assert shown(complaint, case, step), f"{case_id}: {step}"


def test_the_customer_gives_one_answer_whatever_slipped(complaint: Procedure, opened: Open) -> None:
    for name in complaint.mistakes:
        for case_id in complaint.cases:
            case = with_mistake(complaint, opened(case_id), name)
            if case is not None:
                answers = Counter(
                    by
                    for step in ("communicate_decision", "verify_and_close")
                    for by in shown(complaint, case, step)
                )
                assert answers["The customer's answer"] == 1, f"{case_id}: {name}"
                assert answers["Your call to the customer"] == 1, f"{case_id}: {name}"


def test_every_seat_feels_something_several_times(complaint: Procedure) -> None:
    consequences = chain.from_iterable(m.consequences for m in complaint.mistakes.values())
    felt = Counter(consequence.seat for consequence in consequences)
    assert set(felt) == set(SEATS)
    assert min(felt.values()) >= 5, felt


def test_most_slips_land_on_somebody_elses_desk(complaint: Procedure) -> None:
    for name, mistake in complaint.mistakes.items():
        own = complaint.steps[mistake.step].seat
        assert any(c.seat != own for c in mistake.consequences), name
        assert 1 <= len(mistake.consequences) <= 4, name
        for consequence in mistake.consequences:
            costs = (
                consequence.hours
                + consequence.cost
                + consequence.repeat_complaint
                + consequence.lose_customer
            )
            assert costs > 0, name
            assert consequence.hours <= 12, name
            assert consequence.lose_customer <= 0.25, name


def test_what_was_missed_can_be_noticed_later_and_never_earlier(complaint: Procedure) -> None:
    for name, mistake in complaint.mistakes.items():
        here = complaint.number(mistake.step)
        assert all(complaint.number(step) > here for step in mistake.noticed_at), name


def test_right_and_wrong_can_be_played_in_the_practice_cases(
    complaint: Procedure, facts: Callable[[str], dict[str, Raw]]
) -> None:
    assert list(rehearse(complaint, facts)) == []


@pytest.mark.parametrize(
    ("case_id", "left_out"),
    [
        ("C-1042", set()),
        ("C-1039", {"approve_remedy"}),
        (
            "C-1044",
            {"contain", "investigate", "propose_remedy", "approve_remedy", "carry_out"},
        ),
        ("C-1047", {"contain", "approve_remedy"}),
    ],
)
def test_each_case_takes_its_own_way(
    complaint: Procedure, opened: Open, case_id: str, left_out: set[str]
) -> None:
    case = by_the_procedure(complaint, opened(case_id))
    assert [visit.step for visit in case.visits] == [s for s in STEPS if s not in left_out]
    assert not case.slips
    assert all(visit.done_at and visit.done_at <= visit.due_at for visit in case.visits)


def test_the_procedure_keeps_its_own_promises(complaint: Procedure, opened: Open) -> None:
    """The customer hears from us by the day that was named, and has the goods by theirs."""
    for case_id in complaint.cases:
        case = by_the_procedure(complaint, opened(case_id))
        done = {v.step: f"{STANDARD.local(v.done_at):%Y-%m-%d}" for v in case.visits if v.done_at}
        assert done["communicate_decision"] <= str(case.facts["next_contact"]), case_id
        if "carry_out" in done:
            assert done["carry_out"] == case.facts["deliver_by"], case_id
        assert done["correct_and_prevent"] <= str(case.facts["action_due"]), case_id
        assert str(case.facts["action_due"]) <= done["verify_and_close"], case_id


def test_each_mistake_lands_whole_in_some_case(complaint: Procedure, opened: Open) -> None:
    for name, mistake in complaint.mistakes.items():
        played = [
            with_mistake(complaint, opened(case_id), name, deaf_to_a_no=deaf)
            for case_id in complaint.cases
            for deaf in (False, True)
        ]
        landed = [
            {felt.part for felt in case.felt if felt.mistake == name} for case in played if case
        ]
        assert landed, f"{name} cannot be made"
        assert all(landed), f"{name} costs nobody anything in one of the cases"
        assert max(map(len, landed)) == len(mistake.consequences), name


def test_a_mistake_comes_alone(complaint: Procedure, opened: Open) -> None:
    for name in complaint.mistakes:
        for case_id in complaint.cases:
            case = with_mistake(complaint, opened(case_id), name)
            if case is not None:
                assert {slip.mistake for slip in case.slips} == {name}, case_id


def test_a_wrong_batch_blocks_the_wrong_stock(complaint: Procedure, opened: Open) -> None:
    case = with_mistake(complaint, opened("C-1042"), "wrong_batch")
    assert case is not None
    assert case.values["contain"]["batch_blocked"] == "B-2203"
    assert {felt.seat for felt in case.felt} == set(SEATS) - {"service_agent"}
    first = complaint.mistakes["wrong_batch"].consequences[0]
    assert fill(first.what, CaseWorld(complaint, case, "register")) == (
        "Blocked B-2203, which is sound. B-2230 stayed on the rack and went on to Jinhe Paper."
    )


def test_understated_severity_skips_containment(complaint: Procedure, opened: Open) -> None:
    case = with_mistake(complaint, opened("C-1042"), "severity_understated")
    assert case is not None
    assert "contain" not in case.done


def test_a_cost_that_was_left_out_slips_under_the_limit(complaint: Procedure, opened: Open) -> None:
    case = with_mistake(complaint, opened("C-1042"), "cost_left_out")
    assert case is not None
    assert "approve_remedy" not in case.done


def test_a_no_that_the_customer_does_not_accept_is_assessed_again(
    complaint: Procedure, opened: Open
) -> None:
    case = with_mistake(complaint, opened("C-1042"), "valid_claim_refused")
    assert case is not None
    assert [visit.step for visit in case.visits].count("assess") == 2
    assert case.values["assess"]["valid"] is True
    assert "carry_out" in case.done


def test_a_fault_that_was_not_mended_is_heard_in_the_last_call(
    complaint: Procedure, opened: Open
) -> None:
    mended = complaint.steps["verify_and_close"].evidence[1]
    assert mended.when is not None
    for name in ("symptom_for_cause", "sent_from_same_batch"):
        case = with_mistake(complaint, opened("C-1042"), name)
        assert case is not None
        assert not holds(mended.when, CaseWorld(complaint, case, "verify_and_close")), name


def test_every_placeholder_is_filled_in_every_case(complaint: Procedure, opened: Open) -> None:
    for case_id in complaint.cases:
        case = by_the_procedure(complaint, opened(case_id))
        texts = [e.says for step in complaint.steps.values() for e in step.evidence]
        for mistake in complaint.mistakes.values():
            texts += [text for c in mistake.consequences for text in (c.what, c.why)]
        for text in texts:
            assert "{" not in fill(text, CaseWorld(complaint, case, "register")), text


def test_a_no_that_becomes_a_yes_late_is_talked_over_again(
    complaint: Procedure, opened: Open
) -> None:
    """A new way that a correction opens is gone to its end: what stood on the old ground is redone."""
    case, pace = opened("C-1042"), usual_pace(complaint)
    while case.step != "verify_and_close":
        fields = right_fields(complaint, case)
        if case.step == "assess":
            fields["valid"] = False
        if case.step == "communicate_decision":
            fields["customer_answer"] = "accepted"
        case = hand_over_right(complaint, case, pace, fields=fields).case
    back = SendBack(
        seat="service_manager",
        step="verify_and_close",
        to="assess",
        reason="The data sheet says otherwise.",
        at=STANDARD.add(case.visit.entered_at, 1),
    )
    case = act(complaint, case, back).case
    after = [visit.step for visit in by_the_procedure(complaint, case).visits]
    again = after[after.index("verify_and_close") + 1 :]
    assert again == STEPS[STEPS.index("assess") :]
