"""The rows that a model reads: from a file, through the checks of an import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Rows:
    """How files are read.

    Attributes:
        map_file: which heading of the first file says what.
        accept_good: go on without the rows that are refused.
    """

    map_file: Path | None
    accept_good: bool

    def of(self, file: Path, kind: str) -> pd.DataFrame:
        """The rows of the file that a model is asked about."""
        from crmlab.intake.frames import frame_of

        return frame_of(file, kind, map_file=self.map_file, accept_good=self.accept_good)

    def beside(self, file: Path, kind: str) -> pd.DataFrame:
        """The rows of a further file."""
        from crmlab.intake.frames import frame_of

        return frame_of(file, kind, accept_good=self.accept_good)
