"""`crmlab start` and `crmlab practise`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmlab.cli.app import AsJson, app
from crmlab.errors import CrmlabError
from crmlab.places import home
from crmlab.text import PSEUDO, languages, use_language
from crmlab.text import gettext as _

if TYPE_CHECKING:
    from crmlab.procedures import Procedure


@app.command()
def start(
    port: Annotated[
        int | None, typer.Option(help=_("The port to serve on; by default the first free one."))
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help=_("Open the shelf in a browser."))
    ] = True,
    lang: Annotated[str | None, typer.Option(help=_("The language, such as en."))] = None,
) -> None:
    """Serve the lessons and open the shelf."""
    from crmlab.crm.store.sandbox import template
    from crmlab.server.app import serve

    if lang:  # else what CRMLAB_LANG says holds
        if lang not in (*languages(), PSEUDO):
            raise CrmlabError(
                _("There is no language '{code}'; there are: {known}.").format(
                    code=lang, known=", ".join(languages())
                )
            )
        use_language(lang)
    template("company")
    serve(port=port, open_browser=browser, language=lang)


@app.command()
def where() -> None:
    """Say in which folder your sandboxes, your progress and your own procedures are."""
    typer.echo(home())


@app.command()
def practise(
    procedure: Annotated[str, typer.Argument(help=_("A shipped procedure, or a YAML file."))],
    script: Annotated[Path, typer.Option(help=_("The script to play, a YAML file."))],
    as_json: AsJson = False,
) -> None:
    """Play a case from a script, through the very engine the desks use."""
    from crmlab.practice.script import play
    from crmlab.procedures import load

    told = play(load(procedure), script)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print_debrief(told, load(procedure))


def _print_debrief(told: dict[str, Any], procedure: Procedure) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    ours, theirs = told["totals"], told["by_the_procedure"]
    steps = {name: _(step.title) for name, step in procedure.steps.items()}
    state = _("closed") if told["outcome"] == "closed" else _("open")
    table = Table(title=f"{told['case']}: {state}")
    for heading in ("", _("this case"), _("by the procedure")):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, label in (
        ("worked_hours", _("hours worked")),
        ("extra_hours", _("extra hours")),
        ("cost", _("extra cost, CNY")),
        ("cycle_days", _("working days")),
    ):
        table.add_row(label, f"{ours[name]:,.1f}", f"{theirs[name]:,.1f}")
    for name, label in (
        ("repeat_complaint", _("chance of another complaint")),
        ("lose_customer", _("chance of losing the customer")),
    ):
        table.add_row(label, f"{ours[name]:.0%}", f"{theirs[name]:.0%}")
    console.print(table)
    if told["waiting_at"]:
        console.print(
            _("The case waits at {step}.").format(step=steps[told["waiting_at"]]), markup=False
        )
    for line in _booked_lines(told, procedure):
        console.print(line, markup=False)
    for slip in told["slips"]:
        state = _("put right") if slip["corrected"] else _("not put right")
        console.print(
            _("slip at {step}: {title} ({mistake}), {state}").format(
                step=steps[slip["step"]],
                title=_(slip["title"]),
                mistake=slip["mistake"],
                state=state,
            ),
            markup=False,
        )
    for back in told["sent_back"]:
        verdict = _("rightly") if back["right"] else _("though nothing was wrong there")
        console.print(
            _("sent back from {origin} to {to}, {verdict}: {reason}").format(
                origin=steps[back["from"]],
                to=steps[back["to"]],
                verdict=verdict,
                reason=back["reason"],
            ),
            markup=False,
        )
    for seat, borne in told["consequences"].items():
        for item in borne:
            console.print(
                _("{seat}: {what} ({mistake}; {hours:g} h, ¥{cost:,.0f})").format(
                    **{**item, "seat": _(procedure.seats[seat].name)}
                ),
                markup=False,
            )


def _booked_lines(told: dict[str, Any], procedure: Procedure) -> Iterator[str]:
    """What a sale has booked: whose approval, how the credit stood, how long in which stage."""
    if approvals := told.get("approvals"):
        seats = [_(procedure.seats[seat].name) for seat in approvals["needed"]]
        yield _("approvals needed: {seats}").format(seats=", ".join(seats) or _("none"))
    if credit := told.get("credit"):
        yield _("credit: {decision}, {sum}").format(**credit)
    for entry in told.get("funnel", []):
        stage = _(procedure.stages[entry["stage"]].name)
        yield _("stage {stage}: {hours:g} working hours").format(
            stage=stage, hours=round(entry["elapsed_hours"], 1)
        )
