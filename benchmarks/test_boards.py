"""A dial of a model: how long the kernel works on a turn, and how soon the figure is redrawn."""

from __future__ import annotations

import statistics
import time
from typing import Any

import pytest

from crmlab import widgets
from crmlab.widgets.analysis.board import Board
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


@pytest.mark.parametrize("name", BOARDS)
def test_a_turn_in_the_kernel(benchmark: Any, name: str) -> None:
    """At most 10 ms (median) for each dial: model, words and figure."""
    view, of = BOARDS[name]
    board: Board = getattr(widgets, view)(*of)
    medians = {}

    def each_dial() -> None:
        for dial_name, dial in board.dials.items():
            taken = []
            for n in range(TURNS):
                share = n / (TURNS - 1)
                at = {dial_name: dial.low + share * (dial.high - dial.low)}
                began = time.perf_counter()
                board.controls.act("turn", {}, {"dials": at})
                taken.append((time.perf_counter() - began) * 1000)
            medians[dial_name] = round(statistics.median(taken), 1)
            board.back()

    benchmark.pedantic(each_dial, rounds=1)
    benchmark.extra_info.update(medians)
    print(f"\n{name}, ms of the kernel for a turn: {medians}")
    assert max(medians.values()) <= 10


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
