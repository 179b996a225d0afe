"""What each table of the CRM has to say on a customer's timeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, and_, bindparam, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from crmlab.crm.booking.credit import CreditStanding
from crmlab.crm.labels import spoken
from crmlab.crm.tables import (
    Approval,
    CaseRow,
    Complaint,
    CreditCheck,
    Customer,
    Event,
    Interaction,
    Invoice,
    Opportunity,
    Order,
    Payment,
    Quote,
    Shipment,
    StageEntry,
)
from crmlab.procedures import Procedure, load, shipped
from crmlab.text import gettext as _
from crmlab.text import show_day


@dataclass(frozen=True)
class Said:
    """What an entry says, beside its moment and its record; seat and person if the record names
    them."""

    kind: str
    title: str
    note: str = ""
    seat: str | None = None
    user: str | None = None


@dataclass(frozen=True)
class Source:
    """A table that has something for the timeline.

    Attributes:
        record: the kind of record.
        at: the column of the moment; `key`: of the record.
        rows: the latest rows of a `customer`, from a moment (`since`) up to another (`until`),
            and up to a number (`most`); moment and key first.
        near: an index leads from the customer to the latest of them, so they are found at once.
        say: what a row says, with or without the credit limit.
        ending: the moment is that of the record's end, not of its making.
    """

    record: str
    at: InstrumentedAttribute[Any]
    key: InstrumentedAttribute[Any]
    rows: Select[Any]
    near: bool
    say: Callable[[Row[Any], bool], Said]
    ending: bool


def contact_word(channel: str) -> str:
    """What a contact with a customer is called."""
    titles = {
        "call": _("Call"),
        "message": _("Message"),
        "visit": _("Visit"),
        "comment": _("Comment"),
    }
    return titles.get(channel, channel)


def _contact(row: Row[Any], _limits: bool) -> Said:
    return Said(row.channel, contact_word(row.channel), row.note, row.seat)


def _stage(row: Row[Any], _limits: bool) -> Said:
    stage = _(_stage_name(row.stage))
    title = _("Opportunity {key}: {stage}").format(key=row.opportunity_id, stage=stage)
    return Said("stage", title, row.evidence or "", user=row.owner)


def _lost(row: Row[Any], _limits: bool) -> Said:
    title = _("Opportunity {key}: lost").format(key=row.opportunity_id)
    return Said("stage", title, user=row.owner)


def _step(row: Row[Any], _limits: bool) -> Said:
    title = (
        _("{case}, {step}: sent back") if row.lifecycle == "withdraw" else _("{case}, {step}: done")
    )
    step = _(_step_title(row.procedure, row.activity))
    return Said("step", title.format(case=row.case_id, step=step), "", row.resource)


def _quote(row: Row[Any], _limits: bool) -> Said:
    until = (
        _("valid until {day}").format(day=show_day(row.valid_until.isoformat()))
        if row.valid_until
        else ""
    )
    return Said("quote", _("Quote {key}").format(key=row.quote_id), until)


def _approval(row: Row[Any], _limits: bool) -> Said:
    titles = {
        "approved": _("Price of {quote} approved: {price}"),
        "refused": _("Price of {quote} refused: {price}"),
    }
    title = titles.get(row.decision, _("Price of {quote} decided: {price}"))
    price = spoken(row.unit_price, row.currency)
    return Said(
        "approval", title.format(quote=row.quote_id, price=price), row.reason or "", row.seat
    )


def _order(row: Row[Any], _limits: bool) -> Said:
    return Said("order", _("Order {key}").format(key=row.order_id))


def _credit(row: Row[Any], limits: bool) -> Said:
    titles = {
        "clear": _("Credit for order {order} is clear"),
        "held": _("Order {order} held for credit"),
        "released": _("Order {order} released"),
    }
    stood = CreditStanding(
        row.credit_limit, row.receivables, row.open_orders, row.overdue_days, row.currency
    )
    notes = [stood.sum_sentence(row.order_amount) if limits else "", row.reason or ""]
    return Said(
        "credit",
        titles.get(row.decision, _("Credit for order {order}")).format(order=row.order_id),
        "; ".join(note for note in notes if note),
        row.decided_by,
    )


def _shipment(row: Row[Any], _limits: bool) -> Said:
    title = _("Shipment {key} of order {order}").format(key=row.shipment_id, order=row.order_id)
    return Said("shipment", title, ", ".join(part for part in (row.carrier, row.address) if part))


def _invoice(row: Row[Any], _limits: bool) -> Said:
    title = _("Invoice {key}: {amount}").format(
        key=row.invoice_id, amount=spoken(row.amount, row.currency)
    )
    due = _("due on {day}").format(day=show_day(row.due_on.isoformat()))
    return Said("invoice", title, due)


def _payment(row: Row[Any], _limits: bool) -> Said:
    title = _("Payment for {invoice}: {amount}").format(
        invoice=row.invoice_id, amount=spoken(row.amount, row.currency)
    )
    return Said("payment", title)


def _received(row: Row[Any], _limits: bool) -> Said:
    title = _("Complaint {key} received").format(key=row.complaint_id)
    return Said("complaint", title, row.description or "")


def _settled(row: Row[Any], _limits: bool) -> Said:
    return Said("complaint", _("Complaint {key} closed").format(key=row.complaint_id))


@cache
def _step_title(procedure: str, step: str) -> str:
    """What a step is called; its name in words if its procedure is not a shipped one."""
    steps = _shipped(procedure).steps if procedure in shipped() else {}
    return steps[step].short if step in steps else _in_words(step)


@cache
def _stage_name(stage: str) -> str:
    """What a stage of the funnel is called; its name in words if no shipped procedure has it."""
    for procedure in shipped():
        if stage in _shipped(procedure).stages:
            return _shipped(procedure).stages[stage].name
    return _in_words(stage)


@cache
def _shipped(procedure: str) -> Procedure:
    return load(procedure)


def _in_words(name: str) -> str:
    return name.replace("_", " ").capitalize()


STRETCH = ("since", "until")


def _source(
    record: str,
    at: InstrumentedAttribute[Any],
    say: Callable[[Row[Any], bool], Said],
    *columns: InstrumentedAttribute[Any],
    where: ColumnElement[bool] | None = None,
    through: tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any]] | None = None,
    ends: InstrumentedAttribute[Any] | None = None,
    ending: bool = False,
) -> Source:
    """A source: the table of `at`, which names its customer, or does so `through` another.

    Where that other one says when it `ends`, nothing is looked for in those that ended earlier:
    a large customer has thousands of them.
    """
    entity: Any = at.class_
    key = getattr(entity, str(entity.__mapper__.primary_key[0].key))
    rows = select(at, key, *columns)
    owner = entity
    if through is not None:
        here, there = through
        owner = there.class_
        rows = rows.join(owner, here == there)
    if where is not None:
        rows = rows.where(where)
    # Written out, so that a server that plans once for all values knows that the stretch is long
    # and the page is short.
    since, until = (bindparam(name, type_=at.type, literal_execute=True) for name in STRETCH)
    most = bindparam("most", type_=Integer, literal_execute=True)
    if ends is not None:
        rows = rows.where(or_(ends.is_(None), ends >= since))
    rows = rows.where(owner.customer_id == bindparam("customer"), at >= since, at <= until)
    rows = rows.order_by(at.desc(), key.desc()).limit(most)
    return Source(record, at, key, rows, owner in (entity, Customer), say, ending)


_IS_LOST = and_(Opportunity.outcome == "lost", Opportunity.closed_at.is_not(None))

SOURCES = (
    _source(
        "interaction",
        Interaction.at,
        _contact,
        Interaction.channel,
        Interaction.note,
        Interaction.seat,
    ),
    _source(
        "stage_entry",
        StageEntry.entered_at,
        _stage,
        StageEntry.opportunity_id,
        StageEntry.stage,
        StageEntry.evidence,
        StageEntry.owner,
        through=(StageEntry.opportunity_id, Opportunity.opportunity_id),
        ends=Opportunity.closed_at,
    ),
    _source(
        "opportunity",
        Opportunity.closed_at,
        _lost,
        Opportunity.owner,
        where=_IS_LOST,
        ending=True,
    ),
    _source("quote", Quote.quoted_at, _quote, Quote.valid_until),
    _source(
        "approval",
        Approval.decided_at,
        _approval,
        Approval.quote_id,
        Approval.decision,
        Approval.unit_price,
        Approval.reason,
        Approval.seat,
        Customer.currency,
        through=(Approval.customer_id, Customer.customer_id),
    ),
    _source("order", Order.ordered_at, _order),
    _source(
        "credit_check",
        CreditCheck.decided_at,
        _credit,
        CreditCheck.order_id,
        CreditCheck.decision,
        CreditCheck.credit_limit,
        CreditCheck.receivables,
        CreditCheck.open_orders,
        CreditCheck.overdue_days,
        CreditCheck.order_amount,
        CreditCheck.reason,
        CreditCheck.decided_by,
        Customer.currency,
        through=(CreditCheck.customer_id, Customer.customer_id),
    ),
    _source(
        "shipment",
        Shipment.shipped_at,
        _shipment,
        Shipment.order_id,
        Shipment.carrier,
        Shipment.address,
    ),
    _source(
        "invoice",
        Invoice.invoiced_at,
        _invoice,
        Invoice.amount,
        Invoice.currency,
        Invoice.due_on,
    ),
    _source(
        "payment",
        Payment.paid_at,
        _payment,
        Payment.invoice_id,
        Payment.amount,
        Payment.currency,
    ),
    _source("complaint", Complaint.received_at, _received, Complaint.description),
    _source(
        "event",
        Event.timestamp,
        _step,
        Event.case_id,
        Event.activity,
        Event.lifecycle,
        Event.resource,
        CaseRow.procedure,
        where=Event.lifecycle.in_(("complete", "withdraw")),
        through=(Event.case_id, CaseRow.case_id),
    ),
    _source(
        "complaint",
        Complaint.closed_at,
        _settled,
        where=Complaint.closed_at.is_not(None),
        ending=True,
    ),
)
"""The tables, in the order in which one thing leads to the next when they share a moment."""
