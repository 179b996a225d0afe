"""What `crmlab analyse value` tells."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crmlab.cli.analysing.books import held_against, say_books
from crmlab.cli.analysing.oddities import in_one_currency, rows_alike
from crmlab.cli.analysing.rows import Rows
from crmlab.text import gettext as _
from crmlab.text import ngettext

if TYPE_CHECKING:
    import pandas as pd

    from crmlab.models.value.ending import FarEnd


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
    from crmlab.models.value.ending import far_end
    from crmlab.models.value.purchases import purchases
    from crmlab.models.value.retention import cohorts
    from crmlab.models.value.rfm import rfm

    bought = rows.of(file, "transactions")
    in_one_currency(bought, file)
    rows.remarks += rows_alike(bought, file)
    share = 1.0 if margin is None else margin
    draws = draws_for(bought["customer_id"].nunique())
    found = lifetime_value(
        bought, as_of=as_of, calibration_end=calibration_end, draws=draws, margin=share
    )
    read = purchases(bought, end=as_of)
    later, far = cohorts(read).year_later, far_end(read)
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
        "segments": [asdict(segment) for segment in rfm(read).segments],
        **held_against(books, rows, _by_day(bought, found.end), as_of=as_of),
        "far_end": asdict(far) if far else None,
        "warnings": [
            *_said_far(far),
            *found.doubts.warnings(),
            *filter(None, [found.no_intervals]),
        ],
    }


def say(told: dict[str, Any]) -> None:
    """The same in sentences."""
    first = told["warnings"][: 1 if told["far_end"] else 0]
    for sentence in filter(None, [told["left_out"], *first]):
        typer.echo(sentence)
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
    for warning in told["warnings"][len(first) :]:
        typer.echo(warning)
    say_books(told)


def _said_far(far: FarEnd | None) -> list[str]:
    """That the last day lies far beyond the purchases, and what to do about it."""
    if far is None:
        return []
    if far.purchases:
        said = ngettext(
            "Nobody buys for {days:,} days after {before}, where {usual:.1f} days are usual, and "
            "then {n:,} purchase comes, on {day} (customer {customer}, {amount:,.2f}). Is its date "
            "mistyped? Mend it, or give --as-of {before}.",
            "Nobody buys for {days:,} days after {before}, where {usual:.1f} days are usual, and "
            "then {n:,} purchases come, the first on {day} (customer {customer}, {amount:,.2f}). "
            "Are their dates mistyped? Mend them, or give --as-of {before}.",
            far.purchases,
        )
    else:
        said = _(
            "The last day that counts, {day}, lies {days:,} days after the last purchase, where "
            "{usual:.1f} days are usual. If the file ends earlier, give --as-of {before}."
        )
    as_it_is = _("As it is, all customers count as silent since then, and are worth too little.")
    return [f"{said.format(**vars(far), n=far.purchases)} {as_it_is}"]


def _by_day(bought: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """What was bought, by its day, up to the last day that counts."""
    columns = [name for name in ("date", "amount", "currency") if name in bought]
    return bought.loc[bought["date"] <= end, columns].rename(columns={"date": "day"})
