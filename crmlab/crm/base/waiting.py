"""New records that are not there yet, because they wait for their reviewers."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crmlab.crm.access.permissions import seat_name
from crmlab.crm.base.base_forms import base_forms
from crmlab.crm.tables import Proposal
from crmlab.text import gettext as _

WHOLE = "new"
"""What stands for the column of a proposal that is about a whole new record."""


def still_waits(session: Session, kind: str, key: str) -> str | None:
    """What is said of a key that is not in the CRM because the record waits for its reviewers;
    None if it does not. Small letters and capitals are the same here."""
    waits = session.scalar(
        select(Proposal).where(
            Proposal.record == kind,
            Proposal.column == WHOLE,
            Proposal.state == "open",
            func.lower(Proposal.key) == key.strip().lower(),
        )
    )
    if waits is None:
        return None
    return _("{key} is not there yet: it waits for review by {seats} ({proposal}).").format(
        key=waits.key,
        seats=", ".join(seat_name(seat) for seat in base_forms()[kind].new.by),
        proposal=waits.proposal_id,
    )
