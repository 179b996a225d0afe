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


@app.command()
def analyse(
    model: Annotated[str, typer.Argument(help=_("The model: value."))],
    file: Annotated[Path, typer.Argument(help=_("A CSV, XLSX or Parquet file."))],
    map_file: Annotated[
        Path | None, typer.Option("--map", help=_("Which heading says what, as for import."))
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

    if model != "value":
        raise CrmlabError(_("There is no model '{name}'; there are: value.").format(name=model))
    rows = frame_of(file, "transactions", map_file=map_file, accept_good=accept_good)
    told = _value(rows, as_of, calibration_end)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print(told)


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


def _print(told: dict[str, Any]) -> None:
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
