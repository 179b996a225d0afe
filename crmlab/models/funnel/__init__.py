"""The sales funnel: how many opportunities come from stage to stage, how quickly, and what for.

What the words mean here:

1. An opportunity has *entered* a stage if it stands there or further on; one that was won has
   entered all of them. *Converted* are those that have entered the next stage or, at the last one,
   were won. Open ones count as entered and not (yet) converted, so the conversions multiply to the
   overall one: won / entered the first stage. What was put back counts where it stands now.
2. *Win rate* = won / closed, closed being won or lost. Open ones are left out. Where some are open
   and none is lost there is no win rate: such a file has kept its losses to itself.
3. The *chance* of an open opportunity is that of the closed ones that have entered its stage: won /
   closed among them. It is taken to be the same for all of a stage, whatever its age or amount.
   Where nothing is lost it is won / entered, which counts what is open as not won; the command then
   gives no weighted pipeline and no forecast.
4. The *weighted* pipeline is the sum of amount x chance over the open ones: 100 at 99 % and 200 at
   0 % are 99. What has no amount counts as nothing.
5. *Closed* is an opportunity when it is won or lost; when it is paid is another clock. *Velocity* =
   open opportunities x average amount won x win rate / mean days from creation to closing of those
   won, in money a day; it assumes that what is open now is like what was won before. Where a row
   does not say when, the event that says `won` does; where they differ, the row counts, and a
   remark says so.
6. *Time in a stage* runs from coming to it to coming to a later one, in calendar days, for those
   that went on; only stage events tell it. An open opportunity is *stuck* if it has stood in its
   stage for longer than nine of ten that went on from there (of at least ten) had stayed.
7. A *cohort* is what began in one calendar month. It is *young* if its last opportunities have had
   less time than nine of ten closed ones took: its conversion will still rise.
8. *Coverage* is the open amount, as it stands and weighted, for each unit of what is still to be
   won.
9. All of it holds at `as_of`: what came later is left out, and what was decided later is open. By
   default that is the last day of which the file tells; a day of closing of what is open, and an
   event after a closing, are no such days.
10. *Few* are fewer than 30 closed or 10 open ones: a remark says not to rely on the forecast
    (`remarks.py` says why so many).

Stage events alone say all of this too: an opportunity begins with its first event, is won or lost
when it comes to `won` or `lost`, and is open otherwise.

Source: the pipeline arithmetic that is common in sales operations, such as in Jordan and Vazzana
(2011), Cracking the Sales Management Code.
"""

from crmlab.models.funnel.columns import WON
from crmlab.models.funnel.forecast import Forecast
from crmlab.models.funnel.parts import Cohort, Owner, Stage
from crmlab.models.funnel.preparing import (
    Coverage,
    CycleDays,
    Funnel,
    Prepared,
    funnel,
    prepare,
    velocity,
    weighted_open_amount,
)

__all__ = [
    "WON",
    "Cohort",
    "Coverage",
    "CycleDays",
    "Forecast",
    "Funnel",
    "Owner",
    "Prepared",
    "Stage",
    "funnel",
    "prepare",
    "velocity",
    "weighted_open_amount",
]
