"""The question that is asked of each model, its rule, and what careless entry does to its records.

1. *funnel*: what the open opportunities may bring, each weighted by its chance. The rule: the
   target is covered if that is at least the target.
2. *complaints*: complaints of one category for 1,000 orders of one month, as they were known on a
   day soon after it. The rule: there is something to look into if the month lies beyond the limit
   of chance.
3. *contribution*: what one customer brings. The rule: we negotiate again with those who cost us
   more than we can bear. With more than a twentieth of the customer's sales blocked for want of a
   cost, the figure is not relied upon.
4. *value*: what a customer is worth in the coming year, on average: spending x margin. The rule: to
   keep somebody may cost so much if it is worth that. The margin is worked out as a spreadsheet
   does it, where a cost that nobody has entered counts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.complaints import complaint_rate
from crmlab.models.complaints.reading import left_of, name_of
from crmlab.models.contribution.by_customer import contribution
from crmlab.models.entry.dirt import NO, UNSAID, YES, Answer, Frames, Luck, Question, Rows, Spoiling
from crmlab.models.funnel.columns import WON
from crmlab.models.funnel.preparing import weighted_open_amount
from crmlab.models.value.lifetime import lifetime_value
from crmlab.text import gettext as _

TARGET, COSTLY, BEARABLE, PRICE = 3_000_000, "CU-095", 500_000, 25_000
"""What is asked about the practice company, if nobody asks otherwise: a target, a customer and what
we can bear to lose on them, what it costs to keep one. The words of the questions say them too."""

BLOCKED_AT_MOST = 0.05
"""The share of a customer's sales that may lack a cost before the figure is not relied upon."""

LATELY = pd.Timedelta(days=60)
"""How far back it goes that something was won or lost and is not entered as such."""

LATER = pd.Timedelta(days=30)
"""How much later a purchase is entered, and with the day of its entry."""

ANOTHER = " (2)"
"""Ends the number under which something is entered a second time."""


def about_funnel(
    opportunities: pd.DataFrame, stages: Sequence[str], *, target: float = TARGET
) -> Question:
    """Is the target covered by what is open?"""
    order = [name for name in stages if name != WON]
    following = dict(zip(order, [*order[1:], order[-1]], strict=True))

    def ask(tables: Frames) -> Answer:
        figure = weighted_open_amount(tables["opportunities"], stages)
        return Answer(figure, YES if figure >= target else NO, target)

    def reopen(rows: pd.DataFrame, hit: Rows, _luck: Luck) -> pd.DataFrame:
        outcome, stage = rows["outcome"].to_numpy(object), rows["stage"].to_numpy(object)
        outcome[hit] = "open"
        stage[hit] = np.where(stage[hit] == WON, order[-1], stage[hit])
        return rows.assign(outcome=outcome, stage=stage)

    def move_on(rows: pd.DataFrame, hit: Rows, _luck: Luck) -> pd.DataFrame:
        stage = rows["stage"].to_numpy(object)
        stage[hit] = [following[name] for name in stage[hit]]
        return rows.assign(stage=stage)

    closed = _moments(opportunities["closed_at"])
    dirt = {
        "late_entry": Spoiling(
            "opportunities", lambda _rows: (closed > closed.max() - LATELY).to_numpy(), reopen
        ),
        "duplicates": Spoiling(
            "opportunities", lambda rows: _is(rows, "outcome", "open"), _twice("opportunity_id")
        ),
        "wrong_stage": Spoiling(
            "opportunities", lambda rows: ~_is(rows, "outcome", "won"), move_on
        ),
    }
    return Question("funnel", _numbered(opportunities=opportunities), ask, dirt)


def about_complaints(
    complaints: pd.DataFrame,
    exposure: pd.DataFrame,
    *,
    category: str = "leak",
    month: str = "2025-09",
    on: str = "2025-10-05",
) -> Question:
    """Is there a signal in what is known of a month, some days after it?

    Raises:
        ModelError: nothing left us in that month.
    """
    day = pd.Timestamp(on)
    known = complaints[_moments(complaints["received_at"]) < day + pd.Timedelta(days=1)]
    # What is asked is of all products, so what left of each of them need not be read each time.
    whole = left_of(exposure, "orders")
    left = pd.DataFrame({"period": map(name_of, whole.months), "orders": whole.total})
    left = left[left["period"] <= month]
    if not (left["period"] == month).any():
        raise ModelError(
            _("Nothing left us in {month}, so no complaint is about it.").format(month=month)
        )
    rows = known.assign(category=known["category"].fillna(""))
    names = sorted(set(rows["category"]) - {""})

    def ask(tables: Frames) -> Answer:
        told = tables["complaints"]
        asked = told.loc[told["category"] == category, ["received_at", "shipped_at"]]
        found = complaint_rate(asked, tables["exposure"], as_of=day)
        here = next(one for one in found.periods if one.period == month)
        return Answer(here.rate, YES if here.signal == "beyond" else NO, here.upper)

    def file_elsewhere(rows: pd.DataFrame, hit: Rows, luck: Luck) -> pd.DataFrame:
        filed = rows["category"].to_numpy(object)
        for row in hit:
            others = [name for name in names if name != filed[row]]
            filed[row] = others[int(luck[row] * len(others))]
        return rows.assign(category=filed)

    dirt = {
        "late_entry": Spoiling("complaints", _all, _not_yet),
        "duplicates": Spoiling("complaints", _all, _twice("complaint_id")),
        "wrong_category": Spoiling("complaints", _all, file_elsewhere),
    }
    return Question("complaints", _numbered(complaints=rows, exposure=left), ask, dirt)


def about_contribution(
    transactions: pd.DataFrame, *, customer: str = COSTLY, bearable: float = BEARABLE
) -> Question:
    """Do we negotiate again with a customer?"""

    def ask(tables: Frames) -> Answer:
        rows = tables["transactions"]
        found = contribution(rows[["customer_id", "amount", "cost", "service_cost"]])
        figure = float(found.each["contribution"].get(customer, 0.0))
        own = float(rows["amount"][rows["customer_id"] == customer].sum())
        counted = float(found.each["revenue"].get(customer, 0.0))
        if own - counted > BLOCKED_AT_MOST * own:
            return Answer(figure, UNSAID, -bearable)
        return Answer(figure, YES if figure < -bearable else NO, -bearable)

    def forget(rows: pd.DataFrame, hit: Rows, _luck: Luck) -> pd.DataFrame:
        return _changed(rows, "cost", hit, np.nan)

    def not_yet(rows: pd.DataFrame, hit: Rows, _luck: Luck) -> pd.DataFrame:
        return _changed(rows, "service_cost", hit, 0.0)

    def book_elsewhere(rows: pd.DataFrame, hit: Rows, luck: Luck) -> pd.DataFrame:
        service = rows["service_cost"].to_numpy(np.float64, copy=True)
        moved = service[hit].copy()
        service[hit] = 0.0
        np.add.at(service, (luck[hit] * len(service)).astype(np.intp), moved)
        return rows.assign(service_cost=service)

    dirt = {
        "missing_cost": Spoiling("transactions", _has_cost, forget),
        "wrong_category": Spoiling("transactions", _has_service, book_elsewhere),
        "late_entry": Spoiling("transactions", _has_service, not_yet),
        "duplicates": Spoiling("transactions", _all, _twice(None)),
    }
    return Question("contribution", _numbered(transactions=transactions), ask, dirt)


def about_value(transactions: pd.DataFrame, *, price: float = PRICE) -> Question:
    """Is it worth so much to keep a customer?"""
    rows = transactions.assign(date=_moments(transactions["date"]))
    last = rows["date"].max()
    fitted: dict[int, float] = {}

    def spending(bought: pd.DataFrame) -> float:
        """What a customer will spend on average; fitted once for the same purchases."""
        purchases = bought[["customer_id", "date", "amount"]]
        same = int(pd.util.hash_pandas_object(purchases, index=False).sum())
        if same not in fitted:
            found = lifetime_value(purchases, as_of=last)
            fitted[same] = found.clv.total / found.customers
        return fitted[same]

    def ask(tables: Frames) -> Answer:
        bought = tables["transactions"]
        margin = 1 - float(bought["cost"].fillna(0.0).sum()) / float(bought["amount"].sum())
        figure = margin * spending(bought[bought["date"] <= last])
        return Answer(figure, YES if figure >= price else NO, price)

    def forget(rows: pd.DataFrame, hit: Rows, _luck: Luck) -> pd.DataFrame:
        return _changed(rows, "cost", hit, np.nan)

    def delay(rows: pd.DataFrame, hit: Rows, _luck: Luck) -> pd.DataFrame:
        entered = rows["date"].to_numpy(copy=True)
        entered[hit] += LATER.to_timedelta64()
        return rows.assign(date=entered)

    def under_another(rows: pd.DataFrame, hit: Rows, luck: Luck) -> pd.DataFrame:
        number = rows["customer_id"].to_numpy(object)
        second = hit[luck[hit] < 0.5]
        number[second] = [f"{name}{ANOTHER}" for name in number[second]]
        return rows.assign(customer_id=number)

    dirt = {
        "missing_cost": Spoiling("transactions", _has_cost, forget),
        "late_entry": Spoiling("transactions", _all, delay),
        "duplicates": Spoiling("transactions", _all, under_another, together="customer_id"),
    }
    return Question("value", _numbered(transactions=rows), ask, dirt)


def _numbered(**tables: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {name: rows.reset_index(drop=True) for name, rows in tables.items()}


def _moments(column: pd.Series) -> pd.Series:
    told = pd.to_datetime(column, format="mixed")
    return told.dt.tz_localize(None) if told.dt.tz is not None else told


def _all(rows: pd.DataFrame) -> NDArray[np.bool_]:
    return np.ones(len(rows), dtype=np.bool_)


def _is(rows: pd.DataFrame, column: str, value: str) -> NDArray[np.bool_]:
    return (rows[column] == value).to_numpy(dtype=np.bool_)


def _has_cost(rows: pd.DataFrame) -> NDArray[np.bool_]:
    return rows["cost"].notna().to_numpy(dtype=np.bool_)


def _has_service(rows: pd.DataFrame) -> NDArray[np.bool_]:
    return (rows["service_cost"] > 0).to_numpy(dtype=np.bool_)


def _changed(rows: pd.DataFrame, column: str, hit: Rows, value: float) -> pd.DataFrame:
    values = rows[column].to_numpy(np.float64, copy=True)
    values[hit] = value
    return rows.assign(**{column: values})


def _not_yet(rows: pd.DataFrame, hit: Rows, _luck: Luck) -> pd.DataFrame:
    return rows[~rows.index.isin(hit)]


def _twice(key: str | None) -> Callable[[pd.DataFrame, Rows, Luck], pd.DataFrame]:
    """Rows entered a second time, under another number where they have one."""

    def spoil(rows: pd.DataFrame, hit: Rows, _luck: Luck) -> pd.DataFrame:
        again = rows[rows.index.isin(hit)]
        if key is not None:
            again = again.assign(**{key: again[key].astype(str) + ANOTHER})
        return pd.concat([rows, again], ignore_index=True)

    return spoil
