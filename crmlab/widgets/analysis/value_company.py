"""What the practice company's customers are worth, prepared once for all views, and how rows of it
are listed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pandas as pd

from crmlab.intake.company import company_table
from crmlab.models.value import Value, lifetime_value
from crmlab.models.value.one_customer import ACTIVE
from crmlab.models.value.prospects import Prospects, prospects
from crmlab.models.value.retention import cohorts
from crmlab.models.value.rfm import Rfm, rfm
from crmlab.practice.debrief import debrief
from crmlab.practice.trial import case_for_trial, with_slip
from crmlab.procedures import load
from crmlab.text import gettext as _

YEARS = 2
"""The model looks as far ahead as the company's records go back."""

DISCOUNT, MARGIN = 0.10, 0.30
DOUBTED = 0.05
DAILY, STEADY = "CU-152", "CU-566"
"""A customer who comes every working day, and one who came every other week and then no more."""


@dataclass(frozen=True)
class Company:
    """What the practice company's purchases say, worked out once.

    Attributes:
        sales: the purchases; `value`: of the next two years; `first`: of the next one, ahead.
        a_year: what a customer of the last twelve months has spent in them, on average.
        buyers: how many there were.
        retention: of the year before, the share who bought in the last one too.
    """

    sales: pd.DataFrame
    value: Value
    rfm: Rfm
    a_year: float
    buyers: int
    retention: float

    def yearly(self, discount: float, margin: float) -> tuple[float, ...]:
        """What an active customer brings in the first year and in the second, on average."""
        active = self.value.ahead.alive >= ACTIVE
        both = self.value.ahead.value(discount, margin)[active].mean()
        one = _one_year().value(discount, margin)[active].mean()
        return float(one), float(both - one)


@cache
def company() -> Company:
    """The practice company; worked out when it is first asked for."""
    sales = company_table("transactions")
    value = lifetime_value(sales, years=YEARS, discount=DISCOUNT, margin=MARGIN)
    lately = sales[sales["date"] > value.end - pd.Timedelta(days=365)]
    buyers = lately["customer_id"].nunique()
    later = cohorts(sales).year_later
    return Company(
        sales,
        value,
        rfm(sales),
        float(lately["amount"].sum()) / buyers,
        buyers,
        later.share if later else 0.0,
    )


@cache
def _one_year() -> Prospects:
    value = company().value
    return prospects(value.bg_nbd, value.gamma_gamma, value.known, 1.0)


@cache
def chances(case: str = "C-1042", slip: str = "wrong_batch") -> tuple[float, float]:
    """The chance that the customer of a complaint leaves, by the procedure and with a slip; in
    whole per cent, as the debrief tells it."""
    procedure = load("complaint")
    ended = with_slip(procedure, case_for_trial(procedure, case), slip)
    assert ended is not None, slip
    told = debrief(procedure, ended)
    return (
        round(told.by_the_procedure.lose_customer, 2),
        round(told.totals.lose_customer, 2),
    )


def customers_shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Customers as they are listed: what a person reads, in whole numbers."""
    return pd.DataFrame(
        {
            "customer_id": rows.index,
            _("bought again"): rows["frequency"].to_numpy(),
            _("days silent"): rows["silent_days"].to_numpy(),
            _("still active, %"): (100 * rows["alive"]).round(0).astype(int).to_numpy(),
            _("purchases to expect"): rows["purchases"].round(1).to_numpy(),
            _("¥ of two years"): rows["value"].round(0).astype(int).to_numpy(),
        }
    )


def segment_shown(found: Rfm, segment: str) -> pd.DataFrame:
    """The customers of a segment, with their scores."""
    rows = found.members(segment)
    return pd.DataFrame(
        {
            "customer_id": rows.index,
            _("last purchase"): rows["last"].to_numpy(),
            _("days with purchases"): rows["days"].to_numpy(),
            _("spent, ¥"): rows["spent"].round(0).astype(int).to_numpy(),
            _("recency score"): rows["r"].to_numpy(),
            _("frequency score"): rows["f"].to_numpy(),
            _("money score"): rows["m"].to_numpy(),
        }
    )


def purchases_shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Purchases as they are listed, the latest first."""
    return rows[["date", "customer_id", "order_id", "product_id", "amount"]].iloc[::-1]
