"""Complaints with their dials: signal or noise, and what is called other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from crmlab.charts.complaints import (
    SHOWN,
    number,
    pareto_chart,
    rate_chart,
)
from crmlab.intake.company import company_table
from crmlab.models.complaints import (
    Share,
    cases,
    hides,
    into_other,
    silent_from,
    with_missing,
)
from crmlab.text import gettext as _
from crmlab.text import ngettext, show_month
from crmlab.widgets.analysis.board import Board, Figure, Records, Seen
from crmlab.widgets.analysis.books import left_match
from crmlab.widgets.analysis.complaints_company import (
    cases_shown,
    company_complaints,
    exposed,
    product_names,
    rate_of,
    words_for,
)
from crmlab.widgets.analysis.what_left import orders_that_left
from crmlab.widgets.dial import Dial
from crmlab.widgets.live import shows_trouble

GOODS = ("SK-40", "CV-50")
"""The two products of the practice company whose months the lesson looks at."""

FEWEST = 5
"""So many complaints at least, or a rate among the highest is chance."""

COLUMNS = ("category", "product_id", "batch_no", "branch")
"""By what complaints can be sorted."""


class SignalBoard(Board):
    """The practice company's complaints by month, with the limits of chance.

    SignalBoard()

    Args:
        goods: the codes of the products that can be looked at by themselves.
    """

    name = "signals"
    records_follow = True
    held_against = staticmethod(left_match)

    @shows_trouble
    def __init__(self, goods: Sequence[str] = GOODS) -> None:
        self.rows, self.left = company_complaints()
        unknown = self.rows.drop(columns="shipped_at")
        self.choices = ("", *goods)
        self.found = {
            (product, told): rate_of(rows, self.left, product)
            for product in self.choices
            for told, rows in enumerate((self.rows, unknown))
        }
        names = [_("all goods"), *product_names(goods)]
        months = [_("month they left us"), _("month of the call")]
        super().__init__(
            _("Which month says more than chance?"),
            {
                "goods": Dial(
                    _("Complaints about"), 0, len(goods), 1, 0, told=lambda at: names[int(at)]
                ),
                "month": Dial(_("Counted in the"), 0, 1, 1, 0, told=lambda at: months[int(at)]),
                "missing": Dial(_("Not entered yet, of 100 complaints"), 0, 95, 5, 0),
            },
        )

    def look(self, at: Mapping[str, float]) -> Seen:
        self.goods, by_call = self.choices[int(at["goods"])], int(at["month"])
        self.shown = self.found[self.goods, by_call]
        now = with_missing(self.shown, at["missing"] / 100)
        figures = [
            Figure(
                _("For {per}").format(per=per),
                number(one.rate * (1 - now.share)),
                _("of {n:,.0f} {name}, month by month").format(n=one.exposure, name=name),
            )
            for one, (per, name) in ((one, exposed(one)) for one in self.shown.denominators)
        ]
        return Seen(
            rate_chart(now.periods, self.shown.per),
            self._says(now.seen, at["missing"], by_call),
            tuple(figures),
            {"seen_at_best": 100 * max(now.seen.values(), default=0.0)},
        )

    def _says(self, seen: Mapping[str, float], missing: float, by_call: int) -> str:
        if by_call and not seen:
            return _(
                "Counted in the month of the call, the complaints about one month's goods are "
                "spread over many. No month gets beyond what chance alone can bring."
            )
        if not seen:
            return _(
                "No month asks to be looked into. Looking for the cause of the highest would cost "
                "hours and find nothing but chance."
            )
        lasts = silent_from(self.shown)
        weak = min(lasts, key=lambda month: lasts[month])
        if not missing:
            return _(
                "A signal asks for a look at what left us then. The weaker one, {month}, is there "
                "as long as fewer than {share} of 100 complaints are missing."
            ).format(month=show_month(weak), share=lasts[weak])
        parts = [
            ngettext("{month} {times} time in 100", "{month} {times} times in 100", times).format(
                month=show_month(month), times=times
            )
            for month, times in ((month, round(100 * chance)) for month, chance in seen.items())
        ]
        return _(
            "{share:.0f} of 100 complaints are missing. How often the signal would still be seen: "
            "{parts}."
        ).format(share=missing, parts="; ".join(parts))

    def records(self) -> dict[str, Records]:
        found = {
            "month:": Records(_("Complaints of all months"), partial(self._of, None)),
            "left:": Records(_("Orders of all months"), self._left),
        }
        months = {p.period: show_month(p.period) for p in self.found["", 0].periods}
        for month, name in months.items():
            title = _("Complaints counted in {month}").format(month=name)
            found[f"month:{month}"] = Records(title, partial(self._of, month))
        for month, name in months.items():
            title = _("Orders that left us in {month}").format(month=name)
            found[f"left:{month}"] = Records(title, partial(self._left, month))
        return found

    def _left(self, month: str = "") -> pd.DataFrame:
        return orders_that_left(month, self.goods)

    def _of(self, month: str | None) -> pd.DataFrame:
        by_call = self.shown is self.found[self.goods, 1]
        rows = self.rows.drop(columns="shipped_at") if by_call else self.rows
        here = cases(rows, self.shown, period=month, product_id=self.goods or None)
        return cases_shown(self.rows.loc[here.index])


class ParetoBoard(Board):
    """What the practice company's complaints have in common, and what *other* would hide.

    ParetoBoard()
    """

    name = "pareto"
    records_follow = True
    held_against = staticmethod(left_match)

    @shows_trouble
    def __init__(self) -> None:
        self.rows, left = company_complaints()
        branch = company_table("customers").set_index("customer_id")["branch"]
        self.rows["branch"] = self.rows["customer_id"].map(branch)
        self.found = rate_of(self.rows, left)
        self.called = {"": _("not said"), **words_for("category")}
        names = [_("kind of trouble"), _("product"), _("batch"), _("branch")]
        super().__init__(
            _("What do they have in common?"),
            {
                "by": Dial(_("Sorted by"), 0, 3, 1, 0, told=lambda at: names[int(at)]),
                "other": Dial(_("Sorted as “other” or not at all, of 100"), 0, 50, 5, 0),
            },
        )

    def look(self, at: Mapping[str, float]) -> Seen:
        column = COLUMNS[int(at["by"])]
        first = self.found.shares(column)
        now = into_other(self.found, column, at["other"] / 100)
        hidden = hides(now)
        return Seen(
            pareto_chart(now, hidden, first, self.called, column),
            self._says(now, first, at["other"]),
            tuple(self._figures(now, first)),
            {"first_is_sure": not self._first_unsure(now, first)},
        )

    def _first_unsure(self, now: tuple[Share, ...], first: tuple[Share, ...]) -> bool:
        """Whether what is not sorted could put another one first."""
        return now[0].best is None or first[0].name in hides(now).unsure

    def _says(self, now: tuple[Share, ...], first: tuple[Share, ...], other: float) -> str:
        unsure = hides(now).unsure
        if not other:
            if worst := _worst(now):
                return _(
                    "The most complaints are about {first}; the most for 1,000 orders are about "
                    "{worst}: {rate:.0f}. One says where the work is, the other how likely an "
                    "order is to come back."
                ).format(first=now[0].name, worst=worst.name, rate=worst.rate)
            return _("Begin where most of it is: that is the longest bar, if its place is sure.")
        if self._first_unsure(now, first):
            return _(
                "With {n:.0f} of 100 not sorted, not even the first place is sure: nobody can say "
                "any more where to begin."
            ).format(n=other)
        if unsure:
            return ngettext(
                "With {n:.0f} of 100 not sorted, the first place is sure, and {many} other is not.",
                "With {n:.0f} of 100 not sorted, the first place is sure, and {many} others are "
                "not.",
                len(unsure),
            ).format(n=other, many=len(unsure))
        return _("With {n:.0f} of 100 not sorted, every place is still sure.").format(n=other)

    def _figures(self, now: tuple[Share, ...], first: tuple[Share, ...]) -> list[Figure]:
        hidden, before = hides(now), hides(first)
        figures = [
            Figure(
                _("Sorted nowhere, of all complaints"),
                f"{100 * hidden.share:.0f} %",
                _("at first {share:.0f} %").format(share=100 * before.share),
            )
        ]
        if hidden.new_place is not None:
            figures.append(
                Figure(
                    _("Place of a cause that nobody has named, if it were all of these"),
                    str(hidden.new_place),
                )
            )
        return figures

    def records(self) -> dict[str, Records]:
        found = {}
        for column in COLUMNS:
            for share in self.found.shares(column)[:SHOWN]:
                found[f"{column}:{share.name}"] = Records(
                    _("Complaints: {name}").format(name=self.called.get(share.name, share.name)),
                    partial(self._of, column, share.name),
                )
        worst, of_products = _worst(self.found.by_product), self.found.by_product[:SHOWN]
        for product in dict.fromkeys((*of_products, *([worst] if worst else []))):
            if product.exposure:
                found[f"left:{product.name}"] = Records(
                    _("Orders that left us with {name}").format(name=product.name),
                    partial(orders_that_left, product=product.name),
                )
        return found

    def _of(self, column: str, name: str) -> pd.DataFrame:
        return cases_shown(cases(self.rows, self.found, **{column: name}))


def _worst(shares: Sequence[Share]) -> Share | None:
    """The highest rate, of those with complaints enough to have one that says something."""
    rated = [share for share in shares if share.rate is not None and share.complaints >= FEWEST]
    return max(rated, key=lambda share: share.rate or 0.0, default=None)
