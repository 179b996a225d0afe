"""Columns of a company's file as arrays of numbers, or a sentence about what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.names import Whole, coded
from crmlab.text import gettext as _
from crmlab.text import ngettext

WON, LOST, OPEN = "won", "lost", "open"

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

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
    strange = [str(name) for name in found if name not in places]
    if strange:
        raise ModelError(_not_among(strange, known, stages))
    table = np.array([places[name] for name in found], dtype=np.int16)
    return table[codes] if len(codes) else np.zeros(0, dtype=np.int16)


def _not_among(strange: Sequence[str], known: Sequence[str], stages: Sequence[str]) -> str:
    """What to do about stages that are not among those that are named."""
    meant = {as_read(name): name for name in known}
    otherwise = [
        f"'{name}' ('{meant[as_read(name)]}')" for name in strange if as_read(name) in meant
    ]
    if otherwise:
        return _(
            "Stages are written in more ways than one: {names}. Write each in one way, or say so "
            "in a map, under values:."
        ).format(names=", ".join(otherwise))
    return ngettext(
        "The stage {strange} is not among {known}; name all of them in their order.",
        "The stages {strange} are not among {known}; name all of them in their order.",
        len(strange),
    ).format(strange=", ".join(f"'{name}'" for name in strange), known=", ".join(stages))


def as_read(name: str) -> str:
    """A name as a reader takes it, who does not look at capitals or spaces."""
    return " ".join(name.casefold().split())


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


def owners_of(column: pd.Series) -> tuple[Numbers, tuple[str, ...]]:
    """The number of each row's owner, -1 for nobody, and their names."""
    codes, names = coded(column)
    return codes.astype(np.int64), tuple(map(str, names))
