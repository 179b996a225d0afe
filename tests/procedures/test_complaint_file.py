"""The shipped complaint procedure: it fits together, and each of its slips hurts somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import chain

import pytest

from crmlab.calendar import STANDARD
from crmlab.crm.store.sandbox import passing_sandbox
from crmlab.errors import Refused
from crmlab.practice.session import Practice
from crmlab.practice.trial import case_for_trial
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case, SendBack
from crmlab.procedures.conditions import holds
from crmlab.procedures.engine import act, may_send_back_to
from crmlab.procedures.names import PLACEHOLDER
from crmlab.procedures.walk import (
    Pace,
    by_the_procedure,
    hand_over_right,
    rehearse,
    right_fields,
    usual_pace,
    wrong_fields,
)
from crmlab.procedures.wording import fill
from crmlab.procedures.world import CaseWorld
from crmlab.simulation.colleagues import right_action
from crmlab.simulation.draws import drawn_pace

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
def opened(complaint: Procedure) -> Open:
    """A practice case as it lies on the first desk; one that follows another, after that one."""
    on_the_desk = {case_id: case_for_trial(complaint, case_id) for case_id in complaint.cases}
    return on_the_desk.__getitem__


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
            try:
                result = hand_over_right(
                    procedure, case, pace if mistake.example else late, fields=fields
                )
            except Refused:
                return None
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
    complaint: Procedure, opened: Open
) -> None:
    assert list(rehearse(complaint, lambda case_id: opened(case_id).facts)) == []


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
        ("C-1080", {"approve_remedy"}),
    ],
)
def test_each_case_takes_its_own_way(
    complaint: Procedure, opened: Open, case_id: str, left_out: set[str]
) -> None:
    case = by_the_procedure(complaint, opened(case_id))
    assert [visit.step for visit in case.visits] == [s for s in STEPS if s not in left_out]
    assert not case.slips
    assert all(visit.done_at and visit.done_at <= visit.due_at for visit in case.visits)


def kept(case: Case) -> list[bool]:
    """Whether the customer heard from us, had the remedy and so on by the days that were named."""
    done = {v.step: f"{STANDARD.local(v.done_at):%Y-%m-%d}" for v in case.visits if v.done_at}
    return [
        done["communicate_decision"] <= str(case.values["acknowledge"]["next_contact"]),
        done.get("carry_out", "") <= str(case.values.get("propose_remedy", {}).get("deliver_by")),
        done["correct_and_prevent"] <= str(case.values["correct_and_prevent"]["due_on"]),
        str(case.values["correct_and_prevent"]["due_on"]) <= done["verify_and_close"],
    ]


@pytest.mark.parametrize("pace", [usual_pace, drawn_pace])
def test_the_procedure_keeps_its_own_promises(
    complaint: Procedure, opened: Open, pace: Callable[[Procedure], Pace]
) -> None:
    for case_id in complaint.cases:
        case = by_the_procedure(complaint, opened(case_id), pace(complaint))
        assert all(kept(case)), f"{case_id}: {kept(case)}"
        assert not case.slips, case_id
        assert all(visit.done_at and visit.done_at <= visit.due_at for visit in case.visits)


def test_a_case_that_is_found_overdue_can_still_keep_its_promises(
    complaint: Procedure, opened: Open
) -> None:
    template = complaint.cases["C-1039"]
    case, drawn = opened("C-1039"), drawn_pace(complaint)

    def found(now: Case) -> tuple[float, float]:
        wait, work = drawn(now)
        return max(wait, template.found_after_hours), work

    while case.step is not None:
        pace = found if case.step == template.found_at else drawn
        case = hand_over_right(complaint, case, pace).case
    late = [v.step for v in case.visits if v.done_at is None or v.done_at > v.due_at]
    assert late == ["assess"]
    assert all(kept(case)), kept(case)
    assert not case.slips


def test_a_promise_in_three_working_days_is_just_in_time(complaint: Procedure) -> None:
    for case_id, case in complaint.cases.items():
        came_in, contact, last = (
            date.fromisoformat(str(case.facts[name]))
            for name in ("received_on", "next_contact", "month_later")
        )
        assert STANDARD.local(case.opened_at).date() == came_in, case_id
        days = [came_in + timedelta(days=n) for n in range(1, (contact - came_in).days + 1)]
        working = [day for day in days if STANDARD.is_working_day(day)]
        assert len(working) == 3, case_id
        assert working[-1] == contact, case_id
        closed = [f"{day}" for day in days if not STANDARD.is_working_day(day)]
        assert all(day in str(case.facts["closed_days"]) for day in closed), case_id
        for day in str(case.facts["closed_days"]).split(", "):
            assert not STANDARD.is_working_day(date.fromisoformat(day)), case_id
        assert last > date.fromisoformat(str(case.facts["deliver_by"])), case_id


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2026-05-11", "cannot lie before"),
        ("2027-05-15", "more than a month"),
        ("2026-05-16", "closed on that day"),
    ],
)
def test_a_day_of_contact_that_cannot_be_meant_is_refused(
    complaint: Procedure, opened: Open, day: str, told: str
) -> None:
    case, pace = opened("C-1042"), usual_pace(complaint)
    case = hand_over_right(complaint, case, pace).case
    fields = {**right_fields(complaint, case), "next_contact": day}
    with pytest.raises(Refused) as refusal:
        hand_over_right(complaint, case, pace, fields=fields)
    assert told in refusal.value.fields["next_contact"]


def test_a_broken_promise_is_heard_in_the_last_call(complaint: Procedure, opened: Open) -> None:
    late = with_mistake(complaint, opened("C-1039"), "promise_broken")
    assert late is not None
    assert {felt.seat for felt in late.felt} == {
        "service_agent",
        "account_manager",
        "service_manager",
    }
    assert "nothing came" in heard(complaint, late)
    kept_to = heard(complaint, by_the_procedure(complaint, opened("C-1039")))
    assert "you kept to the day" in kept_to


def heard(procedure: Procedure, case: Case) -> str:
    """All that the desk shows at the last step."""
    world = CaseWorld(procedure, case, "verify_and_close")
    seen = procedure.steps["verify_and_close"].evidence
    return " ".join(fill(e.says, world) for e in seen if e.when is None or holds(e.when, world))


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
    assert case.values["verify_and_close"]["blocked_stock"] == "release", "it is sound"
    assert {felt.seat for felt in case.felt} == set(SEATS) - {"service_agent"}
    first = complaint.mistakes["wrong_batch"].consequences[0]
    assert fill(first.what, CaseWorld(complaint, case, "register")) == (
        "Blocked B-2203, which is sound. B-2230 stayed on the rack and went on to Jinhe Paper."
    )


def test_nothing_is_said_about_a_block_where_nothing_is_blocked(
    complaint: Procedure, opened: Open
) -> None:
    case = with_mistake(complaint, opened("C-1047"), "wrong_batch")
    assert case is not None
    assert {felt.seat for felt in case.felt} == {"quality_engineer", "service_manager"}


def test_what_becomes_of_blocked_stock_is_told_at_the_cage(
    complaint: Procedure, opened: Open
) -> None:
    settled = {}
    for case_id in complaint.cases:
        case = by_the_procedure(complaint, opened(case_id))
        settled[case_id] = case.values["verify_and_close"]["blocked_stock"]
        assert shown(complaint, case, "verify_and_close").count("Cage 2 in the warehouse") == 1
    assert settled == {
        "C-1042": "return",
        "C-1039": "release",
        "C-1044": "nothing",
        "C-1047": "nothing",
        "C-1080": "release",
    }


@pytest.mark.parametrize(("case_id", "wrong"), [("C-1042", "nothing"), ("C-1047", "leave")])
def test_stock_that_is_not_there_cannot_be_decided_about(
    complaint: Procedure, opened: Open, case_id: str, wrong: str
) -> None:
    case, pace = opened(case_id), usual_pace(complaint)
    while case.step != "verify_and_close":
        case = hand_over_right(complaint, case, pace).case
    fields = {**right_fields(complaint, case), "blocked_stock": wrong}
    with pytest.raises(Refused) as refusal:
        hand_over_right(complaint, case, pace, fields=fields)
    assert set(refusal.value.fields) == {"blocked_stock"}


def test_without_a_prevention_note_the_way_back_is_told(complaint: Procedure, opened: Open) -> None:
    case, pace = opened("C-1047"), usual_pace(complaint)
    while case.step != "verify_and_close":
        fields = right_fields(complaint, case)
        if case.step == "correct_and_prevent":
            fields["prevention_note"] = None
        case = hand_over_right(complaint, case, pace, fields=fields).case
    with pytest.raises(Refused) as refusal:
        hand_over_right(complaint, case, pace)
    assert refusal.value.fields == {}
    title = complaint.steps["correct_and_prevent"].title
    assert f"Send the case back to “{title}”" in str(refusal.value)


def test_whoever_warns_everybody_puts_a_wrong_count_right(
    complaint: Procedure, opened: Open
) -> None:
    case, pace = opened("C-1042"), usual_pace(complaint)
    while case.step != "investigate":
        fields = right_fields(complaint, case)
        fields.update(
            {"assess": {"exposed_customers": 1}, "contain": {"customers_warned": 4}}.get(
                case.step or "", {}
            )
        )
        case = hand_over_right(complaint, case, pace, fields=fields).case
    assert [slip.mistake for slip in case.slips] == ["other_customers_missed"]
    assert case.slips[0].corrected_at
    assert not case.felt


def test_later_desks_have_the_customers_words_from_the_first_one_alone(
    complaint: Procedure,
) -> None:
    for name, step in complaint.steps.items():
        assert not any("fact.symptom" in seen.says for seen in step.evidence), name
    for name in ("assess", "contain", "investigate", "propose_remedy"):
        assert "register.description" in complaint.steps[name].reads, name


def test_no_help_gives_an_answer_away(complaint: Procedure, opened: Open) -> None:
    answers = {
        str(value)
        for case_id in complaint.cases
        for fields in by_the_procedure(complaint, opened(case_id)).values.values()
        for value in fields.values()
        if isinstance(value, str) and any(letter.isdigit() for letter in value)
    }
    assert {"SO-20871-2", "B-2230", "36000.00", "2026-05-22"} <= answers
    for step in complaint.steps.values():
        for told in chain.from_iterable((f.help, f.pattern_help) for f in step.fields.values()):
            assert not [answer for answer in answers if answer in told], told


def test_what_a_consequence_quotes_has_been_entered_by_then(complaint: Procedure) -> None:
    for name, mistake in complaint.mistakes.items():
        for felt in mistake.consequences:
            at = len(STEPS) if felt.at == "closing" else complaint.number(felt.at)
            for step, _field in PLACEHOLDER.findall(felt.what + felt.why):
                assert step == "fact" or complaint.number(step) <= at, f"{name}: {step}"


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
    for name in ("symptom_for_cause", "sent_from_same_batch"):
        case = with_mistake(complaint, opened("C-1042"), name)
        assert case is not None
        assert "the very same fault" in heard(complaint, case), name
        assert str(case.facts["closing_call"]) not in heard(complaint, case), name


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


def test_a_no_that_becomes_a_yes_late_is_not_talked_over_before_there_is_a_proposal(
    complaint: Procedure, opened: Open
) -> None:
    """The talk about the no is done, but it comes after the proposal now, not before it."""
    case, pace = opened("C-1044"), usual_pace(complaint)
    while case.step != "correct_and_prevent":
        case = hand_over_right(complaint, case, pace).case
    assert "propose_remedy" not in case.done, "it was a no"
    back = SendBack(
        seat="quality_engineer",
        step="correct_and_prevent",
        to="assess",
        reason="Is it not our fault after all?",
        at=STANDARD.add(case.visit.entered_at, 1),
    )
    case = act(complaint, case, back).case
    while case.step != "propose_remedy":
        fields = right_fields(complaint, case)
        if case.step == "assess":
            fields["valid"] = True
        case = hand_over_right(complaint, case, pace, fields=fields).case
    assert "communicate_decision" in case.done
    assert "communicate_decision" not in may_send_back_to(case)
    assert by_the_procedure(complaint, case).closed_at


def complained_about(batch_written: bool) -> Case:
    """C-1080 in the sandbox in which its goods were sold, at the desk of the warehouse."""
    sale, complaint = load("lead_to_cash"), load("complaint")
    with passing_sandbox() as sandbox:
        selling = Practice(sale, sandbox, cases=["L-2080"])
        case = selling.open("L-2080")
        while case.step is not None:
            action = right_action(sale, case)
            if case.step == "pick_and_ship" and not batch_written:
                action = action.model_copy(update={"fields": {**action.fields, "batch_no": None}})
            case = selling.do(case, action).case
        complaining = Practice(complaint, sandbox, cases=["C-1080"])
        after = complaining.open("C-1080")
        assert case.closed_at is not None
        assert after.opened_at > case.closed_at
        while after.step != "contain":
            after = complaining.do(after, right_action(complaint, after)).case
        return after


def evidence(procedure: Procedure, case: Case, step: str) -> dict[str, str]:
    world = CaseWorld(procedure, case, step)
    seen = procedure.steps[step].evidence
    return {e.by: fill(e.says, world) for e in seen if e.when is None or holds(e.when, world)}


def test_a_complaint_finds_the_batch_that_was_written_down_when_its_goods_left(
    complaint: Procedure,
) -> None:
    case = complained_about(batch_written=True)
    for step in ("register", "assess"):
        assert "batch D-4108" in evidence(complaint, case, step)["The shipment in the CRM"]
    assert "Stock in the CRM" not in evidence(complaint, case, "contain")


def test_a_batch_that_nobody_wrote_down_is_missed_by_the_complaint_about_it(
    complaint: Procedure,
) -> None:
    case = complained_about(batch_written=False)
    for step in ("register", "assess"):
        told = evidence(complaint, case, step)["The shipment in the CRM"]
        assert "left empty" in told
        assert "D-4108" not in told
    assert "30 pieces" in evidence(complaint, case, "contain")["Stock in the CRM"]
    assert case.facts["pieces_in_house"] == 22


def test_what_was_shipped_is_shown_only_where_the_case_comes_out_of_a_sale(
    complaint: Procedure, opened: Open
) -> None:
    sold_before = [name for name, case in complaint.cases.items() if case.follows is None]
    assert sold_before == ["C-1042", "C-1039", "C-1044", "C-1047"]
    for case_id in sold_before:
        case = opened(case_id)
        for step in ("register", "assess", "contain"):
            seen = evidence(complaint, case, step)
            assert not {"The shipment in the CRM", "Stock in the CRM"} & set(seen), case_id


def test_a_complaint_about_a_sale_speaks_of_the_goods_that_were_sold(
    complaint: Procedure, opened: Open
) -> None:
    case = complaint.cases["C-1080"]
    assert case.follows
    sold = load(case.follows.procedure).cases[case.follows.case].facts
    made, left = int(str(sold["batch_made"])), int(str(sold["quantity"]))
    assert case.facts["pieces_to_cover"] == left
    assert case.facts["pieces_in_house"] == made - left
    street = str(sold["site_address"]).rpartition(",")[0].casefold()
    assert street in str(case.facts["delivery_wish"]).casefold()
    for told in ("stock_count", "stock_mail"):
        assert str(sold["new_batch"]) in str(case.facts[told])
    facts = opened("C-1080").facts
    assert facts["product"] == sold["new_name"]
    assert facts["batch_no"] == facts["shipped_batch"] == sold["new_batch"]
    assert facts["stock_on_record"] == case.facts["pieces_in_house"]
