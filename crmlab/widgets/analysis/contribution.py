"""Who carries the company: with dials, as a briefing, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd
from IPython.display import Markdown

from crmlab.charts.chart import money
from crmlab.charts.contribution import contribution_chart
from crmlab.intake.company import company_table, name_of
from crmlab.models.contribution import Contribution, contribution
from crmlab.models.contribution.costs import Rates
from crmlab.models.contribution.dials import Turn, Turned, turned
from crmlab.models.entry.questions import COSTLY
from crmlab.text import gettext as _
from crmlab.widgets.analysis.board import Board, Figure, Records, Seen
from crmlab.widgets.analysis.books import company_match
from crmlab.widgets.analysis.complaints_company import as_entered
from crmlab.widgets.dial import Dial
from crmlab.widgets.live import shows_trouble

RATES = Rates(remedies_in_service=True)
"""The practice company's `service_cost` has the remedies in it; money costs it 6 % a year."""


@cache
def company_contribution() -> Contribution:
    """The contribution of the practice company's customers, complaints and credit told apart."""
    return contribution(
        company_table("transactions"),
        complaints=company_table("complaints"),
        invoices=company_table("invoices"),
        payments=company_table("payments"),
        rates=RATES,
    )


class ContributionBoard(Board):
    """Which customers carry the company, and what one of them would have to agree to.

    ContributionBoard()

    Args:
        customer: whom the dials are about, unless they are turned to all.
    """

    name = "contribution"
    held_against = staticmethod(company_match)

    @shows_trouble
    def __init__(self, customer: str = COSTLY) -> None:
        self.customer, self.found = customer, company_contribution()
        self.name_of_it = name_of("customer_id", customer)
        self.first = {who: turned(self.found, Turn(who)) for who in (customer, None)}
        everybody = _("all customers")
        super().__init__(
            _("What if we agreed otherwise?"),
            {
                "whom": Dial(
                    _("For whom"), 0, 1, 1, 0, told=lambda at: everybody if at else self.name_of_it
                ),
                "charge": Dial(_("Charge for an express order"), 0, 8000, 250, 0, told=money),
                "accepted": Dial(_("Express orders that pay it"), 0, 100, 5, 100, "%"),
                "fewer": Dial(_("Fewer complaints"), 0, 100, 10, 0, "%"),
                "back": Dial(_("Discount taken back"), 0, 100, 10, 0, "%"),
            },
        )

    def look(self, at: Mapping[str, float]) -> Seen:
        who = None if at["whom"] else self.customer
        now = turned(
            self.found,
            Turn(
                who,
                at["charge"],
                at["accepted"] / 100,
                1 - at["fewer"] / 100,
                1 - at["back"] / 100,
            ),
        )
        first = self.first[who]
        return Seen(
            contribution_chart(self.found, now, first, self.customer, self.name_of_it),
            self._says_of_one(now, at["charge"]) if who else self._says_of_all(now),
            (
                Figure(
                    _("What {customer} brings, 24 months").format(customer=self.name_of_it)
                    if who
                    else _("What all customers bring, 24 months"),
                    money(now.after),
                    _("at first {amount}").format(amount=money(first.after)),
                ),
                Figure(
                    _("Customers who cost more than they bring"),
                    f"{now.loss_making}",
                    _("at first {n} of {all}").format(
                        n=first.loss_making, all=self.found.customers
                    ),
                ),
                self._needed(now, who),
            ),
            {"brings": now.after, "losing": now.loss_making, "must_pay": self._paying(now, who)},
        )

    def _paying(self, now: Turned, who: str | None) -> int | None:
        """How many express orders would have to accept the charge; None if all are too few."""
        return now.to_break_even if who else now.to_cover

    def _needed(self, now: Turned, who: str | None) -> Figure:
        return _must_pay(
            _("Express orders that must pay, so that we lose nothing on {customer}").format(
                customer=self.name_of_it
            )
            if who
            else _("Express orders that must pay, so that express pays for itself"),
            self._paying(now, who),
            now.express_orders,
        )

    def _says_of_one(self, now: Turned, charge: float) -> str:
        told = {"customer": self.name_of_it, "amount": money(abs(now.after))}
        if not round(now.after - now.before):
            return _(
                "As it is, {customer} costs us {amount} in 24 months, with all they buy."
            ).format(**told)
        if now.after >= 0:
            return _("Agreed so, {customer} would bring us {amount}.").format(**told)
        said = _("Agreed so, {customer} would still cost us {amount}.").format(**told)
        if not charge:
            return said
        if now.to_break_even is None:
            return said + " " + _("At this charge, all express orders together are not enough.")
        needed = _("{n} of {of} express orders would have to pay the charge to make up for it.")
        return said + " " + needed.format(n=now.to_break_even, of=now.express_orders)

    def _says_of_all(self, now: Turned) -> str:
        if not round(now.after - now.before):
            return _("As it is, all customers together bring us {amount} in 24 months.").format(
                amount=money(now.after)
            )
        return _(
            "Agreed so with everybody, it would be {gained} more, if nobody bought less for it."
        ).format(gained=money(now.after - now.before))

    def records(self) -> dict[str, Records]:
        found, customer = self.found, self.name_of_it
        behind = found.rows_behind(self.customer)
        return {
            "sales": Records(
                _("Sales to {customer}").format(customer=customer), lambda: behind["sales"]
            ),
            "complaints": Records(
                _("Complaints of {customer}").format(customer=customer),
                lambda: as_entered(behind["complaints"]),
            ),
            "invoices": Records(
                _("Invoices of {customer}").format(customer=customer), lambda: behind["invoices"]
            ),
            "customers": Records(_("All customers, the best first"), self._customers),
            "losing": Records(_("Customers who cost more than they bring"), self._losing),
            "blocked": Records(_("Lines without a cost, left out"), lambda: found.blocked),
        }

    def _customers(self) -> pd.DataFrame:
        heads = {
            "abc": _("Class"),
            "contribution": _("What is left"),
            "revenue": _("Sales"),
            "cost": _("Goods"),
            "complaint_cost": _("Complaints"),
            "service_cost": _("Express, visits"),
            "credit_cost": _("Credit"),
            "discount": _("Discount given"),
            "orders": _("Orders"),
            "express_orders": _("Express orders"),
            "cumulative": _("Added up, %"),
        }
        return self.found.each[list(heads)].rename(columns=heads).reset_index()

    def _losing(self) -> pd.DataFrame:
        return self._customers().tail(self.found.loss_making).iloc[::-1]


class ContributionBriefing(Board):
    """One decision: with what terms do we go to a customer?

    ContributionBriefing()
    """

    name = "terms"
    held_against = staticmethod(company_match)

    @shows_trouble
    def __init__(self, customer: str = COSTLY) -> None:
        self.customer, self.found = customer, company_contribution()
        self.name_of_it = name_of("customer_id", customer)
        self.first = turned(self.found, Turn(customer))
        revenue, discount = (
            float(self.found.each[name][customer]) for name in ("revenue", "discount")
        )
        self.given = discount / (revenue + discount) * 100
        super().__init__(
            _("Do we renegotiate with {customer}?").format(customer=self.name_of_it),
            {
                "discount": Dial(
                    _("Discount on the list price"), 0, round(self.given), 1, round(self.given), "%"
                ),
                "charge": Dial(_("Charge for an express order"), 0, 6000, 500, 0, told=money),
                "fewer": Dial(_("Fewer complaints, our own homework"), 0, 100, 10, 0, "%"),
            },
        )

    def look(self, at: Mapping[str, float]) -> Seen:
        left = min(1.0, at["discount"] / round(self.given))
        terms = Turn(
            self.customer, at["charge"], complaints_left=1 - at["fewer"] / 100, discount_left=left
        )
        now = turned(self.found, terms)
        if not round(now.after - now.before):
            verdict = _("As it is, {customer} costs us {left} in 24 months, with all they buy.")
        elif now.after >= 0:
            verdict = _("At these terms {customer} brings us {left}. That is an offer to make.")
        else:
            verdict = _(
                "At these terms {customer} still costs us {left}. That is no offer to make."
            )
        return Seen(
            contribution_chart(self.found, now, self.first, self.customer, self.name_of_it),
            verdict.format(customer=self.name_of_it, left=money(abs(now.after))),
            (
                Figure(
                    _("What {customer} brings, 24 months").format(customer=self.name_of_it),
                    money(now.after),
                    _("at first {amount}").format(amount=money(self.first.after)),
                ),
                _must_pay(
                    _("Express orders that must pay it"), now.to_break_even, now.express_orders
                ),
            ),
        )

    def records(self) -> dict[str, Records]:
        behind = self.found.rows_behind(self.customer)
        return {
            "sales": Records(
                _("Sales to {customer}").format(customer=self.name_of_it), lambda: behind["sales"]
            ),
            "complaints": Records(
                _("Complaints of {customer}").format(customer=self.name_of_it),
                lambda: as_entered(behind["complaints"]),
            ),
        }


def _must_pay(label: str, number: int | None, of: int) -> Figure:
    if number is None:
        return Figure(
            label,
            _("more than all {n}").format(n=of),
            _("so no number is enough at this charge"),
        )
    return Figure(label, f"{number}", _("of {n} express orders").format(n=of))


def contribution_in_words() -> Markdown:
    """The contribution of the practice company, as a short text."""
    found = company_contribution()
    names = {
        "revenue": _("Sales, discounts already off"),
        "blocked": _("Lines without a cost, left out"),
        "cost": _("Cost of the goods"),
        "complaint_cost": _("Complaints"),
        "service_cost": _("Express freight and visits"),
        "credit_cost": _("Credit, at 6 % a year"),
    }
    steps = found.parts.steps()
    lines = [f"- {name}: {money(steps[part])}" for part, name in names.items()]
    last = found.each.iloc[-1]
    return Markdown(
        "\n".join(
            [
                _("**{left} is left of the sales to {n} customers.**").format(
                    left=money(found.contribution), n=found.customers
                ),
                "",
                *lines,
                "",
                _(
                    "The best fifth bring {share:.0f} % of it. {losing} customers cost more than "
                    "they bring. Last of all stands {who}: {sales} of sales, and {own} is left."
                ).format(
                    share=100 * (found.share_top_20_percent or 0.0),
                    losing=found.loss_making,
                    who=last.name,
                    sales=money(float(last["revenue"])),
                    own=money(float(last["contribution"])),
                ),
            ]
        )
    )
