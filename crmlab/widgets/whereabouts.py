"""Where a case has gone when somebody has let go of it, in words that go with any seat's name."""

from __future__ import annotations

from crmlab.procedures import Procedure
from crmlab.procedures.case import Case
from crmlab.text import gettext as _


def gone_on(procedure: Procedure, before: Case, now: Case, seat: str) -> str:
    """What a hand-over has led to: sent back at once, answered, or gone on.

    Args:
        seat: where the trainee sits. The case is still open.
    """
    if len(now.sent_back) > len(before.sent_back):
        back = now.sent_back[-1]
        told = _("Handed over, and sent back from “{step}” ({seat}): “{reason}”").format(
            step=_(procedure.steps[back.from_step].title),
            seat=_(procedure.seats[back.seat].name),
            reason=back.reason,
        )
    elif before.returns_to is not None and now.step == before.returns_to:
        told = _("Handed over again, to the step that had sent it back: “{step}”.").format(
            step=_(procedure.steps[before.returns_to].title)
        )
    else:
        told = _("Handed over.")
    return f"{told} {lies_where(procedure, now, seat)}"


def lies_where(procedure: Procedure, case: Case, seat: str) -> str:
    """On whose desk an open case lies."""
    assert case.step is not None
    step = procedure.steps[case.step]
    if step.seat == seat:
        return _("The next step is at your own desk: “{step}”.").format(step=_(step.title))
    return _("It now lies on this desk: {seat}.").format(seat=_(procedure.seats[step.seat].name))
