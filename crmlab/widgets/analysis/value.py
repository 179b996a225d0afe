"""Lifetime value with its dials: one customer, the tracking, and the price of losing one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from crmlab.charts.chart import money
from crmlab.charts.value import one_customer_chart, second_look_chart, tracking_chart
from crmlab.models.value import TENTHS
from crmlab.models.value.one_customer import ACTIVE, WorthOfOne, by_hand, price_of, worth_of_one
from crmlab.models.value.purchases import purchases_of
from crmlab.models.value.retention import cohorts
from crmlab.models.value.rfm import segment_names
from crmlab.models.value.tracking import tracking
from crmlab.text import gettext as _
from crmlab.text import show_day
from crmlab.widgets.analysis.board import Board, Figure, Records, Seen
from crmlab.widgets.analysis.books import company_match
from crmlab.widgets.analysis.value_company import (
    DAILY,
    DISCOUNT,
    DOUBTED,
    MARGIN,
    STEADY,
    chances,
    company,
    customers_shown,
    purchases_shown,
    segment_shown,
)
from crmlab.widgets.dial import Dial
from crmlab.widgets.live import shows_trouble

OF_100, QUARTER_HOUR = 5, 50
"""In how many of 100 complaints the slip happens, and what a quarter of an hour costs, in yuan.
Nobody at the practice company has counted the one, and the other takes ¥200 for an hour."""


class ValueBoard(Board):
    """One customer of the practice company: by hand, by the model, and the price of losing one.

    ValueBoard()
    """

    name = "value"
    held_against = staticmethod(company_match)

    @shows_trouble
    def __init__(self) -> None:
        self.company = company()
        start = round(100 * self.company.retention)
        super().__init__(
            _("What is one customer worth?"),
            {
                "retention": Dial(
                    _("Retention: of 100 customers, so many are still here a year later"),
                    50,
                    99,
                    1,
                    start,
                ),
                "discount": Dial(
                    _("Discount rate: so much less is money worth if it comes a year later"),
                    0,
                    30,
                    1,
                    round(100 * DISCOUNT),
                    "%",
                ),
                "margin": Dial(
                    _("Margin: so much of a sale is left when the goods are paid for"),
                    5,
                    60,
                    1,
                    round(100 * MARGIN),
                    "%",
                ),
            },
        )

    def worth(self, discount: float, margin: float) -> WorthOfOne:
        """What one active customer is worth by the model, over two years."""
        ahead = self.company.value.ahead
        return worth_of_one(ahead.value(discount, margin), ahead.alive)

    def look(self, at: Mapping[str, float]) -> Seen:
        retention, discount, margin = (at[n] / 100 for n in ("retention", "discount", "margin"))
        hand = by_hand(self.company.a_year * margin, retention, discount)
        yearly = self.company.yearly(discount, margin)
        worth = self.worth(discount, margin)
        before, after = chances()
        price = price_of(after - before, worth.mean)
        says = _(
            "By hand an average customer is worth ¥{hand:,.0f}; the model, which looks two years "
            "ahead and no further, says ¥{model:,.0f}. A slip that makes the chance of losing this "
            "customer {after:.0f} % instead of {before:.0f} % costs ¥{price:,.0f} on average, by "
            "the model's two years."
        ).format(
            hand=hand.value,
            model=worth.mean,
            before=100 * before,
            after=100 * after,
            price=price,
        )
        return Seen(
            one_customer_chart(hand, yearly),
            says,
            (
                Figure(
                    _("By hand, the first margin now"),
                    f"¥{hand.value:,.0f}",
                    _("stays {years:.1f} years on average").format(years=hand.lifetime),
                ),
                Figure(
                    _("By hand, the first margin after a year"),
                    f"¥{hand.value_later:,.0f}",
                    _("the other convention: one margin less"),
                ),
                Figure(
                    _("By the model, two years, mean of {n} active customers").format(
                        n=worth.active
                    ),
                    f"¥{worth.mean:,.0f}",
                    _("half of them below ¥{middle:,.0f}; the best tenth ¥{top:,.0f}").format(
                        middle=worth.median, top=worth.top
                    ),
                ),
                Figure(
                    _("{points:.0f} points more of losing one").format(
                        points=100 * (after - before)
                    ),
                    f"¥{price:,.0f}",
                    _("one of the best tenth: ¥{top:,.0f}").format(
                        top=price_of(after - before, worth.top)
                    ),
                ),
            ),
            {
                "by_hand": hand.value,
                "by_model": worth.mean,
                "apart": 100 * abs(hand.value / worth.mean - 1),
                "price": price,
            },
        )

    def records(self) -> dict[str, Records]:
        value = self.company.value
        found = {
            "active": Records(
                _("The active customers, the most valuable first"),
                lambda: customers_shown(value.each[value.each["alive"] >= ACTIVE]),
            )
        }
        for number in range(1, TENTHS + 1):
            found[f"decile:{number}"] = Records(
                _("Tenth {n} of 10 by value").format(n=number),
                partial(lambda n: customers_shown(value.decile(n)), number),
            )
        for segment, name in segment_names().items():
            found[f"segment:{segment}"] = Records(
                _("Segment “{name}”").format(name=name),
                partial(segment_shown, self.company.rfm, segment),
            )
        for who in (str(value.each.index[0]), DAILY, STEADY):
            found[f"customer:{who}"] = Records(
                _("The purchases of {who}").format(who=who),
                partial(lambda who: purchases_shown(purchases_of(self.company.sales, who)), who),
            )
        doubted = value.each[value.each["alive"] < DOUBTED]
        found["doubted"] = Records(
            _("Whom the model gives less than 5 %"),
            lambda: customers_shown(doubted.sort_values("frequency", ascending=False)),
        )
        return found


class TrackingBoard(Board):
    """The model held against what happened after its time.

    TrackingBoard()
    """

    name = "tracking"
    records_follow = True

    @shows_trouble
    def __init__(self) -> None:
        sales = company().sales
        last = sales["date"].max()
        self.ends = pd.date_range(end=last - pd.Timedelta(days=28), periods=15, freq="ME")
        self.tracked = [tracking(sales, end) for end in self.ends]
        self.charts = [tracking_chart(each) for each in self.tracked]
        start = int(self.ends.get_loc(pd.Timestamp("2025-10-31"))) + 1  # type: ignore[arg-type]
        super().__init__(
            _("Does the model keep up?"),
            {
                "known": Dial(
                    _("The model knows the purchases up to"),
                    1,
                    len(self.ends),
                    1,
                    start,
                    told=lambda number: show_day(str(self.ends[int(number) - 1].date())),
                )
            },
        )

    def look(self, at: Mapping[str, float]) -> Seen:
        place = int(at["known"]) - 1
        self.now = self.tracked[place]
        apart = self.now.predicted / self.now.actual - 1
        share = f"{abs(100 * apart):.0f} %"
        direction = _("too many") if apart > 0 else _("too few")
        return Seen(
            self.charts[place],
            _(
                "From what {n:,} customers had done up to {day}, the model foretold "
                "{predicted:,.0f} purchases for the time after it. There were {actual:,}: it said "
                "{share} {direction}."
            ).format(
                n=self.now.customers,
                day=show_day(str(self.now.calibration_end.date())),
                predicted=self.now.predicted,
                actual=self.now.actual,
                share=share,
                direction=direction,
            ),
            (
                Figure(_("Foretold, repeat purchases"), f"{self.now.predicted:,.0f}"),
                Figure(
                    _("Bought, repeat purchases"),
                    f"{self.now.actual:,}",
                    _("the model: {share} {direction}").format(share=share, direction=direction),
                ),
            ),
            {"too_many": 100 * apart},
        )

    def records(self) -> dict[str, Records]:
        found = {
            "held_out": Records(
                _("The purchases after the time that the model knows"), self._held_out
            )
        }
        by_quarter = cohorts(company().sales, period="quarter")
        each = company().value.each
        for cohort in by_quarter.size.index:
            found[f"cohort:{cohort}"] = Records(
                _("Customers who first bought in {cohort}").format(cohort=cohort),
                partial(lambda name: customers_shown(each.loc[by_quarter.members(name)]), cohort),
            )
        return found

    def _held_out(self) -> pd.DataFrame:
        """What those who are followed have bought since."""
        sales, end = company().sales, self.now.calibration_end
        first = sales.groupby("customer_id")["date"].transform("min")
        return purchases_shown(
            sales[(sales["date"] > end) & (first <= end)].sort_values("date", kind="stable")
        )


class LostCustomerBoard(Board):
    """The briefing: what a second look is worth, and for which complaints it pays.

    It assumes that the look finds each slip, and that a complaint comes from any customer alike.

    LostCustomerBoard()
    """

    name = "lost_customer"
    held_against = staticmethod(company_match)

    @shows_trouble
    def __init__(self) -> None:
        ahead = company().value.ahead
        self.worth = worth_of_one(ahead.value(DISCOUNT, MARGIN), ahead.alive)
        before, after = chances()
        super().__init__(
            _("What may it cost to keep a customer?"),
            {
                "share": Dial(
                    _("Of 100 complaints, the slip happens in so many"), 1, 50, 1, OF_100
                ),
                "points": Dial(
                    _("A slip makes the chance of losing the customer greater by"),
                    1,
                    20,
                    1,
                    round(100 * (after - before)),
                    _("points"),
                ),
                "cost": Dial(
                    _("A quarter of an hour for the second look costs"),
                    10,
                    200,
                    10,
                    QUARTER_HOUR,
                    told=money,
                ),
            },
        )

    def look(self, at: Mapping[str, float]) -> Seen:
        chance, share, cost = at["points"] / 100, at["share"] / 100, at["cost"]
        prices = [
            price_of(share * chance, each)
            for each in (self.worth.median, self.worth.mean, self.worth.top)
        ]
        _middle, mean, top = prices
        says = _(
            "If the slip happens in {share:.0f} of 100 complaints, a second look is worth "
            "¥{mean:,.0f} for a complaint on average, and ¥{top:,.0f} with one of the best tenth; "
            "it costs ¥{cost:,.0f}."
        ).format(share=at["share"], mean=mean, top=top, cost=cost)
        if mean >= cost:
            so = _("So every complaint gets it.")
        elif top >= cost:
            so = _("So only the complaints of the best tenth get it.")
        else:
            so = _("So no complaint gets it, as far as lost customers are concerned.")
        least = _(
            "Over all complaints it pays as soon as the slip happens in more than {even:.1f} of "
            "100."
        ).format(even=100 * cost / price_of(chance, self.worth.mean))
        names = [_("the middle one"), _("on average"), _("best tenth")]
        return Seen(
            second_look_chart(list(zip(names, prices, strict=True)), cost), f"{says} {so} {least}"
        )

    def records(self) -> dict[str, Records]:
        each = company().value.each
        active = each[each["alive"] >= ACTIVE]
        middle = len(active) // 2
        return {
            "active": Records(_("The active customers"), lambda: customers_shown(active)),
            "top": Records(
                _("The best tenth of them"),
                lambda: customers_shown(active.head(max(1, len(active) // 10))),
            ),
            "middle": Records(
                _("Those in the middle"),
                lambda: customers_shown(active.iloc[middle - 10 : middle + 10]),
            ),
        }
