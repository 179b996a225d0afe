"""Columns of names as whole numbers, which millions of rows are told apart by.

Names are mostly numbered, such as L-000123, and it takes a third of the time to read the number
that they carry as to look each of them up among all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

Whole = NDArray[np.integer[Any]]

MOST_DIGITS = 18
"""A number of so many digits can be held whole."""

PIECE = 1 << 17
"""Rows of a column that are read at a time."""


def kind_below(number: int) -> type[np.int32 | np.int64]:
    """The kind of whole numbers that takes least memory and can be reckoned with below this one."""
    return np.int32 if number <= np.iinfo(np.int32).max else np.int64


def numbered(column: pd.Series) -> tuple[Whole, int]:
    """A number for each name of a column without gaps, below the second number; some may stand for
    no name."""
    whole = pd.api.types.is_integer_dtype(column.dtype)
    read = column.to_numpy() if whole else _numbers_in(column)
    if read is not None and len(read):
        low, high = int(read.min()), int(read.max())
        number = high - low + 1
        if number <= 2 * len(read):
            small = np.empty(len(read), kind_below(number))
            return np.subtract(read, low, out=small, casting="unsafe"), number
    codes, names = pd.factorize(column if read is None else read)
    return codes, len(names)


def placed(column: pd.Series) -> tuple[Whole, pd.Index]:
    """The place of each name of a column without gaps among the different ones, and these in the
    order in which they come."""
    numbers, number = numbered(column)
    first = np.full(number, len(column))
    first[numbers[::-1]] = np.arange(len(column))[::-1]  # of several rows, the first one stays
    there = np.flatnonzero(first < len(column))
    order = there[np.argsort(first[there])]
    place = np.empty(number, kind_below(number))
    place[order] = np.arange(len(order))
    return place[numbers], pd.Index(column.iloc[first[order]])


def coded(column: pd.Series) -> tuple[Whole, list[Any]]:
    """A number for each text of a few, -1 where there is none, and the texts."""
    if not isinstance(column.dtype, pd.StringDtype) or column.hasnans:
        codes, names = pd.factorize(column)
        return codes, list(names)
    places: dict[str, int] = {}
    codes = np.empty(len(column), np.int32)
    for at, texts in _pieces(column):
        found = texts.dictionary_encode()
        table = [places.setdefault(name, len(places)) for name in found.dictionary.to_pylist()]
        np.take(table, found.indices, out=codes[at], mode="clip")
    return codes, list(places)


def _numbers_in(column: pd.Series) -> NDArray[np.int64] | None:
    """The numbers behind what all names begin with, if these are digits and of one length."""
    if column.empty or not isinstance(column.dtype, pd.StringDtype):
        return None
    first = column.iloc[0]
    begin = first.rstrip("0123456789")
    if len(first) - len(begin) not in range(1, MOST_DIGITS + 1):
        return None
    read = np.empty(len(column), np.int64)
    for at, texts in _pieces(column):
        lengths = compute.min_max(compute.binary_length(texts)).as_py()
        digits = compute.utf8_slice_codeunits(texts, len(begin)) if begin else texts
        if (
            set(lengths.values()) != {len(first.encode())}
            or not compute.all(compute.starts_with(texts, begin)).as_py()
            or not compute.all(compute.ascii_is_decimal(digits)).as_py()
        ):
            return None
        read[at] = digits.cast(pa.int64())
    return read


def _pieces(column: pd.Series) -> Iterator[tuple[slice, Any]]:
    """A column of texts piece by piece as Arrow holds them, with the rows of each.

    Memory that is asked for anew costs more than the work in it; a piece takes that of the last.
    """
    texts = pa.array(column)
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    begin = 0
    for chunk in chunks:
        for here in range(0, len(chunk), PIECE):
            piece = chunk.slice(here, PIECE)
            yield slice(begin, begin + len(piece)), piece
            begin += len(piece)
