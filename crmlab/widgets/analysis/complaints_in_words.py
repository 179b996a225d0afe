"""What the complaints of the practice company say, in words: for a page, and for comparing."""

from __future__ import annotations

from collections.abc import Callable

from IPython.display import Markdown

from crmlab.charts.complaints import number
from crmlab.errors import CrmlabError
from crmlab.intake.company import company_table
from crmlab.models.complaints import ComplaintRate, batch_of, behind, complaint_rate
from crmlab.text import gettext as _
from crmlab.text import ngettext, show_day, show_month
from crmlab.widgets.analysis.complaints_company import exposed, loudest, words_for
from crmlab.widgets.retelling import plain


def complaints_in_words(about: str) -> Markdown:
    """A few figures of the practice company's complaints.

    Args:
        about: `rates` (the denominators side by side), `signal` (what is behind the loudest
            month), `lags` (what is still to come) or `batch` (if it had been stopped).
    """
    told: dict[str, Callable[[ComplaintRate], list[str]]] = {
        "rates": _rates,
        "signal": _signal,
        "lags": _lags,
        "batch": _batch,
    }
    try:
        rows, left = company_table("complaints"), company_table("exposure")
        lines = told[about](complaint_rate(rows, left))
    except CrmlabError as trouble:
        lines = [str(trouble)]
    return Markdown("\n".join(lines))


def _rates(found: ComplaintRate) -> list[str]:
    return [
        ngettext(
            "- **{rate} for {per}** ({n:,} complaint, {exposure:,.0f} {name}). {misleads}",
            "- **{rate} for {per}** ({n:,} complaints, {exposure:,.0f} {name}). {misleads}",
            found.complaints,
        ).format(
            rate=number(one.rate),
            per=per,
            n=found.complaints,
            exposure=one.exposure,
            name=name,
            misleads=one.misleads,
        )
        for one, (per, name) in ((one, exposed(one)) for one in found.denominators)
    ]


def _signal(found: ComplaintRate) -> list[str]:
    rows, left = company_table("complaints"), company_table("exposure")
    month = loudest(found)
    told = behind(rows, left, found, month.period)
    first = told.products[0]
    for_one = month.complaints / month.rate if month.rate else 0.0
    lines = [
        ngettext(
            "1. **The month.** Of what left us in {month}, {n} complaint came; chance alone gives "
            "{low:.0f} to {high:.0f}.",
            "1. **The month.** Of what left us in {month}, {n} complaints came; chance alone gives "
            "{low:.0f} to {high:.0f}.",
            month.complaints,
        ).format(
            month=show_month(month.period),
            n=month.complaints,
            low=(month.lower or 0) * for_one,
            high=(month.upper or 0) * for_one,
        ),
        ngettext(
            "2. **The product.** {n} of them is about {product}; its other months would give "
            "{expected:.0f}.",
            "2. **The product.** {n} of them are about {product}; its other months would give "
            "{expected:.0f}.",
            first.complaints,
        ).format(n=first.complaints, product=plain(first.name), expected=first.expected or 0),
    ]
    parts = ", ".join(
        ngettext("{n} names batch {batch}", "{n} name batch {batch}", part.complaints).format(
            n=part.complaints, batch=plain(part.name)
        )
        if part.name
        else ngettext("{n} names none", "{n} name none", part.complaints).format(n=part.complaints)
        for part in told.batches
    )
    lines.append(_("3. **The batch.** Of these, {parts}.").format(parts=parts))
    kinds = told.rows["category"].value_counts()
    same = words_for("category").get(str(kinds.index[0]), str(kinds.index[0]))
    lines.append(
        ngettext(
            "4. **The cases.** {n} of {all} says “{kind}”.",
            "4. **The cases.** {n} of {all} say the same: “{kind}”.",
            int(kinds.iloc[0]),
        ).format(n=int(kinds.iloc[0]), all=len(told.rows), kind=plain(same))
    )
    return lines


def _lags(found: ComplaintRate) -> list[str]:
    return [
        ngettext(
            "- **{month}**: {n} complaint so far. By now {share:.0f} of 100 of them have come, so "
            "about {more:.0f} more will come.",
            "- **{month}**: {n} complaints so far. By now {share:.0f} of 100 of them have come, so "
            "about {more:.0f} more will come.",
            cohort.complaints,
        ).format(
            month=show_month(cohort.period),
            n=cohort.complaints,
            share=100 * cohort.arrived,
            more=cohort.awaited or 0,
        )
        for cohort in found.cohorts[-2:]
    ]


def _batch(found: ComplaintRate) -> list[str]:
    rows, left = company_table("complaints"), company_table("exposure")
    batch = batch_of(rows, behind(rows, left, found, loudest(found).period).batch)
    lines = []
    for after in (3, 5, 10, 20):
        caught = batch.caught_after(after)
        lines.append(
            ngettext(
                "- Stopped with complaint **{n}**, on {day}: {avoided} of {all} complaint would "
                "not have been, and ¥{cost:,.0f} would have been saved.",
                "- Stopped with complaint **{n}**, on {day}: {avoided} of {all} complaints would "
                "not have been, and ¥{cost:,.0f} would have been saved.",
                caught.all,
            ).format(
                n=after,
                day=show_day(caught.day),
                avoided=caught.avoided,
                all=caught.all,
                cost=caught.cost_avoided or 0,
            )
        )
    return lines
