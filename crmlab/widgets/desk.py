"""The desk: one seat's inbox, the form of the current step, the way of the case, the debrief.

It knows nothing of complaints. It draws whatever procedure it is given.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError

from crmlab.crm.casework.looking import Look
from crmlab.crm.store.sandbox import Sandbox, open_sandbox
from crmlab.errors import CrmlabError, ProcedureChanged, Refused, StaleCase
from crmlab.learning.learner import sandbox_name
from crmlab.learning.runs import Watch, watcher
from crmlab.practice.session import Practice
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case
from crmlab.text import gettext as _
from crmlab.text import ngettext
from crmlab.widgets.desk_view import aside_view, form_view, inbox_view, parts_view, seats_view
from crmlab.widgets.half_filled import SEND_BACK, HalfFilled, Kept
from crmlab.widgets.live import Live, shows_trouble
from crmlab.widgets.pressing import Forms
from crmlab.widgets.step_view import case_view, entered, timeline_view
from crmlab.widgets.swimlane import swimlane
from crmlab.widgets.telling import seat_view, tell
from crmlab.widgets.whereabouts import gone_on, lies_where


class Desk(Live):
    """A practice desk.

        Desk("complaint", lesson="10")
        Desk("lead_to_cash", "complaint", cases=["L-2080", "C-1080"], lesson="80")

    Args:
        procedures: what is practised: a shipped procedure's name, a path, or a procedure that is
            loaded. Several are the parts of one long run, in one sandbox.
        lesson: the number of the lesson it is in; progress is kept under it.
        sandbox: the name of a sandbox, or one that is open; by default the learner's own for this
            lesson or procedure.
        cases: the practice cases to lay out; all of them by default.
        seats: the seats the trainee sits in; all of them by default.
        manner: of the colleagues in the other seats: careful, ordinary or hasty.
        watch: told of the case after each action and each hint, so that progress can be kept.
    """

    template: ClassVar[str] = "desk.html"

    @shows_trouble
    def __init__(
        self,
        *procedures: str | Path | Procedure,
        lesson: str | None = None,
        sandbox: str | Sandbox | None = None,
        cases: list[str] | None = None,
        seats: list[str] | None = None,
        manner: str = "careful",
        watch: Watch | None = None,
    ) -> None:
        super().__init__()
        known = [item if isinstance(item, Procedure) else load(item) for item in procedures]
        if not known:
            raise Refused(_("A desk needs a procedure to practise; name one at least."))
        if sandbox is None:
            sandbox = sandbox_name(lesson or known[0].procedure)
        opened = sandbox
        if not isinstance(opened, Sandbox):
            opened = open_sandbox(opened, start="company")
        self.parts = [
            Practice(
                procedure,
                opened,
                seats=None if seats is None else _seats_of(procedure, seats, known),
                manner=manner,
                cases=None if cases is None else [x for x in cases if x in procedure.cases],
            )
            for procedure in known
        ]
        if not all(part.seats for part in self.parts):
            raise Refused(_("A desk needs somebody who sits at it; name one seat at least."))
        place = sha256(str(opened.place).encode()).hexdigest()[:16]
        self._at = " ".join([place, *(procedure.procedure for procedure in known)])
        self._watch = watcher(lesson, parts=self.parts) if lesson and watch is None else watch
        self._lay_out()
        self.draw()

    def _lay_out(self) -> None:
        """The first morning, and the part of the run in front where a case waits."""
        self.hints: dict[tuple[str, str], int] = {}  # by case and step
        self.half_filled = HalfFilled()
        self._take(0)
        try:
            for part in self.parts:
                part.open_all()
            self._take(next((i for i, part in enumerate(self.parts) if part.waiting()), 0))
        except ProcedureChanged as changed:
            self.changed = str(changed)

    def _take(self, part: int) -> None:
        self.part = part
        self.practice = self.parts[part]
        self.procedure = self.practice.procedure
        self._begin()

    def _begin(self) -> None:
        start = self.procedure.steps[self.procedure.start].seat
        self.seat = start if start in self.practice.seats else self.practice.seats[0]
        self.case: Case | None = None
        self.changed = ""
        self.panel = ""
        self.errors: dict[str, str] = {}
        self.back_errors: dict[str, str] = {}

    # What is drawn

    def context(self) -> dict[str, Any]:
        if self.changed:
            return {"changed": self.changed}
        case = self.case
        look = self.practice.look(case, self.seat) if case else None
        return {
            "changed": "",
            "seats": seats_view(self.practice, self.seat),
            "now": self.practice.now(case) if case and case.step else None,
            "parts": parts_view(self.parts, self.practice),
            "title": _(self.procedure.title),
            "purpose": _(self.procedure.purpose),
            "panel": self.panel,
            "case": case_view(case, look) if case and look else None,
            "lane": swimlane(self.procedure, case),
            **inbox_view(self.practice, self.seat),
            "step": self._step(case, look) if case and case.step and look else None,
            "timeline": timeline_view(self.procedure, case, look) if case and look else [],
            "set_aside": aside_view(self.parts, self.half_filled.aside),
            "told": tell(self.procedure, self.practice.debrief(case))
            if case and case.closed_at
            else None,
        }

    def _step(self, case: Case, look: Look) -> dict[str, Any]:
        assert case.step is not None
        return form_view(
            self.practice,
            case,
            look,
            self.seat,
            self.half_filled.of(case),
            self.errors,
            self.back_errors,
            self.hints.get((case.case_id, case.step), 0),
        )

    def kept(self) -> dict[str, Any] | None:
        if self.changed:
            return None
        case = self.case
        return Kept(
            at=self._at,
            part=self.part,
            seat=self.seat,
            case=case.case_id if case else None,
            step=case.step if case else None,
            version=case.version if case else 0,
            typed=self.half_filled.to_keep(),
            aside=self.half_filled.aside,
        ).model_dump()

    # What can be done

    def do_part(self, forms: Forms, part: str) -> str:
        """Turn to another part of a long run."""
        self._keep(forms)
        self._take(int(part))
        self.practice.open_all()
        waiting = self.practice.inbox()
        if waiting:
            self.seat = waiting[0].seat if waiting[0].seat in self.practice.seats else self.seat
            self._show(waiting[0].case_id)
        return "title"

    def do_sit(self, forms: Forms, seat: str) -> str:
        """Take another seat; a case that lies there comes with it."""
        self._keep(forms)
        self.seat, self.panel = seat, ""
        self.errors, self.back_errors = {}, {}
        here = self.case is not None and self._seat_of(self.case) == seat
        if not here:
            waiting = self.practice.inbox(seat)
            self._show(waiting[0].case_id if waiting else None)
        return "step" if self.case and self._seat_of(self.case) == seat else "title"

    def do_open(self, forms: Forms, case: str) -> str:
        """Look at a case."""
        self._keep(forms)
        found = self.practice.open_at(case, self.seat)
        self.panel, self.errors, self.back_errors = "", {}, {}
        self.case = found
        return "title"

    def do_hand_over(self, forms: Forms) -> str:
        """Hand in the form."""
        self._keep(forms)
        case = self._current()
        assert case.step is not None
        step = self.procedure.steps[case.step]
        result = self.practice.hand_over(
            case, entered(step.fields, forms.get("step", {})), seat=self.seat
        )
        self.half_filled.handed_over(case)
        self._moved(result.case)
        if result.case.step is None:
            for part in self.parts:
                part.open_all()  # another part may have waited for this close
            self.notice = _("The case is closed. Here is what it did to everybody.")
            return "debrief"
        seat = seat_view(self.procedure, self._seat_of(result.case))
        here = seat.id == self.seat
        self.notice = gone_on(self.procedure, case, result.case, self.seat)
        return "step" if here else "go" if seat.id in self.practice.seats else "elsewhere"

    def do_send_back(self, forms: Forms) -> str:
        """Return the case to an earlier step."""
        self._keep(forms)
        case = self._current()
        entry = forms.get(SEND_BACK, {})
        result = self.practice.send_back(
            case, entry.get("to", ""), entry.get("reason", ""), seat=self.seat
        )
        self.half_filled.sent_back(case)
        self._moved(result.case)
        if result.case.step is None:
            return "debrief"
        seat = seat_view(self.procedure, self._seat_of(result.case))
        told = _("Sent back, with your reason.")
        self.notice = f"{told} {lies_where(self.procedure, result.case, self.seat)}"
        return "step" if seat.id == self.seat else "go"

    def do_reassign(self, forms: Forms, holder: str) -> str:
        """Give the step to a colleague in the same seat: the second of two clicks."""
        self._keep(forms)
        case = self._current()
        self._moved(self.practice.reassign(case, holder, seat=self.seat).case)
        self._keep(forms)  # what is typed goes on with the case
        name = next(p.label for p in self.practice.people(self.seat) if p.key == holder)
        self.notice = _("Now {name} has it.").format(name=name)
        return "step"

    def do_panel(self, forms: Forms, name: str) -> str:
        """Open or close one of the small questions; closed, it leaves one where one came from."""
        self._keep(forms)
        self.errors, self.back_errors = {}, {}
        self.panel = "" if self.panel == name else name
        return "panel" if self.panel else f"open-{name}"

    def do_hint(self, forms: Forms) -> str:
        """Open one more hint."""
        self._keep(forms)
        case = self._current()
        assert case.step is not None
        key = (case.case_id, case.step)
        self.hints[key] = self.hints.get(key, 0) + 1
        self._tell_watch(case)
        return "hint"

    def do_wait(self, forms: Forms, hours: str) -> str:
        """Let time pass."""
        self._keep(forms)
        self.practice.wait(self._current(), float(hours))
        return ""

    def do_put_away(self, forms: Forms, number: str) -> str:
        """Done with a form that was set aside."""
        self._keep(forms)
        del self.half_filled.aside[int(number)]
        return "title"

    def do_resume(self, forms: Forms, earlier: Any) -> str:
        """Go on where an earlier page in this tab was: its seat, its case, and what was typed."""
        try:
            before = Kept.model_validate(earlier)
        except ValidationError:  # of another version of crmlab
            return ""
        if self.changed or self.case is not None:  # this desk knows better
            return ""
        if before.part in range(len(self.parts)):
            self._take(before.part)
        self.seat = before.seat if before.seat in self.practice.seats else self.seat
        self._show(before.case)
        self.half_filled.take(before, forms, self.parts)
        back = self.half_filled.of(self.case) if self.case else None
        if back is None or not back.says_something:
            return ""
        self.panel = SEND_BACK if back.back.get("reason", "").strip() else ""
        self.notice = _("The form is as you left it.")
        return "step"

    def do_reset(self, forms: Forms) -> str:
        """Back to the first morning."""
        self.practice.sandbox.reset()
        self._lay_out()
        self.notice = _("A new first morning. The cases wait in the inbox.")
        return "title"

    def refused(self, refusal: CrmlabError, action: str) -> str:
        """Errors stand beside their field; a case that moved on is shown as it is now."""
        if isinstance(refusal, StaleCase):
            self._overtaken(refusal)
            return "trouble"
        fields = refusal.fields if isinstance(refusal, Refused) else {}
        self.errors, self.back_errors = {}, {}
        if action == SEND_BACK:
            self.back_errors = fields
            return f"back-{next(iter(fields))}" if fields else "trouble"
        if action == "hand_over" and fields:
            self.errors = fields
            self.trouble = ngettext(
                "Not handed in yet: {n} entry is missing or not right. Your entries are kept.",
                "Not handed in yet: {n} entries are missing or not right. Your entries are kept.",
                len(fields),
            ).format(n=len(fields))
            return f"field-{next(iter(fields))}"
        return "trouble"

    # Help

    def _keep(self, forms: Forms) -> None:
        """Keep what stands in the form, so that no other press loses it."""
        if self.case is None or self.case.step is None:
            return
        if "step" in forms:
            typed = self.half_filled.of(self.case)
            before = typed.entries if typed else {}
            # What was said beside an entry is over when the entry is another one.
            self.errors = {
                name: told
                for name, told in self.errors.items()
                if forms["step"].get(name) == before.get(name)
            }
        self.half_filled.keep(self.case, forms)

    def _overtaken(self, refusal: StaleCase) -> None:
        """Show the case as it is now. What was typed stays in its form if that is still the one to
        be handed in, and is set aside to be copied if it is not."""
        before = self.case
        self.errors, self.back_errors = {}, {}
        self._show(before.case_id if before else None)
        if before is None or before.step is None:
            return
        if self.case is not None and self.case.step == before.step:
            self.errors = refusal.fields
            self.trouble += " " + _("Your entries still stand in the form.")
            return
        if self.half_filled.put_aside(before):
            self.trouble += " " + _("What you had entered stands below, for you to copy.")

    def _current(self) -> Case:
        if self.case is None or self.case.step is None:
            raise Refused(_("Choose an open case from the inbox first."))
        return self.case

    def _moved(self, case: Case) -> None:
        self.case, self.panel = case, ""
        self.errors, self.back_errors = {}, {}
        self._tell_watch(case)

    def _tell_watch(self, case: Case) -> None:
        if self._watch:
            taken = {s: n for (c, s), n in self.hints.items() if c == case.case_id}
            self._watch(self.practice, case, taken)

    def _show(self, case_id: str | None) -> None:
        try:
            self.case = self.practice.open_at(case_id, self.seat) if case_id else None
        except Refused:  # the sandbox was reset in another window, or the case is out of sight
            self.case = None

    def _seat_of(self, case: Case) -> str:
        return self.procedure.steps[case.step].seat if case.step else ""


def _seats_of(procedure: Procedure, seats: list[str], parts: list[Procedure]) -> list[str]:
    """Those of the seats that are in this part, and those that are in none: they are refused."""
    everywhere = {seat for part in parts for seat in part.seats}
    return [seat for seat in seats if seat in procedure.seats or seat not in everywhere]
