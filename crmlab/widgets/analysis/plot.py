"""A chart on the page: a plotly figure that is built once and then only changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go

from crmlab.charts.chart import Chart, laid_out


class Plot:
    """A live figure of one chart after another of the same kind.

    Attributes:
        widget: what stands on the page.
    """

    def __init__(self, chart: Chart, opened: Callable[[str], object] = lambda _name: None) -> None:
        """Build the figure.

        Args:
            opened: told the name of the records behind a point that is pressed.
        """
        self._layout = laid_out(chart)
        self._traces: tuple[dict[str, Any], ...] = chart.traces
        self.widget = go.FigureWidget(data=list(chart.traces), layout=self._layout)
        # One turns dials here and presses points; dragging and zooming would only get in the way.
        self.widget._config = {"displayModeBar": False, "responsive": True, "scrollZoom": False}
        self.widget.add_class("crmlab-plot")

        def pressed(trace: Any, points: Any, _state: Any) -> None:
            names = trace.customdata
            if names is not None and points.point_inds:
                opened(str(names[points.point_inds[0]]))

        for trace in self.widget.data:
            trace.on_click(pressed)

    def show(self, chart: Chart) -> None:
        """Change what has changed; a turned dial costs one message to the browser."""
        layout = laid_out(chart)
        with self.widget.batch_update():
            for drawn, old, new in zip(self.widget.data, self._traces, chart.traces, strict=True):
                changed = {k: v for k, v in new.items() if not _same(old.get(k), v)}
                if changed:
                    drawn.update(changed, overwrite=True)
            for name, value in layout.items():
                if value != self._layout.get(name):
                    self.widget.layout[name] = value
        self._layout, self._traces = layout, chart.traces


def _same(old: Any, new: Any) -> bool:
    return type(old) is type(new) and bool(list(old) == list(new) if _many(old) else old == new)


def _many(value: Any) -> bool:
    return not isinstance(value, str | dict) and hasattr(value, "__iter__")
