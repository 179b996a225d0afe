"""One case twice, in words: for a page without a desk, and for comparing what a lesson keeps."""

from __future__ import annotations

import re
from pathlib import Path

from IPython.display import Markdown

from crmlab.errors import CrmlabError
from crmlab.practice.debrief import debrief
from crmlab.practice.trial import case_for_trial, with_slip
from crmlab.procedures import Procedure, load
from crmlab.text import gettext as _
from crmlab.widgets.telling import tell


def in_words(procedure: str | Path | Procedure, case: str, slip: str) -> Markdown:
    """What one slip does to whom, as a short text: a sentence and a line for each desk.

    What is wrong with a file or a name is told in its place.
    """
    try:
        return Markdown(_told(procedure, case, slip))
    except CrmlabError as trouble:
        return Markdown(plain(str(trouble)))


def _told(procedure: str | Path | Procedure, case: str, slip: str) -> str:
    told_by = procedure if isinstance(procedure, Procedure) else load(procedure)
    known = told_by.mistakes if case in told_by.cases else {}
    ended = with_slip(told_by, case_for_trial(told_by, case), slip) if slip in known else None
    if ended is None:
        raise CrmlabError(_("'{slip}' cannot be made in case {case}.").format(slip=slip, case=case))
    told = tell(told_by, debrief(told_by, ended))
    lines = [f"**{plain(_(told_by.mistakes[slip].title))}.** {plain(told['sentence'])}", ""]
    for item in told["slips"][0]["landed"]:
        cost = _("{hours} h, ¥{cost}").format(hours=item["hours"], cost=item["cost"])
        lines.append(f"- **{plain(item['seat'].name)}**: {plain(item['what'])} ({cost})")
    return "\n".join(lines)


def plain(text: str) -> str:
    """A text in which nothing is taken for markup."""
    return re.sub(r"([\\`*_\[\]<>&#|])", r"\\\1", text)
