"""Dials on a case: turn a number and see what the procedure makes of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from crmlab.errors import Refused
from crmlab.practice.dials import Turned, Turning, Zone, zones
from crmlab.practice.trial import case_for_trial
from crmlab.procedures import Procedure, load
from crmlab.procedures.conditions import Raw, number_of
from crmlab.procedures.steps import Field
from crmlab.procedures.wording import show
from crmlab.text import gettext as _
from crmlab.text import ngettext
from crmlab.widgets.dial import Dial, exact
from crmlab.widgets.live import Live, shows_trouble
from crmlab.widgets.pressing import Forms
from crmlab.widgets.reasons import reasons
from crmlab.widgets.sums import sums_view
from crmlab.widgets.telling import SeatView, seat_view

FACT = "fact."
"""What stands before the name of a fact in the name of a dial."""

APART, FROM_THE_EDGE = 0.16, 0.06
"""Shares of the dial: marks that are nearer than this run into one another, or over the edge."""


class Dials(Live):
    """Turn the numbers of a case and see its figures, and the desks that it then passes.

        Dials("lead_to_cash", "L-2006", at="enter_order",
              dials={"fact.credit_limit": Dial("Limit", 0, 200000, 5000, 100000)},
              figures=["exposure", "over_limit"], until=["release_credit", "pick_and_ship"])

    Below each dial stands who has the case next, along its whole length.

    Args:
        procedure: a shipped procedure's name, a path, or a procedure that is loaded.
        case: which of its practice cases.
        at: the step at which the case is looked at.
        dials: by `fact.name`, or by the name of a field of the step.
        figures: the figures of the procedure that are shown.
        until: the steps that end the way shown; by default it is shown to the end of the case.
    """

    template: ClassVar[str] = "dials.html"

    @shows_trouble
    def __init__(
        self,
        procedure: str | Path | Procedure,
        case: str,
        *,
        at: str,
        dials: dict[str, Dial],
        figures: list[str],
        until: list[str] | None = None,
    ) -> None:
        super().__init__()
        self.procedure = procedure if isinstance(procedure, Procedure) else load(procedure)
        self.at, self.dials, self.figures, self.until = at, dials, figures, until or []
        self._check_names()
        opened = case_for_trial(self.procedure, case)
        self.turning = Turning(self.procedure, opened, at, self.until)
        self._zones: dict[str, tuple[dict[str, Decimal], list[Zone]]] = {}
        self._back()
        self.draw()

    def _check_names(self) -> None:
        """Raises Refused: a name that the procedure does not have, or a dial that cannot turn."""
        steps, facts = self.procedure.steps, self.procedure.facts
        fields = steps[self.at].fields if self.at in steps else {}
        turned = [*fields, *(FACT + name for name in facts)]
        asked = [
            (_("step"), [self.at, *self.until], list(steps)),
            (_("figure"), self.figures, list(self.procedure.figures)),
            (_("field or fact"), list(self.dials), turned),
        ]
        for kind, names, known in asked:
            for name in names:
                if name not in known:
                    raise Refused(
                        _("The procedure has no {kind} '{name}'; it has: {known}.").format(
                            kind=kind, name=name, known=", ".join(known)
                        )
                    )
        for name, dial in self.dials.items():
            if not (dial.low < dial.high and dial.by > 0 and dial.low <= dial.start <= dial.high):
                raise Refused(
                    _(
                        "The dial '{name}' goes from a low to a high number and starts between."
                    ).format(name=name)
                )

    # What is drawn

    def context(self) -> dict[str, Any]:
        told = self._turned(self.stands)
        return {
            "title": _(self.procedure.steps[self.at].title),
            "dials": [self._dial(name, dial) for name, dial in self.dials.items()],
            "sums": sums_view(told.world, self.figures),
            "way": [
                {
                    "step": _(self.procedure.steps[step].title),
                    "seat": seat_view(self.procedure, self.procedure.steps[step].seat),
                }
                for step in told.way
            ],
            "sentence": self._sentence(told),
            "reasons": reasons(told.world, told.way),
            "refused": told.refused,
        }

    def _dial(self, name: str, dial: Dial) -> dict[str, Any]:
        return {
            "name": name,
            "label": self._label(name, dial),
            "low": dial.low,
            "high": dial.high,
            "by": dial.by,
            "value": self.stands[name],
            "shown": self._shown(name, dial, self.stands[name]),
            "at_first": self._shown(name, dial, exact(dial.start)),
            "zones": self._zones_view(name, dial),
        }

    def _label(self, name: str, dial: Dial) -> str:
        if dial.label:
            return _(dial.label)
        if name.startswith(FACT):
            about = _(self.procedure.facts[name.removeprefix(FACT)].about)
            return about[:1].upper() + about[1:]
        return _(self.procedure.steps[self.at].fields[name].label)

    def _like(self, name: str) -> Field | None:
        if not name.startswith(FACT):
            return self.procedure.field(name, self.at)
        like = self.procedure.facts[name.removeprefix(FACT)].like
        return self.procedure.field(like) if like else None

    def _shown(self, name: str, dial: Dial, value: Decimal) -> str:
        like = self._like(name)
        number = show(like, raw(value)) if like else f"{value.normalize():,f}"
        return f"{number} {_(dial.unit)}" if dial.unit else number

    def _zones_view(self, name: str, dial: Dial) -> list[dict[str, Any]]:
        """Who has the case next, along the dial; nothing where it is the same all along."""
        found = self._zones_of(name, dial)
        if len(found) < 2:
            return []
        alike = _common_end([zone.way for zone in found])
        whole = exact(dial.high) - exact(dial.low)
        view, marked = [], -1.0
        for zone in found:
            begins = float((zone.low - exact(dial.low)) / whole)
            ends = float((zone.high + exact(dial.by) - exact(dial.low)) / whole)
            mark = marked + APART <= begins and FROM_THE_EDGE <= begins <= 1 - FROM_THE_EDGE
            marked = begins if mark else marked
            view.append(
                {
                    "seats": self._seats(zone.way[: len(zone.way) - alike]),
                    "from": self._shown(name, dial, zone.low),
                    "to": self._shown(name, dial, zone.high),
                    "begins": round(100 * begins, 2),
                    "share": round(100 * (min(ends, 1.0) - begins), 2),
                    "marked": mark,
                    "here": zone.low <= self.stands[name] <= zone.high,
                }
            )
        return view

    def _zones_of(self, name: str, dial: Dial) -> list[Zone]:
        """Worked out anew only when one of the other dials has been turned."""
        others = {other: value for other, value in self.stands.items() if other != name}
        known = self._zones.get(name)
        if known is None or known[0] != others:
            low, high, by = exact(dial.low), exact(dial.high), exact(dial.by)
            found = zones(lambda value: self._turned({**others, name: value}).way, low, high, by)
            known = self._zones[name] = (others, found)
        return known[1]

    def _turned(self, stands: dict[str, Decimal]) -> Turned:
        facts = {
            name.removeprefix(FACT): raw(value)
            for name, value in stands.items()
            if name.startswith(FACT)
        }
        entries = {n: raw(value) for n, value in stands.items() if not n.startswith(FACT)}
        return self.turning.turned(facts, entries)

    def _seats(self, way: tuple[str, ...]) -> list[SeatView]:
        seats = dict.fromkeys(self.procedure.steps[step].seat for step in way)
        return [seat_view(self.procedure, seat) for seat in seats]

    def _sentence(self, told: Turned) -> str:
        """What to see, in one sentence; it changes with the dials."""
        if not told.way:
            return "" if told.refused else _("With this the case is closed.")
        arrives = told.way[-1] in self.until
        before = told.way[:-1] if arrives else told.way
        last = self.procedure.steps[told.way[-1]]
        desks = self._seats(before)
        names = ", ".join(desk.name for desk in desks)
        if not before:
            return _("It goes straight to “{step}” ({seat}).").format(
                step=_(last.title), seat=_(self.procedure.seats[last.seat].name)
            )
        if not arrives:
            return ngettext(
                "One more desk has it: {seats}.", "{n} more desks have it: {seats}.", len(desks)
            ).format(n=len(desks), seats=names)
        return ngettext(
            "One desk comes before “{step}”: {seats}.",
            "{n} desks come before “{step}”: {seats}.",
            len(desks),
        ).format(n=len(desks), step=_(last.title), seats=names)

    # What can be done

    def do_turn(self, forms: Forms) -> str:
        """Take the dials as they stand."""
        for name, dial in self.dials.items():
            number = number_of(forms.get("dials", {}).get(name))
            if number is not None:
                self.stands[name] = dial.nearest(number)
        return ""

    def do_back(self, _forms: Forms) -> str:
        """All dials back to where they stood at first."""
        self._back()
        return ""

    def _back(self) -> None:
        self.stands = {name: exact(dial.start) for name, dial in self.dials.items()}


def raw(value: Decimal) -> Raw:
    """A number as a case keeps it."""
    return int(value) if value == value.to_integral_value() else f"{value:f}"


def _common_end(ways: list[tuple[str, ...]]) -> int:
    """How many of their last steps all ways share, so long as one is left of the longest."""
    shortest = min(len(way) for way in ways)
    alike = 0
    while alike < shortest and len({way[-1 - alike] for way in ways}) == 1:
        alike += 1
    return alike
