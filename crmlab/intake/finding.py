"""Finding out what a file is that is neither a workbook nor Parquet: no table at all, or a text,
its encoding, and what parts its fields."""

from __future__ import annotations

import codecs
import csv
import re
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

_PAIR = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]|[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_HIGH = re.compile(rb"[\x80-\xff]+")

WESTERN = "cp1252"
_WESTERN = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿŠšŽžŒœŸ")
_BESIDE = frozenset("€£§°²³µ«»´·–—‘’“”„…\u00a0")


def encoding_of(path: Path) -> str:
    """The encoding of a text file: UTF-8, UTF-16, GB18030, or Windows-1252.

    Chinese in GB18030 is pairs of bytes from one part of its table, and western letters stand
    alone among others: what looks like neither, or like both, is not guessed.

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
    if _decodes(head, "utf-8"):
        return "utf-8"
    if _decodes(head, "gb18030") and _looks_chinese(head):
        return "gb18030"
    if _looks_western(head):
        return WESTERN
    raise IntakeError(
        _(
            "{file} is written in no encoding that crmlab can tell for sure (UTF-8, UTF-16, "
            "GB18030, Windows-1252); save it as CSV in UTF-8. In Excel: Save As, 'CSV UTF-8'; in "
            "LibreOffice: Save As, 'Text CSV', character set UTF-8."
        ).format(file=path.name)
    )


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)  # what is cut off is no fault
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(head: bytes) -> bool:
    """Whether most pairs of bytes are common signs of Chinese."""
    pairs = [pair for pair in _PAIR.findall(head) if len(pair) == 2]
    common = sum(
        pair[1] >= 0xA1 and (0xB0 <= pair[0] <= 0xD7 or 0xA1 <= pair[0] <= 0xA3) for pair in pairs
    )
    return bool(pairs) and common >= 0.6 * len(pairs)


def _looks_western(head: bytes) -> bool:
    """Whether the bytes beyond ASCII are letters of western Europe, most of them alone."""
    if not _decodes(head, WESTERN):
        return False
    runs = _HIGH.findall(head)
    signs = b"".join(runs).decode(WESTERN)
    words = [run.decode(WESTERN) for run in runs]
    alone = sum(
        len(word) == 1 or (len(word) == 2 and all(map(str.islower, word))) for word in words
    )
    letters = sum(sign in _WESTERN or sign == "€" for sign in signs)
    return (
        not any(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
        and all(sign in _WESTERN or sign in _BESIDE for sign in signs)
        and alone >= 0.8 * len(runs)
        and letters >= 0.5 * len(signs)
    )


def is_text(head: str) -> bool:
    """Whether it is something to read, and not the bytes of a program or a picture."""
    return sum(ord(sign) < 32 and not sign.isspace() for sign in head) <= len(head) / 50


AGREED = 0.8
"""If so many of the lines have the same number of fields, it is a table."""


def delimiter_of(head: str) -> str:
    """What parts the fields: the sign that cuts the most lines into the same number of fields. What
    stands above a table may have no field at all; where no sign agrees with most lines, it is the
    one that cuts the most."""

    def fits(sign: str) -> tuple[bool, float, int]:
        share, fields, cuts = _cut(head, sign)
        return (True, share, fields) if share >= AGREED else (False, cuts, fields)

    return max(DELIMITERS, key=fits)


def is_table(head: str, delimiter: str) -> bool:
    """Whether its lines have fields in common; a letter has commas, too."""
    return _cut(head, delimiter)[0] >= AGREED


def _cut(head: str, sign: str) -> tuple[float, int, int]:
    """The share of the first lines that a sign cuts into the most common number of fields, that
    number, and how many cuts that makes."""
    lines = re.split(r"\r\n|\r|\n", head)[:50]
    cut = csv.reader(lines, delimiter=sign)
    rows = [row for row in cut if any(cell and not cell.isspace() for cell in row)]
    counts = [len(row) for row in rows if len(row) > 1]
    if not counts:
        return 0.0, 1, 0
    common = max(set(counts), key=lambda count: counts.count(count) * (count - 1))
    agree = counts.count(common)
    return agree / len(rows), common, agree * (common - 1)


def refuse_what_is_no_text(path: Path, head: bytes) -> None:
    """Say what a file is that is no text, as far as its beginning or its name tells.

    Raises:
        IntakeError: it is something else.
    """
    name, suffix = path.name, path.suffix.lower()
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        said = _(
            "{file} is a workbook of the old form (XLS), which is not read: open it and save it "
            "as XLSX or CSV."
        )
    elif suffix in (".xlsx", ".xlsm", ".xls") and _binary(path):
        said = _("{file} is no workbook that can be opened: save it again as XLSX or CSV.")
    elif suffix == ".parquet":
        said = _("{file} is no Parquet file that can be read: write it again, or save it as CSV.")
    elif head.startswith(b"%PDF"):
        said = _("{file} is a PDF, not a table: export the table itself as CSV or XLSX.")
    elif head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        said = _(
            "{file} is a page or a picture in XML or HTML, not a table: export the table itself "
            "as CSV or XLSX."
        )
    else:
        return
    raise IntakeError(said.format(file=name))


def _binary(path: Path) -> bool:
    """Whether it is no text: a workbook's name may stand on a CSV file, which is read as such."""
    try:
        return not is_text(head_of(path, encoding_of(path)))
    except IntakeError:
        return True


def head_of(path: Path, encoding: str) -> str:
    """The beginning of a text file."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        return file.read(100_000)
