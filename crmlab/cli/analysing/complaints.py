"""What `crmlab analyse complaints` tells."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crmlab.cli.analysing.books import held_against, say_books
from crmlab.cli.analysing.oddities import unmatched
from crmlab.cli.analysing.rows import Rows
from crmlab.errors import CrmlabError
from crmlab.text import gettext as _
from crmlab.text import ngettext

if TYPE_CHECKING:
    import pandas as pd

ENOUGH = 10
"""Of fewer complaints than this a third of the rate, or more, is the luck of the draw: that is the
standard deviation of a Poisson number of ten."""


def reckon(
    file: Path,
    rows: Rows,
    *,
    as_of: Any,
    books: Path | None,
    exposure: Path | None,
    customers: Path | None,
) -> dict[str, Any]:
    """The complaint rate, and what is behind each of its signals."""
    from crmlab.models.complaints import behind, complaint_rate, denominators_in

    if exposure is None:
        raise CrmlabError(
            _("A complaint rate needs what left us each month; give it with --exposure FILE.")
        )
    complaints, left = rows.of(file, "complaints"), rows.beside(exposure, "exposure")
    whose = None if customers is None else rows.beside(customers, "customers")
    if customers is not None and whose is not None:
        rows.remarks += _said_of(customers, whose, file, complaints)
    per = next(iter(denominators_in(left)), "orders")
    found = complaint_rate(complaints, left, per=per, customers=whose, as_of=as_of)
    high = [p.period for p in found.periods if p.signal == "beyond" and p.side == "high"]
    signals = []
    for period in high:
        told = behind(complaints, left, found, period)
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
    came = _came(complaints, as_of)
    return {
        **asdict(found),
        "signals": signals,
        **held_against(books, rows, came, as_of=as_of, numbers=True),
    }


def say(told: dict[str, Any]) -> None:
    """The same in sentences."""
    typer.echo(
        ngettext(
            "{n:,} complaint: {rate} for {per}.",
            "{n:,} complaints: {rate} for {per}.",
            told["complaints"],
        ).format(n=told["complaints"], rate=_rate(told["rate"]), per=told["per"])
    )
    for other in told["denominators"]:
        if other["name"] != told["denominator"]:
            rate = _rate(other["rate"])
            typer.echo("  " + _("The same for {per}: {rate}.").format(per=other["per"], rate=rate))
    for said, shares in (
        (_("Most complaints by category: {names}."), told["by_category"]),
        (_("Most complaints by product: {names}."), told["by_product"]),
        (_("Most complaints by branch: {names}."), told["by_branch"]),
    ):
        if shares:
            names = ", ".join(
                f"{share['name'] or _('not said')} {share['complaints']:,}" for share in shares[:3]
            )
            typer.echo("  " + said.format(names=names))
        if shares is told["by_product"]:
            _say_highest(shares, told["per"])
    signals = [period for period in told["periods"] if period["signal"]]
    for period in signals:
        said = _("{period}: {rate}, where chance alone gives {lower} to {upper}.")
        if period["signal"] == "run":
            said = _("{period}: {rate}, one of a long run of months on one side of the mean.")
        numbers = {name: _rate(period[name]) for name in ("rate", "lower", "upper")}
        typer.echo("  " + said.format(period=period["period"], **numbers))
    for signal in told["signals"]:
        typer.echo(
            "  "
            + ngettext(
                "Behind {period}: {product}, batch {batch}, {n:,} complaint.",
                "Behind {period}: {product}, batch {batch}, {n:,} complaints.",
                len(signal["cases"]),
            ).format(
                period=signal["period"],
                product=signal["product"] or "–",
                batch=signal["batch"] or "–",
                n=len(signal["cases"]),
            )
        )
    if not signals and len(told["periods"]) > 1:
        typer.echo(_("No month says more than chance alone would."))
    headline = next(d for d in told["denominators"] if d["name"] == told["denominator"])
    for note in (headline["misleads"], *told["notes"]):
        typer.echo(f"  {note}")
    say_books(told)


def _say_highest(products: list[dict[str, Any]], per: str) -> None:
    """The product with the highest rate, where another one has the most complaints."""
    known = [each for each in products if each["rate"] and each["complaints"] >= ENOUGH]
    highest = max(known, key=lambda each: each["rate"], default=None)
    if highest is None or highest["name"] == products[0]["name"]:
        return
    typer.echo(
        "  "
        + _("The highest rate by product: {name}, {rate} for {per} ({n:,} complaints).").format(
            name=highest["name"], rate=_rate(highest["rate"]), per=per, n=highest["complaints"]
        )
    )


def _rate(rate: float) -> str:
    """A rate as it is read: with two decimals, and below one with its first four digits."""
    decimals = 2 if rate >= 1 or not rate else 3 - math.floor(math.log10(rate))
    return f"{rate:,.{decimals}f}"


def _said_of(
    customers: Path, whose: pd.DataFrame, file: Path, complaints: pd.DataFrame
) -> list[str]:
    """What a file of customers does not say of those who complain."""
    if "branch" not in whose:
        return [
            _(
                "{file} does not say which branch a customer belongs to; a column 'branch' would."
            ).format(file=customers.name)
        ]
    if "customer_id" not in complaints:
        return [
            _(
                "{file} does not say who complains, so nobody's branch is known; a column "
                "'customer_id' would."
            ).format(file=file.name)
        ]
    return unmatched(complaints, file, whose, customers)


def _came(complaints: pd.DataFrame, as_of: Any) -> pd.DataFrame:
    """Each complaint as one, on the day it came in: what another register has a number of too."""
    import pandas as pd

    day = complaints["received_at"].dt.normalize()
    counts = day <= as_of if as_of else day.notna()
    return pd.DataFrame({"day": day[counts], "amount": 1.0})
