"""May the figures be used? A model's totals beside those of the books, for `crmlab analyse`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crmlab.cli.analysing.rows import KIND, Rows
from crmlab.errors import CrmlabError
from crmlab.text import gettext as _
from crmlab.text import ngettext, show_month

if TYPE_CHECKING:
    import pandas as pd

    from crmlab.models.entry.reconciliation import Period

NOT_COMPARED = {"usable": None, "usable_since": None, "first_mismatch": None, "books": None}


def held_against(
    books: Path | None, rows: Rows, ours: pd.DataFrame, *, as_of: Any, numbers: bool = False
) -> dict[str, Any]:
    """Whether a model's totals match the books, month by month.

    Args:
        books: totals by month (`period` and `amount`), or invoices.
        ours: what the model counts: `day`, `amount`, and `currency` where it is known.
        as_of: the last day that counts; a month that is not over by then is not compared.
        numbers: the totals are numbers of records and no money.

    Raises:
        CrmlabError: the books cannot be read, are no such books, or in another currency.
    """
    from crmlab.models.currency import one_currency
    from crmlab.models.entry.reconciliation import by_month, by_period, reconcile

    if books is None:
        return dict(NOT_COMPARED)
    theirs = rows.beside(books, *(("books",) if numbers else ("books", "invoices")))
    if numbers and "currency" in theirs:
        raise CrmlabError(
            _(
                "{file} has a currency, so it tells money; what is compared here is the number of "
                "records of each month."
            ).format(file=books.name)
        )
    one_currency(ours, theirs)
    booked = by_period(theirs) if theirs.attrs[KIND] == "books" else by_month(theirs, "invoiced_at")
    remarks: list[str] = []
    known = by_month(_with_month(ours, remarks), "day")
    if as_of is not None:
        known, booked = (_over(totals, as_of, remarks) for totals in (known, booked))
    found = reconcile(known, booked)
    if as_of is None and not found.periods[-1].matches:
        remarks.append(
            _("If {month} is not over yet, say by --as-of up to which day it counts.").format(
                month=show_month(found.periods[-1].period)
            )
        )
    first = found.first_broken
    return {
        "usable": found.usable,
        "usable_since": found.usable_since,
        "first_mismatch": _as_told(first) if first else None,
        "books": {
            "in_a_row": found.in_a_row,
            "still_needed": found.still_needed,
            "share_matching": found.share_matching,
            "says": [found.says(), *_said_first(first), *dict.fromkeys(remarks)],
            "periods": [asdict(period) for period in found.periods],
        },
    }


def say_books(told: dict[str, Any]) -> None:
    """The same in sentences."""
    if told["books"] is None:
        typer.echo(
            _("Whether these figures match the books is not known; give them with --books FILE.")
        )
        return
    for sentence in told["books"]["says"]:
        typer.echo(sentence)


def _with_month(ours: pd.DataFrame, remarks: list[str]) -> pd.DataFrame:
    """Without what has no day, which belongs to no month."""
    silent = int(ours["day"].isna().sum())
    if silent:
        remarks.append(
            ngettext(
                "{n:,} record has no day, and is in no month that was compared.",
                "{n:,} records have no day, and are in no month that was compared.",
                silent,
            ).format(n=silent)
        )
    return ours[ours["day"].notna()]


def _over(totals: pd.Series, as_of: Any, remarks: list[str]) -> pd.Series:
    """The months that are over by a day."""
    import pandas as pd

    last = pd.Timestamp(as_of).to_period("M")
    if pd.Timestamp(as_of).normalize() < last.end_time.normalize():
        if str(last) in totals.index:
            remarks.append(
                _("{month} is not over by {day}, and is not compared.").format(
                    month=last, day=pd.Timestamp(as_of).date()
                )
            )
        last -= 1
    return totals[[month <= str(last) for month in totals.index]]


def _as_told(period: Period) -> dict[str, Any]:
    return {name: each for name, each in asdict(period).items() if name != "matches"}


def _said_first(period: Period | None) -> list[str]:
    """Where the books and the model part for the first time."""
    if period is None:
        return []
    return [
        _(
            "The first month that does not match is {month}: {ours} here, {theirs} in the books, "
            "{difference:+,.2f}."
        ).format(
            month=period.period,
            ours=_sum(period.model),
            theirs=_sum(period.books),
            difference=period.difference,
        )
    ]


def _sum(total: float | None) -> str:
    return _("nothing") if total is None else f"{total:,.2f}"
