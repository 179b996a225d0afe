"""The words for what the CRM keeps: kinds, reports, values, and the lines of the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crmlab.crm.access.permissions import OTHERS, Scope, permissions, seat_name
from crmlab.crm.access.timeline_sources import contact_word
from crmlab.crm.base.waiting import WHOLE
from crmlab.crm.labels import label
from crmlab.crm.tables import Audit
from crmlab.crm.trail.verify import Verdict
from crmlab.errors import Denied, Refused
from crmlab.text import gettext as _
from crmlab.text import ngettext, show_day
from crmlab.widgets.drawing import moment

Names = Mapping[str, str]
"""People by the number of their user."""

FORM = "d MMM y, HH:mm"
"""How a moment is written where its year matters."""


def kind_word(kind: str) -> str:
    """One record of a kind, in words."""
    return _one().get(kind, kind.replace("_", " "))


def kind_words(kind: str) -> str:
    """The records of a kind, in words."""
    return {
        "customer": _("Customers"),
        "product": _("Products"),
        "batch": _("Batches"),
        "order": _("Orders"),
        "order_line": _("Order lines"),
        "complaint": _("Complaints"),
        "user": _("People"),
        "price_list": _("Price lists"),
        "price": _("Prices"),
        "customer_code": _("Customers' codes"),
        "opportunity": _("Opportunities"),
        "quote": _("Quotes"),
        "quote_line": _("Quote lines"),
        "approval": _("Approvals"),
        "credit_check": _("Credit checks"),
        "shipment": _("Shipments"),
        "shipment_line": _("Shipment lines"),
        "invoice": _("Invoices"),
        "payment": _("Payments"),
        "proposal": _("Proposals"),
    }.get(kind, kind.replace("_", " "))


def report_words(name: str) -> str:
    """What a report is called, before it is run."""
    return {
        "stuck_opportunities": _("Where opportunities are stuck"),
        "open_receivables": _("Open receivables by customer"),
        "orders_by_month": _("Orders by month and branch"),
    }.get(name, name.replace("_", " "))


def operation_words(operation: str) -> str:
    """What the permissions call an operation, in words."""
    return {
        "see": _("See"),
        "search": _("Search"),
        "timeline": _("Timeline"),
        "note": _("Add to a timeline"),
        "report": _("Run reports"),
        "export": _("Export"),
        "change": _("Change"),
        "create": _("Create"),
        "review": _("Review"),
        "sign_in": _("Sign in"),
    }.get(operation, operation.replace("_", " "))


def scope_words(scope: Scope) -> str:
    """How far an operation reaches, in a word."""
    return {
        Scope.OWN: _("own"),
        Scope.BRANCH: _("branch"),
        Scope.ALL: _("all"),
        Scope.NONE: _("no"),
    }[scope]


def value_words(value: Any, names: Names) -> str:
    """A value of a record as a person reads it; empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return str(moment(value, FORM).striptags())
    if isinstance(value, date):
        return show_day(value.isoformat())
    text = str(value)
    return f"{names[text]} ({text})" if text in names else text


def entry(value: Any) -> str:
    """A value of a record as it stands in a form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value)


def rule_words(rule: str) -> str:
    """The rule that a denial rests on, in words; the files know it as `sales_manager.export`."""
    first, _dot, entry = rule.partition(".")
    kind, _dot, column = entry.partition(".")
    if rule == "user_seats":
        return _("who sits in which seat")
    if first == "shown_to":
        return _("who sees “{label}” ({kind})").format(label=label(column), kind=kind_word(kind))
    if first == "master":
        what = _("something new") if column == WHOLE else label(column)
        return _("who reviews “{label}” ({kind})").format(label=what, kind=kind_word(kind))
    what = _("rows in an export") if entry == "export_rows" else operation_words(entry)
    return _("{seat}: {operation}").format(seat=seat_name(first), operation=what)


def denial_words(denial: Refused) -> str:
    """A denial, with the rule that it rests on."""
    if not isinstance(denial, Denied):
        return str(denial)
    return _("{sentence} The rule: “{rule}”.").format(sentence=denial, rule=rule_words(denial.rule))


def rows_words(count: int) -> str:
    """How many rows."""
    return ngettext("{n} row", "{n} rows", count).format(n=f"{count:,}")


def seats_words(seats: list[str]) -> str:
    """Seats in a row."""
    return ", ".join(seat_name(seat) for seat in seats)


def matrix() -> dict[str, Any]:
    """Who may do what, by seat: the file of permissions as a table."""
    known = permissions()
    return {
        "operations": [operation_words(name) for name in type(known.line(OTHERS)).model_fields],
        "seats": [
            {
                "id": seat,
                "name": seat_name(seat),
                "scopes": [
                    {"scope": reach.value, "word": scope_words(reach)}
                    for reach in dict(line).values()
                ],
                "rows": f"{known.entry(seat).export_rows:,}"
                if known.entry(seat).export_rows
                else "",
                "ask": seat_name(known.entry(seat).ask),
            }
            for seat, line in known.matrix.items()
        ],
        "shown_to": [
            {
                "column": _("{label} ({kind})").format(
                    label=label(name.partition(".")[2]), kind=kind_word(name.partition(".")[0])
                ),
                "seats": seats_words(seats),
            }
            for name, seats in known.shown_to.items()
        ],
    }


def verdict_words(verdict: Verdict) -> str:
    """What came of checking the trail, with the beginning of its last fingerprint."""
    if verdict.fault or not verdict.compared:
        return verdict.sentence
    return ngettext(
        "{n} line, and it is sound. Each line carries a fingerprint that is made from its own text "
        "and from the line before; the last one begins {head}.",
        "{n} lines, all sound. Each line carries a fingerprint that is made from its own text and "
        "from the line before; the last one begins {head}.",
        verdict.lines,
    ).format(n=verdict.lines, head=verdict.head[:8])


def line_view(line: Audit, names: Names) -> dict[str, Any]:
    """A line of the audit trail in words."""
    return {
        "number": line.audit_id,
        "at": line.at,
        "who": names.get(line.user_id or "", line.user_id or ""),
        "seat": seat_name(line.seat) if line.seat else "",
        "what": _what(line),
        "denied": line.operation == "denied",
        "reason": _reason(line),
    }


def _reason(line: Audit) -> str:
    """Why it was done, where somebody has said so: of an export, or of a yes or a no."""
    notes = [change["after"].get("note") for change in line.changes if change["table"] == "reviews"]
    return str(line.detail.get("reason") or next(iter(notes), "") or "")


def _what(line: Audit) -> str:
    told = line.detail
    changed, proposed = list(_changed(line)), list(_proposed(line))
    return _sentence(line, bool(changed), bool(proposed)).format(
        operation=line.operation.replace("_", " "),
        subject=_one().get(line.subject, line.subject),
        kind=kind_word(str(told.get("kind") or "")),
        kinds=kind_words(line.subject),
        report=report_words(line.subject),
        key=told.get("key") or line.subject,
        text=told.get("text"),
        rows=rows_words(int(told.get("rows") or 0)),
        channel=contact_word(str(told.get("channel"))),
        asked_for=operation_words(str(told.get("operation"))),
        rule=rule_words(str(told.get("rule") or "")),
        word=_("yes") if told.get("accepts") else _("no"),
        changed=", ".join(changed),
        proposed=", ".join(proposed),
    )


def _sentence(line: Audit, changed: bool, proposed: bool) -> str:
    if line.operation == "change" and changed and proposed:
        return _("changed {kind} {subject}: {changed}; and proposed: {proposed}")
    if line.operation == "change" and proposed:
        return _("proposed a change of {kind} {subject}: {proposed}")
    if line.operation == "create" and proposed:
        return _("entered {kind} {key}, and proposed: {proposed}")
    if line.operation == "list" and "rows" in line.detail:
        return _("looked at a list: {kinds}, {rows}")
    known = {
        "sign_in": _("sat down"),
        "list": _("looked at a list: {kinds}"),
        "read": _("looked at {kind} {subject}"),
        "history": _("looked up the history of {kind} {subject}"),
        "search": _("searched for “{text}”: {rows}"),
        "timeline": _("opened the timeline of {subject}"),
        "note": _("added to the timeline of {subject}: {channel}"),
        "look_at_case": _("looked at case {subject}"),
        "inbox": _("looked at an inbox: {rows}"),
        "report": _("ran a report: {report}"),
        "export": _("exported {rows}: {kinds}"),
        "change": _("changed {kind} {subject}: {changed}")
        if changed
        else _("saved {kind} {subject}, and nothing was different"),
        "create": _("entered {kind} {key}"),
        "review": _("said {word} to {subject} ({key})"),
        "denied": _("was denied: {asked_for}, {subject} (rule “{rule}”)"),
    }
    return known.get(line.operation) or _("{operation}: {subject}")


def _changed(line: Audit) -> Iterator[str]:
    """The columns of base data that a line changed."""
    for change in line.changes:
        if change["is"] == "changed" and change["table"] not in ("counters", "proposals"):
            yield from (label(name) for name in change["after"] if name != "version")


def _proposed(line: Audit) -> Iterator[str]:
    """What a line laid before reviewers."""
    for change in line.changes:
        if change["table"] == "proposals" and change["is"] == "created":
            column = str(change["after"]["column"])
            yield _("{column} ({number})").format(
                column=kind_word(change["after"]["record"]) if column == "new" else label(column),
                number=change["key"]["proposal_id"],
            )


def _one() -> dict[str, str]:
    return {
        "customer": _("customer"),
        "product": _("product"),
        "batch": _("batch"),
        "order": _("order"),
        "order_line": _("order line"),
        "complaint": _("complaint"),
        "user": _("person"),
        "price_list": _("price list"),
        "price": _("price"),
        "customer_code": _("customer's code"),
        "opportunity": _("opportunity"),
        "quote": _("quote"),
        "quote_line": _("quote line"),
        "approval": _("approval"),
        "credit_check": _("credit check"),
        "shipment": _("shipment"),
        "shipment_line": _("shipment line"),
        "invoice": _("invoice"),
        "payment": _("payment"),
        "proposal": _("proposal"),
    }
