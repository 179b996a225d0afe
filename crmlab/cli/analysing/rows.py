"""The rows that a model reads: from a file, through the checks of an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from crmlab.text import ngettext

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Rows:
    """How files are read, and what is to be said of them.

    Attributes:
        map_file: which heading of the first file says what.
        accept_good: go on without the rows that are refused.
        refused: how many rows of all files were refused and left out.
        remarks: a sentence for each thing about the rows that a reader should know.
    """

    map_file: Path | None
    accept_good: bool
    refused: int = 0
    remarks: list[str] = field(default_factory=list)

    def of(self, file: Path, kind: str) -> pd.DataFrame:
        """The rows of the file that a model is asked about."""
        return self._read(file, kind, self.map_file)

    def beside(self, file: Path, kind: str) -> pd.DataFrame:
        """The rows of a further file."""
        return self._read(file, kind, None)

    def _read(self, file: Path, kind: str, map_file: Path | None) -> pd.DataFrame:
        from crmlab.intake.frames import REFUSED, frame_of

        rows = frame_of(file, kind, map_file=map_file, accept_good=self.accept_good)
        refused = int(rows.attrs[REFUSED])
        self.refused += refused
        if refused:
            self.remarks.append(
                ngettext(
                    "{n:,} row of {file} is refused and left out; {told} says why.",
                    "{n:,} rows of {file} are refused and left out; {told} says why.",
                    refused,
                ).format(n=refused, file=file.name, told=f"{file.stem}.refused.csv")
            )
        self.remarks += _from_tomorrow(rows, file)
        return rows


def _from_tomorrow(rows: pd.DataFrame, file: Path) -> list[str]:
    """A remark on days that are yet to come: one mistyped year moves the day of the extract."""
    import pandas as pd

    tomorrow = pd.Timestamp.now().normalize() + pd.Timedelta(days=1)
    found = []
    for name in rows.select_dtypes(["datetime", "datetimetz"]):
        days = rows[name].dt.tz_localize(None) if rows[name].dt.tz is not None else rows[name]
        late = int((days >= tomorrow).sum())
        if late:
            found.append(
                ngettext(
                    "In {file} {n:,} day of {column} is yet to come, the last is {day}; mend it, "
                    "or name the last day that counts with --as-of.",
                    "In {file} {n:,} days of {column} are yet to come, the last is {day}; mend "
                    "them, or name the last day that counts with --as-of.",
                    late,
                ).format(file=file.name, n=late, column=name, day=days.max().date())
            )
    return found
