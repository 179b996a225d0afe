"""A file as a frame of good rows: what a model reads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from crmlab.errors import IntakeError
from crmlab.intake.bringing_in import bring_in, sure_style_of
from crmlab.intake.contracts import kind_of
from crmlab.intake.maps import offer_map, read_map, sheet_in
from crmlab.intake.reading import open_source
from crmlab.intake.remarks import of_sheets
from crmlab.text import gettext as _
from crmlab.text import ngettext

REFUSED = "refused_rows"
"""Where a frame says, among its `attrs`, how many rows of its file were refused."""

REMARKS = "remarks"
"""Where it says what a reader should know of the file, in sentences."""

REFUSALS_BEGIN = "line,column,reason"
"""How a list of refused rows begins."""


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
    source = open_source(file, sheet or sheet_in(map_file))
    used = (
        read_map(map_file, wanted, source.headings)
        if map_file
        else offer_map(wanted, source.headings)
    )
    sure_style_of(source, wanted, used)
    told = refusals or file.with_name(f"{file.stem}.refused.csv")
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
                    "{refused:,} of {rows:,} rows of {file} is refused; {told} says why. Mend it, "
                    "or give --accept-good to go on without it.",
                    "{refused:,} of {rows:,} rows of {file} are refused; {told} says why. Mend "
                    "them, or give --accept-good to go on without them.",
                    brought.refused,
                ).format(refused=brought.refused, rows=brought.rows, file=file.name, told=told.name)
            )
        rows = pd.read_parquet(out)
        rows.attrs[REFUSED] = brought.refused
        rows.attrs[REMARKS] = [
            *of_sheets(source),
            *(f"{file.name}, {said}" for said in brought.noticed.says(wanted, moved_only=True)),
        ]
        return rows


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
