"""What `crmlab analyse value` tells."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crmlab.cli.analysing.books import held_against, say_books
from crmlab.cli.analysing.rows import Rows
from crmlab.text import gettext as _
from crmlab.text import ngettext

if TYPE_CHECKING:
    import pandas as pd


def reckon(
    file: Path,
    rows: Rows,
    *,
    as_of: Any,
    books: Path | None,
    calibration_end: Any,
    margin: float | None,
) -> dict[str, Any]:
    """What customers will still bring, and what is to be doubted of it."""
    from crmlab.models.value import DISCOUNT, YEARS, draws_for, lifetime_value
    from crmlab.models.value.retention import cohorts
    from crmlab.models.value.rfm import rfm

    bought = rows.of(file, "transactions")
    share = 1.0 if margin is None else margin
    draws = draws_for(bought["customer_id"].nunique())
    found = lifetime_value(
        bought, as_of=as_of, calibration_end=calibration_end, draws=draws, margin=share
    )
    later = cohorts(bought, end=as_of).year_later
    drawn = asdict(found.intervals) if found.intervals else {}
    return {
        "customers": found.customers,
        "repeat_customers": found.repeat_customers,
        "as_of": str(found.end.date()),
        "years": YEARS,
        "discount": DISCOUNT,
        "margin": share,
        "left_out": found.left_out_says(),
        "bg_nbd": asdict(found.bg_nbd),
        "gamma_gamma": asdict(found.gamma_gamma),
        "holdout": asdict(found.holdout) if found.holdout else None,
        "clv": {**asdict(found.clv), "intervals": drawn or None},
        "retention": {**asdict(later), "share": later.share} if later else None,
        "segments": [asdict(segment) for segment in rfm(bought, end=as_of).segments],
        **held_against(books, rows, _by_day(bought, found.end), as_of=as_of),
        "warnings": [*found.doubts.warnings(), *filter(None, [found.no_intervals])],
    }


def say(told: dict[str, Any]) -> None:
    """The same in sentences."""
    if told["left_out"]:
        typer.echo(told["left_out"])
    typer.echo(
        ngettext(
            "{customers:,} customers, {again:,} of whom has bought again.",
            "{customers:,} customers, {again:,} of whom have bought again.",
            told["repeat_customers"],
        ).format(customers=told["customers"], again=told["repeat_customers"])
    )
    typer.echo(
        _(
            "In the year after {day} they bring {total:,.0f}, discounted by {discount:.0%} and "
            "with {margin:.0%} of each purchase counted; the best tenth of them {share:.0%} of it."
        ).format(
            day=told["as_of"],
            total=told["clv"]["total"],
            discount=told["discount"],
            margin=told["margin"],
            share=told["clv"]["top_decile_share"],
        )
    )
    if told["clv"]["intervals"]:
        typer.echo(
            _("By resampling between {low:,.0f} and {high:,.0f}.").format(
                **told["clv"]["intervals"]["total"]
            )
        )
    if told["holdout"]:
        typer.echo(
            ngettext(
                "Held against the rest: {actual:,} purchase, {predicted:,.0f} predicted.",
                "Held against the rest: {actual:,} purchases, {predicted:,.0f} predicted.",
                told["holdout"]["actual"],
            ).format(**told["holdout"])
        )
    for warning in told["warnings"]:
        typer.echo(warning)
    say_books(told)


def _by_day(bought: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """What was bought, by its day, up to the last day that counts."""
    columns = [name for name in ("date", "amount", "currency") if name in bought]
    return bought.loc[bought["date"] <= end, columns].rename(columns={"date": "day"})
