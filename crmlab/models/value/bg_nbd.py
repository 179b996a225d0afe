"""The BG/NBD model: how often somebody will buy again, and whether they still do.

Source: Peter S. Fader, Bruce G. S. Hardie and Ka Lok Lee (2005), "Counting Your Customers" the Easy
Way: An Alternative to the Pareto/NBD Model, Marketing Science 24(2), 275-284.

It assumes of each customer:

1. While active, they buy at random moments at a rate of their own (a Poisson process).
2. These rates differ between customers by a gamma distribution with shape r and scale alpha.
3. After each purchase they become inactive with a chance of their own, and stay so.
4. These chances differ between customers by a beta distribution with a and b.
5. Rates and chances have nothing to do with each other.

So nobody becomes inactive before a purchase, and who has bought once only is active for certain.
Who buys by a calendar of their own, more regularly than at random, is not described well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import hyp2f1

from crmlab.errors import ModelError
from crmlab.models.value.fitting import NOTHING, Bent, least
from crmlab.models.value.likelihood import Counted, counted
from crmlab.text import gettext as _
from crmlab.text import ngettext

Numbers = NDArray[np.float64]

FLAT = 1e-5
"""A fit is one where the mean log-likelihood has no slope steeper than this."""

FEW = 2
"""The fewest customers that can differ."""

ENOUGH = 50
"""Where fewer say nothing, it is mostly because they are so few."""

LITTLE = 1e-10
"""What a step has to gain at least where a parameter may run away, or where the search began near
its end: the last step is taken all the same, and makes a tiny distance the square of it."""

ENOUGH_TO_BEGIN = 8_192
"""With many more different histories than this, the search first looks at so many of them."""

ANYWHERE = (1.0, 1.0, 1.0, 1.0)
"""Where the search begins if nothing is known; the longest age is the unit of time."""

TERMS = 5_000
"""A series that has not ended by then is as near to its sum as it will come."""

LARGE = 1e200
"""What is as large as this is set off against what fades."""

FAR = 1e4
"""Beyond this a parameter runs away: the data do not say where it ends."""


@dataclass(frozen=True)
class BgNbd:
    """A fitted model.

    Attributes:
        r, alpha: of the gamma distribution of rates; the mean rate is r / alpha purchases a unit.
        a, b: of the beta distribution of the chances to become inactive; their mean is a / (a + b).
        log_likelihood: of the data, at these parameters.
        errors: the standard errors of r, alpha, a and b; none where the model was not fitted.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = float("nan")
    errors: tuple[float, ...] = ()

    def alive(self, frequency: Any, recency: Any, age: Any) -> Numbers:
        """The probability that customers with such histories are still active, from 0 to 1.

        Args:
            frequency, recency, age: arrays of one shape, in the units of the fit.
        """
        return 1 / (1 + self._odds_against(*_floats(frequency, recency, age)))

    def expected(self, time: Any, frequency: Any, recency: Any, age: Any) -> Numbers:
        """How many purchases to expect of customers with such histories in the time to come.

        Equation (10) of the paper.

        Args:
            time: in the units of the fit.
        """
        x, tx, age = _floats(frequency, recency, age)
        r, alpha, a, b = self.r, self.alpha, _not_one(self.a), self.b
        ahead = time / (alpha + age)
        gone = 1 - _shrunk(a - 1, a + b - 1 - r, a - 1, a + b + x - 1, ahead)
        return np.asarray((a + b + x - 1) / (a - 1) * gone * self.alive(x, tx, age))

    def rate(self, time: float, frequency: Any, recency: Any, age: Any) -> Numbers:
        """How many purchases a unit of time to expect at a moment in the time to come.

        The slope of equation (10) over the time, worked out by hand.
        """
        x, tx, age = _floats(frequency, recency, age)
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        ahead = time / (alpha + age)
        active = _shrunk(a, a + b - 1 - r, a, a + b + x, ahead) * self.alive(x, tx, age)
        return np.asarray((r + x) / (alpha + age) * active)

    def expected_of_new(self, time: Any) -> Numbers:
        """How many purchases to expect of somebody in a time after the first. Equation (9)."""
        t = np.asarray(time, dtype=float)
        return self.expected(t, 0.0, 0.0, 0.0)

    def _odds_against(self, x: Numbers, tx: Numbers, age: Numbers) -> Numbers:
        """The odds of having become inactive at the last purchase."""
        ratio = (self.r + x) * (np.log(self.alpha + age) - np.log(self.alpha + tx))
        # Beyond e to the 700th odds are as good as certain.
        odds = self.a / (self.b + np.maximum(x, 1) - 1) * np.exp(np.minimum(ratio, 700))
        return np.where(x > 0, odds, 0.0)


def fit(
    frequency: Any,
    recency: Any,
    age: Any,
    *,
    number: Any = None,
    start: BgNbd | None = None,
    bounded: bool = True,
) -> BgNbd:
    """Fit the model by maximum likelihood.

    Customers with the same history are counted once, with their number. Slopes and bends are
    analytic. The search runs over the logarithms of the parameters, which are all above zero. Where
    there are very many histories it begins where the fit of some of them has ended, and so looks at
    all of them only three times.

    Args:
        frequency, recency, age: arrays of one length, a value for each customer.
        number: how many customers each of them stands for; by default one.
        start: where the search begins, such as at the fit of similar data.
        bounded: whether a parameter that runs away is an error. Where customers hardly differ in
            their chance to leave, a and b grow together without an end, and what is to be expected
            of customers no longer changes: they are then held where that is so.

    Raises:
        ModelError: nobody has bought again, a history makes no sense, or the data do not say where
            the parameters lie.
    """
    x, tx, age = _floats(frequency, recency, age)
    _check(x, tx, age)
    known = counted(x, tx, age, number)
    total = known.total
    if total < FEW:
        raise ModelError(
            ngettext(
                "There is only {n} customer, too few to tell how customers differ. More customers "
                "would help.",
                "There are only {n} customers, too few to tell how customers differ. More "
                "customers would help.",
                int(total),
            ).format(n=int(total))
        )
    # In units of the longest age the same numbers suit every data set.
    scale = float(known.ages.max())
    known = known.in_units_of(scale)
    near = _near(known) if start is None else (start.r, start.alpha / scale, start.a, start.b)
    nothing = NOTHING if bounded and near is None else LITTLE
    found = least(_over_logarithms(known), np.log(near or ANYWHERE), nothing=nothing)
    parameters = np.exp(found.x)
    within = np.all((parameters < FAR) & (parameters > 1 / FAR)) if bounded else np.all(parameters)
    if np.abs(found.slopes).max() > FLAT or not within or not np.isfinite(parameters).all():
        raise ModelError(_says_nothing(int(total), len(known)))
    (r, alpha), (a, b) = (pair * min(1.0, FAR / pair.max()) for pair in np.split(parameters, 2))
    # The change of units is no change of the data: each repeat purchase brings its unit along.
    moved = known.purchases * np.log(scale)
    errors = found.errors(total) * (1, scale, 1, 1)
    return BgNbd(
        float(r),
        float(alpha * scale),
        float(a),
        float(b),
        float(-found.value * total - moved),
        tuple(float(error) for error in errors),
    )


def _says_nothing(customers: int, different: int) -> str:
    """Why a fit has found nothing: customers who are alike, or too few of them.

    Args:
        different: how many different histories they have.
    """
    if customers < ENOUGH and 2 * different > customers:
        return _(
            "{n} customers are too few to say how quickly customers buy and leave, since each has "
            "bought in a way of their own. A longer period, or more customers, would help."
        ).format(n=customers)
    return _(
        "The purchases of {n:,} customers do not say how quickly they buy and leave: nearly all "
        "behave alike. A longer period, or more customers, would help."
    ).format(n=customers)


def _over_logarithms(known: Counted) -> Bent:
    """The mean log-likelihood with its slopes and bends, over the logarithms; to be least."""
    total = known.total

    def bent(logs: Numbers) -> tuple[float, Numbers, Numbers]:
        at = np.exp(logs)
        value, slopes, bends = known.likelihood(at)
        steep = slopes * at
        return -value / total, -steep / total, -(np.outer(at, at) * bends + np.diag(steep)) / total

    return bent


def _near(known: Counted) -> tuple[float, ...] | None:
    """With very many histories the fit of some, if there is one: the search begins there."""
    every = len(known) // ENOUGH_TO_BEGIN
    if every < 2:
        return None
    found = least(_over_logarithms(known.some(every)), np.log(ANYWHERE))
    return tuple(np.exp(found.x)) if np.abs(found.slopes).max() < FLAT else None


def _shrunk(power: float, a: float, b: float, c: Any, ahead: Any) -> Numbers:
    """(1 + ahead) to the minus `power`, times Gauss's function of ahead / (1 + ahead).

    In that one of Euler's two forms in which the function stays smaller: in the other one nothing
    is multiplied by what runs over where somebody buys very often, or hardly anybody differs.
    """
    other = a + b > c
    shrinks = np.where(other, power - (a + b - c), power)
    fades = -shrinks * np.log1p(ahead)
    of = np.where(other, c - a, a), np.where(other, c - b, b), c, ahead / (1 + ahead)
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.asarray(np.exp(fades) * hyp2f1(*of), dtype=float)
    odd = ~np.isfinite(found)
    if odd.any():
        found = found.copy()
        found[odd] = _series(*(np.broadcast_to(each, found.shape)[odd] for each in (*of, fades)))
    return found


def _series(a: Numbers, b: Numbers, c: Numbers, z: Numbers, fades: Numbers) -> Numbers:
    """Gauss's series, times e to the `fades`, where the sum alone is too large for a machine."""
    term = total = np.ones(len(c))
    taken_off = np.zeros(len(c))
    for k in range(TERMS):
        term = term * ((a + k) * (b + k) / ((c + k) * (k + 1)) * z)
        total = total + term
        if np.abs(term).max() < 1e-16 * np.abs(total).min():
            break
        large = np.where(np.abs(total) > LARGE, LARGE, 1.0)
        term, total, taken_off = term / large, total / large, taken_off + np.log(large)
    return np.asarray(total * np.exp(fades + taken_off))


def _not_one(a: float) -> float:
    """Formulas that divide by a - 1 have a limit there; next to it they are as good as it."""
    return a if abs(a - 1) > 1e-7 else 1 + 1e-7


def _floats(*values: Any) -> tuple[Numbers, ...]:
    return tuple(np.asarray(value, dtype=float) for value in values)


def _check(x: Numbers, tx: Numbers, age: Numbers) -> None:
    if not len(x) or not (x > 0).any():
        raise ModelError(
            _("Nobody has bought a second time, so nothing can be said of when people buy again.")
        )
    wrong = (x < 0) | (tx < 0) | (tx > age) | ((x == 0) & (tx > 0)) | ~np.isfinite(x + tx + age)
    if wrong.any():
        raise ModelError(
            ngettext(
                "{n} history makes no sense: a last purchase lies after the end of the period, or "
                "before the first one.",
                "{n} histories make no sense: a last purchase lies after the end of the period, or "
                "before the first one.",
                int(wrong.sum()),
            ).format(n=int(wrong.sum()))
        )
