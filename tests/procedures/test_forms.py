"""What a form refuses, by the name of the field, and how it keeps what it takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.errors import Refused
from crmlab.procedures.conditions import Raw
from crmlab.procedures.forms import LONGEST, check_form
from crmlab.procedures.steps import Step

FIELDS: dict[str, dict[str, Any]] = {
    "text": {"label": "Place", "type": "text"},
    "long_text": {"label": "Story", "type": "long_text"},
    "choice": {
        "label": "Severity",
        "type": "choice",
        "choices": [{"value": "low", "label": "Low"}, {"value": "high", "label": "High"}],
    },
    "yes_no": {"label": "Valid?", "type": "yes_no"},
    "integer": {"label": "Pieces", "type": "integer", "at_least": 1, "at_most": 1_000_000},
    "amount": {"label": "Cost", "type": "amount", "at_least": 0},
    "date": {"label": "Due", "type": "date"},
    "record": {"label": "Batch", "type": "record", "record": "batch"},
    "pattern": {
        "label": "Code",
        "type": "text",
        "pattern": "[A-Z]-[0-9]{4}",
        "pattern_help": "A code is a letter, a dash and four digits.",
    },
}


STRANGE = ["a\0b", "a\x7fb", "a\ud800b", "a\u202eb", "\u2066a\u2069"]
"""Texts with a sign that no screen can show, or that turns the direction of writing round."""


def form(*names: str, **changes: Any) -> Step:
    return Step.model_validate(
        {
            "seat": "agent",
            "title": "Register",
            "short": "Register",
            "purpose": "p",
            "why": "w",
            "if_skipped": "i",
            "deadline_hours": 4,
            "work_hours": 1,
            "fields": {name: {**FIELDS[name], **changes} for name in names},
            "hands_on": "h",
            "next": [{"to": "end"}],
        }
    )


DOTTED = (
    "'{}' has three digits behind a dot. Thousands are written without one, such as 36000 or "
    "36,000; the dot stands before the cents, such as 36.00."
)


@pytest.mark.parametrize(
    ("kind", "entry", "kept"),
    [
        ("text", "  hall 2  ", "hall 2"),
        ("long_text", "first line\nsecond line", "first line\nsecond line"),
        ("long_text", "x" * LONGEST["long_text"], "x" * LONGEST["long_text"]),
        ("choice", "high", "high"),
        ("choice", "Low", "low"),  # as a person reads it
        ("yes_no", True, True),
        ("yes_no", False, False),
        ("yes_no", "No", False),
        ("integer", 12, 12),
        ("integer", " 1,200 ", 1200),
        ("integer", "3.0", 3),
        ("integer", 1_000_000, 1_000_000),
        ("amount", "30,000.5", "30000.50"),
        ("amount", "¥36,000", "36000.00"),
        ("amount", "39 560", "39560.00"),
        ("amount", 12.345, "12.34"),
        ("amount", 0, "0.00"),
        ("date", "2026-05-12", "2026-05-12"),
        ("record", " B-2230", "B-2230"),
        ("pattern", "B-2230", "B-2230"),
    ],
)
def test_what_is_taken(kind: str, entry: Raw, kept: Raw) -> None:
    assert check_form(form(kind), {kind: entry}) == {kind: kept}


@pytest.mark.parametrize(
    ("kind", "entry", "sentence"),
    [
        ("text", None, "'Place' is missing."),
        ("text", "   ", "'Place' is missing."),
        ("text", "x" * 501, "'Place' has 501 characters; it takes 500."),
        ("long_text", "x" * 2001, "'Story' has 2001 characters; it takes 2000."),
        ("choice", "medium", "'Severity' is one of: Low, High."),
        ("choice", 1, "'Severity' is one of: Low, High."),
        ("yes_no", "perhaps", "'Valid?' is yes or no."),
        ("yes_no", 1, "'Valid?' is yes or no."),
        ("integer", "many", "'Pieces' is a number, such as 12."),
        ("integer", True, "'Pieces' is a number, such as 12."),
        ("integer", "nan", "'Pieces' is a number, such as 12."),
        ("integer", float("inf"), "'Pieces' is a number, such as 12."),
        ("integer", "1,5", "'Pieces' is a number, such as 12."),  # a decimal comma, perhaps
        ("integer", "1.5", "'Pieces' is a whole number, such as 12."),
        ("integer", 0, "'Pieces' is at least 1."),
        ("integer", 1_000_001, "'Pieces' is at most 1,000,000."),
        ("amount", "1e30", "'Cost' is larger than the CRM can hold."),
        ("amount", "9" * 40, "'Cost' is larger than the CRM can hold."),
        ("amount", "1e99999999999999999999", "'Cost' is a number, such as 12."),
        ("amount", -0.01, "'Cost' is at least 0."),
        ("amount", "12 or so", "'Cost' is a number, such as 12."),
        ("amount", "36.000", DOTTED.format("Cost")),
        ("amount", "¥1.234", DOTTED.format("Cost")),
        ("amount", "1.234.567", DOTTED.format("Cost")),
        ("integer", "1.000", DOTTED.format("Pieces")),
        ("date", "12.5.2026", "'Due' is a date, such as 2026-05-12."),
        ("date", "2026-02-30", "'Due' is a date, such as 2026-05-12."),
        ("record", "x" * 61, "'Batch' has 61 characters; it takes 60."),
        ("pattern", "B-22301", "A code is a letter, a dash and four digits."),
        ("pattern", "b-2230", "A code is a letter, a dash and four digits."),
    ],
)
def test_what_is_refused_by_name(kind: str, entry: Raw, sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        check_form(form(kind), {kind: entry})
    assert caught.value.fields == {kind: sentence}
    assert str(caught.value) == sentence


def test_all_faults_of_a_form_are_told_at_once() -> None:
    with pytest.raises(Refused) as caught:
        check_form(form("text", "integer", "date"), {"integer": "x", "date": "2026-05-12", "z": 1})
    assert set(caught.value.fields) == {"text", "integer", "z"}
    assert "has no field 'z'; its fields are text, integer, date" in caught.value.fields["z"]


@pytest.mark.parametrize("kind", FIELDS)
def test_what_is_not_required_may_stay_empty(kind: str) -> None:
    for nothing in (None, "", " "):
        assert check_form(form(kind, required=False), {kind: nothing}) == {kind: None}
    assert check_form(form(kind, required=False), {}) == {kind: None}


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "Robert'); DROP TABLE complaints;--",
        "{{ 7 * 7 }} {fact.batch_no} %s ${HOME}",
        "阀门漏水 \N{ZERO WIDTH JOINER}\N{WAVING HAND SIGN}",
        "../../etc/passwd",
    ],
)
def test_text_is_kept_to_the_letter(text: str) -> None:
    assert check_form(form("long_text"), {"long_text": text}) == {"long_text": text}


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()))
def test_any_entry_is_taken_or_refused_by_name_and_what_is_taken_is_taken_again(
    entry: Raw,
) -> None:
    for kind in FIELDS:
        step = form(kind)
        refused: set[str] = set()
        try:
            kept = check_form(step, {kind: entry})
        except Refused as refusal:
            refused = set(refusal.fields)
        assert refused == {kind} or check_form(step, kept) == kept


@pytest.mark.parametrize("entry", STRANGE)
@pytest.mark.parametrize("kind", FIELDS)
def test_no_field_takes_signs_that_no_screen_can_show(kind: str, entry: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_form(form(kind), {kind: entry})
    assert list(refusal.value.fields) == [kind]
