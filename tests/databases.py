"""The databases that the practice CRM is tested on: files, and a PostgreSQL server if there is one.

CRMLAB_TEST_DATABASE_URL names a server on which a database may be made; `.ci/run` starts one. The
tests work in a database of their own there, which is gone afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from tests.browser import in_ci

NAMED = os.environ.get("CRMLAB_TEST_DATABASE_URL", "")


@contextmanager
def own_database() -> Iterator[str]:
    """The URL of an empty database; without a server the test is skipped, with CI=true it fails."""
    if not NAMED:
        message = "CRMLAB_TEST_DATABASE_URL names no PostgreSQL server, so only files are tested."
        pytest.fail(message) if in_ci else pytest.skip(message)
    name = f"crmlab_test_{uuid4().hex[:12]}"
    with psycopg.connect(NAMED, autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield make_url(NAMED).set(database=name).render_as_string(hide_password=False)
        finally:
            server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def clear(url: str) -> None:
    """Remove every schema that a test has made, but not the template."""
    made = """
        SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'
        AND coalesce(obj_description(oid, 'pg_namespace'), '') !~ '"kind": "template"'
    """
    with psycopg.connect(url, autocommit=True) as connection:  # all at once would be many locks
        for (schema,) in connection.execute(made).fetchall():
            connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))
