"""Which facts and figures a part of a procedure file names, wherever in it they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crmlab.procedures.conditions import Condition, Data, Reference
from crmlab.procedures.figures import Figure
from crmlab.procedures.names import PLACEHOLDER


def facts_asked(parts: Iterable[Data | str], figures: Mapping[str, Figure]) -> frozenset[str]:
    """The facts that these parts name, themselves or through a figure."""
    waiting: list[Data | str] = list(parts)
    facts: set[str] = set()
    seen: set[str] = set()
    while waiting:
        for source, name in _named(waiting.pop()):
            if source == "fact":
                facts.add(name)
            elif name not in seen:
                seen.add(name)
                waiting.append(figures[name])
    return frozenset(facts)


def _named(part: Any) -> Iterator[tuple[str, str]]:
    """(`fact` or `figure`, its name), from conditions, references and texts at any depth."""
    if isinstance(part, str):
        yield from (found for found in PLACEHOLDER.findall(part) if found[0] in ("fact", "figure"))
    elif isinstance(part, Data):
        if isinstance(part, Condition | Reference):
            for source in ("fact", "figure"):
                if name := getattr(part, source):
                    yield source, name
        for field in type(part).model_fields:
            yield from _named(getattr(part, field))
    elif isinstance(part, dict):
        for inner in part.values():
            yield from _named(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _named(inner)
