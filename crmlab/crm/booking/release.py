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
from crmlab.crm.booking.draft import Draft
from crmlab.text import gettext as _

HELD, RELEASED = "held", "released"
"""What can be decided about an order that is more than the credit bears."""


def kept_here(draft: Draft, order: tables.Order, at: datetime) -> str | None:
    """Why an order may not leave at this moment; None if its credit lets it go.

    The sum, in which the customer's limit stands, is only for those who may see it.
    """
    if order.credit == HELD:
        said, (stands, amount) = _("The order {order} is held: {why}."), _checked(draft, order)
    else:
        stands, amount = beside(draft.session, order, at)
        if stands.bears(amount, draft.terms.overdue_allowed):
            return None
        if 0 < amount <= released_up_to(draft.session, order):
            return None
        said = _("The order {order} may not leave: {why}.")
    why = (
        _("{sum}; finance releases it, with a reason").format(sum=stands.sum_sentence(amount))
        if draft.terms.limits_shown
        else _(
            "the customer's credit does not cover it; ask finance, who can release it with a "
            "reason, and send it back to whoever entered it"
        )
    )
    return said.format(order=order.order_id, why=why)


def released_up_to(session: Session, order: tables.Order) -> Decimal:
    """The amount up to which somebody has let the order go; nothing if their latest word was to
    wait, or nobody has decided."""
    session.flush()
    latest = session.scalar(_DECIDED, {"order": order.order_id})
    return latest.order_amount if latest and latest.decision == RELEASED else Decimal("0.00")


def _checked(draft: Draft, order: tables.Order) -> tuple[CreditStanding, Decimal]:
    """How the credit stood when it was last looked at, and what the order was worth."""
    check = draft.session.scalar(_CHECKED, {"order": order.order_id})
    if check is None:
        return beside(draft.session, order, order.ordered_at)
    stood = CreditStanding(
        check.credit_limit,
        check.receivables,
        check.open_orders,
        check.overdue_days,
        order.currency,
    )
    return stood, check.order_amount


# The statements are made once: making them takes longer than asking the database.
_CHECKED = (
    select(tables.CreditCheck)
    .where(tables.CreditCheck.order_id == bindparam("order"))
    .order_by(tables.CreditCheck.decided_at.desc(), tables.CreditCheck.check_id.desc())
    .limit(1)
)
_DECIDED = _CHECKED.where(tables.CreditCheck.decided_by.is_not(None))
"""What the CRM has found by itself (an order that came in is held, or clear) decides nothing."""
