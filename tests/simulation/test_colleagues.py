"""Simulated colleagues: repeatable, different in manner, and never a dead end."""

from __future__ import annotations

from statistics import mean

import pytest

from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Refused
from crmlab.practice.session import Practice
from crmlab.practice.trial import case_for_trial
from crmlab.procedures import Procedure, loads
from crmlab.procedures.case import Case, SendBack
from crmlab.procedures.engine import act
from crmlab.simulation.colleagues import MANNERS, next_action, right_action, wrong_action
from tests.tiny import hand_over, opened, spoilt, tiny


def played(procedure: Procedure, case: Case, manner: str) -> Case:
    """The case, done by colleagues of one manner alone."""
    for _count in range(100):
        if case.step is None:
            return case
        try:
            case = act(procedure, case, next_action(procedure, case, manner)).case
        except Refused:
            case = act(procedure, case, right_action(procedure, case)).case
    raise AssertionError(f"{manner} colleagues never close the case; it is at {case.step}")


@pytest.fixture(scope="module")
def closed(complaint: Procedure) -> dict[str, list[Case]]:
    """A hundred cases by each manner of colleague."""
    case = case_for_trial(complaint, "C-1042")
    return {
        manner: [
            played(complaint, case.model_copy(update={"seed": seed}), manner) for seed in range(100)
        ]
        for manner in MANNERS
    }


@pytest.mark.parametrize("manner", MANNERS)
def test_the_same_seed_gives_the_same_case(
    complaint: Procedure, closed: dict[str, list[Case]], manner: str
) -> None:
    case = case_for_trial(complaint, "C-1042")
    again = [played(complaint, case.model_copy(update={"seed": s}), manner) for s in range(5)]
    assert again == closed[manner][:5]
    assert len({case.last_moment for case in closed[manner]}) > 50, "seeds make no difference"


def test_the_hastier_the_more_slips_and_the_more_they_cost(closed: dict[str, list[Case]]) -> None:
    slips = {m: mean(len(case.slips) for case in cases) for m, cases in closed.items()}
    assert slips["careful"] < 0.6 < slips["ordinary"] < slips["hasty"]
    assert slips["hasty"] > 2
    cost = {
        m: mean(sum(f.cost for f in case.felt) for case in cases) for m, cases in closed.items()
    }
    assert cost["careful"] < cost["ordinary"] < cost["hasty"]


def test_the_careful_notice_what_others_left(closed: dict[str, list[Case]]) -> None:
    noticed = {}
    for manner, cases in closed.items():
        noticeable = [slip for case in cases for slip in case.slips]
        righted = [slip for slip in noticeable if slip.corrected_at]
        noticed[manner] = len(righted) / len(noticeable)
        assert all(item.right for case in cases for item in case.sent_back)
    assert noticed["careful"] > noticed["hasty"]


def test_a_slip_that_can_be_seen_is_sent_back_by_the_careful_and_only_once() -> None:
    procedure = tiny()
    case = act(procedure, opened(procedure), hand_over(procedure, opened(procedure))).case
    case = act(procedure, case, hand_over(procedure, case, ladder="short")).case
    action = next_action(procedure, case, "careful")
    assert isinstance(action, SendBack)
    assert action.to == "lend"
    assert "The short ladder for a high wall" in action.reason
    case = act(procedure, case, action).case
    case = act(procedure, case, hand_over(procedure, case, ladder="short")).case
    assert not isinstance(next_action(procedure, case, "careful"), SendBack)


def test_a_mistake_of_timing_is_made_by_being_late(complaint: Procedure) -> None:
    case = case_for_trial(complaint, "C-1042")
    case = act(complaint, case, right_action(complaint, case)).case
    late = act(complaint, case, wrong_action(complaint, case, "late_acknowledgement"))
    assert [slip.mistake for slip in late.slips] == ["late_acknowledgement"]


STRICT = spoilt(
    "    next: [{to: end}]",
    """\
    rules:
      - {refuse_when: {field: check.sound, is: false}, field: note, message: Mend it first.}
    next: [{to: end}]""",
)


def test_colleagues_send_back_what_keeps_them_from_their_own_step(sandbox: Sandbox) -> None:
    procedure = loads(STRICT)
    practice = Practice(procedure, sandbox, seats=["checker"])
    case = practice.open("T-1")
    assert case.step == "check"
    returned = practice.hand_over(case, {"sound": False}).case
    assert returned.step == "check", "the neighbour cannot bring it back, so it is here again"
    assert returned.sent_back[-1].reason == "Mend it first."
    assert practice.hand_over(returned, {"sound": True}).case.closed_at


def test_what_the_crm_refuses_a_colleague_is_done_right_instead(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    procedure = loads(
        spoilt(
            "    next: [{to: lend}]",
            """\
    rules:
      - {refuse_when: {field: height, below: 2}, field: height, message: No.}
    next: [{to: lend}]""",
        )
    )
    low = procedure.mistakes["short_ladder"].model_copy(
        update={"step": "ask", "example": {"height": 1}}
    )
    procedure = procedure.model_copy(update={"mistakes": {"too_low": low}})
    monkeypatch.setitem(MANNERS, "reckless", type(MANNERS["hasty"])(slips=1, notices=0))
    case = Practice(procedure, sandbox, seats=["keeper"], manner="reckless").open("T-1")
    assert case.step == "lend"
    assert case.values["ask"] == {"height": 3}
