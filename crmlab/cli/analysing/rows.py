"""The rows that a model reads: from files, through the checks of an import."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from crmlab.errors import CrmlabError, IntakeError
from crmlab.text import gettext as _
from crmlab.text import ngettext

if TYPE_CHECKING:
    import pandas as pd

KIND = "kind"
"""Where a frame says, among its `attrs`, of which kind its rows are."""


@dataclass
class Rows:
    """How files are read, and what is to be said of them.

    Attributes:
        maps: which heading says what, by the kind of data that each map is for.
        sheet: of the first file, if it is a workbook; that of a further one stands in its map.
        accept_good: go on without the rows that are refused.
        today: the day of the clock on the wall, beyond which nothing has happened yet.
        refused: how many rows of all files were refused and left out.
        remarks: a sentence for each thing about the rows that a reader should know.
        read: what has been read, by file and sheet.
        how: a line for each file on how it was read.
    """

    maps: dict[str, Path]
    accept_good: bool
    sheet: str | None = None
    today: date = field(default_factory=date.today)
    refused: int = 0
    remarks: list[str] = field(default_factory=list)
    read: dict[tuple[Path, str], pd.DataFrame] = field(default_factory=dict)
    how: list[str] = field(default_factory=list)

    @classmethod
    def with_maps(cls, maps: list[Path], accept_good: bool, sheet: str | None) -> Rows:
        """With maps that are each for another kind of data.

        Raises:
            CrmlabError: a map cannot be read, is for no kind there is, or two are for the same.
        """
        from crmlab.intake.contracts import kind_of
        from crmlab.intake.maps import look_at

        found: dict[str, Path] = {}
        for path in maps:
            kind = kind_of(look_at(path).kind).name
            if kind in found:
                raise CrmlabError(
                    _(
                        "{one} and {other} are both maps for {kind}; give one of them, or say in "
                        "its line 'kind:' what the other is for."
                    ).format(one=found[kind].name, other=path.name, kind=kind)
                )
            found[kind] = path
        return cls(found, accept_good, sheet)

    def of(self, file: Path, *kinds: str) -> pd.DataFrame:
        """The rows of the file that a model is asked about.

        Args:
            kinds: what they can be; of several the one whose map or names fit the headings.
        """
        return self._read(file, kinds, self.sheet)

    def beside(self, file: Path, *kinds: str) -> pd.DataFrame:
        """The rows of a further file."""
        return self._read(file, kinds, None)

    def unused_maps(self) -> list[str]:
        """A remark on each map that no file was read by."""
        return [
            _("The map {file} is for {kind}, and no such file was given.").format(
                file=path.name, kind=kind
            )
            for kind, path in self.maps.items()
            if kind not in {rows.attrs[KIND] for rows in self.read.values()}
        ]

    def _read(self, file: Path, kinds: tuple[str, ...], sheet: str | None) -> pd.DataFrame:
        from crmlab.intake.frames import MOST_OFTEN, READ, REFUSED, REMARKS, frame_of

        try:
            kind, named = self._kind_of(file, kinds, sheet)
            told = file.with_name(f"{_plain(file.stem, named)}.refused.csv")
            place = (file.resolve(), named)
            if place in self.read:
                return self._again(file, self.read[place], kind)
            rows = frame_of(
                file,
                kind,
                map_file=self.maps.get(kind),
                sheet=sheet,
                accept_good=self.accept_good,
                refusals=told,
            )
        except IntakeError as fault:
            raise self._said_of(file, kinds, fault) from fault
        refused = int(rows.attrs[REFUSED])
        self.refused += refused
        if refused:
            self.remarks.append(
                ngettext(
                    "{n:,} row of {file} is refused and left out; {told} says why. {most}",
                    "{n:,} rows of {file} are refused and left out; {told} says why. {most}",
                    refused,
                ).format(n=refused, file=file.name, told=told.name, most=rows.attrs[MOST_OFTEN])
            )
        self.how += filter(None, [rows.attrs[READ]])
        self.remarks += rows.attrs[REMARKS]
        self.remarks += _from_tomorrow(rows, file, self.today)
        rows.attrs[KIND] = kind
        self.read[place] = rows
        return rows

    def _kind_of(self, file: Path, kinds: tuple[str, ...], sheet: str | None) -> tuple[str, str]:
        """Of which kind a file is, and the sheet if it has others beside it.

        Those with a map are tried first, and their faults are what is told: somebody has written
        the map for this file.
        """
        from crmlab.intake.contracts import kind_of
        from crmlab.intake.opening import opened

        trouble: IntakeError | None = None
        for name in sorted(kinds, key=lambda name: name not in self.maps):
            try:
                source, _used = opened(file, kind_of(name), self.maps.get(name), sheet)
                return name, source.sheet if source.other_sheets else ""
            except IntakeError as fault:
                trouble = trouble or fault
        raise trouble or AssertionError

    def _again(self, file: Path, rows: pd.DataFrame, kind: str) -> pd.DataFrame:
        """A table that was read before: invoices are what credit costs, and books too. Anything
        else would be held against itself."""
        if rows.attrs[KIND] != kind:
            raise CrmlabError(
                _(
                    "{file} is given twice, as {one} and as {other}; give another file for one of "
                    "them, or name its sheet in a map."
                ).format(file=file.name, one=rows.attrs[KIND], other=kind)
            )
        return rows

    def _said_of(self, file: Path, kinds: tuple[str, ...], fault: IntakeError) -> IntakeError:
        """The fault with the file that it is about, and with maps that are for something else."""
        said = str(fault)
        if file.name not in said and not any(path.name in said for path in self.maps.values()):
            said = f"{file.name}: {said}"
        if self.maps and not set(kinds) & set(self.maps) and "--map" in said:
            sentence, line, offered = said.partition("\n")  # a map to be copied stays whole
            sentence += " " + ngettext(
                "(The map that was given is for {kinds}.)",
                "(The maps that were given are for {kinds}.)",
                len(self.maps),
            ).format(kinds=", ".join(self.maps))
            said = sentence + line + offered
        return IntakeError(said)


def _plain(stem: str, sheet: str) -> str:
    """A name for what is written beside a file; each sheet of a workbook has its own."""
    return ".".join(filter(None, (stem, re.sub(r"[^\w -]", "_", sheet))))


def _from_tomorrow(rows: pd.DataFrame, file: Path, today: date) -> list[str]:
    """A remark on days that are yet to come: one mistyped year moves the day of the extract."""
    import pandas as pd

    tomorrow = pd.Timestamp(today) + pd.Timedelta(days=1)
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
