"""Dials that spoil the records of a model, and what becomes of its answer and of a decision."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

import pandas as pd
from IPython.display import Markdown

from crmlab.charts.dirt import (
    dirt_chart,
    drift_in_words,
    kinds_of_dirt,
    what_it_does,
    words_of,
)
from crmlab.errors import ModelError
from crmlab.intake.company import company_table
from crmlab.models.entry.dirt import DRAWS, MOST, STEP, UNSAID, Dirt, Question, companies, turned
from crmlab.models.entry.questions import (
    about_complaints,
    about_contribution,
    about_funnel,
    about_value,
)
from crmlab.procedures import load
from crmlab.text import gettext as _
from crmlab.widgets.analysis.board import Board, Figure, Records, Seen
from crmlab.widgets.analysis.complaints_company import as_entered
from crmlab.widgets.dial import Dial
from crmlab.widgets.live import shows_trouble

DRAW = "draw"
"""The dial that chooses which of the companies that are as careless is looked at."""


class DirtyData(Board):
    """What careless entry does to the answer of a model: a dial for each kind of dirt, and one for
    the luck of which records it hits.

    DirtyData("contribution")

    Args:
        model: funnel, complaints, contribution or value.
    """

    records_follow = True

    @shows_trouble
    def __init__(self, model: str) -> None:
        self.words = words_of(model)
        self.companies = careless_companies(model)
        # Each kind alone is worked out for all of them, so that a turn has only one thing to ask.
        self.turned = turned(self.companies)
        kinds = self.companies[0].kinds
        super().__init__(
            self.words.question,
            {
                **{kind: Dial(what_it_does(model, kind), 0, MOST, STEP, 0, "%") for kind in kinds},
                DRAW: Dial(_("Another company as careless, number"), 1, DRAWS, 1, 1),
            },
        )

    @property
    def dirt(self) -> Dirt:
        """The company that is looked at."""
        return self.companies[int(self.stands[DRAW]) - 1]

    def look(self, at: Mapping[str, float]) -> Seen:
        dirt = self.companies[int(at[DRAW]) - 1]
        percent = {kind: int(at[kind]) for kind in dirt.kinds}
        together = dirt.read(percent)
        alone = {kind: dirt.read({kind: share}) for kind, share in percent.items()}
        truth, now = together.truth, together.answer
        decided = self.words.decisions
        if now.decision == UNSAID != truth.decision:
            says = _("Nothing can be decided any more, but “{now}”. It was “{truth}”.").format(
                truth=decided[truth.decision], now=decided[now.decision]
            )
        elif together.flipped:
            says = _("The decision has turned: from “{truth}” to “{now}”.").format(
                truth=decided[truth.decision], now=decided[now.decision]
            )
        elif any(percent.values()):
            says = _("The decision stands: “{truth}”. {spoiled:,} records are spoiled.").format(
                truth=decided[truth.decision], spoiled=sum(together.spoiled.values())
            )
        else:
            says = _("With the records as they are: “{truth}”.").format(
                truth=decided[truth.decision]
            )
        return Seen(
            dirt_chart(together, alone, self.words),
            says,
            (
                Figure(
                    _("With the records as they are"),
                    self.words.told(truth.figure),
                    decided[truth.decision],
                ),
                Figure(
                    _("What the model says now"),
                    self.words.told(now.figure),
                    decided[now.decision],
                ),
                Figure(_("What the dirt does to it"), drift_in_words(together)),
                self._how_often(percent),
            ),
        )

    def _how_often(self, percent: Mapping[str, int]) -> Figure:
        """In how many companies the one kind that is turned up has turned the decision."""
        up = [kind for kind, share in percent.items() if share]
        label = _("Companies as careless in which the decision has turned")
        if len(up) != 1:
            return Figure(label, "–", _("turn up one kind alone to see"))
        said = _("{n} of {all}").format(n=self.turned[up[0]][percent[up[0]]], all=DRAWS)
        return Figure(label, said, kinds_of_dirt()[up[0]])

    def records(self) -> dict[str, Records]:
        names = kinds_of_dirt()
        return {
            f"dirt:{kind}": Records(
                _("Spoiled by “{kind}”, as they truly are").format(kind=names[kind]),
                partial(self._spoiled, kind),
            )
            for kind in self.companies[0].kinds
        }

    def _spoiled(self, kind: str) -> pd.DataFrame:
        return as_entered(self.dirt.rows_behind(kind, int(self.stands[kind])))


@cache
def careless_companies(model: str) -> tuple[Dirt, ...]:
    """The practice company, as carelessly kept as can be, with the luck of each draw.

    Raises:
        ModelError: there is no such model.
    """
    return companies(question_about(model))


def dirt_in_words(model: str) -> Markdown:
    """In how many companies that are as careless each kind of dirt has turned the decision."""
    names, lines = kinds_of_dirt(), []
    for kind, by_step in turned(careless_companies(model)).items():
        some = [(share, number) for share, number in by_step.items() if number]
        if not some:
            told = _("turned in none of {all}, up to {most} %").format(all=DRAWS, most=MOST)
        else:
            (share, number), *further = some
            first = _("turned in {n} of {all} at {share} %")
            told = ", ".join(
                [
                    first.format(n=number, all=DRAWS, share=share),
                    *(_("{n} at {share} %").format(n=n, share=share) for share, n in further),
                ]
            )
        lines.append(f"- {names[kind]}: {told}")
    return Markdown("\n".join(lines))


def question_about(model: str) -> Question:
    """The question that is asked of a model about the practice company.

    Raises:
        ModelError: there is no such model.
    """
    if model == "funnel":
        return about_funnel(company_table("opportunities"), list(load("lead_to_cash").stages))
    if model == "complaints":
        return about_complaints(company_table("complaints"), company_table("exposure"))
    if model == "contribution":
        return about_contribution(company_table("transactions"))
    if model == "value":
        return about_value(company_table("transactions"))
    raise ModelError(
        _("There is no model '{name}'; there are: {known}.").format(
            name=model, known="funnel, complaints, contribution, value"
        )
    )
