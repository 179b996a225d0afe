"""The lines without a cost, in a file of their own, for whoever can enter what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crmlab.errors import CrmlabError
from crmlab.text import gettext as _

if TYPE_CHECKING:
    import pandas as pd

BEGINS = "no_cost"
"""The first heading of such a file, a number for each line; by it a file of another kind is known,
and not replaced."""


def write_down(blocked: pd.DataFrame, to: Path, *, not_over: Path) -> None:
    """Write all lines without a cost, as CSV, with everything the file says of them.

    Raises:
        CrmlabError: something else is there.
    """
    from crmlab.intake.bringing_in import disarmed
    from crmlab.intake.frames import only_over

    if to.is_dir() or to.resolve() == not_over.resolve():
        raise CrmlabError(
            _("The lines without a cost cannot be listed in {file}; name another file.").format(
                file=to
            )
        )
    only_over(to, BEGINS, _("Some lines have no cost"))
    table = blocked.drop(columns="cost").assign(date=blocked["date"].dt.strftime("%Y-%m-%d"))
    texts = table.select_dtypes(include=["object", "string"]).columns
    for name in texts:
        table[name] = table[name].map(disarmed, na_action="ignore")
    table.insert(0, BEGINS, range(1, len(table) + 1))
    table.to_csv(to, index=False, encoding="utf-8-sig", lineterminator="\r\n")
