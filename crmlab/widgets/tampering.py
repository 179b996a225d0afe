"""Tampering with a copy, in words: what was tried, what the database said, what the check finds."""

from __future__ import annotations

from IPython.display import Markdown

from crmlab.errors import CrmlabError
from crmlab.practice.tampering import Attempt, tamper
from crmlab.text import gettext as _
from crmlab.widgets.retelling import plain


def tampered(*attempts: str) -> Markdown:
    """What comes of going round the application with SQL, as a short text for each attempt.

    Each is made on a copy of its own; nobody's sandbox is touched. What goes wrong is told in its
    place.
    """
    try:
        return Markdown("\n\n".join(_told(n, one) for n, one in enumerate(tamper(*attempts), 1)))
    except CrmlabError as trouble:
        return Markdown(plain(str(trouble)))


def _told(number: int, attempt: Attempt) -> str:
    if attempt.refused:
        said = _("The database refuses: “{reason}”.").format(reason=attempt.refused)
    else:
        said = _("The database lets it pass.")
    found = attempt.verdict
    checked = _("All {n} lines are sound.").format(n=found.lines)
    if found.fault:
        checked = found.fault.sentence
    return "\n".join(
        [
            f"{number}. `{' '.join(attempt.sql.split())}`",
            f"    - {plain(said)}",
            f"    - {plain(_('The check says:'))} **{plain(checked)}**",
        ]
    )
