"""The frame of a window on the CRM: who sits there, what time it is, what is on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crmlab.crm.access.permissions import Who, seat_name
from crmlab.crm.access.sign_in import sign_in
from crmlab.crm.store.audit import latest
from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.trail.verify import Verdict, verify
from crmlab.errors import CrmlabError, Denied, Refused, StaleRecord
from crmlab.learning.on_record import Trail
from crmlab.practice.office import OPENS, begin, moment, seated
from crmlab.text import gettext as _
from crmlab.text import ngettext
from crmlab.widgets.live import Live
from crmlab.widgets.pressing import Forms
from crmlab.widgets.records_words import denial_words, line_view, matrix, verdict_words

SOME_LINES = 12
"""Lines of the audit trail that are shown at first, and that each press adds."""

LOOK, ENTER, TAKE, REVIEW, TRAIL, RULES = "look", "enter", "take", "review", "trail", "rules"
PARTS = (LOOK, ENTER, TAKE, REVIEW, TRAIL, RULES)
"""The parts of the window, in the order of their tabs."""


class Window(Live):
    """Somebody sits down, turns to a part of the CRM, and sees what goes on record.

    Attributes:
        who: the person and the seat; None until somebody has sat down.
        form: the form that is being handed in, for what is refused in it.
    """

    def begin_in(
        self,
        sandbox: Sandbox,
        people: Sequence[tuple[str, str]] | None,
        parts: Sequence[str],
        past: str | None,
    ) -> None:
        """Look at this sandbox.

        Raises:
            Refused: somebody of `people` does not sit there, or there is no such part or past.
        """
        for part in parts:
            if part not in PARTS:
                raise Refused(
                    _("There is no part '{part}' of the CRM; there are: {known}.").format(
                        part=part, known=", ".join(PARTS)
                    )
                )
        self.sandbox, self._wanted, self.parts, self._past = sandbox, people, list(parts), past
        self.trail = Trail(sandbox, since=OPENS if past else None)
        self._lay_out()

    def _lay_out(self) -> None:
        begin(self.sandbox, self._past)
        self.people = seated(self.sandbox, self._wanted)
        self.names = {person.user_id: person.name for person in seated(self.sandbox)}
        self.part = self.parts[0]
        self.again = False
        self.drafts: dict[str, dict[str, Any]] = {}
        self._leave()

    def _leave(self) -> None:
        """Get up: what was on the screen is not for whoever sits down next."""
        self.who: Who | None = None
        self.form = ""
        self.errors: dict[str, dict[str, str]] = {}
        self.lines = SOME_LINES
        self.verdict: Verdict | None = None
        self.clear()

    def clear(self) -> None:
        """Forget what was on the screen."""

    # What is drawn

    def context(self) -> dict[str, Any]:
        here = self.who
        with self.sandbox.read() as session:
            lines = [line_view(line, self.names) for line in latest(session, self.lines + 1)]
        lines.reverse()
        return {
            "people": [
                {
                    "id": person.user_id,
                    "seat": person.seat,
                    "name": person.name,
                    "letters": "".join(word[:1] for word in person.name.split()[:2]),
                    "what": _("{seat}, {branch}").format(
                        seat=seat_name(person.seat), branch=person.branch
                    ),
                    "here": here == Who(person.user_id, person.seat),
                }
                for person in self.people
            ],
            "who": {
                "name": self.names.get(here.user_id, here.user_id),
                "seat": seat_name(here.seat),
                "id": here.seat,
            }
            if here
            else None,
            "now": self.now(),
            "parts": [
                {"id": part, "title": _titles()[part], "here": part == self.part}
                for part in self.parts
            ],
            "part": self.part,
            "again": self.again,
            "last": lines[0] if lines else None,
            "trail": lines[: self.lines] if self.part == TRAIL else [],
            "more_lines": len(lines) > self.lines,
            "verdict": {
                "sentence": verdict_words(self.verdict),
                "sound": self.verdict.fault is None,
            }
            if self.verdict
            else None,
            "matrix": matrix() if self.part == RULES else None,
        }

    # What can be done

    def act(self, action: str, args: dict[str, Any], forms: Forms) -> None:
        """Keep what stands in the forms, so that no press loses it; then do the action."""
        self.errors, self.form = {}, ""
        self.drafts.update({name: dict(values) for name, values in forms.items()})
        super().act(action, args, forms)
        try:
            self.watch()
        except CrmlabError as fault:  # what was done is done, and only the progress is not kept
            self.trouble = str(fault)
            self._tell_above()

    def watch(self) -> None:
        """Told after each press."""

    def do_sit(self, _forms: Forms, person: str, seat: str) -> str:
        """Sit down as somebody."""
        part = self.part
        self._leave()
        self.drafts = {name: form for name, form in self.drafts.items() if name == LOOK}
        self.who = sign_in(self.sandbox, person, seat, self.now())
        self.part = part if part != REVIEW else self.parts[0]
        return "seat"

    def do_part(self, _forms: Forms, part: str) -> str:
        """Turn to another part."""
        self.part, self.verdict, self.lines = part, None, SOME_LINES
        return "part"

    def do_lines(self, _forms: Forms) -> str:
        """Further back in the audit trail."""
        self.lines += SOME_LINES
        return "lines"

    def do_verify(self, _forms: Forms) -> str:
        """Check the chain of the audit trail, and the tables against it."""
        self.verdict = verify(self.sandbox)
        return "verdict"

    def do_again(self, _forms: Forms) -> str:
        """Ask whether to begin anew, or leave it."""
        self.again = not self.again
        return "again" if self.again else "open-again"

    def do_reset(self, _forms: Forms) -> str:
        """Back to the first morning."""
        self.sandbox.reset()
        self._lay_out()
        self.notice = _("Everything is as it was at first. Sit down as somebody.")
        return "notice"

    def refused(self, refusal: CrmlabError, action: str) -> str:
        """Errors stand beside their field; of a denial, the rule is told."""
        if isinstance(refusal, Denied):
            self.trouble = _("{denial} The denial is on record too.").format(
                denial=denial_words(refusal)
            )
            return "trouble"
        fields = refusal.fields if isinstance(refusal, Refused | StaleRecord) else {}
        here = self.drafts.get(self.form, {})
        beside = {name: sentence for name, sentence in fields.items() if name in here}
        self.errors = {self.form: beside}
        if isinstance(refusal, StaleRecord) or not beside or len(beside) < len(fields):
            return "trouble"
        self.trouble = ngettext(
            "Not done yet: {n} entry is missing or needs another look. Your entries are kept.",
            "Not done yet: {n} entries are missing or need another look. Your entries are kept.",
            len(beside),
        ).format(n=len(beside))
        return f"{self.form}-{next(iter(beside))}"

    # Help

    def now(self) -> datetime:
        """The simulated present."""
        return moment(self.sandbox)

    def me(self) -> Who:
        """Who sits here.

        Raises:
            Refused: nobody does.
        """
        if self.who is None:
            raise Refused(_("Sit down as somebody first."))
        return self.who


def _titles() -> dict[str, str]:
    return {
        LOOK: _("Look around"),
        ENTER: _("Enter something new"),
        TAKE: _("Reports and exports"),
        REVIEW: _("To be reviewed"),
        TRAIL: _("The audit trail"),
        RULES: _("Who may do what"),
    }
