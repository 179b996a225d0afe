"""Figures as one would add them up on paper: each term with its sign, and a line below."""

from __future__ import annotations

from dataclasses import dataclass, field

from crmlab.procedures.conditions import Raw, Reference, number_of, value_of
from crmlab.procedures.figures import Figure, Term
from crmlab.procedures.wording import show, show_figure
from crmlab.procedures.world import CaseWorld
from crmlab.text import gettext as _

SIGNS = {"add": "+", "subtract": "\N{MINUS SIGN}"}


@dataclass(frozen=True)
class Line:
    """One term of a sum, or what comes out."""

    about: str
    value: str
    sign: str = ""
    in_words: bool = False


@dataclass(frozen=True)
class SumView:
    """A figure: what comes out, and its terms if it is a plain sum."""

    result: Line
    terms: list[Line] = field(default_factory=list)


def sums_view(world: CaseWorld, figures: list[str]) -> list[SumView]:
    """The figures of a case, one below the other.

    A sum that begins with the figure above it goes on from there.
    """
    views: list[SumView] = []
    for number, name in enumerate(figures):
        figure = world.procedure.figures[name]
        above = figures[number - 1] if number else None
        terms = _terms(world, figure, above)
        views.append(SumView(_result(figure, world.figure(name), bool(terms)), terms))
    return views


def _result(figure: Figure, value: Raw, worked: bool) -> Line:
    """What comes out. Below nought it is said in words: a minus before it is soon overlooked."""
    about, number = _begun(_(figure.about)), number_of(value)
    if number is None or number >= 0:
        return Line(about, show_figure(figure, value), "=" if worked else "")
    without_its_sign = show_figure(figure, f"{-number:f}")
    sign = "=" if worked else ""
    if figure.below_zero:
        return Line(_begun(_(figure.below_zero)), without_its_sign, sign)
    sentence = (
        _("nothing; {value} the other way")
        if figure.shows == "amount"
        else _("not at all; {value} the other way")
    )
    return Line(about, sentence.format(value=without_its_sign), sign, in_words=True)


def _terms(world: CaseWorld, figure: Figure, above: str | None) -> list[Line]:
    operation, terms = figure.parts()
    if operation not in SIGNS or not all(isinstance(term, Reference) for term in terms):
        return []
    lines = [
        _line(world, term, SIGNS[operation] if number else "") for number, term in enumerate(terms)
    ]
    first = terms[0]
    goes_on = above is not None and isinstance(first, Reference) and first.figure == above
    return lines[1:] if goes_on else lines


def _line(world: CaseWorld, term: Term, sign: str) -> Line:
    assert isinstance(term, Reference)  # the only kind of term that comes here
    procedure, value = world.procedure, value_of(term, world)
    if term.figure:
        figure = procedure.figures[term.figure]
        return Line(_begun(_(figure.about)), show_figure(figure, value), sign)
    if term.fact:
        fact = procedure.facts[term.fact]
        like = procedure.field(fact.like) if fact.like else None
        return Line(_begun(_(fact.about)), show(like, value), sign)
    of = procedure.field(term.field or "", world.here)
    return Line(_(of.label) if of else "", show(of, value), sign)


def _begun(text: str) -> str:
    """A text as it begins a line."""
    return text[:1].upper() + text[1:]
