"""When a batch is stopped, with a dial: the briefing about complaints."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from crmlab.charts.complaints import batch_chart
from crmlab.models.complaints import batch_of, behind, stopped_after
from crmlab.text import gettext as _
from crmlab.text import ngettext, show_day
from crmlab.widgets.analysis.board import Board, Figure, Records, Seen
from crmlab.widgets.analysis.books import left_match
from crmlab.widgets.analysis.complaints_company import (
    cases_shown,
    company_complaints,
    loudest,
    rate_of,
)
from crmlab.widgets.dial import Dial
from crmlab.widgets.live import shows_trouble

START = 4
"""With which complaint a batch is stopped at first: as early as the third, and for one sound batch
instead of four."""


class CaughtBoard(Board):
    """When should somebody stop a batch? The bad batch of the practice company, stopped earlier.

    CaughtBoard()
    """

    name = "caught"
    records_follow = True
    held_against = staticmethod(left_match)

    @shows_trouble
    def __init__(self) -> None:
        self.rows, left = company_complaints()
        self.found = rate_of(self.rows, left)
        signal = loudest(self.found).period
        self.batch = batch_of(self.rows, behind(self.rows, left, self.found, signal).batch)
        super().__init__(
            _("When do we stop a batch?"),
            {"after": Dial(_("Stopped with its complaint number"), 1, len(self.batch), 1, START)},
        )

    def look(self, at: Mapping[str, float]) -> Seen:
        self.caught = self.batch.caught_after(int(at["after"]))
        stopped = stopped_after(self.found, self.caught.after)
        self.others = sorted(set(stopped) - {self.batch.name})
        others = len(self.others)
        return Seen(
            batch_chart(self.batch, self.caught),
            self._says(others),
            (
                Figure(
                    _("Complaints that would not have been"),
                    f"{self.caught.avoided}",
                    _("of {n}").format(n=self.caught.all),
                ),
                Figure(_("Remedies saved"), f"¥{self.caught.cost_avoided or 0:,.0f}"),
                Figure(_("Other batches stopped by the same rule"), str(others)),
            ),
        )

    def _says(self, others: int) -> str:
        caught = self.caught
        if not caught.avoided:
            return _(
                "Stopped with complaint {n}, on {day}, it would have been too late: all that was "
                "complained about had left us by then."
            ).format(n=caught.after, day=show_day(caught.day))
        saved = _("Stopped with complaint {n}, on {day}, {avoided} of {all} would not have been.")
        price = (
            ngettext(
                "The same rule would have stopped {n} other batch, with nothing wrong in it.",
                "The same rule would have stopped {n} other batches, with nothing wrong in them.",
                others,
            ).format(n=others)
            if others
            else _("The same rule would have stopped no other batch.")
        )
        said = saved.format(
            n=caught.after, day=show_day(caught.day), avoided=caught.avoided, all=caught.all
        )
        return f"{said} {price}"

    def records(self) -> dict[str, Records]:
        return {
            "batch": Records(_("All complaints about the batch"), partial(self._rows, False)),
            "avoided": Records(_("Those that would not have been"), partial(self._rows, True)),
            "others": Records(_("Complaints about the other batches stopped"), self._others),
        }

    def _others(self) -> pd.DataFrame:
        return cases_shown(self.rows[self.rows["batch_no"].isin(self.others)])

    def _rows(self, avoided: bool) -> pd.DataFrame:
        rows = self.rows[self.rows["batch_no"] == self.batch.name]
        if avoided:
            after = pd.Timestamp(self.caught.day) + pd.Timedelta(days=1)
            rows = rows[rows["shipped_at"] >= after]
        return cases_shown(rows)
