"""The shortest board as a picture."""

from __future__ import annotations

from collections.abc import Mapping

from crmlab.charts.chart import Chart, bars, dashed, marked
from crmlab.models.entry.shortest_board import Bucket
from crmlab.text import gettext as _

ABOVE = 15
"""How far above the shortest board its mark stands, so that its number can be read."""


def bucket_chart(now: Bucket, first: Bucket, names: Mapping[str, str]) -> Chart:
    """The boards of a bucket, and how high the water stands.

    A bar's name in `customdata` is that of the records behind it: `board:used`.
    """
    rows = list(first.shares)
    shares = [now.shares[name] * 100 for name in rows]
    low = now.shortest
    labels = [names[name].replace(" ", "<br>") for name in rows]
    return Chart(
        _("The shortest board"),
        _(
            "The water stands at {health:.0f} %, as high as the shortest board, “{low}”, and no "
            "higher. The mean of all boards would have said {mean:.0f} %."
        ).format(health=100 * now.health, low=names[low], mean=100 * now.mean),
        (
            bars(
                x=labels,
                y=shares,
                text=[f"{share:.0f} %" for share in shares],
                textposition="outside",
                cliponaxis=False,
                customdata=[f"board:{name}" for name in rows],
                name=_("boards"),
            ),
            dashed(
                x=[labels[0], labels[-1]],
                y=[100 * now.health] * 2,
                name=_("the water: health"),
            ),
            marked(
                x=[labels[rows.index(low)]],
                y=[100 * now.health + ABOVE],
                name=_("the shortest board"),
            ),
        ),
        layout={
            "xaxis": {"tickangle": 0, "tickfont": {"size": 11}},
            "yaxis": {"range": [0, 122], "tickvals": [0, 50, 100], "ticksuffix": " %"},
        },
    )
