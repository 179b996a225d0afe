"""Bringing a file in: found out, mapped, checked row by row, and taken whole or not at all."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pandas as pd

from crmlab.errors import IntakeError
from crmlab.intake.checking import Keys, faults_of, schema_of
from crmlab.intake.contracts import Column, Kind
from crmlab.intake.converting import convert, shown
from crmlab.intake.maps import Map
from crmlab.intake.months import Spellings
from crmlab.intake.numbers import Seen, could_be, currency_named
from crmlab.intake.pseudonyms import pseudonyms
from crmlab.intake.reading import Piece, Refusal, Source, is_parquet
from crmlab.intake.remarks import Noticed
from crmlab.intake.style import Style, style_of
from crmlab.text import gettext as _

TYPES = {"text": "string", "month": "string", "number": "float64", "whole": "Int64"}

DISARMED = ("=", "+", "-", "@", "\t")
"""What a spreadsheet would take for the beginning of a formula."""

_BELOW_ZERO = re.compile(r"-\s?[€$£¥]?\s?\d[\d.,'’ ]*(?:\s?[€$£¥%]|\s[A-Z]{3})?")

_QUOTED = re.compile(r"'.*'|-?\d[-\d.,:/ ]*")
"""What differs among reasons of one kind: what they quote."""

REFUSALS_BEGIN = "line,column,reason"
"""How a list of refused rows begins."""


@dataclass
class Brought:
    """What came of it.

    Attributes:
        rows: of the file, without its headings.
        refused: how many of them are not good.
        first: the first refusals, some of them.
        taken: whether the good rows were taken.
        noticed: what should be known of the good rows.
        reasons: why rows were refused, each with the first row and how many there are.
    """

    style: Style
    rows: int = 0
    refused: int = 0
    first: list[Refusal] = field(default_factory=list)
    taken: bool = False
    noticed: Noticed = field(default_factory=Noticed)
    reasons: dict[tuple[str, str], tuple[Refusal, int]] = field(default_factory=dict)

    def count(self, refused: list[Refusal]) -> None:
        """Count further refused rows by their reason, whatever text it quotes."""
        for one in refused:
            why = one.column, _QUOTED.sub("", one.reason)
            first, number = self.reasons.get(why, (one, 0))
            self.reasons[why] = first, number + 1

    @property
    def most_often(self) -> tuple[Refusal, int] | None:
        """The first row that is refused for the most frequent reason, and how many are."""
        return max(self.reasons.values(), key=lambda one: one[1], default=None)

    @property
    def good(self) -> int:
        return self.rows - self.refused


def bring_in(
    source: Source,
    kind: Kind,
    used: Map,
    *,
    out: Path,
    refusals: Path,
    key: bytes | None,
    accept_good: bool = False,
    progress: Callable[[int], object] = lambda _rows: None,
) -> Brought:
    """Check every row of a file, write the refused ones down, and take the good ones.

    Args:
        used: which heading says what.
        out: the Parquet file that the good rows become.
        refusals: the CSV file that the refused rows are written to, each with its line and the
            reason; there is none afterwards if all are good.
        key: of the pseudonyms; None to keep names, phones and mails as they are.
        accept_good: take the good rows although some are refused.
        progress: is told how many rows are done.

    Raises:
        IntakeError: it would write over the file itself, or over something that is no such file;
            or its numbers or days can be read in two ways, or its amounts are in two currencies.
    """
    from pyarrow import Table, parquet

    _spare(source.path, out, refusals)
    forget(refusals)
    brought = Brought(style_of(source, kind, used))
    checks = Checks(kind, used, brought.style, schema_of(kind, list(used.columns)), key)
    out.parent.mkdir(parents=True, exist_ok=True)
    writer: Any = None
    with (
        NamedTemporaryFile(dir=out.parent, suffix=".parquet", delete=False) as kept,
        refusals.open("w", encoding="utf-8-sig", newline="") as told,
        closing(Keys()) as checks.keys,
    ):
        try:
            lines = csv.writer(told)
            lines.writerow(["line", "column", "reason", *source.headings])
            for piece in source.pieces():
                rows, refused = _checked(piece, checks, brought.noticed)
                lines.writerows(_line(one) for one in refused)
                table = Table.from_pandas(rows, preserve_index=False)
                writer = writer or parquet.ParquetWriter(kept, table.schema)
                writer.write_table(table.cast(writer.schema))
                brought.rows += len(piece.lines) + len(piece.refused)
                brought.refused += len(refused)
                brought.first = (brought.first + refused)[:5]
                brought.count(refused)
                progress(brought.rows)
            if writer is not None:
                writer.close()
            kept.close()
            _one_currency(source, used, brought.noticed)
            brought.taken = bool(brought.good) and (accept_good or not brought.refused)
            if brought.taken:
                Path(kept.name).replace(out)
        except IntakeError:
            brought.refused = 0  # it is not the rows that are at fault
            raise
        finally:
            kept.close()
            Path(kept.name).unlink(missing_ok=True)
            if not brought.refused:
                told.close()
                refusals.unlink()
    return brought


def forget(refusals: Path) -> None:
    """Remove the list of refused rows of an earlier run; what else is there stays."""
    with suppress(OSError):
        if is_list_of_refusals(refusals):
            refusals.unlink()


def is_list_of_refusals(path: Path) -> bool:
    """Whether a file is a list of refused rows, by its beginning."""
    with path.open(encoding="utf-8-sig", errors="replace") as there:
        return there.readline().startswith(REFUSALS_BEGIN)


def _one_currency(source: Source, used: Map, noticed: Noticed) -> None:
    """Refuse amounts that name two currencies, if no column says which row is in which.

    Raises:
        IntakeError: there are two.
    """
    found = noticed.currencies
    if len(found) > 1 and "currency" not in used.columns:
        raise IntakeError(
            _(
                "The amounts of {file} are in {n} currencies: {examples}. Bring them into one, or "
                "put the currency of each row into a column of its own, headed currency."
            ).format(
                file=source.path.name,
                n=len(found),
                examples=", ".join(
                    _("{code} ('{text}' in {column}, line {line})").format(
                        code=code, text=shown(one.text), column=one.column, line=one.line
                    )
                    for code, one in found.items()
                ),
            )
        )


def _spare(source: Path, out: Path, refusals: Path) -> None:
    """Refuse to write over what is read, or over what was made by something else."""
    if len({path.resolve() for path in (source, out, refusals)}) < 3:
        raise IntakeError(
            _(
                "{file} would be written over itself; name other files for --out and --refused."
            ).format(file=source.name)
        )
    if out.is_file() and not is_parquet(out):
        raise IntakeError(
            _("{file} is there already and is no Parquet file; name another for --out.").format(
                file=out.name
            )
        )
    if refusals.is_file() and not is_list_of_refusals(refusals):
        raise IntakeError(
            _(
                "{file} is there already and is no list of refused rows; name another for "
                "--refused."
            ).format(file=refusals.name)
        )


@dataclass
class Checks:
    """What the rows of a file are held to, and what has been seen of them.

    Attributes:
        key: of the pseudonyms; None to keep names as they are.
        keys: the keys of the rows so far; `spellings`: their months.
    """

    kind: Kind
    used: Map
    style: Style
    schema: Any
    key: bytes | None
    keys: Keys = field(init=False)
    spellings: Spellings = field(default_factory=Spellings)


def _checked(piece: Piece, checks: Checks, noticed: Noticed) -> tuple[pd.DataFrame, list[Refusal]]:
    """The good rows of a piece in their types, and all that is refused, by line."""
    kind, used = checks.kind, checks.used
    faults: dict[int, tuple[str, str]] = {}
    columns, beside = {}, {}
    for column in kind.columns:
        if column.name in used.columns:
            texts = piece.cells[used.columns[column.name]]
            made = convert(texts, column, checks.style, used.values.get(column.name))
            columns[column.name] = _typed(made.values, column)
            noticed.notice(column, made.zones, made.values)
            if made.currencies is not None:
                beside[column.name] = made.currencies
            if column.type == "month":
                twice = checks.spellings.told_twice(texts, made.values, piece.lines)
                made.faults.update(twice)
            for place, sentence in made.faults.items():
                faults.setdefault(place, (column.name, sentence))
    rows = pd.DataFrame(columns)
    for place, fault in _currencies(rows, beside, piece, checks, noticed).items():
        faults.setdefault(place, fault)
    noticed.leave_out_plans(kind, rows)
    for place, fault in faults_of(rows, kind, checks.schema).items():
        faults.setdefault(place, fault)
    good = rows.drop(index=list(faults))
    if kind.key and len(good):
        good = good.dropna(subset=kind.key[0]) if kind.key[0] in good else good[:0]
        parts = [good[name].astype(str) for name in kind.key if name in good]
        said = ["\x1f".join(each) for each in zip(*parts, strict=True)]
        at = [piece.lines[place] for place in good.index]
        for place, line in checks.keys.seen_before(said, at).items():
            name = kind.key[0]
            sentence = _("The same {name} stands in line {line} already.").format(
                name=name, line=line
            )
            faults[int(good.index[place])] = (name, sentence)
        good = rows.drop(index=list(faults))
    if checks.key is not None:
        for column in kind.columns:
            if column.personal and column.name in good:
                hidden = pseudonyms(good[column.name], column, checks.key)
                good = good.assign(**{column.name: hidden.astype("string")})
    refused = [
        Refusal(piece.lines[place], column, sentence, tuple(map(str, piece.cells.iloc[place])))
        for place, (column, sentence) in faults.items()
    ]
    return good, sorted([*piece.refused, *refused], key=lambda one: one.line)


def _currencies(
    rows: pd.DataFrame,
    beside: dict[str, pd.Series],
    piece: Piece,
    checks: Checks,
    noticed: Noticed,
) -> dict[int, tuple[str, str]]:
    """Rows whose amount names another currency than their column does; where there is no column,
    the currency of the amounts becomes one."""
    faults: dict[int, tuple[str, str]] = {}
    said = "currency" in rows
    known = any(column.name == "currency" for column in checks.kind.columns)
    if known and not said and checks.style.currency:
        rows["currency"] = pd.Series(pd.NA, index=rows.index, dtype="string")
    for name, codes in beside.items():
        heading = checks.used.columns[name]
        cells = piece.cells[heading]
        for code in codes.dropna().unique():
            here = codes.eq(code).fillna(False).astype(bool)
            first = int(here.to_numpy().argmax())
            noticed.currencies.setdefault(
                code, Seen(str(cells.iloc[first]).strip(), heading, piece.lines[first])
            )
            if "currency" not in rows:
                continue
            theirs = rows["currency"]
            if said:
                other = {
                    t: could_be(code, currency_named(t)) for t in theirs[here].dropna().unique()
                }
                for place in theirs.index[here & theirs.notna() & ~theirs.map(other).eq(True)]:
                    faults[int(place)] = (
                        name,
                        _("'{text}' is in {code}, and its currency says {other}.").format(
                            text=shown(str(cells.iloc[place]).strip()),
                            code=code,
                            other=shown(str(theirs[place])),
                        ),
                    )
            rows["currency"] = theirs.mask(here & theirs.isna(), code)
    return faults


def _typed(values: pd.Series, column: Column) -> pd.Series:
    kind: Any = TYPES.get(column.type, "datetime64[us]")
    return pd.Series(values.astype(kind))


def disarmed(cell: str) -> str:
    """A text that a spreadsheet will not take for a formula; a number below zero is none."""
    if cell.startswith("-") and _BELOW_ZERO.fullmatch(cell):
        return cell
    return f"'{cell}" if cell.startswith(DISARMED) else cell


def _line(refusal: Refusal) -> list[str | int]:
    return [refusal.line, refusal.column, refusal.reason, *map(disarmed, refusal.cells)]
