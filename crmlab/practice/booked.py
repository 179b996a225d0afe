"""What a case has booked in the CRM, for a report: approvals, the credit check, the funnel."""

from __future__ import annotations

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
from crmlab.procedures.schema import Procedure
from crmlab.procedures.world import CaseWorld


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

    None as long as nobody has looked. Each look and each decision is a record of its own, with
    the sum that it was made on. At the top stands the decision that holds, with its sum; those
    before it stand in `earlier_decisions`, the first one first, each told in the same words.
    `already_open` is what the customer owes and has on order, `exposure` the same with this
    order; `sum` says it in words. `decided_by` is a seat; None where the CRM has worked it out by
    itself.
    """
    checks = tables.CreditCheck
    mine = select(checks).where(checks.order_id == case.records.get("order", ""))
    rows = list(session.scalars(mine.order_by(checks.decided_at, checks.check_id)))
    if not rows:
        return None
    currency = session.get_one(tables.Customer, rows[0].customer_id).currency
    *earlier, holds_now = [_look(row, currency) for row in rows]
    return {**holds_now, "earlier_decisions": earlier}


def _look(row: tables.CreditCheck, currency: str) -> dict[str, Any]:
    stood = CreditStanding(
        row.credit_limit, row.receivables, row.open_orders, row.overdue_days, currency
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
        "timestamp": _local(row.decided_at),
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
