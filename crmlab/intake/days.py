"""How days are written: forms that tell by themselves what is the month, and those that do not.

5/6/2026 is the sixth of May in one office and the fifth of June in another: only a day above the
twelfth tells which. 26/04/03 may even begin with its year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from crmlab.intake.numbers import Seen
from crmlab.text import gettext as _

DAYS = {
    "2026-05-31": "%Y-%m-%d",
    "2026/05/31": "%Y/%m/%d",
    "2026.05.31": "%Y.%m.%d",
    "20260531": "%Y%m%d",
    "2026年5月31日": "%Y年%m月%d日",
    "31.05.2026": "%d.%m.%Y",
    "31.05.26": "%d.%m.%y",
    "31 May 2026": "",
    "31/05/2026": "%d/%m/%Y",
    "05/31/2026": "%m/%d/%Y",
    "31-05-2026": "%d-%m-%Y",
    "05-31-2026": "%m-%d-%Y",
    "31/05/26": "%d/%m/%y",
    "05/31/26": "%m/%d/%y",
    "26/05/31": "%y/%m/%d",
}
"""Ways to write a day, each by its example, as a map may name it, and as a format; months in words
have none, for they are read in more than one language."""

_FIXED = {
    "2026-05-31": re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
    "2026/05/31": re.compile(r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})"),
    "2026.05.31": re.compile(r"(?P<y>\d{4})\.(?P<m>\d{1,2})\.(?P<d>\d{1,2})\.?"),
    "20260531": re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"),
    "2026年5月31日": re.compile(
        r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]?"
    ),
    "31.05.2026": re.compile(r"(?P<d>\d{1,2})\.\s*(?P<m>\d{1,2})\.\s*(?P<y>\d{4})"),
    "31.05.26": re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{2})"),
    "31 May 2026": re.compile(
        r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[.\s-]*(?P<word>[^\W\d_]{3,})[.,\s-]*(?P<y>\d{4}|\d{2})"
        r"|(?P<word2>[^\W\d_]{3,})\.?\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{4})"
    ),
}
"""What these mean their form alone tells."""

_TURNED = re.compile(r"(?P<a>\d{1,2})(?P<sign>[/-])(?P<b>\d{1,2})(?P=sign)(?P<c>\d{4}|\d{2})")
"""What these mean depends on the order of day and month in the house that wrote them."""

ORDERS = {
    "31/05/2026": "dmy", "31-05-2026": "dmy", "31/05/26": "dmy", "31.05.2026": "dmy",
    "31.05.26": "dmy", "05/31/2026": "mdy", "05-31-2026": "mdy", "05/31/26": "mdy",
    "26/05/31": "ymd",
}  # fmt: skip
"""The order that an example says."""

MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "jan january januar jänner jaenner", "feb february februar", "mar march mär märz maerz",
            "apr april", "may mai", "jun june juni", "jul july juli", "aug august",
            "sep sept september", "oct okt october oktober", "nov november",
            "dec dez december dezember",
        ),
        1,
    )
    for word in words.split()
}  # fmt: skip
"""Months in words, in English and German."""

YEARS = (1900, 2200)
"""Between these years a day can lie."""


@dataclass
class Order:
    """What the days of a file tell of the order in which they are written.

    Attributes:
        votes: how many days are written in each form, by its example.
        kinds: by the orders in which a day that depends on it can be read, the first such day.
    """

    votes: dict[str, int] = field(default_factory=dict)
    kinds: dict[frozenset[str], Seen] = field(default_factory=dict)

    def look(self, texts: pd.Series, column: str, lines: list[int]) -> None:
        """Look at a further piece of a column."""
        looked: set[str] = set()
        for place, text in enumerate(texts):
            if text in looked:
                continue
            looked.add(text)
            day = without_time(text)
            turned = _TURNED.fullmatch(day)
            if turned:
                form, orders = turned["sign"], _orders_of(turned)
                if orders:
                    self.kinds.setdefault(orders, Seen(text.strip(), column, lines[place]))
            else:
                form = next((e for e, shape in _FIXED.items() if shape.fullmatch(day)), "")
            if form:
                self.votes[form] = self.votes.get(form, 0) + 1

    @property
    def possible(self) -> frozenset[str] | None:
        """The orders in which all days that depend on it can be read; None if there is none."""
        return frozenset.intersection(*self.kinds) if self.kinds else None

    @property
    def settled(self) -> bool:
        """Whether what was seen tells how days are to be read, or that there is no one way."""
        return bool(self.votes) and (self.possible is None or len(self.possible) < 2)

    @property
    def example(self) -> str:
        """How most of the days are written; empty if there are none."""
        if not self.votes:
            return ""
        best = max(self.votes, key=lambda form: self.votes[form])
        if best in DAYS:
            return best
        order = next(iter(self.possible or {"dmy"}))
        return next(e for e, o in ORDERS.items() if o == order and (best in e or o == "ymd"))


def _orders_of(turned: re.Match[str]) -> frozenset[str]:
    """The orders in which a day can be read."""
    a, b, c = (int(turned[name]) for name in "abc")
    orders = frozenset(
        order
        for order, (day, month) in {"dmy": (a, b), "mdy": (b, a), "ymd": (c, b)}.items()
        if 1 <= day <= 31 and 1 <= month <= 12
    )
    # A year of one figure is none, and one of four stands at the end.
    return orders if len(turned["a"]) == len(turned["c"]) == 2 else orders - {"ymd"}


_TIME = (
    r"(?:(?:\s+|T|,\s*)(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?$"
)
MOMENT = r"^(?P<day>.*?)" + _TIME
"""A moment: a day, and mostly a time of the day, which may name its zone."""

_MOMENT = re.compile(MOMENT)


def without_time(text: str) -> str:
    """The day of a moment, as it is written."""
    found = _MOMENT.match(text.strip())
    return found["day"].strip() if found else text.strip()


def days_in(texts: pd.Series, example: str, order: str) -> tuple[pd.Series, dict[int, str]]:
    """Days, and a sentence for each text that is none, by its place.

    Args:
        example: how most of them are written.
        order: of day and month where the form does not tell.
    """
    form = DAYS.get(example) or "%Y-%m-%d"
    if ORDERS.get(example, order) != order:
        form = "%Y-%m-%d"
    values = pd.to_datetime(texts, format=form, errors="coerce").astype("datetime64[us]")
    rest = texts.notna() & values.isna()
    faults: dict[int, str] = {}
    if rest.any():
        odd = texts[rest]
        found = {str(text): day_in(str(text), order) for text in odd.unique()}
        for place, text in odd.items():
            at, (day, sentence) = int(str(place)), found[str(text)]
            if day is None:
                faults[at] = sentence
            else:
                values[at] = pd.Timestamp(day)
    return values, faults


def depends_on_order(text: str) -> bool:
    """Whether what a day means depends on the order of day and month."""
    return bool(_TURNED.fullmatch(text))


def day_in(text: str, order: str) -> tuple[date | None, str]:
    """The day that a text says, or a sentence with `{text}` in it why it says none."""
    turned = _TURNED.fullmatch(text)
    if turned:
        return _turned_day(turned, order)
    for shape in _FIXED.values():
        found = shape.fullmatch(text)
        if found:
            part = found.groupdict()
            word = part.get("word") or part.get("word2")
            month = MONTHS.get(word.casefold(), 0) if word else int(part["m"])
            if not month:
                break
            return _day(part.get("y") or part["y2"], month, part.get("d") or part["d2"])
    return None, _(
        "'{text}' is a day in no form that is known; write 2026-05-31, 31.05.2026, 31/05/2026, "
        "05/31/2026 or 31 May 2026."
    )


def _turned_day(turned: re.Match[str], order: str) -> tuple[date | None, str]:
    if not order:
        return None, _(
            "'{text}' can be read in two ways; write the order of its day and month into a map, "
            "such as 'days: 31/05/2026'."
        )
    known = _orders_of(turned)
    if known and order not in known:
        said = _("'{text}' is no day in the order {order}, in which this file is read.")
        return None, said.replace("{order}", in_words(example_of(order)))
    parts = dict(zip(order, (turned[name] for name in "abc"), strict=True))
    return _day(parts["y"], int(parts["m"]), parts["d"])


def _day(year: str, month: int, day: str) -> tuple[date | None, str]:
    # Of two figures a year is meant that lies between 1970 and 2069, as in spreadsheets.
    whole = int(year) + (0 if len(year) == 4 else 2000 if int(year) < 70 else 1900)
    try:
        return date(whole, month, int(day)), ""
    except ValueError:
        return None, _("'{text}' is no day that there is.")


def example_of(order: str) -> str:
    """An example of an order of day, month and year."""
    return next(example for example, said in ORDERS.items() if said == order)


def in_words(example: str) -> str:
    """How days are written, in words: `31/05/2026` is day/month/year."""
    if DAYS[example] in ("", "%Y%m%d", "%Y年%m月%d日"):
        return example
    words = {"2026": _("year"), "26": _("year"), "05": _("month")}
    words |= {"31": _("day")}
    return re.sub(r"2026|26|05|31", lambda found: words[found[0]], example)
