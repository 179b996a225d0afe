"""Sums of money are added up in one currency, or not at all."""

from __future__ import annotations

import pandas as pd

from crmlab.errors import ModelError
from crmlab.text import gettext as _


def one_currency(*frames: pd.DataFrame | None) -> None:
    """Refuse sums of money that are in several currencies together.

    Args:
        frames: tables with a column `currency`, or without one, or None.

    Raises:
        ModelError: they are, by name.
    """
    given = [frame for frame in frames if frame is not None and "currency" in frame]
    found = {str(name) for frame in given for name in frame["currency"].dropna().unique()}
    if len(found) > 1:
        raise ModelError(
            _("The sums are in {n} currencies ({known}); bring them into one first.").format(
                n=len(found), known=", ".join(sorted(found))
            )
        )
