"""The page around a lesson, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.browser import axe_troubles, open_lesson
from tests.serving import Lessons, serving

pytestmark = pytest.mark.browser

DESK = """
import ipywidgets as w
button, said = w.Button(description="Hand over"), w.HTML("<p>waiting</p>")
button.on_click(lambda _: setattr(said, "value", "<p>handed over</p>"))
w.VBox([button, said])
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lessons]:
    """A server with three small lessons of this test."""
    root = tmp_path_factory.mktemp("lessons")
    write(root / "00_start_here.ipynb", "Start here", [new_markdown_cell("# The shelf")])
    write(
        root / "10_desk.ipynb",
        "A desk",
        [
            new_markdown_cell("# A desk\n\nSome *text* and a [link](00_start_here.ipynb)."),
            new_markdown_cell("Ask who blocked the stock.", metadata={"tags": ["trainer-notes"]}),
            new_code_cell(DESK),
            new_markdown_cell("After the desk."),
        ],
    )
    window = 'from crmlab.widgets import Records\n\nRecords("a window", past="last_week")'
    write(root / "13_records.ipynb", "Records", [new_code_cell(window)])
    parts = ["# Parts", "## The first part", "Words.", "## The second part"]
    write(root / "12_parts.ipynb", "Parts", [new_markdown_cell(part) for part in parts])
    write(root / "11_fault.ipynb", "A fault", [new_code_cell("1 / 0")])
    with serving(tmp_path_factory.mktemp("home") / "home", root=root) as running:
        yield running


def write(path: Path, title: str, cells: list[Any]) -> None:
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    about = {"number": path.name[:2], "title": title}
    metadata = {"kernelspec": kernel, "crmlab": about}
    nbformat.write(new_notebook(metadata=metadata, cells=cells), path)


def test_a_desk_works_within_its_page(small: Lessons, page: Any) -> None:
    open_lesson(page, small.url("10_desk.ipynb"))
    assert page.title() == "A desk · crmlab"
    header = page.locator("header.bar")
    assert "A desk" in header.inner_text()
    assert (
        header.get_by_role("link", name="Shelf").get_attribute("href").endswith("start_here.ipynb")
    )
    behind = header.get_by_text("The notebook behind this page")
    assert behind.get_attribute("href").endswith("10_desk.ipynb")
    assert not behind.is_visible(), "it is for whoever presents"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("status").first.text_content() == "The lesson is ready."
    assert "import ipywidgets" not in page.content()

    page.get_by_role("button", name="Hand over").click()
    page.get_by_text("handed over").wait_for()
    assert page.get_by_text("After the desk.").is_visible()


def test_the_door_leads_to_the_shelf(small: Lessons, page: Any) -> None:
    open_lesson(page, f"{small.base}/?token={small.token}")
    assert page.get_by_role("heading", name="The shelf").is_visible()
    assert not page.get_by_role("link", name="Shelf").count()


def test_the_theme_follows_the_system_until_chosen(
    small: Lessons, window: Callable[..., Any]
) -> None:
    page = window(theme="dark")
    open_lesson(page, small.url())
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.get_by_role("button", name="Light").click()
    light = page.evaluate(paper)
    assert light != dark
    open_lesson(page, small.url())
    assert page.evaluate(paper) == light
    assert page.get_by_role("button", name="Dark").is_visible()


def test_presenting_is_large_and_shows_the_trainers_notes(small: Lessons, page: Any) -> None:
    open_lesson(page, small.url("10_desk.ipynb"))
    notes = page.get_by_text("Ask who blocked the stock.")
    size = "parseFloat(getComputedStyle(document.querySelector('.text p')).fontSize)"
    assert not notes.is_visible()
    assert page.evaluate(size) == 18, "on a wide page text is larger, so that it fills the line"
    page.get_by_role("button", name="Present").click()
    page.get_by_text("Trainer's notes").click()  # folded, for a room that looks on
    assert notes.is_visible()
    assert page.evaluate(size) >= 24
    open_lesson(page, small.url("10_desk.ipynb"))
    page.get_by_text("Trainer's notes").click()
    assert notes.is_visible(), "the next page of the same window goes on presenting"


def test_an_export_is_saved_as_a_file_and_a_mark_goes_when_the_entry_is_changed(
    small: Lessons, page: Any
) -> None:
    open_lesson(page, small.url("13_records.ipynb"))
    view = page.locator(".crmlab:has(> .records)")
    view.locator("[data-do=sit][data-person=U-14]").click()
    view.locator("[data-part=take]").click()
    reason = view.locator("form[data-form=export] [name=reason]")
    export = view.locator("form[data-form=export] button")
    export.click()
    view.locator(".field.bad .err").wait_for()
    reason.press_sequentially("A")
    assert not view.locator(".err, .bad, [aria-invalid]").count()
    reason.fill("Addresses for the letter about the summer.")
    export.click()
    with page.expect_download() as saving:
        view.locator("a[download]").click()
    assert saving.value.suggested_filename == "customer.csv"
    lines = Path(saving.value.path()).read_bytes().split(b"\r\n")
    assert lines[0].startswith("\N{BOM}customer_id,name".encode())
    assert len(lines) == 1 + 9 + 1
    assert b",'+86 " in lines[1]
    assert not axe_troubles(page, "main")


def test_the_contents_lead_to_each_part_by_keyboard_too(small: Lessons, page: Any) -> None:
    open_lesson(page, small.url("12_parts.ipynb"))
    listed = page.locator("#contents")
    listed.locator("summary").focus()
    page.keyboard.press("Enter")
    assert listed.locator("li").all_inner_texts() == ["The first part", "The second part"]
    assert not axe_troubles(page, "header")
    page.keyboard.press("Escape")
    assert not listed.locator("li").first.is_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent").startswith("The second part")
    assert not listed.locator("li").first.is_visible()
    page.get_by_role("button", name="Present").click()
    assert listed.is_visible()
    open_lesson(page, small.url("10_desk.ipynb"))
    assert not page.locator("#contents").is_visible(), "a page of one part needs none"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(small: Lessons, window: Callable[..., Any], theme: str) -> None:
    page = window(theme=theme)
    open_lesson(page, small.url("10_desk.ipynb"))
    page.get_by_role("button", name="Present").click()
    assert not axe_troubles(page)


@pytest.mark.parametrize("width", [380, 1280, 1920])
def test_nothing_sticks_out_sideways(
    small: Lessons, window: Callable[..., Any], width: int
) -> None:
    page = window(width=width)
    open_lesson(page, small.url("10_desk.ipynb"))
    inner = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert page.evaluate(inner)
    page.get_by_role("button", name="Present").click()
    assert page.evaluate(inner)
    line = page.evaluate("document.querySelector('.text').getBoundingClientRect().width")
    assert line <= width


def test_the_keyboard_reaches_the_lesson_first(small: Lessons, page: Any) -> None:
    open_lesson(page, small.url("10_desk.ipynb"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the lesson"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "lesson"


def test_a_fault_is_told_without_a_traceback(small: Lessons, page: Any) -> None:
    open_lesson(page, small.url("11_fault.ipynb"))
    assert "stopped with an error" in page.locator("main").inner_text()
    assert "ZeroDivisionError" not in page.content()
    assert "Traceback" not in page.content()


def kernel_of(page: Any) -> str:
    return str(page.evaluate("window.jupyterapp.widgetManager.kernel.id"))


def test_a_killed_kernel_is_told_with_a_way_out(small: Lessons, page: Any) -> None:
    open_lesson(page, small.url("10_desk.ipynb"))
    kernel = kernel_of(page)
    for process in psutil.Process(small.pid).children(recursive=True):
        if any(kernel in argument for argument in process.cmdline()):
            process.kill()
    page.get_by_role("alert").get_by_role("button", name="Reload").click()
    page.wait_for_selector("html[data-state=ready]")
    assert kernel_of(page) != kernel


def test_a_kernel_shut_down_from_elsewhere_is_told(small: Lessons, page: Any) -> None:
    open_lesson(page, small.url("10_desk.ipynb"))
    key = {"Authorization": f"token {small.token}"}
    assert page.request.delete(f"{small.base}/api/kernels/{kernel_of(page)}", headers=key).ok
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.get_by_text("has stopped").wait_for()


def test_a_lost_server_is_told(tmp_path: Path, page: Any) -> None:
    write(tmp_path / "00_start_here.ipynb", "Start here", [new_code_cell(DESK)])
    with serving(tmp_path / "home", root=tmp_path) as running:
        open_lesson(page, running.url())
    page.get_by_text(re.compile("lost its connection")).wait_for()


def test_a_page_that_is_left_stops_its_kernel(small: Lessons, page: Any) -> None:
    open_lesson(page, small.url("10_desk.ipynb"))
    kernel = kernel_of(page)
    open_lesson(page, small.url())
    page.wait_for_function(
        """async (id) => !(await (await fetch("/api/kernels")).json()).some((k) => k.id === id)""",
        arg=kernel,
    )


def test_every_text_of_the_page_can_be_translated(tmp_path: Path, page: Any) -> None:
    cells = [new_markdown_cell("# A heading\n\nA paragraph."), new_code_cell(DESK)]
    write(tmp_path / "00_start_here.ipynb", "Start here", cells)
    with serving(tmp_path / "home", "qps", root=tmp_path) as running:
        open_lesson(page, running.url())
        texts = page.evaluate(
            """() => [...document.querySelectorAll('header *, .text *, .skip')]
                 .filter((e) => !e.children.length && e.offsetParent && e.textContent.trim())
                 .map((e) => e.textContent.trim())"""
        )
    assert len(texts) > 5
    assert [text for text in texts if not (text.startswith("⟦") and text.endswith("⟧"))] == []
