"""Where lifetime value misleads: what these very data do to the assumptions of the models.

Each *doubt* is a measure of the data, the limit from which on it is worth a warning, and a
sentence. The limits are rules of thumb; they are named, so that they can be argued about.

1. *Spend follows frequency*: the rank correlation (Spearman) of repeat purchases and their average
   sum, among those who have bought again. The gamma-gamma model assumes none; from 0.3 on the
   frequent are worth more than it says, or less.
2. *Regular buyers*: those whose gaps between purchases are more even than chance makes them. For
   somebody who buys at random, the shares that the gaps have of the whole time are those of random
   cuts. The sum of their squares (Greenwood's statistic), times the number of gaps, is about 2 by
   chance, and 1 if all gaps are the same. Regular is called who lies below what one random
   buyer in a thousand would show. Of these the model notices too late that they have gone.
3. *Regularity of all*: Wheat and Morrison's k, from two gaps of each customer: 1 for random buying,
   2 where every second random purchase would be made. From 1.5 on the model does not fit the many.
4. *Spend without a mean*: q of the gamma-gamma model at 1 or below: a few spend so much that the
   mean of all hangs on who happens to be among them.
5. *Hardly anybody leaves*: by the model, on average, less than one in fifty becomes inactive after
   a purchase. It then takes a long silence before it doubts somebody.

Sources: M. Greenwood (1946), The Statistical Study of Infectious Diseases, JRSS 109(2); R. D. Wheat
and D. G. Morrison (1990), Estimating Purchase Regularity with Two Interpurchase Times, JMR 27(1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from crmlab.models.value.bg_nbd import BgNbd
from crmlab.models.value.gamma_gamma import GammaGamma
from crmlab.models.value.histories import Histories, gaps
from crmlab.models.value.purchases import Purchases
from crmlab.text import gettext as _

CORRELATED, REGULAR, NO_MEAN, LEAVES = 0.3, 1.5, 1.0, 0.02
ENOUGH_GAPS = 10
"""With fewer gaps nobody can be told from a random buyer."""

EVEN = {
    10: 1.126,
    12: 1.156,
    15: 1.204,
    20: 1.260,
    30: 1.343,
    50: 1.435,
    100: 1.557,
    200: 1.657,
    400: 1.743,
    800: 1.810,
}
"""By the number of gaps: below this, squares of shares times gaps, lies one random buyer in a
thousand. Worked out by drawing 80,000 to 200,000 of them; between two numbers a line is drawn over
their logarithms."""


@dataclass(frozen=True)
class Doubt:
    """One way in which the value may mislead.

    Attributes:
        measure: what the data show, and `limit`: from where on it is worth a warning; measure is
            None where the data are too few to say.
        warns: whether it has been reached.
        says: both in words.
    """

    measure: float | None
    limit: float
    warns: bool
    says: str


@dataclass(frozen=True)
class Doubts:
    """All of them.

    Attributes:
        regular: the regular buyers: `gaps` (how many), `mean_gap` in days, `unevenness` (squares of
            shares times gaps, see 2) and `by_chance`, the limit below which it lies; those with the
            most gaps first.
    """

    spend_follows_frequency: Doubt
    regular_buyers: Doubt
    regularity_of_all: Doubt
    spend_without_mean: Doubt
    hardly_anybody_leaves: Doubt
    regular: pd.DataFrame

    def all(self) -> tuple[Doubt, ...]:
        return (
            self.spend_follows_frequency,
            self.regular_buyers,
            self.regularity_of_all,
            self.spend_without_mean,
            self.hardly_anybody_leaves,
        )

    def warnings(self) -> tuple[str, ...]:
        """The sentences of those that warn."""
        return tuple(doubt.says for doubt in self.all() if doubt.warns)


def doubts(bought: Purchases, known: Histories, model: BgNbd, spend: GammaGamma) -> Doubts:
    """Hold the data against what the models assume."""
    regular = regular_buyers(bought)
    return Doubts(
        _spend_and_frequency(known),
        _regular(regular, len(known)),
        _of_all(bought),
        _without_mean(spend),
        _leaving(model),
        regular,
    )


def regular_buyers(bought: Purchases) -> pd.DataFrame:
    """Those who buy more evenly than chance would; see 2 above."""
    who, length = gaps(bought)
    number = np.bincount(who, minlength=len(bought.customers))
    whole = np.bincount(who, weights=length, minlength=len(number))
    squares = np.bincount(who, weights=length.astype(float) ** 2, minlength=len(number))
    enough = np.flatnonzero(number >= ENOUGH_GAPS)
    n, whole, squares = number[enough], whole[enough], squares[enough]
    uneven = n * squares / whole**2
    limit = np.interp(np.log(n), np.log(list(EVEN)), list(EVEN.values()))
    table = pd.DataFrame(
        {"gaps": n, "mean_gap": whole / n, "unevenness": uneven, "by_chance": limit},
        index=bought.customers[enough],
    )
    return table[uneven < limit].sort_values("gaps", ascending=False)


def regularity(bought: Purchases) -> tuple[float, int] | None:
    """Wheat and Morrison's k, and of how many customers; None with fewer than ten of them.

    Of the last two gaps of each customer the first has a share of both that is spread like a beta
    distribution with (k, k): its variance is 1 / (4 (2k + 1)).
    """
    who, length = gaps(bought)
    last = np.flatnonzero(np.append(who[1:] != who[:-1], True)) if len(who) else np.empty(0, int)
    last = last[last > 0]
    last = last[who[last - 1] == who[last]]
    if len(last) < ENOUGH_GAPS:
        return None
    share = length[last - 1] / (length[last - 1] + length[last])
    variance = float(((share - 0.5) ** 2).mean())
    return ((1 - 4 * variance) / (8 * variance) if variance else float("inf")), len(last)


def _spend_and_frequency(known: Histories) -> Doubt:
    x, z = known.frequency[known.repeated], known.spend[known.repeated]
    if len(x) < ENOUGH_GAPS or len(np.unique(x)) < 2 or len(np.unique(z)) < 2:
        return Doubt(None, CORRELATED, False, _("Too few have bought again to compare them."))
    found = float(spearmanr(x, z).statistic)
    warns = abs(found) >= CORRELATED
    if not warns:
        says = _(
            "Who buys often spends about as much on a purchase as who does not (correlation "
            "{r:.2f}, a warning from {limit:.1f} on)."
        )
    elif found > 0:
        says = _(
            "Who buys often also spends more on a purchase (correlation {r:.2f}, a warning from "
            "{limit:.1f} on). The model takes the two for unconnected: read the value of groups, "
            "and check that of single customers against what they have paid."
        )
    else:
        says = _(
            "Who buys often spends less on a purchase (correlation {r:.2f}, a warning from "
            "-{limit:.1f} on). The model takes the two for unconnected: read the value of groups, "
            "and check that of single customers against what they have paid."
        )
    return Doubt(found, CORRELATED, warns, says.format(r=found, limit=CORRELATED))


def _regular(regular: pd.DataFrame, customers: int) -> Doubt:
    if regular.empty:
        says = _("Nobody buys more evenly than chance would make it look.")
    else:
        says = _(
            "Too even for chance are the purchases of {n} of {all:,} customers; {who} comes every "
            "{gap:.1f} days. If they stop, you can know it long before the model does."
        ).format(
            n=len(regular),
            all=customers,
            who=regular.index[0],
            gap=regular["mean_gap"].iloc[0],
        )
    return Doubt(float(len(regular)), 1.0, not regular.empty, says)


def _of_all(bought: Purchases) -> Doubt:
    found = regularity(bought)
    if found is None:
        return Doubt(
            None, REGULAR, False, _("Too few have bought three times to see how evenly they do.")
        )
    k, number = found
    warns = k >= REGULAR
    says = (
        _(
            "Most buy by a rhythm (regularity {k:.2f} of {n:,} customers; 1 is chance, a warning "
            "from {limit:.1f} on). The model waits too long before it doubts them."
        )
        if warns
        else _(
            "On the whole they buy at random moments, as the model assumes (regularity {k:.2f} of "
            "{n:,} customers; 1 is chance, a warning from {limit:.1f} on)."
        )
    )
    return Doubt(k, REGULAR, warns, says.format(k=k, n=number, limit=REGULAR))


def _without_mean(spend: GammaGamma) -> Doubt:
    says = (
        _(
            "What a purchase comes to has a mean that the data can tell (q {q:.2f}, a warning at "
            "{limit:.0f} and below)."
        )
        if spend.has_mean
        else _(
            "A few spend so much more than the rest that the model knows no mean of all (q "
            "{q:.2f}, a warning at {limit:.0f} and below). Who has not bought again is taken to "
            "spend what the others do on average; the total hangs on a few."
        )
    )
    return Doubt(spend.q, NO_MEAN, not spend.has_mean, says.format(q=spend.q, limit=NO_MEAN))


def _leaving(model: BgNbd) -> Doubt:
    chance = model.a / (model.a + model.b)
    warns = chance < LEAVES
    says = (
        _(
            "By the model only {share:.1f} % become inactive after a purchase (a warning below "
            "{limit:.0f} %). So it takes a long silence before it doubts somebody: look at who has "
            "been silent for several times their usual gap."
        )
        if warns
        else _(
            "By the model {share:.1f} % become inactive after a purchase (a warning below "
            "{limit:.0f} %)."
        )
    )
    return Doubt(chance, LEAVES, warns, says.format(share=100 * chance, limit=100 * LEAVES))
