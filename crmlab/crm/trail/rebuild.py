"""The tables made anew from the audit trail."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crmlab.crm.store.postgres_copy import numbers_sql
from crmlab.crm.tables import Audit, Base
from crmlab.crm.tables.types import typed


def rebuild(session: Session, trail: list[Audit]) -> None:
    """Play the changes of a trail into a session's tables."""
    connection = session.connection()
    for line in trail:
        for change in line.changes:
            table = Base.metadata.tables[change["table"]]
            keys = typed(table, change["key"])
            where = [table.columns[name] == value for name, value in keys.items()]
            values = typed(table, {**change["key"], **change["after"]})
            if change["is"] == "created":
                connection.execute(table.insert().values(values))
            elif change["is"] == "changed":
                connection.execute(table.update().where(*where).values(values))
            else:
                connection.execute(table.delete().where(*where))
    if connection.dialect.name == "postgresql":
        for statement in numbers_sql():
            connection.exec_driver_sql(statement)
