"""Texts of a procedure in the language in force, with the case's own values in them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crmlab.procedures.conditions import Raw, Reference, holds, number_of, value_of
from crmlab.procedures.figures import Figure
from crmlab.procedures.names import PLACEHOLDER, RESERVED
from crmlab.procedures.steps import Chosen, Field, choices_of
from crmlab.procedures.world import CaseWorld
from crmlab.text import gettext as _
from crmlab.text import show_day


def fill(text: str, world: CaseWorld, quotes: Mapping[str, Raw] | None = None) -> str:
    """The text, translated, with `{step.field}`, `{fact.name}` and the like replaced by
    what they show.

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
        if source == "figure":
            return show_figure(world.procedure.figures[name], world.figure(name))
        if source == "record":
            return str(world.record(name) or "–")
        reference = f"{source}.{name}"
        stood = quotes is not None and reference in quotes
        said = quotes[reference] if quotes and stood else world.field(reference)
        return show(world.procedure.field(reference), said)

    words = PLACEHOLDER.sub("", text).strip()
    return PLACEHOLDER.sub(value, _(text) if words else text)


def resolve(value: Raw | Reference, world: CaseWorld) -> Raw:
    """A value of the procedure file for this case: references looked up, placeholders filled."""
    if not isinstance(value, str):
        return value_of(value, world)
    alone = PLACEHOLDER.fullmatch(value)
    if alone and alone.group(1) not in RESERVED:  # another field's entry is taken as it stands
        return world.field(f"{alone.group(1)}.{alone.group(2)}")
    return fill(value, world) if PLACEHOLDER.search(value) else value


def choose(chosen: Chosen, world: CaseWorld) -> Raw:
    """The first of the values whose condition holds; None if none does."""
    for item in choices_of(chosen):
        if item.when is None or holds(item.when, world):
            return resolve(item.value, world)
    return None


def show_figure(figure: Figure, value: Raw) -> str:
    """A figure as a person reads it, with its unit."""
    number = number_of(value)
    if number is None:
        return "–"
    if figure.shows == "amount":
        sign = "\N{MINUS SIGN}" if number < 0 else ""
        return f"{sign}¥{abs(number):,.0f}"
    plain = f"{number:,.2f}".rstrip("0").rstrip(".")
    return f"{plain} %" if figure.shows == "percent" else plain


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
