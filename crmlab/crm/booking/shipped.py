"""What has left us of an order, and what it is worth."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crmlab.crm import tables


def lines_of(session: Session, order_id: str) -> list[tables.OrderLine]:
    """The lines of an order, by their key."""
    query = select(tables.OrderLine).where(tables.OrderLine.order_id == order_id)
    return list(session.scalars(query.order_by(tables.OrderLine.line_id)))


def shipped_of(session: Session, line: tables.OrderLine, *, without: str = "") -> int:
    """How many pieces of a line have left us, not counting one of its shipment lines.

    An order that left before shipments were recorded left as a whole.
    """
    order = session.get_one(tables.Order, line.order_id)
    if order.shipped_at is not None and not _shipments_are_recorded(session, order):
        return line.quantity
    parts = tables.ShipmentLine
    left = select(func.coalesce(func.sum(parts.quantity), 0)).where(
        parts.line_id == line.line_id, parts.shipment_line_id != without
    )
    return int(session.scalar(left) or 0)


def all_has_left(session: Session, order: tables.Order) -> bool:
    """Whether nothing of the order is still here."""
    lines = lines_of(session, order.order_id)
    return bool(lines) and all(shipped_of(session, line) >= line.quantity for line in lines)


def value_shipped(session: Session, order_id: str) -> Decimal:
    """What has left us of an order, at the prices ordered."""
    return sum(
        (shipped_of(session, line) * line.unit_price for line in lines_of(session, order_id)),
        Decimal("0.00"),
    )


def _shipments_are_recorded(session: Session, order: tables.Order) -> bool:
    shipments = select(tables.Shipment.shipment_id).where(
        tables.Shipment.order_id == order.order_id
    )
    return session.scalar(shipments.limit(1)) is not None
