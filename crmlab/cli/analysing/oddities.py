"""What is odd about the rows of files: customers that match nobody's, rows twice, two currencies.

None of it is wrong in a row, so an import has nothing to refuse; a figure would be wrong all the
same, and without a word.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crmlab.errors import ModelError
from crmlab.text import gettext as _
from crmlab.text import ngettext

if TYPE_CHECKING:
    import pandas as pd

MOST = 0.5
"""Where fewer than half of the rows name a customer of the other file, ids may be written in two
ways; some that do not match are nothing odd."""

ALIKE = 0.02
"""So large a share of rows that repeat another one is no chance. Of the published purchases of
CDNOW 0.3 % do, and 0.6 % of the practice company's lines without their numbers."""

FEW = 3
"""Fewer rows than this that repeat another one are no pattern in a file of any size."""


def unmatched(rows: pd.DataFrame, file: Path, known: pd.DataFrame, other: Path) -> list[str]:
    """A remark if hardly any row names a customer of the other file, or more would without
    leading zeros."""
    if "customer_id" not in rows or not rows["customer_id"].notna().any():
        return []
    named = rows["customer_id"].dropna().astype(str)
    there = known["customer_id"].dropna().astype(str)
    matched = int(named.isin(there).sum())
    plain = int(_without_zeros(named).isin(_without_zeros(there)).sum())
    if matched >= MOST * len(named) and plain <= matched:
        return []
    said = ngettext(
        "{n:,} of {all:,} row of {file} names a customer of {other}.",
        "{n:,} of {all:,} rows of {file} name a customer of {other}.",
        len(named),
    ).format(n=matched, all=len(named), file=file.name, other=other.name)
    if plain > matched:
        hint = _(
            "Without leading zeros it would be {n:,}: one of the two has lost its zeros, as "
            "happens in a spreadsheet; write the ids alike in both."
        ).format(n=plain)
    else:
        hint = _("Are the ids written alike in both, and are they the right files?")
    return [f"{said} {hint}"]


def rows_alike(rows: pd.DataFrame, file: Path) -> list[str]:
    """A remark if more rows repeat another one than chance explains; numbers of lines would have
    told them apart, and been refused where they come twice."""
    if "line_id" in rows and rows["line_id"].notna().any():
        return []
    number = int(rows.duplicated().sum())
    if number < max(FEW, ALIKE * len(rows)):
        return []
    return [
        _(
            "{n:,} of {all:,} rows of {file} repeat another row in every column that is read "
            "({share:.0%}), more than chance explains, and they all count. Was something exported "
            "or pasted twice? Take it out, or give the number of each line (line_id)."
        ).format(n=number, all=len(rows), file=file.name, share=number / len(rows))
    ]


def in_one_currency(rows: pd.DataFrame, file: Path) -> None:
    """Refuse a file whose sums are in several currencies, by its name.

    Raises:
        ModelError: they are.
    """
    from crmlab.models.currency import one_currency

    try:
        one_currency(rows)
    except ModelError as fault:
        raise ModelError(f"{file.name}: {fault}") from fault


def _without_zeros(ids: pd.Series) -> pd.Series:
    return ids.str.strip().str.lstrip("0")
