"""What tables of opportunities and of stage events tell together, and what is no history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlab.errors import ModelError
from crmlab.models.funnel import Funnel, funnel, prepare

STAGES = ["lead", "qualified", "proposal", "won"]
MIDNIGHT = datetime(2026, 1, 1)


@st.composite
def companies(draw: Any) -> list[tuple[list[int], str, float, str]]:
    """Histories: hours spent in each stage that was come to, how it ended, amount, owner."""
    each = st.tuples(
        st.lists(st.integers(1, 2_000), min_size=1, max_size=3),
        st.sampled_from(["won", "lost", "open"]),
        st.integers(0, 100_000).map(float),
        st.sampled_from(["ann", "bo", "cy"]),
    )
    found: list[tuple[list[int], str, float, str]] = draw(st.lists(each, min_size=1, max_size=30))
    return found


def tables(histories: list[tuple[list[int], str, float, str]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same histories as opportunities and as stage events."""
    rows, entries = [], []
    for n, (hours, outcome, amount, owner) in enumerate(histories):
        stays = [*hours, 1, 1][:3] if outcome == "won" else hours
        shared = {"opportunity_id": f"O{n}", "owner": owner, "amount": amount}
        at = MIDNIGHT + timedelta(hours=n)
        begun, ends = at, at
        for stage, stay in zip(STAGES, stays, strict=False):
            entries.append({**shared, "stage": stage, "entered_at": at})
            ends, at = at + timedelta(hours=stay), at + timedelta(hours=stay)
        if outcome != "open":
            entries.append({**shared, "stage": outcome, "entered_at": ends})
        stage = "won" if outcome == "won" else STAGES[len(stays) - 1]
        closed = None if outcome == "open" else ends
        rows.append(
            {**shared, "stage": stage, "outcome": outcome, "created_at": begun, "closed_at": closed}
        )
    opportunities = pd.DataFrame(rows)
    opportunities["closed_at"] = pd.to_datetime(opportunities["closed_at"])
    return opportunities, pd.DataFrame(entries)


def told(found: Funnel) -> Any:
    """All but the forecast's luck, which goes by the order of rows."""
    return {name: value for name, value in vars(found).items() if name != "forecast"}


@given(companies(), st.randoms(use_true_random=False))
def test_rows_and_events_of_the_same_histories_give_the_same_funnel(
    histories: list[tuple[list[int], str, float, str]], luck: Any
) -> None:
    rows, entries = tables(histories)
    day = "2027-01-01"
    if not rows["outcome"].isin(["won", "lost"]).any():
        with pytest.raises(ModelError, match="Nothing has been won or lost"):
            funnel(None, STAGES, entries=entries, as_of=day)
        return
    both = funnel(rows, STAGES, entries=entries, as_of=day)
    shuffled = entries.sample(frac=1, random_state=luck.randint(0, 1000))
    events = funnel(None, STAGES, entries=shuffled, as_of=day)
    one, other = told(both), told(events)
    for name in ("cohorts", "stages", "won", "lost", "open", "win_rate", "stuck"):
        assert one[name] == other[name], name
    assert vars(one["cycle_days"]) == pytest.approx(vars(other["cycle_days"])), "but for rounding"
    assert {o.owner: o for o in both.owners} == {o.owner: o for o in events.owners}
    assert events.weighted_open_amount == pytest.approx(both.weighted_open_amount)
    alone = funnel(rows, STAGES, as_of=day)
    assert [s.entered for s in alone.stages] == [s.entered for s in both.stages]
    assert alone.weighted_open_amount == pytest.approx(both.weighted_open_amount)


def of_events(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["opportunity_id", "stage", "entered_at"])


ONE_DAY = of_events(
    ("A", "lead", "2026-01-01"),
    ("A", "qualified", "2026-01-03"),
    ("A", "won", "2026-01-09"),
    ("B", "lead", "2026-01-02"),
    ("B", "qualified", "2026-01-04"),
    ("B", "lost", "2026-01-05"),
    ("C", "lead", "2026-01-02"),
    ("C", "qualified", "2026-01-06"),
)


def test_events_alone_say_how_it_ended() -> None:
    found = funnel(None, STAGES, entries=ONE_DAY)
    assert (found.won, found.lost, found.open, found.win_rate) == (1, 1, 1, 0.5)
    assert [stage.entered for stage in found.stages] == [3, 3, 1]
    assert found.stages[0].median_days == 2
    assert found.cycle_days.mean == 8
    assert found.as_of == "2026-01-09"
    assert found.stages[1].median_age_days == 3


def test_what_came_later_is_left_out_and_said() -> None:
    found = funnel(None, STAGES, entries=ONE_DAY, as_of="2026-01-05")
    assert (found.won, found.lost, found.open) == (0, 1, 2)
    assert found.remarks[0] == "2 events came after 2026-01-05 and are left out."
    with pytest.raises(ModelError, match="By 2025-01-01 there were no opportunities yet"):
        funnel(None, STAGES, entries=ONE_DAY, as_of="2025-01-01")


def rows_of(*rows: tuple[Any, ...]) -> pd.DataFrame:
    columns = ["opportunity_id", "stage", "outcome", "amount", "created_at", "closed_at"]
    return pd.DataFrame(rows, columns=columns)


LOST = ("L", "lead", "lost", 5.0, "2026-01-01", "2026-01-02")


def test_what_was_decided_later_was_still_open() -> None:
    rows = rows_of(
        LOST,
        ("A", "won", "won", 7.0, "2026-01-01", "2026-01-09"),
        ("C", "qualified", "open", 9.0, "2026-01-02", None),
        ("D", "lead", "open", 9.0, "2026-01-08", None),
    )
    entries = ONE_DAY[ONE_DAY["opportunity_id"].isin(["A", "C"])]
    by_events = funnel(rows, STAGES, entries=entries, as_of="2026-01-05")
    assert (by_events.won, by_events.lost, by_events.open) == (0, 1, 2)
    assert [stage.open for stage in by_events.stages] == [1, 1, 0]
    assert by_events.remarks[:2] == (
        "2 events came after 2026-01-05 and are left out.",
        "1 opportunity began after 2026-01-05 and is left out.",
    )
    by_rows = funnel(rows, STAGES, as_of="2026-01-05")
    assert (by_rows.won, by_rows.lost, by_rows.open) == (0, 1, 1)
    assert "1 opportunity was closed after 2026-01-05 and is left out" in by_rows.remarks[1]
    assert by_events.can_be_weighed
    assert not by_rows.can_be_weighed, "something was open then, and nobody knows where"


def test_what_was_put_back_counts_where_it_stands() -> None:
    entries = of_events(
        ("A", "lead", "2026-01-01"),
        ("A", "proposal", "2026-01-03"),
        ("A", "proposal", "2026-01-04"),
        ("A", "qualified", "2026-01-05"),
        ("B", "lead", "2026-01-01"),
        ("B", "lost", "2026-01-06"),
    )
    prepared = prepare(None, STAGES, entries=entries)
    found = prepared.found
    assert [stage.entered for stage in found.stages] == [2, 1, 0]
    assert [stage.median_days for stage in found.stages] == [2, None, None]
    assert found.stages[1].median_age_days == 1
    assert list(prepared.known.names.iloc[prepared.known.row]) == ["A", "B"]


def test_stages_the_wrong_way_round_are_refused() -> None:
    moves = [
        (f"{n}", stage, f"2026-01-{day:02}")
        for n in range(10)
        for day, stage in enumerate(["lead", "qualified", "proposal", "won"], 1)
    ]
    found = funnel(None, STAGES, entries=of_events(*moves))
    assert found.won == 10
    with pytest.raises(ModelError, match="In 20 of 20 steps an opportunity comes to a stage that"):
        funnel(None, ["proposal", "qualified", "lead", "won"], entries=of_events(*moves))


def test_events_after_the_end_are_said() -> None:
    entries = of_events(
        ("A", "lead", "2026-01-01"),
        ("A", "won", "2026-01-02"),
        ("A", "lost", "2026-01-03"),
        ("B", "won", "2026-01-03"),
    )
    found = prepare(None, STAGES, entries=entries)
    assert (found.found.won, found.found.lost) == (1, 1)
    assert found.remarks[0].says.startswith("1 opportunity has events after it was won or lost (A)")
    assert found.remarks[0].opportunities == ["A"]


def test_nine_of_ten_says_who_is_stuck() -> None:
    days = pd.date_range("2026-01-01", periods=11)
    went_on = [
        row
        for n in range(11)
        for row in (
            (f"W{n}", "lead", days[0]),
            (f"W{n}", "qualified", days[0] + pd.Timedelta(days=n)),
            (f"W{n}", "lost", days[0] + pd.Timedelta(days=n, hours=1)),
        )
    ]
    waiting = [("S", "lead", "2026-01-01"), ("T", "lead", "2026-01-03")]
    found = funnel(
        None, STAGES, entries=of_events(*went_on, *waiting), as_of=pd.Timestamp("2026-01-11 12:00")
    )
    assert found.stages[0].ninth_days == 9
    assert found.stages[0].stuck == 1, "nine days and a half are longer, eight and a half are not"


@pytest.mark.parametrize(
    ("rows", "entries", "sentence"),
    [
        (rows_of(LOST, LOST), None, "The opportunity L stands there 2 times"),
        (rows_of(("X", "lead", "lost", -5.0, "2026-01-01", None)), None, "The amount of X is -5"),
        (rows_of(("X", "lead", "gone", 5.0, "2026-01-01", None)), None, "not 'gone'"),
        (rows_of(("X", "lost", "lost", 5.0, "2026-01-01", None)), None, "say 'lost' for their"),
        (rows_of(("X", None, "lost", 5.0, "2026-01-01", None)), None, "nothing for their stage"),
        (rows_of(("X", "lead", "lost", 5.0, "soon", None)), None, "In the column created_at"),
        (rows_of(LOST).assign(currency="CNY"), None, ""),
        (rows_of(LOST, ("X", *LOST[1:])).assign(currency=["CNY", "EUR"]), None, "2 currencies"),
        (None, of_events(("A", "somewhere", "2026-01-01")), "stage 'somewhere' is not among"),
        (None, of_events(("A", "lead", None)), "do not say when"),
        (None, of_events((None, "lead", "2026-01-01")), "do not say which opportunity"),
        (rows_of(LOST), ONE_DAY[:3], "No event is of an opportunity that is in the file"),
        (None, of_events(), "There are no opportunities"),
        (None, None, "There are no opportunities"),
        (None, ONE_DAY.assign(currency=["CNY", "EUR"] * 4), "2 currencies"),
        (None, ONE_DAY.assign(amount=-1.0), "The amount of A is -1"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(
    rows: pd.DataFrame | None, entries: pd.DataFrame | None, sentence: str
) -> None:
    if not sentence:
        assert funnel(rows, STAGES, entries=entries).lost == 1
        return
    with pytest.raises(ModelError, match=sentence):
        funnel(rows, STAGES, entries=entries)


def test_what_is_missing_or_strange_is_remarked_on() -> None:
    rows = rows_of(LOST, ("A", "lead", "open", None, "2026-01-01", None))
    found = funnel(rows, STAGES, entries=ONE_DAY)
    assert found.remarks[:4] == (
        "5 events are of opportunities that are not in the file, and are left out.",
        "1 opportunity stands elsewhere by its last event than by its row; the event counts.",
        "1 opportunity has ended by its last event and not by its row, or otherwise (A); the row "
        "counts.",
        "1 opportunity has no amount: it counts in numbers, as nothing in sums of money, and not in "
        "the average.",
    )
    assert found.stages[2].open == 1, "its last event was the order, and its row says it is open"
    assert found.weighted_open_amount == 0


WON = ("W", "won", "won", 5.0, "2026-01-01", "2026-01-11")


def at_odds(rows: pd.DataFrame, *events: tuple[Any, ...]) -> tuple[Funnel, dict[str, list[str]]]:
    """The funnel, and its remarks without those on few ones, with the opportunities of each."""
    prepared = prepare(rows, STAGES, entries=of_events(*events) if events else None)
    told = {r.says: r.opportunities for r in prepared.remarks if not r.says.startswith("Only ")}
    return prepared.found, told


def test_what_is_won_and_does_not_say_when_is_no_part_of_the_cycle() -> None:
    unsaid = ("U", "won", "won", 5.0, "2026-01-01", None)
    found, told = at_odds(rows_of(LOST, WON, unsaid))
    assert (found.won, found.cycle_days.mean) == (2, 10)
    assert told == {
        "1 opportunity is won or lost and does not say when (U): it counts, but not in the days "
        "from start to close.": ["U"]
    }
    found, told = at_odds(rows_of(("L", *LOST[1:5], None), unsaid))
    assert (found.won, found.lost, found.velocity_per_day) == (1, 1, None)
    assert list(told.values()) == [["L", "U"]]
    assert "nothing says when it was" in next(iter(told))
    found, told = at_odds(rows_of(LOST, WON, unsaid), ("U", "won", "2026-01-05"))
    assert (found.cycle_days.mean, told) == (7, {}), "its event says when"


def test_a_day_of_closing_of_what_is_open_is_told_and_moves_nothing() -> None:
    hoped = ("O", "lead", "open", 5.0, "2026-01-05", "2026-12-24")
    found, told = at_odds(rows_of(LOST, WON, hoped, ("P", *hoped[1:])))
    assert found.as_of == "2026-01-11"
    assert (found.open, found.cycle_days.mean) == (2, 10)
    assert told == {
        "2 opportunities are open and say when they were closed (O first): they count as open.": [
            "O",
            "P",
        ]
    }


def test_events_after_the_closing_are_left_out_and_told() -> None:
    events = (
        ("W", "lead", "2026-01-01"),
        ("W", "won", "2026-01-11"),
        ("L", "lead", "2026-01-01"),
        ("L", "qualified", "2026-03-15"),
    )
    found, told = at_odds(rows_of(LOST, WON), *events)
    assert found.as_of == "2026-01-11"
    assert found.stages[1].entered == 1
    assert told == {
        "1 event came after its opportunity was closed (L), and is left out.": ["L"],
    }


def test_an_event_on_the_day_of_the_closing_is_none_after_it() -> None:
    events = (("W", "lead", "2026-01-01T08:00"), ("W", "won", "2026-01-11T17:00"))
    found, told = at_odds(rows_of(LOST, WON), *events)
    assert told == {}
    assert found.stages[0].median_days is not None


def test_events_before_the_beginning_are_told() -> None:
    events = (("W", "lead", "2025-12-24"), ("W", "qualified", "2025-12-25"), ("W", "won", WON[5]))
    found, told = at_odds(rows_of(LOST, WON), *events)
    assert found.cycle_days.mean == 10
    assert list(told.values()) == [["W"]]
    assert next(iter(told)).startswith("2 events lie before their opportunities began (W first)")


@pytest.mark.parametrize("paid", ["2026-02-20", "2026-01-03"])
def test_another_day_of_closing_than_the_event_of_winning_is_told(paid: str) -> None:
    rows = rows_of(LOST, (*WON[:5], paid), ("V", *WON[1:5], paid), ("X", *WON[1:]))
    entries = [(name, "won", "2026-01-11T15:00") for name in "WVX"]
    found, told = at_odds(rows, *entries)
    assert list(told.values()) == [["W", "V"]]
    days = 40 if paid == "2026-02-20" else 8
    assert next(iter(told)).startswith(
        "2 opportunities were closed on another day by their rows than by their last events (W "
        f"first), half of them {days} days or more apart. The rows count"
    )
    assert found.as_of == max(paid, "2026-01-11")
    one, told = at_odds(rows_of(LOST, (*WON[:5], paid)), entries[0])
    assert f"(W), {days} days apart. The row counts" in next(iter(told))
    assert one.as_of == max(paid, "2026-01-02"), "an event after the closing moves nothing"


def test_a_closing_before_the_beginning_is_no_time() -> None:
    found, told = at_odds(rows_of(LOST, WON, ("B", *WON[1:4], "2026-01-05", "2025-12-05")))
    assert (found.won, found.cycle_days.mean) == (2, 10)
    assert told == {
        "1 opportunity was closed before it began (B): it counts as closed, and not in the days "
        "from start to close.": ["B"]
    }
    same_day = ("S", *WON[1:4], "2026-01-05T15:00", "2026-01-05")
    found, told = at_odds(rows_of(LOST, same_day))
    assert (found.cycle_days.mean, told) == (0, {})


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["won", "lost", "open"]),
            st.integers(0, 60),
            st.none() | st.integers(0, 60),
            st.lists(st.tuples(st.sampled_from([*STAGES, "lost"]), st.integers(0, 90)), max_size=4),
        ),
        min_size=1,
        max_size=12,
    ).filter(lambda found: any(outcome != "open" for outcome, *_rest in found))
)
def test_whatever_contradicts_itself_no_figure_is_nonsense(
    told: list[tuple[str, int, int | None, list[tuple[str, int]]]],
) -> None:
    def day(n: int | None) -> str | None:
        return None if n is None else f"{MIDNIGHT + timedelta(days=n):%Y-%m-%d}"

    rows = rows_of(
        *(
            (f"O{n}", "won" if outcome == "won" else "lead", outcome, 1.0, day(begun), day(closed))
            for n, (outcome, begun, closed, _events) in enumerate(told)
        )
    )
    entries = of_events(
        *((f"O{n}", s, day(at)) for n, (*_row, events) in enumerate(told) for s, at in events)
    )
    prepared = prepare(rows, STAGES, entries=entries)
    found, known = prepared.found, prepared.known
    assert (found.won, found.lost) == tuple(
        sum(outcome == name for outcome, *_rest in told) for name in ("won", "lost")
    )
    assert found.cycle_days.mean is None or found.cycle_days.mean >= 0
    assert found.velocity_per_day is None or found.velocity_per_day >= 0
    assert ~(known.closed < known.created).any()
    undated = known.won & np.isnat(known.closed)
    said = {name for remark in prepared.remarks for name in remark.opportunities}
    assert {f"O{n}" for n in np.flatnonzero(undated)} <= said, "nothing is left out unsaid"
    contradicted = {
        f"O{n}" for n, (outcome, _b, closed, _e) in enumerate(told) if outcome == "open" and closed
    }
    assert contradicted <= said
    last = max(
        [begun for _o, begun, *_rest in told]
        + [closed or 0 for outcome, _b, closed, _e in told if outcome != "open"]
        + [
            at
            for outcome, _b, closed, events in told
            for _s, at in events
            if outcome == "open" or closed is None or at <= closed
        ]
    )
    assert found.as_of == day(last)


NO_AMOUNTS = "No opportunity has an amount, so all figures in money are 0."


def test_no_amounts_at_all_are_no_trouble_and_said() -> None:
    found = funnel(None, STAGES, entries=ONE_DAY)
    assert (found.won_amount, found.velocity_per_day) == (0, None)
    assert found.remarks[0] == NO_AMOUNTS


def test_an_amount_or_owner_is_that_of_the_last_event_that_names_one() -> None:
    entries = ONE_DAY.assign(amount=[1, 2, None, 3, 4, None, 5, 6], owner=["x", *[None] * 6, "y"])
    found = funnel(None, STAGES, entries=entries)
    assert (found.won_amount, found.open_amount) == (2, 6)
    assert {owner.owner: owner.won for owner in found.owners} == {"x": 1, "y": 0}
