"""Who uses the CRM for what: sign-ins, records looked at, lists, reports, forms and exports."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from crmlab.calendar import HOURS_PER_DAY
from crmlab.simulation.company.axis import Axis
from crmlab.simulation.company.base import Base
from crmlab.simulation.company.rows import Hour
from crmlab.simulation.company.truths import Truths
from crmlab.simulation.draws import Draws


@dataclass(slots=True)
class Use:
    """Something that somebody did in the CRM, as its trail has it."""

    at: Hour
    user_id: str
    seat: str
    operation: str
    subject: str
    rows: int


@dataclass(slots=True)
class Offered:
    """A report that is made, or a form that can be filled in."""

    kind: str
    name: str
    made_every_days: int | None
    minutes_each: int


CATALOGUE = (
    Offered("report", "stuck_opportunities", 7, 10),
    Offered("report", "open_receivables", 7, 15),
    Offered("report", "orders_by_month", 30, 20),
    Offered("report", "complaints_by_batch", 7, 15),
    Offered("report", "weekly_visits", 7, 90),
    Offered("form", "lead", None, 4),
    Offered("form", "visit_note", None, 6),
    Offered("form", "complaint", None, 8),
    Offered("form", "competitor_note", None, 12),
)
"""What the CRM offers, how often a report is made, and how many minutes each takes somebody."""

FORMS = {
    "lead": ("inside_sales", "sales_representative"),
    "visit_note": ("sales_representative", "account_manager"),
    "complaint": ("service_agent",),
}
"""Who fills in which form."""

READS_A_DAY = (2, 5)
EXPORT_ON_A_DAY = 0.01


def make_usage(base: Base, axis: Axis, truths: Truths, seed: int) -> list[Use]:
    """What the people of the company did in the CRM, in the order of time."""
    draws, found = Draws(seed, "usage"), list[Use]()
    seats: dict[str, str] = {}
    for row in base.user_seats:
        seats.setdefault(row.user_id, row.seat)
    leaver = base.users[-1].user_id
    seats[leaver] = "sales_manager"
    reports = [o.name for o in CATALOGUE if o.kind == "report" and o.name != truths.unused.report]
    entered = sorted(base.customers, key=lambda customer: customer.created_on)
    entered_on = [customer.created_on for customer in entered]
    for number, day in enumerate(axis.days):
        morning, here = number * HOURS_PER_DAY, entered[: bisect_right(entered_on, day)]
        for user, seat in seats.items():
            if (user == leaver and day > truths.leaving.last_day) or draws.happens(0.08):
                continue
            found.append(Use(morning + draws.between(0, 0.5), user, seat, "sign_in", "", 1))
            for _count in range(draws.whole(*READS_A_DAY)):
                at = morning + draws.between(0.5, 7.9)
                what = draws.weighted(
                    (("look", 0.5), ("list", 0.2), ("form", 0.2), ("report", 0.1))
                )
                if what == "look":
                    found.append(Use(at, user, seat, what, draws.one_of(here).customer_id, 1))
                elif what == "list":
                    found.append(Use(at, user, seat, what, "customers", draws.whole(10, 60)))
                elif what == "report":
                    found.append(Use(at, user, seat, what, draws.one_of(reports), 1))
                elif own := [form for form, who in FORMS.items() if seat in who]:
                    found.append(Use(at, user, seat, what, draws.one_of(own), 1))
            if draws.happens(EXPORT_ON_A_DAY):
                at = morning + draws.between(0.5, 7.9)
                subject = draws.one_of(("orders", "invoices", "customers"))
                found.append(Use(at, user, seat, "export", subject, draws.whole(5, 40)))
    found += _outflow(base, axis, truths, leaver, seats[leaver], draws)
    for name in (offered for offered in CATALOGUE if offered.made_every_days):
        every = name.made_every_days or 0
        found += [
            Use(number * HOURS_PER_DAY, "system", "", "report_made", name.name, 1)
            for number, day in enumerate(axis.days)
            if (day - axis.first).days // every
            != (axis.days[number - 1] - axis.first).days // every
            and number
        ]
    return sorted(found, key=lambda use: (use.at, use.user_id, use.operation, use.subject))


def _outflow(
    base: Base, axis: Axis, truths: Truths, user: str, seat: str, draws: Draws
) -> list[Use]:
    """The exports of somebody who is about to leave: piece by piece, all there is."""
    leaving = truths.leaving
    last = round(axis.morning(leaving.last_day) / HOURS_PER_DAY)
    first = axis.days[last - leaving.days_before]
    here = sum(1 for customer in base.customers if customer.created_on <= first)
    uses = []
    for number in range(leaving.exports):
        day = last - leaving.days_before + number * leaving.days_before // leaving.exports
        rows = here // leaving.exports + (here % leaving.exports if not number else 0)
        at = day * HOURS_PER_DAY + draws.between(7.0, 7.95)  # in the last hour of the day
        uses.append(Use(at, user, seat, "export", "customers", rows))
    truths.tell("leaving", user_id=user, rows=sum(use.rows for use in uses))
    return uses
