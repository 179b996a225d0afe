"""Names, texts and hours as a procedure file writes them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field as Setting
from pydantic import StringConstraints

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
