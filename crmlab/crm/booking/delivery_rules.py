"""What must hold of deliveries, and what they do: nothing leaves twice, held, blocked or made up.

The order and its lines say when they left and from which batch; that is kept in step here, and
so is what is in stock.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.booking.draft import Draft
from crmlab.crm.booking.order_rules import of_another_product
from crmlab.crm.booking.release import kept_here
from crmlab.crm.booking.shipped import all_has_left, shipped_of
from crmlab.crm.columns import day_of
from crmlab.text import gettext as _
from crmlab.text import show_day


def _shipment(draft: Draft) -> None:
    order = draft.named(tables.Order, "order_id")
    draft.follows("customer_id", order, _("The order is from {there}, not from {here}."))
    if order is None:
        return
    draft.derive("address", order.address)
    draft.must_not_come_before(
        "shipped_at",
        order.ordered_at,
        _("It was ordered on {there}, so it did not leave on {here}."),
    )
    if draft.changes("order_id"):
        draft.refuse("order_id", _("A shipment stays with its order; record another one."))
    if draft.is_new:
        _may_leave(draft, order)


def _may_leave(draft: Draft, order: tables.Order) -> None:
    if order.shipped_at is not None and all_has_left(draft.session, order):
        draft.refuse(
            "order_id",
            _("{order} left us on {day} already; nothing ships twice.").format(
                order=order.order_id, day=show_day(day_of(order.shipped_at).isoformat())
            ),
        )
    elif order.invoiced_at is not None:
        draft.refuse(
            "order_id",
            _("{order} is invoiced already; what comes later is an order of its own.").format(
                order=order.order_id
            ),
        )
    elif (at := draft.will_be("shipped_at")) and (why := kept_here(draft, order, at)):
        draft.refuse("order_id", why)


def _shipment_line(draft: Draft) -> None:
    draft.must_be_positive("quantity")
    line = draft.named(tables.OrderLine, "line_id")
    shipment = draft.named(tables.Shipment, "shipment_id")
    draft.follows("customer_id", shipment, _("The order is from {there}, not from {here}."))
    if line is None or shipment is None:
        return
    if line.order_id != shipment.order_id:
        draft.refuse(
            "line_id",
            _("{line} is not of the order {order} that this shipment is for.").format(
                line=line.line_id, order=shipment.order_id
            ),
        )
    order = draft.session.get_one(tables.Order, line.order_id)
    moved = draft.changes("quantity") or draft.changes("line_id") or draft.changes("shipment_id")
    if (draft.is_new or moved) and order.invoiced_at is not None:
        draft.refuse(
            "quantity",
            _("{order} is invoiced already, so what left of it stays as it was.").format(
                order=line.order_id
            ),
        )
    elif _takes_more(draft) and (why := kept_here(draft, order, shipment.shipped_at)):
        draft.refuse("line_id", why)
    _no_more_than_ordered(draft, line)
    _from_the_batch(draft, line, shipment)


def _takes_more(draft: Draft) -> bool:
    """Whether more leaves with this line than before; a batch or a number put right is none."""
    part = draft.row
    if not isinstance(part, tables.ShipmentLine) or draft.changes("line_id"):
        return True
    quantity = draft.will_be("quantity")
    return quantity is not None and quantity > part.quantity


def _no_more_than_ordered(draft: Draft, line: tables.OrderLine) -> None:
    quantity = draft.will_be("quantity")
    gone = draft.found["gone"] = shipped_of(draft.session, line, without=draft.key)
    if quantity is None or quantity <= line.quantity - gone:
        return
    draft.refuse(
        "quantity",
        _(
            "{ordered} were ordered and {gone} have left already, so at most {n} can leave now."
        ).format(ordered=line.quantity, gone=gone, n=line.quantity - gone)
        if gone
        else _("{n} were ordered; no more than that can leave.").format(n=line.quantity),
    )


def _from_the_batch(draft: Draft, line: tables.OrderLine, shipment: tables.Shipment) -> None:
    """Goods come from a batch that is there. Nobody has to write down which; that is a slip."""
    batch, quantity = draft.named(tables.Batch, "batch_no"), draft.will_be("quantity")
    if batch is None:
        return
    part = draft.row
    had = part.quantity if isinstance(part, tables.ShipmentLine) else 0  # it has left already
    had = 0 if draft.changes("batch_no") else had
    takes_more = quantity is not None and quantity > had
    if batch.product_id != line.product_id:
        draft.refuse("batch_no", of_another_product(batch))
    elif batch.blocked and takes_more:
        draft.refuse(
            "batch_no",
            _("Batch {batch} is blocked and stays here; choose another one.").format(
                batch=batch.batch_no
            ),
        )
    elif batch.made_on > day_of(shipment.shipped_at):
        draft.refuse(
            "batch_no",
            _("Batch {batch} was made on {day}, after the goods left; look at the label.").format(
                batch=batch.batch_no, day=show_day(batch.made_on.isoformat())
            ),
        )
    elif takes_more and quantity > batch.in_stock + had:
        draft.refuse(
            "batch_no",
            _("There are {stock} of batch {batch} in stock, not {n}.").format(
                stock=batch.in_stock + had, batch=batch.batch_no, n=quantity
            ),
        )


def _has_shipped(draft: Draft) -> None:
    """The order says when the last of it left."""
    order = draft.named(tables.Order, "order_id")
    assert order is not None  # or it would have been refused
    if not draft.before:
        moments = [order.shipped_at, draft.will_be("shipped_at")]
    else:  # it may have been the last one, and is so no more
        of_it = tables.Shipment.order_id == order.order_id
        moments = list(draft.session.scalars(select(tables.Shipment.shipped_at).where(of_it)))
    order.shipped_at = max(moment for moment in moments if moment is not None)


def _has_left_stock(draft: Draft) -> None:
    """What left is no longer in stock; what a line said before it was corrected is given back."""
    for batch_no, pieces in (
        (draft.before.get("batch_no"), draft.before.get("quantity", 0)),
        (draft.will_be("batch_no"), -draft.will_be("quantity")),
    ):
        if batch_no is not None:
            draft.session.get_one(tables.Batch, batch_no).in_stock += pieces
    if not draft.before and not draft.found["gone"]:  # the first that leaves is the last so far
        line = draft.session.get_one(tables.OrderLine, draft.will_be("line_id"))
        line.batch_no = draft.will_be("batch_no")
        return
    for line_id in {draft.before.get("line_id"), draft.will_be("line_id")} - {None}:
        _say_batch(draft.session, str(line_id))


def _say_batch(session: Session, line_id: str) -> None:
    """The order line says which batch the last of it was picked from."""
    parts = tables.ShipmentLine
    last = (
        select(parts.batch_no)
        .join(tables.Shipment, tables.Shipment.shipment_id == parts.shipment_id)
        .where(parts.line_id == line_id)
        .order_by(tables.Shipment.shipped_at.desc(), parts.shipment_line_id.desc())
    )
    session.get_one(tables.OrderLine, line_id).batch_no = session.scalar(last.limit(1))


RULES: dict[str, Callable[[Draft], None]] = {
    "shipment": _shipment,
    "shipment_line": _shipment_line,
}
"""By kind of record."""

EFFECTS: dict[str, Callable[[Draft], None]] = {
    "shipment": _has_shipped,
    "shipment_line": _has_left_stock,
}
"""By kind of record: what happens to others when it is written."""
