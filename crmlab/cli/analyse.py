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

BLOCKED_SHOWN = 20
"""How many of the lines without a cost are listed."""


@app.command()
def analyse(
    model: Annotated[
        str, typer.Argument(help=_("The model: funnel, complaints, contribution or value."))
    ],
    file: Annotated[Path, typer.Argument(help=_("A CSV, XLSX or Parquet file."))],
    map_file: Annotated[
        Path | None, typer.Option("--map", help=_("Which heading says what, as for import."))
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(help=_("When each opportunity came to each stage: a file of its own.")),
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
    target: Annotated[
        float | None, typer.Option(help=_("What is still to be won, for the funnel's coverage."))
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
    kind = _kind_of_funnel(file, map_file) if model == "funnel" else READS[model]
    rows = frame_of(file, kind, map_file=map_file, accept_good=accept_good)
    if model == "funnel":
        came = frame_of(events, "stages", accept_good=accept_good) if events else None
        alone = kind == "stages"
        found = _funnel(None if alone else rows, rows if alone else came, stages, as_of, target)
        told, say = found, _say_funnel
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


def _kind_of_funnel(file: Path, map_file: Path | None) -> str:
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


def _funnel(
    rows: pd.DataFrame | None,
    entries: pd.DataFrame | None,
    stages: str | None,
    as_of: Any,
    target: float | None,
) -> dict[str, Any]:
    from crmlab.models.funnel import funnel
    from crmlab.procedures import load

    order = stages.split(",") if stages else list(load("lead_to_cash").stages)
    names = [name.strip() for name in order]
    return asdict(funnel(rows, names, entries=entries, as_of=as_of, target=target))


def _complaints(rows: pd.DataFrame, left: pd.DataFrame, as_of: Any) -> dict[str, Any]:
    from crmlab.models.complaints import behind, complaint_rate, denominators_in

    per = next(iter(denominators_in(left)), "orders")
    found = complaint_rate(rows, left, per=per, as_of=as_of)
    high = [p.period for p in found.periods if p.signal == "beyond" and p.side == "high"]
    signals = []
    for period in high:
        told = behind(rows, left, found, period)
        signals.append(
            {
                "period": period,
                "product": told.product,
                "batch": told.batch,
                "products": [asdict(part) for part in told.products],
                "batches": [asdict(part) for part in told.batches],
                "cases": list(told.rows["complaint_id"]),
            }
        )
    return {**asdict(found), "signals": signals}


def _say_complaints(told: dict[str, Any]) -> None:
    typer.echo(
        _("{n:,} complaints: {rate:.2f} for {per}.").format(
            n=told["complaints"], rate=told["rate"], per=told["per"]
        )
    )
    for other in told["denominators"]:
        if other["name"] != told["denominator"]:
            typer.echo("  " + _("The same for {per}: {rate:,.4g}.").format(**other))
    signals = [period for period in told["periods"] if period["signal"]]
    for period in signals:
        typer.echo(
            "  "
            + _(
                "{period}: {rate:.2f}, where chance alone gives {lower:.2f} to {upper:.2f}."
            ).format(**{name: period[name] for name in ("period", "rate", "lower", "upper")})
        )
    for signal in told["signals"]:
        typer.echo(
            "  "
            + _("Behind {period}: {product}, batch {batch}, {n:,} complaints.").format(
                period=signal["period"],
                product=signal["product"] or "–",
                batch=signal["batch"] or "–",
                n=len(signal["cases"]),
            )
        )
    if not signals and len(told["periods"]) > 1:
        typer.echo(_("No month says more than chance alone would."))
    for note in told["notes"]:
        typer.echo(f"  {note}")


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
    if told["stuck"]:
        typer.echo(
            _(
                "{n:,} stand in their stage for longer than nine of ten that went on; they are "
                "{amount:,.0f} of a weighted pipeline of {weighted:,.0f}."
            ).format(
                n=told["stuck"],
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


def _contribution(rows: pd.DataFrame) -> dict[str, Any]:
    from crmlab.models.contribution import contribution

    found = contribution(rows)
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
        "abc": found.abc,
        "blocked": [
            {name: each if name == "amount" else str(each) for name, each in line.items()}
            for line in blocked.to_dict("records")
        ],
        "remarks": list(found.remarks),
    }


def _say_contribution(told: dict[str, Any]) -> None:
    typer.echo(
        _(
            "{customers:,} customers: {contribution:,.0f} left of {revenue:,.0f}; {loss_making:,} "
            "of them cost more than they bring."
        ).format(**told)
    )
    for who, amount in told["most_costly"].items():
        typer.echo(f"  {who}: {amount:,.0f}")
    for remark in told["remarks"]:
        typer.echo(remark)
    for line in told["blocked"]:
        typer.echo("  " + ", ".join(str(each) for each in line.values()))
    if told["blocked_rows"] > len(told["blocked"]):
        typer.echo(_("  and {n:,} more").format(n=told["blocked_rows"] - len(told["blocked"])))


def _value(rows: pd.DataFrame, as_of: Any, calibration_end: Any) -> dict[str, Any]:
    from crmlab.models.retention import cohorts
    from crmlab.models.rfm import rfm
    from crmlab.models.value import draws_for, lifetime_value

    draws = draws_for(rows["customer_id"].nunique())
    found = lifetime_value(rows, as_of=as_of, calibration_end=calibration_end, draws=draws)
    later = cohorts(rows, end=as_of).year_later
    drawn = asdict(found.intervals) if found.intervals else {}
    return {
        "customers": found.customers,
        "repeat_customers": found.repeat_customers,
        "left_out": found.left_out_says(),
        "bg_nbd": asdict(found.bg_nbd),
        "gamma_gamma": asdict(found.gamma_gamma),
        "holdout": asdict(found.holdout) if found.holdout else None,
        "clv": {**asdict(found.clv), "intervals": drawn or None},
        "retention": {**asdict(later), "share": later.share} if later else None,
        "segments": [asdict(segment) for segment in rfm(rows, end=as_of).segments],
        "warnings": [*found.doubts.warnings(), *filter(None, [found.no_intervals])],
    }


def _say_value(told: dict[str, Any]) -> None:
    if told["left_out"]:
        typer.echo(told["left_out"])
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
    if told["clv"]["intervals"]:
        typer.echo(
            _("By resampling between {low:,.0f} and {high:,.0f}.").format(
                **told["clv"]["intervals"]["total"]
            )
        )
    if told["holdout"]:
        typer.echo(
            _("Held against the rest: {actual:,} purchases, {predicted:,.0f} predicted.").format(
                **told["holdout"]
            )
        )
    for warning in told["warnings"]:
        typer.echo(warning)
