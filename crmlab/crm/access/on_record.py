"""Requests that leave their line in the audit trail, also when they only read, or are denied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.access.permissions import Scope, Who, permit
from crmlab.crm.entered import cleaned
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Denied


@contextmanager
def on_record(
    sandbox: Sandbox,
    who: Who,
    operation: str,
    *,
    line: str,
    subject: str,
    at: datetime,
    detail: dict[str, Any],
) -> Iterator[tuple[Session, Scope]]:
    """A permitted request, with its line in the audit trail in the same transaction.

    Args:
        operation: what is asked for, as the permissions call it.
        line: what the audit trail calls it.
        subject: what it is about.
        at: the moment at which it is done.
        detail: goes into the line; may still be added to until the request is done.

    Raises:
        Denied: by the permissions, or by whoever uses the session. It is on record too.
    """
    with (
        denials_on_record(sandbox, who, operation, subject=subject, at=at),
        sandbox.write(
            line,
            subject=_fitting(subject, tables.Audit.subject),
            at=STANDARD.local(at),
            user=who.user_id,
            seat=who.seat,
            detail=detail,
        ) as session,
    ):
        yield session, permit(session, who, operation)


@contextmanager
def denials_on_record(
    sandbox: Sandbox, who: Who, operation: str, *, subject: str, at: datetime
) -> Iterator[None]:
    """Write a line for a denial, in a transaction of its own, and pass the denial on.

    with denials_on_record(sandbox, who, "change", subject="CU-007", at=at):
        with sandbox.write(...) as session:
            permit(session, who, "change")
    """
    try:
        yield
    except Denied as denial:
        detail = {"operation": operation, "rule": denial.rule, "asked": denial.ask}
        with sandbox.write(
            "denied",
            subject=_fitting(subject, tables.Audit.subject),
            at=STANDARD.local(at),
            user=_fitting(who.user_id, tables.Audit.user_id) or None,
            seat=_fitting(who.seat, tables.Audit.seat),
            detail=detail,
        ):
            pass
        raise


def _fitting(text: str, column: Any) -> str:
    """What fits into the column of what somebody asks for, or claims to be."""
    length: int = column.type.length
    return cleaned(text)[:length]
