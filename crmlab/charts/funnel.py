"""The funnel as a picture."""

from __future__ import annotations

from crmlab.charts.chart import Chart, bars, hatched
from crmlab.models.funnel import Funnel
from crmlab.text import gettext as _


def funnel_chart(now: Funnel, at_first: Funnel | None = None) -> Chart:
    """How many came to each stage, beside how many did with the dials at first.

    A bar's name in `customdata` is that of the records behind it: `stage:needs`.
    """
    first = at_first or now
    stages = now.stages
    names = [_(stage.stage) for stage in stages] + [_("won")]
    last = stages[-1]
    reached = [stage.entered for stage in stages] + [last.converted]
    before = [stage.entered for stage in first.stages] + [first.stages[-1].converted]
    behind = [f"stage:{stage.stage}" for stage in stages] + ["outcome:won"]
    known = [stage for stage in stages if stage.conversion is not None]
    weakest = min(known, key=lambda stage: stage.conversion or 0.0)
    says = _(
        "Of {entered:,} opportunities that came in, {won:,} were won. The step where most are left "
        "behind is “{stage}”: {share:.0f} % went on from there."
    ).format(
        entered=reached[0],
        won=reached[-1],
        stage=_(weakest.stage),
        share=100 * (weakest.conversion or 0.0),
    )
    texts = [f"{number:,.0f}" for number in reached]
    return Chart(
        _("How far opportunities come"),
        says,
        (
            bars(
                y=names,
                x=reached,
                text=texts,
                textposition="outside",
                cliponaxis=False,
                customdata=behind,
                orientation="h",
                name=_("with the dials"),
            ),
            hatched(
                y=names,
                x=before,
                customdata=behind,
                orientation="h",
                name=_("at first"),
            ),
        ),
        x=_("opportunities"),
        layout={"yaxis": {"autorange": "reversed"}, "barmode": "group", "margin": {"r": 56}},
    )
