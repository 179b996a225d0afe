"""Columns of a company's file as arrays of numbers, or a sentence about what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.text import gettext as _

WON, LOST, OPEN = "won", "lost", "open"

Numbers = NDArray[np.int64]
Whole = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
MOST_DIGITS = 18
"""A number of so many digits can be held whole."""

PIECE = 1 << 17
"""Rows of a column that are read at a time."""

Moments = NDArray[np.datetime64]
"""Moments to the second, as the clocks on the wall showed them."""


def unknown_moments(number: int) -> Moments:
    """So many moments of which nobody knows anything."""
    return np.full(number, np.datetime64("NaT", "s"))


def moments_of(column: pd.Series) -> Moments:
    """A column of moments.

    Raises:
        ModelError: one of them is no moment.
    """
    told: Any = column
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        try:
            told = _parsed(column)
        except (ValueError, TypeError) as fault:
            raise ModelError(
                _("In the column {name} something is no day: {fault}.").format(
                    name=column.name, fault=str(fault).split(".")[0]
                )
            ) from fault
    if told.dt.tz is not None:
        told = told.dt.tz_localize(None)
    seconds: Moments = told.to_numpy().astype("datetime64[s]")
    return seconds


def _parsed(column: pd.Series) -> Any:
    try:
        return pd.to_datetime(column, format="ISO8601")
    except ValueError:  # in several zones: then all in the one of Greenwich
        return pd.to_datetime(column, format="ISO8601", utc=True)


def amounts_of(column: pd.Series, names: pd.Series) -> NDArray[np.float64]:
    """Amounts of money; not a number where nobody has entered one.

    Raises:
        ModelError: one of them is below nothing.
    """
    amounts: NDArray[np.float64] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    below = np.flatnonzero(amounts < 0)
    if len(below):
        raise ModelError(
            _(
                "The amount of {id} is {amount:,.2f}. An opportunity cannot be worth less than "
                "nothing: enter a credit note where credit notes go, and leave it out here."
            ).format(id=names.iloc[below[0]], amount=amounts[below[0]])
        )
    return amounts


def codes_of(column: pd.Series, known: Sequence[str], stages: Sequence[str]) -> Whole:
    """The place of each stage among those that are known.

    Raises:
        ModelError: a stage is not among them.
    """
    codes, found = coded(column)
    if len(codes) and codes.min() < 0:
        raise ModelError(_("Some rows say nothing for their stage; enter it, or leave them out."))
    places = {name: n for n, name in enumerate(known)}
    for name in found:
        if name not in places:
            raise ModelError(
                _(
                    "The stage '{stage}' is not among {known}; name all of them in their order."
                ).format(stage=name, known=", ".join(stages))
            )
    table = np.array([places[name] for name in found], dtype=np.int16)
    return table[codes] if len(codes) else np.zeros(0, dtype=np.int16)


def outcomes_of(column: pd.Series) -> tuple[Flags, Flags]:
    """Which are won, and which are lost.

    Raises:
        ModelError: something else than won, lost or open.
    """
    won, lost, rest = ((column == name).to_numpy(dtype=bool) for name in (WON, LOST, OPEN))
    odd = np.flatnonzero(~(won | lost | rest))
    if len(odd):
        raise ModelError(
            _("The outcome of an opportunity is won, lost or open, and not '{outcome}'.").format(
                outcome=column.iloc[odd[0]]
            )
        )
    return won, lost


def numbered(column: pd.Series) -> tuple[Whole, int]:
    """A number for each name in a column, below the second number; some may stand for no name.

    Names such as L-000123 carry a number already, and it takes a third of the time to read it.

    Raises:
        ModelError: a row without a name.
    """
    if column.hasnans:
        raise ModelError(
            _("Some events do not say which opportunity they are of; enter it, or leave them out.")
        )
    if isinstance(column.dtype, pd.StringDtype):
        read = _numbers_in(column)
    else:
        read = column.to_numpy() if pd.api.types.is_integer_dtype(column.dtype) else None
    if read is not None and len(read):
        low, high = int(read.min()), int(read.max())
        number = high - low + 1
        if number <= 2 * len(read):
            small = np.empty(len(read), np.min_scalar_type(-number))
            return np.subtract(read, low, out=small, casting="unsafe"), number
    codes, names = pd.factorize(column if read is None else read)
    return codes, len(names)


def _numbers_in(column: pd.Series) -> Numbers | None:
    """The numbers behind what all names begin with, if these are digits and of one length."""
    if column.empty:
        return None
    from pyarrow import compute, int64

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
        read[at] = digits.cast(int64())
    return read


def owners_of(column: pd.Series) -> tuple[Numbers, tuple[str, ...]]:
    """The number of each row's owner, -1 for nobody, and their names."""
    codes, names = coded(column)
    return codes.astype(np.int64), tuple(map(str, names))


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


def _pieces(column: pd.Series) -> Iterator[tuple[slice, Any]]:
    """A column of texts piece by piece as Arrow holds them, with the rows of each.

    Memory that is asked for anew costs more than the work in it; a piece takes that of the last.
    """
    import pyarrow as pa

    texts = pa.array(column)
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    begin = 0
    for chunk in chunks:
        for here in range(0, len(chunk), PIECE):
            piece = chunk.slice(here, PIECE)
            yield slice(begin, begin + len(piece)), piece
            begin += len(piece)
