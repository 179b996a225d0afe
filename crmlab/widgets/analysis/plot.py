"""A chart on the page: a figure that is built once and then only changed.

plotly draws it, as it comes with its Python package. Its own widget would send each figure five
megabytes of code; here a page gets them once, however many figures it has.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from plotly.io.json import to_json_plotly
from plotly.offline import get_plotlyjs

from crmlab.charts.chart import Chart, laid_out, with_words


class Plot(anywidget.AnyWidget):
    """A figure of one chart after another of the same kind.

    Args:
        chart: what is drawn first.
        opened: told the name of the records behind a point that is pressed.

    Attributes:
        figure: title, data and layout, as the JSON that plotly.js reads.
    """

    _esm = Path(__file__).with_name("plot.js")
    figure = traitlets.Unicode().tag(sync=True)

    def __init__(self, chart: Chart, opened: Callable[[str], object] = lambda _name: None) -> None:
        super().__init__(figure=_json(chart))
        self.opened = opened
        self.on_msg(self._receive)

    def show(self, chart: Chart) -> None:
        """Draw another chart in its place; what is the same is not drawn again."""
        self.figure = _json(chart)

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("ask") == "library":
            self.send({"library": True}, [get_plotlyjs().encode()])
        elif "behind" in content:
            self.opened(content["behind"])


def _json(chart: Chart) -> str:
    figure = {
        "title": chart.title,
        "data": [*map(with_words, chart.traces)],
        "layout": laid_out(chart),
    }
    return str(to_json_plotly(figure))
