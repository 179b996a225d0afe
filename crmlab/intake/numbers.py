"""How numbers are written: which sign stands before the fraction, and in which currency they are.

`1.234` is a thousand and more in one office and little more than one in another. Only other
numbers of the same file tell which: `500,50` and `1.003.100` are written so in the first office
alone, `12.5` and `0.500` in the second alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

SIGNS = {
    "€": "EUR", "EURO": "EUR", "£": "GBP", "$": "USD", "US$": "USD", "¥": "CNY", "RMB": "CNY",
    "元": "CNY", "CN¥": "CNY", "FR.": "CHF", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY",
    "ZŁ": "PLN", "HK$": "HKD", "A$": "AUD", "C$": "CAD",
}  # fmt: skip
"""Signs of currencies, each with the code that is taken for it."""

CODES = (
    "AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS",
    "INR", "JPY", "KRW", "MXN", "NOK", "NZD", "PLN", "RON", "RUB", "SAR", "SEK", "SGD", "THB",
    "TRY", "TWD", "USD", "ZAR",
)  # fmt: skip

SHARED = {
    "$": ("USD", "AUD", "CAD", "HKD", "MXN", "NZD", "SGD", "TWD"),
    "¥": ("CNY", "JPY"),
}
"""Signs that several currencies share; a column may say which of them is meant."""

_ALL = "|".join(sorted(map(re.escape, (*SIGNS, *CODES)), key=len, reverse=True))
_MONEY = re.compile(
    rf"([-+]?)\s*({_ALL})?\s*([-+]?)\s*([0-9.,][0-9., '’\u00a0\u202f]*(?:[eE][-+]?[0-9]{{1,3}})?%?)"
    rf"\s*({_ALL})?\s*(-?)",
    re.IGNORECASE,
)
_WIDE = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: " ", 0x2212: "-"}
"""Letters as wide as a Chinese one, and the minus of a typesetter, as keyboards have them."""


class Number(str):
    """A number that its file holds as a number: its sign is a point, however texts are written."""


def _shape(decimal: str) -> str:
    thousands = "." if decimal == "," else ","
    groups = "|".join(
        rf"(?:{sign}[0-9]{{3}})+" for sign in (rf"\{thousands}", "[ \u00a0\u202f]", "['’]")
    )
    return (
        rf"(?:[1-9][0-9]{{0,2}}(?:{groups})(?:\{decimal}[0-9]+)?|[0-9]+(?:\{decimal}[0-9]+)?"
        rf"(?:[eE][-+]?[0-9]{{1,3}})?|\{decimal}[0-9]+)"
    )


_SHAPES = {decimal: _shape(decimal) for decimal in ".,"}
_FITS = {decimal: re.compile(shape) for decimal, shape in _SHAPES.items()}


@dataclass(frozen=True)
class Seen:
    """A text and where it stands."""

    text: str
    column: str
    line: int


@dataclass
class Decimals:
    """What the numbers of a file tell of the sign before their fraction.

    Attributes:
        proofs: by sign, the first number that can only be read with it.
        counts: by sign, how many such numbers there are.
        unsure: the first number that can be read with either.
    """

    proofs: dict[str, Seen] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: {".": 0, ",": 0})
    unsure: Seen | None = None

    def look(self, texts: pd.Series, column: str, lines: list[int]) -> None:
        """Look at a further piece of a column."""
        looked: set[str] = set()
        for place, text in enumerate(texts):
            if text in looked or isinstance(text, Number) or not ("." in text or "," in text):
                continue
            looked.add(text)
            number = _number_in(text)
            fits = [sign for sign, shape in _FITS.items() if shape.fullmatch(number)]
            if len(fits) == 1:
                self.counts[fits[0]] += 1
                self.proofs.setdefault(fits[0], Seen(text.strip(), column, lines[place]))
            elif fits and ("." in number or "," in number):
                self.unsure = self.unsure or Seen(text.strip(), column, lines[place])

    @property
    def sign(self) -> str:
        """The sign that more numbers prove; empty if none does."""
        if not self.proofs:
            return ""
        return "," if self.counts[","] > self.counts["."] else "."


def numbers_of(texts: pd.Series, decimal: str, typed: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The numbers that texts say, and the currencies that stand beside them.

    Args:
        typed: which of the texts are a `Number`.
    """
    plain = texts.str.fullmatch(rf"[-+]?{_SHAPES[decimal]}").fillna(False).astype(bool) & ~typed
    cleaned = texts.where(plain).str.replace("[^-+0-9eE" + decimal + "]", "", regex=True)
    values = pd.to_numeric(
        cleaned.str.replace(decimal, ".", regex=False).where(~typed, texts), errors="coerce"
    ).astype("float64")
    values = values.where(np.isfinite(values))
    currencies = pd.Series(pd.NA, index=texts.index, dtype="string")
    rest = texts.notna() & ~plain & ~typed
    if rest.any():
        odd = texts[rest]
        found = {str(text): _figure(str(text), decimal) for text in odd.unique()}
        values[rest] = np.array([found[str(text)][0] for text in odd])
        codes = [found[str(text)][1] for text in odd]
        currencies[rest] = pd.array(codes, dtype="string")
    return values, currencies


def currency_in(text: str) -> str:
    """The currency that an amount names; empty if it names none."""
    found = _MONEY.fullmatch(text.translate(_WIDE).strip())
    return _code(found[2] or found[5]) if found else ""


def currency_named(said: str) -> str:
    """The code of a currency by what stands in a column of currencies."""
    return _code(said.strip())


def could_be(code: str, other: str) -> bool:
    """Whether an amount whose sign was taken for one currency may be in the other."""
    return code == other or any(code == of[0] and other in of for of in SHARED.values())


def _number_in(text: str) -> str:
    plain = text.translate(_WIDE).strip()
    inside = re.fullmatch(r"\((.*)\)", plain)
    found = _MONEY.fullmatch(inside[1] if inside else plain)
    return found[4].strip() if found else ""


def _code(said: str | None) -> str:
    name = (said or "").upper()
    return SIGNS.get(name, name)


def _figure(text: str, decimal: str) -> tuple[float, str | None]:
    """The number that a text with more than digits in it says, and its currency."""
    plain = text.translate(_WIDE).strip()
    inside = re.fullmatch(r"\((.*)\)", plain)  # as books write what is below zero
    found = _MONEY.fullmatch(inside[1] if inside else plain)
    if not found or not _FITS[decimal].fullmatch(found[4].strip()):
        return float("nan"), None
    first, second = _code(found[2]), _code(found[5])
    below = [bool(inside), "-" in found[1] + found[3], bool(found[6])].count(True)
    if below > 1 or (first and second and first != second):
        return float("nan"), None
    digits = re.sub(rf"[^\d{decimal}eE+-]", "", found[4]).replace(decimal, ".")
    return (-1 if below else 1) * float(digits), first or second or None
