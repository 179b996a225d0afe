"""What a script's report says of approvals, of credit, and of the stages of the funnel."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from crmlab.calendar import STANDARD
from crmlab.practice.booked import approvals_needed
from crmlab.practice.script import play
from crmlab.practice.trial import case_for_trial, stages
from crmlab.procedures import Procedure, load, loads
from tests.tiny import spoilt, tiny

SCRIPTS = Path(__file__).parents[2] / "docs" / "scripts"
ALL_THREE = ["sales_manager", "sales_director", "general_manager"]


@pytest.fixture(scope="module")
def sale() -> Procedure:
    return load("lead_to_cash")


def played(folder: Path, procedure: Procedure, script: str) -> dict[str, Any]:
    path = folder / "script.yaml"
    path.write_text(script, encoding="utf-8")
    told = play(procedure, path)
    assert json.loads(json.dumps(told)) == told, "it is plain data"
    return told


def right_to(procedure: Procedure, case: str, stop: str) -> str:
    """A script that does everything by the procedure, up to a step."""
    moves = []
    for stage in stages(procedure, case_for_trial(procedure, case)):
        if stage.step in (stop, None):
            break
        seat = procedure.steps[stage.step].seat
        moves.append(f"  - {{seat: {seat}, step: {stage.step}, by_the_procedure: true}}\n")
    return f"case: {case}\nplay:\n{''.join(moves)}"


# Approvals


@pytest.mark.parametrize(
    ("case", "signers"), [("L-2001", 0), ("L-2003", 1), ("L-2004", 2), ("L-2005", 3)]
)
def test_approvals_needed_at_list_and_four_eight_and_fifteen_per_cent_below(
    tmp_path: Path, sale: Procedure, case: str, signers: int
) -> None:
    told = played(tmp_path, sale, right_to(sale, case, ""))["approvals"]
    assert told["needed"] == ALL_THREE[:signers]
    assert [given["seat"] for given in told["given"]] == told["needed"]
    assert {given["decision"] for given in told["given"]} <= {"approved"}


def test_an_approval_says_how_far_below_the_list_and_why(tmp_path: Path, sale: Procedure) -> None:
    (given,) = played(tmp_path, sale, right_to(sale, "L-2003", "win_order"))["approvals"]["given"]
    assert (given["unit_price"], given["percent_below_list"]) == ("5664.00", "4.00")
    assert given["reason"]
    assert datetime.fromisoformat(given["timestamp"]).utcoffset() is not None


def test_what_is_needed_is_known_before_anybody_has_signed(tmp_path: Path, sale: Procedure) -> None:
    script = right_to(sale, "L-2005", "approve_by_manager")
    told = played(tmp_path, sale, script)
    assert told["waiting_at"] == "approve_by_manager"
    assert told["approvals"] == {"needed": ALL_THREE, "given": []}


def test_before_the_offer_no_approval_is_needed(tmp_path: Path, sale: Procedure) -> None:
    told = played(tmp_path, sale, right_to(sale, "L-2005", "quote"))
    assert told["approvals"] == {"needed": [], "given": []}
    assert told["credit"] is None


def test_a_refused_price_needs_what_its_depth_says_and_shows_the_refusal(
    tmp_path: Path, sale: Procedure
) -> None:
    script = right_to(sale, "L-2005", "quote") + (
        "  - {seat: sales_representative, step: quote, by_the_procedure: true,"
        " fields: {unit_price: 4900}}\n"
        "  - {seat: sales_manager, step: approve_by_manager, by_the_procedure: true}\n"
    )
    told = played(tmp_path, sale, script)
    assert told["waiting_at"] == "quote"
    assert told["approvals"]["needed"] == ALL_THREE
    (given,) = told["approvals"]["given"]
    assert (given["seat"], given["decision"]) == ("sales_manager", "refused")


def test_with_everybody_signing_a_price_at_the_list_needs_all_three(sale: Procedure) -> None:
    case = case_for_trial(sale, "L-2001")
    closed = stages(sale, case)[-1]
    assert approvals_needed(sale, closed) == []
    changed = closed.model_copy(update={"facts": {**closed.facts, "sign_everything": True}})
    assert approvals_needed(sale, changed) == ALL_THREE


# Credit


def test_ninety_and_twenty_against_a_hundred_is_held_with_its_sum(
    tmp_path: Path, sale: Procedure
) -> None:
    told = played(tmp_path, sale, right_to(sale, "L-2006", "release_credit"))
    credit = told["credit"]
    assert told["waiting_at"] == "release_credit"
    assert credit["decision"] == "held"
    assert credit["already_open"] == "90000.00"
    assert (credit["receivables"], credit["open_orders"]) == ("62000.00", "28000.00")
    assert (credit["order"], credit["exposure"]) == ("20000.00", "110000.00")
    assert (credit["credit_limit"], credit["over_limit"]) == ("100000.00", "10000.00")
    assert credit["sum"].startswith(
        "¥62,000 owed + ¥28,000 in other orders + ¥20,000 ordered > limit ¥100,000"
    )
    assert credit["earlier_decisions"] == []


def test_a_held_order_is_released_by_finance_with_its_reason(sale: Procedure) -> None:
    credit = play(sale, SCRIPTS / "held_order.yaml")["credit"]
    assert (credit["decision"], credit["decided_by"]) == ("released", "finance_controller")
    earlier = credit["earlier_decisions"]
    assert [(x["decision"], x["decided_by"], x["exposure"]) for x in earlier] == [
        ("held", None, "110000.00"),
        ("held", "finance_controller", "110000.00"),
    ], "each with the sum that it was made on"
    assert (credit["already_open"], credit["exposure"]) == ("28000.00", "48000.00")
    assert (credit["receivables"], credit["over_limit"]) == ("0.00", "0.00")
    assert credit["sum"].startswith(
        "¥0 owed + ¥28,000 in other orders + ¥20,000 ordered ≤ limit ¥100,000"
    )
    assert "IN-20859 is paid" in credit["reason"]
    moments = [one["timestamp"] for one in [*earlier, credit]]
    assert moments == sorted(moments)
    for one in earlier:
        assert set(one) == set(credit) - {"earlier_decisions"}


def test_an_order_within_the_limit_is_clear(tmp_path: Path, sale: Procedure) -> None:
    credit = played(tmp_path, sale, right_to(sale, "L-2004", "pick_and_ship"))["credit"]
    assert (credit["decision"], credit["over_limit"]) == ("clear", "0.00")
    assert credit["earlier_decisions"] == []


# The funnel


def test_each_stage_of_the_funnel_has_its_working_hours(tmp_path: Path, sale: Procedure) -> None:
    told = played(tmp_path, sale, right_to(sale, "L-2003", ""))
    assert [entry["stage"] for entry in told["funnel"]] == list(sale.stages)
    done = {
        event["activity"]: datetime.fromisoformat(event["timestamp"])
        for event in told["events"]
        if event["lifecycle"] == "complete"
    }
    enters = [name for name, step in sale.steps.items() if step.enters]
    ends = [done[name] for name in enters[1:]] + [max(done.values())]
    for entry, begin, end in zip(told["funnel"], enters, ends, strict=True):
        assert entry["elapsed_hours"] == pytest.approx(
            STANDARD.between(done[begin], end), abs=0.001
        )
        assert entry["elapsed_hours"] > 0
        assert entry["evidence"]


def test_a_stage_that_goes_on_is_counted_to_the_latest_moment(
    tmp_path: Path, sale: Procedure
) -> None:
    told = played(tmp_path, sale, right_to(sale, "L-2003", "match_item"))
    assert [entry["stage"] for entry in told["funnel"]] == ["lead", "qualified", "needs"]
    assert told["funnel"][-1]["elapsed_hours"] == 0


# Any procedure


def test_a_procedure_that_books_none_of_it_reports_none_of_it(tmp_path: Path) -> None:
    told = played(tmp_path, tiny(), "play: []\n")
    assert not {"approvals", "credit", "funnel"} & set(told)


def test_a_case_that_comes_out_of_another_one_finds_its_ground_laid(tmp_path: Path) -> None:
    follows = "follows: {procedure: complaint, case: C-1047}, records: {batch: batch}, facts"
    procedure = loads(spoilt("facts: {ladder: long}", f"{follows}: {{ladder: long}}"))
    told = played(tmp_path, procedure, "seats: []\nplay: []\n")
    assert told["outcome"] == "closed"
    assert {event["case_id"] for event in told["events"]} == {"T-1"}


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_scripts_of_the_documentation_play_to_the_close_without_a_slip(
    sale: Procedure, script: Path
) -> None:
    told = play(sale, script)
    assert (told["outcome"], told["slips"], told["sent_back"]) == ("closed", [], [])
