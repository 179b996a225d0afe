"""A customer's timeline: everything that happened, in one place, the latest first."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlab.crm import tables
from crmlab.crm.access.noting import note_contact
from crmlab.crm.access.permissions import Who
from crmlab.crm.access.timeline import LARGEST, Entry, Stretch, read_timeline, timeline
from crmlab.crm.store.sandbox import Sandbox, passing_sandbox
from crmlab.errors import Denied, Refused
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure
from crmlab.simulation.colleagues import right_action
from tests.crm.access.test_browse import NASTY, customer
from tests.crm.people import AGENT, AT, FINANCE, GENERAL, REPRESENTATIVE, put, trail

DAY = timedelta(days=1)


def busy_customer(sandbox: Sandbox) -> None:
    """CU-T, with whom everything happened once, a day apart from the first of March on."""
    first = AT.replace(month=3, day=1)
    moments = [first + n * DAY for n in range(20)]
    put(
        sandbox,
        customer("CU-T", "Busy"),
        tables.Opportunity(
            opportunity_id="L-T", customer_id="CU-T", owner="U-07", stage="won", outcome="won",
            created_at=moments[0], closed_at=moments[5],
        ),
        tables.StageEntry(
            opportunity_id="L-T", stage="lead", entered_at=moments[0], evidence="Met at a fair."
        ),
        tables.Interaction(
            customer_id="CU-T", at=moments[1], channel="call", seat="inside_sales", note="Asked."
        ),
        tables.Interaction(customer_id="CU-T", at=moments[2], channel="visit", note="Came by."),
        tables.Quote(
            quote_id="QU-T", customer_id="CU-T", opportunity_id="L-T", quoted_at=moments[3],
            valid_until=moments[9].date(),
        ),
        tables.QuoteLine(
            line_id="QU-T-1", quote_id="QU-T", customer_id="CU-T", product_id="LP-40", quantity=20,
            unit_price=Decimal(3000), list_price=Decimal(3480),
        ),
        tables.Approval(
            approval_id="AP-T", quote_id="QU-T", customer_id="CU-T", seat="sales_manager", unit_price=Decimal(3000),
            percent_below=Decimal(5), decision="approved", reason="A big one.",
            decided_at=moments[4],
        ),
        tables.Opportunity(
            opportunity_id="L-T2", customer_id="CU-T", owner="U-07", stage="needs", outcome="lost",
            created_at=moments[0], closed_at=moments[5],
        ),
        tables.Order(order_id="SO-T", customer_id="CU-T", quote_id="QU-T", ordered_at=moments[6]),
        tables.OrderLine(
            line_id="SO-T-1", order_id="SO-T", customer_id="CU-T", product_id="LP-40", quantity=20,
            unit_price=Decimal(3000),
        ),
        tables.CreditCheck(
            check_id="CC-T", order_id="SO-T", customer_id="CU-T", credit_limit=Decimal(100000),
            receivables=Decimal(90000), open_orders=Decimal(0), order_amount=Decimal(60000),
            overdue_days=0, decision="held", decided_at=moments[7],
        ),
        tables.CreditCheck(
            check_id="CC-T2", order_id="SO-T", customer_id="CU-T", credit_limit=Decimal(100000),
            receivables=Decimal(90000), open_orders=Decimal(0), order_amount=Decimal(60000),
            overdue_days=0, decision="released", reason="They paid today.",
            decided_by="finance_controller", decided_at=moments[8],
        ),
        tables.Shipment(
            shipment_id="SH-T", order_id="SO-T", customer_id="CU-T", shipped_at=moments[9],
            address="1 Quay", carrier="Donghai Freight",
        ),
        tables.Invoice(
            invoice_id="IN-T", order_id="SO-T", customer_id="CU-T", amount=Decimal(60000),
            invoiced_at=moments[10], due_on=moments[19].date(),
        ),
        tables.Payment(
            payment_id="PA-T", invoice_id="IN-T", customer_id="CU-T", amount=Decimal("59999.50"),
            paid_at=moments[11],
        ),
        tables.Complaint(
            complaint_id="C-T", customer_id="CU-T", received_at=moments[12],
            closed_at=moments[15], description="It hums.",
        ),
        tables.CaseRow(
            case_id="C-T", procedure="complaint", fingerprint="x", title="Hums", customer_id="CU-T",
            opened_at=moments[12], now=moments[14], version=1, facts={}, state={},
        ),
        tables.Event(
            case_id="C-T", activity="register", timestamp=moments[13], lifecycle="complete",
            resource="service_agent",
        ),
        tables.Event(
            case_id="C-T", activity="no_such_step", timestamp=moments[14], lifecycle="withdraw",
            resource="quality_engineer",
        ),
        tables.Event(
            case_id="C-T", activity="assess", timestamp=moments[14], lifecycle="schedule",
            resource="quality_engineer",
        ),
    )  # fmt: skip


WHAT_HAPPENED = [
    ("complaint", "Complaint C-T closed", "", None),
    ("step", "C-T, No such step: sent back", "", "quality_engineer"),
    ("step", "C-T, Register: done", "", "service_agent"),
    ("complaint", "Complaint C-T received", "It hums.", None),
    ("payment", "Payment for IN-T: ¥59,999.50", "", None),
    ("invoice", "Invoice IN-T: ¥60,000", "due on 20 Mar 2026", None),
    ("shipment", "Shipment SH-T of order SO-T", "Donghai Freight, 1 Quay", None),
    ("credit", "Order SO-T released", "¥90,000 owed + ¥60,000 ordered > limit ¥100,000; They paid today.", "finance_controller"),
    ("credit", "Order SO-T held for credit", "¥90,000 owed + ¥60,000 ordered > limit ¥100,000", None),
    ("order", "Order SO-T", "20 × LP-40", None),
    ("stage", "Opportunity L-T2: lost", "", None),
    ("approval", "Price of QU-T approved: ¥3,000", "A big one.", "sales_manager"),
    ("quote", "Quote QU-T", "20 × LP-40; valid until 10 Mar 2026", None),
    ("visit", "Visit", "Came by.", None),
    ("call", "Call", "Asked.", "inside_sales"),
    ("stage", "Opportunity L-T: Lead", "Met at a fair.", None),
]  # fmt: skip


def said(part: Stretch) -> list[tuple[str, str, str, str | None]]:
    return [(entry.kind, entry.title, entry.note, entry.seat) for entry in part.entries]


def test_everything_that_happened_stands_in_one_list_the_latest_first(sandbox: Sandbox) -> None:
    busy_customer(sandbox)
    part = read_timeline(sandbox, GENERAL, "CU-T", at=AT)
    assert said(part) == WHAT_HAPPENED
    assert part.next is None
    moments = [entry.at for entry in part.entries]
    assert moments == sorted(moments, reverse=True)
    records = {(entry.record, entry.key) for entry in part.entries}
    assert {("order", "SO-T"), ("quote", "QU-T"), ("opportunity", "L-T2")} <= records


def test_what_has_not_happened_yet_is_not_told(sandbox: Sandbox) -> None:
    busy_customer(sandbox)
    fifth = AT.replace(month=3, day=5)
    early = read_timeline(sandbox, GENERAL, "CU-T", at=fifth)
    assert said(early) == WHAT_HAPPENED[-5:]
    assert (
        len(read_timeline(sandbox, GENERAL, "CU-T", at=fifth - timedelta(seconds=1)).entries) == 4
    )
    with sandbox.read() as session:
        assert said(timeline(session, GENERAL.seat, "CU-T", until=fifth)) == WHAT_HAPPENED[-5:]
        assert said(timeline(session, GENERAL.seat, "CU-T")) == WHAT_HAPPENED


@pytest.mark.parametrize("size", [1, 2, 5, 15, 16, LARGEST])
def test_parts_of_any_size_make_the_whole(sandbox: Sandbox, size: int) -> None:
    busy_customer(sandbox)
    told, before = [], None
    while True:
        part = read_timeline(sandbox, GENERAL, "CU-T", at=AT, before=before, size=size)
        told += said(part)
        assert len(told) <= len(WHAT_HAPPENED)
        if part.next is None:
            break
        before = part.next
    assert told == WHAT_HAPPENED


def test_what_happened_in_one_moment_is_neither_lost_nor_told_twice_between_parts() -> None:
    numbers = count(1)

    @settings(max_examples=30)
    @given(
        happened=st.lists(
            st.tuples(
                st.sampled_from(["order", "contact", "complaint", "quote", "stage", "shipment"]),
                st.integers(0, 2),
            ),
            max_size=12,
        ),
        size=st.integers(1, 5),
    )
    def check(happened: list[tuple[str, int]], size: int) -> None:
        whose = f"CU-T{next(numbers)}"
        lead = tables.Opportunity(opportunity_id=f"L-{whose}", customer_id=whose, created_at=AT)
        sent = tables.Order(order_id=f"SO-{whose}", customer_id=whose, ordered_at=AT)
        put(sandbox, customer(whose, "Busy"), lead, sent)
        for kind, hours in happened:
            at, key = AT + timedelta(hours=hours), f"X-{next(numbers)}"
            rows = {
                "order": tables.Order(order_id=key, customer_id=whose, ordered_at=at),
                "stage": tables.StageEntry(
                    opportunity_id=f"L-{whose}", stage="lead", entered_at=at
                ),
                "shipment": tables.Shipment(
                    shipment_id=key,
                    order_id=f"SO-{whose}",
                    customer_id=whose,
                    shipped_at=at,
                    address="There",
                ),
                "contact": tables.Interaction(
                    customer_id=whose, at=at, channel="comment", note=key
                ),
                "complaint": tables.Complaint(
                    complaint_id=key, customer_id=whose, received_at=at, closed_at=at
                ),
                "quote": tables.Quote(quote_id=key, customer_id=whose, quoted_at=at),
            }
            put(sandbox, rows[kind])
        there = 1 + sum(2 if kind == "complaint" else 1 for kind, _hours in happened)
        told, before = [], None
        with sandbox.read() as session:
            whole = timeline(session, GENERAL.seat, whose, size=LARGEST).entries
            while len(told) <= there:
                part = timeline(session, GENERAL.seat, whose, before=before, size=size)
                told += part.entries
                before = part.next
                if before is None:
                    break
        assert told == whole
        assert len({entry.place for entry in told}) == len(told) == there

    with passing_sandbox() as sandbox:
        check()


def test_a_step_of_a_case_can_be_left_out(sandbox: Sandbox) -> None:
    busy_customer(sandbox)
    with sandbox.read() as session:
        part = timeline(session, GENERAL.seat, "CU-T", leave_out=["event"])
    assert said(part) == [entry for entry in WHAT_HAPPENED if entry[0] != "step"]


def test_the_credit_limit_is_not_told_to_who_does_not_see_it(sandbox: Sandbox) -> None:
    busy_customer(sandbox)
    for who, told in ((AGENT, False), (FINANCE, True), (REPRESENTATIVE, True)):
        notes = [entry.note for entry in read_timeline(sandbox, who, "CU-T", at=AT).entries]
        assert any("100,000" in note for note in notes) is told
        assert any("They paid today." in note for note in notes)


def test_nobody_opens_the_timeline_of_a_customer_out_of_reach(sandbox: Sandbox) -> None:
    before = len(trail(sandbox))
    for key in ("CU-015", "CU-999", "", *NASTY):
        with pytest.raises(Denied, match="As Sales representative you see no customer"):
            read_timeline(sandbox, REPRESENTATIVE, key, at=AT)
    with pytest.raises(Denied, match="does not sit"):
        read_timeline(sandbox, Who("U-07", "general_manager"), "CU-004", at=AT)
    with pytest.raises(Refused, match="no customer 'CU-999'"):
        read_timeline(sandbox, GENERAL, "CU-999", at=AT)
    lines = trail(sandbox)[before:]
    assert {line["operation"] for line in lines} == {"denied"}
    assert len(lines) == 4 + len(NASTY)


def test_an_entry_says_who_it_was_as_far_as_anybody_knows(sandbox: Sandbox) -> None:
    busy_customer(sandbox)
    assert {(e.title, e.person) for e in timeline_of(sandbox, "CU-T") if e.person} == {
        ("Opportunity L-T2: lost", "Shen Jie")  # its owner: the trail has not seen it end
    }
    call = {"channel": "call", "at": "2026-05-11T16:00", "note": "They want a drawing."}
    note_contact(sandbox, REPRESENTATIVE, "CU-004", call, at=AT)
    latest = timeline_of(sandbox, "CU-004")[0]
    assert (latest.note, latest.person, latest.seat) == (
        "They want a drawing.", "Shen Jie", "sales_representative",
    )  # fmt: skip


def test_what_a_case_leaves_on_the_timeline_names_whoever_held_it(
    complaint: Procedure, sandbox: Sandbox
) -> None:
    practice = Practice(complaint, sandbox)
    case = practice.open("C-1042")
    holders = {}
    while case.step:
        holders[complaint.steps[case.step].short] = case.holder
        case = practice.do(case, right_action(complaint, practice.as_it_stands(case))).case
    with sandbox.read() as session:
        names = {user.user_id: user.name for user in session.query(tables.User)}
    told = timeline_of(sandbox, case.records["customer"])
    by_step = {entry.title: entry.person for entry in told if entry.kind == "step"}
    assert by_step == {f"C-1042, {step}: done": names[holder] for step, holder in holders.items()}
    closed = next(entry for entry in told if entry.title == "Complaint C-1042 closed")
    received = next(entry for entry in told if entry.title == "Complaint C-1042 received")
    assert closed.person == names[list(holders.values())[-1]]
    assert received.person == names[holders["Register"]]


def timeline_of(sandbox: Sandbox, customer_id: str) -> list[Entry]:
    with sandbox.read() as session:
        return timeline(session, GENERAL.seat, customer_id).entries


def test_reading_a_timeline_is_on_record(sandbox: Sandbox) -> None:
    before = len(trail(sandbox))
    part = read_timeline(sandbox, AGENT, "CU-004", at=AT, size=3)
    (line,) = trail(sandbox)[before:]
    assert (line["operation"], line["subject"], line["user"]) == ("timeline", "CU-004", "U-01")
    assert line["detail"] == {"before": None, "size": 3, "rows": 3}
    assert part.next is not None


def test_a_place_that_is_none_and_a_size_out_of_bounds_are_refused(sandbox: Sandbox) -> None:
    for place in ("", "|", "2026-01-01|1|x", "yesterday|1|x", f"{AT.isoformat()}|x|x", *NASTY):
        with pytest.raises(Refused) as refusal:
            read_timeline(sandbox, GENERAL, "CU-004", at=AT, before=place)
        assert list(refusal.value.fields) == ["before"]
    for size in (0, LARGEST + 1, 10_000_000):
        with pytest.raises(Refused) as refusal:
            read_timeline(sandbox, GENERAL, "CU-004", at=AT, size=size)
        assert list(refusal.value.fields) == ["size"]


def test_a_place_need_not_be_there_any_more(sandbox: Sandbox) -> None:
    for rank in (-1, 0, 1, 5, 99):
        for key in ("", "x", "-5", "🙂", "999999"):
            place = f"{datetime.max.isoformat()}+00:00|{rank}|{key}"
            whole = read_timeline(sandbox, GENERAL, "CU-004", at=AT).entries
            assert read_timeline(sandbox, GENERAL, "CU-004", at=AT, before=place).entries == whole
