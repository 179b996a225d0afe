"""What has left us of an order, and what it is worth."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from crmlab.crm import tables

# The statements are made once: making them takes longer than asking the database.
_LEFT = (
    select(func.coalesce(func.sum(tables.ShipmentLine.quantity), 0))
    .where(
        tables.ShipmentLine.line_id == tables.OrderLine.line_id,
        tables.ShipmentLine.shipment_line_id != bindparam("without"),
    )
    .scalar_subquery()
)
_RECORDED = exists().where(tables.Shipment.order_id == tables.OrderLine.order_id)
_LINES = (
    select(tables.OrderLine, _LEFT, _RECORDED)
    .where(tables.OrderLine.order_id == bindparam("order"))
    .order_by(tables.OrderLine.line_id)
)


def shipped_by_line(
    session: Session, order_id: str, *, without: str = ""
) -> list[tuple[tables.OrderLine, int]]:
    """The lines of an order by their key, each with how many pieces of it have left us.

    An order that left before shipments were recorded left as a whole.

    Args:
        without: leave out this shipment line.
    """
    order = session.get_one(tables.Order, order_id)
    found = session.execute(_LINES, {"order": order_id, "without": without})
    return [
        (line, int(left) if recorded or order.shipped_at is None else line.quantity)
        for line, left, recorded in found
    ]


def shipped_of(session: Session, line: tables.OrderLine, *, without: str = "") -> int:
    """How many pieces of a line have left us, not counting one of its shipment lines."""
    return dict(shipped_by_line(session, line.order_id, without=without))[line]


def all_has_left(session: Session, order: tables.Order) -> bool:
    """Whether nothing of the order is still here."""
    lines = shipped_by_line(session, order.order_id)
    return bool(lines) and all(left >= line.quantity for line, left in lines)


def value_shipped(session: Session, order_id: str) -> Decimal:
    """What has left us of an order, at the prices ordered."""
    lines = shipped_by_line(session, order_id)
    return sum((left * line.unit_price for line, left in lines), Decimal("0.00"))
