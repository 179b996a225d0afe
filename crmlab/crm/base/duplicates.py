"""What is nearly the same as something the CRM has already: offered before it is made twice.

Two names are compared without case, blanks, punctuation, full-width letters and the words for
the legal form (`Co., Ltd.`, `有限公司`). A name that is contained whole in the other is near to
it. Numbers tell things apart: `Circulation pump LP-40` is not near `Circulation pump LP-65`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA
from sqlalchemy import select
from sqlalchemy.orm import Session

from crmlab.crm import records

CUTOFF = 78.0
"""From this likeness on (0 to 100) two names or codes are offered as nearly the same."""

WORD, STEM = 65.0, 4
"""How like each word has to be to one of the other name, or how many letters it has to begin
with: `Brewery` is near to `Brewing`, but `Hospital` is not near to `Hotel`, however much of the
names is the same."""

CHINESE = 85.0
"""The least likeness of Chinese names, in which each sign is a word or half of one."""

CONTAINED = 90.0
"""The likeness of a name that stands whole in another."""

SWAPPED, LEFT_OUT = 92.0, 86.0
"""The likeness of codes in which two neighbours have changed places, or one sign is left out. A
sign that is another one makes another code: they are given out in rows."""

SHORTEST = {"latin": 4, "chinese": 3}
"""How many letters a name has at least before it counts as contained in another."""

NAMES = ("name", "company", "contact")
"""The columns that hold names; every other one holds a code."""

LEGAL_FORMS = {
    "ab", "ag", "as", "asa", "bv", "co", "company", "corp", "corporation", "gmbh", "group",
    "holding", "holdings", "inc", "incorporated", "kg", "kk", "limited", "llc", "lp", "ltd", "nv",
    "oy", "oyj", "plc", "pte", "pty", "sa", "sarl", "sas", "se", "spa", "srl",
}  # fmt: skip
CHINESE_FORMS = re.compile(r"(股份有限公司|有限责任公司|有限公司|集团公司|公司|集团)$")


@dataclass(frozen=True)
class Near:
    """A record that is nearly what somebody is about to enter.

    Attributes:
        label: what tells a person which one it is.
        score: how like the two are, from the cutoff to 100, which is the same.
    """

    key: str
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is compared.

    Attributes:
        joined: its letters and digits in a row.
        sorted: its words in the order of the alphabet.
        words, numbers: what it is made of.
    """

    joined: str
    sorted: str
    words: frozenset[str]
    numbers: frozenset[str]


def near(
    session: Session,
    kind: str,
    column: str,
    text: str,
    *,
    limit: int = 3,
    cutoff: float = CUTOFF,
) -> list[Near]:
    """The records of a kind whose column is nearly this text, the nearest first.

    Args:
        column: `name` and the like are compared as names, every other column as codes.
        cutoff: the least likeness that counts, from 0 to 100.
    """
    entity = records.kind(kind)
    key, said = entity.__mapper__.primary_key[0], entity.__mapper__.columns[column]
    rows = session.execute(select(key, said).where(said.is_not(None))).all()
    texts = [entry for _key, entry in rows]
    scores = _like_names(text, texts, cutoff) if column in NAMES else _like_codes(text, texts)
    found = sorted(
        ((score, str(rows[at][0])) for at, score in scores.items() if score >= cutoff),
        key=lambda item: (-item[0], item[1]),
    )
    return [
        Near(own, records.describe(session.get_one(entity, own)), round(score, 1))
        for score, own in found[:limit]
    ]


def likeness(one: str, other: str) -> float:
    """How like two names are, from 0 to 100."""
    return _like_names(one, [other], cutoff=0).get(0, 0.0)


@lru_cache(maxsize=65_536)
def as_compared(name: str) -> Name:
    """A name without all that does not tell companies or products apart."""
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign)
    )
    found = re.findall(r"[^\W\d_]+|\d+", plain.casefold().replace(".", ""))
    words = [word for word in (CHINESE_FORMS.sub("", word) for word in found) if word]
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words.pop()
    words = words or found
    numbers = frozenset(word for word in words if word.isdigit())
    return Name("".join(words), " ".join(sorted(words)), frozenset(words), numbers)


def _like_names(text: str, others: list[str], cutoff: float = CUTOFF) -> dict[int, float]:
    """The likeness of those that reach the cutoff, by their place."""
    wanted = as_compared(text)
    if not wanted.joined:
        return {}
    names = [as_compared(other) for other in others]
    scores: dict[int, float] = {}
    for mine, theirs in (
        (wanted.joined, [name.joined for name in names]),
        (wanted.sorted, [name.sorted for name in names]),
    ):
        for _said, score, at in process.extract(
            mine, theirs, scorer=fuzz.ratio, score_cutoff=cutoff, limit=None
        ):
            scores[at] = max(score, scores.get(at, 0.0))
    for at, name in enumerate(names):
        # Looked at closely where they share a word, or where there are no words to share.
        if wanted.words.isdisjoint(name.words) and name.joined.isascii():
            continue
        if _contains(name, wanted) or _contains(wanted, name):
            scores[at] = max(CONTAINED, scores.get(at, 0.0))
    return {at: score for at, score in scores.items() if not _told_apart(wanted, names[at])}


def _told_apart(one: Name, other: Name) -> bool:
    """Whether names that are alike on the whole are those of two things all the same."""
    if one.numbers and other.numbers and one.numbers != other.numbers:
        return True
    if one.joined == other.joined or _contains(one, other) or _contains(other, one):
        return False
    if not (one.joined.isascii() and other.joined.isascii()):
        return fuzz.ratio(one.joined, other.joined) < CHINESE
    return len(one.words) == len(other.words) and not all(
        any(_like_words(word, theirs) for theirs in other.words) for word in one.words
    )


def _like_words(one: str, other: str) -> bool:
    return one[:STEM] == other[:STEM] or fuzz.ratio(one, other) >= WORD


def _contains(whole: Name, part: Name) -> bool:
    """Whether all words of a name stand in another; Chinese is written without blanks."""
    if not part.joined or len(part.joined) >= len(whole.joined):
        return False
    if part.joined.isascii():
        return len(part.joined) >= SHORTEST["latin"] and part.words <= whole.words
    return len(part.joined) >= SHORTEST["chinese"] and part.joined in whole.joined


def _like_codes(text: str, others: list[str]) -> dict[int, float]:
    wanted = as_code(text)
    if not wanted:
        return {}
    codes = [as_code(other) for other in others]
    found = process.extract(wanted, codes, scorer=OSA.distance, score_cutoff=1, limit=None)
    scores = {}
    for code, distance, at in found:
        if distance == 0:
            scores[at] = 100.0
        elif len(code) != len(wanted):
            scores[at] = LEFT_OUT if min(len(code), len(wanted)) >= SHORTEST["latin"] else 0.0
        elif sorted(code) == sorted(wanted):
            scores[at] = SWAPPED
    return scores


@lru_cache(maxsize=65_536)
def as_code(code: str) -> str:
    """A code's letters and digits alone: `LP 40` and `lp-40` are the same."""
    plain = unicodedata.normalize("NFKC", code).casefold()
    return "".join(sign for sign in plain if sign.isalnum())
