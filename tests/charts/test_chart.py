"""Charts read well without colour, and lay themselves out alike."""

from __future__ import annotations

import re

import pytest

from crmlab.charts.chart import (
    ACCENT,
    QUIET,
    WARN,
    Chart,
    bars,
    dashed,
    dotted,
    hatched,
    key,
    laid_out,
    line,
    marked,
    room_for,
)
from crmlab.widgets.live import HERE

FORMS = (bars, hatched, line, dashed, dotted, marked)
TOKENS = (HERE / "look" / "tokens.css").read_text("utf-8")
PAPERS = re.findall(r"--card: light-dark\((#\w+), (#\w+)\)", TOKENS)[0]


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", [ACCENT, QUIET, WARN])
@pytest.mark.parametrize("paper", PAPERS)
def test_what_is_drawn_stands_out_from_light_paper_and_from_dark(colour: str, paper: str) -> None:
    assert contrast(colour, paper) >= 3


def test_forms_differ_in_more_than_their_hue() -> None:
    looks = set()
    for form in FORMS:
        trace = form()
        marker, drawn = trace.get("marker", {}), trace.get("line", {})
        looks.add(
            (
                trace["type"],
                trace.get("mode"),
                marker.get("symbol"),
                drawn.get("dash"),
                marker.get("pattern", {}).get("shape"),
            )
        )
    assert len(looks) == len(FORMS)


def test_a_key_names_each_form_where_there_are_several() -> None:
    there, empty = {"x": [1]}, {"x": []}
    traces = (
        bars(**there, name="now"),
        hatched(**there, name="at first"),
        dashed(**there),
        marked(**empty, name="too many"),
    )
    assert key(Chart("Two", "See.", traces)) == [("bars", "now"), ("hatched", "at first")]
    assert key(Chart("One", "See.", traces[:1])) == []


def test_each_form_is_drawn_in_the_key() -> None:
    sheet = (HERE / "look" / "analysis.css").read_text("utf-8")
    for form in FORMS:
        assert f".key .{form()['meta']} " in sheet
    for colour in (ACCENT, QUIET, WARN):
        assert colour in sheet


def test_what_a_chart_lays_out_is_added_to_what_all_share() -> None:
    chart = Chart("A", "See.", (bars(),), x="orders", layout={"xaxis": {"type": "category"}})
    axis = laid_out(chart)["xaxis"]
    assert axis["type"] == "category"
    assert axis["title"]["text"] == "orders"
    assert axis["fixedrange"]


def test_names_beside_bars_get_the_room_of_the_longest_line() -> None:
    assert room_for(["SK-40", "Leaks at the<br>first start"]) == room_for(
        ["first start", "abc", "x" * 12]
    )
    assert room_for(["泄漏在接头处"]) > room_for(["x" * 6])
    assert room_for([]) == room_for([""]) > 0
