"""The locks name everything that a machine needs, whichever Python it has, and nothing that it does not."""

import re
import tomllib
from importlib.metadata import requires

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PYTHONS = ["3.11.0", "3.11.2", "3.11.9", "3.12.0", "3.12.9"]
PINNED = re.compile(
    r"^([A-Za-z0-9._-]+==\S+(?: ; [^\\]+)?) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def locked(name: str, python: str) -> set[str]:
    """Return the names that a lock installs under a Python."""
    text = (ROOT / name).read_text()
    pinned = PINNED.findall(text)
    assert "".join(f"{pin} \\\n{hashes}" for pin, hashes in pinned) == text, f"{name}: a line without version and hash"
    found = [Requirement(pin) for pin, _ in pinned]
    return {canonicalize_name(one.name) for one in found if one.marker is None or one.marker.evaluate(on(python))}


def on(python: str) -> dict[str, str]:
    return {**default_environment(), "python_full_version": python, "python_version": python.rpartition(".")[0]}


def needed(requirements: list[str], python: str) -> set[str]:
    """Return the names of everything that these need, and that theirs need, under a Python; extras where one asks for them."""
    known: set[tuple[str, str]] = set()
    asked = [(Requirement(text), "") for text in requirements]
    while asked:
        one, of_extra = asked.pop()
        if one.marker and not one.marker.evaluate({**on(python), "extra": of_extra}):
            continue
        name = canonicalize_name(one.name)
        for extra in {"", *one.extras} - {extra for at, extra in known if at == name}:
            known.add((name, extra))
            if is_here(name):
                asked += [(Requirement(text), extra) for text in requires(name) or []]
    return {name for name, _ in known}


def is_here(name: str) -> bool:
    """Say whether a package is there to be asked; what only an older Python needs, needs nothing itself."""
    return name != "async-timeout"


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_for_running_holds_what_the_job_needs_and_no_more(python):
    assert locked("requirements.lock", python) == needed(PROJECT["project"]["dependencies"], python)


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_for_working_adds_tests_lint_and_build(python):
    groups = [one for group in PROJECT["dependency-groups"].values() for one in group]
    assert locked("requirements-dev.lock", python) == needed([*PROJECT["project"]["dependencies"], *groups], python)


def test_a_package_has_one_version_in_all_locks():
    pins = {
        line
        for name in ROOT.glob("requirements*.lock")
        for line in re.findall(r"^\S+==\S+", name.read_text(), re.MULTILINE)
    }
    assert len(pins) == len({pin.partition("==")[0] for pin in pins})
