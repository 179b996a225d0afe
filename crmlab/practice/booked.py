"""What a case has booked in the CRM, for a report: approvals, the credit check, the funnel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.booking.credit import CreditStanding
from crmlab.crm.tables.types import plain
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import holds
from crmlab.procedures.engine import CaseWorld
from crmlab.procedures.schema import Procedure


def booked(session: Session, procedure: Procedure, case: Case) -> dict[str, Any]:
    """What a report says beyond the debrief, for whatever of it the procedure books at all."""
    told: dict[str, Any] = {}
    if procedure.steps_booking("approval"):
        told["approvals"] = approvals(session, procedure, case)
    if procedure.steps_booking("credit_check"):
        told["credit"] = credit(session, case)
    if procedure.stages:
        told["funnel"] = funnel(session, case)
    return told


def approvals_needed(procedure: Procedure, case: Case) -> list[str]:
    """The seats that have to say yes to the price as it was last offered, in their order.

    It is read from the ways of the procedure, as if everybody asked said yes: a way back to the
    offer is left out.
    """
    approving = procedure.steps_booking("approval")
    asking = procedure.leading_to(approving)
    asked = [step for step in asking if step in case.values]
    if not asked:
        return []
    needed: list[str] = []
    step = _onward(procedure, case, asked[-1], leave_out=[])
    while step in approving and step not in needed:
        needed.append(step)
        step = _onward(procedure, case, step, leave_out=asking)
    return list(dict.fromkeys(procedure.steps[step].seat for step in needed))


def _onward(procedure: Procedure, case: Case, step: str, leave_out: list[str]) -> str:
    world = CaseWorld(procedure, case, step)
    ways = (way for way in procedure.steps[step].next if way.to not in leave_out)
    return next((way.to for way in ways if way.when is None or holds(way.when, world)), "")


def approvals(session: Session, procedure: Procedure, case: Case) -> dict[str, Any]:
    """The approvals that the price of a case needs, and those that were given or refused."""
    mine = tables.Approval.quote_id == case.records.get("quote", "")
    rows = session.scalars(select(tables.Approval).where(mine).order_by(tables.Approval.decided_at))
    return {
        "needed": approvals_needed(procedure, case),
        "given": [
            {
                "seat": row.seat,
                "decision": row.decision,
                "unit_price": plain(row.unit_price),
                "percent_below_list": plain(row.percent_below),
                "reason": row.reason,
                "timestamp": _local(row.decided_at),
            }
            for row in rows
        ],
    }


def credit(session: Session, case: Case) -> dict[str, Any] | None:
    """How the customer's credit stood for the order of a case, and every decision about it.

    None as long as nobody has looked. `already_open` is what the customer owes and has on order,
    `exposure` the same with this order; `sum` says it in words.
    """
    row = session.get(tables.CreditCheck, case.records.get("credit_check", ""))
    if row is None:
        return None
    customer = session.get_one(tables.Customer, row.customer_id)
    stood = CreditStanding(
        row.credit_limit, row.receivables, row.open_orders, row.overdue_days, customer.currency
    )
    return {
        "decision": row.decision,
        "credit_limit": plain(row.credit_limit),
        "receivables": plain(row.receivables),
        "open_orders": plain(row.open_orders),
        "already_open": plain(stood.exposure),
        "order": plain(row.order_amount),
        "exposure": plain(stood.exposure + row.order_amount),
        "over_limit": plain(stood.over_limit(row.order_amount)),
        "overdue_days": row.overdue_days,
        "sum": stood.sum_sentence(row.order_amount),
        "reason": row.reason,
        "decided_by": row.decided_by,
        "decisions": list(_decisions(session, row.check_id)),
    }


def _decisions(session: Session, check_id: str) -> Iterator[dict[str, Any]]:
    """What was decided, the first first, from the audit trail: the check itself keeps the last."""
    table = tables.CreditCheck.__tablename__
    now: dict[str, Any] = {}
    for line in session.scalars(select(tables.Audit).order_by(tables.Audit.audit_id)):
        for change in line.changes:
            if change["table"] == table and change["key"] == {"check_id": check_id}:
                now = {**now, **change["after"]}
                yield {
                    "decision": now["decision"],
                    "seat": line.seat,
                    "reason": now["reason"],
                    "timestamp": _local(line.at),
                }


def funnel(session: Session, case: Case) -> list[dict[str, Any]]:
    """The stages that the opportunity of a case came to, and the working hours spent in each.

    The last one is counted to the end of the case, or to its latest moment.
    """
    opportunity = case.records.get("opportunity", "")
    mine = tables.StageEntry.opportunity_id == opportunity
    rows = list(
        session.scalars(select(tables.StageEntry).where(mine).order_by(tables.StageEntry.entry_id))
    )
    ends = [row.entered_at for row in rows[1:]] + [case.last_moment]
    return [
        {
            "stage": row.stage,
            "entered_at": _local(row.entered_at),
            "elapsed_hours": round(STANDARD.between(row.entered_at, end), 4),
            "evidence": row.evidence,
        }
        for row, end in zip(rows, ends, strict=True)
    ]


def _local(moment: datetime) -> str:
    return STANDARD.local(moment).isoformat()
