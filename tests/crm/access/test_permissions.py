"""The matrix: what a seat may do, who says so, whom to ask, and that a denial is on record."""

from __future__ import annotations

from itertools import pairwise

import pytest
from sqlalchemy import select

from crmlab.crm import tables
from crmlab.crm.access.on_record import denials_on_record
from crmlab.crm.access.permissions import (
    FILE,
    OPERATIONS,
    Scope,
    Who,
    loads,
    permissions,
    permit,
)
from crmlab.crm.access.scopes import (
    ALL_KINDS,
    WAYS,
    key_of,
    keys_within,
    may_see,
    scoped,
    visible,
)
from crmlab.crm.access.sign_in import sign_in
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import CrmlabError, Denied, Refused
from crmlab.procedures import load, shipped
from tests.crm.own_rows import price_list
from tests.crm.people import (
    AGENT,
    AT,
    DIRECTOR,
    GENERAL,
    MANAGER,
    REPRESENTATIVE,
    put,
    trail,
)

TEXT = FILE.read_text(encoding="utf-8")


# The file ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("procedure", sorted({"complaint", "lead_to_cash"} & set(shipped())))
def test_every_seat_of_our_own_flows_has_its_line_and_its_name(procedure: str) -> None:
    for seat, about in load(procedure).seats.items():
        assert seat in permissions().matrix
        assert permissions().seats[seat].name == about.name


def test_nobody_asks_in_a_circle_of_seats_that_cannot_help() -> None:
    matrix, seats = permissions().matrix, permissions().seats
    for seat in seats:
        chain = [seat]
        while matrix[chain[-1]].export is Scope.NONE:
            chain.append(seats[chain[-1]].ask)
            assert len(chain) < 5, chain
        assert all(first != then for first, then in pairwise(chain))


@pytest.mark.parametrize(
    ("good", "bad", "line_of", "sentence"),
    [
        ("service_agent:         {see: all,", "service_agent:         {see: most,", "most", "should be 'own', 'branch', 'all' or 'none', not 'most'"),
        ("service_agent:         {see: all,", "service_agent:         {sea: all,", "sea", "'sea' is not a name"),
        ("service_agent:         {see: all,    ", "service_agent:         {", "service_agent:         {search", "'see' is missing in matrix.service_agent"),
        ("  warehouse:             {see", "  werehouse:             {see", "werehouse", "'werehouse' is not under 'seats'"),
        ("ask: sales_director,      ", "ask: sales_directer,      ", "sales_directer", "did you mean 'sales_director'"),
        ("ask: sales_director,      ", "ask: sales_manager,       ", "ask: sales_manager,       ", "would ask itself"),
        ("export_rows: 200}", "export_rows: 0}", "export_rows: 0", "say both or neither"),
        ("export_rows: 200}", "export_rows: -1}", "export_rows: -1", "at least 0"),
        ("ask: service_manager}\n  quality", "ask: service_manager, export_rows: 5}\n  quality", "export_rows: 5}", "say both or neither"),
        ("product.cost", "product.price", "product.price", "no column of product 'price'"),
        ("product.cost", "produkt.cost", "produkt.cost", "did you mean 'product'"),
        ("product.cost: [sales_manager", "product.cost: [sales_boss", "sales_boss", "no seat 'sales_boss'"),
        ("  others:                {see", "  nobody:                {see", "matrix:", "'others' is missing"),
        ("matrix:", "matrix: [", "", "not YAML"),
    ],
)  # fmt: skip
def test_a_fault_of_the_file_is_told_with_its_line(
    good: str, bad: str, line_of: str, sentence: str
) -> None:
    assert TEXT.count(good) >= 1
    text = TEXT.replace(good, bad, 1)
    with pytest.raises(CrmlabError) as fault:
        loads(text)
    assert sentence in str(fault.value)
    if line_of:
        place = text.index(bad) + bad.index(line_of) if line_of in bad else text.index(line_of)
        line = text[:place].count("\n") + 1
        assert f"permissions.yaml, line {line}:" in str(fault.value)


# What a seat may do -----------------------------------------------------------------------------


def test_a_seat_reaches_as_far_as_its_line_says(sandbox: Sandbox) -> None:
    with sandbox.read() as session:
        assert permit(session, REPRESENTATIVE, "see") is Scope.OWN
        assert permit(session, MANAGER, "see") is Scope.BRANCH
        assert permit(session, DIRECTOR, "export") is Scope.ALL
        assert permit(session, AGENT, "search") is Scope.ALL


def test_what_the_matrix_denies_is_denied_with_the_rule_and_whom_to_ask(sandbox: Sandbox) -> None:
    names = permissions().seats
    put(
        sandbox,
        *(
            tables.UserSeat(user_id="U-01", seat=seat)
            for seat in permissions().matrix
            if seat != AGENT.seat
        ),
    )
    with sandbox.read() as session:
        for seat, line in permissions().matrix.items():
            for operation in OPERATIONS:
                who, scope = Who("U-01", seat), getattr(line, operation)
                if scope is not Scope.NONE:
                    assert permit(session, who, operation) is scope
                    continue
                with pytest.raises(Denied) as denial:
                    permit(session, who, operation)
                assert denial.value.rule == f"{seat}.{operation}"
                asked = [names[seat].ask]
                while (following := names[asked[-1]].ask) not in asked:
                    asked.append(following)
                matrix = permissions().matrix
                may = [s for s in asked if getattr(matrix[s], operation) is not Scope.NONE]
                nearest = (may or asked)[0]
                assert denial.value.ask == nearest, "the nearest up the line who may do it"
                assert f"ask the {names[nearest].name}." in str(denial.value)


def test_a_denial_is_one_sentence_for_the_person_at_the_desk(sandbox: Sandbox) -> None:
    with sandbox.read() as session, pytest.raises(Denied) as denial:
        permit(session, REPRESENTATIVE, "export")
    assert str(denial.value) == (
        "As Sales representative you may export nothing; ask the Sales manager."
    )
    assert isinstance(denial.value, Refused)


NOT_THERE = [
    (Who("U-01", "general_manager"), "U-01 does not sit in the seat 'General manager', but here: Service agent"),
    (Who("U-99", "general_manager"), "U-99 sits in no seat"),
    (Who("", "general_manager"), "sits in no seat"),
    (Who("U-01", "others"), "does not sit in the seat"),
    (Who("U-01", "no such seat"), "does not sit in the seat 'no such seat'"),
    (Who("U-01\0", "service_agent"), "sits in no seat"),
    (Who("u-01", "service_agent"), "sits in no seat"),
    (Who("%", "service_agent"), "sits in no seat"),
    (Who("' OR 1=1 --", "service_agent"), "sits in no seat"),
    (Who("\ud800" * 3, "\ud800"), "sits in no seat"),
    (Who("🙂" * 500, "🙂" * 500), "sits in no seat"),
]  # fmt: skip


def test_only_who_sits_in_a_seat_has_its_rights(sandbox: Sandbox) -> None:
    for who, sentence in NOT_THERE:
        before = len(trail(sandbox))
        for operation in OPERATIONS:
            with sandbox.read() as session, pytest.raises(Denied) as denial:
                permit(session, who, operation)
            assert sentence in str(denial.value)
            assert denial.value.rule == "user_seats"
            assert len(str(denial.value)) < 500
        with pytest.raises(Denied):
            sign_in(sandbox, who.user_id, who.seat, AT)
        (line,) = trail(sandbox)[before:]
        assert line["operation"] == "denied"
        assert line["detail"]["rule"] == "user_seats"


def test_a_seat_of_a_procedure_of_ones_own_has_the_rights_of_others(sandbox: Sandbox) -> None:
    put(sandbox, tables.UserSeat(user_id="U-02", seat="art_director"))
    who = Who("U-02", "art_director")
    with sandbox.read() as session:
        assert permit(session, who, "see") is Scope.ALL
        with pytest.raises(Denied) as denial:
            permit(session, who, "export")
    assert denial.value.rule == "others.export"
    assert "As art director you may export nothing" in str(denial.value)


# That it is on record ---------------------------------------------------------------------------


def test_a_denial_is_on_record_though_nothing_else_of_it_is_kept(sandbox: Sandbox) -> None:
    def change() -> None:
        with (
            denials_on_record(sandbox, AGENT, "review", subject="PP-1", at=AT),
            sandbox.write("review", subject="PP-1", at=AT) as session,
        ):
            session.get_one(tables.Customer, "CU-001").name = "Something else"
            session.flush()
            permit(session, AGENT, "review")

    before = trail(sandbox)
    with pytest.raises(Denied, match="review no changes"):
        change()
    (line,) = trail(sandbox)[len(before) :]
    assert (line["operation"], line["subject"]) == ("denied", "PP-1")
    assert (line["user"], line["seat"], line["at"]) == ("U-01", "service_agent", AT)
    assert line["detail"] == {
        "operation": "review",
        "rule": "service_agent.review",
        "asked": "general_manager",
    }
    assert line["changes"] == []
    with sandbox.read() as session:
        assert session.get_one(tables.Customer, "CU-001").name == "Qiaotou Textile"


def test_signing_in_is_on_record(sandbox: Sandbox) -> None:
    before = len(trail(sandbox))
    assert sign_in(sandbox, "U-19", "general_manager", AT) == GENERAL
    (line,) = trail(sandbox)[before:]
    assert (line["operation"], line["user"], line["seat"]) == ("sign_in", "U-19", "general_manager")


# Scopes as conditions ---------------------------------------------------------------------------


def test_every_table_that_leads_to_a_customer_is_scoped() -> None:
    leads_on = {tables.Customer.__table__}
    while True:
        found = {
            table
            for table in tables.Base.metadata.tables.values()
            for key in table.foreign_keys
            if key.column.table in leads_on
        }
        if found <= leads_on:
            break
        leads_on |= found
    scoped_tables = {tables.Customer.__table__, *(entity.__table__ for entity in WAYS)}
    # A proposal names its record by kind and key, so no foreign key leads from it.
    through_proposals = {tables.Review.__table__}
    assert leads_on == scoped_tables - through_proposals


def test_every_kind_of_record_has_its_condition(sandbox: Sandbox) -> None:
    with sandbox.read() as session:
        for kind in ALL_KINDS:
            for who in (REPRESENTATIVE, MANAGER):
                for scope in Scope:
                    at_keys = select(key_of(kind)).where(visible(kind, scope, who))
                    from_customers = keys_within(kind, scope, who)
                    assert set(session.scalars(at_keys)) == set(session.scalars(from_customers))
                    if scope is Scope.NONE:
                        assert session.scalars(at_keys).all() == []


def test_a_representative_may_see_his_own_customer_and_no_other(sandbox: Sandbox) -> None:
    with sandbox.read() as session:
        assert may_see(session, REPRESENTATIVE, "customer", "CU-004")
        assert not may_see(session, REPRESENTATIVE, "customer", "CU-015")
        assert not may_see(session, REPRESENTATIVE, "customer", "CU-999")
        assert may_see(session, GENERAL, "customer", "CU-015")
        assert may_see(session, REPRESENTATIVE, "product", "LP-40")
        assert not may_see(session, Who("U-01", "general_manager"), "customer", "CU-004")


def test_a_pick_list_has_only_what_may_be_seen(sandbox: Sandbox) -> None:
    query = select(tables.Customer.account_manager).distinct()
    with sandbox.read() as session:
        assert session.scalars(scoped(query, "customer", REPRESENTATIVE)).all() == ["U-07"]
        assert (
            session.scalars(scoped(query, "customer", Who("U-07", "general_manager"))).all() == []
        )
        lines = select(tables.OrderLine, tables.Order).join(
            tables.Order, tables.Order.order_id == tables.OrderLine.order_id
        )
        found = session.execute(scoped(lines, "order_line", REPRESENTATIVE)).all()
        assert found
        assert all(order.customer.account_manager == "U-07" for _line, order in found)


def test_the_base_price_list_is_for_all_and_a_customers_own_for_whoever_sees_them(
    sandbox: Sandbox,
) -> None:
    put(
        sandbox,
        price_list("PL-T4", name="Four", customer_id="CU-004"),
        price_list("PL-T15", name="Fifteen", customer_id="CU-015"),
        price_list("PL-T", name="For all", customer_id=None),
    )
    with sandbox.read() as session:
        seen = {
            key
            for key in ("PL-T", "PL-T4", "PL-T15")
            if may_see(session, REPRESENTATIVE, "price_list", key)
        }
    assert seen == {"PL-T", "PL-T4"}


def test_a_lead_without_a_customer_belongs_to_its_owner(sandbox: Sandbox) -> None:
    def lead(key: str, owner: str | None, customer: str | None) -> tables.Opportunity:
        return tables.Opportunity(
            opportunity_id=key, customer_id=customer, owner=owner, created_at=AT, outcome="open"
        )

    put(
        sandbox,
        lead("L-T1", "U-07", None),
        lead("L-T2", "U-08", None),
        lead("L-T3", None, None),
        lead("L-T4", "U-07", "CU-015"),  # the customer counts, not who entered it
        lead("L-T5", "U-08", "CU-004"),
    )
    with sandbox.read() as session:
        seen = [
            key
            for key in ("L-T1", "L-T2", "L-T3", "L-T4", "L-T5")
            if may_see(session, REPRESENTATIVE, "opportunity", key)
        ]
    assert seen == ["L-T1", "L-T5"]


def test_a_proposal_is_seen_by_whoever_sees_the_record_that_it_would_change(
    sandbox: Sandbox,
) -> None:
    def proposal(key: str, record: str, of: str) -> tables.Proposal:
        return tables.Proposal(
            proposal_id=key, record=record, key=of, column="name", after="New", version=1,
            reviews_needed=1, proposed_by="U-23", seat="data_steward", proposed_at=AT,
        )  # fmt: skip

    put(
        sandbox,
        proposal("PP-T1", "customer", "CU-004"),
        proposal("PP-T2", "customer", "CU-015"),
        proposal("PP-T3", "product", "LP-40"),
    )
    with sandbox.read() as session:
        seen = [
            key
            for key in ("PP-T1", "PP-T2", "PP-T3")
            if may_see(session, REPRESENTATIVE, "proposal", key)
        ]
    assert seen == ["PP-T1", "PP-T3"]
