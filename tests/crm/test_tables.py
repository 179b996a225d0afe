"""The tables of the CRM, and the version that a sandbox carries because of them."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from crmlab.crm.store.place import SCHEMA_VERSION
from crmlab.crm.tables import Base
from crmlab.crm.tables.trail import GUARDED, guards

KNOWN = {7: "1635af8b0b1f5233"}
"""The tables of this version, with what guards them. Whoever changes one raises `SCHEMA_VERSION`, and writes the new
fingerprint here: a sandbox with the old tables is then refused with a sentence, not with a fault
of the database."""


def fingerprint() -> str:
    made = []
    for table in Base.metadata.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        made += [str(CreateIndex(index).compile(dialect=sqlite.dialect())) for index in indexes]
    made += [str(guards(table)) for table in GUARDED]
    return sha256("\n".join(made).encode()).hexdigest()[:16]


def test_a_change_of_the_tables_comes_with_a_new_version() -> None:
    assert {SCHEMA_VERSION: fingerprint()} == KNOWN
