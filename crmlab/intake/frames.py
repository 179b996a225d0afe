"""A file as a frame of good rows: what a model reads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from crmlab.errors import IntakeError
from crmlab.intake.bringing_in import REFUSALS_BEGIN, Brought, bring_in, forget
from crmlab.intake.contracts import kind_of
from crmlab.intake.opening import opened
from crmlab.intake.remarks import how_read, of_sheets
from crmlab.text import gettext as _
from crmlab.text import ngettext

REFUSED = "refused_rows"
"""Where a frame says, among its `attrs`, how many rows of its file were refused."""

MOST_OFTEN = "most_often"
"""Where it says why most of them were, and in which line first."""

REMARKS = "remarks"
"""Where it says what a reader should know of the file, in sentences."""

READ = "read"
"""Where it says how the file was read, in a line."""


def frame_of(
    file: Path,
    kind: str,
    *,
    map_file: Path | None = None,
    sheet: str | None = None,
    accept_good: bool = False,
    refusals: Path | None = None,
    progress: Callable[[int], object] = lambda _rows: None,
) -> pd.DataFrame:
    """The rows of a file, checked like those that are imported, in their types.

    Args:
        kind: of data, such as transactions.
        map_file: which heading says what; by default as the headings suggest.
        sheet: of a workbook; by default the one that the map names, or the first.
        refusals: where refused rows are written; by default beside the file.

    Raises:
        IntakeError: the file cannot be read, or some rows are refused and `accept_good` is not set.
    """
    wanted = kind_of(kind)
    told = refusals or file.with_name(f"{file.stem}.refused.csv")
    forget(told)  # an earlier one would say what no longer holds
    source, used = opened(file, wanted, map_file, sheet)
    with TemporaryDirectory(prefix="crmlab-") as folder:
        # Nothing is written beside the file as long as there is nothing to say: two may read it at
        # once, and it may lie where nobody may write.
        out, refused = Path(folder) / "good.parquet", Path(folder) / "refused.csv"
        brought = bring_in(
            source,
            wanted,
            used,
            out=out,
            refusals=refused,
            key=None,
            accept_good=accept_good,
            progress=progress,
        )
        if not brought.rows:
            raise IntakeError(
                _("{file} has headings and no rows; is it the right file, or sheet?").format(
                    file=file.name
                )
            )
        if brought.refused:
            only_over(told, REFUSALS_BEGIN, _("Some rows are refused"))
            shutil.copyfile(refused, told)
        if not brought.taken:
            raise IntakeError(
                ngettext(
                    "{refused:,} of {rows:,} rows of {file} is refused; {told} says why. {most} "
                    "Mend it, or give --accept-good to go on without it.",
                    "{refused:,} of {rows:,} rows of {file} are refused; {told} says why. {most} "
                    "Mend them, or give --accept-good to go on without them.",
                    brought.refused,
                ).format(
                    refused=brought.refused,
                    rows=brought.rows,
                    file=file.name,
                    told=told.name,
                    most=most_often(brought),
                )
            )
        rows = pd.read_parquet(out)
        rows.attrs[REFUSED] = brought.refused
        rows.attrs[MOST_OFTEN] = most_often(brought)
        rows.attrs[READ] = how_read(source, used, brought.style)
        rows.attrs[REMARKS] = [
            *of_sheets(source),
            *(f"{file.name}, {said}" for said in brought.noticed.says(wanted, moved_only=True)),
        ]
        return rows


def most_often(brought: Brought) -> str:
    """The most frequent reason for which rows are refused, with its first line."""
    if brought.most_often is None:
        return ""
    one, number = brought.most_often
    where = f"{one.column}: " if one.column else ""
    said = ngettext(
        "Line {line}: {where}{why}",
        "For {n:,} of them it is this, first in line {line}: {where}{why}",
        number,
    )
    return said.format(n=number, line=one.line, where=where, why=one.reason)


def only_over(told: Path, begin: str, why: str) -> None:
    """Refuse to write a list over something that is no such list.

    Args:
        begin: how the first line of such a list begins.
        why: what it is to be written for, in words.

    Raises:
        IntakeError: something else is there.
    """
    if not told.exists():
        return
    with suppress(IsADirectoryError), told.open(encoding="utf-8-sig", errors="replace") as there:
        if there.readline().startswith(begin):
            return
    raise IntakeError(
        _(
            "{why} and should be listed in {file}, but that is there already and holds something "
            "else; give it another name."
        ).format(why=why, file=told.name)
    )
