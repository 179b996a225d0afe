"""All rows of a CRM, and who may see which of them, told by plain Python: none of the code that
the CRM itself answers with is used. And a machine in which people, customers and what belongs to
them come and change at random."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from crmlab.crm import tables
from crmlab.crm.access.permissions import Who, permissions
from crmlab.crm.records import KINDS
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Denied
from tests.crm.own_rows import price_list
from tests.crm.people import AT, put, trail

BRANCHES = ("East", "South", "North")
SEATS = sorted(set(permissions().matrix) - {"others"} | {"art_director"})
BEGINNING = "beginning"
LIMIT, COST = 4321, 1234
"""A credit limit and a cost that stand out wherever they are shown."""

MORE = {
    "case": tables.CaseRow,
    "interaction": tables.Interaction,
    "stage_entry": tables.StageEntry,
    "event": tables.Event,
    "proposal": tables.Proposal,
}
HIDING = [name.partition(".")[0] for name in permissions().shown_to]
"""The kinds of record of which some seats do not see everything."""

ENTITIES: dict[str, Any] = {**KINDS, **MORE}
PARENT = {
    "order_line": ("order", "order_id"),
    "shipment": ("order", "order_id"),
    "shipment_line": ("shipment", "shipment_id"),
    "quote_line": ("quote", "quote_id"),
    "approval": ("quote", "quote_id"),
    "price": ("price_list", "price_list_id"),
    "stage_entry": ("opportunity", "opportunity_id"),
    "event": ("case", "case_id"),
}
DIRECT = {
    "customer", "order", "quote", "invoice", "payment", "credit_check", "complaint",
    "customer_code", "opportunity", "price_list", "case", "interaction",
}  # fmt: skip
OWNER = {"opportunity": "owner", "case": "holder"}
"""Whose it is as long as it belongs to no customer."""


class World:
    """The rows as they are now."""

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
                for kind, entity in ENTITIES.items()
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
        if kind == "proposal":
            about, of = row["record"], row["key"]
            if scope == "all" or about not in DIRECT | set(PARENT):
                return True
            return self.sees(who, about, of, operation)
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
        elif row[OWNER[kind]] is None:
            return False
        else:
            manager = row[OWNER[kind]]
            branch = self.rows["user"][manager]["branch"]
        if scope == "own":
            return bool(manager == who.user_id)
        return bool(branch == self.rows["user"][who.user_id]["branch"])

    def seen(self, who: Who, kind: str, operation: str) -> set[str]:
        return {key for key in self.rows[kind] if self.sees(who, kind, key, operation)}

    def seated(self, seat: str) -> list[str]:
        return sorted(user for user, where in self.seats if where == seat)

    def seen_at(self, seat: str, kind: str, operation: str = "see", user: str = "") -> set[str]:
        """What those who sit in a seat may see between them, or this one of them. Of a seat that the
        CRM knows nobody in, what its line of the matrix lets anybody see."""
        if not self.seated(seat):
            matrix = permissions().matrix
            line = matrix.get(seat, matrix["others"])
            return set(self.rows[kind]) if getattr(line, operation) == "all" else set()
        asking = [one for one in self.seated(seat) if user in ("", one)]
        return {key for one in asking for key in self.seen(Who(one, seat), kind, operation)}

    def of_customer(self, kind: str, key: str) -> str | None:
        row = self.rows[kind][key]
        while kind in PARENT:
            kind, column = PARENT[kind]
            row = self.rows[kind][row[column]]
        owner: str | None = row["customer_id"]
        return owner

    def hidden(self, seat: str, kind: str) -> set[str]:
        shown_to = permissions().shown_to
        return {
            name.partition(".")[2]
            for name, seats in shown_to.items()
            if name.partition(".")[0] == kind and seat not in seats
        }

    def columns(self, seat: str, kind: str) -> set[str]:
        """The columns of a kind of record that are shown to a seat."""
        every = {column.key for column in ENTITIES[kind].__mapper__.column_attrs}
        return every - self.hidden(seat, kind)

    def timeline_of(self, customer: str) -> set[tuple[str, str]]:
        """The records that a timeline up to `AT` tells of, of a customer without lost leads."""
        at = {
            "interaction": "at", "quote": "quoted_at", "approval": "decided_at",
            "order": "ordered_at", "credit_check": "decided_at", "shipment": "shipped_at",
            "invoice": "invoiced_at", "payment": "paid_at", "complaint": "received_at",
            "stage_entry": "entered_at", "event": "timestamp",
        }  # fmt: skip
        return {
            (kind, key)
            for kind, moment in at.items()
            for key, row in self.rows[kind].items()
            if self.of_customer(kind, key) == customer
            and row[moment] <= AT
            and row.get("lifecycle", "complete") in ("complete", "withdraw")
        }


class Company(RuleBasedStateMachine):
    """The company changes; how anybody asks for anything is for subclasses to say."""

    sandbox: Sandbox

    @initialize()
    def begin(self) -> None:
        self.sandbox.restore(BEGINNING)
        self.numbers = count(1)
        self.known: World | None = None
        for manager, branch in (("U-07", "East"), ("U-11", "South")):
            self.sell(manager, branch, 40)

    @property
    def world(self) -> World:
        if self.known is None:
            self.known = World(self.sandbox)
        return self.known

    def put(self, *rows: Any) -> None:
        put(self.sandbox, *rows)
        self.known = None

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

    @rule(data=st.data(), branch=st.sampled_from(BRANCHES), days=st.integers(0, 60))
    def a_customer_buys(self, data: st.DataObject, branch: str, days: int) -> None:
        self.sell(data.draw(self.people(), label="manager"), branch, days)

    def sell(self, manager: str, branch: str, days: int) -> None:
        """A customer comes, with something of everything that can belong to one."""
        n = next(self.numbers)
        customer, at = f"CU-V{n}", AT - timedelta(days=days)
        self.put(
            tables.Customer(
                customer_id=customer, name=f"Pump buyer {n}", city="Wuxi", branch=branch,
                contact="x", phone="1", email="a@b.example", account_manager=manager,
                credit_limit=LIMIT,
            ),
            tables.Product(
                product_id=f"TP-V{n}", name=f"Test pump {n}", family="Pumps", unit="piece", cost=COST
            ),
            tables.CustomerCode(
                code_id=f"{customer}/x", customer_id=customer, customer_code="x", product_id="LP-40"
            ),
            price_list(f"PL-V{n}", name="Pump prices", customer_id=customer),
            tables.Price(
                price_id=f"PL-V{n}/LP-40", price_list_id=f"PL-V{n}", product_id="LP-40",
                unit_price=5, valid_from=at.date(),
            ),
            tables.Quote(quote_id=f"QU-V{n}", customer_id=customer, quoted_at=at),
            tables.QuoteLine(
                line_id=f"QU-V{n}-1", quote_id=f"QU-V{n}", customer_id=customer, product_id="LP-40",
                quantity=2, unit_price=4
            ),
            tables.Approval(
                approval_id=f"AP-V{n}", quote_id=f"QU-V{n}", customer_id=customer,
                seat="sales_manager", unit_price=4, decision="approved", decided_at=at,
            ),
            tables.Order(order_id=f"SO-V{n}", customer_id=customer, ordered_at=at),
            tables.OrderLine(
                line_id=f"SO-V{n}-1", order_id=f"SO-V{n}", customer_id=customer, product_id="LP-40",
                quantity=2, unit_price=4
            ),
            tables.CreditCheck(
                check_id=f"CC-V{n}", order_id=f"SO-V{n}", customer_id=customer, receivables=0,
                open_orders=0, order_amount=8, overdue_days=0, decision="clear", decided_at=at,
                credit_limit=LIMIT,
            ),
            tables.Shipment(
                shipment_id=f"SH-V{n}", order_id=f"SO-V{n}", customer_id=customer, shipped_at=at,
                address="There"
            ),
            tables.ShipmentLine(
                shipment_line_id=f"SH-V{n}-1", shipment_id=f"SH-V{n}", customer_id=customer,
                line_id=f"SO-V{n}-1", quantity=2
            ),
            tables.Invoice(
                invoice_id=f"IN-V{n}", order_id=f"SO-V{n}", customer_id=customer, amount=8,
                invoiced_at=at, due_on=at.date() + timedelta(days=30),
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
                created_at=AT - timedelta(days=1), amount=7,
            ),
            tables.StageEntry(opportunity_id=key, stage="lead", entered_at=AT - timedelta(days=1)),
        )  # fmt: skip

    @rule(data=st.data(), branch=st.none() | st.sampled_from(BRANCHES))
    def a_customer_gets_another_manager_or_branch(
        self, data: st.DataObject, branch: str | None
    ) -> None:
        key = data.draw(self.customers(), label="customer")
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

    # How it is done -------------------------------------------------------------------------------

    def people(self) -> st.SearchStrategy[str]:
        return st.sampled_from(sorted(self.world.rows["user"]))

    def customers(self) -> st.SearchStrategy[str]:
        return self.keys("customer")

    def keys(self, kind: str) -> st.SearchStrategy[str]:
        """Mostly those that have come during the run: all that can be hidden is filled in there."""
        keys = sorted(self.world.rows[kind]) or ["none"]
        new = [key for key in keys if self.is_new(key)]
        every = st.sampled_from(keys)
        return st.one_of(st.sampled_from(new), st.sampled_from(new), every) if new else every

    @staticmethod
    def is_new(key: str) -> bool:
        """Whether a record was made during the run."""
        return re.search(r"V\d", key) is not None

    def anybody(self) -> st.SearchStrategy[Who]:
        """Mostly somebody in a seat of theirs, and rather in one that does not see everybody;
        sometimes in one that is not theirs."""
        everybody = [Who(*pair) for pair in sorted(self.world.seats)]
        seated = st.sampled_from(everybody)
        limited = st.sampled_from(
            [who for who in everybody if self.world.scope(who, "see") in ("own", "branch")]
        )
        pretending = st.builds(Who, self.people(), st.sampled_from(SEATS))
        return st.one_of(limited, limited, limited, seated, seated, seated, pretending)

    def is_denied(self, who: Who, operation: str, asked: Callable[[], Any]) -> bool:
        """Whether it is denied, as it should be; a denial shows nothing and is on record."""
        if self.world.scope(who, operation) != "none":
            return False
        with pytest.raises(Denied):
            asked()
        assert trail(self.sandbox)[-1]["operation"] == "denied"
        return True

    def limits_are_told_only_where_they_may_be(self, seat: str, notes: Iterable[str]) -> bool:
        """Whether the limit of a credit check is told, where it is shown to the seat; never where
        it is not."""
        told = any(f"{LIMIT:,}" in note for note in notes)
        if "credit_limit" in self.world.hidden(seat, "credit_check"):
            assert not told
        return told
