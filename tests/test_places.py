"""The learner's folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from crmlab import places
from crmlab.errors import PlaceError


def test_the_learners_folder_is_made_where_it_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path / "deep" / "学员"))
    assert places.home() == tmp_path / "deep" / "学员"
    assert places.home().is_dir()
    assert not list(places.home().iterdir()), "trying to write leaves nothing behind"


def test_a_folder_that_is_a_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path / "taken"))
    with pytest.raises(PlaceError, match=r"cannot write to its folder .*taken .*CRMLAB_HOME\.$"):
        places.home()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder nobody can write")
@pytest.mark.parametrize("folder", ["/proc/self", "/proc/self/crmlab"])
def test_a_read_only_folder_is_told(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMLAB_HOME", folder)
    with pytest.raises(PlaceError, match="cannot write"):
        places.home()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115  places.home closes it
    monkeypatch.setattr("tempfile.TemporaryFile", lambda dir: full)
    monkeypatch.setenv("CRMLAB_HOME", str(tmp_path))
    with pytest.raises(PlaceError, match="No space left"):
        places.home()
