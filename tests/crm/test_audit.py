"""The audit trail: nobody can change it, and the tables can be rebuilt from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from crmlab.crm import audit, tables
from crmlab.crm import cases as crm
from crmlab.crm.sandbox import Sandbox, open_sandbox
from crmlab.errors import SandboxError
from crmlab.procedures import Procedure, load
from tests.tiny import hand_over, reassign, send_back

CASE = "C-1042"


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
            if name != "audit"
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
    ["UPDATE audit SET user_id = 'U-09'", "DELETE FROM audit", "DELETE FROM audit WHERE 1 = 1"],
)
def test_a_line_can_be_neither_changed_nor_removed(sandbox: Sandbox, statement: str) -> None:
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


def test_the_trail_rebuilds_every_table(sandbox: Sandbox, tmp_path: Path) -> None:
    played(sandbox)
    fresh = open_sandbox("fresh", folder=tmp_path)
    assert stored(fresh) != stored(sandbox)
    with sandbox.read() as session:
        trail = list(session.query(tables.Audit).order_by(tables.Audit.audit_id))
    with fresh.write("rebuild", subject=CASE, at=trail[-1].at) as session:
        audit.rebuild(session, trail)
    assert stored(fresh) == stored(sandbox)
    fresh.close()


def test_what_was_done_leads_to_the_same_case_again(sandbox: Sandbox) -> None:
    played(sandbox)
    with sandbox.read() as session:
        assert crm.replay(complaint(), audit.trail_of(session, CASE)) == crm.read_case(
            session, CASE
        )


def test_a_trail_without_its_beginning_is_told(sandbox: Sandbox) -> None:
    played(sandbox)
    with sandbox.read() as session, pytest.raises(SandboxError, match="how this case was opened"):
        crm.replay(complaint(), audit.trail_of(session, CASE)[1:])
