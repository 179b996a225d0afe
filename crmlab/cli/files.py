"""`crmlab procedure` and `crmlab lesson`: checking what is written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from crmlab.cli.app import AsJson, lesson_app, procedure_app
from crmlab.text import gettext as _


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
