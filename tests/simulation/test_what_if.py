"""A company at work does what the case engine says, and a habit is all that differs."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlab.calendar import HOURS_PER_DAY, STANDARD
from crmlab.errors import SimulationError
from crmlab.practice.trial import company_of
from crmlab.procedures import load
from crmlab.procedures.schema import Procedure
from crmlab.simulation.pairs import compare
from crmlab.simulation.what_if import Company, Course, Habit

DAYS = 60


@cache
def company(procedure: str) -> Company:
    found = load(procedure)
    return company_of(found, list(found.mistakes))


def with_people(procedure: Procedure, people: int) -> Procedure:
    seats = {
        name: seat.model_copy(update={"people": people}) for name, seat in procedure.seats.items()
    }
    return procedure.model_copy(update={"seats": seats})


def habits(procedure: str) -> st.SearchStrategy[Habit]:
    slips = st.dictionaries(
        st.sampled_from(sorted(load(procedure).mistakes)), st.floats(0, 1), max_size=4
    )
    return st.builds(Habit, slips, st.floats(0, 1))


@pytest.mark.parametrize("procedure", ["complaint", "lead_to_cash", "agency"])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_the_engine_lets_all_of_it_happen_just_so(procedure: str, data: st.DataObject) -> None:
    habit, pair = data.draw(habits(procedure)), data.draw(st.integers(0, 1000))
    here = company(procedure)
    course = Course(here, here.luck(DAYS / 4, 7, pair), habit)
    run = course.run()
    cost = hours = 0.0
    for case, path in enumerate(course.path):
        if not path:
            continue  # a customer who did not complain again
        *_before, closed = here.ways[course.kind(case)].replay(path)
        assert closed.step is None
        assert closed.closed_at == STANDARD.add(closed.opened_at, path[-1][1])
        cost += sum(felt.cost for felt in closed.felt)
        hours += sum(felt.hours for felt in closed.felt)
        hours += sum(visit.worked_hours for visit in closed.visits)
    assert run.cost == pytest.approx(cost)
    assert sum(run.hours.values()) == pytest.approx(hours)


def test_nobody_does_more_than_one_thing_at_a_time() -> None:
    procedure = load("complaint")
    here = company("complaint")
    luck = here.luck(DAYS, 7, 1)
    course = Course(here, luck, Habit({}))
    course.run()
    taken: dict[str, list[tuple[float, float]]] = {seat: [] for seat in procedure.seats}
    for case, path in enumerate(course.path):
        seen = here.ways[course.kind(case)].replay(path) if path else []
        for before, (_choice, done, worked) in zip(seen, path, strict=False):
            end = course.opened[case] + done
            assert before.step is not None
            taken[procedure.steps[before.step].seat].append((end - worked, end))
    for seat, spans in taken.items():
        for begun, _end in spans:
            at_once = sum(other <= begun + 1e-9 < end - 1e-9 for other, end in spans)
            assert at_once <= procedure.seats[seat].people


def test_where_there_are_people_enough_nothing_waits_for_them() -> None:
    few = company("complaint")
    many = Company(with_people(few.procedure, 500), few.templates)
    luck = few.luck(DAYS, 7, 3)
    alone, together = many.run(luck, Habit({})), few.run(luck, Habit({}))
    assert alone.cycle_days < together.cycle_days
    assert alone.cases == together.cases


def test_without_a_habit_the_two_companies_are_one() -> None:
    told = compare(company("complaint"), Habit({}), days=DAYS, pairs=30)
    assert all(
        (found.mean, found.lower, found.upper) == (0, 0, 0)
        for found in [*told.figures.values(), *told.seats.values()]
    )


def test_a_habit_costs_others_and_the_more_the_oftener() -> None:
    rare, often = (
        compare(company("complaint"), Habit({"wrong_batch": chance}), days=DAYS, pairs=40)
        for chance in (0.1, 0.5)
    )
    for name in ("cost", "hours", "cycle_days", "repeat_complaints"):
        assert 0 < rare.figures[name].mean < often.figures[name].mean
    assert often.figures["cost"].is_clear
    assert often.seats["warehouse_lead"].mean > often.seats["service_agent"].mean
    assert rare.figures["cost"].without == often.figures["cost"].without, "the same company"


def test_the_interval_narrows_as_pairs_are_added() -> None:
    habit = Habit({"wrong_batch": 0.3})
    few, many = (
        compare(company("complaint"), habit, days=DAYS, pairs=pairs).figures["hours"]
        for pairs in (30, 270)
    )
    assert many.upper - many.lower < (few.upper - few.lower) / 2
    assert few.lower < many.mean < few.upper


def test_several_processes_find_what_one_finds() -> None:
    habit = Habit({"wrong_batch": 0.2})
    alone, shared = (
        compare(company("complaint"), habit, days=7, pairs=200, processes=processes)
        for processes in (1, 2)
    )
    assert alone == shared


def test_a_colleague_who_sees_every_slip_spares_the_others() -> None:
    blind, awake = (
        compare(
            company("complaint"), Habit({"wrong_batch": 0.5}, notices), days=DAYS, pairs=30
        ).figures["cost"]
        for notices in (0.0, 1.0)
    )
    assert awake.mean < blind.mean


def test_what_is_entered_late_makes_the_next_desk_late() -> None:
    late = compare(company("complaint"), Habit({}, adoption=0.5), days=DAYS, pairs=30)
    assert late.figures["cycle_days"].lower > 0
    at_once = compare(company("complaint"), Habit({}, adoption=1.0), days=DAYS, pairs=30)
    assert at_once.figures["cycle_days"].mean == 0


def test_who_works_more_slowly_needs_more_hours() -> None:
    told = compare(company("agency"), Habit({}, speed=0.8), days=DAYS, pairs=30).figures["hours"]
    assert told.with_habit == pytest.approx(told.without / 0.8, rel=0.02)


def test_urgent_cases_overtake_the_others() -> None:
    """With few people for much work, the cases that the file calls urgent wait less."""
    calm = load("complaint").model_copy(update={"cases_per_day": 2.0})
    waits = {}
    for name, procedure in {
        "urgent first": calm,
        "first come": calm.model_copy(update={"urgent_when": None}),
    }.items():
        here = company_of(procedure, cases=["C-1042", "C-1047"])
        cycles: list[float] = []
        for pair in range(20):
            course = Course(here, here.luck(DAYS, 7, pair), Habit({}))
            course.run()
            cycles += [
                path[-1][1]
                for case, path in enumerate(course.path)
                if path and course.kind(case) == 0
            ]
        waits[name] = sum(cycles) / len(cycles)
    assert waits["urgent first"] < waits["first come"]


def test_a_cycle_counts_working_days() -> None:
    here = company("agency")
    course = Course(here, here.luck(DAYS, 7, 2), Habit({}))
    run = course.run()
    ends = [path[-1][1] for path in course.path if path]
    assert run.cycle_days == pytest.approx(sum(ends) / len(ends) / HOURS_PER_DAY)


@pytest.mark.parametrize(
    ("habit", "more", "sentence"),
    [
        ({"wrong_batch": 1.5}, {}, "wrong_batch=1.5 does not"),
        ({"wrong_batch": float("nan")}, {}, "wrong_batch=nan does not"),
        ({"wrong_batch": -0.1}, {}, "wrong_batch=-0.1 does not"),
        ({}, {"pairs": 29}, "from 30 to 100,000, and not 29"),
        ({}, {"days": 0}, "from 1 to 730, and not 0"),
    ],
)
def test_what_makes_no_sense_is_refused(
    habit: dict[str, float], more: dict[str, int], sentence: str
) -> None:
    with pytest.raises(SimulationError, match=sentence):
        compare(company("complaint"), Habit(habit), **more)  # type: ignore[arg-type]


def test_a_slip_that_the_procedure_does_not_know_is_refused() -> None:
    with pytest.raises(SimulationError, match="no mistake 'wrong_shoes'; it has: wrong_batch"):
        company_of(load("complaint"), ["wrong_shoes"])


def test_a_procedure_without_practice_cases_cannot_be_simulated() -> None:
    with pytest.raises(SimulationError, match="no practice case"):
        Company(load("complaint"), [])
