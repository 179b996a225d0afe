"""The funnel as a picture: how far opportunities come, and what the open ones are worth."""

from __future__ import annotations

from crmlab.charts.chart import HOW_MUCH, Chart, bars, dashed, hatched, money
from crmlab.models.funnel import Funnel
from crmlab.models.funnel.dials import Turned, Unproven
from crmlab.text import gettext as _
from crmlab.text import ngettext

MILLION = 1_000_000


def funnel_chart(found: Funnel, now: Turned, most: float) -> Chart:
    """How many come to each stage with the dials, beside how many really did.

    A bar's name in `customdata` is that of the records behind it: `entered:needs`, or `won`.

    Args:
        most: the largest number that the axis has to hold.
    """
    stages = [stage.stage for stage in found.stages]
    before = [*(stage.entered for stage in found.stages), found.won]
    weakest = min(
        (n for n, share in enumerate(now.conversions) if share is not None),
        key=lambda n: now.conversions[n] or 0.0,
        default=0,
    )
    says = ngettext(
        "Of {entered:,.0f} opportunity that came in, {won:,.0f} is won. The step where the largest "
        "share is left behind is “{stage}”: {share:.0f} % go on from there.",
        "Of {entered:,.0f} opportunities that came in, {won:,.0f} are won. The step where the "
        "largest share is left behind is “{stage}”: {share:.0f} % go on from there.",
        round(now.entered[0]),
    ).format(
        entered=now.entered[0],
        won=now.entered[-1],
        stage=_(stages[weakest]),
        share=100 * (now.conversions[weakest] or 0.0),
    )
    shared = {
        "y": [*(_(stage) for stage in stages), _("won")],
        "customdata": [*(f"entered:{stage}" for stage in stages), "won"],
        "orientation": "h",
    }
    return Chart(
        _("How far opportunities come"),
        says,
        (
            bars(
                **shared,
                x=list(now.entered),
                text=[f"{number:,.0f}" for number in now.entered],
                textposition="outside",
                cliponaxis=False,
                name=_("with the dials"),
            ),
            hatched(**shared, x=before, name=_("as it was")),
        ),
        x=_("opportunities"),
        layout={
            "yaxis": {"autorange": "reversed"},
            "barmode": "group",
            "margin": {"r": 56},
            "xaxis": {"range": [0, 1.05 * most]},
        },
    )


def pipeline_chart(found: Unproven, target: float, most: float, *, evidence: bool = True) -> Chart:
    """What open opportunities are worth by the books, and what is still to be won.

    Args:
        evidence: show beside it what there is evidence for.
        target: what is still to be won.
        most: the largest amount that the axis has to hold, whatever the dials say.
    """
    both = (found.told, found.real) if evidence else (found.told,)
    stuck = [part.weighted_stuck_amount / MILLION for part in both]
    moving = [
        part.weighted_open_amount / MILLION - lies for part, lies in zip(both, stuck, strict=True)
    ]
    amount = found.told.weighted_open_amount
    lies = found.told.weighted_stuck_amount
    if lies:
        told = _("{stuck} of it, {share:.0f} %, is stuck.").format(
            stuck=money(lies), share=100 * lies / amount
        )
    else:
        told = _("What is stuck is not counted in it.")
    says = _(
        "The books weigh the pipeline at {amount}. {told} The broken line is what is still to be "
        "won: {target}."
    ).format(amount=money(amount), told=told, target=money(target))
    end = len(both) - 0.5
    shared = {"y": list(range(len(both))), "orientation": "h", "hovertemplate": HOW_MUCH}
    goal = target / MILLION
    return Chart(
        _("What the pipeline is worth"),
        says,
        (
            bars(**shared, x=moving, name=_("still moving"), customdata=["moving"] * len(both)),
            hatched(**shared, x=stuck, name=_("stuck"), customdata=["stuck"] * len(both)),
            dashed(
                x=[goal, goal], y=[-0.5, end], name=_("still to be won"), hovertemplate=HOW_MUCH
            ),
        ),
        x=_("weighted pipeline, million ¥"),
        layout={
            "barmode": "stack",
            "yaxis": {
                "range": [end, -0.5],
                "tickvals": shared["y"],
                "ticktext": [_("the books"), _("the evidence")][: len(both)],
            },
            "xaxis": {"range": [0, 1.08 * max(most / MILLION, goal)], "nticks": 5},
        },
        height=100 + 80 * len(both),
    )
