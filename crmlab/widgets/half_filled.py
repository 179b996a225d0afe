"""What stands in a desk's forms and is not handed in: it outlives the page.

Under Voila a page that is loaded again has another kernel, and what the first one knew is gone. So
the browser keeps it (`live.js`): what a desk says of itself with each drawing (`Kept`), and what
has been typed since. It lies in the session storage of the one tab, goes with the tab, and holds no
more than the forms do. It is dropped when the step is handed over or sent back.

Two windows on one sandbox keep what is typed in each of them, and know nothing of each other. If
one has moved a case on, what was typed in the other is set aside there, to be copied: nothing is
put over what somebody has handed in. A tab that was doubled begins with the same and goes its own
way. Where one tab shows the same desk twice, it keeps that of the two which was used last.
"""

from __future__ import annotations

from collections.abc import Sequence

from crmlab.errors import Refused
from crmlab.practice.session import Practice
from crmlab.procedures.case import Case
from crmlab.procedures.conditions import Data
from crmlab.widgets.pressing import Forms


class Typed(Data):
    """What stands in the forms of a case at one step.

    Attributes:
        version: of the case, when it was typed.
        entries: of the step's form; `back`: of the one for returning the case.
    """

    case: str
    step: str
    version: int
    entries: dict[str, str] = {}
    back: dict[str, str] = {}

    @property
    def says_something(self) -> bool:
        """Whether anything would be lost with it."""
        return any(entry.strip() for entry in (*self.entries.values(), self.back.get("reason", "")))


SEND_BACK = "send_back"
"""The panel and the form for returning a case."""

FORMS = {"entries": "step", "back": SEND_BACK}
"""The forms of a desk, by what is typed in them."""


class Kept(Data):
    """What the browser keeps of a desk.

    Attributes:
        at: the desk it belongs to: its sandbox and its procedures.
        part, seat, case: where the trainee was; `step` and `version`: of that case.
        typed: what stood in forms when it was drawn; `aside`: what was set aside to be copied.
    """

    at: str
    part: int
    seat: str
    case: str | None
    step: str | None
    version: int
    typed: list[Typed] = []
    aside: list[Typed] = []

    def with_forms(self, forms: Forms) -> list[Typed]:
        """All that was typed, with what stood in the forms of the open case at the very last."""
        typed = {(each.case, each.step): each for each in self.typed}
        if self.case and self.step:
            here = Typed(case=self.case, step=self.step, version=self.version)
            update = {name: forms[form] for name, form in FORMS.items() if form in forms}
            before = typed.get((self.case, self.step), here)
            typed[self.case, self.step] = before.model_copy(update=update)
        return list(typed.values())


class HalfFilled:
    """The forms of a desk that are not handed in.

    Attributes:
        aside: forms that another window was quicker than, to be copied from.
    """

    def __init__(self) -> None:
        self._typed: dict[tuple[str, str], Typed] = {}
        self._sent_back: set[tuple[str, str]] = set()
        self.aside: list[Typed] = []

    def of(self, case: Case) -> Typed | None:
        """What stands in the forms of a case where it lies now; None if nothing was typed."""
        return self._typed.get((case.case_id, case.step or ""))

    def keep(self, case: Case, forms: Forms) -> None:
        """What stands in the forms of an open case now; of a form that is not there, as before."""
        assert case.step is not None
        key = (case.case_id, case.step)
        before = self.of(case) or Typed(case=case.case_id, step=case.step, version=case.version)
        update = {name: forms[form] for name, form in FORMS.items() if form in forms}
        self._typed[key] = before.model_copy(update={"version": case.version, **update})
        self._sent_back.discard(key)

    def handed_over(self, case: Case) -> None:
        """The forms of a case, as it was, are done with."""
        self._typed.pop((case.case_id, case.step or ""), None)

    def sent_back(self, case: Case) -> None:
        """The reason is done with. What was typed in the step's own form is there again when the
        case comes back, but only as long as the page is open."""
        if typed := self.of(case):
            key = (typed.case, typed.step)
            self._typed[key] = typed.model_copy(update={"back": {}})
            self._sent_back.add(key)

    def put_aside(self, case: Case) -> bool:
        """Keep the forms of a case, as it was, to be copied from; false if nothing is in them."""
        typed = self._typed.pop((case.case_id, case.step or ""), None)
        if typed is None or not typed.says_something:
            return False
        self.aside.append(typed)
        return True

    def take(self, before: Kept, forms: Forms, parts: Sequence[Practice]) -> None:
        """Take what an earlier page had: into its form if the case still lies as it did, or aside.
        What belongs to no case or step of these parts is left.

        Args:
            forms: what stood in its forms at the very last.
        """
        self.aside = [typed for typed in before.aside if part_of(parts, typed)]
        for typed in before.with_forms(forms):
            part = part_of(parts, typed)
            if part is None:
                continue
            if _lies_as_it_did(part, typed):
                self._typed[typed.case, typed.step] = typed
            elif typed.says_something:
                self.aside.append(typed)

    def to_keep(self) -> list[Typed]:
        """What the browser keeps of it."""
        return [each for key, each in self._typed.items() if key not in self._sent_back]


def part_of(parts: Sequence[Practice], typed: Typed) -> Practice | None:
    """The part of a run in which something was typed; None if it is none of these."""
    for part in parts:
        if typed.case in part.procedure.cases and typed.step in part.procedure.steps:
            return part
    return None


def _lies_as_it_did(part: Practice, typed: Typed) -> bool:
    try:
        case = part.case(typed.case)
    except Refused:  # it is not there any more
        return False
    return (case.step, case.version) == (typed.step, typed.version)
