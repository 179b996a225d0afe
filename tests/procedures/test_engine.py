"""The case engine: what is refused changes nothing; what slips travels on and costs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from crmlab.calendar import STANDARD
from crmlab.errors import ProcedureError, Refused
from crmlab.procedures import Procedure, loads
from crmlab.procedures.case import Action, Case, HandOver
from crmlab.procedures.engine import Result, act, may_send_back_to, open_case
from crmlab.procedures.walk import by_the_procedure, rehearse, usual_pace, way_back, wrong_fields
from tests.tiny import hand_over, opened, reassign, send_back, spoilt, tiny

PROCEDURE = tiny()

DELAYING = spoilt(
    "      - {seat: neighbour, at: back, what: Climbs on a chair., why: The ladder was short., "
    "hours: 2, cost: 100, lose_customer: 0.1}\n",
    """\
      - {seat: keeper, at: lend, what: Looks for it., why: Short., hours: 1, delay_days: 0.5}
      - {seat: neighbour, at: back, what: Climbs on a chair., why: Short., hours: 2, cost: 100}
      - {seat: checker, at: closing, what: Hears of it., why: Short., lose_customer: 0.1}
  late_asking:
    title: Asked late
    step: ask
    when: {step: ask, late: true}
    right: Ask in time.
    consequences:
      - {seat: keeper, at: lend, what: Has to hurry., why: It was late., hours: 1}
""",
)


def walked(procedure: Procedure, *entries: dict[str, Any]) -> Case:
    """A case after so many hand-overs, each with the right entries but for those given."""
    case = opened(procedure)
    for changed in entries:
        case = act(procedure, case, hand_over(procedure, case, **changed)).case
    return case


def refusal(procedure: Procedure, case: Case, action: Action) -> Refused:
    before = case.model_dump_json()
    with pytest.raises(Refused) as caught:
        act(procedure, case, action)
    assert case.model_dump_json() == before, "a refused action changed the case"
    return caught.value


def changed(action: HandOver, **changes: Any) -> HandOver:
    return HandOver.model_validate({**action.model_dump(), **changes})


# What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"seat": "keeper"},
            "'Ask' belongs to the seat 'Neighbour', not to 'Keeper'; sit in that seat",
        ),
        ({"seat": "stranger"}, "not to 'stranger'"),
        ({"step": "back"}, "Case T-1 is at 'Ask', not at 'Bring it back'; do that step first"),
        ({"step": "nowhere"}, "There is no step 'nowhere'; the steps are ask, lend, check, back"),
        ({"at": "2026-05-12T08:29"}, "2026-05-12 08:29 lies before the last event of the case"),
        ({"fields": {}}, "'Height' is missing"),
        ({"fields": {"height": 12}}, "'Height' is at most 9"),
        ({"fields": {"height": 3, "width": 1}}, "has no field 'width'"),
    ],
)
def test_an_illegal_hand_over_is_refused_by_name(changes: dict[str, Any], sentence: str) -> None:
    case = opened(PROCEDURE)
    told = refusal(PROCEDURE, case, changed(hand_over(PROCEDURE, case), **changes))
    assert sentence in str(told)
    assert bool(told.fields) is ("fields" in changes)
    assert bool(told.fields) is ("fields" in changes)


def test_a_moment_may_come_from_any_zone_and_must_not_go_back() -> None:
    case = walked(PROCEDURE, {})
    action = hand_over(PROCEDURE, case)
    utc = action.at.isoformat().replace("+08:00", "+00:00")  # eight hours later
    assert act(PROCEDURE, case, changed(action, at=utc)).case.visit.entered_at > action.at
    back = case.last_moment - timedelta(seconds=1)
    assert "lies before" in str(refusal(PROCEDURE, case, changed(action, at=back)))


def test_nothing_can_be_done_to_a_closed_case() -> None:
    open_ = walked(PROCEDURE, {}, {}, {})
    action = hand_over(PROCEDURE, open_)
    closed = act(PROCEDURE, open_, action).case
    assert closed.step is None
    assert closed.holder is None
    assert closed.closed_at == action.at
    for again in (action, send_back(PROCEDURE, open_, "ask"), reassign(PROCEDURE, open_, "U")):
        assert "is closed" in str(refusal(PROCEDURE, closed, again))


def test_a_rule_of_the_step_refuses_by_its_field() -> None:
    ruled = loads(
        spoilt(
            "    next: [{to: end}]",
            """\
    rules:
      - refuse_when: {all: [{field: note, empty: true}, {field: ask.height, above: 5}]}
        field: note
        message: Say how it went, after such a height.
    next: [{to: end}]""",
        )
    )
    case = walked(ruled, {"height": 7}, {}, {})
    told = refusal(ruled, case, hand_over(ruled, case, note=" "))
    assert told.fields == {"note": "Say how it went, after such a height."}
    assert act(ruled, case, hand_over(ruled, case, note="Well.")).case.closed_at
    low = walked(ruled, {"height": 5}, {}, {})
    assert act(ruled, low, hand_over(ruled, low)).case.closed_at


# The way of a case --------------------------------------------------------------------------


def test_a_case_goes_where_its_entries_lead() -> None:
    high, low = (
        by_the_procedure(PROCEDURE, opened(PROCEDURE)),
        walked(PROCEDURE, {}, {"ladder": "short"}),
    )
    assert [visit.step for visit in high.visits] == ["ask", "lend", "check", "back"]
    assert [visit.step for visit in low.visits] == ["ask", "lend", "back"]


def test_it_arrives_with_a_deadline_in_working_hours() -> None:
    case = opened(PROCEDURE)
    late = hand_over(PROCEDURE, case, hours=7)  # 16:30
    arrived = act(PROCEDURE, case, late).case.visit
    assert (arrived.step, arrived.seat, arrived.entered_at) == ("lend", "keeper", late.at)
    assert arrived.due_at == datetime.fromisoformat("2026-05-13T11:30:00+08:00")


def test_the_event_log_names_seats_and_never_people() -> None:
    case = opened(PROCEDURE)
    held = act(PROCEDURE, case, reassign(PROCEDURE, case, "U-1")).case
    assert held.holder == "U-1"
    result = act(PROCEDURE, held, hand_over(PROCEDURE, held))
    assert [(e.activity, e.lifecycle, e.resource) for e in result.events] == [
        ("ask", "complete", "neighbour"),
        ("lend", "schedule", "keeper"),
    ]
    assert "U-1" not in "".join(event.model_dump_json() for event in result.events)
    assert result.case.holder is None


def test_what_happens_later_is_not_written_down_before_a_change_of_hands() -> None:
    case = opened(PROCEDURE)
    given = act(PROCEDURE, case, reassign(PROCEDURE, case, "U-1", hours=3)).case
    early = changed(hand_over(PROCEDURE, case), at=STANDARD.add(case.opened_at, 2))
    assert "lies before" in str(refusal(PROCEDURE, given, early))


def test_the_same_action_on_the_same_case_gives_the_same_result() -> None:
    case = opened(PROCEDURE)
    action = hand_over(PROCEDURE, case)
    assert act(PROCEDURE, case, action) == act(PROCEDURE, case, action)


def test_a_case_survives_being_stored_as_json() -> None:
    case = opened(PROCEDURE)
    for entries in ({}, {"ladder": "short"}, {}):
        case = act(PROCEDURE, case, hand_over(PROCEDURE, case, **entries)).case
        assert Case.model_validate_json(case.model_dump_json()) == case
        assert Case.model_validate(case.model_dump(mode="json")) == case


# Slips --------------------------------------------------------------------------------------


def test_a_slip_is_accepted_and_lands_at_the_named_step_on_the_named_seat() -> None:
    delaying = loads(DELAYING)
    case = walked(delaying, {})
    lent = act(delaying, case, hand_over(delaying, case, ladder="short"))
    assert [slip.mistake for slip in lent.slips] == ["short_ladder"]
    assert [(felt.seat, felt.step, felt.hours) for felt in lent.felt] == [("keeper", "lend", 1)]
    back = act(delaying, lent.case, hand_over(delaying, lent.case))
    assert not back.slips
    assert [(felt.seat, felt.step) for felt in back.felt] == [
        ("neighbour", "back"),
        ("checker", "closing"),
    ]
    assert [felt.part for felt in back.case.felt] == [0, 1, 2]
    assert back.case.felt[1].cost == 100


def test_a_delay_moves_the_arrival_on() -> None:
    delaying = loads(DELAYING)
    case = walked(delaying, {})
    action = hand_over(delaying, case, ladder="short")
    result = act(delaying, case, action)
    assert result.case.visit.entered_at == STANDARD.add(action.at, 4)
    assert result.events[-1].timestamp == result.case.visit.entered_at
    assert result.events[0].timestamp == action.at


def test_what_is_put_right_in_time_spares_the_rest_and_nothing_lands_twice() -> None:
    delaying = loads(DELAYING)
    case = walked(delaying, {}, {"ladder": "short"})
    returned = act(delaying, case, send_back(delaying, case, "lend")).case
    righted = act(delaying, returned, hand_over(delaying, returned))
    assert not righted.felt, "what has landed lands again"
    assert [slip.corrected_at for slip in righted.case.slips] == [righted.case.visits[-2].done_at]
    closed = by_the_procedure(delaying, righted.case)
    assert [felt.part for felt in closed.felt] == [0]


def test_a_slip_that_is_made_again_costs_what_it_has_not_cost_yet() -> None:
    delaying = loads(DELAYING)
    case = walked(delaying, {}, {"ladder": "short"})
    returned = act(delaying, case, send_back(delaying, case, "lend")).case
    again = act(delaying, returned, hand_over(delaying, returned, ladder="short"))
    assert not again.slips, "it was never put right, so it is the same slip"
    assert not again.felt
    closed = by_the_procedure(delaying, again.case)
    assert sorted(felt.part for felt in closed.felt) == [0, 1, 2]


def test_lateness_is_seen_when_the_step_is_done_and_cannot_be_undone() -> None:
    delaying = loads(DELAYING)
    case = opened(delaying)
    in_time = act(delaying, case, hand_over(delaying, case, hours=4))
    assert not in_time.slips
    late = act(delaying, case, hand_over(delaying, case, hours=4.01))
    assert [slip.mistake for slip in late.slips] == ["late_asking"]
    returned = act(delaying, late.case, send_back(delaying, late.case, "ask")).case
    redone = act(delaying, returned, hand_over(delaying, returned)).case
    assert [slip.corrected_at for slip in redone.slips] == [None]


def test_by_the_procedure_nothing_slips() -> None:
    case = by_the_procedure(loads(DELAYING), opened(loads(DELAYING)))
    assert case.closed_at
    assert not case.slips
    assert not case.felt
    assert [visit.worked_hours for visit in case.visits] == [0.5, 0.5, 1, 0.2]


# Sending back -------------------------------------------------------------------------------


def test_sending_back_is_judged_by_where_the_slip_was_made() -> None:
    case = walked(PROCEDURE, {}, {"ladder": "short"})
    right = act(PROCEDURE, case, send_back(PROCEDURE, case, "lend")).case.sent_back[-1]
    assert right.right
    assert (right.slips, right.elsewhere) == (["short_ladder"], [])
    wrong = act(PROCEDURE, case, send_back(PROCEDURE, case, "ask")).case.sent_back[-1]
    assert not wrong.right
    assert (wrong.slips, wrong.elsewhere) == ([], ["short_ladder"])
    clean = walked(PROCEDURE, {}, {})
    needless = act(PROCEDURE, clean, send_back(PROCEDURE, clean, "lend")).case.sent_back[-1]
    assert not needless.right
    assert not needless.elsewhere


def test_a_reason_and_an_earlier_step_are_asked_for() -> None:
    case = walked(PROCEDURE, {}, {})
    assert set(refusal(PROCEDURE, case, send_back(PROCEDURE, case, "ask", reason=" ")).fields) == {
        "reason"
    }
    told = refusal(PROCEDURE, case, send_back(PROCEDURE, case, "back"))
    assert told.fields == {"to": "From here it can go back to: Lend, Ask."}
    first = opened(PROCEDURE)
    told = refusal(PROCEDURE, first, send_back(PROCEDURE, first, "ask"))
    assert "nowhere to send it back to" in told.fields["to"]


def test_work_sent_back_returns_past_what_is_done() -> None:
    case = walked(PROCEDURE, {}, {}, {})
    assert case.step == "back"
    returned = act(PROCEDURE, case, send_back(PROCEDURE, case, "ask")).case
    assert returned.step == "ask"
    assert returned.returns_to == "back"
    assert "ask" not in returned.done
    onward = act(PROCEDURE, returned, hand_over(PROCEDURE, returned)).case
    assert onward.step == "back"
    assert onward.returns_to is None


def test_work_sent_back_twice_returns_to_where_it_was_first_sent_from() -> None:
    case = walked(PROCEDURE, {}, {}, {})
    lend = act(PROCEDURE, case, send_back(PROCEDURE, case, "lend")).case
    ask = act(PROCEDURE, lend, send_back(PROCEDURE, lend, "ask")).case
    again = act(PROCEDURE, ask, hand_over(PROCEDURE, ask)).case
    assert again.step == "lend", "what was not done again is not passed over"
    onward = act(PROCEDURE, again, hand_over(PROCEDURE, again)).case
    assert onward.step == "back", "what was done is"


def test_a_corrected_step_may_open_a_way_that_was_not_taken() -> None:
    case = walked(PROCEDURE, {}, {"ladder": "short"})
    assert case.step == "back"
    returned = act(PROCEDURE, case, send_back(PROCEDURE, case, "lend")).case
    righted = act(PROCEDURE, returned, hand_over(PROCEDURE, returned)).case
    assert righted.step == "check"
    assert act(PROCEDURE, righted, hand_over(PROCEDURE, righted)).case.step == "back"


LOOP = spoilt(
    "    next: [{to: back}]",
    "    next: [{to: lend, when: {field: sound, is: false}}, {to: back}]",
)


def test_a_way_that_leads_back_is_done_anew_even_after_a_return() -> None:
    loop = loads(LOOP)
    case = walked(loop, {}, {}, {})
    returned = act(loop, case, send_back(loop, case, "check")).case
    again = act(loop, returned, hand_over(loop, returned, sound=False)).case
    assert again.step == "lend", "the ladder is not sound, so another one has to be lent"
    assert again.returns_to is None
    assert act(loop, again, hand_over(loop, again)).case.step == "check"


def test_where_a_case_can_be_sent_back_to_is_told_nearest_first() -> None:
    case = walked(PROCEDURE, {}, {}, {})
    assert may_send_back_to(case) == ["check", "lend", "ask"]
    returned = act(PROCEDURE, case, send_back(PROCEDURE, case, "lend")).case
    assert may_send_back_to(returned) == ["ask"], "never forward to what was done after it"
    first = act(PROCEDURE, returned, send_back(PROCEDURE, returned, "ask")).case
    assert may_send_back_to(first) == []


def test_a_desk_that_gets_its_question_answered_can_ask_all_before_it_again() -> None:
    """Those too that the answer went past."""
    case = walked(PROCEDURE, {}, {}, {})
    asked = act(PROCEDURE, case, send_back(PROCEDURE, case, "ask")).case
    answered = act(PROCEDURE, asked, hand_over(PROCEDURE, asked)).case
    assert answered.step == "back"
    assert may_send_back_to(answered) == ["check", "lend", "ask"]


def test_a_new_round_and_another_way_have_behind_them_what_leads_to_them() -> None:
    loop = loads(LOOP)
    again = walked(loop, {}, {}, {"sound": False})
    assert again.step == "lend"
    assert may_send_back_to(again) == ["ask"], "what the last round did afterwards is done anew"
    case = walked(PROCEDURE, {}, {"ladder": "short"})
    returned = act(PROCEDURE, case, send_back(PROCEDURE, case, "lend")).case
    opened_way = act(PROCEDURE, returned, hand_over(PROCEDURE, returned)).case
    assert opened_way.step == "check"
    assert may_send_back_to(opened_way) == ["lend", "ask"]


# Walking ------------------------------------------------------------------------------------


RULED = spoilt(
    "    next: [{to: end}]",
    """\
    rules:
      - {refuse_when: {field: ask.height, above: 5}, field: note, message: "Too high, ask anew."}
    next: [{to: end}]""",
)


def test_a_step_that_an_earlier_entry_keeps_from_being_done_knows_the_way_back() -> None:
    ruled = loads(RULED)
    high = walked(ruled, {"height": 7}, {}, {})
    assert way_back(ruled, high) == ("ask", "Too high, ask anew.")
    assert way_back(ruled, walked(ruled, {"height": 3}, {}, {})) is None
    assert way_back(ruled, opened(ruled)) is None
    closed = by_the_procedure(ruled, high)
    assert closed.closed_at
    assert [item.to_step for item in closed.sent_back] == ["ask"]


CHANGING = spoilt(
    "    next: [{to: end}]",
    """\
    rules:
      - {refuse_when: {fact: ladder, is: short}, message: "Now {fact.ladder}.", back_to: ask}
    next: [{to: end}]""",
)


def test_where_something_has_changed_since_the_rule_itself_names_the_way_back() -> None:
    changing = loads(CHANGING)
    case = walked(changing, {}, {}, {})
    assert way_back(changing, case) is None
    later = case.model_copy(update={"live": {"ladder": "short"}})
    assert way_back(changing, later) == ("ask", "Now Short.")
    assert str(refusal(changing, later, hand_over(changing, later))) == "Now Short."
    (asked,) = act(changing, later, send_back(changing, later, "ask")).case.sent_back
    assert (asked.asked, asked.right) == (True, True)
    (unasked,) = act(changing, case, send_back(changing, case, "ask")).case.sent_back
    assert (unasked.asked, unasked.right) == (False, False)


def test_what_is_right_and_refused_all_the_same_is_a_fault_of_the_file() -> None:
    wrong = loads(RULED.replace("right: 3}", "right: 7}"))
    assert way_back(wrong, walked(wrong, {}, {}, {})) is None
    with pytest.raises(ProcedureError, match="right entries of step 'back' are refused: Too high"):
        by_the_procedure(wrong, opened(wrong))


def test_the_rehearsal_finds_what_does_not_fit_together() -> None:
    assert list(rehearse(PROCEDURE)) == []
    assert list(rehearse(loads(DELAYING))) == []
    refused = loads(spoilt("right: 3}", "right: 12}"))
    assert next(iter(rehearse(refused))).startswith(
        "Case T-1: the right entries of step 'ask' are refused: 'Height' is at most 9"
    )
    slipping = loads(spoilt("right: {fact: ladder}", "right: short"))
    assert "the right entries make the mistake 'short_ladder' at step 'lend'" in next(
        iter(rehearse(slipping))
    )
    harmless = loads(spoilt("example: {ladder: short}", "example: {ladder: long}"))
    assert "'short_ladder' (step 'lend') cannot be made in any practice case" in next(
        iter(rehearse(harmless))
    )
    round_ = loads(LOOP.replace("type: yes_no, right: true", "type: yes_no, right: false"))
    assert "never reach a close" in next(iter(rehearse(round_)))


def test_the_right_entries_but_one_mistake() -> None:
    case = walked(PROCEDURE, {})
    assert wrong_fields(PROCEDURE, case, "short_ladder") == {"ladder": "short"}
    assert usual_pace(PROCEDURE)(case) == (0, 0.5)


def test_a_case_is_opened_on_the_first_desk() -> None:
    moment = datetime.fromisoformat("2026-05-12T08:30:00+08:00")
    result: Result = open_case(PROCEDURE, "X-1", "A wall", {"ladder": "long"}, moment, holder="U-1")
    assert (result.case.step, result.case.holder, result.case.version) == ("ask", "U-1", 1)
    assert [(e.activity, e.lifecycle) for e in result.events] == [("ask", "schedule")]


def test_sending_back_keeps_the_entries_for_the_desk_that_puts_them_right() -> None:
    case = walked(PROCEDURE, {"height": 7}, {})
    returned = act(PROCEDURE, case, send_back(PROCEDURE, case, "ask")).case
    assert returned.values["ask"] == {"height": 7}
    assert returned.visits[-2].sent_back
