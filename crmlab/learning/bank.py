"""Question banks and tasks: `exercises/lesson_10.yaml`, read, held to its procedure, ready to ask.

A file that does not load says file, line, what is wrong and what would be right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmlab import places
from crmlab.errors import BankError, ProcedureError
from crmlab.learning.example_case import ExampleCases
from crmlab.learning.items import KINDS, FromProcedure, Item, Question, as_question, kind_of
from crmlab.learning.made import CannotMakeError, make
from crmlab.learning.tasks import Task, check_names
from crmlab.procedures import Procedure, load, shipped
from crmlab.procedures.conditions import Data
from crmlab.procedures.faults import unknown
from crmlab.procedures.names import Name
from crmlab.procedures.reading import Path_, Places, parse, read_text, validate


class BankFile(Data):
    """What a file of exercises says.

    Attributes:
        lesson: the lesson's number; progress is kept under it.
        procedure: the procedure that the tasks are about, or several.
        items, tasks: by their lasting names; progress is kept by them, so texts may change and
            names may not.
    """

    lesson: str
    procedure: str | list[str]
    items: dict[Name, Item] = {}
    tasks: dict[Name, Task] = {}


@dataclass(frozen=True)
class Bank:
    """A lesson's questions and tasks, ready to be asked in the language in force."""

    lesson: str
    procedures: tuple[Procedure, ...]
    questions: tuple[Question, ...]
    tasks: dict[str, Task]

    def question(self, item_id: str) -> Question:
        """A question by its lasting name.

        Raises:
            BankError: there is no such question.
        """
        for question in self.questions:
            if question.id == item_id:
                return question
        known = [question.id for question in self.questions]
        raise BankError(f"Lesson {self.lesson}: {unknown('item', item_id, known)}")


def load_bank(name: str | Path) -> Bank:
    """A bank by its name in `exercises/`, such as `lesson_10`, or by the path of its file.

    Raises:
        BankError: file, line, what is wrong and what would be right, a line for each fault.
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        path = places.EXERCISES / f"{name}.yaml"
    text = read_text(path, BankError, "question bank")
    data = parse(text, path.name, BankError)
    where = Places(text, path.name)
    _tell(where, _kinds(data))
    file = validate(BankFile, data, where, BankError)
    reader = _Reader(path.parent)
    named = [file.procedure] if isinstance(file.procedure, str) else file.procedure
    found = [reader.procedure(name, ("procedure",)) for name in named]
    procedures = tuple(procedure for procedure in found if procedure)
    questions = []
    for item_id, item in file.items.items():
        question = reader.question(item_id, item)
        questions.extend([question] if question else [])
    if len(procedures) == len(named):
        reader.faults += check_names(file.tasks, procedures)
    _tell(where, reader.faults)
    return Bank(file.lesson, procedures, tuple(questions), file.tasks)


class _Reader:
    """Turns items into questions and collects what is wrong."""

    def __init__(self, folder: Path) -> None:
        self.faults: list[tuple[Path_, str]] = []
        self._folder = folder
        self._cases: dict[str, ExampleCases | None] = {}

    def procedure(self, name: str, path: Path_) -> Procedure | None:
        cases = self._procedure(name, path)
        return cases.procedure if cases else None

    def question(self, item_id: str, item: Any) -> Question | None:
        if not isinstance(item, FromProcedure):
            return as_question(item_id, item)
        cases = self._procedure(item.from_procedure, ("items", item_id, "from_procedure"))
        if cases is None:
            return None
        try:
            return make(item_id, item, cases)
        except CannotMakeError as fault:
            self.faults.append((("items", item_id, fault.key), fault.sentence))
        except ProcedureError as fault:  # a practice case that does not fit its own procedure
            self.faults.append((("items", item_id, "from_procedure"), str(fault)))
        return None

    def _procedure(self, name: str, path: Path_) -> ExampleCases | None:
        if name not in self._cases:
            beside = self._folder / name
            self._cases[name] = None
            if name in shipped() or name.endswith((".yaml", ".yml")):
                try:
                    found = load(beside if beside.is_file() else name)
                    self._cases[name] = ExampleCases(found)
                except ProcedureError as fault:
                    self.faults.append((path, f"the procedure does not load: {fault}"))
            else:
                self.faults.append((path, unknown("procedure", name, shipped())))
        return self._cases[name]


def _kinds(data: Any) -> Iterator[tuple[Path_, str]]:
    """Items whose kind is not known: told here, since the schema would not know what to expect."""
    items = data.get("items") if isinstance(data, dict) else None
    for name, item in items.items() if isinstance(items, dict) else ():
        kind = kind_of(item) if isinstance(item, dict) else None
        if kind is None:
            sentence = (
                f"item '{name}' does not say what it is; give it 'kind: single_choice', "
                "'kind: order', or 'from_procedure: ' and a procedure's name."
            )
            yield ("items", name), sentence
        elif kind not in (*KINDS, "made"):
            yield ("items", name, "kind"), unknown("kind of item", str(kind), KINDS)


def _tell(where: Places, faults: Any) -> None:
    told = sorted((where.line(path), where.at(path, sentence)) for path, sentence in faults)
    if told:
        raise BankError("\n".join(dict.fromkeys(sentence for _line, sentence in told)))
