"""`crmlab audit`: looking at audit trails, and checking them."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from crmlab.cli.app import AsJson, audit_app
from crmlab.errors import CrmlabError
from crmlab.text import gettext as _


@audit_app.command()
def verify(
    sandbox: Annotated[
        str | None, typer.Argument(help=_("The sandbox's name; by default all that are there."))
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(help=_("A hash of the head noted earlier, which has to be in the trail.")),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find what was changed behind the audit trail's back, in the trail and in the tables.

    A trail that was rewritten whole, with all its hashes, is sound in itself: note the hash of
    the head that is printed here, keep it elsewhere, and give it to --expect later.
    """
    from crmlab.crm.store.sandbox import known_sandboxes

    if expect and sandbox is None:
        raise CrmlabError(_("Name the sandbox too: a hash of the head belongs to one of them."))
    names = known_sandboxes() if sandbox is None else [sandbox]
    told = [_verified(name, expect) for name in names]
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif not told:
        typer.echo(_("There are no sandboxes yet."))
    for one in told:
        if not one["sound"]:
            typer.echo(f"{one['sandbox']}: {one['sentence']}", err=True)
        elif not as_json:
            typer.echo(f"{one['sandbox']}: {one['sentence']}")
    if not all(one["sound"] for one in told):
        raise typer.Exit(1)


@audit_app.command()
def show(
    sandbox: Annotated[str, typer.Argument(help=_("The sandbox's name."))],
    subject: Annotated[
        str | None, typer.Option(help=_("Only what was done to this, such as C-1042."))
    ] = None,
    last: Annotated[int, typer.Option(min=0, help=_("How many lines; 0 for all."))] = 20,
    as_json: AsJson = False,
) -> None:
    """Show who did what to which record, the latest last."""
    from crmlab.crm.store.audit import as_plain, latest
    from crmlab.crm.store.sandbox import find_sandbox

    found = find_sandbox(sandbox)
    try:
        with found.read() as session:
            lines = [as_plain(line) for line in latest(session, last, subject)]
    except (TypeError, ValueError):
        raise CrmlabError(
            _(
                "A line of the audit trail cannot be read; `crmlab audit verify {name}` says which."
            ).format(name=sandbox)
        ) from None
    finally:
        found.close()
    if as_json:
        typer.echo(json.dumps(lines, ensure_ascii=False, indent=2))
    else:
        _print_trail(sandbox, lines)


def _verified(name: str, expect: str | None) -> dict[str, Any]:
    """What came of checking one sandbox, as plain data; also if it cannot be read."""
    from rich.console import Console
    from rich.progress import Progress

    from crmlab.crm.store.sandbox import find_sandbox
    from crmlab.crm.trail.verify import verify

    console = Console(stderr=True)
    try:
        found = find_sandbox(name)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(name)
            verdict = verify(
                found,
                expected=expect,
                progress=lambda done, of: bar.update(task, completed=done, total=of),
            )
        found.close()
    except CrmlabError as fault:
        return {"sandbox": name, "sound": False, "sentence": str(fault)}
    return {"sandbox": name, **verdict.as_plain()}


def _print_trail(name: str, lines: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from crmlab.crm.store.audit import visible

    table = Table(title=Text(name))
    for heading in (_("line"), _("moment"), _("who"), _("seat"), _("operation"), _("subject")):
        table.add_column(heading)
    table.add_column(_("records changed"), justify="right")
    for line in lines:
        moment = line["at"][:16].replace("T", " ")
        fields = [line[name] or "" for name in ("user_id", "seat", "operation", "subject")]
        told = [Text(visible(one)) for one in (str(line["audit_id"]), moment, *fields)]
        table.add_row(*told, str(len(line["changes"] or ())))
    Console().print(table)
