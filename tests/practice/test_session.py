"""A trainee at a desk: their own seats, colleagues in the others, and a clock for each case."""

from __future__ import annotations

import pytest

from crmlab.calendar import STANDARD
from crmlab.crm import tables
from crmlab.crm.access.permissions import Who
from crmlab.crm.casework import looking
from crmlab.crm.records import OFFERED, Entry
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Refused, StaleCase
from crmlab.practice.ground import lay_ground
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case
from crmlab.procedures.walk import right_fields
from tests.tiny import of_the_first_morning, tiny


def right(practice: Practice, case_id: str) -> dict[str, object]:
    return dict(right_fields(practice.procedure, practice.case(case_id)))


def offered(practice: Practice, kind: str, case: Case) -> list[Entry]:
    """What a form of the case's step offers of this kind to whoever holds the case."""
    assert case.step
    who = Who(case.holder or "", practice.procedure.steps[case.step].seat)
    with practice.sandbox.read() as session:
        return looking.offered(session, kind, case, who)


def test_in_all_seats_nothing_moves_by_itself(sandbox: Sandbox) -> None:
    practice = Practice(tiny(), sandbox)
    case = practice.open("T-1")
    steps = []
    while case.step:
        steps.append(case.step)
        assert practice.case("T-1") == case
        case = practice.hand_over(case, right_fields(tiny(), case)).case
    assert steps == ["ask", "lend", "check", "back"]
    assert practice.debrief(case).totals == practice.debrief(case).by_the_procedure


@pytest.mark.parametrize("seat", ["neighbour", "keeper", "checker"])
def test_in_one_seat_colleagues_bring_the_case_and_take_it_on(sandbox: Sandbox, seat: str) -> None:
    practice = Practice(tiny(), sandbox, seats=[seat])
    case = practice.open("T-1")
    mine = tiny().steps_of(seat)
    for step in mine:
        assert case.step == step
        case = practice.hand_over(case, right_fields(tiny(), case)).case
    assert case.closed_at
    assert [visit.step for visit in case.visits] == ["ask", "lend", "check", "back"]


def test_in_no_seat_at_all_one_looks_on(sandbox: Sandbox) -> None:
    assert Practice(tiny(), sandbox, seats=[]).open("T-1").closed_at


def test_unknown_colleagues_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(Refused, match="careful, ordinary, hasty, not 'lazy'"):
        Practice(tiny(), sandbox, manner="lazy")


def test_a_refused_form_leaves_the_case_on_the_desk(sandbox: Sandbox) -> None:
    practice = Practice(tiny(), sandbox, seats=["neighbour"])
    case = practice.open("T-1")
    with pytest.raises(Refused) as caught:
        practice.hand_over(case, {"height": 99})
    assert set(caught.value.fields) == {"height"}
    for wrong in ({"seat": "keeper"}, {"step": "back"}):
        with pytest.raises(Refused):
            practice.hand_over(case, {"height": 3}, **wrong)
    assert practice.case("T-1") == case


def test_each_case_has_a_clock_of_its_own(sandbox: Sandbox, complaint: Procedure) -> None:
    practice = Practice(complaint, sandbox)
    first, second = (practice.open(case_id) for case_id in list(complaint.cases)[:2])
    assert practice.now(first) == first.opened_at
    practice.wait(first, 10)
    assert practice.now(first) == STANDARD.add(first.opened_at, 10)
    assert practice.now(second) == second.opened_at
    late = practice.hand_over(first, right_fields(complaint, first)).case
    assert late.visits[0].done_at is not None
    assert late.visits[0].done_at > STANDARD.add(first.opened_at, 10)


def test_waiting_makes_the_next_step_late(sandbox: Sandbox, complaint: Procedure) -> None:
    practice = Practice(complaint, sandbox)
    case = practice.open("C-1042")
    case = practice.hand_over(case, right_fields(complaint, case)).case
    practice.wait(case, complaint.steps["acknowledge"].deadline_hours + 1)
    result = practice.hand_over(case, right_fields(complaint, case))
    assert [slip.mistake for slip in result.slips] == ["late_acknowledgement"]


def test_the_inbox_has_the_most_urgent_first_and_whose_desk_it_is(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    practice = Practice(complaint, sandbox)
    practice.open_all()
    lines = practice.inbox()
    assert {line.case_id for line in lines} == set(of_the_first_morning(complaint))
    assert [line.hours_left for line in lines] == sorted(line.hours_left for line in lines)
    for line in lines:
        case = practice.case(line.case_id)
        assert line.step == case.step
        assert line.due_at == case.visit.due_at
        assert line.hours_left == STANDARD.between(practice.now(case), line.due_at)
        assert line.holder in [person.label for person in practice.people(line.seat)]
        assert line.customer
    seat = lines[0].seat
    assert practice.inbox(seat) == [line for line in lines if line.seat == seat]
    assert practice.closed_cases() == []


def test_laying_out_the_morning_twice_changes_nothing(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    practice = Practice(complaint, sandbox)
    practice.open_all()
    before = [practice.case(case_id) for case_id in of_the_first_morning(complaint)]
    practice.open_all()
    assert [practice.case(case_id) for case_id in of_the_first_morning(complaint)] == before


def test_a_case_left_on_a_colleagues_desk_goes_on_when_the_desk_is_opened_again(
    sandbox: Sandbox,
) -> None:
    """As after a kernel that was killed while colleagues were at work."""
    Practice(tiny(), sandbox).open("T-1")
    practice = Practice(tiny(), sandbox, seats=["checker"])
    assert practice.case("T-1").step == "ask"
    practice.open_all()
    assert practice.case("T-1").step == "check"


def test_a_case_is_given_to_the_other_person_in_the_seat(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    practice = Practice(complaint, sandbox)
    case = practice.open("C-1042")
    (other,) = [p.key for p in practice.people("service_agent") if p.key != case.holder]
    given = practice.reassign(case, other).case
    assert given.holder == other
    assert practice.hand_over(given, right_fields(complaint, given)).case.step == "acknowledge"


def test_looking_and_sending_back_takes_a_quarter_of_an_hour(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    practice = Practice(complaint, sandbox)
    case = practice.open("C-1042")
    for _step in range(2):
        case = practice.hand_over(case, right_fields(complaint, case)).case
    result = practice.send_back(case, "register", "Which batch does the plate say?")
    left = result.case.visits[-2]
    assert left.worked_hours == 0.25
    wait = complaint.steps["assess"].wait_hours
    assert left.done_at is not None
    assert STANDARD.between(left.entered_at, left.done_at) <= 1.3 * wait + 0.25


def test_the_other_window_is_told_and_what_colleagues_did_stands(sandbox: Sandbox) -> None:
    here, there = (Practice(tiny(), sandbox, seats=["neighbour"]) for _ in range(2))
    case = here.open("T-1")
    here.hand_over(case, {"height": 3})
    before = there.case("T-1")
    with pytest.raises(StaleCase):
        there.hand_over(case, {"height": 4})
    assert there.case("T-1") == before
    assert before.step == "back"


def test_a_closed_case_is_closed(sandbox: Sandbox) -> None:
    practice = Practice(tiny(), sandbox, seats=["neighbour"])
    case = practice.open("T-1")
    case = practice.hand_over(case, {"height": 3}).case
    case = practice.hand_over(case, {"note": "Thanks"}).case
    assert case.closed_at
    assert [line.case_id for line in practice.closed_cases()] == ["T-1"]
    with pytest.raises(Refused, match="is closed; open another one"):
        practice.hand_over(case, {})


def test_a_form_offers_the_records_of_its_kind(sandbox: Sandbox, complaint: Procedure) -> None:
    practice = Practice(complaint, sandbox)
    case = practice.open("C-1042")
    batches = offered(practice, "batch", case)
    assert [entry.key for entry in batches] == sorted(entry.key for entry in batches)
    assert "B-2230" in [entry.key for entry in batches]
    assert all(entry.label for entry in batches)
    with sandbox.read() as session:
        assert len(offered(practice, "customer", case)) == session.query(tables.Customer).count()


def test_a_form_offers_the_customers_own_records_first_and_never_a_whole_table(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    practice = Practice(complaint, sandbox)
    case = practice.open("C-1042")
    with sandbox.write("many_orders", subject="test", at=case.opened_at) as session:
        for number in range(200):
            session.add(
                tables.Order(
                    order_id=f"SO-1{number:04}",
                    customer_id="CU-001",
                    ordered_at=case.opened_at,
                )
            )
    with sandbox.read() as session:
        mine = {
            order.order_id
            for order in session.query(tables.Order).filter_by(customer_id=case.records["customer"])
        }
    orders = [entry.key for entry in offered(practice, "order", case)]
    assert len(orders) == OFFERED
    assert set(orders[: len(mine)]) == mine


def test_a_case_that_follows_another_opens_when_that_one_is_closed(
    sandbox: Sandbox, complaint: Procedure
) -> None:
    follows = complaint.cases["C-1080"].follows
    assert follows
    practice = Practice(complaint, sandbox, cases=["C-1080"])
    practice.open_all()
    assert practice.inbox() == []
    with pytest.raises(Refused, match="comes out of case L-2080"):
        practice.open("C-1080")
    lay_ground(sandbox, complaint, "C-1080")
    practice.open_all()
    (line,) = practice.inbox()
    assert line.case_id == "C-1080"
    sale, case = Practice(load(follows.procedure), sandbox).case("L-2080"), practice.case("C-1080")
    assert sale.closed_at
    assert case.opened_at > sale.closed_at
    for name in ("customer", "product", "order_line", "batch"):
        assert case.records[name] == sale.records[name]


def test_a_desk_may_lay_out_some_cases_only(sandbox: Sandbox, complaint: Procedure) -> None:
    practice = Practice(complaint, sandbox, cases=["C-1047"])
    practice.open_all()
    assert [line.case_id for line in practice.inbox()] == ["C-1047"]
    with pytest.raises(Refused, match="C-9"):
        Practice(complaint, sandbox, cases=["C-9"])


def test_a_form_offers_what_its_seat_may_see_and_what_the_case_is_about(sandbox: Sandbox) -> None:
    practice = Practice(load("lead_to_cash"), sandbox)
    case = practice.open("L-2001")
    while case.step != "quote":
        case = practice.hand_over(case, right(practice, case.case_id)).case
    with sandbox.read() as session:
        customers = session.query(tables.Customer)
        own = {row.customer_id for row in customers.filter_by(account_manager=case.holder)}
        everybody = customers.count()
    customers = {entry.key for entry in offered(practice, "customer", case)}
    assert customers == own | {case.records["customer"]}
    assert 0 < len(customers) < everybody
