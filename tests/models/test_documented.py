"""docs/models.md knows the options and the keys that `crmlab analyse` has."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from crmlab.cli.analyse import ITS_OWN, MODELS
from crmlab.intake.contracts import kind_of
from crmlab.intake.maps import read_map
from crmlab.models.value.rfm import SEGMENTS, _segments, segment_names
from crmlab.places import ROOT, SAMPLE_DATA
from tests.models.test_analyse import analyse

TEXT = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
FILES = {
    "funnel": ["opportunities.csv"],
    "complaints": ["complaints.csv", "--exposure", str(SAMPLE_DATA / "exposure.csv")],
    "contribution": ["transactions.csv"],
    "value": ["transactions.csv"],
}


def part(model: str) -> str:
    found = re.search(rf"^## {model.title()}\n(.*?)(?=^## )", TEXT, re.M | re.S)
    assert found
    return found.group(1)


@pytest.mark.parametrize("model", MODELS)
def test_every_key_that_is_named_is_there(model: str) -> None:
    name, *more = FILES[model]
    told = analyse(model, str(SAMPLE_DATA / name), *more)
    rows = re.findall(r"^\| (`[^|]*`) \|", part(model), re.M)
    keys = [key for row in rows for key in re.findall(r"`([a-z_.0-9]+)`", row)]
    assert len(keys) > 4
    for key in keys:
        at = told
        for step in key.split("."):
            at = at["clv"] if step == "top_decile_share" else at
            assert step in at, key
            at = at[step]


def test_every_key_about_the_books_is_there() -> None:
    books = str(SAMPLE_DATA / "invoices.csv")
    told = analyse("contribution", str(SAMPLE_DATA / "transactions.csv"), "--books", books)
    said = TEXT.partition("## May the figures be used?")[2].partition("## ")[0]
    keys = re.findall(r"^\| `([a-z_]+)` \|", said, re.M)
    assert keys == ["usable", "usable_since", "first_mismatch", "books"]
    assert set(keys) < set(told)
    inside = (*told["books"], "period", "model", "difference")
    assert all(f"`{key}`" in said for key in inside)


def test_the_map_that_is_shown_is_one(tmp_path: Path) -> None:
    found = re.search(r"^```yaml\n(.*?)^```", TEXT, re.M | re.S)
    assert found
    (tmp_path / "map.yaml").write_text(found.group(1), encoding="utf-8")
    used = read_map(tmp_path / "map.yaml", kind_of("books"), ("Monat", "Erlös"))
    assert (used.sheet, list(used.columns)) == ("2026", ["period", "amount"])


def test_the_segments_are_documented_as_they_are() -> None:
    """Their names, and what the rules make of each possible score."""
    names = re.findall(r"^\| \*(\w+)\* \| (.*?) \|", part("value"), re.M)
    assert dict(names) == segment_names()
    every = np.array(list(product(range(1, 6), repeat=3)), dtype=np.int8)
    found = [SEGMENTS[n] for n in _segments(*every.T)]
    for (r, f, m), segment in zip(every.tolist(), found, strict=True):
        holds = {
            "carry_us": min(r, f, m) >= 4,
            "steady": r >= 3 and f >= 3,
            "going_quiet": r <= 2 and max(f, m) >= 4,
            "new": r >= 4,
            "asleep": r <= 2,
            "in_between": r == 3 and f <= 2,
        }
        assert next(name for name, _name in names if holds[name]) == segment


def test_the_options_of_all_models_are_named() -> None:
    for option in ("map", "sheet", "books", "as-of", "accept-good", "json"):
        assert f"--{option}" in TEXT


def test_the_command_of_lesson_31_is_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search(r"^crmlab analyse (contribution .*?)^```", part("contribution"), re.M | re.S)
    assert found
    monkeypatch.chdir(ROOT)
    told = analyse(*found.group(1).replace("\\\n", " ").split())
    assert round(told["most_costly"]["CU-095"]) == -651_427


@pytest.mark.parametrize("option", ITS_OWN)
def test_every_option_of_a_model_is_named(option: str) -> None:
    assert f"--{option.replace('_', '-')}" in part(ITS_OWN[option])
