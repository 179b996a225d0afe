"""The same orders in two worlds, looked at without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from crmlab.practice.worlds import two_worlds
from crmlab.procedures import load
from crmlab.text import bracket
from crmlab.widgets import TwoWorlds
from tests.tiny import TINY

CASES = ["L-2001", "L-2002", "L-2003", "L-2004", "L-2005", "L-2006"]


@pytest.fixture(scope="module")
def worlds() -> TwoWorlds:
    return seen()


def seen(cases: list[str] | None = None, **more: Any) -> TwoWorlds:
    asked = {"fact": "sign_everything", "figure": "below_list", **more}
    return TwoWorlds("lead_to_cash", cases=CASES if cases is None else cases, **asked)


def soup(view: Any) -> BeautifulSoup:
    return BeautifulSoup(view.view["html"], "html.parser")


def said(node: Tag) -> str:
    return " ".join(node.get_text(" ").split())


def cells(row: Tag) -> list[str]:
    return [said(cell) for cell in row.select("th, td")]


def days(text: str) -> float:
    return float(text.split()[-1])


def test_each_order_is_a_row_with_its_signers_and_its_days(worlds: TwoWorlds) -> None:
    rows = [cells(row) for row in soup(worlds).select("tbody tr")]
    assert [row[0].split(":")[0].strip() for row in rows] == CASES
    assert "below the list: 4 %" in rows[2][0]
    assert [row[1].rstrip("0123456789. ") for row in rows] == [
        "nobody",
        "nobody",
        "M Sales manager",
        "M Sales manager D Sales director",
        "M Sales manager D Sales director G General manager",
        "nobody",
    ]
    assert all("G General manager" in row[2] for row in rows)


def test_the_numbers_are_those_of_the_event_logs(worlds: TwoWorlds) -> None:
    played = two_worlds(load("lead_to_cash"), CASES, "sign_everything")
    rows = [cells(row) for row in soup(worlds).select("tbody tr")]
    for row, order in zip(rows, played, strict=True):
        shown = [days(cell) for cell in row[1:]]
        true = [order.now.days, order.otherwise.days]
        assert shown[:2] == pytest.approx(true, abs=0.051)


def test_what_is_added_up_is_what_is_shown(worlds: TwoWorlds) -> None:
    rows = [[days(cell) for cell in cells(row)[1:]] for row in soup(worlds).select("tbody tr")]
    (foot,) = soup(worlds).select("tfoot tr")
    together = [round(sum(column), 1) for column in zip(*rows, strict=True)]
    assert [days(cell) for cell in cells(foot)[1:]] == together
    for now, otherwise, saved in [*rows, together]:
        assert saved == round(otherwise - now, 1)
    assert f"wait {together[2]:.1f} working days longer" in said(soup(worlds).select(".why")[0])


def test_a_bar_is_as_long_as_its_share_of_the_longest_wait(worlds: TwoWorlds) -> None:
    longest = max(order.otherwise.days for order in worlds.played)
    bars = [str(bar["style"]) for bar in soup(worlds).select(".wait i")]
    shares = [float(bar.removeprefix("width:").removesuffix("%")) for bar in bars]
    waits = [w.days for o in worlds.played for w in (o.now, o.otherwise) if w.days]
    assert shares == pytest.approx([100 * wait / longest for wait in waits], abs=0.06)
    assert max(shares) == 100


def test_a_sentence_says_what_to_see(worlds: TwoWorlds) -> None:
    saved = sum(round(o.otherwise.days, 1) - round(o.now.days, 1) for o in worlds.played)
    assert said(soup(worlds).select(".why")[0]) == (
        f"With every signature these 6 orders wait {saved:.1f} working days longer, all together. "
        "By the rules 3 of them need nobody's signature."
    )


def test_the_month_counts_the_orders_that_are_turned_to(worlds: TwoWorlds) -> None:
    saved = sum(round(o.otherwise.days, 1) - round(o.now.days, 1) for o in worlds.played)
    each = saved / len(worlds.played)
    for orders in (1, 200):
        worlds.click("orders", {"orders": str(orders)})
        month = said(soup(worlds).select(".month")[0])
        assert f"{each * orders:.1f}".removesuffix(".0") in month
        (turn,) = soup(worlds).select("input[type=range]")
        assert turn["value"] == turn["aria-valuetext"] == str(orders)


@pytest.mark.parametrize(
    ("entered", "taken"), [("0", 1), ("501", 500), ("-5", 60), ("", 60), ("½", 60), ("x", 60)]
)
def test_a_number_of_orders_that_cannot_be_is_not_taken(entered: str, taken: int) -> None:
    view = seen(["L-2001"])
    view.click("orders", {"orders": entered})
    assert view.orders == taken


def test_one_order_alone_is_spoken_of_as_one() -> None:
    text = seen(["L-2003"], orders=1).text()
    assert "With every signature this order waits" in text
    assert "nobody's signature" not in text


def test_the_dial_has_a_label_and_what_changes_is_marked_as_a_part(worlds: TwoWorlds) -> None:
    page = soup(worlds)
    (turn,) = page.select("input[type=range]")
    assert page.select_one(f"label[for={turn['id']}]")
    assert {str(part["id"]).split("-")[-1] for part in page.select("[data-part]")} == {
        "shown",
        "month",
    }
    (month,) = page.select(".month")
    assert month["role"] == "status"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"cases": []}, "one at least"),
        ({"cases": ["L-9"]}, "no practice case 'L-9'"),
        ({"fact": "sign_all"}, "no fact 'sign_all'"),
        ({"figure": "depth"}, "no figure 'depth'; it has: quote_total"),
    ],
)
def test_what_does_not_fit_is_told_in_its_place(more: dict[str, Any], told: str) -> None:
    assert told in seen(**more).text()


def test_a_procedure_without_signatures_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ladder.yaml"
    text = TINY.replace(
        "steps:\n", "figures:\n  n: {about: the height, add: [{field: ask.height}, 0]}\nsteps:\n", 1
    )
    path.write_text(text, encoding="utf-8")
    view = TwoWorlds(path, cases=["T-1"], fact="ladder", figure="n")
    assert "nobody signs anything" in view.text()


def test_every_text_passes_through_translation(pseudo: None) -> None:
    page = soup(seen(["L-2001", "L-2003"]))
    opened, closed = bracket("x").split("x")
    for node in page.select("th[scope=col], label, .why p, .month, h3, .soft"):
        assert said(node).startswith(opened), node
        assert said(node).endswith(closed), node
