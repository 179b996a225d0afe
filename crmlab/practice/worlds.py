"""The same orders in two worlds: the rules as they are, and one fact changed for all of them.

Both are played from the same opening with the same luck, so that what differs comes from the
rules alone. What each world took is read from its event log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crmlab.calendar import HOURS_PER_DAY, STANDARD
from crmlab.errors import Refused
from crmlab.practice.trial import case_for_trial
from crmlab.procedures import Procedure
from crmlab.procedures.case import Case, Event
from crmlab.procedures.conditions import Raw
from crmlab.procedures.engine import act
from crmlab.procedures.walk import LONGEST_WALK
from crmlab.simulation.colleagues import right_action
from crmlab.text import gettext as _

SIGNED = "approval"
"""The kind of record that a signature is in the CRM."""


@dataclass(frozen=True)
class Wait:
    """What the signatures on one order took.

    Attributes:
        seats: who signed, in their order.
        days: working days from the moment the price was offered until the way on was free.
    """

    seats: list[str]
    days: float


@dataclass(frozen=True)
class OrderInTwoWorlds:
    """One order: with the rules as they are, and with one fact changed.

    Attributes:
        case: closed, with the rules as they are.
    """

    case: Case
    now: Wait
    otherwise: Wait

    @property
    def days_saved(self) -> float:
        """Working days by which the order moves on sooner with the rules as they are."""
        return self.otherwise.days - self.now.days


def two_worlds(
    procedure: Procedure, cases: Sequence[str], fact: str, value: Raw = True
) -> list[OrderInTwoWorlds]:
    """Play practice cases as they are, and once more with one fact changed.

    Args:
        fact: what is different in the other world.

    Raises:
        Refused: no case is named, or the procedure has no such case or fact, or no signatures.
    """
    if not cases:
        raise Refused(_("Name the practice cases to play in both worlds; one at least."))
    if fact not in procedure.facts:
        raise Refused(
            _("The procedure has no fact '{name}'; it has: {known}.").format(
                name=fact, known=", ".join(procedure.facts)
            )
        )
    if not procedure.steps_booking(SIGNED):
        raise Refused(
            _("In this procedure nobody signs anything: no step of it books an approval.")
        )
    found = []
    for case_id in cases:
        opened = case_for_trial(procedure, case_id)
        changed = opened.model_copy(update={"facts": {**opened.facts, fact: value}})
        closed, log = _play(procedure, opened)
        _closed, other_log = _play(procedure, changed)
        found.append(
            OrderInTwoWorlds(closed, waiting(procedure, log), waiting(procedure, other_log))
        )
    return found


def waiting(procedure: Procedure, log: Sequence[Event]) -> Wait:
    """What signatures took by an event log: from the latest offer to the first step behind them."""
    signing = procedure.steps_booking(SIGNED)
    asking = procedure.leading_to(signing)
    done = [event.lifecycle == "complete" for event in log]
    offers = [i for i, event in enumerate(log) if done[i] and event.activity in asking]
    if not offers:
        return Wait([], 0)
    since = log[offers[-1] :]
    signed = [e for e in since if e.activity in signing and e.lifecycle == "complete"]
    # Where a signature was the last thing to do, no step follows it.
    onward = [e for e in since if e.activity not in signing and e.lifecycle == "schedule"]
    free = onward[0] if onward else since[-1]
    hours = STANDARD.between(since[0].timestamp, free.timestamp)
    return Wait([event.resource or "" for event in signed], hours / HOURS_PER_DAY)


def _play(procedure: Procedure, case: Case) -> tuple[Case, list[Event]]:
    log: list[Event] = []
    for _count in range(LONGEST_WALK):
        if case.step is None:
            break
        result = act(procedure, case, right_action(procedure, case))
        case, log = result.case, [*log, *result.events]
    return case, log
