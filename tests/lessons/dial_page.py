"""A dial on a page in a browser: turned by keyboard or dragged by mouse, and what is drawn of it."""

from __future__ import annotations

from typing import Any


class DialPage:
    """A view with dials. Turning waits until the kernel has answered what the dial now says."""

    def __init__(self, page: Any, kind: str) -> None:
        self.page = page
        self.view = page.locator(f".crmlab:has(> .{kind})")
        self.view.wait_for()

    def dial(self, name: str) -> Any:
        return self.view.locator(f"input[type=range][name='{name}']")

    def shown(self, name: str) -> str:
        """The number above a dial."""
        return str(self.view.locator(f".dial:has([name='{name}']) output").inner_text())

    def settled(self, name: str) -> None:
        """Wait until what is shown is what the dial says, and nothing more is under way."""
        self.page.wait_for_function(
            "([view, dial]) => !view.hasAttribute('aria-busy') &&"
            " dial.getAttribute('aria-valuetext').replace(/[^0-9]/g, '') === dial.value",
            arg=[self.view.element_handle(), self.dial(name).element_handle()],
        )

    def press(self, name: str, *keys: str) -> None:
        """Press keys on a dial, one after the other without waiting."""
        self.dial(name).focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.settled(name)

    def drag(self, name: str, share: float) -> None:
        """Drag a dial's thumb to a share of its length, in small steps, and let go."""
        dial = self.dial(name)
        dial.scroll_into_view_if_needed()
        box = dial.bounding_box()
        low, high, now = (float(dial.get_attribute(x)) for x in ("min", "max", "value"))
        thumb = 22
        way = box["width"] - thumb
        middle = box["y"] + box["height"] / 2
        self.page.mouse.move(box["x"] + thumb / 2 + way * (now - low) / (high - low), middle)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + thumb / 2 + way * share, middle, steps=12)
        self.settled(name)  # while it is still held
        self.page.mouse.up()
        self.settled(name)

    def sentence(self) -> str:
        """What is said of it."""
        return str(self.view.locator("[role=status]").first.inner_text()).strip()

    def seen(self, selector: str) -> list[str]:
        """The texts of all that match, on one line each."""
        found = self.view.locator(selector).all_inner_texts()
        return [" ".join(text.split()) for text in found]
