"""What the columns of the practice company's files mean, and in which units they are."""

from __future__ import annotations

from collections.abc import Iterable

COLUMNS = {
    "account_manager": "number of the sales representative who looks after the customer",
    "activity": "step of the procedure",
    "address": "street and city",
    "amount": "amount, CNY",
    "approval_id": "number of the approval",
    "at": "when it was done",
    "batch_no": "number of the batch; empty where nobody has written it down",
    "begins_on": "first day",
    "blocked": "whether nothing more of it may leave",
    "branch": "our branch: East, South or North",
    "card": "the card that the customer holds: gold for a single order of 100,000 CNY or more",
    "card_no": "number of the SIM card",
    "carrier": "who took the goods",
    "case_id": "number of the case: of a lead (L-) or of a complaint (C-)",
    "category": "what kind of complaint it is",
    "channel": "how it came or how it was said",
    "check_id": "number of the look at the credit",
    "city": "city",
    "closed_at": (
        "when it was closed: an opportunity when it was won or lost, a complaint when its case "
        "was; empty while it is open"
    ),
    "code_id": "customer and code",
    "company": "what the customer calls itself",
    "complaint_id": "number of the complaint",
    "connected_on": "day on which it first reported; empty if it never did",
    "contact": "the person at the customer who buys",
    "cost": (
        "what it costs us, CNY: a unit of a product, all pieces of a transaction, a promotion; "
        "empty where nobody has entered it"
    ),
    "created_at": "when it came in",
    "created_on": "day on which the customer was entered",
    "credit": "clear, held or released",
    "credit_limit": "what may be owed and on order at one time, CNY; empty if nobody has set it",
    "currency": "currency",
    "customer_code": "what the customer calls the product",
    "customer_id": "number of the customer",
    "customers": "how many customers it went to",
    "date": "day of the invoice",
    "decided_at": "when it was decided",
    "decided_by": "the seat that decided",
    "decision": "what was decided",
    "description": "what it is for",
    "discount": "what was given away below the base list of the day of the offer or order, CNY",
    "due_on": "day by which it is to be paid",
    "email": "mail address; none of them exists",
    "ends_on": "last day",
    "entered_at": "when the opportunity came to the stage",
    "family": "family of products",
    "in_stock": "pieces that are still here",
    "invoice_id": "number of the invoice",
    "invoiced_at": "when it was invoiced",
    "issued_on": "day on which it was handed out",
    "kind": "report or form",
    "lifecycle": "transition of the step, as XES names it: schedule, complete or withdraw",
    "line_id": "number of the order line or quote line",
    "list_price": (
        "price on the customer's list on the day of the offer or, without one, of the order, "
        "CNY a unit"
    ),
    "made_every_days": "calendar days after which a report is made anew",
    "made_on": "day on which it was made",
    "minutes_each": "minutes that it takes somebody each time",
    "month": "month",
    "name": "name",
    "need": "what is wanted",
    "note": "what it was about",
    "open_orders": "ordered and not invoiced, without this order, CNY",
    "operation": "what was done: sign_in, look, list, form, report, report_made or export",
    "opportunity_id": "number of the opportunity",
    "order_amount": "amount of this order, CNY",
    "order_id": "number of the order",
    "ordered_at": "when it was ordered",
    "orders": "how many orders it was in",
    "outcome": "won, lost or open",
    "overdue_days": "calendar days since the oldest open invoice fell due",
    "owner": "number of the sales representative who owns it",
    "paid_at": "when the money came in",
    "payment_days": "calendar days that the customer has to pay",
    "payment_id": "number of the payment",
    "percent_below": "how far the price lies below the list, per cent",
    "period": "month",
    "phone": "telephone number; the area code 100 and the country code 999 do not exist",
    "plan": "what was planned: CNY, or sets in a branch's workbook",
    "price_id": "list, product and first day",
    "price_list_id": "number of the price list",
    "procedure": "the procedure that the case goes by",
    "product": "name of the product",
    "product_id": "our code of the product",
    "quantity": "pieces",
    "quote_id": "number of the quote",
    "quoted_at": "when the quote was made",
    "reason": "why it was released",
    "receivables": "invoiced and not paid, CNY",
    "received_at": "when the complaint came in",
    "recorded_at": "when it was entered into the CRM",
    "remedy": "what was done about it",
    "remedy_cost": "what that cost us, CNY",
    "resource": "the seat that did it",
    "rows": "how many records it was about",
    "seat": "seat, as the procedures name it",
    "service_cost": "what service cost us beside the goods, CNY",
    "settled_at": "when all of it was paid; empty while it is open",
    "severity": "low, medium or high; empty until it is assessed",
    "shipment_id": "number of the shipment",
    "shipment_line_id": "number of the line of the shipment",
    "shipped_at": "when it left us; of an order, when the last of it did",
    "signed_at": "when somebody signed it",
    "sold": "sets sold, as the branch has it",
    "source": "where the inquiry came from",
    "stage": "stage of the funnel: lead, qualified, needs, proposal or won",
    "subject": "record, list, report or form",
    "timestamp": "when it happened",
    "unit": "what a piece is: piece, kit or set",
    "unit_price": "price, CNY a unit",
    "units": "pieces that left us",
    "user_id": "number of the user; `system` for what the CRM does by itself",
    "valid": "whether the fault was ours; empty until it is assessed",
    "valid_from": "first day on which it holds",
    "valid_to": "last day on which it holds; empty if none is set",
    "valid_until": "last day of the quote",
}
"""By name, the same in every file."""


KEYS = (
    "The first column of a table that ends in `_id` or `_no` is its key, and a column of that name "
    "in another table leads to it: `orders.customer_id` to `customers`, `order_lines.batch_no` to "
    "`batches`, `complaints.line_id` to `order_lines`. `owner` and `account_manager` lead to "
    "`users`; `case_id` leads to an opportunity (L-) or a complaint (C-) and to the event log. "
    "Read codes as text, so that a spreadsheet does not take them for numbers."
)


def readme(about: str, tables: Iterable[tuple[str, str, int, list[str]]]) -> str:
    """The README that lies beside the files.

    Args:
        about: what company it is, and the command that makes it.
        tables: of each file its name, what a row of it is, its rows and its columns.
    """
    parts = [f"# The practice company\n\n{about}\n\n## Files\n\n{KEYS}\n"]
    for file, row, number, columns in tables:
        counted = "1 row" if number == 1 else f"{number:,} rows"
        about_row = " ".join(row.split())
        parts.append(f"### `{file}`\n\n{about_row} {counted}.\n\n| column | meaning |\n|---|---|")
        parts += [f"| `{name}` | {COLUMNS[name]} |" for name in columns]
        parts.append("")
    return "\n".join(parts)
