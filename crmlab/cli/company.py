"""`crmlab what-if` and `crmlab generate`: a company at work."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmlab.cli.app import AsJson, app
from crmlab.errors import CrmlabError
from crmlab.text import gettext as _
from crmlab.text import ngettext

if TYPE_CHECKING:
    from crmlab.procedures import Procedure
    from crmlab.simulation.pairs import Comparison, Difference
    from crmlab.simulation.what_if import Habit


@app.command("what-if")
def what_if(
    procedure: Annotated[str, typer.Argument(help=_("A shipped procedure, or a YAML file."))],
    slip: Annotated[
        list[str] | None,
        typer.Option(help=_("A slip and its chance, such as wrong_batch=0.2; may be repeated.")),
    ] = None,
    days: Annotated[float, typer.Option(help=_("How long cases come, in calendar days."))] = 90,
    pairs: Annotated[int, typer.Option(help=_("How many pairs of runs."))] = 1000,
    seed: Annotated[int, typer.Option(help=_("Another seed is another company."))] = 7,
    notices: Annotated[
        float, typer.Option(help=_("The chance that a colleague sees a slip that can be seen."))
    ] = 0.5,
    speed: Annotated[
        float, typer.Option(help=_("How quick people are: 1 as usual, 0.8 takes a quarter longer."))
    ] = 1.0,
    adoption: Annotated[
        float, typer.Option(help=_("The share of the work that is entered in the CRM at once."))
    ] = 1.0,
    late_hours: Annotated[
        float, typer.Option(help=_("Working hours by which the rest is entered late."))
    ] = 8.0,
    processes: Annotated[
        int, typer.Option(min=0, help=_("How many share the work; 0 for one on each core."))
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Run the same company with and without a habit, on the same random numbers."""
    from crmlab.practice.trial import company_of
    from crmlab.procedures import load
    from crmlab.simulation.pairs import compare
    from crmlab.simulation.what_if import Habit

    if not slip and (speed, adoption) == (1.0, 1.0):
        raise CrmlabError(
            _("Say what would be different: --slip NAME=CHANCE, --speed or --adoption.")
        )
    slips = dict(_chance(text) for text in slip or [])
    found = load(procedure)
    company = company_of(found, list(slips))
    habit = Habit(slips, notices, speed, adoption, late_hours)
    told = compare(company, habit, days=days, pairs=pairs, seed=seed, processes=processes)
    if as_json:
        said = {"procedure": found.procedure, **asdict(habit), "seed": seed}
        typer.echo(json.dumps({**said, **asdict(told)}, ensure_ascii=False, indent=2))
    else:
        _print(found, habit, told)


@app.command()
def generate(
    out: Annotated[Path, typer.Option(help=_("The folder to write to; it is made if need be."))],
    seed: Annotated[int, typer.Option(help=_("Another seed is another company."))] = 7,
    months: Annotated[int, typer.Option(help=_("How many months it looks back on."))] = 24,
    customers: Annotated[int, typer.Option(help=_("How many customers it has."))] = 600,
) -> None:
    """Make the practice company's data: two years of sales, complaints and all around them."""
    from rich.console import Console
    from rich.progress import Progress

    from crmlab.practice.history import company_with_history, write
    from crmlab.simulation.company.generate import check_folder

    check_folder(out)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_("A company at work"), total=1.0)
        company = company_with_history(
            seed, months, customers, lambda share: bar.update(task, completed=share)
        )
        write(company, out)
    typer.echo(_("Written to {path}; its README lists the files.").format(path=out))


def _chance(text: str) -> tuple[str, float]:
    name, _equals, chance = text.partition("=")
    try:
        return name.strip(), float(chance)
    except ValueError:
        raise CrmlabError(
            _("'{text}' is no slip with its chance; write one like wrong_batch=0.2.").format(
                text=text
            )
        ) from None


def _print(procedure: Procedure, habit: Habit, told: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for name, chance in habit.slips.items():
        title = _(procedure.mistakes[name].title)
        console.print(
            _("The habit: {title}, {chance:.0%} of the time.").format(title=title, chance=chance),
            markup=False,
        )
    if habit.speed != 1:
        console.print(_("The pace: {speed:g} times the usual one.").format(speed=habit.speed))
    if habit.adoption < 1:
        console.print(
            _("Entered at once: {share:.0%}; the rest {hours:g} working hours later.").format(
                share=habit.adoption, hours=habit.late_hours
            )
        )
    table = Table(
        title=ngettext(
            "{days:g} days, {n:,} pair of runs", "{days:g} days, {n:,} pairs of runs", told.pairs
        ).format(days=told.days, n=told.pairs)
    )
    for heading in ("", _("without"), _("with"), _("difference"), _("95 % sure from … to")):
        table.add_column(heading, justify="left" if not heading else "right")
    names: dict[str, Any] = {
        "cases": _("cases"),
        "repeat_complaints": _("customers who complain again"),
        "customers_lost": _("customers lost"),
        "cycle_days": _("working days from opening to close"),
        "hours": _("working hours of all seats"),
        "cost": _("extra cost, CNY"),
    }
    for name, label in names.items():
        table.add_row(label, *_cells(told.figures[name]))
    for seat, difference in told.seats.items():
        said = _("hours: {seat}").format(seat=_(procedure.seats[seat].name))
        table.add_row(said, *_cells(difference))
    console.print(table)


def _cells(found: Difference) -> list[str]:
    between = f"{found.lower:+,.2f} … {found.upper:+,.2f}"
    return [f"{found.without:,.2f}", f"{found.with_habit:,.2f}", f"{found.mean:+,.2f}", between]
