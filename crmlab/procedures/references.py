"""The names that the parts of a procedure call each other by: does each lead somewhere?"""

from __future__ import annotations

from collections.abc import Iterator

from crmlab.procedures.conditions import Condition, Operand, Reference
from crmlab.procedures.faults import Fault, unknown
from crmlab.procedures.names import CLOSING, PLACEHOLDER
from crmlab.procedures.reading import Path_
from crmlab.procedures.schema import Fact, PracticeCase, Procedure
from crmlab.procedures.steps import Chosen, Field, Step, choices_of


def references(procedure: Procedure) -> Iterator[Fault]:
    """A fault for every name that leads nowhere, and for every value that does not fit."""
    for name, step in procedure.steps.items():
        yield from _step(procedure, name, step)
        yield from _form(procedure, name, step)
        yield from _records(procedure, name, step)
    for fact_name, fact in procedure.facts.items():
        if fact.like:
            yield from _field(procedure, fact.like, "", ("facts", fact_name, "like"))
    for figure_name, figure in procedure.figures.items():
        for term in figure.references():
            yield from _operand(procedure, term, "", ("figures", figure_name))
    if procedure.urgent_when:
        yield from _condition(procedure, procedure.urgent_when, procedure.start, ("urgent_when",))
    yield from _mistakes(procedure)
    yield from _cases(procedure)


def _step(procedure: Procedure, name: str, step: Step) -> Iterator[Fault]:
    here: Path_ = ("steps", name)
    for i, way in enumerate(step.next):
        if way.when:
            yield from _condition(procedure, way.when, name, (*here, "next", i, "when"))
    for i, rule in enumerate(step.rules):
        path = (*here, "rules", i)
        yield from _condition(procedure, rule.refuse_when, name, (*path, "refuse_when"))
        yield from _text(procedure, rule.message, name, (*path, "message"))
        if rule.field is not None and rule.field not in step.fields:
            yield ((*path, "field"), unknown("field", rule.field, step.fields))
        if rule.back_to is not None and rule.back_to not in procedure.steps:
            yield ((*path, "back_to"), unknown("step", rule.back_to, procedure.steps))
    for i, seen in enumerate(step.evidence):
        path = (*here, "evidence", i)
        if seen.when:
            yield from _condition(procedure, seen.when, name, (*path, "when"))
        yield from _text(procedure, seen.says, name, (*path, "says"))
        yield from _text(procedure, seen.by, name, (*path, "by"))
    for i, hint in enumerate(step.hints):
        yield from _text(procedure, hint, name, (*here, "hints", i))
    for i, reference in enumerate(step.reads):
        yield from _field(procedure, reference, name, (*here, "reads", i))
    if step.interaction and step.interaction.note not in step.fields:
        yield ((*here, "interaction", "note"), unknown("field", step.interaction.note, step.fields))
    if step.enters:
        if step.enters.stage not in procedure.stages:
            path = (*here, "enters", "stage")
            yield (path, unknown("stage", step.enters.stage, procedure.stages))
        if step.enters.evidence is not None and step.enters.evidence not in step.fields:
            path = (*here, "enters", "evidence")
            yield (path, unknown("field", step.enters.evidence, step.fields))
        if step.enters.when:
            yield from _condition(procedure, step.enters.when, name, (*here, "enters", "when"))


def _form(procedure: Procedure, name: str, step: Step) -> Iterator[Fault]:
    for field_name, field in step.fields.items():
        here: Path_ = ("steps", name, "fields", field_name)
        yield from _chosen(procedure, field.right, name, (*here, "right"))
        for item in field.rights():
            named = isinstance(item.value, str) and bool(field.choices)
            if named and item.value not in field.choice_values():
                path = (*here, "right")
                yield (path, unknown("choice", str(item.value), field.choice_values()))
        if field.near:
            for other in field.near.unless:
                if other not in step.fields:
                    yield ((*here, "near", "unless"), unknown("field", other, step.fields))


def _records(procedure: Procedure, name: str, step: Step) -> Iterator[Fault]:
    """What a step changes and creates in the CRM."""
    here: Path_ = ("steps", name)
    for i, change in enumerate(step.sets):
        path = (*here, "sets", i)
        yield from _operand(procedure, change.key, name, (*path, "key"))
        yield from _operand(procedure, change.value, name, (*path, "value"))
        if change.when:
            yield from _condition(procedure, change.when, name, (*path, "when"))
    for booked, booking in step.books.items():
        path = (*here, "books", booked)
        yield from _chosen(procedure, booking.key, name, (*path, "key"))
        for column, value in booking.columns.items():
            yield from _chosen(procedure, value, name, (*path, "columns", column))
        if booking.when:
            yield from _condition(procedure, booking.when, name, (*path, "when"))


def _mistakes(procedure: Procedure) -> Iterator[Fault]:
    moments = [*procedure.steps, CLOSING]
    for name, mistake in procedure.mistakes.items():
        here: Path_ = ("mistakes", name)
        if mistake.step not in procedure.steps:
            yield ((*here, "step"), unknown("step", mistake.step, procedure.steps))
            continue
        yield from _condition(procedure, mistake.when, mistake.step, (*here, "when"))
        if PLACEHOLDER.search(mistake.right):
            yield (
                (*here, "right"),
                "what would have been right stands on the job card too, where there is no case; "
                "say it without {...}.",
            )
        for field, value in mistake.example.items():
            path = (*here, "example", field)
            fields = procedure.steps[mistake.step].fields
            if field not in fields:
                yield (path, unknown("field", field, fields))
            elif fields[field].choices and isinstance(value, str):
                if value not in fields[field].choice_values():
                    yield (path, unknown("choice", value, fields[field].choice_values()))
            else:
                yield from _operand(procedure, value, mistake.step, path)
                if isinstance(value, str):
                    yield from _text(procedure, value, mistake.step, path)
        for i, consequence in enumerate(mistake.consequences):
            path = (*here, "consequences", i)
            if consequence.at not in moments:
                yield ((*path, "at"), unknown("step", consequence.at, moments))
            for key in ("what", "why"):
                text = getattr(consequence, key)
                yield from _text(procedure, text, mistake.step, (*path, key))
        for i, step in enumerate(mistake.noticed_at):
            if step not in procedure.steps:
                yield ((*here, "noticed_at", i), unknown("step", step, procedure.steps))


def _cases(procedure: Procedure) -> Iterator[Fault]:
    for case_id, case in procedure.cases.items():
        if case.found_at is not None and case.found_at not in procedure.steps:
            path: Path_ = ("cases", case_id, "found_at")
            yield (path, unknown("step", case.found_at, procedure.steps))
        for name, value in case.facts.items():
            path = ("cases", case_id, "facts", name)
            if name not in procedure.facts:
                yield (path, unknown("fact", name, procedure.facts))
            elif value is not None:
                like = _like(procedure, name)
                yield from _fits(like, value, path)
        for name, fact in procedure.facts.items():
            if name not in case.facts and not _can_be_read(case, fact):
                yield (
                    ("cases", case_id, "facts"),
                    f"case {case_id} says nothing about the fact '{name}' ({fact.about}); add it.",
                )


def _can_be_read(case: PracticeCase, fact: Fact) -> bool:
    """Whether the CRM knows it: from the case's opening, or from when its record is booked."""
    if fact.record is None:
        return False
    return fact.live or fact.record.partition(".")[0] in case.records


def _chosen(procedure: Procedure, chosen: Chosen, here: str, path: Path_) -> Iterator[Fault]:
    for item in choices_of(chosen):
        if item.when:
            yield from _condition(procedure, item.when, here, path)
        yield from _operand(procedure, item.value, here, path)
        if isinstance(item.value, str):
            yield from _text(procedure, item.value, here, path)


def _condition(
    procedure: Procedure, condition: Condition, here: str, path: Path_
) -> Iterator[Fault]:
    for part in condition.parts():
        if part.field is not None:
            yield from _field(procedure, part.field, here, path)
        if part.fact is not None and part.fact not in procedure.facts:
            yield (path, unknown("fact", part.fact, procedure.facts))
        if part.figure is not None and part.figure not in procedure.figures:
            yield (path, unknown("figure", part.figure, procedure.figures))
        left = (
            procedure.field(part.field, here)
            if part.field is not None
            else _like(procedure, part.fact or "")
        )
        if part.contains is None:
            for operand in part.operands():
                yield from _fits(left, operand, path)
        if part.step is not None and part.step not in procedure.steps:
            yield (path, unknown("step", part.step, procedure.steps))
        for operand in part.operands():
            yield from _operand(procedure, operand, here, path)


def _like(procedure: Procedure, fact: str) -> Field | None:
    """The field whose choices or type a fact shares."""
    like = procedure.facts[fact].like if fact in procedure.facts else None
    return procedure.field(like) if like else None


def _fits(field: Field | None, value: Operand, path: Path_) -> Iterator[Fault]:
    """Hold a value to the choices of the field it is compared with, or to yes and no."""
    if field is None or isinstance(value, Reference):
        return
    if field.choices and str(value) not in field.choice_values():
        yield (path, unknown("choice", str(value), field.choice_values()))
    elif field.type == "yes_no" and not isinstance(value, bool):
        yield (path, f"'{field.label}' is yes or no, not '{value}'; write true or false.")


def _operand(
    procedure: Procedure, operand: Operand | None, here: str, path: Path_
) -> Iterator[Fault]:
    if not isinstance(operand, Reference) or operand.moment:
        return
    if operand.field is not None:
        yield from _field(procedure, operand.field, here, path)
    elif operand.fact is not None and operand.fact not in procedure.facts:
        yield (path, unknown("fact", operand.fact, procedure.facts))
    elif operand.figure is not None and operand.figure not in procedure.figures:
        yield (path, unknown("figure", operand.figure, procedure.figures))
    elif operand.record is not None:
        yield from _record(procedure, operand.record, path)


def _record(procedure: Procedure, name: str, path: Path_) -> Iterator[Fault]:
    known = procedure.record_kinds
    if name not in known:
        yield (path, unknown("record that the case knows", name, known))


def _field(procedure: Procedure, reference: str, here: str, path: Path_) -> Iterator[Fault]:
    step, name = procedure.split(reference, here)
    if step not in procedure.steps:
        yield (path, unknown("step", step, procedure.steps))
    elif name not in procedure.steps[step].fields:
        yield (path, unknown(f"field of step {step}", name, procedure.steps[step].fields))


def _text(procedure: Procedure, text: str, here: str, path: Path_) -> Iterator[Fault]:
    for source, name in PLACEHOLDER.findall(text):
        if source == "fact":
            if name not in procedure.facts:
                yield (path, unknown("fact", name, procedure.facts))
        elif source == "figure":
            if name not in procedure.figures:
                yield (path, unknown("figure", name, procedure.figures))
        elif source == "record":
            yield from _record(procedure, name, path)
        else:
            yield from _field(procedure, f"{source}.{name}", here, path)
