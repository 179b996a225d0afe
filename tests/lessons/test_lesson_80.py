"""Lesson 80 in a real browser: from a product's first code to the close of the complaint about it."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from crmlab.crm import tables
from crmlab.crm.store.sandbox import find_sandbox, known_sandboxes
from crmlab.procedures import load
from tests.browser import axe_troubles, open_lesson
from tests.lessons.desk_page import DeskPage
from tests.serving import serving

LESSON = "80_the_full_run.ipynb"
SALE, COMPLAINT = "L-2080", "C-1080"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Any]:
    """A server with an empty home, so that the run begins on the first morning."""
    with serving(tmp_path / "home") as running:
        yield running


@contextmanager
def crm_of(home: Path) -> Iterator[Session]:
    """The only sandbox of a learner, to look at."""
    folder = home / "sandboxes"
    [name] = known_sandboxes(folder=folder)
    sandbox = find_sandbox(name, folder=folder)
    with sandbox.read() as session:
        yield session
    sandbox.close()


def seats_of(procedure: str, but: Set[str] = frozenset()) -> set[str]:
    return set(load(procedure).seats) - but


def test_a_new_product_is_created_sold_shipped_paid_and_answered_for(fresh: Any, page: Any) -> None:
    open_lesson(page, fresh.url(LESSON))
    desk = DeskPage(page)
    second = desk.view.locator(".parts [data-part='1']")
    assert second.is_disabled()
    assert f"opens when {SALE} is closed" in second.inner_text()

    # At list price nobody has to agree to the quote; to the new list price the director has.
    taken = desk.play_right(SALE, "lead_to_cash")
    assert set(taken) == seats_of("lead_to_cash", {"sales_manager"})
    assert "Nothing slipped" in desk.view.locator(".debrief .why").inner_text()

    before = desk.turn()
    desk.view.locator(".work [data-do=part]").focus()
    page.keyboard.press("Enter")
    desk.answered(before)
    assert second.get_attribute("aria-pressed") == "true"
    assert COMPLAINT in desk.view.locator(".case-title").inner_text()
    assert "taken from batch D-4108" in desk.evidence()["The shipment in the CRM"]
    taken = desk.play_right(COMPLAINT, "complaint")
    assert set(taken) == seats_of("complaint")
    assert "Nothing slipped" in desk.view.locator(".debrief .why").inner_text()
    assert not axe_troubles(page, "main")

    tasks = page.locator(".crmlab:has(> .tasks)")
    for task in ("answer_for_it", "independent"):
        tasks.locator(f"[data-do=check][data-task={task}]").click()
        tasks.locator(f"[data-focus=outcome-{task}]").wait_for()
    assert COMPLAINT in tasks.locator("[data-focus=outcome-answer_for_it]").inner_text()
    missing = tasks.locator("[data-focus=outcome-independent]")
    assert missing.inner_text().startswith("1 unaided run so far")
    assert "not right" in tasks.locator("li:has([data-task=independent]) .tag").inner_text().lower()

    with crm_of(fresh.home) as crm:
        assert_one_story(crm)

    # What was done is there again when the page is, with both parts open.
    open_lesson(page, fresh.url(LESSON))
    again = DeskPage(page)
    again.press(".parts [data-part='1']")
    again.open(COMPLAINT)
    assert "Nothing slipped" in again.view.locator(".debrief .why").inner_text()


def assert_one_story(crm: Session) -> None:
    """Each row names the one before it, from the product to the complaint about it."""
    product = crm.get_one(tables.Product, "DP-20")
    assert (product.name, str(product.cost)) == ("Dosing pump DP-20", "1960.00")
    opportunity = crm.get_one(tables.Opportunity, SALE)
    assert (opportunity.product_id, opportunity.outcome) == (product.product_id, "won")
    order = crm.query(tables.Order).filter_by(case_id=SALE).one()
    line = crm.query(tables.OrderLine).filter_by(order_id=order.order_id).one()
    assert (line.product_id, line.quantity) == (product.product_id, 8)
    shipment = crm.query(tables.Shipment).filter_by(order_id=order.order_id).one()
    assert shipment.address == order.address == "Dye hall 2, 31 Yunhe Road, Changzhou"
    sent = crm.query(tables.ShipmentLine).filter_by(shipment_id=shipment.shipment_id).one()
    assert (sent.line_id, sent.quantity) == (line.line_id, line.quantity)
    batch = crm.get_one(tables.Batch, sent.batch_no)
    assert (batch.product_id, batch.quantity - batch.in_stock) == (product.product_id, 8)
    invoice = crm.query(tables.Invoice).filter_by(order_id=order.order_id).one()
    payment = crm.query(tables.Payment).filter_by(invoice_id=invoice.invoice_id).one()
    assert invoice.amount == payment.amount == line.quantity * line.unit_price
    assert invoice.signed_at
    complaint = crm.get_one(tables.Complaint, COMPLAINT)
    assert complaint.closed_at
    assert (complaint.line_id, complaint.batch_no) == (line.line_id, batch.batch_no)
    assert complaint.customer_id == order.customer_id
    assert complaint.closed_at > complaint.received_at > payment.paid_at > shipment.shipped_at


def test_both_parts_stay_readable_on_a_narrow_page(lessons: Any, window: Any) -> None:
    narrow = window(width=380)
    open_lesson(narrow, lessons.url(LESSON))
    desk = DeskPage(narrow)
    desk.open(SALE)
    assert not axe_troubles(narrow, "main")
    width = narrow.evaluate("document.documentElement.scrollWidth")
    assert width <= 380, f"the page is {width} pixels wide"
