"""No row outside its scope is visible to those who look into a record's past, change, propose and
review base data, fill in forms, or work on cases at their desks.

What somebody may see is told by `tests.crm.scoped_world`, without the code under test.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from crmlab.crm import tables
from crmlab.crm.access.history import history
from crmlab.crm.access.permissions import Who
from crmlab.crm.base.base_forms import base_forms
from crmlab.crm.base.master import change, create
from crmlab.crm.base.review import open_proposals, review
from crmlab.crm.casework import looking
from crmlab.crm.records import KINDS, OFFERED
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Denied, Refused, StaleRecord
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure, loads
from crmlab.widgets.records_view import form_view
from tests.crm.people import AT, trail
from tests.crm.scoped_world import BEGINNING, HIDING, LIMIT, Company
from tests.tiny import opened

DESKS = (
    "account_manager", "sales_representative", "sales_manager", "service_manager", "warehouse",
    "finance_controller", "art_director",
)  # fmt: skip
"""Seats of every scope, and one that the permissions do not name."""

LIMITED = ("account_manager", "sales_representative", "sales_manager")
"""Those of them that do not see everybody."""

ON_OFFER = ("customer", "order", "opportunity", "price_list", "invoice", "user")


def procedure() -> Procedure:
    """A procedure in which each of these seats has a step whose form offers records."""
    onward = [*DESKS[1:], "end"]
    seats = "".join(
        f"  {seat}: {{name: {seat}, letter: {letter}, duty: Works.}}\n"
        for seat, letter in zip(DESKS, "ABCDEFG", strict=True)
    )
    fields = "".join(
        f"      {kind}: {{label: {kind}, type: record, record: {kind}, required: false}}\n"
        for kind in ON_OFFER
    )
    steps = "".join(
        f"  at_{seat}:\n    seat: {seat}\n    title: Work\n    short: Work\n    purpose: Work.\n"
        "    why: It has to be done.\n    if_skipped: It is not done.\n    deadline_hours: 4\n"
        f"    work_hours: 1\n    fields:\n{fields}    hands_on: All of it.\n"
        f"    next: [{{to: {to if to == 'end' else f'at_{to}'}}}]\n"
        for seat, to in zip(DESKS, onward, strict=True)
    )
    case = '{title: Work, story: Much., opened_at: "2026-05-11T08:30:00+08:00"}'
    return loads(
        f"procedure: desks\ntitle: Desks\npurpose: From desk to desk.\nstart: at_{DESKS[0]}\n"
        f"seats:\n{seats}steps:\n{steps}cases:\n  T-1: {case}\n",
        "desks.yaml",
    )


class Working(Company):
    """Anybody changes, reviews and works."""

    procedure: Procedure

    # Base data ------------------------------------------------------------------------------------

    @rule(
        data=st.data(),
        kind=st.sampled_from(HIDING) | st.sampled_from(sorted(KINDS)),
        one=st.booleans(),
    )
    def look_into_the_past_of_a_record(self, data: st.DataObject, kind: str, one: bool) -> None:
        who = data.draw(self.anybody(), label="who")
        key = data.draw(self.keys(kind), label="key")
        shown = self.world.columns(who.seat, kind)
        column = None
        if one:
            every = shown | self.world.hidden(who.seat, kind)
            column = data.draw(st.sampled_from(sorted(every)), label="column")

        def asked() -> set[str]:
            past = history(self.sandbox, who, kind, key, column, at=AT, size=200)
            return {change.column for change in past.changes}

        if not self.world.sees(who, kind, key, "see") or not {column} <= shown | {None}:
            with pytest.raises(Refused):
                asked()
            return
        row = self.world.rows[kind][key]
        own = next(iter(KINDS[kind].__mapper__.primary_key)).key
        filled = {name for name, value in row.items() if value is not None} - {own, "version"}
        filled &= shown if column is None else {column}
        if self.is_new(key):  # it was made during the run, so all of its past is on record
            assert asked() == filled
        else:
            assert asked() <= filled

    @rule(data=st.data(), kind=st.sampled_from(["customer", "product", "customer_code", "price"]))
    def somebody_has_proposed_a_change(self, data: st.DataObject, kind: str) -> None:
        form = base_forms()[kind]
        weighty = sorted(name for name, column in form.columns.items() if column.reviewers)
        column = data.draw(st.sampled_from(weighty), label="column")
        key = data.draw(self.keys(kind), label="key")
        self.propose(kind, key, column, data.draw(self.people(), label="by"))

    def propose(self, kind: str, key: str, column: str, by: str) -> None:
        self.put(
            tables.Proposal(
                proposal_id=f"CH-V{next(self.numbers):04}",
                record=kind,
                key=key,
                column=column,
                before=None,
                after="1",
                version=1,
                reviews_needed=base_forms()[kind].columns[column].reviewers,
                proposed_by=by,
                seat="data_steward",
                proposed_at=AT,
                state="open",
            )
        )

    def proposals(self) -> dict[str, dict[str, Any]]:
        """Those there are; there always are some, of customers of two branches."""
        if not self.world.rows["proposal"]:
            for key in sorted(filter(self.is_new, self.world.rows["customer"])):
                for column in ("account_manager", "credit_limit", "name"):
                    self.propose("customer", key, column, "U-23")
        return self.world.rows["proposal"]

    @rule(data=st.data())
    def ask_what_waits_for_review(self, data: st.DataObject) -> None:
        proposals = self.proposals()
        for who in data.draw(st.lists(self.anybody(), min_size=3, max_size=3), label="who"):

            def asked(who: Who = who) -> set[str]:
                rows = open_proposals(self.sandbox, who, at=AT, size=200).rows
                return {row.proposal_id for row in rows}

            if not self.is_denied(who, "see", asked):
                assert asked() == {
                    key
                    for key in self.world.seen(who, "proposal", "see")
                    if proposals[key]["state"] == "open"
                    and proposals[key]["column"]
                    not in self.world.hidden(who.seat, proposals[key]["record"])
                }

    @rule(data=st.data())
    def say_no_to_a_change(self, data: st.DataObject) -> None:
        proposals = self.proposals()
        waiting = sorted(key for key in proposals if proposals[key]["state"] == "open")
        every = st.sampled_from(sorted(proposals))
        key = data.draw(st.sampled_from(waiting) | every if waiting else every, label="proposal")
        about = proposals[key]
        by = base_forms()[about["record"]].columns[about["column"]].by
        reviewers = [Who(*pair) for pair in sorted(self.world.seats) if pair[1] in by]
        who = data.draw(st.sampled_from(reviewers) | self.anybody(), label="who")
        may = (
            self.world.sees(who, "proposal", key, "review")
            and about["state"] == "open"
            and who.seat in by
            and who.user_id != about["proposed_by"]
        )
        if may:
            assert review(self.sandbox, who, key, False, "Not so.", AT).state == "rejected"
        else:
            with pytest.raises(Refused):
                review(self.sandbox, who, key, False, "Not so.", AT)
        self.known = None
        assert self.world.rows["proposal"][key]["state"] == ("rejected" if may else about["state"])

    @rule(data=st.data(), late=st.booleans())
    def change_a_customer(self, data: st.DataObject, late: bool) -> None:
        who = data.draw(self.anybody(), label="who")
        key = data.draw(self.customers(), label="customer")
        before = self.world.rows["customer"][key]
        entry = f"Contact {next(self.numbers)}"

        def asked() -> Any:
            seen = before["version"] - late
            return change(self.sandbox, who, "customer", key, seen, {"contact": entry}, AT)

        may = self.world.sees(who, "customer", key, "change")
        if not may:
            with pytest.raises(Denied):
                asked()
        elif late:
            with pytest.raises(StaleRecord) as caught:
                asked()
            if "credit_limit" in self.world.hidden(who.seat, "customer"):
                assert str(LIMIT) not in f"{caught.value} {caught.value.fields}"
        else:
            assert asked().version == before["version"] + 1
        self.known = None
        after = self.world.rows["customer"][key]["contact"]
        assert after == (entry if may and not late else before["contact"])

    @rule(data=st.data())
    def change_a_column_that_some_do_not_see(self, data: st.DataObject) -> None:
        who = data.draw(self.anybody(), label="who")
        key = data.draw(self.customers(), label="customer")
        version = self.world.rows["customer"][key]["version"]
        hidden = "credit_limit" in self.world.hidden(who.seat, "customer")
        if hidden or not self.world.sees(who, "customer", key, "change"):
            with pytest.raises(Denied):
                change(self.sandbox, who, "customer", key, version, {"credit_limit": "1"}, AT)

    @rule(data=st.data())
    def enter_a_code_of_a_customer(self, data: st.DataObject) -> None:
        makers = [
            Who(*pair)
            for pair in sorted(self.world.seats)
            if self.world.scope(Who(*pair), "create") != "none"
        ]
        who = data.draw(st.sampled_from(makers) | self.anybody(), label="who")
        customer = data.draw(self.customers(), label="customer")
        code = f"K{next(self.numbers)}"
        values = {"customer_id": customer, "customer_code": code, "product_id": "LP-40"}
        may = self.world.sees(who, "customer", customer, "create")
        if may:
            create(self.sandbox, who, "customer_code", values, AT)
        else:
            with pytest.raises(Denied):
                create(self.sandbox, who, "customer_code", values, AT)
        self.known = None
        made = [
            row["customer_id"]
            for row in self.world.rows["customer_code"].values()
            if row["customer_code"] == code
        ]
        assert made == ([customer] if may else [])

    @rule(data=st.data())
    def enter_a_customer_who_is_there_already(self, data: st.DataObject) -> None:
        who = data.draw(self.anybody(), label="who")
        near = self.world.rows["customer"][data.draw(self.customers(), label="near")]
        with pytest.raises(Refused) as caught:
            create(self.sandbox, who, "customer", {"name": near["name"]}, AT)
        named = set(re.findall(r"CU-[\w-]+", str(caught.value)))
        assert named <= self.world.seen(who, "customer", "see")
        assert bool(named) == (self.world.scope(who, "create") != "none")

    @rule(data=st.data(), kind=st.sampled_from(["customer", "customer_code", "price"]))
    def take_a_form(self, data: st.DataObject, kind: str) -> None:
        seated = [Who(*pair) for pair in sorted(self.world.seats)]
        who = data.draw(st.sampled_from(seated), label="who")
        fields = form_view(self.sandbox, who, kind, {}, {}, is_new=True)
        names = {field["name"] for field in fields}
        assert names == set(base_forms()[kind].columns) & self.world.columns(who.seat, kind)
        for field in fields:
            of = base_forms()[kind].columns[field["name"]].record
            if of and field["options"]:
                self.is_offered(
                    [option["value"] for option in field["options"]],
                    self.world.seen(who, of, "see") & self.world.seen(who, of, "create"),
                )

    # Desks ----------------------------------------------------------------------------------------

    @rule(
        data=st.data(), seat=st.sampled_from(LIMITED) | st.sampled_from(DESKS), lead=st.booleans()
    )
    def a_case_comes_to_a_desk(self, data: st.DataObject, seat: str, lead: bool) -> None:
        seated = self.world.seated(seat)
        holders = st.none() | self.people()
        if seated:
            holders = st.one_of(*[st.sampled_from(seated)] * 4, holders)
        holder = data.draw(holders, label="holder")
        customer = None if lead else data.draw(self.customers(), label="customer")
        self.lay(seat, holder, customer)

    def lay(self, seat: str, holder: str | None, customer: str | None) -> None:
        """Lay a case on somebody's desk."""
        key, step = f"T-V{next(self.numbers)}", f"at_{seat}"
        case = opened(self.procedure)
        visit = case.visit.model_copy(update={"step": step, "seat": seat})
        case = case.model_copy(
            update={
                "case_id": key,
                "step": step,
                "visits": [visit],
                "holder": holder,
                "records": {"customer": customer} if customer else {},
            }
        )
        self.put(
            tables.CaseRow(
                case_id=key,
                procedure=self.procedure.procedure,
                fingerprint=self.procedure.fingerprint,
                title=case.title,
                customer_id=customer,
                opened_at=case.opened_at,
                step=step,
                seat=seat,
                holder=holder,
                due_at=visit.due_at,
                now=AT,
                version=case.version,
                facts={},
                state=case.model_dump(mode="json", exclude={"facts"}),
            ),
            tables.Event(
                case_id=key, activity=step, timestamp=AT, lifecycle="complete", resource=seat
            ),
        )

    def cases(self) -> dict[str, dict[str, Any]]:
        """Those there are; there always are some, with somebody who sees the customer, or not."""
        if not self.world.rows["case"]:
            for customer in sorted(filter(self.is_new, self.world.rows["customer"])):
                self.lay("account_manager", "U-07", customer)
                self.lay("sales_manager", "U-14", customer)
        return self.world.rows["case"]

    @rule(data=st.data(), close=st.booleans())
    def see_what_lies_where(self, data: st.DataObject, close: bool) -> None:
        practice = Practice(self.procedure, self.sandbox)
        cases = self.cases()
        if close:
            key = data.draw(st.sampled_from(sorted(cases)), label="closed")
            with self.sandbox.write("close", subject=key, at=AT) as session:
                row = session.get_one(tables.CaseRow, key)
                row.step, row.seat, row.closed_at = None, None, AT
                row.state = {**row.state, "step": None, "closed_at": AT.isoformat()}
            self.known = None
            cases = self.world.rows["case"]
        is_open = {key for key, row in cases.items() if row["closed_at"] is None}
        for seat in DESKS:
            sees = self.from_the_desk(seat)
            assert {line.case_id for line in practice.in_sight(seat)} == sees & is_open
            assert {line.case_id for line in practice.closed_cases(seat)} == sees - is_open

    @rule(data=st.data(), seat=st.sampled_from(DESKS))
    def turn_to_a_case(self, data: st.DataObject, seat: str) -> None:
        cases = self.cases()
        key = data.draw(st.sampled_from(sorted(cases)), label="case")
        for at in sorted({seat, cases[key]["seat"] or seat}):
            self.turns_to(key, at)

    def turns_to(self, key: str, seat: str) -> None:
        row = self.world.rows["case"][key]
        if key not in self.from_the_desk(seat):
            with pytest.raises(Denied):
                looking.open_at(self.sandbox, key, seat)
            assert trail(self.sandbox)[-1]["operation"] == "denied"
            return
        case = looking.open_at(self.sandbox, key, seat)
        here = row["seat"] == seat
        user = (row["holder"] or "") if here else ""
        for _redrawn in range(2):
            seen = looking.look(self.sandbox, self.procedure, case, seat)
        customer = row["customer_id"]
        may = customer in self.world.seen_at(seat, "customer", "timeline", user)
        assert bool(seen.withheld) == (customer is not None and not may)
        told = {(entry.record, entry.key) for entry in seen.timeline}
        notes = [entry.note for entry in seen.timeline]
        limit = self.limits_are_told_only_where_they_may_be(seat, notes)
        if not may:
            assert told == set()
        elif customer.startswith("CU-V"):
            whole = self.world.timeline_of(customer)
            assert told == {entry for entry in whole if entry[0] != "event"}
            assert limit == ("credit_limit" not in self.world.hidden(seat, "credit_check"))
        else:
            assert {self.world.of_customer(*entry) for entry in told} <= {customer}
        assert set(seen.offers) == (set(ON_OFFER) if here else set())
        for kind, entries in seen.offers.items():
            about = {customer} if kind == "customer" and customer else set()
            self.is_offered(
                [entry.key for entry in entries],
                self.world.seen_at(seat, kind, "see", user) | about,
            )

    # How it is done -------------------------------------------------------------------------------

    def from_the_desk(self, seat: str) -> set[str]:
        cases = self.world.rows["case"]
        return {key for key in cases if cases[key]["seat"] == seat} | self.world.seen_at(
            seat, "case"
        )

    @staticmethod
    def is_offered(offered: list[str], may: set[str]) -> None:
        """A pick list offers what one may see and nothing else; of many, the first."""
        assert len(offered) == len(set(offered)) == min(len(may), OFFERED)
        assert set(offered) <= may


def test_no_row_outside_its_scope_is_visible_at_work(sandbox: Sandbox) -> None:
    class Here(Working):
        pass

    Here.sandbox, Here.procedure = sandbox, procedure()
    sandbox.save_point(BEGINNING)
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
