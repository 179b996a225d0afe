"""Dirt in the records as a picture: what each kind does to an answer, and when a decision turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crmlab.charts.chart import HOW_MUCH, Chart, bars, dashed, hatched, marked, money
from crmlab.intake.company import name_of
from crmlab.models.entry.dirt import NO, UNSAID, YES, Reading
from crmlab.models.entry.questions import COSTLY, PRICE, TARGET
from crmlab.text import gettext as _

BESIDE = 0.08
"""How far from nothing, on the side without bars, a mark stands, in parts of what is drawn."""


@dataclass(frozen=True)
class Words:
    """How a question and its answers are put.

    Attributes:
        question: the decision, as somebody asks for it.
        figure: the unit of the figure as it is drawn.
        money: whether it is money.
        decisions: what one does, by the decision.
        limit: what the line is at which the decision turns.
    """

    question: str
    figure: str
    money: bool
    decisions: Mapping[str, str]
    limit: str

    def told(self, number: float | None) -> str:
        """The figure as it is written."""
        if number is None:
            return "–"
        return money(number) if self.money else f"{number:,.1f}"

    def drawn(self, number: float) -> float:
        """The figure as it is drawn: money in thousands."""
        return number / 1000 if self.money else number

    def briefly(self, number: float | None) -> str:
        """The figure as it stands beside its bar."""
        if number is None:
            return "–"
        short = self.drawn(number)
        said = f"{abs(short):,.0f}" if abs(short) >= 100 else f"{abs(short):,.1f}"
        return f"\u2212{said}" if short < 0 else said


def words_of(model: str) -> Words:
    """How the question of a model is put."""
    return {"funnel": _funnel, "complaints": _complaints, "contribution": _contribution}.get(
        model, _value
    )()


def kinds_of_dirt() -> dict[str, str]:
    """The kinds, in a word or two."""
    return {
        "missing_cost": _("Missing cost"),
        "wrong_stage": _("Wrong stage"),
        "wrong_category": _("Wrong category"),
        "late_entry": _("Late entry"),
        "duplicates": _("Duplicates"),
    }


def what_it_does(model: str, kind: str) -> str:
    """What a kind of dirt does to the records of a model."""
    told = {
        ("funnel", "wrong_stage"): _("Wrong stage: noted one stage too far"),
        ("funnel", "late_entry"): _("Late entry: won or lost lately, still open on the page"),
        ("funnel", "duplicates"): _("Duplicates: open opportunities entered twice"),
        ("complaints", "wrong_category"): _("Wrong category: filed under another heading"),
        ("complaints", "late_entry"): _("Late entry: complaints not entered yet"),
        ("complaints", "duplicates"): _("Duplicates: complaints entered twice"),
        ("contribution", "missing_cost"): _("Missing cost: lines without a cost"),
        ("contribution", "wrong_category"): _("Wrong category: service booked to somebody else"),
        ("contribution", "late_entry"): _("Late entry: service cost not entered yet"),
        ("contribution", "duplicates"): _("Duplicates: lines entered twice"),
        ("value", "missing_cost"): _("Missing cost: purchases without a cost"),
        ("value", "late_entry"): _("Late entry: purchases noted 30 days late"),
        ("value", "duplicates"): _("Duplicates: customers under two numbers"),
    }
    return told[model, kind]


def dirt_chart(together: Reading, alone: Mapping[str, Reading], words: Words) -> Chart:
    """The model's answer: with the records as they are, with each kind of dirt alone, and with all.

    A bar's name in `customdata` is that of the records behind it: `dirt:late_entry`.
    """
    names = kinds_of_dirt()
    rows = [_("as they are"), *(names[kind] for kind in alone), _("together")]
    answers = [together.truth, *(one.answer for one in alone.values()), together.answer]
    behind = [*(f"dirt:{kind}" for kind in alone), ""]
    turned = [
        row
        for row, answer in zip(rows, answers, strict=True)
        if answer.decision != together.truth.decision
    ]
    limit = together.answer.limit
    if limit is None:
        limit = together.truth.limit
    figures = [words.drawn(answer.figure or 0.0) for answer in answers]
    told = [words.briefly(answer.figure) for answer in answers]
    look = {"orientation": "h", "textposition": "outside", "cliponaxis": False}
    low, high = min(0.0, *figures), max(0.0, *figures)
    side = 1 if high > -low else -1
    room, margin = 0.35 * (high - low), 2 * BESIDE * (high - low)
    return Chart(
        words.question,
        _says(together, words),
        (
            hatched(
                y=rows[:1],
                x=figures[:1],
                text=told[:1],
                name=_("with the records as they are"),
                **look,
            ),
            bars(
                y=rows[1:],
                x=figures[1:],
                text=told[1:],
                customdata=behind,
                name=_("with dirt in the records"),
                **look,
            ),
            dashed(
                x=[words.drawn(limit or 0.0)] * 2,
                y=[rows[0], rows[-1]],
                name=words.limit,
                hovertemplate=HOW_MUCH,
            ),
            marked(
                x=[-side * BESIDE * (high - low)] * len(turned),
                y=turned,
                hovertemplate="<b>%{fullData.name}</b><br>%{y}<extra></extra>",
                name=_("another decision, or none"),
            ),
        ),
        x=words.figure,
        layout={
            "yaxis": {"autorange": "reversed"},
            "xaxis": {
                "range": [-margin, high + room] if side > 0 else [low - room, margin],
                "nticks": 4,
            },
            "barmode": "overlay",
            "bargap": 0.5,
        },
    )


def _says(reading: Reading, words: Words) -> str:
    truth, now = words.told(reading.truth.figure), words.told(reading.answer.figure)
    if not any(reading.percent.values()):
        return _(
            "With the records as they are, the answer is {truth}. All bars are alike until you "
            "turn a dial."
        ).format(truth=truth)
    if reading.drift_percent is None:
        return _(
            "With the records as they are it is {truth}. With so much dirt in them the model has "
            "no answer left."
        ).format(truth=truth)
    return _(
        "With the records as they are it is {truth}. With the dirt that you have turned up, the "
        "model says {now}: {drift}."
    ).format(truth=truth, now=now, drift=drift_in_words(reading))


def drift_in_words(reading: Reading) -> str:
    """How much larger or smaller the figure looks than it is; a loss is large if much is lost."""
    truth, now, drift = reading.truth.figure, reading.answer.figure, reading.drift_percent
    if truth is None or now is None or drift is None:
        return "–"
    if not round(drift):
        return _("it looks as it is")
    percent = f"{abs(drift):,.0f} %"
    if truth < 0:
        if now >= 0:
            return _("the loss looks like a gain")
        told = (
            _("the loss looks {percent} smaller")
            if drift > 0
            else _("the loss looks {percent} larger")
        )
    else:
        told = _("it looks {percent} larger") if drift > 0 else _("it looks {percent} smaller")
    return told.format(percent=percent)


def _funnel() -> Words:
    return Words(
        _("Is the target of {amount} covered?").format(amount=money(TARGET)),
        _("thousands of ¥"),
        True,
        {
            YES: _("the target is covered"),
            NO: _("the target is not covered"),
            UNSAID: _("nothing can be said"),
        },
        _("the target"),
    )


def _complaints() -> Words:
    return Words(
        _("Do we look into the leaks of September?"),
        _("leaks for 1,000 orders"),
        False,
        {
            YES: _("look into it"),
            NO: _("nothing to look into"),
            UNSAID: _("nothing can be said"),
        },
        _("limit of chance"),
    )


def _contribution() -> Words:
    return Words(
        _("Negotiate with {customer} again?").format(customer=name_of("customer_id", COSTLY)),
        _("thousands of ¥, before credit"),
        True,
        {
            YES: _("negotiate again"),
            NO: _("leave it as it is"),
            UNSAID: _("first enter the missing costs"),
        },
        _("what we can bear"),
    )


def _value() -> Words:
    return Words(
        _("May it cost {price} to keep one customer, on average?").format(price=money(PRICE)),
        _("thousands of ¥ a year, on average"),
        True,
        {
            YES: _("it may"),
            NO: _("it may not"),
            UNSAID: _("nothing can be said"),
        },
        _("what it costs to keep them"),
    )
