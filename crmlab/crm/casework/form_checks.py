"""What only the CRM can see in a form: records that are not there, and those there already."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from crmlab.crm import records
from crmlab.crm.base.duplicates import near
from crmlab.crm.base.waiting import still_waits
from crmlab.procedures import Procedure
from crmlab.procedures.case import Action, HandOver
from crmlab.procedures.signs import fault_of
from crmlab.procedures.steps import Field
from crmlab.text import gettext as _


def as_the_crm_writes(session: Session, procedure: Procedure, action: Action) -> Action:
    """The action with the keys of records as they are written here: `b-2230` means B-2230."""
    if not isinstance(action, HandOver):
        return action
    fields = dict(action.fields)
    for name, _field, key in _records_named(procedure, action):
        fields[name] = records.canonical(session, _field.record or "", key) or key
    return action.model_copy(update={"fields": fields})


def faults_of(session: Session, procedure: Procedure, action: Action) -> dict[str, str]:
    """A sentence for each field that the CRM objects to."""
    if not isinstance(action, HandOver):
        return {}
    faults = {
        name: still_waits(session, field.record or "", key)
        or _("'{key}' is not in the CRM; choose one from the list.").format(key=key)
        for name, field, key in _records_named(procedure, action)
        if records.canonical(session, field.record or "", key) is None
    }
    return {**faults, **_near(session, procedure, action)}


def _records_named(procedure: Procedure, action: HandOver) -> Iterator[tuple[str, Field, str]]:
    for name, field in _fields(procedure, action).items():
        key = _entry(action, name)
        if field.record and key:
            yield name, field, key


def _near(session: Session, procedure: Procedure, action: HandOver) -> dict[str, str]:
    """What is nearly the same is offered, until the person says that they have looked."""
    offers = {}
    for name, field in _fields(procedure, action).items():
        entry = _entry(action, name)
        if field.near is None or not entry:
            continue
        if any(_says_so(action.fields.get(other)) for other in field.near.unless):
            continue
        found = near(session, field.near.record, field.near.column, entry)
        if found:
            offers[name] = _(
                "Nearly the same is in the CRM already: {known}. Choose it, or say that it is "
                "another one."
            ).format(known="; ".join(f"{item.key} {item.label}" for item in found))
    return offers


def _entry(action: HandOver, name: str) -> str:
    """What stands in a field; nothing where no database could be asked for it, since such an entry
    is refused for its signs."""
    entry = str(action.fields.get(name) or "").strip()
    return "" if fault_of(name, entry) else entry


def _says_so(entry: object) -> bool:
    return entry is True or str(entry or "").strip().lower() not in ("", "no", "false")


def _fields(procedure: Procedure, action: HandOver) -> dict[str, Field]:
    step = procedure.steps.get(action.step)
    return step.fields if step else {}
