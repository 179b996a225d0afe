"""How far the practice company's figures can be trusted: its books, and its shortest board."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

import pandas as pd

from crmlab import places
from crmlab.charts.shortest_board import bucket_chart
from crmlab.intake.company import company_table
from crmlab.models.entry import shortest_board
from crmlab.procedures import load
from crmlab.text import gettext as _
from crmlab.text import ngettext
from crmlab.widgets.analysis.board import Board, Figure, Records, Seen
from crmlab.widgets.analysis.books import company_match
from crmlab.widgets.dial import Dial
from crmlab.widgets.live import shows_trouble


@cache
def company_staves() -> dict[str, shortest_board.Board]:
    """The boards of the practice company's bucket."""
    return {
        "complete": shortest_board.complete(company_table("transactions")),
        "on_time": shortest_board.on_time(pd.read_parquet(places.SAMPLE_DATA / "events.parquet")),
        "traceable": shortest_board.traceable(
            company_table("opportunities"),
            company_table("opportunity_stages"),
            list(load("lead_to_cash").stages),
        ),
        "reconciled": shortest_board.reconciled(company_match()),
        "used": shortest_board.used(
            pd.read_parquet(places.SAMPLE_DATA / "usage.parquet"), company_table("catalogue")
        ),
    }


def names_of_staves() -> dict[str, str]:
    """The boards, in a word."""
    return {
        "complete": _("complete"),
        "on_time": _("on time"),
        "traceable": _("traceable"),
        "reconciled": _("matching"),
        "used": _("used"),
    }


class ShortestBoard(Board):
    """How far the company's figures can be trusted: as far as the shortest board.

    ShortestBoard()
    """

    name = "shortest_board"

    @shows_trouble
    def __init__(self) -> None:
        self.staves, self.names = company_staves(), names_of_staves()
        self.first = shortest_board.bucket(
            {name: stave.share for name, stave in self.staves.items()}
        )
        told = {
            "used": _("used: reports that somebody opens"),
            "on_time": _("on time: entered within a day"),
            "complete": _("complete: lines of sales that have a cost"),
            "reconciled": _("matching: months that match the books"),
            "traceable": _("traceable: opportunities with an entry for each stage"),
        }
        super().__init__(
            _("How high does the water stand?"),
            {
                name: Dial(told[name], 0, 100, 1, round(100 * share), "%")
                for name, share in self.first.shares.items()
            },
        )

    def look(self, at: Mapping[str, float]) -> Seen:
        # A dial that has not been turned stands at the share itself, which it shows rounded.
        shares = {
            name: self.first.shares[name]
            if at[name] == round(100 * self.first.shares[name])
            else at[name] / 100
            for name in at
        }
        now = shortest_board.bucket(shares)
        gained = round(100 * now.health) - round(100 * self.first.health)
        low, health = self.names[now.shortest], f"{100 * now.health:.0f} %"
        if shares == self.first.shares:
            says = _("The water stands at {health}: the shortest board is “{low}”.").format(
                health=health, low=low
            )
        elif not gained:
            says = _(
                "The water stands at {health}, as before. What you have changed is not the "
                "shortest board, “{low}”."
            ).format(health=health, low=low)
        else:
            points = ngettext("{n} point", "{n} points", abs(gained)).format(n=abs(gained))
            told = _("{points} more") if gained > 0 else _("{points} less")
            says = _("The water stands at {health} now, {gained}.").format(
                health=health, gained=told.format(points=points)
            )
            says += " " + (
                _("All boards are as long.")
                if len({round(100 * share) for share in shares.values()}) == 1
                else _("The shortest board is “{low}”.").format(low=low)
            )
        return Seen(
            bucket_chart(now, self.first, self.names),
            says,
            (
                Figure(
                    _("Health: the shortest board"),
                    health,
                    _("at first {value}").format(value=f"{100 * self.first.health:.0f} %"),
                ),
                Figure(
                    _("What a mean would have said"),
                    f"{100 * now.mean:.0f} %",
                    _("at first {value}").format(value=f"{100 * self.first.mean:.0f} %"),
                ),
            ),
            {"health": round(100 * now.health), "shortest": now.shortest},
        )

    def records(self) -> dict[str, Records]:
        titles = {
            "used": _("Reports that nobody opens"),
            "on_time": _("What was entered more than a day later"),
            "complete": _("Lines of sales without a cost"),
            "reconciled": _("Months that do not match the books"),
            "traceable": _("Opportunities that lack an entry for a stage"),
        }
        return {
            f"board:{name}": Records(title, partial(self._lacking, name))
            for name, title in titles.items()
        }

    def _lacking(self, name: str) -> pd.DataFrame:
        told = {"on_time": _entered_late, "used": _unread}
        return told.get(name, pd.DataFrame.copy)(self.staves[name].lacking)


def _entered_late(rows: pd.DataFrame) -> pd.DataFrame:
    """Steps that were entered late, as people call them."""
    known = [load(name) for name in rows["procedure"].unique()]
    steps = {name: _(step.short) for each in known for name, step in each.steps.items()}
    seats = {name: _(seat.name) for each in known for name, seat in each.seats.items()}
    return pd.DataFrame(
        {
            _("Case"): rows["case_id"],
            _("Step"): rows["activity"].replace(steps),
            _("Seat"): rows["resource"].replace(seats),
            _("Done on"): rows["timestamp"],
            _("Entered on"): rows["recorded_at"],
            _("Hours later"): rows["hours"].round(),
        }
    )


def _unread(rows: pd.DataFrame) -> pd.DataFrame:
    """Reports that nobody opens, with the work that they are."""
    return pd.DataFrame(
        {
            _("Report"): rows["name"].str.replace("_", " "),
            _("Made every so many days"): rows["made_every_days"],
            _("Minutes each time"): rows["minutes_each"],
            _("Times made"): rows["times_made"],
            _("Hours in all"): rows["hours"],
        }
    )
