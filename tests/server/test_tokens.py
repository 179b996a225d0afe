"""The colours: readable in both themes, and seats that colour-blind eyes tell apart."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence

import pytest

from crmlab import places

TOKENS = (places.PACKAGE / "widgets" / "look" / "tokens.css").read_text(encoding="utf-8")
COLOURS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TOKENS)
}
THEMES = ["light", "dark"]
GROUNDS = ["paper", "card", "sunk"]
SEATS = [f"seat{number}" for number in range(1, 9)]
RGB = tuple[float, float, float]

# How the colour-blind see linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
EYES = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "without red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "without green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}


def total(row: Sequence[float], values: Sequence[float]) -> float:
    return sum(part * value for part, value in zip(row, values, strict=True))


def linear(colour: str) -> RGB:
    values = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    parts = (0.2126, 0.7152, 0.0722)
    dark, light = sorted(total(parts, linear(colour)) + 0.05 for colour in (one, other))
    return light / dark


def seen(colour: str, eyes: str) -> RGB:
    """The colour as these eyes see it, in Oklab."""
    rgb = [min(1.0, max(0.0, total(row, linear(colour)))) for row in EYES[eyes]]
    cones = [
        math.cbrt(max(0.0, total(row, rgb)))
        for row in (
            (0.4122214708, 0.5363325363, 0.0514459929),
            (0.2119034982, 0.6806995451, 0.1073969566),
            (0.0883024619, 0.2817188376, 0.6299787005),
        )
    ]
    lightness, green_red, blue_yellow = (
        total(row, cones)
        for row in (
            (0.2104542553, 0.7936177850, -0.0040720468),
            (1.9779984951, -2.4285922050, 0.4505937099),
            (0.0259040371, 0.7827717662, -0.8086757660),
        )
    )
    return lightness, green_red, blue_yellow


@pytest.mark.parametrize("theme", THEMES)
def test_text_is_readable_on_every_ground(theme: str) -> None:
    inks = ["ink", "soft", "accent", "good", "warn", "bad", *SEATS]
    pairs = [(ink, ground) for ink in inks for ground in GROUNDS]
    pairs += [(name, f"{name}-wash") for name in ("good", "warn", "bad", "accent")]
    pairs += [("ink", f"{name}-wash") for name in ("good", "warn", "bad", "accent")]
    pairs += [("soft", "accent-wash"), ("accent-ink", "accent")]
    weak = {
        pair: round(ratio, 2)
        for pair in pairs
        if (ratio := contrast(*(COLOURS[name][theme] for name in pair))) < 4.5
    }
    assert not weak


@pytest.mark.parametrize("theme", THEMES)
def test_what_can_be_used_has_an_edge_one_sees(theme: str) -> None:
    for ground in GROUNDS:
        assert contrast(COLOURS["edge"][theme], COLOURS[ground][theme]) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", EYES)
def test_seats_are_told_apart(theme: str, eyes: str) -> None:
    near = {
        pair: round(distance, 3)
        for pair in itertools.combinations(SEATS, 2)
        if (distance := math.dist(*(seen(COLOURS[seat][theme], eyes) for seat in pair))) < 0.08
    }
    assert not near
