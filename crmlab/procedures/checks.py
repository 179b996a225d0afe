"""What a schema cannot see: names that lead nowhere, steps out of reach, loops without exit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crmlab.errors import ProcedureError
from crmlab.procedures.faults import Fault, unknown
from crmlab.procedures.names import CLOSING, END, RESERVED
from crmlab.procedures.reading import Places
from crmlab.procedures.references import references
from crmlab.procedures.schema import Procedure


def check(procedure: Procedure, places: Places) -> None:
    """Hold a procedure to its own names.

    Raises:
        ProcedureError: a line for each fault, in the order of the file.
    """
    faults = [
        *_names(procedure),
        *_seats(procedure),
        *_ways(procedure),
        *_rounds(procedure),
        *references(procedure),
    ]
    if not faults:
        faults = [*_reach(procedure)]
    if faults:
        faults.sort(key=lambda fault: places.line(fault[0]))
        told = dict.fromkeys(places.at(path, sentence) for path, sentence in faults)
        raise ProcedureError("\n".join(told))


def _names(procedure: Procedure) -> Iterator[Fault]:
    for name in (END, CLOSING, *RESERVED):
        if name in procedure.steps:
            yield (
                ("steps", name),
                f"'{name}' means something of its own in a procedure; give the step another name.",
            )


def _rounds(procedure: Procedure) -> Iterator[Fault]:
    """Figures that are worked out from themselves."""
    uses = {
        name: {r.figure for r in figure.references() if r.figure in procedure.figures}
        for name, figure in procedure.figures.items()
    }
    for name in procedure.figures:
        if name in _closure({part for part in uses[name] if part}, uses):
            yield (
                ("figures", name),
                f"the figure '{name}' is worked out from itself; name what it is made of instead.",
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
        for i, rule in enumerate(step.rules):
            if rule.back_to is not None and name not in after[rule.back_to]:
                yield (
                    ("steps", name, "rules", i, "back_to"),
                    f"no way leads from '{rule.back_to}' to '{name}', so the case has not been "
                    "there yet; send it back to an earlier step.",
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


def _closure(start: set[str], ways: Mapping[str, set[str]]) -> set[str]:
    seen, frontier = set(start), set(start)
    while frontier:
        frontier = {target for name in frontier for target in ways.get(name, ())} - seen
        seen |= frontier
    return seen
