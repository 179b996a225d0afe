"""What careless entry does to an answer: one engine for all models.

1. Dirt comes in five kinds (`KINDS`). Each is turned up from 0 to 30 % of the records that it can
   hit, `MOST`, in steps of five.
2. Turning further spoils the same records and more, never others: each kind has its own order of
   the records, drawn once from the seed (common random numbers). So a difference between two turns
   is the dirt alone.
3. The truth is the model's answer to the records as they are; the *drift* is how far the answer to
   the spoiled ones lies from it, in per cent of it.
4. The *decision* is what somebody would do upon the answer, by a rule that is written down with the
   question. It is `yes`, `no`, or `unsaid` where the model refuses or may not be relied upon.

Which kinds there are for a model, what they do to its records, and its question and rule stand in
`crmlab.models.entry.questions`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.text import gettext as _

Frames = Mapping[str, pd.DataFrame]
Rows = NDArray[np.intp]
Luck = NDArray[np.float64]

KINDS = ("missing_cost", "wrong_stage", "wrong_category", "late_entry", "duplicates")
"""In the order in which they happen: what is entered twice is entered twice with its faults."""

MOST, STEP = 30, 5
STEPS = tuple(range(0, MOST + 1, STEP))

YES, NO, UNSAID = "yes", "no", "unsaid"


@dataclass(frozen=True)
class Spoiling:
    """One kind of dirt in one table.

    Attributes:
        table: the table that it gets into.
        can_hit: which of its rows.
        spoil: gives the table back with the rows of these numbers spoiled; the third argument is a
            number from 0 to 1 for each row of the table, the same at every turn.
        together: a column whose rows are spoiled together, such as those of one customer.
    """

    table: str
    can_hit: Callable[[pd.DataFrame], NDArray[np.bool_]]
    spoil: Callable[[pd.DataFrame, Rows, Luck], pd.DataFrame]
    together: str | None = None


@dataclass(frozen=True)
class Answer:
    """A model's answer, and the decision that it leads to.

    Attributes:
        limit: the figure at which the decision turns; a limit of chance moves with the records.
    """

    figure: float | None
    decision: str
    limit: float | None = None


NOTHING = Answer(None, UNSAID)
"""What a model says that refuses."""


@dataclass(frozen=True)
class Question:
    """What somebody asks of a model.

    Attributes:
        model: its name.
        tables: the records, by the name of their table, with rows numbered from 0.
        ask: the model's answer to tables, which may raise a ModelError.
        dirt: what each kind that applies does.
    """

    model: str
    tables: Frames
    ask: Callable[[Frames], Answer]
    dirt: Mapping[str, Spoiling]


@dataclass(frozen=True)
class Reading:
    """The answer at one position of the dials, beside the truth.

    Attributes:
        percent: how far each kind is turned up.
        truth, answer: with the records as they are, and as they are spoiled.
        drift_percent: how far the figure has moved; None where there is none.
        spoiled: how many records each kind has hit.
    """

    percent: Mapping[str, int]
    truth: Answer
    answer: Answer
    drift_percent: float | None
    spoiled: Mapping[str, int]

    @property
    def flipped(self) -> bool:
        """Whether somebody would now decide otherwise."""
        return self.answer.decision != self.truth.decision


class Dirt:
    """The dials for one question. What has been worked out once is kept.

    Raises:
        ModelError: the model has no answer to the records as they are.
    """

    def __init__(self, question: Question, seed: int = 18) -> None:
        self.question = question
        self.kinds = tuple(kind for kind in KINDS if kind in question.dirt)
        self._orders = {kind: self._order(kind, seed) for kind in self.kinds}
        self._known: dict[tuple[int, ...], Answer] = {}

        self.truth = self._checked(question.ask(question.tables))
        if self.truth is NOTHING:
            raise ModelError(
                _("The model has no figure for the records as they are, so nothing can drift.")
            )

    def read(self, percent: Mapping[str, int]) -> Reading:
        """The answer with each kind turned up so far; kinds that are not named stand at 0.

        Raises:
            ModelError: a kind does not apply to this model, or is turned out of its range.
        """
        at = tuple(self._turn(kind, percent.get(kind, 0)) for kind in self.kinds)
        odd = [kind for kind in percent if kind not in self.kinds]
        if odd:
            raise ModelError(
                _(
                    "'{kind}' does not happen to the records of this model; what does: {known}."
                ).format(kind=odd[0], known=", ".join(self.kinds))
            )
        if at not in self._known:
            self._known[at] = self._ask(dict(zip(self.kinds, at, strict=True)))
        answer = self._known[at]
        turned = dict(zip(self.kinds, at, strict=True))
        hit = {kind: len(self._hit(kind, share)) for kind, share in turned.items()}
        return Reading(turned, self.truth, answer, _drift(self.truth, answer), hit)

    def curve(self, kind: str) -> tuple[Reading, ...]:
        """The answers with this kind alone, at each of `STEPS`."""
        return tuple(self.read({kind: share}) for share in STEPS)

    def flips_at(self, kind: str) -> int | None:
        """The least share of `STEPS`, in per cent, at which this kind alone turns the decision."""
        return next((one.percent[kind] for one in self.curve(kind) if one.flipped), None)

    def tables(self, percent: Mapping[str, int]) -> dict[str, pd.DataFrame]:
        """The records, spoiled so far; those of the question are left as they are."""
        found = dict(self.question.tables)
        for kind in self.kinds:
            hit = self._hit(kind, percent.get(kind, 0))
            if len(hit):
                spoiling = self.question.dirt[kind]
                luck = self._orders[kind][1]
                found[spoiling.table] = spoiling.spoil(found[spoiling.table], hit, luck)
        return found

    def rows_behind(self, kind: str, percent: int) -> pd.DataFrame:
        """The records that this kind hits so far, as they truly are."""
        rows = self.question.tables[self.question.dirt[kind].table]
        return rows.iloc[np.sort(self._hit(kind, percent))]

    def _ask(self, percent: Mapping[str, int]) -> Answer:
        try:
            return self._checked(self.question.ask(self.tables(percent)))
        except ModelError:
            return NOTHING

    def _checked(self, answer: Answer) -> Answer:
        """A figure that is none is no answer."""
        return answer if answer.figure is not None and isfinite(answer.figure) else NOTHING

    def _turn(self, kind: str, percent: int) -> int:
        if not 0 <= percent <= MOST:
            raise ModelError(
                _("'{kind}' is turned from 0 to {most} %, not to {percent}.").format(
                    kind=kind, most=MOST, percent=percent
                )
            )
        return int(percent)

    def _order(self, kind: str, seed: int) -> tuple[list[Rows], Luck]:
        """The rows that a kind can hit, those that go first first; and each row's own luck."""
        spoiling = self.question.dirt[kind]
        rows = self.question.tables[spoiling.table]
        source = np.random.default_rng([seed, zlib.crc32(kind.encode())])
        luck = source.random(len(rows))
        can = np.flatnonzero(spoiling.can_hit(rows))
        if spoiling.together is None:
            return [np.array([row]) for row in source.permutation(can)], luck
        whose, names = pd.factorize(rows[spoiling.together].to_numpy()[can])
        groups = [can[whose == n] for n in range(len(names))]
        return [groups[n] for n in source.permutation(len(groups))], luck

    def _hit(self, kind: str, percent: int) -> Rows:
        groups = self._orders[kind][0]
        first = groups[: round(len(groups) * percent / 100)]
        return np.concatenate(first) if first else np.zeros(0, dtype=np.intp)


def _drift(truth: Answer, answer: Answer) -> float | None:
    if answer.figure is None or not truth.figure:
        return None
    return (answer.figure - truth.figure) / abs(truth.figure) * 100
