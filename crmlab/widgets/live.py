"""A view drawn in the kernel: HTML out, actions in.

A subclass has a template and methods named `do_<action>`. In the template, an element with
`data-do="<action>"` sends that action when it is pressed (or submitted, if it is a form), with
its other `data-` attributes as arguments and with what stands in the view's forms. So all
decisions and all words stay in Python, and the browser's part is one small file, `live.js`.

`click` does the same without a browser: it presses what is really drawn, or says that it is
not there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, ParamSpec

import anywidget
import traitlets

from crmlab.errors import CrmlabError
from crmlab.text import gettext as _
from crmlab.text import language
from crmlab.widgets.drawing import draw
from crmlab.widgets.pressing import Forms, pressed, readable

HERE = Path(__file__).parent
SHEETS = ("tokens.css", "components.css", "learning.css", "analysis.css")
P = ParamSpec("P")
log = logging.getLogger(__name__)


def shows_trouble(begin: Callable[P, None]) -> Callable[P, None]:
    """For a view's `__init__`: what is wrong with files and folders is told in its place.

    A lesson goes on below a desk that cannot be opened, and nobody meets a traceback.
    """

    @wraps(begin)
    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            begin(*args, **kwargs)
        except CrmlabError as trouble:
            view: Any = args[0]
            view.cannot_begin(str(trouble))

    return told


class Live(anywidget.AnyWidget):
    """Base of the views. Subclasses name a `template` and give it a `context`."""

    _esm = HERE / "live.js"
    _css = "\n".join((HERE / "look" / sheet).read_text("utf-8") for sheet in SHEETS)
    view: traitlets.Dict[str, Any] = traitlets.Dict(
        {"html": "", "turn": 0, "focus": "", "lang": "en", "kept": None}
    ).tag(sync=True)

    template: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.notice = ""
        self.trouble = ""
        self.on_msg(self._receive)

    def context(self) -> dict[str, Any]:
        """What the template is given."""
        raise NotImplementedError(type(self).__name__)

    def kept(self) -> dict[str, Any] | None:
        """What the browser keeps of the view while nothing is handed in; None for nothing.

        It names the view (`at`). When a page shows that view for the first time and the tab has
        something of an earlier page, it does `resume` with it.
        """
        return None

    def draw(self, focus: str = "") -> None:
        """Show the present state; `focus` is the name of the element that comes into focus."""
        page = draw(
            self.template,
            uid=f"v{self.model_id[:6]}" if self.model_id else "v",
            notice=self.notice,
            trouble=self.trouble,
            **self.context(),
        )
        turn = self.view["turn"] + 1
        self.view = {
            "html": page,
            "turn": turn,
            "focus": focus,
            "lang": language(),
            "kept": self.kept(),
        }

    def cannot_begin(self, trouble: str) -> None:
        """Show why there is nothing to show."""
        page = draw("trouble.html", trouble=trouble)
        self.view = {**self.view, "html": page, "turn": self.view["turn"] + 1}

    def act(self, action: str, args: dict[str, Any], forms: Forms) -> None:
        """Do an action. Whatever is refused is told on the page, and nothing is lost.

        Anything else that goes wrong is a fault of ours: it is raised, and `_receive` keeps it
        from the trainee.
        """
        self.notice = self.trouble = ""
        method: Callable[..., str | None] = getattr(self, f"do_{action}")
        focus: str | None = None
        try:
            focus = method(forms, **args)
        except CrmlabError as refusal:
            self.trouble = str(refusal)
            focus = self.refused(refusal, action)
        try:
            self.draw(focus or "")
        except CrmlabError as refusal:  # what is drawn may have to go on record first
            self.trouble = str(refusal)
            self._tell_above()

    def refused(self, refusal: CrmlabError, action: str) -> str:
        """What comes into focus when an action is refused: the message, unless overridden."""
        return "trouble"

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        try:
            self.act(content["do"], content.get("args", {}), content.get("forms", {}))
        except Exception as fault:
            log.exception("a view could not do %r", content.get("do"))
            self.trouble = _(
                "Something broke here, and it is not your doing ({fault}). What you handed in "
                "before is kept; try once more, or load the page again."
            ).format(fault=type(fault).__name__)
            self._show_trouble()

    def _show_trouble(self) -> None:
        """Tell of a fault; if drawing itself is at fault, above what was last drawn."""
        try:
            self.draw("trouble")
        except Exception:
            log.exception("a view could not be drawn")
            self._tell_above()

    def _tell_above(self) -> None:
        told = draw("trouble.html", trouble=self.trouble)
        html = told + str(self.view["html"]).removeprefix(told)
        self.view = {**self.view, "html": html, "turn": self.view["turn"] + 1}

    # Without a browser

    def click(self, action: str, form: dict[str, Any] | None = None, **args: Any) -> None:
        """Press what a person would press.

        Args:
            action: its `data-do`.
            form: what to enter first in the form it belongs to (or in the view's only form).
            args: its other `data-` attributes, where several do the same.

        Raises:
            LookupError: no such thing is drawn, or it is disabled, or it has no such field.
        """
        args_, forms = pressed(self.view["html"], action, form, args)
        self.act(action, args_, forms)

    def text(self) -> str:
        """The view as plain text, a line for each block: for reading and for comparing."""
        return readable(self.view["html"])
