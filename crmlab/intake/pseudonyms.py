"""Pseudonyms: the same person has the same one in every file, and nobody can work out whose it is.

They are made with a key that lies in the learner's folder and goes nowhere else (HMAC-SHA-256).
Whoever has the key and a list of names can find a person again, so it is worth as much as they
are; without it, they cannot.
"""

from __future__ import annotations

import hmac
import re
import secrets
from hashlib import sha256
from pathlib import Path

import pandas as pd

from crmlab.intake.contracts import Column
from crmlab.places import unwritable

KEY = "pseudonyms.key"


def key_in(folder: Path) -> bytes:
    """The key of this folder, made when it is first asked for."""
    path = folder / KEY
    try:
        if not path.exists():
            path.write_text(secrets.token_hex(32), encoding="ascii")
            path.chmod(0o600)
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except OSError as fault:
        raise unwritable(folder, fault) from fault


def pseudonyms(values: pd.Series, column: Column, key: bytes) -> pd.Series:
    """The column with a pseudonym for each person in it."""
    made = {
        value: _pseudonym(str(value), str(column.personal), key)
        for value in values.dropna().unique()
    }
    return values.map(made)


def _pseudonym(value: str, what: str, key: bytes) -> str:
    digest = hmac.new(key, f"{what}:{_same(value, what)}".encode(), sha256).hexdigest()[:10]
    return {
        "name": f"N-{digest}",
        "address": f"A-{digest}",
        "phone": f"+00 {digest}",
        "mail": f"{digest}@pseudonym.invalid",
    }[what]


def _same(value: str, what: str) -> str:
    """What is written in two ways and means one thing, in one way."""
    if what == "phone":
        return re.sub(r"\D", "", value).lstrip("0")
    return " ".join(value.casefold().split())
