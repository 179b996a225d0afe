"""Texts of a procedure with the case's own values in them, in the language in force."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmlab import text
from crmlab.procedures import loads
from crmlab.procedures.conditions import Raw
from crmlab.procedures.engine import act
from crmlab.procedures.steps import Field
from crmlab.procedures.walk import resolve, right_fields
from crmlab.procedures.wording import fill, show
from crmlab.procedures.world import CaseWorld
from tests.tiny import hand_over, opened, spoilt

PROCEDURE = loads(
    spoilt(
        "facts: {ladder: long}",
        'facts: {ladder: long, wall: "Four metres of brick."}',
        spoilt(
            "  ladder: {about: Which ladder is free., like: lend.ladder}",
            "  ladder: {about: Which ladder is free., like: lend.ladder}\n  wall: {about: The wall.}",
        ),
    )
)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    text.use_language("en")
    yield
    text.use_language("en")


@pytest.fixture
def world() -> CaseWorld:
    case = opened(PROCEDURE)
    return CaseWorld(PROCEDURE, act(PROCEDURE, case, hand_over(PROCEDURE, case)).case, "lend")


def test_placeholders_show_what_a_person_would_read(world: CaseWorld) -> None:
    assert fill("{ask.height} m needs the {fact.ladder} one: {fact.wall}", world) == (
        "3 m needs the Long one: Four metres of brick."
    )
    assert fill("Not lent yet: {lend.ladder}.", world) == "Not lent yet: –."


def test_nothing_else_in_braces_is_looked_at(world: CaseWorld) -> None:
    code = "{0} {} {{ask.height}} {ask.height.__class__} {Ask.height} {ask}"
    assert fill(code, world) == code.replace("{ask.height}", "3")


def test_words_are_translated_and_values_alone_are_not(world: CaseWorld) -> None:
    text.use_language("qps")
    assert fill("Take the {fact.ladder} one", world) == text.bracket(
        f"Take the {text.bracket('Long')} one"
    )
    assert fill("{ask.height}", world) == "3"
    assert fill("{fact.wall}", world) == text.bracket("Four metres of brick.")


def test_an_entry_taken_over_from_another_desk_is_the_same_in_every_language(
    world: CaseWorld,
) -> None:
    text.use_language("qps")
    assert resolve("{ask.height}", world) == 3
    assert right_fields(PROCEDURE, world.case) == {"ladder": "long"}


AMOUNT = Field.model_validate({"label": "Cost", "type": "amount"})
COUNT = Field.model_validate({"label": "Pieces", "type": "integer"})
CHOICE = PROCEDURE.steps["lend"].fields["ladder"]


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        (None, None, "–"),
        (COUNT, "", "–"),
        (None, True, "yes"),
        (None, False, "no"),
        (CHOICE, "long", "Long"),
        (CHOICE, "gone", "gone"),
        (AMOUNT, "30000.50", "¥30,000"),
        (COUNT, 1200, "1,200"),
        (None, "B-2230", "B-2230"),
    ],
)
def test_a_value_as_a_person_reads_it(field: Field | None, value: Raw, shown: str) -> None:
    assert show(field, value) == shown
