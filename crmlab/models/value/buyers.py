"""Simulated buyers, whose parameters are known: for finding out what a model can find out.

They do what BG/NBD and gamma-gamma assume (see there): buy at random moments at a rate of their
own, may become inactive after each purchase, and spend at random around a mean of their own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlab.errors import ModelError
from crmlab.models.value.bg_nbd import BgNbd
from crmlab.models.value.gamma_gamma import GammaGamma
from crmlab.text import gettext as _

WEEK = 7.0
BEGINS = pd.Timestamp("2024-01-01")


def simulated(
    customers: int,
    buying: BgNbd,
    spending: GammaGamma,
    *,
    weeks: float = 104.0,
    joining: float = 52.0,
    seed: int = 7,
) -> pd.DataFrame:
    """The purchases of buyers with chosen parameters.

    Args:
        customers: how many there are.
        buying: with a week as its unit; `spending`: p, q and v.
        weeks: how long they are watched from the first day on.
        joining: they make their first purchase at random within so many weeks.

    Returns:
        `customer_id`, `date` (with the hour; the first day is 1 January 2024) and `amount`, in
        the order of customers and time.

    Raises:
        ModelError: there is no customer, or no time.
    """
    if customers < 1 or not 0 <= joining < weeks:
        raise ModelError(_("There has to be a customer, and more time to watch than to join."))
    source = np.random.default_rng(seed)
    rate = source.gamma(buying.r, 1 / buying.alpha, customers)
    leaves = source.beta(buying.a, buying.b, customers)
    scale = source.gamma(spending.q, 1 / spending.v, customers)
    moment = source.uniform(0, joining, customers)
    active = np.arange(customers)  # whoever has just come is active
    who, when = [active], [moment.copy()]
    while len(active):
        moment[active] += source.exponential(1, len(active)) / rate[active]
        active = active[moment[active] <= weeks]
        who.append(active)
        when.append(moment[active])
        active = active[source.random(len(active)) >= leaves[active]]
    code, at = np.concatenate(who), np.concatenate(when)
    order = np.lexsort((at, code))
    code, at = code[order], at[order]
    amount = source.gamma(spending.p, 1 / scale[code])
    names = np.array([f"B-{number + 1:06d}" for number in range(customers)])
    days = pd.to_timedelta(at * WEEK, unit="D")
    return pd.DataFrame({"customer_id": names[code], "date": BEGINS + days, "amount": amount})
