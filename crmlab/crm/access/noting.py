"""What somebody adds to a customer's timeline: a call, a message, a visit, or a comment.

The steps of a case leave their contacts there by themselves; this is for all others. An entry is
not changed afterwards. Whoever was mistaken adds another one that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.access.browse import with_customer
from crmlab.crm.access.permissions import Who
from crmlab.crm.access.timeline_sources import contact_word
from crmlab.crm.columns import convert
from crmlab.crm.entered import short
from crmlab.crm.labels import label
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Refused
from crmlab.procedures.conditions import blank
from crmlab.procedures.forms import free_text
from crmlab.procedures.steps import Channel
from crmlab.text import gettext as _
from crmlab.text import show_day

CHANNELS: tuple[str, ...] = get_args(Channel)
"""What can be added."""

LONGEST = 500
"""Characters of what was said: a timeline is read in a minute."""


def note_contact(
    sandbox: Sandbox, who: Who, customer_id: str, entries: Mapping[str, Any], *, at: datetime
) -> int:
    """Add an entry to a customer's timeline, and return its number; on record.

    Args:
        entries: `channel` (one of `CHANNELS`), `at` (a moment up to now) and `note`, what was said.

    Raises:
        Denied: the seat may add nothing, or not for this customer.
        Refused: there is no such customer; or `fields` says what is wrong, all faults at once.
    """
    detail: dict[str, Any] = {"channel": short(entries.get("channel"))}
    with with_customer(sandbox, who, "note", customer_id, at=at, detail=detail) as (session, key):
        values, faults = _checked(entries, at)
        if faults:
            raise Refused(" ".join(faults.values()), faults)
        row = tables.Interaction(customer_id=key, seat=who.seat, **values)
        session.add(row)
        session.flush()
        return row.interaction_id


def _checked(entries: Mapping[str, Any], now: datetime) -> tuple[dict[str, Any], dict[str, str]]:
    """The columns of the entry, and a sentence for each that is refused."""
    wanted = {name: entries.get(name) for name in ("channel", "at", "note")}
    values, faults = convert(tables.Interaction.metadata.tables["interactions"], wanted)
    for name, entry in wanted.items():
        if blank(entry):
            faults[name] = _("'{label}' is missing.").format(label=label(name))
    if "channel" not in faults and values["channel"] not in CHANNELS:
        faults["channel"] = _("'{label}' is one of: {known}.").format(
            label=label("channel"), known=", ".join(contact_word(name) for name in CHANNELS)
        )
    if "at" not in faults and values["at"] > now:
        here = STANDARD.local(now)
        faults["at"] = _(
            "'{label}' lies in the future, and it is only {day}, {time}; add it when it has "
            "happened."
        ).format(label=label("at"), day=show_day(here.date().isoformat()), time=f"{here:%H:%M}")
    try:
        free_text(label("note"), wanted["note"] or "", LONGEST)
    except ValueError as fault:
        faults["note"] = str(fault)
    return values, {name: faults[name] for name in wanted if name in faults}
