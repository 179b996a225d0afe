"""The funnel with its dials: what more would bring, what the pipeline is worth, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Literal

import numpy as np
import pandas as pd
from IPython.display import Markdown

from crmlab.charts.chart import money
from crmlab.charts.funnel import MILLION, funnel_chart, pipeline_chart
from crmlab.intake.company import company_table, name_of
from crmlab.models.entry.questions import TARGET
from crmlab.models.funnel import Forecast, Funnel, Prepared, prepare
from crmlab.models.funnel.dials import Turned, Unproven, turn, without_evidence
from crmlab.models.funnel.rows import Which, behind
from crmlab.procedures import load
from crmlab.text import gettext as _
from crmlab.text import ngettext, show_month
from crmlab.widgets.analysis.board import Board, Figure, Records, Seen
from crmlab.widgets.analysis.books import won_match
from crmlab.widgets.dial import Dial
from crmlab.widgets.live import shows_trouble

FASTER, ROOM = 10, 3
"""So many days a win can be made faster with the dial, of the eleven that it takes; and for so many
the axis has room before it grows with the bars."""


@cache
def company_funnel(chances: Literal["history", "procedure"] = "history") -> Prepared:
    """The practice company's funnel, by the chances that history shows or the procedure states."""
    stages = load("lead_to_cash").stages
    return prepare(
        company_table("opportunities"),
        list(stages),
        entries=company_table("opportunity_stages"),
        chances={name: stages[name].chance for name in stages} if chances == "procedure" else None,
        target=TARGET,
    )


class FunnelBoard(Board):
    """What if more opportunities went on, or came to their end sooner?

    FunnelBoard()
    """

    name = "funnel"
    held_against = staticmethod(won_match)

    @shows_trouble
    def __init__(self) -> None:
        self.prepared = company_funnel()
        self.stages = [stage.stage for stage in self.prepared.found.stages]
        self.room = turn(self.prepared, days_faster=ROOM).entered[0]
        super().__init__(
            _("What if more went on?"),
            {
                "stage": Dial(
                    _("The stage where more go on"), 0, len(self.stages) - 1, 1, 0, told=self._name
                ),
                "points": Dial(_("More that go on there"), 0, 20, 1, 0, told=_in_points),
                "days": Dial(_("Faster from start to win"), 0, FASTER, 1, 0, told=_in_days),
            },
        )

    def _name(self, number: float) -> str:
        return _(self.stages[int(number)])

    def look(self, at: Mapping[str, float]) -> Seen:
        found, stage = self.prepared.found, self.stages[int(at["stage"])]
        now = turn(self.prepared, {stage: at["points"] / 100}, days_faster=at["days"])
        return Seen(
            funnel_chart(found, now, max(self.room, *now.entered)),
            self._says(now, stage, at),
            (
                Figure(
                    _("Won in 24 months"),
                    money(now.won_amount),
                    _("at first {amount}").format(amount=money(found.won_amount)),
                ),
                Figure(
                    _("Win rate, won of closed"),
                    f"{100 * (now.win_rate or 0.0):.0f} %",
                    _("at first {n:.0f} %").format(n=100 * (found.win_rate or 0.0)),
                ),
                Figure(
                    _("Velocity, ¥ a day"),
                    money(now.velocity_per_day or 0.0),
                    _("at first {amount}").format(amount=money(found.velocity_per_day or 0.0)),
                ),
                _bring(now.forecast, found.forecast, _("at first {told}")),
            ),
            {"gained": now.won_amount - found.won_amount},
        )

    def _says(self, now: Turned, stage: str, at: Mapping[str, float]) -> str:
        found = self.prepared.found
        if not at["points"] and not at["days"]:
            return _(
                "As it was: {share:.0f} of 100 opportunities were won, for {amount} in 24 months."
            ).format(share=100 * found.overall_conversion, amount=money(found.won_amount))
        said = _("That would have been {more} more in 24 months.").format(
            more=money(now.won_amount - found.won_amount)
        )
        if at["points"]:
            share = 100 * (now.conversions[self.stages.index(stage)] or 0.0)
            said += " " + _("From “{stage}” {share:.0f} % would go on.").format(
                stage=_(stage), share=share
            )
        if at["days"]:
            said += " " + _(
                "Faster brings more only if the sellers begin something new in the days they gain."
            )
        return said

    def records(self) -> dict[str, Records]:
        return {
            **{
                f"entered:{stage}": Records(
                    _("Came to “{stage}”").format(stage=_(stage)),
                    partial(_rows, self.prepared, "entered", stage=stage),
                )
                for stage in self.stages
            },
            "won": Records(_("Won"), partial(_rows, self.prepared, "won")),
            "lost": Records(_("Lost"), partial(_rows, self.prepared, "lost")),
            **_open_records(self.prepared),
        }


class PipelineBoard(Board):
    """What may we count on?

    PipelineBoard()
    """

    name = "pipeline"
    held_against = staticmethod(won_match)

    @shows_trouble
    def __init__(self) -> None:
        self.ways = company_funnel("history"), company_funnel("procedure")
        self.most = max(
            without_evidence(prepared, 1.0).told.weighted_open_amount for prepared in self.ways
        )
        super().__init__(_("What may we count on?"), self._dials())

    def _dials(self) -> dict[str, Dial]:
        ways = _("as history shows"), _("as the procedure says")
        return {
            "left": _stuck_dial(),
            "ways": Dial(_("The chance of a stage"), 0, 1, 1, 0, told=lambda at: ways[int(at)]),
            "far": Dial(_("Entered one stage too far"), 0, 50, 5, 0, "%"),
        }

    def look(self, at: Mapping[str, float]) -> Seen:
        prepared = self.ways[int(at.get("ways", 0))]
        found = without_evidence(prepared, at.get("far", 0) / 100, stuck_left=at["left"] / 100)
        if "far" in at:
            other, beside = found.real, _("by the evidence {told}")
        else:
            other, beside = without_evidence(prepared, 0.0).told, _("at first {told}")
        return Seen(
            pipeline_chart(found, TARGET, self.most, evidence="far" in at),
            self._says(found),
            (
                Figure(
                    _("Weighted pipeline by the books"),
                    money(found.told.weighted_open_amount),
                    beside.format(told=money(other.weighted_open_amount)),
                ),
                _bring(found.told.forecast, other.forecast, beside),
                Figure(
                    _("Coverage of what is still to be won"),
                    f"{100 * found.told.weighted_open_amount / TARGET:.0f} %",
                    _("weighted, of {target}").format(target=money(TARGET)),
                ),
            ),
            {
                "covered": 100 * found.told.weighted_open_amount / TARGET,
                "more": found.told.weighted_open_amount - found.real.weighted_open_amount,
            },
        )

    def _says(self, found: Unproven) -> str:
        told, real = found.told.weighted_open_amount, found.real.weighted_open_amount
        if found.moved:
            return ngettext(
                "{n:,} opportunity stands one stage further than anything shows. The books say "
                "{more} more for it, and nothing more will be won.",
                "{n:,} opportunities stand one stage further than anything shows. The books say "
                "{more} more for it, and nothing more will be won.",
                found.moved,
            ).format(n=found.moved, more=money(told - real))
        return _verdict(found.told.forecast)

    def records(self) -> dict[str, Records]:
        return _open_records(self.ways[0])


class PipelineBriefing(PipelineBoard):
    """One decision: may the target be promised?

    PipelineBriefing()
    """

    def _dials(self) -> dict[str, Dial]:
        return {"left": _stuck_dial()}


def _in_days(number: float) -> str:
    return ngettext("{n:.0f} day", "{n:.0f} days", int(number)).format(n=number)


def _in_points(number: float) -> str:
    return ngettext("{n:.0f} point", "{n:.0f} points", int(number)).format(n=number)


def _stuck_dial() -> Dial:
    return Dial(_("Chance that is left to what is stuck"), 0, 100, 10, 100, "%")


def _verdict(forecast: Forecast) -> str:
    told = {"p10": _millions(forecast.p10), "p90": _millions(forecast.p90)}
    told["target"] = money(TARGET)
    if forecast.p10 >= TARGET:
        said = _("In 90 of 100 draws it brings {p10} or more. The {target} may be promised.")
    elif forecast.p90 >= TARGET:
        said = _(
            "In 80 of 100 draws it brings {p10} to {p90}. The {target} lie at its very top: they "
            "may be hoped for and not promised."
        )
    else:
        said = _(
            "In 90 of 100 draws it brings no more than {p90}. The {target} may not be promised."
        )
    return said.format(**told)


def _millions(amount: float) -> str:
    """An amount as exactly as a forecast can be read."""
    return _("¥{n:.2f} million").format(n=amount / MILLION)


def _bring(now: Forecast, other: Forecast, beside: str) -> Figure:
    def told(forecast: Forecast) -> str:
        return _("¥{low:.2f} to {high:.2f} million").format(
            low=forecast.p10 / MILLION, high=forecast.p90 / MILLION
        )

    label = _("What is open brings, in 80 of 100 draws")
    return Figure(label, told(now), beside.format(told=told(other)))


def _open_records(prepared: Prepared) -> dict[str, Records]:
    found = prepared.found
    return {
        "open": Records(
            _("Open, the longest in their stage first"), partial(_rows, prepared, "open")
        ),
        "stuck": Records(_("Stuck"), partial(_rows, prepared, "stuck")),
        "moving": Records(
            _("Open and still moving"),
            lambda: _rows(prepared, "open", still_moving=True),
        ),
        **{
            f"open:{owner.owner}": Records(
                _("Open, of {owner}").format(owner=name_of("owner", owner.owner)),
                partial(_rows, prepared, "open", owner=owner.owner),
            )
            for owner in found.owners
            if owner.open
        },
        **{
            f"month:{cohort.month}": Records(
                _("Began in {month}").format(month=show_month(cohort.month)),
                partial(_rows, prepared, month=cohort.month),
            )
            for cohort in found.cohorts[-3:]
        },
    }


def _rows(
    prepared: Prepared, which: Which = "all", *, still_moving: bool = False, **of: str
) -> pd.DataFrame:
    """The opportunities behind a figure, as they are shown: in whole days."""
    rows = behind(prepared, which, **of)
    if still_moving:
        rows = rows[~rows["stuck"]]
    if "days_in_stage" in rows:
        rows = rows.assign(days_in_stage=np.floor(rows["days_in_stage"]))
    return rows.rename(columns={"days_in_stage": _("Days in the stage"), "stuck": _("Stuck")})


def funnel_in_words(part: Literal["stages", "owners", "months"] = "stages") -> Markdown:
    """A part of the practice company's funnel, as a short text.

    Args:
        part: stages, owners (those with the most stuck) or months (the latest).
    """
    parts = {"stages": _stages_in_words, "owners": _owners_in_words, "months": _months_in_words}
    head, lines = parts[part](company_funnel().found)
    return Markdown("\n".join([f"**{head}**", "", *(f"- {line}" for line in lines)]))


def _stages_in_words(found: Funnel) -> tuple[str, list[str]]:
    head = ngettext(
        "{n:,} opportunity: {won:,} won, {lost:,} lost, {open:,} open. Win rate, won of closed: "
        "{rate:.0f} %.",
        "{n:,} opportunities: {won:,} won, {lost:,} lost, {open:,} open. Win rate, won of closed: "
        "{rate:.0f} %.",
        found.opportunities,
    ).format(
        n=found.opportunities,
        won=found.won,
        lost=found.lost,
        open=found.open,
        rate=100 * (found.win_rate or 0.0),
    )
    return head, [
        _(
            "{stage}: {entered:,} came, {converted:,} went on, {share:.1f} %. Half of them within "
            "{days:.1f} days, nine of ten within {ninth:.1f}. Open: {open:,}, stuck: {stuck:,}"
        ).format(
            stage=_(stage.stage),
            entered=stage.entered,
            converted=stage.converted,
            share=100 * (stage.conversion or 0.0),
            days=stage.median_days or 0.0,
            ninth=stage.ninth_days or 0.0,
            open=stage.open,
            stuck=stage.stuck,
        )
        for stage in found.stages
    ]


def _owners_in_words(found: Funnel) -> tuple[str, list[str]]:
    """The one with the most stuck, and the others together."""
    first, *others = found.owners
    owner = ngettext(
        "{owner}: {n:,} opportunity, {open:,} open, {stuck:,} of them stuck",
        "{owner}: {n:,} opportunities, {open:,} open, {stuck:,} of them stuck",
        first.opportunities,
    ).format(owner=first.owner, n=first.opportunities, open=first.open, stuck=first.stuck)
    rest = ngettext(
        "{m} other: {n:,} opportunities, {open:,} open, {stuck:,} of them stuck",
        "the {m} others: {n:,} opportunities, {open:,} open, {stuck:,} of them stuck",
        len(others),
    ).format(
        m=len(others),
        n=sum(other.opportunities for other in others),
        open=sum(other.open for other in others),
        stuck=sum(other.stuck for other in others),
    )
    head = (
        _("More is stuck with {owner} than chance explains.").format(owner=first.owner)
        if first.stalled
        else _("With nobody is more stuck than chance explains.")
    )
    return head, [owner, rest]


def _months_in_words(found: Funnel) -> tuple[str, list[str]]:
    return _("How many of a month’s opportunities have been won by now?"), [
        _("{month}: {n:,} began, {won:,} won, {open:,} open, {share:.0f} %{young}").format(
            month=show_month(cohort.month),
            n=cohort.opportunities,
            won=cohort.won,
            open=cohort.open,
            share=100 * cohort.overall_conversion,
            young=_(": too young to judge") if cohort.young else "",
        )
        for cohort in found.cohorts[-6:]
    ]
