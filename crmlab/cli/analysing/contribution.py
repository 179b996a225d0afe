"""What `crmlab analyse contribution` tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crmlab.cli.analysing.blocked import write_down
from crmlab.cli.analysing.books import held_against, say_books
from crmlab.cli.analysing.costs import Costs
from crmlab.cli.analysing.oddities import in_one_currency, rows_alike, unmatched
from crmlab.cli.analysing.rows import Rows
from crmlab.text import gettext as _
from crmlab.text import ngettext

if TYPE_CHECKING:
    import pandas as pd

BLOCKED_SHOWN = 20
"""How many of the lines without a cost are said; JSON and --blocked have them all."""


def reckon(
    file: Path,
    rows: Rows,
    *,
    as_of: Any,
    books: Path | None,
    blocked: Path | None,
    **costs: Any,
) -> dict[str, Any]:
    """Who brings what, and the lines without a cost.

    Args:
        blocked: the CSV file that these lines are written to.
        costs: what is known of costs beside the lines; see `Costs.of`.
    """
    from crmlab.models.contribution import contribution

    lines = rows.of(file, "transactions")
    in_one_currency(lines, file)
    rows.remarks += rows_alike(lines, file)
    beside = Costs.of(rows, as_of=as_of, **costs)
    for name, frame in beside.of_customers().items():
        rows.remarks += unmatched(frame, costs[name], lines, file)
    late = lines["date"] > as_of if as_of else lines["date"].isna()
    counted = lines[~late]
    found = contribution(counted, **beside.frames(), rates=beside.rates)
    unknown = beside.unknown(counted)
    names = ("customers", "revenue", "contribution", "share_top_20_percent", "loss_making")
    told = {name: getattr(found, name) for name in (*names, "whale_peak_percent", "blocked_rows")}
    losing = found.each[found.each["contribution"] < 0]["contribution"].tail(10)
    steps = found.parts.steps()
    if blocked is not None:
        write_down(found.blocked, blocked, not_over=file)
    return {
        **told,
        "most_costly": {str(who): float(sum_) for who, sum_ in losing[::-1].items()},
        "parts": {name: None if name in unknown else sum_ for name, sum_ in steps.items()},
        "discount": None if "discount" in unknown else found.parts.discount,
        "unknown": unknown,
        "rates": beside.rates_told(),
        "aside": found.parts.aside if beside.frames() else None,
        "blocked_revenue": found.parts.blocked,
        "abc": found.abc,
        "blocked": _listed(found.blocked),
        **held_against(books, rows, counted.rename(columns={"date": "day"}), as_of=as_of),
        "remarks": [
            *_said_late(int(late.sum()), as_of),
            *found.remarks,
            *beside.remarks(counted, found.parts.aside),
            *(
                [_("The lines without a cost are listed in {file}.").format(file=blocked)]
                if blocked
                else []
            ),
        ],
    }


def say(told: dict[str, Any]) -> None:
    """The same in sentences."""
    typer.echo(
        ngettext(
            "{customers:,} customers: {contribution:,.0f} left of {counted:,.0f}; {loss_making:,} "
            "of them costs more than they bring.",
            "{customers:,} customers: {contribution:,.0f} left of {counted:,.0f}; {loss_making:,} "
            "of them cost more than they bring.",
            told["loss_making"],
        ).format(**told, counted=told["revenue"] - told["blocked_revenue"])
    )
    for who, amount in told["most_costly"].items():
        typer.echo(f"  {who}: {amount:,.0f}")
    more = told["loss_making"] - len(told["most_costly"])
    if more > 0:
        typer.echo("  " + _("and {n:,} more").format(n=more))
    _say_shares(told)
    words = {
        "revenue": _("Sales, discounts already off") if told["discount"] else _("Sales"),
        "blocked": _("Lines without a cost, left out"),
        "cost": _("Cost of the goods"),
        "complaint_cost": _("Complaints"),
        "service_cost": _("Service"),
        "effort": _("Contacts"),
        "credit_cost": _("Credit"),
    }
    for name, sum_ in told["parts"].items():
        said = _("not known") if sum_ is None else f"{sum_:,.0f}"
        typer.echo(f"  {words[name]}: {said}")
    for remark in told["remarks"]:
        typer.echo(remark)
    for line in told["blocked"][:BLOCKED_SHOWN]:
        typer.echo("  " + ", ".join(str(each) for each in line.values() if each is not None))
    more = len(told["blocked"]) - BLOCKED_SHOWN
    if more > 0:
        typer.echo(
            _(
                "  and {n:,} more; --json lists them all, and --blocked FILE writes them down"
            ).format(n=more)
        )
    say_books(told)


def _say_shares(told: dict[str, Any]) -> None:
    """Who carries the company, and how much those take away who cost more than they bring."""
    if told["share_top_20_percent"] is None:
        return
    typer.echo(
        ngettext(
            "The best fifth of the customers bring {share:.0%} of it. {n:,} customer brings the "
            "first 80% (A), {b:,} the next 15 (B), {c:,} the rest (C).",
            "The best fifth of the customers bring {share:.0%} of it. {n:,} customers bring the "
            "first 80% (A), {b:,} the next 15 (B), {c:,} the rest (C).",
            told["abc"]["A"],
        ).format(
            share=told["share_top_20_percent"],
            n=told["abc"]["A"],
            b=told["abc"]["B"],
            c=told["abc"]["C"],
        )
    )
    if told["loss_making"]:
        typer.echo(
            _(
                "Without those who cost more than they bring there would be {sum:,.0f}, "
                "{peak:.1f}% of what there is (the peak of the whale curve)."
            ).format(
                sum=told["contribution"] * told["whale_peak_percent"] / 100,
                peak=told["whale_peak_percent"],
            )
        )


def _listed(blocked: pd.DataFrame) -> list[dict[str, Any]]:
    """The lines without a cost: whatever says which they are."""
    names = ("customer_id", "order_id", "line_id", "product_id", "date", "amount")
    lines = blocked[[name for name in names if name in blocked]].astype(object)
    lines = lines.assign(date=blocked["date"].dt.strftime("%Y-%m-%d"))
    return [
        {str(name): each for name, each in line.items()}
        for line in lines.where(lines.notna(), None).to_dict("records")
    ]


def _said_late(number: int, as_of: Any) -> list[str]:
    if not number:
        return []
    told = ngettext(
        "{n:,} line after {day} is left out.", "{n:,} lines after {day} are left out.", number
    )
    return [told.format(n=number, day=as_of.date())]
