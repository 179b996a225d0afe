"""A board on a page in a browser: its dials turned, its figure and its words read."""

from __future__ import annotations

from typing import Any

from tests.lessons.dial_page import DialPage


class BoardPage(DialPage):
    """One board of a page: `view` is its dials, `answer` what stands below the figure."""

    def __init__(self, page: Any, title: str) -> None:
        self.page = page
        self.board = page.locator(f".crmlab-board:has(h3:text-is('{title}'))")
        self.view = self.board.locator(".crmlab:has(> .board-dials)")
        self.answer = self.board.locator(".crmlab:has(> .board-answer)")
        self.answer.wait_for()
        self.board.locator(".crmlab-plot .main-svg").first.wait_for()

    def settled(self, name: str) -> None:
        """Wait until the kernel has answered what the dial now says."""
        self.page.wait_for_function(
            "([view, dial, before]) => !view.hasAttribute('aria-busy')"
            " && view.dataset.turn !== before && view.querySelector(`#${dial.id}-o`).innerText"
            " === dial.getAttribute('aria-valuetext')",
            arg=[self.view.element_handle(), self.dial(name).element_handle(), self.before],
        )

    def press(self, name: str, *keys: str) -> None:
        """Press keys on a dial, and wait until what they say is drawn."""
        self.before = self.view.get_attribute("data-turn")
        super().press(name, *keys)

    def figure(self) -> list[dict[str, Any]]:
        """The traces of the figure as they are drawn: `x`, `y` and `name` of each."""
        found: list[dict[str, Any]] = self.board.locator(".crmlab-plot .svg-container").evaluate(
            "(el) => { while (!el._fullData) el = el.parentElement;"
            " return el._fullData.map("
            "(t) => ({name: t.name, x: Array.from(t.x ?? []), y: Array.from(t.y ?? [])})) }"
        )
        return found

    def see(self) -> str:
        """The sentence that says what to see in the figure."""
        return str(self.answer.locator(".see").inner_text()).strip()

    def figures(self) -> dict[str, str]:
        """The large numbers by their labels."""
        labels = self.answer.locator(".figures dt").all_inner_texts()
        values = self.answer.locator(".figures .big").all_inner_texts()
        return dict(zip(labels, values, strict=True))

    def look_behind(self, title: str) -> list[str]:
        """Choose the records behind a figure, and read their rows."""
        choose = self.answer.locator("select[name='behind']")
        choose.select_option(label=title)
        self.answer.locator(f'.table-card[aria-label="{title}"]').wait_for()
        return [" ".join(row.split()) for row in self.answer.locator("tbody tr").all_inner_texts()]
