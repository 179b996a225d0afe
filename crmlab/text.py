"""Every text a person sees passes through here: gettext, English first.

English is the source language, so a text is its own key. A procedure file, a question bank and
a lesson's paragraphs are looked up just like the sentences in the code; a company's own file
that has no translation is shown as it was written.

The pseudo-language `qps` puts every text in brackets. What shows up without brackets on a page
never came through here: that is how the tests find it.
"""

from __future__ import annotations

import gettext as _gettext
import os
import re
from datetime import date
from functools import lru_cache
from pathlib import Path

PSEUDO = "qps"
"""The pseudo-language: every text in brackets (the private-use code usual for this)."""

SOURCE = "en"
LOCALE = Path(__file__).parent / "locale"
_OPEN, _CLOSE = (
    "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}",
    ("\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"),
)


class _Bracketed(_gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return bracket(message) if message.strip() else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return bracket(msgid1 if n == 1 else msgid2)


def bracket(message: str) -> str:
    """Mark a text as translated, the way the pseudo-language does."""
    return f"{_OPEN}{message}{_CLOSE}"


_language = SOURCE
_translations: _gettext.NullTranslations = _gettext.NullTranslations()


def languages() -> list[str]:
    """The language codes that can be chosen, the source language first."""
    compiled = sorted(path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/crmlab.mo"))
    return [SOURCE, *compiled]


def use_language(code: str | None) -> str:
    """Speak this language from now on, in this process; an unknown one falls back to English.

    Returns:
        The code that is now in force.
    """
    global _language, _translations
    wanted = (code or SOURCE).replace("-", "_")
    if wanted == PSEUDO:
        _language, _translations = PSEUDO, _Bracketed()
        return _language
    candidates = [wanted, wanted.split("_")[0]]
    found = next((c for c in candidates if c in languages()), SOURCE)
    _language = found
    _translations = (
        _gettext.NullTranslations()
        if found == SOURCE
        else _gettext.translation("crmlab", LOCALE, [found])
    )
    return _language


def language() -> str:
    """The language in force."""
    return _language


def gettext(message: str) -> str:
    """The text in the language in force. Line breaks and runs of spaces in it mean one space."""
    message = re.sub(r"\s+", " ", message).strip()
    return _translations.gettext(message) if message else ""


def ngettext(one: str, many: str, n: int) -> str:
    """The text for this number of things; put the number in with `.format(n=n)`."""
    return _translations.ngettext(one, many, n)


def show_day(iso: str) -> str:
    """A day (`2026-05-12`) in the manner of the language in force; what is none, as it is."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    return _in_manner(day, manner())


@lru_cache(maxsize=10_000)
def _in_manner(day: date, of: str) -> str:
    # Lists show the same few hundred days again and again, and each costs more than its row.
    from babel.dates import format_date

    return format_date(day, "d MMM y", locale=of)


def show_month(period: str) -> str:
    """A month (`2025-09`) in the manner of the language in force."""
    return _month_in_manner(period, manner())


@lru_cache(maxsize=1_000)
def _month_in_manner(period: str, of: str) -> str:
    from babel.dates import format_skeleton

    told: str = format_skeleton("yMMM", date.fromisoformat(f"{period}-01"), locale=of)
    return told


def manner() -> str:
    """The locale whose manner of dates is in force."""
    return SOURCE if _language == PSEUDO else _language


def translate_markdown(source: str) -> str:
    """A lesson's markdown, block by block in the language in force.

    Headings, list items, table cells and paragraphs are looked up one at a time, without the
    marks before them, so that a translator never meets markup and a changed sentence costs one
    lookup. Fenced code and HTML blocks stay as they are.
    """
    if _language == SOURCE:
        return source
    return "".join(literal + gettext(text) for literal, text in _pieces(source))


def markdown_texts(source: str) -> list[str]:
    """The texts of a markdown source that `translate_markdown` would look up, in order."""
    return [text for _, text in _pieces(source) if text]


_MARK = re.compile(r"^(\s*(?:#{1,6}\s+|[-*+]\s+|\d+[.)]\s+|>\s?)+)?(.*)$")
_RULE = re.compile(r"^[\s|:=*_\-]+$")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")


def _pieces(source: str) -> list[tuple[str, str]]:
    """A source as (literal, text) pairs: the literals are kept to the letter, line ends included.

    Joined again, they are the source, but for the way its paragraphs are wrapped.
    """
    pieces: list[tuple[str, str]] = []
    fence, html, wraps = "", False, False
    for number, line in enumerate(source.split("\n")):
        start = "\n" if number else ""
        mark = _FENCE.match(line)
        begins = line.lstrip()[:1]
        if fence:
            pieces.append((start + line, ""))
            if mark and mark.group(1).startswith(fence):
                fence = ""
        elif mark:
            fence, wraps = mark.group(1), False
            pieces.append((start + line, ""))
        elif not begins:
            html = wraps = False
            pieces.append((start + line, ""))
        elif html or (begins == "<" and not wraps):
            html = True
            pieces.append((start + line, ""))
        elif _RULE.match(line):
            wraps = False
            pieces.append((start + line, ""))
        elif begins == "|":
            wraps = False
            pieces.extend(_row(start, line))
        else:
            found = _MARK.match(line)
            assert found is not None  # the pattern matches every line
            before, text = found.group(1) or "", found.group(2).strip()
            if wraps and not before:  # a wrapped line continues the text above
                literal, above = pieces.pop()
                pieces.append((literal, f"{above} {text}"))
            else:
                pieces.append((start + before, text))
            wraps = "#" not in before  # a heading ends with its line
    return pieces


def _row(start: str, line: str) -> list[tuple[str, str]]:
    """A table's row: the text of each cell, with what stands before it."""
    inside = line.strip().removeprefix("|").removesuffix("|")
    cells = re.split(r"(?<!\\)\|", inside)
    pieces = [(" | " if i else f"{start}| ", cell.strip()) for i, cell in enumerate(cells)]
    return [*pieces, (" |", "")]


use_language(os.environ.get("CRMLAB_LANG"))
