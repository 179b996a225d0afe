"""Two years of sales: leads that go through all desks, and orders that need no lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from crmlab.procedures.case import Case
from crmlab.procedures.schema import Procedure
from crmlab.simulation.company.base import CUSTOMERS
from crmlab.simulation.company.books import Books
from crmlab.simulation.company.demand import Demand, Wanted
from crmlab.simulation.company.desks import LIES, Desks, people_of
from crmlab.simulation.company.rows import (
    Approval,
    Fen,
    Invoice,
    Opportunity,
    Order,
    OrderLine,
    Quote,
    QuoteLine,
    StageEntry,
)
from crmlab.simulation.draws import Draws
from crmlab.simulation.queues import Piece, Queues
from crmlab.simulation.ways import BACK

HABITS = {
    "lead_called_late": 0.04,
    "stage_without_evidence": 0.06,
    "medium_not_asked": 0.03,
    "decider_not_known": 0.04,
    "promised_before_approval": 0.03,
    "manager_signs_unread": 0.05,
    "order_number_missing": 0.03,
    "missing_batch": 0.04,
    "label_not_read": 0.02,
    "invoice_in_the_crate": 0.02,
    "payment_booked_late": 0.03,
    "closed_without_asking": 0.05,
}
"""The slips that people here make, and how often. None of them changes who buys what."""

CARRIERS = ("Jiangnan Freight", "North Star Logistics", "Own van")
ADOPTION = (0.6, 0.95)
"""How many of the talks with customers are entered in the CRM, in its first days and by the end."""

PLENTY = 100_000
"""Nobody waits for the counter: what is ordered there goes past the desks."""

LATE = (((-4, 1), 0.7), ((2, 22), 0.25), ((25, 60), 0.05))
"""Days after the due day on which somebody pays, from and to, and how many do."""


def templates(practice_cases: Mapping[str, Case]) -> dict[str, Case]:
    """The kinds of sales, made from practice cases that were just opened.

    A kind is named by how far below the list the price is, whether credit holds the order and how
    it ends: `4/held`, `0/lost`, `unqualified`.
    """
    plenty = {"credit_limit": "10000000.00", "open_receivables": "0.00", "open_orders": "0.00"}
    plenty |= {"overdue_days": 0}  # type: ignore[dict-item]
    held = {
        **plenty,
        "open_receivables": "10000000.00",
        "credit_way": "release",
        "credit_basis": "security",
        "guarantee": "20000000.00",
    }
    lost = {**plenty, "lost_to": "somebody cheaper", "order_number": None, "ordered_on": None}
    lost |= {"deliver_by": None}
    kinds = {}
    for percent, name in ((0, "L-2001"), (4, "L-2003"), (8, "L-2004"), (14, "L-2005")):
        for way, facts in (("clear", plenty), ("held", held), ("lost", lost)):
            kinds[f"{percent}/{way}"] = _with(practice_cases[name], facts)
    kinds["unqualified"] = practice_cases["L-2007"]
    return kinds


def _with(case: Case, facts: Mapping[str, object]) -> Case:
    return case.model_copy(update={"facts": {**case.facts, **facts}})


@dataclass(slots=True)
class Sale:
    """What is behind a case, or behind an order that needs none."""

    wanted: Wanted
    number: str = ""
    price: Fen = 0
    listed: Fen = 0
    opportunity: Opportunity | None = None
    quote: Quote | None = None
    order: Order | None = None
    lines: list[OrderLine] = field(default_factory=list)
    invoice: Invoice | None = None
    next: str = "book"


class Sales:
    """The run of all sales.

    sales = Sales(books, demand, procedure, templates(cases), seed)
    sales.run(progress)
    """

    def __init__(
        self,
        books: Books,
        demand: Demand,
        procedure: Procedure,
        kinds: Mapping[str, Case],
        seed: int,
        *,
        keeps_paths: bool = False,
    ) -> None:
        self.books, self.demand, self.procedure, self.seed = books, demand, procedure, seed
        self.axis = books.axis
        self.sales: list[Sale] = [Sale(wanted) for wanted in demand.wanted]
        self.desks = Desks(
            procedure,
            kinds,
            HABITS,
            end=self.axis.end,
            step_done=self._step_done,
            closed=self._closed,
            keeps_paths=keeps_paths,
        )
        self.cases: dict[int, str] = {}
        self._people = people_of(procedure, len(demand.buyers) / CUSTOMERS)
        self._counter = len(self._people)
        self._stalled = books.truths.found["stalled_seller"]["owner"]
        self._draws = Draws(seed, "sales")

    def run(self, progress: Callable[[float], None]) -> None:
        """Let all that is wanted come.

        Args:
            progress: told now and then how much of the time has passed, from 0 to 1.
        """
        queues = Queues([*self._people, PLENTY])
        for number, sale in enumerate(self.sales):
            if sale.wanted.channel == "lead":
                self.cases[number] = sale.number = f"L-{len(self.cases) + 1:06}"
                draws = Draws(self.seed, "lead", number)
                piece = self.desks.open(number, self._kind(sale), sale.wanted.hour, draws)
            else:
                piece = self._counter, sale.wanted.hour, 0.1, 0
            queues.bring(number, piece)
        told = 0

        def onward(case: int, ready: float, begun: float, done: float) -> Piece | None:
            nonlocal told
            told += 1
            if told % 5000 == 0:
                progress(min(done / self.axis.end, 1.0))
            if case in self.cases:
                return self.desks.onward(case, ready, begun, done)
            return self._at_the_counter(self.sales[case], done)

        queues.work_off(onward, by_urgency=True)

    def _kind(self, sale: Sale) -> str:
        if sale.wanted.ends == "unqualified":
            return "unqualified"
        way = "lost" if sale.wanted.ends == "lost" else "clear"
        return f"{sale.wanted.percent:.0f}/{way}"

    # Orders that need no lead.

    def _at_the_counter(self, sale: Sale, done: float) -> Piece | None:
        """What is done next with an order that came without a lead, and when."""
        if done > self.axis.end:
            return None
        wait: float | None = getattr(self, f"_{sale.next}")(sale, done)
        return None if wait is None else (self._counter, done + wait, 0.1, 0)

    def _book(self, sale: Sale, hour: float) -> float:
        buyer, day = sale.wanted.buyer, self.axis.day(hour)
        lines = []
        for product, pieces in sale.wanted.lines:
            price = self.books.base.price(buyer.customer.customer_id, product, day)
            lines.append((product, pieces, price, price))
        sale.order, sale.lines = self.books.order(buyer.customer, lines, hour, sale.wanted.channel)
        sale.next = "release" if sale.order.credit == "held" else "ship"
        if sale.wanted.channel == "counter":
            return 0.2
        return self._draws.between(4, 24)

    def _release(self, sale: Sale, hour: float) -> float:
        assert sale.order is not None
        reason = "They have paid every invoice so far, and the next payment is announced."
        self.books.release(sale.order, sale.lines, hour, reason)
        sale.next = "ship"
        return self._draws.between(2, 16)

    def _ship(self, sale: Sale, hour: float) -> float:
        assert sale.order is not None
        noted = not self._draws.happens(HABITS["missing_batch"])
        self.books.ship(sale.order, sale.lines, hour, self._draws.one_of(CARRIERS), batch=noted)
        sale.next = "invoice"
        return self._draws.between(1, 8)

    def _invoice(self, sale: Sale, hour: float) -> float:
        assert sale.order is not None
        sale.invoice = self.books.invoice(sale.order, sale.lines, hour)
        sale.invoice.signed_at = hour
        sale.next = "pay"
        if sale.wanted.channel == "counter":
            return 0.1
        low, high = self._draws.weighted(LATE)
        pays_on = sale.invoice.due_on + timedelta(days=self._draws.whole(low, high))
        return max(self.axis.morning(pays_on) + self._draws.between(0.5, 7) - hour, 1.0)

    def _pay(self, sale: Sale, hour: float) -> None:
        assert sale.invoice is not None
        self.books.pay(sale.invoice, hour)

    # Leads, from desk to desk.

    def _step_done(self, case: int, step: str, _visit: int, choice: str, hour: float) -> str | None:
        if choice == BACK:
            return None
        sale = self.sales[case]
        self._talk(sale, step, hour)
        record = getattr(self, f"_after_{step}", None)
        told: str | None = record(sale, choice, hour) if record else None
        if any(
            booking.record == "approval" for booking in self.procedure.steps[step].books.values()
        ):
            self._approve(sale, self.procedure.steps[step].seat, hour)
        return told

    def _talk(self, sale: Sale, step: str, hour: float) -> None:
        first, last = ADOPTION
        said = self.procedure.steps[step]
        if said.interaction and self._draws.happens(first + (last - first) * hour / self.axis.end):
            customer = sale.wanted.buyer.customer
            self.books.talk(said, customer.customer_id, sale.number, hour)

    def _stage(self, sale: Sale, stage: str, hour: float) -> None:
        at = sale.opportunity
        assert at is not None
        if at.stage != stage:
            at.stage = stage
            self.books.stages.append(
                StageEntry(at.opportunity_id, stage, hour, at.owner, at.amount)
            )

    def _after_capture_lead(self, sale: Sale, _choice: str, hour: float) -> None:
        if sale.opportunity is not None:
            return
        customer = sale.wanted.buyer.customer
        (product, pieces), day = sale.wanted.lines[0], self.axis.day(hour)
        sale.listed = self.books.base.price(customer.customer_id, product, day)
        sale.opportunity = Opportunity(
            sale.number,
            customer.customer_id,
            product,
            customer.account_manager,
            customer.name,
            sale.wanted.source,
            f"{pieces} × {product}",
            "",
            sale.listed * pieces,
            "open",
            sale.wanted.hour,
        )
        self.books.opportunities.append(sale.opportunity)
        self._stage(sale, "lead", hour)

    def _after_qualify_lead(self, sale: Sale, _choice: str, hour: float) -> str | None:
        if sale.wanted.ends == "unqualified":
            return None
        self._stage(sale, "qualified", hour)
        assert sale.opportunity is not None
        stays = self.books.truths.stalled_seller.share_that_stays
        if sale.opportunity.owner == self._stalled and self._draws.happens(stays):
            return LIES
        return None

    def _after_explore_needs(self, sale: Sale, _choice: str, hour: float) -> None:
        self._stage(sale, "needs", hour)

    def _after_quote(self, sale: Sale, _choice: str, hour: float) -> None:
        if sale.quote is not None:
            return
        customer, day = sale.wanted.buyer.customer, self.axis.day(hour)
        (product, pieces), number = sale.wanted.lines[0], f"QU-{len(self.books.quotes) + 1:06}"
        sale.listed = self.books.base.price(customer.customer_id, product, day)
        sale.price = _below(sale.listed, sale.wanted.percent)
        sale.quote = Quote(
            number, customer.customer_id, sale.number, "CNY", hour, day + timedelta(days=30)
        )
        self.books.quotes.append(sale.quote)
        self.books.quote_lines.append(
            QuoteLine(f"{number}-1", number, product, pieces, sale.price, sale.listed)
        )
        assert sale.opportunity is not None
        sale.opportunity.amount = sale.price * pieces
        self._stage(sale, "proposal", hour)

    def _approve(self, sale: Sale, seat: str, hour: float) -> None:
        assert sale.quote is not None
        below = round(100 * (sale.listed - sale.price) / sale.listed, 2)
        self.books.approvals.append(
            Approval(
                f"AP-{len(self.books.approvals) + 1:06}",
                sale.quote.quote_id,
                sale.quote.customer_id,
                seat,
                sale.price,
                below,
                "approve",
                hour,
            )
        )

    def _after_win_order(self, sale: Sale, _choice: str, hour: float) -> None:
        if sale.wanted.ends == "won":
            self._stage(sale, "won", hour)
            assert sale.opportunity is not None
            sale.opportunity.outcome = "won"
            sale.opportunity.closed_at = sale.opportunity.closed_at or hour

    def _after_enter_order(self, sale: Sale, _choice: str, hour: float) -> str | None:
        if sale.order is not None:
            return None
        (product, pieces), customer = sale.wanted.lines[0], sale.wanted.buyer.customer
        sale.order, sale.lines = self.books.order(
            customer,
            [(product, pieces, sale.price, sale.listed)],
            hour,
            "lead",
            quote=sale.quote,
            case=sale.number,
        )
        return f"{sale.wanted.percent:.0f}/{'held' if sale.order.credit == 'held' else 'clear'}"

    def _after_release_credit(self, sale: Sale, _choice: str, hour: float) -> None:
        assert sale.order is not None
        if sale.order.credit == "held":
            reason = "A bank's guarantee over more than this order lies in the file."
            self.books.release(sale.order, sale.lines, hour, reason)

    def _after_pick_and_ship(self, sale: Sale, choice: str, hour: float) -> None:
        assert sale.order is not None
        if sale.order.shipped_at is None:
            noted = choice != "missing_batch"
            self.books.ship(sale.order, sale.lines, hour, self._draws.one_of(CARRIERS), batch=noted)

    def _after_invoice(self, sale: Sale, _choice: str, hour: float) -> None:
        assert sale.order is not None
        if sale.invoice is None:
            sale.invoice = self.books.invoice(sale.order, sale.lines, hour)

    def _after_sign_invoice(self, sale: Sale, _choice: str, hour: float) -> None:
        assert sale.invoice is not None
        sale.invoice.signed_at = sale.invoice.signed_at or hour

    def _after_collect_payment(self, sale: Sale, _choice: str, hour: float) -> None:
        assert sale.invoice is not None
        if sale.invoice.settled_at is None:
            self.books.pay(sale.invoice, hour)

    def _closed(self, case: int, _step: str, hour: float) -> None:
        opportunity = self.sales[case].opportunity
        assert opportunity is not None
        if opportunity.outcome == "open":  # the case of one that was won went on to the money
            opportunity.outcome, opportunity.closed_at = "lost", hour


def _below(listed: Fen, percent: float) -> Fen:
    """A price in whole yuan, so far below the list and never a little further."""
    hundredths = listed * (100 - int(percent))
    return -(-hundredths // 10_000) * 100  # rounded up
