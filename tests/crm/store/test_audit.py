"""The audit trail: nobody can change it, and the tables can be rebuilt from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from crmlab.crm import tables
from crmlab.crm.casework import cases as crm
from crmlab.crm.casework import past
from crmlab.crm.store import audit
from crmlab.crm.store.sandbox import Sandbox, open_sandbox
from crmlab.crm.trail.rebuild import rebuild
from crmlab.crm.trail.verify import verify
from crmlab.errors import SandboxError
from crmlab.procedures import Procedure, load
from tests.tiny import hand_over, reassign, send_back

CASE = "C-1042"
LATER = {"case_id": CASE, "activity": "later", "lifecycle": "complete"}


def complaint() -> Procedure:
    return load("complaint")


def played(sandbox: Sandbox) -> None:
    """A case with a slip, work sent back, another holder, and some waiting."""
    case = crm.open_practice_case(sandbox, complaint(), CASE)
    case = crm.apply(sandbox, complaint(), case, reassign(complaint(), case, "U-02")).case
    case = crm.apply(
        sandbox, complaint(), case, hand_over(complaint(), case, batch_no="B-2203", same_as=None)
    ).case
    crm.let_pass(sandbox, CASE, case.visit.due_at)
    case = crm.apply(sandbox, complaint(), case, hand_over(complaint(), case)).case
    case = crm.apply(sandbox, complaint(), case, send_back(complaint(), case, "register")).case
    while case.step:
        case = crm.apply(sandbox, complaint(), case, hand_over(complaint(), case)).case


def stored(sandbox: Sandbox) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but the trail itself, in order."""
    with sandbox.read() as session:
        return {
            name: sorted(
                (tuple(r) for r in session.execute(text(f"SELECT * FROM {name}"))), key=str
            )
            for name in tables.Base.metadata.tables
            if name not in audit.TRAIL
        }


def test_each_line_says_who_did_what_when_and_what_it_was_before(sandbox: Sandbox) -> None:
    played(sandbox)
    with sandbox.read() as session:
        trail = audit.trail_of(session, CASE)
        operations = [line.operation for line in trail]
        assert operations[:6] == [
            "open_case", "reassign", "hand_over", "wait", "hand_over", "send_back",
        ]  # fmt: skip
        assert trail[1].user_id == "U-01"
        assert trail[2].user_id == "U-02"
        (change,) = [c for c in trail[1].changes if c["table"] == "cases"]
        assert change["is"] == "changed"
        assert change["key"] == {"case_id": CASE}
        assert (change["before"]["holder"], change["after"]["holder"]) == ("U-01", "U-02")
        assert audit.trail_of(session, "C-1") == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET user_id = 'U-09'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE audit_id = 2",
        "TRUNCATE audit",
        "TRUNCATE audit CASCADE",
    ],
)
def test_a_line_can_be_neither_changed_nor_removed(
    database: str, sandbox: Sandbox, statement: str
) -> None:
    if database == "sqlite" and "TRUNCATE" in statement:
        pytest.skip("SQLite has no such statement")
    played(sandbox)
    with sandbox.read() as session:
        before = session.execute(text("SELECT * FROM audit")).all()

    def cheat() -> None:
        moment = complaint().cases[CASE].opened_at
        with sandbox.write("cheat", subject=CASE, at=moment) as session:
            session.execute(text(statement))

    with pytest.raises(SandboxError, match="the audit trail can only be added to"):
        cheat()
    with sandbox.read() as session:
        assert session.execute(text("SELECT * FROM audit")).all() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_head SET lines = lines - 1, hash = (SELECT previous FROM audit "
        "ORDER BY audit_id DESC LIMIT 1)",
        "UPDATE audit_head SET lines = 0",
        "UPDATE audit_head SET hash = 'another'",
        "UPDATE audit_head SET lines = lines + 2",
        "UPDATE audit_head SET lines = NULL",
        "UPDATE audit_head SET lines = lines + 1, start = 'another'",
        "UPDATE audit_head SET lines = lines + 1, head_id = 2",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
        "INSERT OR REPLACE INTO audit_head (head_id, start, lines, hash) "
        "SELECT head_id, start, lines - 1, hash FROM audit_head",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE audit_id = 2",
        "INSERT OR REPLACE INTO audit_rows SELECT * FROM audit_rows",
        "INSERT INTO audit_head (head_id, start, lines, hash) "
        "SELECT head_id, start, lines - 1, hash FROM audit_head "
        "WHERE true ON CONFLICT (head_id) DO UPDATE SET lines = excluded.lines",
    ],
)
def test_the_head_cannot_be_put_back_nor_anything_be_replaced(
    database: str, sandbox: Sandbox, statement: str
) -> None:
    """Else the last line could be cut off, and the head say that there never was one."""
    if ("TRUNCATE" in statement, "REPLACE" in statement)[database == "postgresql"]:
        pytest.skip("the other database has no such statement")
    played(sandbox)
    with (
        pytest.raises(SandboxError, match=r"audit trail (can only be added to|only goes on)"),
        sandbox.place.told(),
        sandbox.place.engine.begin() as behind_its_back,
    ):
        behind_its_back.execute(text(statement))
    assert verify(sandbox).fault is None


def test_the_trail_rebuilds_every_table(sandbox: Sandbox, tmp_path: Path) -> None:
    played(sandbox)
    fresh = open_sandbox("fresh", folder=tmp_path)
    assert stored(fresh) != stored(sandbox)
    with sandbox.read() as session:
        trail = list(session.query(tables.Audit).order_by(tables.Audit.audit_id))
    with fresh.write("rebuild", subject=CASE, at=trail[-1].at) as session:
        rebuild(session, trail)
    assert stored(fresh) == stored(sandbox)
    with fresh.write("go on", subject=CASE, at=trail[-1].at) as session:
        session.add(tables.Event(**LATER, timestamp=trail[-1].at))
    with fresh.read() as session:
        numbers = [event.event_id for event in session.query(tables.Event)]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
    fresh.close()


def test_what_was_done_leads_to_the_same_case_again(sandbox: Sandbox) -> None:
    played(sandbox)
    with sandbox.read() as session:
        assert past.replay(complaint(), audit.trail_of(session, CASE)) == crm.read_case(
            session, CASE
        )


def test_a_trail_without_its_beginning_is_told(sandbox: Sandbox) -> None:
    played(sandbox)
    with sandbox.read() as session, pytest.raises(SandboxError, match="how this case was opened"):
        past.replay(complaint(), audit.trail_of(session, CASE)[1:])


# What a line says of a row ------------------------------------------------------------------

MOMENT = complaint().cases[CASE].opened_at


def changes_of(sandbox: Sandbox, number: int) -> list[dict[str, Any]]:
    with sandbox.read() as session:
        return session.get_one(tables.Audit, number).changes


def test_a_row_that_is_deleted_is_kept_whole_in_the_trail(sandbox: Sandbox, tmp_path: Path) -> None:
    with sandbox.write("add", subject="CU-007", at=MOMENT) as session:
        session.add(
            tables.Interaction(customer_id="CU-007", at=MOMENT, channel="comment", note="called")
        )
    with sandbox.write("delete", subject="CU-007", at=MOMENT) as session:
        row = session.scalars(select(tables.Interaction).filter_by(note="called")).one()
        row.note = "called twice"
        session.expire(row, ["channel"])
        session.delete(row)
    (change,) = changes_of(sandbox, 2)
    assert (change["table"], change["is"], change["after"]) == ("interactions", "deleted", {})
    assert change["before"]["note"] == "called"
    assert change["before"]["channel"] == "comment"
    assert change["before"]["customer_id"] == "CU-007"
    assert verify(sandbox).fault is None
    fresh = open_sandbox("fresh", folder=tmp_path)
    with sandbox.read() as session, fresh.write("x", subject="x", at=MOMENT) as target:
        rebuild(target, list(session.query(tables.Audit).order_by(tables.Audit.audit_id)))
    assert stored(fresh) == stored(sandbox)
    fresh.close()


def test_what_was_there_before_is_said_even_if_nobody_had_looked(sandbox: Sandbox) -> None:
    with sandbox.read() as session:
        contact = session.get_one(tables.Customer, "CU-007").contact
    with sandbox.write("change", subject="CU-007", at=MOMENT) as session:
        row = session.get_one(tables.Customer, "CU-007")
        session.expire(row)
        row.contact = "Somebody else"
    (change,) = changes_of(sandbox, 1)
    assert change["before"]["contact"] == contact
    assert change["after"]["contact"] == "Somebody else"


def test_a_change_in_two_goes_is_told_in_both(sandbox: Sandbox) -> None:
    with sandbox.write("change", subject="CU-007", at=MOMENT) as session:
        row = session.get_one(tables.Customer, "CU-007")
        for days in (51, 52):
            row.payment_days = days
            session.flush()
    told = [
        (c["before"]["payment_days"], c["after"]["payment_days"]) for c in changes_of(sandbox, 1)
    ]
    assert told[1:] == [(51, 52)]
    assert told[0][1] == 51
    assert verify(sandbox).fault is None


def test_what_changes_nothing_is_noted_as_well(sandbox: Sandbox) -> None:
    detail: dict[str, Any] = {"kind": "customer"}
    with sandbox.write(
        "export", subject="customer", at=MOMENT, user="U-01", seat="service_agent", detail=detail
    ) as session:
        detail["rows"] = session.query(tables.Customer).count()
    with sandbox.read() as session:
        (line,) = session.query(tables.Audit)
        assert audit.as_plain(line) == {
            "audit_id": 1,
            "at": "2026-05-12T08:30:00+08:00",
            "user_id": "U-01",
            "seat": "service_agent",
            "operation": "export",
            "subject": "customer",
            "detail": {"kind": "customer", "rows": 30},
            "changes": [],
            "previous": line.previous,
            "hash": line.hash,
        }


def test_a_statement_that_the_trail_could_not_follow_is_refused(sandbox: Sandbox) -> None:
    before = stored(sandbox)

    def bulk() -> None:
        with sandbox.write("bulk", subject="all", at=MOMENT) as session:
            session.execute(update(tables.Customer).values(payment_days=0))

    with pytest.raises(TypeError, match="so that the audit trail knows"):
        bulk()
    assert stored(sandbox) == before


def test_lines_are_numbered_without_a_gap_whatever_fails_between(sandbox: Sandbox) -> None:
    def fail() -> None:
        with sandbox.write("fail", subject="x", at=MOMENT) as session:
            session.add(tables.Event(**LATER, timestamp=MOMENT))
            session.flush()

    for _ in range(3):
        with sandbox.write("x", subject="x", at=MOMENT):
            pass
        with pytest.raises(SandboxError):  # there is no such case
            fail()
    with sandbox.read() as session:
        numbers = [line.audit_id for line in session.query(tables.Audit)]
        assert sorted(numbers) == [1, 2, 3]


def test_the_last_lines_are_given_oldest_first(sandbox: Sandbox) -> None:
    for subject in ("a", "b", "a", "b", "a"):
        with sandbox.write("x", subject=subject, at=MOMENT):
            pass
    with sandbox.read() as session:

        def numbers(last: int, subject: str | None = None) -> list[int]:
            return [line.audit_id for line in audit.latest(session, last, subject)]

        assert numbers(2) == [4, 5]
        assert numbers(0) == [1, 2, 3, 4, 5]
        assert numbers(2, "a") == [3, 5]
        assert numbers(9, "b") == [2, 4]
