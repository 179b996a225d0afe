"""The practice company with its history, made from the shipped procedures and the start set."""

from __future__ import annotations

from pathlib import Path

from crmlab.crm.store.start_set import start_rows
from crmlab.practice.trial import case_for_trial
from crmlab.procedures import load
from crmlab.simulation.company.generate import (
    LAST_DAY,
    Company,
    Procedures,
    Progress,
    make_company,
    write_company,
)


def company_with_history(
    seed: int,
    months: int,
    customers: int,
    progress: Progress = lambda share: None,
    *,
    keeps_paths: bool = False,
) -> Company:
    """The practice company after so many months.

    Raises:
        SimulationError: it is too small or too young.
    """
    sale, complaint = load("lead_to_cash"), load("complaint")
    cases = {
        name: case_for_trial(procedure, name)
        for procedure in (sale, complaint)
        for name in procedure.cases
    }
    return make_company(
        start_rows(),
        Procedures(sale, complaint, cases),
        seed=seed,
        months=months,
        customers=customers,
        progress=progress,
        keeps_paths=keeps_paths,
    )


def write(company: Company, folder: Path) -> None:
    """Write its files, with a README that says how they were made."""
    seed, customers = company.sales.seed, len(company.base.customers)
    months = len(company.axis.months)
    write_company(
        company,
        folder,
        "Langang Flow makes and sells pumps, valves and spare parts. Company and customers and "
        "all that happens here are invented; no telephone number and no mail address can be "
        f"reached. These files tell {months} months of it, up to {LAST_DAY.isoformat()}, with "
        f"{customers:,} customers. They are made by\n\n"
        f"    crmlab generate --seed {seed} --months {months} --customers {customers} --out DIR\n\n"
        "which gives the same bytes each time. Money is in CNY unless a column says otherwise, "
        "moments carry the office's zone, and what is not known is empty. CSV files are UTF-8 with "
        "a byte-order mark, so that a spreadsheet shows Chinese names. `truth.yaml` tells what is "
        "planted in the data for lessons to find; look for it yourself before you read it.",
    )
