"""Complaints as pictures: the months with their limits, what is behind them, a batch over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from textwrap import wrap

import numpy as np

from crmlab.charts.chart import (
    QUIET,
    Chart,
    bars,
    dashed,
    dotted,
    hatched,
    line,
    marked,
    room_for,
    ticks,
)
from crmlab.models.complaints import Batch, Caught, Hides, Period, Share
from crmlab.text import gettext as _
from crmlab.text import ngettext, show_day, show_month

SHOWN = 10
"""So many bars at most, or they could not be told apart."""

NAMED = 4
"""So many names at most in a sentence."""

_ALIKE = 1e-9
"""What two rates may differ by, as parts of them, and still be the same number of complaints."""

_STEPS = {"color": QUIET, "width": 1.5, "dash": "dash", "shape": "hvh"}


def rate_chart(periods: Sequence[Period], per: str) -> Chart:
    """The months with what chance alone would do: a u-chart.

    A point's name in `customdata` is that of the records behind it: `month:2025-09` for the
    complaints of a month, and on its limits `left:2025-09` for what left then.

    Args:
        per: what the rates are for, in words.
    """
    months = [period.period for period in periods]
    left = [f"left:{month}" for month in months]
    loud = [period for period in periods if period.signal == "beyond"]
    return Chart(
        _("Complaints by month"),
        _what_to_see(periods, per),
        (
            line(
                x=months,
                y=[period.rate for period in periods],
                customdata=[f"month:{month}" for month in months],
                name=_("complaints so far"),
            ),
            dashed(
                x=months,
                y=[period.upper for period in periods],
                customdata=left,
                line=_STEPS,
                name=_("limits of chance"),
            ),
            dashed(
                x=months,
                y=[period.lower for period in periods],
                customdata=left,
                line=_STEPS,
            ),
            dotted(x=months, y=[period.centre for period in periods], name=_("mean of the months")),
            marked(
                x=[period.period for period in loud],
                y=[period.rate for period in loud],
                customdata=[f"month:{period.period}" for period in loud],
                name=_("signal: beyond a limit"),
            ),
        ),
        y=_("for {per}").format(per=per),
        layout={
            "xaxis": {"type": "category", **ticks(months[4::6])},
            "yaxis": {"rangemode": "tozero"},
        },
    )


def _what_to_see(periods: Sequence[Period], per: str) -> str:
    loud = [period for period in periods if period.signal == "beyond"]
    most = max(loud or periods, key=lambda period: period.rate)
    figures = {
        "month": show_month(most.period),
        "n": most.complaints,
        "rate": number(most.rate),
        "per": per,
        "low": number(most.lower or 0.0),
        "high": number(most.upper or 0.0),
    }
    if not loud:
        return _no_signal(periods, figures)
    said = ngettext(
        "One month lies beyond the limits of chance: {months}.",
        "{n} months lie beyond the limits of chance: {months}.",
        len(loud),
    ).format(n=len(loud), months=", ".join(show_month(period.period) for period in loud))
    highest = _("In {month} it was {rate} for {per}; chance alone gives {low} to {high}.")
    said = f"{said} {highest.format(**figures)}"
    low = [period.period for period in periods if (period.signal, period.side) == ("run", "low")]
    if not low:
        return said
    run = _(
        "The {n} months up to {month} all lie below the mean: a signal too, by the second rule. "
        "They have no diamond, for their cause is known: the loud months pull the mean up."
    )
    return f"{said} {run.format(n=_below_until(periods, low[-1]), month=show_month(low[-1]))}"


def _no_signal(periods: Sequence[Period], figures: Mapping[str, object]) -> str:
    """What to see where no month is a signal: how near to its limit the nearest one comes."""
    most = max(periods, key=lambda period: period.rate)
    over = [p for p in periods if p.upper and p.rate > p.upper * (1 + _ALIKE)]
    if over:
        return _(
            "No month is a signal any more. {months} is drawn a little above its limit, for the "
            "line is the mean of many companies like this one; most of them would see it within."
        ).format(months=", ".join(show_month(period.period) for period in over))
    if most.upper and most.rate > most.upper * (1 - _ALIKE):
        return _(
            "No month lies beyond the limits of chance. The highest, {month}, lies on its limit "
            "and is just within: {rate} for {per} is the very most that chance alone can bring."
        ).format(**{**figures, "rate": f"{most.rate:,.1f}"})
    return _(
        "No month lies beyond the limits of chance. The highest is {month}: {rate} for {per}, "
        "and chance alone can bring up to {high}."
    ).format(**figures)


def _below_until(periods: Sequence[Period], last: str) -> int:
    """How many months in a row, up to this one, lie below the mean."""
    upto = [period for period in periods if period.period <= last]
    return sum(1 for _low in takewhile(lambda one: one.rate < one.centre, reversed(upto)))


def pareto_chart(
    shares: Sequence[Share],
    hidden: Hides,
    first: Sequence[Share],
    called: Mapping[str, str],
    kind: str,
) -> Chart:
    """What complaints have in common, the most frequent first, beside what it was at first.

    A bar's name in `customdata` is that of the records behind it: `category:leak`.

    Args:
        first: the same before the dials were turned.
        called: how a name is read, where it is not read as it is written.
        kind: the column: category, product_id, batch_no or branch.
    """
    before = {share.name: share.complaints for share in first}
    shown = shares[:SHOWN]
    # Bars of the same length beside each other would say nothing.
    moved = any(before.get(share.name) != share.complaints for share in shares)
    # On a narrow page a long name in one line would leave no room for its bar.
    names = ["<br>".join(wrap(called.get(share.name, share.name), 16)) for share in shown]
    behind = [f"{kind}:{share.name}" for share in shown]
    numbers = [share.complaints for share in shown]
    return Chart(
        _("What complaints have in common"),
        _what_stands_first(shares, hidden, called),
        (
            bars(
                y=names,
                x=numbers,
                text=[_counted(share, share is shown[0]) for share in shown],
                textfont={"size": 12},
                textposition="outside",
                cliponaxis=False,
                customdata=behind,
                orientation="h",
                name=_("with the dials"),
            ),
            hatched(
                y=names if moved else [],
                x=[before.get(share.name, 0) for share in shown] if moved else [],
                customdata=behind if moved else [],
                orientation="h",
                name=_("at first") if moved else "",
            ),
        ),
        x=_("complaints (and their share)"),
        layout={
            "yaxis": {"autorange": "reversed", "automargin": False},
            "barmode": "group",
            "margin": {"l": room_for(names), "r": 128},
        },
        height=440,
    )


def _what_stands_first(shares: Sequence[Share], hidden: Hides, called: Mapping[str, str]) -> str:
    top = shares[0]
    said = ngettext(
        "“{name}” stands first with {n:,} complaint, {share:.0f} % of all.",
        "“{name}” stands first with {n:,} complaints, {share:.0f} % of all.",
        top.complaints,
    ).format(name=called.get(top.name, top.name), n=top.complaints, share=100 * top.share)
    if not hidden.complaints:
        return said
    if not hidden.unsure:
        sure = ngettext(
            "{n:,} is sorted nowhere, too few to change the order.",
            "{n:,} are sorted nowhere, too few to change the order.",
            hidden.complaints,
        )
        return f"{said} {sure.format(n=hidden.complaints)}"
    some = hidden.unsure[:NAMED]
    more = len(hidden.unsure) - len(some)
    names = ", ".join(f"“{called.get(name, name)}”" for name in some)
    unsure = (
        ngettext(
            "{n:,} is sorted nowhere. Sorted rightly, it could give another place to {names} and "
            "{more} more.",
            "{n:,} are sorted nowhere. Sorted rightly, they could give another place to {names} "
            "and {more} more.",
            hidden.complaints,
        )
        if more
        else ngettext(
            "{n:,} is sorted nowhere. Sorted rightly, it could give another place to {names}.",
            "{n:,} are sorted nowhere. Sorted rightly, they could give another place to {names}.",
            hidden.complaints,
        )
    )
    return f"{said} {unsure.format(n=hidden.complaints, names=names, more=more)}"


def batch_chart(batch: Batch, caught: Caught) -> Chart:
    """The complaints about one batch as they came in, and those left if it had been stopped.

    The name of a point in `customdata` is that of the records behind it: `batch`.
    """
    came = np.arange(1, len(batch) + 1)
    stopped_on = np.datetime64(caught.day, "D")
    left = np.cumsum(batch.shipped <= stopped_on.astype(np.int64))
    days = [str(day) for day in batch.received.astype("datetime64[D]")]
    months = sorted({day[:7] for day in days})[1:]
    at = int((batch.received <= stopped_on.astype(np.int64)).sum())
    behind = ["batch"] * len(batch)
    return Chart(
        _("Complaints about batch {batch}").format(batch=batch.name),
        ngettext(
            "The line goes up to {all:,} complaint. Stopped on {day}, the batch would have "
            "brought {left:,}, about the pieces that had left us by then.",
            "The line goes up to {all:,} complaints. Stopped on {day}, the batch would have "
            "brought {left:,}, about the pieces that had left us by then.",
            caught.all,
        ).format(all=caught.all, day=show_day(caught.day), left=caught.out_of_reach),
        (
            line(
                x=days,
                y=came.tolist(),
                customdata=behind,
                name=_("as they came in"),
                line={**line()["line"], "shape": "hv"},
                mode="lines",
            ),
            dashed(
                x=days,
                y=left.tolist(),
                line={**_STEPS, "shape": "hv"},
                customdata=behind,
                name=_("if it had been stopped"),
            ),
            marked(x=[caught.day], y=[at], customdata=["batch"], name=_("the day it is stopped")),
        ),
        y=_("complaints, added up"),
        layout={
            "yaxis": {"rangemode": "tozero"},
            "xaxis": {"type": "date", **ticks(months, "{month}-01")},
        },
    )


def _counted(share: Share, first: bool) -> str:
    told = _("{n:,} ({share:.0f} %)") if first else _("{n:,} ({share:.0f} % with above)")
    return told.format(n=share.complaints, share=100 * share.cumulative)


def number(value: float) -> str:
    """A rate as it is read: as many digits as say something."""
    if value == 0 or value >= 10:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if value >= 1 else f"{value:.3f}"
