"""A window on the CRM as somebody sees it from their seat.

It shows what the CRM gives and passes on what is pressed. What may be seen, changed or taken out
is decided there, and so is what goes on record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from crmlab.crm.access.export import Export, export
from crmlab.crm.access.reports import REPORTS, Report, report
from crmlab.crm.records import KINDS
from crmlab.crm.store.sandbox import Sandbox, open_sandbox
from crmlab.errors import Refused
from crmlab.learning.learner import sandbox_name
from crmlab.learning.on_record import watcher
from crmlab.text import gettext as _
from crmlab.widgets.live import shows_trouble
from crmlab.widgets.pressing import Forms
from crmlab.widgets.records_view import export_view, report_view
from crmlab.widgets.records_window import PARTS, TAKE
from crmlab.widgets.records_words import kind_words, report_words
from crmlab.widgets.records_writing import Writing


class Records(Writing):
    """The CRM, seen from a seat.

        Records(lesson="60", past="last_week", people=[("U-07", "sales_representative")])
        Records(records.sandbox, parts=["look"])

    Args:
        sandbox: the name of a sandbox, or one that is open; by default the learner's own for
            the lesson.
        lesson: the number of the lesson it is in.
        people: user and seat of those one can sit down as; everybody by default.
        parts: which parts are shown (look, enter, take, review, trail, rules); all by default.
        past: what has happened in a new sandbox before, such as `last_week`; nothing by default.
        watch: told after each press, so that progress can be kept; by default the lesson's.
    """

    template: ClassVar[str] = "records.html"

    @shows_trouble
    def __init__(
        self,
        sandbox: str | Sandbox | None = None,
        *,
        lesson: str | None = None,
        people: Sequence[tuple[str, str]] | None = None,
        parts: Sequence[str] = PARTS,
        past: str | None = None,
        watch: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        if sandbox is None:
            if lesson is None:
                raise Refused(_("A window on the CRM needs a sandbox, or the number of a lesson."))
            sandbox = sandbox_name(lesson)
        opened = open_sandbox(sandbox) if isinstance(sandbox, str) else sandbox
        self.begin_in(opened, people, parts, past)
        if lesson and watch is None:
            watch = watcher(lesson, self.trail)
        self._watch = watch
        self.draw()

    def watch(self) -> None:
        if self._watch:
            self._watch()

    def clear(self) -> None:
        super().clear()
        self.taken: tuple[str, Export] | None = None
        self.reported: Report | None = None

    def context(self) -> dict[str, Any]:
        here = self.part == TAKE
        form = {"kind": next(iter(KINDS)), **self.drafts.get("export", {})}
        return {
            **super().context(),
            "exporting": {
                "kinds": [
                    {"value": kind, "label": kind_words(kind), "here": kind == form["kind"]}
                    for kind in KINDS
                ],
                "reason": form.get("reason", ""),
                "error": self.errors.get("export", {}).get("reason", ""),
            },
            "taken": export_view(*self.taken) if self.taken and here else None,
            "reports": [{"name": name, "title": report_words(name)} for name in REPORTS],
            "reported": report_view(self.reported, self.names) if self.reported and here else None,
        }

    def do_export(self, forms: Forms) -> str:
        """Take the rows of a kind out of the CRM, with a reason."""
        self.form = "export"
        self.taken = self.reported = None
        entered = forms.get("export", {})
        kind, reason = entered.get("kind", ""), entered.get("reason", "")
        self.taken = (kind, export(self.sandbox, self.me(), kind, reason, self.now()))
        return "taken"

    def do_report(self, _forms: Forms, name: str) -> str:
        """Run a report."""
        self.taken = self.reported = None
        self.reported = report(self.sandbox, self.me(), name, at=self.now())
        return "reported"
