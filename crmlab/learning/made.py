"""Questions made from a procedure file: change the file, and the quiz changes with it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from crmlab.learning.example_case import ExampleCases
from crmlab.learning.items import Choice, FromProcedure, Option, Ordering, Question
from crmlab.procedures.faults import unknown
from crmlab.procedures.names import CLOSING
from crmlab.text import gettext as _
from crmlab.text import ngettext

FEWEST = 3
"""Options a choice needs to be worth asking."""


class CannotMakeError(Exception):
    """Why the procedure does not give this question: the key at fault, and the sentence."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key, self.sentence = key, sentence


def make(item_id: str, item: FromProcedure, cases: ExampleCases) -> Question:
    """The question, in the language in force.

    Raises:
        CannotMakeError: a name that the procedure does not have, or too few answers to choose from.
    """
    _check_names(item, cases)
    question = _MAKERS[item.ask](item_id, item, cases)
    if len(question.options) < FEWEST:
        raise CannotMakeError(
            "ask",
            f"the procedure gives only {len(question.options)} answers to {item.ask} here; "
            "ask something else, or name more steps.",
        )
    return question


def _check_names(item: FromProcedure, cases: ExampleCases) -> None:
    procedure = cases.procedure
    named: list[tuple[str, str | None, Collection[str]]] = [
        ("step", item.step, procedure.steps),
        ("mistake", item.mistake, procedure.mistakes),
        ("seat", item.seat, procedure.seats),
        ("case", item.case, procedure.cases),
    ]
    named += [("steps", step, procedure.steps) for step in item.steps]
    kind = "mistake" if item.ask == "what_lands" else "step"
    others: Collection[str] = procedure.mistakes if kind == "mistake" else procedure.steps
    named += [("against", other, others) for other in item.against]
    for key, name, known in named:
        if name is not None and name not in known:
            what = {"steps": "step", "against": kind, "case": "practice case"}.get(key, key)
            raise CannotMakeError(key, unknown(what, name, known))
    if item.ask in ("who_feels", "what_lands", "order_of") and not procedure.cases:
        raise CannotMakeError("ask", f"{item.ask} needs a procedure with a practice case.")


def _who_does(item_id: str, item: FromProcedure, cases: ExampleCases) -> Choice:
    assert item.step is not None  # the schema has seen to that
    procedure, step = cases.procedure, cases.procedure.steps[item.step]
    options = [
        Option(
            name,
            _(seat.name),
            _("{why} The duty of this desk: “{duty}”").format(why=_(step.why), duty=_(seat.duty))
            if name == step.seat
            else _("This desk is there for something else: “{duty}”").format(duty=_(seat.duty)),
        )
        for name, seat in procedure.seats.items()
    ]
    text = _asked(item, _("On whose desk does this step lie: “{step}”?"), step=_(step.title))
    return Choice(item_id, text, tuple(options), step.seat, fixed=True)


def _who_feels(item_id: str, item: FromProcedure, cases: ExampleCases) -> Choice:
    """Which desk a slip hurts first. A desk that feels it at the same moment is left out."""
    procedure, mistake = cases.procedure, cases.procedure.mistakes[item.mistake or ""]
    moments = [*procedure.steps, CLOSING]
    felt = sorted(mistake.consequences, key=lambda c: moments.index(c.at))
    first = felt[0]
    later = {c.seat: c for c in reversed(felt) if c.at != first.at and c.seat != first.seat}
    same = {c.seat for c in felt if c.at == first.at} - {first.seat}
    told = _teller(item, cases)
    options = []
    for seat, about in procedure.seats.items():
        if seat == first.seat:
            feedback = f"{told(first.what)} {told(first.why)}"
        elif seat in later:
            feedback = _(
                "This desk pays for it too, but later: “{what}” Who does something with it "
                "before that?"
            ).format(what=told(later[seat].what))
        elif seat in same:
            continue
        else:
            feedback = _(
                "Nothing of it comes back to this desk. Who acts on it without asking again?"
            )
        options.append(Option(seat, _(about.name), feedback))
    text = _asked(
        item,
        _(
            "Nobody notices this slip at “{step}”: {mistake}. Which desk is the first to "
            "pay for it?"
        ),
        step=_(procedure.steps[mistake.step].title),
        mistake=_inside(mistake.title),
    )
    return Choice(item_id, text, tuple(options), first.seat, fixed=True)


def _what_lands(item_id: str, item: FromProcedure, cases: ExampleCases) -> Choice:
    """What a slip does to one seat; the wrong answers are what other slips do to it."""
    procedure, told = cases.procedure, _teller(item, cases)
    mistake = procedure.mistakes[item.mistake or ""]
    here = [c for c in mistake.consequences if c.seat == item.seat]
    if not here:
        feel = ", ".join(dict.fromkeys(c.seat for c in mistake.consequences))
        raise CannotMakeError(
            "seat", f"'{item.mistake}' does nothing to '{item.seat}'; those who feel it: {feel}."
        )
    right = Option(item.mistake or "", told(here[0].what), told(here[0].why))
    others = []
    for name in item.against or _by_nearness(cases, item.mistake or ""):
        other = procedure.mistakes[name]
        theirs = [c for c in other.consequences if c.seat == item.seat]
        if name != item.mistake and theirs and "{" not in theirs[0].what + other.right:
            others.append(
                Option(
                    name,
                    _(theirs[0].what),
                    _(
                        "That comes from another slip, “{mistake}”. What helps against that one: "
                        "“{right}”"
                    ).format(mistake=_(other.title), right=_(other.right)),
                )
            )
        elif item.against:
            raise CannotMakeError(
                "against",
                f"'{name}' cannot be a wrong answer here: it does nothing to '{item.seat}', or "
                "what it does is told with names of its own case.",
            )
    text = _asked(
        item,
        _("The slip was: {mistake}. What does it do to the {seat}?"),
        mistake=_inside(mistake.title),
        seat=_(procedure.seats[item.seat or ""].name).lower(),
    )
    return Choice(item_id, text, (right, *others[:3]), right.value)


def _why_step(item_id: str, item: FromProcedure, cases: ExampleCases) -> Choice:
    asked = _asked(item, _("Why is there a step “{step}”?"), step=_step_title(item, cases))
    wrong = _("That is the reason for another step, “{other}”. Without that one: “{after}”")
    return _by_text(item_id, item, cases, asked, wrong, ("why", "if_skipped"))


def _if_skipped(item_id: str, item: FromProcedure, cases: ExampleCases) -> Choice:
    default = _("What happens when this step is skipped: “{step}”?")
    asked = _asked(item, default, step=_step_title(item, cases))
    wrong = _("That is what happens without another step, “{other}”. Its own reason: “{after}”")
    return _by_text(item_id, item, cases, asked, wrong, ("if_skipped", "why"))


def _by_text(
    item_id: str,
    item: FromProcedure,
    cases: ExampleCases,
    asked: str,
    wrong: str,
    keys: tuple[str, str],
) -> Choice:
    """One text of a step among the same text of other steps; by itself the nearest three.

    Args:
        wrong: the feedback to another step's text, with `{other}` and `{after}` in it.
        keys: the text that is asked for, and the one that its feedback gives.
    """
    steps, name = cases.procedure.steps, item.step or ""
    key, after = keys
    order = list(steps)
    nearest = sorted(order, key=lambda other: abs(order.index(other) - order.index(name)))
    others = [other for other in item.against or nearest if other != name]
    options = [Option(name, _(getattr(steps[name], key)), _(getattr(steps[name], after)))]
    for other in others[:3]:
        feedback = _put(wrong, other=_(steps[other].title), after=_(getattr(steps[other], after)))
        options.append(Option(other, _(getattr(steps[other], key)), feedback))
    return Choice(item_id, asked, tuple(options), name)


def _deadline(item_id: str, item: FromProcedure, cases: ExampleCases) -> Choice:
    steps, name = cases.procedure.steps, item.step or ""
    right = steps[name].deadline_hours
    near = sorted({s.deadline_hours for s in steps.values()}, key=lambda h: abs(h - right))
    options = []
    for hours in sorted(near[:4]):
        text = ngettext("{n} working hour", "{n} working hours", round(hours))
        if hours == right:
            feedback = _(steps[name].why)
        elif hours < right:
            feedback = _("There is more time than that for this work: “{purpose}”").format(
                purpose=_(steps[name].purpose)
            )
        else:
            feedback = _("By then it is as if it had been skipped: “{harm}”").format(
                harm=_(steps[name].if_skipped)
            )
        options.append(Option(_hours(hours), text.format(n=f"{hours:g}"), feedback))
    text = _asked(
        item,
        _("How long may a case lie at “{step}” before it is overdue?"),
        step=_(steps[name].title),
    )
    return Choice(item_id, text, tuple(options), _hours(right), fixed=True)


def _hours(hours: float) -> str:
    """The lasting name of an answer in hours."""
    return f"h{hours:g}".replace(".", "_")


def _order_of(item_id: str, item: FromProcedure, cases: ExampleCases) -> Ordering:
    procedure = cases.procedure
    run = list(dict.fromkeys(visit.step for visit in cases.right(item.case).visits))
    missing = [step for step in item.steps if step not in run]
    if missing:
        raise CannotMakeError(
            "steps",
            f"the right run of the practice case does not pass '{missing[0]}'; leave it out, or "
            "name another case.",
        )
    wanted = [step for step in run if not item.steps or step in item.steps]
    options = tuple(
        Option(
            name,
            _(procedure.steps[name].title),
            _(procedure.steps[name].why),
        )
        for name in wanted
    )
    default = _("Put these steps in the order in which a case passes them.")
    return Ordering(item_id, _asked(item, default), options)


_MAKERS: dict[str, Callable[[str, FromProcedure, ExampleCases], Question]] = {
    "who_does": _who_does,
    "who_feels": _who_feels,
    "what_lands": _what_lands,
    "why_step": _why_step,
    "if_skipped": _if_skipped,
    "deadline": _deadline,
    "order_of": _order_of,
}


def _teller(item: FromProcedure, cases: ExampleCases) -> Callable[[str], str]:
    """Fills the texts of a mistake from a case in which it was made."""
    name = item.mistake or ""
    case = cases.with_mistake(name, item.case)
    if case is None:
        raise CannotMakeError(
            "mistake",
            f"'{name}' cannot be made in {'case ' + item.case if item.case else 'any case'}, so "
            "there is nothing to tell about it.",
        )
    step = cases.procedure.mistakes[name].step
    return lambda text: cases.told(text, case, step)


def _by_nearness(cases: ExampleCases, mistake: str) -> list[str]:
    """The mistakes of a procedure, those of the same or a near step first."""
    procedure = cases.procedure

    def place(name: str) -> int:
        return procedure.number(procedure.mistakes[name].step)

    return sorted(procedure.mistakes, key=lambda name: abs(place(name) - place(mistake)))


def _step_title(item: FromProcedure, cases: ExampleCases) -> str:
    return _(cases.procedure.steps[item.step or ""].title)


def _inside(title: str) -> str:
    """A title within a sentence, such as `wrong batch number`."""
    told = _(title)
    return told if told[1:2].isupper() else told[:1].lower() + told[1:]


def _asked(item: FromProcedure, default: str, **values: str) -> str:
    """The file's own question, or the usual one, with the procedure's names in it."""
    return _put(_(item.question) if item.question else default, **values)


def _put(told: str, **values: str) -> str:
    """A text with names in it; other braces stay as they are."""
    for name, value in values.items():
        told = told.replace("{" + name + "}", value)
    return told
