"""The practice company's complaints as its boards read them, and how rows of them are listed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmlab.intake.company import company_table
from crmlab.models.complaints import ComplaintRate, Denominator, Period, complaint_rate
from crmlab.procedures import load
from crmlab.text import gettext as _

CHOSEN = {
    "category": "register.category",
    "remedy": "propose_remedy.remedy",
}
"""The columns of a complaint that are chosen from a list, and where they are entered."""


def words_for(column: str) -> dict[str, str]:
    """How the choices of a column are read where complaints are entered."""
    field = load("complaint").field(CHOSEN[column])
    return {choice.value: _(choice.label) for choice in field.choices} if field else {}


def as_entered(rows: pd.DataFrame) -> pd.DataFrame:
    """Complaints in the words in which they are entered, and first whether it was our fault.

    Columns that are not there, and values that are no choice, stay as they are.
    """
    told = rows.copy()
    for column in CHOSEN:
        if column in told:
            told[column] = told[column].replace(words_for(column))
    if "valid" in told:
        told.insert(0, _("Our fault"), told.pop("valid"))
    return told


def exposed(one: Denominator) -> tuple[str, str]:
    """What a rate is for, and what it is divided by, as one reads it.

    Customers are counted anew in each month, so there are more of them than customers.
    """
    if one.name == "customers":
        return _("one customer in one month"), _("customer-months")
    return one.per, _(one.name)


def company_complaints() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The complaints, and what left us."""
    return company_table("complaints"), company_table("exposure")


def rate_of(
    rows: pd.DataFrame, left: pd.DataFrame, product: str = "", per: str = "orders"
) -> ComplaintRate:
    """The rate of all goods, or of one product."""
    customers = company_table("customers")
    return complaint_rate(rows, left, per=per, product=product or None, customers=customers)


def loudest(found: ComplaintRate) -> Period:
    """The month with the highest rate."""
    return max(found.periods, key=lambda period: period.rate)


def product_names(codes: Sequence[str]) -> list[str]:
    """What the practice company calls these products; one that it does not know, by its code."""
    called = company_table("products").set_index("product_id")["name"]
    return [str(called.get(code, code)) for code in codes]


def cases_shown(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns of a complaint that say what it is about."""
    columns = ("valid", "complaint_id", "customer_id", "product_id", "batch_no", "category")
    return as_entered(rows[[*columns, "shipped_at", "received_at", "remedy_cost"]])
