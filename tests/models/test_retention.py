"""Cohort retention: who buys again, and what is not over yet."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmlab.errors import ModelError
from crmlab.intake.company import company_table
from crmlab.models.value.bg_nbd import BgNbd
from crmlab.models.value.buyers import simulated
from crmlab.models.value.gamma_gamma import GammaGamma
from crmlab.models.value.retention import cohorts
from tests.models.cdnow import cdnow


def rows(*bought: tuple[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(bought, columns=["customer_id", "date"])
    return frame.assign(amount=10.0)


def test_by_hand() -> None:
    found = cohorts(
        rows(
            ("A", "2026-01-05"),
            ("A", "2026-02-05"),
            ("A", "2026-02-09"),
            ("B", "2026-01-31"),
            ("B", "2026-03-01"),
            ("C", "2026-02-01"),
            ("C", "2026-03-02"),
        ),
        end=pd.Timestamp("2026-03-31"),
    )
    assert found.size.to_dict() == {"2026-01": 2, "2026-02": 1}
    assert found.share.loc["2026-01"].tolist() == [0.5, 0.5]
    assert found.share.loc["2026-02", 1] == 1.0
    assert np.isnan(found.share.loc["2026-02", 2])
    assert found.mean.tolist() == [pytest.approx(2 / 3), 0.5]
    assert list(found.members("2026-01")) == ["A", "B"]
    assert list(found.members("2026-01", later=2)) == ["B"]
    assert found.year_later is None


def test_a_month_that_is_not_over_says_nothing() -> None:
    bought = rows(("A", "2026-01-05"), ("A", "2026-02-05"), ("B", "2026-01-07"))
    assert np.isnan(cohorts(bought, end=pd.Timestamp("2026-02-20")).share.loc["2026-01", 1])
    assert cohorts(bought, end=pd.Timestamp("2026-02-28")).share.loc["2026-01", 1] == 0.5


def test_the_company_by_quarter() -> None:
    sales = company_table("transactions")
    found = cohorts(sales, period="quarter")
    assert found.size.sum() == sales["customer_id"].nunique()
    share = found.share.to_numpy()
    known = share[~np.isnan(share)]
    assert ((known >= 0) & (known <= 1)).all()
    first = sales.groupby("customer_id")["date"].min()
    members = first.index[first.dt.to_period("Q") == "2024Q3"]
    assert sorted(found.members("2024-Q3")) == sorted(members)
    later = sales[sales["customer_id"].isin(members)]
    again = later[later["date"].dt.to_period("Q") == "2024Q4"]["customer_id"].nunique()
    assert found.bought.loc["2024-Q3", 1] == again == len(found.members("2024-Q3", later=1))


def test_a_year_later() -> None:
    sales = company_table("transactions")
    found = cohorts(sales).year_later
    assert found is not None
    end = sales["date"].max()
    back = (end - sales["date"]).dt.days
    before = set(sales["customer_id"][(back >= 365) & (back < 730)])
    after = set(sales["customer_id"][back < 365])
    assert (found.before, found.again) == (len(before), len(before & after))
    assert found.share == pytest.approx(0.926, abs=0.001)


def test_buyers_who_never_leave_keep_their_share_and_others_lose_it() -> None:
    spend = GammaGamma(4.0, 5.0, 60.0)
    stay = cohorts(simulated(2_000, BgNbd(4, 4, 0.01, 90), spend, joining=10), period="quarter")
    leave = cohorts(simulated(2_000, BgNbd(4, 4, 3, 20), spend, joining=10), period="quarter")
    assert stay.mean.dropna().iloc[-1] > 0.9
    falling = leave.mean.dropna().to_numpy()
    assert (np.diff(falling) < 0.02).all()
    assert falling[-1] < falling[0] / 2


def test_one_cohort_and_unknown_names() -> None:
    found = cohorts(cdnow(), period="quarter")
    assert found.size.to_dict() == {"1997-Q1": 2357}
    with pytest.raises(ModelError, match="No customer has first bought in '1998-Q1'"):
        found.members("1998-Q1")
    with pytest.raises(ModelError, match="'year' is no unit of time"):
        cohorts(cdnow(), period="year")
