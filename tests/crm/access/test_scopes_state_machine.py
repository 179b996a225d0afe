"""No row outside its scope is visible by any operation, whoever asks for whatever in any order.

People, their seats and branches, customers and what belongs to them come and change at random.
What somebody may see is worked out anew for each look by plain Python over all rows of all tables.
"""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from crmlab.crm import tables
from crmlab.crm.access.browse import look, page
from crmlab.crm.access.export import export
from crmlab.crm.access.permissions import Who, permissions
from crmlab.crm.access.reports import report
from crmlab.crm.access.scopes import key_of, may_see
from crmlab.crm.access.search import ANYWHERE, BY_NUMBER, search
from crmlab.crm.access.timeline import read_timeline
from crmlab.crm.records import KINDS
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Denied, Refused
from tests.crm.people import AT, put, trail

BRANCHES = ("East", "South", "North")
SEATS = sorted(set(permissions().matrix) - {"others"} | {"art_director"})
OPERATIONS = {"page": "see", "look": "see", "search": "search", "timeline": "timeline"}
REASON = "To see whether anything leaves."
BEGINNING = "beginning"

PARENT = {
    "order_line": ("order", "order_id"),
    "shipment": ("order", "order_id"),
    "shipment_line": ("shipment", "shipment_id"),
    "quote_line": ("quote", "quote_id"),
    "approval": ("quote", "quote_id"),
    "price": ("price_list", "price_list_id"),
}
DIRECT = {
    "customer", "order", "quote", "invoice", "payment", "credit_check", "complaint",
    "customer_code", "opportunity", "price_list",
}  # fmt: skip


class World:
    """All rows of all tables, and who may see which, told without any of the code under test."""

    def __init__(self, sandbox: Sandbox) -> None:
        with sandbox.read() as session:
            self.rows: dict[str, dict[str, dict[str, Any]]] = {
                kind: {
                    str(getattr(row, entity.__mapper__.primary_key[0].key)): {
                        column.key: getattr(row, column.key)
                        for column in entity.__mapper__.column_attrs
                    }
                    for row in session.query(entity)
                }
                for kind, entity in KINDS.items()
            }
            self.seats = {(row.user_id, row.seat) for row in session.query(tables.UserSeat)}

    def scope(self, who: Who, operation: str) -> str:
        if (who.user_id, who.seat) not in self.seats:
            return "none"
        matrix = permissions().matrix
        return str(getattr(matrix.get(who.seat, matrix["others"]), operation))

    def sees(self, who: Who, kind: str, key: str, operation: str) -> bool:
        scope, row = self.scope(who, operation), self.rows[kind].get(key)
        if scope == "none" or row is None:
            return False
        while kind in PARENT:
            kind, column = PARENT[kind]
            row = self.rows[kind][row[column]]
        if scope == "all" or kind not in DIRECT:
            return True
        if row["customer_id"] is not None:
            owner = self.rows["customer"][row["customer_id"]]
            manager, branch = owner["account_manager"], owner["branch"]
        elif kind == "price_list":
            return True
        elif row["owner"] is None:
            return False
        else:
            manager, branch = row["owner"], self.rows["user"][row["owner"]]["branch"]
        if scope == "own":
            return bool(manager == who.user_id)
        return bool(branch == self.rows["user"][who.user_id]["branch"])

    def seen(self, who: Who, kind: str, operation: str) -> set[str]:
        return {key for key in self.rows[kind] if self.sees(who, kind, key, operation)}

    def of_customer(self, kind: str, key: str) -> str | None:
        row = self.rows[kind][key]
        while kind in PARENT:
            kind, column = PARENT[kind]
            row = self.rows[kind][row[column]]
        owner: str | None = row["customer_id"]
        return owner


class Looking(RuleBasedStateMachine):
    """Anybody asks for anything."""

    sandbox: Sandbox

    @initialize()
    def begin(self) -> None:
        self.sandbox.restore(BEGINNING)
        self.numbers = count(1)
        self.known: World | None = None

    @property
    def world(self) -> World:
        if self.known is None:
            self.known = World(self.sandbox)
        return self.known

    def put(self, *rows: Any) -> None:
        put(self.sandbox, *rows)
        self.known = None

    # The company changes --------------------------------------------------------------------------

    @rule(
        branch=st.sampled_from(BRANCHES),
        seats=st.sets(st.sampled_from(SEATS), min_size=1, max_size=3),
    )
    def somebody_begins_to_work_here(self, branch: str, seats: set[str]) -> None:
        key = f"V-{next(self.numbers)}"
        self.put(
            tables.User(user_id=key, name=f"Person {key}", branch=branch),
            *(tables.UserSeat(user_id=key, seat=seat) for seat in sorted(seats)),
        )

    @rule(data=st.data(), branch=st.sampled_from(BRANCHES))
    def a_customer_buys(self, data: st.DataObject, branch: str) -> None:
        n, manager = next(self.numbers), data.draw(self.people(), label="manager")
        customer, at = f"CU-V{n}", AT - timedelta(days=data.draw(st.integers(0, 60)))
        self.put(
            tables.Customer(
                customer_id=customer, name=f"Pump buyer {n}", city="Wuxi", branch=branch,
                contact="x", phone="1", email="a@b.example", account_manager=manager,
            ),
            tables.CustomerCode(
                code_id=f"{customer}/x", customer_id=customer, customer_code="x", product_id="LP-40"
            ),
            tables.PriceList(price_list_id=f"PL-V{n}", name="Pump prices", customer_id=customer),
            tables.Price(
                price_id=f"PL-V{n}/LP-40", price_list_id=f"PL-V{n}", product_id="LP-40",
                unit_price=5, valid_from=at.date(),
            ),
            tables.Quote(quote_id=f"QU-V{n}", customer_id=customer, quoted_at=at),
            tables.QuoteLine(
                line_id=f"QU-V{n}-1", quote_id=f"QU-V{n}", product_id="LP-40", quantity=2, unit_price=4
            ),
            tables.Approval(
                approval_id=f"AP-V{n}", quote_id=f"QU-V{n}", customer_id=customer,
                seat="sales_manager", unit_price=4, decision="approved", decided_at=at,
            ),
            tables.Order(order_id=f"SO-V{n}", customer_id=customer, ordered_at=at),
            tables.OrderLine(
                line_id=f"SO-V{n}-1", order_id=f"SO-V{n}", product_id="LP-40", quantity=2, unit_price=4
            ),
            tables.CreditCheck(
                check_id=f"CC-V{n}", order_id=f"SO-V{n}", customer_id=customer, receivables=0,
                open_orders=0, order_amount=8, overdue_days=0, decision="clear", decided_at=at,
            ),
            tables.Shipment(
                shipment_id=f"SH-V{n}", order_id=f"SO-V{n}", shipped_at=at, address="There"
            ),
            tables.ShipmentLine(
                shipment_line_id=f"SH-V{n}-1", shipment_id=f"SH-V{n}", line_id=f"SO-V{n}-1", quantity=2
            ),
            tables.Invoice(
                invoice_id=f"IN-V{n}", order_id=f"SO-V{n}", customer_id=customer, amount=8,
                invoiced_at=at, due_on=at.date(),
            ),
            tables.Payment(
                payment_id=f"PA-V{n}", invoice_id=f"IN-V{n}", customer_id=customer, amount=3, paid_at=at
            ),
            tables.Complaint(complaint_id=f"C-V{n}", customer_id=customer, received_at=at),
            tables.Interaction(customer_id=customer, at=at, channel="call", note="Pumps?"),
        )  # fmt: skip

    @rule(data=st.data())
    def a_lead_comes_in(self, data: st.DataObject) -> None:
        key = f"L-V{next(self.numbers)}"
        customers = st.none() | st.sampled_from(sorted(self.world.rows["customer"]))
        self.put(
            tables.Opportunity(
                opportunity_id=key, company=f"Pump firm {key}", stage="lead", outcome="open",
                owner=data.draw(st.none() | self.people(), label="owner"),
                customer_id=data.draw(customers, label="customer"),
                created_at=AT - timedelta(days=1),
            ),
            tables.StageEntry(opportunity_id=key, stage="lead", entered_at=AT - timedelta(days=1)),
        )  # fmt: skip

    @rule(data=st.data(), branch=st.none() | st.sampled_from(BRANCHES))
    def a_customer_gets_another_manager_or_branch(
        self, data: st.DataObject, branch: str | None
    ) -> None:
        key = data.draw(st.sampled_from(sorted(self.world.rows["customer"])), label="customer")
        manager = data.draw(self.people(), label="manager")
        with self.sandbox.write("move", subject=key, at=AT) as session:
            row = session.get_one(tables.Customer, key)
            row.account_manager = manager
            row.branch = branch or row.branch
        self.known = None

    @rule(data=st.data(), branch=st.sampled_from(BRANCHES))
    def somebody_moves_to_another_branch(self, data: st.DataObject, branch: str) -> None:
        with self.sandbox.write("move", subject="user", at=AT) as session:
            session.get_one(tables.User, data.draw(self.people(), label="who")).branch = branch
        self.known = None

    # Somebody looks -------------------------------------------------------------------------------

    @rule(data=st.data(), kind=st.sampled_from(sorted(KINDS)), size=st.sampled_from([3, 40, 200]))
    def go_through_a_list(self, data: st.DataObject, kind: str, size: int) -> None:
        who = data.draw(self.anybody(), label="who")
        if self.is_denied(who, "see", lambda: page(self.sandbox, who, kind, at=AT)):
            return
        found: list[str] = []
        after = None
        for _page in range(3 if size == 3 else 50):
            part = page(self.sandbox, who, kind, at=AT, after=after, size=size)
            found += [row.key for row in part.rows]
            assert [row.values[next(iter(part.columns))] for row in part.rows] == found[
                -len(part.rows) :
            ]
            after = part.next
            if after is None:
                break
        expected = self.world.seen(who, kind, "see")
        assert found == sorted(expected)[: len(found)]
        assert (after is None) == (len(found) == len(expected))

    @rule(data=st.data(), kind=st.sampled_from(sorted(DIRECT)))
    def filter_a_list(self, data: st.DataObject, kind: str) -> None:
        who = data.draw(self.anybody(), label="who")
        customer = data.draw(st.sampled_from(sorted(self.world.rows["customer"])), label="customer")
        after = data.draw(st.none() | st.sampled_from(sorted(self.world.rows[kind]) or [""]))

        def asked() -> list[str]:
            filters = {"customer_id": customer}
            return [
                row.key
                for row in page(
                    self.sandbox, who, kind, at=AT, filters=filters, after=after, size=200
                ).rows
            ]

        if not self.is_denied(who, "see", asked):
            assert set(asked()) == {
                key
                for key in self.world.seen(who, kind, "see")
                if self.world.rows[kind][key]["customer_id"] == customer and key > (after or "")
            }

    @rule(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
    def look_at_one(self, data: st.DataObject, kind: str) -> None:
        who = data.draw(self.anybody(), label="who")
        key = data.draw(st.sampled_from(sorted(self.world.rows[kind]) or ["none"]), label="key")
        may = self.world.sees(who, kind, key, "see")
        with self.sandbox.read() as session:
            assert may_see(session, who, kind, key) == may
        if may:
            assert look(self.sandbox, who, kind, key, at=AT).key == key
        else:
            with pytest.raises(Refused):
                look(self.sandbox, who, kind, key, at=AT)

    @rule(
        data=st.data(),
        wanted=st.sampled_from(["pump", "0", "SO-", "V", "CU-V", "%", "l", "QU", "'", "Wuxi"]),
        kind=st.sampled_from([*ANYWHERE, *BY_NUMBER]),
    )
    def search_for_something(self, data: st.DataObject, wanted: str, kind: str) -> None:
        who = data.draw(self.anybody(), label="who")

        def asked() -> list[str]:
            hits = search(self.sandbox, who, wanted, at=AT, kinds=(kind,), size=100)
            return [hit.key for hit in hits]

        if not self.is_denied(who, "search", asked):
            found, may = asked(), self.world.seen(who, kind, "search")
            assert set(found) <= may
            # The key of a customer's code is made of two others, and is not searched.
            by_key = kind in BY_NUMBER or key_of(kind).key in ANYWHERE[kind]
            begins = {key for key in may if by_key and key.startswith(wanted)}
            assert len(found) == 100 or begins <= set(found)

    @rule(data=st.data())
    def read_a_timeline(self, data: st.DataObject) -> None:
        who = data.draw(self.anybody(), label="who")
        customer = data.draw(st.sampled_from(sorted(self.world.rows["customer"])), label="customer")

        def asked() -> list[tuple[str, str]]:
            entries = read_timeline(self.sandbox, who, customer, at=AT, size=200).entries
            return [(entry.record, entry.key) for entry in entries]

        if self.world.sees(who, "customer", customer, "timeline"):
            for record, key in asked():
                if record in KINDS:
                    assert self.world.of_customer(record, key) == customer
        else:
            with pytest.raises(Denied):
                asked()

    @rule(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
    def take_rows_out(self, data: st.DataObject, kind: str) -> None:
        who = data.draw(self.anybody(), label="who")
        may = self.world.seen(who, kind, "export")

        def asked() -> set[str]:
            made = export(self.sandbox, who, kind, REASON, AT)
            rows = csv.reader(io.StringIO(made.csv.removeprefix("\ufeff"), newline=""))
            next(rows)
            return {row[0] for row in rows}

        if len(may) > permissions().entry(who.seat).export_rows:
            with pytest.raises(Denied):
                asked()
        elif not self.is_denied(who, "export", asked):
            assert asked() == may

    @rule(data=st.data())
    def run_the_reports(self, data: st.DataObject) -> None:
        who = data.draw(self.anybody(), label="who")
        if self.is_denied(
            who, "report", lambda: report(self.sandbox, who, "orders_by_month", at=AT)
        ):
            return
        months = report(self.sandbox, who, "orders_by_month", at=AT, months=24).rows
        since = AT.replace(year=2024, month=6, day=1, hour=0)
        orders = self.world.rows["order"]
        assert sum(row["orders"] for row in months) == sum(
            since <= orders[key]["ordered_at"] <= AT
            for key in self.world.seen(who, "order", "report")
        )
        stuck = report(self.sandbox, who, "stuck_opportunities", at=AT).rows
        leads = self.world.rows["opportunity"]
        assert sum(row["open"] for row in stuck) == sum(
            leads[key]["outcome"] == "open" and leads[key]["created_at"] <= AT
            for key in self.world.seen(who, "opportunity", "report")
        )
        owing = report(self.sandbox, who, "open_receivables", at=AT, size=100)
        assert {row["customer_id"] for row in owing.rows} <= self.world.seen(
            who, "customer", "report"
        )

    # How it is done -------------------------------------------------------------------------------

    def people(self) -> st.SearchStrategy[str]:
        return st.sampled_from(sorted(self.world.rows["user"]))

    def anybody(self) -> st.SearchStrategy[Who]:
        """Mostly somebody in a seat of theirs, sometimes in one that is not."""
        seated = [Who(*pair) for pair in sorted(self.world.seats)]
        pretending = st.builds(Who, self.people(), st.sampled_from(SEATS))
        return st.one_of(*[st.sampled_from(seated)] * 5, pretending)

    def is_denied(self, who: Who, operation: str, asked: Any) -> bool:
        """Whether it is denied, as it should be; a denial shows nothing and is on record."""
        if self.world.scope(who, operation) != "none":
            return False
        with pytest.raises(Denied):
            asked()
        assert trail(self.sandbox)[-1]["operation"] == "denied"
        return True


def test_no_row_outside_its_scope_is_visible_by_any_operation(sandbox: Sandbox) -> None:
    class Here(Looking):
        pass

    Here.sandbox = sandbox
    sandbox.save_point(BEGINNING)
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
