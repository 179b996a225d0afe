"""Questions made from a procedure file: change the file, and the quiz changes with it."""

from __future__ import annotations

from collections.abc import Callable

from crmlab.learning.example_case import ExampleCases
from crmlab.learning.items import Choice, FromProcedure, Option, Ordering, Question
from crmlab.procedures.checks import unknown
from crmlab.procedures.schema import CLOSING, Consequence
from crmlab.text import gettext as _
from crmlab.text import ngettext

FEWEST = 3
"""Options a choice needs to be worth asking."""


class CannotBeMade(Exception):
    """Why the procedure does not give this question: the key at fault, and the sentence."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key, self.sentence = key, sentence


def make(item_id: str, item: FromProcedure, cases: ExampleCases) -> Question:
    """The question, in the language in force.

    Raises:
        CannotBeMade: a name that the procedure does not have, or too few answers to choose from.
    """
    _check_names(item, cases)
    question = _MAKERS[item.ask](item_id, item, cases)
    if len(question.options) < FEWEST:
        raise CannotBeMade(
            "ask",
            f"the procedure gives only {len(question.options)} answers to {item.ask} here; "
            "ask something else, or name more steps.",
        )
    return question


def _check_names(item: FromProcedure, cases: ExampleCases) -> None:
    procedure = cases.procedure
    named = [("step", item.step, procedure.steps), ("mistake", item.mistake, procedure.mistakes)]
    named += [("seat", item.seat, procedure.seats), ("case", item.case, procedure.cases)]
    named += [("steps", step, procedure.steps) for step in item.steps]
    named += [("against", step, procedure.steps) for step in item.against]
    for key, name, known in named:
        if name is not None and name not in known:
            what = {"steps": "step", "against": "step", "case": "practice case"}.get(key, key)
            raise CannotBeMade(key, unknown(what, name, known))
    if item.ask in ("who_feels", "what_lands", "order_of") and not procedure.cases:
        raise CannotBeMade("ask", f"{item.ask} needs a procedure with a practice case.")


def _who_does(item_id: str, item: FromProcedure, cases: ExampleCases) -> Choice:
    assert item.step is not None  # the schema has seen to that
    procedure, step = cases.procedure, cases.procedure.steps[item.step]
    right = procedure.seats[step.seat]
    options = [
        Option(
            name,
            _(seat.name),
            _("{why} That is why the {seat} is there: {duty}").format(
                why=_(step.why), seat=_(seat.name).lower(), duty=_(seat.duty)
            )
            if name == step.seat
            else _("That desk does something else: {duty} “{step}” is with the {seat}.").format(
                duty=_(seat.duty), step=_(step.title), seat=_(right.name).lower()
            ),
        )
        for name, seat in procedure.seats.items()
    ]
    text = _asked(item, _("On whose desk does this step lie: “{step}”?"), step=_(step.title))
    return Choice(item_id, text, tuple(options), step.seat, fixed=True)


def _who_feels(item_id: str, item: FromProcedure, cases: ExampleCases) -> Choice:
    """Which desk a slip reaches first. A desk that feels it at the same moment is left out."""
    procedure, mistake = cases.procedure, cases.procedure.mistakes[item.mistake or ""]
    moments = [*procedure.steps, CLOSING]
    felt = sorted(mistake.consequences, key=lambda c: moments.index(c.at))
    first = felt[0]
    later = {c.seat: c for c in reversed(felt) if c.at != first.at and c.seat != first.seat}
    same = {c.seat for c in felt if c.at == first.at} - {first.seat}
    name = _(procedure.seats[first.seat].name).lower()
    told = _teller(item, cases)
    options = []
    for seat, about in procedure.seats.items():
        if seat == first.seat:
            feedback = f"{told(first.what)} {told(first.why)}"
        elif seat in later:
            feedback = _("This desk feels it too, but later: {what} First it was the {seat}.").format(
                what=told(later[seat].what), seat=name
            )
        elif seat in same:
            continue
        else:
            feedback = _("This desk is spared. The {seat} is not: {what}").format(
                seat=name, what=told(first.what)
            )
        options.append(Option(seat, _(about.name), feedback))
    text = _asked(
        item,
        _("Nobody notices this slip at “{step}”: {mistake}. Whose desk does it land on first?"),
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
        raise CannotBeMade(
            "seat", f"'{item.mistake}' does nothing to '{item.seat}'; those who feel it: {feel}."
        )
    right = Option(item.mistake or "", told(here[0].what), told(here[0].why))
    others = []
    for name, other in procedure.mistakes.items():
        theirs = [c for c in other.consequences if c.seat == item.seat]
        if name != item.mistake and theirs and _plain(theirs[0]):
            others.append(
                Option(
                    name,
                    _(theirs[0].what),
                    _("That comes from another slip, “{mistake}”. Here it is: {what}").format(
                        mistake=_(other.title), what=told(here[0].what)
                    ),
                )
            )
    near = sorted(others, key=lambda o: abs(_place(cases, o.value) - _place(cases, right.value)))
    text = _asked(
        item,
        _("The slip was: {mistake}. What does it do to the {seat}?"),
        mistake=_inside(mistake.title),
        seat=_(procedure.seats[item.seat or ""].name).lower(),
    )
    return Choice(item_id, text, (right, *near[:3]), right.value)


def _why_step(item_id: str, item: FromProcedure, cases: ExampleCases) -> Choice:
    asked = _asked(item, _("Why is there a step “{step}”?"), step=_step_title(item, cases))
    wrong = _("That is the reason for “{other}”. For “{step}” it is this: {right}")
    return _by_text(item_id, item, cases, asked, wrong, ("why", "if_skipped"))


def _if_skipped(item_id: str, item: FromProcedure, cases: ExampleCases) -> Choice:
    default = _("What happens when this step is skipped: “{step}”?")
    asked = _asked(item, default, step=_step_title(item, cases))
    wrong = _("That is what happens without “{other}”. Without “{step}”: {right}")
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
        keys: the text that is asked for, and the one that the right answer is followed by.
    """
    steps, name = cases.procedure.steps, item.step or ""
    key, after = keys
    order = list(steps)
    nearest = sorted(order, key=lambda other: abs(order.index(other) - order.index(name)))
    others = [other for other in item.against or nearest if other != name]
    right = _(getattr(steps[name], key))
    options = [Option(name, right, _(getattr(steps[name], after)))]
    for other in others[:3]:
        feedback = _put(
            wrong, other=_(steps[other].title), step=_(steps[name].title), right=right
        )
        options.append(Option(other, _(getattr(steps[other], key)), feedback))
    return Choice(item_id, asked, tuple(options), name)


def _deadline(item_id: str, item: FromProcedure, cases: ExampleCases) -> Choice:
    steps, name = cases.procedure.steps, item.step or ""
    right = steps[name].deadline_hours
    near = sorted({s.deadline_hours for s in steps.values()}, key=lambda h: abs(h - right))
    options = []
    for hours in sorted(near[:4]):
        text = ngettext("{n} working hour", "{n} working hours", round(hours)).format(n=f"{hours:g}")
        if hours == right:
            feedback = _(steps[name].why)
        elif hours < right:
            feedback = _("There is more time than that, {n} h: {purpose}").format(
                n=f"{right:g}", purpose=_(steps[name].purpose)
            )
        else:
            feedback = _("By then it is too late; it is {n} h. {harm}").format(
                n=f"{right:g}", harm=_(steps[name].if_skipped)
            )
        options.append(Option(f"h{hours:g}".replace(".", "_"), text, feedback))
    value = f"h{right:g}".replace(".", "_")
    text = _asked(
        item,
        _("How long may a case lie at “{step}” before it is overdue?"),
        step=_(steps[name].title),
    )
    return Choice(item_id, text, tuple(options), value, fixed=True)


def _order_of(item_id: str, item: FromProcedure, cases: ExampleCases) -> Ordering:
    procedure = cases.procedure
    run = list(dict.fromkeys(visit.step for visit in cases.right(item.case).visits))
    missing = [step for step in item.steps if step not in run]
    if missing:
        raise CannotBeMade(
            "steps",
            f"the right run of the practice case does not pass '{missing[0]}'; leave it out, or "
            "name another case.",
        )
    wanted = [step for step in run if not item.steps or step in item.steps]
    options = tuple(
        Option(
            name,
            _(procedure.steps[name].title),
            _("Here belongs “{step}”. {why}").format(
                step=_(procedure.steps[name].title), why=_(procedure.steps[name].why)
            ),
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
        raise CannotBeMade(
            "mistake",
            f"'{name}' cannot be made in {'case ' + item.case if item.case else 'any case'}, so "
            "there is nothing to tell about it.",
        )
    step = cases.procedure.mistakes[name].step
    return lambda text: cases.told(text, case, step)


def _plain(consequence: Consequence) -> bool:
    """Whether its text stands without a case: another slip's names would not fit here."""
    return "{" not in consequence.what


def _place(cases: ExampleCases, mistake: str) -> int:
    return cases.procedure.number(cases.procedure.mistakes[mistake].step)


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
