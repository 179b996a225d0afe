"""The forms of base data and the weight of each column, as `master.yaml` says them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field as Setting
from pydantic import RootModel, model_validator

from crmlab.crm.access.permissions import permissions
from crmlab.crm.records import KINDS
from crmlab.errors import CrmlabError, Refused
from crmlab.procedures.conditions import Data, Raw, blank
from crmlab.procedures.faults import Fault, unknown
from crmlab.procedures.forms import clean
from crmlab.procedures.names import Name, Text
from crmlab.procedures.reading import Places, parse, read_text, validate
from crmlab.procedures.steps import Field
from crmlab.text import gettext as _

FILE = Path(__file__).with_name("master.yaml")


class Weight(Data):
    """How many reviewers it takes, and in which seats they sit."""

    reviewers: Annotated[int, Setting(ge=0, le=5)] = 0
    by: list[Name] = []

    @model_validator(mode="after")
    def _somebody_reviews(self) -> Weight:
        if bool(self.reviewers) != bool(self.by):
            raise ValueError("reviewers and by belong together: how many, and in which seats")
        return self


class Column(Field, Weight):
    """A column of base data in its form, with the weight of a change.

    Attributes:
        fixed: it is said when the record is made, and stays.
    """

    fixed: bool = False


class BaseForm(Data):
    """The form of one kind of base data.

    Attributes:
        near: columns that are compared with what is there before a record is made.
        new: the weight of a new record as a whole; none where it is there at once.
    """

    title: Text
    near: list[Name] = []
    new: Weight = Weight()
    columns: Annotated[dict[Name, Column], Setting(min_length=1)]


class BaseForms(RootModel[dict[Name, BaseForm]]):
    """The whole file: a form for each kind of record."""


@cache
def base_forms() -> dict[str, BaseForm]:
    """The forms in force, by kind of record."""
    return loads(read_text(FILE, CrmlabError, "file of base data"), FILE.name)


def loads(text: str, name: str = FILE.name) -> dict[str, BaseForm]:
    """Forms from YAML text; `name` is what its faults are reported under.

    Raises:
        CrmlabError: file, line, what is wrong and what would be right, a line for each fault.
    """
    places = Places(text, name)
    forms = validate(BaseForms, parse(text, name, CrmlabError), places, CrmlabError).root
    if faults := sorted(_faults(forms), key=lambda fault: places.line(fault[0])):
        raise CrmlabError("\n".join(places.at(path, sentence) for path, sentence in faults))
    return forms


def form_of(kind: str) -> BaseForm:
    """The form of a kind.

    Raises:
        Refused: it is not base data.
    """
    forms = base_forms()
    if kind not in forms:
        raise Refused(
            _("'{kind}' is not base data; that is: {known}.").format(
                kind=kind[:60], known=", ".join(forms)
            )
        )
    return forms[kind]


def filled(
    form: BaseForm, entries: dict[str, Any], *, whole: bool
) -> tuple[dict[str, Raw], dict[str, str]]:
    """The entries as they will be stored, and a sentence for each that is refused.

    Args:
        whole: what is not entered is missing; otherwise it stays as it is.
    """
    values: dict[str, Raw] = {}
    faults: dict[str, str] = {}
    for name in entries:
        if name not in form.columns:
            faults[name[:60]] = _("There is no '{name}' here; there are: {known}.").format(
                name=name[:60], known=", ".join(form.columns)
            )
    for name, column in form.columns.items():
        if name in entries or whole:
            try:
                values[name] = clean(column, entries.get(name))
            except ValueError as fault:
                faults[name] = str(fault)
    return values, faults


def said(value: Any) -> str | None:
    """A stored value as a proposal keeps it: text, or nothing."""
    return None if value is None or blank(value) else str(value)


def _faults(kinds: dict[str, BaseForm]) -> Iterator[Fault]:
    """What the schema cannot see: kinds, columns and seats that do not exist."""
    for kind, form in kinds.items():
        if kind not in KINDS:
            yield (kind,), unknown("kind of record", kind, KINDS)
            continue
        columns = list(KINDS[kind].__mapper__.columns.keys())
        for name, column in form.columns.items():
            here = (kind, "columns", name)
            if name not in columns:
                yield here, unknown(f"column of {kind}", name, columns)
            yield from _seats((*here, "by"), column.by)
        yield from _seats((kind, "new", "by"), form.new.by)
        for name in form.near:
            if name not in form.columns:
                yield (kind, "near"), unknown(f"column of {kind}", name, form.columns)


def _seats(where: tuple[str, ...], seats: list[str]) -> Iterator[Fault]:
    for seat in seats:
        if seat not in permissions().seats:
            yield where, unknown("seat", seat, permissions().seats)
