"""What the rules make of a case when its numbers are turned: which desks it then passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise

from crmlab.errors import Refused
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Raw
from crmlab.procedures.engine import act
from crmlab.procedures.schema import Procedure
from crmlab.procedures.walk import LONGEST_WALK
from crmlab.procedures.world import CaseWorld
from crmlab.simulation.colleagues import right_action
from crmlab.text import gettext as _

LOOKED_AT = 8
"""Into so many parts a dial is divided to find where the way changes; inside them, by halving."""


@dataclass(frozen=True)
class Turned:
    """A case with its dials as they stand.

    Attributes:
        world: the case after the step, for its figures.
        way: the steps that it comes to from there, by the procedure.
        refused: what the CRM says where it does not let the case go on; the way ends there.
    """

    world: CaseWorld
    way: tuple[str, ...]
    refused: str = ""


@dataclass(frozen=True)
class Zone:
    """A part of a dial, both ends included, on which the case takes one and the same way."""

    low: Decimal
    high: Decimal
    way: tuple[str, ...]


class Turning:
    """A case brought to a step by the procedure, to see what follows from other numbers there.

    What came before the step stays as it was; a fact that is turned is different from here on.

    Args:
        until: the steps with which a way ends; by default it is followed to the case's close.

    Raises:
        Refused: the case does not come to the step by the procedure.
    """

    def __init__(
        self, procedure: Procedure, opened: Case, step: str, until: Sequence[str] = ()
    ) -> None:
        # Nobody slips here, and looking for slips is most of what a step costs.
        self.procedure = procedure.model_copy(update={"mistakes": {}})
        self.step, self.until = step, until
        self.here = self._brought_to_the_step(opened)

    def turned(self, facts: dict[str, Raw], entries: dict[str, Raw]) -> Turned:
        """What follows from these numbers.

        Args:
            facts: what is different about the case.
            entries: what is entered at the step instead of the right entries.
        """
        here = self.here.model_copy(update={"facts": {**self.here.facts, **facts}})
        action = right_action(self.procedure, here)
        action = action.model_copy(update={"fields": {**action.fields, **entries}})
        try:
            gone = act(self.procedure, here, action).case
        except Refused as refusal:
            entered = here.model_copy(update={"values": {**here.values, self.step: action.fields}})
            return Turned(CaseWorld(self.procedure, entered, self.step), (), str(refusal))
        way, refused = self._way_on(gone)
        return Turned(CaseWorld(self.procedure, gone, self.step), way, refused)

    def _brought_to_the_step(self, case: Case) -> Case:
        for _count in range(LONGEST_WALK):
            if case.step == self.step:
                return case
            if case.step is None:
                break
            case = act(self.procedure, case, right_action(self.procedure, case)).case
        raise Refused(
            _("Case {case} does not come to '{step}' by the procedure.").format(
                case=case.case_id, step=self.step
            )
        )

    def _way_on(self, case: Case) -> tuple[tuple[str, ...], str]:
        way: list[str] = []
        while case.step is not None and len(way) < LONGEST_WALK:
            way.append(case.step)
            if case.step in self.until:
                break
            try:
                case = act(self.procedure, case, right_action(self.procedure, case)).case
            except Refused as refusal:
                return tuple(way), str(refusal)
        return tuple(way), ""


def zones(
    way_at: Callable[[Decimal], tuple[str, ...]], low: Decimal, high: Decimal, by: Decimal
) -> list[Zone]:
    """Where along a dial the way changes, from its low end to its high end.

    A dial of many positions is looked at in places: a change and its undoing between two of them
    are not seen.

    Args:
        way_at: the way with the dial at a value.
        by: how far apart the positions of the dial are.
    """
    last = int((high - low) / by)

    @cache
    def way(position: int) -> tuple[str, ...]:
        return way_at(low + position * by)

    def changes(a: int, b: int) -> Iterator[int]:
        """The first positions of a new way, behind `a` and up to `b`."""
        if way(a) == way(b):
            return
        if b - a == 1:
            yield b
            return
        middle = (a + b) // 2
        yield from changes(a, middle)
        yield from changes(middle, b)

    places = sorted({last * part // LOOKED_AT for part in range(LOOKED_AT + 1)})
    begins = [0]
    for a, b in pairwise(places):
        begins += changes(a, b)
    ends = [*(first - 1 for first in begins[1:]), last]
    return [
        Zone(low + first * by, low + end * by, way(first))
        for first, end in zip(begins, ends, strict=True)
    ]
