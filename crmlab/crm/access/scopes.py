"""Which rows are within whose scope: the one place where a scope becomes a condition.

Every way of reading goes through `visible` or `scoped`: lists, single records, search, timeline,
reports, exports, and the pick lists of forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    false,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import True_

from crmlab.crm import tables
from crmlab.crm.access.permissions import Scope, Who, permissions
from crmlab.crm.records import KINDS
from crmlab.crm.sql import unindexed
from crmlab.crm.tables import Base

S = TypeVar("S", bound=Select[Any])

EVERYBODY = "everybody"
"""What belongs to no customer is there for everybody."""


@dataclass(frozen=True)
class Way:
    """How a record leads to the customer it belongs to.

    Attributes:
        column: the column to go by.
        to: the table that it leads to; the customer's by default.
        without: whose it is when the column is empty: `everybody`, or the user in this column.
    """

    column: str
    to: type[Base] = tables.Customer
    without: str | None = None


WAYS: dict[type[Base], Way] = {
    tables.CustomerCode: Way("customer_id"),
    tables.PriceList: Way("customer_id", without=EVERYBODY),
    tables.Price: Way("price_list_id", tables.PriceList),
    tables.Opportunity: Way("customer_id", without="owner"),
    tables.StageEntry: Way("opportunity_id", tables.Opportunity),
    tables.Quote: Way("customer_id"),
    tables.QuoteLine: Way("customer_id"),
    tables.Approval: Way("customer_id"),
    tables.Order: Way("customer_id"),
    tables.OrderLine: Way("customer_id"),
    tables.CreditCheck: Way("customer_id"),
    tables.Shipment: Way("customer_id"),
    tables.ShipmentLine: Way("customer_id"),
    tables.Invoice: Way("customer_id"),
    tables.Payment: Way("customer_id"),
    tables.Complaint: Way("customer_id"),
    tables.Interaction: Way("customer_id"),
    tables.CaseRow: Way("customer_id", without="holder"),
    tables.Event: Way("case_id", tables.CaseRow),
    tables.Review: Way("proposal_id", tables.Proposal),
}
"""What belongs to a customer, and how. What is not here, nor a customer, is not scoped."""

ALL_KINDS: dict[str, type[Base]] = {
    **KINDS,
    "stage_entry": tables.StageEntry,
    "interaction": tables.Interaction,
    "case": tables.CaseRow,
    "event": tables.Event,
    "proposal": tables.Proposal,
    "review": tables.Review,
}
"""The kinds of record that can be scoped."""

FEW = 500
"""So many rows are soon gone through one by one, whatever is asked about them."""

BASE_DATA = ("customer", "product", "batch", "user", "customer_code", "price_list", "price")
"""What a proposal can be about."""


_CUSTOMER = aliased(tables.Customer)
_USER, _COLLEAGUE = aliased(tables.User), aliased(tables.User)
_USER_SEAT = aliased(tables.UserSeat)
_PARENT: dict[type[Base], Any] = {
    way.to: aliased(way.to) for way in WAYS.values() if way.to is not tables.Customer
}
# Names of their own within a condition, whatever the statement around it selects from. They are
# made once: making them takes longer than asking the database.


@lru_cache(maxsize=1_000)
def visible(kind: str, scope: Scope, who: Who) -> ColumnElement[bool]:
    """The condition on the table of this kind under which a row is within the scope.

    It suits a look at one row, and rows in the order of their keys; `keys_within` suits a small
    share of a large table. It is made once for a person: a search puts it into nine statements.
    """
    if scope is Scope.NONE:
        return false()
    if scope is Scope.ALL:
        return true()
    return _belongs(ALL_KINDS[kind], ALL_KINDS[kind], scope, who)


def scoped(statement: S, kind: str, who: Who, operation: str = "see") -> S:
    """The statement, with only what this person may see; nothing if they do not sit there."""
    sits = exists().where(_USER_SEAT.user_id == who.user_id, _USER_SEAT.seat == who.seat)
    return statement.where(sits, within_reach(kind, who, operation))


def within_reach(kind: str, who: Who, operation: str = "see") -> ColumnElement[bool]:
    """The condition under which somebody in this seat may do this with a row of this kind."""
    return visible(kind, permissions().scope(who.seat, operation), who)


def may_see(session: Session, who: Who, kind: str, key: str) -> bool:
    """Whether this person in this seat may see this record."""
    query = select(literal(1)).where(key_of(kind) == key)
    return session.scalar(scoped(query, kind, who)) is not None


def key_of(kind: str) -> Any:
    """The column that is the key of this kind of record."""
    entity = ALL_KINDS[kind]
    return getattr(entity, str(entity.__mapper__.primary_key[0].key))


def keys_within(kind: str, scope: Scope, who: Who) -> Select[Any]:
    """The keys of this kind within the scope, found from its customers on."""
    entity: Any = ALL_KINDS[kind]
    statement = select(key_of(kind)).correlate(None)  # it stands for itself wherever it is put
    if scope is Scope.NONE:
        return statement.where(false())
    if scope is Scope.ALL:
        return statement
    way = WAYS.get(entity)
    at: Any = entity
    while way is not None and way.to is not tables.Customer:
        parent = _PARENT[way.to]
        statement = statement.join(parent, getattr(at, way.column) == _key(parent, way.to))
        entity, at, way = way.to, parent, WAYS.get(way.to)
    return statement.where(_belongs(entity, at, scope, who, by_index=True))


def visible_now(session: Session, kind: str, scope: Scope, who: Who) -> ColumnElement[bool]:
    """The same condition as `visible`, as quick for a scope of few rows: it names them.

    Looking for a row in the order of the keys soon finds one that is within a large scope, but
    goes through the whole table for a small one.
    """
    reach = visible(kind, scope, who)
    if isinstance(reach, True_):
        return reach
    keys = list(session.scalars(keys_within(kind, scope, who).limit(FEW + 1)))
    return key_of(kind).in_(keys) if len(keys) <= FEW else reach


def customers_within(scope: Scope, who: Who) -> Select[Any]:
    """The keys of the customers within a scope that is not all."""
    return select(_CUSTOMER.customer_id).where(_is_ones_own(_CUSTOMER, scope, who))


def _belongs(
    entity: type[Base], at: Any, scope: Scope, who: Who, *, by_index: bool = False
) -> ColumnElement[bool]:
    """The condition on a table, or on an alias `at` of it."""
    if entity is tables.Customer:
        return _is_ones_own(at, scope, who)
    if entity is tables.Proposal:
        return _proposal(at, scope, who)
    way = WAYS.get(entity)
    if way is None:
        return true()
    column = getattr(at, way.column)
    if way.to is not tables.Customer:
        parent = _PARENT[way.to]
        condition = _belongs(way.to, parent, scope, who, by_index=by_index)
        return exists().where(_key(parent, way.to) == column, condition)
    by = column if by_index else unindexed(column)
    theirs: ColumnElement[bool] = by.in_(customers_within(scope, who))
    if way.without is None:
        return theirs
    if way.without == EVERYBODY:
        return or_(column.is_(None), theirs)
    return or_(theirs, and_(column.is_(None), _is_ones_lead(getattr(at, way.without), scope, who)))


def _is_ones_own(customer: Any, scope: Scope, who: Who) -> ColumnElement[bool]:
    """Whether a customer is within a scope that is not all."""
    if scope is Scope.OWN:
        own: ColumnElement[bool] = customer.account_manager == who.user_id
        return own
    of_branch: ColumnElement[bool] = customer.branch == _branch(who)
    return of_branch


def _is_ones_lead(owner: Any, scope: Scope, who: Who) -> ColumnElement[bool]:
    """Whether what belongs to no customer is within the scope by its owner."""
    if scope is Scope.OWN:
        own: ColumnElement[bool] = owner == who.user_id
        return own
    colleagues = select(_COLLEAGUE.user_id).where(_COLLEAGUE.branch == _branch(who))
    of_branch: ColumnElement[bool] = owner.in_(colleagues)
    return of_branch


def _branch(who: Who) -> Any:
    return select(_USER.branch).where(_USER.user_id == who.user_id).scalar_subquery()


def _proposal(at: Any, scope: Scope, who: Who) -> ColumnElement[bool]:
    """A proposal is within the scope if the record is that it would change."""
    return or_(
        *(
            and_(at.record == kind, at.key.in_(keys_within(kind, scope, who)))
            if ALL_KINDS[kind] is tables.Customer or ALL_KINDS[kind] in WAYS
            else at.record == kind
            for kind in BASE_DATA
        )
    )


def _key(at: Any, entity: type[Base]) -> Any:
    return getattr(at, str(entity.__mapper__.primary_key[0].key))
