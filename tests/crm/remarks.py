"""The smallest thing that can be written in a sandbox, a remark about a customer, and read again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.store.sandbox import Sandbox

MOMENT = datetime.fromisoformat("2026-05-12T10:00:00+08:00")
Open = Callable[..., Sandbox]


def remark(sandbox: Sandbox, note: str) -> None:
    with sandbox.write("remark", subject="CU-007", at=MOMENT) as session:
        add(session, note)


def add(session: Session, note: str) -> None:
    session.add(tables.Interaction(customer_id="CU-007", at=MOMENT, channel="comment", note=note))


def remarks(sandbox: Sandbox) -> list[str]:
    with sandbox.read() as session:
        found = session.query(tables.Interaction).filter_by(channel="comment", at=MOMENT)
        return [row.note for row in found.order_by(tables.Interaction.interaction_id)]


def is_new(sandbox: Sandbox) -> bool:
    with sandbox.read() as session:
        customers, lines = session.query(tables.Customer), session.query(tables.Audit)
        return customers.count() == 30 and lines.count() == 0


def sentence(caught: pytest.ExceptionInfo[Exception]) -> str:
    said = str(caught.value)
    assert "\n" not in said
    assert "Traceback" not in said
    return said
