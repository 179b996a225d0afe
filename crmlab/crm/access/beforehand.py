"""Whether somebody may do something, before they try: a form is for those who can hand it in.

Nothing goes on record here, because nothing was tried. Whoever does it is asked again then.
"""

from __future__ import annotations

from sqlalchemy import select

from crmlab.crm.access.browse import out_of_reach
from crmlab.crm.access.permissions import Who, barred, permissions
from crmlab.crm.access.scopes import key_of, within_reach
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Refused


def denial_of(sandbox: Sandbox, who: Who, operation: str, kind: str, key: str) -> Refused | None:
    """What somebody would be told who did this with a record; None if they may.

    Args:
        kind, key: the record, which they see.
    """
    if denial := barred(who, operation):
        return denial
    with sandbox.read() as session:
        own = key_of(kind)
        query = select(own).where(own == key, within_reach(kind, who, operation))
        if session.scalar(query) is not None:
            return None
    return out_of_reach(who, operation, permissions().scope(who.seat, operation), kind, key)
