"""The office round a practice CRM: people, time, and what happened before."""

from __future__ import annotations

from datetime import datetime

import pytest

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.access.history import history
from crmlab.crm.access.permissions import OTHERS, Who, permissions
from crmlab.crm.access.sign_in import sign_in
from crmlab.crm.store import audit
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.tables import Base, Moment
from crmlab.crm.trail.verify import verify
from crmlab.errors import Refused
from crmlab.practice import office
from crmlab.practice.office import OPENS, begin, moment, seated

MANAGER = Who("U-14", "sales_manager")


def operations(sandbox: Sandbox) -> list[str]:
    with sandbox.read() as session:
        return [line.operation for line in audit.latest(session, 0)]


def test_the_office_opens_on_a_working_afternoon_after_all_that_is_told(sandbox: Sandbox) -> None:
    assert STANDARD.is_working_day(OPENS.date())
    with sandbox.read() as session:
        told = [
            value
            for table in Base.metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, Moment)
            for (value,) in session.execute(table.select().with_only_columns(column))
            if value is not None
        ]
    assert told
    assert max(told) < OPENS


def test_each_thing_on_record_takes_a_working_minute(sandbox: Sandbox) -> None:
    assert moment(sandbox) == OPENS
    sign_in(sandbox, *(MANAGER.user_id, MANAGER.seat), moment(sandbox))
    assert moment(sandbox) == STANDARD.local(datetime(2026, 5, 22, 13, 1))
    sign_in(sandbox, MANAGER.user_id, MANAGER.seat, STANDARD.local(datetime(2026, 5, 22, 17, 30)))
    assert moment(sandbox) == STANDARD.local(datetime(2026, 5, 25, 8, 31)), "after the weekend"


def test_everybody_can_sit_in_each_of_their_seats(sandbox: Sandbox) -> None:
    with sandbox.read() as session:
        pairs = {(row.user_id, row.seat) for row in session.query(tables.UserSeat)}
    people = seated(sandbox)
    assert {(person.user_id, person.seat) for person in people} == pairs
    seats = [seat for seat in permissions().seats if seat != OTHERS]
    assert [seats.index(p.seat) for p in people] == sorted(seats.index(p.seat) for p in people)
    (manager,) = seated(sandbox, [("U-14", "sales_manager")])
    assert (manager.name, manager.branch) == ("Ren Dan", "East")
    with pytest.raises(Refused, match="U-14 does not sit in the seat 'warehouse'"):
        seated(sandbox, [("U-14", "warehouse")])


def test_last_week_is_on_record_with_a_maker_and_a_checker(sandbox: Sandbox) -> None:
    begin(sandbox, "last_week")
    assert moment(sandbox) == OPENS
    assert operations(sandbox) == [
        "sign_in", "read", "change", "sign_in", "list", "review", "sign_in", "read", "change",
    ]  # fmt: skip
    past = history(sandbox, MANAGER, "customer", "CU-022", at=OPENS).changes
    assert [(c.column, c.before, c.after, c.seat) for c in past] == [
        ("account_manager", "U-07", "U-08", "sales_director")
    ]
    assert all(change.at < OPENS for change in past)
    assert verify(sandbox).fault is None


def test_a_sandbox_in_use_gets_no_past(sandbox: Sandbox) -> None:
    sign_in(sandbox, MANAGER.user_id, MANAGER.seat, OPENS)
    begin(sandbox, "last_week")
    assert operations(sandbox) == ["sign_in"]


def test_a_past_that_stops_half_way_leaves_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(lived_in: Sandbox) -> None:
        sign_in(lived_in, MANAGER.user_id, MANAGER.seat, OPENS)
        raise Refused("no")

    monkeypatch.setitem(office.PASTS, "half", half)
    with pytest.raises(Refused, match="no"):
        begin(sandbox, "half")
    assert operations(sandbox) == []
    with pytest.raises(Refused, match="There is no past 'last_weak'; there are: last_week"):
        begin(sandbox, "last_weak")
