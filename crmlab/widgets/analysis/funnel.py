"""The funnel with its dials."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from crmlab.charts.funnel import funnel_chart
from crmlab.intake.company import company_table
from crmlab.models.funnel import funnel
from crmlab.text import gettext as _
from crmlab.widgets.analysis.board import Board, Figure, Records, Seen
from crmlab.widgets.dial import Dial
from crmlab.widgets.live import shows_trouble

STAGES = ("lead", "qualified", "needs", "proposal")


class FunnelBoard(Board):
    """The practice company's funnel.

    FunnelBoard()
    """

    @shows_trouble
    def __init__(self) -> None:
        self.rows = company_table("opportunities")
        self.first = funnel(self.rows, STAGES)
        super().__init__(
            _("What if more went on?"),
            {"more": Dial(_("Points more at “proposal”"), 0, 20, 1, 0, _("points"))},
        )

    def look(self, at: Mapping[str, float]) -> Seen:
        chances = {stage.stage: stage.chance for stage in self.first.stages}
        chances["proposal"] = min(1.0, chances["proposal"] + at["more"] / 100)
        now = funnel(self.rows, STAGES, chances=chances)
        more = now.weighted_open_amount - self.first.weighted_open_amount
        return Seen(
            funnel_chart(now, self.first),
            _("With {points:.0f} points more, what is open is worth ¥{more:,.0f} more.").format(
                points=at["more"], more=more
            ),
            (
                Figure(_("Win rate, won of closed"), f"{100 * (now.win_rate or 0):.0f} %"),
                Figure(
                    _("Weighted pipeline"),
                    f"¥{now.weighted_open_amount:,.0f}",
                    _("at first ¥{n:,.0f}").format(n=self.first.weighted_open_amount),
                ),
            ),
        )

    def records(self) -> dict[str, Records]:
        return {
            f"stage:{stage}": Records(
                _("Open at “{stage}”").format(stage=_(stage)), partial(self._open_at, stage)
            )
            for stage in STAGES
        }

    def _open_at(self, stage: str) -> pd.DataFrame:
        rows = self.rows
        return rows[(rows["stage"] == stage) & (rows["outcome"] == "open")]
