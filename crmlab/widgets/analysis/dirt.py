"""Dials that spoil the records of a model, and what becomes of its answer and of a decision."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from crmlab.charts.dirt import (
    dirt_chart,
    drift_in_words,
    kinds_of_dirt,
    what_it_does,
    words_of,
)
from crmlab.errors import ModelError
from crmlab.intake.company import company_table
from crmlab.models.entry.dirt import MOST, STEP, Dirt, Question
from crmlab.models.entry.questions import (
    about_complaints,
    about_contribution,
    about_funnel,
    about_value,
)
from crmlab.procedures import load
from crmlab.text import gettext as _
from crmlab.widgets.analysis.board import Board, Figure, Records, Seen
from crmlab.widgets.analysis.complaints import as_entered
from crmlab.widgets.dial import Dial
from crmlab.widgets.live import shows_trouble


class DirtyData(Board):
    """What careless entry does to the answer of a model: a dial for each kind of dirt.

    DirtyData("contribution")

    Args:
        model: funnel, complaints, contribution or value.
    """

    @shows_trouble
    def __init__(self, model: str) -> None:
        self.dirt, self.words = Dirt(question_about(model)), words_of(model)
        for kind in self.dirt.kinds:
            self.dirt.curve(kind)
        super().__init__(
            self.words.question,
            {
                kind: Dial(what_it_does(model, kind), 0, MOST, STEP, 0, "%")
                for kind in self.dirt.kinds
            },
        )

    def look(self, at: Mapping[str, float]) -> Seen:
        percent = {kind: int(share) for kind, share in at.items()}
        together = self.dirt.read(percent)
        alone = {kind: self.dirt.read({kind: share}) for kind, share in percent.items()}
        truth, now = together.truth, together.answer
        decided = self.words.decisions
        if together.flipped:
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
                Figure(_("The truth"), self.words.told(truth.figure), decided[truth.decision]),
                Figure(
                    _("What the model says now"),
                    self.words.told(now.figure),
                    decided[now.decision],
                ),
                Figure(_("Against the truth"), drift_in_words(together)),
            ),
        )

    def records(self) -> dict[str, Records]:
        names = kinds_of_dirt()
        return {
            f"dirt:{kind}": Records(
                _("Spoiled by “{kind}”, as they truly are").format(kind=names[kind]),
                partial(self._spoiled, kind),
            )
            for kind in self.dirt.kinds
        }

    def _spoiled(self, kind: str) -> pd.DataFrame:
        return as_entered(self.dirt.rows_behind(kind, int(self.stands[kind])))


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
