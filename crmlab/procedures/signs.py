"""Signs that no text may have: what no screen can show, and what deceives the eye."""

from __future__ import annotations

import unicodedata

from crmlab.text import gettext as _

ALLOWED = "\n\r\t"
"""Signs of control that a text of several lines has."""

TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that turn the direction of writing round, so that a name or a number reads as another
one. Scripts that are written from the right need none of them."""


def fault_of(label: str, said: str) -> str | None:
    """A sentence for a text that has such a sign in it; None if it has not.

    Args:
        label: what the text is called where it is entered.
    """
    if said.isascii() and said.isprintable():
        return None
    if any(sign in TURNING for sign in said):
        return _(
            "'{label}' has a sign in it that turns the direction of writing round, so that it "
            "reads as something else; type it anew."
        ).format(label=label)
    if any(sign not in ALLOWED and unicodedata.category(sign) in ("Cc", "Cs") for sign in said):
        return _("'{label}' has a sign in it that no screen can show; type it anew.").format(
            label=label
        )
    return None
