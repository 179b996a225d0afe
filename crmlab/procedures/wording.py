"""Texts of a procedure in the language in force, with the case's own values in them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crmlab.procedures.conditions import Raw
from crmlab.procedures.engine import CaseWorld
from crmlab.procedures.schema import PLACEHOLDER, Field
from crmlab.text import gettext as _
from crmlab.text import show_day


def fill(text: str, world: CaseWorld, quotes: Mapping[str, Raw] | None = None) -> str:
    """The text, translated, with `{step.field}` and `{fact.name}` replaced by what they show.

    Fields are quoted as they stand in the case, or from `quotes` (by `step.field`) as they stood.
    A fact that is a free text of the procedure file is a text that a person sees, so it is
    translated too; names and numbers from the CRM are not.
    """

    def value(found: re.Match[str]) -> str:
        source, name = found.groups()
        if source == "fact":
            fact = world.procedure.facts[name]
            like = world.procedure.field(fact.like) if fact.like else None
            said = world.fact(name)
            free = isinstance(said, str) and like is None and fact.record is None
            return _(said) if free and isinstance(said, str) else show(like, said)
        reference = f"{source}.{name}"
        stood = quotes is not None and reference in quotes
        said = quotes[reference] if quotes and stood else world.field(reference)
        return show(world.procedure.field(reference), said)

    words = PLACEHOLDER.sub("", text).strip()
    return PLACEHOLDER.sub(value, _(text) if words else text)


def show(field: Field | None, value: Raw) -> str:
    """A stored value as a person reads it: a choice by its label, an amount with its unit."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field and field.choices:
        labels = {choice.value: choice.label for choice in field.choices}
        return _(labels[str(value)]) if str(value) in labels else str(value)
    if field and field.type == "amount":
        return f"¥{float(value):,.0f}"
    if field and field.type == "date":
        return show_day(str(value))
    if field and field.type == "integer":
        return f"{int(value):,}"
    return str(value)
