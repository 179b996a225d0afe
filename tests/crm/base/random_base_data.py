"""Rules of a state machine for those who keep the base data while cases go on beside them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select

from crmlab.crm import tables
from crmlab.crm.access.permissions import Who
from crmlab.crm.base.master import change, create
from crmlab.crm.base.review import review
from crmlab.errors import Refused, StaleRecord
from tests.crm.casework.test_random_actions import Actions

STEWARD = Who("U-23", "data_steward")
REVIEWERS = (
    Who("U-21", "finance_controller"),
    Who("U-17", "sales_director"),
    Who("U-24", "data_steward"),
    Who("U-19", "general_manager"),
)
NAMES = st.sampled_from(["Kaolin Tiles", "Wuyi Tea House", "锡灯", "Tin Lamps", "Qiaotou Textil"])
SOMEBODY = {
    "city": "Wuyi",
    "branch": "East",
    "contact": "Rong Yi",
    "phone": "+86 100 0000 9001",
    "email": "rong@tiles.example",
    "account_manager": "U-07",
}
A_CODE = {"customer_id": "CU-001", "product_id": "GV-80"}
A_PRICE = {"price_list_id": "PL-BASE", "product_id": "GB-50", "valid_from": "2027-01-01"}
KEPT = ("customers", "products", "customer_codes", "prices", "proposals", "reviews", "counters")
CHANGES = st.sampled_from(
    [
        {"phone": "+86 100 0000 4711"},
        {"name": "Another name", "city": "Nanchang"},
        {"payment_days": "45"},
        {"payment_days": "-1"},
        {"currency": "XXX"},
        {"contact": "Rong\0Yi"},
    ]
)


class WithBaseData(Actions):
    """Customers, codes and prices are made, changed and reviewed beside the case."""

    @rule(data=st.data(), of=st.sampled_from(["customer", "code", "price", "change", "review"]))
    def keep_the_base_data(self, data: st.DataObject, of: str) -> None:
        getattr(self, f"_{of}")(data)

    def _customer(self, data: st.DataObject) -> None:
        limit = data.draw(st.sampled_from([None, "5000", "-5"]), label="limit")
        values = {**SOMEBODY, "name": data.draw(NAMES, label="name"), "credit_limit": limit}
        self.made("customer", values, looked=data.draw(st.booleans(), label="looked"))

    def _code(self, data: st.DataObject) -> None:
        code = data.draw(st.sampled_from(["KT-7", "kt-7", "SD-440"]), label="code")
        self.made("customer_code", {**A_CODE, "customer_code": code})

    def _price(self, data: st.DataObject) -> None:
        price = data.draw(st.sampled_from(["9.50", "0"]), label="price")
        self.made("price", {**A_PRICE, "unit_price": price})

    def _change(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(["CU-001", "CU-015"]), label="customer")
        changes = data.draw(CHANGES, label="changes")
        behind = data.draw(st.sampled_from([0, 0, 1]), label="versions behind")
        self.kept(lambda: self.changed(key, changes, behind))

    def _review(self, data: st.DataObject) -> None:
        with self.sandbox.read() as session:
            open_ = select(tables.Proposal.proposal_id).where(tables.Proposal.state == "open")
            waiting = sorted(session.scalars(open_))
        if waiting:
            number = data.draw(st.sampled_from(waiting), label="proposal")
            who = data.draw(st.sampled_from(REVIEWERS), label="reviewer")
            accepts = data.draw(st.booleans(), label="accepts")
            self.kept(lambda: review(self.sandbox, who, number, accepts, "No.", self.now()))

    def now(self) -> datetime:
        """A moment after all that has happened to the case."""
        return self.case.last_moment

    def changed(self, key: str, changes: dict[str, str | None], behind: int = 0) -> dict[str, str]:
        """Change a customer; the proposals that come of it. Who has seen an older version is
        refused."""
        with self.sandbox.read() as session:
            version = session.get_one(tables.Customer, key).version - behind
        return change(self.sandbox, STEWARD, "customer", key, version, changes, self.now()).waiting

    def made(self, kind: str, values: dict[str, Any], looked: bool = False) -> None:
        self.kept(lambda: create(self.sandbox, STEWARD, kind, values, self.now(), looked=looked))

    def kept(self, operation: Callable[[], object]) -> None:
        """Do it, or see that a refusal left everything but the audit trail as it was."""
        before = self.base_data()
        with suppress(Refused, StaleRecord):
            operation()
            return
        assert self.base_data() == before

    def base_data(self) -> list[list[tuple[Any, ...]]]:
        """Every row that somebody who keeps base data can write."""
        with self.sandbox.read() as session:
            return [
                sorted((tuple(row) for row in session.execute(table.select())), key=str)
                for table in (tables.Base.metadata.tables[name] for name in KEPT)
            ]
