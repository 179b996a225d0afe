"""What `crmlab analyse funnel` tells."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from crmlab.cli.analysing.rows import Rows
from crmlab.text import gettext as _
from crmlab.text import ngettext


def reckon(
    file: Path,
    rows: Rows,
    *,
    as_of: Any,
    events: Path | None,
    stages: str | None,
    target: float | None,
) -> dict[str, Any]:
    """The funnel of opportunities, of stage events, or of both, as JSON says it."""
    from crmlab.models.funnel import prepare
    from crmlab.models.funnel.rows import behind
    from crmlab.procedures import load

    kind = _kind_of(file, rows.map_file)
    read = rows.of(file, kind)
    entries = rows.beside(events, "stages") if events else None
    order = stages.split(",") if stages else list(load("lead_to_cash").stages)
    names = [name.strip() for name in order]
    opportunities, entries = (None, read) if kind == "stages" else (read, entries)
    prepared = prepare(opportunities, names, entries=entries, as_of=as_of, target=target)
    stuck = behind(prepared, "stuck")
    return asdict(prepared.found) | {
        "records": {
            "stuck": [str(name) for name in stuck["opportunity_id"]],
            "remarks": [
                {"remark": remark.says, "opportunities": remark.opportunities}
                for remark in prepared.remarks
            ],
        }
    }


def say(told: dict[str, Any]) -> None:
    """The same in sentences."""
    typer.echo(
        ngettext(
            "{n:,} opportunity: {won:,} won, {lost:,} lost, {open:,} open.",
            "{n:,} opportunities: {won:,} won, {lost:,} lost, {open:,} open.",
            told["opportunities"],
        ).format(n=told["opportunities"], won=told["won"], lost=told["lost"], open=told["open"])
    )
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
                "{n:,} stands in its stage for longer than nine of ten that went on ({first}); it "
                "is {amount:,.0f} of a weighted pipeline of {weighted:,.0f}.",
                "{n:,} stand in their stage for longer than nine of ten that went on, {first} for "
                "the longest; they are {amount:,.0f} of a weighted pipeline of {weighted:,.0f}.",
                told["stuck"],
            ).format(
                n=told["stuck"],
                first=told["records"]["stuck"][0],
                amount=told["weighted_stuck_amount"],
                weighted=told["weighted_open_amount"],
            )
        )
    for owner in (owner for owner in told["owners"] if owner["stalled"]):
        typer.echo(
            _("  {owner}: {stuck:,} of {n:,} are stuck, more than chance explains.").format(
                owner=owner["owner"], stuck=owner["stuck"], n=owner["opportunities"]
            )
        )
    typer.echo(
        _(
            "What is open may bring {p50:,.0f}, and in 80 of 100 draws {p10:,.0f} to {p90:,.0f}."
        ).format(**told["forecast"])
    )
    if told["coverage"]:
        typer.echo(
            _(
                "For each 1 of {target:,.0f} still to be won {unweighted:.2f} is open, and "
                "{weighted:.2f} weighted."
            ).format(**told["coverage"])
        )
    for remark in told["remarks"]:
        typer.echo(remark)


def _kind_of(file: Path, map_file: Path | None) -> str:
    """Whether a file holds opportunities or stage events, by its map or its headings."""
    from crmlab.errors import IntakeError
    from crmlab.intake.contracts import kind_of
    from crmlab.intake.maps import offer_map, read_map
    from crmlab.intake.reading import open_source

    headings, trouble = open_source(file).headings, None
    for name in ("opportunities", "stages"):
        try:
            if map_file:
                read_map(map_file, kind_of(name), headings)
            else:
                offer_map(kind_of(name), headings)
            return name
        except IntakeError as fault:
            trouble = trouble or fault
    raise trouble or AssertionError
