"""The swimlane: a whole procedure at a glance, from its file alone.

Lanes are seats, columns are steps in the order of the file. The drawing is laid out here and
filled into `swimlane.html`, which also says the same as a list for whoever cannot see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from unicodedata import east_asian_width

from crmlab.procedures import Procedure
from crmlab.procedures.case import Case
from crmlab.procedures.names import END
from crmlab.text import gettext as _

LANE, LOW_LANE, MANY, GAP, TOP = 54, 48, 6, 4, 8
"""The height of a lane, and of one among many, so that eight of them fit on a screen."""

NAME_WIDTH, RADIUS = 176, 15
COLUMN, NARROW, PAGE = 84, 50, 1180
"""From one mark to the next: as far as is comfortable, or as near as a page asks for."""

LETTER, BOLD, APART = 6.6, 1.25, 10
"""About how wide a letter of a label is (a Chinese character takes two), how much wider in bold,
and what lies between two labels."""


@dataclass(frozen=True)
class Lane:
    """One seat's band."""

    name: str
    letter: str
    colour: int
    y: float


@dataclass(frozen=True)
class Node:
    """One step's mark; `state` is done, now, ahead or skipped."""

    step: str
    number: int
    label: str
    seat: str
    colour: int
    state: str
    told: str
    x: float
    y: float


@dataclass(frozen=True)
class Edge:
    """A way from one step to another; `kind` is next, skip or back."""

    path: str
    kind: str
    taken: bool


@dataclass(frozen=True)
class Swimlane:
    """The drawing, in two parts side by side: the names of the lanes, and the way through them.

    Attributes:
        left, width: of the names, and of the way.
        lane_height: the same for all lanes.
    """

    title: str
    left: float
    width: float
    height: float
    lane_height: float
    lanes: list[Lane]
    nodes: list[Node]
    edges: list[Edge]


def colour_of(procedure: Procedure, seat: str) -> int:
    """Which of the eight seat colours a seat has, from 1."""
    return list(procedure.seats).index(seat) % 8 + 1


def swimlane(procedure: Procedure, case: Case | None = None) -> Swimlane:
    """Lay out a procedure, with the state of a case if there is one."""
    height = LANE if len(procedure.seats) <= MANY else LOW_LANE
    lanes = [
        Lane(_(seat.name), seat.letter, colour_of(procedure, name), TOP + i * (height + GAP))
        for i, (name, seat) in enumerate(procedure.seats.items())
    ]
    left = max(NAME_WIDTH, max(BOLD * _width(lane.name) for lane in lanes) + 56)
    places, width = _places(procedure, PAGE - left)
    middle = height / 2 + 7  # a label stands above the mark
    centres = {n: lane.y + middle for n, lane in zip(procedure.seats, lanes, strict=True)}
    nodes = [
        Node(
            step=name,
            number=i + 1,
            label=_(step.short),
            seat=_(procedure.seats[step.seat].name),
            colour=colour_of(procedure, step.seat),
            state=(state := state_of(procedure, case, name)),
            told=told(state),
            x=places[name],
            y=centres[step.seat],
        )
        for i, (name, step) in enumerate(procedure.steps.items())
    ]
    at = case and case.step and _(procedure.steps[case.step].title)
    title = (
        _("{procedure}: the case is at '{step}'.").format(procedure=_(procedure.title), step=at)
        if at
        else _(procedure.title)
    )
    return Swimlane(
        title=title,
        left=left,
        width=width,
        height=TOP + len(lanes) * (height + GAP) + 4,
        lane_height=height,
        lanes=lanes,
        nodes=nodes,
        edges=_edges(procedure, case, {node.step: node for node in nodes}),
    )


def state_of(procedure: Procedure, case: Case | None, step: str) -> str:
    """Where a step stands in a case: done, now, ahead, or skipped because it was not needed."""
    if case is None:
        return "ahead"
    if case.step == step:
        return "now"
    if step in case.done:
        return "done"
    passed = case.step is None or procedure.number(step) < procedure.number(case.step)
    return "skipped" if passed else "ahead"


def told(state: str) -> str:
    """A step's state as a word."""
    words = {"done": _("done"), "now": _("now"), "ahead": _("to come")}
    return words.get(state) or _("not needed")


def _edges(procedure: Procedure, case: Case | None, nodes: dict[str, Node]) -> list[Edge]:
    """The way from each step to the one after it; others where the case can go, or has gone."""
    gone = {(a.step, b.step) for a, b in pairwise(case.visits)} if case else set()
    edges = []
    for name, step in procedure.steps.items():
        for to in dict.fromkeys(way.to for way in step.next if way.to != END):
            start, end = nodes[name], nodes[to]
            apart = end.number - start.number
            kind = "back" if apart <= 0 else "next" if apart == 1 else "skip"
            taken = (name, to) in gone
            open_now = case is not None and case.step == name
            if (
                kind == "next"
                or taken
                or open_now
                or (kind == "skip" and _only(procedure, name, to))
            ):
                edges.append(Edge(_path(start, end, kind), kind, taken))
    return edges


def _only(procedure: Procedure, step: str, to: str) -> bool:
    """Whether without this way a step would seem to lead nowhere, or to come from nowhere."""
    order = list(procedure.steps)
    following = order[order.index(step) + 1 :][:1]
    before = order[: order.index(to)][-1:]
    leads_on = any(way.to in following for way in procedure.steps[step].next)
    is_come_to = any(way.to == to for name in before for way in procedure.steps[name].next)
    return not leads_on or not is_come_to


def _path(start: Node, end: Node, kind: str) -> str:
    if kind == "back":
        x1, x2 = start.x - RADIUS * 0.7, end.x + RADIUS * 0.7
        low = max(start.y, end.y) + LANE * 0.55
        y1, y2 = start.y + RADIUS * 0.7, end.y + RADIUS * 0.7
        return f"M{x1:.0f},{y1:.0f} C{x1:.0f},{low:.0f} {x2:.0f},{low:.0f} {x2:.0f},{y2:.0f}"
    x1, x2 = start.x + RADIUS + 2, end.x - RADIUS - 2
    bend = min(40.0, (x2 - x1) / 2)
    return (
        f"M{x1:.0f},{start.y:.0f} C{x1 + bend:.0f},{start.y:.0f} "
        f"{x2 - bend:.0f},{end.y:.0f} {x2:.0f},{end.y:.0f}"
    )


def _places(procedure: Procedure, room: float) -> tuple[dict[str, float], float]:
    """Where each step's mark stands from the left, and how wide the way is then.

    Marks are as far apart as the room allows, and further where two labels in one lane would
    touch. A label may hang over its neighbours' columns: their labels are in other lanes.
    """
    apart = min(COLUMN, max(NARROW, room / len(procedure.steps)))
    places: dict[str, float] = {}
    ends: dict[str, float] = {}  # of the last label in each lane
    last = -apart / 2
    for name, step in procedure.steps.items():
        half = _width(_(step.short)) / 2
        last = max(last + apart, ends.get(step.seat, 0) + APART + half)
        places[name] = last
        ends[step.seat] = last + half
    return places, max(last + apart / 2, max(ends.values()) + APART)


def _width(text: str) -> float:
    return sum(LETTER * (2 if east_asian_width(letter) in "WF" else 1) for letter in text)
