"""Customer contribution as a picture: the whale curve, and sales down to what is left of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crmlab.charts.chart import Chart, bars, dashed, dotted, hatched, line, marked
from crmlab.models.contribution import Contribution
from crmlab.models.contribution.dials import Turned
from crmlab.text import gettext as _

POINTS = 60
"""How many points of the whale curve are drawn; its peak and its end are always among them."""

BEGINS = 80
"""Where the axis of the whale curve begins, in %: from nothing up its fall could not be seen."""


def parts_of() -> dict[str, str]:
    """The steps from sales to what is left, in a word or two."""
    return {
        "margin": _("sales less goods"),
        "discount": _("discount back"),
        "charge": _("express charge"),
        "complaint_cost": _("complaints"),
        "service_cost": _("express, visits"),
        "credit_cost": _("credit"),
        "left": _("what is left"),
    }


def contribution_chart(
    found: Contribution, now: Turned, first: Turned, customer: str, name: str
) -> Chart:
    """Above the whale curve, and below what is left of the sales of those whom the dials are about.

    The diamond on the curve is the `customer` of this `name`.
    A point's name in `customdata` is that of the records behind it: `customers` or `sales`.
    """
    best = np.argsort(-now.each, kind="stable")
    curve, drawn = _curve(now.each[best])
    before, drawn_before = _curve(first.each)
    place = int(np.flatnonzero(found.each.index[best] == customer)[0]) + 1
    at = float(now.each[best][:place].sum() / now.total * 100)
    peak = max(curve)
    names = parts_of()
    steps = {**now.steps, "left": now.after}
    at_first = {**first.steps, "left": first.after}
    rows = [names[name] for name in names]
    values = [steps[name] for name in names]
    low, high = min(0.0, *values), max(0.0, *values)
    room = 0.38 * (high - low)
    below = {"xaxis": "x2", "yaxis": "y2", "orientation": "h"}
    return Chart(
        _("Who carries us"),
        _says(found, now, name, place),
        (
            dashed(x=drawn_before, y=before, name=_("the curve at first"), hoverinfo="y"),
            line(
                x=drawn,
                y=curve,
                mode="lines",
                customdata=["customers"] * len(drawn),
                name=_("all customers added up"),
            ),
            marked(x=[place], y=[at], customdata=["sales"], name=name),
            bars(
                y=rows,
                x=values,
                text=[_thousands(value) for value in values],
                textposition="outside",
                cliponaxis=False,
                customdata=["sales"] * len(rows),
                name=_("with the dials"),
                **below,
            ),
            hatched(y=rows, x=[at_first[name] for name in names], name=_("at first"), **below),
            dotted(
                x=[0, found.customers],
                y=[peak, peak],
                name=_("the peak: {percent:.1f} %").format(percent=peak),
                hoverinfo="y",
            ),
        ),
        x=_("customers, the best first"),
        y=_("% of the whole"),
        layout={
            "xaxis": {"anchor": "y"},
            "yaxis": {"domain": [0.66, 1], "range": _height(at, max(peak, *before)), "nticks": 4},
            "xaxis2": {
                "anchor": "y2",
                "fixedrange": True,
                "automargin": True,
                "zeroline": True,
                "showgrid": False,
                "showticklabels": False,
                "range": [low - room, high + room],
                "title": {
                    "text": _("thousands of ¥, each rounded"),
                    "font": {"size": 14},
                },
            },
            "yaxis2": {
                "domain": [0, 0.5],
                "fixedrange": True,
                "automargin": True,
                "autorange": "reversed",
            },
            "barmode": "group",
        },
        height=620,
    )


def _height(at: float, top: float) -> list[float]:
    """From where to where the axis of the curve goes, so that mark and fall can both be seen."""
    begins = float(min(BEGINS, max(0, (at - 5) // 10 * 10)))
    return [begins, top + 0.1 * (top - begins)]


def _thousands(amount: float) -> str:
    sign = "\u2212" if round(amount / 1000) < 0 else ""
    return f"{sign}{abs(amount) / 1000:,.0f}"


def _curve(own: NDArray[np.float64]) -> tuple[list[float], list[int]]:
    """The whale curve in per cent of the whole, from nobody to the last customer."""
    whole = float(own.sum())
    curve = np.concatenate([[0.0], own.cumsum()]) / (whole if whole > 0 else 1.0) * 100
    peak = int(np.argmax(curve))
    drawn = {*np.linspace(0, len(own), POINTS).astype(int).tolist(), peak, len(own) - 1}
    points = sorted(drawn)
    return [float(curve[n]) for n in points], points


def _says(found: Contribution, now: Turned, customer: str, place: int) -> str:
    curve = now.each[np.argsort(-now.each)].cumsum() / now.total * 100
    carry = int(np.searchsorted(curve, 80)) + 1
    return _(
        "Above: {carry} of {customers} customers bring 80 % of what is left. The curve rises to "
        "{peak:.1f} %; customers who cost more than they bring, {losing} of them, take it down to "
        "100. The diamond is {customer}, number {place}. Below: what is left of sales less goods."
    ).format(
        carry=carry,
        customers=found.customers,
        peak=float(curve.max()),
        losing=now.loss_making,
        customer=customer,
        place=place,
    )
