"""A model's totals held against the books, as a picture."""

from __future__ import annotations

from crmlab.charts.chart import Chart, bars, dashed, marked, ticks
from crmlab.models.entry.reconciliation import NEEDED, TOLERANCE, Reconciliation
from crmlab.text import gettext as _
from crmlab.text import ngettext

MOST = 22
"""How far the axis goes, in per cent of the books; what is further off stands at its end."""


def reconciliation_chart(match: Reconciliation) -> Chart:
    """How far each month lies from the books, and since when the figures may be used.

    A bar's name in `customdata` is that of the records behind it: `month:2026-04`.
    """
    months = [one.period for one in match.periods]
    apart = [100 * one.difference / one.books if one.books else MOST for one in match.periods]
    allowed = 100 * TOLERANCE
    since = [match.usable_since] if match.usable_since else []
    wrong = [one for one in match.periods if not one.matches]
    counted = {"n": len(months) - len(wrong), "of": len(months)}
    if match.usable:
        says = _(
            "{n} of {of} months match the books, the latest {row} without a break; {needed} in a "
            "row are enough."
        ).format(row=match.in_a_row, needed=NEEDED, **counted)
    else:
        says = ngettext(
            "{n} of {of} months match the books. {more} more in a row has to match before the "
            "figures may be used.",
            "{n} of {of} months match the books. {more} more in a row have to match before the "
            "figures may be used.",
            match.still_needed,
        ).format(more=match.still_needed, **counted)
    return Chart(
        _("How far the sales lie from the books"),
        says,
        (
            bars(
                x=months,
                y=[min(each, MOST) for each in apart],
                customdata=[f"month:{month}" for month in months],
                name=_("difference of a month"),
            ),
            dashed(
                x=[months[0], months[-1], None, months[0], months[-1]],
                y=[allowed, allowed, None, -allowed, -allowed],
                name=_("within this it matches"),
            ),
            marked(x=since, y=[0.0] * len(since), name=_("usable since")),
        ),
        y=_("% of the books"),
        layout={
            "yaxis": {"range": [-2, MOST]},
            "xaxis": {"type": "category", **ticks(months[4::6])},
        },
        height=280,
    )
