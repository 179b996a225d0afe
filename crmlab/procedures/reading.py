"""Reading YAML files so that every fault has a file, a line, and what would be right.

The quick parser is tried first. Only when something is wrong is the file read again with
positions, because that is slower and a good file should not pay for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode
from ruamel.yaml.reader import ReaderError

from crmlab.errors import CrmlabError

M = TypeVar("M", bound=BaseModel)
Path_ = Sequence[str | int]
"""Where in a file: the keys and list places from the top."""


def read_text(path: Path, error: type[CrmlabError], what: str) -> str:
    """The text of a file, or one sentence why not."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise error(
            f"There is no {what} {path.absolute()}; check the name and the folder."
        ) from None
    except IsADirectoryError:
        raise error(f"{path} is a folder; name the {what} inside it.") from None
    except UnicodeDecodeError:
        raise error(
            f"{path} is not a text file in UTF-8; save it as UTF-8 and try again."
        ) from None
    except OSError as fault:
        raise error(f"{path} cannot be read: {fault.strerror}.") from None


def parse(text: str, name: str, error: type[CrmlabError]) -> Any:
    """YAML text as plain data, or an error with its line."""
    try:
        yaml = YAML(typ="safe", pure=True)
        yaml.Constructor = _PlainConstructor
        return yaml.load(text)
    except RecursionError:
        raise error(
            f"{name}: the file is nested too deeply to be read; close the brackets it opens."
        ) from None
    except DuplicateKeyError as fault:
        key = re.search(r'duplicate key "([^"]*)"', str(fault.problem or ""))
        raise error(
            f"{name}, line {_line(fault)}: the name '{key.group(1) if key else '?'}' stands here a "
            "second time; names must differ, so rename or remove one of the two."
        ) from None
    except MarkedYAMLError as fault:
        raise error(
            f"{name}, line {_line(fault)}: this is not YAML ({fault.problem}); check the "
            "indentation, and put text with a colon or a bracket in it between quotes."
        ) from None
    except ReaderError as fault:
        line = text.count("\n", 0, fault.position) + 1
        raise error(
            f"{name}, line {line}: the character {fault.character!r} cannot stand in YAML; "
            "delete it."
        ) from None
    except YAMLError as fault:
        sentence = " ".join(str(fault).split())
        raise error(f"{name}: this is not YAML ({sentence}).") from None


class _PlainConstructor(SafeConstructor):
    """Leaves dates and moments as they are written: what they are, the schema says."""


_PlainConstructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _line(fault: MarkedYAMLError) -> int:
    mark = fault.problem_mark or fault.context_mark
    return mark.line + 1 if mark else 1


class Places:
    """The lines of a file's entries, found when a fault has to be told."""

    def __init__(self, text: str, name: str) -> None:
        self._text, self.name = text, name
        self._root: Node | None = None

    def find(self, path: Path_) -> tuple[list[str | int], int]:
        """The part of `path` that is in the file, and the line where it leads (from 1).

        What is left out is known to the schema only, such as a member of a union.
        """
        if self._root is None:
            self._root = YAML(typ="safe", pure=True).compose(self._text)
        node, line, known = self._root, 1, []
        for key in path:
            found = _inside(node, key)
            if found:
                place, node = found
                line = place.start_mark.line + 1
                known.append(key)
        return known, line

    def line(self, path: Path_) -> int:
        """The line of the deepest part of `path` that is in the file."""
        return self.find(path)[1]

    def at(self, path: Path_, sentence: str) -> str:
        """The sentence, with the file and the line before it."""
        return f"{self.name}, line {self.line(path)}: {sentence}"


def _inside(node: Node | None, key: str | int) -> tuple[Node, Node] | None:
    """The entry of a node under this key: where it begins, and the entry itself."""
    if isinstance(node, MappingNode):
        return next(((name, item) for name, item in node.value if name.value == str(key)), None)
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None


def validate(model: type[M], data: Any, places: Places, error: type[CrmlabError]) -> M:
    """Data as the model, or every fault with its line."""
    if not isinstance(data, dict):
        raise error(f"{places.name}: the file is empty or a list; it should begin with names.")
    try:
        return model.model_validate(data)
    except ValidationError as fault:
        raise error("\n".join(_sentences(fault, places))) from None


def _sentences(fault: ValidationError, places: Places) -> list[str]:
    """One sentence for each line at fault: of the many ways a union can fail, the nearest."""
    faults: dict[tuple[int, str], list[tuple[list[str | int], Any]]] = {}
    for item in fault.errors(include_url=False):
        known, line = places.find(item["loc"])
        missing = str(item["loc"][-1]) if item["type"] == "missing" else ""
        path = [*known, missing] if missing else known
        faults.setdefault((line, missing), []).append((path, item))
    return [_nearest(faults[key], places) for key in sorted(faults)]


def _nearest(faults: list[tuple[list[str | int], Any]], places: Places) -> str:
    path, item = max(faults, key=lambda one: (one[1]["type"] == "value_error", len(one[0])))
    ways = [other for other_path, other in faults if other_path == path]
    if len(ways) > 1 and item["type"].endswith(("_type", "_parsing")):
        name = path[-1] if path else "this"
        return places.at(path, f"'{name}' should be one plain value, not {item['input']!r}.")
    return places.at(path, _sentence(item, path))


EXPECTED = {
    "invalid_key": "a name: write numbers with a comma in them without it, such as 1400",
    "model_type": "names with values, such as {field: batch_no, empty: true}",
    "model_attributes": "names with values, such as {field: batch_no, empty: true}",
    "dict_type": "names with values, each on a line of its own",
    "list_type": "a list: lines that begin with a dash, or [a, b]",
    "bool": "true or false",
    "int": "a whole number, such as 12",
    "float": "a number, such as 0.5",
    "string_type": "a text; put it between quotes",
    "datetime": 'a moment with its zone, such as "2026-05-12T08:30:00+08:00"',
    "timezone": 'a moment with its zone, such as "2026-05-12T08:30:00+08:00"',
    "date": "a day, such as 2026-05-12",
}
"""What would be right, by how the kind of a fault begins."""


def _shown(value: Any) -> str:
    """A value as it stands in the file, cut short."""
    text = " ".join(str(value).split())
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"


def _sentence(item: Any, path: list[str | int]) -> str:
    name = next((str(p) for p in reversed(path) if isinstance(p, str)), "this")
    inside = ".".join(str(p) for p in path[:-1]) or "the file"
    kind, context = item["type"], item.get("ctx", {})
    if kind == "missing":
        return f"'{name}' is missing in {inside}; add it."
    if kind == "extra_forbidden":
        return f"'{name}' is not a name that {inside} knows; remove it or check the spelling."
    if kind == "string_pattern_mismatch":
        return f"'{item['input']}' is not a name: small letters, digits and _, such as wrong_batch."
    if kind in ("string_too_short", "too_short"):
        return f"'{name}' in {inside} is empty; it needs a text or an entry."
    if kind == "literal_error":
        return f"'{name}' is '{item['input']}'; it should be {context.get('expected')}."
    if kind == "value_error":
        return f"'{name}' {context.get('error')!s}."
    for limit, words in (("ge", "at least"), ("gt", "more than"), ("le", "at most")):
        if limit in context:
            return f"'{name}' is {_shown(item['input'])}; it should be {words} {context[limit]}."
    for beginning, right in EXPECTED.items():
        if kind.startswith(beginning):
            return f"'{name}' is {_shown(item['input'])}; it should be {right}."
    message = str(item["msg"])
    return f"'{name}' is not right: {message[0].lower()}{message[1:]}, not {item['input']!r}."
