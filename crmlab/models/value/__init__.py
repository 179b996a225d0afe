"""Lifetime value: what the customers that we have will still bring.

Purchases to come by the BG/NBD model, what each is worth by the gamma-gamma model, both discounted
to today. Their assumptions stand in those modules, and how it is discounted in `prospects`; one
more is made here:

1. It looks some years ahead, by default one, and not to the end of time: what lies further off says
   more about the model than about the customers.

*Active*, *recency* and *repeat* are as in `crmlab.models.value.histories`.
"""

from crmlab.models.value.lifetime import (
    DISCOUNT,
    TENTHS,
    YEARS,
    Clv,
    Holdout,
    Value,
    draws_for,
    lifetime_value,
)

__all__ = [
    "DISCOUNT",
    "TENTHS",
    "YEARS",
    "Clv",
    "Holdout",
    "Value",
    "draws_for",
    "lifetime_value",
]
