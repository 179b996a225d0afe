"""The page on which any procedure is practised, pressed without a browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from ipywidgets import VBox

from crmlab import procedures
from crmlab.crm.store.sandbox import Sandbox
from crmlab.learning.lessons import Stage, lesson_state
from crmlab.learning.progress import Progress
from crmlab.practice.script import play
from crmlab.practice.trial import case_for_trial, stages
from crmlab.procedures import load
from crmlab.widgets import Desk, Shelf, practising
from crmlab.widgets.practising import Chooser, Opening, Part, practise
from tests.tiny import TINY, spoilt
from tests.widgets.test_quiz import assert_bracketed

TOLD = {True: "yes", False: "no", None: ""}
AT = "http://127.0.0.1:8899/voila/render/practise.ipynb"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's folder with nothing in it; the page as it is in JupyterLab."""
    folder = tmp_path / "home"
    (folder / "procedures").mkdir(parents=True)
    monkeypatch.setenv("CRMLAB_HOME", str(folder))
    for name in ("VOILA_REQUEST_URL", "QUERY_STRING"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the page displays."""
    displayed: list[Any] = []
    monkeypatch.setattr(practising, "display", displayed.append)
    return displayed


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, shown: list[Any]) -> Callable[[str], list[Any]]:
    """Open the page under Voila with this query, and have what it displays."""

    def asked(query: str) -> list[Any]:
        monkeypatch.setenv("VOILA_REQUEST_URL", f"{AT}?{query}")
        monkeypatch.setenv("QUERY_STRING", query)
        shown.clear()
        practise()
        return shown

    return asked


def write(home: Path, name: str, text: str) -> None:
    (home / "procedures" / name).write_text(text, encoding="utf-8")


def soup(view: Any) -> BeautifulSoup:
    return BeautifulSoup(view.view["html"], "html.parser")


def names(views: Sequence[Any]) -> list[str]:
    """What kinds of view these are."""
    return [type(view).__name__ for view in views]


def hand_on(desk: Desk, *wrong: tuple[str, dict[str, str]]) -> None:
    """Hand the open case on by the procedure to its close, but for these entries, each once."""
    assert desk.case
    slips = dict(wrong)
    walked = stages(desk.procedure, case_for_trial(desk.procedure, desk.case.case_id))
    right: dict[tuple[str, int], dict[str, str]] = {}
    for before, after in pairwise(walked):
        visit = len(before.visits_to(before.step or ""))
        entered = after.values[before.step or ""]
        right[before.step or "", visit] = {n: TOLD.get(v, str(v)) for n, v in entered.items()}
    while desk.case and desk.case.step is not None:
        step = desk.case.step
        desk.click("sit", seat=desk.procedure.steps[step].seat)
        entries = right[step, len(desk.case.visits_to(step))]
        desk.click("hand_over", {**entries, **slips.pop(step, {})})


# The agency: a procedure that is a file and nothing else


def test_the_agency_plays_through_five_seats_and_debriefs(sandbox: Sandbox) -> None:
    desk = Desk("agency", sandbox=sandbox)
    desk.click("open", case="A-301")
    hand_on(desk)
    assert desk.case.closed_at
    assert {visit.seat for visit in desk.case.visits} == set(desk.procedure.seats)
    assert "Nothing slipped" in desk.text()


def test_slips_of_the_agency_are_felt_where_the_file_says(sandbox: Sandbox) -> None:
    desk = Desk("agency", sandbox=sandbox)
    desk.click("open", case="A-301")
    hand_on(
        desk,
        ("collect_advance", {"told": "designer"}),
        ("order_printing", {"deliver_to": "last_job", "deliver_on": "2026-06-19"}),
        ("send_invoice", {"outside_paid": ""}),
        ("look_back", {"kept": "unknown"}),
    )
    rows = {
        (row["data-mistake"], row["data-seat"]) for row in soup(desk).select(".slips tr[data-seat]")
    }
    assert {seat for slip, seat in rows if slip == "address_of_last_job"} == {
        "account_desk",
        "office",
    }
    assert {slip for slip, _seat in rows} == {
        "deadline_not_passed_on",
        "address_of_last_job",
        "holiday_overlooked",
        "outside_cost_not_written_down",
    }
    assert "Fair ground, hall 4" in desk.text()


def test_the_agency_finds_its_first_morning(sandbox: Sandbox) -> None:
    desk = Desk("agency", sandbox=sandbox)
    inbox = {b["data-case"]: b.get_text(" ", strip=True) for b in soup(desk).select("button.case")}
    assert "Brief" in inbox["A-301"]
    assert "Offer" in inbox["A-302"]
    assert "General manager" in inbox["A-302"], "it says whose desk the signature waits on"
    assert "due in 2 hours" in inbox["A-302"]
    assert "Release" in inbox["A-303"]
    assert "1 hour late" in inbox["A-303"]


def test_the_agency_plays_from_a_script(tmp_path: Path) -> None:
    script = tmp_path / "agency.yaml"
    script.write_text(
        """
case: A-302
play:
  - {seat: account_desk, step: take_brief, by_the_procedure: true}
  - {seat: owner, step: make_offer, by_the_procedure: true, moment: 2026-05-22T16:00}
  - {seat: office, step: collect_advance, by_the_procedure: true}
  - {seat: designer, step: make_draft, by_the_procedure: true}
  - {seat: account_desk, step: get_release, by_the_procedure: true, fields: {known_from: spoken}}
  - {seat: production_buyer, step: order_printing, by_the_procedure: true}
  - {seat: designer, step: check_proof, by_the_procedure: true}
  - {seat: production_buyer, step: order_printing, by_the_procedure: true}
  - {seat: designer, step: check_proof, by_the_procedure: true}
  - {seat: production_buyer, step: take_delivery, by_the_procedure: true}
  - {seat: office, step: send_invoice, by_the_procedure: true}
  - {seat: owner, step: look_back, by_the_procedure: true}
""",
        encoding="utf-8",
    )
    told = json.loads(json.dumps(play(load("agency"), script)))
    assert told["outcome"] == "closed"
    assert {slip["mistake"] for slip in told["slips"]} == {
        "signature_forgotten",
        "no_written_release",
    }
    assert {item["mistake"] for item in told["consequences"]["office"]} == {
        "signature_forgotten",
        "no_written_release",
    }
    assert told["by_the_procedure"]["cost"] == 0


# The page


def test_the_page_shows_what_its_address_asks_for(ask: Callable[[str], list[Any]]) -> None:
    views = ask("procedure=agency&token=x")
    assert names(views) == [
        "Opening", "Part", "Walkthrough", "Part", "Desk", "Part", "BreakIt", "Part", "JobCard",
    ]  # fmt: skip
    told = views[0].text()
    agency = load("agency")
    assert agency.title in told
    assert agency.purpose in told
    assert "ISO 9001:2015" in told
    assert "5 seats · 10 steps · 3 practice cases" in told
    assert soup(views[0]).select_one("a")["href"] == "/voila/render/practise.ipynb"
    heads = [soup(view).h2.get_text() for view in views if isinstance(view, Part)]
    assert heads == ["Watch it done once", "Now you", "Break it", "Take away"]


def test_what_is_done_is_kept_under_the_procedures_name(ask: Callable[[str], list[Any]]) -> None:
    desk = next(view for view in ask("procedure=agency") if isinstance(view, Desk))
    assert card("agency") == ("0", "not started")
    desk.click("open", case="A-301")
    desk.click("hand_over", {})  # refused, so nothing is done
    assert card("agency") == ("0", "not started")
    hand_on(desk)
    assert lesson_state(Progress.open(), "agency").stage is Stage.DONE
    assert card("agency") == ("100", "sat in 5 of 5 seats all done")
    assert lesson_state(Progress.open(), "10").stage is Stage.NOT_STARTED


def test_a_case_under_way_is_told_by_its_seats(ask: Callable[[str], list[Any]]) -> None:
    desk = next(view for view in ask("procedure=agency") if isinstance(view, Desk))
    desk.click("open", case="A-301")
    walked = stages(desk.procedure, case_for_trial(desk.procedure, "A-301"))
    first = {n: TOLD.get(v, str(v)) for n, v in walked[1].values["take_brief"].items()}
    desk.click("hand_over", first)
    assert card("agency") == ("0", "sat in 0 of 5 seats")


def card(name: str, view: Any = None) -> tuple[str, str]:
    """The meter and the words of a procedure's card."""
    page = soup(view or Shelf())
    found = next(c for c in page.select("li.card") if f"procedure={name}" in str(c))
    width = str(found.select_one(".meter i")["style"]).removeprefix("width:").removesuffix("%")
    return width, " ".join(found.select_one(".states").get_text().split())


def test_a_companys_own_file_gets_the_same_page(
    own_home: Path, ask: Callable[[str], list[Any]]
) -> None:
    write(own_home, "our ladders.yaml", TINY)
    views = ask("procedure=tiny")
    assert {"Walkthrough", "Desk", "BreakIt", "JobCard"} < set(names(views))
    assert "your own file our ladders.yaml" in views[0].text()
    desk = next(view for view in views if isinstance(view, Desk))
    desk.click("open", case="T-1")
    hand_on(desk, ("lend", {"ladder": "short"}))
    assert "Climbs on a chair." in desk.text()
    assert card("tiny") == ("67", "sat in 2 of 3 seats")


def test_without_a_case_there_is_the_picture_and_the_card(
    own_home: Path, ask: Callable[[str], list[Any]]
) -> None:
    write(own_home, "bare.yaml", TINY.partition("mistakes:")[0])
    views = ask("procedure=tiny")
    assert names(views) == ["Opening", "Part", "JobCard"]
    assert soup(views[0]).select("svg .lane-name")
    assert "no practice cases yet" in views[0].text()


def test_without_mistakes_there_is_nothing_to_break(
    own_home: Path, ask: Callable[[str], list[Any]]
) -> None:
    head, _, rest = TINY.partition("mistakes:")
    write(own_home, "good.yaml", f"{head}cases:{rest.partition('cases:')[2]}")
    views = names(ask("procedure=tiny"))
    assert "Desk" in views
    assert "BreakIt" not in views


def test_without_a_name_there_is_the_choice_of_all(ask: Callable[[str], list[Any]]) -> None:
    (choice,) = ask("token=x")
    assert isinstance(choice, Chooser)
    links = {str(a["href"]) for a in soup(choice).select("li.card a")}
    assert {f"/voila/render/practise.ipynb?procedure={n}" for n in ("agency", "complaint")} <= links
    assert not soup(choice).select(".trouble")


@pytest.mark.parametrize(
    "query",
    ["procedure=agnecy", "procedure=../../secret.yaml", "procedure=<b>x</b>", "procedure=%00" * 9],
)
def test_a_name_that_leads_nowhere_is_one_sentence_above_the_choice(
    ask: Callable[[str], list[Any]], query: str
) -> None:
    (choice,) = ask(query)
    told = soup(choice).select_one(".trouble").get_text()
    assert told.startswith("There is no procedure '")
    assert told.endswith("here; choose one of these.")
    assert not soup(choice).select(".trouble b")
    assert soup(choice).select("li.card a")


def test_a_file_with_faults_is_one_sentence_above_the_choice(
    own_home: Path, ask: Callable[[str], list[Any]]
) -> None:
    write(own_home, "ours.yaml", spoilt("to: lend", "to: lent"))
    (choice,) = ask("procedure=ours")
    told = soup(choice).select_one(".trouble").get_text()
    assert told.startswith("ours.yaml, line ")
    assert "'lent'" in told


def test_a_folder_that_cannot_be_used_is_told(
    ask: Callable[[str], list[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path / "file" / "home"))
    (told,) = ask("procedure=agency")
    assert "cannot write to its folder" in told.text()
    (told,) = ask("")
    assert "cannot write to its folder" in told.text()


def test_in_a_notebook_one_chooses_on_the_page(shown: list[Any]) -> None:
    practise()
    (box,) = shown
    assert isinstance(box, VBox)
    (choice,) = box.children
    assert not soup(choice).select("li.card a"), "a link would lead away from the notebook"
    choice.click("choose", procedure="agency")
    assert names(box.children)[:2] == ["Chooser", "Opening"]
    assert any(isinstance(view, Desk) for view in box.children)
    assert f"“{load('agency').title}” is open below." in choice.text()
    choice.click("choose", procedure="complaint")
    (opening,) = [view for view in box.children if isinstance(view, Opening)]
    assert load("complaint").title in opening.text()


def test_a_name_can_be_given_in_the_notebook(shown: list[Any]) -> None:
    practise("agency")
    assert isinstance(shown[0], Opening)
    assert not soup(shown[0]).select("a"), "there is no page of all procedures here"


# The shelf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lessons of which one teaches the complaint and another the agency and something else."""
    made = tmp_path / "notebooks"
    made.mkdir()
    for number, taught in (("10", "complaint"), ("11", ["agency", "lead_to_cash"])):
        about = {"number": number, "title": number, "minutes": 5, "path": "complaint"}
        content = {"cells": [], "metadata": {"crmlab": {**about, "procedure": taught}}}
        (made / f"{number}.ipynb").write_text(json.dumps(content), encoding="utf-8")
    return made


def test_the_shelf_offers_what_no_lesson_teaches(own_home: Path, folder: Path) -> None:
    assert "Procedures to practise" not in Shelf(folder).text()
    (folder / "11.ipynb").unlink()
    told = Shelf(folder).text()
    assert "Procedures to practise" in told
    assert load("agency").title in told
    assert load("complaint").title not in told
    assert str(own_home) not in told, "where files lie is not for whoever learns"


def test_the_shelf_of_crmlab_offers_the_agency_and_not_the_complaint() -> None:
    links = [str(a["href"]) for a in soup(Shelf()).select("li.card a")]
    assert "practise.ipynb?procedure=agency" in links
    assert "practise.ipynb?procedure=complaint" not in links


def test_a_file_with_faults_stands_on_the_shelf_with_the_first(own_home: Path) -> None:
    write(own_home, "ours.yaml", spoilt("to: lend", "to: <i>lent</i>"))
    write(own_home, "good.yaml", TINY)
    page = soup(Shelf())
    broken = next(c for c in page.select("li.card") if "ours.yaml" in c.get_text())
    assert "cannot be used yet" in broken.get_text()
    assert "there is no step" in broken.get_text()
    assert not broken.select("a, i")
    assert "Lend a ladder" in page.get_text()


def test_a_shipped_file_that_was_spoilt_does_not_take_the_shelf_away(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    (shipped / "agency.yaml").write_text(spoilt("to: lend", "to: lent"), encoding="utf-8")
    (shipped / "tiny.yaml").write_text(TINY, encoding="utf-8")
    monkeypatch.setattr(procedures, "SHIPPED", shipped)
    told = Shelf().text()
    assert "agency.yaml, line" in told
    assert "Lend a ladder" in told
    assert "Lend a ladder" in Chooser().text()


def test_desks_that_have_no_lesson_count_too(ask: Callable[[str], list[Any]]) -> None:
    desk = next(view for view in ask("procedure=agency") if isinstance(view, Desk))
    for _round in range(2):
        desk.click("open", case="A-301")
        hand_on(desk)
        desk.click("panel", name="again")
        desk.click("reset")
    title = load("agency").title
    assert f"“{title}”: you work 5 of 5 desks unaided." in Shelf().text()
    assert "Still to come" not in Shelf().text()
    assert card("agency") == ("100", "sat in 5 of 5 seats independent")


@pytest.mark.usefixtures("pseudo")
def test_every_text_passes_through_translation(
    own_home: Path, ask: Callable[[str], list[Any]]
) -> None:
    write(own_home, "ours.yaml", spoilt("to: lend", "to: lent"))
    write(own_home, "good.yaml", TINY)
    for query in ("", "procedure=agency", "procedure=tiny", "procedure=none"):
        for view in ask(query):
            if isinstance(view, (Chooser, Opening, Part)):
                assert_bracketed(view.view["html"])
    assert_bracketed(Shelf().view["html"])
