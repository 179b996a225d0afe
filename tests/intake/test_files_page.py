"""docs/files.md says what holds: the columns of each kind, headings, a map, days, months, numbers."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from crmlab.errors import IntakeError
from crmlab.intake.contracts import KINDS, kind_of
from crmlab.intake.frames import frame_of
from crmlab.intake.maps import offer_map, read_map
from crmlab.places import ROOT

TEXT = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")


def part(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)
    assert found
    return found.group(1)


def rows(title: str) -> list[list[str]]:
    table = re.findall(r"^\| (`.*) \|$", part(title), re.M)
    return [[cell.strip() for cell in row.split(" | ")] for row in table]


def test_the_columns_of_each_kind_are_those_of_its_contract() -> None:
    told = {name.strip("`"): columns for name, _row, columns in rows("Kinds of files")}
    assert set(KINDS) - set(told) == {"products", "orders", "events"}
    for name, columns in told.items():
        needed, others = (re.findall(r"\w+", part) for part in columns.split(";"))
        kind = kind_of(name)
        assert sorted(needed) == sorted(kind.required), name
        assert sorted(needed + others) == sorted(c.name for c in kind.columns), name


def test_the_headings_are_known() -> None:
    columns = {c.name: c for kind in KINDS.values() for c in kind.columns}
    for names, known in rows("Headings"):
        headings = {
            h.casefold().strip(".") for n in re.findall(r"\w+", names) for h in columns[n].headings
        }
        told = {h.casefold().strip(".") for h in known.split(", ")}
        assert told <= headings | {h.replace(" id", "") for h in headings}, names


def test_the_map_is_one(tmp_path: Path) -> None:
    found = re.search(r"^```yaml\n(.*?)^```", TEXT, re.M | re.S)
    assert found
    (tmp_path / "m.yaml").write_text(found.group(1), encoding="utf-8")
    kind = kind_of("opportunities")
    headings = ("Deal ID", "Phase", "Created On", "Status", "Betreuer", "Betrag")
    used = read_map(tmp_path / "m.yaml", kind, headings)
    offered = offer_map(kind, headings).columns
    del offered["amount"]
    assert used.columns == {**offered, "owner": "Betreuer"}
    assert (used.header, used.sheet, used.decimal, used.days) == (3, "Export", ",", "31/05/2026")
    assert used.values["outcome"]["Absage"] == "lost"


def read(folder: Path, kind: str, heads: str, *lines: str) -> list[object]:
    file = folder / "f.csv"
    file.write_text("\n".join([heads, *lines, ""]), encoding="utf-8")
    return list(frame_of(file, kind).iloc[:, -1])


def test_days_and_months_are_read_as_it_says(tmp_path: Path) -> None:
    days, months = part("Days and months").split("Months (`period`)")
    written = [day for day in re.findall(r"`([^`]*)`", days) if "31" in day]
    assert len(written) > 9
    heads = "customer_id;name;created_at"
    found = read(tmp_path, "customers", heads, *(f"{n};P;{day}" for n, day in enumerate(written)))
    assert set(found) == {datetime(2026, 5, 31)}
    for month in re.findall(r"`([^`]*(?:5|May)[^`]*)`", months):
        (tmp_path / "e.csv").write_text(f"period;units\n{month};1\n", encoding="utf-8")
        assert list(frame_of(tmp_path / "e.csv", "exposure")["period"]) == ["2026-05"], month


@pytest.mark.parametrize("refused", ["15%", "12万", "1.2k", "(250.00)", "250.00-"])
def test_numbers_are_refused_as_it_says(tmp_path: Path, refused: str) -> None:
    assert f"`{refused}`" in part("Numbers")
    with pytest.raises(IntakeError, match="1 of 1 rows"):
        read(tmp_path, "transactions", "customer_id;date;amount", f"A;2026-01-01;{refused}")
