"""Lifetime value as pictures."""

from __future__ import annotations

from collections.abc import Sequence

from crmlab.charts.chart import QUIET, Chart, bars, dashed, hatched, line, marked, money
from crmlab.models.value.one_customer import ByHand
from crmlab.models.value.tracking import Tracking
from crmlab.text import gettext as _
from crmlab.text import ngettext


def one_customer_chart(hand: ByHand, model: Sequence[float]) -> Chart:
    """What one customer brings year by year, by hand, beside what the model says of the first."""
    number, seen = len(hand.years), len(model)
    first = sum(hand.years[:seen])
    says = _(
        "By hand, the first year brings ¥{one:,.0f} and the tenth ¥{ten:,.0f}, each in money of "
        "today. The first {seen} years are {share:.0f} % of the whole. All the rest lies further "
        "ahead than our records go back."
    ).format(
        one=hand.years[0],
        ten=hand.years[-1],
        seen=seen,
        share=100 * first / hand.value if hand.value else 0.0,
    )
    names = [*(str(n + 1) for n in range(number)), f"{number + 1}+"]
    return Chart(
        _("What one customer brings, year by year"),
        says,
        (
            bars(
                x=names,
                y=[*hand.years, hand.after],
                customdata=["active"] * (number + 1),
                name=_("by hand"),
            ),
            hatched(
                x=names[:seen],
                y=list(model),
                customdata=["active"] * seen,
                name=_("by the model, as far ahead as our records go back"),
            ),
        ),
        x=_("year from now"),
        y=_("¥ of today"),
        layout={"barmode": "group", "xaxis": {"type": "category", "tickangle": 0}},
    )


def tracking_chart(found: Tracking) -> Chart:
    """Repeat purchases week by week: what happened, and what the model made of it.

    Up to the calibration's end the broken line is what the model expects of such customers; there
    it begins anew from what they had done, and foretells.
    """
    weeks, foretold = found.weeks, found.foretold()
    seen = weeks[~weeks["held_out"]]
    days = [str(day.date()) for day in weeks.index]
    known = len(seen) - 1
    says = _(
        "Up to the diamond the model has seen the purchases; there the broken line begins anew, "
        "and foretells. At the end it stands at {foretold:,.0f} repeat purchases, and {actual:,} "
        "were made."
    ).format(actual=int(weeks["actual"].iloc[-1]), foretold=foretold.iloc[-1])
    return Chart(
        _("Repeat purchases so far"),
        says,
        (
            line(
                x=days,
                y=weeks["actual"].tolist(),
                mode="lines",
                customdata=["held_out"] * len(days),
                name=_("what they bought"),
            ),
            dashed(
                x=[*days[: known + 1], None, *(str(day.date()) for day in foretold.index)],
                y=[*seen["expected"].round(1).tolist(), None, *foretold.round(1).tolist()],
                line={"color": QUIET, "width": 2.5, "dash": "dash"},
                name=_("what the model expected"),
            ),
            marked(
                x=[days[known]],
                y=[int(weeks["actual"].iloc[known])],
                customdata=["held_out"],
                name=_("from here on it has not seen them"),
            ),
        ),
        y=_("repeat purchases"),
        layout={
            "xaxis": {"type": "date", "nticks": 5, "tickformat": "%b %Y"},
            "margin": {"r": 28},
        },
    )


def second_look_chart(worth: Sequence[tuple[str, float]], cost: float) -> Chart:
    """What a second look at one complaint is worth, for customers of different worth, and its cost.

    Args:
        worth: who the customer is, and what the look is worth with them, the least first.
    """
    names, sums = [name for name, _sum in worth], [each for _name, each in worth]
    beyond = sum(each >= cost for each in sums)
    says = ngettext(
        "The hatched bar is what a second look costs: ¥{cost:,.0f}. {beyond} of the {all} full "
        "bars is as long or longer. The longest of them is {times:.0f} times the "
        "shortest: the same look is worth more with some customers than with others.",
        "The hatched bar is what a second look costs: ¥{cost:,.0f}. {beyond} of the {all} full "
        "bars are as long or longer. The longest of them is {times:.0f} times the "
        "shortest: the same look is worth more with some customers than with others.",
        beyond,
    ).format(
        cost=cost,
        beyond=beyond,
        all=len(sums),
        times=sums[-1] / sums[0] if sums[0] else 1.0,
    )
    along = {"orientation": "h", "textposition": "outside", "cliponaxis": False}
    return Chart(
        _("What a second look at one complaint is worth"),
        says,
        (
            bars(
                y=names,
                x=sums,
                text=[money(each) for each in sums],
                customdata=["middle", "active", "top"],
                name=_("what it is worth"),
                **along,
            ),
            hatched(
                y=[_("its cost")],
                x=[cost],
                text=[money(cost)],
                name=_("what it costs"),
                **along,
            ),
        ),
        x=_("¥ for one complaint"),
        layout={"barmode": "overlay", "yaxis": {"autorange": "reversed"}, "margin": {"r": 72}},
        height=290,
    )
