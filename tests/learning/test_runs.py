from __future__ import annotations

from crmlab.crm.store.sandbox import Sandbox
from crmlab.learning.desks import desks
from crmlab.learning.progress import Progress
from crmlab.learning.runs import flow, note_all_cases, note_case, runs, watcher
from crmlab.practice.session import Practice
from crmlab.procedures import load
from crmlab.procedures.walk import right_fields
from tests.learning.playing import last_run, play

WRONG = {"register": {"batch_no": "B-2203"}, "contain": {"batch_blocked": "B-2203"}}


def test_the_flow_is_passed_after_all_five_seats_of_a_closed_case(
    practice: Practice, progress: Progress
) -> None:
    play(practice, progress, "C-1042", to="verify_and_close")
    before = flow(progress, "10")
    assert len(before.seats) == 5
    assert not any(seat.passed for seat in before.seats.values())

    play(practice, progress, "C-1042")
    after = flow(progress, "10")
    assert after.passed
    assert all(seat.runs == 1 and seat.unaided == 1 for seat in after.seats.values())


def test_a_seat_that_a_colleague_had_does_not_count(sandbox: Sandbox, progress: Progress) -> None:
    practice = Practice(load("complaint"), sandbox, seats=["quality_engineer"])
    practice.open_all()
    play(practice, progress, "C-1042")
    run = last_run(progress, "C-1042")
    assert run.closed
    assert run.seats == ["quality_engineer"]
    assert set(run.steps) == {"assess", "investigate", "correct_and_prevent"}
    standing = flow(progress, "10")
    assert [name for name, seat in standing.seats.items() if seat.passed] == ["quality_engineer"]
    assert not standing.passed


def test_what_was_done_before_the_trainee_came_does_not_count(
    practice: Practice, progress: Progress
) -> None:
    """Case C-1039 is found on the quality engineer's desk, two steps on."""
    play(practice, progress, "C-1039")
    assert "register" not in last_run(progress, "C-1039").steps
    assert not flow(progress, "10").seats["service_agent"].passed


def test_two_runs_without_hint_and_critical_error_are_independence(
    practice: Practice, progress: Progress
) -> None:
    play(practice, progress, "C-1042")
    assert not flow(progress, "10").independent
    play(practice, progress, "C-1047")
    standing = flow(progress, "10")
    assert standing.unaided_runs == 2
    assert standing.independent
    assert standing.seats["service_agent"].independent


def test_a_hint_belongs_to_the_desk_where_it_was_opened(
    practice: Practice, progress: Progress
) -> None:
    play(practice, progress, "C-1042", hints={"assess": 2})
    assert flow(progress, "10").unaided_runs == 0
    seats = flow(progress, "10").seats
    assert {n for n, s in seats.items() if not s.unaided} == {"quality_engineer"}


def test_a_hint_opened_before_a_reload_is_not_forgotten(
    practice: Practice, progress: Progress
) -> None:
    note_case(progress, "10", practice, practice.case("C-1042"), {"register": 1})
    play(practice, progress, "C-1042")
    assert last_run(progress, "C-1042").hints == {"register": 1}


def test_a_critical_error_is_its_own_desks(practice: Practice, progress: Progress) -> None:
    play(practice, progress, "C-1042", wrong=WRONG)
    run = last_run(progress, "C-1042")
    assert run.slips == run.critical == ["wrong_batch"]
    assert run.landed == ["wrong_batch"]
    assert not run.unaided
    seats = flow(progress, "10").seats
    assert [n for n, s in seats.items() if not s.unaided] == ["service_agent"]


def test_a_critical_slip_put_right_before_anybody_felt_it_does_not_count(
    practice: Practice, progress: Progress
) -> None:
    case = play(practice, progress, "C-1042", to="assess", wrong=WRONG)
    case = practice.send_back(case, "register", "The plate says B-2230.").case
    note_case(progress, "10", practice, case)
    play(practice, progress, "C-1042")
    run = last_run(progress, "C-1042")
    assert run.critical == ["wrong_batch"]
    assert run.critical_felt == []
    assert run.unaided
    assert all(seat.unaided == 1 for seat in flow(progress, "10").seats.values())


def test_a_critical_slip_that_somebody_felt_counts_though_it_was_put_right(
    practice: Practice, progress: Progress
) -> None:
    case = play(practice, progress, "C-1042", to="investigate", wrong=WRONG)
    case = practice.send_back(case, "register", "The plate says B-2230.").case
    note_case(progress, "10", practice, case)
    play(practice, progress, "C-1042")
    run = last_run(progress, "C-1042")
    assert "wrong_batch" in run.put_right
    assert run.critical_felt == ["wrong_batch"]
    assert not run.unaided


def test_a_critical_slip_made_again_after_it_was_put_right_counts(
    practice: Practice, progress: Progress
) -> None:
    case = play(practice, progress, "C-1042", to="assess", wrong=WRONG)
    for reason in ("The plate says B-2230.", "Now it was right."):
        case = practice.send_back(case, "register", reason).case
        wrong = WRONG if reason.startswith("Now") else {}
        case = play(practice, progress, "C-1042", to="assess", wrong=wrong)
    play(practice, progress, "C-1042", wrong=WRONG)
    run = last_run(progress, "C-1042")
    assert run.put_right == []
    assert run.critical_felt == ["wrong_batch"]


def test_a_run_in_two_parts_counts_each_desk_once(sandbox: Sandbox, progress: Progress) -> None:
    sale = Practice(load("lead_to_cash"), sandbox, cases=["L-2080"])
    complaint = Practice(load("complaint"), sandbox, cases=["C-1080"])
    parts = [sale, complaint]
    for part in parts:
        part.open_all()
        case = part.case(part.cases[0])
        while case.step is not None:
            case = part.hand_over(case, right_fields(part.procedure, case)).case
            note_case(progress, "80", part, case, parts=parts)
    standing = flow(progress, "80")
    assert standing.unaided_runs == 1
    assert {seat.runs for seat in standing.seats.values()} == {1}
    assert {seat.unaided for seat in standing.seats.values()} == {1}
    found = {desk.title: desk for desk in desks(progress, ["80"])}
    assert [len(found[p.procedure.title].desks) for p in parts] == [8, 5]
    assert not any(desk.unaided for desk in found.values())


def test_work_at_a_desk_counts_over_all_lessons(practice: Practice, progress: Progress) -> None:
    for lesson, case_id in (("10", "C-1042"), ("80", "C-1047")):
        case = practice.case(case_id)
        while case.step is not None:
            case = practice.hand_over(case, right_fields(practice.procedure, case)).case
            note_case(progress, lesson, practice, case)
    (alone,) = desks(progress, ["10"])
    assert alone.unaided == []
    (both,) = desks(progress, ["10", "80", "20"])
    names = [seat.name for seat in practice.procedure.seats.values()]
    assert both.desks == names
    assert set(both.unaided) | set(both.missing) == set(names)
    assert "Service agent" in both.unaided
    assert desks(progress, ["20"]) == []


def test_sending_back_is_counted_and_judged(practice: Practice, progress: Progress) -> None:
    case = play(practice, progress, "C-1042", to="assess", wrong=WRONG)
    case = practice.send_back(case, "register", "The plate says B-2230.").case
    note_case(progress, "10", practice, case)
    play(practice, progress, "C-1042")
    run = last_run(progress, "C-1042")
    assert (run.sent_back, run.sent_back_rightly) == (1, 1)
    assert run.put_right == ["wrong_batch"]
    assert run.landed == []


def test_noting_twice_changes_nothing(practice: Practice, progress: Progress) -> None:
    play(practice, progress, "C-1042")
    lines = len(progress.answers())
    note_case(progress, "10", practice, practice.case("C-1042"))
    note_all_cases(progress, "10", [practice])
    again = [a for a in progress.answers()[lines:] if a.key.startswith("case/C-1042")]
    assert again == []
    assert flow(progress, "10").seats["service_agent"].runs == 1


def test_starting_again_begins_a_new_run(practice: Practice, progress: Progress) -> None:
    play(practice, progress, "C-1042", wrong=WRONG)
    practice.sandbox.reset()
    practice.open_all()
    play(practice, progress, "C-1042")
    first, second = (run for run in runs(progress, "10") if run.case == "C-1042")
    assert (first.number, second.number) == (1, 2)
    assert first.critical
    assert second.unaided
    assert flow(progress, "10").seats["service_agent"].runs == 2


def test_the_log_grows_with_each_action(practice: Practice, progress: Progress) -> None:
    play(practice, progress, "C-1042")
    told = [a for a in progress.answers("10") if a.key == "case/C-1042/1"]
    assert [a.value["lies_at"] for a in told][-3:] == [
        "correct_and_prevent",
        "verify_and_close",
        None,
    ]
    assert told[-1].right is True


def test_a_watcher_is_what_a_desk_needs(practice: Practice, progress: Progress) -> None:
    watch = watcher("10", progress)
    watch(practice, practice.case("C-1042"), {"register": 1})
    assert last_run(progress, "C-1042").hints == {"register": 1}


def test_a_colleagues_slip_is_not_the_trainees(practice: Practice, progress: Progress) -> None:
    case = practice.case("C-1042")
    while case.step != "assess":
        fields = {**right_fields(practice.procedure, case), **WRONG.get(case.step or "", {})}
        case = practice.hand_over(case, fields).case
    only = Practice(practice.procedure, practice.sandbox, seats=["quality_engineer"])
    case = only.hand_over(case, right_fields(only.procedure, case)).case
    run = note_case(progress, "10", only, case)
    assert any(slip.mistake == "wrong_batch" for slip in case.slips)
    assert run.slips == run.critical == []
    assert run.steps == ["assess"]
