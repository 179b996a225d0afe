"""What `crmlab analyse funnel` tells."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crmlab.cli.analysing.books import held_against, say_books
from crmlab.cli.analysing.rows import KIND, Rows
from crmlab.text import gettext as _
from crmlab.text import ngettext

if TYPE_CHECKING:
    import pandas as pd

    from crmlab.models.funnel import Prepared


FORETOLD = ("weighted_open_amount", "weighted_stuck_amount", "velocity_per_day", "coverage")
"""What nobody knows where what is open cannot be weighed."""


def reckon(
    file: Path,
    rows: Rows,
    *,
    as_of: Any,
    books: Path | None,
    events: Path | None,
    stages: str | None,
    target: float | None,
) -> dict[str, Any]:
    """The funnel of opportunities, of stage events, or of both, as JSON says it."""
    from crmlab.models.funnel import prepare
    from crmlab.models.funnel.rows import behind
    from crmlab.procedures import load

    # Events of their own go with opportunities; a file alone may be either.
    read = rows.of(file, *(("opportunities",) if events else ("opportunities", "stages")))
    entries = rows.beside(events, "stages") if events else None
    order = stages.split(",") if stages is not None else list(load("lead_to_cash").stages)
    names = [name.strip() for name in order]
    opportunities, entries = (None, read) if read.attrs[KIND] == "stages" else (read, entries)
    prepared = prepare(opportunities, names, entries=entries, as_of=as_of, target=target)
    stuck = behind(prepared, "stuck")
    records = {
        "stuck": [str(name) for name in stuck["opportunity_id"]],
        "remarks": [
            {"remark": remark.says, "opportunities": remark.opportunities}
            for remark in prepared.remarks
        ],
    }
    told = asdict(prepared.found) | {"records": records}
    if not told.pop("can_be_weighed"):
        told |= dict.fromkeys(FORETOLD) | {"forecast": dict.fromkeys(told["forecast"])}
    return told | held_against(books, rows, _won(prepared, read), as_of=as_of)


def say(told: dict[str, Any]) -> None:
    """The same in sentences."""
    typer.echo(
        ngettext(
            "{n:,} opportunity: {won:,} won, {lost:,} lost, {open:,} open.",
            "{n:,} opportunities: {won:,} won, {lost:,} lost, {open:,} open.",
            told["opportunities"],
        ).format(n=told["opportunities"], won=told["won"], lost=told["lost"], open=told["open"])
    )
    _say_how_it_goes(told)
    for stage in told["stages"]:
        share = "–" if stage["conversion"] is None else f"{stage['conversion']:.0%}"
        typer.echo(
            _("  {stage}: {entered:,} came here, {converted:,} went on ({share}).").format(
                share=share, **{name: stage[name] for name in ("stage", "entered", "converted")}
            )
        )
    if told["stuck"]:
        typer.echo(
            ngettext(
                "{n:,} stands in its stage for longer than nine of ten that went on ({first}).",
                "{n:,} stand in their stage for longer than nine of ten that went on, {first} for "
                "the longest.",
                told["stuck"],
            ).format(n=told["stuck"], first=told["records"]["stuck"][0])
        )
    for owner in (owner for owner in told["owners"] if owner["stalled"]):
        typer.echo(
            _("  {owner}: {stuck:,} of {n:,} are stuck, more than chance explains.").format(
                owner=owner["owner"], stuck=owner["stuck"], n=owner["opportunities"]
            )
        )
    _say_what_may_come(told)
    if told["coverage"]:
        typer.echo(
            _(
                "For each 1 of {target:,.0f} still to be won {unweighted:.2f} is open, and "
                "{weighted:.2f} weighted."
            ).format(**told["coverage"])
        )
    for remark in told["remarks"]:
        typer.echo(remark)
    say_books(told)


def _say_how_it_goes(told: dict[str, Any]) -> None:
    """Win rate, cycle and velocity, those that are known."""
    cycle, rate = told["cycle_days"], told["win_rate"]
    if rate is not None:
        typer.echo(_("Win rate, won of closed: {share:.0%}.").format(share=rate))
    if cycle["mean"] is not None:
        typer.echo(
            _(
                "From start to win: {mean:,.1f} days on average, half of them within {median:,.1f}."
            ).format(**cycle)
        )
    if told["velocity_per_day"] is not None:
        typer.echo(_("Velocity: {amount:,.0f} a day.").format(amount=told["velocity_per_day"]))


def _say_what_may_come(told: dict[str, Any]) -> None:
    """The weighted pipeline and the forecast, or that nobody can say."""
    if told["weighted_open_amount"] is None:
        typer.echo(_("What is open cannot be weighed and forecast from this file."))
        return
    typer.echo(
        _("The weighted pipeline is {weighted:,.0f} of {open:,.0f} open.").format(
            weighted=told["weighted_open_amount"], open=told["open_amount"]
        )
    )
    if told["weighted_stuck_amount"]:
        typer.echo(
            _("  {amount:,.0f} of it is stuck.").format(amount=told["weighted_stuck_amount"])
        )
    typer.echo(
        _(
            "What is open may bring {p50:,.0f}, and in 80 of 100 draws {p10:,.0f} to {p90:,.0f}."
        ).format(**told["forecast"])
    )


def _won(made: Prepared, read: pd.DataFrame) -> pd.DataFrame:
    """What was won, by the day of its closing; what has no amount is nothing in money."""
    import numpy as np
    import pandas as pd

    known = made.known
    day, amount = known.closed[known.won], np.nan_to_num(known.amounts[known.won])
    won = pd.DataFrame({"day": pd.to_datetime(day), "amount": amount})
    if "currency" in read and read["currency"].notna().any():
        won["currency"] = read["currency"].dropna().iloc[0]  # there is one only
    return won
