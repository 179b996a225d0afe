"""Names, texts and hours as a procedure file writes them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic import Field as Setting

from crmlab.calendar import STANDARD

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Chance = Annotated[float, Setting(ge=0, le=1)]
Hours = Annotated[float, Setting(ge=0, le=1000)]

END = "end"
"""Where the last step hands on to."""

PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)\}")
"""`{step.field}`, `{fact.name}`, `{figure.name}` or `{record.name}` in a text."""

RESERVED = ("fact", "figure", "record")
"""What stands before the dot when it is not a step."""

CLOSING = "closing"
"""The moment at which a consequence may be felt when the case is closed."""

YEARS = range(1990, 2191)
"""The years in which anything can happen."""


def _in_the_office(moment: datetime) -> datetime:
    if moment.year not in YEARS:
        raise ValueError(f"a moment lies between {YEARS[0]} and {YEARS[-1]}")
    return STANDARD.local(moment)


Moment = Annotated[datetime, AfterValidator(_in_the_office)]
"""When something is done; a moment without a zone is taken as the office's."""
