"""The texts a translator gets: those in code and templates, and those in data and lessons.

Babel reads Python and templates by itself; the two extractors here read procedures
and exercises (YAML) and lessons (notebooks). `locale/babel.cfg` names them all:

    pybabel extract -F crmlab/locale/babel.cfg -k _ -o crmlab/locale/crmlab.pot .
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from ruamel.yaml import YAML

from crmlab.text import markdown_texts

NAME = re.compile(r"[a-z][a-z0-9_.]*")
"""A name that the machine reads; a text has a capital letter, a space or a sign in it."""

Message = tuple[int, str, str, list[str]]
"""A line, the function it is for (none), the text, and comments: what Babel asks for."""

MACHINE = {
    "procedure", "seat", "step", "start", "type", "record", "about_record", "writes", "field",
    "fact", "at", "to", "like", "is", "is_not", "above", "below", "at_least", "at_most", "one_of",
    "contains", "pattern", "letter", "channel", "note", "column", "key", "opened_at", "found_at",
    "value", "example", "noticed_at", "reads", "records", "from_procedure", "ask", "mistake", "id",
    "kind", "lesson", "case",
}  # fmt: skip
"""Names whose values are read by the machine alone."""


def extract_yaml(
    fileobj: BinaryIO, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[Message]:
    """The texts of a procedure, or of questions and tasks."""
    data = YAML(typ="safe", pure=True).load(fileobj.read().decode("utf-8"))
    for text in _texts(data):
        yield 1, "", text, []


def extract_notebook(
    fileobj: BinaryIO, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[Message]:
    """The texts of a lesson: its title and outcome, and its paragraphs one by one."""
    notebook = json.loads(fileobj.read().decode("utf-8"))
    about = notebook.get("metadata", {}).get("crmlab", {})
    for key in ("title", "for", "outcome", "summary"):
        if about.get(key):
            yield 1, "", str(about[key]), []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            for text in markdown_texts("".join(cell["source"])):
                yield 1, "", text, []
        else:
            yield from _labels("".join(cell["source"]))


def _labels(source: str) -> Iterator[Message]:
    """The labels and units of the dials in a code cell: the texts that a lesson gives a view."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Dial":
            named = [each.value for each in node.keywords if each.arg in ("label", "unit")]
            for given in [*node.args[:1], *named]:
                if isinstance(given, ast.Constant) and given.value:
                    yield 1, "", str(given.value), []


def _texts(data: Any, *, facts: bool = False) -> Iterator[str]:
    if isinstance(data, dict):
        for name, value in data.items():
            # A fact may have any name, also one that means something elsewhere in the file.
            said = name == "value" and isinstance(value, str) and " " in value  # a right text
            if facts or said or name not in MACHINE or isinstance(value, dict):
                yield from _texts(value, facts=name == "facts")
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)
    elif isinstance(data, str) and re.search(r"[^\W\d_]", data) and not NAME.fullmatch(data):
        # As `gettext` looks it up: line breaks and runs of spaces mean one space.
        yield re.sub(r"\s+", " ", data).strip()
