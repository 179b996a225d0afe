"""People of the start set at work, and a look at what they leave in the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crmlab.calendar import STANDARD
from crmlab.crm.access.permissions import Who
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import Audit

AT = STANDARD.local(datetime(2026, 5, 12, 9))

REPRESENTATIVE = Who("U-07", "sales_representative")  # East, with customers in the East
MANAGER = Who("U-15", "sales_manager")  # South
DIRECTOR = Who("U-17", "sales_director")
GENERAL = Who("U-19", "general_manager")
FINANCE = Who("U-21", "finance_controller")
AGENT = Who("U-01", "service_agent")
STEWARD = Who("U-23", "data_steward")
INSIDE = Who("U-12", "inside_sales")


def trail(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The lines of the audit trail, oldest first."""
    with sandbox.read() as session:
        lines = session.query(Audit).order_by(Audit.audit_id)
        return [
            {
                "operation": line.operation,
                "subject": line.subject,
                "user": line.user_id,
                "seat": line.seat,
                "at": line.at,
                "detail": line.detail,
                "changes": line.changes,
            }
            for line in lines
        ]


def put(sandbox: Sandbox, *rows: Any) -> None:
    """Write rows into the CRM."""
    with sandbox.write("put", subject="test", at=AT) as session:
        for row in rows:
            session.add(row)
            session.flush()
