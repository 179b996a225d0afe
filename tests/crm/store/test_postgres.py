"""A sandbox on a PostgreSQL server: a schema of its own, and plain words for what goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url, text

from crmlab.crm.store import place, postgres
from crmlab.crm.store.place import SCHEMA_VERSION
from crmlab.crm.store.postgres import Schema
from crmlab.crm.store.sandbox import (
    VARIABLE,
    Sandbox,
    known_sandboxes,
    open_sandbox,
    passing_sandbox,
    template,
)
from crmlab.errors import SandboxError
from tests.crm.remarks import MOMENT, add, is_new, remark, remarks, sentence

SECRET = "geheim-9"


@pytest.fixture
def server(postgresql: str) -> Iterator[psycopg.Connection]:
    """The database, without crmlab between."""
    with psycopg.connect(postgresql, autocommit=True) as connection:
        yield connection


def schemas(server: psycopg.Connection) -> set[str]:
    found = server.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'crmlab%'")
    return {row[0] for row in found}


def schema_of(sandbox: Sandbox) -> Schema:
    assert isinstance(sandbox.place, Schema)
    return sandbox.place


def using(monkeypatch: pytest.MonkeyPatch, url: str, **changes: object) -> None:
    """Use the same server in another way."""
    changed = make_url(url).set(**changes)
    monkeypatch.setenv(VARIABLE, changed.render_as_string(hide_password=False))


# The URL ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_url_may_be_written_as_servers_write_it(
    postgresql: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv(VARIABLE, f" {kind}://{postgresql.partition('://')[2]} ")
    with passing_sandbox() as sandbox:
        assert is_new(sandbox)


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://me:{SECRET}@127.0.0.1/crmlab",
        f"postgresql://me:{SECRET}@127.0.0.1:port/crmlab",
        f"me:{SECRET}@127.0.0.1",
        f"postgresql://me:{SECRET}@[::1/crmlab",
        "sqlite:///crm.sqlite",
        "crmlab",
    ],
)
def test_a_url_that_cannot_be_read_is_told_without_what_is_in_it(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(VARIABLE, url)
    with pytest.raises(SandboxError) as caught:
        open_sandbox("lin")
    told = sentence(caught)
    assert "it has to look like postgresql://" in told
    assert SECRET not in told
    assert "crm.sqlite" not in told


def test_without_a_url_sandboxes_are_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, " ")
    open_sandbox("lin", folder=tmp_path).close()
    assert (tmp_path / "lin.sqlite").exists()


# Servers that do not serve ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"port": 1}, "no connection to the database server 127.0.0.1:1 "),
        ({"host": "nowhere.invalid"}, "no connection to the database server nowhere.invalid:"),
        ({"username": "nobody-here", "password": SECRET}, "does not let the user 'nobody-here' in"),
        ({"database": "no-such-one"}, "has no database 'no-such-one'"),
    ],
)
def test_a_server_that_cannot_be_used_is_told(
    postgresql: str, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], said: str
) -> None:
    using(monkeypatch, postgresql, **changes)
    for attempt in (lambda: open_sandbox("lin"), known_sandboxes, template):
        with pytest.raises(SandboxError) as caught:
            attempt()
        told = sentence(caught)
        assert said in told
        assert "CRMLAB_DATABASE_URL" in told
        assert SECRET not in told


@pytest.fixture
def guest(postgresql: str, server: psycopg.Connection) -> Iterator[str]:
    """The URL of a user who may look into the database and make nothing there."""
    name = f"guest_{uuid4().hex[:8]}"
    user = Identifier(name)
    server.execute(SQL("CREATE ROLE {} LOGIN PASSWORD 'geheim-9'").format(user))
    url = make_url(postgresql).set(username=name, password=SECRET)
    yield url.render_as_string(hide_password=False)
    server.execute(SQL("DROP OWNED BY {}; DROP ROLE {}").format(user, user))


def test_a_user_who_may_not_make_schemas_is_told_what_would_allow_it(
    guest: str, server: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    template()  # somebody else's
    monkeypatch.setenv(VARIABLE, guest)
    with pytest.raises(SandboxError) as caught:
        open_sandbox("lin")
    told = sentence(caught)
    url = make_url(guest)
    assert f"GRANT CREATE ON DATABASE {url.database} TO {url.username}" in told
    assert SECRET not in told
    allowed = "GRANT CREATE ON DATABASE {} TO {}"
    server.execute(
        SQL(allowed).format(Identifier(str(url.database)), Identifier(str(url.username)))
    )
    assert is_new(open_sandbox("lin"))


def test_a_database_that_may_only_be_read_is_told(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remark(open_sandbox("lin"), "called")
    using(monkeypatch, postgresql, query={"options": "-c default_transaction_read_only=on"})
    sandbox = open_sandbox("lin")
    assert remarks(sandbox) == ["called"]
    with pytest.raises(SandboxError) as caught:
        remark(sandbox, "more")
    assert "only lets itself be read" in sentence(caught)


@pytest.mark.parametrize("table", ["interactions", "audit", "audit_rows"])
def test_a_full_disk_of_the_server_loses_nothing(server: psycopg.Connection, table: str) -> None:
    """The server's own code for it stands for the disk."""
    sandbox = open_sandbox("lin")
    remark(sandbox, "called")
    schema = Identifier(schema_of(sandbox).name)
    full = """
        CREATE FUNCTION {0}.full() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON {0}.{1} EXECUTE FUNCTION {0}.full()
    """
    server.execute(SQL(full).format(schema, Identifier(table)))
    with pytest.raises(SandboxError) as caught:
        remark(sandbox, "more")
    told = sentence(caught)
    assert "is full" in told
    assert "nothing is lost" in told
    assert remarks(sandbox) == ["called"]
    server.execute(SQL("DROP FUNCTION {}.full CASCADE").format(schema))
    remark(sandbox, "more")
    assert remarks(sandbox) == ["called", "more"]


def test_what_takes_too_long_is_broken_off(
    monkeypatch: pytest.MonkeyPatch, postgresql: str
) -> None:
    sandbox = open_sandbox("lin")
    with monkeypatch.context() as patch:
        patch.setattr(postgres, "SLOW_SECONDS", 0.05)
        with pytest.raises(SandboxError, match="took too long"), sandbox.read() as session:
            session.execute(text("SELECT pg_sleep(20)"))
    assert is_new(sandbox)


def test_what_does_not_fit_a_column_is_told_and_nothing_is_saved(postgresql: str) -> None:
    sandbox = open_sandbox("lin")
    for note in ("x" * 2001, "a\0b"):
        with pytest.raises(SandboxError) as caught:
            remark(sandbox, note)
        assert "does not fit into its column" in sentence(caught)
    assert is_new(sandbox)


def test_a_server_that_was_started_anew_is_used_again(server: psycopg.Connection) -> None:
    sandbox = open_sandbox("lin")
    remark(sandbox, "before")
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    server.execute(f"{others} AND datname = current_database()".encode())
    remark(sandbox, "after")
    assert remarks(sandbox) == ["before", "after"]


def test_a_connection_that_breaks_in_the_middle_is_told(server: psycopg.Connection) -> None:
    sandbox = open_sandbox("lin")

    def broken() -> None:
        with sandbox.write("remark", subject="CU-007", at=MOMENT) as session:
            add(session, "half")
            session.flush()
            (pid,) = session.execute(text("SELECT pg_backend_pid()")).one()
            server.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            add(session, "other half")

    with pytest.raises(SandboxError) as caught:
        broken()
    assert "nothing was saved" in sentence(caught)
    assert remarks(sandbox) == []


# Schemas ------------------------------------------------------------------------------------


def test_a_schema_shows_whose_it_is(postgresql: str, server: psycopg.Connection) -> None:
    sandbox = open_sandbox("lin-yue-10")
    assert schema_of(sandbox).name == "crmlab_lin-yue-10"
    comment = "SELECT obj_description('\"crmlab_lin-yue-10\"'::regnamespace, 'pg_namespace')"
    (said,) = server.execute(comment).fetchone() or ("",)
    assert f'"crmlab": {SCHEMA_VERSION}' in said
    assert "lin-yue-10" in said


ODD = [
    "lin", "Lin", "LIN", "lin ", " lin", "lin-", "-lin", "l_in", "lin--in", "pg_catalog", "public",
    "林月", "学员", 'a"b', "a'b;--", "%s {} %(x)s", "template", "sandbox-lin-1234567890abcdef",
    "a" * 40, "a" * 41, "a" * 42, "学" * 80 + "1", "学" * 80 + "2", "ſ", "s",
]  # fmt: skip


def test_names_of_any_kind_and_length_are_kept_apart(
    postgresql: str, server: psycopg.Connection
) -> None:
    sandboxes = [open_sandbox(name) for name in ODD]
    for number, sandbox in enumerate(sandboxes):
        remark(sandbox, str(number))
    for number, name in enumerate(ODD):
        assert remarks(open_sandbox(name)) == [str(number)]
    assert known_sandboxes() == sorted(ODD)
    names = [schema_of(sandbox).name for sandbox in sandboxes]
    assert len(set(names)) == len(ODD)
    assert all(len(name.encode()) <= 63 for name in names)
    assert set(names) <= schemas(server)


def test_saved_points_of_any_name_are_kept_apart(server: psycopg.Connection) -> None:
    sandbox, other = open_sandbox("lin"), open_sandbox("lin-x")
    points = ["x", "X", "x x", "学", "a" * 100]
    for point in points:
        remark(sandbox, point)
        sandbox.save_point(point)
    other.save_point("x")
    for number, point in enumerate(points, 1):
        sandbox.restore(point)
        assert remarks(sandbox) == points[:number]
    assert known_sandboxes() == ["lin", "lin-x"]


def foreign(server: psycopg.Connection) -> None:
    server.execute('CREATE SCHEMA "crmlab_lin"; CREATE TABLE "crmlab_lin".diary (page text)')


def foreign_with_a_comment(server: psycopg.Connection) -> None:
    foreign(server)
    server.execute('COMMENT ON SCHEMA "crmlab_lin" IS \'["mine"]\'')


def earlier(server: psycopg.Connection) -> None:
    foreign(server)
    said = f'{{"crmlab": {SCHEMA_VERSION - 1}, "kind": "sandbox", "name": "lin"}}'
    server.execute(f"COMMENT ON SCHEMA \"crmlab_lin\" IS '{said}'".encode())


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (foreign, "crmlab_lin in the database {database} is not a crmlab sandbox"),
        (foreign_with_a_comment, "is not a crmlab sandbox, so it was not touched"),
        (earlier, f"its tables are version {SCHEMA_VERSION - 1}, now {SCHEMA_VERSION})"),
    ],
)
@pytest.mark.parametrize("fresh", [False, True])
def test_a_schema_that_is_not_ours_is_not_touched(
    postgresql: str,
    server: psycopg.Connection,
    make: Callable[[psycopg.Connection], None],
    said: str,
    fresh: bool,
) -> None:
    make(server)
    with pytest.raises(SandboxError) as caught:
        open_sandbox("lin", fresh=fresh)
    told = sentence(caught)
    assert said.format(database=make_url(postgresql).database) in told
    assert "rename that schema" in told
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'crmlab_lin'"
    assert server.execute(tables).fetchall() == [("diary",)]


def test_a_sandbox_that_was_removed_meanwhile_is_told(server: psycopg.Connection) -> None:
    sandbox = open_sandbox("lin")
    server.execute('DROP SCHEMA "crmlab_lin" CASCADE')
    attempts = (
        lambda: remark(sandbox, "called"),
        lambda: remarks(sandbox),
        lambda: sandbox.save_point("x"),
    )
    for attempt in attempts:
        with pytest.raises(SandboxError) as caught:
            attempt()
        assert "is no longer there" in sentence(caught)
        assert "crmlab_lin" not in schemas(server)
    assert is_new(open_sandbox("lin"))


def test_a_passing_sandbox_leaves_no_schema_and_takes_forgotten_ones_along(
    server: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    template()
    before = schemas(server)
    forgotten = passing_sandbox()
    forgotten.__enter__().save_point("x")
    assert len(schemas(server)) == len(before) + 2
    with passing_sandbox() as another:
        another.save_point("x")
        assert len(schemas(server)) == len(before) + 4
    assert len(schemas(server)) == len(before) + 2
    monkeypatch.setattr(postgres, "FORGOTTEN", postgres.FORGOTTEN * 0)
    with passing_sandbox():
        assert len(schemas(server)) == len(before) + 1
    assert schemas(server) == before


def test_a_passing_sandbox_of_an_earlier_version_is_in_nobodys_way(
    server: psycopg.Connection,
) -> None:
    earlier = '{"crmlab": 1, "kind": "passing", "name": "x", "made": "2020-01-01T00:00:00+00:00"}'
    server.execute("CREATE SCHEMA crmlab_passing_x")
    server.execute(f"COMMENT ON SCHEMA crmlab_passing_x IS '{earlier}'".encode())
    with passing_sandbox() as sandbox:
        assert is_new(sandbox)
    assert "crmlab_passing_x" in schemas(server)


def test_text_is_compared_by_code_points_whatever_the_server_speaks(
    server: psycopg.Connection,
) -> None:
    open_sandbox("lin")
    other = """
        SELECT relname, attname FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'crmlab_lin' AND relkind = 'r' AND attcollation <> 0
        AND attcollation <> '"C"'::regcollation
    """
    assert server.execute(other).fetchall() == []


def test_a_reset_brings_back_what_keeps_lines_from_being_changed(
    server: psycopg.Connection,
) -> None:
    sandbox = open_sandbox("lin")
    remark(sandbox, "called")
    sandbox.save_point("here")
    for spoil in ("DROP TRIGGER {1}_append_only ON {0}", "ALTER TABLE {0} DISABLE TRIGGER USER"):
        for table in ("audit", "audit_head"):
            name = Identifier("crmlab_lin", table)
            server.execute(SQL(spoil).format(name, SQL(table)))
            sandbox.restore("here")
            for change in ("DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET hash = 'another'"):
                with pytest.raises(psycopg.Error, match=r"can only be added to|only goes on"):
                    server.execute(SQL(change).format(name))


FIRST = """
import sys
from crmlab.crm.store.sandbox import open_sandbox
sys.stdin.readline()
sandbox = open_sandbox(sys.argv[1])
with sandbox.read() as session:
    print(session.connection().exec_driver_sql("SELECT count(*) FROM customers").scalar_one())
"""


def test_several_processes_may_be_the_first(server: psycopg.Connection) -> None:
    for schema in schemas(server):
        server.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(schema)))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, cwd=Path(__file__).parents[2], env=dict(os.environ),
        )
        for name in ("one", "two", "same", "same")
    ]  # fmt: skip
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert out == "30\n", err
    assert len([name for name in schemas(server) if name.startswith("crmlab_template")]) == 1
    assert known_sandboxes() == ["one", "same", "two"]


def test_who_waits_for_a_connection_too_long_is_told(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = open_sandbox("lin")
    pool = sandbox.place.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.01)
    taken = [sandbox.place.engine.connect() for _ in range(postgres.CONNECTIONS)]
    with pytest.raises(SandboxError) as caught:
        remarks(sandbox)
    assert "has no connection left" in sentence(caught)
    for connection in taken:
        connection.close()
    assert remarks(sandbox) == []


def test_two_that_save_and_restore_at_once_do_not_wait_for_each_other_for_ever(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox, other = open_sandbox("lin"), open_sandbox("lin")
    sandbox.save_point("x")
    monkeypatch.setattr(place, "BUSY_SECONDS", 30)  # a deadlock would be told after one

    def often(action: Callable[[str], None]) -> None:
        for _ in range(15):
            action("x")

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(often, sandbox.save_point), pool.submit(often, other.restore)]:
            done.result()
    assert is_new(sandbox)
