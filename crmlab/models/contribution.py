"""Customer contribution: who carries the company, and who costs more than they bring.

What the words mean here:

1. *Revenue* is what was invoiced, discounts already taken off; the discount stands beside it, so
   that it can be seen, and is not taken off again.
2. *Contribution* = revenue - cost of the goods - cost to serve (service, complaints, freight: what
   stands in `service_cost`). Costs that nobody has given to a customer are not shared out.
3. A line without a cost has no margin, and neither has a sum that it is part of: it is *blocked*,
   left out of the contribution and listed, until somebody has entered its cost.
4. The *whale curve* adds customers up from the most to the least contributing. Where some make a
   loss it rises above the total; its peak says how much there would be without them.
5. *ABC*: A are the customers who bring the first 80 % of it all, B the next 15, C the rest.

Source: R. S. Kaplan and V. G. Narayanan (2001), Measuring and Managing Customer Profitability,
Journal of Cost Management 15(5), for the whale curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlab.errors import ModelError
from crmlab.text import gettext as _

A_UP_TO, B_UP_TO = 0.80, 0.95


@dataclass(frozen=True)
class Contribution:
    """What customers bring, in the currency of the file.

    Attributes:
        customers: how many there are; `loss_making`: how many cost more than they bring.
        revenue, contribution: of all of them; the contribution without what is blocked.
        share_top_20_percent: the share of the contribution that the best fifth brings; above 1
            where others make a loss. None where there is no contribution to share.
        whale_peak_percent: the highest point of the whale curve, in per cent of the contribution.
        each: by customer, the most contributing first: `revenue, cost, service_cost, discount,
            contribution, cumulative` (the whale curve, in per cent) and `abc`.
        blocked: the lines without a cost.
    """

    customers: int
    revenue: float
    contribution: float
    share_top_20_percent: float | None
    loss_making: int
    whale_peak_percent: float | None
    each: pd.DataFrame
    blocked: pd.DataFrame

    @property
    def blocked_rows(self) -> int:
        return len(self.blocked)


def contribution(transactions: pd.DataFrame) -> Contribution:
    """The contribution of the customers of a table of sales.

    Args:
        transactions: `customer_id`, `amount`, `cost`, and `service_cost` and `discount` where they
            are known, a row for each line or purchase.

    Raises:
        ModelError: there are no sales, none of them has a cost, or they are in several currencies.
    """
    if transactions.empty:
        raise ModelError(_("There are no sales, so nobody contributes anything."))
    if "currency" in transactions and transactions["currency"].nunique() > 1:
        raise ModelError(
            _("The sales are in {n} currencies; bring them into one first.").format(
                n=transactions["currency"].nunique()
            )
        )
    if "cost" not in transactions or transactions["cost"].isna().all():
        raise ModelError(
            _("No line has a cost, so there is no margin; enter what the goods cost us first.")
        )
    parts = ["amount", "cost", "service_cost", "discount"]
    rows = transactions.reindex(columns=["customer_id", *parts])
    missing = rows["cost"].isna()
    known = rows[~missing].fillna({"service_cost": 0.0, "discount": 0.0})
    each = known.groupby("customer_id")[parts].sum()
    each = each.reindex(pd.Index(sorted(rows["customer_id"].unique()), name="customer_id"))
    each = each.fillna(0.0).rename(columns={"amount": "revenue"})
    each["contribution"] = each["revenue"] - each["cost"] - each["service_cost"]
    each = each.sort_values("contribution", ascending=False, kind="stable")
    total = float(each["contribution"].sum())
    worth = total > 0
    each["cumulative"] = each["contribution"].cumsum() / total * 100 if worth else np.nan
    before = (each["cumulative"] - each["contribution"] / total * 100) / 100 if worth else 0.0
    each["abc"] = np.select([before < A_UP_TO, before < B_UP_TO], ["A", "B"], "C")
    best = each["contribution"].head(max(1, round(len(each) / 5)))
    return Contribution(
        len(each),
        float(rows["amount"].sum()),
        total,
        float(best.sum()) / total if worth else None,
        int((each["contribution"] < 0).sum()),
        float(each["cumulative"].max()) if worth else None,
        each,
        transactions[missing],
    )
