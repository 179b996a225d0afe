"""Finding out what a text file is: its encoding, what parts its fields, how it writes numbers and
days."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crmlab.errors import IntakeError
from crmlab.text import gettext as _

LOOKED_AT = 1 << 20
"""Bytes of the beginning of a file that are looked at."""

DELIMITERS = ",;\t|"

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

DAYS = {
    "2026-05-31": "%Y-%m-%d",
    "2026/05/31": "%Y/%m/%d",
    "31.05.2026": "%d.%m.%Y",
    "31/05/2026": "%d/%m/%Y",
    "05/31/2026": "%m/%d/%Y",
    "31-05-2026": "%d-%m-%Y",
    "20260531": "%Y%m%d",
    "2026年5月31日": "%Y年%m月%d日",
}
"""Ways to write a day, each by its example, as a map may name it."""

_SHAPES = {
    "2026-05-31": re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"),
    "2026/05/31": re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})"),
    "31.05.2026": re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})"),
    "31/05/2026": re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})"),
    "31-05-2026": re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})"),
    "20260531": re.compile(r"(\d{4})(\d{2})(\d{2})"),
    "2026年5月31日": re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"),
}

_COMMA = re.compile(r"-?[¥￥$€]?\s*(\d{1,3}([. ]\d{3})+|\d+),\d{1,2}|-?\d{1,3}(\.\d{3}){2,}")
_POINT = re.compile(r"-?[¥￥$€]?\s*(\d{1,3}(,\d{3})+|\d+)\.\d+|-?\d{1,3}(,\d{3})+")


def encoding_of(path: Path) -> str:
    """The encoding of a text file: UTF-8, UTF-16 or GB18030.

    Raises:
        IntakeError: it is none of them, or no text at all.
    """
    with path.open("rb") as file:
        head = file.read(LOOKED_AT)
    for bom, name in BOMS:
        if head.startswith(bom):
            return name
    even, odd = head[0:2000:2], head[1:2000:2]
    if head and max(even.count(0), odd.count(0)) > len(even) / 4:  # Latin letters in UTF-16
        return "utf-16-be" if even.count(0) > odd.count(0) else "utf-16-le"
    for name in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            decoder.decode(head)  # what is cut off at its end is no fault
        except UnicodeDecodeError:
            continue
        return name
    raise IntakeError(
        _(
            "{file} is written in no encoding that crmlab reads (UTF-8, UTF-16, GB18030); save it "
            "as CSV in UTF-8."
        ).format(file=path.name)
    )


def delimiter_of(head: str) -> str:
    """What parts the fields: the sign that cuts the first lines into the same number of fields,
    the largest."""

    def fields(sign: str) -> int:
        rows = [row for row in csv.reader(head.splitlines()[:50], delimiter=sign) if row]
        counts = [len(row) for row in rows[:-1] or rows]
        common = max(set(counts), key=counts.count) if counts else 1
        return common if counts and counts.count(common) >= len(counts) * 0.6 else 1

    return max(DELIMITERS, key=fields)


@dataclass(frozen=True)
class Style:
    """How a file writes numbers and days.

    Attributes:
        decimal: the sign before the fraction of a number.
        days: the way that days are written, by its example in `DAYS`; empty if there are none.
        unsure: the days could be read in two ways.
    """

    decimal: str = "."
    days: str = ""
    unsure: bool = False


def decimal_of(texts: Iterable[str]) -> str:
    """The sign before the fraction, by how the numbers of a sample are written."""
    commas = points = 0
    for text in texts:
        commas += bool(_COMMA.fullmatch(text.strip()))
        points += bool(_POINT.fullmatch(text.strip()))
    return "," if commas > points else "."


def days_of(texts: Sequence[str]) -> tuple[str, bool]:
    """How days are written in a sample, and whether that leaves a doubt.

    5/6/2026 is the sixth of May in one office and the fifth of June in another: only a day above
    the twelfth tells which.
    """
    votes = dict.fromkeys(_SHAPES, 0)
    for text in texts:
        for example, shape in _SHAPES.items():
            votes[example] += bool(shape.match(text.strip()))
    best = max(votes, key=lambda example: votes[example])
    if not votes[best]:
        return "", False
    if best != "31/05/2026":
        return best, False
    found = [match for text in texts if (match := _SHAPES[best].match(text.strip()))]
    firsts = [int(match.group(1)) for match in found]
    seconds = [int(match.group(2)) for match in found]
    if max(firsts) > 12:
        return best, False
    if max(seconds) > 12:
        return "05/31/2026", False
    return best, True
