"""Complaint rates: how many for how much that left us, and which month says more than chance.

What the words mean here:

1. A complaint belongs to the month in which the goods *left us*, where that is known, and not to
   the month in which it came in: so the rate compares what was made then with what failed of it.
   Where nobody knows when they left, the month in which it came in stands for it.
2. The *rate* is complaints so far / exposure: for 1,000 orders, for 1,000,000 units or for one
   customer. The three tell different stories; none of them is the right one for every question.
   What left us in a month is told as a whole and, beside it, by product: an order of two products
   is one order, and it is an order of each of them, so orders and customers of products cannot be
   added up. Where the whole is not told they are, for want of better, and a note says that the rate
   is too low.
3. Goods that left us lately have had little time to be complained about. Which share of their
   complaints has come by now is told by the lags of all complaints (`lags.py`), taken to be the
   same for all months. The limits of a month are those of that share.
4. The chart is a u-chart for unequal exposure with probability limits: a month is beyond them if
   chance alone (a Poisson number with the mean rate of all months) would be so high, or so low, in
   0.135 % of months on either side. Where counts are large these are the usual three sigma; where a
   month has a complaint or two, three sigma would cry wolf at each of them.
5. Two rules call a month a *signal* (`u_chart.rules`): beyond a limit, and a long run on one side.
6. The mean and the limits come from the months themselves. A month whose cause is known can be set
   apart, so that it does not raise the mean that the others are held against.

Source: D. C. Montgomery, Introduction to Statistical Quality Control, chapter on control charts for
nonconformities; Western Electric (1956), Statistical Quality Control Handbook, for the rules.
"""

from crmlab.models.complaints.cases import Behind, Part, behind, cases
from crmlab.models.complaints.counting import LeftOut
from crmlab.models.complaints.dials import (
    Batch,
    Caught,
    Missing,
    batch_of,
    into_other,
    silent_from,
    stopped_after,
    with_missing,
)
from crmlab.models.complaints.lags import Cohort
from crmlab.models.complaints.pareto import Hides, Share, hides
from crmlab.models.complaints.rate import ComplaintRate, Denominator, complaint_rate
from crmlab.models.complaints.reading import PER, denominators_in
from crmlab.models.complaints.u_chart import Period, rules

__all__ = [
    "PER",
    "Batch",
    "Behind",
    "Caught",
    "Cohort",
    "ComplaintRate",
    "Denominator",
    "Hides",
    "LeftOut",
    "Missing",
    "Part",
    "Period",
    "Share",
    "batch_of",
    "behind",
    "cases",
    "complaint_rate",
    "denominators_in",
    "hides",
    "into_other",
    "rules",
    "silent_from",
    "stopped_after",
    "with_missing",
]
