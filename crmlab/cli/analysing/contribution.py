"""What `crmlab analyse contribution` tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from crmlab.cli.analysing.rows import Rows
from crmlab.text import gettext as _
from crmlab.text import ngettext

BLOCKED_SHOWN = 20
"""How many of the lines without a cost are listed."""


def reckon(file: Path, rows: Rows, *, as_of: Any) -> dict[str, Any]:
    """Who brings what, and the lines without a cost."""
    from crmlab.models.contribution import contribution

    lines = rows.of(file, "transactions")
    late = lines["date"] > as_of if as_of else lines["date"].isna()
    found = contribution(lines[~late])
    names = ("customers", "revenue", "contribution", "share_top_20_percent", "loss_making")
    told = {name: getattr(found, name) for name in (*names, "whale_peak_percent", "blocked_rows")}
    losing = found.each[found.each["contribution"] < 0]["contribution"].tail(10)
    columns = [name for name in ("product_id", "date", "amount") if name in found.blocked]
    blocked = found.blocked[["customer_id", *columns]].head(BLOCKED_SHOWN)
    return {
        **told,
        "most_costly": {str(who): float(sum_) for who, sum_ in losing[::-1].items()},
        "parts": found.parts.steps(),
        "discount": found.parts.discount,
        "blocked_revenue": found.parts.blocked,
        "abc": found.abc,
        "blocked": [
            {name: each if name == "amount" else str(each) for name, each in line.items()}
            for line in blocked.assign(date=blocked["date"].dt.date).to_dict("records")
        ],
        "remarks": [*_said_late(int(late.sum()), as_of), *found.remarks],
    }


def say(told: dict[str, Any]) -> None:
    """The same in sentences."""
    typer.echo(
        _(
            "{customers:,} customers: {contribution:,.0f} left of {counted:,.0f}; {loss_making:,} "
            "of them cost more than they bring."
        ).format(**told, counted=told["revenue"] - told["blocked_revenue"])
    )
    for who, amount in told["most_costly"].items():
        typer.echo(f"  {who}: {amount:,.0f}")
    for remark in told["remarks"]:
        typer.echo(remark)
    for line in told["blocked"]:
        typer.echo("  " + ", ".join(str(each) for each in line.values()))
    if told["blocked_rows"] > len(told["blocked"]):
        typer.echo(_("  and {n:,} more").format(n=told["blocked_rows"] - len(told["blocked"])))


def _said_late(number: int, as_of: Any) -> list[str]:
    if not number:
        return []
    told = ngettext(
        "{n:,} line after {day} is left out.", "{n:,} lines after {day} are left out.", number
    )
    return [told.format(n=number, day=as_of.date())]
