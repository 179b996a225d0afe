"""What a customer's contribution would be, had something been agreed otherwise.

1. The past is worked out again with the dials turned: the same orders, the same complaints but
   fewer of them. Nobody buys more or less because of it; that is for you to judge.
2. Orders whose charge is not accepted are served as before, and bring no charge.
3. Discount that is taken back is taken back on all sales of the customer alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmlab.errors import ModelError
from crmlab.models.contribution.by_customer import Contribution
from crmlab.text import gettext as _

PARTS = (
    "revenue",
    "cost",
    "discount",
    "complaint_cost",
    "service_cost",
    "effort",
    "credit_cost",
    "express_orders",
)
"""What the dials read of each customer."""


@dataclass(frozen=True)
class Turn:
    """How the dials stand; as they are here, nothing is changed.

    Attributes:
        customer: whom it is about; all of them without one.
        charge: money for each express order.
        accepted: the share of express orders that pay it, 0 to 1.
        complaints_left: the share of complaints that still come, 0 to 1; 0.5 halves them.
        discount_left: the share of the discount that is still given, 0 to 1.
    """

    customer: str | None = None
    charge: float = 0.0
    accepted: float = 1.0
    complaints_left: float = 1.0
    discount_left: float = 1.0


@dataclass(frozen=True)
class Turned:
    """What would be left.

    Attributes:
        before, after: the contribution of those whom it is about.
        total, loss_making: of all customers, after.
        express_orders: how many orders the charge is for.
        to_cover: how many of them must accept the charge so that it pays for the express service.
        to_break_even: how many must accept it so that those whom it is about cost us nothing any
            more, with the other dials as they stand; 0 if they do not anyway.
            Both are None where all of them together would not be enough.
        each: the contribution of each customer, in the order of the contribution's `each`.
        steps: what `after` is made of, each with its sign: `margin` (sales less goods), `discount`
            that is taken back, `charge`, `complaint_cost`, `service_cost`, `effort`, `credit_cost`.
    """

    before: float
    after: float
    total: float
    loss_making: int
    express_orders: int
    to_cover: int | None
    to_break_even: int | None
    each: NDArray[np.float64]
    steps: dict[str, float]


def turned(found: Contribution, turn: Turn) -> Turned:
    """What customers would bring with the dials turned.

    Raises:
        ModelError: nobody of that number has bought, or a dial is out of its range.
    """
    shares = (turn.accepted, turn.complaints_left, turn.discount_left)
    if turn.charge < 0 or not all(0 <= share <= 1 for share in shares):
        raise ModelError(_("A charge is not below zero, and a share lies between 0 and 1."))
    own = found.each["contribution"].to_numpy()
    about = _about(found.each, turn.customer)
    their = {name: found.each[name].to_numpy()[about] for name in PARTS}
    back = (1 - turn.discount_left) * their["discount"]
    saved = (1 - turn.complaints_left) * their["complaint_cost"] + back
    paid = turn.charge * turn.accepted * their["express_orders"]
    after = own.copy()
    after[about] += saved + paid
    sums = {name: float(values.sum()) for name, values in their.items()}
    lacking = -float((own[about] + saved).sum())
    orders = int(sums["express_orders"])
    return Turned(
        float(own[about].sum()),
        float(after[about].sum()),
        float(after.sum()),
        # A fen less than nothing may be left over from the adding of shares.
        int((after < -0.005).sum()),
        orders,
        _needed(sums["service_cost"], turn.charge, orders),
        _needed(lacking, turn.charge, orders),
        after,
        {
            "margin": sums["revenue"] - sums["cost"],
            "discount": float(back.sum()),
            "charge": float(paid.sum()),
            "complaint_cost": -turn.complaints_left * sums["complaint_cost"],
            "service_cost": -sums["service_cost"],
            "effort": -sums["effort"],
            "credit_cost": -sums["credit_cost"],
        },
    )


def _about(each: pd.DataFrame, customer: str | None) -> NDArray[np.intp]:
    if customer is None:
        return np.arange(len(each))
    if customer not in each.index:
        raise ModelError(
            _("Nobody called {customer} has bought anything in this file.").format(
                customer=customer
            )
        )
    return np.array([each.index.get_loc(customer)], dtype=np.intp)


def _needed(sum_: float, charge: float, orders: int) -> int | None:
    """How many orders bring a sum at so much each."""
    if sum_ <= 0:
        return 0
    if charge * orders < sum_:
        return None
    return int(np.ceil(round(sum_ / charge, 9)))
