"""No row outside its scope is visible by any operation, whoever asks for whatever in any order.

What somebody may see is worked out anew for each look by plain Python over all rows of all tables
(`tests.crm.scoped_world`). Here somebody looks around in the CRM; `test_scopes_at_work` is about
those who change it, review it, and work on cases at their desks.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from crmlab.calendar import STANDARD
from crmlab.crm.access.browse import look, page
from crmlab.crm.access.export import export
from crmlab.crm.access.permissions import Who, permissions
from crmlab.crm.access.reports import report
from crmlab.crm.access.scopes import key_of, may_see
from crmlab.crm.access.search import ANYWHERE, BY_NUMBER, MOST, search
from crmlab.crm.access.timeline import LARGEST, read_timeline
from crmlab.crm.records import KINDS
from crmlab.crm.store.sandbox import Sandbox
from crmlab.errors import Denied, Refused
from tests.crm.people import AT
from tests.crm.scoped_world import BEGINNING, DIRECT, HIDING, Company

REASON = "To see whether anything leaves."


class Looking(Company):
    """Anybody asks for anything."""

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
            assert set(part.columns) == self.world.columns(who.seat, kind)
            assert all(set(row.values) == set(part.columns) for row in part.rows)
            assert [row.values[next(iter(part.columns))] for row in part.rows] == found[
                -len(part.rows) :
            ]
            after = part.next
            if after is None:
                break
        expected = self.world.seen(who, kind, "see")
        assert found == sorted(expected)[: len(found)]
        assert (after is None) == (len(found) == len(expected))

    @rule(data=st.data(), kind=st.sampled_from(sorted(DIRECT & set(KINDS))))
    def filter_a_list(self, data: st.DataObject, kind: str) -> None:
        who = data.draw(self.anybody(), label="who")
        customer = data.draw(self.customers(), label="customer")
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

    @rule(data=st.data(), kind=st.sampled_from(HIDING) | st.sampled_from(sorted(KINDS)))
    def look_at_one(self, data: st.DataObject, kind: str) -> None:
        who = data.draw(self.anybody(), label="who")
        key = data.draw(self.keys(kind), label="key")
        may = self.world.sees(who, kind, key, "see")
        with self.sandbox.read() as session:
            assert may_see(session, who, kind, key) == may
        if may:
            record = look(self.sandbox, who, kind, key, at=AT)
            row = self.world.rows[kind][key]
            columns = self.world.columns(who.seat, kind)
            assert (record.key, set(record.columns)) == (key, columns)
            assert record.values == {name: row[name] for name in columns}
        else:
            with pytest.raises(Refused):
                look(self.sandbox, who, kind, key, at=AT)

    @rule(data=st.data(), name=st.sampled_from(sorted(permissions().shown_to)))
    def filter_by_a_column_that_some_do_not_see(self, data: st.DataObject, name: str) -> None:
        who = data.draw(self.anybody(), label="who")
        kind, _dot, column = name.partition(".")
        value = data.draw(
            st.sampled_from([row[column] for row in self.world.rows[kind].values()] or [None])
        )

        def asked() -> set[str]:
            wanted = {column: None if value is None else str(value)}
            rows = page(self.sandbox, who, kind, at=AT, filters=wanted, size=200).rows
            return {row.key for row in rows}

        if self.is_denied(who, "see", asked):
            return
        if column in self.world.hidden(who.seat, kind):
            with pytest.raises(Denied):
                asked()
        else:
            assert asked() == {
                key
                for key in self.world.seen(who, kind, "see")
                if self.world.rows[kind][key][column] == value
            }

    @rule(
        data=st.data(),
        wanted=st.sampled_from(["pump", "0", "SO-", "V", "CU-V", "%", "l", "QU", "'", "Wuxi"]),
        kind=st.sampled_from([*ANYWHERE, *BY_NUMBER]),
    )
    def search_for_something(self, data: st.DataObject, wanted: str, kind: str) -> None:
        who = data.draw(self.anybody(), label="who")

        def asked() -> list[str]:
            hits = search(self.sandbox, who, wanted, at=AT, kinds=(kind,), size=MOST)
            return [hit.key for hit in hits]

        if not self.is_denied(who, "search", asked):
            found, may = asked(), self.world.seen(who, kind, "search")
            assert set(found) <= may
            # A customer's code is searched by what the customer says, not by its key.
            by_key = kind in BY_NUMBER or key_of(kind).key in ANYWHERE[kind]
            begins = {key for key in may if by_key and key.startswith(wanted)}
            assert len(found) == MOST or begins <= set(found)

    @rule(data=st.data())
    def read_a_timeline(self, data: st.DataObject) -> None:
        who = data.draw(self.anybody(), label="who")
        customer = data.draw(self.customers(), label="customer")
        if not self.world.sees(who, "customer", customer, "timeline"):
            with pytest.raises(Denied):
                read_timeline(self.sandbox, who, customer, at=AT, size=LARGEST)
            return
        entries = read_timeline(self.sandbox, who, customer, at=AT, size=LARGEST).entries
        for entry in entries:
            assert self.world.of_customer(entry.record, entry.key) == customer
        told = self.limits_are_told_only_where_they_may_be(
            who.seat, [entry.note for entry in entries]
        )
        if customer.startswith("CU-V"):
            whole = self.world.timeline_of(customer)
            assert {(entry.record, entry.key) for entry in entries} == whole
            assert told == ("credit_limit" not in self.world.hidden(who.seat, "credit_check"))

    @rule(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
    def take_rows_out(self, data: st.DataObject, kind: str) -> None:
        who = data.draw(self.anybody(), label="who")
        may = self.world.seen(who, kind, "export")

        def asked() -> set[str]:
            made = export(self.sandbox, who, kind, REASON, AT)
            rows = csv.reader(io.StringIO(made.csv.removeprefix("\ufeff"), newline=""))
            assert set(next(rows)) == self.world.columns(who.seat, kind)
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
        world = self.world
        months = report(self.sandbox, who, "orders_by_month", at=AT, months=24).rows
        assert Counter(
            {(r["month"], r["branch"], r["currency"], r["orders"], r["amount"]): 1 for r in months}
        ) == Counter({(*of, *sums): 1 for of, sums in self.orders_of(who).items()})
        stuck = report(self.sandbox, who, "stuck_opportunities", at=AT).rows
        leads = [world.rows["opportunity"][key] for key in world.seen(who, "opportunity", "report")]
        there = [row for row in leads if row["outcome"] == "open" and row["created_at"] <= AT]
        assert {row["stage"]: (row["open"], row["amount"]) for row in stuck} == {
            stage: (
                sum(row["stage"] == stage for row in there),
                sum(row["amount"] or Decimal(0) for row in there if row["stage"] == stage),
            )
            for stage in {row["stage"] for row in there}
        }
        owing: dict[tuple[str, str], tuple[Any, ...]] = {}
        after = None
        while True:
            part = report(self.sandbox, who, "open_receivables", at=AT, after=after, size=7)
            for row in part.rows:
                told = (row["invoices"], row["amount"], row["overdue"], row["overdue_days"])
                owing[row["customer_id"], row["currency"]] = told
            after = part.next
            if after is None:
                break
        assert owing == self.owed_to(who)

    def orders_of(self, who: Who) -> dict[tuple[str, str, str], tuple[int, Decimal]]:
        """Orders of the last two years and what they come to, by month, branch and currency."""
        rows = self.world.rows
        amounts: Counter[str] = Counter()
        for line in rows["order_line"].values():
            amounts[line["order_id"]] += line["unit_price"] * line["quantity"]
        found: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
        for key in self.world.seen(who, "order", "report"):
            order = rows["order"][key]
            at = STANDARD.local(order["ordered_at"])
            if AT.replace(year=2024, month=6, day=1, hour=0) <= at <= AT:
                branch = rows["customer"][order["customer_id"]]["branch"]
                of = (f"{at:%Y-%m}", branch, order["currency"])
                count, amount = found.get(of, (0, Decimal(0)))
                found[of] = (count + 1, amount + Decimal(amounts[key]))
        return found

    def owed_to(self, who: Who) -> dict[tuple[str, str], tuple[int, Decimal, Decimal, int]]:
        """What each customer within reach owes at the moment, and how much of it is overdue."""
        rows, today = self.world.rows, AT.date()
        paid: Counter[str] = Counter()
        for payment in rows["payment"].values():
            if payment["paid_at"] <= AT:
                paid[payment["invoice_id"]] += payment["amount"]
        customers = self.world.seen(who, "customer", "report")
        open_now: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in rows["invoice"].values():
            settled = row["settled_at"] is not None and row["settled_at"] <= AT
            if row["customer_id"] in customers and row["invoiced_at"] <= AT and not settled:
                open_now.setdefault((row["customer_id"], row["currency"]), []).append(row)

        def owed(invoices: list[dict[str, Any]]) -> Decimal:
            return sum((row["amount"] - paid[row["invoice_id"]] for row in invoices), Decimal(0))

        return {
            of: (
                len(invoices),
                owed(invoices),
                owed([row for row in invoices if row["due_on"] < today]),
                max((today - min(row["due_on"] for row in invoices)).days, 0),
            )
            for of, invoices in open_now.items()
        }


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
