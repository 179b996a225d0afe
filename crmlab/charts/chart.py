"""What a chart is, and the look that all of them share.

A chart is data alone: traces and layout as plotly reads them, and its sentence. What draws it
(`crmlab.widgets.analysis.plot`) builds the figure once and then only changes what has changed, so
two charts of the same model have the same traces in the same order.

No meaning rests on a hue: what stands for different things differs in lightness, in pattern or in
form too, and reads well in grey. Words and lines take the page's own ink by its style sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from unicodedata import east_asian_width

from crmlab.text import show_month

ACCENT, QUIET, WARN = "#15808a", "#7d8b8f", "#c2571f"
"""Colours that stand out by 3 to 1 from light paper and from dark: what is looked at, what it is
compared with, and what wants attention."""

NARROW, WIDE, BESIDE_NAMES = 8.2, 14.5, 14
"""Pixels: of a letter, of one as wide as it is high, and what stays free beside a name."""

HOW_MUCH = "<b>%{fullData.name}</b><br>%{x}<extra></extra>"
"""What a lying bar says under the mouse where the place beside it has no name."""

Trace = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """A chart, ready to be drawn.

    Attributes:
        title: what it shows.
        says: what to see in it, in words, with the figures of this very chart.
        traces: plotly traces as plain dictionaries, mostly from the functions below. The `name` of
            a trace stands in the key of the chart, and a point's `customdata` names the records
            that are behind it, where there are any.
        x, y: what the axes show, with the unit.
        layout: what this chart lays out otherwise than all charts.
        height: in pixels.
    """

    title: str
    says: str
    traces: tuple[Trace, ...]
    x: str = ""
    y: str = ""
    layout: Mapping[str, Any] = field(default_factory=dict)
    height: int = 340


def laid_out(chart: Chart) -> dict[str, Any]:
    """The whole layout of a chart: the shared one, and what is its own."""
    axis = {
        "fixedrange": True,
        "automargin": True,
        "zeroline": False,
        "tickformat": ",",
        "hoverformat": ",.4~r",
    }
    shared: dict[str, Any] = {
        "autosize": True,
        "height": chart.height,
        "margin": {"l": 8, "r": 16, "t": 16, "b": 12},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Inter, Segoe UI, system-ui, Noto Sans SC, sans-serif", "size": 14},
        "colorway": [ACCENT, QUIET, WARN],
        "dragmode": False,
        "hovermode": "closest",
        "bargap": 0.25,
        "showlegend": False,  # the key stands below the figure, as text of the page (`key`)
        "xaxis": {**axis, "title": {"text": chart.x, "font": {"size": 14}}, "showgrid": False},
        "yaxis": {**axis, "title": {"text": chart.y, "font": {"size": 14}}},
        "separators": ".,",
    }
    for name, value in chart.layout.items():
        known = shared.get(name)
        shared[name] = {**known, **value} if isinstance(known, dict) else value
    return shared


def with_words(trace: Trace) -> Trace:
    """A trace that says, under the mouse, what a point is: its name, and *where: how much*.

    A trace may say it otherwise, by a `hovertemplate` or a `hoverinfo` of its own.
    """
    if trace.keys() & {"hovertemplate", "hoverinfo"}:
        return trace
    point = "%{y}: %{x}" if trace.get("orientation") == "h" else "%{x}: %{y}"
    name = f"<b>{trace['name']}</b><br>" if trace.get("name") else ""
    return {**trace, "hovertemplate": f"{name}{point}<extra></extra>"}


def room_for(names: Iterable[str]) -> int:
    """The pixels that names beside bars need, lines being divided by `<br>`.

    plotly can measure them itself, but then it draws a figure twice whenever other names come.
    """
    lines = [line for name in names for line in name.split("<br>")]
    widths = [sum(WIDE if east_asian_width(one) in "WF" else NARROW for one in x) for x in lines]
    return round(max(widths, default=0.0)) + BESIDE_NAMES


def ticks(months: Sequence[str], at: str = "{month}") -> dict[str, Any]:
    """The names of some months (`2025-09`) on the axis of a layout, in two lines.

    Args:
        at: where a month stands on it.
    """
    return {
        "tickmode": "array",
        "tickvals": [at.format(month=month) for month in months],
        "ticktext": [show_month(month).replace(" ", "<br>") for month in months],
    }


def key(chart: Chart) -> list[tuple[str, str]]:
    """The key of a chart with more than one form: each form (`bars`, `line`, ...) and its name.

    What has no point at the time is not in it.
    """
    there = [trace for trace in chart.traces if trace.get("name") and len(trace.get("x", ()))]
    named = [(str(trace["meta"]), str(trace["name"])) for trace in there]
    return named if len(named) > 1 else []


def money(amount: float) -> str:
    """An amount of yuan as it is written, without fen."""
    return f"{_minus(amount)}¥{abs(amount):,.0f}"


def _minus(number: float) -> str:
    return "\u2212" if round(number) < 0 else ""


def bars(**trace: Any) -> Trace:
    """Bars of what is looked at."""
    return {"type": "bar", "meta": "bars", "marker": {"color": ACCENT}, **trace}


def hatched(**trace: Any) -> Trace:
    """Bars of what they are compared with: hatched, so that they differ in grey too."""
    marker = {
        "color": "rgba(0,0,0,0)",
        "line": {"color": QUIET, "width": 1.5},
        "pattern": {"shape": "/", "fgcolor": QUIET, "size": 6, "solidity": 0.25},
    }
    return {"type": "bar", "meta": "hatched", "marker": marker, **trace}


def line(**trace: Any) -> Trace:
    """A line of what is looked at, with its points."""
    look = {"line": {"color": ACCENT, "width": 2.5}, "marker": {"color": ACCENT, "size": 7}}
    return {"type": "scatter", "meta": "line", "mode": "lines+markers", **look, **trace}


def dashed(**trace: Any) -> Trace:
    """A thin broken line: a limit, or what something is compared with."""
    look = {"line": {"color": QUIET, "width": 1.5, "dash": "dash"}}
    return {"type": "scatter", "meta": "dashed", "mode": "lines", **look, **trace}


def dotted(**trace: Any) -> Trace:
    """A thin dotted line: a mean, beside limits that are broken lines."""
    look = {"line": {"color": QUIET, "width": 1.5, "dash": "dot"}}
    return {"type": "scatter", "meta": "dotted", "mode": "lines", **look, **trace}


def marked(**trace: Any) -> Trace:
    """Single points that want attention, told apart by their form too."""
    marker = {"color": WARN, "size": 13, "symbol": "diamond-open", "line": {"width": 2.5}}
    return {"type": "scatter", "meta": "marked", "mode": "markers", "marker": marker, **trace}
