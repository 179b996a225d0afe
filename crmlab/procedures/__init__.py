"""Procedures as data, and the pure engine that plays them.

procedure = load("complaint")            # a shipped one, or a path to your own file
result = act(procedure, case, HandOver(seat=..., step=..., fields={...}, at=...))
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from crmlab.errors import ProcedureError
from crmlab.places import own_procedures
from crmlab.procedures.checks import check
from crmlab.procedures.reading import Places, parse, read_text, validate
from crmlab.procedures.schema import Procedure

SHIPPED = Path(__file__).parent / "shipped"


def shipped() -> list[str]:
    """The names of the procedures that come with crmlab."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def find(name: str | Path) -> Path:
    """The file of a procedure's name, a shipped one or one of your own, or the path itself."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.exists():
        return path
    if str(name) in shipped():
        return SHIPPED / f"{name}.yaml"
    known = found(own_procedures())
    if str(name) in known.files:
        return known.files[str(name)]
    raise ProcedureError(
        f"There is no procedure '{name}'; give one of {', '.join(known.files)}, or the path of a "
        "YAML file."
    )


def load(name: str | Path) -> Procedure:
    """A procedure by its shipped name or by the path of its file.

    Raises:
        ProcedureError: file, line, what is wrong and what would be right, a line for each fault.
    """
    path = find(name)
    return loads(read_text(path, ProcedureError, "procedure file"), path.name)


@dataclass(frozen=True)
class Found:
    """The procedures there are.

    Attributes:
        files: their files by name, the shipped ones first.
        own: the names of those that are not shipped.
        faults: by the name of its file, the first thing that is wrong with one of one's own.
    """

    files: dict[str, Path]
    own: frozenset[str]
    faults: dict[str, str]


def found(own_folder: Path | None = None) -> Found:
    """The shipped procedures, and those in a folder of one's own (`*.yaml`, `*.yml`).

    A procedure is known by the name that its file gives it (`procedure: ...`), whatever the file
    is called. One that does not load, or takes a name that is taken, is told and left out.
    """
    files = {name: SHIPPED / f"{name}.yaml" for name in shipped()}
    own: set[str] = set()
    faults: dict[str, str] = {}
    for path in sorted(own_folder.glob("*.y*ml") if own_folder else ()):
        try:
            name = load(path).procedure
        except ProcedureError as fault:
            faults[path.name] = str(fault).splitlines()[0]
            continue
        if name in files:
            faults[path.name] = (
                f"{path.name}: the procedure's name '{name}' is taken by {files[name].name}; give "
                "it another one in the line that begins with 'procedure:'."
            )
            continue
        files[name] = path
        own.add(name)
    return Found(files, frozenset(own), faults)


@cache
def loads(text: str, name: str = "procedure.yaml") -> Procedure:
    """A procedure from YAML text; `name` is what its faults are reported under."""
    data = parse(text, name, ProcedureError)
    places = Places(text, name)
    procedure = validate(Procedure, data, places, ProcedureError)
    check(procedure, places)
    return procedure


__all__ = ["SHIPPED", "Found", "Procedure", "find", "found", "load", "loads", "shipped"]
