"""Going round the application: SQL on a copy of a practice CRM, and what the check finds.

Every attempt has a copy of its own, in a file, that is gone afterwards. No sandbox is touched.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass

from crmlab.crm.store.sandbox import Sandbox
from crmlab.crm.store.sqlite import Folder
from crmlab.crm.trail.verify import Verdict, verify
from crmlab.practice.office import last_week


@dataclass(frozen=True)
class Attempt:
    """What came of going round the application once.

    Attributes:
        sql: what was tried.
        refused: what the database itself said against it; empty if it let it pass.
        verdict: what the check of the trail says afterwards.
    """

    sql: str
    refused: str
    verdict: Verdict


def tamper(*attempts: str) -> list[Attempt]:
    """Try each of these, SQL statements with a semicolon between them, on a copy of its own.

    The copies are of a practice CRM in which `last_week` has happened, so there are lines to
    tamper with.
    """
    folder = Folder()
    with folder.passing() as original:
        original.take(folder.template())
        last_week(Sandbox(original))
        found = []
        for sql in attempts:
            with folder.passing() as copy:
                copy.take(original)
                refused = _behind_its_back(str(copy), sql)
                found.append(Attempt(sql, refused, verify(Sandbox(copy))))
        return found


def _behind_its_back(path: str, sql: str) -> str:
    """Do it with nothing but the file, as somebody would who has got hold of it."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            connection.executescript(sql)
        except sqlite3.Error as refusal:
            return str(refusal)
    return ""
