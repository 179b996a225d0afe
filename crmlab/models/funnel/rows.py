"""The opportunities behind a figure of the funnel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from crmlab.errors import ModelError
from crmlab.models.funnel.columns import LOST, OPEN, WON, Flags
from crmlab.models.funnel.histories import days_between
from crmlab.models.funnel.parts import months_of
from crmlab.models.funnel.preparing import Prepared
from crmlab.text import gettext as _

Which = Literal["all", "entered", "converted", "open", "stuck", "won", "lost"]


def behind(
    prepared: Prepared,
    which: Which = "all",
    *,
    stage: str | None = None,
    month: str | None = None,
    owner: str | None = None,
) -> pd.DataFrame:
    """The opportunities that a figure counts, the longest in their stage first.

    Args:
        which: the figure: those that have `entered` the stage, `converted` from it, stand `open` or
            `stuck` in it, were `won` or `lost` (from it).
        stage: of one stage; of all of them if it is not named.
        month: that began in one month, such as `2026-04`.
        owner: of one owner.

    Returns:
        `opportunity_id, owner, stage, outcome, amount, created_at, closed_at, entered_at,
        days_in_stage, stuck`; without columns that say nothing. Days in the stage are told of open
        ones alone.

    Raises:
        ModelError: there is no such stage, month or owner.
    """
    known = prepared.known
    outcomes = {"won": known.won, "lost": known.lost, "open": known.open, "stuck": prepared.stuck}
    there = outcomes.get(which, np.ones(len(known), dtype=bool)).copy()
    if stage is not None:
        there &= _at(prepared, which, _place(stage, known.order))
    if month is not None:
        number, months = months_of(known)
        there &= number == _place(month, [str(each) for each in months])
    if owner is not None:
        there &= known.owner == _place(owner, known.owners)
    at = np.flatnonzero(there)
    names = np.array([*known.order, WON], dtype=object)
    days = np.where(known.open, days_between(known.since, known.as_of), np.nan)[at]
    owners = np.array([*known.owners, None], dtype=object)
    rows = pd.DataFrame(
        {
            "opportunity_id": known.names.iloc[known.row[at]].to_numpy(),
            "owner": owners[known.owner[at]],
            "stage": names[known.place[at]],
            "outcome": np.select([known.won[at], known.lost[at]], [WON, LOST], OPEN),
            "amount": known.amounts[at],
            "created_at": known.created[at],
            "closed_at": known.closed[at],
            "entered_at": known.since[at],
            "days_in_stage": days,
            "stuck": prepared.stuck[at],
        }
    )
    order = np.argsort(-np.nan_to_num(days, nan=-1.0), kind="stable")
    rows = rows.iloc[order].reset_index(drop=True)
    return rows.dropna(axis="columns", how="all") if len(rows) else rows


def _at(prepared: Prepared, which: Which, stage: int) -> Flags:
    """Which opportunities a figure of one stage looks at."""
    place = prepared.known.place
    found: Flags
    if which in ("all", "entered", "won"):
        found = place >= stage
    else:
        found = place > stage if which == "converted" else place == stage
    return found


def _place(name: str, known: Sequence[str]) -> int:
    if name not in known:
        raise ModelError(
            _("There is no '{name}' in this funnel; there are: {known}.").format(
                name=name, known=", ".join(known)
            )
        )
    return list(known).index(name)
