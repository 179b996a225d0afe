"""The rows of a text file: fields in quotation marks may go over several lines."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crmlab.text import gettext as _

LONGEST_ROW = 60
"""Lines that one row may go over, in quotation marks; beyond it a mark was never closed."""

UNREADABLE = "\N{REPLACEMENT CHARACTER}"


def rows_of_text(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """The rows of a text file, each with its first line and, if it is none, the reason."""
    begun: deque[tuple[int, str]] = deque()

    def records() -> Iterator[str]:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            for number, record, reason in _records(file):
                begun.append((number, reason))
                yield record.replace('"', "") if reason else record

    for row in csv.reader(records(), delimiter=delimiter):
        line, reason = begun.popleft()
        if not reason and not any(cell and not cell.isspace() for cell in row):
            continue  # an empty line is no row, nor are commas alone
        if not reason and any(UNREADABLE in cell for cell in row):
            reason = _("It has a sign in it that is none in {encoding}.").format(encoding=encoding)
        yield line, row, reason


def _records(file: Any) -> Iterator[tuple[int, str, str]]:
    """The rows as they are written, those in quotation marks over several lines put together."""
    waiting: deque[tuple[int, str]] = deque()
    lines = enumerate(file, 1)
    while True:
        while waiting and waiting[0][1].count('"') % 2 == 0:
            number, text = waiting.popleft()
            yield number, text, ""
        if not waiting:
            number, text = next(lines, (0, ""))
            if not text:
                return
            if '"' not in text:
                yield number, text.replace("\0", UNREADABLE), ""
                continue
            waiting.append((number, text.replace("\0", UNREADABLE)))
            continue
        end = _closed_at(waiting, lines)
        number, text = waiting.popleft()
        if end is None:
            yield number, text, _("A quotation mark is opened and never closed.")
        else:
            yield number, text + "".join(waiting.popleft()[1] for _more in range(end)), ""


def _closed_at(waiting: deque[tuple[int, str]], lines: Iterator[tuple[int, str]]) -> int | None:
    """How many lines further the mark that the first of these lines opens is closed again."""
    marks = waiting[0][1].count('"')
    for further in range(1, LONGEST_ROW):
        if further == len(waiting):
            number, text = next(lines, (0, ""))
            if not text:
                return None
            waiting.append((number, text.replace("\0", UNREADABLE)))
        marks += waiting[further][1].count('"')
        if marks % 2 == 0:
            return further
    return None
