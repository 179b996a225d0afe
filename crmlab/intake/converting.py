"""Texts become numbers and days, or a sentence says why they cannot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from crmlab.calendar import STANDARD
from crmlab.intake.contracts import Column
from crmlab.intake.days import MOMENT, YEARS, days_in
from crmlab.intake.months import months_in
from crmlab.intake.numbers import Number, numbers_of
from crmlab.intake.style import Style
from crmlab.text import gettext as _

SHOWN = 60
"""How many signs of an entry a sentence shows."""

LARGEST = 1e13
"""Beyond this no number is an amount or a quantity: mostly it is a code in the wrong column."""

FEW_ZONES = 3
"""How many of the time zones that a column names are told."""


@dataclass
class Zones:
    """What a column of moments says of time zones.

    Attributes:
        named: those that are named, such as `+08:00`, a few of them.
        told: how many moments name one; `moved`: those of them that the office's clock tells
            otherwise; `silent`: how many name none.
    """

    named: set[str] = field(default_factory=set)
    told: int = 0
    moved: int = 0
    silent: int = 0

    def add(self, other: Zones) -> None:
        """What a further piece of the column says."""
        self.named = set(sorted(self.named | other.named)[:FEW_ZONES])
        self.told += other.told
        self.moved += other.moved
        self.silent += other.silent


@dataclass(frozen=True)
class Converted:
    """A column of a piece.

    Attributes:
        values: in the type of the column; missing where nothing stands or nothing could be made
            of it.
        faults: a sentence for each row at fault, by its place.
        zones: of moments and days.
        currencies: that stand beside numbers; None for other columns.
    """

    values: pd.Series
    faults: dict[int, str]
    zones: Zones
    currencies: pd.Series | None = None


def convert(
    texts: pd.Series, column: Column, style: Style, meant: dict[str, str] | None = None
) -> Converted:
    """A column of texts in the type that its contract names.

    Args:
        meant: by what stands in the file, what a map says that it means.
    """
    cells = texts.reset_index(drop=True)
    said = _meanings(column, meant or {})
    if said:
        known = {text: said[plain(text)] for text in cells.unique() if plain(text) in said}
        cells = cells.map(lambda text: known.get(text, text))
    texts = cells.astype("string[pyarrow]").str.strip()
    filled = texts != ""
    formula = texts.str.startswith("=")
    found, zones, currencies = texts.where(filled & ~formula), Zones(), None
    faults: dict[int, str] = {}
    if column.type == "text":
        values = found
    elif column.type == "month":
        values, faults = months_in(found, style.order)
    elif column.type in ("number", "whole"):
        typed = cells.map(lambda cell: isinstance(cell, Number)).astype(bool)
        values, currencies = numbers_of(found, style.decimal, typed)
        faults = _faults_of_numbers(found, values, whole=column.type == "whole")
        values = values.where(~values.index.isin(list(faults)))
    else:
        values, faults, zones = _moments(found, style, day=column.type == "day")
    faults |= dict.fromkeys(texts.index[formula], _("'{text}' is a formula, not a value."))
    return Converted(
        values,
        {int(place): s.format(text=shown(str(texts[place]))) for place, s in faults.items()},
        zones,
        currencies,
    )


def plain(text: str) -> str:
    """A word as it is compared: without regard to case, and to what stands between its parts."""
    return " ".join(text.casefold().replace("-", " ").replace("/", " ").replace("_", " ").split())


def shown(text: str) -> str:
    """As much of a text from a file as a sentence shows, with nothing that a screen would obey."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)[
        :SHOWN
    ]


def _meanings(column: Column, meant: dict[str, str]) -> dict[str, str]:
    """What words of a column mean: by a map, or because they are known everywhere."""
    known = {plain(word): choice for choice, words in column.words for word in (choice, *words)}
    return known | {plain(text): meaning for text, meaning in meant.items()}


def _faults_of_numbers(texts: pd.Series, values: pd.Series, *, whole: bool) -> dict[int, str]:
    numbers: Any = values
    wrong = texts.notna() & values.isna()
    faults = {place: _("'{text}' is no number.") for place in texts.index[wrong]}
    if whole:
        broken = values.notna() & (values % 1 != 0)
        wrong |= broken
        faults = {place: _("'{text}' is no whole number.") for place in texts.index[wrong]}
    for place in texts.index[(numbers.abs() > LARGEST).fillna(False)]:
        faults[place] = _("'{text}' is too large; is it a code in the wrong column?")
    for place in texts.index[texts.str.endswith("%").fillna(False)]:
        faults[place] = _("'{text}' is a share of a hundred: is that the number, or its part?")
    return faults


def _moments(
    texts: pd.Series, style: Style, *, day: bool
) -> tuple[pd.Series, dict[int, str], Zones]:
    if texts.str.contains(":", regex=False).any():
        parts = texts.str.extract(MOMENT)
    else:
        parts = pd.DataFrame({"day": texts, "time": pd.NA, "half": pd.NA, "zone": pd.NA})
        parts = parts.astype(texts.dtype)
    values, faults = days_in(parts["day"].str.strip(), style.days, style.order)
    clock = _clock(parts["time"], parts["half"])
    values = values + clock.fillna(pd.Timedelta(0))
    with_zone, zones = parts["zone"].notna() & values.notna(), Zones()
    if with_zone.any():
        as_written = values[with_zone]
        stamped = as_written.dt.strftime("%Y-%m-%dT%H:%M:%S") + parts["zone"][with_zone]
        there = pd.to_datetime(stamped, utc=True, errors="coerce")
        told = there.dt.tz_convert(STANDARD.zone).dt.tz_localize(None)
        values[with_zone] = told
        zones.add(
            Zones(
                set(parts["zone"][with_zone].unique()),
                len(told),
                int((told != as_written.dt.floor("s")).sum()),
            )
        )
    zones.silent = int((parts["zone"].isna() & values.notna()).sum())
    bad_clock = parts["time"].notna() & (clock.isna() | (clock >= pd.Timedelta(days=1)))
    outside = values.notna() & ~values.dt.year.between(*YEARS)
    for place in texts.index[outside]:
        said = _("'{text}' lies outside of the years {first} to {last}.")
        faults[place] = said.replace("{first}", str(YEARS[0])).replace("{last}", str(YEARS[1]))
    for place in texts.index[bad_clock]:
        faults.setdefault(place, _("'{text}' names no time of day that there is."))
    values = values.where(~(outside | bad_clock))
    return (values.dt.normalize() if day else values), faults, zones


def _clock(times: pd.Series, halves: pd.Series) -> pd.Series:
    """The time of day since midnight."""
    short = times.str.fullmatch(r"\d{1,2}:\d{2}").fillna(False).astype(bool)
    clock = pd.to_timedelta(times.where(~short, times + ":00"), errors="coerce")
    if halves.notna().any():
        twelve = pd.Timedelta(hours=12)
        late = halves.str.lower().eq("p").fillna(False).astype(bool)
        told = halves.notna() & (clock < pd.Timedelta(hours=13))
        clock = clock.where(~(told & (clock >= twelve)), clock - twelve)
        clock = clock.where(~late, clock + twelve)
    return clock
