"""A board: dials on the left, and on the right a figure, what it says, and the records behind it.

A subclass names its dials and says what they make of the model:

    class FunnelBoard(Board):
        def __init__(self, ...):
            self.prepared = ...            # what does not depend on the dials, worked out once
            super().__init__(_("The funnel"), {"more": Dial(_("..."), 0, 20, 1, 0, "%")})

        def look(self, at: Mapping[str, float]) -> Seen: ...

        def records(self) -> dict[str, Records]: ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, ClassVar

import ipywidgets
import numpy as np
import pandas as pd

from crmlab.charts.chart import Chart, key, money
from crmlab.crm.labels import label
from crmlab.intake.company import with_names
from crmlab.learning.at_board import Standing
from crmlab.models.entry.reconciliation import Reconciliation
from crmlab.procedures.conditions import Raw, number_of
from crmlab.text import gettext as _
from crmlab.widgets.analysis.plot import Plot
from crmlab.widgets.dial import Dial, exact
from crmlab.widgets.live import Live
from crmlab.widgets.pressing import Forms

PAGE = 10
"""How many records are shown at first, and with each press on *more*."""


@dataclass(frozen=True)
class Figure:
    """A number that the board shows large.

    Attributes:
        label: what it is, with its denominator or unit.
        value: as it is written.
        beside: what it was with the dials at first, or whatever it is to be compared with.
    """

    label: str
    value: str
    beside: str = ""


@dataclass(frozen=True)
class Seen:
    """What the dials make of the model.

    Attributes:
        says: what has come of the dials, in words.
        facts: what tasks may ask of it, by name, beside the dials and the records that are open.
    """

    chart: Chart
    says: str
    figures: tuple[Figure, ...] = ()
    facts: Mapping[str, Raw] = field(default_factory=dict)


@dataclass(frozen=True)
class Records:
    """The records behind a figure.

    Attributes:
        title: which they are, as one chooses them from a list.
        rows: gives them when they are asked for, a row each.
    """

    title: str
    rows: Callable[[], pd.DataFrame]


class Board(ipywidgets.Box):
    """A model with its dials.

    Args:
        title: what the board is about.
        dials: by their names.

    Attributes:
        name: what tasks call it.
        held_against: gives the match with the books, which says whether its figures may be used;
            None where nothing is held against books.
        records_follow: the records are those of the dials; otherwise they are as they were entered,
            wherever the dials stand.
    """

    name: ClassVar[str]
    held_against: ClassVar[staticmethod[[], Reconciliation] | None] = None
    records_follow: ClassVar[bool] = False

    def __init__(self, title: str, dials: dict[str, Dial]) -> None:
        self.title, self.dials = title, dials
        self.stands = {name: exact(dial.start) for name, dial in dials.items()}
        self.seen = self.look(self._numbers())
        self.behind = self.records()
        self.controls, self.answer = Controls(self), Answer(self)
        self.plot = Plot(self.seen.chart, self.answer.look_behind)
        right = ipywidgets.Box([self.plot, self.answer])
        right.add_class("crmlab-seen")
        super().__init__([self.controls, right] if dials else [right])
        for name in ("crmlab", "crmlab-board"):
            self.add_class(name)

    def cannot_begin(self, trouble: str) -> None:
        """Show why there is nothing to show."""
        told = Trouble()
        told.cannot_begin(trouble)
        super().__init__([told])

    def look(self, at: Mapping[str, float]) -> Seen:
        """What these positions of the dials make of the model."""
        raise NotImplementedError(type(self).__name__)

    def records(self) -> dict[str, Records]:
        """The records behind the figures, by names that points of the chart may carry."""
        return {}

    @property
    def turned_away(self) -> bool:
        """Whether a dial stands elsewhere than at first."""
        return self.stands != {name: exact(dial.start) for name, dial in self.dials.items()}

    def standing(self) -> Standing:
        """How it stands, for tasks: each dial, the facts of what is seen, and what is open."""
        answer = getattr(self, "answer", None)
        if answer is None:  # it could not begin, and says so in its own place
            return Standing(False, {})
        opened = answer.opened
        return Standing(
            self.turned_away or bool(opened),
            {**self._numbers(), **self.seen.facts, "open": opened},
        )

    def turn(self, numbers: Mapping[str, Any]) -> None:
        """Turn dials to the positions that are nearest to these numbers."""
        for name, dial in self.dials.items():
            number = number_of(numbers.get(name))
            if number is not None:
                self.stands[name] = dial.nearest(number)
        self._follow()

    def back(self) -> None:
        """All dials to where they stood at first."""
        self.stands = {name: exact(dial.start) for name, dial in self.dials.items()}
        self._follow()

    def _follow(self) -> None:
        self.seen = self.look(self._numbers())
        self.plot.show(self.seen.chart)
        self.answer.draw()

    def _numbers(self) -> dict[str, float]:
        return {name: float(number) for name, number in self.stands.items()}

    # Without a browser

    def click(self, action: str, form: dict[str, Any] | None = None, **args: Any) -> None:
        """Press what a person would press, on either side of the board."""
        on_the_left = action in ("turn", "back")
        (self.controls if on_the_left else self.answer).click(action, form, **args)

    def text(self) -> str:
        """The board as plain text, a line for each block."""
        return f"{self.controls.text()}\n{self.answer.text()}"


class Controls(Live):
    """The dials of a board, and what has come of them."""

    template: ClassVar[str] = "board_dials.html"

    def __init__(self, board: Board) -> None:
        super().__init__()
        self.board = board
        self.draw()

    def context(self) -> dict[str, Any]:
        return {
            "title": self.board.title,
            "dials": [self._dial(name, dial) for name, dial in self.board.dials.items()],
            "says": self.board.seen.says,
        }

    def _dial(self, name: str, dial: Dial) -> dict[str, Any]:
        return {
            "name": name,
            "label": dial.label,
            "low": dial.low,
            "high": dial.high,
            "by": dial.by,
            "value": self.board.stands[name],
            "shown": dial.shown(self.board.stands[name]),
            "at_first": dial.shown(exact(dial.start)),
        }

    def do_turn(self, forms: Forms) -> str:
        """Take the dials as they stand."""
        self.board.turn(forms.get("dials", {}))
        return ""

    def do_back(self, _forms: Forms) -> str:
        """All dials back to where they stood at first."""
        self.board.back()
        return ""


class Answer(Live):
    """What a board's figure says, its numbers, and the records behind them."""

    template: ClassVar[str] = "board_answer.html"

    def __init__(self, board: Board) -> None:
        super().__init__()
        self.board = board
        self.opened, self.many = "", PAGE
        self.draw()

    def context(self) -> dict[str, Any]:
        seen = self.board.seen
        return {
            "title": self.board.title if not self.board.dials else "",
            "says": seen.says if not self.board.dials else "",
            "chart": seen.chart,
            "key": key(seen.chart),
            "figures": seen.figures,
            "usable": self._usable(),
            "choices": {name: each.title for name, each in self.board.behind.items()},
            "opened": self.opened,
            "table": self._table() if self.opened else None,
            "as_entered": self.board.turned_away and not self.board.records_follow,
        }

    def _usable(self) -> dict[str, Any] | None:
        if self.board.held_against is None:
            return None
        match = self.board.held_against()
        return {"yes": match.usable, "because": match.because(money)}

    def _table(self) -> dict[str, Any]:
        rows = self.board.behind[self.opened].rows()
        shown = with_names(rows.head(self.many))
        numbers = {name: pd.api.types.is_numeric_dtype(rows[name]) for name in rows}
        cents = {name: numbers[name] and _has_cents(shown[name]) for name in rows}
        return {
            "columns": [{"label": label(str(n)), "number": numbers[n]} for n in rows],
            "rows": [
                [
                    {"text": told(value, cents=cents[n]), "number": numbers[n]}
                    for n, value in zip(rows, row, strict=True)
                ]
                for row in shown.itertuples(index=False)
            ],
            "of": len(rows),
        }

    def look_behind(self, name: str) -> None:
        """Show the records of this name, if there are any."""
        if name in self.board.behind:
            self.opened, self.many = name, PAGE
            self.draw()

    def do_open(self, forms: Forms) -> str:
        """Show the records that were chosen; none if nothing was."""
        chosen = forms.get("behind", {}).get("behind") or ""
        self.opened, self.many = chosen if chosen in self.board.behind else "", PAGE
        return ""

    def do_more(self, _forms: Forms) -> str:
        """Show more of them."""
        self.many += PAGE
        return ""


class Trouble(Live):
    """What stands in the place of a board that cannot be shown."""

    template: ClassVar[str] = "trouble.html"


def _has_cents(column: pd.Series) -> bool:
    """Whether a column of numbers has such as are not whole."""
    known = column.dropna()
    return bool((known.round(2) != known.round()).any())


def told(value: Any, *, cents: bool = False) -> str:
    """A value of a record as it is read: days without hours, numbers with thousands.

    Args:
        cents: with two places after the point, since others of its column have them.
    """
    if value is None or value is pd.NaT or value != value:
        return "–"
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    if isinstance(value, bool | np.bool_):
        return _("yes") if value else _("no")
    if isinstance(value, float | Integral):
        said = f"{abs(value):,.2f}" if cents else f"{abs(value):,.0f}"
        return f"\u2212{said}" if value < 0 and said.strip("0.,") else said
    return str(value)
