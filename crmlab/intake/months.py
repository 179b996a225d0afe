"""How months are written where a row is about one: 2026-05, 05/2026, May 2026, or a day of it."""

from __future__ import annotations

import re

import pandas as pd

from crmlab.intake.days import MONTHS, YEARS, day_in, depends_on_order, without_time
from crmlab.text import gettext as _

_WAYS = tuple(
    re.compile(way)
    for way in (
        r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*月?",
        r"(?P<y>\d{4})(?P<m>\d{2})",
        r"(?P<m>\d{1,2})\s*[-/.]\s*(?P<y>\d{4})",
        r"(?P<word>[^\W\d_]{3,})[.,\s'-]*(?P<y>\d{4}|\d{2})",
        r"(?P<y>\d{4})[.,\s-]*(?P<word>[^\W\d_]{3,})\.?",
    )
)


def months_in(texts: pd.Series, order: str) -> tuple[pd.Series, dict[int, str]]:
    """Months such as `2026-05`, and a sentence for each text that is none, by its place.

    Args:
        order: of day and month, for months that are written as a day of theirs.
    """
    found = {str(text): _month_in(str(text), order) for text in texts.dropna().unique()}
    faults = {
        int(str(place)): found[str(text)][1]
        for place, text in texts.dropna().items()
        if not found[str(text)][0]
    }
    said = {text: month or None for text, (month, _sentence) in found.items()}
    return texts.map(said).astype("string"), faults


def _month_in(text: str, order: str) -> tuple[str, str]:
    day = without_time(text)
    found = next(filter(None, (way.fullmatch(day) for way in _WAYS)), None)
    if found:
        part = found.groupdict()
        word = part.get("word")
        month = MONTHS.get(word.casefold(), 0) if word else int(part["m"])
        year = int(part["y"]) + (2000 if len(part["y"]) == 2 else 0)
        if 1 <= month <= 12 and YEARS[0] <= year <= YEARS[1]:
            return f"{year}-{month:02}", ""
    elif day:
        first, sentence = day_in(day, order)
        if first is not None:
            return f"{first:%Y-%m}", ""
        if depends_on_order(day):
            return "", sentence
    return "", _("'{text}' is no month; write months such as 2026-05, 05/2026 or May 2026.")


class Spellings:
    """How each month was written first: two spellings of it may tell the same goods twice."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[str, str, int]] = {}

    def told_twice(self, texts: pd.Series, months: pd.Series, lines: list[int]) -> dict[int, str]:
        """A sentence for each row whose month was written otherwise before, by its place."""
        faults = {}
        for place, (text, month) in enumerate(zip(texts, months, strict=True)):
            if pd.isna(month):
                continue
            # Days of one month are not two spellings of it; a month beside a day of it would be.
            written = str(text).strip()
            is_month = any(way.fullmatch(written) for way in _WAYS)
            way = written if is_month else re.sub(r"\d", "#", without_time(written))
            first = self._first.setdefault(str(month), (way, written, lines[place]))
            if first[0] != way:
                faults[place] = _(
                    "'{text}' and '{other}' in line {line} are the same month. If they tell the "
                    "same goods twice, a figure would be wrong by as much: keep one of them, or "
                    "write both alike."
                ).format(text=written, other=first[1], line=first[2])
        return faults
