"""The next number of a kind of record: `SO-30001`, `IN-30017`, `CU-031`.

The last number given is kept in the CRM, so that none is given twice. A number that somebody
else has put in (the start set, a company made from a seed, an import) is passed over.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, cast, func, select
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.sql import ask
from crmlab.crm.store.audit import made_so_far
from crmlab.crm.tables import Base


@dataclass(frozen=True)
class Series:
    """How the numbers of a kind are written, and the first of them where none exists yet."""

    table: type[Base]
    prefix: str
    digits: int
    first: int

    def written(self, number: int) -> str:
        """The number with its prefix, as it is read aloud."""
        return f"{self.prefix}{number:0{self.digits}d}"


SERIES: dict[str, Series] = {
    "customer": Series(tables.Customer, "CU-", 3, 1),
    "user": Series(tables.User, "U-", 2, 1),
    "price_list": Series(tables.PriceList, "PL-", 3, 1),
    "complaint": Series(tables.Complaint, "C-", 4, 3001),
    "opportunity": Series(tables.Opportunity, "L-", 4, 3001),
    "quote": Series(tables.Quote, "QU-", 5, 30001),
    "approval": Series(tables.Approval, "AP-", 5, 30001),
    "order": Series(tables.Order, "SO-", 5, 30001),
    "credit_check": Series(tables.CreditCheck, "CC-", 5, 30001),
    "shipment": Series(tables.Shipment, "SH-", 5, 30001),
    "invoice": Series(tables.Invoice, "IN-", 5, 30001),
    "payment": Series(tables.Payment, "PA-", 5, 30001),
    "proposal": Series(tables.Proposal, "PP-", 4, 1001),
}
"""The kinds that are numbered. Products and batches are not: people give them their codes."""

# The statements are made once: making them takes longer than asking the database.
_TAKEN = {
    kind: select(key).where(key == bindparam("key"))
    for kind, series in SERIES.items()
    for key in series.table.__mapper__.primary_key
}


def next_number(session: Session, kind: str) -> str:
    """The next number of this kind, taken within the caller's transaction.

    Whoever writes is alone in the sandbox until then, so nobody else can be given the same one.

    Raises:
        KeyError: records of this kind are not numbered; see `SERIES`.
    """
    series = SERIES[kind]
    counter = session.get(tables.Counter, kind)
    if counter is None:
        counter = tables.Counter(
            kind=kind, last=max(_last_in_order(session, series), series.first - 1)
        )
        session.add(counter)
    counter.last += 1
    with session.no_autoflush:  # it is written together with the record
        taken = ask(session, _TAKEN[kind], {"key": series.written(counter.last)})
    if taken:
        counter.last = _highest(session, series) + 1
    return series.written(counter.last)


def next_line(session: Session, table: type[Base], parent_column: str, parent: str) -> str:
    """The next number of a line of this order, quote or shipment: `SO-30001-2`."""
    mapper = table.__mapper__
    key, of = mapper.primary_key[0], mapper.columns[parent_column]
    (of_parent,) = of.foreign_keys
    if parent in made_so_far(session, str(of_parent.column.table)):  # so all its lines were, too
        lines = made_so_far(session, table.__tablename__).values()
        taken = {str(line[str(key.key)]) for line in lines if line[parent_column] == parent}
    else:
        taken = set(session.scalars(select(key).where(of == parent)))
    number = len(taken) + 1
    while f"{parent}-{number}" in taken:
        number += 1
    return f"{parent}-{number}"


def free_key(session: Session, table: type[Base], wanted: str) -> str:
    """The key itself, or, where it is in use, the same with the first free number behind it."""
    tried = (f"{wanted}-{number}" for number in itertools.count(2))
    return next(key for key in itertools.chain([wanted], tried) if session.get(table, key) is None)


def _last_in_order(session: Session, series: Series) -> int:
    """The last number of the series in the order of its keys, found by their index.

    It is the highest as long as all have the same length; who takes the next one looks whether
    it is free.
    """
    key = series.table.__mapper__.primary_key[0]
    query = select(key).where(key >= series.prefix, key < f"{series.prefix}\U0010ffff")
    last = session.scalar(query.order_by(key.desc()).limit(1)) or ""
    number = re.fullmatch(re.escape(series.prefix) + r"(\d{1,15})", last)
    return int(number.group(1)) if number else _highest(session, series)


def _highest(session: Session, series: Series) -> int:
    """The highest number of the series that is in use; zero if none is. It reads every key."""
    key = series.table.__mapper__.primary_key[0]
    number = func.substr(key, len(series.prefix) + 1)
    query = select(func.max(cast(number, BigInteger))).where(
        func.substr(key, 1, len(series.prefix)) == series.prefix,
        func.ltrim(number, "0123456789") == "",
        func.length(number).between(1, 15),
    )
    return session.scalar(query) or 0
