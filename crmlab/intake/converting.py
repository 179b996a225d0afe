"""Texts become numbers and days, or a sentence says why they cannot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from crmlab.calendar import STANDARD
from crmlab.intake.contracts import Column
from crmlab.intake.finding import DAYS, Style
from crmlab.text import gettext as _

SHOWN = 60
"""How many signs of an entry a sentence shows."""

LARGEST = 1e13
"""Beyond this no number is an amount or a quantity: mostly it is a code in the wrong column."""

FEW_ZONES = 3
"""How many of the time zones that a column names are told."""

YEARS = (1900, 2200)
"""Between these years a day can lie."""


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
    """

    values: pd.Series
    faults: dict[int, str]
    zones: Zones


def convert(texts: pd.Series, column: Column, style: Style) -> Converted:
    """A column of texts in the type that its contract names."""
    texts = texts.astype("string[pyarrow]").str.strip().reset_index(drop=True)
    filled = texts != ""
    formula = texts.str.startswith("=")
    found, zones = texts.where(filled & ~formula), Zones()
    if column.type == "text":
        values, wrong = found, found.isna() & False
    elif column.type in ("number", "whole"):
        values, wrong = _numbers(found, style.decimal, whole=column.type == "whole")
    else:
        values, wrong, zones = _moments(found, style.days, day=column.type == "day")
    faults = dict.fromkeys(texts.index[formula], _("'{text}' is a formula, not a value."))
    said = {
        "number": _("'{text}' is no number."),
        "whole": _("'{text}' is no whole number."),
        "moment": _("'{text}' is no day that there is."),
        "day": _("'{text}' is no day that there is."),
    }
    for place in texts.index[wrong]:
        faults[place] = said[column.type]
    if column.type in ("number", "whole"):
        numbers: Any = values
        for place in texts.index[(numbers.abs() > LARGEST).fillna(False)]:
            faults[place] = _("'{text}' is too large; is it a code in the wrong column?")
        for place in texts.index[texts.str.endswith("%")]:
            faults[place] = _("'{text}' is a share of a hundred: is that the number, or its part?")
    return Converted(
        values,
        {int(place): s.format(text=str(texts[place])[:SHOWN]) for place, s in faults.items()},
        zones,
    )


def _numbers(texts: pd.Series, decimal: str, *, whole: bool) -> tuple[pd.Series, pd.Series]:
    thousands = "." if decimal == "," else ","
    plain = texts.str.replace(r"^([-+]?)\s*(?:[¥￥$€]|CNY|RMB|EUR|USD)\s*", r"\1", regex=True)
    plain = plain.str.replace(r"\s*(?:元|CNY|RMB|EUR|USD|€)$", "", regex=True)
    shape = rf"[-+]?(?:\d{{1,3}}(?:[{thousands} '’\u00a0]\d{{3}})+|\d+)(?:[{decimal}]\d+)?"
    fits = plain.str.fullmatch(shape).fillna(False).astype(bool)
    if decimal == ".":  # as spreadsheets write very large and very small numbers
        fits |= (
            plain.str.fullmatch(r"[-+]?\d+(?:\.\d+)?[eE][-+]?\d{1,3}").fillna(False).astype(bool)
        )
    cleaned = plain.where(fits).str.replace(rf"[{thousands} '’\u00a0]", "", regex=True)
    values = pd.to_numeric(cleaned.str.replace(decimal, ".", regex=False), errors="coerce")
    wrong = texts.notna() & values.isna()
    if whole:
        wrong |= values.notna() & (values % 1 != 0)
    return values.where(~wrong), wrong


def _moments(texts: pd.Series, days: str, *, day: bool) -> tuple[pd.Series, pd.Series, Zones]:
    parts = texts.str.extract(
        r"^(?P<day>[^\sT]+)(?:[\sT]+(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?"
        r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?$"
    )
    values = pd.to_datetime(parts["day"], format=DAYS.get(days, "%Y-%m-%d"), errors="coerce")
    clock = pd.to_timedelta(_with_seconds(parts["time"]), errors="coerce")
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
    inside = values.dt.year.between(*YEARS)
    wrong = texts.notna() & (values.isna() | bad_clock | ~inside)
    values = values.where(~wrong)
    return (values.dt.normalize() if day else values), wrong, zones


def _with_seconds(times: pd.Series) -> pd.Series:
    short = times.str.fullmatch(r"\d{1,2}:\d{2}").fillna(False).astype(bool)
    return times.where(~short, times + ":00")
