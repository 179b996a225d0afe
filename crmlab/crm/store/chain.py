"""The chain of the audit trail: each line carries the hash of the one before it and its own.

A line that is changed no longer fits its own hash; one that is taken out, put in or moved no
longer fits its neighbours. The head, kept apart, counts the lines and holds the last hash, so
that lines missing at the end are noticed too.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

FIELDS = ("audit_id", "at", "user_id", "seat", "operation", "subject", "detail", "changes")
"""The fields of a line that its hash covers, beside the hash of the line before."""


def canonical(value: Any) -> str:
    """Plain data as the one text that stands for it, whatever the order of its keys.

    Raises:
        ValueError: a number is none, or infinite, which not every database keeps.
    """
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def first_hash(start: str) -> str:
    """What the first line follows: a hash of the start set's key."""
    return sha256(f"crmlab start set {start}".encode()).hexdigest()


def hash_of(line: dict[str, Any], previous: str) -> str:
    """The hash of a line, SHA-256 over its fields as they are stored and the hash before it.

    Args:
        line: `FIELDS` and their values, the moment as its stored text.
        previous: the hash of the line before, or `first_hash`.
    """
    covered = {name: line[name] for name in FIELDS}
    text = canonical({**covered, "previous": previous})
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
