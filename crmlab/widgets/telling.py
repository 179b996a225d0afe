"""A debrief in words: the sentences and figures that the debrief page shows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from crmlab.practice.debrief import Debrief, Landed, SlipStory, Totals
from crmlab.procedures import Procedure
from crmlab.procedures.wording import fill
from crmlab.procedures.world import CaseWorld
from crmlab.text import gettext as _
from crmlab.text import ngettext
from crmlab.widgets.drawing import days, hours, percent, short
from crmlab.widgets.swimlane import colour_of


@dataclass(frozen=True)
class SeatView:
    """A seat as every view shows it: a colour, a letter and a word."""

    id: str
    name: str
    letter: str
    colour: int
    duty: str


def seat_view(procedure: Procedure, seat: str) -> SeatView:
    """A seat of the procedure, in the language in force."""
    told = procedure.seats[seat]
    return SeatView(seat, _(told.name), told.letter, colour_of(procedure, seat), _(told.duty))


def groups_of_mistakes(procedure: Procedure, known: Collection[str]) -> list[dict[str, Any]]:
    """Those mistakes of a procedure that are known, desk by desk and step by step, to choose
    from."""
    groups = []
    for seat in procedure.seats:
        for step in procedure.steps_of(seat):
            mistakes = [name for name in procedure.mistakes_of(step) if name in known]
            label = _("{seat} · {number} {title}").format(
                seat=_(procedure.seats[seat].name),
                number=procedure.number(step),
                title=_(procedure.steps[step].short),
            )
            titles = [_(procedure.mistakes[name].title) for name in mistakes]
            named = [{"name": n, "title": t} for n, t in zip(mistakes, titles, strict=True)]
            groups += [{"step": label, "mistakes": named}] if named else []
    return groups


def tell(procedure: Procedure, story: Debrief) -> dict[str, Any]:
    """What `debrief.html` is given."""
    return {
        "sentence": _sentence(story),
        "figures": _figures(
            story.totals, story.by_the_procedure, procedure.baseline.customer_worth
        ),
        "fate": _came_out(story.totals, story.by_the_procedure),
        "slips": [_slip(procedure, story, slip) for slip in story.slips],
        "critical": any(slip.mistake.critical for slip in story.slips),
        "seats": [
            {
                "seat": seat_view(procedure, share.seat),
                "sentence": _("{hours} more work, ¥{cost}").format(
                    hours=hours(share.hours), cost=f"{share.cost:,.0f}"
                ),
            }
            for share in story.seats
        ],
        "sent_back": [_sent_back(procedure, item) for item in story.sent_back],
        "stages": [
            {
                "title": _(procedure.steps[stage.step].title),
                "seat": seat_view(procedure, stage.seat),
                "worked": f"{stage.worked_hours:,.1f}",
                "elapsed": f"{stage.elapsed_hours:,.1f}",
                "reference": f"{stage.by_the_procedure:,.1f}",
                "timing": _("late")
                if stage.late
                else _("in time")
                if stage.visits
                else _("not taken"),
            }
            for stage in story.stages
        ],
    }


def _sentence(story: Debrief) -> str:
    costing = [slip for slip in story.slips if slip.landed]
    if not story.slips:
        return _(
            "Nothing slipped. The case went the way the procedure goes, and nobody further on had "
            "to do anything again."
        )
    if not costing:
        return _(
            "Every slip was put right before it reached anybody. That is what sending back is for."
        )
    cost = _("{slips} {desks} {hours} and ¥{cost}").format(
        slips=ngettext("{n} slip cost", "{n} slips cost", len(costing)).format(n=len(costing)),
        desks=ngettext("{n} desk", "{n} desks", len(story.seats)).format(n=len(story.seats)),
        hours=hours(story.totals.extra_hours),
        cost=f"{story.totals.cost:,.0f}",
    )
    before = _plain_percent(story.by_the_procedure.lose_customer)
    after = _plain_percent(story.totals.lose_customer)
    if before == after:
        return _("{cost}; the customer is no likelier to leave for it.").format(cost=cost)
    return _("{cost}; the chance that the customer leaves went from {before} to {after}.").format(
        cost=cost, before=before, after=after
    )


def _figures(ours: Totals, reference: Totals, customer_worth: float) -> list[dict[str, Any]]:
    by = _("{value} by the procedure")
    figures = [
        _extra_hours(ours, reference),
        {
            "label": _("Extra cost"),
            "value": f"¥{ours.cost:,.0f}",
            "beside": by.format(value=f"¥{reference.cost:,.0f}"),
        },
        {
            "label": _("Working days, first word to close"),
            "value": short(ours.cycle_days),
            "beside": by.format(value=short(reference.cycle_days)),
        },
    ]
    for label, chance, usual in (
        (_("Chance they complain again"), ours.repeat_complaint, reference.repeat_complaint),
        (_("Chance they leave"), ours.lose_customer, reference.lose_customer),
    ):
        if chance or usual:  # not every procedure has a customer to lose
            beside = by.format(value=_plain_percent(usual))
            figures.append({"label": label, "value": _plain_percent(chance), "beside": beside})
    # In whole per cent, as the chances are told, so that anybody can work it out from them.
    more = round(ours.lose_customer, 2) - round(reference.lose_customer, 2)
    price = more * customer_worth
    if round(price) > 0:
        figures[-1]["beside"] += _(
            "; the rest costs ¥{price:,.0f} on average, for a customer is worth ¥{worth:,.0f}"
        ).format(price=price, worth=customer_worth)
    return figures


def _extra_hours(ours: Totals, reference: Totals) -> dict[str, Any]:
    """What slips cost in hours, and what it took to do steps again: both are extra work."""
    again = round(round(ours.worked_hours, 1) - round(reference.worked_hours, 1), 1)
    usual = _("{value} of work by the procedure").format(value=hours(reference.worked_hours))
    if again <= 0:
        extra = ours.extra_hours
        beside = _("beside {value} of work").format(value=hours(ours.worked_hours))
        if not again:
            usual = _("as much as by the procedure")
    else:
        extra = round(ours.extra_hours, 1) + again
        beside = _("{slips} from slips, {again} for steps done again").format(
            slips=hours(ours.extra_hours), again=hours(again)
        )
    return {
        "label": _("Extra working hours, all desks"),
        "value": f"+{hours(extra)}" if extra else hours(0),
        "beside": _("{beside}; {usual}").format(beside=beside, usual=usual),
    }


def _came_out(ours: Totals, reference: Totals) -> str:
    """What the draw brought: the same luck for both runs."""
    if ours.leaves and not reference.leaves:
        return _(
            "In this case the chance came true: some time afterwards they left. Done by the "
            "procedure, they would have stayed."
        )
    if ours.complains_again and not reference.complains_again:
        return _(
            "In this case the chance came true: some time afterwards they complained again. Done "
            "by the procedure, they would not have."
        )
    return ""


def _slip(procedure: Procedure, story: Debrief, slip: SlipStory) -> dict[str, Any]:
    mistake = slip.mistake
    world = CaseWorld(procedure, story.case, mistake.step)
    where = _("step {number}, {title}").format(
        number=procedure.number(mistake.step), title=_(procedure.steps[mistake.step].short)
    )
    return {
        "name": slip.name,
        "title": _(mistake.title),
        "where": where,
        "right": _(mistake.right),
        "critical": mistake.critical,
        "weight": _weight(slip),
        "later": slip.corrected and not slip.in_time,
        "landed": [_landed(procedure, item, world) for item in slip.landed],
        "nothing": _nothing_felt(slip),
    }


def _weight(slip: SlipStory) -> str:
    """The colour of a slip: green when nobody felt it and it is right again, red only for a
    critical one, and amber for any other."""
    if slip.in_time:
        return "good"
    return "bad" if slip.mistake.critical else "warn"


def _nothing_felt(slip: SlipStory) -> str:
    if not slip.corrected:
        return _("Nobody has felt it yet.")
    if slip.mistake.critical:
        return _("Put right before anybody felt it, so it does not count.")
    return _("Put right before anybody felt it.")


def _landed(procedure: Procedure, item: Landed, world: CaseWorld) -> dict[str, Any]:
    felt = item.felt
    told = []
    if felt.delay_days:
        told.append(_("{days} later.").format(days=days(felt.delay_days)))
    before, after = item.before, item.after
    if felt.repeat_complaint:
        again = _points(before.repeat_complaint, after.repeat_complaint)
        told.append(
            ngettext(
                "{p} point more likely to complain again.",
                "{p} points more likely to complain again.",
                again,
            ).format(p=again)
            if again
            else _("A little more likely to complain again.")
        )
    if felt.lose_customer:
        away = _points(before.lose_customer, after.lose_customer)
        told.append(
            ngettext(
                "{p} point more likely to leave.", "{p} points more likely to leave.", away
            ).format(p=away)
            if away
            else _("A little more likely to leave.")
        )
    return {
        "seat": seat_view(procedure, felt.seat),
        "what": fill(item.consequence.what, world, felt.quotes),
        "why": fill(item.consequence.why, world, felt.quotes),
        "chances": " ".join(told),
        "hours": f"{felt.hours:,.1f}",
        "cost": f"{felt.cost:,.0f}",
    }


def _sent_back(procedure: Procedure, item: Any) -> dict[str, Any]:
    step = _(procedure.steps[item.to_step].title)
    if item.asked and not item.slips:
        sentence = _("To '{step}': something had changed since, so it had to be looked at anew.")
        sentence = sentence.format(step=step)
    elif item.right:
        names = ", ".join(_(procedure.mistakes[name].title) for name in item.slips)
        sentence = _("To '{step}', where it was made: {names}.").format(step=step, names=names)
    elif item.elsewhere:
        places = ", ".join(
            dict.fromkeys(
                _(procedure.steps[procedure.mistakes[name].step].title) for name in item.elsewhere
            )
        )
        sentence = _("To '{step}': something was wrong, but at '{places}'.").format(
            step=step, places=places
        )
    else:
        sentence = _("To '{step}': nothing was wrong there, so it cost time only.").format(
            step=step
        )
    return {
        "right": item.right,
        "verdict": _("well seen") if item.right else _("nothing to find"),
        "sentence": sentence,
    }


def _plain_percent(value: float) -> str:
    return str(percent(value).striptags())


def _points(before: float, after: float) -> int:
    """The percentage points between two chances as they are shown, in whole per cents."""
    return int(f"{100 * after:.0f}") - int(f"{100 * before:.0f}")
