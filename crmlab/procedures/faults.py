"""What a check of a file finds: where, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from crmlab.procedures.reading import Path_

Fault = tuple[Path_, str]


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that is not there, with the nearest one that is."""
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else f"; there are: {', '.join(names)}."
    return f"there is no {what} '{name}'{hint}"
