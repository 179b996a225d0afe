"""Makes the practice company from a seed: its people, its sales and complaints, and its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from crmlab.calendar import HOURS_PER_DAY
from crmlab.errors import SimulationError
from crmlab.procedures.case import Case
from crmlab.procedures.schema import Procedure
from crmlab.simulation.company import around, files, glossary, rows, usage
from crmlab.simulation.company.axis import Axis
from crmlab.simulation.company.base import BRANCHES, Base, Start, make_base
from crmlab.simulation.company.books import Books, batch_of
from crmlab.simulation.company.complaints import Complaints, add_service
from crmlab.simulation.company.complaints import templates as kinds_of_complaints
from crmlab.simulation.company.demand import make_demand
from crmlab.simulation.company.desks import LIFECYCLES, Log
from crmlab.simulation.company.sales import Sales
from crmlab.simulation.company.sales import templates as kinds_of_sales
from crmlab.simulation.company.truths import LateEntry, Truths
from crmlab.simulation.draws import Draws
from crmlab.text import gettext as _

LAST_DAY = date(2026, 4, 30)
"""The day up to which everything has happened."""

FEWEST_CUSTOMERS, FEWEST_MONTHS = 100, 12
MOST_CUSTOMERS, MOST_MONTHS = 100_000, 120

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Procedures:
    """What the company works by: the procedures of a sale and of a complaint, and their practice
    cases, just opened."""

    sale: Procedure
    complaint: Procedure
    cases: Mapping[str, Case]


@dataclass
class Company:
    """A company with its history."""

    axis: Axis
    truths: Truths
    base: Base
    books: Books
    sales: Sales
    complaints: Complaints
    usage: list[usage.Use]


def make_company(
    start: Start,
    procedures: Procedures,
    *,
    seed: int,
    months: int,
    customers: int,
    progress: Progress = lambda share: None,
    keeps_paths: bool = False,
) -> Company:
    """A company with a history of so many months.

    Args:
        start: the rows of the small company that sandboxes begin with; it is a part of this one.
        progress: told how much is done, from 0 to 1.
        keeps_paths: keep what was done to each case.

    Raises:
        SimulationError: it is too small, or too young, for what is planted in it.
    """
    _check(seed, months, customers)
    axis, truths = Axis(LAST_DAY, months), Truths()
    base = make_base(start, axis, customers, truths, seed)
    _choose_the_stalled(base, truths)
    demand = make_demand(base, axis, truths, seed)
    books = Books(base, axis, truths, procedures.sale.house)
    sales = Sales(
        books,
        demand,
        procedures.sale,
        kinds_of_sales(procedures.cases),
        seed,
        keeps_paths=keeps_paths,
    )
    sales.run(lambda share: progress(0.8 * share))
    complaints = Complaints(
        books,
        procedures.complaint,
        kinds_of_complaints(procedures.cases),
        seed,
        keeps_paths=keeps_paths,
    )
    complaints.run(lambda share: progress(0.8 + 0.1 * share))
    add_service(books, seed)
    _lose_some_costs(books, seed)
    _give_cards(books, truths)
    _count_stock(books, seed)
    used = usage.make_usage(base, axis, truths, seed)
    _tell_what_came_of_it(books, complaints, truths)
    return Company(axis, truths, base, books, sales, complaints, used)


def _check(seed: int, months: int, customers: int) -> None:
    if customers < FEWEST_CUSTOMERS or months < FEWEST_MONTHS:
        raise SimulationError(
            _(
                "The company needs {customers} customers and {months} months at least, or there is "
                "no room in it for what lessons look for."
            ).format(customers=FEWEST_CUSTOMERS, months=FEWEST_MONTHS)
        )
    if customers > MOST_CUSTOMERS or months > MOST_MONTHS:
        raise SimulationError(
            _("The company has {customers:,} customers and {months} months at most.").format(
                customers=MOST_CUSTOMERS, months=MOST_MONTHS
            )
        )
    if seed < 0:
        raise SimulationError(_("A seed is zero or more, and not {seed}.").format(seed=seed))


def _choose_the_stalled(base: Base, truths: Truths) -> None:
    """The representative who looks after most customers, of those whom no practice case names."""
    loads: dict[str, int] = {}
    for customer in base.customers:
        loads[customer.account_manager] = loads.get(customer.account_manager, 0) + 1
    own = {c.account_manager for c in base.customers if c.customer_id in base.start_customers}
    sellers = [user for branch in BRANCHES for user in base.sellers[branch] if user not in own]
    truths.tell("stalled_seller", owner=max(sellers, key=lambda user: loads.get(user, 0)))


def _lose_some_costs(books: Books, seed: int) -> None:
    """Costs that nobody has entered: of a product without one, and here and there of a line."""
    draws = Draws(seed, "costs")
    for row in books.transactions:
        if draws.happens(0.004):
            row.cost = None


def _give_cards(books: Books, truths: Truths) -> None:
    """Gold for a single order of so much."""
    amounts: dict[str, int] = {}
    for line in books.order_lines:
        amounts[line.order_id] = amounts.get(line.order_id, 0) + line.quantity * line.unit_price
    for order in books.orders:
        if amounts[order.order_id] >= truths.daily_customer.gold_card_from * 100:
            books.customers[order.customer_id].card = "gold"


def _count_stock(books: Books, seed: int) -> None:
    """What is left of each batch: of those of the last months something, of older ones nothing."""
    draws = Draws(seed, "stock")
    for batch in books.batches.values():
        if (books.axis.last - batch.made_on).days < 70:
            batch.in_stock = draws.whole(4, 40)
            batch.quantity += batch.in_stock


def _tell_what_came_of_it(books: Books, complaints: Complaints, truths: Truths) -> None:
    bad = truths.bad_batch
    batch = batch_of(bad.product_id, bad.months[0])
    books.batches[batch].blocked = True
    lines = {line.line_id: line for line in books.order_lines}
    at = {order.order_id: order.shipped_at for order in books.orders}

    def shipped_in(line_id: str) -> str:
        shipped = at[lines[line_id].order_id]
        return "" if shipped is None else f"{books.axis.day(shipped):%Y-%m}"

    truths.tell(
        "bad_batch",
        batch_no=batch,
        complaints=sum(1 for c in complaints.complaints if books.picked[c.line_id] == batch),
    )
    noise = truths.noise
    truths.tell(
        "noise",
        complaints_then=sum(
            1
            for c in complaints.complaints
            if c.product_id == noise.product_id and shipped_in(c.line_id) == noise.month
        ),
    )
    daily = truths.found["daily_customer"]["customer_id"]
    truths.tell("daily_customer", card=books.customers[daily].card)
    stalled = truths.found["stalled_seller"]["owner"]
    truths.tell(
        "stalled_seller",
        stalled=sum(
            1
            for o in books.opportunities
            if (o.owner, o.stage, o.outcome) == (stalled, "qualified", "open")
        ),
    )


def write_company(company: Company, folder: Path, about: str) -> None:
    """Write the files of a company into a folder, all of them or none.

    Args:
        folder: a new or empty one, or one that was written before; then all is written anew.
        about: a paragraph for the README.

    Raises:
        SimulationError: other things lie there.
    """
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".half-") as half:
        _write(company, Path(half), about)
        for file in sorted(Path(half).iterdir()):
            file.replace(folder / file.name)


def check_folder(folder: Path) -> None:
    """See that nothing of somebody else's would be written over.

    Raises:
        SimulationError: the folder has other things in it, or is none.
    """
    if folder.exists() and not folder.is_dir():
        raise SimulationError(_("{path} is a file; name a folder to write to.").format(path=folder))
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "truth.yaml").is_file():
        raise SimulationError(
            _("Other things lie in the folder {path}; name a new one, or an empty one.").format(
                path=folder.absolute()
            )
        )


def _write(company: Company, folder: Path, about: str) -> None:
    clock, base, books = company.axis.clock, company.base, company.books
    books.interactions.sort(key=lambda row: (row.at, row.case_id or ""))
    tables: dict[str, tuple[type, list[Any]]] = {
        "users": (rows.User, base.users),
        "user_seats": (rows.UserSeat, base.user_seats),
        "customers": (rows.Customer, base.customers),
        "products": (rows.Product, base.products),
        "customer_codes": (rows.CustomerCode, base.customer_codes),
        "price_lists": (rows.PriceList, base.price_lists),
        "prices": (rows.Price, base.prices),
        "batches": (rows.Batch, list(books.batches.values())),
        "opportunities": (rows.Opportunity, books.opportunities),
        "opportunity_stages": (rows.StageEntry, books.stages),
        "quotes": (rows.Quote, books.quotes),
        "quote_lines": (rows.QuoteLine, books.quote_lines),
        "approvals": (rows.Approval, books.approvals),
        "orders": (rows.Order, books.orders),
        "order_lines": (rows.OrderLine, books.order_lines),
        "credit_checks": (rows.CreditCheck, books.credit_checks),
        "shipments": (rows.Shipment, books.shipments),
        "shipment_lines": (rows.ShipmentLine, books.shipment_lines),
        "invoices": (rows.Invoice, books.invoices),
        "payments": (rows.Payment, books.payments),
        "transactions": (rows.Transaction, books.transactions),
        "complaints": (rows.Complaint, company.complaints.complaints),
        "exposure": (around.Exposure, around.exposure(books)),
        "interactions": (rows.Interaction, books.interactions),
        "plans": (around.Plan, around.plans(company.axis, company.truths)),
        "promotions": (around.Advertised, around.promotions(company.truths)),
        "sim_cards": (
            around.SimCard,
            around.sim_cards(company.axis, company.truths, company.sales.seed),
        ),
        "catalogue": (usage.Offered, list(usage.CATALOGUE)),
    }
    told = []
    for name, (row, found) in tables.items():
        files.write_csv(folder / f"{name}.csv", row, found, clock)
        told.append((f"{name}.csv", str(row.__doc__), len(found), rows.columns(row)))
    told.append(_write_events(company, folder))
    told.append(_write_usage(company, folder))
    for branch, reported in around.reported(company.truths).items():
        file = folder / f"branch_{branch.lower()}.xlsx"
        files.write_branch(
            file, reported, in_per_cent=branch == company.truths.branches.in_per_cent
        )
        columns = rows.columns(around.Reported)
        told.append((file.name, str(around.Reported.__doc__), len(reported), columns))
    (folder / "README.md").write_text(glossary.readme(about, told), encoding="utf-8", newline="\n")
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.sort_base_mapping_type_on_output = False, False  # type: ignore[assignment]
    with (folder / "truth.yaml").open("w", encoding="utf-8", newline="\n") as out:
        yaml.dump(_plain(company.truths.as_data()), out)


def _write_events(company: Company, folder: Path) -> tuple[str, str, int, list[str]]:
    """The event logs of both procedures, in the order of time."""
    clock, parts = company.axis.clock, []
    for run in (company.sales, company.complaints):
        log, procedure = run.desks.log, run.procedure
        parts.append((log, procedure, run.cases))
    hours = np.concatenate([np.asarray(log.hour) for log, _procedure, _cases in parts])
    recorded = _recorded(company, hours, parts)
    order = np.lexsort((np.arange(len(hours)), hours))
    columns: dict[str, Any] = {
        "case_id": _joined([(np.asarray(log.case), cases) for log, _p, cases in parts], order),
        "activity": _named([(log.activity, list(p.steps)) for log, p, _c in parts], order),
        "timestamp": files.timestamps(hours[order], clock),
        "lifecycle": _named([(log.lifecycle, LIFECYCLES) for log, _p, _c in parts], order),
        "resource": _named([(log.resource, list(p.seats)) for log, p, _c in parts], order),
        "procedure": _named([([0] * len(log.hour), [p.procedure]) for log, p, _c in parts], order),
        "recorded_at": files.timestamps(recorded[order], clock),
    }
    files.write_parquet(folder / "events.parquet", columns)
    return "events.parquet", "Something that was done to a case.", len(hours), list(columns)


def _recorded(
    company: Company, hours: NDArray[np.float64], parts: list[tuple[Log, Procedure, Any]]
) -> NDArray[np.float64]:
    """When each event was entered: soon, but at a month's end often days later."""
    late: LateEntry = company.truths.late_entry
    axis, source = company.axis, np.random.default_rng([company.sales.seed, 4])
    drawn, share = source.random(len(hours)), source.random(len(hours))
    at_end = np.array(
        [
            axis.is_at_months_end(n * HOURS_PER_DAY + 1, late.last_days)
            for n in range(len(axis.days))
        ]
    )
    day = np.minimum((hours / HOURS_PER_DAY).astype(int), len(at_end) - 1)
    low, high = late.late_hours
    done = np.concatenate([np.asarray(log.lifecycle) for log, _p, _c in parts]) != 2
    held = at_end[day] & done & (share < late.share)
    lag = np.where(held, low + (high - low) * drawn, late.usual_hours * drawn)
    # What will be entered later has not been entered yet; the last day's are in all the same.
    return np.maximum(np.minimum(hours + np.where(done, lag, 0.0), axis.end), hours)


def _named(parts: Any, order: NDArray[np.int64]) -> Any:
    """A column of names out of several logs, each with names of its own."""
    names: dict[str, int] = {}
    codes = []
    for column, own in parts:
        numbers = np.array([names.setdefault(name, len(names)) for name in own])
        codes.append(numbers[np.asarray(column, dtype=int)])
    return files.coded(np.concatenate(codes)[order], list(names))


def _joined(parts: Any, order: NDArray[np.int64]) -> Any:
    """The case numbers of several logs as one column."""
    names: list[str] = []
    codes = []
    for column, cases in parts:
        place = np.zeros(max(cases, default=0) + 1, dtype=int)
        for number, name in cases.items():
            place[number] = len(names)
            names.append(name)
        codes.append(place[column])
    return files.coded(np.concatenate(codes)[order], names)


def _write_usage(company: Company, folder: Path) -> tuple[str, str, int, list[str]]:
    uses, clock = company.usage, company.axis.clock
    columns: dict[str, Any] = {}
    for name in rows.columns(usage.Use):
        values = [getattr(use, name) for use in uses]
        columns[name] = files.timestamps(values, clock) if name == "at" else values
    files.write_parquet(folder / "usage.parquet", columns)
    return "usage.parquet", str(usage.Use.__doc__), len(uses), list(columns)


def _plain(told: Any) -> Any:
    """What YAML takes: no tuples."""
    if isinstance(told, dict):
        return {key: _plain(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_plain(value) for value in told]
    return told
