"""Two worlds side by side: the same orders by the rules, and with everybody signing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from crmlab.errors import Refused
from crmlab.practice.worlds import OrderInTwoWorlds, Wait, two_worlds
from crmlab.procedures import Procedure, load
from crmlab.procedures.wording import show_figure
from crmlab.procedures.world import CaseWorld
from crmlab.text import gettext as _
from crmlab.text import ngettext
from crmlab.widgets.drawing import days, short
from crmlab.widgets.live import Live, shows_trouble
from crmlab.widgets.pressing import Forms
from crmlab.widgets.telling import seat_view

MOST_ORDERS = 500

PLACES = 1
"""Places behind the point of the days that are shown. What is added up is what is shown."""


class TwoWorlds(Live):
    """The same orders in two worlds, and the working days between them.

        TwoWorlds("lead_to_cash", cases=["L-2001", "L-2003"], fact="sign_everything",
                  figure="below_list")

    Args:
        procedure: a shipped procedure's name, a path, or a procedure that is loaded.
        cases: the practice cases that are played in both worlds.
        fact: what is true in the other world only.
        figure: what is shown of each order beside its signatures.
        orders: how many orders there are in a month, to begin with.
    """

    template: ClassVar[str] = "worlds.html"

    @shows_trouble
    def __init__(
        self,
        procedure: str | Path | Procedure,
        *,
        cases: list[str],
        fact: str,
        figure: str,
        orders: int = 60,
    ) -> None:
        super().__init__()
        self.procedure = procedure if isinstance(procedure, Procedure) else load(procedure)
        if figure not in self.procedure.figures:
            raise Refused(
                _("The procedure has no figure '{name}'; it has: {known}.").format(
                    name=figure, known=", ".join(self.procedure.figures)
                )
            )
        self.figure, self.orders = figure, orders
        self.played = two_worlds(self.procedure, cases, fact)
        self.draw()

    def context(self) -> dict[str, Any]:
        now = sum(shown(order.now) for order in self.played)
        otherwise = sum(shown(order.otherwise) for order in self.played)
        saved = round(otherwise - now, PLACES)
        return {
            "rows": [self._row(order) for order in self.played],
            "about": _(self.procedure.figures[self.figure].about),
            "now": short(now),
            "otherwise": short(otherwise),
            "saved": short(saved),
            "sentence": self._sentence(saved),
            "orders": self.orders,
            "most": MOST_ORDERS,
            "month": self._month(saved / len(self.played)),
        }

    def _row(self, order: OrderInTwoWorlds) -> dict[str, Any]:
        figure = self.procedure.figures[self.figure]
        world = CaseWorld(self.procedure, order.case, self.procedure.start)
        return {
            "id": order.case.case_id,
            "title": _(order.case.title),
            "figure": show_figure(figure, world.figure(self.figure)),
            "now": self._wait(order.now),
            "otherwise": self._wait(order.otherwise),
            "saved": short(shown(order.otherwise) - shown(order.now)),
        }

    def _wait(self, wait: Wait) -> dict[str, Any]:
        longest = max(max(o.now.days, o.otherwise.days) for o in self.played)
        return {
            "seats": [seat_view(self.procedure, seat) for seat in wait.seats],
            "days": short(shown(wait)),
            "share": round(100 * wait.days / longest, 1) if longest else 0,
        }

    def _sentence(self, saved: float) -> str:
        nobody = sum(not order.now.seats for order in self.played)
        told = ngettext(
            "With every signature this order waits {days} longer.",
            "With every signature these {n} orders wait {days} longer, all together.",
            len(self.played),
        ).format(n=len(self.played), days=days(saved))
        free = ngettext(
            "By the rules {n} of them needs nobody's signature.",
            "By the rules {n} of them need nobody's signature.",
            nobody,
        ).format(n=nobody)
        return f"{told} {free}" if nobody else told

    def _month(self, each: float) -> str:
        return ngettext(
            "In a month with one order of this mix, that is {days} of waiting.",
            "In a month with {n} orders of this mix, that is {days} of waiting.",
            self.orders,
        ).format(n=self.orders, days=days(each * self.orders))

    def do_orders(self, forms: Forms) -> str:
        """So many orders a month."""
        entered = str(forms.get("orders", {}).get("orders", ""))
        if entered.isdecimal():
            self.orders = min(max(int(entered), 1), MOST_ORDERS)
        return ""


def shown(wait: Wait) -> float:
    """The working days of a wait as they stand in the table."""
    return round(wait.days, PLACES)
