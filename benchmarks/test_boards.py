"""A dial of a model: how long the kernel works on a turn, and how soon the figure is redrawn."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import pytest

from crmlab import widgets
from crmlab.models.entry.dirt import DRAWS
from crmlab.widgets import DirtyData
from crmlab.widgets.analysis.board import Board
from crmlab.widgets.analysis.dirt import careless_companies
from tests.browser import open_lesson
from tests.serving import Lessons

MODELS = ("funnel", "complaints", "contribution", "value")
BOARDS: dict[str, tuple[str, tuple[str, ...]]] = {
    **{name: (name, ()) for name in widgets.__all__ if name.endswith(("Board", "Briefing"))},
    **{f"DirtyData {model}": ("DirtyData", (model,)) for model in MODELS},
}
LESSONS = {
    "12": "12_complaint_rate.ipynb",
    "23": "23_the_funnel.ipynb",
    "31": "31_contribution.ipynb",
    "32": "32_lifetime_value.ipynb",
}
TURNS = 15

TURNED = """async ([board, name, up]) => {
  const dial = board.querySelector(`input[type=range][name='${name}']`);
  const view = dial.closest("[data-turn]");
  let plot = board.querySelector(".crmlab-plot .svg-container");
  while (!plot._fullData) plot = plot.parentElement;
  const turn = Number(view.dataset.turn);
  let drawn = 0;
  const seen = () => { drawn = performance.now() };
  plot.on("plotly_afterplot", seen);
  dial.focus();
  const began = performance.now();
  dial.value = Number(dial.value) + (up ? 1 : -1) * Number(dial.step);
  dial.dispatchEvent(new Event("input", { bubbles: true }));
  return await new Promise((done, failed) => {
    let answered = 0;
    const look = () => {
      const now = performance.now();
      if (Number(view.dataset.turn) > turn && !view.hasAttribute("aria-busy")) answered ||= now;
      // A turn may leave the figure as it is and change only what stands beside it.
      if (answered && (drawn || now - answered > 200))
        return requestAnimationFrame(() => {
          plot.removeListener("plotly_afterplot", seen);
          done((drawn || answered) - began);
        });
      if (now - began > 3000) return failed(new Error(`no answer to ${name}`));
      setTimeout(look, 1);
    };
    look();
  });
}"""


def turned(board: Board, at: dict[str, float]) -> float:
    """The milliseconds that the kernel works on a turn: model, words and figure.

    They are those of the processor, since others may be at work on the machine.
    """
    began = time.process_time()
    board.controls.act("turn", {}, {"dials": at})
    return (time.process_time() - began) * 1000


@pytest.mark.parametrize("name", BOARDS)
def test_a_turn_in_the_kernel(benchmark: Any, name: str) -> None:
    """At most 10 ms (median) for each dial, and for all of them turned at once to where nobody has
    turned them before."""
    view, of = BOARDS[name]
    board: Board = getattr(widgets, view)(*of)
    medians = {}

    def each_dial() -> None:
        for dial_name, dial in board.dials.items():
            taken = []
            for n in range(TURNS):
                share = n / (TURNS - 1)
                at = {dial_name: dial.low + share * (dial.high - dial.low)}
                taken.append(turned(board, at))
            medians[dial_name] = round(statistics.median(taken), 1)
            board.back()
        luck = np.random.default_rng(1)
        taken = []
        for _turn in range(2 * TURNS):
            at = {n: dial.low + luck.random() * (dial.high - dial.low) for n, dial in dials.items()}
            taken.append(turned(board, at))
        medians["all at once"] = round(statistics.median(taken), 1)

    dials = board.dials
    benchmark.pedantic(each_dial, rounds=1)
    benchmark.extra_info.update(medians)
    print(f"\n{name}, ms of the kernel for a turn: {medians}")
    assert max(medians.values()) <= 10


@pytest.mark.parametrize("model", MODELS)
def test_another_draw_of_the_same_dirt_in_the_kernel(benchmark: Any, model: str) -> None:
    """At most 10 ms (median) for each draw, with all kinds of dirt turned up: nothing of that has
    been worked out before."""
    board = DirtyData(model)
    kinds = board.dirt.kinds
    taken: list[float] = []

    def each_draw() -> None:
        for share in (10, 20, 30):
            for draw in range(1, DRAWS + 1):
                taken.append(turned(board, {**dict.fromkeys(kinds, share), "draw": draw}))

    benchmark.pedantic(each_draw, rounds=1)
    middle, most = statistics.median(taken), max(taken)
    benchmark.extra_info.update({"median": middle, "most": most})
    print(f"\n{model}, ms of the kernel for another draw: {middle:.1f}, at most {most:.1f}")
    assert middle <= 10


@pytest.mark.parametrize("name", BOARDS)
def test_opening_a_board(benchmark: Any, name: str) -> None:
    """About a second of the processor, with nothing kept from another board of the same kind."""
    view, of = BOARDS[name]
    found = getattr(widgets, view)
    taken: list[float] = []

    def opened() -> None:
        careless_companies.cache_clear()
        began = time.process_time()
        found(*of)
        taken.append(time.process_time() - began)

    benchmark.pedantic(opened, rounds=3)
    benchmark.extra_info.update({"seconds": taken})
    print(f"\n{name} opens in {statistics.median(taken):.2f} s of the processor")
    assert statistics.median(taken) <= 1.5


@pytest.mark.parametrize("lesson", LESSONS)
def test_from_a_turn_to_the_redrawn_figure(
    benchmark: Any, lessons: Lessons, page: Any, lesson: str
) -> None:
    """At most 100 ms (median) from a turn to the redrawn figure, on the lesson's own page."""
    open_lesson(page, lessons.url(LESSONS[lesson]))
    page.locator(".crmlab-plot .main-svg").first.wait_for()
    medians: dict[str, float] = {}

    def each_dial() -> None:
        for n, board in enumerate(page.locator(".crmlab-board").all()):
            names = board.locator("input[type=range]").evaluate_all("all => all.map(a => a.name)")
            for name in names:
                taken = []
                for turn in range(TURNS):
                    at = [board.element_handle(), name, turn < TURNS // 2]
                    taken.append(page.evaluate(TURNED, at))
                medians[f"{n} {name}"] = round(statistics.median(taken), 1)

    benchmark.pedantic(each_dial, rounds=1)
    benchmark.extra_info.update(medians)
    print(f"\nlesson {lesson}, ms from a turn to the redrawn figure: {medians}")
    assert max(medians.values()) <= 100
