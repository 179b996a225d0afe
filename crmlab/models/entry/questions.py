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

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.complaints import counting
from crmlab.models.complaints.rate import chart_of
from crmlab.models.complaints.reading import PER, days_of, left_of, name_of
from crmlab.models.contribution.by_customer import contribution
from crmlab.models.entry.dirt import (
    ANOTHER,
    NO,
    ROW,
    UNSAID,
    YES,
    Answer,
    Columns,
    Luck,
    Question,
    Rows,
    Spoiling,
)
from crmlab.models.funnel.columns import LOST, OPEN, WON
from crmlab.models.funnel.histories import histories
from crmlab.models.funnel.preparing import weighted_open_amount
from crmlab.models.value import lifetime
from crmlab.models.value.lifetime import lifetime_value
from crmlab.text import gettext as _

TARGET, COSTLY, BEARABLE, PRICE = 3_000_000, "CU-095", 500_000, 25_000
"""What is asked about the practice company, if nobody asks otherwise: a target, a customer and what
we can bear to lose on them, what it costs to keep one. The words of the questions say them too."""

BLOCKED_AT_MOST = 0.05
"""The share of a customer's sales that may lack a cost before the figure is not relied upon."""

LATELY = pd.Timedelta(days=60)
"""How far back it goes that something was won or lost and is not entered as such."""

LATER_DAYS = 30
"""How much later a purchase is entered, and with the day of its entry."""

Tables = Mapping[str, Columns]


def about_funnel(
    opportunities: pd.DataFrame, stages: Sequence[str], *, target: float = TARGET
) -> Question:
    """Is the target covered by what is open?"""
    order = [name for name in stages if name != WON]
    last, won_at = len(order) - 1, len(order)
    known = histories(opportunities, order)
    outcomes = (OPEN, WON, LOST)
    columns: Columns = {
        ROW: known.row,
        "stage": known.place,
        "outcome": np.select([known.won, known.lost], [1, 2], 0),
        "amount": known.amounts,
    }

    def ask(tables: Tables) -> Answer:
        rows = tables["opportunities"]
        spoiled = replace(
            known,
            row=rows[ROW],
            place=rows["stage"],
            won=rows["outcome"] == 1,
            lost=rows["outcome"] == 2,
            amounts=rows["amount"],
        )
        figure = weighted_open_amount(spoiled)
        return Answer(figure, YES if figure >= target else NO, target)

    def reopen(rows: Columns, hit: Rows, _luck: Luck) -> Columns:
        here = _lines(rows, hit)
        stage = np.where(here & (rows["stage"] == won_at), last, rows["stage"])
        return rows | {"outcome": np.where(here, 0, rows["outcome"]), "stage": stage}

    def move_on(rows: Columns, hit: Rows, _luck: Luck) -> Columns:
        further = np.minimum(rows["stage"] + 1, last)
        return rows | {"stage": np.where(_lines(rows, hit), further, rows["stage"])}

    lately = known.closed > np.fmax.reduce(known.closed) - LATELY.to_timedelta64()
    dirt = {
        "late_entry": Spoiling("opportunities", lambda _rows: lately, reopen),
        "duplicates": Spoiling("opportunities", lambda rows: rows["outcome"] == 0, _twice),
        "wrong_stage": Spoiling("opportunities", lambda rows: rows["outcome"] != 1, move_on),
    }
    return Question(
        "funnel",
        _numbered(opportunities=opportunities),
        {"opportunities": columns},
        {"stage": (*order, WON), "outcome": outcomes},
        ask,
        dirt,
        {"opportunities": "opportunity_id"},
    )


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
    names = sorted({*rows["category"], category})
    headings = [names.index(name) for name in names if name]
    until = _days(day)
    orders = left_of(left, "orders").until(until)
    columns: Columns = {
        ROW: np.arange(len(rows)),
        "category": np.array([names.index(name) for name in rows["category"]], dtype=np.intp),
        "received_at": days_of(rows, "received_at"),
        "shipped_at": days_of(rows, "shipped_at"),
    }
    asked = names.index(category)

    def ask(tables: Tables) -> Answer:
        told = tables["complaints"]
        here = told["category"] == asked
        received, shipped = told["received_at"][here], told["shipped_at"][here]
        counted = counting.count_days(received, shipped, orders.months, until)
        periods = chart_of(counted, orders, PER["orders"])
        one = next(period for period in periods if period.period == month)
        return Answer(one.rate, YES if one.signal == "beyond" else NO, one.upper)

    def file_elsewhere(rows: Columns, hit: Rows, luck: Luck) -> Columns:
        filed = rows["category"].copy()
        for line in np.flatnonzero(_lines(rows, hit)):
            others = [place for place in headings if place != filed[line]]
            filed[line] = others[int(luck[rows[ROW][line]] * len(others))]
        return rows | {"category": filed}

    def not_yet(rows: Columns, hit: Rows, _luck: Luck) -> Columns:
        kept = ~_lines(rows, hit)
        return {name: values[kept] for name, values in rows.items()}

    dirt = {
        "late_entry": Spoiling("complaints", _all, not_yet),
        "duplicates": Spoiling("complaints", _all, _twice),
        "wrong_category": Spoiling("complaints", _all, file_elsewhere),
    }
    return Question(
        "complaints",
        _numbered(complaints=rows, exposure=left),
        {"complaints": columns},
        {"category": names},
        ask,
        dirt,
        {"complaints": "complaint_id"},
    )


def about_contribution(
    transactions: pd.DataFrame, *, customer: str = COSTLY, bearable: float = BEARABLE
) -> Question:
    """Do we negotiate again with a customer?

    Raises:
        ModelError: see `contribution`.
    """
    contribution(transactions)  # says what is wrong with the sales, if anything is
    columns: Columns = {
        ROW: np.arange(len(transactions)),
        "own": (transactions["customer_id"] == customer).to_numpy(dtype=np.bool_),
        **{name: _floats(transactions, name) for name in ("amount", "cost", "service_cost")},
    }

    def ask(tables: Tables) -> Answer:
        """As `contribution` works it out; it hangs on the customer's own lines alone."""
        rows = tables["transactions"]
        own = np.flatnonzero(rows["own"])
        amount, cost, service = (
            np.rint(rows[name][own] * 100) for name in ("amount", "cost", "service_cost")
        )
        counted = ~np.isnan(cost)
        left = amount - cost - np.nan_to_num(service)
        figure = float(left[counted].sum()) / 100
        if amount[~counted].sum() > BLOCKED_AT_MOST * amount.sum():
            return Answer(figure, UNSAID, -bearable)
        return Answer(figure, YES if figure < -bearable else NO, -bearable)

    def not_yet(rows: Columns, hit: Rows, _luck: Luck) -> Columns:
        return rows | {"service_cost": np.where(_lines(rows, hit), 0.0, rows["service_cost"])}

    def book_elsewhere(rows: Columns, hit: Rows, luck: Luck) -> Columns:
        service = rows["service_cost"].copy()
        moved = service[hit]
        service[hit] = 0.0
        np.add.at(service, (luck[hit] * len(service)).astype(np.intp), moved)
        return rows | {"service_cost": service}

    dirt = {
        "missing_cost": Spoiling("transactions", _has_cost, _forget),
        "wrong_category": Spoiling("transactions", _has_service, book_elsewhere),
        "late_entry": Spoiling("transactions", _has_service, not_yet),
        "duplicates": Spoiling("transactions", _all, _twice),
    }
    tables = _numbered(transactions=transactions)
    return Question("contribution", tables, {"transactions": columns}, {}, ask, dirt)


def about_value(transactions: pd.DataFrame, *, price: float = PRICE) -> Question:
    """Is it worth so much to keep a customer?

    Raises:
        ModelError: see `lifetime_value`.
    """
    rows = transactions.assign(date=_moments(transactions["date"]))
    truth = lifetime_value(rows[["customer_id", "date", "amount"]])
    last = _days(rows["date"].max())
    whose, names = pd.factorize(rows["customer_id"])
    columns: Columns = {
        ROW: np.arange(len(rows)),
        "customer_id": whose,
        "date": rows["date"].to_numpy(),
        "amount": _floats(rows, "amount"),
        "cost": _floats(rows, "cost"),
    }
    fitted: dict[int, float] = {}

    def spending(who: NDArray[np.intp], day: NDArray[np.int64], amount: Any) -> float:
        """What a customer will spend on average; fitted once for the same purchases."""
        same = hash(who.tobytes() + day.tobytes())
        if same not in fitted:
            fitted[same] = lifetime.mean_value(who, day, amount, last, like=truth)
        return fitted[same]

    def ask(tables: Tables) -> Answer:
        bought = tables["transactions"]
        margin = 1 - float(np.nansum(bought["cost"])) / float(bought["amount"].sum())
        day = bought["date"].astype("datetime64[D]").astype(np.int64)
        known = day <= last
        figure = margin * spending(
            bought["customer_id"][known], day[known], bought["amount"][known]
        )
        return Answer(figure, YES if figure >= price else NO, price)

    def delay(rows: Columns, hit: Rows, _luck: Luck) -> Columns:
        later = rows["date"] + np.timedelta64(LATER_DAYS, "D")
        return rows | {"date": np.where(_lines(rows, hit), later, rows["date"])}

    def under_another(rows: Columns, hit: Rows, luck: Luck) -> Columns:
        second = _lines(rows, hit) & (luck[rows[ROW]] < 0.5)
        other = rows["customer_id"] + len(names)
        return rows | {"customer_id": np.where(second, other, rows["customer_id"])}

    dirt = {
        "missing_cost": Spoiling("transactions", _has_cost, _forget),
        "late_entry": Spoiling("transactions", _all, delay),
        "duplicates": Spoiling("transactions", _all, under_another, together="customer_id"),
    }
    told = [*names, *(f"{name}{ANOTHER}" for name in names)]
    tables = _numbered(transactions=rows)
    return Question("value", tables, {"transactions": columns}, {"customer_id": told}, ask, dirt)


def _numbered(**tables: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {name: rows.reset_index(drop=True) for name, rows in tables.items()}


def _moments(column: pd.Series) -> pd.Series:
    told = pd.to_datetime(column, format="mixed")
    return told.dt.tz_localize(None) if told.dt.tz is not None else told


def _days(moment: pd.Timestamp) -> int:
    """The days from 1 January 1970 to that of a moment."""
    return int(np.datetime64(moment, "D").astype(np.int64))


def _floats(rows: pd.DataFrame, column: str) -> NDArray[np.float64]:
    return pd.to_numeric(rows[column]).to_numpy(dtype=np.float64, na_value=np.nan)


def _lines(rows: Columns, hit: Rows) -> NDArray[np.bool_]:
    """Which lines are those of these records."""
    told = np.zeros(int(rows[ROW].max(initial=-1)) + 1, dtype=np.bool_)
    told[hit[hit < len(told)]] = True
    return told[rows[ROW]]


def _all(rows: Columns) -> NDArray[np.bool_]:
    return np.ones(len(rows[ROW]), dtype=np.bool_)


def _has_cost(rows: Columns) -> NDArray[np.bool_]:
    return ~np.isnan(rows["cost"])


def _has_service(rows: Columns) -> NDArray[np.bool_]:
    return rows["service_cost"] > 0


def _forget(rows: Columns, hit: Rows, _luck: Luck) -> Columns:
    return rows | {"cost": np.where(_lines(rows, hit), np.nan, rows["cost"])}


def _twice(rows: Columns, hit: Rows, _luck: Luck) -> Columns:
    """Records entered a second time, with whatever is wrong in them."""
    again = np.flatnonzero(_lines(rows, hit))
    return {name: np.concatenate([values, values[again]]) for name, values in rows.items()}
