"""One case twice, in words: for a page without a desk, and for comparing what a lesson keeps."""

from __future__ import annotations

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

    Raises:
        CrmlabError: the slip cannot be made in this case.
    """
    told_by = procedure if isinstance(procedure, Procedure) else load(procedure)
    ended = with_slip(told_by, case_for_trial(told_by, case), slip)
    if ended is None:
        raise CrmlabError(_("'{slip}' cannot be made in case {case}.").format(slip=slip, case=case))
    story = debrief(told_by, ended)
    told = tell(told_by, story)
    lines = [f"**{_(told_by.mistakes[slip].title)}.** {told['sentence']}", ""]
    for item in told["slips"][0]["landed"]:
        cost = _("{hours} h, ¥{cost}").format(hours=item["hours"], cost=item["cost"])
        lines.append(f"- **{item['seat'].name}**: {item['what']} ({cost})")
    return Markdown("\n".join(lines))
