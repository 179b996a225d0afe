"""What a check says: never only yes or no, and never silently nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check came out."""

    NOT_TRIED = "not_tried"
    RIGHT = "right"
    NOT_RIGHT = "not_right"
    BROKE = "broke"


@dataclass(frozen=True)
class Outcome:
    """How a check came out, and why.

    Attributes:
        because: a sentence that teaches; empty when there is nothing to say.
    """

    state: State
    because: str = ""

    @property
    def right(self) -> bool:
        return self.state is State.RIGHT


NOT_TRIED = Outcome(State.NOT_TRIED)
