"""What a person types, as every database and every line of the audit trail can take it."""

from __future__ import annotations

from typing import Any


def cleaned(text: str) -> str:
    """A text without signs that a database cannot hold."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def short(value: Any, most: int = 80) -> Any:
    """Something a person has entered, as plain data that is not long."""
    if value is None or isinstance(value, bool):
        return value
    text = cleaned(str(value))
    return f"{text[:most]}…" if len(text) > most else text
