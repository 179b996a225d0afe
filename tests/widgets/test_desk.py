"""The desk, pressed without a browser: for whatever procedure it is given."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from crmlab.crm.store.sandbox import Sandbox, open_sandbox, passing_sandbox
from crmlab.errors import SandboxError
from crmlab.practice.debrief import debrief
from crmlab.practice.script import play
from crmlab.practice.session import Practice
from crmlab.practice.trial import case_for_trial, slips_possible, stages
from crmlab.procedures import Procedure, load
from crmlab.simulation.colleagues import right_action
from crmlab.widgets import BreakIt, Desk, JobCard, Walkthrough, in_words
from crmlab.widgets.telling import tell
from tests.tiny import TINY

CASE = "C-1042"
TOLD = {True: "yes", False: "no", None: ""}


@pytest.fixture
def desk(complaint: Procedure, sandbox: Sandbox) -> Desk:
    """A desk with the case in hand."""
    begun = Desk(complaint, sandbox=sandbox)
    begun.click("open", case=CASE)
    return begun


def right(procedure: Procedure, case: str) -> dict[str, dict[str, str]]:
    """What the procedure would enter, as it is entered."""
    values = stages(procedure, case_for_trial(procedure, case))[-1].values
    return {
        step: {name: TOLD.get(value, str(value)) for name, value in fields.items()}
        for step, fields in values.items()
    }


def soup(view: Any) -> BeautifulSoup:
    return BeautifulSoup(view.view["html"], "html.parser")


def play_to(desk: Desk, stop: str | None) -> None:
    """Carry the open case on by the procedure, up to a step or to its close."""
    assert desk.case
    entries = right(desk.procedure, desk.case.case_id)
    while desk.case.step != stop:
        desk.click("sit", seat=desk.procedure.steps[desk.case.step].seat)
        desk.click("hand_over", entries[desk.case.step])


# Another procedure, without a line of Python of its own


@pytest.fixture
def ladder(tmp_path: Path) -> Path:
    """A file of three seats and four steps."""
    path = tmp_path / "ladder.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path


def test_a_tiny_procedure_gets_a_desk_a_swimlane_and_a_debrief(
    ladder: Path, sandbox: Sandbox
) -> None:
    desk = Desk(ladder, sandbox=sandbox)
    lanes = soup(desk).select("svg .lane-name")
    assert [lane.get_text() for lane in lanes] == ["Neighbour", "Keeper", "Checker"]
    assert [mark.get_text() for mark in soup(desk).select("svg .label")] == [
        "Ask",
        "Lend",
        "Check",
        "Back",
    ]
    desk.click("open", case="T-1")
    assert soup(desk).select_one(".steps-list [aria-current=step] b").get_text() == "Ask"
    desk.click("hand_over", {"height": "3"})
    desk.click("sit", seat="keeper")
    desk.click("hand_over", {"ladder": "short"})
    desk.click("sit", seat="neighbour")
    desk.click("hand_over", {"note": ""})
    row = soup(desk).select_one("tr[data-mistake=short_ladder]")
    assert row["data-seat"] == "neighbour"
    assert "Climbs on a chair." in row.get_text()
    assert [cell.get_text() for cell in row.select("td.n")] == ["2.0", "100"]


def test_a_tiny_procedure_plays_from_a_script(ladder: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text(
        """
play:
  - {seat: neighbour, step: ask, fields: {height: 3}}
  - {seat: keeper, step: lend, fields: {ladder: short}}
  - {seat: neighbour, step: back}
""",
        encoding="utf-8",
    )
    told = json.loads(json.dumps(play(load(ladder), script)))
    assert told["outcome"] == "closed"
    assert told["consequences"]["neighbour"][0]["cost"] == 100
    assert told["totals"]["cost"] == 100
    assert told["by_the_procedure"]["cost"] == 0


def test_a_tiny_procedure_gets_its_worked_example_its_slips_and_its_cards(ladder: Path) -> None:
    walk = Walkthrough(ladder, "T-1")
    while walk.at < len(walk.stages) - 1:
        walk.click("next")
    assert "The case is closed" in walk.text()
    assert "Climbs on a chair." in BreakIt(ladder, "T-1").text()
    card = JobCard(ladder, "keeper").text()
    assert "A wrong one is dangerous." in card
    assert "The short ladder for a high wall" in card


# The desk itself


def test_a_key_that_was_nearly_right_is_offered(desk: Desk) -> None:
    desk.click("hand_over", {"batch_no": "b2203", "line_id": "SO-20871"})
    page = soup(desk)
    said = [error.get_text() for error in page.select(".err")]
    assert "'b2203' is not in the CRM; choose one from the list. Do you mean B-2203?" in said
    assert any(
        words.startswith("'SO-20871' is not in the CRM") and "Do you mean SO-20871-" in words
        for words in said
    )


def test_an_error_stands_at_its_field_and_nothing_typed_is_lost(desk: Desk) -> None:
    desk.click("hand_over", {"description": "Four pumps leak.", "batch_no": "B-9999"})
    page = soup(desk)
    batch = page.select_one("[name=batch_no]")
    assert batch["aria-invalid"] == "true"
    error = page.find(id=batch["aria-describedby"].split()[-1])
    assert error.get_text() == "'B-9999' is not in the CRM; choose one from the list."
    assert "'What the customer says' is missing." not in desk.text()
    assert batch["value"] == "B-9999"
    assert page.select_one("[name=description]").get_text() == "Four pumps leak."
    assert desk.case.step == "register"


def test_what_is_typed_stays_when_something_else_is_pressed(desk: Desk) -> None:
    desk.click("hint", {"description": "Half a sentence"})
    desk.click("wait")
    desk.click("open", case="C-1044")
    desk.click("open", case=CASE)
    assert soup(desk).select_one("[name=description]").get_text() == "Half a sentence"


def test_markup_and_sql_are_shown_as_text(desk: Desk) -> None:
    nasty = "<script>alert(1)</script>'; DROP TABLE cases;-- {{7*7}} {fact.batch_no}"
    entries = right(desk.procedure, CASE)
    desk.click("hand_over", {**entries["register"], "description": nasty})
    desk.click("sit", seat="service_agent")
    assert nasty in soup(desk).get_text()
    assert not soup(desk).find_all("script")
    with desk.practice.sandbox.read() as session:
        found = session.connection().exec_driver_sql("SELECT count(*) FROM cases").scalar()
    assert found == 4


def test_hints_open_one_at_a_time(desk: Desk) -> None:
    hints = desk.procedure.steps["register"].hints
    costs = "With a hint this case does not count as worked unaided."
    assert costs in desk.text(), "said before the first one"
    for n in range(1, len(hints) + 1):
        desk.click("hint")
        assert len(soup(desk).select(".hints li")) == n
        assert costs not in desk.text()
    with pytest.raises(LookupError):
        desk.click("hint")


def test_an_overdue_step_names_who_has_it_and_is_given_away_in_two_clicks(desk: Desk) -> None:
    page = soup(desk)
    waits = page.select_one("[data-do=open][data-case=C-1039]").get_text(" ", strip=True)
    assert "late, with" in waits
    people = desk.practice.people("service_agent")
    holder = desk.case.holder
    other = next(person for person in people if person.key != holder)
    desk.click("panel", name="reassign")
    desk.click("reassign", holder=other.key)
    assert desk.case.holder == other.key
    assert f"Now {other.label} has it." in desk.text()


def test_sending_back_needs_a_reason_and_is_judged(desk: Desk) -> None:
    entries = right(desk.procedure, CASE)
    desk.click("hand_over", {**entries["register"], "batch_no": "B-2203"})
    play_to(desk, "assess")
    desk.click("sit", seat="quality_engineer")
    desk.click("panel", name="send_back")
    desk.click("send_back", {"to": "register", "reason": " "})
    assert "Say why you send it back" in desk.text()
    desk.click("send_back", {"to": "register", "reason": "The plate reads B-2230."})
    assert desk.notice.endswith("It now lies on this desk: Service agent.")
    assert "Quality engineer, at “Assess" in desk.text()
    desk.click("sit", seat="service_agent")
    assert "It was sent back to “Register" in desk.text()
    assert "Quality engineer, at “Assess" in desk.text()
    assert "The plate reads B-2230." in desk.text()
    play_to(desk, "assess")
    assert "to the step that had sent it back: “Assess" in desk.notice
    desk.click("sit", seat="quality_engineer")
    assert "Here is the answer from “Register" in desk.text()
    assert "This desk had sent it back" in desk.text()
    assert "The plate reads B-2230." in soup(desk).select_one(".returned").get_text()
    play_to(desk, "contain")
    assert not soup(desk).select(".returned")
    play_to(desk, None)
    assert "well seen" in desk.text()
    assert "put right before it reached anybody" in desk.text()


def test_a_colleague_who_sends_it_back_is_heard_at_once(complaint: Procedure) -> None:
    """Careful colleagues see a wrong batch number; whoever wrote it reads who says so, and why."""
    with passing_sandbox() as sandbox:
        desk = Desk(complaint, sandbox=sandbox, seats=["service_agent"])
        desk.click("open", case=CASE)
        entries = right(complaint, CASE)
        desk.click("hand_over", {**entries["register"], "batch_no": "B-2203"})
        assert desk.notice.startswith("Handed over. The next step is at your own desk")
        desk.click("hand_over", entries["acknowledge"])
        assert "sent back from “Assess the complaint” (Quality engineer)" in desk.notice
        assert "Wrong batch number" in desk.notice
        assert "The next step is at your own desk: “Register the complaint”." in desk.notice
        assert "Quality engineer, at “Assess" in soup(desk).select_one(".returned").get_text()


def test_a_critical_slip_is_called_so_and_weighs_as_much_as_it_cost(desk: Desk) -> None:
    entries = right(desk.procedure, CASE)
    desk.click("hand_over", {**entries["register"], "batch_no": "B-2203"})
    play_to(desk, "assess")
    desk.click("sit", seat="quality_engineer")
    desk.click("panel", name="send_back")
    desk.click("send_back", {"to": "register", "reason": "The plate reads B-2230."})
    play_to(desk, None)
    row = soup(desk).select_one("tr[data-mistake=wrong_batch]")
    assert [tag.get_text() for tag in row.select(".tag.good")] == ["Wrong batch number", "critical"]
    assert "so it does not count" in row.get_text()
    (means,) = soup(desk).select(".means")
    assert "great harm" in means.get_text()


def test_what_a_slip_of_no_great_weight_cost_is_amber_and_not_red() -> None:
    for mistake, weight in (("wrong_batch", "bad"), ("category_other", "warn")):
        told = BreakIt("complaint", CASE, mistake)
        heads = soup(told).select(f"tr[data-mistake={mistake}] td:first-child .tag")
        assert {tag["class"][-1] for tag in heads} == {weight}
        assert ("critical" in [tag.get_text() for tag in heads]) is (weight == "bad")


def test_the_points_of_a_slip_add_up_to_the_chances_that_are_shown() -> None:
    procedure = load("lead_to_cash")
    shown = 0
    for ended in slips_possible(procedure, case_for_trial(procedure, "L-2001")).values():
        told = tell(procedure, debrief(procedure, ended))
        for label, ending in (("Chance they leave", "to leave"), ("again", "to complain again")):
            figures = [f for f in told["figures"] if f["label"].endswith(label)]
            if not figures:
                continue
            after, before = (
                int(text.split()[0]) for text in (figures[0]["value"], figures[0]["beside"])
            )
            chances = " ".join(i["chances"] for slip in told["slips"] for i in slip["landed"])
            points = re.findall(rf"(\d+) points? more likely {ending}", chances)
            assert sum(map(int, points)) == after - before
            shown += bool(points)
    assert shown > 5


@pytest.mark.parametrize("worth", [56_000, 0])
def test_the_chance_of_losing_a_customer_has_the_price_that_the_file_gives_it(worth: int) -> None:
    known = load("complaint")
    baseline = known.baseline.model_copy(update={"customer_worth": worth})
    procedure = known.model_copy(update={"baseline": baseline})
    endings = slips_possible(procedure, case_for_trial(procedure, CASE))
    told = tell(procedure, debrief(procedure, endings["wrong_batch"]))
    (leaves,) = [each for each in told["figures"] if each["label"] == "Chance they leave"]
    assert leaves["value"] == "7 %"
    assert leaves["beside"].startswith("3 % by the procedure")
    priced = "; the rest costs ¥2,240 on average, for a customer is worth ¥56,000"
    assert leaves["beside"].endswith(priced) is bool(worth)


def test_hours_of_steps_done_again_are_in_the_headline(desk: Desk) -> None:
    play_to(desk, "assess")
    desk.click("sit", seat="quality_engineer")
    desk.click("panel", name="send_back")
    desk.click("send_back", {"to": "register", "reason": "I have a question."})
    play_to(desk, None)
    (headline,) = [
        card.get_text(" ", strip=True)
        for card in soup(desk).select(".debrief .figures .card")
        if "Extra working hours" in card.get_text()
    ]
    again = desk.practice.debrief(desk.case)
    more = again.totals.worked_hours - again.by_the_procedure.worked_hours
    assert more > 0.1
    assert f"+{more:.1f} h" in headline
    assert "0 h from slips" in headline
    assert "for steps done again" in headline


def test_an_amount_can_be_entered_as_every_screen_writes_it(sandbox: Sandbox) -> None:
    desk = Desk("lead_to_cash", sandbox=sandbox, cases=["L-2006"])
    desk.click("open", case="L-2006")
    entries = right(desk.procedure, "L-2006")
    while desk.case.step != "collect_payment":
        desk.click("sit", seat=desk.procedure.steps[desk.case.step].seat)
        desk.click("hand_over", entries[desk.case.step])
    desk.click("sit", seat=desk.procedure.steps["collect_payment"].seat)
    paid = entries["collect_payment"]["amount"]
    written = f"¥{float(paid):,.0f}"
    desk.click("hand_over", {**entries["collect_payment"], "amount": written})
    assert desk.trouble == ""
    assert desk.case.values["collect_payment"]["amount"] == paid


def test_what_was_said_beside_an_entry_goes_when_it_is_changed(desk: Desk) -> None:
    desk.click("hand_over", {})
    marked = [str(entry["name"]) for entry in soup(desk).select("[aria-invalid=true]")]
    assert len(marked) > 2, "all that is missing is told at once"
    entries = right(desk.procedure, CASE)["register"]
    desk.click("hint", {marked[0]: entries[marked[0]]})
    left = [str(entry["name"]) for entry in soup(desk).select("[aria-invalid=true]")]
    assert left == marked[1:]


def test_a_row_from_before_says_whose_it_is(desk: Desk) -> None:
    play_to(desk, "assess")
    desk.click("sit", seat="quality_engineer")
    rows = [row.get_text(" ", strip=True) for row in soup(desk).select(".reads dt")]
    assert rows
    assert all(row.endswith("Service agent") for row in rows)


def test_a_case_cannot_be_closed_without_a_prevention_note(desk: Desk) -> None:
    entries = right(desk.procedure, CASE)
    play_to(desk, "correct_and_prevent")
    desk.click("sit", seat="quality_engineer")
    desk.click("hand_over", {**entries["correct_and_prevent"], "prevention_note": ""})
    desk.click("sit", seat="service_manager")
    desk.click("hand_over", entries["verify_and_close"])
    assert desk.case.closed_at is None
    assert "prevention note" in desk.text()


def test_whoever_comes_second_is_told_what_happened_and_keeps_what_was_typed(
    complaint: Procedure, sandbox: Sandbox, desk: Desk
) -> None:
    other = Desk(complaint, sandbox=Sandbox(sandbox.place))
    other.click("open", case=CASE)
    entries = right(complaint, CASE)["register"]
    desk.click("hand_over", entries)
    other.click("hand_over", {**entries, "description": "Mine <b>"})
    assert "in another window" in other.trouble
    assert "Service agent handed over “Register the complaint”" in other.trouble
    assert "and you entered “Mine <b>”." in other.trouble
    assert desk.practice.case(CASE).values["register"]["description"] != "Mine <b>"
    (kept,) = soup(other).select(".set-aside")
    told = {row.dt.get_text(): row.dd.get_text() for row in kept.select(".reads div")}
    assert told["What the customer says"] == "Mine <b>"
    assert "Register the complaint" in kept.h3.get_text()
    assert other.case.step == "acknowledge"
    other.click("hand_over", right(complaint, CASE)["acknowledge"])
    assert "Handed over" in other.notice
    assert "Mine <b>" in other.text(), "it stays until it is put away"
    other.click("put_away", number=0)
    assert "Mine <b>" not in other.text()


def test_whoever_comes_second_at_the_same_step_keeps_what_was_typed_in_the_form(
    complaint: Procedure, sandbox: Sandbox, desk: Desk
) -> None:
    other = Desk(complaint, sandbox=Sandbox(sandbox.place))
    other.click("open", case=CASE)
    colleague = next(p for p in desk.practice.people("service_agent") if p.key != desk.case.holder)
    desk.click("panel", name="reassign")
    desk.click("reassign", holder=colleague.key)
    entries = {**right(complaint, CASE)["register"], "description": "Mine"}
    other.click("hand_over", entries)
    assert f"gave “Register the complaint” to {colleague.label}" in other.trouble
    assert "still stand in the form" in other.trouble
    assert not soup(other).select(".set-aside")
    assert soup(other).select_one("[name=description]").get_text() == "Mine"
    other.click("hand_over")
    assert other.practice.case(CASE).values["register"]["description"] == "Mine"


def test_what_another_entered_at_the_same_step_is_told_beside_the_field(
    complaint: Procedure, sandbox: Sandbox, desk: Desk
) -> None:
    """The other desk has handed it over and got it back while this one was typing."""
    other = Desk(complaint, sandbox=Sandbox(sandbox.place))
    other.click("open", case=CASE)
    play_to(desk, "assess")
    desk.click("sit", seat="quality_engineer")
    desk.click("panel", name="send_back")
    desk.click("send_back", {"to": "register", "reason": "Which pump?"})
    entries = {**right(complaint, CASE)["register"], "description": "Mine"}
    other.click("hand_over", entries)
    field = soup(other).select_one("[name=description]")
    assert field.get_text() == "Mine"
    assert field["aria-invalid"] == "true"
    assert (
        "and you entered “Mine”."
        in soup(other).find(id=field["aria-describedby"].split()[-1]).get_text()
    )
    assert "Quality engineer sent it back" in other.trouble


def test_a_reason_for_sending_back_that_came_too_late_is_not_lost(
    complaint: Procedure, sandbox: Sandbox, desk: Desk
) -> None:
    play_to(desk, "assess")
    desk.click("sit", seat="quality_engineer")
    other = Desk(complaint, sandbox=Sandbox(sandbox.place))
    other.click("sit", seat="quality_engineer")
    other.click("open", case=CASE)
    other.click("panel", name="send_back")
    desk.click("hand_over", right(complaint, CASE)["assess"])
    other.click("send_back", {"to": "register", "reason": "The plate reads B-2230."})
    assert "Quality engineer handed over “Assess the complaint”" in other.trouble
    assert "The plate reads B-2230." in soup(other).select_one(".set-aside").get_text()


def test_what_was_typed_is_kept_when_another_window_begins_anew(
    complaint: Procedure, sandbox: Sandbox, desk: Desk
) -> None:
    Sandbox(sandbox.place).reset()
    desk.click("hand_over", {**right(complaint, CASE)["register"], "description": "Mine"})
    assert "no longer in this sandbox" in desk.trouble
    assert "Mine" in soup(desk).select_one(".set-aside").get_text()


def test_starting_again_keeps_nothing_of_the_old_cases(desk: Desk) -> None:
    desk.click("hand_over", right(desk.procedure, CASE)["register"])
    desk.click("panel", name="again")
    desk.click("reset")
    assert desk.practice.case(CASE).step == "register"
    assert "A new first morning" in desk.text()


def test_one_seat_with_colleagues_in_the_others(complaint: Procedure, sandbox: Sandbox) -> None:
    desk = Desk(complaint, sandbox=sandbox, seats=["quality_engineer"])
    assert [b["data-seat"] for b in soup(desk).select(".seat-button")] == ["quality_engineer"]
    desk.click("open", case=CASE)
    assert desk.case.step == "assess"
    play_to(desk, None)
    assert desk.case.closed_at


def test_a_foreign_file_in_the_sandboxs_place_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    before = path.read_bytes()
    with pytest.raises(Exception, match="not a crmlab sandbox"):
        open_sandbox("mine", folder=tmp_path)
    assert path.read_bytes() == before


def test_a_desk_that_cannot_begin_says_so_in_its_place(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(TINY.replace("seat: keeper", "seat: kepper"), encoding="utf-8")
    desk = Desk(broken, sandbox="trial")
    assert "broken.yaml, line 26" in desk.text()
    assert "did you mean 'keeper'?" in desk.text()
    assert "Traceback" not in desk.text()


def test_a_changed_file_is_told_and_begun_anew(ladder: Path, sandbox: Sandbox) -> None:
    first = Desk(ladder, sandbox=sandbox)
    first.click("open", case="T-1")
    first.click("hand_over", {"height": "3"})
    ladder.write_text(
        TINY.replace("lend:", "hand_out:")
        .replace("lend.", "hand_out.")
        .replace("to: lend", "to: hand_out")
        .replace("step: lend", "step: hand_out")
    )
    changed = Desk(ladder, sandbox=sandbox)
    assert "The procedure has changed" in changed.text()
    changed.click("reset")
    changed.click("open", case="T-1")
    changed.click("hand_over", {"height": "3"})
    assert changed.case.step == "hand_out"


def test_keys_of_records_may_be_written_in_any_case(desk: Desk) -> None:
    entries = right(desk.procedure, CASE)["register"]
    desk.click("hand_over", {name: value.lower() for name, value in entries.items()})
    assert desk.case.step == "acknowledge"
    assert desk.case.values["register"]["batch_no"] == entries["batch_no"]


def test_a_debrief_quotes_what_stood_there_when_it_was_felt(complaint: Procedure) -> None:
    broken = BreakIt(complaint, CASE, mistake="remedy_does_not_fit")
    row = soup(broken).select_one("tr[data-mistake=remedy_does_not_fit]").get_text(" ")
    right_label = next(
        choice.label
        for choice in complaint.steps["propose_remedy"].fields["remedy"].choices
        if choice.value == right(complaint, CASE)["propose_remedy"]["remedy"]
    )
    assert f"\N{LEFT DOUBLE QUOTATION MARK}{right_label}" not in row


def test_a_fault_of_ours_is_kept_from_the_trainee(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.practice, "wait", None)
    desk._receive(None, {"do": "wait", "args": {"hours": "4"}, "forms": {}}, [])
    assert "Something broke here, and it is not your doing" in desk.text()
    assert "Traceback" not in desk.text()


def test_a_desk_that_cannot_put_on_record_what_it_shows_says_why(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_seat: str) -> None:
        raise SandboxError("Another window is writing to this sandbox just now.")

    shown = desk.text()
    with monkeypatch.context() as later:
        later.setattr(desk.practice, "in_sight", busy)
        desk.click("hint", {"description": "Half a sentence"})
    assert desk.text().startswith("Another window is writing to this sandbox just now.")
    assert desk.text().endswith(shown), "what stood there stands there still"
    desk.click("hint")
    assert "Another window is writing" not in desk.text()


def test_a_fault_in_drawing_leaves_the_desk_alive(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = desk.view["turn"]
    with monkeypatch.context() as broken:
        broken.setattr(desk.practice, "in_sight", None)
        desk._receive(None, {"do": "hint", "forms": {}}, [])
    assert desk.view["turn"] > turn  # the browser waits for an answer before it takes a press
    assert "Something broke here" in desk.text()
    desk.click("hint")
    assert "Something broke here" not in desk.text()


def test_errors_stand_in_the_form_that_was_refused(desk: Desk) -> None:
    play_to(desk, "assess")
    desk.click("sit", seat="quality_engineer")
    desk.click("panel", name="send_back")
    desk.click("hand_over")
    page = soup(desk)
    assert page.select("form[data-form=step] [aria-invalid=true]")
    assert not page.select("form[data-form=send_back] [aria-invalid=true]")
    desk.click("send_back", {"to": "register", "reason": ""})
    page = soup(desk)
    assert not page.select("form[data-form=step] [aria-invalid=true]")
    assert page.select("form[data-form=send_back] [aria-invalid=true]")


@pytest.mark.parametrize("view", [Walkthrough, BreakIt])
def test_a_case_that_is_not_there_is_told(view: type, complaint: Procedure) -> None:
    assert "has no practice case 'C-9999'" in view(complaint, "C-9999").text()


def test_a_seat_that_is_not_there_is_told(complaint: Procedure, sandbox: Sandbox) -> None:
    assert "not nope" in Desk(complaint, sandbox=sandbox, seats=["nope"]).text()


def test_nothing_of_a_file_is_taken_for_markup(tmp_path: Path) -> None:
    path = tmp_path / "loud.yaml"
    loud = "title: '<b>The short</b> [ladder](http://x) *for* a high wall'"
    path.write_text(TINY.replace("title: The short ladder for a high wall", loud))
    told = in_words(path, "T-1", "short_ladder").data
    assert "<b>" not in told.replace("\\<b\\>", "")
    assert "](http" not in told.replace("\\]", "")


# The page is loaded again, and under Voila it has another kernel then


def loaded_again(desk: Desk, typed: dict[str, dict[str, str]] | None = None) -> Desk:
    """The desk that a new kernel draws in the same tab: what the browser has kept comes with it.

    Args:
        typed: what stood in its forms, by form, when the page went.
    """
    earlier = json.loads(json.dumps(desk.view["kept"]))
    again = Desk(desk.procedure, sandbox=Sandbox(desk.practice.sandbox.place))
    assert again.view["kept"]["at"] == earlier["at"]
    again.act("resume", {"earlier": earlier}, typed or {})
    return again


def typed_in(desk: Desk) -> str:
    return str(soup(desk).select_one("[name=description]").get_text())


def kept_of(desk: Desk) -> str:
    return json.dumps(desk.view["kept"])


def test_a_half_filled_form_is_there_again_with_its_case(desk: Desk) -> None:
    again = loaded_again(desk, {"step": {"description": "Half a sen", "batch_no": ""}})
    assert again.case == desk.case
    assert typed_in(again) == "Half a sen"
    assert again.notice == "The form is as you left it."
    assert again.view["focus"] == "step"
    assert typed_in(loaded_again(again)) == "Half a sen", "and again"
    again.click("hand_over", right(again.procedure, CASE)["register"])
    assert again.case.step == "acknowledge"
    assert "Half a sen" not in kept_of(again), "it is dropped when the step is handed over"


def test_a_case_that_was_only_open_is_open_again_without_a_word(desk: Desk) -> None:
    again = loaded_again(desk, {"step": {"description": "", "batch_no": ""}})
    assert again.case == desk.case
    assert (again.notice, again.view["focus"]) == ("", "")


def test_a_reason_for_sending_back_is_there_again_and_dropped_when_sent(desk: Desk) -> None:
    play_to(desk, "assess")
    desk.click("sit", seat="quality_engineer")
    desk.click("panel", name="send_back")
    back = {"to": "register", "reason": "Which pump?"}
    again = loaded_again(desk, {"send_back": back, "step": {"reason": "A seal"}})
    form = soup(again).select_one("form[data-form=send_back]")
    assert form.select_one("[name=reason]").get_text() == "Which pump?"
    again.click("send_back")
    assert again.case.step == "register"
    assert "Which pump?" not in kept_of(again)
    assert "A seal" not in kept_of(again)


def test_what_was_typed_at_another_case_is_kept_too(desk: Desk) -> None:
    other = next(str(x["data-case"]) for x in soup(desk).select(".inbox [data-case]")[1:])
    desk.click("sit", seat="service_agent")
    desk.click("open", case=CASE)
    desk.act("open", {"case": other}, {"step": {"description": "Mine"}})
    again = loaded_again(desk)
    assert again.case.case_id == other
    again.click("open", case=CASE)
    assert typed_in(again) == "Mine"


def test_two_windows_keep_their_own_and_put_aside_what_the_other_was_quicker_with(
    complaint: Procedure, sandbox: Sandbox, desk: Desk
) -> None:
    other = Desk(complaint, sandbox=Sandbox(sandbox.place))
    other.click("open", case=CASE)
    desk.click("hand_over", right(complaint, CASE)["register"])
    again = loaded_again(other, {"step": {"description": "Mine"}})
    assert again.case.step == "acknowledge"
    assert "Mine" in soup(again).select_one(".set-aside").get_text()
    once_more = loaded_again(again)
    assert "Mine" in soup(once_more).select_one(".set-aside").get_text()
    once_more.click("put_away", number=0)
    assert "Mine" not in kept_of(once_more)


def test_a_case_given_to_a_colleague_takes_its_half_filled_form_along(desk: Desk) -> None:
    colleague = next(p for p in desk.practice.people("service_agent") if p.key != desk.case.holder)
    desk.click("panel", name="reassign")
    desk.act("reassign", {"holder": colleague.key}, {"step": {"description": "Mine"}})
    again = loaded_again(desk)
    assert typed_in(again) == "Mine"
    assert not soup(again).select(".set-aside")


@pytest.mark.parametrize(
    "spoilt",
    [None, {}, {"at": 1}, {"case": "C-1042", "typed": [{"step": "no_such"}]}, "x"],
)
def test_what_a_browser_gives_back_and_nobody_understands_is_left_alone(
    complaint: Procedure, sandbox: Sandbox, spoilt: Any
) -> None:
    begun = Desk(complaint, sandbox=sandbox)
    if isinstance(spoilt, dict) and spoilt:
        nothing = {"case": "X-1", "step": "no_such", "version": 1, "entries": {"a": "b"}}
        spoilt = {**begun.view["kept"], "typed": [nothing], "aside": [nothing], **spoilt}
    begun.act("resume", {"earlier": spoilt}, {"step": {"description": "Mine"}})
    assert begun.case is None
    assert "Choose a case from the inbox" in begun.text()
    assert begun.trouble == ""


def test_a_desk_at_which_somebody_works_already_is_not_moved(desk: Desk) -> None:
    before = desk.view["kept"]
    desk.click("hand_over", right(desk.procedure, CASE)["register"])
    desk.act("resume", {"earlier": before}, {"step": {"description": "Old"}})
    assert desk.case.step == "acknowledge"
    assert "Old" not in kept_of(desk)


# A run of several parts


@pytest.fixture
def long_run(sandbox: Sandbox) -> Desk:
    """A sale, and the complaint about what was sold."""
    cases = ["L-2080", "C-1080"]
    return Desk("lead_to_cash", "complaint", cases=cases, sandbox=sandbox)


def parts(desk: Desk) -> list[Any]:
    return soup(desk).select(".parts button")


def test_the_second_part_of_a_run_opens_when_the_first_is_closed(long_run: Desk) -> None:
    waiting = parts(long_run)[1]
    assert waiting.has_attr("disabled")
    assert "opens when L-2080 is closed" in waiting.get_text()
    long_run.click("open", case="L-2080")
    play_to(long_run, None)
    assert not parts(long_run)[1].has_attr("disabled")
    [on] = soup(long_run).select(".work [data-do=part]")
    assert on.get_text() == "On to part 2: Handling a complaint"
    long_run.click("part", part="1")
    assert soup(long_run).select_one(".case-title").get_text().startswith("Case C-1080")
    assert [part["aria-pressed"] for part in parts(long_run)] == ["false", "true"]
    assert not soup(long_run).select(".work [data-do=part]")
    long_run.click("part", part="0")
    assert "L-2080" in soup(long_run).select_one(".inbox").get_text()


def test_starting_a_long_run_again_begins_with_its_first_part(long_run: Desk) -> None:
    long_run.click("open", case="L-2080")
    play_to(long_run, None)
    long_run.click("part", part="1")
    long_run.click("panel", name="again")
    long_run.click("reset")
    assert [part["aria-pressed"] for part in parts(long_run)] == ["true", "false"]
    assert parts(long_run)[1].has_attr("disabled")


@pytest.mark.parametrize(
    ("step", "entry"),
    [
        ("qualify_lead", {"qualified": "no"}),
        ("match_item", {"item": "DP-12", "new_item": "no", "keep_code": "no"}),
    ],
)
def test_a_sale_that_ended_another_way_leaves_a_desk_that_can_be_begun_again(
    sandbox: Sandbox, step: str, entry: dict[str, str]
) -> None:
    sale = load("lead_to_cash")
    selling = Practice(sale, sandbox, cases=["L-2080"])
    case = selling.open("L-2080")
    while case.step is not None:
        action = right_action(sale, case)
        if case.step == step:
            known = {"yes": True, "no": False}
            wrong = {name: known.get(value, value) for name, value in entry.items()}
            action = action.model_copy(update={"fields": {**action.fields, **wrong}})
        case = selling.do(case, action).case
    desk = Desk("lead_to_cash", "complaint", cases=["L-2080", "C-1080"], sandbox=sandbox)
    assert "L-2080 ended another way" in parts(desk)[1].get_text()
    desk.click("panel", name="again")
    desk.click("reset")
    assert "opens when L-2080 is closed" in parts(desk)[1].get_text()


def test_on_another_day_a_long_run_begins_in_the_part_that_waits(
    long_run: Desk, sandbox: Sandbox
) -> None:
    long_run.click("open", case="L-2080")
    play_to(long_run, None)
    cases = ["L-2080", "C-1080"]
    again = Desk("lead_to_cash", "complaint", cases=cases, sandbox=sandbox)
    assert [part["aria-pressed"] for part in parts(again)] == ["false", "true"]


def test_a_case_that_comes_out_of_another_is_not_on_a_desk_without_that_one(
    complaint: Procedure, sandbox: Sandbox
) -> None:
    alone = Desk(complaint, sandbox=sandbox)
    assert "C-1080" not in alone.view["html"]
    assert not parts(alone)
