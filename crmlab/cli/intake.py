"""`crmlab import`: a company's own data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmlab.cli.app import AsJson, app
from crmlab.errors import IntakeError
from crmlab.places import home
from crmlab.text import gettext as _
from crmlab.text import ngettext

if TYPE_CHECKING:
    from crmlab.intake.bringing_in import Brought
    from crmlab.intake.maps import Map
    from crmlab.intake.reading import Source


@app.command("import")
def bring(
    kind: Annotated[
        str, typer.Argument(help=_("What the rows are, such as customers, orders or complaints."))
    ],
    file: Annotated[Path, typer.Argument(help=_("A CSV, XLSX or Parquet file."))],
    map_file: Annotated[
        Path | None,
        typer.Option("--map", help=_("Which heading says what; written there if it is new.")),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(
            help=_("The sheet of a workbook; by default that of the map, or the first one.")
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help=_("Where the good rows go, as Parquet."))] = None,
    refused: Annotated[
        Path | None, typer.Option(help=_("Where the refused rows go, as CSV."))
    ] = None,
    accept_good: Annotated[
        bool, typer.Option("--accept-good", help=_("Take the good rows though some are refused."))
    ] = False,
    keep_names: Annotated[
        bool, typer.Option("--keep-names", help=_("Put no pseudonyms for names, phones, mails."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a file in: find out what it is, check each row, take it whole or not at all."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from crmlab.intake.bringing_in import bring_in
    from crmlab.intake.contracts import kind_of
    from crmlab.intake.maps import HeadingsUnknown, save_map
    from crmlab.intake.opening import opened
    from crmlab.intake.pseudonyms import key_in
    from crmlab.intake.remarks import how_read, of_sheets

    given = map_file is not None and map_file.exists()
    wanted = kind_of(kind)
    try:
        source, used = opened(file, wanted, map_file if given else None, sheet)
    except HeadingsUnknown as fault:
        if map_file is None or given:
            raise
        save_map(map_file, fault.offered.model_copy(update={"sheet": sheet or ""}))
        sentence, line, offered = str(fault).partition("\n")
        there = _("This stands in {map} already; put the heading in there.").format(map=map_file)
        raise IntakeError(f"{sentence} {there}{line}{offered}") from fault
    if map_file and not given:
        save_map(map_file, used.model_copy(update={"sheet": sheet or ""}))
    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("")

        def tell(rows: int) -> None:
            said = ngettext("{n:,} row", "{n:,} rows", rows).format(n=rows)
            bar.update(task, description=said)

        brought = bring_in(
            source,
            wanted,
            used,
            out=out or home() / "imported" / f"{wanted.name}.parquet",
            refusals=refused or file.with_name(f"{file.stem}.refused.csv"),
            key=None if keep_names else key_in(home()),
            accept_good=accept_good,
            progress=tell,
        )
    told = _told(source, used, brought)
    told["read"] = how_read(source, used, brought.style)
    told["remarks"] = [
        *of_sheets(source),
        *brought.noticed.says(wanted),
    ]
    told["out"] = str(out or home() / "imported" / f"{wanted.name}.parquet")
    told["refusals"] = str(refused or file.with_name(f"{file.stem}.refused.csv"))
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print(told, brought)
    if not brought.taken:
        raise typer.Exit(1)


def _told(source: Source, used: Map, brought: Brought) -> dict[str, Any]:
    return {
        "format": source.format,
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "sheet": source.sheet,
        "decimal": brought.style.decimal,
        "days": brought.style.days,
        "header": source.header,
        "map": used.columns,
        "not_taken": [name for name in source.headings if name not in used.columns.values()],
        "rows": brought.rows,
        "good": brought.good,
        "refused": brought.refused,
        "taken": brought.taken,
    }


def _print(told: dict[str, Any], brought: Brought) -> None:
    signs = {",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("stroke")}
    found = [told["format"].upper(), told["encoding"]]
    if told["header"] > 1:
        found.append(_("headings in line {line}").format(line=told["header"]))
    if told["delimiter"]:
        found.append(_("parted by {sign}").format(sign=signs[told["delimiter"]]))
    if told["sheet"]:
        found.append(_("sheet {name}").format(name=told["sheet"]))
    found.append(_("decimal {sign}").format(sign=signs.get(told["decimal"], _("point"))))
    if told["days"]:
        found.append(_("days like {example}").format(example=told["days"]))
    typer.echo(_("Found: {what}.").format(what=", ".join(part for part in found if part)))
    for name, heading in told["map"].items():
        typer.echo(f"  {name} = {heading}")
    if told["not_taken"]:
        typer.echo(_("Not taken: {columns}.").format(columns=", ".join(told["not_taken"])))
    for remark in told["remarks"]:
        typer.echo(remark)
    typer.echo(
        ngettext(
            "{rows:,} row: {good:,} good, {refused:,} refused.",
            "{rows:,} rows: {good:,} good, {refused:,} refused.",
            brought.rows,
        ).format(rows=brought.rows, good=brought.good, refused=brought.refused)
    )
    for one in brought.first:
        where = f"{one.column}: " if one.column else ""
        typer.echo(
            _("  line {line}: {where}{why}").format(line=one.line, where=where, why=one.reason)
        )
    if brought.refused:
        typer.echo(_("All refused rows, with their reasons: {file}").format(file=told["refusals"]))
    if brought.taken:
        typer.echo(_("The good rows are in {file}").format(file=told["out"]))
    else:
        typer.echo(
            _("Nothing was taken. Put the rows right, or take the good ones with --accept-good.")
        )
