"""A file as a frame of good rows: what a model reads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from crmlab.errors import IntakeError
from crmlab.intake.bringing_in import bring_in, sure_style_of
from crmlab.intake.contracts import kind_of
from crmlab.intake.maps import offer_map, read_map
from crmlab.intake.reading import open_source
from crmlab.text import gettext as _

REFUSED = "refused_rows"
"""Where a frame says, among its `attrs`, how many rows of its file were refused."""

REFUSALS_BEGIN = "line,column,reason"


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
        refusals: where refused rows are written; by default beside the file.

    Raises:
        IntakeError: the file cannot be read, or some rows are refused and `accept_good` is not set.
    """
    wanted, source = kind_of(kind), open_source(file, sheet)
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
            _only_over_refusals(told)
            shutil.copyfile(refused, told)
        if not brought.taken:
            raise IntakeError(
                _(
                    "{refused:,} of {rows:,} rows of {file} are refused; {told} says why. Mend "
                    "them, or give --accept-good to go on without them."
                ).format(refused=brought.refused, rows=brought.rows, file=file.name, told=told.name)
            )
        rows = pd.read_parquet(out)
        rows.attrs[REFUSED] = brought.refused
        return rows


def _only_over_refusals(told: Path) -> None:
    """Refuse to write over something that is no list of refused rows."""
    if not told.exists():
        return
    with told.open(encoding="utf-8-sig", errors="replace") as there:
        if not there.readline().startswith(REFUSALS_BEGIN):
            raise IntakeError(
                _(
                    "Some rows are refused and should be listed in {file}, but that is there "
                    "already and holds something else; give it another name."
                ).format(file=told.name)
            )
