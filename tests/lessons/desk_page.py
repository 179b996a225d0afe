"""The desk in a browser, used as a trainee uses it: by mouse, or by keyboard alone."""

from __future__ import annotations

from typing import Any

from crmlab.practice.trial import case_for_trial, stages
from crmlab.procedures import load
from crmlab.procedures.conditions import Raw

Entries = dict[str, Raw]


def right_entries(case: str, procedure: str = "complaint") -> dict[str, Entries]:
    """What the procedure would enter in this case, step by step."""
    told = load(procedure)
    return stages(told, case_for_trial(told, case))[-1].values


class DeskPage:
    """A desk on a page. Every action waits until the kernel has answered and the desk is redrawn."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.view = page.locator(".crmlab:has(> .desk)")
        self.form = self.view.locator("form[data-form=step]")
        # In a tab that has been here before, it takes up what stood there first.
        page.locator(".crmlab:has(> .desk):not([aria-busy])").wait_for()

    def turn(self) -> int:
        return int(self.view.get_attribute("data-turn"))

    def answered(self, before: int) -> None:
        """Wait for the desk that answers to what was done at turn `before`."""
        self.page.wait_for_function(
            "([node, turn]) => Number(node.dataset.turn) > turn",
            arg=[self.view.element_handle(), before],
        )

    def press(self, selector: str) -> None:
        before = self.turn()
        self.view.locator(selector).first.click()
        self.answered(before)

    def open(self, case: str) -> None:
        self.press(f"[data-do=open][data-case={case}]")

    def sit(self, seat: str) -> None:
        self.press(f"[data-do=sit][data-seat={seat}]")

    def step(self) -> str:
        return str(self.view.locator(".step-card h3").inner_text())

    def fill(self, entries: Entries) -> None:
        for name, value in entries.items():
            field = self.form.locator(f"[name={name}]")
            if field.evaluate("node => node.tagName") == "SELECT":
                field.select_option(shown(value))
            else:
                field.fill(shown(value))

    def hand_over(self) -> None:
        self.press("form[data-form=step] button[type=submit]")

    def evidence(self) -> dict[str, str]:
        """What the seat can see or hear at this step, by where it comes from."""
        return {
            shown.locator("figcaption").inner_text(): shown.locator("blockquote").inner_text()
            for shown in self.view.locator(".evidence figure").all()
        }

    def notice(self) -> str:
        return str(self.view.locator(".messages").first.inner_text())

    def trouble(self) -> str:
        return str(self.view.locator(".messages").nth(1).inner_text())

    def debrief_rows(self) -> list[dict[str, str]]:
        """The rows of the debrief's table, by mistake and seat."""
        return [
            {
                "mistake": row.get_attribute("data-mistake") or "",
                "seat": row.get_attribute("data-seat") or "",
                "hours": row.locator("td.n").nth(0).inner_text(),
                "cost": row.locator("td.n").nth(1).inner_text(),
                "text": row.inner_text(),
            }
            for row in self.view.locator(".slips tbody tr[data-seat]").all()
        ]

    def play_right(self, case: str, procedure: str = "complaint") -> list[str]:
        """Open a case and carry it to its close as the procedure would; returns the seats taken."""
        self.open(case)
        seats = {name: step.seat for name, step in load(procedure).steps.items()}
        return self.play(right_entries(case, procedure), seats)

    def play(self, by_step: dict[str, Entries], seats: dict[str, str]) -> list[str]:
        """Carry the open case to its close, changing seats; returns the seats that were taken."""
        taken = []
        for step, entries in by_step.items():
            self.sit(seats[step])
            taken.append(seats[step])
            self.fill(entries)
            self.hand_over()
        return taken


def shown(value: Raw) -> str:
    """A stored value as it is entered."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
