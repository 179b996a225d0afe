"""What somebody adds to a customer's timeline: seen at once, by field, within their own scope."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from crmlab.crm import tables
from crmlab.crm.access.noting import CHANNELS, note_contact
from crmlab.crm.access.permissions import OTHERS, Scope, Who, permissions
from crmlab.crm.access.timeline import Entry, read_timeline
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.trail.verify import verify
from crmlab.errors import CrmlabError, Denied, Refused
from tests.crm.people import AGENT, AT, DIRECTOR, MANAGER, REPRESENTATIVE, trail

OWN, OTHERS_CUSTOMER = "CU-003", "CU-008"  # the first is the representative's, both are not South
SAID = {"channel": "call", "at": "2026-05-12T08:40", "note": "They want the pumps a week later."}


def noted(sandbox: Sandbox, who: Who = REPRESENTATIVE, key: str = OWN, **more: Any) -> int:
    return note_contact(sandbox, who, key, {**SAID, **more}, at=AT)


def latest(sandbox: Sandbox, who: Who = REPRESENTATIVE, at: datetime = AT) -> Entry:
    return read_timeline(sandbox, who, OWN, at=at).entries[0]


def kept(sandbox: Sandbox) -> int:
    with sandbox.read() as session:
        return session.query(tables.Interaction).count()


def refused(sandbox: Sandbox, error: type[CrmlabError], do: Callable[[], object]) -> CrmlabError:
    """Something that is refused and leaves nothing on any timeline."""
    before = kept(sandbox)
    with pytest.raises(error) as told:
        do()
    assert kept(sandbox) == before
    return told.value


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_is_on_the_timeline_at_once_with_its_seat(sandbox: Sandbox, channel: str) -> None:
    noted(sandbox, channel=channel)
    told = latest(sandbox)
    assert (told.kind, told.title, told.note) == (channel, channel.capitalize(), SAID["note"])
    assert (told.seat, told.at.isoformat()) == (
        "sales_representative", "2026-05-12T08:40:00+08:00",
    )  # fmt: skip


def test_it_stands_where_it_belongs_in_time(sandbox: Sandbox) -> None:
    noted(sandbox, at="2026-05-12T08:40", note="second")
    noted(sandbox, at="2026-05-12T08:30", note="first")
    notes = [entry.note for entry in read_timeline(sandbox, REPRESENTATIVE, OWN, at=AT).entries]
    assert notes[:2] == ["second", "first"]


def test_it_is_on_record_and_the_trail_stays_whole(sandbox: Sandbox) -> None:
    noted(sandbox)
    line = trail(sandbox)[-1]
    assert (line["operation"], line["subject"], line["user"], line["seat"], line["detail"]) == (
        "note", OWN, REPRESENTATIVE.user_id, REPRESENTATIVE.seat, {"channel": "call"},
    )  # fmt: skip
    (change,) = line["changes"]
    assert (change["table"], change["is"]) == ("interactions", "created")
    assert change["after"]["note"] == SAID["note"]
    assert verify(sandbox).fault is None


@pytest.mark.parametrize(
    ("entries", "at_fault", "sentence"),
    [
        ({"channel": ""}, "channel", "'Kind' is missing."),
        ({"channel": "telegram"}, "channel", "'Kind' is one of: Call, Message, Visit, Comment."),
        ({"channel": "x" * 21}, "channel", "'Kind' has 21 characters; it takes 20."),
        ({"at": ""}, "at", "'When' is missing."),
        ({"at": "yesterday"}, "at", "'When' is a date"),
        ({"at": "0001-01-01T00:00"}, "at", "before 1 Jan 2015, when the company began"),
        ({"at": "2014-12-31T23:59"}, "at", "before 1 Jan 2015, when the company began"),
        ({"at": "2026-05-12T09:01"}, "at", "lies in the future, and it is only 12 May 2026, 09:00"),
        ({"at": "2620-05-12T09:01"}, "at", "'When' lies in the year 2620"),
        ({"note": " \n "}, "note", "'What was said' is missing."),
        ({"note": "x" * 501}, "note", "'What was said' has 501 characters; it takes 500."),
        ({"note": "🐉" * 2001}, "note", "'What was said' has 2001 characters; it takes 500."),
        ({"note": "a\0b"}, "note", "has a sign in it that no screen can show"),
        ({"note": "\ud800"}, "note", "has a sign in it that no screen can show"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    sandbox: Sandbox, entries: dict[str, Any], at_fault: str, sentence: str
) -> None:
    told = refused(sandbox, Refused, lambda: noted(sandbox, **entries))
    assert isinstance(told, Refused)
    assert list(told.fields) == [at_fault]
    assert sentence in told.fields[at_fault]


def test_all_faults_are_told_at_once(sandbox: Sandbox) -> None:
    told = refused(sandbox, Refused, lambda: note_contact(sandbox, REPRESENTATIVE, OWN, {}, at=AT))
    assert isinstance(told, Refused)
    assert list(told.fields) == ["channel", "at", "note"]


@pytest.mark.parametrize(
    "note", ["🐉" * 500, "<script>alert(1)</script>", "'; DROP TABLE interactions;--", "a\nb"]
)
def test_any_text_is_kept_as_it_is(sandbox: Sandbox, note: str) -> None:
    noted(sandbox, note=note)
    assert latest(sandbox).note == note


def test_now_is_not_the_future_in_whatever_zone(sandbox: Sandbox) -> None:
    noted(sandbox, at="2026-05-12T09:00")
    noted(sandbox, at=AT)
    told = refused(sandbox, Refused, lambda: noted(sandbox, at=AT + timedelta(seconds=1)))
    assert "in the future" in str(told)


@pytest.mark.parametrize("who", [AGENT, DIRECTOR])
def test_whoever_sees_every_customer_adds_to_any(sandbox: Sandbox, who: Who) -> None:
    noted(sandbox, who)
    assert latest(sandbox).seat == who.seat


@pytest.mark.parametrize(
    ("who", "key"), [(REPRESENTATIVE, OTHERS_CUSTOMER), (MANAGER, OWN), (REPRESENTATIVE, "CU-000")]
)
def test_to_a_customer_outside_ones_scope_nothing_is_added_and_the_denial_is_on_record(
    sandbox: Sandbox, who: Who, key: str
) -> None:
    denial = refused(sandbox, Denied, lambda: noted(sandbox, who, key))
    assert isinstance(denial, Denied)
    asked = permissions().seats[permissions().seats[who.seat].ask].name
    assert f"you see no customer '{key}'" in str(denial)
    assert f"ask the {asked}" in str(denial)
    assert denial.rule == f"{who.seat}.note"
    line = trail(sandbox)[-1]
    assert (line["operation"], line["subject"], line["detail"]["rule"]) == (
        "denied", key, denial.rule,
    )  # fmt: skip


def test_a_customer_that_is_not_there_is_told(sandbox: Sandbox) -> None:
    told = refused(sandbox, Refused, lambda: noted(sandbox, DIRECTOR, "CU-000"))
    assert "There is no customer 'CU-000'" in str(told)


def test_somebody_who_does_not_sit_there_adds_nothing(sandbox: Sandbox) -> None:
    denial = refused(sandbox, Denied, lambda: noted(sandbox, Who("U-07", "general_manager")))
    assert "does not sit in the seat" in str(denial)


@pytest.mark.parametrize("seat", [*permissions().seats, OTHERS])
def test_whoever_sees_a_timeline_may_add_to_it(seat: str) -> None:
    line = permissions().line(seat)
    assert line.note is line.timeline is line.see
    assert line.note is not Scope.NONE
