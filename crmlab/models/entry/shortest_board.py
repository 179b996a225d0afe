"""The shortest board: how far the figures of a CRM can be trusted.

A bucket holds water up to its shortest board. So the *health* of a CRM is the smallest of its
shares and not their mean: each board that is short spoils every figure, and no other makes up for
it.

1. Each *board* is a share from 0 to 1 of what could be as it should: records, months or reports.
2. The *health* is that of the shortest board. Lengthening another changes nothing; lengthening the
   shortest helps until the next one is the shortest.
3. *complete*: lines of sales that have a cost. *on time*: what was done that was entered within
   `ON_TIME` of it. *traceable*: opportunities whose stage, and each stage before it, has an entry
   in the history of stages. *reconciled*: months in which sales match the books. *used*: reports
   made that somebody opens.
4. The days at a month's end are its last `MONTH_END`: what is late then is late for the month's
   figures.

The names follow ISO/IEC 25012 on the quality of data (completeness, currentness, traceability,
consistency), in words that a sales meeting uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from crmlab.errors import ModelError
from crmlab.models.entry.reconciliation import Reconciliation
from crmlab.text import gettext as _

ON_TIME = pd.Timedelta(hours=24)
MONTH_END = 3


@dataclass(frozen=True)
class Board:
    """One board: what share is as it should be, of how many, and which ones are not.

    Attributes:
        lacking: what is not as it should be, a row each.
    """

    share: float
    of: int
    lacking: pd.DataFrame


@dataclass(frozen=True)
class Bucket:
    """All boards.

    Attributes:
        shares: by the board's name, the shortest first.
        health: the share of the shortest, 0 to 1.
        shortest: its name; the first by name where several are as short.
        mean: what an average would have said.
    """

    shares: Mapping[str, float]
    health: float
    shortest: str
    mean: float

    def lengthened(self, name: str, share: float = 1.0) -> float:
        """The health if this board were so long; as long as before for any but the shortest.

        Raises:
            ModelError: there is no such board, or the share is not from 0 to 1.
        """
        if name not in self.shares:
            raise ModelError(
                _("There is no board '{name}'; there are: {known}.").format(
                    name=name, known=", ".join(self.shares)
                )
            )
        return bucket({**self.shares, name: share}).health


def bucket(shares: Mapping[str, float]) -> Bucket:
    """How far the bucket holds.

    Raises:
        ModelError: there is no board, or a share is not from 0 to 1.
    """
    if not shares:
        raise ModelError(_("A bucket without boards holds nothing; measure at least one."))
    odd = [name for name, share in shares.items() if not 0 <= share <= 1]
    if odd:
        raise ModelError(
            _("The board '{name}' is {share}, and a share lies between 0 and 1.").format(
                name=odd[0], share=shares[odd[0]]
            )
        )
    ordered = dict(sorted(shares.items(), key=lambda item: (item[1], item[0])))
    shortest = next(iter(ordered))
    return Bucket(ordered, ordered[shortest], shortest, sum(shares.values()) / len(shares))


def complete(rows: pd.DataFrame, column: str = "cost") -> Board:
    """How much of a table has a column filled in, such as sales their cost."""
    return _board(rows, rows[column].notna() if column in rows else pd.Series(False, rows.index))


def on_time(events: pd.DataFrame) -> Board:
    """How much of what was done was entered within `ON_TIME` of it.

    Args:
        events: `timestamp` and `recorded_at`; of a `lifecycle`, what is complete. `lacking` has
            `hours` too.
    """
    done = _done(events)
    late = done["recorded_at"] - done["timestamp"]
    return _board(done.assign(hours=late.dt.total_seconds() / 3600), late <= ON_TIME)


def on_time_at_month_end(events: pd.DataFrame) -> tuple[float, float]:
    """The share that was entered on time of what was done in a month's last days, and otherwise."""
    done = _done(events)
    when = done["timestamp"].dt
    last = when.days_in_month - when.day < MONTH_END
    if not last.any() or last.all():
        raise ModelError(_("The history has no month's end to compare with its other days."))
    return on_time(done[last]).share, on_time(done[~last]).share


def traceable(opportunities: pd.DataFrame, entries: pd.DataFrame, stages: Sequence[str]) -> Board:
    """How many opportunities stand where their history of stages says that they came."""
    place = {name: n for n, name in enumerate(stages)}
    came = entries.assign(place=entries["stage"].map(place)).dropna(subset="place")
    came = came.drop_duplicates(["opportunity_id", "place"]).sort_values("place")
    seen = came.groupby("opportunity_id")["place"].agg(["size", "max"])
    known = seen.reindex(opportunities["opportunity_id"]).to_numpy()
    stands = opportunities["stage"].map(place).to_numpy()
    traced = (known[:, 1] == stands) & (known[:, 0] == stands + 1)
    return _board(opportunities, pd.Series(traced, opportunities.index))


def reconciled(found: Reconciliation) -> Board:
    """How many months match the books."""
    months = pd.DataFrame([vars(period) for period in found.periods])
    return _board(months, months["matches"])


def used(usage: pd.DataFrame, catalogue: pd.DataFrame) -> Board:
    """How many of the reports that are made somebody opens.

    Args:
        usage: `operation` (`report` opens one, `report_made` makes one) and `subject`.
        catalogue: `kind`, `name` and `minutes_each`; `lacking` has the `hours` that went into it.
    """
    reports = catalogue[catalogue["kind"] == "report"]
    opened = set(usage.loc[usage["operation"] == "report", "subject"])
    made = usage.loc[usage["operation"] == "report_made", "subject"].value_counts()
    times = reports["name"].map(made).fillna(0).astype(int)
    told = reports.assign(times_made=times, hours=times * reports["minutes_each"] / 60)
    return _board(told, reports["name"].isin(opened))


def _done(events: pd.DataFrame) -> pd.DataFrame:
    return events[events["lifecycle"] == "complete"] if "lifecycle" in events else events


def _board(rows: pd.DataFrame, good: pd.Series) -> Board:
    if not len(rows):
        raise ModelError(_("There is nothing to measure a board by; bring in the records first."))
    right = good.astype(bool)
    return Board(float(right.mean()), len(rows), rows[~right])
