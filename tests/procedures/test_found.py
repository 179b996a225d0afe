"""Which procedures there are: the shipped ones, and those in a folder of one's own."""

from __future__ import annotations

from pathlib import Path

from crmlab.procedures import SHIPPED, found, shipped
from tests.tiny import TINY, line_of, spoilt


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_folder_there_are_the_shipped_ones() -> None:
    here = found()
    assert list(here.files) == shipped()
    assert {"agency", "complaint"} <= set(here.files)
    assert here.files["agency"] == SHIPPED / "agency.yaml"
    assert not here.own
    assert not here.faults


def test_a_folder_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    assert found(tmp_path / "none") == found()


def test_a_file_of_ones_own_is_known_by_the_name_it_gives_itself(tmp_path: Path) -> None:
    path = write(tmp_path, "our ladders.yml", TINY)
    write(tmp_path, "notes.txt", "not a procedure")
    here = found(tmp_path)
    assert here.files["tiny"] == path
    assert here.own == {"tiny"}
    assert not here.faults


def test_a_file_with_faults_is_told_by_its_first_and_breaks_nothing(tmp_path: Path) -> None:
    text = spoilt("to: lend", "to: lent", spoilt("seat: checker", "seat: cheker"))
    write(tmp_path, "a.yaml", text)
    write(tmp_path, "b.yaml", "procedure: [")
    write(tmp_path, "c.yaml", TINY)
    (tmp_path / "d.yaml").mkdir()
    (tmp_path / "e.yaml").write_bytes(b"\xff\xfe\x00")
    here = found(tmp_path)
    assert here.own == {"tiny"}
    assert list(here.faults) == ["a.yaml", "b.yaml", "d.yaml", "e.yaml"]
    assert here.faults["a.yaml"].startswith(f"a.yaml, line {line_of(text, 'lent')}:")
    assert all("\n" not in fault for fault in here.faults.values())


def test_a_name_that_is_taken_is_told_and_leaves_the_first_in_place(tmp_path: Path) -> None:
    write(tmp_path, "mine.yaml", spoilt("procedure: tiny", "procedure: complaint"))
    first = write(tmp_path, "one.yaml", TINY)
    write(tmp_path, "two.yaml", TINY)
    here = found(tmp_path)
    assert here.files["complaint"] == SHIPPED / "complaint.yaml"
    assert here.files["tiny"] == first
    assert "'complaint' is taken by complaint.yaml" in here.faults["mine.yaml"]
    assert "'tiny' is taken by one.yaml" in here.faults["two.yaml"]
