"""The one command. Every sub-command fails with one clear line and a non-zero exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmlab.errors import CrmlabError
from crmlab.text import gettext as _
from crmlab.text import use_language

if TYPE_CHECKING:
    from crmlab.procedures import Procedure

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

AsJson = Annotated[bool, typer.Option("--json", help=_("Print JSON alone."))]


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
        use_language(lang)
    template()
    serve(port=port, open_browser=browser, language=lang)


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


@procedure_app.command()
def check(
    file: Annotated[str, typer.Argument(help=_("A shipped procedure, or a YAML file."))],
    as_json: AsJson = False,
) -> None:
    """Validate a procedure file: file, line, what is wrong, what would be right."""
    from crmlab.practice.rehearsal import rehearse_with_records
    from crmlab.procedures import find, load

    procedure = load(file)
    rehearse_with_records(procedure)
    counts = {
        "file": find(file).name,
        "procedure": procedure.procedure,
        "seats": len(procedure.seats),
        "steps": len(procedure.steps),
        "mistakes": len(procedure.mistakes),
        "cases": len(procedure.cases),
    }
    if as_json:
        typer.echo(json.dumps(counts))
    else:
        typer.echo(
            _(
                "{file} is sound: {seats} seats, {steps} steps, {mistakes} mistakes, {cases} "
                "practice cases; every case closes by its right entries, every mistake can be made."
            ).format(**counts)
        )


@lesson_app.command("check")
def check_exercises(
    files: Annotated[list[Path], typer.Argument(help=_("Files of questions and tasks."))],
) -> None:
    """Validate questions and tasks: file, line, what is wrong, what would be right."""
    from crmlab.learning.bank import load_bank

    for file in files:
        bank = load_bank(file)
        typer.echo(
            _("{file} is sound: {questions} questions, {tasks} tasks.").format(
                file=file.name, questions=len(bank.questions), tasks=len(bank.tasks)
            )
        )


@lesson_app.command()
def keep(
    files: Annotated[list[Path], typer.Argument(help=_("Notebooks of lessons."))],
) -> None:
    """Run lessons and leave in their files only what should stay."""
    from crmlab.learning.notebooks import keep as keep_outputs

    for file in files:
        kept = keep_outputs(file)
        typer.echo(_("{file}: {n} outputs kept").format(file=file.name, n=kept))


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
    with found.read() as session:
        lines = [as_plain(line) for line in latest(session, last, subject)]
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
        table.add_row(*told, str(len(line["changes"])))
    Console().print(table)


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


def main() -> None:
    """Run the command; what goes wrong is one sentence on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # Windows would take its own code page for a pipe
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except CrmlabError as fault:
        print(fault, file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        raise SystemExit(1) from None
    except OSError as fault:
        where = f" ({fault.filename})" if fault.filename else ""
        print(
            _("The disk could not be used: {reason}{where}; make room or allow writing.").format(
                reason=fault.strerror or fault, where=where
            ),
            file=sys.stderr,
        )
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
