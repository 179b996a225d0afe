"""What each customer contributes, and what each part of it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.contribution.costs import Cents, Given, Rates, beside, cents
from crmlab.text import gettext as _
from crmlab.text import ngettext

A_UP_TO, B_UP_TO = 0.80, 0.95


@dataclass(frozen=True)
class Parts:
    """What is left of the sales, step by step; each figure is positive, money of the file.

    Attributes:
        revenue: of all lines; `blocked`: of those without a cost, left out.
        cost, complaint_cost, service_cost, effort, credit_cost: what is taken off.
        discount: what was given away. It is off the revenue already and not taken off again.
        aside: costs of those who have bought nothing, or nothing with a cost, in this file; they
            are in no customer's figure.
    """

    revenue: float
    blocked: float
    cost: float
    complaint_cost: float
    service_cost: float
    effort: float
    credit_cost: float
    discount: float
    aside: float

    def steps(self) -> dict[str, float]:
        """From the revenue down, each with its sign; together they are the contribution."""
        down = [f.name for f in fields(self) if f.name not in ("revenue", "discount", "aside")]
        return {"revenue": self.revenue} | {name: 0.0 - getattr(self, name) for name in down}


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
            complaint_cost, effort, credit_cost, contribution, orders, express_orders`, `cumulative`
            (the whale curve, in per cent) and `abc`. Revenue and costs are those of the lines that
            have a cost. An *express* order is one on which service cost something beside remedies.
        blocked: the lines without a cost.
        parts: what the contribution is made of.
        given: the records that it was worked out from.
        remarks: sentences about what the figures cannot say.
    """

    customers: int
    revenue: float
    contribution: float
    share_top_20_percent: float | None
    loss_making: int
    whale_peak_percent: float | None
    each: pd.DataFrame
    blocked: pd.DataFrame
    parts: Parts
    given: Given
    remarks: tuple[str, ...]

    @property
    def blocked_rows(self) -> int:
        return len(self.blocked)

    @property
    def abc(self) -> dict[str, int]:
        """How many customers are A, B and C; none where there is nothing to share."""
        return {name: int((self.each["abc"] == name).sum()) for name in "ABC"}

    def rows_behind(self, customer: str) -> dict[str, pd.DataFrame]:
        """The records behind a customer's figure, by what they are.

        Sales carry what is left of each line, `contribution`; of a line without a cost that is
        nothing that anybody knows.

        Raises:
            ModelError: nobody of that number has bought anything.
        """
        if customer not in self.each.index:
            raise ModelError(
                _("Nobody called {customer} has bought anything in this file.").format(
                    customer=customer
                )
            )
        records = {
            name: frame[frame["customer_id"] == customer]
            for name, frame in self.given.records().items()
        }
        sales = records["sales"]
        service = sales["service_cost"].fillna(0.0) if "service_cost" in sales else 0.0
        left = sales["amount"] - sales["cost"] - service
        return {**records, "sales": sales.assign(contribution=left)}


def contribution(
    transactions: pd.DataFrame,
    *,
    complaints: pd.DataFrame | None = None,
    invoices: pd.DataFrame | None = None,
    payments: pd.DataFrame | None = None,
    interactions: pd.DataFrame | None = None,
    rates: Rates | None = None,
) -> Contribution:
    """The contribution of the customers of a table of sales.

    Args:
        transactions: `customer_id`, `amount`, `cost`, and `service_cost`, `discount`, `order_id`
            and `line_id` where they are known, a row for each line or purchase.
        complaints: `customer_id` and `remedy_cost`, and `line_id` where it is known.
        invoices: `customer_id, amount, invoiced_at` and `settled_at` or, with payments,
            `invoice_id`; what they tie up costs `rates.interest`.
        payments: `invoice_id, amount, paid_at`, where invoices are paid in parts.
        interactions: `customer_id` and `channel`; a contact costs `rates.contact[channel]`.
        rates: what money and contacts cost, and whether remedies are in the service cost already.

    Raises:
        ModelError: there are no sales, all are to one customer, none of them has a cost, an amount
            is missing or below zero, a table lacks a column, or they are in several currencies.
    """
    _check(transactions)
    given = Given(transactions, complaints, invoices, payments, interactions, rates or Rates())
    given.check()
    codes, names = pd.factorize(transactions["customer_id"], sort=True)
    size = len(names)
    if size == 1:
        raise ModelError(
            _(
                "All sales are to one customer, {customer}, and a comparison needs two or more; "
                "bring in the sales to the others too."
            ).format(customer=names[0])
        )
    missing = transactions["cost"].isna().to_numpy()
    money = {name: cents(transactions, name) for name in ("amount", "cost", "discount")}
    money["service_cost"] = cents(transactions, "service_cost")
    known = {
        name: _sums(np.where(missing, 0, values), codes, size) for name, values in money.items()
    }
    extra, express = beside(given, names, codes, money["service_cost"], missing)
    service = known["service_cost"] - extra.inside
    own = known["amount"] - known["cost"] - service - extra.complaints - extra.effort - extra.credit
    total = int(own.sum())
    each = pd.DataFrame(
        {
            "revenue": known["amount"] / 100,
            "cost": known["cost"] / 100,
            "service_cost": service / 100,
            "discount": known["discount"] / 100,
            "complaint_cost": extra.complaints / 100,
            "effort": extra.effort / 100,
            "credit_cost": extra.credit / 100,
            "contribution": own / 100,
            "orders": express.orders,
            "express_orders": express.express,
        },
        index=pd.Index(names, name="customer_id"),
    ).iloc[np.argsort(-own, kind="stable")]
    each["cumulative"], each["abc"] = _whale(each["contribution"].to_numpy())
    worth = total > 0
    best = each["contribution"].to_numpy()[: max(1, round(size / 5))]
    revenue = int(money["amount"].sum())
    return Contribution(
        size,
        revenue / 100,
        total / 100,
        float(best.sum()) * 100 / total if worth else None,
        int((own < 0).sum()),
        float(each["cumulative"].max()) if worth else None,
        each,
        transactions[missing],
        Parts(
            revenue / 100,
            (revenue - int(known["amount"].sum())) / 100,
            int(known["cost"].sum()) / 100,
            int(extra.complaints.sum()) / 100,
            int(service.sum()) / 100,
            int(extra.effort.sum()) / 100,
            int(extra.credit.sum()) / 100,
            int(known["discount"].sum()) / 100,
            extra.aside / 100,
        ),
        given,
        _remarks(total, int(missing.sum())),
    )


def by_product(transactions: pd.DataFrame, same: Mapping[str, str] | None = None) -> pd.DataFrame:
    """What each product brings: `lines, revenue, cost, contribution`, the most contributing first.

    Args:
        transactions: as for customers, with `product_id`; lines without a cost are left out.
        same: products that somebody entered a second time, and which each of them truly is.

    Raises:
        ModelError: there are no sales, none of them has a cost, or nothing says of which product.
    """
    _check(transactions)
    if "product_id" not in transactions:
        raise ModelError(_("Nothing says what was sold; bring in the product of each line."))
    known = transactions[transactions["cost"].notna()]
    product = known["product_id"].replace(dict(same)) if same else known["product_id"]
    codes, names = pd.factorize(product, sort=True)
    amount, cost, service = (
        _sums(cents(known, name), codes, len(names)) for name in ("amount", "cost", "service_cost")
    )
    found = pd.DataFrame(
        {
            "lines": np.bincount(codes, minlength=len(names)),
            "revenue": amount / 100,
            "cost": cost / 100,
            "contribution": (amount - cost - service) / 100,
        },
        index=pd.Index(names, name="product_id"),
    )
    return found.sort_values("contribution", ascending=False, kind="stable")


def _check(transactions: pd.DataFrame) -> None:
    if transactions.empty:
        raise ModelError(_("There are no sales, so nobody contributes anything."))
    if "cost" not in transactions or transactions["cost"].isna().all():
        raise ModelError(
            _("No line has a cost, so there is no margin; enter what the goods cost us first.")
        )
    nobody = int(transactions["customer_id"].isna().sum())
    if nobody:
        raise ModelError(
            ngettext(
                "{n} sale names no customer; find out whose it is, or leave it out.",
                "{n} sales name no customer; find out whose they are, or leave them out.",
                nobody,
            ).format(n=nobody)
        )
    blank = int(transactions["amount"].isna().sum())
    if blank:
        raise ModelError(
            ngettext(
                "{n} sale has no amount; enter it, or leave it out.",
                "{n} sales have no amount; enter it, or leave them out.",
                blank,
            ).format(n=blank)
        )


def _sums(values: Cents, codes: NDArray[np.intp], size: int) -> Cents:
    """Sums by customer. Cents are whole, so that floats below 2^53 add them without an error."""
    return np.bincount(codes, weights=values, minlength=size).astype(np.int64)


def _whale(own: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """The curve in per cent of the whole, and the class of each customer, best first."""
    whole = float(own.sum())
    if not whole > 0:
        return np.full(len(own), np.nan), np.full(len(own), "")
    curve = own.cumsum() / whole
    before = curve - own / whole
    return curve * 100, np.select([before < A_UP_TO, before < B_UP_TO], ["A", "B"], "C")


def _remarks(total: int, blocked: int) -> tuple[str, ...]:
    said = []
    if blocked:
        said.append(
            ngettext(
                "{n:,} line has no cost and is left out; enter what it costs us.",
                "{n:,} lines have no cost and are left out; enter what they cost us.",
                blocked,
            ).format(n=blocked)
        )
    if total <= 0:
        said.append(
            _(
                "Together the customers bring nothing, so nobody has a share of it; look at those "
                "who cost most, and at whether a cost was entered twice."
            )
        )
    return tuple(said)
