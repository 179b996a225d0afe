"""Who works in the large company, and cases of theirs at any step."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from crmlab.calendar import STANDARD
from crmlab.crm.access.permissions import Who
from crmlab.crm.casework import cases
from crmlab.crm.casework.desks import holders
from crmlab.crm.store.sandbox import Sandbox
from crmlab.procedures import Procedure, load
from crmlab.procedures.case import Case
from crmlab.simulation.colleagues import right_action

AT = STANDARD.local(datetime(2026, 5, 29, 9))
LIMIT_MS = 20
"""The limit of any operation."""

REPRESENTATIVE = Who("BR-03", "sales_representative")
MANAGER = Who("BM-0", "sales_manager")
DIRECTOR = Who("U-17", "sales_director")
GENERAL = Who("U-19", "general_manager")
EVERYBODY = (REPRESENTATIVE, MANAGER, GENERAL)
"""One of each scope: own, branch, all."""

SALE, COMPLAINT = load("lead_to_cash"), load("complaint")

opened = count(1)


def some_user(company: Sandbox, seat: str) -> Who:
    with company.read() as session:
        return Who(holders(session, seat)[0].user_id, seat)


def another(of: Procedure, like: str) -> tuple[Procedure, str]:
    """The procedure with a new case like a practice case, a week later than that; and its name."""
    assert of.facts_asked  # worked out once for a procedure; the copies take it along
    number = next(opened)
    case_id, template = f"M-{number}", of.cases[like]
    own: dict[str, Any] = {"opened_at": template.opened_at + timedelta(days=7)}
    if "new_code" in template.facts:  # what each of them makes anew has to be new each time
        code = f"{chr(65 + number // 100 % 26)}Z-{number % 100:02}"
        new = {"new_code": code, "new_batch": f"{code}-1", "customer_code": f"SD-{number}"}
        own["facts"] = template.facts | new
    many = of.model_copy(update={"cases": {case_id: template.model_copy(update=own)}})
    assert many.fingerprint  # so that it is not measured
    return many, case_id


def brought_to(company: Sandbox, of: Procedure, step: str, like: str) -> tuple[Procedure, Case]:
    """Such a case, handed over by the procedure as far as a step."""
    many, case_id = another(of, like)
    case = cases.open_practice_case(company, many, case_id)
    while case.step != step:
        case = cases.apply(company, many, case, right_action(many, case)).case
    return many, case
