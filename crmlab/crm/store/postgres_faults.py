"""What a PostgreSQL server complains about, as one sentence; a password is in none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import URL, exc, make_url

from crmlab.crm.store.place import busy
from crmlab.errors import SandboxError
from crmlab.text import gettext as _

_BUSY = ("55P03", "40P01", "40001")
"""Lock not available, deadlock, not serializable."""

_SLOW = "57014"
"""A statement that took too long and was broken off."""

_GONE = ("3F000", "42P01", "42883")
"""A schema, a table or a function that is not there."""


def read_url(text: str) -> URL:
    """What CRMLAB_DATABASE_URL names, for the driver that we use.

    Raises:
        SandboxError: it cannot be read, or names another kind of database.
    """
    try:
        url = make_url(text)
        usable = url.drivername in ("postgres", "postgresql", "postgresql+psycopg")
    except (exc.ArgumentError, ValueError):  # what they say may hold the password
        usable = False
    if not usable:
        raise SandboxError(
            _(
                "CRMLAB_DATABASE_URL cannot be used; it has to look like "
                "postgresql://user:password@host:5432/database. Without it, sandboxes are kept in "
                "files."
            )
        ) from None
    return url.set(drivername="postgresql+psycopg")


@contextmanager
def told(url: URL, place: str) -> Iterator[None]:
    """Turn what the server or the way to it complains about into one sentence.

    Args:
        place: what to call the sandbox, or whatever is at work.
    """
    try:
        yield
    except (exc.DBAPIError, psycopg.Error) as fault:
        cause = fault.orig if isinstance(fault, exc.DBAPIError) else fault
        raise SandboxError(_sentence(url, place, cause)) from fault
    except exc.TimeoutError as fault:  # of our own pool of connections
        raise SandboxError(_too_many(url)) from fault


def _sentence(url: URL, place: str, cause: BaseException | None) -> str:
    state = str(getattr(cause, "sqlstate", None) or "")
    said = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause)
    reason = said.strip().splitlines()[0].rpartition("failed: ")[2].rstrip(".")
    if state in _BUSY:
        return busy()
    if state == _SLOW:
        return _(
            "The database server took too long, so this was broken off; nothing was saved. Try "
            "once more in a moment."
        )
    if state == "53100":
        return _(
            "The disk of the database server that holds {place} is full; nothing was saved and "
            "nothing is lost. Once somebody has made room there, hand in once more."
        ).format(place=place)
    if state == "42501":
        return _(
            "The user '{user}' may not do this in the database '{database}' ({reason}); whoever "
            "looks after it can allow it with: GRANT CREATE ON DATABASE {database} TO {user}."
        ).format(user=_user(url), database=_database(url), reason=reason)
    if state == "25006":
        return _("{place} cannot be written: the database only lets itself be read.").format(
            place=place
        )
    if state in _GONE:
        return _(
            "{place} is no longer there, or not whole ({reason}); open the lesson again."
        ).format(place=place, reason=reason)
    if state.startswith("22") or (isinstance(cause, psycopg.DataError) and not state):
        return _(
            "An entry does not fit into its column ({reason}); nothing was saved. Shorten or "
            "correct it, then hand in once more."
        ).format(reason=reason)
    if isinstance(cause, psycopg.OperationalError) and _is_about_connecting(state):
        return _unreachable(url, state, reason)
    return _("The sandbox {place} cannot be used: {reason}.").format(place=place, reason=reason)


def _is_about_connecting(state: str) -> bool:
    return state in ("", "53300") or state[:2] in ("08", "28", "3D", "57")


def _unreachable(url: URL, state: str, reason: str) -> str:
    """The sentence for a server that does not answer, or does not let us in.

    Of a connection that did not come about, the driver gives no code but only words.
    """
    if state.startswith("28") or re.search('password|authentication|pg_hba|role "', reason):
        return _(
            "The database server {server} does not let the user '{user}' in; correct the user and "
            "the password in CRMLAB_DATABASE_URL."
        ).format(server=_server(url), user=_user(url))
    if state == "3D000" or re.search('database ".*" does not exist', reason):
        return _(
            "The database server {server} has no database '{database}'; correct "
            "CRMLAB_DATABASE_URL, or have the database made."
        ).format(server=_server(url), database=_database(url))
    if state == "53300" or "too many" in reason or "remaining connection slots" in reason:
        return _too_many(url)
    return _(
        "There is no connection to the database server {server} ({reason}); nothing was saved. "
        "Start it, or correct CRMLAB_DATABASE_URL; without that, sandboxes are kept in files."
    ).format(server=_server(url), reason=reason)


def _too_many(url: URL) -> str:
    return _(
        "The database server {server} has no connection left; nothing was saved. Close a window "
        "that is not needed, then try once more."
    ).format(server=_server(url))


def _server(url: URL) -> str:
    host = url.host or url.query.get("host") or "localhost"
    return f"{host}:{url.port or url.query.get('port') or 5432}"


def _user(url: URL) -> str:
    return url.username or str(url.query.get("user") or "?")


def _database(url: URL) -> str:
    return url.database or _user(url)
