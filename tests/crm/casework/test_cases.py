"""What is done to a case is permitted, written, logged and audited, or refused whole."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.access.permissions import permissions
from crmlab.crm.casework import cases as crm
from crmlab.crm.casework.desks import holders
from crmlab.crm.casework.fitting import misfits
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import ProcedureError, Refused, SandboxError, StaleCase
from crmlab.procedures import Procedure, load, loads, shipped
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Condition, Raw
from crmlab.procedures.engine import Result
from crmlab.procedures.steps import Evidence, Rule
from tests.tiny import hand_over, of_the_first_morning, reassign, send_back, spoilt, tiny

CASE = "C-1042"


@pytest.fixture
def window(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The same sandbox in another window."""
    opened = Sandbox(sandbox.place)
    yield opened
    opened.close()


def rows(sandbox: Sandbox) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as it is stored."""
    with sandbox.read() as session:
        return {
            name: [tuple(row) for row in session.execute(text(f"SELECT * FROM {name}"))]
            for name in tables.Base.metadata.tables
        }


def do(sandbox: Sandbox, procedure: Procedure, case: Case, **entries: Raw) -> Result:
    return crm.apply(sandbox, procedure, case, hand_over(procedure, case, **entries))


def walk_to(sandbox: Sandbox, procedure: Procedure, step: str | None, **entries: Raw) -> Case:
    """The practice case, opened and brought to a step; some entries of the first one differ."""
    case = crm.open_practice_case(sandbox, procedure, next(iter(procedure.cases)))
    while case.step not in (step, None):
        case = do(sandbox, procedure, case, **entries).case
        entries = {}
    return case


def get(sandbox: Sandbox, table: type[Any], key: str) -> Any:
    with sandbox.read() as session:
        row = session.get(table, key)
        session.expunge_all()
        return row


# What is typed ------------------------------------------------------------------------------


STRANGE = ["a\0b", "a\x1bb", "a\ud800b", "a\u202eb"]


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("field", ["description", "batch_no", "line_id"])
def test_a_sign_that_no_screen_can_show_is_refused_by_its_field_on_every_database(
    sandbox: Sandbox, complaint: Procedure, field: str, strange: str
) -> None:
    case = crm.open_practice_case(sandbox, complaint, CASE)
    before = rows(sandbox)
    with pytest.raises(Refused) as refusal:
        do(sandbox, complaint, case, **{field: strange})
    assert list(refusal.value.fields) == [field]
    assert "has a sign in it" in refusal.value.fields[field]
    assert rows(sandbox) == before


@pytest.mark.parametrize("strange", STRANGE)
def test_the_reason_of_a_return_is_held_to_the_same(
    sandbox: Sandbox, complaint: Procedure, strange: str
) -> None:
    case = walk_to(sandbox, complaint, "acknowledge")
    before = rows(sandbox)
    back = send_back(complaint, case, "register").model_copy(update={"reason": strange})
    with pytest.raises(Refused) as refusal:
        crm.apply(sandbox, complaint, case, back)
    assert list(refusal.value.fields) == ["reason"]
    assert rows(sandbox) == before


# Opening ------------------------------------------------------------------------------------


def test_a_case_is_opened_with_its_facts_and_lies_on_somebodys_desk(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    case = crm.open_practice_case(sandbox, complaint, CASE)
    assert case.facts["batch_no"] == case.records["batch"]
    assert case.facts["customer"] == get(sandbox, tables.Customer, "CU-007").name
    row = get(sandbox, tables.CaseRow, CASE)
    assert (row.step, row.seat, row.holder) == (case.step, "service_agent", case.holder)
    assert row.due_at == case.visit.due_at
    with sandbox.read() as session:
        assert case.holder in [user.user_id for user in holders(session, "service_agent")]
        assert crm.read_case(session, CASE) == case


def test_a_case_is_opened_once_and_only_if_it_exists(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    crm.open_practice_case(sandbox, complaint, CASE)
    before = rows(sandbox)
    with pytest.raises(Refused, match="Case C-1042 is open already"):
        crm.open_practice_case(sandbox, complaint, CASE)
    with pytest.raises(Refused, match=r"no practice case 'C-1'; it has: C-1042"):
        crm.open_practice_case(sandbox, complaint, "C-1")
    with sandbox.read() as session, pytest.raises(Refused, match="There is no case C-1 "):
        crm.read_case(session, "C-1")
    assert rows(sandbox) == before


def with_record(record: str) -> Procedure:
    return loads(spoilt("facts: {ladder: long}}", f"facts: {{ladder: long}}, records: {record}}}"))


def test_a_case_about_a_record_that_is_not_there_is_told(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="no customer 'CU-999', which the case is about"):
        crm.open_practice_case(sandbox, with_record("{customer: CU-999}"), "T-1")
    with pytest.raises(
        ProcedureError, match="no kind of record 'custmer'; did you mean 'customer'"
    ):
        crm.open_practice_case(sandbox, with_record("{custmer: CU-007}"), "T-1")
    assert not rows(sandbox)["cases"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "start: ask",
            "start: ask\nabout: {record: complain}",
            "about: there is no kind of record 'complain'",
        ),
        (
            "start: ask",
            "start: ask\nabout: {record: complaint}",
            None,
        ),
        ("type: integer,", "type: integer, writes: severity,", "not about a kind of record"),
        (
            "type: text,",
            "type: record, record: batsh,",
            "step 'back', field 'note': there is no kind of record 'batsh'; did you mean 'batch'?",
        ),
        (
            "like: lend.ladder}",
            "record: batch.in_stok}",
            "fact 'ladder': there is no column of batch 'in_stok'; did you mean 'in_stock'?",
        ),
        (
            "    hands_on: The height.",
            "    sets: [{record: batch, key: {field: height}, column: blokked, value: true}]\n"
            "    hands_on: The height.",
            "step 'ask', sets: there is no column of batch 'blokked'; did you mean 'blocked'?",
        ),
    ],
)
def test_records_and_columns_that_the_crm_does_not_keep(
    old: str, new: str, said: str | None
) -> None:
    told = list(misfits(loads(spoilt(old, new))))
    assert (said is None) == (not told)
    if said is not None:
        assert said in told[0]


def test_a_column_of_the_cases_own_record_is_checked() -> None:
    text_ = spoilt("type: integer,", "type: integer, writes: sevrity,")
    text_ = spoilt("start: ask", "start: ask\nabout: {record: complaint}", text_)
    assert list(misfits(loads(text_))) == [
        "step 'ask', field 'height': there is no column of complaint 'sevrity'; did you mean "
        "'severity'?"
    ]


@pytest.mark.parametrize("seat", sorted(permissions().matrix))
@pytest.mark.parametrize("place", ["evidence", "rules", "hints"])
def test_a_file_shows_no_seat_what_it_may_not_see(seat: str, place: str) -> None:
    """Neither as it stands, nor in a sum that is worked out from it."""
    sum_ = "It is {figure.over_limit} too much."
    said: dict[str, object] = {
        "evidence": [Evidence(says=sum_)],
        "rules": [Rule(refuse_when=Condition(step="quote", visited=True), message=sum_)],
        "hints": [sum_],
    }
    sale = load("lead_to_cash")
    step = sale.steps["pick_and_ship"].model_copy(update={"seat": seat, place: said[place]})
    told = list(misfits(sale.model_copy(update={"steps": {"pick_and_ship": step}})))
    hidden = "credit_limit" in permissions().hidden(seat, "customer")
    assert bool(told) is hidden
    if hidden:
        assert "tells 'customer.credit_limit', which the seat" in told[0]


@pytest.mark.parametrize("name", shipped())
def test_the_shipped_files_fit(name: str) -> None:
    assert list(misfits(load(name))) == []


# Handing over -------------------------------------------------------------------------------


def test_a_hand_over_writes_the_record_the_log_the_timeline_and_the_audit_trail(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    case = crm.open_practice_case(sandbox, complaint, CASE)
    result = do(sandbox, complaint, case, description="It drips.")
    record = get(sandbox, tables.Complaint, CASE)
    assert (record.batch_no, record.category, record.description) == ("B-2230", "leak", "It drips.")
    assert record.customer_id == "CU-007"
    assert record.received_at == case.opened_at
    with sandbox.read() as session:
        events = session.query(tables.Event).order_by(tables.Event.event_id).all()
        assert [(event.activity, event.lifecycle, event.resource) for event in events] == [
            ("register", "schedule", "service_agent"),
            ("register", "complete", "service_agent"),
            ("acknowledge", "schedule", "service_agent"),
        ]
        contact = session.scalars(
            select(tables.Interaction)
            .where(
                tables.Interaction.customer_id == "CU-007",
                tables.Interaction.at <= result.case.last_moment,
            )
            .order_by(tables.Interaction.at.desc())
        ).first()
        assert contact
        assert (contact.channel, contact.note, contact.case_id) == ("call", "It drips.", CASE)
        line = session.query(tables.Audit).order_by(tables.Audit.audit_id).all()[-1]
        assert (line.operation, line.subject, line.user_id, line.seat) == (
            "hand_over",
            CASE,
            case.holder,
            "service_agent",
        )
        assert {change["table"] for change in line.changes} == {
            "cases", "complaints", "events", "interactions",
        }  # fmt: skip


def test_a_contact_is_on_the_timeline_once_unless_something_else_was_said(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    def told() -> list[str]:
        with sandbox.read() as session:
            of_case = select(tables.Interaction).where(tables.Interaction.case_id == CASE)
            contacts = session.scalars(of_case.order_by(tables.Interaction.interaction_id))
            return [contact.note for contact in contacts if contact.channel == "call"]

    case = crm.open_practice_case(sandbox, complaint, CASE)
    for words, known in (
        ("It drips.", ["It drips."]),
        ("It drips.", ["It drips."]),
        ("It leaks.", ["It drips.", "It leaks."]),
    ):
        case = do(sandbox, complaint, case, description=words).case
        assert told() == known
        case = crm.apply(sandbox, complaint, case, send_back(complaint, case, "register")).case


def test_money_and_dates_reach_their_columns(sandbox: Sandbox, complaint: Procedure) -> None:
    case = walk_to(sandbox, complaint, None)
    record = get(sandbox, tables.Complaint, CASE)
    assert record.remedy_cost == Decimal(str(case.facts["remedy_cost"]))
    assert record.closed_at == case.closed_at
    assert record.valid is True
    row = get(sandbox, tables.CaseRow, CASE)
    assert (row.step, row.seat, row.holder, row.due_at) == (None, None, None, None)
    assert row.closed_at == case.closed_at


def test_the_batch_that_the_complaint_names_is_blocked_and_released(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    case = walk_to(sandbox, complaint, "contain")
    assert not get(sandbox, tables.Batch, "B-2230").blocked
    case = do(sandbox, complaint, case).case
    assert get(sandbox, tables.Batch, "B-2230").blocked
    while case.step:
        case = do(sandbox, complaint, case).case
    assert not get(sandbox, tables.Batch, "B-2230").blocked


def test_a_wrong_batch_number_blocks_the_wrong_stock(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    case = walk_to(sandbox, complaint, "contain", batch_no="B-2203")
    do(sandbox, complaint, case)
    assert get(sandbox, tables.Batch, "B-2203").blocked
    assert not get(sandbox, tables.Batch, "B-2230").blocked


@pytest.mark.parametrize(
    ("entries", "fields"),
    [
        ({"batch_no": "B-9999"}, {"batch_no"}),
        ({"batch_no": "B-9999", "line_id": "SO-1"}, {"batch_no", "line_id"}),
        ({"batch_no": None, "category": "bad"}, {"batch_no", "category"}),
        ({"batch_no": "x' OR 1=1 --"}, {"batch_no"}),
        ({"description": "x" * 2001}, {"description"}),
    ],
)
def test_a_refused_form_changes_nothing(
    sandbox: Sandbox, complaint: Procedure, entries: dict[str, Raw], fields: set[str]
) -> None:
    case = crm.open_practice_case(sandbox, complaint, CASE)
    before = rows(sandbox)
    with pytest.raises(Refused) as caught:
        do(sandbox, complaint, case, **entries)
    assert set(caught.value.fields) == fields
    assert rows(sandbox) == before


def test_text_that_looks_like_sql_or_html_is_kept_as_text(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    nasty = "<script>alert(1)</script> Robert'); DROP TABLE complaints;-- 阀门漏水"
    case = crm.open_practice_case(sandbox, complaint, CASE)
    do(sandbox, complaint, case, description=nasty)
    assert get(sandbox, tables.Complaint, CASE).description == nasty


# Who may --------------------------------------------------------------------------------------


def people(sandbox: Sandbox, seat: str) -> list[str]:
    with sandbox.read() as session:
        return [user.user_id for user in holders(session, seat)]


def test_only_who_sits_in_the_seat_may_act(sandbox: Sandbox, complaint: Procedure) -> None:
    case = crm.open_practice_case(sandbox, complaint, CASE)
    (outsider, *_more) = people(sandbox, "quality_engineer")
    before = rows(sandbox)
    for user in (outsider, "U-nobody"):
        with pytest.raises(Refused, match=f"{user} does not sit in this seat; those who do:"):
            crm.apply(sandbox, complaint, case, hand_over(complaint, case), user=user)
    with pytest.raises(Refused) as caught:
        crm.apply(sandbox, complaint, case, reassign(complaint, case, outsider))
    assert set(caught.value.fields) == {"holder"}
    assert rows(sandbox) == before


def test_a_case_can_be_given_to_the_other_person_in_the_seat(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    case = crm.open_practice_case(sandbox, complaint, CASE)
    (other,) = set(people(sandbox, "service_agent")) - {case.holder}
    given = crm.apply(sandbox, complaint, case, reassign(complaint, case, other)).case
    assert given.holder == get(sandbox, tables.CaseRow, CASE).holder == other
    do(sandbox, complaint, given)
    with sandbox.read() as session:
        lines = [(line.operation, line.user_id) for line in crm_trail(session)]
    assert lines[1:] == [("reassign", case.holder), ("hand_over", other)]


def crm_trail(session: Session) -> list[tables.Audit]:
    return list(session.scalars(select(tables.Audit).order_by(tables.Audit.audit_id)))


def test_a_seat_that_nobody_is_known_for_can_be_held_by_anybody_who_exists(
    sandbox: Sandbox,
) -> None:
    procedure = tiny()
    case = crm.open_practice_case(sandbox, procedure, "T-1")
    assert case.holder is None
    before = rows(sandbox)
    with pytest.raises(Refused):
        crm.apply(sandbox, procedure, case, reassign(procedure, case, "U-nobody"))
    assert rows(sandbox) == before
    (someone, *_more) = people(sandbox, "service_agent")
    assert crm.apply(sandbox, procedure, case, reassign(procedure, case, someone)).case.holder


def test_work_goes_to_the_customers_account_manager_and_else_to_who_has_least(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    held = {
        crm.open_practice_case(sandbox, complaint, case_id).holder
        for case_id in of_the_first_morning(complaint)
    }
    assert held == set(people(sandbox, "service_agent")), "the work is shared"
    with sandbox.read() as session:
        case = crm.read_case(session, CASE)
    while case.step != "propose_remedy":
        case = do(sandbox, complaint, case).case
    assert case.holder == get(sandbox, tables.Customer, "CU-007").account_manager


# Two windows ----------------------------------------------------------------------------------


def test_the_second_writer_is_told_and_nothing_is_overwritten(
    sandbox: Sandbox, window: Sandbox, complaint: Procedure
) -> None:
    case = crm.open_practice_case(sandbox, complaint, CASE)
    do(sandbox, complaint, case, description="mine")
    before = rows(window)
    with pytest.raises(StaleCase) as caught:
        do(window, complaint, case, description="yours")
    told = str(caught.value)
    assert "Service agent handed over “Register the complaint” (12 May 2026)." in told
    assert (
        "“What the customer says” is “mine” now (Service agent), and you entered “yours”." in told
    )
    assert "is now at 'Acknowledge the complaint' with the Service agent, on the desk of" in told
    assert "nothing was overwritten" in told
    assert list(caught.value.fields) == ["description"], "the other entries are the same"
    assert rows(sandbox) == before
    assert get(window, tables.Complaint, CASE).description == "mine"
    with window.read() as session:
        current = crm.read_case(session, CASE)
    do(window, complaint, current)


def test_the_second_writer_is_told_when_the_other_window_closed_the_case_or_began_anew(
    sandbox: Sandbox, window: Sandbox, complaint: Procedure
) -> None:
    sandbox.save_point("start")
    case = walk_to(sandbox, complaint, "verify_and_close")
    do(window, complaint, case)
    with pytest.raises(StaleCase, match=r"handed over “.*was closed in another window"):
        do(sandbox, complaint, case)
    for begin_anew in (window.reset, lambda: window.restore("start")):
        begin_anew()
        with pytest.raises(StaleCase, match="no longer in this sandbox"):
            do(sandbox, complaint, case)
        with pytest.raises(StaleCase, match="no longer in this sandbox"):
            crm.let_pass(sandbox, CASE, case.last_moment)
    crm.open_practice_case(window, complaint, CASE)
    before = rows(window)
    with pytest.raises(
        StaleCase, match=r"was begun anew.* is now at 'Register the complaint'"
    ) as caught:
        do(sandbox, complaint, case)
    assert "handed over" not in str(caught.value), "what it saw is no part of this past"
    assert rows(window) == before


def test_the_second_is_told_who_it_was_given_to_though_step_and_seat_are_the_same(
    sandbox: Sandbox, window: Sandbox, complaint: Procedure
) -> None:
    case = crm.open_practice_case(sandbox, complaint, CASE)
    other = next(who for who in people(sandbox, "service_agent") if who != case.holder)
    crm.apply(sandbox, complaint, case, reassign(complaint, case, other))
    name = get(sandbox, tables.User, other).name
    with pytest.raises(StaleCase) as caught:
        do(window, complaint, case, description="yours")
    told = str(caught.value)
    assert f"Service agent gave “Register the complaint” to {name} (12 May 2026)." in told
    assert f"with the Service agent, on the desk of {name}." in told
    assert caught.value.fields == {}, "nobody has entered anything"


def test_the_second_is_told_of_every_seat_that_had_it_since_and_what_was_put_right(
    sandbox: Sandbox, window: Sandbox, complaint: Procedure
) -> None:
    case = walk_to(sandbox, complaint, "assess")
    back = send_back(complaint, case, "register", reason="The plate reads B-2230.")
    moved = crm.apply(sandbox, complaint, case, back).case
    moved = do(sandbox, complaint, moved, description="put right").case
    with pytest.raises(StaleCase) as caught:
        do(window, complaint, case)
    told = str(caught.value)
    seats = [
        "Quality engineer sent it back from “Assess the complaint” to “Register the complaint”",
        "The plate reads B-2230.",
        "Service agent handed over “Register the complaint”",
        "“What the customer says” is “put right” now (Service agent), and was ",
    ]
    assert [told.index(part) for part in seats] == sorted(told.index(part) for part in seats)
    assert caught.value.fields == {}, "it was not in the form that was handed in"
    while moved.step:
        moved = do(sandbox, complaint, moved).case
    with pytest.raises(StaleCase, match=r"\d moves? came first"):
        do(window, complaint, case)


# The inbox ------------------------------------------------------------------------------------


def test_the_inbox_holds_the_open_cases_of_one_procedure_and_seat(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    for case_id in of_the_first_morning(complaint):
        crm.open_practice_case(sandbox, complaint, case_id)
    crm.open_practice_case(sandbox, tiny(), "T-1")
    with sandbox.read() as session:
        case = crm.read_case(session, CASE)
    do(sandbox, complaint, do(sandbox, complaint, case).case)

    def keys(procedure: str, seat: str | None = None) -> list[str]:
        with sandbox.read() as session:
            at = () if seat is None else (tables.CaseRow.seat == seat,)
            return [row.case_id for row in crm.inbox(session, procedure, *at)]

    assert keys("complaint") == sorted(of_the_first_morning(complaint))
    assert keys("complaint", "quality_engineer") == [CASE]
    assert CASE not in keys("complaint", "service_agent")
    assert keys("tiny") == ["T-1"]
    with sandbox.read() as session:
        case = crm.read_case(session, CASE)
    while case.step:
        case = do(sandbox, complaint, case).case
    assert CASE not in keys("complaint")
    with sandbox.read() as session:
        assert [row.case_id for row in crm.closed(session, "complaint")] == [CASE]


def test_time_passes_for_one_case_alone_and_never_back(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    first, second = (
        crm.open_practice_case(sandbox, complaint, c) for c in list(complaint.cases)[:2]
    )
    later = STANDARD.add(first.opened_at, 5)
    crm.let_pass(sandbox, first.case_id, later)
    crm.let_pass(sandbox, first.case_id, first.opened_at)
    assert get(sandbox, tables.CaseRow, first.case_id).now == later
    assert get(sandbox, tables.CaseRow, second.case_id).now == second.opened_at


def test_sending_back_leaves_what_was_written(sandbox: Sandbox, complaint: Procedure) -> None:
    case = walk_to(sandbox, complaint, "assess")
    back = crm.apply(sandbox, complaint, case, send_back(complaint, case, "register")).case
    assert get(sandbox, tables.CaseRow, CASE).step == back.step == "register"
    assert get(sandbox, tables.Complaint, CASE).batch_no == "B-2230"
    again = do(sandbox, complaint, back, category="noise").case
    assert get(sandbox, tables.Complaint, CASE).category == "noise"
    assert again.step == "assess"
