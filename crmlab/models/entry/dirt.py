"""What careless entry does to an answer: one engine for all models.

1. Dirt comes in five kinds (`KINDS`). Each is turned up from 0 to 30 % of the records that it can
   hit, `MOST`, in steps of five.
2. Which records it hits is luck. A *draw* is one company of the same records in which people are as
   careless; its number says which. There are `DRAWS` of them to look at.
3. Within a draw, turning further spoils the same records and more, never others: each kind has its
   own order of the records, drawn once (common random numbers). So a difference between two turns
   is the dirt alone.
4. The truth is the model's answer to the records as they are; the *drift* is how far the answer to
   the spoiled ones lies from it, in per cent of it.
5. The *decision* is what somebody would do upon the answer, by a rule that is written down with the
   question. It is `yes`, `no`, or `unsaid` where the model refuses or may not be relied upon.
6. One draw shows how it may go, and not where the decision turns: that is said by in how many of
   all draws it has turned (`turned`).

Which kinds there are for a model, what they do to its records, and its question and rule stand in
`crmlab.models.entry.questions`.

Records are spoiled as columns of numbers, a name being its place in a list: a dial is turned in a
few milliseconds. The tables that a person reads are made of them when somebody asks (`tables`).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.text import gettext as _

Frames = Mapping[str, pd.DataFrame]
Rows = NDArray[np.intp]
Luck = NDArray[np.float64]

Columns = dict[str, NDArray[Any]]
"""Columns of one table, all of one length, by their names. `ROW` is always among them."""

ROW = "row"
"""The number of the record that a line was at first."""

ANOTHER = " (2)"
"""Ends the number under which something is entered a second time."""

KINDS = ("missing_cost", "wrong_stage", "wrong_category", "late_entry", "duplicates")
"""In the order in which they happen: what is entered twice is entered twice with its faults."""

MOST, STEP = 30, 5
STEPS = tuple(range(0, MOST + 1, STEP))

DRAWS = 20
FIRST_SEED = 18

YES, NO, UNSAID = "yes", "no", "unsaid"


@dataclass(frozen=True)
class Spoiling:
    """One kind of dirt in one table.

    Attributes:
        table: the table that it gets into.
        can_hit: which of its rows.
        spoil: gives the columns with the records of these numbers spoiled, and leaves those that
            it is given as they are; the third argument is a number from 0 to 1 for each record, the
            same at every turn.
        together: a column whose records are spoiled together, such as those of one customer.
    """

    table: str
    can_hit: Callable[[Columns], NDArray[np.bool_]]
    spoil: Callable[[Columns, Rows, Luck], Columns]
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
        columns: what the model reads of each table and dirt changes, as numbers; `names`: what the
            numbers of a column stand for, where they are places in a list.
        ask: the model's answer to columns, which may raise a ModelError.
        dirt: what each kind that applies does.
        keys: the column of a table in which no two records may say the same.
    """

    model: str
    tables: Frames
    columns: Mapping[str, Columns]
    names: Mapping[str, Sequence[str]]
    ask: Callable[[Mapping[str, Columns]], Answer]
    dirt: Mapping[str, Spoiling]
    keys: Mapping[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True)
class _Order:
    """The records that a kind can hit, those that go first first.

    Attributes:
        rows: their numbers; `ends`: where the first, the first two ... that go together end.
        luck: each record's own.
    """

    rows: Rows
    ends: Rows
    luck: Luck


class Dirt:
    """The dials for one question and one draw. What has been worked out once is kept.

    Args:
        draw: which of the companies that are as careless, from 1.

    Raises:
        ModelError: the model has no answer to the records as they are.
    """

    def __init__(self, question: Question, draw: int = 1) -> None:
        self.question, self.draw = question, draw
        self.kinds = tuple(kind for kind in KINDS if kind in question.dirt)
        self._orders = {kind: self._order(kind, FIRST_SEED + draw - 1) for kind in self.kinds}
        self._known: dict[tuple[int, ...], Answer] = {}

        self.truth = self._checked(question.ask(question.columns))
        if self.truth is NOTHING:
            raise ModelError(
                _("The model has no figure for the records as they are, so nothing can drift.")
            )
        self._known[(0,) * len(self.kinds)] = self.truth

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
        spoiled = self._spoiled(percent)
        return {
            name: self._as_read(name, spoiled[name]) if name in spoiled else table
            for name, table in self.question.tables.items()
        }

    def rows_behind(self, kind: str, percent: int) -> pd.DataFrame:
        """The records that this kind hits so far, as they truly are."""
        rows = self.question.tables[self.question.dirt[kind].table]
        return rows.iloc[np.sort(self._hit(kind, percent))]

    def _spoiled(self, percent: Mapping[str, int]) -> dict[str, Columns]:
        found = dict(self.question.columns)
        for kind in self.kinds:
            hit = self._hit(kind, percent.get(kind, 0))
            if len(hit):
                spoiling, luck = self.question.dirt[kind], self._orders[kind].luck
                found[spoiling.table] = spoiling.spoil(found[spoiling.table], hit, luck)
        return found

    def _as_read(self, name: str, columns: Columns) -> pd.DataFrame:
        """A spoiled table as a person reads it: as it was, but for what dirt has changed."""
        rows, true = columns[ROW], self.question.columns[name]
        table = self.question.tables[name].iloc[rows].reset_index(drop=True)
        second = pd.Series(rows).duplicated().to_numpy()
        if name in self.question.keys:
            key = self.question.keys[name]
            table[key] = table[key].where(~second, table[key].astype(str) + ANOTHER)
        place = np.empty(int(true[ROW].max(initial=-1)) + 1, dtype=np.intp)
        place[true[ROW]] = np.arange(len(true[ROW]))
        for column, values in columns.items():
            changed = np.flatnonzero(values != true[column][place[rows]])
            if len(changed) and column in table:
                told = values[changed]
                names = self.question.names.get(column)
                if names is not None:
                    told = np.array(names, dtype=object)[told]
                read = table[column].to_numpy(copy=True)
                read[changed] = told
                table[column] = read
        # A line that was not there before gets a number of its own.
        new = len(self.question.tables[name]) + np.arange(len(rows))
        return table.set_axis(pd.Index(np.where(second, new, rows)), axis=0)

    def _ask(self, percent: Mapping[str, int]) -> Answer:
        try:
            return self._checked(self.question.ask(self._spoiled(percent)))
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

    def _order(self, kind: str, seed: int) -> _Order:
        spoiling = self.question.dirt[kind]
        columns = self.question.columns[spoiling.table]
        source = np.random.default_rng([seed, zlib.crc32(kind.encode())])
        luck = source.random(len(self.question.tables[spoiling.table]))
        can = np.flatnonzero(spoiling.can_hit(columns))
        rows = columns[ROW][can]
        if spoiling.together is None:
            return _Order(source.permutation(rows), np.arange(len(rows) + 1), luck)
        whose = pd.factorize(columns[spoiling.together][can])[0]
        number = int(whose.max(initial=-1)) + 1
        turn = np.empty(number, dtype=np.intp)
        turn[source.permutation(number)] = np.arange(number)
        order = np.argsort(turn[whose], kind="stable")
        ends = np.cumsum(np.bincount(turn[whose], minlength=number))
        return _Order(rows[order], np.append(0, ends), luck)

    def _hit(self, kind: str, percent: int) -> Rows:
        order = self._orders[kind]
        return order.rows[: order.ends[round((len(order.ends) - 1) * percent / 100)]]


def companies(question: Question, draws: int = DRAWS) -> tuple[Dirt, ...]:
    """So many companies that are as careless, by the number of their draw.

    Raises:
        ModelError: see `Dirt`.
    """
    return tuple(Dirt(question, draw) for draw in range(1, draws + 1))


def turned(dirts: Sequence[Dirt], steps: Sequence[int] = STEPS) -> dict[str, dict[int, int]]:
    """In how many of these companies each kind alone has turned the decision, by how far it is
    turned up, in per cent.

    A decision may turn and turn back: counted are those in which it is turned at that very step.
    """
    return {
        kind: {share: sum(one.read({kind: share}).flipped for one in dirts) for share in steps}
        for kind in dirts[0].kinds
    }


def _drift(truth: Answer, answer: Answer) -> float | None:
    if answer.figure is None or not truth.figure:
        return None
    return (answer.figure - truth.figure) / abs(truth.figure) * 100
