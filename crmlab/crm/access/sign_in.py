"""Signing in: who sits down in which seat, and when; on record, also when it is refused."""

from __future__ import annotations

from datetime import datetime

from crmlab.calendar import STANDARD
from crmlab.crm.access.on_record import denials_on_record
from crmlab.crm.access.permissions import Who, check_seat
from crmlab.crm.store.sandbox import Sandbox


def sign_in(sandbox: Sandbox, user_id: str, seat: str, at: datetime) -> Who:
    """Sit down in a seat; what comes back is what everything else asks for.

    Raises:
        Denied: the person does not sit there.
    """
    who = Who(user_id, seat)
    with (
        denials_on_record(sandbox, who, "sign_in", subject=user_id, at=at),
        sandbox.write(
            "sign_in", subject=user_id, at=STANDARD.local(at), user=user_id, seat=seat
        ) as session,
    ):
        check_seat(session, who)
    return who
