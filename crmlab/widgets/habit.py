"""What if we all worked like this: a habit turned up and down, and a whole company beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from crmlab.errors import Refused
from crmlab.practice.trial import company_of, slips_possible_in
from crmlab.procedures import Procedure, load
from crmlab.procedures.conditions import number_of
from crmlab.simulation.pairs import Comparison, Difference, compare
from crmlab.simulation.what_if import Habit
from crmlab.text import gettext as _
from crmlab.widgets.desk import Desk
from crmlab.widgets.live import Live, shows_trouble
from crmlab.widgets.pressing import Forms
from crmlab.widgets.telling import groups_of_mistakes, seat_view

DAYS = 90
"""The stretch of time that is looked at: a quarter."""

PAIRS = 80
"""Pairs of runs for each turn of a dial: as many as are done within a second."""

NOTHING_AT = 14
"""Where no difference is on a strip, in per cent of its length: a habit seldom saves anything."""

BY = 5
"""By how many per cent a dial can be turned."""


@dataclass(frozen=True)
class Figure:
    """A figure of the company, as it is told.

    Attributes:
        name: as the comparison has it.
        label: what it is.
        places: digits behind the point.
    """

    name: str
    label: str
    places: int = 0


class WhatIf(Live):
    """The same company with a habit and without it, with dials for the habit.

        WhatIf("complaint", "wrong_batch", cases=["C-1042", "C-1039"], desk=desk)

    Args:
        procedure: a shipped procedure's name, a path, or a procedure that is loaded.
        slip: the habit that is looked at first.
        often: how often it is given way to at first, in per cent.
        cases: the practice cases that the company's cases are like; all of them by default.
        desk: a desk of the same lesson: the last slip that was made there goes before `slip`.
    """

    template: ClassVar[str] = "what_if.html"

    @shows_trouble
    def __init__(
        self,
        procedure: str | Path | Procedure,
        slip: str | None = None,
        *,
        often: int = 20,
        cases: list[str] | None = None,
        desk: Desk | None = None,
    ) -> None:
        super().__init__()
        self.procedure = procedure if isinstance(procedure, Procedure) else load(procedure)
        self.company = company_of(self.procedure, list(self.procedure.mistakes), cases)
        self.possible = slips_possible_in(self.procedure, self.company.templates)
        if not self.possible:
            raise Refused(_("The procedure names no mistake that can be made in these cases."))
        self.desk = desk
        self.slip = slip if slip in self.possible else self.possible[0]
        self.stands = {"often": often, "notices": 50}
        self.first = (self.slip, dict(self.stands))
        self.reach: dict[str, dict[str, float]] = {}
        self.own: tuple[str, str] | None = None
        self._look_at_the_desk()
        self.draw()

    def _look_at_the_desk(self) -> None:
        """Take up the last slip that was made at the desk, with the case that it was made in."""
        parts = [p for p in getattr(self.desk, "parts", []) if p.procedure == self.procedure]
        made = [slip for part in parts for slip in part.slips_made() if slip[0] in self.possible]
        if made:
            self.own, self.slip = made[-1], made[-1][0]

    # What is drawn

    def context(self) -> dict[str, Any]:
        told = self._compared()
        figures = [self._figure(figure, told.figures[figure.name]) for figure in _figures()]
        seats = [
            {"seat": seat_view(self.procedure, seat), **self._span("seats", found, 1)}
            for seat, found in told.seats.items()
        ]
        return {
            "groups": groups_of_mistakes(self.procedure, self.possible),
            "chosen": self.slip,
            "seat": seat_view(
                self.procedure, self.procedure.steps[self.procedure.mistakes[self.slip].step].seat
            ),
            "own": self._own_sentence(),
            "can_look": self.desk is not None,
            "dials": [
                self._dial("often", _("How often it happens, of 100 times that it could")),
                self._dial("notices", _("How often a colleague sees it, of 100 chances")),
            ],
            "figures": figures,
            "nothing_at": NOTHING_AT,
            "seats": seats,
            "sentence": self._sentence(told),
            "basis": _("{pairs} pairs of quarters, about {cases} cases in each.").format(
                pairs=told.pairs, cases=round(told.figures["cases"].without)
            ),
        }

    def _compared(self) -> Comparison:
        habit = Habit({self.slip: self.stands["often"] / 100}, self.stands["notices"] / 100)
        return compare(self.company, habit, days=DAYS, pairs=PAIRS)

    def _dial(self, name: str, label: str) -> dict[str, Any]:
        value = self.stands[name]
        return {
            "name": name,
            "label": label,
            "low": 0,
            "high": 100,
            "by": BY,
            "value": value,
            "shown": value,
        }

    def _figure(self, figure: Figure, found: Difference) -> dict[str, Any]:
        return {
            "label": figure.label,
            "without": f"{found.without:,.{figure.places}f}",
            "with": f"{found.with_habit:,.{figure.places}f}",
            **self._span(figure.name, found, figure.places),
        }

    def _span(self, scale: str, found: Difference, places: int) -> dict[str, Any]:
        """The difference and its interval, in words and along a strip."""
        reach = self._reach()[scale]

        def place(value: float) -> float:
            share = NOTHING_AT + (98 - NOTHING_AT) * value / reach
            return round(min(max(share, 0), 100), 2)

        return {
            "more": signed(found.mean, places),
            "lower": signed(found.lower, places),
            "upper": signed(found.upper, places),
            "from": place(found.lower),
            "wide": round(place(found.upper) - place(found.lower), 2),
            "at": place(found.mean),
            "sure": found.is_clear,
        }

    def _reach(self) -> dict[str, float]:
        """How far each strip goes: to what the habit does if nobody is without it, so that the
        strips stay as long while a dial is turned."""
        if self.slip not in self.reach:
            worst = compare(self.company, Habit({self.slip: 1.0}), days=DAYS, pairs=PAIRS)
            self.reach[self.slip] = {
                **{name: _farthest([found]) for name, found in worst.figures.items()},
                "seats": _farthest(list(worst.seats.values())),
            }
        return self.reach[self.slip]

    def _sentence(self, told: Comparison) -> str:
        """What to see, in words; it changes with the dials."""
        hours, cost = told.figures["hours"], told.figures["cost"]
        if not (hours.is_clear or cost.is_clear):
            return _("With this there is no difference that could be told from chance.")
        worst = max(told.seats, key=lambda seat: told.seats[seat].mean)
        return _(
            "In a quarter it costs {hours:,.0f} working hours more, surely between {low:,.0f} and "
            "{high:,.0f}, and ¥{cost:,.0f}. The largest share falls on: {seat}."
        ).format(
            hours=hours.mean,
            low=hours.lower,
            high=hours.upper,
            cost=cost.mean,
            seat=_(self.procedure.seats[worst].name),
        )

    def _own_sentence(self) -> str:
        if self.own is None or self.own[0] != self.slip:
            return ""
        return _("You made this slip in case {case}. What if we all worked like this?").format(
            case=self.own[1]
        )

    # What can be done

    def do_choose(self, forms: Forms) -> str:
        """Look at the habit that is chosen."""
        chosen = forms.get("mistake", {}).get("mistake")
        if chosen in self.possible:
            self.slip = str(chosen)
        return ""

    def do_turn(self, forms: Forms) -> str:
        """Take the dials as they stand."""
        for name in self.stands:
            number = number_of(forms.get("dials", {}).get(name))
            if number is not None:
                self.stands[name] = BY * round(min(max(int(number), 0), 100) / BY)
        return ""

    def do_mine(self, _forms: Forms) -> str:
        """Take up what was done at the desk in the meantime."""
        self._look_at_the_desk()
        if self.own is None:
            self.notice = _("No slip was made at the desk yet.")
        return ""

    def do_back(self, _forms: Forms) -> str:
        """The habit and the dials as they were at first."""
        self.slip, stands = self.first
        self.stands = dict(stands)
        return ""


def signed(value: float, places: int) -> str:
    """A difference with its sign; nothing is neither more nor less."""
    said = f"{abs(value):,.{places}f}"
    if not float(said.replace(",", "")):
        return f"{0:.{places}f}"
    return f"+{said}" if value > 0 else f"\N{MINUS SIGN}{said}"


def _farthest(found: list[Difference]) -> float:
    return max(abs(end) for one in found for end in (one.lower, one.upper)) or 1.0


def _figures() -> list[Figure]:
    return [
        Figure("repeat_complaints", _("Customers who complain again"), 2),
        Figure("customers_lost", _("Customers lost"), 2),
        Figure("cycle_days", _("Working days from opening to close"), 2),
        Figure("hours", _("Working hours of all seats")),
        Figure("cost", _("Extra cost, CNY")),
    ]
