"""Rows that are read together are read once, and are what reading them one by one gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event

from crmlab.crm import records, tables
from crmlab.crm.booking.numbering import SERIES, next_number
from crmlab.crm.casework import cases
from crmlab.crm.store.sandbox import Sandbox
from crmlab.procedures import load
from crmlab.simulation.colleagues import right_action
from tests.crm.own_rows import NOW

MOST = 20
"""The statements of handing over an order or a shipment. Each of them takes half a millisecond, and
a millisecond on a busy machine; the limit of the whole is 20."""


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the databases are asked meanwhile."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_rows_are_read_together_and_found_one_by_one(sandbox: Sandbox) -> None:
    wanted: list[tuple[type[tables.Base], str | int]] = [
        (tables.Customer, "CU-005"),
        (tables.Customer, "CU-007"),
        (tables.Customer, "CU-005"),
        (tables.Order, "SO-0"),
        (tables.AuditHead, tables.HEAD),
    ]
    with sandbox.write("look", subject="CU-005", at=NOW) as session:
        with statements() as said:
            records.read_together(session, wanted)
            found = [session.get(table, key) for table, key in wanted if key != "SO-0"]
        assert len(said) == 1
        assert None not in found
        assert found[0] is found[2] is not found[1]
        assert session.get(tables.Order, "SO-0") is None


def test_an_order_and_a_shipment_are_handed_over_in_few_statements(sandbox: Sandbox) -> None:
    with sandbox.write("count", subject="numbers", at=NOW) as session:
        for kind in SERIES:
            next_number(session, kind)  # a kind's first number takes longer
    sale = load("lead_to_cash")
    case = cases.open_practice_case(sandbox, sale, "L-2003")
    counted = {}
    while case.step not in ("invoice", None):
        step, action = case.step, right_action(sale, case)
        with statements() as said:
            case = cases.apply(sandbox, sale, case, action).case
        counted[step] = len(said)
    assert max(counted["enter_order"], counted["pick_and_ship"]) <= MOST
