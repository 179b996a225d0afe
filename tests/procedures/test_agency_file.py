"""The agency of five: a procedure that is a file and nothing else, and keeps what it promises."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest

from crmlab.calendar import STANDARD
from crmlab.crm.casework.desks import holders
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Refused
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Raw, holds
from crmlab.procedures.names import PLACEHOLDER, RESERVED
from crmlab.procedures.walk import (
    Pace,
    by_the_procedure,
    hand_over_right,
    opened_case,
    rehearse,
    right_fields,
    stated_facts,
    usual_pace,
    wrong_fields,
)
from crmlab.procedures.wording import fill
from crmlab.procedures.world import CaseWorld
from crmlab.simulation.draws import drawn_pace

STEPS = [
    "take_brief",
    "make_offer",
    "collect_advance",
    "make_draft",
    "get_release",
    "order_printing",
    "check_proof",
    "take_delivery",
    "send_invoice",
    "look_back",
]
NAMED_IN_THE_TASK = {
    "brief_by_word_of_mouth",
    "no_written_release",
    "wrong_file_sent",
    "address_of_last_job",
    "deadline_not_passed_on",
    "signature_forgotten",
    "outside_cost_not_written_down",
    "holiday_overlooked",
}
LOOPS = 60
"""Steps after which a case goes round in a circle."""


@pytest.fixture(scope="module")
def agency() -> Procedure:
    return load("agency")


def opened(procedure: Procedure, case_id: str) -> Case:
    return opened_case(procedure, case_id, stated_facts(procedure)(case_id))


def played(
    procedure: Procedure, case_id: str, slip: str | None = None, *, careless: bool = False
) -> Case | None:
    """A case to its close: by the procedure, or with one slip; None where there is no room for it.

    With `careless`, every proof is waved through.
    """
    case, pace, made = opened(procedure, case_id), usual_pace(procedure), slip is None
    mistake = procedure.mistakes[slip] if slip else None
    for _count in range(LOOPS):
        if case.step is None:
            return case if made else None
        fields = right_fields(procedure, case)
        if careless and case.step == "check_proof":
            seen = case.values["get_release"]["file_seen"]
            fields.update(file_on_proof=seen, verdict="go")
        if mistake and not made and case.step == mistake.step:
            fields = wrong_fields(procedure, case, str(slip))
        try:
            result = hand_over_right(procedure, case, pace, fields=fields)
        except Refused:
            return None
        made = made or slip in {new.mistake for new in result.slips}
        case = result.case
    raise AssertionError(f"{case_id} with {slip} goes round at {case.step}")


def shown(procedure: Procedure, case: Case, step: str) -> list[tuple[str, str]]:
    """What the desk shows at a step, as the case stands: from where, and what."""
    world = CaseWorld(procedure, case, step)
    evidence = procedure.steps[step].evidence
    return [
        (fill(seen.by, world), fill(seen.says, world))
        for seen in evidence
        if seen.when is None or holds(seen.when, world)
    ]


def told_at(procedure: Procedure, case: Case, step: str) -> str:
    return " ".join(says for _by, says in shown(procedure, case, step))


def test_five_seats_have_two_steps_each(agency: Procedure) -> None:
    assert list(agency.steps) == STEPS
    assert len(agency.seats) == 5
    assert all(len(agency.steps_of(seat)) == 2 for seat in agency.seats)


def test_nobody_of_the_practice_company_sits_at_its_desks(
    agency: Procedure, sandbox: Sandbox
) -> None:
    with sandbox.read() as session:
        assert not [seat for seat in agency.seats if holders(session, seat)]


def test_it_needs_nothing_of_the_crm(agency: Procedure) -> None:
    assert agency.about is None
    assert not any(fact.record for fact in agency.facts.values())
    assert not any(seat.holder for seat in agency.seats.values())
    for step in agency.steps.values():
        assert not step.sets
        assert not step.books
        assert not any(f.record or f.writes or f.near for f in step.fields.values())
    for case in agency.cases.values():
        assert not case.records
        assert set(case.facts) == set(agency.facts)


def test_right_and_wrong_can_be_played_from_the_file_alone(agency: Procedure) -> None:
    assert list(rehearse(agency)) == []


def test_it_has_the_mistakes_of_a_small_agency(agency: Procedure) -> None:
    assert 18 <= len(agency.mistakes) <= 24
    assert set(agency.mistakes) >= NAMED_IN_THE_TASK
    assert {mistake.step for mistake in agency.mistakes.values()} == set(STEPS)
    assert sum(mistake.critical for mistake in agency.mistakes.values()) == 6


def test_every_slip_lands_on_somebody_elses_desk(agency: Procedure) -> None:
    for name, mistake in agency.mistakes.items():
        own = agency.steps[mistake.step].seat
        assert any(c.seat != own for c in mistake.consequences), name
        assert 2 <= len(mistake.consequences) <= 4, name
        for felt in mistake.consequences:
            assert felt.hours + felt.cost + felt.lose_customer > 0, name
            assert felt.hours <= 8, name
            assert felt.lose_customer <= 0.15, name


def test_every_seat_feels_what_the_others_do(agency: Procedure) -> None:
    felt = Counter(
        consequence.seat
        for mistake in agency.mistakes.values()
        for consequence in mistake.consequences
        if consequence.seat != agency.steps[mistake.step].seat
    )
    assert all(felt[seat] >= 5 for seat in agency.seats), felt


def test_every_step_can_be_done_from_what_one_sees(agency: Procedure) -> None:
    for name, step in agency.steps.items():
        assert 3 <= len(step.fields) <= 6, name
        assert 2 <= len(step.hints) <= 3, name
        assert step.wait_hours + step.work_hours < step.deadline_hours, name
        for field_name, field in step.fields.items():
            assert field.help, f"{name}.{field_name}"
            assert field.right is not None, f"{name}.{field_name}"
    for case_id in agency.cases:
        case = by_the_procedure(agency, opened(agency, case_id))
        for step_name in case.done:
            assert shown(agency, case, step_name), f"{case_id}: {step_name}"


CORRECTED = ["make_draft", "get_release"]


@pytest.mark.parametrize(
    ("case_id", "way"),
    [
        ("A-301", [*STEPS[:5], *CORRECTED, *STEPS[5:]]),
        ("A-302", [*STEPS[:7], "order_printing", "check_proof", *STEPS[7:]]),
        ("A-303", [*STEPS[:5], *CORRECTED, *STEPS[5:]]),
    ],
)
def test_each_case_takes_its_own_way(agency: Procedure, case_id: str, way: list[str]) -> None:
    case = by_the_procedure(agency, opened(agency, case_id))
    assert [visit.step for visit in case.visits] == way
    assert not case.slips


def as_found(procedure: Procedure, case_id: str, pace: Pace) -> Case:
    """The case by the procedure, after lying where it is found for as long as the file says."""
    template, case = procedure.cases[case_id], opened(procedure, case_id)

    def found(now: Case) -> tuple[float, float]:
        wait, work = pace(now)
        first = now.step == template.found_at and len(now.visits_to(now.step or "")) == 1
        return (max(wait, template.found_after_hours), work) if first else (wait, work)

    while case.step is not None:
        case = hand_over_right(procedure, case, found).case
    return case


@pytest.mark.parametrize(
    ("case_id", "late"), [("A-301", []), ("A-302", []), ("A-303", ["get_release"])]
)
def test_by_the_procedure_the_named_days_are_kept(
    agency: Procedure, case_id: str, late: list[str]
) -> None:
    case = as_found(agency, case_id, drawn_pace(agency))
    facts = agency.cases[case_id].facts
    drafts = [STANDARD.local(v.done_at) for v in case.visits_to("make_draft") if v.done_at]
    came = STANDARD.local(case.visits_to("take_delivery")[0].done_at or case.opened_at)
    assert f"{drafts[0]:%Y-%m-%d}" <= str(facts["draft_by"])
    assert f"{came:%Y-%m-%d}" == facts["ready_on"], "the van comes on the day in the order"
    assert str(facts["ready_on"]) <= str(facts["needed_on"]) < str(facts["event_on"])
    assert [v.step for v in case.visits if v.done_at and v.done_at > v.due_at] == late
    assert not case.slips, "who finds it late has not slipped"


def test_a_waiting_signature_becomes_a_slip_when_nobody_signs_in_time(agency: Procedure) -> None:
    case, pace = opened(agency, "A-302"), usual_pace(agency)
    case = hand_over_right(agency, case, pace).case

    def too_late(_now: Case) -> tuple[float, float]:
        return agency.steps["make_offer"].deadline_hours, 1

    result = hand_over_right(agency, case, too_late)
    assert [slip.mistake for slip in result.slips] == ["signature_forgotten"]


def test_a_mistake_comes_alone(agency: Procedure) -> None:
    for name in agency.mistakes:
        for case_id in agency.cases:
            case = played(agency, case_id, name)
            if case is not None:
                assert {slip.mistake for slip in case.slips} == {name}, case_id


def test_each_mistake_lands_whole_in_some_case(agency: Procedure) -> None:
    for name, mistake in agency.mistakes.items():
        landed = [
            {felt.part for felt in case.felt if felt.mistake == name}
            for case_id in agency.cases
            for careless in (False, True)
            if (case := played(agency, case_id, name, careless=careless))
        ]
        assert landed, f"{name} cannot be made"
        assert max(map(len, landed)) == len(mistake.consequences), name


def test_in_the_first_case_no_slip_is_put_right_unfelt(agency: Procedure) -> None:
    made = {name: played(agency, "A-301", name) for name in agency.mistakes}
    possible = {name: case for name, case in made.items() if case}
    assert set(made) - set(possible) == {"proof_waved_through"}, "its proof is right"
    assert all(case.felt for case in possible.values())


def test_the_proof_stops_a_wrong_file_before_it_is_printed(agency: Procedure) -> None:
    caught = played(agency, "A-301", "wrong_file_sent")
    printed = played(agency, "A-301", "wrong_file_sent", careless=True)
    assert caught
    assert printed
    assert caught.values["order_printing"]["file_sent"] == "FAIR_v2"
    assert printed.values["order_printing"]["file_sent"] == "FAIR_v1"
    assert {slip.mistake for slip in printed.slips} == {"wrong_file_sent", "proof_waved_through"}
    assert sum(f.cost for f in caught.felt) < 1000 < 9000 < sum(f.cost for f in printed.felt)
    assert "still the old number" in told_at(agency, printed, "take_delivery")
    assert "still the old number" not in told_at(agency, caught, "take_delivery")


def test_a_name_read_from_the_proof_lets_no_wrong_file_through(agency: Procedure) -> None:
    case, pace = opened(agency, "A-301"), usual_pace(agency)
    while case.step != "check_proof":
        fields = right_fields(agency, case)
        if case.step == "order_printing":
            fields["file_sent"] = "FAIR_v1"
        case = hand_over_right(agency, case, pace, fields=fields).case
    fields = {**right_fields(agency, case), "verdict": "go"}
    with pytest.raises(Refused) as refusal:
        hand_over_right(agency, case, pace, fields=fields)
    assert "not the file that the customer has released" in refusal.value.fields["verdict"]


def test_an_old_name_for_a_new_file_goes_back_to_the_draft(agency: Procedure) -> None:
    case = played(agency, "A-303", "old_name_for_new_file")
    assert case
    assert [v.step for v in case.visits].count("make_draft") == 3
    assert case.values["make_draft"]["file"] == "DENTIST_v2"
    assert case.slips[0].corrected_at


def test_the_proof_in_case_a_302_is_wrong_although_the_file_is_right(agency: Procedure) -> None:
    case, pace = opened(agency, "A-302"), usual_pace(agency)
    seen = []
    while case.step is not None:
        if case.step == "check_proof":
            seen.append(told_at(agency, case, "check_proof"))
        case = hand_over_right(agency, case, pace).case
    assert ["one line too low" in told for told in seen] == [True, False]
    assert str(case.values["order_printing"]["put_right"]).startswith("Page 3")


@pytest.mark.parametrize(
    ("step", "entries", "field", "told"),
    [
        ("take_brief", {"needed_on": "2026-06-01"}, "needed_on", "Nobody can print by then"),
        ("make_offer", {"price": 20000, "advance": 10000}, "price", "less than 30 of every 100"),
        ("make_offer", {"advance": 14499}, "advance", "half in advance"),
        ("make_offer", {"advance": 30000}, "advance", "more than the whole price"),
        ("collect_advance", {"asked_for": 9000}, "asked_for", "another advance"),
        ("collect_advance", {"draft_by": "2026-06-15"}, "draft_by", "too late for the printers"),
        ("collect_advance", {"draft_by": "2026-05-15"}, "draft_by", "gone by already"),
        ("make_draft", {"new_since": "A new colour"}, "new_since", "has not seen a draft yet"),
        ("make_draft", {"file": "catalogue final"}, "file", "such as CARD_v3"),
        ("get_release", {"file_seen": "FAIR_v9"}, "file_seen", "latest file is another one"),
        ("get_release", {"changes": None}, "changes", "has to guess"),
        ("order_printing", {"deliver_on": "2026-06-30"}, "deliver_on", "later than the customer"),
        ("order_printing", {"deliver_on": "2026-05-30"}, "deliver_on", "gone by already"),
        ("order_printing", {"put_right": "Bluer"}, "put_right", "no proof yet"),
        ("send_invoice", {"balance": 29000}, "balance", "Take the advance off"),
        ("look_back", {"kept": "unknown"}, "kept", "so it can be known"),
        ("look_back", {"kept": "less"}, "kept", "as much has stayed"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    agency: Procedure, step: str, entries: dict[str, Raw], field: str, told: str
) -> None:
    case, pace = opened(agency, "A-301"), usual_pace(agency)
    while case.step != step:
        case = hand_over_right(agency, case, pace).case
    with pytest.raises(Refused) as refusal:
        hand_over_right(agency, case, pace, fields={**right_fields(agency, case), **entries})
    assert told in refusal.value.fields[field]


def test_what_stays_in_the_house_is_worked_out(agency: Procedure) -> None:
    told = {
        case_id: told_at(agency, by_the_procedure(agency, opened(agency, case_id)), "look_back")
        for case_id in agency.cases
    }
    assert "was to leave us 44.83 % of the price" in told["A-301"]
    assert "it is 44.83 %" in told["A-301"]
    assert "was to leave us 53.19 % of the price" in told["A-303"]
    assert "it is 47.87 %" in told["A-303"]


def test_without_the_outside_cost_nobody_knows_the_margin(agency: Procedure) -> None:
    case, pace = opened(agency, "A-303"), usual_pace(agency)
    while case.step != "look_back":
        fields = right_fields(agency, case)
        if case.step == "send_invoice":
            fields["outside_paid"] = None
        case = hand_over_right(agency, case, pace, fields=fields).case
    assert "not written down anywhere" in told_at(agency, case, "look_back")
    assert right_fields(agency, case)["kept"] == "unknown"
    for guess in ("less", "as_offered"):
        fields = {**right_fields(agency, case), "kept": guess}
        with pytest.raises(Refused) as refusal:
            hand_over_right(agency, case, pace, fields=fields)
        assert "nobody can know this" in refusal.value.fields["kept"]


def test_whoever_speaks_gives_one_account_whatever_slipped(agency: Procedure) -> None:
    once = {
        "order_printing": {"Your download folder"},
        "check_proof": {"The proof, under the lamp"},
        "take_delivery": {"At the door", "The customer, in passing", "The customer, on a second look"},
        "send_invoice": {"The acceptance"},
        "look_back": {"The bank", "The job in figures", "Your call to the customer"},
    }  # fmt: skip
    for name in [None, *agency.mistakes]:
        for case_id in agency.cases:
            for careless in (False, True):
                case = played(agency, case_id, name, careless=careless)
                if case is None:
                    continue
                for step, sources in once.items():
                    heard = Counter(by for by, _says in shown(agency, case, step))
                    told = {by: heard[by] for by in sources if heard[by]}
                    assert set(told.values()) == {1}, f"{case_id}, {name}, {step}: {told}"
                    customers = heard["The customer, in passing"]
                    customers += heard["The customer, on a second look"]
                    assert customers == (step == "take_delivery"), f"{case_id}, {name}"


def test_every_text_is_filled_in_whatever_happens(agency: Procedure) -> None:
    for name in [None, *agency.mistakes]:
        for case_id in agency.cases:
            for careless in (False, True):
                case = played(agency, case_id, name, careless=careless)
                if case is None:
                    continue
                told = [says for step in STEPS for _by, says in shown(agency, case, step)]
                for felt in case.felt:
                    part = agency.mistakes[felt.mistake].consequences[felt.part]
                    world = CaseWorld(agency, case, felt.step)
                    told += [fill(text, world, felt.quotes) for text in (part.what, part.why)]
                for text in told:
                    assert "{" not in text, text
                    assert "–" not in text, f"{case_id}, {name}: something is missing in: {text}"


def test_no_fact_hides_a_placeholder(agency: Procedure) -> None:
    for case in agency.cases.values():
        for name, value in case.facts.items():
            assert not PLACEHOLDER.search(str(value)), name


def test_what_a_consequence_quotes_has_been_entered_by_then(agency: Procedure) -> None:
    for name, mistake in agency.mistakes.items():
        for felt in mistake.consequences:
            at = len(STEPS) if felt.at == "closing" else agency.number(felt.at)
            for step, _field in PLACEHOLDER.findall(felt.what + felt.why):
                assert step in RESERVED or agency.number(step) <= at, f"{name}: {step}"


def test_no_help_gives_an_answer_away(agency: Procedure) -> None:
    answers = {
        str(value)
        for case_id in agency.cases
        for fields in by_the_procedure(agency, opened(agency, case_id)).values.values()
        for value in fields.values()
        if isinstance(value, str) and any(letter.isdigit() for letter in value)
    }
    assert {"FAIR_v2", "2026-06-22", "29000.00"} <= answers
    for step in agency.steps.values():
        for told in chain.from_iterable((f.help, f.pattern_help) for f in step.fields.values()):
            assert not [answer for answer in answers if answer in told], told


def test_the_sums_of_the_cases_agree(agency: Procedure) -> None:
    for case_id, case in agency.cases.items():
        sheet, bill = str(case.facts["price_sheet"]), str(case.facts["bill"])
        ours, *outside = yuan(sheet)
        assert sum(outside) == float(str(case.facts["outside_estimate"])), case_id
        assert ours + sum(outside) == float(str(case.facts["price"])), case_id
        assert outside[0] == float(str(case.facts["printing_only"])), case_id
        assert float(str(case.facts["advance"])) * 2 == float(str(case.facts["price"])), case_id
        assert sum(yuan(bill)) == float(str(case.facts["outside_paid"])), case_id


def yuan(text: str) -> list[float]:
    """The amounts in a text, in the order in which they stand there."""
    return [float(part.split()[0].strip(".,;").replace(",", "")) for part in text.split("¥")[1:]]


def test_a_sandbox_of_any_company_opens_it() -> None:
    from crmlab.practice.rehearsal import rehearse_with_records

    rehearse_with_records(load("agency"))
