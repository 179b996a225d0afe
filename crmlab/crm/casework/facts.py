"""The facts of a case: what its practice case states, and what the CRM's records say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from crmlab.crm import records, tables
from crmlab.crm.booking.computed import COMPUTED, Reckoning
from crmlab.crm.booking.numbering import SERIES
from crmlab.crm.tables.types import plain
from crmlab.errors import ProcedureError, Refused
from crmlab.procedures import Procedure
from crmlab.procedures.case import Action, Case, HandOver
from crmlab.procedures.conditions import Raw
from crmlab.procedures.schema import Fact, PracticeCase
from crmlab.procedures.signs import fault_of
from crmlab.text import gettext as _


def case_of(row: tables.CaseRow) -> Case:
    """The case that a row keeps."""
    return Case.model_validate({**row.state, "facts": row.facts})


def read_ahead(session: Session, procedure: Procedure, seen: Case, action: Action) -> None:
    """Read in one statement what an action will ask for one by one."""
    records.read_together(session, _asked_for(procedure, seen, action))


def _asked_for(
    procedure: Procedure, seen: Case, action: Action
) -> Iterator[tuple[type[tables.Base], str | int]]:
    """The case, its records, those its form names, and the counters of what the step books; also
    where the audit trail stands."""
    yield tables.CaseRow, seen.case_id
    yield tables.AuditHead, tables.HEAD
    for name, key in seen.records.items():
        if name in procedure.record_kinds and key:
            yield records.kind(procedure.record_kinds[name]), key
    step = procedure.steps.get(action.step)
    if step is None or not isinstance(action, HandOver):
        return
    for name, field in step.fields.items():
        key = str(action.fields.get(name) or "").strip()
        if field.record and key and not fault_of(name, key):
            yield records.kind(field.record), key
    for booking in step.books.values():
        if booking.record in SERIES:
            yield tables.Counter, booking.record


def records_of(session: Session, template: PracticeCase) -> dict[str, str]:
    """The records that a practice case begins with: by key, or those of the case it follows.

    Raises:
        Refused: the case it follows is not closed in this sandbox.
    """
    if template.follows is None:
        return dict(template.records)
    row = session.get(tables.CaseRow, template.follows.case)
    if row is None or row.closed_at is None:
        raise Refused(
            _("This case comes out of case {case}; bring that one to its close first.").format(
                case=template.follows.case
            )
        )
    known = case_of(row).records
    if not all(known.get(known_as) for known_as in template.records.values()):
        raise Refused(
            _(
                "Case {case} ended another way, without what this case is about; start again to "
                "come here."
            ).format(case=template.follows.case)
        )
    return {name: known[known_as] for name, known_as in template.records.items()}


def facts_of(session: Session, procedure: Procedure, case_id: str) -> dict[str, Raw]:
    """The facts of a practice case: those the file states, and those read from its records."""
    template = procedure.cases[case_id]
    known = records_of(session, template)
    reckoning = reckoned(session, procedure, known, case_id, template.opened_at)
    facts: dict[str, Raw] = {}
    for name, fact in procedure.facts.items():
        if name in template.facts:
            facts[name] = template.facts[name]
        elif fact.record:
            facts[name] = _read(procedure, fact, reckoning)
    return facts


def reckoned(
    session: Session, procedure: Procedure, known: dict[str, str], case_id: str, at: datetime
) -> Reckoning:
    """What the CRM can work out for a case of this procedure at a moment."""
    return Reckoning(session, known, case_id, at, procedure.house.overdue_allowed)


def with_live_facts(procedure: Procedure, case: Case, reckoning: Reckoning) -> Case:
    """The case with what changes in the CRM while it goes on, as it stands at this moment.

    Only what the case's step asks for is read; the rest stays as the steps before knew it. What
    the practice case states holds as long as the case knows no record that says it.
    """
    if case.step is None:
        return case
    template = procedure.cases.get(case.case_id)
    stated = template.facts if template else {}
    live = {
        name: _read(procedure, procedure.facts[name], reckoning)
        for name in sorted(procedure.facts_asked[case.step])
        if (fact := procedure.facts[name]).live
        and (name not in stated or _is_known(fact, reckoning))
    }
    return case.model_copy(update={"live": {**case.live, **live}})


def _is_known(fact: Fact, of: Reckoning) -> bool:
    """Whether the case knows the record that the fact is read from."""
    return bool(of.records.get((fact.record or "").partition(".")[0]))


def _read(procedure: Procedure, fact: Fact, of: Reckoning) -> Any:
    """A column of the record that the case knows by a name, as plain data.

    None for a live fact as long as the case knows no such record.
    """
    assert fact.record is not None
    known_as, _dot, column = fact.record.partition(".")
    if fact.live and not of.records.get(known_as):
        return None
    kind = procedure.record_kinds.get(known_as, known_as)
    computed = COMPUTED.get(f"{kind}.{column}")
    if computed is not None:
        return plain(computed(of))
    row = records.get(of.session, kind, of.records.get(known_as, ""))
    if not hasattr(row, column):
        raise ProcedureError(f"A record of the kind '{kind}' has no column '{column}'.")
    return plain(getattr(row, column))
