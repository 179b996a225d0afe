"""Does a procedure file fit this CRM? The kinds of record and the columns that it names, and what
it shows to a seat that may not see it."""

from __future__ import annotations

from collections.abc import Iterator

from crmlab.crm.access.permissions import permissions
from crmlab.crm.booking.computed import COMPUTED
from crmlab.crm.records import KINDS
from crmlab.procedures.asked import facts_asked
from crmlab.procedures.faults import unknown
from crmlab.procedures.schema import Procedure
from crmlab.procedures.steps import Step


def misfits(procedure: Procedure) -> Iterator[str]:
    """A sentence for each kind of record or column that a procedure names and the CRM lacks, and
    for each column that it shows to a seat for which the permissions hide it."""
    about = procedure.about
    if about:
        for column in ("", about.opened, about.closed):
            yield from _column(about.record, column or "", "about")
    kinds = procedure.record_kinds
    for name, fact in procedure.facts.items():
        if fact.record:
            known_as, _, column = fact.record.partition(".")
            yield from _column(kinds.get(known_as, known_as), column, f"fact '{name}'")
    for case_id, case in procedure.cases.items():
        for known_as in case.records:
            yield from _column(kinds[known_as], "", f"case {case_id}")
    for seat_name, seat in procedure.seats.items():
        if seat.holder:
            known_as, _, column = seat.holder.partition(".")
            yield from _column(kinds.get(known_as, known_as), column, f"seat '{seat_name}'")
    for step_name, step in procedure.steps.items():
        yield from _form(step, f"step '{step_name}'", about.record if about else None)
        yield from _effects(step, f"step '{step_name}'")
        yield from _shows(procedure, step, f"step '{step_name}'")


def _form(step: Step, where: str, about: str | None) -> Iterator[str]:
    for name, field in step.fields.items():
        here = f"{where}, field '{name}'"
        if field.record:
            yield from _column(field.record, "", here)
        if field.near:
            yield from _column(field.near.record, field.near.column, here)
        if field.writes and about is None:
            yield f"{here}: it writes, but the procedure is not about a kind of record."
        elif field.writes and about in KINDS:
            yield from _column(about, field.writes, here)


def _effects(step: Step, where: str) -> Iterator[str]:
    for change in step.sets:
        yield from _column(change.record, change.column, f"{where}, sets")
    for name, booking in step.books.items():
        for column in ("", *booking.columns):
            yield from _column(booking.record, column, f"{where}, books '{name}'")


def _shows(procedure: Procedure, step: Step, where: str) -> Iterator[str]:
    """What the seat reads at this step. Conditions may ask for more: nobody reads them."""
    told = {f"evidence {i}": seen.says for i, seen in enumerate(step.evidence, 1)}
    told |= {f"rule {i}": rule.message for i, rule in enumerate(step.rules, 1)}
    told |= {f"hint {i}": hint for i, hint in enumerate(step.hints, 1)}
    kinds = procedure.record_kinds
    for place, text in told.items():
        for name in sorted(facts_asked([text], procedure.figures)):
            record = procedure.facts[name].record or ""
            known_as, _, column = record.partition(".")
            if column in permissions().hidden(step.seat, kinds.get(known_as, known_as)):
                yield (
                    f"{where}, {place}: the fact '{name}' tells '{record}', which the seat "
                    f"'{step.seat}' is not shown; say it without that."
                )


def _column(kind: str, name: str, where: str) -> Iterator[str]:
    if kind not in KINDS:
        yield f"{where}: {unknown('kind of record', kind, KINDS)}"
        return
    columns = list(KINDS[kind].__mapper__.columns.keys())
    known = not name or name in columns or hasattr(KINDS[kind], name)
    if not known and f"{kind}.{name}" not in COMPUTED:
        yield f"{where}: {unknown(f'column of {kind}', name, columns)}"
