"""What a schema cannot see: names that lead nowhere, steps out of reach, loops without exit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from crmlab.errors import ProcedureError
from crmlab.procedures.conditions import Condition, Operand, Reference
from crmlab.procedures.reading import Path_, Places
from crmlab.procedures.schema import CLOSING, END, PLACEHOLDER, Field, Procedure

Fault = tuple[Path_, str]


def check(procedure: Procedure, places: Places) -> None:
    """Hold a procedure to its own names.

    Raises:
        ProcedureError: a line for each fault, in the order of the file.
    """
    faults = [
        *_names(procedure),
        *_seats(procedure),
        *_ways(procedure),
        *_references(procedure),
        *_mistakes(procedure),
        *_cases(procedure),
    ]
    if not faults:
        faults = [*_reach(procedure)]
    if faults:
        faults.sort(key=lambda fault: places.line(fault[0]))
        told = dict.fromkeys(places.at(path, sentence) for path, sentence in faults)
        raise ProcedureError("\n".join(told))


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that is not there, with the nearest one that is."""
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else f"; there are: {', '.join(names)}."
    return f"there is no {what} '{name}'{hint}"


def _names(procedure: Procedure) -> Iterator[Fault]:
    for name in (END, CLOSING, "fact"):
        if name in procedure.steps:
            yield (
                ("steps", name),
                f"'{name}' means something of its own in a procedure; give the step another name.",
            )


def _seats(procedure: Procedure) -> Iterator[Fault]:
    letters: dict[str, str] = {}
    for name, seat in procedure.seats.items():
        if seat.letter in letters:
            yield (
                ("seats", name, "letter"),
                f"the letter '{seat.letter}' already stands for '{letters[seat.letter]}'; "
                "give each seat its own.",
            )
        letters[seat.letter] = name
    for name, step in procedure.steps.items():
        if step.seat not in procedure.seats:
            yield (("steps", name, "seat"), unknown("seat", step.seat, procedure.seats))
    for name, mistake in procedure.mistakes.items():
        for i, consequence in enumerate(mistake.consequences):
            if consequence.seat not in procedure.seats:
                path = ("mistakes", name, "consequences", i, "seat")
                yield (path, unknown("seat", consequence.seat, procedure.seats))


def _ways(procedure: Procedure) -> Iterator[Fault]:
    if procedure.start not in procedure.steps:
        yield (("start",), unknown("step", procedure.start, procedure.steps))
    for name, step in procedure.steps.items():
        for i, way in enumerate(step.next):
            if way.to not in procedure.steps and way.to != END:
                path = ("steps", name, "next", i, "to")
                yield (path, unknown("step", way.to, [*procedure.steps, END]))
        if step.next[-1].when is not None:
            yield (
                ("steps", name, "next", len(step.next) - 1),
                f"step '{name}' could get stuck; leave the last way without a condition.",
            )
        elif any(way.when is None for way in step.next[:-1]):
            yield (
                ("steps", name, "next"),
                f"step '{name}' never takes the ways after the one without a condition; "
                "put that one last.",
            )


def _reach(procedure: Procedure) -> Iterator[Fault]:
    ways = {name: {way.to for way in step.next} for name, step in procedure.steps.items()}
    reached = _closure({procedure.start}, ways)
    for name in procedure.steps:
        if name not in reached:
            yield (
                ("steps", name),
                f"no step hands on to '{name}', so nobody can reach it; name it in another "
                "step's next, or remove it.",
            )
    back: dict[str, set[str]] = {}
    for name, targets in ways.items():
        for target in targets:
            back.setdefault(target, set()).add(name)
    leads_out = _closure({END}, back)
    stuck = [name for name in procedure.steps if name in reached and name not in leads_out]
    if stuck:
        # One way out frees them all, and the last of them is the likeliest to lack it.
        yield (
            ("steps", stuck[-1], "next"),
            f"from '{stuck[-1]}' the case goes round without an exit; let one way lead to "
            f"'{END}' or to a step that does.",
        )
    yield from _order(procedure, ways)


def _order(procedure: Procedure, ways: dict[str, set[str]]) -> Iterator[Fault]:
    """What is said of earlier and later steps, held to the ways between them."""
    after = {name: _closure(ways[name], ways) for name in procedure.steps}
    for name, step in procedure.steps.items():
        for i, reference in enumerate(step.reads):
            earlier = procedure.split(reference, name)[0]
            if name not in after[earlier]:
                yield (
                    ("steps", name, "reads", i),
                    f"no way leads from '{earlier}' to '{name}', so '{reference}' is still empty "
                    "there; read a field of an earlier step.",
                )
    for name, mistake in procedure.mistakes.items():
        possible = [s for s in procedure.steps if s in after[mistake.step]]
        for i, consequence in enumerate(mistake.consequences):
            if consequence.at not in (CLOSING, mistake.step, *possible):
                yield (
                    ("mistakes", name, "consequences", i, "at"),
                    f"no way leads from '{mistake.step}' to '{consequence.at}', so nobody would "
                    f"ever feel this; it can be felt at: "
                    f"{', '.join([mistake.step, *possible, CLOSING])}.",
                )
        for i, noticed in enumerate(mistake.noticed_at):
            if noticed not in possible:
                yield (
                    ("mistakes", name, "noticed_at", i),
                    f"no way leads from '{mistake.step}' to '{noticed}', so it cannot be noticed "
                    f"there; it can be at: {', '.join(possible)}.",
                )


def _closure(start: set[str], ways: dict[str, set[str]]) -> set[str]:
    seen, frontier = set(start), set(start)
    while frontier:
        frontier = {target for name in frontier for target in ways.get(name, ())} - seen
        seen |= frontier
    return seen


def _references(procedure: Procedure) -> Iterator[Fault]:
    for name, step in procedure.steps.items():
        here: Path_ = ("steps", name)
        for i, way in enumerate(step.next):
            if way.when:
                yield from _condition(procedure, way.when, name, (*here, "next", i, "when"))
        for i, rule in enumerate(step.rules):
            path = (*here, "rules", i)
            yield from _condition(procedure, rule.refuse_when, name, (*path, "refuse_when"))
            if rule.field is not None and rule.field not in step.fields:
                yield ((*path, "field"), unknown("field", rule.field, step.fields))
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
        for field_name, field in step.fields.items():
            for item in field.rights():
                path = (*here, "fields", field_name, "right")
                if item.when:
                    yield from _condition(procedure, item.when, name, path)
                yield from _operand(procedure, item.value, name, path)
                if isinstance(item.value, str):
                    yield from _text(procedure, item.value, name, path)
                    if field.choices and item.value not in field.choice_values():
                        yield (path, unknown("choice", item.value, field.choice_values()))
        for i, change in enumerate(step.sets):
            path = (*here, "sets", i)
            yield from _operand(procedure, change.key, name, (*path, "key"))
            yield from _operand(procedure, change.value, name, (*path, "value"))
            if change.when:
                yield from _condition(procedure, change.when, name, (*path, "when"))
        if step.interaction and step.interaction.note not in step.fields:
            yield (
                (*here, "interaction", "note"),
                unknown("field", step.interaction.note, step.fields),
            )
    for fact_name, fact in procedure.facts.items():
        if fact.like:
            yield from _field(procedure, fact.like, "", ("facts", fact_name, "like"))


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
            kind = fact.record.partition(".")[0] if fact.record else None
            if name not in case.facts and (kind is None or kind not in case.records):
                yield (
                    ("cases", case_id, "facts"),
                    f"case {case_id} says nothing about the fact '{name}' ({fact.about}); add it.",
                )


def _condition(
    procedure: Procedure, condition: Condition, here: str, path: Path_
) -> Iterator[Fault]:
    for part in condition.parts():
        if part.field is not None:
            yield from _field(procedure, part.field, here, path)
        if part.fact is not None and part.fact not in procedure.facts:
            yield (path, unknown("fact", part.fact, procedure.facts))
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
    if isinstance(operand, Reference):
        if operand.field is not None:
            yield from _field(procedure, operand.field, here, path)
        elif operand.fact not in procedure.facts:
            yield (path, unknown("fact", str(operand.fact), procedure.facts))


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
        else:
            yield from _field(procedure, f"{source}.{name}", here, path)
