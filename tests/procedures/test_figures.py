"""Figures: worked out exactly from entries and facts, unknown while a part of them is."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crmlab.calendar import STANDARD
from crmlab.errors import ProcedureError, Refused
from crmlab.procedures import Procedure, loads
from crmlab.procedures.case import HandOver
from crmlab.procedures.conditions import Condition, Raw, holds
from crmlab.procedures.engine import act, open_case, route
from crmlab.procedures.figures import Figure, work_out
from crmlab.procedures.wording import fill, show_figure
from crmlab.procedures.world import CaseWorld

MORNING = STANDARD.local(datetime(2026, 5, 11, 9))

SALE = """\
procedure: sale
title: Sell a ladder
purpose: Somebody buys a ladder.
start: offer
seats:
  seller: {name: Seller, letter: S, duty: Names a price.}
  boss: {name: Boss, letter: B, duty: Agrees to a low one.}
facts:
  list_price: {about: the list price, like: offer.price}
figures:
  total: {about: The order, multiply: [{field: offer.price}, {field: offer.pieces}]}
  below:
    about: Below the list
    shows: percent
    multiply: [100, {divide: [{subtract: [{fact: list_price}, {field: offer.price}]}, {fact: list_price}]}]
  room: {about: Room, subtract: [1000, {figure: total}]}
  shipping: {about: Freight, most: [20, {divide: [{figure: total}, 50]}]}
steps:
  offer:
    seat: seller
    title: Offer
    short: Offer
    purpose: Name a price.
    why: The buyer waits.
    if_skipped: Nobody buys.
    deadline_hours: 4
    work_hours: 0.5
    fields:
      price: {label: Price, type: amount, right: {fact: list_price}}
      pieces: {label: Pieces, type: integer, at_least: 1, right: 2}
    rules:
      - refuse_when: {figure: room, below: 0}
        field: pieces
        message: That is more than the shed can hold.
    hands_on: The price.
    next:
      - {to: agree, when: {figure: below, above: 5}}
      - {to: end}
  agree:
    seat: boss
    title: Agree
    short: Agree
    purpose: Agree to the price.
    why: Low prices stay low.
    if_skipped: Everybody gets one.
    deadline_hours: 4
    work_hours: 0.5
    fields:
      said: {label: Said, type: text, right: "Yes, {figure.total} in all."}
    hands_on: Yes or no.
    next: [{to: end}]
cases:
  S-1: {title: Ladders, story: Two ladders., opened_at: "2026-05-11T09:00:00+08:00", facts: {list_price: "100.00"}}
"""


@pytest.fixture(scope="module")
def sale() -> Procedure:
    return loads(SALE)


def world(sale: Procedure, price: str | None, pieces: int | None = 2) -> CaseWorld:
    case = open_case(sale, "S-1", "Ladders", {"list_price": "100.00"}, MORNING).case
    entered: dict[str, Raw] = {"price": price, "pieces": pieces}
    return CaseWorld(sale, case.model_copy(update={"values": {"offer": entered}}), "offer")


@pytest.mark.parametrize(
    ("price", "name", "value", "shown"),
    [
        ("95.00", "total", "190", "¥190"),
        ("95.00", "below", "5", "5 %"),
        ("94.99", "below", "5.01", "5.01 %"),
        ("110.00", "below", "-10", "-10 %"),
        ("95.00", "room", "810", "¥810"),
        ("95.00", "shipping", "20", "¥20"),
        ("499.99", "shipping", "20", "¥20"),
        ("1000.00", "shipping", "40", "¥40"),
        (None, "total", None, "–"),
        (None, "room", None, "–"),
    ],
)
def test_a_figure_is_exact_and_shown_with_its_unit(
    sale: Procedure, price: str | None, name: str, value: str | None, shown: str
) -> None:
    found = world(sale, price).figure(name)
    assert found == value
    assert show_figure(sale.figures[name], found) == shown


def test_a_share_of_nothing_is_not_known(sale: Procedure) -> None:
    free = world(sale, "0.00")
    nothing = free.case.model_copy(update={"facts": {"list_price": "0.00"}})
    assert CaseWorld(sale, nothing, "offer").figure("below") is None
    assert not holds(
        Condition.model_validate({"figure": "below", "above": -1}),
        CaseWorld(sale, nothing, "offer"),
    )


@pytest.mark.parametrize(("price", "goes_to"), [("95.00", "end"), ("94.99", "agree")])
def test_a_way_may_turn_on_a_figure(sale: Procedure, price: str, goes_to: str) -> None:
    assert route(sale, world(sale, price).case, "offer") == goes_to


def test_a_rule_may_refuse_by_a_figure(sale: Procedure) -> None:
    case = open_case(sale, "S-1", "Ladders", {"list_price": "100.00"}, MORNING).case
    with pytest.raises(Refused, match="shed") as refusal:
        act(
            sale,
            case,
            HandOver(seat="seller", step="offer", fields={"price": 100, "pieces": 11}, at=MORNING),
        )
    assert set(refusal.value.fields) == {"pieces"}


def test_a_text_quotes_a_figure(sale: Procedure) -> None:
    assert fill("It comes to {figure.total}.", world(sale, "1250.00")) == "It comes to ¥2,500."


@given(
    st.lists(st.decimals(min_value=-1000, max_value=1000, places=2), min_size=2, max_size=6),
    st.sampled_from(["add", "subtract", "multiply", "most", "least"]),
)
def test_a_figure_is_its_operation_from_left_to_right(terms: list[Decimal], name: str) -> None:
    class Plain:
        def fact(self, key: str) -> Raw:
            return str(terms[int(key)])

    figure = Figure.model_validate(
        {"about": "x", name: [{"fact": str(i)} for i in range(len(terms))]}
    )
    expected: Any = terms[0]
    for term in terms[1:]:
        expected = {
            "add": expected + term,
            "subtract": expected - term,
            "multiply": expected * term,
            "most": max(expected, term),
            "least": min(expected, term),
        }[name]
    assert work_out(figure, Plain()) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"about": "x"}, "exactly one of add"),
        ({"about": "x", "add": [1, 2], "divide": [1, 2]}, "exactly one of add"),
        ({"about": "x", "add": [1]}, "two terms"),
    ],
)
def test_a_figure_is_one_operation_on_two_terms_or_more(
    broken: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Figure.model_validate(broken)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("{figure: total}]}\n  shipping", "{figure: totel}]}\n  shipping", "no figure 'totel'"),
        ("{figure: below, above", "{figure: belo, above", "no figure 'belo'"),
        ("{figure.total}", "{figure.sum}", "no figure 'sum'"),
        ("[1000, {figure: total}]", "[1000, {figure: room}]", "worked out from itself"),
        ("[{field: offer.price}, {field", "[{figure: room}, {field", "worked out from itself"),
        ("[{field: offer.price}, {field", "[{field: offer.cost}, {field", "'cost'"),
        ("[{field: offer.price}, {field", "[{record: order}, {field", "record that the case knows"),
    ],
)
def test_a_figure_that_leads_nowhere_is_a_fault_of_the_file(
    old: str, new: str, sentence: str
) -> None:
    assert old in SALE
    with pytest.raises(ProcedureError, match=sentence):
        loads(SALE.replace(old, new))
