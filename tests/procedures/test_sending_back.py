"""Where a case can be sent back to, in every shipped procedure: to those before, never forward."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlab.errors import Refused
from crmlab.practice.trial import case_for_trial
from crmlab.procedures import Procedure, load, shipped
from crmlab.procedures.case import Case
from crmlab.procedures.engine import act, may_send_back_to
from crmlab.procedures.walk import by_the_procedure, wrong_fields
from tests.tiny import hand_over, of_the_first_morning, send_back

load = cache(load)
opened: Callable[[str, str], Case] = cache(lambda name, case: case_for_trial(load(name), case))


def handed_over(procedure: Procedure, case: Case, mistake: str | None = None) -> Case:
    """The case at its next desk: with the right entries, or with those of a mistake."""
    entries = wrong_fields(procedure, case, mistake) if mistake else {}
    with suppress(Refused):  # an earlier desk has something to put right
        return act(procedure, case, hand_over(procedure, case, **entries)).case
    return case


def holds_of_a_hand_over(before: Case, after: Case) -> None:
    if after.step is None or after is before:
        return
    offered = may_send_back_to(after)
    if after.step in [before.step, *may_send_back_to(before)]:  # a new round
        return
    assert before.step in offered, "whoever handed it over can be asked"
    assert set(may_send_back_to(before)) <= set(offered), "and so can all before them"


@pytest.mark.parametrize("name", shipped())
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_case_goes_back_to_who_worked_before_and_never_forward(
    name: str, data: st.DataObject
) -> None:
    procedure = load(name)
    case = opened(name, data.draw(st.sampled_from(of_the_first_morning(procedure))))
    for _step in range(data.draw(st.sampled_from([0, 4, 8, 12]))):
        if case.step:
            case = handed_over(procedure, case)
    for _action in range(data.draw(st.integers(1, 12))):
        if case.step is None:
            return
        offered = may_send_back_to(case)
        assert set(offered) <= set(case.done) - {case.step}
        if offered and data.draw(st.booleans(), label="send back"):
            to = data.draw(st.sampled_from(offered), label="to")
            case = act(procedure, case, send_back(procedure, case, to)).case
            nearer = offered.index(to)
            assert may_send_back_to(case) == offered[nearer + 1 :]
            assert case.step != procedure.start or not may_send_back_to(case)
        else:
            mistakes = [None, *sorted(procedure.mistakes_of(case.step))]
            before = case
            slip = data.draw(st.sampled_from(mistakes), label="hand over with")
            case = handed_over(procedure, case, slip)
            holds_of_a_hand_over(before, case)
    assert by_the_procedure(procedure, case).closed_at, "there is no dead end on any way"
