"""The command and its groups, which the other modules of this room hang their commands on."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from crmlab.text import gettext as _

app = typer.Typer(
    name="crmlab",
    help=_("Practise, understand and keep alive the work in a CRM."),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
procedure_app = typer.Typer(help=_("Work on procedure files."), no_args_is_help=True)
app.add_typer(procedure_app, name="procedure")
lesson_app = typer.Typer(help=_("Work on lessons."), no_args_is_help=True)
app.add_typer(lesson_app, name="lesson")
audit_app = typer.Typer(help=_("Look at audit trails, and check them."), no_args_is_help=True)
app.add_typer(audit_app, name="audit")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("crmlab"))
        raise typer.Exit


@app.callback()
def _options(
    _asked: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help=_("Print the version.")),
    ] = False,
) -> None:
    """Practise, understand and keep alive the work in a CRM."""


AsJson = Annotated[bool, typer.Option("--json", help=_("Print JSON alone."))]
