"""The practice company's figures held against its books: whether they may be used.

What each model rests on is held against what somebody else has written down: sales against the
invoices of finance, what was won against the orders that came of it, and the orders that left us
against the shipments of the warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

import numpy as np
import pandas as pd
from IPython.display import Markdown

from crmlab.charts.chart import money
from crmlab.charts.reconciliation import reconciliation_chart
from crmlab.intake.company import company_table
from crmlab.models.entry.reconciliation import Reconciliation, by_month, reconcile
from crmlab.text import gettext as _
from crmlab.text import show_month
from crmlab.widgets.analysis.board import Board, Figure, Records, Seen
from crmlab.widgets.dial import Dial
from crmlab.widgets.live import shows_trouble

MOST_TWICE = 10
"""How many of 100 lines may be entered twice, at the end of the dial."""


@cache
def company_match() -> Reconciliation:
    """The practice company's sales held against its invoices, month by month."""
    return reconcile(
        by_month(company_table("transactions"), "date"),
        by_month(company_table("invoices"), "invoiced_at"),
    )


@cache
def won_match() -> Reconciliation:
    """What was won, held against the orders that came of it, by the month in which it was won."""
    opportunities, lines = company_table("opportunities"), company_table("order_lines")
    won = opportunities[opportunities["outcome"] == "won"]
    lines["amount"] = lines["quantity"] * lines["unit_price"].astype(float)
    orders = company_table("orders").merge(company_table("quotes"), on="quote_id")
    came = orders.merge(lines, on="order_id").merge(won[["opportunity_id", "closed_at"]])
    return reconcile(by_month(won, "closed_at"), by_month(came, "closed_at"))


@cache
def left_match() -> Reconciliation:
    """How many orders left us by the table of exposure, held against the warehouse's shipments."""
    whole = company_table("exposure").query("product_id.isna()")
    left = pd.Series(whole["orders"].to_numpy(float), index=whole["period"].astype(str))
    each = company_table("shipments").drop_duplicates("order_id").assign(orders=1.0)
    return reconcile(left, by_month(each, "shipped_at", "orders"))


class BooksBoard(Board):
    """May the figures be used? Sales with lines that were entered twice, beside the invoices.

    Turning further enters the same lines twice and more.

    BooksBoard()
    """

    name = "books"
    records_follow = True

    @shows_trouble
    def __init__(self) -> None:
        self.sales = company_table("transactions")
        self.invoices = company_table("invoices")
        self.books = by_month(self.invoices, "invoiced_at")
        self.months = list(self.books.index)
        self.month = self.sales["date"].dt.strftime("%Y-%m").to_numpy()
        self.lot = np.random.default_rng(18).random(len(self.sales)) * 100
        clean = by_month(self.sales, "date")
        self.totals = {
            twice: clean.add(by_month(self.sales[self.lot < twice], "date"), fill_value=0.0)
            if twice
            else clean
            for twice in range(MOST_TWICE + 1)
        }
        super().__init__(
            _("May the figures be used?"),
            {
                "twice": Dial(_("Lines of sales entered twice, of 100"), 0, MOST_TWICE, 1, 0),
                "until": Dial(
                    _("Up to the end of"),
                    1,
                    len(self.months),
                    1,
                    len(self.months),
                    told=lambda at: show_month(self.months[int(at) - 1]),
                ),
            },
        )

    def look(self, at: Mapping[str, float]) -> Seen:
        twice, until = int(at["twice"]), int(at["until"])
        spoilt, clean = self.totals[twice], self.totals[0]
        held = pd.concat([spoilt.iloc[:until], clean.iloc[until:]])
        self.match = reconcile(held, self.books)
        wrong = sum(not one.matches for one in self.match.periods)
        return Seen(
            reconciliation_chart(self.match),
            self.match.says(money),
            (
                Figure(
                    _("Months that match, of {n}").format(n=len(self.months)),
                    str(len(self.months) - wrong),
                ),
                Figure(_("The latest that match, in a row"), str(self.match.in_a_row)),
            ),
            {"usable": self.match.usable, "wrong": wrong},
        )

    def records(self) -> dict[str, Records]:
        return {
            f"month:{month}": Records(
                _("Sales and invoices of {month}, order by order").format(month=show_month(month)),
                partial(self._orders, month),
            )
            for month in reversed(self.months)
        }

    def _orders(self, month: str) -> pd.DataFrame:
        """Each order of a month with what the sales and the books say, the furthest apart first."""
        here = self.month == month
        spoilt = self.months.index(month) < int(self.stands["until"])
        again = here & (self.lot < int(self.stands["twice"])) & spoilt
        entered = pd.concat([self.sales[here], self.sales[again]])
        sales = entered.groupby("order_id")["amount"].sum()
        when = pd.to_datetime(self.invoices["invoiced_at"]).dt.strftime("%Y-%m")
        books = self.invoices[when == month].groupby("order_id")["amount"].sum()
        found = pd.DataFrame({_("Sales"): sales, _("Books"): books}).fillna(0.0)
        found[_("Difference")] = (found.iloc[:, 0] - found.iloc[:, 1]).round(2)
        order = found.iloc[:, 2].abs().sort_values(ascending=False, kind="stable").index
        return found.loc[order].reset_index()


def books_in_words() -> Markdown:
    """Whether the sales match the books, month by month: the latest months and the verdict."""
    match = company_match()
    lines = [
        f"- {show_month(one.period)}: {money(one.model or 0.0)} / {money(one.books or 0.0)}, "
        + (_("matches") if one.matches else _("off by {sum}").format(sum=money(one.difference)))
        for one in match.periods[-4:]
    ]
    return Markdown("\n".join([*lines, "", match.says(money)]))
