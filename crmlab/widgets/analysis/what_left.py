"""What left the practice company, order by order: the records behind what complaints are held
against."""

from __future__ import annotations

import pandas as pd

from crmlab.intake.company import company_table


def orders_that_left(month: str = "", product: str = "") -> pd.DataFrame:
    """A row for each order that left us, in the order of time: as many as the exposure counts.

    Args:
        month: those of this month, `2025-09`; by default of all months.
        product: those that had this product in them, with its batches and pieces alone; by default
            all of them, with all that was in them.
    """
    orders = company_table("orders").dropna(subset="shipped_at")
    if month:
        orders = orders[orders["shipped_at"].dt.strftime("%Y-%m") == month]
    lines = company_table("order_lines")
    if product:
        lines = lines[lines["product_id"] == product]
    lines = lines[lines["order_id"].isin(orders["order_id"])]
    # With all that was in an order, its batches are a long list that says the products once more.
    named = ["product_id", "batch_no"] if product else ["product_id"]
    told = orders[orders["order_id"].isin(lines["order_id"])].set_index("order_id")
    told = told[["customer_id", "shipped_at"]]
    for column in named:
        told[column] = _named(lines, column)
    told["quantity"] = lines.groupby("order_id")["quantity"].sum()
    return told.sort_values("shipped_at").reset_index()


def _named(lines: pd.DataFrame, column: str) -> pd.Series:
    """What the lines of each order name in a column, each name once."""
    names = lines[["order_id", column]].dropna().drop_duplicates().sort_values(column)
    return names.groupby("order_id")[column].agg(", ".join)
