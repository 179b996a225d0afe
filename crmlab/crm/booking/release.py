"""May an order leave, as the customer's credit stands when the goods are to go?

Credit is looked at when an order comes in, and again here: meanwhile a limit can have been
lowered, another order has come, or an invoice has not been paid. What finance has released may
leave all the same, up to the amount that they have released.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.booking.credit import CreditStanding, beside
from crmlab.text import gettext as _

HELD, RELEASED = "held", "released"
"""What can be decided about an order that is more than the credit bears."""


def kept_here(session: Session, order: tables.Order, at: datetime) -> str | None:
    """Why an order may not leave at this moment, with the sum; None if its credit lets it go."""
    if order.credit == HELD:
        return held_sentence(session, order)
    stands, amount = beside(session, order, at)
    if stands.bears(amount) or 0 < amount <= released_up_to(session, order):
        return None
    return _("The order {order} may not leave: {sum}; finance releases it, with a reason.").format(
        order=order.order_id, sum=stands.sum_sentence(amount)
    )


def released_up_to(session: Session, order: tables.Order) -> Decimal:
    """The amount up to which somebody has let the order go; nothing if their latest word was to
    wait, or nobody has decided."""
    session.flush()
    latest = session.scalar(_DECIDED, {"order": order.order_id})
    return latest.order_amount if latest and latest.decision == RELEASED else Decimal("0.00")


def held_sentence(session: Session, order: tables.Order) -> str:
    """Why an order is held, with the sum as it was when it was checked."""
    check = session.scalar(_CHECKED, {"order": order.order_id})
    if check is not None:
        amount = check.order_amount
        stood = CreditStanding(
            check.credit_limit,
            check.receivables,
            check.open_orders,
            check.overdue_days,
            order.currency,
        )
    else:
        stood, amount = beside(session, order, order.ordered_at)
    return _("The order {order} is held: {sum}; finance releases it.").format(
        order=order.order_id, sum=stood.sum_sentence(amount)
    )


# The statements are made once: making them takes longer than asking the database.
_CHECKED = (
    select(tables.CreditCheck)
    .where(tables.CreditCheck.order_id == bindparam("order"))
    .order_by(tables.CreditCheck.decided_at.desc(), tables.CreditCheck.check_id.desc())
    .limit(1)
)
_DECIDED = _CHECKED.where(tables.CreditCheck.decided_by.is_not(None))
"""What the CRM has found by itself (an order that came in is held, or clear) decides nothing."""
