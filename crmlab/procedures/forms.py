"""What a CRM refuses in a form: missing fields and values that cannot be what they say."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from crmlab.errors import Refused
from crmlab.procedures.conditions import Raw, number_of
from crmlab.procedures.signs import fault_of
from crmlab.procedures.steps import Field, Step
from crmlab.text import gettext as _

LONGEST = {"text": 500, "long_text": 2000, "record": 60}
"""The most characters a text field takes."""

_LIKE_THOUSANDS = re.compile(r"\D*\d{1,3}(\.\d{3})+\D*")


def check_form(step: Step, entries: dict[str, Any]) -> dict[str, Raw]:
    """The step's fields as they will be stored.

    Raises:
        Refused: with one sentence for each field at fault, all of them at once.
    """
    faults: dict[str, str] = {
        name: _("The form '{step}' has no field '{name}'; its fields are {fields}.").format(
            step=_(step.title), name=name, fields=", ".join(step.fields)
        )
        for name in entries
        if name not in step.fields
    }
    values: dict[str, Raw] = {}
    for name, field in step.fields.items():
        try:
            values[name] = clean(field, entries.get(name))
        except ValueError as fault:
            faults[name] = str(fault)
    if faults:
        raise Refused(" ".join(faults.values()), faults)
    return values


def clean(field: Field, entry: Any) -> Raw:
    """One entry as it will be stored, or a ValueError that says what would be right."""
    if entry is None or (isinstance(entry, str) and not entry.strip()):
        if field.required:
            raise ValueError(_("'{label}' is missing.").format(label=_(field.label)))
        return None
    if field.type == "choice":
        return _choice(field, entry)
    if field.type == "yes_no":
        return yes_no(_(field.label), entry)
    if field.type in ("integer", "amount"):
        return _number(field, entry)
    if field.type == "date":
        return _date(field, entry)
    return _text(field, entry)


def free_text(label: str, entry: Any, longest: int | None) -> str:
    """A text without the blanks around it, or a ValueError that says what is wrong with it."""
    text = str(entry).strip()
    if longest is not None and len(text) > longest:
        raise ValueError(
            _("'{label}' has {n} characters; it takes {longest}.").format(
                label=label, n=len(text), longest=longest
            )
        )
    if fault := fault_of(label, text):
        raise ValueError(fault)
    return text


def _choice(field: Field, entry: Any) -> Raw:
    """A choice by its value, or by the label that a person reads."""
    named = str(entry).strip().casefold()
    for choice in field.choices:
        if named in (choice.value, choice.label.casefold(), _(choice.label).casefold()):
            return choice.value
    known = ", ".join(_(choice.label) for choice in field.choices)
    raise ValueError(_("'{label}' is one of: {known}.").format(label=_(field.label), known=known))


def yes_no(label: str, entry: Any) -> bool:
    """A yes or no, or a ValueError that says that it is neither."""
    said = str(entry).strip().lower()
    if said not in ("yes", "true", "no", "false"):
        raise ValueError(_("'{label}' is yes or no.").format(label=label))
    return said in ("yes", "true")


def no_dot_for_thousands(label: str, entry: Any) -> None:
    """A ValueError where somebody has typed three digits behind a dot: in half of the world it
    parts thousands, and 36.000 would become 36 without a word."""
    if isinstance(entry, str) and _LIKE_THOUSANDS.fullmatch(entry.strip()):
        raise ValueError(
            _(
                "'{label}' has three digits behind a dot. Thousands are written without one, such "
                "as 36000 or 36,000; the dot stands before the cents, such as 36.00."
            ).format(label=label)
        )


def _number(field: Field, entry: Any) -> Raw:
    label = _(field.label)
    no_dot_for_thousands(label, entry)
    number, whole = number_of(entry), field.type == "integer"
    if number is None:
        raise ValueError(_("'{label}' is a number, such as 12.").format(label=label))
    if whole and number != number.to_integral_value():
        raise ValueError(_("'{label}' is a whole number, such as 12.").format(label=label))
    if abs(number) >= Decimal("1e12"):
        raise ValueError(_("'{label}' is larger than the CRM can hold.").format(label=label))
    if field.at_least is not None and number < Decimal(str(field.at_least)):
        raise ValueError(
            _("'{label}' is at least {limit}.").format(label=label, limit=f"{field.at_least:,.15g}")
        )
    if field.at_most is not None and number > Decimal(str(field.at_most)):
        raise ValueError(
            _("'{label}' is at most {limit}.").format(label=label, limit=f"{field.at_most:,.15g}")
        )
    return int(number) if whole else str(number.quantize(Decimal("0.01")))


def _date(field: Field, entry: Any) -> Raw:
    try:
        return date.fromisoformat(str(entry).strip()).isoformat()
    except ValueError:
        raise ValueError(
            _("'{label}' is a date, such as 2026-05-12.").format(label=_(field.label))
        ) from None


def _text(field: Field, entry: Any) -> Raw:
    text = free_text(_(field.label), entry, LONGEST[field.type])
    if field.pattern and not re.fullmatch(field.pattern, text):
        raise ValueError(_(field.pattern_help))
    return text
