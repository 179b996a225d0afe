"""Is the audit trail whole, and do the tables say what it says?

Two things are compared with the trail. Its own chain: a line that was changed, taken out, put in
or moved no longer fits. And every table: the start set with all changes of the trail played in
gives each row as it has to stand, so a row that somebody changed with SQL is found as well.

Triggers keep lines and head from being put back (`crmlab.crm.tables.trail`), but whoever owns the
database can take them away. What cannot be found from inside then is a trail that was rewritten
whole, with every hash made anew (or cut off, with the head put back). For that, note the hash of
the head from time to time, and look later whether it is still in the chain.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

from sqlalchemy import Connection, Table, Text, cast, create_engine, func, select
from sqlalchemy.orm import Session

from crmlab.calendar import STANDARD
from crmlab.crm.sql import in_fen
from crmlab.crm.store.audit import rows_changed, visible
from crmlab.crm.store.chain import FIELDS, first_hash, hash_of
from crmlab.crm.store.sandbox import Sandbox, store
from crmlab.crm.store.start_set import STARTS, Start, fill, template_key
from crmlab.crm.tables import (
    HEAD,
    ORDER_SUMS,
    Audit,
    AuditHead,
    AuditRow,
    Base,
    Order,
    OrderLine,
)
from crmlab.crm.trail.ledger import TABLES, Difference, Ledger, Row, key_of, rows_of
from crmlab.crm.trail.shape import well_formed
from crmlab.text import gettext as _
from crmlab.text import ngettext

Kind = Literal["changed", "missing", "moved", "added", "head", "rewritten"]

_ROWS = Base.metadata.tables[AuditRow.__tablename__]

_STEP = 200
"""After how many lines progress is told."""

_SHOWN = 120
"""How many letters of a value a sentence shows."""


@dataclass(frozen=True)
class Fault:
    """The first bad row.

    Attributes:
        what: what is wrong with it. `head`: the head disagrees with the lines. `rewritten`: a
            hash that was noted earlier is not in the chain.
        table: `audit`, `audit_head`, or the table of the CRM that it is in.
        key: its key, as a person reads it; for a line of the trail its number.
        column: of a row that was changed, with what the trail says and what was found.
    """

    what: Kind
    table: str
    key: str
    column: str | None = None
    trail: str | None = None
    found: str | None = None

    @property
    def sentence(self) -> str:
        if self.table == Audit.__tablename__:
            return _LINES[self.what]().format(line=self.key)
        if self.what == "rewritten":
            return _(
                "The hash {hash} that was noted earlier is not in the audit trail: lines were "
                "cut off since, or the trail was rewritten whole."
            ).format(hash=self.trail)
        if self.what == "head":
            return _(
                "The head of the audit trail disagrees with its lines: it says {found}, and the "
                "lines say {trail}."
            ).format(found=_short(self.found), trail=_short(self.trail))
        said = {
            "added": _("{table} {key} is there, and the audit trail knows nothing of it."),
            "missing": _("{table} {key} is gone, and the audit trail knows nothing of that."),
            "changed": _(
                "{table} {key} was changed behind the audit trail's back: {column} is {found}, and "
                "the trail says {trail}."
            ),
        }[self.what]
        return said.format(
            table=self.table,
            key=visible(self.key),
            column=self.column,
            found=_short(self.found),
            trail=_short(self.trail),
        )


_LINES = {
    "changed": lambda: _("Line {line} of the audit trail was changed."),
    "missing": lambda: _("Line {line} of the audit trail is missing."),
    "moved": lambda: _("Line {line} of the audit trail was moved to another place."),
    "added": lambda: _("Line {line} of the audit trail was added behind its back."),
}


@dataclass(frozen=True)
class Verdict:
    """What came of checking a trail.

    Attributes:
        lines: how many lines were found sound, from the first on.
        head: the hash of the last of them.
        fault: the first bad row, if there is one.
        compared: whether the tables were compared too. They are not if the sandbox began with an
            earlier start set that is no longer there.
    """

    lines: int
    head: str
    fault: Fault | None = None
    compared: bool = True

    @property
    def sentence(self) -> str:
        if self.fault:
            return self.fault.sentence
        sound = ngettext(
            "{lines} line, sound; head {head}.",
            "{lines} lines, all sound; head {head}.",
            self.lines,
        ).format(lines=self.lines, head=self.head)
        if self.compared:
            return sound
        alone = _(
            "The tables were not compared with it, because the sandbox began with a start set "
            "that is no longer there."
        )
        return f"{sound} {alone}"

    def as_plain(self) -> dict[str, Any]:
        """The verdict as plain data."""
        return {
            "sound": self.fault is None,
            "lines": self.lines,
            "head": self.head,
            "compared": self.compared,
            "fault": asdict(self.fault) if self.fault else None,
            "sentence": self.sentence,
        }


def verify(
    source: Sandbox | Session,
    *,
    expected: str | None = None,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Verdict:
    """Check the trail of a sandbox, and its tables against the trail, as of one moment.

    Args:
        expected: a hash of the head that was noted earlier; it still has to be in the chain.
        progress: is told now and then how many lines are done, and of how many.

    Raises:
        SandboxError: the sandbox cannot be read.
    """
    if isinstance(source, Sandbox):
        with source.read() as session:
            return verify(session, expected=expected, progress=progress)
    connection = source.connection()
    columns = (AuditHead.head_id, AuditHead.start, AuditHead.lines, AuditHead.hash)
    heads = connection.execute(select(*columns).order_by(AuditHead.head_id != HEAD)).all()
    if not heads or heads[0].head_id != HEAD:
        return Verdict(0, "", Fault("missing", AuditHead.__tablename__, str(HEAD)))
    _number, start, lines, last = heads[0]
    noted = expected is None or expected == first_hash(start)
    with Ledger() as ledger:
        begun = _begin(ledger, start)
        verdict, difference = Verdict(0, first_hash(start), compared=begun), None
        for line in _lines(connection):
            number = verdict.lines + 1
            if fault := _misfit(connection, line, number, verdict.head):
                return Verdict(verdict.lines, verdict.head, fault, begun)
            verdict = Verdict(number, line["hash"], compared=begun)
            if number % _STEP == 0 and isinstance(lines, int):
                progress(number, lines)
            noted = noted or line["hash"] == expected
            for row in rows_changed(number, line["changes"]):
                told: Row = {name: str(value) for name, value in row.items()}
                ledger.put(_ROWS.name, key_of(_ROWS, told), told)
            if begun and difference is None:
                for change in line["changes"]:
                    difference = difference or ledger.play(change)
        fault = _disagreement(verdict, lines, last)
        if fault is None and len(heads) > 1:
            fault = Fault("added", AuditHead.__tablename__, str(heads[1].head_id))
        if fault is None and not noted:
            fault = Fault("rewritten", AuditHead.__tablename__, "1", trail=expected)
        if fault is None and difference is not None:
            fault = _changed(difference)
        if fault is None:
            fault = _compare(connection, ledger, [*(TABLES if begun else ()), _ROWS])
        if fault is None and begun:
            _add_up(connection, ledger)
            fault = _compare(connection, ledger, [ORDER_SUMS])
        return Verdict(verdict.lines, verdict.head, fault, begun)


def _lines(connection: Connection) -> Iterator[dict[str, Any]]:
    """The lines as they are stored; JSON that somebody has broken is left as text."""
    columns = [*FIELDS, "previous", "hash"]
    texts = {"at", "detail", "changes"}
    query = select(
        *(
            cast(getattr(Audit, name), Text) if name in texts else getattr(Audit, name)
            for name in columns
        )
    ).order_by(Audit.audit_id)
    for row in connection.execution_options(yield_per=_STEP).execute(query):
        line = dict(zip(columns, row, strict=True))
        for name in ("detail", "changes"):
            try:
                line[name] = json.loads(line[name])
            except (TypeError, ValueError):
                line[name] = {"not JSON": line[name]}
        yield line


def _misfit(connection: Connection, line: dict[str, Any], number: int, last: str) -> Fault | None:
    """What is wrong with the line that has to be the one of this number, after this hash."""
    fits = line["audit_id"] == number and line["previous"] == last
    try:
        if fits and hash_of(line, last) == line["hash"] and well_formed(line):
            return None
    except (TypeError, ValueError, RecursionError):
        pass  # what the application could not have written has no hash
    follows = connection.scalar(select(func.min(Audit.audit_id)).where(Audit.previous == last))
    what: Kind = "changed"
    if follows is not None and follows != number:
        what = "moved"
    elif line["audit_id"] > number:
        what = "missing"
    elif line["audit_id"] < number:
        what, number = "added", line["audit_id"]
    return Fault(what, Audit.__tablename__, str(number))


def _disagreement(found: Verdict, lines: int, last: str) -> Fault | None:
    """Whether the head says what the lines say."""
    if not isinstance(lines, int):
        return Fault("head", AuditHead.__tablename__, "1", "lines", str(found.lines), str(lines))
    if found.lines < lines:
        return Fault("missing", Audit.__tablename__, str(found.lines + 1))
    if found.lines > lines:
        return Fault("added", Audit.__tablename__, str(lines + 1))
    if found.head != last:
        return Fault("head", AuditHead.__tablename__, "1", "hash", found.head, str(last))
    return None


def _begin(ledger: Ledger, start: str) -> bool:
    """Write the start set into the ledger, if it is still known."""
    known = {template_key(name): name for name in STARTS}
    if start in known:
        rows = _start_set(known[start])
    elif (earlier := store().earlier_template(start)) is not None:
        with earlier.told(), earlier.engine.connect() as connection:
            rows = _all_rows(connection)
        earlier.close()
    else:
        return False
    for row in rows:
        ledger.put(*row)
    return True


@cache
def _start_set(start: Start) -> list[tuple[str, str, Row]]:
    """What a sandbox began with, made anew: the template could have been changed as well."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        fill(session, start)
        return _all_rows(session.connection())


def _all_rows(connection: Connection) -> list[tuple[str, str, Row]]:
    return [
        (table.name, key_of(table, row), row)
        for table in TABLES
        for row in rows_of(connection, table)
    ]


def _add_up(connection: Connection, ledger: Ledger) -> None:
    """Write the sums of the orders into the ledger, worked out anew."""
    amount = (
        select(func.sum(in_fen(OrderLine.unit_price) * OrderLine.quantity))
        .where(OrderLine.order_id == Order.order_id)
        .scalar_subquery()
    )
    query = select(Order.ordered_at, Order.customer_id, Order.currency, amount)
    sums: dict[tuple[str, str, str], tuple[int, int]] = {}
    for at, customer, currency, fen in connection.execution_options(yield_per=_STEP).execute(query):
        of = (customer, f"{STANDARD.local(at):%Y-%m}", currency)
        orders, total = sums.get(of, (0, 0))
        sums[of] = (orders + 1, total + int(fen or 0))
    names = [column.name for column in ORDER_SUMS.columns]
    for of, totals in sums.items():
        row: Row = dict(zip(names, map(str, (*of, *totals)), strict=True))
        ledger.put(ORDER_SUMS.name, key_of(ORDER_SUMS, row), row)


def _compare(connection: Connection, ledger: Ledger, tables: list[Table]) -> Fault | None:
    """The first row of these tables that is not what the ledger says."""
    for table in tables:
        for row in rows_of(connection, table):
            key = key_of(table, row)
            stands = ledger.take(table.name, key)
            if stands is None:
                return Fault("added", table.name, key)
            for column, found in row.items():
                if stands.get(column) != found:
                    return _changed(Difference(table.name, key, column, stands.get(column), found))
        if (left := ledger.first(table.name)) is not None:
            return Fault("missing", table.name, left)
    return None


def _changed(difference: Difference) -> Fault:
    return Fault(
        "changed",
        difference.table,
        difference.key,
        difference.column,
        difference.trail,
        difference.found,
    )


def _short(value: str | None) -> str:
    if value is None:
        return _("empty")
    return visible(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
