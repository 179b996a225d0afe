"""`crmlab analyse`: the models, on any file that meets the data contracts."""

from __future__ import annotations

import json
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from crmlab.cli.analysing.rows import Rows
from crmlab.cli.app import AsJson, app
from crmlab.errors import CrmlabError
from crmlab.text import gettext as _

MODELS = ("funnel", "complaints", "contribution", "value")

FUNNEL, COMPLAINTS = _("For the funnel"), _("For complaints")
CONTRIBUTION, VALUE = _("For the contribution"), _("For the value")
"""Where the help lists the options that say something to one model only."""

DAY = "YYYY-MM-DD"

DIGITS = 12
"""Significant digits of a number that is told: enough for ten billion to the cent. Those after them
are of the order in which floats were added up, and would be others with the rows in another one."""

ITS_OWN = {
    "events": "funnel",
    "stages": "funnel",
    "target": "funnel",
    "exposure": "complaints",
    "customers": "complaints",
    "complaints": "contribution",
    "invoices": "contribution",
    "payments": "contribution",
    "contacts": "contribution",
    "interest": "contribution",
    "contact_price": "contribution",
    "remedies_in_service": "contribution",
    "blocked": "contribution",
    "calibration_end": "value",
    "margin": "value",
}
"""Those options, by the model."""


@app.command()
def analyse(
    model: Annotated[
        str, typer.Argument(help=_("The model: funnel, complaints, contribution or value."))
    ],
    file: Annotated[Path, typer.Argument(help=_("A CSV, XLSX or Parquet file."))],
    map_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--map",
            help=_("Which heading says what, as for import; a further --map for a further file."),
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(
            help=_(
                "The sheet of FILE; by default that of its map, or the first one. For a further "
                "file its map names the sheet."
            )
        ),
    ] = None,
    books: Annotated[
        Path | None,
        typer.Option(
            help=_("Totals by month, or invoices, to hold the figures against: a file of its own.")
        ),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            help=_("When each opportunity came to each stage, for the funnel: a file of its own."),
            rich_help_panel=FUNNEL,
        ),
    ] = None,
    exposure: Annotated[
        Path | None,
        typer.Option(
            help=_("What left us, for a complaint rate: a file of its own."),
            rich_help_panel=COMPLAINTS,
        ),
    ] = None,
    customers: Annotated[
        Path | None,
        typer.Option(
            help=_("Whose customer of which branch complains: a file of customers."),
            rich_help_panel=COMPLAINTS,
        ),
    ] = None,
    complaints: Annotated[
        Path | None,
        typer.Option(
            help=_("Complaints and what each remedy cost, for the contribution."),
            rich_help_panel=CONTRIBUTION,
        ),
    ] = None,
    remedies_in_service: Annotated[
        bool,
        typer.Option(
            "--remedies-in-service",
            help=_("The service cost of the lines has the remedies of complaints in it."),
            rich_help_panel=CONTRIBUTION,
        ),
    ] = False,
    invoices: Annotated[
        Path | None,
        typer.Option(
            help=_("Invoices, for what credit costs the contribution."),
            rich_help_panel=CONTRIBUTION,
        ),
    ] = None,
    payments: Annotated[
        Path | None,
        typer.Option(
            help=_("Payments, where invoices are paid in parts."), rich_help_panel=CONTRIBUTION
        ),
    ] = None,
    interest: Annotated[
        float | None,
        typer.Option(
            help=_("What money that stands out costs a year; 0.06 by default."),
            rich_help_panel=CONTRIBUTION,
        ),
    ] = None,
    contacts: Annotated[
        Path | None,
        typer.Option(
            help=_("Contacts with customers, for the contribution."), rich_help_panel=CONTRIBUTION
        ),
    ] = None,
    contact_price: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[CHANNEL=]PRICE",
            help=_("What a contact costs, or one by this channel; once for each."),
            rich_help_panel=CONTRIBUTION,
        ),
    ] = None,
    blocked: Annotated[
        Path | None,
        typer.Option(
            help=_("Where the lines without a cost go, as CSV."), rich_help_panel=CONTRIBUTION
        ),
    ] = None,
    stages: Annotated[
        str | None,
        typer.Option(
            help=_("The stages of the funnel in their order, A,B,C; by default those of a sale."),
            rich_help_panel=FUNNEL,
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar=DAY, help=_("The last day that counts."))
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(
            help=_("What is still to be won, for the funnel's coverage."), rich_help_panel=FUNNEL
        ),
    ] = None,
    calibration_end: Annotated[
        str | None,
        typer.Option(
            metavar=DAY,
            help=_("Hold a fit of the value up to this day against the rest."),
            rich_help_panel=VALUE,
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            help=_("The share of a purchase that is left, for the value; 1 is sales."),
            rich_help_panel=VALUE,
        ),
    ] = None,
    accept_good: Annotated[
        bool, typer.Option("--accept-good", help=_("Go on without the rows that are refused."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a model on a file, through the same checks as an import.

    docs/models.md says what each model reads, and what its figures mean.
    """
    if model not in MODELS:
        raise CrmlabError(
            _("There is no model '{name}'; there are: {known}.").format(
                name=model, known=", ".join(MODELS)
            )
        )
    given = {
        "events": events,
        "stages": stages,
        "target": target,
        "exposure": exposure,
        "customers": customers,
        "calibration_end": _day("calibration-end", calibration_end),
        "margin": margin,
        "complaints": complaints,
        "invoices": invoices,
        "payments": payments,
        "contacts": contacts,
        "interest": interest,
        "contact_price": contact_price or None,
        "remedies_in_service": remedies_in_service or None,
        "blocked": blocked,
    }
    for name, value in given.items():
        if value is not None and ITS_OWN[name] != model:
            raise CrmlabError(
                _("--{option} says something to the model {model} only; leave it out.").format(
                    option=name.replace("_", "-"), model=ITS_OWN[name]
                )
            )
    # Each model brings its own libraries, so only the one that is asked for is loaded.
    does = import_module(f"crmlab.cli.analysing.{model}")
    rows = Rows.with_maps(map_files or [], accept_good, sheet)
    told = does.reckon(file, rows, as_of=_day("as-of", as_of), books=books, **_its(model, given))
    rows.remarks += rows.unused_maps()
    told |= {"read": rows.how, "refused_rows": rows.refused, "of_the_files": rows.remarks}
    if as_json:
        typer.echo(json.dumps(_rounded(told), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        does.say(told)
        for remark in [*rows.how, *rows.remarks]:
            typer.echo(remark)


def _day(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d")
    except ValueError as fault:
        raise CrmlabError(
            _("--{option} {text} is no day; write it such as 2026-04-30.").format(
                option=option, text=text
            )
        ) from fault


def _rounded(told: Any) -> Any:
    """All numbers with so many digits as say something (`DIGITS`)."""
    if isinstance(told, dict):
        return {name: _rounded(each) for name, each in told.items()}
    if isinstance(told, list | tuple):
        return [_rounded(each) for each in told]
    return float(f"{told:.{DIGITS}g}") if isinstance(told, float) else told


def _its(model: str, given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if ITS_OWN[name] == model}
