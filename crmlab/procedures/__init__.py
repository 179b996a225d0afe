"""Procedures as data, and the pure engine that plays them.

procedure = load("complaint")            # a shipped one, or a path to your own file
result = act(procedure, case, HandOver(seat=..., step=..., fields={...}, at=...))
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from crmlab.errors import ProcedureError
from crmlab.procedures.checks import check
from crmlab.procedures.reading import Places, parse, read_text, validate
from crmlab.procedures.schema import Procedure

SHIPPED = Path(__file__).parent / "shipped"


def shipped() -> list[str]:
    """The names of the procedures that come with crmlab."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def find(name: str | Path) -> Path:
    """The file of a shipped procedure's name, or the path itself."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.exists():
        return path
    if str(name) in shipped():
        return SHIPPED / f"{name}.yaml"
    known = ", ".join(shipped())
    raise ProcedureError(
        f"There is no procedure '{name}'; give one of {known}, or the path of a YAML file."
    )


def load(name: str | Path) -> Procedure:
    """A procedure by its shipped name or by the path of its file.

    Raises:
        ProcedureError: file, line, what is wrong and what would be right, a line for each fault.
    """
    path = find(name)
    return loads(read_text(path, ProcedureError, "procedure file"), path.name)


@cache
def loads(text: str, name: str = "procedure.yaml") -> Procedure:
    """A procedure from YAML text; `name` is what its faults are reported under."""
    data = parse(text, name, ProcedureError)
    places = Places(text, name)
    procedure = validate(Procedure, data, places, ProcedureError)
    check(procedure, places)
    return procedure


__all__ = ["SHIPPED", "Procedure", "find", "load", "loads", "shipped"]
