"""The lists of what crmlab needs say the same, and where it comes from in none of them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def named(lines: list[str]) -> dict[str, str]:
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): str(one.specifier) for one in requirements}


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return named([line for line in lines if line and not line.startswith("#")])


def conda() -> dict[str, str]:
    found = YAML(typ="safe").load(ROOT / "environment.yml")["dependencies"]
    by_conda = [line for line in found if isinstance(line, str)]
    by_pip = [line for part in found if isinstance(part, dict) for line in part["pip"]]
    assert "-e ." in by_pip, "crmlab itself is installed from this folder"
    return named(by_conda + [line for line in by_pip if line != "-e ."])


def test_conda_installs_what_the_project_needs() -> None:
    theirs = conda()
    assert theirs.pop("python") == PROJECT["requires-python"]
    theirs.pop("pip")
    assert theirs == named(PROJECT["dependencies"])


@pytest.mark.parametrize("which", ["dependencies", "test"])
def test_every_need_is_pinned_to_a_version_that_serves(which: str) -> None:
    lines = PROJECT[which] if which in PROJECT else PROJECT["optional-dependencies"][which]
    pinned = constraints()
    for line in lines:
        need = Requirement(line)
        version = pinned[canonicalize_name(need.name)].removeprefix("==")
        assert need.specifier.contains(version), line


def test_constraints_are_names_and_versions_only() -> None:
    for name, specifier in constraints().items():
        assert re.fullmatch(r"==[\w.+!]+", specifier), name


@pytest.mark.parametrize(
    "name", ["pyproject.toml", "constraints.txt", "environment.yml", "start.py", ".ci/run"]
)
def test_no_list_says_where_packages_come_from(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|index-url|find-links|file:", text)
