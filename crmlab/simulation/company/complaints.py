"""Two years of complaints: who complains about what, and how the five desks deal with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crmlab.procedures.case import Case
from crmlab.procedures.schema import Procedure
from crmlab.simulation.company.base import CUSTOMERS
from crmlab.simulation.company.books import Books, batch_of
from crmlab.simulation.company.desks import Desks, people_of
from crmlab.simulation.company.rows import Complaint, OrderLine
from crmlab.simulation.draws import Draws
from crmlab.simulation.queues import Queues
from crmlab.simulation.ways import BACK

HABITS = {
    "wrong_batch": 0.05,
    "category_other": 0.12,
    "parts_not_kept": 0.05,
    "no_acknowledgement": 0.03,
    "next_contact_too_late": 0.04,
    "customers_not_warned": 0.03,
    "symptom_for_cause": 0.06,
    "decision_without_reasons": 0.04,
    "effect_not_checked": 0.05,
}
"""The slips that people make here, and how often."""

RATES = {
    "Pumps": 0.03,
    "Irrigation pumps": 0.03,
    "Valves": 0.022,
    "Booster sets": 0.04,
    "Sensors": 0.03,
    "Spare parts": 0.014,
}
"""The chance that a line that was shipped is complained about, by family."""

KINDS = (("leak", 0.3), ("stiff", 0.2), ("not_ours", 0.12), ("missing", 0.2), ("weak", 0.18))
CATEGORY = {
    "leak": "leak",
    "stiff": "operation",
    "not_ours": "leak",
    "missing": "missing_parts",
    "weak": "performance",
}
SEVERITY = {
    "leak": "high",
    "stiff": "medium",
    "not_ours": "medium",
    "missing": "low",
    "weak": "medium",
}
REMEDIES = {
    "leak": ("replace", 0.9),
    "stiff": ("repair", 0.25),
    "not_ours": ("advice", 0.0),
    "missing": ("parts", 0.1),
    "weak": ("repair", 0.3),
}
"""What is done about each kind, and what that costs as a share of what the line cost us."""

COSTLY_CHANCE = 0.2
"""How often the customer who costs more than he brings complains about a line."""


def templates(practice_cases: Mapping[str, Case]) -> dict[str, Case]:
    """The kinds of complaints, made from practice cases that were just opened."""
    named = zip(KINDS, ("C-1042", "C-1039", "C-1044", "C-1047", "C-1080"), strict=True)
    return {kind: practice_cases[name] for (kind, _share), name in named}


class Complaints:
    """The run of all complaints."""

    def __init__(
        self,
        books: Books,
        procedure: Procedure,
        kinds: Mapping[str, Case],
        seed: int,
        *,
        keeps_paths: bool = False,
    ) -> None:
        self.books, self.procedure = books, procedure
        self.complaints: list[Complaint] = []
        self.cases: dict[int, str] = {}
        self.desks = Desks(
            procedure,
            kinds,
            HABITS,
            end=books.axis.end,
            step_done=self._step_done,
            closed=self._closed,
            keeps_paths=keeps_paths,
        )
        self._seed = seed
        self._kinds: list[str] = []
        self._costs = {row.line_id: row for row in books.transactions}
        self._people = people_of(procedure, len(books.customers) / CUSTOMERS)

    def run(self, progress: Callable[[float], None]) -> None:
        """Let all who complain complain.

        Args:
            progress: told at the end that all of the time has passed.
        """
        queues = Queues(self._people)
        told = sorted(self._drawn(), key=lambda drawn: (drawn[0], drawn[1].line_id))
        for number, (hour, line, kind) in enumerate(told):
            self._receive(number, hour, line, kind)
            draws = Draws(self._seed, "complaint", number)
            queues.bring(number, self.desks.open(number, kind, hour, draws))
        queues.work_off(self.desks.onward, by_urgency=True)
        progress(1.0)

    def _drawn(self) -> list[tuple[float, OrderLine, str]]:
        """Who complains: when, about which line, and of what kind it is."""
        books, truths = self.books, self.books.truths
        draws = Draws(self._seed, "who complains")
        shipped = {order.order_id: order for order in books.orders if order.shipped_at is not None}
        family = {product.product_id: product.family for product in books.base.products}
        silent = {row["customer_id"] for row in truths.found["leaving_in_silence"]["who"]}
        costly = truths.found["costly_customer"]["customer_id"]
        bad = batch_of(truths.bad_batch.product_id, truths.bad_batch.months[0])
        by_chance: list[OrderLine] = []
        found = []
        for line in books.order_lines:
            order = shipped.get(line.order_id)
            if order is None or order.shipped_at is None:
                continue
            drawn, lag, kind = draws.unit(), self._lag(draws), draws.weighted(KINDS)
            if order.customer_id in silent or order.channel == "counter":
                continue
            if line.product_id == truths.noise.product_id:
                by_chance.append(line)
                continue
            chance = RATES[family[line.product_id]]
            if self.books.picked[line.line_id] == bad:
                chance, kind = truths.bad_batch.chance_of_complaint, "leak"
            elif order.customer_id == costly:
                chance = COSTLY_CHANCE
            if drawn < chance:
                found.append((order.shipped_at + lag, line, kind))
        found += self._noise(by_chance, draws)
        return [row for row in found if row[0] < books.axis.end]

    def _lag(self, draws: Draws) -> float:
        """Working hours from the shipment to the complaint: mostly weeks, seldom months."""
        low, high = draws.weighted((((8, 60), 0.4), ((60, 160), 0.45), ((160, 480), 0.15)))
        return draws.between(low, high)

    def _noise(self, lines: list[OrderLine], draws: Draws) -> list[tuple[float, OrderLine, str]]:
        """Complaints about one product as chance deals them: most months one or two, in one month
        the most there are, and that means nothing."""
        noise, found = self.books.truths.noise, []
        months: dict[str, list[OrderLine]] = {}
        at = {order.order_id: order.shipped_at for order in self.books.orders}
        for line in lines:
            shipped = at[line.order_id]
            assert shipped is not None
            months.setdefault(f"{self.books.axis.day(shipped):%Y-%m}", []).append(line)
        for month, shipped_then in sorted(months.items()):
            wanted = noise.complaints if month == noise.month else draws.whole(0, 2)
            for number in range(min(wanted, len(shipped_then))):
                line = shipped_then[number * len(shipped_then) // wanted]
                shipped = at[line.order_id]
                assert shipped is not None
                found.append((shipped + draws.between(8, 120), line, draws.weighted(KINDS)))
        return found

    def _receive(self, number: int, hour: float, line: OrderLine, kind: str) -> None:
        order = self.books.orders[int(line.order_id[3:]) - 1]
        assert order.shipped_at is not None
        complaint = Complaint(
            f"C-{number + 1:06}",
            order.customer_id,
            line.line_id,
            line.product_id,
            line.batch_no,
            CATEGORY[kind],
            None,
            order.shipped_at,
            hour,
        )
        self.cases[number] = complaint.complaint_id
        self.complaints.append(complaint)
        self._kinds.append(kind)

    def _step_done(self, case: int, step: str, _visit: int, choice: str, hour: float) -> None:
        if choice == BACK:
            return
        complaint, kind = self.complaints[case], self._kinds[case]
        said = self.procedure.steps[step]
        if said.interaction:
            self.books.talk(said, complaint.customer_id, complaint.complaint_id, hour)
        if step == "register" and choice == "category_other":
            complaint.category = "other"
        elif step == "register":
            complaint.category = CATEGORY[kind]
        elif step == "assess":
            complaint.valid, complaint.severity = kind != "not_ours", SEVERITY[kind]
        elif step == "communicate_decision":
            complaint.remedy, share = REMEDIES[kind]
            booked = self._costs.get(complaint.line_id)
            cost = (booked.cost or booked.amount // 2) if booked else 0
            complaint.remedy_cost = round(cost * share / 100) * 100
            if booked:
                booked.service_cost += complaint.remedy_cost

    def _closed(self, case: int, _step: str, hour: float) -> None:
        self.complaints[case].closed_at = hour


def add_service(books: Books, seed: int) -> None:
    """What service costs beside the complaints: freight in a hurry, visits, extra hours."""
    draws, costly = Draws(seed, "service"), books.truths.costly_customer
    who = books.truths.found["costly_customer"]["customer_id"]
    for row in books.transactions:
        if row.customer_id == who:
            row.service_cost += round(row.amount * costly.service_share_of_sales / 100) * 100
        elif draws.happens(0.06):
            row.service_cost += draws.whole(40, 400) * 100
