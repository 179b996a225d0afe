"""What the practice company's customers are worth, in words: for a page, and for comparing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
from IPython.display import Markdown

from crmlab.errors import CrmlabError
from crmlab.models.value import lifetime_value
from crmlab.models.value.intervals import DRAWS
from crmlab.models.value.one_customer import price_of, worth_of_one
from crmlab.models.value.retention import cohorts
from crmlab.models.value.tracking import WEEK
from crmlab.text import gettext as _
from crmlab.widgets.analysis.value_company import (
    DAILY,
    DISCOUNT,
    DOUBTED,
    MARGIN,
    STEADY,
    YEARS,
    chances,
    company,
)
from crmlab.widgets.retelling import plain

BEFORE = pd.Timestamp("2025-08-31")
"""The day before the first of those who left in silence was missed."""

OFTEN = 20

QUARTERS = 4

SILENCES = (3, 7, 14, 42, 60, 90)


def value_in_words(about: str) -> Markdown:
    """A few figures of the practice company's customers.

    Args:
        about: `year` (how many are still here a year later), `cohorts` (the same by quarter of the
            first purchase), `segments` (RFM), `sure` (how sure the value is), `misleads` (what the
            data do to the assumptions), `patience` (how long the model waits before it doubts
            somebody), `silent` (who has left without a word) or `price` (what the chance of losing
            one costs).
    """
    told: dict[str, Callable[[], list[str]]] = {
        "year": _year,
        "cohorts": _cohorts,
        "segments": _segments,
        "sure": _sure,
        "misleads": _misleads,
        "patience": _patience,
        "silent": _silent,
        "price": _price,
    }
    try:
        lines = told[about]()
    except CrmlabError as trouble:
        lines = [plain(str(trouble))]
    return Markdown("\n".join(lines))


def _year() -> list[str]:
    found = cohorts(company().sales).year_later
    assert found is not None
    return [
        _(
            "Of **{before}** customers who bought in the year before the last, **{again}** bought "
            "in the last year too: a retention of **{share:.0f} %**. A customer of the last year "
            "spent **¥{a_year:,.0f}** in it, the mean of {buyers}."
        ).format(
            before=found.before,
            again=found.again,
            share=100 * found.share,
            a_year=company().a_year,
            buyers=company().buyers,
        )
    ]


def _cohorts() -> list[str]:
    found = cohorts(company().sales, period="quarter")
    share = found.share
    rows = [
        [cohort, str(found.size[cohort])]
        + [_percent(share.loc[cohort, n]) for n in range(1, QUARTERS + 1)]
        for cohort in found.size.index
        if share.loc[cohort, 1] == share.loc[cohort, 1]
    ]
    rows.append(
        [_("all that could"), ""] + [_percent(found.mean[n]) for n in range(1, QUARTERS + 1)]
    )
    heads = [_("first bought in"), _("customers")]
    return _table(heads + [_("quarter +{n}").format(n=n) for n in range(1, QUARTERS + 1)], rows)


def _segments() -> list[str]:
    return _table(
        [_("segment"), _("customers"), _("share of sales"), _("days silent, the middle one")],
        [
            [
                each.name,
                str(each.customers),
                _percent(each.share_of_spend),
                "–" if each.median_silence is None else f"{each.median_silence:.0f}",
            ]
            for each in company().rfm.segments
        ],
    )


def _sure() -> list[str]:
    found = lifetime_value(
        company().sales, years=YEARS, discount=DISCOUNT, margin=MARGIN, draws=DRAWS
    )
    if found.intervals is None:
        return [plain(found.no_intervals)]
    total, share = found.intervals.total, found.intervals.top_decile_share
    return [
        _(
            "- All **{n}** customers together: **¥{total:.0f} million** in two years, nine times "
            "in ten between {low:.0f} and {high:.0f}."
        ).format(
            n=found.customers,
            total=found.clv.total / 1e6,
            low=total.low / 1e6,
            high=total.high / 1e6,
        ),
        _(
            "- The best tenth of them: **{share:.0f} %** of it, nine times in ten between "
            "{low:.0f} and {high:.0f}."
        ).format(
            share=100 * found.clv.top_decile_share, low=100 * share.low, high=100 * share.high
        ),
    ]


def _misleads() -> list[str]:
    return [f"- {plain(sentence)}" for sentence in company().value.doubts.warnings()]


def _patience() -> list[str]:
    known, model = company().value.known, company().value.bg_nbd
    rows = []
    for who in (DAILY, STEADY):
        place = known.customer.get_loc(who)
        x, tx = known.frequency[place], known.recency[place]
        rows.append(
            [who, _("{days:.1f} days").format(days=tx * WEEK / x)]
            + [_percent(float(model.alive(x, tx, tx + days / WEEK))) for days in SILENCES]
        )
    heads = [_("customer"), _("usual gap")]
    return _table(heads + [_("{n} days silent").format(n=days) for days in SILENCES], rows)


def _silent() -> list[str]:
    each = company().value.each
    gone = each[(each["alive"] < DOUBTED) & (each["frequency"] >= OFTEN)]
    then = lifetime_value(
        company().sales, as_of=BEFORE, years=YEARS, discount=DISCOUNT, margin=MARGIN
    ).each.reindex(gone.index)
    return [
        _(
            "**{n}** customers have bought at least {often} times again, and the model gives each "
            "of them less than {doubted:.0f} %. On {day} it still gave {alive} of them more than "
            "half, and together they were worth **¥{value:,.0f}** of the two years to come. Today "
            "it is ¥{now:,.0f}."
        ).format(
            n=len(gone),
            often=OFTEN,
            doubted=100 * DOUBTED,
            day=BEFORE.date(),
            alive=int((then["alive"] > 0.5).sum()),
            value=round(float(then["value"].sum()), -3),
            now=round(float(gone["value"].sum()), -3),
        )
    ]


def _price() -> list[str]:
    ahead = company().value.ahead
    worth = worth_of_one(ahead.value(DISCOUNT, MARGIN), ahead.alive)
    before, after = chances()
    lines = [
        _("From {before:.0f} % to {after:.0f} % are **{points:.0f} points**. They cost").format(
            before=100 * before, after=100 * after, points=100 * (after - before)
        ),
        "",
    ]
    for name, value in (
        (_("with the middle one of our customers"), worth.median),
        (_("with a customer on average"), worth.mean),
        (_("with one of the best tenth"), worth.top),
    ):
        lines.append(
            _("- {who}: {points:.0f} % of ¥{value:,.0f}, **¥{price:,.0f}**").format(
                who=name,
                points=100 * (after - before),
                value=value,
                price=price_of(after - before, value),
            )
        )
    return lines


def _percent(share: float) -> str:
    return "–" if share != share else f"{100 * share:.0f} %"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
