"""`crmlab analyse`: the models, on any file that meets the data contracts."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmlab.cli.app import AsJson, app
from crmlab.errors import CrmlabError
from crmlab.text import gettext as _

if TYPE_CHECKING:
    import pandas as pd


READS = {
    "funnel": "opportunities",
    "complaints": "complaints",
    "contribution": "transactions",
    "value": "transactions",
}
"""Which kind of data each model reads."""


@app.command()
def analyse(
    model: Annotated[
        str, typer.Argument(help=_("The model: funnel, complaints, contribution or value."))
    ],
    file: Annotated[Path, typer.Argument(help=_("A CSV, XLSX or Parquet file."))],
    map_file: Annotated[
        Path | None, typer.Option("--map", help=_("Which heading says what, as for import."))
    ] = None,
    exposure: Annotated[
        Path | None, typer.Option(help=_("What left us, for a complaint rate: a file of its own."))
    ] = None,
    stages: Annotated[
        str | None,
        typer.Option(
            help=_("The stages of the funnel in their order, A,B,C; by default those of a sale.")
        ),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help=_("The last day that counts.")),
    ] = None,
    calibration_end: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help=_("Hold a fit up to this day against the rest.")),
    ] = None,
    accept_good: Annotated[
        bool, typer.Option("--accept-good", help=_("Go on without the rows that are refused."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a model on a file, through the same checks as an import."""
    from crmlab.intake.frames import frame_of

    if model not in READS:
        raise CrmlabError(
            _("There is no model '{name}'; there are: {known}.").format(
                name=model, known=", ".join(READS)
            )
        )
    rows = frame_of(file, READS[model], map_file=map_file, accept_good=accept_good)
    if model == "funnel":
        told, say = _funnel(rows, stages), _say_funnel
    elif model == "complaints":
        if exposure is None:
            raise CrmlabError(
                _("A complaint rate needs what left us each month; give it with --exposure FILE.")
            )
        left = frame_of(exposure, "exposure", accept_good=accept_good)
        told, say = _complaints(rows, left, as_of), _say_complaints
    elif model == "contribution":
        told, say = _contribution(rows), _say_contribution
    else:
        told, say = _value(rows, as_of, calibration_end), _say_value
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        say(told)


def _funnel(rows: pd.DataFrame, stages: str | None) -> dict[str, Any]:
    from crmlab.models.funnel import funnel
    from crmlab.procedures import load

    order = stages.split(",") if stages else list(load("lead_to_cash").stages)
    return asdict(funnel(rows, [name.strip() for name in order]))


def _complaints(rows: pd.DataFrame, left: pd.DataFrame, as_of: Any) -> dict[str, Any]:
    from crmlab.models.complaints import PER, complaint_rate

    per = next((name for name in PER if name in left), "orders")
    return asdict(complaint_rate(rows, left, per=per, as_of=as_of))


def _say_complaints(told: dict[str, Any]) -> None:
    typer.echo(
        _("{n:,} complaints: {rate:.2f} for {per}.").format(
            n=told["complaints"], rate=told["rate"], per=told["per"]
        )
    )
    signals = [period for period in told["periods"] if period["signal"]]
    for period in signals:
        typer.echo(
            _(
                "  {period}: {rate:.2f}, where chance alone gives {lower:.2f} to {upper:.2f}."
            ).format(**{name: period[name] for name in ("period", "rate", "lower", "upper")})
        )
    if not signals:
        typer.echo(_("No month says more than chance alone would."))


def _say_funnel(told: dict[str, Any]) -> None:
    typer.echo(
        _("{n:,} opportunities: {won:,} won, {lost:,} lost, {open:,} open.").format(
            n=told["opportunities"], won=told["won"], lost=told["lost"], open=told["open"]
        )
    )
    for stage in told["stages"]:
        share = "–" if stage["conversion"] is None else f"{stage['conversion']:.0%}"
        typer.echo(
            _("  {stage}: {entered:,} came here, {converted:,} went on ({share}).").format(
                share=share, **{name: stage[name] for name in ("stage", "entered", "converted")}
            )
        )
    forecast = told["forecast"]
    typer.echo(
        _(
            "What is open may bring {p50:,.0f}, and in 80 of 100 draws {p10:,.0f} to {p90:,.0f}."
        ).format(**forecast)
    )


def _contribution(rows: pd.DataFrame) -> dict[str, Any]:
    from crmlab.models.contribution import contribution

    found = contribution(rows)
    names = ("customers", "revenue", "contribution", "share_top_20_percent", "loss_making")
    told = {name: getattr(found, name) for name in (*names, "whale_peak_percent", "blocked_rows")}
    losing = found.each[found.each["contribution"] < 0]["contribution"].tail(10)
    return {**told, "most_costly": {str(who): float(sum_) for who, sum_ in losing[::-1].items()}}


def _say_contribution(told: dict[str, Any]) -> None:
    typer.echo(
        _(
            "{customers:,} customers: {contribution:,.0f} left of {revenue:,.0f}; {loss_making:,} "
            "of them cost more than they bring."
        ).format(**told)
    )
    for who, amount in told["most_costly"].items():
        typer.echo(f"  {who}: {amount:,.0f}")
    if told["blocked_rows"]:
        typer.echo(
            _("{n:,} lines have no cost and are left out of it; enter what they cost us.").format(
                n=told["blocked_rows"]
            )
        )


def _value(rows: pd.DataFrame, as_of: Any, calibration_end: Any) -> dict[str, Any]:
    from crmlab.models.value import lifetime_value

    found = lifetime_value(rows, as_of=as_of, calibration_end=calibration_end)
    return {
        "customers": found.customers,
        "repeat_customers": found.repeat_customers,
        "bg_nbd": asdict(found.bg_nbd),
        "gamma_gamma": asdict(found.gamma_gamma),
        "holdout": asdict(found.holdout) if found.holdout else None,
        "clv": {"total": found.clv.total, "top_decile_share": found.clv.top_decile_share},
    }


def _say_value(told: dict[str, Any]) -> None:
    typer.echo(
        _("{customers:,} customers, {again:,} of whom have bought again.").format(
            customers=told["customers"], again=told["repeat_customers"]
        )
    )
    typer.echo(
        _(
            "In the coming year they are worth {total:,.0f}; the best tenth of them {share:.0%}."
        ).format(total=told["clv"]["total"], share=told["clv"]["top_decile_share"])
    )
    if told["holdout"]:
        typer.echo(
            _("Held against the rest: {actual:,} purchases, {predicted:,.0f} predicted.").format(
                **told["holdout"]
            )
        )
